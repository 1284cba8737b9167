#include "base/rng.h"
#include "source/synthetic.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static kmseg_generate_options small(const char *what) {
    kmseg_generate_options options;
    kmseg_generate_options_init(&options);
    options.what = what;
    options.n_customers = 1500;
    return options;
}

static const kmseg_column *column(const kmseg_table *table, const char *name) {
    const kmseg_column *c = kmseg_table_column(table, kmseg_table_find(table, name));
    cr_assert_not_null(c, "no column %s", name);
    return c;
}

Test(synthetic, the_same_seed_gives_the_same_bytes_for_any_threads_and_another_seed_others)
{
    const char *kinds[] = {"orders", "customers"};
    for (int kind = 0; kind < 2; kind++) {
        kmseg_generate_options options = small(kinds[kind]);
        options.n_customers = 5000; /* several chunks */
        kmseg_context *one = test_context(1, NULL), *three = test_context(3, NULL);
        kmseg_table *a, *b, *other;
        OK(one, kmseg_generate(one, &options, &a, NULL));
        OK(three, kmseg_generate(three, &options, &b, NULL));
        cr_assert_null(test_table_difference(a, b, 1), "%s differ between 1 and 3 threads",
                       kinds[kind]);
        options.seed = 2;
        OK(one, kmseg_generate(one, &options, &other, NULL));
        cr_assert_not_null(test_table_difference(a, other, 1), "%s do not depend on the seed",
                           kinds[kind]);
        kmseg_table_free(a);
        kmseg_table_free(b);
        kmseg_table_free(other);
        kmseg_context_free(one);
        kmseg_context_free(three);
    }
}

Test(synthetic, an_order_log_is_sorted_by_time_and_ids_count_up)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_generate_options options = small("orders");
    options.defect_rate = 0;
    kmseg_table *table;
    OK(ctx, kmseg_generate(ctx, &options, &table, NULL));
    const kmseg_column *time = column(table, "order_date"), *order = column(table, "order_id");
    const kmseg_column *quantity = column(table, "quantity"), *price = column(table, "unit_price");
    for (int64_t r = 1; r < time->n_rows; r++) {
        cr_assert(time->times[r] >= time->times[r - 1]);
        cr_assert(order->codes[r] - order->codes[r - 1] <= 1);
        cr_assert(order->codes[r] >= order->codes[r - 1]);
        cr_assert(quantity->numbers[r] >= 1 && price->numbers[r] > 0);
        cr_assert(fabs(price->numbers[r] * 100 - rint(price->numbers[r] * 100)) < 1e-9);
    }
    cr_assert_eq(column(table, "customer_id")->n_levels, 1500, "every customer orders");
    cr_assert_str_eq(order->levels[0], "500001");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(synthetic, there_are_as_many_orders_as_asked_for_at_least)
{
    kmseg_context *ctx = test_context(2, NULL);
    const int64_t asked[] = {100, 1500, 5000, 60000};
    for (int i = 0; i < 4; i++) {
        kmseg_generate_options options = small("orders");
        options.n_orders = asked[i];
        options.defect_rate = 0;
        kmseg_table *table;
        OK(ctx, kmseg_generate(ctx, &options, &table, NULL));
        int64_t n = column(table, "order_id")->n_levels;
        cr_assert(n >= asked[i]);
        /* A customer has one order at least, and rounding adds one at most. */
        cr_assert(n <= asked[i] + asked[i] / 100 + 1500);
        kmseg_table_free(table);
    }
    kmseg_context_free(ctx);
}

Test(synthetic, defects_and_missing_cells_come_at_their_rates)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_generate_options options = small("orders");
    options.defect_rate = 0.1;
    options.missing_rate = 0.05;
    kmseg_table *table;
    OK(ctx, kmseg_generate(ctx, &options, &table, NULL));
    double n = (double)kmseg_table_n_rows(table);
    const kmseg_column *order = column(table, "order_id");
    int64_t returns = 0, free_lines = 0, marked = 0;
    for (int64_t r = 0; r < order->n_rows; r++) {
        returns += column(table, "quantity")->numbers[r] < 0;
        marked += order->levels[order->codes[r]][0] == 'C';
        free_lines += column(table, "unit_price")->numbers[r] == 0;
    }
    cr_assert_eq(returns, marked, "a return has negative quantity and an id that begins with C");
    /* A fifth of 10 % each. */
    cr_assert_float_eq((double)returns / n, 0.02, 0.003);
    cr_assert_float_eq((double)free_lines / n, 0.02, 0.003);
    cr_assert_float_eq((double)column(table, "customer_id")->n_missing / n, 0.02, 0.003);
    cr_assert_float_eq((double)column(table, "order_date")->n_missing / n, 0.02, 0.003);
    cr_assert_float_eq((double)column(table, "category")->n_missing / n, 0.05, 0.005);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Features of customers from which the segments should be seen: logarithms of orders, spend, days
 * since the last and since the first order. */
static double *log_features(const kmseg_table *orders, int64_t n) {
    const kmseg_column *customer = column(orders, "customer_id"),
                       *time = column(orders, "order_date");
    const kmseg_column *order = column(orders, "order_id");
    double *sums = calloc((size_t)(4 * n), sizeof *sums);
    int64_t end = 0;
    for (int64_t r = 0; r < time->n_rows; r++) {
        end = time->times[r] > end ? time->times[r] : end;
    }
    int32_t last_order = -1;
    for (int64_t r = 0; r < time->n_rows; r++) {
        int64_t c = atoll(customer->levels[customer->codes[r]]) - 100001;
        sums[4 * c] += order->codes[r] != last_order;
        last_order = order->codes[r];
        sums[4 * c + 1] +=
            column(orders, "quantity")->numbers[r] * column(orders, "unit_price")->numbers[r];
        double day = (double)time->times[r] / 86400;
        sums[4 * c + 2] = day > sums[4 * c + 2] ? day : sums[4 * c + 2];
        /* The log is in order of time: the first line of a customer is the first order. */
        sums[4 * c + 3] = sums[4 * c + 3] > 0 ? sums[4 * c + 3] : day;
    }
    for (int64_t c = 0; c < n; c++) {
        sums[4 * c] = log(sums[4 * c]);
        sums[4 * c + 1] = log(sums[4 * c + 1]);
        sums[4 * c + 2] = log(1 + (double)end / 86400 - sums[4 * c + 2]);
        sums[4 * c + 3] = log(1 + (double)end / 86400 - sums[4 * c + 3]);
    }
    return sums;
}

/* Share of customers that lie nearest to the mean of their own planted segment, each feature over
 * its deviation. */
static double nearest_own_mean(const double *x, const double *segment, int64_t n, int k) {
    double mean[8][4] = {{0}}, count[8] = {0}, spread[4] = {0};
    for (int64_t c = 0; c < n; c++) {
        int s = (int)segment[c] - 1;
        count[s] += 1;
        for (int f = 0; f < 4; f++) {
            mean[s][f] += x[4 * c + f];
        }
    }
    for (int s = 0; s < k; s++) {
        for (int f = 0; f < 4; f++) {
            mean[s][f] /= count[s];
        }
    }
    for (int64_t c = 0; c < n; c++) {
        for (int f = 0; f < 4; f++) {
            double d = x[4 * c + f] - mean[(int)segment[c] - 1][f];
            spread[f] += d * d / (double)n;
        }
    }
    int64_t hits = 0;
    for (int64_t c = 0; c < n; c++) {
        int best = 0;
        double least = INFINITY;
        for (int s = 0; s < k; s++) {
            double distance = 0;
            for (int f = 0; f < 4; f++) {
                double d = x[4 * c + f] - mean[s][f];
                distance += d * d / spread[f];
            }
            if (distance < least) {
                least = distance;
                best = s;
            }
        }
        hits += best == (int)segment[c] - 1;
    }
    return (double)hits / (double)n;
}

static double recovered(kmseg_context *ctx, double noise) {
    kmseg_generate_options options = small("orders");
    options.noise = noise;
    options.defect_rate = 0;
    kmseg_table *orders, *truth;
    OK(ctx, kmseg_generate(ctx, &options, &orders, &truth));
    double *x = log_features(orders, options.n_customers);
    double share = nearest_own_mean(x, column(truth, "segment")->numbers, options.n_customers, 5);
    free(x);
    kmseg_table_free(orders);
    kmseg_table_free(truth);
    return share;
}

Test(synthetic, planted_groups_show_in_the_usual_features_the_less_noise_the_better)
{
    kmseg_context *ctx = test_context(2, NULL);
    double clean = recovered(ctx, 0), usual = recovered(ctx, 1), hard = recovered(ctx, 4);
    cr_assert(clean > 0.97, "%g without noise", clean);
    cr_assert(usual > 0.8, "%g at noise 1", usual);
    cr_assert(hard < usual - 0.1, "%g at noise 4, %g at noise 1", hard, usual);
    kmseg_context_free(ctx);
}

Test(synthetic, the_truth_has_one_row_per_customer_and_every_segment)
{
    kmseg_context *ctx = test_context(2, NULL);
    const char *kinds[] = {"orders", "customers"};
    for (int kind = 0; kind < 2; kind++) {
        kmseg_generate_options options = small(kinds[kind]);
        options.n_customers = 40;
        options.n_segments = 11;
        kmseg_table *table, *truth;
        OK(ctx, kmseg_generate(ctx, &options, &table, &truth));
        cr_assert_eq(kmseg_table_n_rows(truth), 40);
        cr_assert_eq(column(truth, "customer_id")->role, KMSEG_ROLE_ID);
        int seen[12] = {0};
        for (int64_t r = 0; r < 40; r++) {
            double s = column(truth, "segment")->numbers[r];
            cr_assert(s >= 1 && s <= 11);
            seen[(int)s] = 1;
        }
        for (int s = 1; s <= 11; s++) {
            cr_assert(seen[s], "segment %d has no customer", s);
        }
        kmseg_table_free(table);
        kmseg_table_free(truth);
    }
    kmseg_context_free(ctx);
}

Test(synthetic, customers_have_skewed_spend_categories_and_missing_cells)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_generate_options options = small("customers");
    options.n_customers = 20000;
    options.missing_rate = 0.1;
    kmseg_table *table;
    OK(ctx, kmseg_generate(ctx, &options, &table, NULL));
    cr_assert_eq(kmseg_table_n_rows(table), 20000);
    cr_assert_eq(column(table, "customer_id")->n_missing, 0);
    cr_assert_eq(column(table, "plan")->n_levels, 3);
    const kmseg_column *spend = column(table, "annual_spend");
    double sum = 0, below = 0, present = 0;
    for (int64_t r = 0; r < 20000; r++) {
        sum += isnan(spend->numbers[r]) ? 0 : spend->numbers[r];
        present += !isnan(spend->numbers[r]);
    }
    for (int64_t r = 0; r < 20000; r++) {
        below += spend->numbers[r] < sum / present;
    }
    cr_assert(below / present > 0.6, "the mean of a skewed column lies above its median");
    for (int32_t i = 1; i < kmseg_table_n_columns(table); i++) {
        const kmseg_column *c = kmseg_table_column(table, i);
        cr_assert_float_eq((double)c->n_missing / 20000, 0.1, 0.012, "%s", c->name);
    }
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(synthetic, the_portable_exponential_agrees_with_the_library)
{
    for (int i = -600; i <= 600; i++) {
        double x = 0.9173 * i, expect = exp(x);
        cr_assert(fabs(km_portable_exp(x) - expect) <= 1e-13 * expect, "exp(%g)", x);
    }
}

Test(synthetic, bell_numbers_have_mean_0_and_variance_1)
{
    double sum = 0, squares = 0;
    const int n = 100000;
    for (int i = 0; i < n; i++) {
        double z = km_bell(km_draw(3, i, 0, 7));
        sum += z;
        squares += z * z;
    }
    cr_assert_float_eq(sum / n, 0, 0.016); /* five standard errors */
    cr_assert_float_eq(squares / n, 1, 0.022);
}

Test(synthetic, options_out_of_bounds_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table;
    kmseg_generate_options options = small("orders");
    options.n_customers = 0;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_generate(ctx, &options, &table, NULL), "n_customers");
    cr_assert_null(table);
    options = small("shoes");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_generate(ctx, &options, &table, NULL), "shoes", "orders");
    options = small("customers");
    options.n_customers = 3;
    options.n_segments = 4;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_generate(ctx, &options, &table, NULL), "n_segments",
          "n_customers");
    kmseg_context_free(ctx);
}
