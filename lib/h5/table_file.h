/* What saving and loading tables share. A load first makes a plan (which columns there are and
 * where), then reads it. */
#ifndef KM_H5_TABLE_FILE_H
#define KM_H5_TABLE_FILE_H

#include "data/table.h"
#include "h5/dataset.h"

/* "number", "text", "time"; "unknown", "id", "feature", "describe". */
const char *km_h5_column_type_name(kmseg_column_type type);
const char *km_h5_column_role_name(kmseg_column_role role);

/* A column that is to be read; strings live in the plan's arena. */
typedef struct km_h5_column {
    const char *path;   /* of its dataset */
    const char *levels; /* own TEXT columns: path of the strings; else NULL */
    const char *name, *unit;
    kmseg_column_type type;
    kmseg_column_role role;
    int64_t order;         /* columns of a table are in ascending order of this, then as found */
    int64_t matrix_column; /* which column of a two-dimensional dataset; -1: one-dimensional */
} km_h5_column;

typedef struct km_h5_plan {
    km_arena arena;
    int own; /* 1: a file of ours, 0: other people's */
    int64_t n_rows;
    int32_t n, capacity;
    km_h5_column *columns;
} km_h5_plan;

/* Adds an empty row with a copy of path; NULL when out of memory. */
km_h5_column *km_h5_plan_add(km_h5_plan *plan, const char *path);

/* Plans a file that kmseg did not write: one-dimensional datasets in its root, and at most one
 * two-dimensional numeric one, all of equal length. */
kmseg_status km_h5_plan_foreign(km_h5_file *file, km_h5_plan *plan);

/* Reads a one-dimensional dataset of any number or string type as the next column of table. */
kmseg_status km_h5_read_foreign(km_h5_file *file, const km_h5_column *column, kmseg_table *table);

/* Reads columns [first, first + n) of the plan, which are columns of one matrix. */
kmseg_status km_h5_read_matrix(km_h5_file *file, const km_h5_plan *plan, int32_t first, int32_t n,
                               kmseg_table *table);

/* Finds infinities in a NUMBER column and counts what is missing. */
kmseg_status km_h5_check_numbers(km_h5_file *file, kmseg_table *table, int32_t column);

#endif
