#include "base/sums.h"

void km_exact_merge(km_exact_sum *sum, const km_exact_sum *other) {
    for (int i = 0; i < KM_EXACT_DIGITS; i++) {
        sum->digits[i] += other->digits[i];
    }
}

double km_exact_value(const km_exact_sum *sum) {
    uint32_t digits[KM_EXACT_DIGITS];
    uint64_t carry = 0;
    int top = 0;
    for (int i = 0; i < KM_EXACT_DIGITS; i++) {
        /* Without overflow: the carry is below 2^32, and a digit below 2^64 - 2^32. */
        carry += sum->digits[i];
        digits[i] = (uint32_t)carry;
        carry >>= 32;
        top = digits[i] != 0 ? i : top;
    }
    /* The three digits on top, and a bit for all below, so that there is one rounding. */
    km_int128 head = 0;
    for (int i = top; i > top - 3; i--) {
        head = head << 32 | (i >= 0 ? digits[i] : 0);
    }
    int below = 0;
    for (int i = 0; i < top - 2; i++) {
        below = below || digits[i] != 0;
    }
    return ldexp(km_int128_double(head << 1 | below), 32 * (top - 2) - 1075 - 1);
}
