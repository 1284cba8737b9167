/* Between the options of tiers, the composite score, and what is told of them. */
#ifndef KM_VALUE_TIER_H
#define KM_VALUE_TIER_H

#include "value/value.h"

enum { KM_MOST_PARTS = 32 };

/* A result that owns its memory. */
typedef struct km_tier {
    kmseg_tier shown; /* first: what callers hold */
    km_arena arena;
} km_tier;

typedef struct km_tiering {
    kmseg_context *ctx;
    const kmseg_table *table;
    const kmseg_value_columns *columns;
    const kmseg_tier_options *options;
    km_arena *scratch; /* freed when the tiers are there */
    km_tier *result;
    km_sentences conventions, notes;
    const double *values; /* that customers are ranked by, NaN: none; n_rows */
    int64_t n_rows;
    int64_t *order; /* rows with a value, highest first, equal ones by id */
    int64_t n;
    double limits[KMSEG_MOST_TIERS]; /* as given: ascending */
    int32_t n_limits;
    int32_t *codes; /* tier of each row, 0 the best; -1: none */
} km_tiering;

/* Fills values with the composite score of options->weights, and the parts of the result. */
kmseg_status km_tier_score(km_tiering *t);

/* Cuts the order into tiers by the method of the result: fills codes and the result's limits. */
kmseg_status km_tier_cut(km_tiering *t);

/* The method that options mean: "abc", "percentile" or "thresholds". */
const char *km_tier_method(const kmseg_tier_options *options);

#endif
