/* Segments as rules that people can read: a small decision tree in the columns' own units. */
#ifndef KMSEG_TREE_H
#define KMSEG_TREE_H

#include <kmseg/prepare.h>
#include <kmseg/table.h>

KMSEG_BEGIN_DECLS

/** A question of the tree, or a leaf. */
typedef struct kmseg_tree_node {
    int32_t column;   /* position in the columns of the prepare step; -1: a leaf */
    int32_t level;    /* TEXT: rows at this level of the prepare column go to yes, of an ordinal one
                         those at most at it, of one of tags those that have it; else -1 */
    double threshold; /* NUMBER: rows of at most this go to yes; else NaN */
    int32_t yes, no;  /* positions of nodes behind this one; -1 at a leaf */
    int32_t segment;  /* the segment of most weight here, the lower of equals */
    double share;     /* of all weight, what comes here */
    double precision; /* of the weight here, what is of that segment */
    double coverage;  /* of the weight of that segment, what is here */
} kmseg_tree_node;

/** A leaf in words: "recency <= 33 days and monetary > 492". */
typedef struct kmseg_tree_rule {
    int32_t node;
    int32_t segment;
    double precision; /* of those the rule is true of, the share that is in the segment */
    double coverage;  /* of the segment, the share that the rule is true of (recall) */
    const char *text;
} kmseg_tree_rule;

/** The tree and its rules. Owned; every pointer too. */
typedef struct kmseg_tree {
    size_t struct_size;
    int32_t n_segments;
    int32_t n_nodes; /* the root is node 0; one that is no leaf has two nodes behind it */
    const kmseg_tree_node *nodes;
    int32_t n_rules; /* one per leaf, by segment, within one the widest coverage first */
    const kmseg_tree_rule *rules;
    double fidelity; /* share of the weight whose segment the tree gives */
    double guess;    /* share of the largest segment: what saying it of everyone would give */
} kmseg_tree;

/**
 * Grows a classification tree that tells the segments apart (CART with Gini impurity; Breiman and
 * others 1984). It asks about the columns that were clustered on, in their own units: a number
 * against a threshold, a category against the rest, ordered levels against one of them, cells of
 * several tags by whether they have one. Missing values and rare levels are what the
 * prepare step makes of them. Thresholds are the roundest number between the two values they part.
 *
 * A leaf holds at least 1 in 200 of the weight, or half of the smallest segment where that is less.
 * Questions that tell fewer than 2 in 1,000 apart are taken back, but for the last rule of a segment.
 * Of questions that part equally well the one about the first column is kept, of one column the
 * lowest threshold or first level: rows in another order, and threads, change nothing.
 *
 * Of more than 524,288 rows the questions are found on about 262,144, chosen by what is in them; shares,
 * precision, coverage and fidelity are always those of all rows.
 *
 * table    what prepare was fitted on, or a table with its columns
 * rows     position in table of each labelled row; NULL: all rows in order
 * labels   n_rows values in [0, n_segments)
 * weights  n_rows numbers >= 0, not all 0; NULL: 1 each
 * depth    questions in a row, at most; raised to what n_segments rules need; 1 to 8
 *
 * KMSEG_E_NOT_FOUND for a column that table lacks. Cost O(n_rows columns depth).
 */
KMSEG_API kmseg_status kmseg_tree_new(kmseg_context *ctx, const kmseg_table *table,
                                      const int64_t *rows, int64_t n_rows, const int32_t *labels,
                                      const double *weights, int32_t n_segments,
                                      const kmseg_prepare *prepare, int32_t depth,
                                      kmseg_tree **out);

KMSEG_API void kmseg_tree_free(kmseg_tree *rules);

/**
 * Makes an owned copy, with rules and their texts made anew from the nodes: how a store gives back
 * what it saved. prepare is what the nodes' columns and levels are of. KMSEG_E_FORMAT for nodes that
 * are no tree.
 */
KMSEG_API kmseg_status kmseg_tree_copy(kmseg_context *ctx, const kmseg_tree *from,
                                       const kmseg_prepare *prepare, kmseg_tree **out);

/** The leaf of every row of a table: out_nodes has room for all rows. */
KMSEG_API kmseg_status kmseg_tree_apply(kmseg_context *ctx, const kmseg_tree *rules,
                                        const kmseg_prepare *prepare, const kmseg_table *table,
                                        int32_t *out_nodes);

KMSEG_END_DECLS

#endif
