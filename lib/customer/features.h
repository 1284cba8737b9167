/* Between the columns of the customer table and the loop that fills them. */
#ifndef KM_CUSTOMER_FEATURES_H
#define KM_CUSTOMER_FEATURES_H

#include "customer/orders.h"

enum { KM_MOST_SHARES = 8 };

/* Columns of a family: one for each of n levels. */
typedef struct km_family {
    int n;
    int8_t *slot; /* column of each level of the log, -1: none; NULL: no such family */
    double *out[KM_MOST_SHARES];
} km_family;

/* What a thread needs. */
typedef struct km_feature_scratch {
    const km_order_log *log; /* whose groups it goes through */
    km_pair *orders, *spare;
    int64_t capacity;
    int32_t *product_seen, *category_seen; /* row of the customer that had the level last */
} km_feature_scratch;

typedef struct km_features {
    kmseg_context *ctx;
    const km_order_log *log;
    double *single[KM_N_SINGLE]; /* NULL: left out */
    int64_t *first_order, *last_order;
    km_family weekday, hours, category, channel;
    int64_t *chunk_start;        /* first row of each chunk */
    km_feature_scratch *scratch; /* of each thread */
    _Atomic int64_t *gap_counts; /* customers' gaps of 0, 1, ... days */
    int64_t n_days;              /* so many */
    _Atomic int64_t n_orders;
    atomic_int out_of_memory;
} km_features;

/* Adds the columns that this log can fill, and points f at them. */
kmseg_status km_features_add_columns(kmseg_context *ctx, km_features *f, kmseg_table *table,
                                     km_arena *arena);

/* Adds the columns to a table of the customers, and what the steps below need. Free by
 * km_features_free() after failure too. */
kmseg_status km_features_begin(km_features *f, kmseg_context *ctx, km_order_log *log,
                               kmseg_table *table);

/* Features of a group of s->log into a row; 0 when out of memory. */
int km_features_write(km_features *f, km_feature_scratch *s, int32_t group, int32_t row);

/* When all rows are written. */
void km_features_report(const km_features *f, kmseg_table *table, kmseg_features_report *report);

void km_features_free(km_features *f);

#endif
