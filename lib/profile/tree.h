/* What the steps of growing a tree share. */
#ifndef KM_PROFILE_TREE_H
#define KM_PROFILE_TREE_H

#include "base/context.h"

#include <kmseg/tree.h>
#include <string.h>

/* Cuts tried first lie between so many parts of a column of about equal size. */
#define KM_TREE_BINS 64

/* Nodes of a level that are not done; a tree is at most 8 deep. */
#define KM_TREE_DEPTH 8

/* How a column is asked about. */
typedef enum km_raw_kind {
    KM_RAW_NUMBER,  /* at most a threshold */
    KM_RAW_LEVEL,   /* at this level */
    KM_RAW_ORDERED, /* at most at this level */
    KM_RAW_TAGS     /* has this level, among others */
} km_raw_kind;

static inline km_raw_kind km_raw_kind_of(const kmseg_prepare_column *column) {
    return column->type == KMSEG_COLUMN_NUMBER      ? KM_RAW_NUMBER
           : strcmp(column->scale, "ordinal") == 0  ? KM_RAW_ORDERED
           : strcmp(column->scale, "multihot") == 0 ? KM_RAW_TAGS
                                                    : KM_RAW_LEVEL;
}

/* A column that was clustered on, in its own unit, read for one row after the other. */
typedef struct km_raw_column {
    km_raw_kind kind;
    const double *numbers; /* NUMBER: of the table */
    double fill;           /* NUMBER: where missing */
    int has_gaps;          /* NUMBER: some are missing */
    const int32_t *codes;  /* text: of the table */
    int32_t *map;          /* text: code + 1 to the level of the prepare step; n_levels: none */
    int32_t n_levels;
    const int64_t *starts; /* TAGS: code + 1 has the levels tags[starts[code + 1]] up to
                              tags[starts[code + 2]], each once, ascending */
    const int32_t *tags;
} km_raw_column;

static inline double km_raw_number(const km_raw_column *column, int64_t row) {
    double x = column->numbers[row];
    return x - x == 0 ? x : column->fill; /* infinite or missing */
}

static inline int32_t km_raw_level(const km_raw_column *column, int64_t row) {
    return column->map[column->codes[row] + 1];
}

/* Whether a row has a tag. */
static inline int km_raw_has(const km_raw_column *column, int64_t row, int32_t level) {
    const int64_t *range = column->starts + column->codes[row] + 1;
    for (int64_t t = range[0]; t < range[1]; t++) {
        if (column->tags[t] == level) {
            return 1;
        }
    }
    return 0;
}

/* The columns of the prepare step in a table; maps go to the arena. */
kmseg_status km_raw_columns(kmseg_context *ctx, const kmseg_prepare *prepare,
                            const kmseg_table *table, km_arena *arena, km_raw_column **out);

/* Whether a row goes to yes at a node about this column. */
static inline int km_raw_answer(const km_raw_column *column, const kmseg_tree_node *node,
                                int64_t row) {
    switch (column->kind) {
    case KM_RAW_NUMBER: return km_raw_number(column, row) <= node->threshold;
    case KM_RAW_LEVEL: return km_raw_level(column, row) == node->level;
    case KM_RAW_ORDERED: return km_raw_level(column, row) <= node->level;
    case KM_RAW_TAGS: return km_raw_has(column, row, node->level);
    }
    return 0;
}

/* A column in parts: bin b of a number holds values up to edges[b], else a bin is a level. */
typedef struct km_tree_column {
    km_raw_kind kind;
    const km_raw_column *raw;
    const int64_t *rows;  /* n_rows: where they are in raw; NULL: in order */
    const double *values; /* NUMBER: n_rows */
    uint16_t *bins;       /* n_rows; TAGS: NULL, a row is in the bin of each of its tags */
    double *edges;        /* NUMBER: n_bins - 1, ascending */
    int32_t n_bins;
} km_tree_column;

/* A node in the making; counts are weights in whole units. */
typedef struct km_tree_node {
    kmseg_tree_node shown;
    int32_t depth;
    int64_t *counts; /* n_segments */
    int64_t total;
    int32_t low, high; /* number: rows in bins below low go to yes, above high to no */
} km_tree_node;

typedef struct km_tree {
    kmseg_context *ctx;
    km_arena *arena; /* scratch */
    int64_t n_rows;
    int32_t n_segments, n_columns, max_depth;
    const int32_t *labels;
    const int64_t *weights; /* whole units, or NULL for 1 each */
    int64_t total, least;   /* of all; of a leaf */
    km_tree_column *columns;
    int32_t *places; /* n_rows: the node each row has come to */
    km_tree_node *nodes;
    int32_t n_nodes, capacity;
} km_tree;

static inline int64_t km_tree_weight(const km_tree *tree, int64_t row) {
    return tree->weights != NULL ? tree->weights[row] : 1;
}

/* The best cut of one node in one column, from its histogram. */
typedef struct km_cut {
    double score;   /* -1: none */
    int32_t column; /* -1: none */
    int32_t bin;    /* the last that goes to yes; of levels without order, the one that does */
    int32_t next;   /* number: the first bin behind it that the node has rows in */
    int64_t
        *below; /* n_segments: number: counts of the bins before bin; else of what goes to yes */
} km_cut;

/* Weighted purity of two parts: the sum over both of counts squared over their total. -1 when a part
 * is smaller than a leaf may be. */
double km_tree_score(const km_tree *tree, const km_tree_node *node, const int64_t *yes);

/* The best cut of each of n nodes of one level, cuts[i] for nodes[i]. */
kmseg_status km_tree_cuts(km_tree *tree, const int32_t *nodes, int32_t n, km_cut *cuts);

/* Moves number cuts to the best place between two values, sets the nodes' questions and adds their
 * children; n nodes of one level. */
kmseg_status km_tree_split(km_tree *tree, const int32_t *nodes, int32_t n, km_cut *cuts);

/* The roundest number t with low <= t < high. */
double km_round_between(double low, double high);

/* About n_wanted of n_rows rows, chosen by what is in them: *out positions, *out_n of them. *out NULL:
 * rows repeat so much that fewer than n_different would differ. */
kmseg_status km_tree_sample(kmseg_context *ctx, const km_raw_column *raw, int32_t n_columns,
                            const int64_t *rows, int64_t n_rows, int64_t n_wanted,
                            int64_t n_different, km_arena *arena, int64_t **out, int64_t *out_n);

/* Counts of all nodes anew, from rows that the tree was not grown on. */
kmseg_status km_tree_recount(km_tree *tree, const km_raw_column *raw, const int64_t *rows,
                             int64_t n_rows, const int32_t *labels, const int64_t *weights);

/* Grows tree->nodes from the root. */
kmseg_status km_tree_grow(km_tree *tree);

/* The object behind a kmseg_tree. */
typedef struct km_tree_rules {
    kmseg_tree shown; /* first */
    km_arena arena;
} km_tree_rules;

kmseg_status km_tree_rules_alloc(kmseg_context *ctx, km_tree_rules **out);

/* Rules of the leaves from the nodes, into the object. */
kmseg_status km_tree_rules_word(kmseg_context *ctx, km_tree_rules *rules,
                                const kmseg_prepare *prepare);

#endif
