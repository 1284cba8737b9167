#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

kmseg_status km_init_given(kmseg_context *ctx, const km_fit_job *job, double *centroids) {
    const double *given = job->options->init_centroids;
    int64_t k = job->options->n_clusters, d = job->tiles->n_features;
    if (given == NULL) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "init is \"given\", which needs init_centroids of %lld x %lld numbers",
                       (long long)k, (long long)d);
    }
    for (int64_t i = 0; i < k * d; i++) {
        if (!(fabs(given[i]) <= 1e150)) {
            return km_fail(
                ctx, KMSEG_E_ARGUMENT,
                "init_centroids has %g in row %lld, column %lld (from 0); it needs to be "
                "finite",
                given[i], (long long)(i / d), (long long)(i % d));
        }
    }
    memcpy(centroids, given, (size_t)(k * d) * sizeof *given);
    return KMSEG_OK;
}
