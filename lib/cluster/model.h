/* What a model knows of its clusters beyond what it shows. */
#ifndef KM_CLUSTER_MODEL_H
#define KM_CLUSTER_MODEL_H

#include "data/tiles.h"

#include <kmseg/cluster.h>

/* Weighted means of the samples with each label, n_clusters x n_features, as the exact sums of the fit
 * have them; the mean of all samples where a cluster has no weight. They are the centroids only where the
 * fit came to its end. Of a model that a fit has made. */
const double *km_model_means(const kmseg_model *model);

/* kmseg_predict() of the samples of tiles, which are known to be finite. */
kmseg_status km_predict_samples(kmseg_context *ctx, const kmseg_tiles *tiles,
                                const double *centroids, int32_t n_clusters, int32_t *out_labels,
                                double *out_distances);

/* Makes a model of different samples one of all samples of tiles: sample i is which[i] of those. */
kmseg_status km_model_expand(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *which,
                             kmseg_model *model);

#endif
