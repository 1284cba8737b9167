#include "base/rng.h"
#include "customer/orders.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An order log typed as a test reads best: one row of text per line, "" for missing. */
typedef struct line {
    const char *customer, *order, *date;
    double quantity, price;
    const char *category;
} line;

static kmseg_table *log_of(kmseg_context *ctx, const line *lines, int64_t n) {
    const char **texts = calloc((size_t)n, sizeof *texts);
    int64_t *times = calloc((size_t)n, sizeof *times);
    double *numbers = calloc((size_t)n, sizeof *numbers);
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n, &table));
#define TEXTS(name, field)                                                                         \
    for (int64_t i = 0; i < n; i++)                                                                \
        texts[i] = lines[i].field[0] != '\0' ? lines[i].field : NULL;                              \
    OK(ctx, kmseg_table_add_texts(ctx, table, name, texts))
    TEXTS("customer_id", customer);
    TEXTS("order_id", order);
    TEXTS("category", category);
    for (int64_t i = 0; i < n; i++) {
        times[i] = KMSEG_TIME_MISSING;
        if (lines[i].date[0] != '\0') {
            OK(ctx, kmseg_time_parse(ctx, lines[i].date, 0, &times[i]));
        }
    }
    OK(ctx, kmseg_table_add_times(ctx, table, "order_date", times));
    for (int64_t i = 0; i < n; i++) {
        numbers[i] = lines[i].quantity;
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "quantity", numbers));
    for (int64_t i = 0; i < n; i++) {
        numbers[i] = lines[i].price;
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "unit_price", numbers));
    free(texts);
    free(times);
    free(numbers);
    return table;
}

static kmseg_features_options defaults(void) {
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    return options;
}

static const kmseg_column *column(const kmseg_table *table, const char *name) {
    const kmseg_column *c = kmseg_table_column(table, kmseg_table_find(table, name));
    cr_assert_not_null(c, "no column %s", name);
    return c;
}

static double value(const kmseg_table *table, const char *name, int64_t row) {
    return column(table, name)->numbers[row];
}

static const char *id(const kmseg_table *table, int64_t row) {
    const kmseg_column *c = column(table, "customer_id");
    return c->levels[c->codes[row]];
}

#define EQ(table, name, row, expected)                                                             \
    cr_assert_float_eq(value(table, name, row), expected, 1e-12, "%s of row %d is %.17g", name,    \
                       (int)(row), value(table, name, row))

/* Customer 7: order 1 on Monday 1 January (10 + 6 = 16), order 2 on the 11th (20), order 3 on the
 * 31st (4), another order on the 31st (30): 70 in 4 orders on 3 days; gaps 10 and 20 days.
 * Customer 12: one order of 5. Reference date: the day after 2 February. */
static const line example[] = {
    {"7", "1", "2024-01-01 10:00:00", 2, 5, "tea"},
    {"7", "1", "2024-01-01 10:05:00", 1, 6, "cake"},
    {"12", "9", "2024-02-02 23:59:59", 5, 1, "tea"},
    {"7", "3", "2024-01-31 08:00:00", 4, 1, "tea"},
    {"7", "2", "2024-01-11 20:00:00", 1, 20, "wine"},
    {"7", "4", "2024-01-31 19:00:00", 3, 10, "wine"},
};
enum { N_EXAMPLE = sizeof example / sizeof *example };

Test(features, one_worked_customer)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *log = log_of(ctx, example, N_EXAMPLE), *out;
    kmseg_features_options options = defaults();
    kmseg_features_report report;
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, &report));
    cr_assert_eq(kmseg_table_n_rows(out), 2);
    cr_assert_str_eq(id(out, 0), "7");
    cr_assert_str_eq(id(out, 1), "12", "ids that are numbers are in the order of numbers");
    EQ(out, "recency", 0, 3); /* 31 January to 3 February */
    EQ(out, "recency", 1, 1); /* an order late on the day before is one day ago */
    EQ(out, "frequency", 0, 4);
    EQ(out, "monetary", 0, 70);
    EQ(out, "mean_order_value", 0, 17.5);
    EQ(out, "tenure", 0, 33);
    EQ(out, "order_days", 0, 3);
    EQ(out, "gap_mean", 0, 15);
    EQ(out, "gap_median", 0, 15);
    EQ(out, "trend_gap", 0, (20.0 - 10) / 30);
    EQ(out, "trend_spend", 0, (34.0 - 36) / 70); /* the middle is 16 January: 16 + 20, 4 + 30 */
    EQ(out, "basket_lines", 0, 5.0 / 4);
    EQ(out, "basket_items", 0, 11.0 / 4);
    EQ(out, "n_categories", 0, 3);
    EQ(out, "return_rate", 0, 0);
    EQ(out, "weekday_share_monday", 0, 0.25);
    EQ(out, "weekday_share_wednesday", 0, 0.5);
    EQ(out, "weekday_share_thursday", 0, 0.25);
    EQ(out, "weekday_share_friday", 1, 1);
    EQ(out, "hours_share_morning", 0, 0.5);
    EQ(out, "hours_share_evening", 0, 0.5);
    EQ(out, "category_share_tea", 0, 14.0 / 70);
    EQ(out, "category_share_wine", 0, 50.0 / 70);
    EQ(out, "category_share_cake", 1, 0);
    int64_t first, last;
    OK(ctx, kmseg_time_parse(ctx, "2024-01-01 10:00:00", 0, &first));
    OK(ctx, kmseg_time_parse(ctx, "2024-01-31 19:00:00", 0, &last));
    cr_assert_eq(column(out, "first_order")->times[0], first);
    cr_assert_eq(column(out, "last_order")->times[0], last);
    cr_assert_eq(kmseg_table_find(out, "weekday_share_sunday"), -1, "no order on a Sunday");
    cr_assert_eq(kmseg_table_find(out, "hours_share_night"), -1, "no order at night");
    cr_assert_eq(kmseg_table_find(out, "n_products"), -1, "the log has no products");
    cr_assert_eq(report.n_lines, 6);
    cr_assert_eq(report.n_kept, 6);
    cr_assert_eq(report.n_orders, 5);
    cr_assert_eq(report.n_customers, 2);
    cr_assert_eq(report.total_amount, 75);
    cr_assert_str_eq(report.price, "unit_price");
    cr_assert_str_eq(report.amount, "");
    char text[32];
    kmseg_time_format(report.reference_date, text, sizeof text);
    cr_assert_str_eq(text, "2024-02-03");
    cr_assert_eq(report.n_gaps, 2); /* 10 and 20 days: the quantile p is 10 + 10 p */
    cr_assert_float_eq(report.gap_quantiles[0], 14, 1e-12);
    cr_assert_float_eq(report.gap_quantiles[4], 19.5, 1e-12);
    kmseg_table_free(out);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(features, gaps_and_trends_of_a_customer_with_one_order_are_missing)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *log = log_of(ctx, example, N_EXAMPLE), *out;
    kmseg_features_options options = defaults();
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, NULL));
    const char *names[] = {"gap_mean", "gap_median", "trend_gap", "trend_spend"};
    for (int i = 0; i < 4; i++) {
        cr_assert(isnan(value(out, names[i], 1)), "%s", names[i]);
        cr_assert_eq(column(out, names[i])->n_missing, 1);
    }
    kmseg_table_free(out);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(features, every_column_has_a_row_in_the_list_of_features_with_its_unit_and_role)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *log = log_of(ctx, example, N_EXAMPLE), *out;
    kmseg_features_options options = defaults();
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, NULL));
    cr_assert_eq(column(out, "customer_id")->role, KMSEG_ROLE_ID);
    int n_features = 0;
    for (int32_t i = 1; i < kmseg_table_n_columns(out); i++) {
        const kmseg_column *c = kmseg_table_column(out, i);
        const char *name, *unit, *help;
        int found = 0;
        for (int32_t k = 0; kmseg_feature_info(k, &name, &unit, &help); k++) {
            size_t n = strlen(name);
            while (n > 0 && name[n - 1] >= 'A' && name[n - 1] <= 'Z') {
                n--;
            }
            int family = n < strlen(name);
            if (family ? strncmp(c->name, name, n) == 0 : strcmp(c->name, name) == 0) {
                found = 1;
                cr_assert_str_eq(c->unit, unit, "%s", name);
                cr_assert(strlen(help) > 0);
            }
        }
        cr_assert(found, "%s", c->name);
        cr_assert(c->role == KMSEG_ROLE_FEATURE || c->role == KMSEG_ROLE_DESCRIBE);
        n_features += c->role == KMSEG_ROLE_FEATURE;
    }
    cr_assert_eq(n_features, 3, "recency, frequency, monetary");
    kmseg_table_free(out);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

/* The log with its lines in another order; codes are numbered anew by first appearance. */
static kmseg_table *permuted(kmseg_context *ctx, const kmseg_table *log, uint64_t seed) {
    int64_t n = kmseg_table_n_rows(log);
    int64_t *rows = calloc((size_t)n, sizeof *rows);
    km_random random = {.seed = seed, .stage = KM_STAGE_TEST};
    for (int64_t i = 0; i < n; i++) {
        int64_t j = (int64_t)km_next_below(&random, (uint64_t)i + 1);
        rows[i] = rows[j];
        rows[j] = i;
    }
    kmseg_table *taken, *out;
    OK(ctx, km_table_take_rows(ctx, log, rows, n, &taken));
    OK(ctx, kmseg_table_new(ctx, n, &out));
    const char **texts = calloc((size_t)n, sizeof *texts);
    for (int32_t i = 0; i < kmseg_table_n_columns(taken); i++) {
        const kmseg_column *c = kmseg_table_column(taken, i);
        for (int64_t r = 0; c->codes != NULL && r < n; r++) {
            texts[r] = c->codes[r] >= 0 ? c->levels[c->codes[r]] : NULL;
        }
        OK(ctx, c->codes != NULL     ? kmseg_table_add_texts(ctx, out, c->name, texts)
                : c->numbers != NULL ? kmseg_table_add_numbers(ctx, out, c->name, c->numbers)
                                     : kmseg_table_add_times(ctx, out, c->name, c->times));
    }
    free(texts);
    free(rows);
    kmseg_table_free(taken);
    return out;
}

Test(features, neither_the_order_of_the_lines_nor_threads_change_a_byte)
{
    kmseg_context *one = test_context(1, NULL);
    kmseg_generate_options generate;
    kmseg_generate_options_init(&generate);
    generate.n_customers = 1000;
    generate.defect_rate = 0.1;
    generate.missing_rate = 0.1;
    kmseg_table *log;
    OK(one, kmseg_generate(one, &generate, &log, NULL));
    const char *returns[] = {"drop", "net"};
    for (int how = 0; how < 2; how++) {
        kmseg_features_options options = defaults();
        options.returns = returns[how];
        options.drop_duplicates = how;
        kmseg_table *expect;
        kmseg_features_report report;
        OK(one, kmseg_customer_features(one, log, &options, &expect, &report));
        for (int run = 0; run < 3; run++) {
            kmseg_context *ctx = test_context(run == 0 ? 7 : run + 1, NULL);
            kmseg_table *other = run == 0 ? NULL : permuted(one, log, (uint64_t)run), *out;
            kmseg_features_report again;
            OK(ctx,
               kmseg_customer_features(ctx, other != NULL ? other : log, &options, &out, &again));
            const char *what = test_table_difference(expect, out, 0);
            cr_assert_null(what, "run %d, returns %s: %s", run, returns[how], what);
            cr_assert_eq(memcmp(&report, &again, sizeof report), 0);
            kmseg_table_free(out);
            kmseg_table_free(other);
            kmseg_context_free(ctx);
        }
        kmseg_table_free(expect);
    }
    kmseg_table_free(log);
    kmseg_context_free(one);
}

Test(features, amounts_of_decimal_cents_sum_without_error)
{
    kmseg_context *ctx = test_context(1, NULL);
    line lines[10];
    for (int i = 0; i < 10; i++) {
        lines[i] = (line){"a", "1", "2024-01-01", 1, 0.1, "x"}; /* 0.1 ten times is 1 */
    }
    kmseg_table *log = log_of(ctx, lines, 10), *out;
    kmseg_features_options options = defaults();
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, NULL));
    cr_assert_eq(value(out, "monetary", 0), 1.0);
    kmseg_table_free(out);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(features, without_order_ids_lines_of_one_customer_and_time_are_one_order)
{
    kmseg_context *ctx = test_context(1, NULL);
    const line lines[] = {
        {"a", "", "2024-01-01 10:00:00", 1, 1, "x"},  {"a", "", "2024-01-01 10:00:00", 1, 1, "x"},
        {"a", "", "2024-01-01 11:00:00", 1, 1, "x"},  {"b", "", "2024-01-01 10:00:00", 1, 1, "x"},
        {"b", "5", "2024-01-01 10:00:00", 1, 1, "x"},
    };
    kmseg_table *log = log_of(ctx, lines, 5), *out;
    kmseg_features_options options = defaults();
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, NULL));
    EQ(out, "frequency", 0, 2);
    EQ(out, "frequency", 1, 2);
    kmseg_table_free(out);
    options.order = ""; /* there is an order column, but it does not count */
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, NULL));
    EQ(out, "frequency", 1, 1);
    kmseg_table_free(out);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(features, customer_ids_sort_as_numbers_only_when_all_are_numbers)
{
    kmseg_context *ctx = test_context(1, NULL);
    line lines[] = {
        {"10", "1", "2024-01-01", 1, 1, "x"},
        {"9", "2", "2024-01-01", 1, 1, "x"},
        {"0009", "3", "2024-01-01", 1, 1, "x"},
        {"123456789012345678901", "4", "2024-01-01", 1, 1, "x"},
        {"123456789012345678900", "5", "2024-01-01", 1, 1, "x"},
    };
    kmseg_table *log = log_of(ctx, lines, 5), *out;
    kmseg_features_options options = defaults();
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, NULL));
    const char *numeric[] = {"0009", "9", "10", "123456789012345678900", "123456789012345678901"};
    for (int i = 0; i < 5; i++) {
        cr_assert_str_eq(id(out, i), numeric[i]);
    }
    kmseg_table_free(out);
    kmseg_table_free(log);
    const char *texts[] = {"customer-b", "customer-a", "10", "9", "customer-"};
    const char *bytewise[] = {"10", "9", "customer-", "customer-a", "customer-b"};
    for (int i = 0; i < 5; i++) {
        lines[i].customer = texts[i];
    }
    log = log_of(ctx, lines, 5);
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, NULL));
    for (int i = 0; i < 5; i++) {
        cr_assert_str_eq(id(out, i), bytewise[i]);
    }
    kmseg_table_free(out);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(features, customers_and_orders_may_be_numbers)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *log, *out;
    OK(ctx, kmseg_table_new(ctx, 4, &log));
    const double customers[] = {17850, 13047, 17850, NAN}, orders[] = {1, 2, 3, 4};
    const double amounts[] = {1, 2, 3, 4};
    const int64_t times[] = {0, 0, 86400, 0};
    OK(ctx, kmseg_table_add_numbers(ctx, log, "Customer ID", customers));
    OK(ctx, kmseg_table_add_numbers(ctx, log, "Invoice No.", orders));
    OK(ctx, kmseg_table_add_numbers(ctx, log, "Amount", amounts));
    OK(ctx, kmseg_table_add_times(ctx, log, "Date", times));
    kmseg_features_options options = defaults();
    kmseg_features_report report;
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, &report));
    cr_assert_str_eq(id(out, 0), "13047");
    cr_assert_str_eq(id(out, 1), "17850");
    EQ(out, "frequency", 1, 2);
    EQ(out, "monetary", 1, 4);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_MISSING_ID], 1);
    cr_assert_eq(kmseg_table_find(out, "hours_share_night"), -1, "the log has no times of day");
    kmseg_table_free(out);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(features, the_eight_categories_of_most_spend_have_a_share)
{
    kmseg_context *ctx = test_context(1, NULL);
    line lines[12];
    char names[12][16];
    for (int i = 0; i < 12; i++) {
        snprintf(names[i], sizeof names[i], i == 11 ? "a/b,c=d" : "c%d", i);
        lines[i] = (line){"a", "1", "2024-01-01", 1, 1 + i, names[i]};
    }
    kmseg_table *log = log_of(ctx, lines, 12), *out;
    kmseg_features_options options = defaults();
    OK(ctx, kmseg_customer_features(ctx, log, &options, &out, NULL));
    EQ(out, "category_share_a_b_c_d", 0, 12.0 / 78);
    EQ(out, "category_share_c4", 0, 5.0 / 78);
    cr_assert_eq(kmseg_table_find(out, "category_share_c3"), -1);
    EQ(out, "n_categories", 0, 12);
    kmseg_table_free(out);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(features, only_those_asked_for_are_built_and_say_what_they_say_among_all)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_generate_options generate;
    kmseg_generate_options_init(&generate);
    generate.n_customers = 300;
    kmseg_table *log, *all, *some;
    OK(ctx, kmseg_generate(ctx, &generate, &log, NULL));
    const char **buyers = calloc((size_t)kmseg_table_n_rows(log), sizeof *buyers);
    for (int64_t r = 0; r < kmseg_table_n_rows(log); r++) {
        buyers[r] = r % 7 < 4 ? "ann" : r % 7 < 6 ? "bob" : NULL;
    }
    OK(ctx, kmseg_table_add_texts(ctx, log, "buyer_id", buyers));
    free(buyers);
    kmseg_features_options options = defaults();
    kmseg_features_report full, report;
    OK(ctx, kmseg_customer_features(ctx, log, &options, &all, &full));
    for (int32_t i = 0;; i++) {
        const char *name, *unit, *help;
        if (!kmseg_feature_info(i, &name, &unit, &help)) {
            break;
        }
        char only[100];
        snprintf(only, sizeof only, " recency, %s,", name);
        options.only = only;
        OK(ctx, kmseg_customer_features(ctx, log, &options, &some, &report));
        cr_assert_eq(report.n_orders, full.n_orders);
        cr_assert_eq(report.n_kept, full.n_kept);
        cr_assert_eq(report.total_amount, full.total_amount);
        int32_t n_columns = kmseg_table_n_columns(some);
        cr_assert(i == 0 ? n_columns == 2 : n_columns >= 3 && n_columns <= 10, "%s", name);
        for (int32_t c = 0; c < n_columns; c++) {
            const kmseg_column *got = kmseg_table_column(some, c);
            const kmseg_column *wanted = column(all, got->name);
            const void *a = got->numbers, *b = wanted->numbers;
            if (got->type == KMSEG_COLUMN_TIME) {
                a = got->times;
                b = wanted->times;
            }
            cr_assert(got->type == KMSEG_COLUMN_TEXT ||
                          memcmp(a, b, (size_t)got->n_rows * sizeof(double)) == 0,
                      "%s alone: %s", name, got->name);
        }
        kmseg_table_free(some);
    }
    options.only = "recency,spend";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_customer_features(ctx, log, &options, &some, NULL),
          "\"spend\" is no feature", "kmseg list features");
    options.only = " ,";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_customer_features(ctx, log, &options, &some, NULL),
          "at least one");
    kmseg_table_free(all);
    kmseg_table_free(log);
    kmseg_context_free(ctx);
}

Test(features, running_out_of_memory_is_reported_and_leaks_nothing)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_generate_options generate;
    kmseg_generate_options_init(&generate);
    generate.n_customers = 50;
    kmseg_table *log;
    OK(ctx, kmseg_generate(ctx, &generate, &log, NULL));
    kmseg_context_free(ctx);
    int done = 0;
    for (int64_t fail_at = 1; !done; fail_at++) {
        test_memory memory = {0};
        kmseg_context_options with = {.struct_size = sizeof with, .n_threads = 1};
        with.allocator = test_allocator(&memory);
        kmseg_context *small;
        cr_assert_eq(kmseg_context_new(&with, &small), KMSEG_OK);
        int64_t held = memory.n_held;
        memory.fail_at = memory.n_requests + fail_at;
        kmseg_features_options options = defaults();
        options.drop_duplicates = 1;
        kmseg_table *out;
        kmseg_status status = kmseg_customer_features(small, log, &options, &out, NULL);
        done = status == KMSEG_OK;
        cr_assert(done || status == KMSEG_E_MEMORY, "%s", kmseg_last_error(small));
        cr_assert(done || out == NULL);
        kmseg_table_free(out);
        cr_assert_eq(memory.n_held, held, "request %d leaks", (int)fail_at);
        kmseg_context_free(small);
        cr_assert(fail_at < 10000);
    }
    kmseg_table_free(log);
}
