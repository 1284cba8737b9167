/* Tables from files of any known format, told by content. */
#include "base/text.h"
#include "data/table.h"
#include "h5/table.h"
#include "source/csv.h"
#include "source/csv_number.h"

#include <math.h>
#include <string.h>

/* The columns of an HDF5 table that were selected, in the order of the file. */
static kmseg_status select_columns(kmseg_context *ctx, kmseg_table *table,
                                   const kmseg_csv_options *options) {
    if (options->n_select == 0) {
        return KMSEG_OK;
    }
    for (int32_t i = 0; i < options->n_select; i++) {
        if (kmseg_table_find(table, options->select[i]) < 0) {
            return km_table_fail_no_column(ctx, table, options->select[i]);
        }
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

static kmseg_status apply_requests(kmseg_context *ctx, kmseg_table *table,
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

static kmseg_status read_hdf5(kmseg_context *ctx, const char *path,
                              const kmseg_csv_options *options, kmseg_table **out) {
    /* Requests are about columns that may not be selected, so then all are read. */
    int32_t n_select = options != NULL && options->n_requests == 0 ? options->n_select : 0;
    KM_TRY(km_h5_table_load(ctx, path, n_select, n_select > 0 ? options->select : NULL, 1, out));
    if (options == NULL) {
        return KMSEG_OK;
    }
    kmseg_status status = apply_requests(ctx, *out, options);
    if (status == KMSEG_OK) {
        status = select_columns(ctx, *out, options);
    }
    if (status != KMSEG_OK) {
        kmseg_table_free(*out);
        *out = NULL;
        return km_fail_prefix(ctx, status, "%s", path);
    }
    return KMSEG_OK;
}

kmseg_status kmseg_source_read(kmseg_context *ctx, const char *path,
                               const kmseg_csv_options *options, kmseg_table **out) {
    *out = NULL;
    km_input input;
    KM_TRY(km_input_open(ctx, path, 0, &input));
    kmseg_status status = km_input_is_hdf5(&input)
                              ? read_hdf5(ctx, path, options, out)
                              : km_csv_read_input(ctx, path, &input, options, 0, out, NULL);
    km_input_close(&input);
    return status;
}

kmseg_status kmseg_source_lines(kmseg_context *ctx, const char *path,
                                const kmseg_csv_options *options, const int64_t *rows,
                                int64_t n_rows, int64_t *out_lines) {
    km_input input;
    KM_TRY(km_input_open(ctx, path, 0, &input));
    kmseg_status status = KMSEG_OK;
    if (km_input_is_hdf5(&input)) {
        for (int64_t i = 0; i < n_rows; i++) {
            out_lines[i] = rows[i] + 1;
        }
    } else {
        status = km_csv_lines(ctx, path, &input, options, rows, n_rows, out_lines);
    }
    km_input_close(&input);
    return status;
}

/* The names, types and descriptions of an HDF5 table, without its rows. */
static kmseg_status hdf5_columns(kmseg_context *ctx, const char *path, kmseg_table **out) {
    return km_h5_table_load(ctx, path, 0, NULL, 0, out);
}

kmseg_status kmseg_source_columns(kmseg_context *ctx, const char *path,
                                  const kmseg_csv_options *options, kmseg_table **out) {
    *out = NULL;
    int64_t bytes = 256 * 1024; /* of a compressed file, which the header seldom exceeds */
    for (int whole = 0;; bytes = 0) {
        km_input input;
        KM_TRY(km_input_open(ctx, path, bytes, &input));
        kmseg_status status;
        if (km_input_is_hdf5(&input)) {
            status = hdf5_columns(ctx, path, out);
            whole = 1;
        } else {
            status = km_csv_columns(ctx, path, &input, options, out, &whole);
        }
        int cut = input.cut;
        km_input_close(&input);
        if (whole || !cut) {
            return status;
        }
        kmseg_table_free(*out);
        *out = NULL;
    }
}
