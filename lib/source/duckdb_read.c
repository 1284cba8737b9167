/* From the result of a query of DuckDB to a table, a chunk of rows and a column at a time. */
#include "base/text.h"
#include "data/table.h"
#include "source/builder.h"
#include "source/duckdb.h"
#include "source/requests.h"

#include <float.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* DuckDB's numbers of types. */
enum {
    TYPE_BOOLEAN = 1,
    TYPE_TINYINT = 2,
    TYPE_SMALLINT = 3,
    TYPE_INTEGER = 4,
    TYPE_BIGINT = 5,
    TYPE_UTINYINT = 6,
    TYPE_USMALLINT = 7,
    TYPE_UINTEGER = 8,
    TYPE_UBIGINT = 9,
    TYPE_FLOAT = 10,
    TYPE_DOUBLE = 11,
    TYPE_TIMESTAMP = 12,
    TYPE_DATE = 13,
    TYPE_TIME = 14,
    TYPE_INTERVAL = 15,
    TYPE_HUGEINT = 16,
    TYPE_VARCHAR = 17,
    TYPE_DECIMAL = 19,
    TYPE_TIMESTAMP_S = 20,
    TYPE_TIMESTAMP_MS = 21,
    TYPE_TIMESTAMP_NS = 22,
    TYPE_ENUM = 23,
    TYPE_UUID = 27,
    TYPE_BIT = 29,
    TYPE_TIME_TZ = 30,
    TYPE_TIMESTAMP_TZ = 31,
    TYPE_UHUGEINT = 32,
    TYPE_NULL = 36
};

/* How values of a type cross: by what the query casts them to, the type they then have, and what they
 * become. */
typedef struct crossing {
    int type;
    const char *cast; /* NULL: as it is */
    int as;
    km_cells cells;
    int32_t per_second; /* times */
} crossing;

static const crossing crossings[] = {
    {TYPE_BOOLEAN, "UTINYINT", TYPE_UTINYINT, KM_CELLS_NUMBER, 0},
    {TYPE_TINYINT, NULL, TYPE_TINYINT, KM_CELLS_NUMBER, 0},
    {TYPE_SMALLINT, NULL, TYPE_SMALLINT, KM_CELLS_NUMBER, 0},
    {TYPE_INTEGER, NULL, TYPE_INTEGER, KM_CELLS_NUMBER, 0},
    {TYPE_BIGINT, NULL, TYPE_BIGINT, KM_CELLS_INTEGER, 0},
    {TYPE_UTINYINT, NULL, TYPE_UTINYINT, KM_CELLS_NUMBER, 0},
    {TYPE_USMALLINT, NULL, TYPE_USMALLINT, KM_CELLS_NUMBER, 0},
    {TYPE_UINTEGER, NULL, TYPE_UINTEGER, KM_CELLS_NUMBER, 0},
    {TYPE_UBIGINT, NULL, TYPE_UBIGINT, KM_CELLS_INTEGER, 0},
    {TYPE_FLOAT, "DOUBLE", TYPE_DOUBLE, KM_CELLS_NUMBER, 0},
    {TYPE_DOUBLE, NULL, TYPE_DOUBLE, KM_CELLS_NUMBER, 0},
    {TYPE_TIMESTAMP, NULL, TYPE_TIMESTAMP, KM_CELLS_TIME, 1000000},
    {TYPE_DATE, "TIMESTAMP_S", TYPE_TIMESTAMP_S, KM_CELLS_TIME, 1},
    {TYPE_TIME, "VARCHAR", TYPE_VARCHAR, KM_CELLS_TEXT, 0},
    {TYPE_INTERVAL, "VARCHAR", TYPE_VARCHAR, KM_CELLS_TEXT, 0},
    {TYPE_HUGEINT, NULL, TYPE_HUGEINT, KM_CELLS_INTEGER, 0},
    {TYPE_VARCHAR, NULL, TYPE_VARCHAR, KM_CELLS_TEXT, 0},
    {TYPE_DECIMAL, "DOUBLE", TYPE_DOUBLE, KM_CELLS_NUMBER, 0},
    {TYPE_TIMESTAMP_S, NULL, TYPE_TIMESTAMP_S, KM_CELLS_TIME, 1},
    {TYPE_TIMESTAMP_MS, NULL, TYPE_TIMESTAMP_MS, KM_CELLS_TIME, 1000},
    {TYPE_TIMESTAMP_NS, NULL, TYPE_TIMESTAMP_NS, KM_CELLS_TIME, 1000000000},
    {TYPE_ENUM, "VARCHAR", TYPE_VARCHAR, KM_CELLS_TEXT, 0},
    {TYPE_UUID, "VARCHAR", TYPE_VARCHAR, KM_CELLS_TEXT, 0},
    {TYPE_BIT, "VARCHAR", TYPE_VARCHAR, KM_CELLS_TEXT, 0},
    {TYPE_TIME_TZ, "VARCHAR", TYPE_VARCHAR, KM_CELLS_TEXT, 0},
    {TYPE_TIMESTAMP_TZ, NULL, TYPE_TIMESTAMP_TZ, KM_CELLS_TIME, 1000000},
    {TYPE_UHUGEINT, "VARCHAR", TYPE_VARCHAR, KM_CELLS_TEXT, 0},
    {TYPE_NULL, "DOUBLE", TYPE_DOUBLE, KM_CELLS_NUMBER, 0},
};

/* A whole decimal may be an id. */
static const crossing whole_decimal = {TYPE_DECIMAL, "HUGEINT", TYPE_HUGEINT, KM_CELLS_INTEGER, 0};
/* Whole numbers that were asked for as text. */
static const crossing whole_text = {TYPE_BIGINT, "VARCHAR", TYPE_VARCHAR, KM_CELLS_TEXT, 0};

/* A column that cannot be read, where only names are asked for. */
static const crossing names_alone = {0, NULL, TYPE_VARCHAR, KM_CELLS_TEXT, 0};

typedef struct reader {
    kmseg_context *ctx;
    const km_duckdb *duckdb;
    const char *what;
    const kmseg_csv_options *options;
    km_duckdb_handle database, connection;
    km_builder builder;
    const crossing **crossings; /* of the builder's columns */
    int64_t n_rows;
} reader;

/* The first line of DuckDB's message; what follows repeats the query, which may hold secrets. */
static kmseg_status fail_query(const reader *r, kmseg_status status, const char *message) {
    char text[600];
    const char *end = message != NULL ? strstr(message, "\n\nLINE ") : NULL;
    end = end == NULL && message != NULL ? strstr(message, "\nLINE ") : end;
    size_t length = message == NULL ? 0 : end != NULL ? (size_t)(end - message) : strlen(message);
    snprintf(text, sizeof text, "%.*s", (int)length, length > 0 ? message : "DuckDB failed");
    for (char *c = text; *c != '\0'; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    return km_fail(r->ctx, status, "%s: %s", r->what, text);
}

static kmseg_status open_database(reader *r, int32_t n_threads) {
    const km_duckdb *d = r->duckdb;
    km_duckdb_handle config = NULL;
    char threads[16], *error = NULL;
    snprintf(threads, sizeof threads, "%d", n_threads);
    kmseg_status status = KMSEG_OK;
    /* No native code is fetched over the network because a query names a file of another kind. */
    if (d->create_config(&config) != 0 || d->set_config(config, "threads", threads) != 0 ||
        d->set_config(config, "autoinstall_known_extensions", "false") != 0) {
        status = fail_query(r, KMSEG_E_UNSUPPORTED, "DuckDB cannot be configured");
    } else if (d->open_ext(NULL, &r->database, config, &error) != 0) {
        status = fail_query(r, KMSEG_E_UNSUPPORTED, error);
    } else if (d->connect(r->database, &r->connection) != 0) {
        status = fail_query(r, KMSEG_E_UNSUPPORTED, "DuckDB cannot be connected to");
    }
    d->release(error);
    d->destroy_config(&config);
    return status;
}

/* Runs a query a task at a time, so that it can be cancelled. */
static kmseg_status execute(const reader *r, km_duckdb_handle pending, km_duckdb_result *result) {
    enum { READY = 0, NOT_READY = 1, FAILED = 2, NO_TASKS = 3 };
    const km_duckdb *d = r->duckdb;
    for (int state = NOT_READY; state != READY;) {
        if (km_cancelled(r->ctx)) {
            d->interrupt(r->connection);
            return km_fail_cancelled(r->ctx);
        }
        state = d->pending_execute_task(pending);
        if (state == FAILED) {
            return fail_query(r, KMSEG_E_FORMAT, d->pending_error(pending));
        }
        if (state == NO_TASKS) { /* DuckDB's own threads have the rest */
            const struct timespec some = {.tv_nsec = 200000};
            nanosleep(&some, NULL);
        }
    }
    if (d->execute_pending(pending, result) != 0) {
        kmseg_status status = fail_query(r, KMSEG_E_FORMAT, d->result_error(result));
        d->destroy_result(result);
        return status;
    }
    return KMSEG_OK;
}

static kmseg_status run_query(const reader *r, const char *sql, km_duckdb_result *result) {
    const km_duckdb *d = r->duckdb;
    km_duckdb_handle statement = NULL, pending = NULL;
    kmseg_status status;
    *result = (km_duckdb_result){0};
    if (d->prepare(r->connection, sql, &statement) != 0) {
        status = fail_query(r, KMSEG_E_FORMAT, d->prepare_error(statement));
    } else if (d->pending_prepared(statement, &pending) != 0) {
        status = fail_query(r, KMSEG_E_FORMAT, d->pending_error(pending));
    } else {
        status = execute(r, pending, result);
    }
    d->destroy_pending(&pending);
    d->destroy_prepare(&statement);
    return status;
}

static const char *const *select_of(const kmseg_csv_options *options, int32_t *n) {
    *n = options != NULL ? options->n_select : 0;
    return *n > 0 ? options->select : NULL;
}

static const kmseg_column_request *request_of(const kmseg_csv_options *options, const char *name) {
    for (int32_t i = 0; options != NULL && i < options->n_requests; i++) {
        if (strcmp(options->requests[i].name, name) == 0) {
            return &options->requests[i];
        }
    }
    return NULL;
}

/* All columns, or those that are selected or have a request. */
static int is_wanted(const kmseg_csv_options *options, const char *name) {
    int32_t n;
    const char *const *select = select_of(options, &n);
    for (int32_t i = 0; i < n; i++) {
        if (strcmp(select[i], name) == 0) {
            return 1;
        }
    }
    return n == 0 || request_of(options, name) != NULL;
}

static const crossing *crossing_of(const reader *r, km_duckdb_result *result, uint64_t column,
                                   int as_text) {
    int type = r->duckdb->column_type(result, column);
    if (type == TYPE_DECIMAL) {
        km_duckdb_handle logical = r->duckdb->column_logical_type(result, column);
        int whole = r->duckdb->decimal_scale(logical) == 0;
        r->duckdb->destroy_logical_type(&logical);
        if (whole) {
            return as_text ? &whole_text : &whole_decimal;
        }
    }
    for (size_t i = 0; i < sizeof crossings / sizeof *crossings; i++) {
        if (crossings[i].type == type) {
            int whole = crossings[i].cells == KM_CELLS_INTEGER ||
                        (crossings[i].cells == KM_CELLS_NUMBER && type < TYPE_FLOAT);
            return as_text && whole ? &whole_text : &crossings[i];
        }
    }
    return NULL;
}

/* Plans the columns that are wanted and writes the query for their rows. Columns are named by their
 * position, so that no name of the data is ever part of a query. */
static kmseg_status plan(reader *r, km_duckdb_result *result, const char *from, int with_rows,
                         km_string *sql) {
    uint64_t n = r->duckdb->column_count(result);
    int any = 0;
    km_string_add(sql, "SELECT ");
    for (uint64_t i = 0; i < n; i++) {
        char position[24];
        const char *name = r->duckdb->column_name(result, i);
        if (name == NULL || name[0] == '\0') {
            snprintf(position, sizeof position, "c%llu", (unsigned long long)i + 1);
            name = position;
        }
        if (!is_wanted(r->options, name)) {
            continue;
        }
        const kmseg_column_request *request = request_of(r->options, name);
        const crossing *c =
            crossing_of(r, result, i, request != NULL && request->type == KMSEG_COLUMN_TEXT);
        if (c == NULL && !with_rows) {
            c = &names_alone;
        }
        if (c == NULL) {
            return km_fail(r->ctx, KMSEG_E_FORMAT,
                           "%s: column %s is nested or binary; name the parts of it that are "
                           "numbers, texts or times with --sql",
                           r->what, name);
        }
        r->crossings[r->builder.n_columns] = c;
        KM_TRY(km_builder_add(&r->builder, name, c->cells));
        km_string_format(sql, c->cast != NULL ? "%sCAST(c%llu AS %s)" : "%sc%llu", any ? ", " : "",
                         (unsigned long long)i, c->cast);
        any = 1;
    }
    km_string_add(sql, " FROM (SELECT * FROM ");
    km_string_add(sql, from);
    km_string_add(sql, ") t(");
    for (uint64_t i = 0; i < n; i++) {
        km_string_format(sql, "%sc%llu", i > 0 ? ", " : "", (unsigned long long)i);
    }
    km_string_add(sql, ")");
    if (r->options != NULL && r->options->max_rows > 0) {
        km_string_format(sql, " LIMIT %lld", (long long)r->options->max_rows);
    }
    return KMSEG_OK;
}

static inline int is_valid(const uint64_t *validity, uint64_t i) {
    return validity == NULL || (validity[i / 64] >> (i % 64) & 1) != 0;
}

static inline int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

static inline const char *text_of(const km_duckdb_string *string) {
    return string->pointer.length <= sizeof string->inlined.text ? string->inlined.text
                                                                 : string->pointer.text;
}

static inline km_int128 whole(km_duckdb_hugeint value) {
    return (km_int128)value.upper * ((km_int128)1 << 64) + (km_int128)value.lower;
}

/* Values of one C type. */
#define EACH_VALUE(ctype, call)                                                                    \
    for (uint64_t i = 0; i < n && status == KMSEG_OK; i++) {                                       \
        if (is_valid(validity, i)) {                                                               \
            ctype value = ((const ctype *)data)[i];                                                \
            int64_t row = first + (int64_t)i;                                                      \
            status = (call);                                                                       \
        }                                                                                          \
    }                                                                                              \
    break

static kmseg_status put_time(const reader *r, int32_t column, int64_t row, int64_t value,
                             int32_t per_second) {
    if (value == INT64_MAX || value == -INT64_MAX || value == INT64_MIN) {
        return km_fail(r->ctx, KMSEG_E_FORMAT,
                       "%s: column %s is an infinite time in row %lld; it needs to be a date or "
                       "missing",
                       r->what, r->builder.columns[column].name, (long long)row + 1);
    }
    km_builder_time(&r->builder, column, row, floor_divide(value, per_second));
    return KMSEG_OK;
}

static kmseg_status fill(reader *r, int32_t column, km_duckdb_handle vector, uint64_t n) {
    const void *data = r->duckdb->vector_get_data(vector);
    const uint64_t *validity = r->duckdb->vector_get_validity(vector);
    const crossing *c = r->crossings[column];
    km_builder *b = &r->builder;
    int64_t first = r->n_rows;
    kmseg_status status = KMSEG_OK;
    switch (c->as) {
    case TYPE_TINYINT: EACH_VALUE(int8_t, km_builder_number(b, column, row, value));
    case TYPE_SMALLINT: EACH_VALUE(int16_t, km_builder_number(b, column, row, value));
    case TYPE_INTEGER: EACH_VALUE(int32_t, km_builder_number(b, column, row, value));
    case TYPE_UTINYINT: EACH_VALUE(uint8_t, km_builder_number(b, column, row, value));
    case TYPE_USMALLINT: EACH_VALUE(uint16_t, km_builder_number(b, column, row, value));
    case TYPE_UINTEGER: EACH_VALUE(uint32_t, km_builder_number(b, column, row, value));
    case TYPE_DOUBLE: EACH_VALUE(double, km_builder_number(b, column, row, value));
    case TYPE_BIGINT: EACH_VALUE(int64_t, km_builder_integer(b, column, row, value));
    case TYPE_UBIGINT: EACH_VALUE(uint64_t, km_builder_integer(b, column, row, value));
    case TYPE_HUGEINT:
        EACH_VALUE(km_duckdb_hugeint, km_builder_integer(b, column, row, whole(value)));
    case TYPE_VARCHAR:
        EACH_VALUE(km_duckdb_string,
                   km_builder_text(b, column, row, text_of(&value), value.pointer.length));
    default: EACH_VALUE(int64_t, put_time(r, column, row, value, c->per_second));
    }
    return status;
}

static kmseg_status fetch(reader *r, km_duckdb_result *result) {
    const km_duckdb *d = r->duckdb;
    kmseg_status status = KMSEG_OK;
    km_duckdb_handle chunk;
    while (status == KMSEG_OK && (chunk = d->fetch_chunk(*result)) != NULL) {
        uint64_t n = d->data_chunk_get_size(chunk);
        status = km_cancelled(r->ctx) ? km_fail_cancelled(r->ctx)
                                      : km_builder_reserve(&r->builder, r->n_rows + (int64_t)n);
        for (int32_t i = 0; i < r->builder.n_columns && status == KMSEG_OK; i++) {
            status = fill(r, i, d->data_chunk_get_vector(chunk, (uint64_t)i), n);
        }
        r->n_rows += (int64_t)n;
        d->destroy_data_chunk(&chunk);
        if (n == 0) {
            break;
        }
    }
    return status;
}

static kmseg_status read_rows(reader *r, const char *sql) {
    km_duckdb_result result;
    KM_TRY(run_query(r, sql, &result));
    kmseg_status status = fetch(r, &result);
    r->duckdb->destroy_result(&result);
    if (status == KMSEG_OK && r->n_rows == 0) {
        status = km_fail(r->ctx, KMSEG_E_DATA, "%s: there are no rows", r->what);
    }
    return status;
}

/* A selected or requested column that is not there. */
static kmseg_status check_names(reader *r, km_duckdb_result *result) {
    kmseg_table *names;
    KM_TRY(kmseg_table_new(r->ctx, 0, &names));
    kmseg_status status = KMSEG_OK;
    uint64_t n = r->duckdb->column_count(result);
    for (uint64_t i = 0; i < n && status == KMSEG_OK; i++) {
        const char *name = r->duckdb->column_name(result, i);
        if (name != NULL && name[0] != '\0' && kmseg_table_find(names, name) < 0) {
            status = kmseg_table_add_numbers(r->ctx, names, name, NULL);
        }
    }
    if (status == KMSEG_OK && r->options != NULL) {
        status = km_requests_check(r->ctx, names, r->options);
    }
    kmseg_table_free(names);
    return status != KMSEG_OK ? km_fail_prefix(r->ctx, status, "%s", r->what) : KMSEG_OK;
}

static kmseg_status plan_query(reader *r, const char *from, int with_rows, km_string *sql) {
    km_string_add(sql, "SELECT * FROM ");
    km_string_add(sql, from);
    km_string_add(sql, " LIMIT 0");
    if (sql->failed) {
        return km_fail_memory(r->ctx, "a query");
    }
    km_duckdb_result result;
    KM_TRY(run_query(r, sql->data, &result));
    sql->length = 0;
    uint64_t n = r->duckdb->column_count(&result);
    r->crossings = km_allocate_array(&r->ctx->allocator, (int64_t)n, sizeof *r->crossings);
    kmseg_status status = n > 1000000
                              ? km_fail(r->ctx, KMSEG_E_FORMAT, "%s: too many columns", r->what)
                          : r->crossings == NULL ? km_fail_memory(r->ctx, "the columns of a table")
                                                 : km_builder_init(r->ctx, (int32_t)n, &r->builder);
    if (status == KMSEG_OK) {
        status = check_names(r, &result);
    }
    if (status == KMSEG_OK) {
        status = plan(r, &result, from, with_rows, sql);
    }
    r->duckdb->destroy_result(&result);
    return status == KMSEG_OK && sql->failed ? km_fail_memory(r->ctx, "a query") : status;
}

static kmseg_status read_all(reader *r, const char *from, int32_t n_threads, int with_rows,
                             kmseg_table **out) {
    km_string sql;
    km_string_init(&sql, &r->ctx->allocator);
    kmseg_status status = open_database(r, n_threads);
    if (status == KMSEG_OK) {
        status = plan_query(r, from, with_rows, &sql);
    }
    if (status == KMSEG_OK && with_rows) {
        status = read_rows(r, sql.data);
    }
    km_string_free(&sql);
    if (status != KMSEG_OK) {
        return status;
    }
    KM_TRY(km_builder_finish(&r->builder, r->n_rows, out));
    if (with_rows && r->options != NULL) {
        status = km_requests_apply(r->ctx, *out, r->options);
    }
    if (status != KMSEG_OK) {
        kmseg_table_free(*out);
        *out = NULL;
        return km_fail_prefix(r->ctx, status, "%s", r->what);
    }
    return KMSEG_OK;
}

kmseg_status km_duckdb_read(kmseg_context *ctx, const char *what, const char *from,
                            int32_t n_threads, int with_rows, const kmseg_csv_options *options,
                            kmseg_table **out) {
    *out = NULL;
    reader r = {.ctx = ctx, .what = what, .options = options};
    KM_TRY(km_duckdb_get(ctx, &r.duckdb));
    kmseg_status status = read_all(&r, from, n_threads, with_rows, out);
    if (r.builder.ctx != NULL) {
        km_builder_free(&r.builder);
    }
    km_release(&ctx->allocator, r.crossings);
    r.duckdb->disconnect(&r.connection);
    r.duckdb->close(&r.database);
    return status;
}
