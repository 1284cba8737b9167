/* A table of a database that rows are written to: what it is made of, and the statements about it. */
#include "source/odbc_write.h"

#include <string.h>

/* ---- columns ---- */

static int holds(const km_odbc_field *field, int16_t type, int16_t digits) {
    switch (type) {
    case KM_SQL_CHAR:
    case KM_SQL_VARCHAR:
    case KM_SQL_LONGVARCHAR:
    case KM_SQL_WCHAR:
    case KM_SQL_WVARCHAR:
    case KM_SQL_WLONGVARCHAR: return field->kind == KM_ODBC_TEXT || field->has_text;
    case KM_SQL_NUMERIC:
    case KM_SQL_DECIMAL: return field->kind == KM_ODBC_INTEGER && digits == 0;
    case KM_SQL_INTEGER:
    case KM_SQL_SMALLINT:
    case KM_SQL_BIGINT: return field->kind == KM_ODBC_INTEGER;
    case KM_SQL_FLOAT:
    case KM_SQL_DOUBLE: return field->kind == KM_ODBC_NUMBER;
    default: return 0;
    }
}

static const char *kind_text(const km_odbc_field *field) {
    return field->kind == KM_ODBC_TEXT      ? "text"
           : field->kind == KM_ODBC_INTEGER ? "whole numbers (bigint)"
                                            : "numbers with all their digits (double precision)";
}

/* The field of that name, or NULL. */
static km_odbc_field *field_called(const km_odbc_table *t, const char *name) {
    for (int32_t i = 0; i < t->rows->n_fields; i++) {
        if (strcmp(t->rows->fields[i].name, name) == 0) {
            return &t->rows->fields[i];
        }
    }
    return NULL;
}

static kmseg_status fail_columns(const km_odbc_table *t, const char *there) {
    km_string ours;
    km_string_init(&ours, &t->c->ctx->allocator);
    for (int32_t i = 0; i < t->rows->n_fields; i++) {
        km_string_format(&ours, "%s%s", i > 0 ? ", " : "", t->rows->fields[i].name);
    }
    kmseg_status status =
        km_fail(t->c->ctx, KMSEG_E_FORMAT,
                "%s: it is there with the columns %.250s; the rows to write have %.250s. Only a "
                "table of exactly these columns is replaced: name another, drop this one, or name "
                "columns as it does (--headers)",
                t->c->what, there, ours.failed ? "others" : ours.data);
    km_string_free(&ours);
    return status;
}

static kmseg_status check_column(const km_odbc_table *t, uint16_t position, km_string *there,
                                 int *is_ours) {
    km_odbc_char wide[512];
    char name[3 * 512 + 1];
    int16_t n = 0, type, digits, nullable;
    uint64_t size;
    if (!KM_ODBC_OK(t->c->odbc->DescribeColW(t->c->statement, position, wide, 512, &n, &type, &size,
                                             &digits, &nullable))) {
        return km_odbc_fail(t->c, KMSEG_E_FORMAT, KM_ODBC_STATEMENT, t->c->statement);
    }
    km_odbc_narrow(wide, n > 0 && n < 512 ? (size_t)n : 0, name);
    km_string_format(there, "%s%s", position > 1 ? ", " : "", name);
    km_odbc_field *field = field_called(t, name);
    if (field == NULL) {
        *is_ours = 0;
        return KMSEG_OK;
    }
    if (!holds(field, type, digits)) {
        return km_fail(t->c->ctx, KMSEG_E_FORMAT,
                       "%s: its column %s is of another type; it needs one for %s. Change the "
                       "column, drop the table, or name another",
                       t->c->what, name, kind_text(field));
    }
    if (field->kind == KM_ODBC_INTEGER &&
        !holds(&(km_odbc_field){.kind = KM_ODBC_INTEGER}, type, digits)) {
        field->kind = KM_ODBC_TEXT;
    }
    return KMSEG_OK;
}

static kmseg_status check_columns(const km_odbc_table *t) {
    int16_t n = 0;
    int is_ours = 1;
    if (!KM_ODBC_OK(t->c->odbc->NumResultCols(t->c->statement, &n))) {
        return km_odbc_fail(t->c, KMSEG_E_FORMAT, KM_ODBC_STATEMENT, t->c->statement);
    }
    km_string there;
    km_string_init(&there, &t->c->ctx->allocator);
    kmseg_status status = KMSEG_OK;
    for (int16_t i = 1; i <= n && status == KMSEG_OK; i++) {
        status = check_column(t, (uint16_t)i, &there, &is_ours);
    }
    if (status == KMSEG_OK && (!is_ours || n != t->rows->n_fields)) {
        status = fail_columns(t, there.failed || there.length == 0 ? "" : there.data);
    }
    km_string_free(&there);
    return status;
}

/* ---- statements ---- */

/* "a", "b" */
static kmseg_status add_fields(const km_odbc_table *t, km_string *out, int with_types) {
    static const char *const types[] = {
        [KM_ODBC_INTEGER] = "BIGINT", [KM_ODBC_NUMBER] = "DOUBLE PRECISION"};
    for (int32_t i = 0; i < t->rows->n_fields; i++) {
        const km_odbc_field *field = &t->rows->fields[i];
        km_string_add(out, i > 0 ? ", " : "");
        KM_TRY(km_odbc_quote(t, out, field->name));
        if (with_types) {
            km_string_add(out, " ");
            km_string_add(out, field->kind == KM_ODBC_TEXT ? t->dialect->text : types[field->kind]);
        }
    }
    return KMSEG_OK;
}

static kmseg_status text_of(const km_odbc_table *t, const char *statement, const char *rest,
                            km_string *out) {
    km_string_init(out, &t->c->ctx->allocator);
    km_string_add(out, statement);
    km_string_add_n(out, t->name.data, t->name.length);
    km_string_add(out, rest);
    if (out->failed) {
        km_string_free(out);
        return km_fail_memory(t->c->ctx, "a statement");
    }
    return KMSEG_OK;
}

/* Leaves the statement open. */
static int16_t send(const km_odbc_table *t, const km_string *sql, kmseg_status *status) {
    int32_t n;
    km_odbc_char *wide = km_odbc_wide(t->c->ctx, sql->data, &n);
    if (wide == NULL) {
        *status = km_fail_memory(t->c->ctx, "a statement");
        return -1;
    }
    int16_t code = t->c->odbc->ExecDirectW(t->c->statement, wide, n);
    km_release(&t->c->ctx->allocator, wide);
    *status = KM_ODBC_OK(code) || code == KM_ODBC_NO_DATA
                  ? KMSEG_OK
                  : km_odbc_fail(t->c, KMSEG_E_FORMAT, KM_ODBC_STATEMENT, t->c->statement);
    return code;
}

static void close_statement(const km_odbc_table *t) { t->c->odbc->FreeStmt(t->c->statement, 0); }

kmseg_status km_odbc_table_run(const km_odbc_table *t, const char *statement, const char *rest,
                               int64_t *out_rows) {
    km_string sql;
    KM_TRY(text_of(t, statement, rest, &sql));
    kmseg_status status;
    int16_t code = send(t, &sql, &status);
    if (status == KMSEG_OK && out_rows != NULL) {
        *out_rows = 0;
        if (code != KM_ODBC_NO_DATA) {
            t->c->odbc->RowCount(t->c->statement, out_rows);
        }
    }
    close_statement(t);
    km_string_free(&sql);
    return status;
}

/* SQLite's driver has no state of its own for it. */
static int says_missing(const km_odbc_table *t) {
    char state[8];
    km_odbc_state(t->c, state);
    return strcmp(state, "42S02") == 0 || strcmp(state, "42P01") == 0 ||
           (strcmp(t->dialect->dbms, "SQLite") == 0 &&
            strstr(kmseg_last_error(t->c->ctx), "no such table") != NULL);
}

kmseg_status km_odbc_table_look(km_odbc_table *t) {
    km_string sql;
    KM_TRY(text_of(t, "SELECT * FROM ", " WHERE 1 = 0", &sql));
    kmseg_status status;
    (void)send(t, &sql, &status);
    km_string_free(&sql);
    t->rows->was_there = status == KMSEG_OK;
    if (status == KMSEG_OK) {
        status = check_columns(t);
    } else if (status != KMSEG_E_MEMORY && says_missing(t)) {
        status = KMSEG_OK;
    }
    close_statement(t);
    return status;
}

kmseg_status km_odbc_table_create(km_odbc_table *t) {
    km_string columns;
    km_string_init(&columns, &t->c->ctx->allocator);
    km_string_add(&columns, " (");
    kmseg_status status = add_fields(t, &columns, 1);
    km_string_add(&columns, ")");
    if (status == KMSEG_OK) {
        status = columns.failed ? km_fail_memory(t->c->ctx, "a statement")
                                : km_odbc_table_run(t, "CREATE TABLE ", columns.data, NULL);
    }
    km_string_free(&columns);
    return status;
}

kmseg_status km_odbc_table_count(const km_odbc_table *t, int64_t *out) {
    enum { UNBIND = 2 };
    km_string sql;
    int64_t length;
    *out = 0;
    KM_TRY(text_of(t, "SELECT COUNT(*) FROM ", "", &sql));
    kmseg_status status;
    (void)send(t, &sql, &status);
    km_string_free(&sql);
    if (status == KMSEG_OK &&
        (!KM_ODBC_OK(t->c->odbc->BindCol(t->c->statement, 1, KM_C_BIGINT, out, 8, &length)) ||
         !KM_ODBC_OK(t->c->odbc->Fetch(t->c->statement)))) {
        status = km_odbc_fail(t->c, KMSEG_E_FORMAT, KM_ODBC_STATEMENT, t->c->statement);
    }
    close_statement(t);
    t->c->odbc->FreeStmt(t->c->statement, UNBIND);
    return status;
}

kmseg_status km_odbc_table_prepare(const km_odbc_table *t, int64_t n) {
    km_string rest, sql;
    km_string_init(&rest, &t->c->ctx->allocator);
    km_string_add(&rest, " (");
    kmseg_status status = add_fields(t, &rest, 0);
    km_string_add(&rest, ") VALUES ");
    for (int64_t i = 0; i < n; i++) {
        km_string_add(&rest, i > 0 ? ", (?" : "(?");
        for (int32_t f = 1; f < t->rows->n_fields; f++) {
            km_string_add(&rest, ", ?");
        }
        km_string_add(&rest, ")");
    }
    if (status == KMSEG_OK && rest.failed) {
        status = km_fail_memory(t->c->ctx, "a statement");
    }
    if (status == KMSEG_OK) {
        status = text_of(t, "INSERT INTO ", rest.data, &sql);
    }
    if (status == KMSEG_OK) {
        status = km_odbc_prepare(t->c, sql.data);
        km_string_free(&sql);
    }
    km_string_free(&rest);
    return status;
}
