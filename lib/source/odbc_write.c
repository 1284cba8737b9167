/* The transaction: rows go out a block at a time, either as the parameters of one INSERT of many rows,
 * or as an array of parameters of an INSERT of one, by what the database takes. */
#include "source/odbc_write.h"

#include <math.h>
#include <string.h>

enum { BLOCK_BYTES = 8 << 20 };

/* A field of the rows of a block, where the driver reads it. */
typedef struct bound {
    int16_t c_type, type;
    int64_t size; /* bytes of a value in values */
    char *values;
    int64_t *lengths;
} bound;

typedef struct writer {
    km_odbc_connection c;
    km_odbc_rows *rows;
    km_odbc_table table;
    km_arena arena;
    bound *bound;
    km_odbc_char *text; /* a cell, before it is known to fit */
    int64_t block;      /* rows */
} writer;

static kmseg_status fail_statement(const writer *w) {
    return km_odbc_fail(&w->c, KMSEG_E_FORMAT, KM_ODBC_STATEMENT, w->c.statement);
}

/* ---- blocks ---- */

static void choose_types(const km_odbc_field *field, bound *b) {
    enum { LONG = 4000 };
    switch (field->kind) {
    case KM_ODBC_INTEGER:
        *b = (bound){.c_type = KM_C_BIGINT, .type = KM_SQL_BIGINT, .size = 8};
        return;
    case KM_ODBC_NUMBER:
        *b = (bound){.c_type = KM_C_DOUBLE, .type = KM_SQL_DOUBLE, .size = 8};
        return;
    case KM_ODBC_TEXT: break;
    }
    *b = (bound){.c_type = KM_C_WCHAR,
                 .type = field->bytes > LONG ? KM_SQL_WLONGVARCHAR : KM_SQL_WVARCHAR,
                 .size = 2 * ((int64_t)field->bytes + 1)};
}

static kmseg_status make_block(writer *w) {
    const km_odbc_dialect *dialect = w->table.dialect;
    int32_t n = w->rows->n_fields;
    int64_t row_bytes = 0;
    w->bound = km_arena_array(&w->arena, n, sizeof *w->bound);
    for (int32_t i = 0; i < n && w->bound != NULL; i++) {
        choose_types(&w->rows->fields[i], &w->bound[i]);
        row_bytes += w->bound[i].size + 8;
    }
    w->block = BLOCK_BYTES / (row_bytes > 0 ? row_bytes : 1);
    w->block = w->block > dialect->most_rows ? dialect->most_rows : w->block;
    if (dialect->most_parameters > 0 && w->block > dialect->most_parameters / n) {
        w->block = dialect->most_parameters / n;
    }
    w->block = w->block > w->rows->n_rows ? w->rows->n_rows : w->block;
    w->block = w->block < 1 ? 1 : w->block;
    for (int32_t i = 0; i < n && w->bound != NULL; i++) {
        bound *b = &w->bound[i];
        b->values = km_arena_array(&w->arena, w->block, (size_t)b->size);
        b->lengths = km_arena_array(&w->arena, w->block, sizeof *b->lengths);
        if (b->values == NULL || b->lengths == NULL) {
            w->bound = NULL;
        }
    }
    return w->bound != NULL ? KMSEG_OK : km_fail_memory(w->c.ctx, "rows for a database");
}

static void fill_cell(writer *w, int64_t row, int32_t field, int64_t at) {
    enum { NULL_DATA = -1 };
    const bound *b = &w->bound[field];
    char *value = b->values + at * b->size;
    km_odbc_cell cell = {0};
    w->rows->cell(w->rows->user, row, field, &cell);
    b->lengths[at] = cell.is_missing ? NULL_DATA : 8;
    if (cell.is_missing) {
        return;
    }
    if (b->c_type == KM_C_BIGINT) {
        memcpy(value, &cell.integer, 8);
    } else if (b->c_type == KM_C_DOUBLE) {
        memcpy(value, &cell.number, 8);
    } else {
        b->lengths[at] = 2 * km_odbc_widen(cell.text, (km_odbc_char *)(void *)value);
    }
}

/* Tells the driver where n rows are. Several rows of one statement are parameters of their own. */
static kmseg_status bind(writer *w, int64_t n) {
    enum { INPUT = 1, RESET = 3, PARAMSET_SIZE = 22 };
    const km_odbc *o = w->c.odbc;
    int32_t n_fields = w->rows->n_fields;
    int is_array = w->table.dialect->most_parameters == 0;
    o->FreeStmt(w->c.statement, RESET);
    for (int64_t r = 0; r < (is_array ? 1 : n); r++) {
        for (int32_t f = 0; f < n_fields; f++) {
            const bound *b = &w->bound[f];
            uint64_t size = b->c_type == KM_C_WCHAR ? (uint64_t)b->size / 2 - 1 : 0;
            if (!KM_ODBC_OK(o->BindParameter(w->c.statement, (uint16_t)(r * n_fields + f + 1),
                                             INPUT, b->c_type, b->type, size > 0 ? size : 1, 0,
                                             b->values + r * b->size, b->size, b->lengths + r))) {
                return fail_statement(w);
            }
        }
    }
    if (is_array &&
        !KM_ODBC_OK(o->SetStmtAttr(w->c.statement, PARAMSET_SIZE, (void *)(intptr_t)n, 0))) {
        return fail_statement(w);
    }
    return KMSEG_OK;
}

static kmseg_status send_block(const writer *w) {
    enum { WITH_INFO = 1 };
    char state[8];
    int16_t code = w->c.odbc->Execute(w->c.statement);
    if (!KM_ODBC_OK(code)) {
        return fail_statement(w);
    }
    if (code == WITH_INFO && strcmp(km_odbc_state(&w->c, state), "01004") == 0) {
        return fail_statement(w); /* a text was cut */
    }
    w->c.odbc->FreeStmt(w->c.statement, 0);
    return KMSEG_OK;
}

static kmseg_status insert_rows(writer *w) {
    const km_odbc_rows *rows = w->rows;
    int is_array = w->table.dialect->most_parameters == 0;
    int64_t bound_for = 0;
    for (int64_t first = 0; first < rows->n_rows; first += w->block) {
        int64_t n = rows->n_rows - first < w->block ? rows->n_rows - first : w->block;
        if (km_cancelled(w->c.ctx)) {
            return km_fail_cancelled(w->c.ctx);
        }
        if (n != bound_for) { /* the first block, and the last */
            KM_TRY(km_odbc_table_prepare(&w->table, is_array ? 1 : n));
            KM_TRY(bind(w, n));
            bound_for = n;
        }
        for (int32_t f = 0; f < rows->n_fields; f++) {
            for (int64_t i = 0; i < n; i++) {
                fill_cell(w, first + i, f, i);
            }
        }
        KM_TRY(send_block(w));
        km_progress_step(w->c.ctx, n, 1);
    }
    w->c.odbc->FreeStmt(w->c.statement, 3);
    return KMSEG_OK;
}

/* ---- the transaction ---- */

/* Two that replace the same rows at a time would otherwise both find the old ones and both add theirs. */
static kmseg_status begin(writer *w) {
    enum { ISOLATION = 108, SERIALIZABLE = 8 };
    KM_TRY(km_odbc_end(&w->c, 0));
    (void)w->c.odbc->SetConnectAttr(w->c.connection, ISOLATION, (void *)(intptr_t)SERIALIZABLE, 0);
    if (km_odbc_info_number(&w->c, KM_ODBC_INFO_TRANSACTIONS) == 0) {
        return km_fail(w->c.ctx, KMSEG_E_UNSUPPORTED,
                       "%s: this database has no transactions, so a failure half way would leave "
                       "half of the rows",
                       w->c.what);
    }
    return km_odbc_table_name(&w->table);
}

/* Triggers and rules may take rows away, and drivers may take one of an array for all. */
static kmseg_status check_count(const writer *w) {
    int64_t n;
    KM_TRY(km_odbc_table_count(&w->table, &n));
    return n == w->rows->n_rows
               ? KMSEG_OK
               : km_fail(w->c.ctx, KMSEG_E_IO,
                         "%s: %lld rows were sent and %lld are in it; a trigger, a rule or the "
                         "driver changes them. Nothing was kept",
                         w->c.what, (long long)w->rows->n_rows, (long long)n);
}

static kmseg_status replace(writer *w, int *made) {
    km_odbc_rows *rows = w->rows;
    if (rows->was_there) {
        KM_TRY(km_odbc_table_run(&w->table, "DELETE FROM ", "", &rows->n_replaced));
    } else {
        KM_TRY(km_odbc_end(&w->c, 0)); /* after a statement that failed some do nothing more */
        KM_TRY(km_odbc_table_create(&w->table));
        *made = 1;
    }
    KM_TRY(make_block(w));
    km_progress_begin(w->c.ctx, "write", rows->n_rows);
    kmseg_status status = insert_rows(w);
    km_progress_end(w->c.ctx);
    KM_TRY(status);
    KM_TRY(check_count(w));
    return km_cancelled(w->c.ctx) ? km_fail_cancelled(w->c.ctx) : km_odbc_end(&w->c, 1);
}

/* Whether making a table is part of a transaction and does not end it. */
static int is_all_transaction(const writer *w) {
    enum { ALL = 2 };
    return km_odbc_info_number(&w->c, KM_ODBC_INFO_TRANSACTIONS) == ALL;
}

/* Takes everything back, keeping the message. Where a table that is made ends a transaction, it is
 * dropped again. */
static void take_back(writer *w, int made) {
    char message[KM_MESSAGE_CAPACITY];
    memcpy(message, w->c.ctx->message, sizeof message);
    (void)km_odbc_end(&w->c, 0);
    if (made && !is_all_transaction(w)) {
        (void)km_odbc_table_run(&w->table, "DROP TABLE ", "", NULL);
        (void)km_odbc_end(&w->c, 1);
    }
    memcpy(w->c.ctx->message, message, sizeof message);
}

/* What can be tried without changing anything: that the table could be made, or its rows deleted. */
static kmseg_status try_out(writer *w) {
    if (w->rows->was_there) {
        KM_TRY(km_odbc_table_count(&w->table, &w->rows->n_replaced));
        return km_odbc_table_run(&w->table, "DELETE FROM ", " WHERE 1 = 0", NULL);
    }
    KM_TRY(km_odbc_end(&w->c, 0));
    return is_all_transaction(w) ? km_odbc_table_create(&w->table) : KMSEG_OK;
}

static kmseg_status write_rows(writer *w) {
    int made = 0;
    KM_TRY(begin(w));
    KM_TRY(km_odbc_table_look(&w->table));
    if (w->rows->is_dry) {
        return try_out(w); /* km_odbc_close() rolls it back */
    }
    kmseg_status status = replace(w, &made);
    if (status != KMSEG_OK) {
        take_back(w, made);
    }
    return status;
}

kmseg_status km_odbc_write(kmseg_context *ctx, const char *what, const char *connection,
                           km_odbc_rows *rows) {
    writer w = {.rows = rows};
    rows->was_there = 0;
    rows->n_replaced = 0;
    km_arena_init(&w.arena, &ctx->allocator);
    w.table = (km_odbc_table){.c = &w.c, .rows = rows};
    km_string_init(&w.table.name, &ctx->allocator);
    kmseg_status status = km_odbc_open(ctx, what, connection, &w.c);
    if (status == KMSEG_OK) {
        status = write_rows(&w);
    }
    km_odbc_close(&w.c);
    km_string_free(&w.table.name);
    km_arena_free(&w.arena);
    return status;
}
