#include "source/builder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Whole numbers up to here are exact as double. */
#define LARGEST_EXACT ((km_int128)1 << 53)

kmseg_status km_builder_init(kmseg_context *ctx, int32_t n_columns, km_builder *builder) {
    *builder = (km_builder){.ctx = ctx, .capacity = n_columns};
    builder->columns = km_allocate_array(&ctx->allocator, n_columns, sizeof *builder->columns);
    if (builder->columns == NULL) {
        return km_fail_memory(ctx, "the columns of a table");
    }
    return kmseg_table_new(ctx, 0, &builder->table);
}

static void free_blocks(km_builder *builder, km_builder_column *column) {
    for (int64_t b = 0; b < column->n_blocks; b++) {
        km_release(&builder->ctx->allocator, column->blocks[b]);
    }
    km_release(&builder->ctx->allocator, column->blocks);
    column->blocks = NULL;
    column->n_blocks = 0;
}

void km_builder_free(km_builder *builder) {
    for (int32_t i = 0; i < builder->n_columns; i++) {
        km_builder_column *column = &builder->columns[i];
        free_blocks(builder, column);
        if (column->has_dictionary) {
            km_dictionary_free(&column->dictionary);
        }
    }
    km_release(&builder->ctx->allocator, builder->columns);
    kmseg_table_free(builder->table);
    builder->n_columns = 0;
    builder->columns = NULL;
    builder->table = NULL;
}

static kmseg_status add_dictionary(km_builder *builder, km_builder_column *column) {
    column->has_dictionary =
        km_dictionary_init(&column->dictionary, &builder->table->arena, &builder->ctx->allocator);
    return column->has_dictionary ? KMSEG_OK : km_fail_memory(builder->ctx, "a text column");
}

kmseg_status km_builder_add(km_builder *builder, const char *name, km_cells cells) {
    km_arena *arena = &builder->table->arena;
    char *copy = name[0] != '\0' ? km_arena_text(arena, name)
                                 : km_arena_format(arena, "c%d", builder->n_columns + 1);
    if (copy == NULL) {
        return km_fail_memory(builder->ctx, "the columns of a table");
    }
    km_builder_column *column = &builder->columns[builder->n_columns++];
    *column = (km_builder_column){.name = copy, .cells = cells};
    return cells == KM_CELLS_TEXT ? add_dictionary(builder, column) : KMSEG_OK;
}

enum { FEW_ROWS = 256 }; /* that a column has room for at least */

/* Rows that a block of a column has room for. */
static int64_t block_rows(const km_builder_column *column, int64_t block) {
    return block == 0 ? column->n_first : KM_BUILDER_BLOCK;
}

/* New cells, from the first on, are missing. */
static void clear(km_cells cells, int is_text, km_cell *block, int64_t first, int64_t n) {
    for (int64_t i = first; i < n; i++) {
        if (cells == KM_CELLS_TIME) {
            block[i].value = KMSEG_TIME_MISSING;
        } else if (is_text) {
            block[i].value = -1;
        } else {
            block[i].number = (double)NAN;
        }
    }
}

/* Makes the first block one of n rows. */
static kmseg_status grow_first(km_builder *builder, km_builder_column *column, int64_t n) {
    const kmseg_allocator *allocator = &builder->ctx->allocator;
    km_cell *block = km_allocate_array(allocator, n, sizeof *block);
    if (block == NULL) {
        return km_fail_memory(builder->ctx, "a column");
    }
    memcpy(block, column->blocks[0], (size_t)column->n_first * sizeof *block);
    clear(column->cells, column->has_dictionary, block, column->n_first, n);
    km_release(allocator, column->blocks[0]);
    column->blocks[0] = block;
    column->n_first = n;
    return KMSEG_OK;
}

static kmseg_status add_block(km_builder *builder, km_builder_column *column, int64_t n) {
    const kmseg_allocator *allocator = &builder->ctx->allocator;
    if (column->n_blocks == column->capacity) {
        int64_t capacity = column->capacity > 0 ? 2 * column->capacity : 16;
        km_cell **blocks = km_allocate_array(allocator, capacity, sizeof(km_cell *));
        if (blocks == NULL) {
            return km_fail_memory(builder->ctx, "a column");
        }
        if (column->n_blocks > 0) {
            memcpy(blocks, column->blocks, (size_t)column->n_blocks * sizeof(km_cell *));
        }
        km_release(allocator, column->blocks);
        column->blocks = blocks;
        column->capacity = capacity;
    }
    km_cell *block = km_allocate_array(allocator, n, sizeof *block);
    if (block == NULL) {
        return km_fail_memory(builder->ctx, "a column");
    }
    clear(column->cells, column->has_dictionary, block, 0, n);
    column->n_first = column->n_blocks == 0 ? n : column->n_first;
    column->blocks[column->n_blocks++] = block;
    return KMSEG_OK;
}

/* The first block grows by doubling, so that a table of few rows and many columns stays small. */
static kmseg_status reserve_column(km_builder *builder, km_builder_column *column, int64_t n_rows) {
    int64_t first = FEW_ROWS;
    while (first < n_rows && first < KM_BUILDER_BLOCK) {
        first *= 2;
    }
    if (n_rows > 0 && column->n_blocks == 0) {
        KM_TRY(add_block(builder, column, first));
    } else if (n_rows > 0 && column->n_first < first) {
        KM_TRY(grow_first(builder, column, first));
    }
    while (column->n_blocks * KM_BUILDER_BLOCK < n_rows) {
        KM_TRY(add_block(builder, column, KM_BUILDER_BLOCK));
    }
    return KMSEG_OK;
}

kmseg_status km_builder_reserve(km_builder *builder, int64_t n_rows) {
    for (int32_t i = 0; i < builder->n_columns; i++) {
        KM_TRY(reserve_column(builder, &builder->columns[i], n_rows));
    }
    return KMSEG_OK;
}

kmseg_status km_builder_number(km_builder *builder, int32_t column, int64_t row, double value) {
    if (isinf(value)) {
        return km_fail(builder->ctx, KMSEG_E_FORMAT,
                       "column %s is infinite in row %lld; it needs to be finite or missing",
                       builder->columns[column].name, (long long)row + 1);
    }
    km_builder_cell(builder, column, row)->number = value;
    return KMSEG_OK;
}

static size_t write_integer(km_int128 value, char out[48]) {
    char digits[48];
    int n = 0;
    km_uint128 rest = value < 0 ? -(km_uint128)value : (km_uint128)value;
    do {
        digits[n++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest > 0);
    size_t length = 0;
    if (value < 0) {
        out[length++] = '-';
    }
    while (n > 0) {
        out[length++] = digits[--n];
    }
    return length;
}

static kmseg_status add_integer_text(km_builder *builder, km_builder_column *column, km_cell *cell,
                                     km_int128 value) {
    char text[48];
    int32_t code = km_dictionary_add(&column->dictionary, text, write_integer(value, text));
    cell->value = code;
    return code >= 0 ? KMSEG_OK : km_fail_memory(builder->ctx, "a text column");
}

/* Numbers so far are exact, so their texts are too. */
static kmseg_status become_text(km_builder *builder, km_builder_column *column) {
    KM_TRY(add_dictionary(builder, column));
    for (int64_t b = 0; b < column->n_blocks; b++) {
        for (int64_t i = 0; i < block_rows(column, b); i++) {
            km_cell *cell = &column->blocks[b][i];
            if (isnan(cell->number)) {
                cell->value = -1;
            } else {
                KM_TRY(add_integer_text(builder, column, cell, (km_int128)cell->number));
            }
        }
    }
    return KMSEG_OK;
}

kmseg_status km_builder_integer(km_builder *builder, int32_t column, int64_t row, km_int128 value) {
    km_builder_column *to = &builder->columns[column];
    if (!to->has_dictionary) {
        if (value <= LARGEST_EXACT && value >= -LARGEST_EXACT) {
            km_builder_cell(builder, column, row)->number = (double)value;
            return KMSEG_OK;
        }
        KM_TRY(become_text(builder, to));
    }
    return add_integer_text(builder, to, km_builder_cell(builder, column, row), value);
}

kmseg_status km_builder_text(km_builder *builder, int32_t column, int64_t row, const char *text,
                             size_t length) {
    km_builder_column *to = &builder->columns[column];
    if (length > 0 && memchr(text, '\0', length) != NULL) {
        return km_fail(builder->ctx, KMSEG_E_FORMAT,
                       "column %s, row %lld: the text has a zero byte in it", to->name,
                       (long long)row + 1);
    }
    int32_t code = km_dictionary_add(&to->dictionary, text, length);
    km_builder_cell(builder, column, row)->value = code;
    return code >= 0 ? KMSEG_OK : km_fail_memory(builder->ctx, "a text column");
}

static kmseg_status finish_column(km_builder *builder, km_builder_column *column) {
    kmseg_context *ctx = builder->ctx;
    kmseg_table *table = builder->table;
    double *numbers = NULL;
    int64_t *times = NULL;
    int32_t *codes = NULL;
    if (column->has_dictionary) {
        KM_TRY(km_table_add_code_column(ctx, table, column->name, &codes));
        KM_TRY(km_table_set_levels(ctx, table, table->n_columns - 1, column->dictionary.n,
                                   column->dictionary.texts));
    } else if (column->cells == KM_CELLS_TIME) {
        KM_TRY(km_table_add_time_column(ctx, table, column->name, &times));
    } else {
        KM_TRY(km_table_add_number_column(ctx, table, column->name, &numbers));
    }
    for (int64_t r = 0; r < table->n_rows; r++) {
        km_cell cell = column->blocks[r / KM_BUILDER_BLOCK][r % KM_BUILDER_BLOCK];
        if (codes != NULL) {
            codes[r] = (int32_t)cell.value;
        } else if (times != NULL) {
            times[r] = cell.value;
        } else if (numbers != NULL) {
            numbers[r] = cell.number;
        }
    }
    km_table_count_missing(table, table->n_columns - 1);
    free_blocks(builder, column);
    return KMSEG_OK;
}

kmseg_status km_builder_finish(km_builder *builder, int64_t n_rows, kmseg_table **out) {
    builder->table->n_rows = n_rows;
    for (int32_t i = 0; i < builder->n_columns; i++) {
        KM_TRY(finish_column(builder, &builder->columns[i]));
    }
    *out = builder->table;
    builder->table = NULL;
    return KMSEG_OK;
}
