#include "support/support.h"

#include <math.h>
#include <string.h>

/* A log of one amount per line: order, date, amount; customer "a" unless given. */
typedef struct line {
    const char *customer, *order, *date;
    double amount;
} line;

enum { MOST = 32 };

static kmseg_table *log_of(kmseg_context *ctx, const line *lines, int64_t n) {
    const char *customers[MOST], *orders[MOST];
    int64_t times[MOST];
    double amounts[MOST];
    for (int64_t i = 0; i < n; i++) {
        customers[i] = lines[i].customer;
        orders[i] = lines[i].order;
        amounts[i] = lines[i].amount;
        times[i] = KMSEG_TIME_MISSING;
        if (lines[i].date != NULL) {
            OK(ctx, kmseg_time_parse(ctx, lines[i].date, 0, &times[i]));
        }
    }
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n, &table));
    OK(ctx, kmseg_table_add_texts(ctx, table, "customer", customers));
    OK(ctx, kmseg_table_add_texts(ctx, table, "order", orders));
    OK(ctx, kmseg_table_add_times(ctx, table, "date", times));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "amount", amounts));
    return table;
}

static kmseg_features_options defaults(void) {
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    return options;
}

static double value(const kmseg_table *table, const char *name, int64_t row) {
    int32_t i = kmseg_table_find(table, name);
    cr_assert(i >= 0, "no column %s", name);
    return kmseg_table_column(table, i)->numbers[row];
}

/* Builds features and frees the log; the counts of all rules add up. */
static kmseg_table *features(kmseg_context *ctx, kmseg_table *log,
                             const kmseg_features_options *options, kmseg_features_report *report) {
    kmseg_table *out;
    OK(ctx, kmseg_customer_features(ctx, log, options, &out, report));
    kmseg_table_free(log);
    int64_t sum = report->n_kept;
    for (int rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        sum += report->n_rejected[rule];
    }
    cr_assert_eq(sum, report->n_lines, "every line is kept or counted under one rule");
    return out;
}

Test(clean, each_rule_counts_what_it_rejects_and_the_first_of_them_wins)
{
    kmseg_context *ctx = test_context(1, NULL);
    const line lines[] = {
        {"a", "1", "2024-03-01", 10},
        {NULL, "2", NULL, -1},           /* missing id, before all else */
        {"", "2", "2024-03-01", 1},      /* an empty id is none */
        {" NaN ", "2", "2024-03-01", 1}, /* nor is this */
        {"a", "3", NULL, 10},            /* no date */
        {"a", "3", "2024-03-01", NAN},   /* no value */
        {"a", "3", "2024-03-01", INFINITY},
        {"a", "1", "2024-03-01", 10}, /* duplicate */
        {"a", "4", "2024-03-01", -5}, /* returns */
        {"a", "C4", "2024-03-01", 5}, /* ... by its order id */
        {"a", "5", "2024-03-01", 0},  /* zero price */
        {"a", "5", "2024-03-01", 4e-16},
        {"a", "6", "2024-03-01", 2000}, /* above the limit */
        {"a", "7", "2023-12-31", 1},    /* before since */
        {"a", "8", "2024-06-01", 1},    /* on until */
        {"a", "9", "2024-05-01", 1},    /* on the reference date */
    };
    enum { N = sizeof lines / sizeof *lines };
    kmseg_features_options options = defaults();
    options.drop_duplicates = 1;
    options.max_amount = 1000;
    options.since = "2024-01-01";
    options.until = "2024-06-01";
    options.reference_date = "2024-05-01";
    kmseg_features_report report;
    kmseg_table *out = features(ctx, log_of(ctx, lines, N), &options, &report);
    const int64_t expect[KMSEG_N_CLEAN_RULES] = {3, 3, 1, 2, 2, 1, 2, 1};
    for (int rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        cr_assert_eq(report.n_rejected[rule], expect[rule], "%s: %d", kmseg_clean_rule_name(rule),
                     (int)report.n_rejected[rule]);
    }
    cr_assert_eq(report.n_kept, 1);
    cr_assert_eq(value(out, "monetary", 0), 10);
    cr_assert_eq(value(out, "recency", 0), 61); /* 1 March to 1 May: 31 + 30 */
    cr_assert_float_eq(value(out, "return_rate", 0), 2.0 / 3, 1e-15);
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}

Test(clean, duplicates_are_kept_unless_asked_for_and_differ_in_any_column)
{
    kmseg_context *ctx = test_context(1, NULL);
    const line lines[] = {
        {"a", "1", "2024-03-01", 10}, {"a", "1", "2024-03-01", 10}, {"a", "1", "2024-03-01", 10},
        {"a", "1", "2024-03-01", 11}, {"b", "1", "2024-03-01", 10},
    };
    kmseg_features_options options = defaults();
    kmseg_features_report report;
    kmseg_table_free(features(ctx, log_of(ctx, lines, 5), &options, &report));
    cr_assert_eq(report.n_kept, 5);
    options.drop_duplicates = 1;
    kmseg_table_free(features(ctx, log_of(ctx, lines, 5), &options, &report));
    cr_assert_eq(report.n_kept, 3);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_DUPLICATE], 2);
    kmseg_context_free(ctx);
}

Test(clean, netted_returns_reduce_spend_and_are_no_orders)
{
    kmseg_context *ctx = test_context(1, NULL);
    const line lines[] = {
        {"a", "1", "2024-03-01", 10},  {"a", "2", "2024-03-11", 30},
        {"a", "C2", "2024-03-20", -5},                                /* an id of its own */
        {"a", "1", "2024-03-02", -2},                                 /* in the order */
        {"b", "3", "2024-03-05", 1},   {"c", "C9", "2024-03-05", -7}, /* nothing but a return */
    };
    kmseg_features_options options = defaults();
    options.returns = "net";
    kmseg_features_report report;
    kmseg_table *out = features(ctx, log_of(ctx, lines, 6), &options, &report);
    cr_assert_eq(kmseg_table_n_rows(out), 2);
    cr_assert_eq(value(out, "monetary", 0), 33); /* 10 + 30 - 5 - 2 */
    cr_assert_eq(value(out, "frequency", 0), 2);
    cr_assert_eq(value(out, "recency", 0), 1); /* last order 11 March, reference 12 March */
    cr_assert_eq(value(out, "basket_lines", 0), 1);
    cr_assert_eq(value(out, "return_rate", 0), 0.5);
    /* The middle of the time is 6 March: 10 - 2 before it, 30 - 5 behind it. */
    cr_assert_float_eq(value(out, "trend_spend", 0), (25.0 - 8) / 33, 1e-15);
    cr_assert_eq(report.n_returns_netted, 2);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_RETURN], 1);
    cr_assert_eq(report.n_kept, 5);
    cr_assert_eq(report.total_amount, 34);
    cr_assert_eq(report.n_orders, 3);
    kmseg_table_free(out);

    options.returns = "drop";
    out = features(ctx, log_of(ctx, lines, 6), &options, &report);
    cr_assert_eq(value(out, "monetary", 0), 40);
    cr_assert_eq(value(out, "return_rate", 0), 0.5);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_RETURN], 3);
    cr_assert_eq(report.n_returns_netted, 0);
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}

Test(clean, an_order_id_marks_a_return_only_where_most_ids_are_numbers)
{
    kmseg_context *ctx = test_context(1, NULL);
    line lines[] = {
        {"a", "100", "2024-03-01", 1},  {"a", "101", "2024-03-01", 1},
        {"a", "102", "2024-03-01", 1},  {"a", "c1", "2024-03-01", 1},
        {"a", "CASH", "2024-03-01", 1},
    };
    kmseg_features_options options = defaults();
    kmseg_features_report report;
    kmseg_table_free(features(ctx, log_of(ctx, lines, 5), &options, &report));
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_RETURN], 1, "c1, not CASH");
    lines[0].order = "C100";
    lines[1].order = "C101";
    kmseg_table_free(features(ctx, log_of(ctx, lines, 5), &options, &report));
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_RETURN], 0, "here ids begin with C");
    kmseg_context_free(ctx);
}

Test(clean, nothing_left_is_an_error_that_says_why)
{
    kmseg_context *ctx = test_context(1, NULL);
    const line lines[] = {{NULL, "1", "2024-03-01", 1}, {"a", "2", "2024-03-01", -1}};
    kmseg_table *log = log_of(ctx, lines, 2), *out;
    kmseg_features_options options = defaults();
    FAILS(ctx, KMSEG_E_DATA, kmseg_customer_features(ctx, log, &options, &out, NULL), "2 lines",
          "1 missing_id", "1 return");
    cr_assert_null(out);
    options.returns = "net";
    FAILS(ctx, KMSEG_E_DATA, kmseg_customer_features(ctx, log, &options, &out, NULL), "1 return");
    kmseg_table_free(log);
    log = log_of(ctx, lines, 0);
    FAILS(ctx, KMSEG_E_DATA, kmseg_customer_features(ctx, log, &options, &out, NULL), "0 lines");
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(clean, options_that_are_no_dates_are_refused_by_name)
{
    kmseg_context *ctx = test_context(1, NULL);
    const line lines[] = {{"a", "1", "2024-03-01", 1}};
    kmseg_table *log = log_of(ctx, lines, 1), *out;
    kmseg_features_options options = defaults();
    options.since = "yesterday";
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_customer_features(ctx, log, &options, &out, NULL), "since",
          "yesterday");
    options = defaults();
    options.returns = "keep";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_customer_features(ctx, log, &options, &out, NULL), "returns",
          "drop|net");
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(clean, every_rule_has_a_name_and_help)
{
    for (int32_t rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        cr_assert(strlen(kmseg_clean_rule_name(rule)) > 0);
        cr_assert(strlen(kmseg_clean_rule_help(rule)) > 0);
    }
    cr_assert_null(kmseg_clean_rule_name(KMSEG_N_CLEAN_RULES));
    cr_assert_null(kmseg_clean_rule_help(-1));
}

Test(clean, lines_worth_nothing_are_orders_where_the_user_says_so)
{
    kmseg_context *ctx = test_context(1, NULL);
    const line lines[] = {{"a", "1", "2024-03-01", 10},
                          {"a", "2", "2024-03-05", 0},
                          {"a", "3", "2024-03-06", -2},
                          {"b", "4", "2024-03-05", 0}};
    kmseg_features_options options = defaults();
    kmseg_features_report report;
    kmseg_table *out = features(ctx, log_of(ctx, lines, 4), &options, &report);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_ZERO_PRICE], 2);
    cr_assert_eq(report.n_customers, 1);
    kmseg_table_free(out);
    options.zero_price = "keep";
    out = features(ctx, log_of(ctx, lines, 4), &options, &report);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_ZERO_PRICE], 0);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_RETURN], 1);
    cr_assert_eq(report.n_customers, 2);
    cr_assert_eq(value(out, "frequency", 0), 2);
    cr_assert_eq(value(out, "monetary", 0), 10);
    cr_assert_eq(value(out, "monetary", 1), 0);
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}
