/* Distances of samples to the centroids of their labels. */
#ifndef KM_DATA_OWN_DISTANCES_H
#define KM_DATA_OWN_DISTANCES_H

#include "data/tiles.h"

/* Labels of samples, in one of two forms; the other is NULL. */
typedef struct km_own_labels {
    const int32_t *wide;
    const km_label *narrow;
    int32_t n_clusters; /* the largest of them and 1; 0: not known */
} km_own_labels;

/* Squared distances of the samples to the centroids of their labels, in float64: to out[i], and
 * their weighted sum, to 2^-80 of the largest ones before it is rounded; either may be NULL. */
kmseg_status km_own_distances(kmseg_context *ctx, const kmseg_tiles *tiles, km_own_labels labels,
                              const double *centroids, double *out, double *out_sum);

/* Sums of the weighted distances, not squared, of each label, in parts of KM_SPREAD_ROWS rows that are
 * added up one after the other: to out_spreads, parts x n_labels, which is 0. Their weighted sum of squares
 * to *out_sum, as above. */
#define KM_SPREAD_ROWS (16 * KM_CHUNK_ROWS)
kmseg_status km_own_spreads(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                            int32_t n_labels, const double *centroids, double *out_spreads,
                            double *out_sum);

/* Adds 64 values >= 0, such as squared distances, without loss but of what lies 2^-80 below the largest
 * of them: the sums above are made of these. */
void km_add_lanes(const km_kernels *kernels, km_exact_sum *sum, const double *values);

#endif
