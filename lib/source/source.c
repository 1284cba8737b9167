/* Tables from files of any known format, told by content, and from queries. */
#include "source/source.h"
#include "base/query.h"
#include "base/text.h"
#include "data/table.h"
#include "h5/table.h"
#include "source/csv.h"
#include "source/duckdb.h"
#include "source/odbc.h"
#include "source/requests.h"

#include <string.h>
#include <sys/stat.h>

/* ---- HDF5 ---- */

static kmseg_status read_hdf5(kmseg_context *ctx, const char *path, const km_input *input,
                              const kmseg_csv_options *options, kmseg_table **out) {
    (void)input;
    /* Requests are about columns that may not be selected, so then all are read. */
    int32_t n_select = options != NULL && options->n_requests == 0 ? options->n_select : 0;
    KM_TRY(km_h5_table_load(ctx, path, n_select, n_select > 0 ? options->select : NULL, 1, out));
    if (options == NULL) {
        return KMSEG_OK;
    }
    kmseg_status status = km_requests_apply(ctx, *out, options);
    if (status != KMSEG_OK) {
        kmseg_table_free(*out);
        *out = NULL;
        return km_fail_prefix(ctx, status, "%s", path);
    }
    return KMSEG_OK;
}

/* The names, types and descriptions of an HDF5 table, without its rows. */
static kmseg_status hdf5_columns(kmseg_context *ctx, const char *path, const km_input *input,
                                 const kmseg_csv_options *options, kmseg_table **out,
                                 int *out_whole) {
    (void)input, (void)options;
    *out_whole = 1;
    return km_h5_table_load(ctx, path, 0, NULL, 0, out);
}

/* ---- Parquet and JSON, which DuckDB reads ---- */

static int is_parquet(const km_input *input) {
    return input->size >= 4 && memcmp(input->text, "PAR1", 4) == 0;
}

static int64_t skip_spaces(const km_input *input, int64_t at) {
    while (at < input->size && strchr(" \t\r\n", input->text[at]) != NULL &&
           input->text[at] != '\0') {
        at++;
    }
    return at;
}

/* An object, or an array of objects. A header of CSV in square brackets ([id],[name]) is neither. */
static int is_json(const km_input *input) {
    int64_t at = input->size >= 3 && memcmp(input->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    at = skip_spaces(input, at);
    if (at < input->size && input->text[at] == '[') {
        at = skip_spaces(input, at + 1);
        if (at < input->size && input->text[at] == ']') {
            return skip_spaces(input, at + 1) == input->size;
        }
    }
    if (at >= input->size || input->text[at] != '{') {
        return 0;
    }
    at = skip_spaces(input, at + 1);
    return at < input->size && (input->text[at] == '"' || input->text[at] == '}');
}

/* 'it''s.parquet', with signs that would make the name a pattern taken as they are. */
static void quote_path(km_string *sql, const char *path) {
    km_string_add(sql, "'");
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '\'') {
            km_string_add(sql, "''");
        } else if (strchr("*?[", *c) != NULL) {
            km_string_format(sql, "[%c]", *c);
        } else {
            km_string_add_n(sql, c, 1);
        }
    }
    km_string_add(sql, "'");
}

static kmseg_status read_by_duckdb(kmseg_context *ctx, const char *path, const char *function,
                                   const char *arguments, int with_rows,
                                   const kmseg_csv_options *options, kmseg_table **out) {
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return km_fail(ctx, KMSEG_E_IO, "%s: Parquet and JSON need to be in a file, not in a pipe",
                       path);
    }
    km_string from;
    km_string_init(&from, &ctx->allocator);
    km_string_add(&from, function);
    km_string_add(&from, "(");
    quote_path(&from, path);
    km_string_add(&from, arguments);
    km_string_add(&from, ")");
    kmseg_status status =
        from.failed ? km_fail_memory(ctx, "a query")
                    : km_duckdb_read(ctx, path, from.data, ctx->n_threads, with_rows, options, out);
    km_string_free(&from);
    return status;
}

static kmseg_status read_parquet(kmseg_context *ctx, const char *path, const km_input *input,
                                 const kmseg_csv_options *options, kmseg_table **out) {
    (void)input;
    return read_by_duckdb(ctx, path, "read_parquet", ", binary_as_string = true", 1, options, out);
}

static kmseg_status parquet_columns(kmseg_context *ctx, const char *path, const km_input *input,
                                    const kmseg_csv_options *options, kmseg_table **out,
                                    int *out_whole) {
    (void)input, (void)options;
    *out_whole = 1;
    return read_by_duckdb(ctx, path, "read_parquet", ", binary_as_string = true", 0, NULL, out);
}

/* All objects say what the columns are, not the first ones alone. */
static const char *json_arguments(const km_input *input) {
    return input->block != NULL ? ", sample_size = -1, compression = 'gzip'"
                                : ", sample_size = -1, compression = 'uncompressed'";
}

static kmseg_status read_json(kmseg_context *ctx, const char *path, const km_input *input,
                              const kmseg_csv_options *options, kmseg_table **out) {
    return read_by_duckdb(ctx, path, "read_json", json_arguments(input), 1, options, out);
}

static kmseg_status json_columns(kmseg_context *ctx, const char *path, const km_input *input,
                                 const kmseg_csv_options *options, kmseg_table **out,
                                 int *out_whole) {
    (void)options;
    *out_whole = 1;
    return read_by_duckdb(ctx, path, "read_json", json_arguments(input), 0, NULL, out);
}

/* ---- CSV ---- */

static int is_anything(const km_input *input) {
    (void)input;
    return 1;
}

static kmseg_status read_csv(kmseg_context *ctx, const char *path, const km_input *input,
                             const kmseg_csv_options *options, kmseg_table **out) {
    return km_csv_read_input(ctx, path, input, options, 0, out, NULL);
}

/* ---- the registry ---- */

static const km_source sources[] = {
    {{"hdf5", "tables that kmseg wrote, and files with a dataset for each column"},
     km_input_is_hdf5,
     read_hdf5,
     hdf5_columns,
     NULL},
    {{"parquet", "Apache Parquet, read through DuckDB"},
     is_parquet,
     read_parquet,
     parquet_columns,
     NULL},
    {{"json", "an array of objects, or an object a line, plain or gzip; read through DuckDB"},
     is_json,
     read_json,
     json_columns,
     NULL},
    {{"csv", "comma, semicolon, tab or bar between cells, plain or gzip"},
     is_anything,
     read_csv,
     km_csv_columns,
     km_csv_lines},
};

enum { N_SOURCES = sizeof sources / sizeof *sources };

static const km_named *source_at(int32_t i) {
    return i >= 0 && i < N_SOURCES ? &sources[i].named : NULL;
}

const km_registry km_sources = {"sources", source_at};

/* The last row takes everything. */
static const km_source *source_of(const km_input *input) {
    const km_source *source = sources;
    while (!source->is_it(input)) {
        source++;
    }
    return source;
}

int km_source_is_csv(const km_input *input) { return source_of(input)->columns == km_csv_columns; }

/* ---- queries, and tables that have a name ---- */

kmseg_status kmseg_source_define(kmseg_context *ctx, const char *name, const char *sql) {
    if (name == NULL || name[0] == '\0' || sql == NULL || sql[strspn(sql, " \t\r\n;")] == '\0') {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "a query needs a name and a text");
    }
    return km_query_define(ctx, name, sql, NULL);
}

kmseg_status kmseg_source_define_odbc(kmseg_context *ctx, const char *name, const char *sql,
                                      const char *connection) {
    if (connection == NULL || connection[0] == '\0') {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "the connection string of ODBC is empty");
    }
    if (name == NULL || name[0] == '\0' || sql == NULL || sql[strspn(sql, " \t\r\n;")] == '\0') {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "a query needs a name and a text");
    }
    return km_query_define(ctx, name, sql, connection);
}

kmseg_status kmseg_source_define_table(kmseg_context *ctx, const char *name,
                                       const kmseg_table *table) {
    if (name == NULL || name[0] == '\0') {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "a table needs a name");
    }
    return km_query_define_table(ctx, name, table);
}

static kmseg_status copy_column(kmseg_context *ctx, const kmseg_column *from, kmseg_table *to) {
    KM_TRY(from->type == KMSEG_COLUMN_NUMBER
               ? kmseg_table_add_numbers(ctx, to, from->name, from->numbers)
           : from->type == KMSEG_COLUMN_TIME
               ? kmseg_table_add_times(ctx, to, from->name, from->times)
               : kmseg_table_add_codes(ctx, to, from->name, from->codes,
                                       to->n_rows > 0 ? from->n_levels : 0, from->levels));
    return kmseg_table_describe(ctx, to, to->n_columns - 1, from->role, from->unit);
}

/* A column that is read: all are where nothing is selected, and requests need theirs. */
static int is_read(const kmseg_csv_options *options, const char *name) {
    int32_t n_select = options != NULL ? options->n_select : 0, is_one = n_select == 0;
    for (int32_t i = 0; i < n_select && !is_one; i++) {
        is_one = strcmp(options->select[i], name) == 0;
    }
    for (int32_t i = 0; n_select > 0 && i < options->n_requests && !is_one; i++) {
        is_one = strcmp(options->requests[i].name, name) == 0;
    }
    return is_one;
}

/* A table that has a name, as if it were a file. */
static kmseg_status copy_table(kmseg_context *ctx, const kmseg_table *from, int with_rows,
                               const kmseg_csv_options *options, kmseg_table **out) {
    int64_t n_rows = with_rows ? from->n_rows : 0;
    if (options != NULL && options->max_rows > 0 && n_rows > options->max_rows) {
        n_rows = options->max_rows;
    }
    if (with_rows && n_rows == 0) {
        return km_fail(ctx, KMSEG_E_DATA, "there are no rows");
    }
    KM_TRY(options != NULL ? km_requests_check(ctx, from, options) : KMSEG_OK);
    KM_TRY(kmseg_table_new(ctx, n_rows, out));
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < from->n_columns && status == KMSEG_OK; i++) {
        if (is_read(options, from->columns[i].name)) {
            status = copy_column(ctx, &from->columns[i], *out);
        }
    }
    if (status == KMSEG_OK && from->params != NULL) {
        (*out)->params = km_arena_text(&(*out)->arena, from->params);
        status = (*out)->params != NULL ? KMSEG_OK : km_fail_memory(ctx, "a table");
    }
    if (status == KMSEG_OK && options != NULL) {
        status = km_requests_apply(ctx, *out, options);
    }
    if (status != KMSEG_OK) {
        kmseg_table_free(*out);
        *out = NULL;
    }
    return status;
}

/* A query as a table of another; a comment at its end ends with its line. */
static kmseg_status run_query(kmseg_context *ctx, const km_query *query, int with_rows,
                              const kmseg_csv_options *options, kmseg_table **out) {
    if (query->table != NULL) {
        kmseg_status status = copy_table(ctx, query->table, with_rows, options, out);
        return status != KMSEG_OK ? km_fail_prefix(ctx, status, "%s", query->name) : KMSEG_OK;
    }
    if (query->connection != NULL) {
        return km_odbc_read(ctx, query->name, query->sql, query->connection, with_rows, options,
                            out);
    }
    size_t length = strlen(query->sql);
    while (length > 0 && strchr(" \t\r\n;", query->sql[length - 1]) != NULL) {
        length--;
    }
    km_string from;
    km_string_init(&from, &ctx->allocator);
    km_string_add(&from, "(\n");
    km_string_add_n(&from, query->sql, length);
    km_string_add(&from, "\n)");
    /* On one thread a query that groups or joins has its rows in one order, and sums the same bits. */
    kmseg_status status =
        from.failed ? km_fail_memory(ctx, "a query")
                    : km_duckdb_read(ctx, query->name, from.data, 1, with_rows, options, out);
    km_string_free(&from);
    return status;
}

/* ---- reading ---- */

kmseg_status kmseg_source_read(kmseg_context *ctx, const char *path,
                               const kmseg_csv_options *options, kmseg_table **out) {
    *out = NULL;
    const km_query *query = km_query_find(ctx, path);
    if (query != NULL) {
        return run_query(ctx, query, 1, options, out);
    }
    km_input input;
    KM_TRY(km_input_open(ctx, path, 0, &input));
    kmseg_status status = source_of(&input)->read(ctx, path, &input, options, out);
    km_input_close(&input);
    return status;
}

kmseg_status kmseg_source_kind(kmseg_context *ctx, const char *path, const char **out) {
    struct stat info;
    *out = km_query_find(ctx, path) != NULL ? "query" : "csv";
    if (km_query_find(ctx, path) != NULL ||
        (stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))) {
        return KMSEG_OK; /* a pipe can be read only once */
    }
    km_input input;
    KM_TRY(km_input_open(ctx, path, 65536, &input));
    *out = source_of(&input)->named.name;
    km_input_close(&input);
    return KMSEG_OK;
}

kmseg_status kmseg_source_lines(kmseg_context *ctx, const char *path,
                                const kmseg_csv_options *options, const int64_t *rows,
                                int64_t n_rows, int64_t *out_lines) {
    km_input input = {0};
    const km_source *source = NULL;
    if (km_query_find(ctx, path) == NULL) {
        KM_TRY(km_input_open(ctx, path, 0, &input));
        source = source_of(&input);
    }
    kmseg_status status = KMSEG_OK;
    if (source != NULL && source->lines != NULL) {
        status = source->lines(ctx, path, &input, options, rows, n_rows, out_lines);
    } else {
        for (int64_t i = 0; i < n_rows; i++) {
            out_lines[i] = rows[i] + 1;
        }
    }
    if (source != NULL) {
        km_input_close(&input);
    }
    return status;
}

kmseg_status kmseg_source_columns(kmseg_context *ctx, const char *path,
                                  const kmseg_csv_options *options, kmseg_table **out) {
    *out = NULL;
    const km_query *query = km_query_find(ctx, path);
    if (query != NULL) {
        return run_query(ctx, query, 0, NULL, out);
    }
    int64_t bytes = 256 * 1024; /* of a compressed file, which the header seldom exceeds */
    for (int whole = 0;; bytes = 0) {
        km_input input;
        KM_TRY(km_input_open(ctx, path, bytes, &input));
        kmseg_status status = source_of(&input)->columns(ctx, path, &input, options, out, &whole);
        int cut = input.cut;
        km_input_close(&input);
        if (whole || !cut) {
            return status;
        }
        kmseg_table_free(*out);
        *out = NULL;
    }
}
