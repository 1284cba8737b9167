/* Tables that the tests of the pipeline share. */
#ifndef TEST_PIPELINE_CUSTOMERS_H
#define TEST_PIPELINE_CUSTOMERS_H

#include "support/support.h"

#include <stdio.h>

enum { TEST_GROUPS = 4, TEST_GROUP_ROWS = 25, TEST_ROWS = TEST_GROUPS * TEST_GROUP_ROWS };

/* Row i of a permutation: i itself, backwards, or across the groups. */
static inline int64_t test_row(int order, int64_t i) {
    return order == 0 ? i : order == 1 ? TEST_ROWS - 1 - i : i * 37 % TEST_ROWS;
}

/* Four groups far apart in two columns; the spend of group g is about 1000 (g + 1), so that group 3
 * is segment 1. Ids are "c0", "c1", ... by row before the permutation. */
static inline kmseg_table *test_customers(kmseg_context *ctx, int order) {
    static char ids[TEST_ROWS][16];
    const char *id[TEST_ROWS];
    double spend[TEST_ROWS], visits[TEST_ROWS];
    for (int64_t i = 0; i < TEST_ROWS; i++) {
        int64_t row = test_row(order, i), group = row / TEST_GROUP_ROWS;
        snprintf(ids[i], sizeof ids[i], "c%d", (int)row);
        id[i] = ids[i];
        spend[i] = 1000.0 * (double)(group + 1) + (double)(row * 7 % 13);
        visits[i] = (group % 2 == 0 ? 5 : 50) + 0.25 * (double)(row * 5 % 11);
    }
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, TEST_ROWS, &table));
    OK(ctx, kmseg_table_add_texts(ctx, table, "customer_id", id));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", spend));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "visits", visits));
    return table;
}

static inline kmseg_segment_options test_options(int32_t n_clusters) {
    kmseg_segment_options options;
    kmseg_segment_options_init(&options);
    options.fit.n_clusters = n_clusters;
    options.fit.n_init = 5;
    return options;
}

#endif
