/* Columns that are read, and columns that are added. */
#include "base/text.h"
#include "data/id_names.h"
#include "value/value.h"

#include <math.h>
#include <string.h>

#define OFFSET(field) offsetof(kmseg_value_columns, field)

static const kmseg_option rows[] = {
    {.name = "id_column",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(id),
     .metavar = "COLUMN",
     .help = "column of a customer table that names the customer; found by its usual names"},
    {.name = "recency_column",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(recency),
     .default_text = "recency",
     .metavar = "COLUMN",
     .help = "column of a customer table with the days since the last order"},
    {.name = "frequency_column",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(frequency),
     .default_text = "frequency",
     .metavar = "COLUMN",
     .help = "column of a customer table with the number of orders"},
    {.name = "monetary_column",
     .type = KMSEG_OPTION_TEXT,
     .offset = OFFSET(monetary),
     .default_text = "monetary",
     .metavar = "COLUMN",
     .help = "column of a customer table with the spend in all"},
};

static const kmseg_option_table table_of_columns = {
    .name = "columns",
    .struct_size = sizeof(kmseg_value_columns),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_value_columns_option_table(void) { return &table_of_columns; }

void kmseg_value_columns_init(kmseg_value_columns *columns) {
    kmseg_options_init(&table_of_columns, columns);
}

kmseg_status km_number_column(kmseg_context *ctx, const kmseg_table *table, const char *name,
                              const double **out) {
    *out = NULL;
    int32_t i = name != NULL ? kmseg_table_find(table, name) : -1;
    if (i < 0) {
        return km_table_fail_no_column(ctx, table, name != NULL ? name : "without a name");
    }
    const kmseg_column *column = kmseg_table_column(table, i);
    if (column->type != KMSEG_COLUMN_NUMBER) {
        return km_fail(ctx, KMSEG_E_DATA, "column %s holds %s; it needs to hold numbers", name,
                       column->type == KMSEG_COLUMN_TEXT ? "text" : "times");
    }
    *out = column->numbers;
    return KMSEG_OK;
}

const double *km_number_column_or_null(const kmseg_table *table, const char *name) {
    int32_t i = name != NULL ? kmseg_table_find(table, name) : -1;
    const kmseg_column *column = i >= 0 ? kmseg_table_column(table, i) : NULL;
    return column != NULL && column->type == KMSEG_COLUMN_NUMBER ? column->numbers : NULL;
}

kmseg_status km_id_column(kmseg_context *ctx, const kmseg_table *table, const char *name,
                          int32_t *out) {
    *out = name != NULL ? kmseg_table_find(table, name) : km_id_by_name(table);
    return *out >= 0 || name == NULL ? KMSEG_OK : km_table_fail_no_column(ctx, table, name);
}

kmseg_status km_name_is_free(kmseg_context *ctx, const kmseg_table *table, const char *name) {
    return kmseg_table_find(table, name) < 0
               ? KMSEG_OK
               : km_fail(ctx, KMSEG_E_ARGUMENT,
                         "the table has a column %s already; begin from a table without it", name);
}

static kmseg_status describe_last(kmseg_context *ctx, kmseg_table *table, const char *unit) {
    return kmseg_table_describe(ctx, table, kmseg_table_n_columns(table) - 1, KMSEG_ROLE_DESCRIBE,
                                unit);
}

kmseg_status km_add_numbers(kmseg_context *ctx, kmseg_table *table, const char *name,
                            const double *values, const char *unit) {
    KM_TRY(kmseg_table_add_numbers(ctx, table, name, values));
    return describe_last(ctx, table, unit);
}

/* Levels are the names that a row has, in order of first appearance. */
static int32_t renumber(const int32_t *codes, int64_t n, const char *const *names, int32_t n_names,
                        int32_t *level_of, const char **levels, int32_t *out) {
    int32_t n_levels = 0;
    for (int32_t i = 0; i < n_names; i++) {
        level_of[i] = -1;
    }
    for (int64_t r = 0; r < n; r++) {
        if (codes[r] >= 0 && level_of[codes[r]] < 0) {
            levels[n_levels] = names[codes[r]];
            level_of[codes[r]] = n_levels++;
        }
        out[r] = codes[r] >= 0 ? level_of[codes[r]] : -1;
    }
    return n_levels;
}

kmseg_status km_add_classes(kmseg_context *ctx, kmseg_table *table, const char *name,
                            const int32_t *codes, int32_t n_names, const char *const *names) {
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    int64_t n = kmseg_table_n_rows(table);
    int32_t *level_of = km_arena_array(&scratch, n_names, sizeof *level_of);
    const char **levels = km_arena_array(&scratch, n_names, sizeof *levels);
    int32_t *renumbered = km_arena_array(&scratch, n, sizeof *renumbered);
    kmseg_status status = KMSEG_OK;
    if (level_of == NULL || levels == NULL || renumbered == NULL) {
        status = km_fail_memory(ctx, "a column of classes");
    } else {
        int32_t n_levels = renumber(codes, n, names, n_names, level_of, levels, renumbered);
        status = kmseg_table_add_codes(ctx, table, name, renumbered, n_levels, levels);
    }
    km_arena_free(&scratch);
    return status == KMSEG_OK ? describe_last(ctx, table, NULL) : status;
}

kmseg_status km_read_numbers(kmseg_context *ctx, const char *what, const char *list, int32_t most,
                             double *out, int32_t *out_n) {
    *out_n = 0;
    for (const char *at = list;; at++) {
        char text[64];
        at += strspn(at, " ");
        size_t length = strcspn(at, ",");
        const char *end = at + length;
        while (length > 0 && at[length - 1] == ' ') {
            length--;
        }
        double value;
        memcpy(text, at, length < sizeof text ? length : 0);
        text[length < sizeof text ? length : 0] = '\0';
        if (!km_parse_double(text, &value) || !isfinite(value)) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "%s is \"%s\"; it needs to be numbers with commas between them, such as "
                           "10,20",
                           what, list);
        }
        if (*out_n == most) {
            return km_fail(ctx, KMSEG_E_ARGUMENT, "%s is \"%s\"; it needs to be at most %d numbers",
                           what, list, most);
        }
        if (*out_n > 0 && !(value > out[*out_n - 1])) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "%s is \"%s\"; each number needs to be larger than the one before", what,
                           list);
        }
        out[(*out_n)++] = value;
        at = end;
        if (*at == '\0') {
            return KMSEG_OK;
        }
    }
}
