/* What follows from given parameters: against numbers of the literature, against the paper's closed
 * form in 60 digits, and against what the numbers mean. */
#include "clv/models.h"
#include "clv/special.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static kmseg_bgnbd bgnbd(double r, double alpha, double a, double b) {
    return (kmseg_bgnbd){.r = r, .alpha = alpha, .a = a, .b = b};
}

/* Rounded as the papers and the manual of the R package BTYD have them. */
static kmseg_bgnbd published(void) { return bgnbd(0.243, 4.414, 0.793, 2.426); }

static void prints(double number, int digits, const char *expect) {
    char text[64];
    snprintf(text, sizeof text, "%.*f", digits, number);
    cr_assert_str_eq(text, expect, "%s is not %s", text, expect);
}

static void near(double number, double expect, double relative) {
    cr_assert_lt(fabs(number - expect), relative * fabs(expect) + 1e-300, "%.17g is not %.17g",
                 number, expect);
}

/* In 60 digits. */
Test(special, gamma_and_digamma_have_their_known_values)
{
    const double z[] = {0.001, 0.5, 1, 1.5, 3.7, 10, 1000.25};
    const double gamma[] = {6.9071788853838537,   0.57236494292470009, 0,
                            -0.12078223763524522, 1.4280723266653879,  12.80182748008147,
                            5906.9472682711172};
    const double digamma[] = {-1000.5755719318103,  -1.9635100260214235, -0.57721566490153286,
                              0.036489973978576521, 1.1671535393615114,  2.2517525890667211,
                              6.9075052894144283};
    for (int i = 0; i < 7; i++) {
        cr_assert_float_eq(km_log_gamma(z[i]), gamma[i], 4e-15 * (1 + fabs(gamma[i])));
        cr_assert_float_eq(km_digamma(z[i]), digamma[i], 4e-15 * (1 + fabs(digamma[i])));
    }
}

Test(special, a_sum_keeps_what_additions_round_off)
{
    km_sum s = {0};
    km_sum_add(&s, 1);
    km_sum_add(&s, 1e100);
    km_sum_add(&s, 1);
    km_sum_add(&s, -1e100);
    cr_assert_eq(km_sum_value(s), 2);
}

/* Fader, Hardie, Lee 2005: a customer with x = 2, t_x = 30.43, T = 38.86, and the 39 weeks to come. */
Test(bgnbd, the_customer_of_the_paper_is_as_in_the_paper)
{
    kmseg_bgnbd m = published();
    prints(kmseg_bgnbd_expected(&m, 2, 30.43, 38.86, 39), 3, "1.226");
    prints(kmseg_bgnbd_alive(&m, 2, 30.43, 38.86), 4, "0.7266");
}

/* Hardie's spreadsheet. Its last number, 1.8576, sums 2F1 to j = 150 only: z is .946 there, and the
 * terms left out are worth .0004. So that sum is made here as well. */
Test(bgnbd, expected_purchases_of_a_new_customer_are_as_published)
{
    kmseg_bgnbd m = bgnbd(0.24259394, 4.41359, 0.79292, 2.425885);
    prints(kmseg_bgnbd_new_expected(&m, 0.1429), 4, "0.0078");
    prints(kmseg_bgnbd_new_expected(&m, 1), 4, "0.0532");
    prints(kmseg_bgnbd_new_expected(&m, 3), 4, "0.1506");
    prints(kmseg_bgnbd_new_expected(&m, 31.8571), 4, "1.0405");
    prints(kmseg_bgnbd_new_expected(&m, 78), 4, "1.8580");
    double z = 78 / (m.alpha + 78), term = 1, cut = 1, c = m.a + m.b - 1;
    for (int j = 1; j <= 150; j++) {
        term *= (m.r + j - 1) * (m.b + j - 1) / ((c + j - 1) * j) * z;
        cut += term;
    }
    prints(c / (m.a - 1) * (1 - pow(1 - z, m.r) * cut), 4, "1.8576");
}

/* Examples of BTYD's manual. */
Test(bgnbd, probabilities_of_a_new_customer_are_as_published)
{
    kmseg_bgnbd m = published();
    prints(kmseg_bgnbd_new_probability(&m, 0, 39), 4, "0.5738");
    prints(kmseg_bgnbd_new_probability(&m, 0, 39), 7, "0.5737864");
    near(kmseg_bgnbd_new_probability(&m, 10, 2), 1.07869e-07, 5e-6);
    static const char *const from_11[] = {
        "0.0019995214", "0.0015170236", "0.0011633150", "0.0009003148", "0.0007023638",
        "0.0005517902", "0.0004361913", "0.0003467171", "0.0002769613", "0.0002222260"};
    for (int i = 0; i < 10; i++) {
        prints(kmseg_bgnbd_new_probability(&m, 11 + i, 30), 10, from_11[i]);
    }
}

/* C / (a - 1) [1 - w^A 2F1(A, B; C; z)], by the 2F1 of a library of arbitrary precision; at a = 1 and
 * at C = 0 its limit. */
Test(bgnbd, expectations_agree_with_the_closed_form_also_where_it_is_singular)
{
    static const double cases[][8] = {
        {0.2426, 4.4135, 0.7929, 2.4258, 2, 38.86, 39, 1.6871699794859377},
        {0.2426, 4.4135, 0.7929, 2.4258, 0, 0, 78, 1.8580217586441487},
        {0.2426, 4.4135, 1, 2.4258, 2, 38.86, 39, 1.6249024020263602},
        {0.2426, 4.4135, 1.000001, 2.4258, 2, 38.86, 39, 1.6249021196625232},
        {0.5, 10, 0.25, 0.5, 0, 0, 100, 2.679516127727696},   /* C = -0.25 */
        {0.5, 10, 0.25, 0.75, 0, 5, 100, 2.1690509772536779}, /* C = 0 */
        {1.5, 20, 3, 0.01, 40, 100, 365, 19.694631122748515},
        {50, 70, 0.02, 9, 5, 3, 400, 287.88364114153443},
        {0.25, 0.01, 0.8, 2.4, 0, 0, 52, 19.217563054737138}, /* z = .9998 */
        {0.6, 30, 0.9999999999, 1000000, 300, 360, 360, 277.43831709848184},
        {2, 1, 0.5, 4, 5000, 50, 100, 7210.2651603426675}, /* w^A below 1e-2000 */
        {0.05, 0.5, 0.001, 0.002, 1, 1, 1000, 695.44348551721548},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double *c = cases[i];
        kmseg_bgnbd m = bgnbd(c[0], c[1], c[2], c[3]);
        near(km_bgnbd_expected_alive(&m, c[4], c[5], c[6]), c[7], 1e-12);
    }
}

Test(bgnbd, probabilities_sum_to_one_and_their_mean_is_the_expectation)
{
    const kmseg_bgnbd models[] = {published(), bgnbd(2, 8, 1, 1), bgnbd(0.7, 3, 0.05, 0.4)};
    for (int i = 0; i < 3; i++) {
        double sum = 0, mean = 0;
        for (int64_t x = 0; x < 4000; x++) {
            double p = kmseg_bgnbd_new_probability(&models[i], x, 26);
            sum += p;
            mean += (double)x * p;
        }
        near(sum, 1, 1e-9);
        near(mean, kmseg_bgnbd_new_expected(&models[i], 26), 1e-7);
    }
}

Test(bgnbd, a_customer_is_alive_for_sure_before_the_second_purchase_and_less_so_with_silence)
{
    kmseg_bgnbd m = published();
    cr_assert_eq(kmseg_bgnbd_alive(&m, 0, 0, 38), 1);
    double before = 1;
    for (double t_x = 38; t_x >= 0; t_x -= 1) {
        double alive = kmseg_bgnbd_alive(&m, 5, t_x, 38);
        cr_assert(alive > 0 && alive < before);
        before = alive;
    }
    /* Just after the x-th purchase: the chance of not having left by it is (b + x - 1) / (a + b + x - 1). */
    near(kmseg_bgnbd_alive(&m, 5, 38, 38), (m.b + 4) / (m.a + m.b + 4), 1e-14);
    cr_assert(isnan(kmseg_bgnbd_alive(&m, -1, 0, 1)));
}

/* Where nobody leaves: r = 2, alpha = 10, and a customer with 3 purchases in 10. The rate is Gamma(5, 20)
 * afterwards: 5 / 20 a unit, 1 purchase in 4; none in 20 with (20 / 40)^5 = 1 / 32. Of a new customer
 * none in 10 with (10 / 20)^2 = 1 / 4, one with 2 * 1 / 4 * 1 / 2 = 1 / 4, two with 3 * 1 / 4 * 1 / 4. */
static const kmseg_bgnbd nbd = {.r = 2, .alpha = 10, .a = 0, .b = 1, .nobody_leaves = 1};

Test(nbd, is_as_worked_by_hand)
{
    for (double t_x = 1; t_x <= 10; t_x++) { /* when the last one was does not matter */
        cr_assert_eq(kmseg_bgnbd_alive(&nbd, 3, t_x, 10), 1);
        cr_assert_float_eq(kmseg_bgnbd_expected(&nbd, 3, t_x, 10, 4), 1, 1e-14);
        cr_assert_float_eq(kmseg_bgnbd_no_purchase(&nbd, 3, t_x, 10, 20), 1.0 / 32, 1e-15);
    }
    cr_assert_eq(kmseg_bgnbd_alive(&nbd, 0, 0, 10), 1);
    cr_assert_float_eq(kmseg_bgnbd_new_expected(&nbd, 10), 2, 1e-14);
    cr_assert_float_eq(kmseg_bgnbd_new_probability(&nbd, 0, 10), 0.25, 1e-15);
    cr_assert_float_eq(kmseg_bgnbd_new_probability(&nbd, 1, 10), 0.25, 1e-15);
    cr_assert_float_eq(kmseg_bgnbd_new_probability(&nbd, 2, 10), 3.0 / 16, 1e-15);
}

/* The integral over the rate u, of its Gamma(shape, scale) density times purchases, none, or n. */
static double over_rates(double shape, double scale, double t, int n) {
    const int steps = 200000;
    double top = (shape + 12 * sqrt(shape) + 40) / scale, sum = 0;
    for (int i = 0; i < steps; i++) {
        double u = (i + 0.5) * top / steps;
        double density = exp(shape * log(scale) + (shape - 1) * log(u) - scale * u - lgamma(shape));
        sum += density * (n < 0 ? u * t : exp(n * log(u * t) - u * t - lgamma(n + 1.0)));
    }
    return sum * top / steps;
}

Test(nbd, is_the_integral_over_the_rates)
{
    const kmseg_bgnbd m = {.r = 1.7, .alpha = 9.4, .a = 0, .b = 1, .nobody_leaves = 1};
    for (int x = 0; x < 9; x += 2) {
        for (double t = 0.5; t < 60; t *= 4) {
            double shape = m.r + x, scale = m.alpha + 30;
            cr_assert_float_eq(kmseg_bgnbd_expected(&m, x, x > 0, 30, t),
                               over_rates(shape, scale, t, -1), 1e-6);
            cr_assert_float_eq(kmseg_bgnbd_no_purchase(&m, x, x > 0, 30, t),
                               over_rates(shape, scale, t, 0), 1e-6);
            cr_assert_float_eq(kmseg_bgnbd_new_probability(&m, x, t),
                               over_rates(m.r, m.alpha, t, x), 1e-6);
        }
    }
}

/* BG/NBD goes there as a goes to 0. */
Test(nbd, is_the_limit_of_bgnbd)
{
    const kmseg_bgnbd near = {.r = 2, .alpha = 10, .a = 1e-9, .b = 1};
    cr_assert_float_eq(kmseg_bgnbd_expected(&near, 3, 2, 10, 40),
                       kmseg_bgnbd_expected(&nbd, 3, 2, 10, 40), 1e-6);
    cr_assert_float_eq(kmseg_bgnbd_no_purchase(&near, 3, 2, 10, 5),
                       kmseg_bgnbd_no_purchase(&nbd, 3, 2, 10, 5), 1e-6);
}

Test(bgnbd, nothing_is_expected_of_no_time_and_more_of_more)
{
    kmseg_bgnbd m = published();
    cr_assert_eq(kmseg_bgnbd_expected(&m, 3, 20, 30, 0), 0);
    cr_assert_eq(kmseg_bgnbd_no_purchase(&m, 3, 20, 30, 0), 1);
    double expected = 0, silent = 1;
    for (double t = 1; t < 1000; t *= 2) {
        double e = kmseg_bgnbd_expected(&m, 3, 20, 30, t);
        double s = kmseg_bgnbd_no_purchase(&m, 3, 20, 30, t);
        cr_assert(e > expected && s < silent);
        /* At least one purchase is at least as likely as it adds to the mean. */
        cr_assert(1 - s <= e);
        expected = e;
        silent = s;
    }
    cr_assert(silent >= 1 - kmseg_bgnbd_alive(&m, 3, 20, 30));
    /* A new customer's silence is P(X(t) = 0). */
    near(kmseg_bgnbd_no_purchase(&m, 0, 0, 0, 39), kmseg_bgnbd_new_probability(&m, 0, 39), 1e-14);
    cr_assert(isnan(kmseg_bgnbd_expected(&m, 3, 20, 30, -1)));
}

/* Note 025: p, q, gamma = 6.25, 3.74, 15.44. E[M | m = 22.35, x = 2] by hand:
 * p (gamma + m x) / (p x + q - 1) = 6.25 (15.44 + 44.7) / (12.5 + 2.74) = 375.875 / 15.24 = 24.66. */
Test(gamma_gamma, expected_spend_lies_between_the_customers_mean_and_the_populations)
{
    kmseg_gamma_gamma m = {.p = 6.25, .q = 3.74, .gamma = 15.44};
    prints(kmseg_gamma_gamma_expected(&m, 2, 22.35), 2, "24.66");
    double population = m.p * m.gamma / (m.q - 1);
    prints(population, 2, "35.22");
    near(kmseg_gamma_gamma_expected(&m, 0, NAN), population, 1e-15);
    near(kmseg_gamma_gamma_expected(&m, 3, NAN), population, 1e-15);
    double before = population;
    for (double x = 1; x < 1e6; x *= 10) { /* the more purchases, the closer to 80 */
        double e = kmseg_gamma_gamma_expected(&m, x, 80);
        cr_assert(e > before && e < 80);
        before = e;
    }
    near(before, 80, 1e-5);
}

/* A value by hand, x, actual and predicted of five customers. */
Test(holdout, predicted_and_actual_are_compared_by_calibration_frequency)
{
    const double x[] = {0, 0, 1, 7, 30}, actual[] = {0, 2, 1, 5, 12};
    const double predicted[] = {0.5, 0.5, 2, 4, 10};
    kmseg_clv_holdout h = {0};
    km_clv_compare(5, x, actual, predicted, &h);
    cr_assert_eq(h.rows[0].n_customers, 2);
    cr_assert_eq(h.rows[0].actual, 1);
    cr_assert_eq(h.rows[0].predicted, 0.5);
    cr_assert_eq(h.rows[2].n_customers, 0);
    cr_assert(isnan(h.rows[2].actual));
    cr_assert_eq(h.rows[7].n_customers, 2);
    cr_assert_eq(h.rows[7].actual, 8.5);
    cr_assert_eq(h.actual, 20);
    cr_assert_eq(h.predicted, 17);
    cr_assert_float_eq(h.bias, -0.6, 1e-15);
    cr_assert_float_eq(h.mean_absolute_error, (0.5 + 1.5 + 1 + 1 + 2) / 5, 1e-15);
    /* Deviations from the means 4 and 3.4: products sum to 11.6 + 5.8 + 4.2 + 0.6 + 52.8 = 75, squares
     * to 94 and 62.7. */
    cr_assert_float_eq(h.correlation, 75 / sqrt(94 * 62.7), 1e-15);
}
