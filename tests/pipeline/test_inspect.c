#include "prepare/tables.h"
#include "support/failing.h"

static kmseg_context *ctx;

static const kmseg_inspect_column *column_of(const kmseg_inspection *inspection, const char *name) {
    for (int32_t i = 0; i < inspection->n_columns; i++) {
        if (strcmp(inspection->columns[i].name, name) == 0) {
            return &inspection->columns[i];
        }
    }
    cr_assert_fail("no column %s", name);
    return NULL;
}

static void setup(void) { ctx = test_context(2, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }

TestSuite(inspect, .init = setup, .fini = teardown);

Test(inspect, counts_what_is_in_a_column)
{
    kmseg_table *table = table_of(ctx, 12);
    /* Quartiles of the eleven numbers are 3 and 8.5 (type 7: places 2.5 and 7.5 between 3 3 and 8 9),
     * so beyond 8.5 + 3 * 5.5 = 25 is far out: 100 and 60, and below 3 - 16.5 is -20. */
    NUMBERS(ctx, table, "x", 1, 3, 3, 4, 5, 6, 8, 9, 60, 100, -20, NAN);
    TEXTS(ctx, table, "t", "a", "a", "a", "b", "b", "b", "b", "c", "d", NULL, "a", "b");
    OK(ctx, kmseg_table_add_times(
                ctx, table, "day",
                (const int64_t[]){1, 1, 2, 3, KMSEG_TIME_MISSING, 5, 5, 5, 5, 5, 5, 5}));
    kmseg_prepare_options options = prepare_options();
    options.min_level_count = 2;
    kmseg_inspection *inspection;
    OK(ctx, kmseg_inspect(ctx, table, &options, 3, &inspection));
    const kmseg_inspect_column *x = column_of(inspection, "x"), *t = column_of(inspection, "t"),
                               *day = column_of(inspection, "day");
    cr_assert_eq(x->n_missing, 1);
    cr_assert_eq(x->n_distinct, 10);
    cr_assert_eq(x->median, 5);
    cr_assert_eq(x->minimum, -20);
    cr_assert_eq(x->n_outliers, 3);
    cr_assert_eq(t->n_distinct, 4);
    cr_assert_eq(t->n_rare, 2);
    cr_assert_eq(t->n_rare_rows, 2);
    cr_assert_eq(day->n_distinct, 4);
    cr_assert_eq(day->n_missing, 1);
    cr_assert(!day->is_used);
    cr_assert(strstr(day->notes[0], "left out, it is a date") != NULL);
    cr_assert(x->is_used && t->is_used);
    cr_assert_eq(t->n_outputs, 3); /* a, b, other */
    cr_assert_float_eq(x->share + t->share, 1, 1e-12);
    cr_assert_str_eq(inspection->problem, "");
    cr_assert_eq(inspection->n_clusters, 3);
    kmseg_inspection_free(inspection);
    kmseg_table_free(table);
}

Test(inspect, a_long_tail_makes_a_giant_segment_that_the_suggestion_breaks_up)
{
    enum { N = 2000 };
    double *spend = malloc(N * sizeof *spend), *visits = malloc(N * sizeof *visits);
    for (int i = 0; i < N; i++) { /* quantiles of two log-normal columns */
        double u = (i + 0.5) / N, v = ((i * 7919) % N + 0.5) / N;
        spend[i] = exp(3 * (2 * u - 1) / (1 - fabs(2 * u - 1) * 0.7));
        visits[i] = exp(2 * (2 * v - 1) / (1 - fabs(2 * v - 1) * 0.7));
    }
    kmseg_table *table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", spend));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "visits", visits));
    kmseg_inspection *inspection;
    OK(ctx, kmseg_inspect(ctx, table, NULL, 4, &inspection));
    cr_assert_str_eq(column_of(inspection, "spend")->transform, "log1p");
    cr_assert_gt(inspection->raw_share, 0.9);
    cr_assert_lt(inspection->suggested_share, 0.6);
    cr_assert_eq(inspection->n_tried, N);
    kmseg_inspection_free(inspection);
    kmseg_table_free(table);
    free(spend);
    free(visits);
}

Test(inspect, a_table_that_no_fit_would_take_is_shown_with_the_reason)
{
    kmseg_table *table = table_of(ctx, 3);
    NUMBERS(ctx, table, "customer_id", 1, 1, 2);
    NUMBERS(ctx, table, "x", 1, 2, INFINITY);
    kmseg_inspection *inspection;
    OK(ctx, kmseg_inspect(ctx, table, NULL, 5, &inspection));
    cr_assert(strstr(inspection->problem, "customer_id 1 is in rows 1 and 2") != NULL);
    cr_assert_eq(inspection->n_clusters, 0);
    cr_assert_eq(column_of(inspection, "x")->maximum, 2);
    kmseg_inspection_free(inspection);
    kmseg_table_free(table);
    table = table_of(ctx, 0);
    OK(ctx, kmseg_inspect(ctx, table, NULL, 5, &inspection));
    cr_assert(strstr(inspection->problem, "no rows") != NULL);
    kmseg_inspection_free(inspection);
    kmseg_table_free(table);
    table = table_of(ctx, 3);
    NUMBERS(ctx, table, "x", 1, 2, 4);
    OK(ctx, kmseg_inspect(ctx, table, NULL, 5, &inspection)); /* fewer rows than clusters */
    cr_assert_eq(inspection->n_clusters, 0);
    kmseg_inspection_free(inspection);
    kmseg_prepare_options options = prepare_options();
    options.transform = "y=log1p";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_inspect(ctx, table, &options, 5, &inspection), "y");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_inspect(ctx, table, NULL, 0, &inspection), "n_clusters");
    cr_assert_null(inspection);
    kmseg_table_free(table);
}

static kmseg_status inspect_once(kmseg_context *with, void *table) {
    kmseg_inspection *inspection;
    kmseg_status status = kmseg_inspect(with, table, NULL, 2, &inspection);
    kmseg_inspection_free(inspection);
    return status;
}

Test(inspect, every_refused_request_is_a_clean_failure)
{
    kmseg_table *table = table_of(ctx, 6);
    NUMBERS(ctx, table, "x", 1, 2, 4, 8, 16, 400);
    TEXTS(ctx, table, "t", "a", "b", "a", "b", "a", "b");
    fails_cleanly(inspect_once, table);
    kmseg_table_free(table);
}
