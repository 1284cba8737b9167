/* Inside of a table. Readers fill columns in place instead of handing over copies. */
#ifndef KM_DATA_TABLE_H
#define KM_DATA_TABLE_H

#include "base/context.h"

#include <kmseg/table.h>

struct kmseg_table {
    km_arena arena;
    int64_t n_rows;
    int32_t n_columns, capacity;
    kmseg_column *columns;
    const char *params; /* JSON on how it was made, or NULL; in the arena */
};

/* Adds an uncleared column that the caller fills, through *out, before anyone reads it; then
 * km_table_count_missing(). */
kmseg_status km_table_add_number_column(kmseg_context *ctx, kmseg_table *table, const char *name,
                                        double **out);
kmseg_status km_table_add_time_column(kmseg_context *ctx, kmseg_table *table, const char *name,
                                      int64_t **out);
kmseg_status km_table_add_code_column(kmseg_context *ctx, kmseg_table *table, const char *name,
                                      int32_t **out);

/* Gives a TEXT column its levels: n strings that already live as long as the table (taken from
 * table->arena); the array is copied. */
kmseg_status km_table_set_levels(kmseg_context *ctx, kmseg_table *table, int32_t column,
                                 int32_t n_levels, const char *const *levels);

/* Counts n_missing of one column from its values. */
void km_table_count_missing(kmseg_table *table, int32_t column);

/* Frees the values of a column, which nobody will read any more; what describes it stays. */
void km_table_forget(kmseg_table *table, int32_t column);

/* A new table of the given rows (positions in table) of every column, in that order; -1 is a row
 * without any value. */
kmseg_status km_table_take_rows(kmseg_context *ctx, const kmseg_table *table, const int64_t *rows,
                                int64_t n_rows, kmseg_table **out);

/* Names of all columns, "a, b, c", cut at capacity with "..."; for messages. */
void km_table_names(const kmseg_table *table, char *out, size_t capacity);

/* KMSEG_E_NOT_FOUND: no column name in the table; says which there are and a similar one. */
kmseg_status km_table_fail_no_column(kmseg_context *ctx, const kmseg_table *table,
                                     const char *name);

#endif
