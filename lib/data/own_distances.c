/* Distances to the own centroid, and inertia: float64 from the canonical values. */
#include "data/own_distances.h"

#include "base/parallel.h"
#include "kernels/kernels.h"

#include <math.h>

typedef struct own_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    const int32_t *labels;
    const double *centroids;
    double *out;
    double unit;     /* of the sum */
    double *blocks;  /* n_threads x n_features x 64 */
    km_int128 *sums; /* n_threads */
} own_job;

static void own_chunk(void *argument, int64_t chunk, int32_t thread) {
    own_job *job = argument;
    const kmseg_tiles *tiles = job->tiles;
    double *block = job->blocks + (int64_t)thread * tiles->n_features * KM_TILE_ROWS;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < tiles->n_samples ? end : tiles->n_samples;
    km_wide sum = {0, 0};
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
        int32_t labels[KM_TILE_ROWS];
        double square[KM_TILE_ROWS];
        for (int r = 0; r < KM_TILE_ROWS; r++) {
            labels[r] = job->labels[first + (r < n ? r : n - 1)];
        }
        km_tiles_block(job->kernels, tiles, first, n, block);
        job->kernels->own_distances(block, tiles->n_features, job->centroids, labels, square);
        for (int32_t r = 0; r < n; r++) {
            if (job->out != NULL) {
                job->out[first + r] = square[r];
            }
            km_wide_add(&sum, square[r] * km_tiles_weight(tiles, first + r) * job->unit);
        }
    }
    job->sums[thread] += km_wide_fold(sum);
}

/* No squared distance is larger: the diagonal of the box that holds samples and centroids. */
static double largest_square(const kmseg_tiles *tiles, const double *centroids,
                             int32_t n_clusters) {
    double total = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        double reach = 0;
        for (int32_t c = 0; c < n_clusters; c++) {
            double away = fabs(centroids[(int64_t)c * tiles->n_features + j] - tiles->means[j]);
            reach = fmax(reach, away + tiles->range[j]);
        }
        total += reach * reach;
    }
    return total * (1 + 1e-6);
}

kmseg_status km_own_distances(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                              const double *centroids, int32_t n_clusters, double *out,
                              double *out_sum) {
    int64_t block = (int64_t)tiles->n_features * KM_TILE_ROWS;
    double largest = largest_square(tiles, centroids, n_clusters) * tiles->weight_max;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    own_job job = {.tiles = tiles,
                   .kernels = ctx->kernels,
                   .labels = labels,
                   .centroids = centroids,
                   .out = out};
    job.unit = ldexp(1.0, km_sum_power(largest));
    job.blocks = km_arena_array(&arena, ctx->n_threads * block, sizeof *job.blocks);
    job.sums = km_arena_array(&arena, ctx->n_threads, sizeof *job.sums);
    kmseg_status status = KMSEG_OK;
    if (job.blocks == NULL || job.sums == NULL) {
        status = km_fail_memory(ctx, "distances");
    } else {
        status = km_parallel(ctx, km_chunks(tiles->n_samples, KM_CHUNK_ROWS), own_chunk, &job);
    }
    if (status == KMSEG_OK && out_sum != NULL) {
        km_int128 total = 0;
        for (int32_t t = 0; t < ctx->n_threads; t++) {
            total += job.sums[t];
        }
        *out_sum = ldexp(km_int128_double(total), -KM_WIDE_BITS) / job.unit;
    }
    km_arena_free(&arena);
    return status;
}
