#include "data/own_distances.h"

#include <kmseg/evaluate.h>

kmseg_status kmseg_inertia(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                           const double *centroids, int32_t n_clusters, double *out) {
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        if (labels[i] < 0 || labels[i] >= n_clusters) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "label %d in row %lld (from 0); it needs to be between 0 and %d",
                           labels[i], (long long)i, n_clusters - 1);
        }
    }
    return km_own_distances(ctx, tiles, labels, centroids, n_clusters, NULL, out);
}
