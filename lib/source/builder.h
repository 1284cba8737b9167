/* A table whose number of rows is known at its end: columns grow by blocks. */
#ifndef KM_SOURCE_BUILDER_H
#define KM_SOURCE_BUILDER_H

#include "data/dictionary.h"
#include "data/table.h"

/* What a column is filled with. */
typedef enum km_cells {
    KM_CELLS_NUMBER = 0,
    KM_CELLS_INTEGER = 1, /* numbers; text once one is beyond 2^53, because then they are ids */
    KM_CELLS_TEXT = 2,
    KM_CELLS_TIME = 3
} km_cells;

__extension__ typedef __int128 km_int128;
__extension__ typedef unsigned __int128 km_uint128;

enum { KM_BUILDER_BLOCK = 65536 };

typedef union km_cell {
    double number;
    int64_t value; /* a time, or the code of a text */
} km_cell;

typedef struct km_builder_column {
    const char *name;
    km_cells cells;
    km_cell **blocks; /* of KM_BUILDER_BLOCK rows; the first has fewer while there are few */
    int64_t n_blocks, capacity, n_first;
    km_dictionary dictionary; /* of texts */
    int has_dictionary;
} km_builder_column;

typedef struct km_builder {
    kmseg_context *ctx;
    kmseg_table *table; /* without columns before the end; owns the texts */
    km_builder_column *columns;
    int32_t n_columns, capacity;
} km_builder;

/* km_builder_free() is safe after failure. */
kmseg_status km_builder_init(kmseg_context *ctx, int32_t n_columns, km_builder *builder);
void km_builder_free(km_builder *builder);

/* Columns first, at most n_columns; a column without a name is called c and its position. */
kmseg_status km_builder_add(km_builder *builder, const char *name, km_cells cells);

/* Makes room for rows up to n_rows, which have no values yet. */
kmseg_status km_builder_reserve(km_builder *builder, int64_t n_rows);

static inline km_cell *km_builder_cell(const km_builder *builder, int32_t column, int64_t row) {
    return &builder->columns[column].blocks[row / KM_BUILDER_BLOCK][row % KM_BUILDER_BLOCK];
}

/* One cell; a missing one is left as it is. KMSEG_E_FORMAT for a number that is infinite. */
kmseg_status km_builder_number(km_builder *builder, int32_t column, int64_t row, double value);
kmseg_status km_builder_integer(km_builder *builder, int32_t column, int64_t row, km_int128 value);
kmseg_status km_builder_text(km_builder *builder, int32_t column, int64_t row, const char *text,
                             size_t length);
static inline void km_builder_time(const km_builder *builder, int32_t column, int64_t row,
                                   int64_t seconds) {
    km_builder_cell(builder, column, row)->value = seconds;
}

/* The table of the first n_rows. */
kmseg_status km_builder_finish(km_builder *builder, int64_t n_rows, kmseg_table **out);

#endif
