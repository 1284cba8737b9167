/* Silhouettes, exact and on a sample, of one or many labellings: the distances, in which the time goes,
 * do not depend on the labels. Each sample counts once, whatever its weight. */
#include "base/parallel.h"
#include "base/rng.h"
#include "evaluate/evaluate.h"
#include "kernels/kernels.h"

#include <kmseg/evaluate.h>

#include <math.h>
#include <string.h>

/* Samples whose distances to everybody are found together: one per lane of a block. */
enum { BATCH = KM_TILE_ROWS };

typedef struct silhouette_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    const km_labelling *labellings;
    int32_t n_labellings;
    int64_t n_clusters;     /* of all labellings together */
    const int64_t *sampled; /* n_sampled rows */
    int64_t n_sampled;
    double *values;    /* n_labellings x n_sampled silhouettes */
    double *points;    /* per thread: n_features x 64 */
    double *rows;      /* per thread: 64 x n_features */
    double *distances; /* per thread: 64 x BATCH */
    double *sums;      /* per thread: n_clusters x BATCH */
} silhouette_job;

/* From the sums of a lane's distances to each cluster: 0 for a sample alone in its cluster. */
static double value_of(const km_clusters *clusters, const double *sums, int32_t own) {
    if (clusters->sizes[own] < 2) {
        return 0;
    }
    double a = sums[(int64_t)own * BATCH] / (double)(clusters->sizes[own] - 1), b = INFINITY;
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        if (c != own && clusters->sizes[c] > 0) {
            b = fmin(b, sums[(int64_t)c * BATCH] / (double)clusters->sizes[c]);
        }
    }
    double larger = fmax(a, b);
    return larger > 0 ? (b - a) / larger : 0;
}

/* Eights of lanes, which the compiler makes vectors of. */
enum { EIGHT = 8 };

static void add_lanes(double *restrict to, const double *restrict from, int32_t n_eights) {
    for (int32_t e = 0; e < n_eights; e++, to += EIGHT, from += EIGHT) {
        for (int i = 0; i < EIGHT; i++) {
            to[i] += from[i];
        }
    }
}

static void take_roots(double *values, int32_t n_eights) {
    for (int32_t e = 0; e < n_eights; e++, values += EIGHT) {
        for (int i = 0; i < EIGHT; i++) {
            values[i] = sqrt(values[i]);
        }
    }
}

/* Distances of the batch to the n rows from first on, and to whose clusters they count. */
static void add_rows(const silhouette_job *job, int64_t first, int32_t n, int32_t n_eights,
                     int32_t thread) {
    int32_t d = job->tiles->n_features;
    double *rows = job->rows + (int64_t)thread * KM_TILE_ROWS * d;
    double *distance = job->distances + (int64_t)thread * KM_TILE_ROWS * BATCH;
    double *sums = job->sums + thread * job->n_clusters * BATCH;
    for (int32_t r = 0; r < n; r++) {
        km_tiles_row(job->tiles, first + r, rows + (int64_t)r * d);
    }
    job->kernels->distances(job->points + (int64_t)thread * d * BATCH, d, rows, n, distance);
    for (int32_t r = 0; r < n; r++) {
        take_roots(distance + (int64_t)r * BATCH, n_eights);
    }
    for (int32_t l = 0; l < job->n_labellings; l++) {
        const int32_t *labels = job->labellings[l].labels + first;
        for (int32_t r = 0; r < n; r++) {
            add_lanes(sums + (int64_t)labels[r] * BATCH, distance + (int64_t)r * BATCH, n_eights);
        }
        sums += (int64_t)job->labellings[l].clusters.n_clusters * BATCH;
    }
}

static void silhouette_batch(void *argument, int64_t batch, int32_t thread) {
    silhouette_job *job = argument;
    int32_t d = job->tiles->n_features;
    int64_t begin = batch * BATCH, left = job->n_sampled - begin;
    int32_t n_points = left < BATCH ? (int32_t)left : BATCH;
    double *sums = job->sums + thread * job->n_clusters * BATCH;
    km_tiles_gather(job->tiles, job->sampled + begin, n_points,
                    job->points + (int64_t)thread * d * BATCH);
    memset(sums, 0, (size_t)job->n_clusters * BATCH * sizeof *sums);
    for (int64_t first = 0; first < job->tiles->n_samples; first += KM_TILE_ROWS) {
        int64_t rest = job->tiles->n_samples - first;
        add_rows(job, first, rest < KM_TILE_ROWS ? (int32_t)rest : KM_TILE_ROWS,
                 (n_points + EIGHT - 1) / EIGHT, thread);
    }
    for (int32_t l = 0; l < job->n_labellings; l++) {
        const km_labelling *labelling = &job->labellings[l];
        double *values = job->values + l * job->n_sampled + begin;
        for (int32_t p = 0; p < n_points; p++) {
            int32_t own = labelling->labels[job->sampled[begin + p]];
            values[p] = value_of(&labelling->clusters, sums + p, own);
        }
        sums += (int64_t)labelling->clusters.n_clusters * BATCH;
    }
}

/* Silhouettes of the sampled rows in all labellings to values. */
static kmseg_status run(kmseg_context *ctx, silhouette_job *job, km_arena *arena) {
    int64_t d = job->tiles->n_features, threads = ctx->n_threads;
    job->kernels = ctx->kernels;
    job->points = km_arena_array(arena, threads * d * BATCH, sizeof *job->points);
    job->rows = km_arena_array(arena, threads * KM_TILE_ROWS * d, sizeof *job->rows);
    job->distances = km_arena_array(arena, threads * KM_TILE_ROWS * BATCH, sizeof *job->distances);
    job->sums = km_arena_array(arena, threads * job->n_clusters * BATCH, sizeof *job->sums);
    if (job->points == NULL || job->rows == NULL || job->distances == NULL || job->sums == NULL) {
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

/* Memory that the sums of one thread may take before labellings go in several turns. */
enum { MOST_SUMS = 1 << 22 };

/* Silhouettes of the sampled rows to values: of as many labellings at a time as memory allows. */
static kmseg_status run_all(kmseg_context *ctx, const silhouette_job *all) {
    int32_t from = 0;
    while (from < all->n_labellings) {
        silhouette_job job = *all;
        job.labellings += from;
        job.values += from * job.n_sampled;
        job.n_labellings = 0;
        while (from < all->n_labellings) {
            int64_t more = all->labellings[from].clusters.n_clusters;
            if (job.n_labellings > 0 &&
                (job.n_clusters + more) * BATCH * (int64_t)sizeof(double) > MOST_SUMS) {
                break;
            }
            job.n_clusters += more;
            job.n_labellings++;
            from++;
        }
        km_arena arena;
        km_arena_init(&arena, &ctx->allocator);
        kmseg_status status = run(ctx, &job, &arena);
        km_arena_free(&arena);
        KM_TRY(status);
    }
    return KMSEG_OK;
}

/* Mean of n_sampled of n_samples silhouettes, and its standard error. */
static void summarise(const double *values, int64_t n_sampled, int64_t n_samples, double *out_mean,
                      double *out_error) {
    double mean = mean_of(values, n_sampled), squares = 0;
    for (int64_t i = 0; i < n_sampled; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    /* Of a sample without replacement: none is left when all were taken. */
    double left = 1 - (double)n_sampled / (double)n_samples, m = (double)n_sampled;
    *out_mean = mean;
    *out_error = n_sampled > 1 ? sqrt(squares / (m - 1) / m * left) : INFINITY;
}

kmseg_status km_silhouettes(kmseg_context *ctx, const kmseg_tiles *tiles,
                            const km_labelling *labellings, int32_t n_labellings, int64_t n_sampled,
                            uint64_t seed, km_arena *arena, double *out_mean, double *out_error,
                            double *out_samples) {
    if (n_sampled < 1) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "n_sampled is %lld; it needs to be at least 1",
                       (long long)n_sampled);
    }
    int64_t m = n_sampled < tiles->n_samples ? n_sampled : tiles->n_samples;
    int64_t *rows = km_arena_array(arena, m, sizeof *rows);
    double *values =
        out_samples != NULL ? out_samples : km_arena_array(arena, m * n_labellings, sizeof *values);
    if (rows == NULL || values == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    choose_rows(tiles->n_samples, m, seed, rows);
    silhouette_job job = {.tiles = tiles,
                          .labellings = labellings,
                          .n_labellings = n_labellings,
                          .sampled = rows,
                          .n_sampled = m,
                          .values = values};
    KM_TRY(run_all(ctx, &job));
    for (int32_t l = 0; l < n_labellings; l++) {
        summarise(values + l * m, m, tiles->n_samples, &out_mean[l], &out_error[l]);
    }
    return KMSEG_OK;
}

/* Of one labelling. */
static kmseg_status silhouette(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                               int32_t n_clusters, int64_t n_sampled, uint64_t seed,
                               double *out_mean, double *out_error, double *out_samples) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_labelling labelling;
    kmseg_status status = km_labelling_measure(ctx, tiles, labels, n_clusters, &arena, &labelling);
    if (status == KMSEG_OK) {
        status = km_clusters_need_two(ctx, labelling.clusters.n_nonempty, "silhouette");
    }
    if (status == KMSEG_OK) {
        status = km_silhouettes(ctx, tiles, &labelling, 1, n_sampled, seed, &arena, out_mean,
                                out_error, out_samples);
    }
    km_arena_free(&arena);
    return status;
}

kmseg_status kmseg_silhouette(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                              int32_t n_clusters, double *out_mean, double *out_samples) {
    double error;
    return silhouette(ctx, tiles, labels, n_clusters, tiles->n_samples, 0, out_mean, &error,
                      out_samples);
}

kmseg_status kmseg_silhouette_sampled(kmseg_context *ctx, const kmseg_tiles *tiles,
                                      const int32_t *labels, int32_t n_clusters, int64_t n_sampled,
                                      uint64_t seed, double *out_mean, double *out_standard_error) {
    double error;
    return silhouette(ctx, tiles, labels, n_clusters, n_sampled, seed, out_mean,
                      out_standard_error != NULL ? out_standard_error : &error, NULL);
}
