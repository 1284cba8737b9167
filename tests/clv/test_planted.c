/* Customers made up from known parameters: the fits must find them again, as closely as they say. */
#include "clv/shop.h"

Test(planted, parameters_are_found_within_three_standard_errors)
{
    kmseg_context *ctx = test_context(2, NULL);
    shop s = draw_shop(20000, 1);
    kmseg_bgnbd m;
    kmseg_gamma_gamma g;
    OK(ctx, kmseg_bgnbd_fit(ctx, s.n, s.x, s.t_x, s.T, &m));
    OK(ctx, kmseg_gamma_gamma_fit(ctx, s.n, s.x, s.m, &g));
    const double found[] = {m.r, m.alpha, m.a, m.b}, spend[] = {g.p, g.q, g.gamma};
    for (int i = 0; i < 4; i++) {
        double error = m.standard_errors[i];
        cr_assert(error > 0 && error < 0.25 * truth[i], "%g of %g", error, truth[i]);
        cr_assert_lt(fabs(found[i] - truth[i]), 3 * error, "parameter %d is %g", i, found[i]);
    }
    for (int i = 0; i < 3; i++) {
        double error = g.standard_errors[i];
        cr_assert(error > 0 && error < 0.25 * spend_truth[i]);
        cr_assert_lt(fabs(spend[i] - spend_truth[i]), 3 * error, "parameter %d is %g", i, spend[i]);
    }
    free(s.x);
    kmseg_context_free(ctx);
}

/* Of 60 shops the 95 % intervals hold the truth in 57 on average, with a standard deviation of 1.7. */
Test(planted, standard_errors_cover_the_truth_as_often_as_they_should)
{
    enum { SHOPS = 60 };
    kmseg_context *ctx = test_context(2, NULL);
    int covered[7] = {0};
    for (uint64_t seed = 0; seed < SHOPS; seed++) {
        shop s = draw_shop(2500, 100 + seed);
        kmseg_bgnbd m;
        kmseg_gamma_gamma g;
        OK(ctx, kmseg_bgnbd_fit(ctx, s.n, s.x, s.t_x, s.T, &m));
        OK(ctx, kmseg_gamma_gamma_fit(ctx, s.n, s.x, s.m, &g));
        const double found[] = {m.r, m.alpha, m.a, m.b, g.p, g.q, g.gamma};
        for (int i = 0; i < 7; i++) {
            double expect = i < 4 ? truth[i] : spend_truth[i - 4];
            double error = i < 4 ? m.standard_errors[i] : g.standard_errors[i - 4];
            covered[i] += fabs(found[i] - expect) < 1.96 * error;
        }
        free(s.x);
    }
    for (int i = 0; i < 7; i++) {
        cr_assert(covered[i] >= 51, "parameter %d: %d of %d", i, covered[i], SHOPS);
    }
    kmseg_context_free(ctx);
}

/* Predicted from the true parameters, less actual, over its standard deviation, is of variance 1; the
 * mean of 60 of them has a standard deviation of .13. */
Test(planted, what_is_predicted_is_what_happens)
{
    enum { SHOPS = 60 };
    kmseg_bgnbd m = {.r = truth[0], .alpha = truth[1], .a = truth[2], .b = truth[3]};
    double sum = 0, silent = 0, silent_variance = 0;
    for (uint64_t seed = 0; seed < SHOPS; seed++) {
        shop s = draw_shop(2500, 500 + seed);
        double off = 0, squares = 0;
        for (int64_t i = 0; i < s.n; i++) {
            double e = kmseg_bgnbd_expected(&m, s.x[i], s.t_x[i], s.T[i], 26);
            double none = kmseg_bgnbd_no_purchase(&m, s.x[i], s.t_x[i], s.T[i], 26);
            off += s.later[i] - e;
            squares += (s.later[i] - e) * (s.later[i] - e);
            silent += (s.later[i] == 0) - none;
            silent_variance += none * (1 - none);
        }
        sum += off / sqrt(squares);
        free(s.x);
    }
    cr_assert_lt(fabs(sum / SHOPS), 3 / sqrt(SHOPS), "%g", sum / SHOPS);
    cr_assert_lt(fabs(silent), 3 * sqrt(silent_variance), "%g of %g", silent, silent_variance);
}
