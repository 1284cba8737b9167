/* Exact sums: fixed-point integers, so that addition is associative and a total does not depend on
 * threads, chunks or order. */
#ifndef KM_BASE_SUMS_H
#define KM_BASE_SUMS_H

#include <math.h>
#include <stdint.h>

__extension__ typedef __int128 km_int128;
__extension__ typedef unsigned __int128 km_uint128;

/* Bits of one quantised value: KM_CHUNK_ROWS of them, added and subtracted once each, fit in 64
 * bits (51 + 12 + 1 with sign), and 2^51 is as far as the rounding by a magic number reaches. */
#define KM_SUM_BITS 50

/* Largest power p with magnitude * 2^p <= 2^KM_SUM_BITS and 2^p a double; 0 for magnitude 0. */
static inline int km_sum_power(double magnitude) {
    int exponent = 0;
    if (!(magnitude > 0)) {
        return 0;
    }
    (void)frexp(magnitude, &exponent); /* magnitude < 2^exponent */
    return KM_SUM_BITS - exponent < 1023 ? KM_SUM_BITS - exponent : 1023;
}

/* Nearest integer, ties to even, for |value| <= 2^51: the same on every instruction set, and in
 * vector registers without AVX-512 too. */
static inline int64_t km_round(double value) {
    union {
        double number;
        int64_t bits;
    } u = {value + 0x1.8p52};
    return u.bits - INT64_C(0x4338000000000000);
}

/* A sum of values that may differ much in size: each is split into a whole number of units and a
 * remainder in units 2^KM_WIDE_BITS finer, so what is lost per value is below 2^-90 of the largest.
 * KM_CHUNK_ROWS values fit; then fold into 128 bits, where 2^36 values fit. */
#define KM_WIDE_BITS 40
typedef struct km_wide {
    int64_t high, low;
} km_wide;

static inline void km_wide_add(km_wide *sum, double value_in_units) {
    int64_t high = km_round(value_in_units);
    sum->high += high;
    sum->low += km_round((value_in_units - (double)high) * 0x1p40);
}

/* The sum in units 2^KM_WIDE_BITS finer. */
static inline km_int128 km_wide_fold(km_wide sum) {
    return ((km_int128)sum.high * (INT64_C(1) << KM_WIDE_BITS)) + sum.low;
}

/* Nearest double, ties to even; exact whenever total has at most 53 significant bits. */
static inline double km_int128_double(km_int128 total) {
    int negative = total < 0;
    km_uint128 magnitude = negative ? -(km_uint128)total : (km_uint128)total;
    uint64_t high = (uint64_t)(magnitude >> 64), low = (uint64_t)magnitude;
    double value;
    if (high == 0) {
        value = (double)low;
    } else {
        /* Keep the top 64 bits, with a sticky bit for all below, then convert once. */
        int shift = 64 - __builtin_clzll(high);
        uint64_t top = (uint64_t)(magnitude >> shift);
        km_uint128 rest = magnitude & (((km_uint128)1 << shift) - 1);
        value = ldexp((double)(top | (rest != 0)), shift);
    }
    return negative ? -value : value;
}

/* A sum of numbers >= 0 of any size, without loss: every double is a whole number of 2^-1075, here in
 * digits of 32 bits that have room for the carries of 2^31 numbers. Cleared by zeros. */
#define KM_EXACT_DIGITS 67
typedef struct km_exact_sum {
    uint64_t digits[KM_EXACT_DIGITS];
} km_exact_sum;

/* value >= 0; infinity makes the sum infinite. */
static inline void km_exact_add(km_exact_sum *sum, double value) {
    union {
        double number;
        uint64_t bits;
    } u = {value};
    uint64_t fraction = u.bits & UINT64_C(0xfffffffffffff), exponent = u.bits >> 52;
    if (exponent > 0) {
        fraction |= UINT64_C(1) << 52;
    } else {
        exponent = 1;
    }
    km_uint128 wide = (km_uint128)fraction << (exponent % 32);
    uint64_t *digits = &sum->digits[exponent / 32];
    digits[0] += (uint32_t)wide;
    digits[1] += (uint32_t)(wide >> 32);
    digits[2] += (uint32_t)(wide >> 64);
}

/* Adds another sum. */
void km_exact_merge(km_exact_sum *sum, const km_exact_sum *other);

/* The nearest double; infinity beyond the largest. */
double km_exact_value(const km_exact_sum *sum);

#endif
