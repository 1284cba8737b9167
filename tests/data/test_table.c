#include "data/table.h"

#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static kmseg_context *ctx;

static void begin(void) { ctx = test_context(1, NULL); }
static void end(void) { kmseg_context_free(ctx); }

TestSuite(table, .init = begin, .fini = end);

static kmseg_table *small_table(kmseg_context *with, kmseg_status *status) {
    static const double spend[4] = {10, NAN, 30, -0.5};
    static const int64_t since[4] = {0, 86400, KMSEG_TIME_MISSING, -1};
    static const char *const city[4] = {"Bern", NULL, "Bern", ""};
    static const int32_t band[4] = {1, -1, 0, 1};
    static const char *const bands[2] = {"low", "high"};
    kmseg_table *table;
    *status = kmseg_table_new(with, 4, &table);
    if (*status == KMSEG_OK) {
        *status = kmseg_table_add_numbers(with, table, "spend", spend);
    }
    if (*status == KMSEG_OK) {
        *status = kmseg_table_add_times(with, table, "since", since);
    }
    if (*status == KMSEG_OK) {
        *status = kmseg_table_add_texts(with, table, "city", city);
    }
    if (*status == KMSEG_OK) {
        *status = kmseg_table_add_codes(with, table, "band", band, 2, bands);
    }
    if (*status == KMSEG_OK) {
        *status = kmseg_table_describe(with, table, 0, KMSEG_ROLE_FEATURE, "pounds");
    }
    return table;
}

Test(table, columns_hold_what_was_put_in_and_count_what_is_missing)
{
    kmseg_status status;
    kmseg_table *table = small_table(ctx, &status);
    OK(ctx, status);
    cr_assert(kmseg_table_n_rows(table) == 4 && kmseg_table_n_columns(table) == 4);
    for (int32_t i = 0; i < 4; i++) {
        cr_assert(kmseg_table_column(table, i)->n_missing == 1, "column %d", i);
        cr_assert(kmseg_table_column(table, i)->n_rows == 4);
    }
    const kmseg_column *spend = kmseg_table_column(table, 0);
    cr_assert(spend->type == KMSEG_COLUMN_NUMBER && spend->role == KMSEG_ROLE_FEATURE);
    cr_assert(spend->numbers[3] == -0.5 && isnan(spend->numbers[1]) && spend->codes == NULL);
    cr_assert_str_eq(spend->unit, "pounds");
    cr_assert(kmseg_table_column(table, 1)->times[3] == -1);
    /* An empty string is a value; NULL is missing. */
    const kmseg_column *city = kmseg_table_column(table, 2);
    cr_assert(city->n_levels == 2 && city->codes[0] == 0 && city->codes[1] == -1 &&
              city->codes[2] == 0 && city->codes[3] == 1);
    cr_assert_str_eq(city->levels[0], "Bern");
    cr_assert_str_eq(city->levels[1], "");
    cr_assert_str_eq(city->unit, "");
    cr_assert_str_eq(kmseg_table_column(table, 3)->levels[1], "high");
    cr_assert_null(kmseg_table_column(table, 4));
    cr_assert_null(kmseg_table_column(table, -1));
    kmseg_table_free(table);
}

Test(table, values_are_copied)
{
    double values[2] = {1, 2};
    char name[] = "spend";
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 2, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, name, values));
    values[0] = 9;
    name[0] = 'X';
    cr_assert(kmseg_table_column(table, 0)->numbers[0] == 1);
    cr_assert(kmseg_table_find(table, "spend") == 0);
    cr_assert(kmseg_table_find(table, "Spend") == -1);
    kmseg_table_free(table);
}

Test(table, many_columns_keep_their_order_and_values)
{
    enum { N = 500 };
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 1, &table));
    for (int i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "c%d", i);
        double value = i;
        OK(ctx, kmseg_table_add_numbers(ctx, table, name, &value));
    }
    for (int i = 0; i < N; i++) {
        cr_assert(kmseg_table_column(table, i)->numbers[0] == i);
    }
    cr_assert(kmseg_table_find(table, "c499") == 499);
    kmseg_table_free(table);
}

Test(table, a_table_of_no_rows_takes_columns)
{
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 0, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "a", NULL));
    OK(ctx, kmseg_table_add_times(ctx, table, "b", NULL));
    OK(ctx, kmseg_table_add_texts(ctx, table, "c", NULL));
    OK(ctx, kmseg_table_add_codes(ctx, table, "d", NULL, 0, NULL));
    cr_assert(kmseg_table_n_columns(table) == 4 && kmseg_table_column(table, 2)->n_levels == 0);
    kmseg_table_free(table);
    kmseg_table_free(NULL);
}

Test(table, a_refusal_says_what_is_wrong_and_leaves_the_table_as_it_was)
{
    kmseg_status status;
    kmseg_table *table = small_table(ctx, &status);
    OK(ctx, status);
    const double numbers[4] = {0};
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_table_add_numbers(ctx, table, "spend", numbers), "spend",
          "two columns");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_table_add_numbers(ctx, table, "", numbers), "no name");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_table_add_numbers(ctx, table, NULL, numbers), "no name");
    const int32_t codes[4] = {0, 1, 2, 0};
    const char *const levels[2] = {"a", "b"};
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_table_add_codes(ctx, table, "x", codes, 2, levels),
          "code 2 in row 2 of column x", "between -1 and 1");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_table_describe(ctx, table, 4, KMSEG_ROLE_ID, NULL),
          "column 4");
    kmseg_table *none = table;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_table_new(ctx, -1, &none), "n_rows is -1");
    cr_assert_null(none);
    cr_assert(kmseg_table_n_columns(table) == 4);
    kmseg_table_free(table);
}

Test(table, rows_are_taken_in_the_order_asked_for)
{
    kmseg_status status;
    kmseg_table *table = small_table(ctx, &status);
    OK(ctx, status);
    const int64_t rows[5] = {3, 0, 0, 1, 2};
    kmseg_table *taken;
    OK(ctx, km_table_take_rows(ctx, table, rows, 5, &taken));
    kmseg_table_free(table); /* nothing is borrowed */
    cr_assert(kmseg_table_n_rows(taken) == 5 && kmseg_table_n_columns(taken) == 4);
    const kmseg_column *spend = kmseg_table_column(taken, 0);
    cr_assert(spend->numbers[0] == -0.5 && spend->numbers[1] == 10 && spend->numbers[2] == 10);
    cr_assert(spend->n_missing == 1 && spend->role == KMSEG_ROLE_FEATURE);
    cr_assert_str_eq(spend->unit, "pounds");
    const kmseg_column *city = kmseg_table_column(taken, 2);
    cr_assert_str_eq(city->levels[city->codes[0]], "");
    cr_assert_str_eq(city->levels[city->codes[1]], "Bern");
    cr_assert(city->codes[3] == -1);
    kmseg_table_free(taken);
}

Test(table, a_column_that_is_not_there_is_answered_with_those_that_are)
{
    kmseg_status status;
    kmseg_table *table = small_table(ctx, &status);
    OK(ctx, status);
    FAILS(ctx, KMSEG_E_NOT_FOUND, km_table_fail_no_column(ctx, table, "spemd"),
          "no column spemd; did you mean spend?", "spend, since, city, band");
    FAILS(ctx, KMSEG_E_NOT_FOUND, km_table_fail_no_column(ctx, table, "zzz"),
          "no column zzz; the columns are spend, since, city, band");
    char names[12];
    km_table_names(table, names, sizeof names);
    cr_assert(strlen(names) < sizeof names && strstr(names, "...") != NULL, "%s", names);
    kmseg_table_free(table);
}

Test(table, when_memory_runs_out_at_any_request_nothing_is_lost)
{
    for (int64_t fail_at = 2;; fail_at++) { /* request 1 is the context */
        test_memory memory = {.fail_at = fail_at};
        kmseg_context_options options;
        kmseg_context_options_init(&options);
        options.allocator = test_allocator(&memory);
        options.n_threads = 1;
        kmseg_context *own;
        cr_assert(kmseg_context_new(&options, &own) == KMSEG_OK);
        kmseg_status status;
        kmseg_table *table = small_table(own, &status);
        kmseg_table *taken = NULL;
        if (status == KMSEG_OK) {
            const int64_t rows[2] = {2, 0};
            status = km_table_take_rows(own, table, rows, 2, &taken);
        }
        int fell_short = memory.n_requests < fail_at;
        cr_assert(status == (fell_short ? KMSEG_OK : KMSEG_E_MEMORY), "request %lld: %s",
                  (long long)fail_at, kmseg_status_text(status));
        cr_assert((taken != NULL) == fell_short);
        kmseg_table_free(taken);
        kmseg_table_free(table);
        kmseg_context_free(own);
        cr_assert(memory.n_held == 0);
        if (fell_short) {
            cr_assert(fail_at > 5);
            break;
        }
    }
}
