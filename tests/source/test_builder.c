/* Tables whose number of rows is known at their end. */
#include "source/builder.h"
#include "support/failing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NUMBER, INTEGER, ID, TEXT, TIME, N_COLUMNS };

#define BEYOND ((km_int128)1 << 53)

/* Rows 0, every tenth and the last have values; ID is beyond 2^53 in the last. */
static kmseg_status fill(km_builder *b, int64_t n_rows) {
    KM_TRY(km_builder_reserve(b, n_rows));
    for (int64_t r = 0; r < n_rows; r += r % 10 == 0 && r + 10 < n_rows ? 10 : 1) {
        char text[32];
        size_t length = (size_t)snprintf(text, sizeof text, "t%d", (int)(r % 100));
        KM_TRY(km_builder_number(b, NUMBER, r, (double)r / 4));
        KM_TRY(km_builder_integer(b, INTEGER, r, -r));
        KM_TRY(km_builder_integer(b, ID, r, r + 1 < n_rows ? r : BEYOND + 1));
        KM_TRY(km_builder_text(b, TEXT, r, text, length));
        km_builder_time(b, TIME, r, 60 * r);
    }
    return KMSEG_OK;
}

static kmseg_status add_columns(km_builder *b) {
    KM_TRY(km_builder_add(b, "number", KM_CELLS_NUMBER));
    KM_TRY(km_builder_add(b, "", KM_CELLS_INTEGER));
    KM_TRY(km_builder_add(b, "id", KM_CELLS_INTEGER));
    KM_TRY(km_builder_add(b, "text", KM_CELLS_TEXT));
    return km_builder_add(b, "time", KM_CELLS_TIME);
}

static kmseg_status build(kmseg_context *ctx, int64_t n_rows, kmseg_table **out) {
    km_builder b;
    *out = NULL;
    kmseg_status status = km_builder_init(ctx, N_COLUMNS, &b);
    if (status == KMSEG_OK) {
        status = add_columns(&b);
    }
    if (status == KMSEG_OK) {
        status = fill(&b, n_rows);
    }
    if (status == KMSEG_OK) {
        status = km_builder_finish(&b, n_rows, out);
    }
    km_builder_free(&b);
    return status;
}

static const char *text_at(const kmseg_table *table, int32_t column, int64_t row) {
    const kmseg_column *c = kmseg_table_column(table, column);
    return c->codes[row] >= 0 ? c->levels[c->codes[row]] : NULL;
}

Test(builder, cells_are_where_they_were_put_and_others_are_missing)
{
    kmseg_context *ctx = test_context(1, NULL);
    const int64_t n = KM_BUILDER_BLOCK + 21; /* into a second block */
    kmseg_table *table;
    OK(ctx, build(ctx, n, &table));
    cr_assert_eq(kmseg_table_n_rows(table), n);
    cr_assert_str_eq(kmseg_table_column(table, INTEGER)->name, "c2");
    const kmseg_column *number = kmseg_table_column(table, NUMBER);
    const kmseg_column *time = kmseg_table_column(table, TIME);
    int64_t missing = 0;
    for (int64_t r = 0; r < n; r++) {
        int is_missing = isnan(number->numbers[r]);
        missing += is_missing;
        cr_assert(is_missing || number->numbers[r] == (double)r / 4);
        cr_assert_eq(time->times[r], is_missing ? KMSEG_TIME_MISSING : 60 * r);
        cr_assert_eq(text_at(table, TEXT, r) == NULL, is_missing);
    }
    cr_assert_gt(missing, n / 2);
    cr_assert_eq(number->n_missing, missing);
    cr_assert_eq(time->n_missing, missing);
    cr_assert_eq(kmseg_table_column(table, TEXT)->n_missing, missing);
    cr_assert_str_eq(text_at(table, TEXT, KM_BUILDER_BLOCK + 4), "t40"); /* row 65540 */
    cr_assert_eq(kmseg_table_column(table, INTEGER)->numbers[KM_BUILDER_BLOCK + 4],
                 -(KM_BUILDER_BLOCK + 4));
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(builder, whole_numbers_are_text_once_one_has_too_many_digits)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table;
    OK(ctx, build(ctx, KM_BUILDER_BLOCK + 21, &table));
    cr_assert_eq(kmseg_table_column(table, ID)->type, KMSEG_COLUMN_TEXT);
    cr_assert_str_eq(text_at(table, ID, 0), "0");
    cr_assert_str_eq(text_at(table, ID, 65530), "65530");
    cr_assert_str_eq(text_at(table, ID, KM_BUILDER_BLOCK + 20), "9007199254740993");
    cr_assert_null(text_at(table, ID, 1));
    kmseg_table_free(table);
    km_builder b;
    OK(ctx, km_builder_init(ctx, 1, &b));
    OK(ctx, km_builder_add(&b, "a", KM_CELLS_INTEGER));
    OK(ctx, km_builder_reserve(&b, 3));
    OK(ctx, km_builder_integer(&b, 0, 0, BEYOND)); /* exact */
    OK(ctx, km_builder_integer(&b, 0, 1, -BEYOND - 1));
    OK(ctx, km_builder_integer(&b, 0, 2, -((km_int128)1 << 126) * 2)); /* the least there is */
    OK(ctx, km_builder_finish(&b, 3, &table));
    cr_assert_str_eq(text_at(table, 0, 0), "9007199254740992");
    cr_assert_str_eq(text_at(table, 0, 1), "-9007199254740993");
    cr_assert_str_eq(text_at(table, 0, 2), "-170141183460469231731687303715884105728");
    km_builder_free(&b);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(builder, what_no_column_holds_is_refused_with_its_place)
{
    kmseg_context *ctx = test_context(1, NULL);
    km_builder b;
    OK(ctx, km_builder_init(ctx, 2, &b));
    OK(ctx, km_builder_add(&b, "amount", KM_CELLS_NUMBER));
    OK(ctx, km_builder_add(&b, "note", KM_CELLS_TEXT));
    OK(ctx, km_builder_reserve(&b, 2));
    FAILS(ctx, KMSEG_E_FORMAT, km_builder_number(&b, 0, 1, -(double)INFINITY), "amount");
    FAILS(ctx, KMSEG_E_FORMAT, km_builder_text(&b, 1, 1, "a\0b", 3), "row 2");
    OK(ctx, km_builder_text(&b, 1, 1, "", 0));
    kmseg_table *table;
    OK(ctx, km_builder_finish(&b, 2, &table));
    cr_assert_str_eq(text_at(table, 1, 1), "");
    cr_assert_null(text_at(table, 1, 0));
    km_builder_free(&b);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static kmseg_status build_and_free(kmseg_context *ctx, void *argument) {
    kmseg_table *table;
    kmseg_status status = build(ctx, *(const int64_t *)argument, &table);
    cr_assert_eq(table == NULL, status != KMSEG_OK);
    kmseg_table_free(table);
    return status;
}

Test(builder, every_allocation_may_fail)
{
    int64_t n_rows[] = {0, 30, KM_BUILDER_BLOCK + 21};
    for (int i = 0; i < 3; i++) {
        fails_cleanly(build_and_free, &n_rows[i]);
    }
}

/* Room is made a few rows at a time; an id beyond 2^53 comes when there are some. */
static kmseg_status grow(kmseg_context *ctx, void *argument) {
    static const int64_t steps[] = {
        1, 2, 256, 257, 300, 5000, KM_BUILDER_BLOCK, KM_BUILDER_BLOCK + 1};
    kmseg_table **out = argument;
    kmseg_table *table = NULL;
    km_builder b;
    int64_t row = 0;
    kmseg_status status = km_builder_init(ctx, N_COLUMNS, &b);
    if (status == KMSEG_OK) {
        status = add_columns(&b);
    }
    for (size_t s = 0; s < sizeof steps / sizeof *steps && status == KMSEG_OK; s++) {
        status = km_builder_reserve(&b, steps[s]);
        for (; row < steps[s] && status == KMSEG_OK; row += row < 300 ? 1 : 97) {
            status = km_builder_number(&b, NUMBER, row, (double)row / 4);
            if (status == KMSEG_OK) {
                status = km_builder_integer(&b, ID, row, row == 280 ? BEYOND + 1 : row);
            }
            if (status == KMSEG_OK && row % 2 == 0) {
                status = km_builder_text(&b, TEXT, row, "even", 4);
            }
        }
    }
    if (status == KMSEG_OK) {
        status = km_builder_finish(&b, KM_BUILDER_BLOCK + 1, &table);
    }
    km_builder_free(&b);
    if (out != NULL) {
        *out = table;
    } else {
        kmseg_table_free(table);
    }
    return status;
}

Test(builder, room_that_is_made_bit_by_bit_keeps_what_was_there)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table;
    OK(ctx, grow(ctx, &table));
    const kmseg_column *numbers = kmseg_table_column(table, NUMBER);
    int64_t n_there = 0;
    for (int64_t r = 0; r <= KM_BUILDER_BLOCK; r++) {
        int there = r < 300 || (r - 300) % 97 == 0;
        char id[24];
        snprintf(id, sizeof id, "%lld", r == 280 ? (1LL << 53) + 1 : (long long)r);
        n_there += there;
        cr_assert(there ? numbers->numbers[r] == (double)r / 4 : isnan(numbers->numbers[r]));
        cr_assert(there ? strcmp(text_at(table, ID, r), id) == 0 : text_at(table, ID, r) == NULL);
        cr_assert_eq(text_at(table, TEXT, r) != NULL, there && r % 2 == 0);
        cr_assert_eq(kmseg_table_column(table, TIME)->times[r], KMSEG_TIME_MISSING);
    }
    cr_assert_eq(numbers->n_missing, KM_BUILDER_BLOCK + 1 - n_there);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
    fails_cleanly(grow, NULL);
}
