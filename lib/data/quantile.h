/* Order statistics by selection. */
#ifndef KM_DATA_QUANTILE_H
#define KM_DATA_QUANTILE_H

#include "base/context.h"

#include <stdint.h>

/* The k-th smallest (from 0) of n > k numbers without NaN; reorders them so that it stands at k
 * with nothing larger before it and nothing smaller behind it. Expected cost O(n). */
double km_select(double *values, int64_t n, int64_t k);

/* Quantile of probability p in [0, 1] of n >= 1 numbers without NaN, by linear interpolation of the
 * order statistics (type 7 of Hyndman and Fan 1996, the default of R and NumPy); reorders them. */
double km_quantile(double *values, int64_t n, double p);

/* The same quantile of every group of rows, and of all of them to out_all unless that is NULL, of
 * the n >= 1 values that are finite; NaN for a group without any. labels are in [0, n_groups), NULL
 * for one group. Nothing is reordered. Expected cost O(n), two passes on all threads. */
kmseg_status km_group_quantiles(kmseg_context *ctx, const double *values, const int32_t *labels,
                                int64_t n, int32_t n_groups, double p, double *out_groups,
                                double *out_all);

/* Several at once, at little more than the cost of one. */
typedef struct km_probabilities {
    const double *values;
    int32_t n;
} km_probabilities;

typedef struct km_quantiles {
    double *of_groups; /* n_groups x of_groups.n, or NULL */
    double *of_all;    /* of_all.n, or NULL */
    int64_t *up_to;    /* of_all.n x n_groups: how many finite values of each group are at most that
                          quantile of all; NULL: not wanted */
} km_quantiles;

kmseg_status km_group_quantiles_of(kmseg_context *ctx, const double *values, const int32_t *labels,
                                   int64_t n, int32_t n_groups, km_probabilities of_groups,
                                   km_probabilities of_all, km_quantiles *out);

#endif
