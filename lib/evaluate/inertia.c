#include "data/own_distances.h"
#include "evaluate/evaluate.h"

#include <kmseg/evaluate.h>

kmseg_status kmseg_inertia(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                           const double *centroids, int32_t n_clusters, double *out) {
    KM_TRY(km_labels_check(ctx, labels, tiles->n_samples, n_clusters));
    return km_own_distances(ctx, tiles, labels, centroids, NULL, out);
}
