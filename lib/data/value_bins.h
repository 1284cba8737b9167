/* Bins of numbers, each with a small share of them. */
#ifndef KM_DATA_VALUE_BINS_H
#define KM_DATA_VALUE_BINS_H

#include "kernels/kernels.h"

#include <math.h>
#include <stdint.h>

enum {
    KM_LEAST_BINS = 256, /* as the kernel bins() has them */
    KM_MOST_BINS = 1024
};

/* A higher bin holds higher values. Where a bin of equal width holds about as much as any other they
 * are of equal width, which needs no search; else they lie between values of a sample, and a value that
 * is a bin's share by itself has a bin for itself. */
typedef struct km_value_bins {
    int32_t n; /* bin n is of values that are not finite */
    int are_steps;
    double low, per_unit;        /* of steps: where bin 0 begins, and bins in a unit */
    double upper[KM_LEAST_BINS]; /* else of each bin, included; ascending, infinity at the end */
    double only[KM_LEAST_BINS];  /* the one value of a bin, or NaN */
} km_value_bins;

/* Bins for n values, at most n_wanted of them where they are steps. Which they are is found from a few
 * rows. */
void km_value_bins_place(km_value_bins *bins, const double *values, int64_t n, int32_t n_wanted);

/* The bins of n values. */
void km_value_bins_find(const km_value_bins *bins, const km_kernels *kernels, const double *values,
                        int64_t n, uint16_t *out);

/* The one value of a bin, NaN where there may be several. */
static inline double km_value_bins_only(const km_value_bins *bins, int64_t bin) {
    return bins->are_steps ? (double)NAN : bins->only[bin];
}

#endif
