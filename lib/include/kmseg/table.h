/* A table: named, typed columns of equal length, each with missing values. */
#ifndef KMSEG_TABLE_H
#define KMSEG_TABLE_H

#include <kmseg/context.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_table kmseg_table;

typedef enum kmseg_column_type {
    KMSEG_COLUMN_NUMBER = 1, /* double; NaN is missing */
    KMSEG_COLUMN_TEXT = 2,   /* code into the distinct values (levels); -1 is missing */
    KMSEG_COLUMN_TIME = 3    /* seconds since 1970-01-01 00:00:00; KMSEG_TIME_MISSING is missing */
} kmseg_column_type;

#define KMSEG_TIME_MISSING INT64_MIN

/* What a column is for. UNKNOWN columns are judged by name and content. */
typedef enum kmseg_column_role {
    KMSEG_ROLE_UNKNOWN = 0,
    KMSEG_ROLE_ID = 1,      /* names the customer */
    KMSEG_ROLE_FEATURE = 2, /* clustered on by default */
    KMSEG_ROLE_DESCRIBE = 3 /* profiled, not clustered on by default */
} kmseg_column_role;

/** A column as its table shows it; every pointer is borrowed from the table. */
typedef struct kmseg_column {
    const char *name;
    const char *unit; /* "days", "orders", ...; "" when unknown */
    kmseg_column_type type;
    kmseg_column_role role;
    int64_t n_rows;
    int64_t n_missing;
    const double *numbers;     /* NUMBER: n_rows values, else NULL */
    const int64_t *times;      /* TIME: n_rows values, else NULL */
    const int32_t *codes;      /* TEXT: n_rows values in [-1, n_levels), else NULL */
    int32_t n_levels;          /* TEXT: distinct values, in order of first appearance */
    const char *const *levels; /* TEXT: n_levels UTF-8 strings */
} kmseg_column;

/** An empty table of n_rows rows (>= 0) and no column; free it with kmseg_table_free(). */
KMSEG_API kmseg_status kmseg_table_new(kmseg_context *ctx, int64_t n_rows, kmseg_table **out);

KMSEG_API void kmseg_table_free(kmseg_table *table);

/** Adds a copy of n_rows numbers. KMSEG_E_ARGUMENT when the name is empty or already there. */
KMSEG_API kmseg_status kmseg_table_add_numbers(kmseg_context *ctx, kmseg_table *table,
                                               const char *name, const double *values);

/** Adds a copy of n_rows times, in seconds since 1970-01-01. */
KMSEG_API kmseg_status kmseg_table_add_times(kmseg_context *ctx, kmseg_table *table,
                                             const char *name, const int64_t *values);

/** Adds a copy of n_rows strings; NULL is missing. */
KMSEG_API kmseg_status kmseg_table_add_texts(kmseg_context *ctx, kmseg_table *table,
                                             const char *name, const char *const *values);

/** Adds a copy of n_rows codes in [-1, n_levels) and of the levels, which must be distinct. */
KMSEG_API kmseg_status kmseg_table_add_codes(kmseg_context *ctx, kmseg_table *table,
                                             const char *name, const int32_t *codes,
                                             int32_t n_levels, const char *const *levels);

/** Sets role and unit of a column; unit NULL leaves it as it is. */
KMSEG_API kmseg_status kmseg_table_describe(kmseg_context *ctx, kmseg_table *table, int32_t column,
                                            kmseg_column_role role, const char *unit);

KMSEG_API int64_t kmseg_table_n_rows(const kmseg_table *table);
KMSEG_API int32_t kmseg_table_n_columns(const kmseg_table *table);

/** Column i, valid while the table is and until the next column is added. */
KMSEG_API const kmseg_column *kmseg_table_column(const kmseg_table *table, int32_t i);

/**
 * A new table of the given rows of every column, in that order: positions in [0, n_rows) of table.
 * KMSEG_E_ARGUMENT for a row that is not there.
 */
KMSEG_API kmseg_status kmseg_table_take(kmseg_context *ctx, const kmseg_table *table,
                                        const int64_t *rows, int64_t n_rows, kmseg_table **out);

/** Position of the column of that name (exact match), or -1. */
KMSEG_API int32_t kmseg_table_find(const kmseg_table *table, const char *name);

/** JSON on how the table was made, where it comes from a file of kmseg that says so; else NULL.
 * Borrowed from the table. */
KMSEG_API const char *kmseg_table_params(const kmseg_table *table);

KMSEG_END_DECLS

#endif
