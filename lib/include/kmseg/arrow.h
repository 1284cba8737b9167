/* Tables from and to other libraries of the same process, as streams of Apache Arrow: pandas, Polars,
 * PyArrow, DuckDB and others hand their columns over without a file and without conversion in between. */
#ifndef KMSEG_ARROW_H
#define KMSEG_ARROW_H

#include <kmseg/source.h>

KMSEG_BEGIN_DECLS

/* Arrow's C data and C stream interfaces are an ABI: these three structs, laid out as its specification
 * says (https://arrow.apache.org/docs/format/CDataInterface.html, .../CStreamInterface.html), under the
 * names and guards that it prescribes, so that whoever includes them from elsewhere too has them once.
 * Whoever gets a struct calls its release once, which sets release to NULL; a struct whose release is
 * NULL holds nothing. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE           2
#define ARROW_FLAG_MAP_KEYS_SORTED    4

/* What a column is; for a table, what each of its columns is. */
struct ArrowSchema {
    const char *format; /* "l" is int64, "u" is text, "+s" is a row of columns, ... */
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary; /* of coded values: what the codes stand for */
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

/* The values of one. */
struct ArrowArray {
    int64_t length;
    int64_t null_count; /* -1: not counted */
    int64_t offset;     /* values before the first */
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers; /* for numbers: bits that say which are there (NULL: all), values */
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

/* A schema, and one batch of rows after the other; the last has no release. Functions return 0 or an
 * errno. */
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/**
 * Reads a stream of rows to its end.
 *
 * stream   released by this call, whatever it returns; its batches and its schema too
 * what     what messages call it: "DataFrame"
 * options  select, requests, max_rows and lenient count, as in kmseg_source_read(); NULL: everything as
 *          it is
 *
 * docs/sources.md says what becomes of which type; a column has the same type and values as one that
 * comes from Parquet. Coded (dictionary) columns are those that their codes stand for. KMSEG_E_FORMAT
 * names a column that no table can have (nested, binary, a duration) and what to do about it, and one
 * whose arrays contradict themselves: counts, offsets and codes are checked, but what a pointer points
 * to cannot be. KMSEG_E_IO with the message of the stream when it fails, KMSEG_E_DATA without rows.
 * Cost O(rows columns), on one thread; memory is that of the table and 8 bytes a cell besides.
 */
KMSEG_API kmseg_status kmseg_table_from_arrow(kmseg_context *ctx, struct ArrowArrayStream *stream,
                                              const char *what, const kmseg_csv_options *options,
                                              kmseg_table **out);

/**
 * Makes a stream of one batch with the columns of a table: float64, large_utf8, and timestamps in
 * seconds without a time zone; missing values are null.
 *
 * out  a struct of the caller's, which is filled. It owns copies: it, its schema and its arrays may
 *      outlive the table and the context, and be released in any order and on any thread
 *
 * Cost O(rows columns) and the bytes of the texts.
 */
KMSEG_API kmseg_status kmseg_table_to_arrow(kmseg_context *ctx, const kmseg_table *table,
                                            struct ArrowArrayStream *out);

KMSEG_END_DECLS

#endif
