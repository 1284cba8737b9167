/* Where tables come from: CSV, HDF5, Parquet, JSON, SQL, and generators of synthetic data. */
#ifndef KMSEG_SOURCE_H
#define KMSEG_SOURCE_H

#include <kmseg/option.h>
#include <kmseg/table.h>

KMSEG_BEGIN_DECLS

/** Type asked for one column; without a request the reader decides from all cells. */
typedef struct kmseg_column_request {
    const char *name;
    kmseg_column_type type;
} kmseg_column_request;

typedef struct kmseg_csv_options {
    size_t struct_size;
    const char *delimiter;  /* one of ",", ";", "\t" or "tab", "|"; NULL: by the first lines */
    int32_t header;         /* 1: the first line has the names; 0: columns are c1, c2, ... */
    const char *date_order; /* how 9/12/2011 is read: "day_first", "month_first", or "auto": as the
                               column's other dates (13/12/2011) say */
    int32_t n_requests;
    const kmseg_column_request *requests; /* columns whose type is known, borrowed */
    int32_t n_select;
    const char *const *select; /* read only these columns; n_select 0: all */
    int64_t max_rows;          /* stop behind so many rows; 0: read all */
    int32_t lenient; /* 1: a cell that does not parse as the requested NUMBER or TIME is missing and
                        counted in kmseg_csv_report; 0: it is an error naming line and column */
} kmseg_csv_options;

KMSEG_API const kmseg_option_table *kmseg_csv_option_table(void);
KMSEG_API void kmseg_csv_options_init(kmseg_csv_options *options);

typedef struct kmseg_csv_report {
    char delimiter;
    int64_t n_bytes; /* of text, after decompression */
    int64_t n_rows;
    int64_t n_unparsable;   /* lenient: cells made missing because they did not parse */
    int64_t first_bad_line; /* lenient: line of the first such cell, 0 when there was none */
} kmseg_csv_report;

/**
 * Reads a CSV file, plain or gzip-compressed (by content, whatever its name), into a table.
 *
 * RFC 4180 quoting; LF, CRLF or CR line ends; UTF-8 with or without byte-order mark. A quote inside
 * an unquoted cell is a character like any other; text behind a closing quote is an error. Empty
 * lines are skipped, except in a file of one column, where they are missing cells. A record with
 * more or fewer cells than the header is an error. A column without a name is called c and its
 * position; two columns of one name are an error.
 *
 * Missing: an empty cell or one of spaces alone, and in NUMBER and TIME columns a quoted one and NA,
 * N/A, #N/A, NaN, null and None in any case. In a TEXT column a quoted cell is always present: ("")
 * is an empty string.
 *
 * Types: a column all of whose present cells are finite decimal numbers becomes NUMBER; all dates,
 * TIME; else TEXT; one without any cell, NUMBER. Numbers are [+-]digits[.digits][e[+-]digits] with
 * spaces around them, without thousands separators, and mean what strtod gives in the C locale.
 * Numbers that are written like names make the column TEXT, unless NUMBER is requested: those with
 * a leading plus (+4930123), and digits alone that begin with a zero (00042) or are more than 15.
 * Infinity among numbers is an error. 9/12/2011 is read as the column's other dates say (13/12/2011 is day
 * first); where none does or they disagree, the column is TEXT, or an error when TIME is requested,
 * unless date_order decides.
 *
 * The columns of the table are in the order of the file. out_report may be NULL.
 *
 * The file must not be cut short while it is read. KMSEG_E_IO when it cannot be read, KMSEG_E_FORMAT
 * when it is no CSV, KMSEG_E_DATA when it has no rows or a date has two readings,
 * KMSEG_E_NOT_FOUND when a selected or requested column is not there. Messages name file, line (from
 * 1, the header included) and column. Cost: one pass over the text for all columns; one or two more
 * when later rows refute a type that the first rows suggest.
 */
KMSEG_API kmseg_status kmseg_csv_read(kmseg_context *ctx, const char *path,
                                      const kmseg_csv_options *options, kmseg_table **out,
                                      kmseg_csv_report *out_report);

/**
 * Names of the columns of a file of any known format without reading its rows (of JSON, which says
 * them nowhere else, all is looked through); the result is one table of no rows.
 */
KMSEG_API kmseg_status kmseg_source_columns(kmseg_context *ctx, const char *path,
                                            const kmseg_csv_options *options, kmseg_table **out);

/**
 * Reads a table from any known format, told by content: HDF5 (a file that kmseg wrote, or any file
 * with equally long one-dimensional datasets in its root or one two-dimensional numeric dataset),
 * Parquet, JSON (an array of objects, or an object a line; plain or gzip), else CSV. Of options,
 * select, requests and lenient apply to all, max_rows to CSV, Parquet and JSON, the others to CSV;
 * NULL for the defaults.
 *
 * Parquet and JSON are read by DuckDB, whose library is loaded when it is first needed: from the path
 * in the environment variable KMSEG_DUCKDB, else from where the system's loader and npm put it.
 * KMSEG_E_UNSUPPORTED, with how to install it, where it is not there. Memory that DuckDB uses on its
 * way is not from the context's allocator. docs/sources.md says what becomes of which type.
 */
KMSEG_API kmseg_status kmseg_source_read(kmseg_context *ctx, const char *path,
                                         const kmseg_csv_options *options, kmseg_table **out);

/**
 * What kmseg_source_read() takes a file for: a name that `kmseg list sources` explains, or "query" for
 * what the context knows by that name. What is no plain file is "csv".
 */
KMSEG_API kmseg_status kmseg_source_kind(kmseg_context *ctx, const char *path, const char **out);

/**
 * Gives the result of a query a name in this context: kmseg_source_read(), kmseg_source_columns() and
 * everything else that reads a table by path read it by that name, each time anew.
 *
 * name  what messages call it: "SQL query"; a query of that name is replaced
 * sql   one SELECT of DuckDB, which reads files: select * from 'orders.parquet'. It runs on one
 *       thread, so that rows come in one order and sums have the same bits
 *
 * Both are copied; the query is overwritten when the context is freed, because it may hold
 * credentials, and no message, log or file repeats it.
 */
KMSEG_API kmseg_status kmseg_source_define(kmseg_context *ctx, const char *name, const char *sql);

/**
 * The same for a query that a database runs, through ODBC.
 *
 * connection  "DSN=shop" or "Driver={PostgreSQL Unicode};Server=...;Database=...;UID=...;PWD=..."
 *
 * unixODBC's driver manager is loaded when the query is first read; KMSEG_E_UNSUPPORTED, with how to
 * install it, where it is not there. Each reading is a transaction of its own, which is rolled back.
 * Passwords of the connection string are in no message, also where the driver repeats them; the copy
 * is overwritten when the context is freed.
 */
KMSEG_API kmseg_status kmseg_source_define_odbc(kmseg_context *ctx, const char *name,
                                                const char *sql, const char *connection);

/**
 * The same for a table that is in memory: whoever reads a table by path reads a copy of the columns that
 * it needs by that name. What of kmseg takes files takes tables of the caller's by this.
 *
 * name   what messages call it: "DataFrame"; a query or table of that name is replaced
 * table  borrowed until another takes its name or the context is freed; NULL: the name is forgotten
 */
KMSEG_API kmseg_status kmseg_source_define_table(kmseg_context *ctx, const char *name,
                                                 const kmseg_table *table);

/** 1 when a connection string has a password or another secret in it. */
KMSEG_API int kmseg_odbc_has_secret(const char *connection);

/**
 * Where rows of a table are in the file that kmseg_source_read() read it from.
 *
 * rows       n_rows positions in the table, ascending from 0
 * out_lines  n_rows lines of the text, from 1, the header and empty lines included, at which the rows
 *            begin; of an HDF5 file, which has no lines, the rows counted from 1
 *
 * Cost: goes through the text up to the last of the rows. KMSEG_E_DATA when there is no such row.
 */
KMSEG_API kmseg_status kmseg_source_lines(kmseg_context *ctx, const char *path,
                                          const kmseg_csv_options *options, const int64_t *rows,
                                          int64_t n_rows, int64_t *out_lines);

/**
 * Writes a table as CSV: UTF-8, LF, RFC 4180 quoting, numbers with 17 significant digits or fewer
 * where fewer give the same number, times as ISO 8601. Crash-safe: the file appears whole or not
 * at all. path "-" is standard output.
 */
KMSEG_API kmseg_status kmseg_csv_write(kmseg_context *ctx, const kmseg_table *table,
                                       const char *path);

/**
 * Parses a date or time: 2011-12-09, 2011-12-09 12:50[:00[.000]], T between them, a trailing Z or
 * offset, 20111209, 2011/12/09, 09.12.2011 and 12/9/2011 or 9/12/2011 where day_first decides
 * (1: day first, 0: month first). Seconds since 1970-01-01.
 * KMSEG_E_FORMAT when text is not a date.
 */
KMSEG_API kmseg_status kmseg_time_parse(kmseg_context *ctx, const char *text, int day_first,
                                        int64_t *out_seconds);

/** Writes a time as YYYY-MM-DD, or YYYY-MM-DD HH:MM:SS when it is not midnight; needs 32 bytes. */
KMSEG_API void kmseg_time_format(int64_t seconds, char *out, size_t capacity);

typedef struct kmseg_generate_options {
    size_t struct_size;
    const char *what; /* "orders": an order log; "customers": one row per customer */
    int64_t n_customers;
    int64_t n_orders;    /* orders at least, for "orders"; 0: as the customers' rates give */
    int32_t n_segments;  /* groups that are really there */
    double noise;        /* 0: groups far apart; 1: overlapping as in practice; more: harder */
    double missing_rate; /* share of cells left empty, 0 to 0.9; "orders": of category, channel */
    double defect_rate;  /* "orders": share of lines that are returns, duplicates, without an id,
                             without a price, or without a date, a fifth each */
    uint64_t seed;
} kmseg_generate_options;

KMSEG_API const kmseg_option_table *kmseg_generate_option_table(void);
KMSEG_API void kmseg_generate_options_init(kmseg_generate_options *options);

/**
 * Makes synthetic data with known groups, the same for the same options on every machine.
 *
 * out_table  orders: order_id, customer_id, order_date, product_id, category, channel, quantity,
 *            unit_price (as charged) and discount (what was taken off the line), one row per order
 *            line, in order of time over 2023 and 2024; customers: customer_id and numeric and
 *            categorical columns
 * out_truth  customer_id and segment (1 to n_segments), one row per customer; NULL: not wanted
 */
KMSEG_API kmseg_status kmseg_generate(kmseg_context *ctx, const kmseg_generate_options *options,
                                      kmseg_table **out_table, kmseg_table **out_truth);

KMSEG_END_DECLS

#endif
