/* Distances to the own centroid, and inertia: float64 from the canonical values. */
#include "data/own_distances.h"

#include "base/parallel.h"
#include "kernels/kernels.h"

typedef struct own_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    const int32_t *labels;
    const double *centroids;
    double *out;
    double *blocks;     /* n_threads x n_features x 64 */
    km_exact_sum *sums; /* n_threads */
} own_job;

static void own_chunk(void *argument, int64_t chunk, int32_t thread) {
    own_job *job = argument;
    const kmseg_tiles *tiles = job->tiles;
    double *block = job->blocks + (int64_t)thread * tiles->n_features * KM_TILE_ROWS;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < tiles->n_samples ? end : tiles->n_samples;
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
            km_exact_add(&job->sums[thread], square[r] * km_tiles_weight(tiles, first + r));
        }
    }
}

kmseg_status km_own_distances(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                              const double *centroids, double *out, double *out_sum) {
    int64_t block = (int64_t)tiles->n_features * KM_TILE_ROWS;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    own_job job = {.tiles = tiles,
                   .kernels = ctx->kernels,
                   .labels = labels,
                   .centroids = centroids,
                   .out = out};
    job.blocks = km_arena_array(&arena, ctx->n_threads * block, sizeof *job.blocks);
    job.sums = km_arena_array(&arena, ctx->n_threads, sizeof *job.sums);
    kmseg_status status = KMSEG_OK;
    if (job.blocks == NULL || job.sums == NULL) {
        status = km_fail_memory(ctx, "distances");
    } else {
        status = km_parallel(ctx, km_chunks(tiles->n_samples, KM_CHUNK_ROWS), own_chunk, &job);
    }
    if (status == KMSEG_OK && out_sum != NULL) {
        for (int32_t t = 1; t < ctx->n_threads; t++) {
            km_exact_merge(&job.sums[0], &job.sums[t]);
        }
        *out_sum = km_exact_value(&job.sums[0]);
    }
    km_arena_free(&arena);
    return status;
}
