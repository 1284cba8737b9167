/* Samples whose groups are known. */
#ifndef KMSEG_TEST_PLANTED_H
#define KMSEG_TEST_PLANTED_H

#include "base/rng.h"
#include "support/support.h"

/* n x d numbers: k round groups of unit deviation, the first at 0 and the others at distance apart
 * along one feature each (k <= d + 1); group c has c + 1 parts of the rows. labels may be NULL. */
static inline void test_planted(double *x, int32_t *labels, int64_t n, int32_t d, int32_t k,
                                double apart, uint64_t seed) {
    int64_t parts = (int64_t)k * (k + 1) / 2;
    for (int64_t i = 0; i < n; i++) {
        int32_t group = 0;
        for (int64_t part = i % parts; part > group; group++) {
            part -= group + 1;
        }
        for (int32_t j = 0; j < d; j++) {
            x[i * d + j] = km_random_normal(seed, KM_STAGE_TEST, (uint64_t)(i * d + j), 0) +
                           (group == j + 1 ? apart : 0);
        }
        if (labels != NULL) {
            labels[i] = group;
        }
    }
}

static inline void test_uniform(double *x, int64_t n, int32_t d, uint64_t seed) {
    for (int64_t i = 0; i < n * d; i++) {
        x[i] = km_random_uniform(seed, KM_STAGE_TEST, (uint64_t)i, 1);
    }
}

/* Row i of n goes to i * step modulo n, step and n without a common divisor. */
static inline void test_permute(const double *x, int64_t n, int32_t d, int64_t step, double *out) {
    for (int64_t i = 0; i < n; i++) {
        memcpy(out + i * step % n * d, x + i * d, (size_t)d * sizeof(double));
    }
}

#endif
