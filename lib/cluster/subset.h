/* Some samples with weights of their own, that stand for all. */
#ifndef KM_CLUSTER_SUBSET_H
#define KM_CLUSTER_SUBSET_H

#include "data/tiles.h"

/* A sample, and how much it counts. */
typedef struct km_weighted_row {
    int64_t row;
    double weight;
} km_weighted_row;

typedef struct km_subset {
    kmseg_tiles *tiles; /* NULL: there is none */
    void *values;       /* n x n_features of the samples' type; the tiles borrow them */
    double *weights;
    kmseg_allocator allocator;
} km_subset;

/* Copies n samples, in the order they are given in, and makes tiles of them. */
kmseg_status km_subset_make(kmseg_context *ctx, const kmseg_tiles *tiles,
                            const km_weighted_row *rows, int64_t n, km_subset *out);
void km_subset_end(km_subset *subset);

#endif
