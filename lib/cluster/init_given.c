#include "cluster/cluster.h"

#include <string.h>

kmseg_status km_init_given(kmseg_context *ctx, const km_fit_job *job, double *centroids) {
    const double *given = job->options->init_centroids;
    int64_t k = job->options->n_clusters, d = job->tiles->n_features;
    if (given == NULL) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "init is \"given\", which needs init_centroids of %lld x %lld numbers",
                       (long long)k, (long long)d);
    }
    KM_TRY(km_centroids_check(ctx, given, k, d, "init_centroids"));
    memcpy(centroids, given, (size_t)(k * d) * sizeof *given);
    return KMSEG_OK;
}
