/* Distances of samples to the centroids of their labels. */
#ifndef KM_DATA_OWN_DISTANCES_H
#define KM_DATA_OWN_DISTANCES_H

#include "data/tiles.h"

/* Squared distances of the samples to the centroids of their labels, in float64: to out[i], and
 * their exact weighted sum; either may be NULL. labels are n_samples values in [0, n_clusters). */
kmseg_status km_own_distances(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                              const double *centroids, int32_t n_clusters, double *out,
                              double *out_sum);

#endif
