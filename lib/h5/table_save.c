/* Tables in files of ours; docs/file-format.md describes the layout. */
#include "data/table.h"
#include "h5/dataset.h"
#include "h5/table_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *km_h5_column_type_name(kmseg_column_type type) {
    switch (type) {
    case KMSEG_COLUMN_NUMBER: return "number";
    case KMSEG_COLUMN_TEXT: return "text";
    case KMSEG_COLUMN_TIME: return "time";
    }
    return "unknown";
}

const char *km_h5_column_role_name(kmseg_column_role role) {
    switch (role) {
    case KMSEG_ROLE_UNKNOWN: return "unknown";
    case KMSEG_ROLE_ID: return "id";
    case KMSEG_ROLE_FEATURE: return "feature";
    case KMSEG_ROLE_DESCRIBE: return "describe";
    }
    return "unknown";
}

/* A column's name is that of its dataset where every tool can say it; else column_7, which no other
 * column can be called. The true name is an attribute. */
static void dataset_name(const char *name, int32_t position, char *out, size_t capacity) {
    int plain = strlen(name) <= 64 && name[0] != '.' && strncmp(name, "column_", 7) != 0;
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        plain = plain && *c > 0x20 && *c < 0x7f && *c != '/';
    }
    if (plain) {
        snprintf(out, capacity, "%s", name);
    } else {
        snprintf(out, capacity, "column_%d", position + 1);
    }
}

static kmseg_status check_finite(kmseg_context *ctx, const kmseg_column *column, const char *path) {
    for (int64_t r = 0; column->numbers != NULL && r < column->n_rows; r++) {
        if (isinf(column->numbers[r])) {
            return km_fail(ctx, KMSEG_E_DATA,
                           "cannot write %s: column %s is infinite in row %lld; it needs to be "
                           "finite or missing",
                           path, column->name, (long long)r + 1);
        }
    }
    return KMSEG_OK;
}

static void put_column(km_h5_file *file, const kmseg_column *column, int32_t position) {
    char name[80], path[128];
    dataset_name(column->name, position, name, sizeof name);
    snprintf(path, sizeof path, "/columns/%s", name);
    switch (column->type) {
    case KMSEG_COLUMN_NUMBER:
        km_h5_put(file, path, KM_H5_FLOAT64, KM_H5_PLAIN, column->n_rows, 0, column->numbers);
        break;
    case KMSEG_COLUMN_TIME:
        km_h5_put(file, path, KM_H5_INT64, KM_H5_PLAIN, column->n_rows, 0, column->times);
        km_h5_put_text(file, path, "epoch", "seconds since 1970-01-01 00:00:00");
        km_h5_put_int(file, path, "missing", KMSEG_TIME_MISSING);
        break;
    case KMSEG_COLUMN_TEXT:
        km_h5_put(file, path, KM_H5_INT32, KM_H5_PLAIN, column->n_rows, 0, column->codes);
        km_h5_put_int(file, path, "missing", -1);
        break;
    }
    km_h5_put_text(file, path, "name", column->name);
    km_h5_put_text(file, path, "type", km_h5_column_type_name(column->type));
    km_h5_put_text(file, path, "role", km_h5_column_role_name(column->role));
    km_h5_put_text(file, path, "unit", column->unit);
    km_h5_put_int(file, path, "position", position);
    if (column->type == KMSEG_COLUMN_TEXT) {
        snprintf(path, sizeof path, "/levels/%s", name);
        km_h5_put_texts(file, path, column->n_levels, column->levels);
    }
}

static int64_t table_bytes(const kmseg_table *table) {
    int64_t bytes = 0;
    for (int32_t i = 0; i < table->n_columns; i++) {
        bytes += table->n_rows * (table->columns[i].type == KMSEG_COLUMN_TEXT ? 4 : 8);
    }
    return bytes;
}

kmseg_status kmseg_table_save(kmseg_context *ctx, const kmseg_table *table,
                              const char *attributes_json, const char *path) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        KM_TRY(check_finite(ctx, &table->columns[i], path));
    }
    km_h5_file file;
    KM_TRY(km_h5_create(ctx, path, "kmseg-table", &file));
    km_progress_begin(ctx, "write", table_bytes(table));
    km_h5_put_int(&file, "/", "n_rows", table->n_rows);
    km_h5_put_int(&file, "/", "n_columns", table->n_columns);
    if (attributes_json != NULL) {
        km_h5_put_long_text(&file, "/params", attributes_json);
    }
    km_h5_put_group(&file, "/columns");
    km_h5_put_group(&file, "/levels");
    for (int32_t i = 0; i < table->n_columns; i++) {
        put_column(&file, &table->columns[i], i);
    }
    kmseg_status status = km_h5_commit(&file, KMSEG_OK);
    km_progress_end(ctx);
    return status;
}
