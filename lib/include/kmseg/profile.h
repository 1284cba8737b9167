/* What each segment looks like, in the columns' own units. */
#ifndef KMSEG_PROFILE_H
#define KMSEG_PROFILE_H

#include <kmseg/prepare.h>
#include <kmseg/table.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_profile_options {
    size_t struct_size;
    const char *value;  /* column whose sum is the value of a segment (revenue); NULL: found by
                              name (monetary, revenue, total...); "": none */
    int32_t max_traits; /* distinguishing features kept per segment */
} kmseg_profile_options;

KMSEG_API const kmseg_option_table *kmseg_profile_option_table(void);
KMSEG_API void kmseg_profile_options_init(kmseg_profile_options *options);

/** One column of the table over all rows and per segment. Pointers owned by the profile. */
typedef struct kmseg_profile_column {
    const char *name;
    const char *unit;
    kmseg_column_type type;
    int32_t clustered; /* 1: the segments were made from it */
    int32_t n_levels;  /* TEXT, else 0 */
    const char *const *levels;
    double mean, deviation;         /* NUMBER: over all rows present; deviation with n - 1 */
    const double *level_shares;     /* TEXT: n_levels shares of the rows present */
    const double *segment_means;    /* NUMBER: n_segments, NaN where a segment has no value */
    const double *segment_medians;  /* NUMBER: n_segments */
    const double *segment_shares;   /* TEXT: n_segments x n_levels */
    const int64_t *segment_missing; /* n_segments */
} kmseg_profile_column;

/** A feature in which a segment differs from all customers. */
typedef struct kmseg_trait {
    int32_t column;    /* position in the profile's columns */
    int32_t level;     /* TEXT: which level, else -1 */
    double difference; /* NUMBER: (segment mean - mean) / deviation; TEXT: (share - overall share)
                          / sqrt(overall share (1 - overall share)) */
    double lift;       /* segment mean / mean, or share / overall share; NaN when undefined */
} kmseg_trait;

typedef struct kmseg_profile {
    size_t struct_size;
    int64_t n_rows;
    int32_t n_segments;
    const int64_t *sizes;       /* n_segments */
    const double *size_shares;  /* n_segments, of customers */
    const char *value_column;   /* "" when there is none */
    const double *values;       /* n_segments sums of the value column; zeros when none */
    const double *value_shares; /* n_segments */
    int32_t n_columns;
    const kmseg_profile_column *columns;
    const int32_t *n_traits;   /* n_segments */
    const kmseg_trait *traits; /* n_segments x max_traits, strongest first */
    int32_t max_traits;
    const char *const *names; /* n_segments: a suggested name in words, unique */
} kmseg_profile;

/**
 * Profiles segments over every NUMBER column and every TEXT column of at most 200 levels.
 *
 * table    the customer table
 * rows     position in table of each labelled row; NULL: all rows in order
 * labels   n_rows values in [0, n_segments)
 * prepare  which columns were clustered on; NULL: unknown
 */
KMSEG_API kmseg_status kmseg_profile_new(kmseg_context *ctx, const kmseg_table *table,
                                         const int64_t *rows, int64_t n_rows, const int32_t *labels,
                                         int32_t n_segments, const kmseg_prepare *prepare,
                                         const kmseg_profile_options *options, kmseg_profile **out);

KMSEG_API void kmseg_profile_free(kmseg_profile *profile);

/** Makes an owned copy: how a store gives back what it saved. */
KMSEG_API kmseg_status kmseg_profile_copy(kmseg_context *ctx, const kmseg_profile *from,
                                          kmseg_profile **out);

/** The sentence-like text of one trait: "frequency 8.1 (all: 4.3)"; always terminated. */
KMSEG_API void kmseg_trait_text(const kmseg_profile *profile, int32_t segment, int32_t trait,
                                char *out, size_t capacity);

KMSEG_END_DECLS

#endif
