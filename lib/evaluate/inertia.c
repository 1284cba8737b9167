#include "data/own_distances.h"
#include "evaluate/evaluate.h"

#include <kmseg/evaluate.h>

kmseg_status kmseg_inertia(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                           const double *centroids, int32_t n_clusters, double *out) {
    KM_TRY(km_labels_check(ctx, labels, tiles->n_samples, n_clusters));
    KM_TRY(km_centroids_check(ctx, centroids, n_clusters, tiles->n_features, "centroids"));
    return km_own_distances(ctx, tiles, (km_own_labels){.wide = labels}, centroids, NULL, out);
}
