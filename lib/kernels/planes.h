/* Centroids for kernels that multiply matrices of bytes: -p of quantise.h is 256 high + low, both from
 * -128 to 127.
 *
 * Of each block of 16 centroids (the last filled up with ones that are never nearest) there are, per 64
 * features, an operand of high and one of low bytes: 16 lines, one a centroid, of 64 bytes. Behind them is
 * one of 16 times the number that the centroid's scores begin with.
 *
 * Of 16 rows there are, per 64 features, an operand of high and one of low bytes as well, in 16 lines of 16
 * times four features. Of four features the third comes before the second, here and in the centroids: so
 * two registers of pairs need no shuffling to be split. */
#ifndef KM_KERNELS_PLANES_H
#define KM_KERNELS_PLANES_H

#include "kernels/quantise.h"

enum {
    KM_PLANE_SIDE = 16,
    KM_PLANE_DEPTH = 64,
    KM_PLANE_OPERAND = KM_PLANE_SIDE * KM_PLANE_DEPTH,
    KM_PLANE_MOST_FEATURES = 4 * KM_PLANE_DEPTH
};

static inline int32_t km_plane_depths(int32_t n_features) {
    return (n_features + KM_PLANE_DEPTH - 1) / KM_PLANE_DEPTH;
}

static inline int64_t km_plane_block_bytes(int32_t n_features) {
    return (int64_t)(2 * km_plane_depths(n_features) + 1) * KM_PLANE_OPERAND;
}

/* Operands of 16 rows. */
static inline int32_t km_plane_row_bytes(int32_t n_features) {
    return 2 * km_plane_depths(n_features) * KM_PLANE_OPERAND;
}

/* Where in them the high or the low bytes of four features from `feature` on are. */
static inline int32_t km_plane_row(int32_t feature, int high) {
    int32_t operand = feature / KM_PLANE_DEPTH * 2 + !high;
    return operand * KM_PLANE_OPERAND + feature % KM_PLANE_DEPTH / 4 * KM_PLANE_DEPTH;
}

/* All operands of so many centroids; 0 where they would not pay. */
int64_t km_plane_bytes(int32_t n_clusters, int32_t n_features);

/* Splits quantised centroids, packed in groups, to out. */
void km_split_centroids(const km_quantised *quantised, int32_t group, int8_t *out);

#endif
