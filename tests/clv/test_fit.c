/* Fits: the CDNOW customers against the numbers of the literature, what cannot be fitted, and what
 * must not change a bit. */
#include "clv/shop.h"
#include "clv/triples.h"
#include "support/failing.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static kmseg_clv_options defaults(void) {
    kmseg_clv_options options;
    kmseg_clv_options_init(&options);
    return options;
}

static kmseg_features_options cleaning(void) {
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    return options;
}

static const kmseg_column *column(const kmseg_table *table, const char *name) {
    const kmseg_column *c = kmseg_table_column(table, kmseg_table_find(table, name));
    cr_assert_not_null(c, "no column %s", name);
    return c;
}

#define NEAR(value, expect, within)                                                                \
    cr_assert_float_eq(value, expect, within, "%s is %.10g, not %.10g", #value, value,             \
                       (double)(expect))

static kmseg_context *ctx;
static kmseg_clv_options options;
static kmseg_features_options clean;

static void setup(void) {
    ctx = test_context(2, NULL);
    options = defaults();
    clean = cleaning();
}

static void teardown(void) { kmseg_context_free(ctx); }

TestSuite(cdnow, .init = setup, .fini = teardown);
TestSuite(online_retail, .init = setup, .fini = teardown);
TestSuite(summary, .init = setup, .fini = teardown);
TestSuite(triples, .init = setup, .fini = teardown);

/* Fader, Hardie, Lee 2005, table 2, and Hardie's notes 004 and 025. */
static void has_the_published_parameters(const kmseg_clv_report *report, double gamma_within) {
    const kmseg_bgnbd *m = &report->purchases;
    cr_assert_eq(m->n_customers, 2357);
    cr_assert_eq(m->n_repeaters, 2357 - 1411);
    cr_assert_eq(m->n_purchases, 2457);
    NEAR(m->r, 0.2426, 1e-3);
    NEAR(m->alpha, 4.4135, 1e-3);
    NEAR(m->a, 0.7929, 1e-3);
    NEAR(m->b, 2.4258, 1e-3);
    NEAR(m->log_likelihood, -9582.43, 0.01);
    const kmseg_gamma_gamma *s = &report->spend;
    cr_assert(report->has_spend);
    cr_assert_eq(s->n_customers, 946);
    cr_assert_eq(report->n_left_out_spend, 0);
    NEAR(s->p, 6.249, 1e-3);
    NEAR(s->q, 3.745, 1e-3);
    NEAR(s->gamma, 15.448, gamma_within);
    NEAR(s->log_likelihood, -4055.92, 0.01);
    NEAR(s->mean_spend, 35.171, 1e-3);
    cr_assert(m->n_evaluations < 200 && s->n_evaluations < 200);
}

Test(cdnow, a_summary_gives_the_published_parameters)
{
    const char *path = test_dataset("cdnow/cdnow_customers_summary_with_transactions.csv");
    TEST_SKIP_WITHOUT(path, "cdnow");
    options.horizon = 39;
    kmseg_table *out;
    kmseg_clv_report report;
    OK(ctx, kmseg_clv_from_file(ctx, path, &clean, &options, &out, &report));
    cr_assert_str_eq(report.id, "ID");
    cr_assert_str_eq(report.mean_spend, "zbar");
    cr_assert_eq(report.orders.n_lines, 0);
    has_the_published_parameters(&report, 1e-3);
    /* The first customer is the one of the paper. */
    NEAR(column(out, "expected_purchases")->numbers[0], 1.226, 5e-4);
    NEAR(column(out, "p_alive")->numbers[0], 0.7266, 5e-5);
    NEAR(kmseg_bgnbd_new_expected(&report.purchases, 0.1429), 0.0078, 5e-5);
    NEAR(kmseg_bgnbd_new_expected(&report.purchases, 1), 0.0532, 5e-5);
    NEAR(kmseg_bgnbd_new_expected(&report.purchases, 3), 0.1506, 5e-5);
    NEAR(kmseg_bgnbd_new_expected(&report.purchases, 31.8571), 1.0405, 5e-5);
    kmseg_table_free(out);
}

/* The log separates by runs of spaces: id in the master file, id, date, CDs, dollars. */
static const char *cdnow_log(const char *path, int reversed) {
    static char lines[7000][100];
    FILE *from = fopen(path, "rb");
    cr_assert_not_null(from);
    int n = 0;
    char line[200], words[5][40];
    while (fgets(line, sizeof line, from) != NULL && n < 7000) {
        if (sscanf(line, "%39s %39s %39s %39s %39s", words[0], words[1], words[2], words[3],
                   words[4]) == 5) {
            snprintf(lines[n++], sizeof lines[0], "%.20s,%.20s,%.20s,%.20s\n", words[1], words[2],
                     words[3], words[4]);
        }
    }
    fclose(from);
    const char *csv = test_path(reversed ? "reversed.csv" : "log.csv");
    FILE *to = fopen(csv, "wb");
    cr_assert_not_null(to);
    fputs("customer_id,date,number_of_cds,dollar_value\n", to);
    for (int i = 0; i < n; i++) {
        fputs(lines[reversed ? n - 1 - i : i], to);
    }
    cr_assert_eq(fclose(to), 0);
    return csv;
}

/* Eight purchases are worth nothing and count. The published spends are rounded to cents: without
 * that gamma is 15.4435, a thousandth of its standard error lower. */
Test(cdnow, the_raw_log_gives_the_published_parameters)
{
    const char *path = test_dataset("cdnow/CDNOW_sample.txt");
    TEST_SKIP_WITHOUT(path, "cdnow");
    path = cdnow_log(path, 0);
    clean.until = "1997-10-01";
    clean.zero_price = "keep";
    kmseg_table *out;
    kmseg_clv_report report;
    char day[32];
    OK(ctx, kmseg_clv_from_file(ctx, path, &clean, &options, &out, &report));
    kmseg_time_format(report.observation_end, day, sizeof day);
    cr_assert_str_eq(day, "1997-09-30");
    has_the_published_parameters(&report, 5e-3);
    NEAR(column(out, "T")->numbers[0], 38.86, 0.005);
    NEAR(column(out, "t_x")->numbers[0], 30.43, 0.005);
    NEAR(column(out, "mean_spend")->numbers[0], 22.345, 1e-12);
    cr_assert(isnan(column(out, "mean_spend")->numbers[2]));
    /* With the reference date in place of until the later lines are left out, and nothing differs. */
    kmseg_table *again;
    clean.until = NULL;
    clean.reference_date = "1997-10-01";
    OK(ctx, kmseg_clv_from_file(ctx, path, &clean, &options, &again, &report));
    cr_assert_arr_eq(column(out, "clv")->numbers, column(again, "clv")->numbers,
                     2357 * sizeof(double));
    kmseg_table_free(again);
    /* Days are another unit of the same time. */
    options.unit = "days";
    OK(ctx, kmseg_clv_from_file(ctx, path, &clean, &options, &again, &report));
    NEAR(report.purchases.alpha, 7 * 4.4136, 1e-2);
    NEAR(report.purchases.r, 0.2426, 1e-3);
    for (int64_t i = 0; i < 2357; i++) {
        double weeks = column(out, "clv")->numbers[i], days = column(again, "clv")->numbers[i];
        NEAR(days, weeks, 1e-5 * weeks);
    }
    kmseg_table_free(again);
    kmseg_table_free(out);
}

/* The actual means are those of the vignette of the R package BTYD. */
Test(cdnow, the_holdout_has_the_published_purchases)
{
    const char *path = test_dataset("cdnow/CDNOW_sample.txt");
    TEST_SKIP_WITHOUT(path, "cdnow");
    path = cdnow_log(path, 0);
    clean.zero_price = "keep";
    options.holdout = "1997-10-01";
    kmseg_table *out;
    kmseg_clv_report report;
    OK(ctx, kmseg_clv_from_file(ctx, path, &clean, &options, &out, &report));
    has_the_published_parameters(&report, 5e-3);
    cr_assert(report.has_holdout);
    cr_assert_eq(report.holdout.length, 39);
    cr_assert_eq(report.horizon, 39);
    const int64_t n[] = {1411, 439, 214, 100, 62, 38, 29, 64};
    const double actual[] = {0.2367116, 0.6970387, 1.392523, 1.56,
                             2.532258,  2.947368,  3.862069, 6.359375};
    double total = 0;
    for (int i = 0; i < KMSEG_N_HOLDOUT_ROWS; i++) {
        cr_assert_eq(report.holdout.rows[i].n_customers, n[i]);
        NEAR(report.holdout.rows[i].actual, actual[i], 1e-6);
        /* The paper's figure: predictions follow the actual purchases from below. */
        double share = report.holdout.rows[i].predicted / actual[i];
        cr_assert(share > 0.7 && share < 1, "%g", share);
        total += report.holdout.rows[i].predicted * (double)n[i];
    }
    NEAR(report.holdout.predicted, total, 1e-9);
    NEAR(report.holdout.bias, (total - report.holdout.actual) / 2357, 1e-12);
    cr_assert(report.holdout.correlation > 0.6 && report.holdout.correlation < 0.65);
    cr_assert_eq(column(out, "holdout_purchases")->n_rows, 2357);
    kmseg_table_free(out);
    options.holdout = "1999-01-01";
    FAILS(ctx, KMSEG_E_DATA, kmseg_clv_from_file(ctx, path, &clean, &options, &out, &report),
          "log.csv", "1999-01-01", "earlier");
    options.holdout = "1997-01-01";
    FAILS(ctx, KMSEG_E_DATA, kmseg_clv_from_file(ctx, path, &clean, &options, &out, &report),
          "1997-01-01", "later date");
    options.holdout = "soon";
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_clv_from_file(ctx, path, &clean, &options, &out, &report),
          "--holdout", "soon");
}

Test(cdnow, the_order_of_lines_and_threads_change_no_byte)
{
    const char *path = test_dataset("cdnow/CDNOW_sample.txt");
    TEST_SKIP_WITHOUT(path, "cdnow");
    static const char *const names[] = {"p_alive", "churn_risk", "expected_purchases",
                                        "expected_spend", "clv"};
    kmseg_table *first = NULL;
    kmseg_clv_report report, first_report;
    for (int run = 0; run < 4; run++) {
        teardown();
        ctx = test_context(1 + run, NULL);
        kmseg_table *out;
        OK(ctx,
           kmseg_clv_from_file(ctx, cdnow_log(path, run % 2), &clean, &options, &out, &report));
        if (run == 0) {
            first = out;
            first_report = report;
        } else {
            cr_assert_eq(
                memcmp(&report.purchases, &first_report.purchases, sizeof report.purchases), 0);
            cr_assert_eq(memcmp(&report.spend, &first_report.spend, sizeof report.spend), 0);
            for (int i = 0; i < 5; i++) {
                const kmseg_column *c = column(out, names[i]);
                cr_assert_arr_eq(c->numbers, column(first, names[i])->numbers,
                                 (size_t)c->n_rows * sizeof(double));
            }
            kmseg_table_free(out);
        }
    }
    kmseg_table_free(first);
}

/* The Online Retail shop: a whole wholesaler's log, without options. */
Test(online_retail, is_valued_without_options)
{
    const char *path = test_dataset("online_retail/online_retail.csv.gz");
    TEST_SKIP_WITHOUT(path, "online_retail");
    kmseg_table *out;
    kmseg_clv_report report;
    OK(ctx, kmseg_clv_from_file(ctx, path, &clean, &options, &out, &report));
    cr_assert_eq(report.purchases.n_customers, 4338);
    cr_assert_eq(report.orders.n_kept, 397884);
    /* Days between orders: n = 12,425 in all. */
    cr_assert_eq(report.purchases.n_purchases, 12425);
    cr_assert(report.has_spend && report.spend.q > 1);
    kmseg_table_free(out);
}

/* Six order lines. A: 2 January (10 + 5), again that day (1), 9 January (20), 16 January (40).
 * B: 5 January (7). The log ends on 23 January: A has x = 2, t_x = 14 days, T = 21, m = (20 + 40) / 2;
 * B has x = 0, t_x = 0, T = 18. */
Test(summary, purchases_of_a_day_merge_and_the_first_is_no_repeat)
{
    const char *path = test_write("log.csv", "customer,date,amount\n"
                                             "A,2024-01-16,40\n"
                                             "A,2024-01-02 09:00:00,10\n"
                                             "A,2024-01-02 18:00:00,6\n"
                                             "B,2024-01-05,7\n"
                                             "A,2024-01-09,20\n"
                                             "C,2024-01-23 23:00:00,1\n"
                                             "A,2024-01-10,-2\n"
                                             "A,2024-01-02,-3\n");
    kmseg_table *orders, *out;
    OK(ctx, kmseg_source_read(ctx, path, NULL, &orders));
    options.unit = "days";
    kmseg_clv_report report;
    OK(ctx, kmseg_clv_summary(ctx, orders, &clean, &options, &out, &report));
    const double x[] = {2, 0, 0}, t_x[] = {14, 0, 0}, T[] = {21, 18, 0};
    cr_assert_arr_eq(column(out, "x")->numbers, x, sizeof x);
    cr_assert_arr_eq(column(out, "t_x")->numbers, t_x, sizeof t_x);
    cr_assert_arr_eq(column(out, "T")->numbers, T, sizeof T);
    cr_assert_eq(column(out, "mean_spend")->numbers[0], 30);
    cr_assert_eq(column(out, "mean_spend")->n_missing, 2);
    kmseg_table_free(out);
    /* Netted, the return of 2 counts against the repeat purchases, that of the first day does not. */
    clean.returns = "net";
    options.unit = "weeks";
    OK(ctx, kmseg_clv_summary(ctx, orders, &clean, &options, &out, &report));
    cr_assert_eq(column(out, "mean_spend")->numbers[0], 29);
    cr_assert_eq(column(out, "T")->numbers[0], 3);
    kmseg_table_free(out);
    /* A holdout from the 9th: A and B are customers until the 8th, A buys twice after, C is unknown. */
    options.holdout = "2024-01-09";
    OK(ctx, kmseg_clv_summary(ctx, orders, &clean, &options, &out, &report));
    cr_assert_eq(kmseg_table_n_rows(out), 2);
    cr_assert_eq(column(out, "x")->numbers[0], 0);
    cr_assert_eq(column(out, "T")->numbers[0], 6.0 / 7);
    cr_assert_eq(column(out, "holdout_purchases")->numbers[0], 2);
    cr_assert_eq(column(out, "holdout_purchases")->numbers[1], 0);
    cr_assert_eq(report.holdout.length, 15.0 / 7); /* 9 to 23 January */
    kmseg_table_free(out);
    /* An end that the log does not reach is not the end; one that the user gives is. */
    options = defaults();
    options.unit = "days";
    clean.until = "2025-01-01";
    OK(ctx, kmseg_clv_summary(ctx, orders, &clean, &options, &out, NULL));
    cr_assert_eq(column(out, "T")->numbers[0], 21);
    kmseg_table_free(out);
    clean.until = NULL;
    clean.reference_date = "2024-02-01";
    OK(ctx, kmseg_clv_summary(ctx, orders, &clean, &options, &out, NULL));
    cr_assert_eq(column(out, "T")->numbers[0], 29); /* to 31 January */
    kmseg_table_free(out);
    kmseg_table_free(orders);
}

Test(triples, equal_customers_merge_whatever_their_order)
{
    const double x[] = {1, 0, 1, 1, 0, 3, 1}, t_x[] = {2, 0, 2, 1, -0.0, 5, 2};
    const double T[] = {9, 8, 9, 9, 8, 9, 7};
    km_triples t;
    OK(ctx, km_triples_make(ctx, 7, x, t_x, T, &t));
    cr_assert_eq(t.n, 5);
    cr_assert_eq(t.n_pairs, 4);
    cr_assert_eq(t.n_x, 3);
    const double by_x[] = {0, 1, 1, 1, 3}, by_T[] = {8, 7, 9, 9, 9}, by_t_x[] = {0, 2, 1, 2, 5};
    const double counts[] = {2, 1, 1, 2, 1}, x_counts[] = {2, 4, 1};
    const int64_t order[] = {1, 4, 6, 3, 0, 2, 5}, pair_first[] = {0, 1, 2, 4};
    cr_assert_arr_eq(t.x, by_x, sizeof by_x);
    cr_assert_arr_eq(t.T, by_T, sizeof by_T);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(t.t_x[i], by_t_x[i]);
        cr_assert_eq(km_triples_count(&t, i), counts[i]);
    }
    cr_assert_arr_eq(t.order, order, sizeof order);
    cr_assert_arr_eq(t.x_counts, x_counts, sizeof x_counts);
    cr_assert_arr_eq(t.pair_first, pair_first, sizeof pair_first);
    km_triples_free(&t);
}

enum { MANY = 1500 };

static double x[MANY], t_x[MANY], T[MANY], m[MANY];

/* Some customers of a shop, as the tests below find them. */
static void setup_shop(void) {
    setup();
    shop s = draw_shop(MANY, 7);
    memcpy(x, s.x, sizeof x);
    memcpy(t_x, s.t_x, sizeof t_x);
    memcpy(T, s.T, sizeof T);
    memcpy(m, s.m, sizeof m);
    free(s.x);
}

TestSuite(refusals, .init = setup_shop, .fini = teardown);
TestSuite(table, .init = setup_shop, .fini = teardown);

Test(refusals, say_what_is_wrong_and_what_to_do)
{
    kmseg_bgnbd fit;
    kmseg_gamma_gamma spend;
    OK(ctx, kmseg_bgnbd_fit(ctx, MANY, x, t_x, T, &fit));
    OK(ctx, kmseg_gamma_gamma_fit(ctx, MANY, x, m, &spend));
    FAILS(ctx, KMSEG_E_DATA, kmseg_bgnbd_fit(ctx, 0, x, t_x, T, &fit), "no customer");
    const double wrong[][3] = {{1.5, 1, 5}, {-1, 0, 5},  {NAN, 0, 5},      {1, 6, 5},
                               {1, -1, 5},  {1, 1, NAN}, {0, 1, 5},        {1, 0, 5},
                               {2e6, 1, 5}, {1, 1, -5},  {1, INFINITY, 5}, {2, NAN, 5}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double keep[3] = {x[7], t_x[7], T[7]};
        x[7] = wrong[i][0];
        t_x[7] = wrong[i][1];
        T[7] = wrong[i][2];
        FAILS(ctx, KMSEG_E_DATA, kmseg_bgnbd_fit(ctx, MANY, x, t_x, T, &fit), "row 8", "needs to");
        x[7] = keep[0];
        t_x[7] = keep[1];
        T[7] = keep[2];
    }
    double none[MANY] = {0};
    FAILS(ctx, KMSEG_E_DATA, kmseg_bgnbd_fit(ctx, MANY, none, none, T, &fit),
          "none of 1500 customers", "longer");
    cr_assert_eq(fit.r, 0);
    /* Everybody buys at the same rate until the end. */
    for (int i = 0; i < MANY; i++) {
        x[i] = T[i];
        t_x[i] = T[i];
    }
    FAILS(ctx, KMSEG_E_DATA, kmseg_bgnbd_fit(ctx, MANY, x, t_x, T, &fit), "BG/NBD",
          "cannot be fitted", "observe the customers for longer");
}

/* ln L of the NBD model, with the C library's gamma function. */
static double nbd_likelihood(double r, double alpha) {
    double sum = 0;
    for (int i = 0; i < MANY; i++) {
        sum += lgamma(r + x[i]) - lgamma(r) + r * log(alpha) - (r + x[i]) * log(alpha + T[i]);
    }
    return sum;
}

/* Rates are Gamma(1.5, 12), and each customer's last purchase was a moment ago: nobody leaves. */
Test(refusals, where_nobody_seems_to_leave_it_is_the_model_in_which_nobody_does)
{
    for (int i = 0; i < MANY; i++) {
        km_random random = {11, 0, KM_STAGE_TEST, (uint32_t)i};
        double rate = draw_gamma(&random, 1.5) / 12, time = 0;
        T[i] = 30 + i % 23;
        x[i] = -1;
        while (time <= T[i]) {
            time += -log(1 - km_next_uniform(&random)) / rate;
            x[i]++;
        }
        t_x[i] = x[i] > 0 ? T[i] : 0;
    }
    kmseg_bgnbd fit;
    OK(ctx, kmseg_bgnbd_fit(ctx, MANY, x, t_x, T, &fit));
    cr_assert_eq(fit.nobody_leaves, 1);
    cr_assert(fit.a == 0 && fit.b == 1);
    NEAR(fit.r, 1.5, 3 * fit.standard_errors[0]);
    NEAR(fit.alpha, 12, 3 * fit.standard_errors[1]);
    cr_assert(fit.standard_errors[0] > 0.01 && fit.standard_errors[0] < 0.2);
    cr_assert(fit.covariance[1] > 0 && fit.covariance[1] == fit.covariance[4]);
    double top = nbd_likelihood(fit.r, fit.alpha);
    NEAR(fit.log_likelihood, top, 1e-6);
    for (int i = -1; i <= 1; i += 2) { /* the top of it */
        cr_assert_lt(nbd_likelihood(fit.r * (1 + 1e-3 * i), fit.alpha), top);
        cr_assert_lt(nbd_likelihood(fit.r, fit.alpha * (1 + 1e-3 * i)), top);
    }
    kmseg_bgnbd again; /* backwards: the same bits */
    for (int i = 0; i < MANY / 2; i++) {
        double *all[] = {x, t_x, T};
        for (int c = 0; c < 3; c++) {
            double kept = all[c][i];
            all[c][i] = all[c][MANY - 1 - i];
            all[c][MANY - 1 - i] = kept;
        }
    }
    OK(ctx, kmseg_bgnbd_fit(ctx, MANY, x, t_x, T, &again));
    cr_assert_eq(memcmp(&again, &fit, sizeof fit), 0);
}

Test(refusals, spend_that_no_gamma_gamma_model_has)
{
    kmseg_gamma_gamma spend;
    for (int i = 0; i < MANY; i++) {
        m[i] = 19.99;
    }
    FAILS(ctx, KMSEG_E_DATA, kmseg_gamma_gamma_fit(ctx, MANY, x, m, &spend), "spend the same",
          "19.99", "--no-spend");
    for (int i = 0; i < MANY; i++) {
        m[i] = -1;
    }
    FAILS(ctx, KMSEG_E_DATA, kmseg_gamma_gamma_fit(ctx, MANY, x, m, &spend), "0 customers",
          "--no-spend");
    /* Drawn with q = 0.7: the means of the customers have no mean. */
    km_random random = {1, 0, KM_STAGE_TEST, 0};
    for (int i = 0; i < MANY; i++) {
        x[i] = 1 + i % 5;
        m[i] = draw_gamma(&random, 4 * x[i]) / x[i] / (draw_gamma(&random, 0.7) / 20);
    }
    FAILS(ctx, KMSEG_E_DATA, kmseg_gamma_gamma_fit(ctx, MANY, x, m, &spend), "q is", "infinite",
          "--max-amount");
    /* Each always spends the same, everyone another amount, without bound on how exactly. */
    for (int i = 0; i < MANY; i++) {
        x[i] = 1e6;
        m[i] = 10 + i % 40;
    }
    FAILS(ctx, KMSEG_E_DATA, kmseg_gamma_gamma_fit(ctx, MANY, x, m, &spend), "Gamma-Gamma",
          "cannot be fitted", "--no-spend");
}

/* Of the first n customers of the shop; with their mean spend, or without. */
static kmseg_table *summary_of(int64_t n, int has_spend) {
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "frequency", x));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "recency", t_x));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "T", T));
    if (has_spend) {
        OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary_value", m));
    }
    return table;
}

Test(table, few_customers_and_missing_columns_are_refused)
{
    kmseg_table *table = summary_of(99, 1), *out;
    FAILS(ctx, KMSEG_E_DATA, kmseg_clv(ctx, table, NULL, &options, &out, NULL), "99 customers",
          "100", "--min-customers");
    cr_assert_null(out);
    options.age = "Tx";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_clv(ctx, table, NULL, &options, &out, NULL), "--age", "Tx",
          "frequency");
    options.age = "";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_clv(ctx, table, NULL, &options, &out, NULL), "--age",
          "first purchase");
    options = defaults();
    options.holdout = "2024-01-01";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_clv(ctx, table, NULL, &options, &out, NULL), "--holdout",
          "order log");
    options = defaults();
    options.months = 0;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_clv(ctx, table, NULL, &options, &out, NULL), "months");
    kmseg_table_free(table);
}

Test(table, without_a_mean_spend_purchases_alone_are_predicted)
{
    kmseg_clv_report report = {0}, with = {0};
    kmseg_table *table = summary_of(MANY, 0), *out;
    OK(ctx, kmseg_clv(ctx, table, NULL, &options, &out, &report));
    cr_assert(!report.has_spend && isnan(report.total_clv));
    cr_assert_eq(kmseg_table_find(out, "clv"), -1);
    cr_assert_eq(kmseg_table_find(out, "customer_id"), -1);
    kmseg_table_free(table);
    table = summary_of(MANY, 1);
    kmseg_table *valued;
    OK(ctx, kmseg_clv(ctx, table, NULL, &options, &valued, &with));
    cr_assert_eq(with.purchases.r, report.purchases.r);
    cr_assert_arr_eq(column(out, "p_alive")->numbers, column(valued, "p_alive")->numbers,
                     MANY * sizeof(double));
    kmseg_table_free(out);
    options.spend = 0;
    OK(ctx, kmseg_clv(ctx, table, NULL, &options, &out, NULL));
    cr_assert_eq(kmseg_table_find(out, "clv"), -1);
    kmseg_table_free(out);
    kmseg_table_free(valued);
    kmseg_table_free(table);
}

/* The sum of the definition: what is bought in month i counts 1 / (1 + d)^i. */
Test(table, the_value_is_the_discounted_sum_over_the_months)
{
    options.months = 7;
    options.discount_rate = 0.02;
    kmseg_clv_report report = {0};
    kmseg_table *table = summary_of(MANY, 1), *out;
    OK(ctx, kmseg_clv(ctx, table, NULL, &options, &out, &report));
    double month = 365.25 / 12 / 7, all = 0;
    for (int i = 0; i < MANY; i++) {
        double value = 0;
        for (int k = 1; k <= 7; k++) {
            double bought =
                kmseg_bgnbd_expected(&report.purchases, x[i], t_x[i], T[i], k * month) -
                kmseg_bgnbd_expected(&report.purchases, x[i], t_x[i], T[i], (k - 1) * month);
            value += bought / pow(1.02, k);
        }
        double spend = kmseg_gamma_gamma_expected(&report.spend, x[i], m[i]);
        NEAR(column(out, "expected_spend")->numbers[i], spend, 1e-12 * spend);
        NEAR(column(out, "clv")->numbers[i], spend * value, 1e-10 * spend * value);
        NEAR(column(out, "churn_risk")->numbers[i],
             kmseg_bgnbd_no_purchase(&report.purchases, x[i], t_x[i], T[i], 7 * month), 1e-14);
        all += spend * value;
    }
    NEAR(report.total_clv, all, 1e-9 * all);
    kmseg_table_free(out);
    kmseg_table_free(table);
}

static kmseg_status value_all(kmseg_context *own, void *table) {
    kmseg_table *out = NULL;
    kmseg_status status = kmseg_clv(own, table, NULL, &options, &out, NULL);
    kmseg_table_free(out);
    return status;
}

Test(table, every_refused_request_for_memory_is_met_cleanly)
{
    kmseg_table *table = summary_of(MANY, 1);
    fails_cleanly(value_all, table);
    kmseg_table_free(table);
}

Test(table, a_cancelled_call_ends)
{
    kmseg_table *table = summary_of(MANY, 1), *out;
    kmseg_cancel(ctx);
    FAILS(ctx, KMSEG_E_CANCELLED, kmseg_clv(ctx, table, NULL, &options, &out, NULL), "");
    kmseg_cancel_clear(ctx);
    OK(ctx, kmseg_clv(ctx, table, NULL, &options, &out, NULL));
    kmseg_table_free(out);
    kmseg_table_free(table);
}
