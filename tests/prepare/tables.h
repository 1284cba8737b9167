/* Small tables for the tests of prepare and profile. */
#ifndef KMSEG_TEST_TABLES_H
#define KMSEG_TEST_TABLES_H

#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline kmseg_table *table_of(kmseg_context *ctx, int64_t n_rows) {
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n_rows, &table));
    return table;
}

#define NUMBERS(ctx, table, name, ...)                                                             \
    OK(ctx, kmseg_table_add_numbers(ctx, table, name, (const double[]){__VA_ARGS__}))
#define TEXTS(ctx, table, name, ...)                                                               \
    OK(ctx, kmseg_table_add_texts(ctx, table, name, (const char *const[]){__VA_ARGS__}))

/* Position of a fitted column, or -1. */
static inline int32_t fitted(const kmseg_prepare *prepare, const char *name) {
    for (int32_t i = 0; i < prepare->n_columns; i++) {
        if (strcmp(prepare->columns[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Some note contains every one of the fragments. */
static inline int noted(const kmseg_prepare *prepare, const char *a, const char *b) {
    for (int32_t i = 0; i < prepare->n_notes; i++) {
        if (strstr(prepare->notes[i], a) != NULL && strstr(prepare->notes[i], b) != NULL) {
            return 1;
        }
    }
    return 0;
}

static inline kmseg_prepare_options prepare_options(void) {
    kmseg_prepare_options options;
    kmseg_prepare_options_init(&options);
    return options;
}

static inline double value_at(const kmseg_prepared *prepared, int64_t row, int64_t output) {
    int64_t at = row * prepared->matrix.n_cols + output;
    return prepared->matrix.dtype == KMSEG_FLOAT64
               ? ((const double *)prepared->matrix.values)[at]
               : (double)((const float *)prepared->matrix.values)[at];
}

#endif
