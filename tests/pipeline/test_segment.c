#include "pipeline/customers.h"
#include "support/failing.h"

#include <math.h>
#include <string.h>

static kmseg_context *ctx;

static void setup(void) { ctx = test_context(2, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }

TestSuite(segment, .init = setup, .fini = teardown);

Test(segment, segments_are_numbered_by_mean_value_highest_first)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(TEST_GROUPS);
    for (uint64_t seed = 0; seed < 5; seed++) {
        options.fit.seed = seed;
        kmseg_result *result;
        OK(ctx, kmseg_segment(ctx, table, &options, &result));
        cr_assert_eq(result->n_segments, TEST_GROUPS);
        cr_assert_eq(result->n_requested, TEST_GROUPS);
        cr_assert_str_eq(result->profile->value_column, "monetary");
        for (int64_t i = 0; i < TEST_ROWS; i++) {
            cr_assert_eq(result->labels[i], TEST_GROUPS - 1 - i / TEST_GROUP_ROWS);
        }
        kmseg_result_free(result);
    }
    kmseg_table_free(table);
}

Test(segment, without_a_value_column_the_largest_segment_comes_first)
{
    enum { N = 60 }; /* groups of 10, 20 and 30 rows */
    double x[N];
    for (int i = 0; i < N; i++) {
        x[i] = (i < 10 ? 100 : i < 30 ? 200 : 300) + 0.1 * (i % 7);
    }
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, N, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "height", x));
    kmseg_segment_options options = test_options(3);
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    cr_assert_eq(result->profile->sizes[0], 30);
    cr_assert_eq(result->profile->sizes[1], 20);
    cr_assert_eq(result->profile->sizes[2], 10);
    cr_assert_str_eq(result->ids[0], "1"); /* no id column: row numbers from 1 */
    cr_assert_str_eq(result->ids[59], "60");
    kmseg_result_free(result);
    kmseg_table_free(table);
}

Test(segment, permuting_the_rows_changes_no_customers_segment)
{
    int32_t label_of[TEST_ROWS];
    for (int order = 0; order < 3; order++) {
        kmseg_table *table = test_customers(ctx, order);
        kmseg_segment_options options = test_options(TEST_GROUPS);
        kmseg_result *result;
        OK(ctx, kmseg_segment(ctx, table, &options, &result));
        for (int64_t i = 0; i < TEST_ROWS; i++) {
            long row = strtol(result->ids[i] + 1, NULL, 10);
            cr_assert_eq(row, test_row(order, i));
            if (order == 0) {
                label_of[row] = result->labels[i];
            }
            cr_assert_eq(result->labels[i], label_of[row]);
        }
        kmseg_result_free(result);
        kmseg_table_free(table);
    }
}

Test(segment, assigning_the_training_rows_gives_the_labels_and_distances_of_the_fit)
{
    kmseg_table *table = test_customers(ctx, 2);
    for (int32_t k = 1; k <= 7; k++) {
        kmseg_segment_options options = test_options(k);
        kmseg_result *result;
        kmseg_assignment *assignment;
        OK(ctx, kmseg_segment(ctx, table, &options, &result));
        OK(ctx, kmseg_assign(ctx, result, table, &assignment));
        cr_assert_eq(assignment->n_rows, TEST_ROWS);
        for (int64_t i = 0; i < TEST_ROWS; i++) {
            cr_assert_eq(assignment->labels[i], result->labels[i]);
            cr_assert_eq(assignment->distances[i], result->distances[i]);
            cr_assert_str_eq(assignment->ids[i], result->ids[i]);
            cr_assert(k == 1 ? assignment->runner_up[i] == -1 && isnan(assignment->margins[i])
                             : assignment->margins[i] >= 0 &&
                                   assignment->runner_up[i] != assignment->labels[i]);
        }
        kmseg_assignment_free(assignment);
        kmseg_result_free(result);
    }
    kmseg_table_free(table);
}

/* 1 is as far from the centroid 0 as from the centroid 2: whichever order the segments end up in,
 * its label is the one that a prediction gives. */
Test(segment, ties_are_decided_alike_in_fit_and_prediction)
{
    const double x[] = {0, 0, 0, 0, 1, 2, 2, 2, 2, 8, 8, 8, 9, 10, 10, 10};
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 16, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "points", x));
    for (uint64_t seed = 0; seed < 20; seed++) {
        kmseg_segment_options options = test_options(4);
        options.prepare.scale = "none";
        options.prepare.transform = "none";
        options.fit.seed = seed;
        options.fit.max_iter = 1;
        kmseg_result *result;
        kmseg_assignment *assignment;
        OK(ctx, kmseg_segment(ctx, table, &options, &result));
        OK(ctx, kmseg_assign(ctx, result, table, &assignment));
        double inertia = 0;
        for (int64_t i = 0; i < 16; i++) {
            cr_assert_eq(assignment->labels[i], result->labels[i]);
            inertia += result->distances[i] * result->distances[i];
        }
        cr_assert_float_eq(result->inertia, inertia, 1e-9);
        kmseg_assignment_free(assignment);
        kmseg_result_free(result);
    }
    kmseg_table_free(table);
}

Test(segment, fewer_distinct_rows_than_segments_give_fewer_segments_and_none_is_empty)
{
    const double x[] = {1, 1, 1, 5, 5, 9, 9, 9, 9, 1};
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 10, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "points", x));
    kmseg_segment_options options = test_options(6);
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    cr_assert_eq(result->n_requested, 6);
    cr_assert_eq(result->n_segments, 3);
    cr_assert_eq(result->profile->n_segments, 3);
    cr_assert_float_eq(result->inertia, 0, 1e-12);
    for (int32_t s = 0; s < 3; s++) {
        cr_assert(result->profile->sizes[s] > 0);
        cr_assert_float_eq(result->radii[s], 0, 1e-12);
    }
    kmseg_result_free(result);
    kmseg_table_free(table);
}

Test(segment, the_radius_is_the_type_7_p99_of_the_distances)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(1);
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    /* 100 distances: 0.99 * 99 = 98.01, so 99 % of the 99th and 1 % of the largest. */
    double largest = 0, next = 0;
    for (int64_t i = 0; i < TEST_ROWS; i++) {
        if (result->distances[i] > largest) {
            next = largest;
            largest = result->distances[i];
        } else if (result->distances[i] > next) {
            next = result->distances[i];
        }
    }
    cr_assert_float_eq(result->radii[0], 0.99 * next + 0.01 * largest, 1e-12);
    cr_assert(isnan(result->scores.silhouette), "one segment has no silhouette");
    cr_assert_float_eq(result->scores.explained, 0, 1e-12);
    kmseg_result_free(result);
    kmseg_table_free(table);
}

Test(segment, scores_and_inertia_agree_with_the_labels)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(TEST_GROUPS);
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    double inertia = 0;
    for (int64_t i = 0; i < TEST_ROWS; i++) {
        inertia += result->distances[i] * result->distances[i];
    }
    /* Two z-scored columns: the total sum of squares is n d. */
    cr_assert_float_eq(result->inertia, inertia, 1e-9);
    cr_assert_float_eq(result->scores.explained, 1 - inertia / (2.0 * TEST_ROWS), 0.001);
    cr_assert(result->scores.silhouette > 0.9);
    cr_assert_eq(result->scores.silhouette_samples, TEST_ROWS);
    cr_assert_eq(result->scores.silhouette_error, 0);
    kmseg_result_free(result);
    options.silhouette_samples = 40;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    cr_assert_eq(result->scores.silhouette_samples, 40);
    cr_assert(result->scores.silhouette_error > 0);
    kmseg_result_free(result);
    kmseg_table_free(table);
}

Test(segment, results_do_not_depend_on_threads_or_kernels)
{
    kmseg_table *table = test_customers(ctx, 2);
    kmseg_segment_options options = test_options(5);
    kmseg_result *first;
    OK(ctx, kmseg_segment(ctx, table, &options, &first));
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        if (!kmseg_kernels_available(kmseg_kernels_name(i))) {
            continue;
        }
        kmseg_context *other = test_context(i % 3 + 1, kmseg_kernels_name(i));
        kmseg_result *result;
        OK(other, kmseg_segment(other, table, &options, &result));
        size_t n = (size_t)result->n_segments * (size_t)result->n_outputs;
        cr_assert_arr_eq(result->labels, first->labels, TEST_ROWS * sizeof *first->labels);
        cr_assert_arr_eq(result->centroids, first->centroids, n * sizeof *first->centroids);
        cr_assert_arr_eq(result->distances, first->distances, TEST_ROWS * sizeof(double));
        cr_assert_eq(memcmp(&result->scores, &first->scores, sizeof first->scores), 0);
        cr_assert_str_eq(result->params, first->params);
        kmseg_result_free(result);
        kmseg_context_free(other);
    }
    kmseg_result_free(first);
    kmseg_table_free(table);
}

Test(segment, a_sample_weight_column_weighs_and_is_not_clustered_on)
{
    kmseg_table *table = test_customers(ctx, 0);
    double weight[TEST_ROWS];
    for (int i = 0; i < TEST_ROWS; i++) {
        weight[i] = i < TEST_GROUP_ROWS ? 0 : 2;
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "weight", weight));
    kmseg_segment_options options = test_options(3);
    options.sample_weight = "weight";
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    cr_assert_eq(result->n_outputs, 2, "monetary and visits");
    for (int i = TEST_GROUP_ROWS; i < TEST_ROWS; i++) {
        cr_assert_eq(result->labels[i], TEST_GROUPS - 1 - i / TEST_GROUP_ROWS,
                     "the group of weight 0 takes no centroid");
    }
    kmseg_result_free(result);
    options.sample_weight = "wait";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_segment(ctx, table, &options, &result), "wait", "weight");
    cr_assert_null(result);
    options.sample_weight = "customer_id";
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_segment(ctx, table, &options, &result), "customer_id",
          "sample_weight");
    kmseg_table_free(table);
}

Test(segment, bad_weights_name_column_and_row)
{
    kmseg_table *table = test_customers(ctx, 0);
    double weight[TEST_ROWS];
    for (int i = 0; i < TEST_ROWS; i++) {
        weight[i] = i == 7 ? -1 : 1;
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "weight", weight));
    kmseg_segment_options options = test_options(3);
    options.sample_weight = "weight";
    kmseg_result *result;
    FAILS(ctx, KMSEG_E_DATA, kmseg_segment(ctx, table, &options, &result), "weight", "-1", "row 8");
    kmseg_table_free(table);
}

Test(segment, more_segments_than_rows_are_refused_with_both_numbers)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(TEST_ROWS + 1);
    kmseg_result *result;
    FAILS(ctx, KMSEG_E_DATA, kmseg_segment(ctx, table, &options, &result), "101",
          "100 usable rows");
    cr_assert_null(result);
    kmseg_table_free(table);
}

Test(segment, options_of_every_stage_are_checked_before_any_work)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_result *result;
    kmseg_segment_options options = test_options(0);
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_segment(ctx, table, &options, &result), "n_clusters is 0");
    options = test_options(3);
    options.prepare.scale = "furlongs";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_segment(ctx, table, &options, &result), "scale", "zscore");
    options = test_options(3);
    options.silhouette_samples = -1;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_segment(ctx, table, &options, &result),
          "silhouette_samples");
    options = test_options(3);
    options.fit.struct_size = 1;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_segment(ctx, table, &options, &result), "struct_size");
    options = test_options(3);
    options.profile.value = "mony";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_segment(ctx, table, &options, &result), "mony");
    kmseg_table_free(table);
}

Test(segment, an_empty_table_is_refused)
{
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 0, &table));
    kmseg_segment_options options = test_options(3);
    kmseg_result *result;
    FAILS(ctx, KMSEG_E_DATA, kmseg_segment(ctx, table, &options, &result), "no rows");
    kmseg_table_free(table);
}

Test(segment, a_cancelled_run_gives_no_result)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(3);
    kmseg_result *result;
    kmseg_cancel(ctx);
    cr_assert_eq(kmseg_segment(ctx, table, &options, &result), KMSEG_E_CANCELLED);
    cr_assert_null(result);
    kmseg_cancel_clear(ctx);
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    kmseg_result_free(result);
    kmseg_table_free(table);
}

Test(segment, rows_with_something_missing_are_dropped_or_filled_in_as_asked)
{
    kmseg_table *table = test_customers(ctx, 0);
    double age[TEST_ROWS];
    for (int i = 0; i < TEST_ROWS; i++) {
        age[i] = i % 10 == 3 ? (double)NAN : 20 + i % 50;
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "age", age));
    kmseg_segment_options options = test_options(4);
    options.prepare.impute = "drop";
    kmseg_result *result;
    kmseg_assignment *assignment;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    cr_assert_eq(result->n_table_rows, TEST_ROWS);
    cr_assert_eq(result->n_dropped, 10);
    cr_assert_eq(result->n_samples, 90);
    cr_assert_str_eq(result->ids[3], "c4"); /* row 3 is left out */
    OK(ctx, kmseg_assign(ctx, result, table, &assignment));
    for (int64_t i = 0, sample = 0; i < TEST_ROWS; i++) {
        if (i % 10 == 3) {
            cr_assert_eq(assignment->labels[i], -1);
            cr_assert_eq(assignment->runner_up[i], -1);
            cr_assert(isnan(assignment->distances[i]) && isnan(assignment->margins[i]));
            cr_assert_eq(assignment->outlying[i], 0);
        } else {
            cr_assert_eq(assignment->labels[i], result->labels[sample]);
            cr_assert_eq(assignment->distances[i], result->distances[sample]);
            sample++;
        }
    }
    kmseg_assignment_free(assignment);
    kmseg_result_free(result);
    options.prepare.impute = "median";
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    cr_assert_eq(result->n_dropped, 0);
    OK(ctx, kmseg_assign(ctx, result, table, &assignment));
    cr_assert_eq(assignment->n_imputed, 10);
    kmseg_assignment_free(assignment);
    kmseg_result_free(result);
    kmseg_table_free(table);
}

Test(segment, customers_far_from_their_segment_are_outlying)
{
    kmseg_table *table = test_customers(ctx, 0), *odd;
    kmseg_segment_options options = test_options(4);
    kmseg_result *result;
    kmseg_assignment *assignment;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    const double spend[] = {4005, 90000}, visits[] = {51, 51};
    OK(ctx, kmseg_table_new(ctx, 2, &odd));
    OK(ctx, kmseg_table_add_numbers(ctx, odd, "visits", visits)); /* in any order, without ids */
    OK(ctx, kmseg_table_add_numbers(ctx, odd, "monetary", spend));
    OK(ctx, kmseg_assign(ctx, result, odd, &assignment));
    cr_assert_eq(assignment->labels[0], 0);
    cr_assert_eq(assignment->outlying[0], 0);
    cr_assert_eq(assignment->outlying[1], 1);
    cr_assert_str_eq(assignment->ids[1], "2");
    kmseg_assignment_free(assignment);
    kmseg_result_free(result);
    kmseg_table_free(odd);
    kmseg_table_free(table);
}

Test(segment, params_hold_every_option_that_changes_results_and_the_version)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(4);
    options.fit.seed = (UINT64_C(1) << 53) - 1;
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    const kmseg_option_table *rows = kmseg_segment_option_table();
    for (int32_t i = 0; i < rows->n_options; i++) {
        char key[80];
        snprintf(key, sizeof key, "\"%s\": ", rows->options[i].name);
        int changes_nothing = strcmp(rows->options[i].name, "tiles") == 0;
        cr_assert((strstr(result->params, key) == NULL) == changes_nothing, "%s", key);
    }
    cr_assert_not_null(strstr(result->params, "\"seed\": 9007199254740991"));
    cr_assert_not_null(strstr(result->params, "\"exclude\": null"));
    cr_assert_not_null(strstr(result->params, "\"kmseg_version\": \""));
    cr_assert_null(strstr(result->params, "threads"));
    kmseg_result_free(result);
    kmseg_table_free(table);
}

static kmseg_status segment_and_assign(kmseg_context *limited, void *table) {
    kmseg_segment_options options = test_options(4);
    options.sample_weight = "visits";
    kmseg_result *result;
    kmseg_assignment *assignment = NULL;
    char *text = NULL, *json = NULL;
    kmseg_status status = kmseg_segment(limited, table, &options, &result);
    if (status == KMSEG_OK) {
        status = kmseg_assign(limited, result, table, &assignment);
    }
    if (status == KMSEG_OK) {
        status = kmseg_report(limited, result, "text", NULL, &text);
    }
    if (status == KMSEG_OK) {
        status = kmseg_report(limited, result, "json", NULL, &json);
    }
    kmseg_string_free(json);
    kmseg_string_free(text);
    kmseg_assignment_free(assignment);
    kmseg_result_free(result);
    return status;
}

Test(segment, out_of_memory_anywhere_is_reported_and_leaks_nothing)
{
    kmseg_table *table = test_customers(ctx, 0);
    fails_cleanly(segment_and_assign, table);
    kmseg_table_free(table);
}
