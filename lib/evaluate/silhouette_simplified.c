/* Silhouettes with distances to the means of clusters. Each sample counts once; the mean is weighted. */
#include "base/parallel.h"
#include "data/own_distances.h"
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

    /* Of spreads, where they are wanted. */
    int32_t n_clusters;
    double *spreads;       /* parts x n_clusters: sums of weighted distances; or NULL */
    km_exact_sum *squares; /* per thread, of weighted ones */
} simplified_job;

/* Of 64 rows; mine becomes the squared distance to the own mean. */
static void simplified_values(const double *square, int32_t n_means, const double *own,
                              double *mine, double *out) {
    double other[KM_TILE_ROWS];
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

/* The n rows from first on, of a part of the spreads. */
static void add_spreads(simplified_job *job, int64_t first, int32_t n, int32_t thread,
                        const double *squares) {
    double *spreads = job->spreads + first / KM_SPREAD_ROWS * job->n_clusters;
    double distances[KM_TILE_ROWS], weighted[KM_TILE_ROWS] = {0};
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        distances[r] = sqrt(squares[r]);
    }
    for (int32_t r = 0; r < n; r++) {
        double weight = km_tiles_weight(job->tiles, first + r);
        spreads[job->labels[first + r]] += distances[r] * weight;
        weighted[r] = squares[r] * weight;
    }
    km_add_lanes(job->kernels, &job->squares[thread], weighted);
}

static void simplified_chunk(simplified_job *job, int64_t chunk, int32_t thread) {
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
        double own[KM_TILE_ROWS], mine[KM_TILE_ROWS], values[KM_TILE_ROWS];
        for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
            own[r] = job->positions[job->labels[first + (r < n ? r : n - 1)]];
        }
        simplified_values(square, job->n_means, own, mine, values);
        for (int32_t r = 0; r < n; r++) {
            double weight = km_tiles_weight(job->tiles, first + r);
            sum += values[r] * weight;
            weights += weight;
        }
        if (job->values != NULL) {
            memcpy(job->values + first, values, (size_t)n * sizeof *values);
        }
        if (job->spreads != NULL) {
            add_spreads(job, first, n, thread, mine);
        }
    }
    job->sums[2 * chunk] = sum;
    job->sums[2 * chunk + 1] = weights;
}

/* Chunks that are a part of the spreads together: one thread adds their distances up in order. */
static void simplified_part(void *argument, int64_t part, int32_t thread) {
    enum { CHUNKS = KM_SPREAD_ROWS / KM_CHUNK_ROWS };
    simplified_job *job = argument;
    int64_t n_chunks = km_chunks(job->tiles->n_samples, KM_CHUNK_ROWS);
    for (int64_t c = part * CHUNKS; c < (part + 1) * CHUNKS && c < n_chunks; c++) {
        simplified_chunk(job, c, thread);
    }
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

static kmseg_status make_room(kmseg_context *ctx, int64_t n_parts, km_arena *arena, int has_spreads,
                              simplified_job *job) {
    int64_t d = job->tiles->n_features, threads = ctx->n_threads;
    job->blocks = km_arena_array(arena, threads * d * KM_TILE_ROWS, sizeof *job->blocks);
    job->distances =
        km_arena_array(arena, threads * job->n_means * KM_TILE_ROWS, sizeof *job->distances);
    job->sums = km_arena_array(arena, 2 * km_chunks(job->tiles->n_samples, KM_CHUNK_ROWS),
                               sizeof *job->sums);
    if (has_spreads) {
        job->spreads = km_arena_array(arena, n_parts * job->n_clusters, sizeof *job->spreads);
        job->squares = km_arena_array(arena, threads, sizeof *job->squares);
    }
    return job->blocks != NULL && job->distances != NULL && job->sums != NULL &&
                   (!has_spreads || (job->spreads != NULL && job->squares != NULL))
               ? KMSEG_OK
               : km_fail_memory(ctx, "silhouettes");
}

static kmseg_status simplified(kmseg_context *ctx, const kmseg_tiles *tiles,
                               const km_labelling *labelling, km_arena *arena, double *out_mean,
                               double *out_samples, km_spreads *out_spreads) {
    const km_clusters *clusters = &labelling->clusters;
    int64_t n_parts = km_chunks(tiles->n_samples, KM_SPREAD_ROWS);
    simplified_job job = {.tiles = tiles,
                          .kernels = ctx->kernels,
                          .labels = labelling->labels,
                          .n_clusters = clusters->n_clusters,
                          .values = out_samples};
    KM_TRY(compact_means(ctx, clusters, tiles->n_features, arena, &job));
    KM_TRY(make_room(ctx, n_parts, arena, out_spreads != NULL, &job));
    KM_TRY(km_parallel(ctx, n_parts, simplified_part, &job));
    double sum = 0, weight = 0;
    for (int64_t c = 0; c < km_chunks(tiles->n_samples, KM_CHUNK_ROWS); c++) {
        sum += job.sums[2 * c];
        weight += job.sums[2 * c + 1];
    }
    *out_mean = sum / weight;
    if (out_spreads != NULL) {
        for (int32_t t = 1; t < ctx->n_threads; t++) {
            km_exact_merge(&job.squares[0], &job.squares[t]);
        }
        out_spreads->within = km_exact_value(&job.squares[0]);
        km_spreads_conclude(clusters, job.spreads, n_parts, out_spreads);
    }
    return KMSEG_OK;
}

kmseg_status km_silhouette_simplified(kmseg_context *ctx, const kmseg_tiles *tiles,
                                      const km_labelling *labelling, km_arena *arena,
                                      double *out_mean, double *out_samples,
                                      km_spreads *out_spreads) {
    if (out_spreads != NULL) {
        out_spreads->distances =
            km_arena_array(arena, labelling->clusters.n_clusters, sizeof *out_spreads->distances);
        if (out_spreads->distances == NULL) {
            return km_fail_memory(ctx, "the spreads of clusters");
        }
    }
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    kmseg_status status =
        simplified(ctx, tiles, labelling, &scratch, out_mean, out_samples, out_spreads);
    km_arena_free(&scratch);
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
        status =
            km_silhouette_simplified(ctx, tiles, &labelling, &arena, out_mean, out_samples, NULL);
    }
    km_arena_free(&arena);
    return status;
}
