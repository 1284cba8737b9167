/* Decimal numbers in text: what strtod gives, to the bit, without its cost. */
#ifndef KM_SOURCE_CSV_NUMBER_H
#define KM_SOURCE_CSV_NUMBER_H

#include "source/time.h"

/* What a cell says when it is read as a number. */
typedef enum km_number_kind {
    KM_NUMBER_FINITE = 0,
    KM_NUMBER_NAME = 1,  /* a finite number that is written like a name: +4930123, or digits alone,
                               more than 15 of them or with a leading zero (00042) */
    KM_NUMBER_EMPTY = 2, /* nothing, or spaces alone */
    KM_NUMBER_WORD = 3,  /* NA, N/A, #N/A, NaN, null, None, in any case */
    KM_NUMBER_INFINITE = 4, /* inf, infinity, or a decimal too large for a double */
    KM_NUMBER_NONE = 5      /* anything else */
} km_number_kind;

/* Reads n characters as a decimal number: sign, digits with at most one point, exponent; spaces
 * around it are skipped. *out is the nearest double (ties to even) for FINITE and NAME, else NaN.
 * No thousands separators, no hexadecimal, '.' is the point in any locale. Numbers of more than
 * 1000 characters are NONE. */
km_number_kind km_number_read(const char *text, size_t n, double *out);

extern const double km_exact_powers_of_10[23];

/* The value of eight decimal digits, one a byte, the first in the lowest byte; Lemire, "Quickly
 * parsing eight digits". */
static inline uint64_t km_eight_digits(uint64_t v) {
    v = v * 10 + (v >> 8);
    return ((v & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
            ((v >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* High bit of every byte that is more than 9. */
static inline uint64_t km_not_digits(uint64_t v) {
    return (((v & ~KM_HIGH_BITS) + KM_BYTES(0x76)) | v) & KM_HIGH_BITS;
}

/* High bit of every byte equal to b, exact up to the first one. */
static inline uint64_t km_bytes_equal(uint64_t v, unsigned b) {
    uint64_t x = v ^ KM_BYTES(b);
    return (x - KM_BYTES(1)) & ~x & KM_HIGH_BITS;
}

/* Plain decimals of up to 15 digits ("-12.50"): 1 when text was one, else 0, and then
 * km_number_read() decides. The mantissa is below 2^53 and the power of ten is exact, so the one
 * division rounds correctly. Sixteen bytes from text on must be readable. */
static inline int km_number_read_plain(const char *text, size_t n, double *out) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    enum { POINT = '.' ^ '0' };
    uint64_t negative = *text == '-';
    text += negative;
    n -= negative;
    uint64_t mantissa, frac = 0;
    uint64_t first = km_load64(text);
    uint64_t refused = 0;
    first ^= KM_BYTES('0');
    if (n - 1 < 8) {
        /* Digits to the high end, zeros before them; then the point is taken out. */
        uint64_t v = first << (64 - 8 * n);
        uint64_t point = km_bytes_equal(v, POINT);
        if (point != 0) {
            unsigned at = (unsigned)__builtin_ctzll(point) & ~7u;
            uint64_t below = (UINT64_C(1) << at) - 1;
            v = (v & ~(below << 8 | 0xff)) | ((v & below) << 8);
            frac = 7 - at / 8;
            refused = n == 1;
        } else {
            refused = ((first & 0xff) == 0) & (n > 1); /* 007 */
        }
        refused |= km_not_digits(v);
        mantissa = km_eight_digits(v);
    } else if (n - 1 < 16) {
        uint64_t high = first << (128 - 8 * n);
        uint64_t low = km_load64(text + n - 8) ^ KM_BYTES('0');
        uint64_t in_low = km_bytes_equal(low, POINT), in_high = km_bytes_equal(high, POINT);
        if (in_high != 0) {
            unsigned at = (unsigned)__builtin_ctzll(in_high) & ~7u;
            uint64_t below = (UINT64_C(1) << at) - 1;
            high = (high & ~(below << 8 | 0xff)) | ((high & below) << 8);
            frac = 15 - at / 8;
        } else if (in_low != 0) {
            unsigned at = (unsigned)__builtin_ctzll(in_low) & ~7u;
            uint64_t below = (UINT64_C(1) << at) - 1;
            low = (low & ~(below << 8 | 0xff)) | ((low & below) << 8) | high >> 56;
            high <<= 8;
            frac = 7 - at / 8;
        } else {
            refused = ((first & 0xff) == 0) | (n == 16);
        }
        refused |= km_not_digits(low) | km_not_digits(high);
        mantissa = km_eight_digits(high) * 100000000 + km_eight_digits(low);
    } else {
        return 0;
    }
    if (refused != 0) {
        return 0;
    }
    double value = (double)(int64_t)mantissa / km_exact_powers_of_10[frac];
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits |= negative << 63;
    memcpy(out, &bits, sizeof bits);
    return 1;
#else
    (void)text, (void)n, (void)out;
    return 0;
#endif
}

#endif
