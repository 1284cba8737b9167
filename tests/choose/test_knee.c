#include "support/support.h"

#include <math.h>

/* x scaled 0 .25 .5 .75 1; y turned over and scaled 0 .6 .8 .9 1; heights 0 .35 .3 .15 0. The peak is
 * at 1; at sensitivity 1 its limit is .35 - 1/4 = .1, which the last point is below. At 1.4 the limit
 * is 0, and no point is below. */
Test(knee, a_curve_is_worked_by_hand)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {1, 2, 3, 4, 5}, y[] = {10, 4, 2, 1, 0};
    int32_t at;
    OK(ctx, kmseg_knee(ctx, x, y, 5, 1, &at));
    cr_assert_eq(at, 1);
    OK(ctx, kmseg_knee(ctx, x, y, 5, 1.39, &at));
    cr_assert_eq(at, 1);
    OK(ctx, kmseg_knee(ctx, x, y, 5, 1.41, &at));
    cr_assert_eq(at, -1);
    kmseg_context_free(ctx);
}

/* Scaling an axis moves no knee. */
Test(knee, units_do_not_matter)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {10, 20, 30, 40, 50}, y[] = {-1e9, -4e9, -5e9, -5.5e9, -6e9};
    int32_t at;
    OK(ctx, kmseg_knee(ctx, x, y, 5, 1, &at));
    cr_assert_eq(at, 1);
    kmseg_context_free(ctx);
}

Test(knee, lines_and_curves_that_get_steeper_have_none)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {1, 2, 3, 4, 5}, line[] = {9, 7, 5, 3, 1}, steeper[] = {9, 8.5, 7, 4, 0};
    const double flat[] = {3, 3, 3, 3, 3};
    int32_t at = 7;
    OK(ctx, kmseg_knee(ctx, x, line, 5, 1, &at));
    cr_assert_eq(at, -1);
    OK(ctx, kmseg_knee(ctx, x, steeper, 5, 1, &at));
    cr_assert_eq(at, -1);
    OK(ctx, kmseg_knee(ctx, x, flat, 5, 1, &at));
    cr_assert_eq(at, -1);
    for (int32_t n = 0; n < 3; n++) {
        OK(ctx, kmseg_knee(ctx, x, line, n, 1, &at));
        cr_assert_eq(at, -1);
    }
    /* A power of k, which uniform samples have, is a line once both axes are logarithms. */
    double k[14], inertia[14];
    for (int i = 0; i < 14; i++) {
        k[i] = log(i + 2);
        inertia[i] = -2.0 / 3 * k[i];
    }
    OK(ctx, kmseg_knee(ctx, k, inertia, 14, 1, &at));
    cr_assert_eq(at, -1);
    kmseg_context_free(ctx);
}

Test(knee, bad_curves_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {1, 2, 2}, y[] = {3, 2, NAN}, good[] = {3, 2, 1};
    int32_t at;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_knee(ctx, x, good, 3, 1, &at), "point 2", "ascend");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_knee(ctx, good, y, 3, 1, &at), "point 1");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_knee(ctx, x, y, 2, -1, &at), "sensitivity");
    kmseg_context_free(ctx);
}
