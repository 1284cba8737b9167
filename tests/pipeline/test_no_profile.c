/* Segments without a profile: the same segments, and what needs more says so. */
#include "pipeline/customers.h"
#include "support/failing.h"
#include "support/support.h"

#include "base/arena.h"
#include "base/context.h"

#include <math.h>
#include <string.h>

static kmseg_context *ctx;

static void setup(void) { ctx = test_context(2, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }

TestSuite(no_profile, .init = setup, .fini = teardown);

static void same_segments(const kmseg_result *bare, const kmseg_result *whole) {
    size_t n = (size_t)whole->n_samples, k = (size_t)whole->n_segments,
           d = (size_t)whole->n_outputs;
    cr_assert_eq(bare->n_samples, whole->n_samples);
    cr_assert_eq(bare->n_segments, whole->n_segments);
    cr_assert_arr_eq(bare->labels, whole->labels, n * sizeof *whole->labels);
    cr_assert_arr_eq(bare->distances, whole->distances, n * sizeof *whole->distances);
    cr_assert_arr_eq(bare->centroids, whole->centroids, k * d * sizeof(double));
    cr_assert_arr_eq(bare->centroids_raw, whole->centroids_raw, k * d * sizeof(double));
    cr_assert_arr_eq(bare->radii, whole->radii, k * sizeof(double));
    cr_assert_eq(bare->inertia, whole->inertia);
    cr_assert_eq(bare->scores.inertia, whole->scores.inertia);
    cr_assert_eq(bare->scores.explained, whole->scores.explained);
    for (size_t i = 0; i < n; i++) {
        cr_assert_str_eq(bare->ids[i], whole->ids[i]);
    }
    cr_assert_str_eq(bare->profile->value_column, whole->profile->value_column);
    cr_assert_arr_eq(bare->profile->sizes, whole->profile->sizes, k * sizeof(int64_t));
    cr_assert_arr_eq(bare->profile->values, whole->profile->values, k * sizeof(double));
    cr_assert_arr_eq(bare->profile->value_shares, whole->profile->value_shares, k * sizeof(double));
}

static void has_no_more(const kmseg_result *bare) {
    cr_assert_not(kmseg_result_has_profile(bare));
    cr_assert_eq(bare->profile->n_columns, 0);
    cr_assert_null(bare->rules);
    cr_assert_null(bare->map);
    cr_assert_eq(bare->n_typical, 0);
    cr_assert(isnan(bare->scores.silhouette) && isnan(bare->scores.silhouette_simplified));
    cr_assert(isnan(bare->scores.calinski_harabasz) && isnan(bare->scores.davies_bouldin));
    cr_assert_eq(bare->scores.silhouette_samples, 0);
    cr_assert_str_eq(kmseg_segment_name(bare, 0), "Segment 1");
    cr_assert_str_eq(kmseg_segment_name(bare, 3), "Segment 4");
}

/* Ids of text, of numbers, and none; with rows left out, weights and merging; with and without the table
 * given away. */
Test(no_profile, segments_are_those_of_the_whole_run)
{
    for (int run = 0; run < 8; run++) {
        kmseg_table *table = test_customers(ctx, run % 3);
        double age[TEST_ROWS];
        for (int i = 0; i < TEST_ROWS; i++) {
            age[i] = run >= 4 && i % 9 == 0 ? (double)NAN : 20 + i % 5;
        }
        OK(ctx, kmseg_table_add_numbers(ctx, table, "age", age));
        kmseg_segment_options options = test_options(TEST_GROUPS);
        options.prepare.impute = run >= 4 ? "drop" : "median";
        options.prepare.id = run % 2 ? NULL : "";
        options.prepare.exclude = run % 2 ? NULL : "customer_id";
        options.sample_weight = run == 3 || run == 5 ? "visits" : NULL;
        options.min_size = run == 7 ? "5" : NULL;
        kmseg_result *whole, *bare;
        OK(ctx, kmseg_segment(ctx, table, &options, &whole));
        cr_assert(kmseg_result_has_profile(whole));
        options.has_profile = 0;
        if (run < 2) {
            OK(ctx, kmseg_segment(ctx, table, &options, &bare));
            cr_assert_not_null(kmseg_table_column(table, 1)->numbers);
            kmseg_table_free(table);
        } else {
            OK(ctx, kmseg_segment_consume(ctx, &table, &options, &bare));
            cr_assert_null(table);
        }
        same_segments(bare, whole);
        has_no_more(bare);
        kmseg_result_free(whole);
        kmseg_result_free(bare);
    }
}

/* Columns of more than a block of an arena are given back while the run goes on; what is not is a value
 * or an id, and is read to the end. */
Test(no_profile, a_table_that_is_given_away_may_be_large)
{
    enum { N = 40000 };
    kmseg_generate_options generate;
    kmseg_generate_options_init(&generate);
    generate.what = "customers";
    generate.n_customers = N;
    kmseg_table *table, *other;
    OK(ctx, kmseg_generate(ctx, &generate, &table, NULL));
    OK(ctx, kmseg_generate(ctx, &generate, &other, NULL));
    kmseg_segment_options options = test_options(5);
    kmseg_result *whole, *bare;
    OK(ctx, kmseg_segment_consume(ctx, &other, &options, &whole));
    cr_assert_null(other);
    cr_assert(kmseg_result_has_profile(whole));
    options.has_profile = 0;
    kmseg_assignment *assignment;
    OK(ctx, kmseg_segment(ctx, table, &options, &bare));
    OK(ctx, kmseg_assign(ctx, bare, table, &assignment));
    cr_assert_arr_eq(assignment->labels, bare->labels, N * sizeof *bare->labels);
    kmseg_result_free(bare);
    OK(ctx, kmseg_segment_consume(ctx, &table, &options, &bare));
    same_segments(bare, whole);
    kmseg_assignment_free(assignment);
    kmseg_result_free(bare);
    kmseg_result_free(whole);
}

Test(no_profile, a_failed_run_frees_the_table_that_it_was_given)
{
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(TEST_ROWS + 1);
    options.has_profile = 0;
    kmseg_result *result;
    FAILS(ctx, KMSEG_E_DATA, kmseg_segment_consume(ctx, &table, &options, &result), "n_clusters");
    cr_assert_null(table);
    cr_assert_null(result);
}

Test(no_profile, what_needs_a_profile_says_what_to_do)
{
    kmseg_table *table = test_customers(ctx, 0), *rows;
    kmseg_segment_options options = test_options(TEST_GROUPS);
    options.has_profile = 0;
    kmseg_result *made, *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &made));
    OK(ctx, kmseg_result_save(ctx, made, test_path("bare.h5")));
    OK(ctx, kmseg_result_load(ctx, test_path("bare.h5"), &result));
    same_segments(result, made);
    has_no_more(result);
    static const char *const formats[] = {"profile", "html", "markdown", "document"};
    char *text = NULL;
    for (int f = 0; f < 4; f++) {
        FAILS(ctx, KMSEG_E_DATA, kmseg_report(ctx, result, formats[f], NULL, &text), formats[f],
              "--no-profile", "fit again");
        cr_assert_null(text);
    }
    FAILS(ctx, KMSEG_E_DATA, kmseg_profile_table(ctx, result, &rows), "--no-profile");
    FAILS(ctx, KMSEG_E_DATA, kmseg_result_describe(ctx, result, table, NULL, NULL), "--no-profile");
    OK(ctx, kmseg_report(ctx, result, "text", NULL, &text));
    cr_assert_not_null(strstr(text, "--no-profile"));
    cr_assert_null(strstr(text, "silhouette"));
    cr_assert_null(strstr(text, "sets each segment apart"));
    kmseg_string_free(text);
    kmseg_assignment *assignment;
    OK(ctx, kmseg_assign(ctx, result, table, &assignment));
    cr_assert_arr_eq(assignment->labels, made->labels, TEST_ROWS * sizeof *made->labels);
    kmseg_assignment_free(assignment);
    kmseg_result_free(made);
    kmseg_result_free(result);
    kmseg_table_free(table);
}

Test(no_profile, a_large_request_of_an_arena_can_be_given_back)
{
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    char *small = km_arena_take(&arena, 100), *one = km_arena_take(&arena, 200000);
    char *other = km_arena_take(&arena, 300000);
    memset(small, 1, 100);
    memset(other, 2, 300000);
    km_arena_give(&arena, one);
    km_arena_give(&arena, small); /* stays: it shares its block */
    km_arena_give(&arena, one + 64);
    km_arena_give(&arena, NULL);
    cr_assert_eq(small[99], 1);
    cr_assert_eq(other[299999], 2);
    char *again = km_arena_take(&arena, 200000);
    memset(again, 3, 200000);
    cr_assert_eq(other[0], 2);
    km_arena_free(&arena);
}

static kmseg_status segment_bare(kmseg_context *limited, void *unused) {
    (void)unused;
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(4);
    options.has_profile = 0;
    kmseg_result *result;
    kmseg_status status = kmseg_segment_consume(limited, &table, &options, &result);
    kmseg_result_free(result);
    return status;
}

Test(no_profile, out_of_memory_anywhere_is_reported_and_leaks_nothing)
{ fails_cleanly(segment_bare, NULL); }
