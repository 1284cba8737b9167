/* What each segment looks like, in the columns' own units. */
#ifndef KMSEG_PROFILE_H
#define KMSEG_PROFILE_H

#include <kmseg/prepare.h>
#include <kmseg/table.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_profile_options {
    size_t struct_size;
    const char *value;  /* NUMBER column whose sum is the value of a segment; NULL: found by name
                           (monetary, revenue, total_charges, ...); "": none */
    int32_t max_traits; /* distinguishing features kept per segment, at most */
    const char *profile_columns; /* names separated by commas: profiled besides those clustered on;
                                    NULL: every column */
    int32_t rule_depth; /* conditions of a rule, at most; 0: no rules. See kmseg_tree_new() */
} kmseg_profile_options;

KMSEG_API const kmseg_option_table *kmseg_profile_option_table(void);
KMSEG_API void kmseg_profile_options_init(kmseg_profile_options *options);

/* Quantiles that a profile has of every NUMBER column: at these probabilities, in this order. */
#define KMSEG_N_QUANTILES 7
/** 0, 0.05, 0.25, 0.5, 0.75, 0.95, 1 for i = 0, 1, ...: minimum, median and maximum among them. */
KMSEG_API double kmseg_profile_probability(int32_t i);

/**
 * One column of the table over all rows and per segment. Pointers owned by the profile.
 *
 * Quantiles are those of type 7 (Hyndman and Fan 1996). Bins of the histogram end at the deciles of
 * all rows, so that a segment like all customers has a tenth in each; equal deciles are one bin.
 * Bin b holds bin_edges[b] < x <= bin_edges[b + 1], the first one its lower edge too.
 */
typedef struct kmseg_profile_column {
    const char *name;
    const char *unit;
    kmseg_column_type type;
    int32_t clustered;              /* 1: the segments were made from it */
    int32_t n_levels;               /* TEXT: levels that a labelled row has, or tags where it was
                                       clustered on as multihot; else 0 */
    const char *const *levels;      /* in byte order */
    int32_t is_flag;                /* NUMBER: 1 when every value is 0 or 1 */
    double mean, median, deviation; /* NUMBER: over all rows present; deviation with n - 1 */
    const double *level_shares;  /* TEXT: n_levels shares of the rows present; of tags, of all rows,
                                       and they need not sum to 1 */
    const double *segment_means; /* NUMBER: n_segments, NaN where a segment has no value */
    const double *segment_medians;  /* NUMBER: n_segments */
    const double *segment_shares;   /* TEXT: n_segments x n_levels */
    const int64_t *segment_missing; /* n_segments */
    /* NUMBER; NULL and 0 in a profile from a file of before 0.2 */
    const double *quantiles;         /* KMSEG_N_QUANTILES, over all rows present */
    const double *segment_quantiles; /* n_segments x KMSEG_N_QUANTILES, NaN without a value */
    int32_t n_bins;                  /* 1 to 10 */
    const double *bin_edges;         /* n_bins + 1 */
    const int64_t *segment_bins;     /* n_segments x n_bins rows */
} kmseg_profile_column;

/**
 * A feature in which a segment differs from all customers, in standard deviations of customers
 * (Cohen's d with the overall deviation).
 *
 * NUMBER: (segment mean - mean) / deviation; of sign(x) log(1 + |x|) where the column is strongly
 * skewed and that makes it less so, because a few huge customers would otherwise hide every other
 * difference. The means in the column's own unit always differ in the same direction.
 * TEXT: (share - overall share) / sqrt(overall share (1 - overall share)).
 *
 * A trait is worth saying when |difference| is at least 0.25, for a level when the shares are at
 * least 10 points apart, and for a column that was not clustered on when it is at least 2 standard
 * errors of the segment's mean; when at least half of the segment has a value, and when the text of
 * the trait shows two different values. A column gives one trait, its strongest, and of columns
 * that say the same of every segment, or are a better known one once more (order_days beside
 * frequency, gap_mean beside gap_median), one is kept.
 */
typedef struct kmseg_trait {
    int32_t column; /* position in the profile's columns */
    int32_t level;  /* TEXT: which level, else -1 */
    double difference;
    double lift; /* segment mean / mean, or share / overall share; NaN when undefined */
} kmseg_trait;

typedef struct kmseg_profile {
    size_t struct_size;
    int64_t n_rows;
    int32_t n_segments;
    const int64_t *sizes;       /* n_segments */
    const double *size_shares;  /* n_segments, of customers */
    const char *value_column;   /* "" when there is none */
    const double *values;       /* n_segments sums of the value column; zeros when none */
    const double *value_shares; /* n_segments; zeros when the total is not positive */
    int32_t n_columns;
    const kmseg_profile_column *columns;
    const int32_t *n_traits;   /* n_segments */
    const kmseg_trait *traits; /* n_segments x max_traits, strongest first */
    int32_t max_traits;
    const char *const *names; /* n_segments: a suggested name in words, unique, made of traits */
} kmseg_profile;

/**
 * Profiles segments over every NUMBER column and every TEXT column of at most 200 levels, except
 * the id and columns without a value. Infinite numbers count as missing. Sums are exact, so that
 * threads and the order of the rows change nothing.
 *
 * table    the customer table
 * rows     position in table of each labelled row; NULL: all rows in order
 * labels   n_rows values in [0, n_segments)
 * prepare  which columns were clustered on, and the id; NULL: unknown
 * options  NULL for the defaults
 *
 * KMSEG_E_NOT_FOUND or KMSEG_E_DATA for a value column that is not there or not a number.
 * Cost O(n_rows columns).
 */
KMSEG_API kmseg_status kmseg_profile_new(kmseg_context *ctx, const kmseg_table *table,
                                         const int64_t *rows, int64_t n_rows, const int32_t *labels,
                                         int32_t n_segments, const kmseg_prepare *prepare,
                                         const kmseg_profile_options *options, kmseg_profile **out);

KMSEG_API void kmseg_profile_free(kmseg_profile *profile);

/**
 * Makes an owned copy: how a store gives back what it saved. KMSEG_E_FORMAT for a struct that no
 * profile could be.
 */
KMSEG_API kmseg_status kmseg_profile_copy(kmseg_context *ctx, const kmseg_profile *from,
                                          kmseg_profile **out);

/**
 * The text of one trait: "recency 12 days (all: 51)", "country France 83 % (all: 4.1 %)",
 * "orders on Monday 30 % (all: 16 %)"; "" for a segment or trait that is not there. Numbers are
 * medians, which a few huge customers do not move; "on average" says where medians do not show
 * the difference and these are means; shares and flags are means in percent. Always terminated,
 * cut at capacity.
 */
KMSEG_API void kmseg_trait_text(const kmseg_profile *profile, int32_t segment, int32_t trait,
                                char *out, size_t capacity);

KMSEG_END_DECLS

#endif
