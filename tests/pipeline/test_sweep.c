#include "pipeline/customers.h"
#include "support/failing.h"

#include <math.h>
#include <string.h>

enum { MOST = 7 };

/* But for the last bits of what is summed over segments, which a fit numbers by value. */
#define NEAR(a, b)                                                                                 \
    cr_assert((a) == (b) || fabs((a) - (b)) <= 1e-12 * fabs(b), "%.17g, not %.17g", a, b)

Test(sweep, every_row_is_what_a_fit_of_that_number_says)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = test_customers(ctx, 2);
    kmseg_segment_options options = test_options(1);
    options.silhouette_samples = 40;
    options.fit.seed = 3;
    kmseg_sweep_summary *sweep;
    OK(ctx, kmseg_sweep_table(ctx, table, &options, 1, MOST, &sweep));
    cr_assert_eq(sweep->n_rows, MOST);
    cr_assert_eq(sweep->n_samples, TEST_ROWS);
    cr_assert_eq(sweep->prepare->n_columns, 2);
    for (int32_t k = 1; k <= MOST; k++) {
        const kmseg_sweep_row *row = &sweep->rows[k - 1];
        options.fit.n_clusters = k;
        kmseg_result *fit;
        OK(ctx, kmseg_segment(ctx, table, &options, &fit));
        cr_assert_eq(row->n_clusters, k);
        cr_assert_eq(row->n_segments, fit->n_segments);
        cr_assert_eq(row->n_iter, fit->n_iter);
        cr_assert_eq(row->stop_reason, fit->stop_reason);
        cr_assert_eq(row->scores.inertia, fit->scores.inertia);
        cr_assert_eq(row->scores.explained, fit->scores.explained);
        cr_assert_eq(row->scores.silhouette_samples, 40);
        cr_assert_eq(isnan(row->scores.silhouette), k == 1);
        cr_assert_eq(isnan(row->scores.davies_bouldin), k == 1);
        if (k > 1) {
            NEAR(row->scores.silhouette, fit->scores.silhouette);
            NEAR(row->scores.silhouette_error, fit->scores.silhouette_error);
            NEAR(row->scores.silhouette_simplified, fit->scores.silhouette_simplified);
            NEAR(row->scores.calinski_harabasz, fit->scores.calinski_harabasz);
            NEAR(row->scores.davies_bouldin, fit->scores.davies_bouldin);
        }
        int64_t smallest = TEST_ROWS, largest = 0;
        for (int32_t s = 0; s < fit->n_segments; s++) {
            int64_t size = fit->profile->sizes[s];
            smallest = size < smallest ? size : smallest;
            largest = size > largest ? size : largest;
        }
        cr_assert_eq(row->smallest, smallest);
        cr_assert_eq(row->largest, largest);
        kmseg_result_free(fit);
    }
    kmseg_sweep_summary_free(sweep);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Ten rows of three values: from the third number on nothing is left to explain, and no segment is
 * empty. */
Test(sweep, rows_with_few_distinct_values_have_fewer_segments)
{
    const double x[] = {1, 1, 1, 5, 5, 5, 5, 9, 9, 9}, weight[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 2};
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 10, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "points", x));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "times", weight));
    kmseg_segment_options options = test_options(1);
    options.sample_weight = "times";
    kmseg_sweep_summary *sweep;
    OK(ctx, kmseg_sweep_table(ctx, table, &options, 2, 5, &sweep));
    cr_assert_eq(sweep->prepare->n_columns, 1);
    for (int32_t i = 1; i < 4; i++) {
        cr_assert_eq(sweep->rows[i].n_segments, 3);
        cr_assert_eq(sweep->rows[i].scores.explained, 1);
        cr_assert_eq(sweep->rows[i].scores.silhouette, 1);
        cr_assert_eq(sweep->rows[i].smallest, 3);
        cr_assert_eq(sweep->rows[i].largest, 4);
    }
    kmseg_sweep_summary_free(sweep);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(sweep, bad_ranges_and_options_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(1);
    kmseg_sweep_summary *sweep;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_sweep_table(ctx, table, &options, 0, 3, &sweep), "0 to 3");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_sweep_table(ctx, table, &options, 4, 3, &sweep), "4 to 3");
    FAILS(ctx, KMSEG_E_DATA, kmseg_sweep_table(ctx, table, &options, 2, TEST_ROWS + 1, &sweep),
          "101", "100 usable rows");
    options.fit.init = "given";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_sweep_table(ctx, table, &options, 2, 3, &sweep), "given");
    options.fit.init = "k-means++";
    options.sample_weight = "wait";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_sweep_table(ctx, table, &options, 2, 3, &sweep), "wait");
    cr_assert_null(sweep);
    kmseg_sweep_summary_free(NULL);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(sweep, cancelled_is_said_and_gives_nothing)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(1);
    kmseg_sweep_summary *sweep;
    kmseg_cancel(ctx);
    cr_assert_eq(kmseg_sweep_table(ctx, table, &options, 2, 4, &sweep), KMSEG_E_CANCELLED);
    cr_assert_null(sweep);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static kmseg_status sweep_of(kmseg_context *ctx, void *argument) {
    kmseg_segment_options options = test_options(1);
    options.fit.n_init = 2;
    kmseg_sweep_summary *sweep;
    kmseg_status status = kmseg_sweep_table(ctx, argument, &options, 1, 3, &sweep);
    kmseg_sweep_summary_free(sweep);
    return status;
}

Test(sweep, out_of_memory_anywhere_is_reported_and_leaks_nothing)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = test_customers(ctx, 0);
    fails_cleanly(sweep_of, table);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
