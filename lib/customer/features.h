/* Between the columns of the customer table and the loop that fills them. */
#ifndef KM_CUSTOMER_FEATURES_H
#define KM_CUSTOMER_FEATURES_H

#include "customer/orders.h"

enum { KM_MOST_SHARES = 8, KM_N_WEEKDAYS = 7, KM_N_BANDS = 4 };

/* Columns of a family: one for each of n levels. */
typedef struct km_family {
    int n;
    int8_t *slot; /* column of each level of the log, -1: none; NULL: no such family */
    double *out[KM_MOST_SHARES];
} km_family;

typedef struct km_feature_scratch {
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
    _Atomic int64_t n_orders;
    atomic_int out_of_memory;
} km_features;

/* Weekday from Monday, 0; day 0 was a Thursday. */
static inline int km_weekday(int64_t day) { return (int)(((day + 3) % 7 + 7) % 7); }

/* Band of six hours from midnight. */
static inline int km_band(int64_t seconds, int64_t day) {
    return (int)((seconds - day * KM_DAY) / (6 * 3600));
}

/* Adds the columns that this log can fill, and points f at them. */
kmseg_status km_features_add_columns(kmseg_context *ctx, km_features *f, kmseg_table *table,
                                     km_arena *arena);

#endif
