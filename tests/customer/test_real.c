/* Features of real order logs, against numbers from the literature and other tools. */
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const kmseg_column *column(const kmseg_table *table, const char *name) {
    const kmseg_column *c = kmseg_table_column(table, kmseg_table_find(table, name));
    cr_assert_not_null(c, "no column %s", name);
    return c;
}

static double mean(const kmseg_table *table, const char *name) {
    const kmseg_column *c = column(table, name);
    double sum = 0;
    for (int64_t r = 0; r < c->n_rows; r++) {
        sum += c->numbers[r];
    }
    return sum / (double)c->n_rows;
}

/* The number as it is printed to three decimals. */
static void prints(double number, const char *expect) {
    char text[64];
    snprintf(text, sizeof text, "%.3f", number);
    cr_assert_str_eq(text, expect);
}

Test(online_retail, gives_the_reference_numbers_without_a_single_option)
{
    const char *path = test_dataset("online_retail/online_retail.csv.gz");
    TEST_SKIP_WITHOUT(path, "online_retail");
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_features_report report;
    kmseg_table *out;
    OK(ctx, kmseg_features_from_file(ctx, path, &options, NULL, &out, &report));
    cr_assert_eq(report.n_lines, 541909);
    cr_assert_eq(report.n_kept, 397884);
    cr_assert_eq(report.n_customers, 4338);
    cr_assert_eq(report.total_amount, 8911407.904, "%.17g", report.total_amount);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_MISSING_ID], 135080);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_RETURN], 8905);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_ZERO_PRICE], 40);
    char day[32];
    kmseg_time_format(report.reference_date, day, sizeof day);
    cr_assert_str_eq(day, "2011-12-10");
    prints(mean(out, "recency"), "93.059");
    prints(mean(out, "frequency"), "4.272");
    prints(mean(out, "monetary"), "2054.266");
    cr_assert_str_eq(column(out, "customer_id")->levels[0], "12346");

    /* Given, the reference date says the same. */
    kmseg_table *again;
    options.reference_date = "2011-12-10";
    OK(ctx, kmseg_features_from_file(ctx, path, &options, NULL, &again, &report));
    cr_assert_arr_eq(column(out, "recency")->numbers, column(again, "recency")->numbers,
                     4338 * sizeof(double));
    cr_assert_eq(report.n_kept, 397884);
    kmseg_table_free(out);
    kmseg_table_free(again);
    kmseg_context_free(ctx);
}

/* The reference: n = 12,425, P40 20, P50 28, P80 70, P90 110, P95 155. */
Test(online_retail, days_between_orders_are_those_between_a_customers_order_days)
{
    const char *path = test_dataset("online_retail/online_retail.csv.gz");
    TEST_SKIP_WITHOUT(path, "online_retail");
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_features_report report;
    kmseg_table *out;
    OK(ctx, kmseg_features_from_file(ctx, path, &options, NULL, &out, &report));
    cr_assert_eq(report.n_gaps, 12425);
    const double expect[KMSEG_N_GAP_QUANTILES] = {20, 28, 70, 110, 155};
    cr_assert_arr_eq(report.gap_quantiles, expect, sizeof expect);
    /* A customer of m days has m - 1 gaps, which add up to the days from first to last. */
    for (int64_t r = 0; r < kmseg_table_n_rows(out); r++) {
        double gaps = column(out, "order_days")->numbers[r] - 1;
        double days = column(out, "tenure")->numbers[r] - column(out, "recency")->numbers[r];
        double gap = column(out, "gap_mean")->numbers[r];
        cr_assert(gaps > 0 ? gap == days / gaps : isnan(gap));
    }
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}

Test(online_retail, rejected_lines_are_written_with_their_rule)
{
    const char *path = test_dataset("online_retail/online_retail.csv.gz");
    TEST_SKIP_WITHOUT(path, "online_retail");
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_features_report report;
    kmseg_table *out, *rejected;
    const char *rejected_path = test_path("rejected.csv");
    OK(ctx, kmseg_features_from_file(ctx, path, &options, rejected_path, &out, &report));
    OK(ctx, kmseg_csv_read(ctx, rejected_path, NULL, &rejected, NULL));
    cr_assert_eq(kmseg_table_n_rows(rejected), 541909 - 397884);
    const kmseg_column *rule = column(rejected, "rule");
    int64_t n_returns = 0;
    for (int64_t r = 0; r < rule->n_rows; r++) {
        n_returns += strcmp(rule->levels[rule->codes[r]], "return") == 0;
    }
    cr_assert_eq(n_returns, 8905);
    cr_assert(column(rejected, "line")->numbers[0] > 1);
    cr_assert_not_null(column(rejected, "Description"), "whole lines");
    kmseg_table_free(rejected);
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}

Test(complete_journey, works_without_options)
{
    const char *path = test_dataset("complete_journey/transactions_sample.csv");
    TEST_SKIP_WITHOUT(path, "complete_journey");
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_features_report report;
    kmseg_table *out;
    OK(ctx, kmseg_features_from_file(ctx, path, &options, NULL, &out, &report));
    cr_assert_eq(report.n_lines, 75000);
    cr_assert_str_eq(report.customer, "household_id");
    cr_assert_str_eq(report.date, "transaction_timestamp");
    cr_assert_str_eq(report.order, "basket_id");
    cr_assert_str_eq(report.amount, "sales_value");
    cr_assert_str_eq(report.discount, "retail_disc");
    /* 528 values are 0, and one is 4e-16. */
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_ZERO_PRICE], 529);
    cr_assert_eq(report.n_kept, 75000 - 529);
    double share = mean(out, "discount_share");
    cr_assert(share > 0 && share < 0.5, "%g", share);
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}

/* The file separates by runs of spaces; as CSV it has the same header. */
static const char *cdnow_as_csv(const char *path) {
    FILE *from = fopen(path, "rb");
    cr_assert_not_null(from);
    const char *csv = test_path("cdnow.csv");
    FILE *to = fopen(csv, "wb");
    cr_assert_not_null(to);
    char line[200], words[4][64];
    while (fgets(line, sizeof line, from) != NULL) {
        if (sscanf(line, "%63s %63s %63s %63s", words[0], words[1], words[2], words[3]) == 4) {
            fprintf(to, "%s,%s,%s,%s\n", words[0], words[1], words[2], words[3]);
        }
    }
    fclose(from);
    cr_assert_eq(fclose(to), 0);
    return csv;
}

Test(cdnow, works_without_options_and_has_the_known_customers)
{
    const char *path = test_dataset("cdnow/CDNOW_master.txt");
    TEST_SKIP_WITHOUT(path, "cdnow");
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_features_report report;
    kmseg_table *out;
    OK(ctx, kmseg_features_from_file(ctx, cdnow_as_csv(path), &options, NULL, &out, &report));
    cr_assert_eq(report.n_lines, 69659);
    cr_assert_str_eq(report.customer, "customer_id");
    cr_assert_str_eq(report.amount, "dollar_value");
    cr_assert_str_eq(report.quantity, "number_of_cds");
    /* 80 lines are worth nothing; 68 of the 23,570 customers have no other. */
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_ZERO_PRICE], 80);
    cr_assert_eq(report.n_customers, 23502);
    cr_assert_str_eq(column(out, "customer_id")->levels[0], "00001");
    char day[32];
    kmseg_time_format(report.reference_date, day, sizeof day);
    cr_assert_str_eq(day, "1998-07-01");
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}

Test(from_file, a_missing_column_is_reported_with_the_file)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_table *out;
    const char *path = test_write("log.csv", "who,date,amount\na,2024-01-01,1\n");
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_features_from_file(ctx, path, &options, NULL, &out, NULL),
          "log.csv", "--customer", "who, date, amount");
    cr_assert_null(out);
    options.customer = "who";
    OK(ctx, kmseg_features_from_file(ctx, path, &options, NULL, &out, NULL));
    kmseg_table_free(out);
    FAILS(ctx, KMSEG_E_IO,
          kmseg_features_from_file(ctx, test_path("none.csv"), &options, NULL, &out, NULL),
          "none.csv");
    kmseg_context_free(ctx);
}

Test(from_file, rejected_lines_are_named_by_where_they_are_in_the_file)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_table *out, *rejected;
    /* The note of the first row goes on in line 3; line 5 is empty. */
    const char *path = test_write("log.csv", "customer,date,amount,note\n"
                                             "a,2024-01-01,1,\"two\nlines\"\n"
                                             ",2024-01-02,2,\n"
                                             "\n"
                                             "a,2024-01-03,-3,\n"
                                             "a,2024-01-04,4,\n");
    const char *rejected_path = test_path("rejected.csv");
    OK(ctx, kmseg_features_from_file(ctx, path, &options, rejected_path, &out, NULL));
    OK(ctx, kmseg_csv_read(ctx, rejected_path, NULL, &rejected, NULL));
    cr_assert_eq(kmseg_table_n_rows(rejected), 2);
    cr_assert_eq(column(rejected, "line")->numbers[0], 4);
    cr_assert_eq(column(rejected, "line")->numbers[1], 6);
    kmseg_table_free(rejected);
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}

Test(from_file, cells_that_cannot_be_read_are_counted_and_leave_no_trace)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_features_report report;
    kmseg_table *out;
    const char *path = test_write("log.csv", "customer,date,amount\n"
                                             "a,2024-01-01,1\n"
                                             "a,someday,2\n"
                                             "b,2024-01-03,two\n"
                                             ",2024-01-03,3\n"
                                             "a,2024-01-05,4.50\n");
    OK(ctx, kmseg_features_from_file(ctx, path, &options, NULL, &out, &report));
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_UNPARSABLE], 2);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_MISSING_ID], 1);
    cr_assert_eq(report.n_customers, 1);
    cr_assert_eq(column(out, "monetary")->numbers[0], 5.5);
    kmseg_table_free(out);
    kmseg_context_free(ctx);
}
