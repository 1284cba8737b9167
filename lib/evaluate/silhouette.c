/* Silhouettes: exact, on a sample, and simplified. Each sample counts once, whatever its weight,
 * except that the simplified mean is weighted. */
#include "base/parallel.h"
#include "base/rng.h"
#include "evaluate/evaluate.h"
#include "kernels/kernels.h"

#include <kmseg/evaluate.h>

#include <math.h>
#include <string.h>

/* Samples whose distances to everybody are found together. */
enum { BATCH = 64 };

typedef struct silhouette_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    const int32_t *labels;
    const km_clusters *clusters;
    const int64_t *order;   /* all rows, by cluster */
    const int64_t *sampled; /* n_sampled rows */
    int64_t n_sampled;
    double *values;    /* n_sampled silhouettes */
    double *points;    /* per thread: BATCH x n_features */
    double *blocks;    /* per thread: n_features x 64 */
    double *distances; /* per thread: BATCH x 64 */
    double *sums;      /* per thread: BATCH x n_clusters */
} silhouette_job;

/* From the sums of distances to each cluster: 0 for a sample alone in its cluster. */
static double value_of(const km_clusters *clusters, const double *sums, int32_t own) {
    if (clusters->sizes[own] < 2) {
        return 0;
    }
    double a = sums[own] / (double)(clusters->sizes[own] - 1), b = INFINITY;
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        if (c != own && clusters->sizes[c] > 0) {
            b = fmin(b, sums[c] / (double)clusters->sizes[c]);
        }
    }
    double larger = fmax(a, b);
    return larger > 0 ? (b - a) / larger : 0;
}

/* Adds the distances of a batch of points to the n rows of a block, all of one cluster. */
static void add_block(const silhouette_job *job, const double *points, int32_t n_points,
                      const int64_t *rows, int32_t n, int32_t cluster, int32_t thread) {
    int32_t d = job->tiles->n_features, k = job->clusters->n_clusters;
    double *block = job->blocks + (int64_t)thread * d * KM_TILE_ROWS;
    double *square = job->distances + (int64_t)thread * BATCH * KM_TILE_ROWS;
    double *sums = job->sums + (int64_t)thread * BATCH * k;
    km_tiles_gather(job->tiles, rows, n, block);
    job->kernels->distances(block, d, points, n_points, square);
    for (int32_t p = 0; p < n_points; p++) {
        double sum = 0;
        for (int32_t r = 0; r < n; r++) {
            sum += sqrt(square[(int64_t)p * KM_TILE_ROWS + r]);
        }
        sums[(int64_t)p * k + cluster] += sum;
    }
}

static void silhouette_batch(void *argument, int64_t batch, int32_t thread) {
    silhouette_job *job = argument;
    int32_t d = job->tiles->n_features, k = job->clusters->n_clusters;
    int64_t first = batch * BATCH, left = job->n_sampled - first;
    int32_t n_points = left < BATCH ? (int32_t)left : BATCH;
    double *points = job->points + (int64_t)thread * BATCH * d;
    double *sums = job->sums + (int64_t)thread * BATCH * k;
    for (int32_t p = 0; p < n_points; p++) {
        km_tiles_row(job->tiles, job->sampled[first + p], points + (int64_t)p * d);
    }
    memset(sums, 0, (size_t)n_points * (size_t)k * sizeof *sums);
    const int64_t *rows = job->order;
    for (int32_t c = 0; c < k; c++) {
        const int64_t *end = rows + job->clusters->sizes[c];
        for (; rows < end; rows += end - rows < KM_TILE_ROWS ? end - rows : KM_TILE_ROWS) {
            int32_t n = end - rows < KM_TILE_ROWS ? (int32_t)(end - rows) : KM_TILE_ROWS;
            add_block(job, points, n_points, rows, n, c, thread);
        }
    }
    for (int32_t p = 0; p < n_points; p++) {
        int32_t own = job->labels[job->sampled[first + p]];
        job->values[first + p] = value_of(job->clusters, sums + (int64_t)p * k, own);
    }
}

/* All rows, cluster after cluster. */
static int64_t *order_by_cluster(const silhouette_job *job, km_arena *arena) {
    int64_t n = job->tiles->n_samples;
    int64_t *order = km_arena_array(arena, n, sizeof *order);
    int64_t *next = km_arena_array(arena, job->clusters->n_clusters, sizeof *next);
    if (order == NULL || next == NULL) {
        return NULL;
    }
    for (int32_t c = 1; c < job->clusters->n_clusters; c++) {
        next[c] = next[c - 1] + job->clusters->sizes[c - 1];
    }
    for (int64_t i = 0; i < n; i++) {
        order[next[job->labels[i]]++] = i;
    }
    return order;
}

/* Silhouettes of the sampled rows to values. */
static kmseg_status run(kmseg_context *ctx, silhouette_job *job, km_arena *arena) {
    int64_t d = job->tiles->n_features, k = job->clusters->n_clusters, threads = ctx->n_threads;
    job->kernels = ctx->kernels;
    job->order = order_by_cluster(job, arena);
    job->points = km_arena_array(arena, threads * BATCH * d, sizeof *job->points);
    job->blocks = km_arena_array(arena, threads * d * KM_TILE_ROWS, sizeof *job->blocks);
    job->distances = km_arena_array(arena, threads * BATCH * KM_TILE_ROWS, sizeof *job->distances);
    job->sums = km_arena_array(arena, threads * BATCH * k, sizeof *job->sums);
    if (job->order == NULL || job->points == NULL || job->blocks == NULL ||
        job->distances == NULL || job->sums == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    return km_parallel(ctx, km_chunks(job->n_sampled, BATCH), silhouette_batch, job);
}

static double mean_of(const double *values, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += values[i];
    }
    return sum / (double)n;
}

/* n_sampled rows in ascending order, each row as likely as any other (selection sampling, Knuth 1997
 * vol. 2, algorithm 3.4.2 S). */
static void choose_rows(int64_t n, int64_t n_sampled, uint64_t seed, int64_t *out) {
    km_random random = {.seed = seed, .stage = KM_STAGE_SILHOUETTE};
    int64_t taken = 0;
    for (int64_t i = 0; i < n && taken < n_sampled; i++) {
        if ((double)(n - i) * km_next_uniform(&random) < (double)(n_sampled - taken)) {
            out[taken++] = i;
        }
    }
}

static kmseg_status sampled(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                            int32_t n_clusters, int64_t n_sampled, uint64_t seed, km_arena *arena,
                            double *out_mean, double *out_error, double *out_samples) {
    km_clusters clusters;
    KM_TRY(km_clusters_measure(ctx, tiles, labels, n_clusters, arena, &clusters));
    KM_TRY(km_clusters_need_two(ctx, clusters.n_nonempty, "silhouette"));
    if (n_sampled < 1) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "n_sampled is %lld; it needs to be at least 1",
                       (long long)n_sampled);
    }
    int64_t m = n_sampled < tiles->n_samples ? n_sampled : tiles->n_samples;
    int64_t *rows = km_arena_array(arena, m, sizeof *rows);
    double *values = out_samples != NULL ? out_samples : km_arena_array(arena, m, sizeof *values);
    if (rows == NULL || values == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    choose_rows(tiles->n_samples, m, seed, rows);
    silhouette_job job = {.tiles = tiles,
                          .labels = labels,
                          .clusters = &clusters,
                          .sampled = rows,
                          .n_sampled = m,
                          .values = values};
    KM_TRY(run(ctx, &job, arena));
    *out_mean = mean_of(values, m);
    if (out_error != NULL) {
        double squares = 0;
        for (int64_t i = 0; i < m; i++) {
            squares += (values[i] - *out_mean) * (values[i] - *out_mean);
        }
        /* Of a sample without replacement: none is left when all were taken. */
        double left = 1 - (double)m / (double)tiles->n_samples;
        *out_error = m > 1 ? sqrt(squares / (double)(m - 1) / (double)m * left) : INFINITY;
    }
    return KMSEG_OK;
}

kmseg_status kmseg_silhouette(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                              int32_t n_clusters, double *out_mean, double *out_samples) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = sampled(ctx, tiles, labels, n_clusters, tiles->n_samples, 0, &arena,
                                  out_mean, NULL, out_samples);
    km_arena_free(&arena);
    return status;
}

kmseg_status kmseg_silhouette_sampled(kmseg_context *ctx, const kmseg_tiles *tiles,
                                      const int32_t *labels, int32_t n_clusters, int64_t n_sampled,
                                      uint64_t seed, double *out_mean, double *out_standard_error) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = sampled(ctx, tiles, labels, n_clusters, n_sampled, seed, &arena, out_mean,
                                  out_standard_error, NULL);
    km_arena_free(&arena);
    return status;
}

/* The simplified silhouette. */
typedef struct simplified_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    const int32_t *labels;
    const double *means;      /* of the clusters that have samples */
    const int32_t *positions; /* n_clusters: where a cluster's mean is in means */
    int32_t n_means;
    double *values; /* n_samples */
    double *blocks, *distances;
} simplified_job;

static double simplified_value(const double *square, int32_t n_means, int32_t own, int32_t r) {
    double a = 0, b = INFINITY;
    for (int32_t c = 0; c < n_means; c++) {
        double s = square[(int64_t)c * KM_TILE_ROWS + r];
        if (c == own) {
            a = s;
        } else if (s < b) {
            b = s;
        }
    }
    a = sqrt(a);
    b = sqrt(b);
    double larger = fmax(a, b);
    return larger > 0 ? (b - a) / larger : 0;
}

static void simplified_chunk(void *argument, int64_t chunk, int32_t thread) {
    simplified_job *job = argument;
    int32_t d = job->tiles->n_features;
    double *block = job->blocks + (int64_t)thread * d * KM_TILE_ROWS;
    double *square = job->distances + (int64_t)thread * job->n_means * KM_TILE_ROWS;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < job->tiles->n_samples ? end : job->tiles->n_samples;
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
        km_tiles_block(job->kernels, job->tiles, first, n, block);
        job->kernels->distances(block, d, job->means, job->n_means, square);
        for (int32_t r = 0; r < n; r++) {
            int32_t own = job->positions[job->labels[first + r]];
            job->values[first + r] = simplified_value(square, job->n_means, own, r);
        }
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

static kmseg_status simplified(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                               int32_t n_clusters, km_arena *arena, double *out_mean,
                               double *out_samples) {
    int64_t d = tiles->n_features, threads = ctx->n_threads;
    km_clusters clusters;
    KM_TRY(km_clusters_measure(ctx, tiles, labels, n_clusters, arena, &clusters));
    KM_TRY(km_clusters_need_two(ctx, clusters.n_nonempty, "silhouette"));
    simplified_job job = {.tiles = tiles, .kernels = ctx->kernels, .labels = labels};
    KM_TRY(compact_means(ctx, &clusters, d, arena, &job));
    job.blocks = km_arena_array(arena, threads * d * KM_TILE_ROWS, sizeof *job.blocks);
    job.distances =
        km_arena_array(arena, threads * job.n_means * KM_TILE_ROWS, sizeof *job.distances);
    job.values = out_samples != NULL ? out_samples
                                     : km_arena_array(arena, tiles->n_samples, sizeof *job.values);
    if (job.blocks == NULL || job.distances == NULL || job.values == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    KM_TRY(km_parallel(ctx, km_chunks(tiles->n_samples, KM_CHUNK_ROWS), simplified_chunk, &job));
    double sum = 0, weight = 0;
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        sum += job.values[i] * km_tiles_weight(tiles, i);
        weight += km_tiles_weight(tiles, i);
    }
    *out_mean = sum / weight;
    return KMSEG_OK;
}

kmseg_status kmseg_silhouette_simplified(kmseg_context *ctx, const kmseg_tiles *tiles,
                                         const int32_t *labels, int32_t n_clusters,
                                         double *out_mean, double *out_samples) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = simplified(ctx, tiles, labels, n_clusters, &arena, out_mean, out_samples);
    km_arena_free(&arena);
    return status;
}
