/* What the steps of a profile share. */
#ifndef KM_PROFILE_PROFILE_H
#define KM_PROFILE_PROFILE_H

#include "base/context.h"
#include "data/moments.h"

#include <kmseg/profile.h>

/* Text columns with more levels are not profiled: they name things, they do not group them. */
#define KM_PROFILE_LEVELS 200

/* Below this a difference is not worth saying; Cohen (1988) calls 0.2 small and 0.5 medium. */
#define KM_TRAIT_DIFFERENCE 0.25

/* What traits and names need of a column beyond what is shown. */
typedef struct km_contrast {
    double *differences; /* NUMBER: n_segments; TEXT: n_segments x n_levels; 0 where undefined */
    int64_t *present;    /* n_segments rows with a value */
} km_contrast;

typedef struct km_profiling {
    kmseg_context *ctx;
    const kmseg_table *table;
    const int64_t *rows; /* NULL: all in order */
    int64_t n_rows;
    const int32_t *labels;
    int32_t n_segments;
    const kmseg_prepare *prepare; /* or NULL */
    const kmseg_profile_options *options;
    const km_known_moments *known; /* or NULL */
    km_arena *arena;               /* of the profile */
    km_arena scratch;              /* freed at the end */
    kmseg_profile *out;
    int64_t *sizes;
    kmseg_profile_column *columns;
    km_contrast *contrasts;
    void *gathered, *gathered_labels, *drawn; /* n_rows numbers and labels; NULL: not needed yet */
} km_profiling;

static inline int64_t km_profiling_row(const km_profiling *p, int64_t i) {
    return p->rows != NULL ? p->rows[i] : i;
}

/* The object behind a kmseg_profile. */
typedef struct km_profile {
    kmseg_profile shown; /* first */
    km_arena arena;
} km_profile;

km_profile *km_profile_new(kmseg_context *ctx);

/* kmseg_profile_new(), where moments of columns are known; options are not NULL. */
kmseg_status km_profile_make(kmseg_context *ctx, const kmseg_table *table, const int64_t *samples,
                             int64_t n_rows, const int32_t *labels, int32_t n_segments,
                             const kmseg_prepare *prepare, const kmseg_profile_options *options,
                             const km_known_moments *known, kmseg_profile **out);

/* A profile of no columns: sizes and values of segments, which are called "Segment 1" and so on. */
kmseg_status km_profile_sizes(kmseg_context *ctx, const kmseg_table *table, const int64_t *samples,
                              int64_t n_rows, const int32_t *labels, int32_t n_segments,
                              const kmseg_profile_options *options, kmseg_profile **out);

/* Summaries of every column worth profiling, into p->columns, p->contrasts and p->out. */
kmseg_status km_profile_columns(km_profiling *p);

/* Quantiles and histogram of the n >= 1 finite values of a column, which are of segments labels, sizes
 * of each, into out; medians of the segments as well. */
kmseg_status km_profile_distribution(km_profiling *p, const double *values, const int32_t *labels,
                                     int64_t n, const int64_t *sizes, double *medians,
                                     kmseg_profile_column *out);

/* Finds the value column and sums it, into p->out. */
kmseg_status km_profile_values(km_profiling *p);

/* The strongest differences of every segment, into p->out. */
kmseg_status km_profile_traits(km_profiling *p);

/* Up to capacity traits of a segment, strongest first, into out; returns how many. candidates has
 * room for every number column and level. only_clustered: of columns that were clustered on. */
int32_t km_strongest_traits(const km_profiling *p, int32_t segment, int only_clustered,
                            kmseg_trait *candidates, int32_t capacity, kmseg_trait *out);

/* The name of a column in words: "annual spend" for annual_spend and AnnualSpend, "orders in the
 * morning" for hours_share_morning. 1 when the words hold the unit too. */
int km_column_words(const kmseg_profile_column *column, char *out, size_t capacity);

/* The column that says what this one says and is better known, or NULL. */
const char *km_better_known(const char *column);

/* A number that people read in percent. */
int km_is_share(const kmseg_profile_column *column);

/* Number columns and levels together. */
int64_t km_count_features(const km_profiling *p);

/* Makes a profile of the columns of both, which are of the same rows in the same segments: those of
 * profile first; its value, names and number of traits. Of the traits of both the strongest. */
kmseg_status km_profile_extend(kmseg_context *ctx, const kmseg_profile *profile,
                               const kmseg_profile *more, kmseg_profile **out);

/* A name for every segment, into p->out. */
kmseg_status km_profile_names(km_profiling *p);

#endif
