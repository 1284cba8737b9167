/* Customer tables as tests type them. */
#ifndef KMSEG_TEST_VALUE_CUSTOMERS_H
#define KMSEG_TEST_VALUE_CUSTOMERS_H

#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A table of customer_id (c1, c2, ... or those given), recency, frequency and monetary. */
static inline kmseg_table *customers_of(kmseg_context *ctx, int64_t n, const char *const *ids,
                                        const double *recency, const double *frequency,
                                        const double *monetary) {
    kmseg_table *table;
    char(*names)[16] = calloc((size_t)n, sizeof *names);
    const char **texts = calloc((size_t)n, sizeof *texts);
    for (int64_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof names[i], "c%lld", (long long)i + 1);
        texts[i] = ids != NULL ? ids[i] : names[i];
    }
    OK(ctx, kmseg_table_new(ctx, n, &table));
    OK(ctx, kmseg_table_add_texts(ctx, table, "customer_id", texts));
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_ID, NULL));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "recency", recency));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "frequency", frequency));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", monetary));
    free(names);
    free(texts);
    return table;
}

static inline const kmseg_column *column_of(const kmseg_table *table, const char *name) {
    const kmseg_column *c = kmseg_table_column(table, kmseg_table_find(table, name));
    cr_assert_not_null(c, "no column %s", name);
    return c;
}

static inline void numbers_are(const kmseg_table *table, const char *name, const double *expect) {
    const kmseg_column *c = column_of(table, name);
    for (int64_t r = 0; r < c->n_rows; r++) {
        cr_assert(c->numbers[r] == expect[r] || (isnan(c->numbers[r]) && isnan(expect[r])),
                  "%s of row %lld is %.17g, not %.17g", name, (long long)r, c->numbers[r],
                  expect[r]);
    }
}

/* "" stands for a missing value. */
static inline const char *text_of(const kmseg_table *table, const char *name, int64_t row) {
    const kmseg_column *c = column_of(table, name);
    return c->codes[row] >= 0 ? c->levels[c->codes[row]] : "";
}

static inline void texts_are(const kmseg_table *table, const char *name,
                             const char *const *expect) {
    for (int64_t r = 0; r < kmseg_table_n_rows(table); r++) {
        cr_assert_str_eq(text_of(table, name, r), expect[r], "%s of row %lld is %s, not %s", name,
                         (long long)r, text_of(table, name, r), expect[r]);
    }
}

static inline int says(const kmseg_sentences *sentences, const char *fragment) {
    for (int32_t i = 0; i < sentences->n; i++) {
        if (strstr(sentences->texts[i], fragment) != NULL) {
            return 1;
        }
    }
    return 0;
}

/* Random customers with many ties, a few of them without a value; row order[i] of the table is
 * customer i, so that two orders have the same customers. NULL: in order. */
static inline kmseg_table *random_customers(kmseg_context *ctx, int64_t n, const int64_t *order) {
    const char **ids = calloc((size_t)n, sizeof *ids);
    char(*names)[16] = calloc((size_t)n, sizeof *names);
    double *columns = calloc((size_t)(3 * n), sizeof *columns);
    for (int64_t i = 0; i < n; i++) {
        int64_t row = order != NULL ? order[i] : i;
        uint64_t x = ((uint64_t)i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        x ^= x >> 29;
        x *= UINT64_C(0xbf58476d1ce4e5b9);
        x ^= x >> 32;
        snprintf(names[i], sizeof names[i], "%lld", (long long)(7 * i % 100003));
        ids[row] = names[i];
        columns[row] = (double)(1 + x % 60);
        columns[n + row] = (double)(1 + (x >> 8) % 7 * ((x >> 12) % 3));
        columns[2 * n + row] = (x >> 20) % 50 == 0 ? NAN : (double)((x >> 24) % 900) / 8 - 5;
    }
    kmseg_table *table = customers_of(ctx, n, ids, columns, columns + n, columns + 2 * n);
    free(ids);
    free(names);
    free(columns);
    return table;
}

/* A permutation of n rows. */
static inline int64_t *shuffled(int64_t n) {
    int64_t *order = calloc((size_t)n, sizeof *order);
    uint64_t state = 12345;
    for (int64_t i = 0; i < n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        int64_t j = (int64_t)((state >> 33) % (uint64_t)(i + 1));
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}

/* Row i of a is row order[i] of b in a column. */
static inline void same_column(const kmseg_table *a, const kmseg_table *b, const int64_t *order,
                               const char *name) {
    const kmseg_column *x = column_of(a, name), *y = column_of(b, name);
    for (int64_t i = 0; i < x->n_rows; i++) {
        if (x->type == KMSEG_COLUMN_TEXT) {
            cr_assert_str_eq(text_of(a, name, i), text_of(b, name, order[i]), "%s of row %lld",
                             name, (long long)i);
        } else {
            double u = x->numbers[i], v = y->numbers[order[i]];
            cr_assert(u == v || (isnan(u) && isnan(v)), "%s of row %lld: %.17g, %.17g", name,
                      (long long)i, u, v);
        }
    }
}

/* Equal to the last bit. */
static inline void same_groups(const kmseg_value_group *a, const kmseg_value_group *b, int32_t n) {
    for (int32_t g = 0; g < n; g++) {
        cr_assert_str_eq(a[g].name, b[g].name);
        cr_assert_eq(a[g].n_customers, b[g].n_customers);
        cr_assert_eq(
            memcmp(&a[g].share, &b[g].share, sizeof a[g] - offsetof(kmseg_value_group, share)), 0,
            "group %s", a[g].name);
    }
}

#endif
