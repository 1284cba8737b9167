#include "data/table.h"

#include "base/text.h"
#include "data/dictionary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

kmseg_status kmseg_table_new(kmseg_context *ctx, int64_t n_rows, kmseg_table **out) {
    *out = NULL;
    if (n_rows < 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "n_rows is %lld; it needs to be at least 0",
                       (long long)n_rows);
    }
    kmseg_table *table = km_allocate(&ctx->allocator, sizeof *table);
    if (table == NULL) {
        return km_fail_memory(ctx, "a table");
    }
    memset(table, 0, sizeof *table);
    km_arena_init(&table->arena, &ctx->allocator);
    table->n_rows = n_rows;
    *out = table;
    return KMSEG_OK;
}

void kmseg_table_free(kmseg_table *table) {
    if (table != NULL) {
        kmseg_allocator allocator = table->arena.allocator;
        km_arena_free(&table->arena);
        km_release(&allocator, table);
    }
}

int64_t kmseg_table_n_rows(const kmseg_table *table) { return table->n_rows; }

int32_t kmseg_table_n_columns(const kmseg_table *table) { return table->n_columns; }

const kmseg_column *kmseg_table_column(const kmseg_table *table, int32_t i) {
    return i >= 0 && i < table->n_columns ? &table->columns[i] : NULL;
}

const char *kmseg_table_params(const kmseg_table *table) { return table->params; }

int32_t kmseg_table_find(const kmseg_table *table, const char *name) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static kmseg_status grow(kmseg_context *ctx, kmseg_table *table) {
    if (table->n_columns < table->capacity) {
        return KMSEG_OK;
    }
    int32_t capacity = table->capacity > 0 ? 2 * table->capacity : 16;
    kmseg_column *columns = km_arena_array(&table->arena, capacity, sizeof *columns);
    if (columns == NULL) {
        return km_fail_memory(ctx, "the columns of a table");
    }
    if (table->n_columns > 0) {
        memcpy(columns, table->columns, (size_t)table->n_columns * sizeof *columns);
    }
    table->columns = columns; /* the old array stays in the arena */
    table->capacity = capacity;
    return KMSEG_OK;
}

static kmseg_status add_column(kmseg_context *ctx, kmseg_table *table, const char *name,
                               kmseg_column_type type, size_t value_size, void **out) {
    *out = NULL;
    if (name == NULL || name[0] == '\0') {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "column %d has no name", table->n_columns + 1);
    }
    if (kmseg_table_find(table, name) >= 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "two columns are named %s", name);
    }
    KM_TRY(grow(ctx, table));
    char *copy = km_arena_text(&table->arena, name);
    size_t bytes;
    void *values = NULL;
    if (!__builtin_mul_overflow((size_t)table->n_rows, value_size, &bytes)) {
        values = km_arena_take(&table->arena, bytes);
    }
    if (copy == NULL || values == NULL) {
        return km_fail_memory(ctx, "a column");
    }
    kmseg_column *column = &table->columns[table->n_columns++];
    memset(column, 0, sizeof *column);
    column->name = copy;
    column->unit = "";
    column->type = type;
    column->n_rows = table->n_rows;
    *out = values;
    return KMSEG_OK;
}

kmseg_status km_table_add_number_column(kmseg_context *ctx, kmseg_table *table, const char *name,
                                        double **out) {
    void *values;
    KM_TRY(add_column(ctx, table, name, KMSEG_COLUMN_NUMBER, sizeof(double), &values));
    *out = values;
    table->columns[table->n_columns - 1].numbers = values;
    return KMSEG_OK;
}

kmseg_status km_table_add_time_column(kmseg_context *ctx, kmseg_table *table, const char *name,
                                      int64_t **out) {
    void *values;
    KM_TRY(add_column(ctx, table, name, KMSEG_COLUMN_TIME, sizeof(int64_t), &values));
    *out = values;
    table->columns[table->n_columns - 1].times = values;
    return KMSEG_OK;
}

kmseg_status km_table_add_code_column(kmseg_context *ctx, kmseg_table *table, const char *name,
                                      int32_t **out) {
    void *values;
    KM_TRY(add_column(ctx, table, name, KMSEG_COLUMN_TEXT, sizeof(int32_t), &values));
    *out = values;
    table->columns[table->n_columns - 1].codes = values;
    return KMSEG_OK;
}

kmseg_status km_table_set_levels(kmseg_context *ctx, kmseg_table *table, int32_t column,
                                 int32_t n_levels, const char *const *levels) {
    const char **copy = km_arena_copy(&table->arena, levels, n_levels, sizeof *copy);
    if (copy == NULL) {
        return km_fail_memory(ctx, "the levels of a column");
    }
    table->columns[column].n_levels = n_levels;
    table->columns[column].levels = copy;
    return KMSEG_OK;
}

void km_table_forget(kmseg_table *table, int32_t column) {
    kmseg_column *at = &table->columns[column];
    km_arena_give(&table->arena, at->numbers);
    km_arena_give(&table->arena, at->times);
    km_arena_give(&table->arena, at->codes);
    at->numbers = NULL;
    at->times = NULL;
    at->codes = NULL;
}

void km_table_count_missing(kmseg_table *table, int32_t i) {
    kmseg_column *column = &table->columns[i];
    int64_t missing = 0;
    for (int64_t r = 0; r < column->n_rows; r++) {
        switch (column->type) {
        case KMSEG_COLUMN_NUMBER: missing += isnan(column->numbers[r]) ? 1 : 0; break;
        case KMSEG_COLUMN_TIME: missing += column->times[r] == KMSEG_TIME_MISSING; break;
        case KMSEG_COLUMN_TEXT: missing += column->codes[r] < 0; break;
        }
    }
    column->n_missing = missing;
}

kmseg_status kmseg_table_add_numbers(kmseg_context *ctx, kmseg_table *table, const char *name,
                                     const double *values) {
    double *to;
    KM_TRY(km_table_add_number_column(ctx, table, name, &to));
    if (table->n_rows > 0) {
        memcpy(to, values, (size_t)table->n_rows * sizeof *to);
    }
    km_table_count_missing(table, table->n_columns - 1);
    return KMSEG_OK;
}

kmseg_status kmseg_table_add_times(kmseg_context *ctx, kmseg_table *table, const char *name,
                                   const int64_t *values) {
    int64_t *to;
    KM_TRY(km_table_add_time_column(ctx, table, name, &to));
    if (table->n_rows > 0) {
        memcpy(to, values, (size_t)table->n_rows * sizeof *to);
    }
    km_table_count_missing(table, table->n_columns - 1);
    return KMSEG_OK;
}

/* Takes back the column that was added last; its memory stays in the arena. */
static kmseg_status drop_last(kmseg_table *table, kmseg_status status) {
    table->n_columns--;
    return status;
}

kmseg_status kmseg_table_add_texts(kmseg_context *ctx, kmseg_table *table, const char *name,
                                   const char *const *values) {
    int32_t *codes;
    KM_TRY(km_table_add_code_column(ctx, table, name, &codes));
    km_dictionary dictionary;
    if (!km_dictionary_init(&dictionary, &table->arena, &ctx->allocator)) {
        return drop_last(table, km_fail_memory(ctx, "a text column"));
    }
    kmseg_status status = KMSEG_OK;
    for (int64_t r = 0; r < table->n_rows && status == KMSEG_OK; r++) {
        codes[r] = -1;
        if (values[r] != NULL) {
            codes[r] = km_dictionary_add(&dictionary, values[r], strlen(values[r]));
            if (codes[r] < 0) {
                status = km_fail_memory(ctx, "a text column");
            }
        }
    }
    if (status == KMSEG_OK) {
        status =
            km_table_set_levels(ctx, table, table->n_columns - 1, dictionary.n, dictionary.texts);
    }
    km_dictionary_free(&dictionary);
    if (status != KMSEG_OK) {
        return drop_last(table, status);
    }
    km_table_count_missing(table, table->n_columns - 1);
    return KMSEG_OK;
}

kmseg_status kmseg_table_add_codes(kmseg_context *ctx, kmseg_table *table, const char *name,
                                   const int32_t *codes, int32_t n_levels,
                                   const char *const *levels) {
    for (int64_t r = 0; r < table->n_rows; r++) {
        if (codes[r] < -1 || codes[r] >= n_levels) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "code %d in row %lld of column %s; it needs to be between -1 and %d",
                           codes[r], (long long)r, name, n_levels - 1);
        }
    }
    int32_t *to;
    KM_TRY(km_table_add_code_column(ctx, table, name, &to));
    if (table->n_rows > 0) {
        memcpy(to, codes, (size_t)table->n_rows * sizeof *to);
    }
    const char **copies = km_arena_array(&table->arena, n_levels, sizeof *copies);
    for (int32_t i = 0; copies != NULL && i < n_levels; i++) {
        copies[i] = km_arena_text(&table->arena, levels[i]);
        copies = copies[i] != NULL ? copies : NULL;
    }
    if (copies == NULL) {
        return drop_last(table, km_fail_memory(ctx, "the levels of a column"));
    }
    table->columns[table->n_columns - 1].n_levels = n_levels;
    table->columns[table->n_columns - 1].levels = copies;
    km_table_count_missing(table, table->n_columns - 1);
    return KMSEG_OK;
}

kmseg_status kmseg_table_describe(kmseg_context *ctx, kmseg_table *table, int32_t column,
                                  kmseg_column_role role, const char *unit) {
    if (column < 0 || column >= table->n_columns) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "column %d of a table of %d columns", column,
                       table->n_columns);
    }
    table->columns[column].role = role;
    if (unit != NULL) {
        char *copy = km_arena_text(&table->arena, unit);
        if (copy == NULL) {
            return km_fail_memory(ctx, "a unit");
        }
        table->columns[column].unit = copy;
    }
    return KMSEG_OK;
}

static kmseg_status take_column(kmseg_context *ctx, const kmseg_column *from, const int64_t *rows,
                                kmseg_table *to) {
    double *numbers = NULL;
    int64_t *times = NULL;
    int32_t *codes = NULL;
    switch (from->type) {
    case KMSEG_COLUMN_NUMBER:
        KM_TRY(km_table_add_number_column(ctx, to, from->name, &numbers));
        for (int64_t r = 0; r < to->n_rows; r++) {
            numbers[r] = rows[r] >= 0 ? from->numbers[rows[r]] : NAN;
        }
        break;
    case KMSEG_COLUMN_TIME:
        KM_TRY(km_table_add_time_column(ctx, to, from->name, &times));
        for (int64_t r = 0; r < to->n_rows; r++) {
            times[r] = rows[r] >= 0 ? from->times[rows[r]] : KMSEG_TIME_MISSING;
        }
        break;
    case KMSEG_COLUMN_TEXT:
        KM_TRY(km_table_add_code_column(ctx, to, from->name, &codes));
        for (int64_t r = 0; r < to->n_rows; r++) {
            codes[r] = rows[r] >= 0 ? from->codes[rows[r]] : -1;
        }
        const char **levels = km_arena_array(&to->arena, from->n_levels, sizeof *levels);
        for (int32_t i = 0; levels != NULL && i < from->n_levels; i++) {
            levels[i] = km_arena_text(&to->arena, from->levels[i]);
            levels = levels[i] != NULL ? levels : NULL;
        }
        if (levels == NULL) {
            return km_fail_memory(ctx, "the levels of a column");
        }
        to->columns[to->n_columns - 1].n_levels = from->n_levels;
        to->columns[to->n_columns - 1].levels = levels;
        break;
    }
    km_table_count_missing(to, to->n_columns - 1);
    return kmseg_table_describe(ctx, to, to->n_columns - 1, from->role, from->unit);
}

kmseg_status km_table_take_rows(kmseg_context *ctx, const kmseg_table *table, const int64_t *rows,
                                int64_t n_rows, kmseg_table **out) {
    *out = NULL;
    kmseg_table *to;
    KM_TRY(kmseg_table_new(ctx, n_rows, &to));
    for (int32_t i = 0; i < table->n_columns; i++) {
        kmseg_status status = take_column(ctx, &table->columns[i], rows, to);
        if (status != KMSEG_OK) {
            kmseg_table_free(to);
            return status;
        }
    }
    *out = to;
    return KMSEG_OK;
}

void km_table_names(const kmseg_table *table, char *out, size_t capacity) {
    size_t used = 0;
    out[0] = '\0';
    for (int32_t i = 0; i < table->n_columns; i++) {
        const char *name = table->columns[i].name;
        if (used + strlen(name) + 6 > capacity) {
            snprintf(out + used, capacity - used, "...");
            return;
        }
        used += (size_t)snprintf(out + used, capacity - used, "%s%s", i > 0 ? ", " : "", name);
    }
}

kmseg_status km_table_fail_no_column(kmseg_context *ctx, const kmseg_table *table,
                                     const char *name) {
    char names[600];
    km_table_names(table, names, sizeof names);
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (km_similar_name(table->columns[i].name, name)) {
            return km_fail(ctx, KMSEG_E_NOT_FOUND,
                           "no column %s; did you mean %s? The columns are %s", name,
                           table->columns[i].name, names);
        }
    }
    return km_fail(ctx, KMSEG_E_NOT_FOUND, "no column %s; the columns are %s", name, names);
}

kmseg_status kmseg_table_take(kmseg_context *ctx, const kmseg_table *table, const int64_t *rows,
                              int64_t n_rows, kmseg_table **out) {
    *out = NULL;
    for (int64_t i = 0; i < n_rows; i++) {
        if (rows[i] < 0 || rows[i] >= table->n_rows) {
            return km_fail(ctx, KMSEG_E_ARGUMENT, "row %lld is not among the %lld of the table",
                           (long long)rows[i], (long long)table->n_rows);
        }
    }
    return km_table_take_rows(ctx, table, rows, n_rows, out);
}
