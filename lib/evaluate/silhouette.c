/* Silhouettes, exact and on a sample, of one or many labellings: the distances, in which the time goes,
 * do not depend on the labels. Each sample counts once, whatever its weight. */
#include "base/parallel.h"
#include "base/rng.h"
#include "data/draw_rows.h"
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
    int64_t n_slots;        /* of all labellings together: clusters, and one for rows without use */
    const int64_t *sampled; /* n_sampled rows */
    int64_t n_sampled;
    const km_references *references; /* NULL: all rows; else sampled are the first of them */
    const km_reference_use *uses;    /* n_labellings; NULL: all rows */
    int32_t n_groups;                /* of references */
    double *values;                  /* n_labellings x n_sampled silhouettes */
    double
        *left_out;  /* n_batches x n_labellings x n_groups: sums of silhouettes, had the references
                         of that group been left out; NULL: not wanted */
    double *points; /* per thread: n_features x 64 */
    double *rows;   /* per thread: 64 x n_features */
    double *distances; /* per thread: 64 x BATCH */
    int64_t *counts;   /* per thread: n_slots */
    double *sums; /* per thread: (n_groups + 1) x n_slots x BATCH; the last is for their total */
} silhouette_job;

/* From the sums of a lane's distances to n_clusters clusters, of which counts are the rows: 0 for a
 * sample alone in its cluster. self is 1 when the sample is one of the rows. */
static double value_of(int32_t n_clusters, const int64_t *counts, const double *sums, int32_t own,
                       int self) {
    if (counts[own] <= self) {
        return 0;
    }
    double a = sums[(int64_t)own * BATCH] / (double)(counts[own] - self), b = INFINITY;
    for (int32_t c = 0; c < n_clusters; c++) {
        if (c != own && counts[c] > 0) {
            b = fmin(b, sums[(int64_t)c * BATCH] / (double)counts[c]);
        }
    }
    double larger = fmax(a, b);
    return larger > 0 && isfinite(b) ? (b - a) / larger : 0;
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

/* Rows that a batch is compared with: n of them, in steps from at on. */
typedef struct block {
    int64_t at, step;
    int32_t n, group;
} block;

static int32_t slot_of(const silhouette_job *job, int32_t l, int64_t i) {
    return job->uses != NULL ? job->uses[l].slots[i] : job->labellings[l].labels[i];
}

/* Distances of the batch to a block of rows, and to whose clusters they count. */
static void add_rows(const silhouette_job *job, const block *rows_of, int32_t n_eights,
                     int32_t thread) {
    int32_t d = job->tiles->n_features, n = rows_of->n;
    double *rows = job->rows + (int64_t)thread * KM_TILE_ROWS * d;
    double *distance = job->distances + (int64_t)thread * KM_TILE_ROWS * BATCH;
    double *sums =
        job->sums + (int64_t)(thread * (job->n_groups + 1) + rows_of->group) * job->n_slots * BATCH;
    for (int32_t r = 0; r < n; r++) {
        int64_t i = rows_of->at + r * rows_of->step;
        km_tiles_row(job->tiles, job->references != NULL ? job->references->rows[i] : i,
                     rows + (int64_t)r * d);
    }
    job->kernels->distances(job->points + (int64_t)thread * d * BATCH, d, rows, n, distance);
    for (int32_t r = 0; r < n; r++) {
        take_roots(distance + (int64_t)r * BATCH, n_eights);
    }
    for (int32_t l = 0; l < job->n_labellings; l++) {
        for (int32_t r = 0; r < n; r++) {
            int64_t slot = slot_of(job, l, rows_of->at + r * rows_of->step);
            add_lanes(sums + slot * BATCH, distance + (int64_t)r * BATCH, n_eights);
        }
        sums += (int64_t)(job->labellings[l].clusters.n_clusters + 1) * BATCH;
    }
}

/* Sums of distances of a batch to all rows, group by group. */
static void add_all_rows(const silhouette_job *job, int32_t n_eights, int32_t thread) {
    int64_t n = job->references != NULL ? job->references->n : job->tiles->n_samples;
    int64_t step = job->n_groups;
    for (int32_t group = 0; group < job->n_groups; group++) {
        for (int64_t at = group; at < n; at += KM_TILE_ROWS * step) {
            int64_t left = (n - at + step - 1) / step;
            block rows = {.at = at,
                          .step = step,
                          .n = left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS,
                          .group = group};
            add_rows(job, &rows, n_eights, thread);
        }
    }
}

/* Silhouettes of a batch in one labelling, from the sums of the whole and of every group. */
static void conclude(silhouette_job *job, int32_t l, int64_t batch, int32_t n_points,
                     int64_t *counts, double *sums) {
    const km_labelling *labelling = &job->labellings[l];
    int32_t k = labelling->clusters.n_clusters;
    int64_t begin = batch * BATCH, group_sums = job->n_slots * BATCH;
    double *total = sums + job->n_groups * group_sums;
    const int64_t *of_groups = job->uses != NULL ? job->uses[l].counts : labelling->clusters.sizes;
    for (int32_t c = 0; c < k; c++) {
        counts[c] = 0;
        for (int32_t g = 0; g < job->n_groups; g++) {
            counts[c] += of_groups[(int64_t)g * k + c];
            add_lanes(total + (int64_t)c * BATCH, sums + g * group_sums + (int64_t)c * BATCH,
                      BATCH / EIGHT);
        }
    }
    for (int32_t p = 0; p < n_points; p++) {
        int32_t own = labelling->labels[job->sampled[begin + p]];
        job->values[l * job->n_sampled + begin + p] = value_of(k, counts, total + p, own, 1);
    }
    for (int32_t g = 0; g < job->n_groups && job->left_out != NULL; g++) {
        double *left_out = &job->left_out[(batch * job->n_labellings + l) * job->n_groups + g];
        for (int32_t c = 0; c < k; c++) { /* the group's place takes what the others have */
            double *of_group = sums + g * group_sums + (int64_t)c * BATCH;
            counts[c] -= of_groups[(int64_t)g * k + c];
            for (int32_t p = 0; p < BATCH; p++) {
                of_group[p] = total[(int64_t)c * BATCH + p] - of_group[p];
            }
        }
        for (int32_t p = 0; p < n_points; p++) {
            int32_t own = labelling->labels[job->sampled[begin + p]];
            int self = (begin + p) % job->n_groups != g;
            *left_out += value_of(k, counts, sums + g * group_sums + p, own, self);
        }
        for (int32_t c = 0; c < k; c++) {
            counts[c] += of_groups[(int64_t)g * k + c];
        }
    }
}

static void silhouette_batch(void *argument, int64_t batch, int32_t thread) {
    silhouette_job *job = argument;
    int32_t d = job->tiles->n_features;
    int64_t begin = batch * BATCH, left = job->n_sampled - begin;
    int32_t n_points = left < BATCH ? (int32_t)left : BATCH;
    int64_t n_sums = (job->n_groups + 1) * job->n_slots * BATCH;
    double *sums = job->sums + thread * n_sums;
    km_tiles_gather(job->tiles, job->sampled + begin, n_points,
                    job->points + (int64_t)thread * d * BATCH);
    memset(sums, 0, (size_t)n_sums * sizeof *sums);
    add_all_rows(job, (n_points + EIGHT - 1) / EIGHT, thread);
    for (int32_t l = 0; l < job->n_labellings; l++) {
        conclude(job, l, batch, n_points, job->counts + thread * job->n_slots, sums);
        sums += (int64_t)(job->labellings[l].clusters.n_clusters + 1) * BATCH;
    }
}

/* Silhouettes of the sampled rows in all labellings to values. */
static kmseg_status run(kmseg_context *ctx, silhouette_job *job, km_arena *arena) {
    int64_t d = job->tiles->n_features, threads = ctx->n_threads;
    job->kernels = ctx->kernels;
    job->points = km_arena_array(arena, threads * d * BATCH, sizeof *job->points);
    job->rows = km_arena_array(arena, threads * KM_TILE_ROWS * d, sizeof *job->rows);
    job->distances = km_arena_array(arena, threads * KM_TILE_ROWS * BATCH, sizeof *job->distances);
    job->counts = km_arena_array(arena, threads * job->n_slots, sizeof *job->counts);
    job->sums = km_arena_array(arena, threads * (job->n_groups + 1) * job->n_slots * BATCH,
                               sizeof *job->sums);
    if (job->points == NULL || job->rows == NULL || job->distances == NULL || job->sums == NULL ||
        job->counts == NULL) {
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

/* Memory that the sums of one thread may take before labellings go in several turns. */
enum { MOST_SUMS = 1 << 22 };

/* What comes of the references being a sample themselves: the variance of the mean silhouette, by
 * leaving out one group of them after the other (jackknife; Efron 1982, section 3). */
static double reference_variance(const silhouette_job *job, int32_t l) {
    int64_t n_batches = km_chunks(job->n_sampled, BATCH), groups = job->n_groups;
    double sum = 0, squares = 0;
    for (int turn = 0; turn < 2; turn++) {
        for (int32_t g = 0; g < groups; g++) {
            double mean = 0;
            for (int64_t b = 0; b < n_batches; b++) {
                mean += job->left_out[(b * job->n_labellings + l) * groups + g];
            }
            mean /= (double)job->n_sampled;
            double away = mean - sum / (double)groups;
            squares += turn == 1 ? away * away : 0;
            sum += turn == 0 ? mean : 0;
        }
    }
    return squares * (double)(groups - 1) / (double)groups;
}

/* Silhouettes of the sampled rows to values: of as many labellings at a time as memory allows. The
 * variances that come of the references go to variances. */
static kmseg_status run_all(kmseg_context *ctx, const silhouette_job *all, double *variances) {
    int32_t from = 0;
    while (from < all->n_labellings) {
        silhouette_job job = *all;
        job.labellings += from;
        job.values += from * job.n_sampled;
        job.uses = all->uses != NULL ? all->uses + from : NULL;
        job.n_labellings = 0;
        int32_t first = from;
        while (from < all->n_labellings) {
            int64_t more = all->labellings[from].clusters.n_clusters + 1;
            if (job.n_labellings > 0 &&
                (job.n_slots + more) * (job.n_groups + 1) * BATCH * (int64_t)sizeof(double) >
                    MOST_SUMS) {
                break;
            }
            job.n_slots += more;
            job.n_labellings++;
            from++;
        }
        km_arena arena;
        km_arena_init(&arena, &ctx->allocator);
        kmseg_status status = KMSEG_OK;
        if (job.n_groups > 1) {
            job.left_out = km_arena_array(
                &arena, km_chunks(job.n_sampled, BATCH) * job.n_labellings * job.n_groups,
                sizeof *job.left_out);
            status = job.left_out != NULL ? KMSEG_OK : km_fail_memory(ctx, "silhouettes");
        }
        if (status == KMSEG_OK) {
            status = run(ctx, &job, &arena);
        }
        for (int32_t l = 0; l < job.n_labellings && status == KMSEG_OK; l++) {
            variances[first + l] = job.n_groups > 1 ? reference_variance(&job, l) : 0;
        }
        km_arena_free(&arena);
        KM_TRY(status);
    }
    return KMSEG_OK;
}

/* Mean of n_sampled of n_samples silhouettes, and its standard error. */
static void summarise(const double *values, int64_t n_sampled, int64_t n_samples, double variance,
                      double *out_mean, double *out_error) {
    double mean = mean_of(values, n_sampled), squares = 0;
    for (int64_t i = 0; i < n_sampled; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    /* Of a sample without replacement: none is left when all were taken. */
    double left = 1 - (double)n_sampled / (double)n_samples, m = (double)n_sampled;
    *out_mean = mean;
    *out_error = n_sampled > 1 ? sqrt(squares / (m - 1) / m * left + variance) : INFINITY;
}

/* The sampled rows, and where there are very many rows the references. */
static kmseg_status choose_rows(kmseg_context *ctx, silhouette_job *job, uint64_t seed,
                                km_arena *arena, km_references *references) {
    int64_t n = job->tiles->n_samples, m = job->n_sampled, drawn = 0;
    int few = m < n && n > KM_MOST_REFERENCES;
    int64_t wanted = few && m < KM_MOST_REFERENCES ? KM_MOST_REFERENCES : m;
    int64_t *rows = km_arena_array(arena, wanted, sizeof *rows);
    if (rows == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    job->sampled = rows;
    if (m == n) {
        for (int64_t i = 0; i < n; i++) {
            rows[i] = i;
        }
        return KMSEG_OK;
    }
    KM_TRY(km_draw_rows(ctx, job->tiles, wanted, 0, seed, KM_STAGE_SILHOUETTE, rows, &drawn, NULL));
    if (few) {
        KM_TRY(km_references_choose(ctx, job->tiles, job->labellings, job->n_labellings, seed, rows,
                                    wanted, arena, references));
        job->references = references;
        job->uses = references->uses;
        job->n_groups = references->n_groups;
    }
    return KMSEG_OK;
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
    double *variances = km_arena_array(arena, n_labellings, sizeof *variances);
    double *values =
        out_samples != NULL ? out_samples : km_arena_array(arena, m * n_labellings, sizeof *values);
    if (variances == NULL || values == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    km_references references;
    silhouette_job job = {.tiles = tiles,
                          .labellings = labellings,
                          .n_labellings = n_labellings,
                          .n_sampled = m,
                          .n_groups = 1,
                          .values = values};
    KM_TRY(choose_rows(ctx, &job, seed, arena, &references));
    KM_TRY(run_all(ctx, &job, variances));
    for (int32_t l = 0; l < n_labellings; l++) {
        summarise(values + l * m, m, tiles->n_samples, variances[l], &out_mean[l], &out_error[l]);
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
