/* Inside of the cluster layer: initialisers and algorithms, each a row in its registry. */
#ifndef KM_CLUSTER_CLUSTER_H
#define KM_CLUSTER_CLUSTER_H

#include "base/registry.h"
#include "cluster/pass.h"

#include <kmseg/cluster.h>

/* What an initialiser or algorithm works on. */
typedef struct km_fit_job {
    const kmseg_tiles *tiles;
    const kmseg_fit_options *options;
    int32_t restart; /* from 0 */
} km_fit_job;

/* Shows how far the running restart is, as a share from 0 to 1 that only grows. The first centroids
 * end at KM_INIT_SHARE. */
#define KM_INIT_SHARE 0.25
void km_fit_progress(kmseg_context *ctx, const km_fit_job *job, double share);

typedef struct km_initialiser {
    km_named named;
    /* Fills centroids, n_clusters x n_features in the samples' units, each a sample of positive
     * weight or a given point. */
    kmseg_status (*run)(kmseg_context *ctx, const km_fit_job *job, double *centroids);
} km_initialiser;

/* What one restart made. */
typedef struct km_run {
    double *centroids; /* n_clusters x n_features: in the start, out the result */
    double *history;   /* max_iter */
    int32_t n_iter;
    kmseg_stop_reason stop_reason;
} km_run;

typedef struct km_algorithm {
    km_named named;
    /* Iterates from run->centroids; labels, sums and totals of the result are left in pass. When
     * cancelled before the first iteration is done, KMSEG_E_CANCELLED. */
    kmseg_status (*run)(kmseg_context *ctx, const km_fit_job *job, km_pass *pass, km_run *run);
} km_algorithm;

const km_initialiser *km_initialiser_find(const char *name);
const km_algorithm *km_algorithm_find(const char *name);

/* Rows for the registries "initialisers" and "algorithms"; NULL behind the last. */
const km_named *km_initialiser_at(int32_t i);
const km_named *km_algorithm_at(int32_t i);

kmseg_status km_init_plus_plus(kmseg_context *ctx, const km_fit_job *job, double *centroids);
kmseg_status km_init_random(kmseg_context *ctx, const km_fit_job *job, double *centroids);
kmseg_status km_init_given(kmseg_context *ctx, const km_fit_job *job, double *centroids);
kmseg_status km_lloyd(kmseg_context *ctx, const km_fit_job *job, km_pass *pass, km_run *run);

/* Moves the farthest samples into clusters that have none: sums and totals are changed as if those
 * samples had been labelled so. Returns the number of clusters filled in *out_filled. */
kmseg_status km_fill_empty(kmseg_context *ctx, const km_pass *pass, const double *centroids,
                           km_int128 *sums, km_int128 *totals, int32_t *out_filled);

#endif
