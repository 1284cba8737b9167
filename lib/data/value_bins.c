#include "data/value_bins.h"

#include "base/ahead.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAMPLE = 4096,
    TAIL = SAMPLE / 1024 /* values of the sample that may lie beyond the steps on a side */
};

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Finite values of some rows, ascending. */
static int32_t take_sample(const double *values, int64_t n, double *sample) {
    int32_t taken = 0;
    int64_t step = n > SAMPLE ? n / SAMPLE : 1;
    for (int64_t i = 0; i < n && taken < SAMPLE; i += step) {
        if (isfinite(values[i])) {
            sample[taken++] = values[i];
        }
    }
    qsort(sample, (size_t)taken, sizeof *sample, by_value);
    return taken;
}

static inline int32_t step_of(const km_value_bins *bins, double x) {
    double at = (x - bins->low) * bins->per_unit, last = bins->n - 1;
    at = at > 0 ? at : 0;
    return (int32_t)(at < last ? at : last);
}

/* Whether bins of equal width are about as good as bins of equal share: a value shares its bin with
 * at most twice as many. The outer bins take what lies beyond. */
static int place_steps(km_value_bins *bins, const double *sample, int32_t n) {
    if (n < SAMPLE / 2) {
        return 0;
    }
    double begin = sample[TAIL], end = sample[n - 1 - TAIL];
    bins->per_unit = (bins->n - 2) / (end - begin);
    bins->low = begin - 1 / bins->per_unit;
    if (!(bins->per_unit > 0x1p-900 && bins->per_unit < 0x1p900) || !isfinite(bins->low)) {
        return 0;
    }
    int64_t in_bin = 0, squares = 0;
    for (int32_t i = 0, bin = -1; i < n; i++) {
        int32_t next = step_of(bins, sample[i]);
        in_bin = next == bin ? in_bin + 1 : 1;
        squares += 2 * in_bin - 1;
        bin = next;
    }
    return squares <= (int64_t)n * n * 2 / KM_LEAST_BINS;
}

/* Bins that end at every so manieth value of the sample. One that is there twice is alone in its bin:
 * what lies below it is in the bin before. */
static void place_limits(km_value_bins *bins, const double *sample, int32_t n) {
    int32_t used = 0;
    for (int32_t b = 1; b < KM_LEAST_BINS && n > 0;) {
        double value = sample[(int64_t)b * n / KM_LEAST_BINS];
        int32_t next = b + 1;
        while (next < KM_LEAST_BINS && sample[(int64_t)next * n / KM_LEAST_BINS] == value) {
            next++;
        }
        if (next > b + 1) {
            bins->upper[used++] = nextafter(value, -INFINITY);
            bins->only[used] = value + 0.0;
        }
        bins->upper[used++] = value;
        b = next;
    }
    for (; used < KM_LEAST_BINS; used++) {
        bins->upper[used] = INFINITY;
    }
}

void km_value_bins_place(km_value_bins *bins, const double *values, int64_t n, int32_t n_wanted) {
    double sample[SAMPLE];
    int32_t n_sample = take_sample(values, n, sample);
    bins->n = n_wanted < KM_MOST_BINS ? n_wanted : KM_MOST_BINS;
    bins->are_steps = bins->n >= KM_LEAST_BINS && place_steps(bins, sample, n_sample);
    if (bins->are_steps) {
        return;
    }
    bins->n = KM_LEAST_BINS;
    for (int32_t b = 0; b < KM_LEAST_BINS; b++) {
        bins->only[b] = NAN;
    }
    place_limits(bins, sample, n_sample);
}

/* Bins of KM_LANES values. */
static void find_lanes(const km_value_bins *bins, const km_kernels *kernels, const double *values,
                       uint16_t *out) {
    uint8_t narrow[KM_LANES];
    if (bins->are_steps) {
        kernels->steps(values, bins->low, bins->per_unit, bins->n, out);
        return;
    }
    kernels->bins(bins->upper, values, narrow);
    for (int r = 0; r < KM_LANES; r++) {
        out[r] = isfinite(values[r]) ? narrow[r] : (uint16_t)bins->n;
    }
}

void km_value_bins_find(const km_value_bins *bins, const km_kernels *kernels, const double *values,
                        int64_t n, uint16_t *out) {
    int64_t first = 0;
    for (; n - first >= KM_LANES; first += KM_LANES) {
        km_ask_ahead((const char *)(values + first) + KM_AHEAD, KM_LANES * sizeof *values);
        find_lanes(bins, kernels, values + first, out + first);
    }
    if (first < n) {
        double copy[KM_LANES] = {0};
        uint16_t found[KM_LANES];
        memcpy(copy, values + first, (size_t)(n - first) * sizeof *copy);
        find_lanes(bins, kernels, copy, found);
        memcpy(out + first, found, (size_t)(n - first) * sizeof *out);
    }
}
