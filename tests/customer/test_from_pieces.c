/* Customers of a log that is read piece by piece are those of a table of its lines: a file for rejected
 * lines, which needs the table, must change nothing. */
#include "base/rng.h"
#include "customer/orders.h"
#include "support/failing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL                                                                                        \
    "recency,frequency,monetary,mean_order_value,tenure,order_days,gap_mean,gap_median,"           \
    "trend_spend,trend_gap,basket_lines,basket_items,return_rate,discount_share,"                  \
    "weekday_share_DAY,hours_share_BAND,first_order,last_order"

typedef struct shop {
    uint64_t seed;
    int n_orders, n_customers;
    const char *customer, *order; /* formats of their numbers */
    const char *odd;              /* an order id that comes now and then; or NULL */
    const char *end;              /* of a line */
    int shuffled;                 /* lines of an order are not together */
    const char *second_order;     /* format of every second one; or NULL */
} shop;

static uint64_t draw(km_random *random, uint64_t n) { return km_next_below(random, n); }

static const char *pick(km_random *random, const char *const *from, uint64_t n, const char *usual) {
    return draw(random, 20) == 0 ? from[draw(random, n)] : usual;
}

/* One line, with now and then something that cleaning is for. */
static void put_line(FILE *file, km_random *random, const shop *s, int order, int customer,
                     uint64_t when) {
    static const char *const no_ids[] = {"", "NA", " n/a", "null", "\"\"", "-"};
    static const char *const no_times[] = {"", "soon", "2021-02-30", "0001-01-01"};
    static const char *const values[] = {"0", "-3.5", "inf", "1e13", "", "9e12", "x"};
    char id[100], order_id[100], time[40], price[20];
    snprintf(id, sizeof id, s->customer, customer);
    snprintf(order_id, sizeof order_id,
             s->second_order != NULL && order % 2 == 1 ? s->second_order : s->order, order);
    snprintf(time, sizeof time, "2021-%02d-%02d %02d:15:00", (int)(when % 12) + 1,
             (int)(when / 12 % 28) + 1, (int)(when / 336 % 24));
    snprintf(price, sizeof price, "%d.%02d", (int)draw(random, 90), (int)draw(random, 100));
    const char *discounts[] = {"0.5", "", "2"};
    fprintf(file, "%s,%s,%s,%s,%d,%s%s", pick(random, no_ids, 6, id),
            s->odd != NULL && draw(random, 5000) == 0 ? s->odd : pick(random, no_ids, 6, order_id),
            pick(random, no_times, 4, time), pick(random, values, 7, price),
            (int)draw(random, 12) - 1, discounts[draw(random, 3)], s->end);
}

static const char *make_log(const shop *s) {
    const char *path = test_path("pieces.csv");
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fprintf(file, "customer_id,order_id,date,price,quantity,discount%s", s->end);
    km_random random = {.seed = s->seed};
    for (int order = 0; order < s->n_orders; order++) {
        int customer = (int)draw(&random, (uint64_t)s->n_customers);
        uint64_t when = draw(&random, 12 * 28 * 24), n = 1 + draw(&random, 6);
        for (uint64_t i = 0; i < n; i++) {
            int of = s->shuffled ? (int)draw(&random, (uint64_t)s->n_orders) : order;
            put_line(file, &random, s, of, s->shuffled ? of % s->n_customers : customer, when);
        }
    }
    fclose(file);
    return path;
}

static void assert_same_reports(const kmseg_features_report *a, const kmseg_features_report *b) {
    cr_assert(a->n_lines == b->n_lines && a->n_kept == b->n_kept && a->n_orders == b->n_orders);
    cr_assert_eq(memcmp(a->n_rejected, b->n_rejected, sizeof a->n_rejected), 0);
    cr_assert(a->n_returns_netted == b->n_returns_netted && a->n_customers == b->n_customers);
    cr_assert(a->total_amount == b->total_amount && a->reference_date == b->reference_date);
    cr_assert(a->first_order == b->first_order && a->last_order == b->last_order);
    cr_assert_eq(a->n_gaps, b->n_gaps);
    cr_assert_eq(memcmp(a->gap_percentiles, b->gap_percentiles, sizeof a->gap_percentiles), 0);
    cr_assert_eq(memcmp(a->gap_quantiles, b->gap_quantiles, sizeof a->gap_quantiles), 0);
    cr_assert_str_eq(a->discount, b->discount);
}

/* Whether the file was read in pieces indeed. */
static int comes_in_pieces(kmseg_context *ctx, const char *path,
                           const kmseg_features_options *options) {
    kmseg_table *columns, *table;
    kmseg_features_report report;
    uint8_t wanted[KM_N_FEATURES];
    kmseg_features_options found = *options;
    OK(ctx, km_order_columns(ctx, path, &found, &columns));
    OK(ctx, kmseg_features_find_columns(ctx, columns, &found));
    OK(ctx, km_features_choose(ctx, &found, wanted));
    OK(ctx, km_features_from_pieces(ctx, path, &found, wanted, &table, &report));
    int comes = table != NULL;
    kmseg_table_free(table);
    kmseg_table_free(columns);
    return comes;
}

static void compare(const shop *s, kmseg_features_options options, int expect_pieces) {
    const char *path = make_log(s);
    kmseg_table *expected, *table;
    kmseg_features_report want, got;
    kmseg_context *ctx = test_context(2, NULL);
    OK(ctx,
       kmseg_features_from_file(ctx, path, &options, test_path("rejected.csv"), &expected, &want));
    cr_assert_eq(comes_in_pieces(ctx, path, &options), expect_pieces);
    kmseg_context_free(ctx);
    for (int32_t n_threads = 1; n_threads <= 5; n_threads += 2) {
        ctx = test_context(n_threads, NULL);
        OK(ctx, kmseg_features_from_file(ctx, path, &options, NULL, &table, &got));
        const char *other = test_table_difference(table, expected, 0);
        cr_assert_null(other, "%s", other);
        assert_same_reports(&got, &want);
        kmseg_table_free(table);
        kmseg_context_free(ctx);
    }
    kmseg_table_free(expected);
}

static kmseg_features_options all_features(void) {
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    options.only = ALL;
    return options;
}

Test(from_pieces, ids_of_numbers)
{
    shop s = {1, 40000, 3000, "%d", "%d", NULL, "\n", 0, NULL};
    compare(&s, all_features(), 1); /* over 4 MB: several parts */
}

Test(from_pieces, ids_that_are_long_and_alike)
{
    shop s = {2, 8000, 300, "customer-of-the-north-%d", "%012d", NULL, "\r\n", 0, NULL};
    compare(&s, all_features(), 1);
}

Test(from_pieces, ids_of_eight_and_nine_bytes_lines_in_any_order)
{
    shop s = {3, 12000, 700, "1234567%d", "%08d", NULL, "\n", 1, NULL};
    compare(&s, all_features(), 1);
}

Test(from_pieces, quoted_ids_with_quotes_and_line_ends)
{
    shop s = {4, 9000, 500, "\"the \"\"%d\"\" of\nus\"", "\"%d\"", NULL, "\n", 0, NULL};
    compare(&s, all_features(), 1);
}

Test(from_pieces, rules_that_options_set)
{
    shop s = {5, 9000, 500, "%03d", "%d", NULL, "\n", 0, NULL};
    kmseg_features_options options = all_features();
    options.returns = "net";
    options.zero_price = "keep";
    options.since = "2021-02-01";
    options.until = "2021-11-20";
    options.max_amount = 500;
    compare(&s, options, 1);
    options.only = "frequency,monetary";
    options.reference_date = "2021-09-01";
    compare(&s, options, 1);
}

Test(from_pieces, cancelled_orders_between_numbers)
{
    shop s = {6, 9000, 500, "%d", "%d", "C77", "\n", 0, NULL};
    compare(&s, all_features(), 1);
    kmseg_features_options options = all_features();
    options.returns = "net";
    compare(&s, options, 1);
}

Test(from_pieces, orders_that_all_look_cancelled_are_not)
{
    shop s = {8, 9000, 500, "%d", "C%d", NULL, "\n", 0, NULL};
    compare(&s, all_features(), 1);
}

/* As many of both kinds: pieces do not say of which there are more. */
Test(from_pieces, ids_of_which_half_look_cancelled_take_a_table)
{
    shop s = {9, 9000, 500, "%d", "C%d", NULL, "\n", 0, "%d"};
    compare(&s, all_features(), 0);
}

/* Two amounts near the limit are more than a run can sum. */
Test(from_pieces, sums_that_do_not_fit_a_run)
{
    const char *path = test_write("large.csv", "customer,order,date,amount\n"
                                               "7,1,2024-01-01,8999999999999\n"
                                               "7,1,2024-01-01,8999999999998\n"
                                               "7,1,2024-01-01,8999999999997\n");
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    options.only = "frequency,monetary";
    kmseg_table *table;
    cr_assert(comes_in_pieces(ctx, path, &options));
    OK(ctx, kmseg_features_from_file(ctx, path, &options, NULL, &table, NULL));
    cr_assert_eq(kmseg_table_column(table, 2)->numbers[0], 26999999999994.0);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(from_pieces, what_is_wrong_is_said_as_of_a_table)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    options.only = "frequency,monetary";
    kmseg_table *table;
    const char *ragged = test_write("ragged.csv", "customer,date,amount\n1,2024-01-01,2\n1,2\n");
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_features_from_file(ctx, ragged, &options, NULL, &table, NULL),
          "line 3");
    const char *none = test_write("none.csv", "customer,date,amount\n1,2024-01-01,-2\n");
    FAILS(ctx, KMSEG_E_DATA, kmseg_features_from_file(ctx, none, &options, NULL, &table, NULL),
          "none.csv", "no order is left", "1 return");
    kmseg_context_free(ctx);
}

static kmseg_status build(kmseg_context *ctx, void *argument) {
    kmseg_features_options options = all_features();
    kmseg_table *table;
    kmseg_status status = kmseg_features_from_file(ctx, argument, &options, NULL, &table, NULL);
    kmseg_table_free(table);
    return status;
}

Test(from_pieces, every_refused_request_is_a_clean_failure)
{
    shop s = {7, 60, 9, "customer-of-the-north-%d", "\"order \"\"%06d\"\"\"", NULL, "\n", 0, NULL};
    fails_cleanly(build, (void *)(uintptr_t)make_log(&s));
}
