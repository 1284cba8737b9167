#include "support/failing.h"

#include <math.h>
#include <string.h>

static kmseg_context *ctx;
static kmseg_table *table;
static kmseg_anonymity *got;
static kmseg_anonymity_options options;

/* Nine people. By age and city the classes are
 *   (30, Bonn) rows 0 1 2; (30, Köln) row 3; (40, Bonn) rows 4 5; (missing, Bonn) rows 6 7;
 *   (40, missing) row 8: sizes 3 1 2 2 1.
 * By age alone: 30: 4, 40: 3, missing: 2. By city alone: Bonn 7, Köln 1, missing 1. */
static void setup(void) {
    ctx = test_context(1, NULL);
    got = NULL;
    kmseg_anonymity_options_init(&options);
    OK(ctx, kmseg_table_new(ctx, 9, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "age",
                                    (const double[]){30, 30, 30, 30, 40, 40, NAN, NAN, 40}));
    OK(ctx, kmseg_table_add_texts(ctx, table, "city",
                                  (const char *const[]){"Bonn", "Bonn", "Bonn", "Köln", "Bonn",
                                                        "Bonn", "Bonn", "Bonn", NULL}));
    OK(ctx,
       kmseg_table_add_texts(ctx, table, "plan",
                             (const char *const[]){"a", "b", "a", "b", "c", "c", "a", "b", "a"}));
    options.quasi = "age, city";
}

static void teardown(void) {
    kmseg_anonymity_free(got);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

TestSuite(anonymity, .init = setup, .fini = teardown);

Test(anonymity, classes_are_rows_of_the_same_values_and_missing_is_a_value)
{
    options.k = 2;
    OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
    cr_assert_eq(got->holds, 0);
    cr_assert_eq(got->n_rows, 9);
    cr_assert_eq(got->n_classes, 5);
    cr_assert_eq(got->smallest, 1);
    cr_assert_eq(got->n_small_classes, 2);
    cr_assert_eq(got->n_small_rows, 2);
    cr_assert_eq(got->n_alone, 2);
    cr_assert_eq(got->least_values, 0);
    cr_assert_eq(got->n_columns, 2);
    cr_assert_str_eq(got->columns[0], "age");
    cr_assert_eq(got->smallest_without[0], 1); /* city alone */
    cr_assert_eq(got->small_rows_without[0], 2);
    cr_assert_eq(got->smallest_without[1], 2); /* age alone */
    cr_assert_eq(got->small_rows_without[1], 0);
}

Test(anonymity, the_smallest_classes_come_first_with_their_values)
{
    static const int64_t sizes[] = {1, 1, 2, 2, 3};
    OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
    cr_assert_eq(got->n_shown, 5);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(got->shown[i].n_rows, sizes[i]);
    }
    cr_assert_str_eq(got->shown[0].values[0], "30"); /* equals by their values: 30 before 40 */
    cr_assert_str_eq(got->shown[0].values[1], "Köln");
    cr_assert_str_eq(got->shown[1].values[0], "40");
    cr_assert_null(got->shown[1].values[1]);
    cr_assert_null(got->shown[3].values[0]); /* a missing number is behind all */
    kmseg_anonymity_free(got);
    options.max_shown = 1;
    OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
    cr_assert_eq(got->n_shown, 1);
}

Test(anonymity, k_holds_up_to_the_smallest_class_and_not_beyond)
{
    options.quasi = "age"; /* 4 3 2 */
    for (int32_t k = 1; k <= 4; k++) {
        options.k = k;
        OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
        cr_assert_eq(got->holds, k <= 2);
        cr_assert_eq(got->smallest, 2);
        cr_assert_eq(got->n_small_rows, k <= 2 ? 0 : k == 3 ? 2 : 5);
        cr_assert_eq(got->smallest_without[0], 9); /* without any column all rows are alike */
        kmseg_anonymity_free(got);
    }
    got = NULL;
}

Test(anonymity, every_class_needs_several_values_of_the_sensitive_column)
{
    /* By age: 30 has a b a b, 40 has c c a, missing has a b: 2, 2, 2 different. */
    options.quasi = "age";
    options.k = 2;
    options.sensitive = "plan";
    OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
    cr_assert_eq(got->holds, 1);
    cr_assert_eq(got->least_values, 2);
    kmseg_anonymity_free(got);
    options.l = 3;
    OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
    cr_assert_eq(got->holds, 0);
    cr_assert_eq(got->n_small_classes, 3);
    kmseg_anonymity_free(got);
    /* With the city (40, Bonn) has c c: large enough for k = 2, and everyone learns the plan. */
    options.quasi = "age,city";
    options.l = 2;
    OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
    cr_assert_eq(got->least_values, 1);
    cr_assert_eq(got->n_small_classes, 3); /* two of one row and this */
    cr_assert_eq(got->n_small_rows, 4);
    cr_assert_eq(got->shown[2].n_rows, 2);
    cr_assert_eq(got->shown[2].n_sensitive, 1);
}

Test(anonymity, the_order_of_the_rows_changes_nothing)
{
    static const int64_t order[] = {8, 3, 5, 0, 7, 1, 6, 2, 4};
    kmseg_table *other;
    kmseg_anonymity *again;
    OK(ctx, kmseg_table_take(ctx, table, order, 9, &other));
    OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
    OK(ctx, kmseg_anonymity_new(ctx, other, &options, &again));
    cr_assert_eq(got->n_shown, again->n_shown);
    for (int32_t i = 0; i < got->n_shown; i++) {
        cr_assert_eq(got->shown[i].n_rows, again->shown[i].n_rows);
        for (int j = 0; j < 2; j++) {
            const char *a = got->shown[i].values[j], *b = again->shown[i].values[j];
            cr_assert((a == NULL && b == NULL) || strcmp(a, b) == 0);
        }
    }
    kmseg_anonymity_free(again);
    kmseg_table_free(other);
}

Test(anonymity, dates_are_told_apart_also_before_1970)
{
    OK(ctx, kmseg_table_add_times(ctx, table, "born",
                                  (const int64_t[]){-86400, -86400, 0, 0, 86400, 86400,
                                                    KMSEG_TIME_MISSING, KMSEG_TIME_MISSING, 0}));
    options.quasi = "born";
    options.k = 2;
    OK(ctx, kmseg_anonymity_new(ctx, table, &options, &got));
    cr_assert_eq(got->n_classes, 4);
    cr_assert_eq(got->holds, 1);
    cr_assert_null(got->shown[0].values[0]);
    cr_assert_str_eq(got->shown[1].values[0], "1969-12-31");
}

Test(anonymity, refuses_columns_that_are_not_there_or_named_twice)
{
    options.quasi = "age,town";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_anonymity_new(ctx, table, &options, &got), "town", "city");
    options.quasi = "age,age";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_anonymity_new(ctx, table, &options, &got), "twice");
    options.quasi = " , ";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_anonymity_new(ctx, table, &options, &got), "no column");
    options.quasi = "age";
    options.sensitive = "x";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_anonymity_new(ctx, table, &options, &got), "no column x");
    options.k = 0;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_anonymity_new(ctx, table, &options, &got), "k is 0");
}

static kmseg_status check_once(kmseg_context *own, void *argument) {
    kmseg_anonymity *made;
    (void)argument;
    options.sensitive = "plan";
    kmseg_status status = kmseg_anonymity_new(own, table, &options, &made);
    kmseg_anonymity_free(made);
    return status;
}

Test(anonymity, runs_out_of_memory_without_leaks)
{ fails_cleanly(check_once, NULL); }
