#include "base/rng.h"
#include "support/support.h"

/* Known answers of the Random123 distribution for philox4x32-10 (Salmon et al. 2011). */
Test(rng, philox_gives_the_published_answers)
{
    const uint32_t zero[4] = {0}, zero_key[2] = {0};
    km_random4 r = km_philox(zero, zero_key);
    const uint32_t expect_zero[4] = {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u};
    cr_assert_arr_eq(r.word, expect_zero, sizeof expect_zero);

    const uint32_t ones[4] = {~0u, ~0u, ~0u, ~0u}, ones_key[2] = {~0u, ~0u};
    r = km_philox(ones, ones_key);
    const uint32_t expect_ones[4] = {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu};
    cr_assert_arr_eq(r.word, expect_ones, sizeof expect_ones);

    const uint32_t pi[4] = {0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u};
    const uint32_t pi_key[2] = {0xa4093822u, 0x299f31d0u};
    r = km_philox(pi, pi_key);
    const uint32_t expect_pi[4] = {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u};
    cr_assert_arr_eq(r.word, expect_pi, sizeof expect_pi);
}

Test(rng, bounded_numbers_stay_below_their_bound_and_reach_every_value)
{
    km_random random = {.seed = 7, .stage = KM_STAGE_TEST};
    int seen[10] = {0};
    for (int i = 0; i < 1000; i++) {
        uint64_t value = km_next_below(&random, 10);
        cr_assert(value < 10);
        seen[value]++;
    }
    for (int i = 0; i < 10; i++) {
        cr_assert(seen[i] > 50, "%d was drawn %d times in 1000", i, seen[i]);
    }
}

Test(rng, uniform_numbers_have_the_mean_and_variance_of_the_uniform_distribution)
{
    km_random random = {.seed = 1, .stage = KM_STAGE_TEST};
    double sum = 0, squares = 0;
    const int n = 100000;
    for (int i = 0; i < n; i++) {
        double u = km_next_uniform(&random);
        cr_assert(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    /* The standard error of the mean is .289 / sqrt(1e5) = .0009; five of them. */
    cr_assert_float_eq(sum / n, 0.5, 0.0046);
    cr_assert_float_eq(squares / n, 1.0 / 3.0, 0.0048);
}
