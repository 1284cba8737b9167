/* The map of a result: principal components of the prepared rows, and customers on them. */
#include "pipeline/customers.h"

#include <math.h>
#include <string.h>

static kmseg_result *segments(kmseg_context *ctx, const kmseg_table *table,
                              const kmseg_segment_options *options) {
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, options, &result));
    return result;
}

static kmseg_table *two_columns(kmseg_context *ctx, int64_t n, const double *x, const double *y) {
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "y", y));
    return table;
}

/* Rows (2, 1), (-2, -1), (1, -2), (-1, 2), (4, 2), (-4, -2), (0.5, -1), (-0.5, 1), unscaled: the mean
 * is 0, and all lie on one of the axes (2, 1) and (1, -2), which are at right angles. Squares along
 * the first are 5 + 5 + 20 + 20 = 50, along the second 5 + 5 + 1.25 + 1.25 = 12.5: shares 0.8 and 0.2.
 * The largest loading is positive: (2, 1) / sqrt(5) and (-1, 2) / sqrt(5). */
Test(map, axes_shares_and_places_are_those_worked_by_hand)
{
    kmseg_context *ctx = test_context(2, NULL);
    double x[] = {2, -2, 1, -1, 4, -4, 0.5, -0.5}, y[] = {1, -1, -2, 2, 2, -2, -1, 1};
    kmseg_table *table = two_columns(ctx, 8, x, y);
    kmseg_segment_options options = test_options(2);
    options.prepare.scale = "none";
    options.prepare.transform = "none";
    kmseg_result *result = segments(ctx, table, &options);
    const kmseg_map *map = result->map;
    cr_assert_eq(map->n_axes, 2);
    cr_assert_eq(map->n_points, 8);
    const double expected[] = {2 / sqrt(5), -1 / sqrt(5), 1 / sqrt(5), 2 / sqrt(5)};
    for (int i = 0; i < 4; i++) {
        cr_assert_float_eq(map->loadings[i], expected[i], 1e-14);
    }
    cr_assert_float_eq(map->explained[0], 0.8, 1e-14);
    cr_assert_float_eq(map->explained[1], 0.2, 1e-14);
    cr_assert_float_eq(map->centre[0], 0, 1e-15);
    int seen = 0; /* (4, 2) lies at (2 sqrt(5), 0), (-1, 2) at (0, sqrt(5)) */
    for (int64_t i = 0; i < 8; i++) {
        double a = map->points[2 * i], b = map->points[2 * i + 1];
        cr_assert(fabs(a) < 1e-14 || fabs(b) < 1e-14);
        seen += fabs(a - 2 * sqrt(5)) < 1e-14 || fabs(b - sqrt(5)) < 1e-14;
    }
    cr_assert_eq(seen, 2);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(map, neither_the_order_of_rows_nor_threads_change_a_byte)
{
    kmseg_result *first = NULL;
    kmseg_context *kept = NULL;
    for (int order = 0; order < 3; order++) {
        kmseg_context *ctx = test_context(1 + order, NULL);
        kmseg_table *table = test_customers(ctx, order);
        kmseg_segment_options options = test_options(TEST_GROUPS);
        kmseg_result *result = segments(ctx, table, &options);
        kmseg_table_free(table);
        const kmseg_map *map = result->map;
        cr_assert_eq(map->n_points, TEST_ROWS);
        if (order == 0) {
            first = result;
            kept = ctx;
            continue;
        }
        size_t points = TEST_ROWS * 2 * sizeof(double);
        cr_assert_eq(memcmp(map->points, first->map->points, points), 0);
        cr_assert_eq(memcmp(map->loadings, first->map->loadings, 4 * sizeof(double)), 0);
        cr_assert_eq(memcmp(map->labels, first->map->labels, TEST_ROWS * sizeof(int32_t)), 0);
        kmseg_result_free(result);
        kmseg_context_free(ctx);
    }
    kmseg_result_free(first);
    kmseg_context_free(kept);
}

/* 200,000 customers: the draw is of 50,000, and 2,000 of them are kept. Groups far apart are on the map
 * as often as they are large, within 4 standard errors. */
Test(map, many_customers_are_drawn_each_as_likely_as_any_other)
{
    enum { N = 200000 };
    static double x[N], y[N];
    kmseg_context *ctx = test_context(2, NULL);
    for (int64_t i = 0; i < N; i++) {
        x[i] = (i % 10 < 3 ? 0 : 100) + (double)(i % 97) / 97;
        y[i] = (double)(i % 89) / 89;
    }
    kmseg_table *table = two_columns(ctx, N, x, y);
    kmseg_segment_options options = test_options(2);
    options.fit.n_init = 1;
    options.silhouette_samples = 100;
    options.prepare.scale = "none";
    options.prepare.transform = "none";
    kmseg_result *result = segments(ctx, table, &options);
    const kmseg_map *map = result->map;
    cr_assert_eq(map->n_points, 2000);
    int64_t small = 0;
    for (int64_t i = 0; i < 2000; i++) {
        int is_small = result->profile->sizes[map->labels[i]] == 3 * N / 10;
        small += is_small;
        cr_assert_eq(is_small, map->points[2 * i] < 0); /* the first axis points to the 70 % */
    }
    cr_assert_float_eq((double)small, 600, 4 * sqrt(2000 * 0.3 * 0.7));
    cr_assert_float_eq(fabs(map->loadings[0]), 1, 1e-4);
    cr_assert_gt(map->explained[0], 0.99);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* A customer of weight 0 lies on the map and moves nothing: the other rows have no spread in y. */
Test(map, a_customer_of_weight_0_turns_no_axis)
{
    kmseg_context *ctx = test_context(1, NULL);
    double x[] = {1, 2, 3, 4, 2}, y[] = {5, 5, 5, 5, 90}, w[] = {1, 1, 1, 1, 0};
    kmseg_table *table = two_columns(ctx, 5, x, y);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "w", w));
    kmseg_segment_options options = test_options(2);
    options.sample_weight = "w";
    options.prepare.scale = "none";
    options.prepare.transform = "none";
    kmseg_result *result = segments(ctx, table, &options);
    cr_assert_float_eq(result->map->loadings[0], 1, 1e-15);
    cr_assert_float_eq(result->map->explained[1], 0, 1e-15);
    cr_assert_eq(result->map->n_points, 5);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(map, one_column_has_one_axis)
{
    kmseg_context *ctx = test_context(1, NULL);
    double x[] = {1, 2, 8, 9};
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 4, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    kmseg_segment_options options = test_options(2);
    kmseg_result *result = segments(ctx, table, &options);
    cr_assert_eq(result->map->n_axes, 1);
    cr_assert_float_eq(result->map->explained[0], 1, 1e-15);
    cr_assert_float_eq(result->map->loadings[0], 1, 1e-15);
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(map, what_a_table_says_of_how_it_was_made_is_kept_as_input)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = test_customers(ctx, 0), *back;
    OK(ctx, kmseg_table_save(ctx, table, "{\"n_kept\": 100}", test_path("customers.h5")));
    OK(ctx, kmseg_table_load(ctx, test_path("customers.h5"), &back));
    kmseg_segment_options options = test_options(2);
    kmseg_result *plain = segments(ctx, table, &options), *kept = segments(ctx, back, &options);
    cr_assert_eq(plain->n_reports, 0);
    cr_assert_str_eq(kmseg_result_report(kept, "input"), "{\"n_kept\": 100}");
    kmseg_result_free(plain);
    kmseg_result_free(kept);
    kmseg_table_free(table);
    kmseg_table_free(back);
    kmseg_context_free(ctx);
}
