/* Between the options of RFM, the rules that score, and what is told of them. */
#ifndef KM_VALUE_RFM_H
#define KM_VALUE_RFM_H

#include "value/grid.h"
#include "value/value.h"

/* A result that owns its memory. */
typedef struct km_rfm {
    kmseg_rfm shown; /* first: what callers hold */
    km_arena arena;
} km_rfm;

/* The customers that can be scored: position i of the arrays is row rows[i] of the table. */
typedef struct km_scoring {
    kmseg_context *ctx;
    const kmseg_rfm_options *options;
    km_arena *scratch; /* freed when the scores are there */
    km_rfm *result;
    int32_t bins;
    int64_t n;
    int64_t *rows; /* for "ntile" in order of id */
    double *values[3];
    uint8_t *scores[3];
    double *room; /* n numbers */
} km_scoring;

enum { KM_RECENCY_AT, KM_FREQUENCY_AT, KM_MONETARY_AT };

/* Fills scores by options->scoring, and the edges of the result. */
kmseg_status km_rfm_score(km_scoring *s);

/* Counts and ranges of the scores, conventions and notes. */
kmseg_status km_rfm_describe(km_scoring *s);

#endif
