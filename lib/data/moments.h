/* Exact sums and moments of a column. Values enter the sums as integers, so a result depends
 * neither on threads nor on the order of the rows. */
#ifndef KM_DATA_MOMENTS_H
#define KM_DATA_MOMENTS_H

#include "base/context.h"
#include "base/sums.h"

/* Fixed point with 62 bits: value x counts as trunc(x * scale). For magnitudes within a factor of
 * 2^9 of the largest nothing of a double is cut off. */
typedef struct km_fixed {
    double scale; /* a power of two */
} km_fixed;

/* For values of at most that magnitude. */
static inline km_fixed km_fixed_for(double magnitude) {
    if (!(magnitude > 0)) {
        return (km_fixed){1};
    }
    int exponent;
    (void)frexp(magnitude, &exponent); /* magnitude < 2^exponent */
    int power = 62 - exponent;
    return (km_fixed){ldexp(1, power < 1023 ? power : 1023)};
}

static inline int64_t km_fixed_of(km_fixed fixed, double x) { return (int64_t)(x * fixed.scale); }

/* A total as a double, rounded once. */
static inline double km_fixed_sum(km_fixed fixed, km_int128 total) {
    return km_int128_double(total) / fixed.scale;
}

/* A column whose |skew| is above this is strongly skewed, by the usual rule of thumb (Bulmer 1979,
 * Principles of Statistics). An exponential distribution has 2, a normal one 0. */
#define KM_STRONG_SKEW 1.0

/* sign(x) log(1 + |x|): draws in long tails of either sign, and 0 stays 0. */
static inline double km_signed_log1p(double x) { return copysign(log1p(fabs(x)), x); }

typedef struct km_moments {
    double minimum, maximum;
    double mean;
    double deviation; /* square root of the mean squared difference from the mean */
    double skew;      /* third central moment over deviation^3; 0 for a constant */
} km_moments;

/* Moments of columns that one step has found, for those behind it; a column has known moments only where
 * it has a finite number in every row. */
typedef struct km_known_moments {
    km_moments *columns; /* by column of the table */
    unsigned char *are_known;
} km_known_moments;

/* Moments of n >= 1 numbers, none of them NaN. Where one is infinite so is minimum or maximum, and the
 * others are NaN. Cost O(n), three passes. */
kmseg_status km_moments_of(kmseg_context *ctx, const double *values, int64_t n, km_moments *out);

#endif
