/* Distances of samples to the centroids of their labels. */
#ifndef KM_DATA_OWN_DISTANCES_H
#define KM_DATA_OWN_DISTANCES_H

#include "data/tiles.h"

/* Squared distances of the samples to the centroids of their labels, in float64: to out[i], and
 * their weighted sum, without loss but for the products; either may be NULL. */
kmseg_status km_own_distances(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                              const double *centroids, double *out, double *out_sum);

#endif
