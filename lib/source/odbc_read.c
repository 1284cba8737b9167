/* From the result of a database's query to a table, a block of rows at a time. */
#include "source/builder.h"
#include "source/csv_number.h"
#include "source/odbc.h"
#include "source/requests.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct timestamp {
    int16_t year;
    uint16_t month, day, hour, minute, second;
    uint32_t fraction;
} timestamp;

enum { NUMBER_ROOM = 64, MOST_UNITS = 1 << 20, BLOCK_BYTES = 8 << 20, MOST_ROWS = 2048 };

typedef struct odbc_column {
    uint16_t position; /* from 1 */
    int16_t type;      /* of SQL */
    int16_t c_type;
    int is_flag, is_whole, is_padded;
    int64_t size; /* bytes of a value in values */
    char *values;
    int64_t *lengths;
} odbc_column;

typedef struct odbc_reader {
    km_odbc_connection c;
    const kmseg_csv_options *options;
    km_arena arena;
    km_builder builder;
    kmseg_table *names; /* of all columns, without rows */
    odbc_column *columns;
    char *text; /* a cell as UTF-8 */
    int64_t n_rows, rows_of_block;
    uint64_t n_fetched;
    int64_t units, needed; /* of UTF-16 that a text has room for, or turned out to need */
} odbc_reader;

static int is_wanted(const kmseg_csv_options *options, const char *name) {
    for (int32_t i = 0; options != NULL && i < options->n_select; i++) {
        if (strcmp(options->select[i], name) == 0) {
            return 1;
        }
    }
    for (int32_t i = 0; options != NULL && i < options->n_requests; i++) {
        if (strcmp(options->requests[i].name, name) == 0) {
            return 1;
        }
    }
    return options == NULL || options->n_select == 0;
}

static kmseg_status fail_statement(const odbc_reader *r) {
    return km_odbc_fail(&r->c, KMSEG_E_FORMAT, KM_ODBC_STATEMENT, r->c.statement);
}

/* PostgreSQL's driver calls a boolean a text. */
static int is_boolean(const odbc_reader *r, uint16_t position) {
    km_odbc_char wide[32];
    char name[97] = "";
    int16_t bytes = 0;
    if (KM_ODBC_OK(r->c.odbc->ColAttributeW(r->c.statement, position, 14, wide, sizeof wide, &bytes,
                                            NULL)) &&
        bytes > 0 && bytes < (int16_t)sizeof wide) {
        km_odbc_narrow(wide, (size_t)bytes / 2, name);
    }
    return strcmp(name, "bool") == 0 || strcmp(name, "boolean") == 0;
}

static km_cells choose(const odbc_reader *r, odbc_column *column, int16_t digits) {
    switch (column->type) {
    case KM_SQL_INTEGER:
    case KM_SQL_SMALLINT:
    case KM_SQL_TINYINT:
    case KM_SQL_FLOAT:
    case KM_SQL_REAL:
    case KM_SQL_DOUBLE:
    case KM_SQL_BIT: column->c_type = KM_C_DOUBLE; return KM_CELLS_NUMBER;
    case KM_SQL_BIGINT: column->c_type = KM_C_BIGINT; return KM_CELLS_INTEGER;
    case KM_SQL_NUMERIC:
    case KM_SQL_DECIMAL:
        column->c_type = KM_C_CHAR;
        column->is_whole = digits == 0;
        return column->is_whole ? KM_CELLS_INTEGER : KM_CELLS_NUMBER;
    case KM_SQL_DATE:
    case KM_SQL_TIMESTAMP: column->c_type = KM_C_TIMESTAMP; return KM_CELLS_TIME;
    default: break;
    }
    column->is_flag = is_boolean(r, column->position);
    column->c_type = column->is_flag ? KM_C_CHAR : KM_C_WCHAR;
    column->is_padded = column->type == KM_SQL_CHAR || column->type == KM_SQL_WCHAR;
    return column->is_flag ? KM_CELLS_NUMBER : KM_CELLS_TEXT;
}

static kmseg_status plan_column(odbc_reader *r, uint16_t position, int with_rows) {
    km_odbc_char wide[512];
    char name[3 * 512 + 1];
    int16_t n = 0, type, digits, nullable;
    uint64_t size;
    if (!KM_ODBC_OK(r->c.odbc->DescribeColW(r->c.statement, position, wide, 512, &n, &type, &size,
                                            &digits, &nullable))) {
        return fail_statement(r);
    }
    if (km_odbc_narrow(wide, n > 0 && n < 512 ? (size_t)n : 0, name) == 0) {
        snprintf(name, sizeof name, "c%d", position);
    }
    double none = 0;
    if (kmseg_table_find(r->names, name) >= 0) {
        return km_fail(r->c.ctx, KMSEG_E_FORMAT,
                       "%s: two columns are named %s; give one another name (as ...)", r->c.what,
                       name);
    }
    KM_TRY(kmseg_table_add_numbers(r->c.ctx, r->names, name, &none));
    if (!is_wanted(r->options, name)) {
        return KMSEG_OK;
    }
    if (with_rows &&
        (type == KM_SQL_BINARY || type == KM_SQL_VARBINARY || type == KM_SQL_LONGVARBINARY)) {
        return km_fail(r->c.ctx, KMSEG_E_FORMAT,
                       "%s: column %s is binary; leave it out of the query, or make it a number or "
                       "a text",
                       r->c.what, name);
    }
    odbc_column *column = &r->columns[r->builder.n_columns];
    *column = (odbc_column){.position = position, .type = type};
    return km_builder_add(&r->builder, name, choose(r, column, digits));
}

static kmseg_status plan(odbc_reader *r, int with_rows) {
    int16_t n = 0;
    if (!KM_ODBC_OK(r->c.odbc->NumResultCols(r->c.statement, &n))) {
        return fail_statement(r);
    }
    if (n == 0) {
        return km_fail(r->c.ctx, KMSEG_E_FORMAT, "%s: it gives no rows; it needs to be a SELECT",
                       r->c.what);
    }
    r->columns = km_arena_array(&r->arena, n, sizeof *r->columns);
    if (r->columns == NULL) {
        return km_fail_memory(r->c.ctx, "the columns of a table");
    }
    KM_TRY(kmseg_table_new(r->c.ctx, 0, &r->names));
    KM_TRY(km_builder_init(r->c.ctx, n, &r->builder));
    for (int16_t i = 1; i <= n; i++) {
        KM_TRY(plan_column(r, (uint16_t)i, with_rows));
    }
    if (r->options == NULL) {
        return KMSEG_OK;
    }
    kmseg_status status = km_requests_check(r->c.ctx, r->names, r->options);
    return status == KMSEG_OK ? status : km_fail_prefix(r->c.ctx, status, "%s", r->c.what);
}

static int64_t size_of(const odbc_reader *r, const odbc_column *column) {
    switch (column->c_type) {
    case KM_C_DOUBLE:
    case KM_C_BIGINT: return 8;
    case KM_C_TIMESTAMP: return sizeof(timestamp);
    case KM_C_CHAR: return r->units > NUMBER_ROOM ? r->units : NUMBER_ROOM;
    default: return r->units * 2;
    }
}

/* Room for a block of rows, where the driver puts them. */
static kmseg_status bind(odbc_reader *r) {
    enum { ROW_ARRAY_SIZE = 27, ROWS_FETCHED = 26 };
    const km_odbc *o = r->c.odbc;
    int64_t row_bytes = 0;
    for (int32_t i = 0; i < r->builder.n_columns; i++) {
        r->columns[i].size = size_of(r, &r->columns[i]);
        row_bytes += r->columns[i].size + 8;
    }
    r->rows_of_block = BLOCK_BYTES / (row_bytes > 0 ? row_bytes : 1);
    r->rows_of_block = r->rows_of_block < 1           ? 1
                       : r->rows_of_block > MOST_ROWS ? MOST_ROWS
                                                      : r->rows_of_block;
    r->text = km_arena_take(&r->arena, (size_t)r->units * 3 + NUMBER_ROOM);
    if (r->text == NULL) {
        return km_fail_memory(r->c.ctx, "rows of a database");
    }
    for (int32_t i = 0; i < r->builder.n_columns; i++) {
        odbc_column *column = &r->columns[i];
        column->values = km_arena_array(&r->arena, r->rows_of_block, (size_t)column->size);
        column->lengths = km_arena_array(&r->arena, r->rows_of_block, sizeof(int64_t));
        if (column->values == NULL || column->lengths == NULL) {
            return km_fail_memory(r->c.ctx, "rows of a database");
        }
        if (!KM_ODBC_OK(o->BindCol(r->c.statement, column->position, column->c_type, column->values,
                                   column->size, column->lengths))) {
            return fail_statement(r);
        }
    }
    if (!KM_ODBC_OK(o->SetStmtAttr(r->c.statement, ROW_ARRAY_SIZE,
                                   (void *)(intptr_t)r->rows_of_block, 0)) ||
        !KM_ODBC_OK(o->SetStmtAttr(r->c.statement, ROWS_FETCHED, &r->n_fetched, 0))) {
        return fail_statement(r);
    }
    return KMSEG_OK;
}

static kmseg_status fail_cell(const odbc_reader *r, int32_t column, int64_t row, const char *text) {
    return km_fail(r->c.ctx, KMSEG_E_FORMAT, "%s: column %s, row %lld: \"%.40s\" is not a number",
                   r->c.what, r->builder.columns[column].name, (long long)row + 1, text);
}

/* A decimal, which comes as text so that all its digits do. */
static kmseg_status put_decimal(odbc_reader *r, int32_t column, int64_t row, const char *text,
                                size_t n) {
    double value;
    km_number_kind kind = km_number_read(text, n, &value);
    if (kind == KM_NUMBER_INFINITE) {
        return km_builder_number(&r->builder, column, row, (double)INFINITY);
    }
    if (kind == KM_NUMBER_WORD || kind == KM_NUMBER_EMPTY) {
        return KMSEG_OK;
    }
    if (kind == KM_NUMBER_NONE) {
        return fail_cell(r, column, row, text);
    }
    if (!r->columns[column].is_whole) {
        return km_builder_number(&r->builder, column, row, value);
    }
    km_int128 whole = 0;
    size_t at = text[0] == '-';
    for (; at < n && text[at] >= '0' && text[at] <= '9' && n < 38; at++) {
        whole = whole * 10 + (text[at] - '0');
    }
    return at == n ? km_builder_integer(&r->builder, column, row, text[0] == '-' ? -whole : whole)
                   : fail_cell(r, column, row, text);
}

static kmseg_status put_text(odbc_reader *r, int32_t column, int64_t row, const char *value,
                             int64_t bytes) {
    const odbc_column *from = &r->columns[column];
    size_t n =
        km_odbc_narrow((const km_odbc_char *)(const void *)value, (size_t)bytes / 2, r->text);
    while (from->is_padded && n > 0 && r->text[n - 1] == ' ') {
        n--;
    }
    return km_builder_text(&r->builder, column, row, r->text, n);
}

static kmseg_status put(odbc_reader *r, int32_t column, int64_t row, const char *value,
                        int64_t length) {
    const odbc_column *from = &r->columns[column];
    double number;
    int64_t integer;
    timestamp t;
    switch (from->c_type) {
    case KM_C_DOUBLE:
        memcpy(&number, value, sizeof number);
        return km_builder_number(&r->builder, column, row, number);
    case KM_C_BIGINT:
        memcpy(&integer, value, sizeof integer);
        return km_builder_integer(&r->builder, column, row, integer);
    case KM_C_TIMESTAMP:
        memcpy(&t, value, sizeof t);
        if (!km_date_exists(t.year, t.month, t.day)) {
            return km_fail(r->c.ctx, KMSEG_E_FORMAT,
                           "%s: column %s, row %lld: no day of the years 1 to 9999", r->c.what,
                           r->builder.columns[column].name, (long long)row + 1);
        }
        km_builder_time(&r->builder, column, row,
                        km_days_from_date(t.year, t.month, t.day) * 86400 + t.hour * 3600 +
                            t.minute * 60 + t.second);
        return KMSEG_OK;
    case KM_C_CHAR:
        if (from->is_flag) {
            return km_builder_number(&r->builder, column, row,
                                     strchr("1tTyY", value[0]) != NULL && value[0] != '\0');
        }
        return put_decimal(r, column, row, value, (size_t)length);
    default: return put_text(r, column, row, value, length);
    }
}

/* One column of the rows that were fetched. A text that did not fit is noted. */
static kmseg_status put_block(odbc_reader *r, int32_t i) {
    const odbc_column *column = &r->columns[i];
    int64_t unit = column->c_type == KM_C_WCHAR ? 2 : 1;
    int is_text = column->c_type == KM_C_WCHAR || column->c_type == KM_C_CHAR;
    for (int64_t k = 0; k < (int64_t)r->n_fetched; k++) {
        int64_t length = column->lengths[k];
        if (length == -1) {
            continue;
        }
        if (is_text && (length < 0 || length + unit > column->size)) {
            int64_t needed = length < 0 ? 2 * r->units : length / unit + 1;
            r->needed = needed > r->needed ? needed : r->needed;
            continue;
        }
        KM_TRY(put(r, i, r->n_rows + k, column->values + k * column->size, length));
    }
    return KMSEG_OK;
}

static kmseg_status fetch(odbc_reader *r) {
    int64_t most =
        r->options != NULL && r->options->max_rows > 0 ? r->options->max_rows : INT64_MAX;
    while (r->n_rows < most) {
        if (km_cancelled(r->c.ctx)) {
            return km_fail_cancelled(r->c.ctx);
        }
        int16_t code = r->c.odbc->Fetch(r->c.statement);
        if (code == KM_ODBC_NO_DATA) {
            return KMSEG_OK;
        }
        if (!KM_ODBC_OK(code)) {
            return fail_statement(r);
        }
        KM_TRY(km_builder_reserve(&r->builder, r->n_rows + (int64_t)r->n_fetched));
        for (int32_t i = 0; i < r->builder.n_columns; i++) {
            KM_TRY(put_block(r, i));
        }
        r->n_rows += (int64_t)r->n_fetched;
    }
    r->n_rows = most;
    return KMSEG_OK;
}

static void forget(odbc_reader *r) {
    if (r->builder.ctx != NULL) {
        km_builder_free(&r->builder);
        r->builder.ctx = NULL;
    }
    kmseg_table_free(r->names);
    r->names = NULL;
    km_arena_free(&r->arena);
    r->n_rows = 0;
}

/* Once, with room for texts of so many units; r->needed says whether that was enough. */
static kmseg_status read_once(odbc_reader *r, const char *sql, int with_rows) {
    enum { CLOSE = 0, UNBIND = 2 };
    r->needed = 0;
    KM_TRY(km_odbc_prepare(&r->c, sql));
    KM_TRY(plan(r, with_rows));
    if (!with_rows) {
        return KMSEG_OK;
    }
    KM_TRY(bind(r));
    int16_t code = r->c.odbc->Execute(r->c.statement);
    kmseg_status status = KM_ODBC_OK(code) ? fetch(r) : fail_statement(r);
    r->c.odbc->FreeStmt(r->c.statement, CLOSE);
    r->c.odbc->FreeStmt(r->c.statement, UNBIND);
    return status;
}

/* Texts have room for 256 units at first; where one is longer the query runs again with more, in the
 * same transaction. */
static kmseg_status read_all(odbc_reader *r, const char *sql, int with_rows, kmseg_table **out) {
    for (r->units = 256;; r->units = 2 * r->needed) {
        KM_TRY(read_once(r, sql, with_rows));
        if (r->needed == 0) {
            break;
        }
        if (r->needed > MOST_UNITS) {
            return km_fail(r->c.ctx, KMSEG_E_FORMAT,
                           "%s: a text is longer than a million characters; leave it out of the "
                           "query",
                           r->c.what);
        }
        forget(r);
    }
    if (with_rows && r->n_rows == 0) {
        return km_fail(r->c.ctx, KMSEG_E_DATA, "%s: there are no rows", r->c.what);
    }
    KM_TRY(km_builder_finish(&r->builder, r->n_rows, out));
    kmseg_status status =
        with_rows && r->options != NULL ? km_requests_apply(r->c.ctx, *out, r->options) : KMSEG_OK;
    if (status != KMSEG_OK) {
        kmseg_table_free(*out);
        *out = NULL;
        return km_fail_prefix(r->c.ctx, status, "%s", r->c.what);
    }
    return KMSEG_OK;
}

kmseg_status km_odbc_read(kmseg_context *ctx, const char *what, const char *sql,
                          const char *connection, int with_rows, const kmseg_csv_options *options,
                          kmseg_table **out) {
    *out = NULL;
    odbc_reader r = {.options = options};
    km_arena_init(&r.arena, &ctx->allocator);
    kmseg_status status = km_odbc_open(ctx, what, connection, &r.c);
    if (status == KMSEG_OK) {
        status = read_all(&r, sql, with_rows, out);
    }
    forget(&r);
    km_odbc_close(&r.c);
    return status;
}
