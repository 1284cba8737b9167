/* Silhouettes with distances to the means of clusters. Each sample counts once; the mean is weighted. */
#include "base/parallel.h"
#include "evaluate/evaluate.h"
#include "kernels/kernels.h"

#include <kmseg/evaluate.h>

#include <math.h>
#include <string.h>

typedef struct simplified_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    const int32_t *labels;
    const double *means;      /* of the clusters that have samples */
    const int32_t *positions; /* n_clusters: where a cluster's mean is in means */
    int32_t n_means;
    double *values; /* n_samples, or NULL */
    double *sums;   /* n_chunks x 2: weighted silhouettes, and weights */
    double *blocks, *distances;
} simplified_job;

static void simplified_values(const double *square, int32_t n_means, const double *own,
                              double *out) {
    double mine[KM_TILE_ROWS], other[KM_TILE_ROWS];
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        mine[r] = 0;
        other[r] = INFINITY;
    }
    for (int32_t c = 0; c < n_means; c++, square += KM_TILE_ROWS) {
        const double mean = c;
        for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
            double s = own[r] == mean ? INFINITY : square[r];
            mine[r] = own[r] == mean ? square[r] : mine[r];
            other[r] = s < other[r] ? s : other[r];
        }
    }
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        double a = sqrt(mine[r]), b = sqrt(other[r]), larger = a > b ? a : b;
        double value = (b - a) / larger;
        out[r] = larger > 0 ? value : 0;
    }
}

static void simplified_chunk(void *argument, int64_t chunk, int32_t thread) {
    simplified_job *job = argument;
    int32_t d = job->tiles->n_features;
    double *block = job->blocks + (int64_t)thread * d * KM_TILE_ROWS;
    double *square = job->distances + (int64_t)thread * job->n_means * KM_TILE_ROWS;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < job->tiles->n_samples ? end : job->tiles->n_samples;
    double sum = 0, weights = 0;
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
        km_tiles_block(job->kernels, job->tiles, first, n, block);
        job->kernels->distances(block, d, job->means, job->n_means, square);
        double own[KM_TILE_ROWS], values[KM_TILE_ROWS];
        for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
            own[r] = job->positions[job->labels[first + (r < n ? r : n - 1)]];
        }
        simplified_values(square, job->n_means, own, values);
        for (int32_t r = 0; r < n; r++) {
            double weight = km_tiles_weight(job->tiles, first + r);
            sum += values[r] * weight;
            weights += weight;
        }
        if (job->values != NULL) {
            memcpy(job->values + first, values, (size_t)n * sizeof *values);
        }
    }
    job->sums[2 * chunk] = sum;
    job->sums[2 * chunk + 1] = weights;
}

/* Means of the clusters that have samples, side by side. */
static kmseg_status compact_means(kmseg_context *ctx, const km_clusters *clusters, int64_t d,
                                  km_arena *arena, simplified_job *job) {
    double *means = km_arena_array(arena, clusters->n_nonempty * d, sizeof *means);
    int32_t *positions = km_arena_array(arena, clusters->n_clusters, sizeof *positions);
    if (means == NULL || positions == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        positions[c] = -1;
        if (clusters->sizes[c] > 0) {
            positions[c] = job->n_means++;
            memcpy(means + positions[c] * d, clusters->means + c * d, (size_t)d * sizeof *means);
        }
    }
    job->means = means;
    job->positions = positions;
    return KMSEG_OK;
}

static kmseg_status simplified(kmseg_context *ctx, const kmseg_tiles *tiles,
                               const km_labelling *labelling, km_arena *arena, double *out_mean,
                               double *out_samples) {
    int64_t d = tiles->n_features, threads = ctx->n_threads;
    simplified_job job = {.tiles = tiles, .kernels = ctx->kernels, .labels = labelling->labels};
    KM_TRY(compact_means(ctx, &labelling->clusters, d, arena, &job));
    job.blocks = km_arena_array(arena, threads * d * KM_TILE_ROWS, sizeof *job.blocks);
    job.distances =
        km_arena_array(arena, threads * job.n_means * KM_TILE_ROWS, sizeof *job.distances);
    int64_t n_chunks = km_chunks(tiles->n_samples, KM_CHUNK_ROWS);
    job.values = out_samples;
    job.sums = km_arena_array(arena, 2 * n_chunks, sizeof *job.sums);
    if (job.blocks == NULL || job.distances == NULL || job.sums == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    KM_TRY(km_parallel(ctx, n_chunks, simplified_chunk, &job));
    double sum = 0, weight = 0;
    for (int64_t c = 0; c < n_chunks; c++) {
        sum += job.sums[2 * c];
        weight += job.sums[2 * c + 1];
    }
    *out_mean = sum / weight;
    return KMSEG_OK;
}

kmseg_status km_silhouette_simplified(kmseg_context *ctx, const kmseg_tiles *tiles,
                                      const km_labelling *labelling, double *out_mean,
                                      double *out_samples) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = simplified(ctx, tiles, labelling, &arena, out_mean, out_samples);
    km_arena_free(&arena);
    return status;
}

kmseg_status kmseg_silhouette_simplified(kmseg_context *ctx, const kmseg_tiles *tiles,
                                         const int32_t *labels, int32_t n_clusters,
                                         double *out_mean, double *out_samples) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_labelling labelling;
    kmseg_status status = km_labelling_measure(ctx, tiles, labels, n_clusters, &arena, &labelling);
    if (status == KMSEG_OK) {
        status = km_clusters_need_two(ctx, labelling.clusters.n_nonempty, "silhouette");
    }
    if (status == KMSEG_OK) {
        status = km_silhouette_simplified(ctx, tiles, &labelling, out_mean, out_samples);
    }
    km_arena_free(&arena);
    return status;
}
