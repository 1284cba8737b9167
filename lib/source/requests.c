/* What a reader of files without types of their own choosing is asked for: columns, and their types. */
#include "source/requests.h"

#include "base/text.h"
#include "data/table.h"
#include "source/csv_number.h"

#include <math.h>
#include <string.h>

kmseg_status km_requests_check(kmseg_context *ctx, const kmseg_table *table,
                               const kmseg_csv_options *options) {
    for (int32_t i = 0; i < options->n_select + options->n_requests; i++) {
        const char *name = i < options->n_select ? options->select[i]
                                                 : options->requests[i - options->n_select].name;
        if (kmseg_table_find(table, name) < 0) {
            return km_table_fail_no_column(ctx, table, name);
        }
    }
    return KMSEG_OK;
}

/* The columns that were selected, in the order of the file. */
static kmseg_status select_columns(kmseg_context *ctx, kmseg_table *table,
                                   const kmseg_csv_options *options) {
    KM_TRY(km_requests_check(ctx, table, options));
    if (options->n_select == 0) {
        return KMSEG_OK;
    }
    int32_t n = 0;
    for (int32_t i = 0; i < table->n_columns; i++) {
        int wanted = 0;
        for (int32_t j = 0; j < options->n_select; j++) {
            wanted |= strcmp(table->columns[i].name, options->select[j]) == 0;
        }
        if (wanted) {
            table->columns[n++] = table->columns[i];
        }
    }
    table->n_columns = n;
    return KMSEG_OK;
}

/* A level of a text column as a number or a time; 1 on success. */
static int parse_level(const char *text, kmseg_column_type type, double *number, int64_t *time) {
    *number = (double)NAN;
    *time = KMSEG_TIME_MISSING;
    km_number_kind kind = km_number_read(text, strlen(text), number);
    if (kind == KM_NUMBER_EMPTY || kind == KM_NUMBER_WORD) {
        return 1;
    }
    if (type == KMSEG_COLUMN_NUMBER) {
        return kind == KM_NUMBER_FINITE || kind == KM_NUMBER_NAME;
    }
    km_date_form form = km_time_read(text, strlen(text), 0, time);
    return form == KM_DATE_PLAIN;
}

/* Puts numbers or times in the place of the texts of a column. */
static kmseg_status parse_texts(kmseg_context *ctx, kmseg_table *table, kmseg_column *column,
                                kmseg_column_type type, int lenient) {
    double *numbers = km_arena_array(&table->arena, table->n_rows, sizeof *numbers);
    int64_t *times = km_arena_array(&table->arena, table->n_rows, sizeof *times);
    if (numbers == NULL || times == NULL) {
        return km_fail_memory(ctx, "a column");
    }
    for (int64_t r = 0; r < table->n_rows; r++) {
        const char *text = column->codes[r] >= 0 ? column->levels[column->codes[r]] : "";
        if (!parse_level(text, type, &numbers[r], &times[r]) && !lenient) {
            return km_fail(ctx, KMSEG_E_FORMAT, "row %lld, column %s: \"%.40s\" is not a %s",
                           (long long)r + 1, column->name, text,
                           type == KMSEG_COLUMN_NUMBER ? "number" : "date like 2011-12-09");
        }
    }
    column->type = type;
    column->codes = NULL;
    column->levels = NULL;
    column->n_levels = 0;
    column->numbers = type == KMSEG_COLUMN_NUMBER ? numbers : NULL;
    column->times = type == KMSEG_COLUMN_TIME ? times : NULL;
    km_table_count_missing(table, (int32_t)(column - table->columns));
    return KMSEG_OK;
}

/* Puts texts in the place of the numbers or times of a column. */
static kmseg_status format_texts(kmseg_context *ctx, kmseg_table *table, kmseg_column *column) {
    const char **texts = km_arena_array(&table->arena, table->n_rows, sizeof *texts);
    if (texts == NULL) {
        return km_fail_memory(ctx, "a column");
    }
    int is_time = column->type == KMSEG_COLUMN_TIME;
    for (int64_t r = 0; r < table->n_rows; r++) {
        if (is_time ? column->times[r] == KMSEG_TIME_MISSING : isnan(column->numbers[r])) {
            continue;
        }
        char text[40];
        if (is_time) {
            kmseg_time_format(column->times[r], text, sizeof text);
        } else {
            km_format_double(column->numbers[r], text, sizeof text);
        }
        texts[r] = km_arena_text(&table->arena, text);
        if (texts[r] == NULL) {
            return km_fail_memory(ctx, "a column");
        }
    }
    /* Added as a column of its own under another name, then moved into the old one's place. */
    int32_t at = (int32_t)(column - table->columns);
    char *name = km_arena_format(&table->arena, "%s as text", column->name);
    if (name == NULL) {
        return km_fail_memory(ctx, "a column");
    }
    KM_TRY(kmseg_table_add_texts(ctx, table, name, texts));
    kmseg_column added = table->columns[--table->n_columns];
    added.name = table->columns[at].name;
    added.unit = table->columns[at].unit;
    added.role = table->columns[at].role;
    table->columns[at] = added;
    return KMSEG_OK;
}

static kmseg_status apply_types(kmseg_context *ctx, kmseg_table *table,
                                const kmseg_csv_options *options) {
    for (int32_t i = 0; i < options->n_requests; i++) {
        const kmseg_column_request *request = &options->requests[i];
        int32_t at = kmseg_table_find(table, request->name);
        if (at < 0) {
            return km_table_fail_no_column(ctx, table, request->name);
        }
        kmseg_column *column = &table->columns[at];
        if (column->type == request->type) {
            continue;
        }
        if (request->type == KMSEG_COLUMN_TEXT) {
            KM_TRY(format_texts(ctx, table, column));
        } else if (column->type == KMSEG_COLUMN_TEXT) {
            KM_TRY(parse_texts(ctx, table, column, request->type, options->lenient));
        } else {
            return km_fail(ctx, KMSEG_E_FORMAT, "column %s has %s; it needs to have %s",
                           column->name, column->type == KMSEG_COLUMN_NUMBER ? "numbers" : "times",
                           request->type == KMSEG_COLUMN_NUMBER ? "numbers" : "times");
        }
    }
    return KMSEG_OK;
}

kmseg_status km_requests_apply(kmseg_context *ctx, kmseg_table *table,
                               const kmseg_csv_options *options) {
    KM_TRY(apply_types(ctx, table, options));
    return select_columns(ctx, table, options);
}
