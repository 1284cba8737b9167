#include "pipeline/customers.h"
#include "support/failing.h"

#include <kmseg/store.h>
#include <math.h>
#include <stdio.h>

static kmseg_context *ctx;
static kmseg_table *table;
static kmseg_result *result;

static void setup(void) { ctx = test_context(2, NULL); }

static void teardown(void) {
    kmseg_result_free(result);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

TestSuite(min_size, .init = setup, .fini = teardown);

/* Points on a line, one column, as they are. */
static void line(const double *x, const double *weights, int64_t n) {
    OK(ctx, kmseg_table_new(ctx, n, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    if (weights != NULL) {
        OK(ctx, kmseg_table_add_numbers(ctx, table, "times", weights));
    }
}

/* The result of the table, in place of the one before. */
static void segment(const kmseg_segment_options *options) {
    kmseg_result_free(result);
    result = NULL;
    OK(ctx, kmseg_segment(ctx, table, options, &result));
}

static kmseg_segment_options raw(int32_t k, const char *min_size) {
    kmseg_segment_options options = test_options(k);
    options.prepare.scale = "none";
    options.prepare.transform = "none";
    options.min_size = min_size;
    return options;
}

/* 0 0 0 0, 10 10 10, 13: as three clusters the inertia is 0. The last is too small; merged with the
 * second it costs 3 * 1 / 4 * 9 = 6.75, with the first 4 * 1 / 5 * 169. Means 0 and 10.75, inertia
 * 3 * .5625 + 5.0625 = 6.75, and nobody changes places. */
Test(min_size, the_cheapest_merge_is_worked_by_hand)
{
    const double x[] = {0, 13, 10, 0, 10, 0, 10, 0};
    line(x, NULL, 8);
    kmseg_segment_options options = raw(3, "2");
    segment(&options);
    cr_assert_eq(result->n_segments, 2);
    cr_assert_eq(result->n_requested, 3);
    cr_assert_eq(result->inertia_unmerged, 0);
    cr_assert_float_eq(result->inertia, 6.75, 1e-12);
    cr_assert_eq(result->n_merges, 1);
    const kmseg_merge *merge = &result->merges[0];
    cr_assert(merge->size == 1 && merge->into_size == 3);
    cr_assert(merge->weight == 1 && merge->into_weight == 3);
    cr_assert_float_eq(merge->cost, 6.75, 1e-12);
    cr_assert_eq(merge->segment, result->labels[1]);
    cr_assert_eq(result->labels[1], result->labels[2]);
    cr_assert_float_eq(result->centroids[result->labels[1]], 10.75, 1e-14);
    options.min_size = NULL;
    segment(&options);
    cr_assert(result->n_segments == 3 && result->n_merges == 0 && result->merges == NULL);
    cr_assert_eq(result->inertia_unmerged, result->inertia);
}

/* 0 (four times), 4, 5.9, 10 (four times), in four clusters. 4 and 5.9 merge first, at 1.805 less than
 * with 0 or 10 (12.8, 13.4); the pair at 4.95 is still too small and goes to 0 (4 * 2 / 6 * 24.5 = 32.67)
 * rather than 10 (34.0). That mean is 1.65, so 5.9 is nearer to 10 and moves there: the means are .8
 * and 9.18, of which 4 and 5.9 are the own. */
Test(min_size, customers_are_assigned_again_after_a_merge)
{
    const double x[] = {0, 0, 0, 0, 4, 5.9, 10, 10, 10, 10};
    line(x, NULL, 10);
    kmseg_segment_options options = raw(4, "30%");
    segment(&options);
    cr_assert_eq(result->n_segments, 2);
    cr_assert_eq(result->n_merges, 2);
    cr_assert_float_eq(result->merges[0].cost, 1.805, 1e-12);
    cr_assert_float_eq(result->merges[1].cost, 4 * 2 / 6.0 * 4.95 * 4.95, 1e-12);
    cr_assert_eq(result->merges[1].size, 2);
    cr_assert_eq(result->labels[4], result->labels[0]);
    cr_assert_eq(result->labels[5], result->labels[9], "not where it was merged to");
    cr_assert_float_eq(result->centroids[result->labels[0]], 0.8, 1e-14);
    cr_assert_float_eq(result->centroids[result->labels[9]], 9.18, 1e-14);
}

/* Labels are those of the nearest centroid, so the same table gets them again. */
Test(min_size, no_segment_is_too_small_and_predict_gives_the_labels_again)
{
    table = test_customers(ctx, 0);
    for (int32_t k = 2; k < 20; k++) {
        kmseg_segment_options options = test_options(k);
        options.min_size = k % 2 ? "12" : "12.5%";
        segment(&options);
        int64_t least = k % 2 ? 12 : 13;
        for (int32_t s = 0; s < result->n_segments; s++) {
            cr_assert_geq(result->profile->sizes[s], least, "%d: %d", k, s);
        }
        cr_assert_eq(result->n_segments + result->n_merges, k);
        cr_assert_eq(result->n_requested, k);
        cr_assert_geq(result->inertia, result->inertia_unmerged * (1 - 1e-12));
        for (int32_t s = 1; s < result->n_segments; s++) {
            cr_assert_geq(result->profile->values[s - 1] / (double)result->profile->sizes[s - 1],
                          result->profile->values[s] / (double)result->profile->sizes[s],
                          "segments are in order of value");
        }
        kmseg_assignment *assignment;
        OK(ctx, kmseg_assign(ctx, result, table, &assignment));
        cr_assert_eq(memcmp(assignment->labels, result->labels, TEST_ROWS * sizeof(int32_t)), 0);
        for (int32_t m = 0; m < result->n_merges; m++) {
            cr_assert(result->merges[m].segment >= -1 &&
                      result->merges[m].segment < result->n_segments);
            cr_assert_lt(result->merges[m].size, least);
        }
        kmseg_assignment_free(assignment);
    }
}

/* Two customers of weight 9 are more than five of weight 1. */
Test(min_size, weight_counts_where_it_is_asked_for)
{
    const double x[] = {0, 0, 50, 50, 50, 50, 50, 90, 90, 90},
                 times[] = {9, 9, 1, 1, 1, 1, 1, 9, 9, 9};
    line(x, times, 10);
    kmseg_segment_options options = raw(3, "3");
    options.sample_weight = "times";
    segment(&options);
    cr_assert_eq(result->n_merges, 1);
    cr_assert_eq(result->merges[0].size, 2, "by customers, the two");
    options.min_size = "15%"; /* of 50: the five have 5 */
    options.min_size_by = "weight";
    segment(&options);
    cr_assert_eq(result->n_merges, 1);
    cr_assert_eq(result->merges[0].size, 5);
    cr_assert_eq(result->merges[0].weight, 5);
    /* 18 * 5 / 23 * 2500 to the left, 27 * 5 / 32 * 1600 to the right */
    cr_assert_float_eq(result->merges[0].cost, 27 * 5 / 32.0 * 1600, 1e-9);
}

Test(min_size, all_can_become_one)
{
    table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(4);
    options.min_size = "100%";
    segment(&options);
    cr_assert_eq(result->n_segments, 1);
    cr_assert_eq(result->n_merges, 3);
}

/* More clusters than distinct rows: some have no samples, and those are not merged. */
Test(min_size, clusters_without_samples_are_no_merges)
{
    const double x[] = {1, 1, 1, 5, 5, 5, 5, 9};
    line(x, NULL, 8);
    kmseg_segment_options options = raw(6, "2");
    segment(&options);
    cr_assert_eq(result->n_segments, 2);
    cr_assert_eq(result->n_merges, 1);
    cr_assert_eq(result->merges[0].segment, result->labels[7]);
}

Test(min_size, what_was_merged_is_kept_in_files_and_told)
{
    const double x[] = {0, 13, 10, 0, 10, 0, 10, 0};
    line(x, NULL, 8);
    kmseg_segment_options options = raw(3, "25%");
    kmseg_result *loaded;
    segment(&options);
    OK(ctx, kmseg_result_save(ctx, result, test_path("merged.h5")));
    OK(ctx, kmseg_result_load(ctx, test_path("merged.h5"), &loaded));
    cr_assert_eq(loaded->n_merges, 1);
    cr_assert_eq(loaded->merges[0].size, result->merges[0].size);
    cr_assert_eq(loaded->merges[0].into_weight, result->merges[0].into_weight);
    cr_assert_eq(loaded->merges[0].cost, result->merges[0].cost);
    cr_assert_eq(loaded->merges[0].segment, result->merges[0].segment);
    cr_assert_eq(loaded->inertia_unmerged, result->inertia_unmerged);
    cr_assert_not_null(strstr(loaded->params, "\"min_size\": \"25%\""), "%s", loaded->params);
    char *text;
    OK(ctx, kmseg_report(ctx, loaded, "text", NULL, &text));
    cr_assert_not_null(strstr(text, "1 of 3 segments was too small: 1 customer into segment 1"));
    cr_assert_null(strstr(text, "distinct rows"));
    kmseg_string_free(text);
    OK(ctx, kmseg_report(ctx, loaded, "json", NULL, &text));
    cr_assert_not_null(strstr(text, "\"into_customers\": 3"));
    kmseg_string_free(text);
    kmseg_result_free(loaded);
}

Test(min_size, what_is_no_size_is_refused)
{
    static const char *const bad[] = {"", "%", "many", "-1", "nan", "inf", "5 %%", "1e400", "3,5"};
    table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(3);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options.min_size = bad[i];
        FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_segment(ctx, table, &options, &result), "min_size",
              bad[i]);
        cr_assert_null(result);
    }
    options.min_size = "101";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_segment(ctx, table, &options, &result), "101",
          "all customers are 100");
    options.min_size = "101%";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_segment(ctx, table, &options, &result), "101%");
    options.min_size = "2";
    options.min_size_by = "spend";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_segment(ctx, table, &options, &result), "min_size_by");
}

Test(min_size, neither_threads_nor_the_order_of_rows_change_segments)
{
    int32_t first[TEST_ROWS];
    for (int32_t threads = 1; threads < 4; threads++) {
        for (int order = 0; order < 3; order++) {
            teardown();
            result = NULL;
            ctx = test_context(threads, NULL);
            table = test_customers(ctx, order);
            kmseg_segment_options options = test_options(5);
            options.min_size = "20%";
            segment(&options);
            cr_assert_eq(result->n_segments, 4);
            for (int64_t i = 0; i < TEST_ROWS; i++) {
                int64_t row = test_row(order, i);
                first[row] = threads == 1 && order == 0 ? result->labels[i] : first[row];
                cr_assert_eq(result->labels[i], first[row]);
            }
        }
    }
}

static kmseg_status merged(kmseg_context *own, void *argument) {
    kmseg_segment_options options = test_options(6);
    options.min_size = "20%";
    options.fit.n_init = 1;
    kmseg_result *made;
    kmseg_status status = kmseg_segment(own, argument, &options, &made);
    kmseg_result_free(made);
    return status;
}

Test(min_size, out_of_memory_anywhere_is_reported_and_leaks_nothing)
{
    table = test_customers(ctx, 0);
    fails_cleanly(merged, table);
}
