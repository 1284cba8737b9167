/* Percentiles of the days between orders, from what a table has of each customer. */
#ifndef KM_VALUE_GAPS_H
#define KM_VALUE_GAPS_H

#include "value/value.h"

typedef struct km_gaps {
    const char *from; /* the column that they are estimated from; NULL: the table has none */
    int64_t n_gaps;   /* 0: nobody ordered on two days */
    double days[2];   /* whole ones, at least 1 */
} km_gaps;

/* Estimates n_percents, at most 2, of them: the order of the rows does not matter. From gap_mean, else
 * (tenure - recency) / (orders - 1), else gap_median, and the days with an order (order_days, else the
 * column of frequency). Cost O(rows log rows). */
kmseg_status km_gaps_estimate(kmseg_context *ctx, km_arena *scratch, const kmseg_table *table,
                              const kmseg_value_columns *names, const int32_t *percents,
                              int n_percents, km_gaps *out);

#endif
