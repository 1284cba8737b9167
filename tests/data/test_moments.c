#include "data/moments.h"
#include "data/quantile.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

Test(moments, are_those_worked_by_hand)
{
    /* 2 4 4 4 5 5 7 9: mean 40/8 = 5, squared differences 9 1 1 1 0 0 4 16 = 32, deviation
     * sqrt(32/8) = 2, cubes -27 -1 -1 -1 0 0 8 64 = 42, skew 42/8 / 8 = 0.65625. */
    kmseg_context *ctx = test_context(1, NULL);
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    km_moments m;
    OK(ctx, km_moments_of(ctx, values, 8, &m));
    cr_assert_eq(m.mean, 5);
    cr_assert_eq(m.deviation, 2);
    cr_assert_eq(m.skew, 0.65625);
    cr_assert_eq(m.minimum, 2);
    cr_assert_eq(m.maximum, 9);
    kmseg_context_free(ctx);
}

Test(moments, do_not_cancel_under_an_offset_or_at_the_ends_of_the_range)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double shapes[][2] = {{1e8, 1},   {1e8, 1e-6}, {0, 1e-300},
                                {0, 1e300}, {-1e16, 4},  {0, 8e307}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        /* -1 and 1 around an offset: deviation 1, skew 0. */
        double values[] = {shapes[s][0] - shapes[s][1], shapes[s][0] + shapes[s][1]};
        double half = (values[1] - values[0]) / 2; /* what is left of it in a double */
        km_moments m;
        OK(ctx, km_moments_of(ctx, values, 2, &m));
        cr_assert_float_eq(m.deviation / half, 1, 1e-12, "%g", m.deviation);
        cr_assert_float_eq(m.skew, 0, 1e-6);
        cr_assert_leq(fabs(m.mean - shapes[s][0]), 1e-16 * fabs(shapes[s][0]) + 1e-16 * half);
    }
    kmseg_context_free(ctx);
}

Test(moments, are_the_same_bits_in_any_order_and_on_any_number_of_threads)
{
    enum { N = 70000 };
    static double values[N], shuffled[N];
    for (int i = 0; i < N; i++) {
        values[i] = exp(sin(i * 12.9898) * 4) - 3;
        shuffled[(i * 49999L) % N] = values[i]; /* 49999 is prime to 70000 */
    }
    km_moments first;
    memset(&first, 0, sizeof first);
    const int32_t threads[] = {1, 2, 3, 7};
    for (int t = 0; t < 4; t++) {
        kmseg_context *ctx = test_context(threads[t], NULL);
        for (int order = 0; order < 2; order++) {
            km_moments m;
            memset(&m, 0, sizeof m);
            OK(ctx, km_moments_of(ctx, order ? shuffled : values, N, &m));
            first = t + order == 0 ? m : first;
            cr_assert_arr_eq(&m, &first, sizeof m);
        }
        kmseg_context_free(ctx);
    }
}

Test(quantile, is_type_7_as_worked_by_hand)
{
    /* Sorted 1 2 4 8 16: position p (n - 1); .25 is 2, .5 is 4, .9 is 3.6: 8 + .6 * 8 = 12.8. */
    double values[] = {16, 1, 8, 2, 4};
    cr_assert_eq(km_quantile(values, 5, 0), 1);
    cr_assert_eq(km_quantile(values, 5, 0.25), 2);
    cr_assert_eq(km_quantile(values, 5, 0.5), 4);
    cr_assert_float_eq(km_quantile(values, 5, 0.9), 12.8, 1e-12);
    cr_assert_eq(km_quantile(values, 5, 1), 16);
    double zeros[] = {0.0, -0.0, -0.0};
    cr_assert_not(signbit(km_quantile(zeros, 3, 0.5)));
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

Test(quantile, selection_agrees_with_sorting_whatever_repeats)
{
    enum { N = 501 };
    for (int modulus = 1; modulus <= 512; modulus *= 8) {
        for (int k = 0; k < N; k += 50) {
            double values[N], sorted[N];
            for (int i = 0; i < N; i++) {
                values[i] = sorted[i] = (i * 7919 % N) % modulus;
            }
            qsort(sorted, N, sizeof *sorted, ascending);
            cr_assert_eq(km_select(values, N, k), sorted[k]);
            for (int i = 0; i < N; i++) {
                cr_assert(i < k ? values[i] <= sorted[k] : values[i] >= sorted[k]);
            }
        }
    }
}
