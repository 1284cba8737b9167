/* Nearest centroids of any samples, in float64: the decision that the fit's certified kernels
 * reproduce. */
#include "base/parallel.h"
#include "cluster/model.h"
#include "data/tiles.h"
#include "kernels/kernels.h"

#include <kmseg/cluster.h>

#include <math.h>

typedef struct predict_job {
    const kmseg_matrix *samples;
    const km_kernels *kernels;
    const double *centroids;
    int32_t n_clusters;
    double *blocks; /* n_threads x n_features x 64 */
    int32_t *labels, *runner_up;
    double *distances, *runner_distances;
} predict_job;

static void predict_chunk(void *argument, int64_t chunk, int32_t thread) {
    predict_job *job = argument;
    int32_t d = (int32_t)job->samples->n_cols;
    double *block = job->blocks + (int64_t)thread * d * KM_TILE_ROWS;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < job->samples->n_rows ? end : job->samples->n_rows;
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
        int32_t index[KM_TILE_ROWS], second_index[KM_TILE_ROWS];
        double square[KM_TILE_ROWS], second[KM_TILE_ROWS];
        km_matrix_block(job->kernels, job->samples, first, n, block);
        job->kernels->nearest(block, d, job->centroids, job->n_clusters, index, square,
                              second_index, second);
        for (int32_t r = 0; r < n; r++) {
            job->labels[first + r] = index[r];
            if (job->distances != NULL) {
                job->distances[first + r] = sqrt(square[r]);
            }
            if (job->runner_up != NULL) {
                job->runner_up[first + r] = second_index[r];
            }
            if (job->runner_distances != NULL) {
                job->runner_distances[first + r] = sqrt(second[r]);
            }
        }
    }
}

static kmseg_status check(kmseg_context *ctx, const kmseg_matrix *samples, const double *centroids,
                          int32_t n_clusters, int are_finite) {
    if (n_clusters < 1 || samples->n_cols < 1 || samples->n_cols > INT32_MAX / KM_TILE_ROWS) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "%d clusters of %lld features; both need to be at least 1", n_clusters,
                       (long long)samples->n_cols);
    }
    KM_TRY(km_dtype_check(ctx, samples->dtype, "samples"));
    KM_TRY(km_centroids_check(ctx, centroids, n_clusters, samples->n_cols, "centroids"));
    return are_finite ? KMSEG_OK : km_matrix_check(ctx, samples, "samples");
}

static kmseg_status predict(kmseg_context *ctx, predict_job *job) {
    const kmseg_matrix *samples = job->samples;
    job->kernels = ctx->kernels;
    job->blocks = km_allocate_array(
        &ctx->allocator, ctx->n_threads * samples->n_cols * KM_TILE_ROWS, sizeof *job->blocks);
    if (job->blocks == NULL) {
        return km_fail_memory(ctx, "a prediction");
    }
    kmseg_status status =
        km_parallel(ctx, km_chunks(samples->n_rows, KM_CHUNK_ROWS), predict_chunk, job);
    km_release(&ctx->allocator, job->blocks);
    return status;
}

kmseg_status kmseg_predict(kmseg_context *ctx, const kmseg_matrix *samples, const double *centroids,
                           int32_t n_clusters, int32_t *out_labels, double *out_distances,
                           int32_t *out_runner_up, double *out_runner_distances) {
    KM_TRY(check(ctx, samples, centroids, n_clusters, 0));
    predict_job job = {.samples = samples,
                       .centroids = centroids,
                       .n_clusters = n_clusters,
                       .labels = out_labels,
                       .runner_up = out_runner_up,
                       .distances = out_distances,
                       .runner_distances = out_runner_distances};
    return predict(ctx, &job);
}

kmseg_status km_predict_samples(kmseg_context *ctx, const kmseg_tiles *tiles,
                                const double *centroids, int32_t n_clusters, int32_t *out_labels,
                                double *out_distances) {
    KM_TRY(check(ctx, &tiles->samples, centroids, n_clusters, 1));
    predict_job job = {.samples = &tiles->samples,
                       .centroids = centroids,
                       .n_clusters = n_clusters,
                       .labels = out_labels,
                       .distances = out_distances};
    return predict(ctx, &job);
}
