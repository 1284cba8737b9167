#include "base/sums.h"

#include "base/rng.h"
#include "support/support.h"

#include <math.h>

static void rounds_like_the_c_library(double value) {
    cr_assert(km_round(value) == llrint(value), "%a: %lld and %lld", value,
              (long long)km_round(value), (long long)llrint(value));
}

Test(sums, rounding_is_that_of_llrint_over_the_whole_range)
{
    const double edges[] = {0,
                            0.5,
                            1.5,
                            2.5,
                            0x1p-1074,
                            0x1.fffffffffffffp-2,
                            0x1p51,
                            1e15,
                            0x1p50,
                            0x1p49,
                            0x1.8p0,
                            0x1.0000000000001p-1,
                            0x1p51 - 0.25,
                            0x1p51 - 0.5,
                            0x1p50 + 0.5,
                            0x1p50 + 1.5,
                            123456.5};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        rounds_like_the_c_library(edges[i]);
        rounds_like_the_c_library(-edges[i]);
    }
    km_random random = {.seed = 5, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 1000000; i++) {
        int power = (int)km_next_below(&random, 52);
        double value = ldexp(2 * km_next_uniform(&random) - 1, power);
        rounds_like_the_c_library(value);
        rounds_like_the_c_library(trunc(value) + 0.5);
    }
}

/* The power is the largest p with magnitude * 2^p <= 2^KM_SUM_BITS. */
Test(sums, a_scaled_magnitude_fills_the_bits_and_does_not_pass_them)
{
    const double limit = ldexp(1, KM_SUM_BITS);
    km_random random = {.seed = 6, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 100000; i++) {
        double magnitude =
            ldexp(1 - km_next_uniform(&random), (int)km_next_below(&random, 600) - 300);
        int power = km_sum_power(magnitude);
        cr_assert(ldexp(magnitude, power) <= limit);
        cr_assert(ldexp(magnitude, power) >= limit / 2, "%a", magnitude);
    }
    cr_assert(km_sum_power(0) == 0);
    cr_assert(km_sum_power(-1) == 0);
    cr_assert(km_sum_power(NAN) == 0);
}

/* Rounds a magnitude to 53 bits by hand: half of the last place goes up when what is below is more
 * than half, or exactly half and the last bit is odd. */
static double by_hand(km_int128 total) {
    km_uint128 magnitude = total < 0 ? -(km_uint128)total : (km_uint128)total;
    int shift = 0;
    while ((magnitude >> shift) >> 53 != 0) {
        shift++;
    }
    km_uint128 kept = magnitude >> shift;
    if (shift > 0) {
        km_uint128 rest = magnitude - (kept << shift), half = (km_uint128)1 << (shift - 1);
        kept += rest > half || (rest == half && (kept & 1) != 0);
    }
    double value = ldexp((double)(uint64_t)kept, shift); /* kept <= 2^53: exact */
    return total < 0 ? -value : value;
}

Test(sums, a_128_bit_total_becomes_the_nearest_double)
{
    km_random random = {.seed = 7, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 1000000; i++) {
        km_uint128 bits = (km_uint128)km_next_u64(&random) << 64 | km_next_u64(&random);
        km_int128 total = (km_int128)(bits >> km_next_below(&random, 128));
        if (i % 3 == 0) { /* ties: a one right behind the 53 bits that stay, and nothing below */
            int up = (int)km_next_below(&random, 70);
            km_uint128 head = (km_uint128)(km_next_u64(&random) >> 11 | UINT64_C(1) << 52);
            total = (km_int128)((head << 1 | 1) << up);
        }
        total = i % 2 == 0 ? total : -total;
        cr_assert(km_int128_double(total) == by_hand(total), "%a and %a", km_int128_double(total),
                  by_hand(total));
    }
    km_int128 least = (km_int128)((km_uint128)1 << 127);
    cr_assert(km_int128_double(least) == -0x1p127);
    cr_assert(km_int128_double(0) == 0);
    cr_assert(km_int128_double(-1) == -1);
    cr_assert(km_int128_double(((km_int128)1 << 53) + 1) == 0x1p53);
    cr_assert(km_int128_double(((km_int128)1 << 53) + 3) == 0x1p53 + 4);
    cr_assert(km_int128_double(((km_int128)1 << 64) + 1) == 0x1p64);
}

Test(sums, a_total_does_not_depend_on_the_order_of_its_terms)
{
    enum { N = 10000 };
    double values[N];
    km_random random = {.seed = 8, .stage = KM_STAGE_TEST};
    for (int i = 0; i < N; i++) {
        values[i] = ldexp(2 * km_next_uniform(&random) - 1, (int)km_next_below(&random, 40) - 20);
    }
    int power = km_sum_power(0x1p20);
    km_int128 forwards = 0, backwards = 0;
    for (int i = 0; i < N; i++) {
        forwards += km_round(ldexp(values[i], power));
        backwards += km_round(ldexp(values[N - 1 - i], power));
    }
    cr_assert(forwards == backwards);
}

static double exact_sum(const double *values, int n) {
    km_exact_sum sum = {{0}}, half = {{0}};
    for (int i = 0; i < n; i++) {
        km_exact_add(i % 3 ? &sum : &half, values[i]);
    }
    km_exact_merge(&sum, &half);
    return km_exact_value(&sum);
}

/* 2^53 + 1/2 + 2^-1074 is above the middle between 2^53 and its neighbour 2^53 + 2 by nothing, and 1 +
 * 2^-1074 above it by the least there is. */
Test(sums, numbers_of_any_size_add_up_without_loss)
{
    cr_assert(exact_sum(NULL, 0) == 0);
    cr_assert(exact_sum((double[]){0x1p53, 1}, 2) == 0x1p53);
    cr_assert(exact_sum((double[]){0x1p53, 1, 0x1p-1074}, 3) == 0x1p53 + 2);
    cr_assert(exact_sum((double[]){0x1p53, 0.5, 0x1p-1074}, 3) == 0x1p53);
    cr_assert(exact_sum((double[]){0x1p-1074, 0x1p-1074, 0x1p-1074}, 3) == 0x3p-1074);
    cr_assert(exact_sum((double[]){0x1p-1022, 0x1p-1074}, 2) == 0x1.0000000000001p-1022);
    cr_assert(exact_sum((double[]){0x1.fffffffffffffp1023, 1}, 2) == 0x1.fffffffffffffp1023);
    cr_assert(isinf(exact_sum((double[]){0x1.8p1023, 0x1.8p1023}, 2)));
    cr_assert(isinf(exact_sum((double[]){1, INFINITY}, 2)));
    km_random random = {.seed = 9, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 20000; i++) { /* 128 bits are enough to know the truth */
        double values[100];
        km_int128 total = 0;
        for (int v = 0; v < 100; v++) {
            double whole = floor(ldexp(km_next_uniform(&random), (int)km_next_below(&random, 110)));
            total += (km_int128)whole;
            values[v] = ldexp(whole, i % 700 - 400);
        }
        cr_assert(exact_sum(values, 100) == ldexp(km_int128_double(total), i % 700 - 400));
    }
}
