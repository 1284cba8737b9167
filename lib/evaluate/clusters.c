#include "base/parallel.h"
#include "evaluate/evaluate.h"

#include <string.h>

kmseg_status km_labels_check(kmseg_context *ctx, const int32_t *labels, int64_t n_samples,
                             int32_t n_clusters) {
    for (int64_t i = 0; i < n_samples; i++) {
        if (labels[i] < 0 || labels[i] >= n_clusters) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "label %d in row %lld (from 0); it needs to be between 0 and %d",
                           labels[i], (long long)i, n_clusters - 1);
        }
    }
    return KMSEG_OK;
}

kmseg_status km_clusters_need_two(kmseg_context *ctx, int32_t n, const char *index) {
    if (n < 2) {
        return km_fail(ctx, KMSEG_E_DATA, "the %s needs at least two clusters with samples", index);
    }
    return KMSEG_OK;
}

typedef struct measure_job {
    const kmseg_tiles *tiles;
    const int32_t *labels;
    int32_t n_clusters;
    km_int128 *sums, *totals; /* per thread: n_clusters x n_features; n_clusters */
    int64_t *sizes;           /* per thread: n_clusters */
    double *rows;             /* per thread: n_features */
    int64_t *units, *fine;    /* per thread: n_clusters x n_features: of a chunk */
} measure_job;

/* Adds a sample to the sums of a chunk, in the two words of km_tiles_whole(). */
static void add_sample(const kmseg_tiles *tiles, const double *x, double weight, int64_t *units,
                       int64_t *fine) {
    for (int32_t j = 0; j < tiles->n_features; j++) {
        double value = (x[j] - tiles->centre[j]) * weight * tiles->sum_scale[j];
        int64_t whole = km_round(value);
        units[j] += whole;
        if (tiles->sum_fine != NULL) {
            fine[j] += km_round((value - (double)whole) * tiles->sum_fine[j]);
        }
    }
}

/* Sums of a chunk fit 64 bits (see KM_SUM_BITS); those of all chunks need 128. */
static void fold_chunk(const measure_job *job, int64_t *units, int64_t *fine, km_int128 *sums) {
    const double *unit = job->tiles->sum_fine;
    int64_t d = job->tiles->n_features;
    for (int64_t v = 0; v < job->n_clusters * d; v++) {
        sums[v] += unit != NULL ? (km_int128)units[v] * (int64_t)unit[v % d] + fine[v] : units[v];
        units[v] = 0;
        fine[v] = 0;
    }
}

static void measure_chunk(void *argument, int64_t chunk, int32_t thread) {
    measure_job *job = argument;
    int64_t k = job->n_clusters, d = job->tiles->n_features;
    int64_t *units = job->units + thread * k * d, *fine = job->fine + thread * k * d;
    km_int128 *totals = job->totals + thread * k;
    double *x = job->rows + thread * d;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < job->tiles->n_samples ? end : job->tiles->n_samples;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end; i++) {
        int64_t c = job->labels[i];
        km_tiles_row(job->tiles, i, x);
        add_sample(job->tiles, x, km_tiles_weight(job->tiles, i), units + c * d, fine + c * d);
        totals[c] += km_tiles_whole_weight(job->tiles, i);
        job->sizes[thread * k + c]++;
    }
    fold_chunk(job, units, fine, job->sums + thread * k * d);
}

/* Adds the threads' shares up and divides. */
static void conclude(const measure_job *job, int32_t n_threads, km_clusters *out) {
    const kmseg_tiles *tiles = job->tiles;
    int64_t k = job->n_clusters, d = tiles->n_features;
    for (int64_t c = 0; c < k; c++) {
        km_int128 total = 0;
        for (int32_t t = 0; t < n_threads; t++) {
            total += job->totals[t * k + c];
            out->sizes[c] += job->sizes[t * k + c];
        }
        out->weights[c] = km_tiles_weight_value(tiles, total);
        out->n_nonempty += out->sizes[c] > 0;
        out->n_weighted += total > 0;
        for (int64_t j = 0; j < d; j++) {
            km_int128 sum = 0;
            for (int32_t t = 0; t < n_threads; t++) {
                sum += job->sums[(t * k + c) * d + j];
            }
            out->means[c * d + j] =
                total > 0 ? km_tiles_mean(tiles, (int32_t)j, sum, total) : tiles->means[j];
        }
    }
}

kmseg_status km_clusters_measure(kmseg_context *ctx, const kmseg_tiles *tiles,
                                 const int32_t *labels, int32_t n_clusters, km_arena *arena,
                                 km_clusters *out) {
    memset(out, 0, sizeof *out);
    if (n_clusters < 1) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "n_clusters is %d; it needs to be at least 1",
                       n_clusters);
    }
    KM_TRY(km_labels_check(ctx, labels, tiles->n_samples, n_clusters));
    int64_t k = n_clusters, d = tiles->n_features, threads = ctx->n_threads;
    out->n_clusters = n_clusters;
    out->sizes = km_arena_array(arena, k, sizeof *out->sizes);
    out->weights = km_arena_array(arena, k, sizeof *out->weights);
    out->means = km_arena_array(arena, k * d, sizeof *out->means);
    measure_job job = {.tiles = tiles, .labels = labels, .n_clusters = n_clusters};
    job.sums = km_arena_array(arena, threads * k * d, sizeof *job.sums);
    job.totals = km_arena_array(arena, threads * k, sizeof *job.totals);
    job.sizes = km_arena_array(arena, threads * k, sizeof *job.sizes);
    job.rows = km_arena_array(arena, threads * d, sizeof *job.rows);
    job.units = km_arena_array(arena, threads * k * d, sizeof *job.units);
    job.fine = km_arena_array(arena, threads * k * d, sizeof *job.fine);
    if (out->sizes == NULL || out->weights == NULL || out->means == NULL || job.sums == NULL ||
        job.totals == NULL || job.sizes == NULL || job.rows == NULL || job.units == NULL ||
        job.fine == NULL) {
        return km_fail_memory(ctx, "the means of clusters");
    }
    KM_TRY(km_parallel(ctx, km_chunks(tiles->n_samples, KM_CHUNK_ROWS), measure_chunk, &job));
    conclude(&job, ctx->n_threads, out);
    return KMSEG_OK;
}

kmseg_status km_labelling_measure(kmseg_context *ctx, const kmseg_tiles *tiles,
                                  const int32_t *labels, int32_t n_clusters, km_arena *arena,
                                  km_labelling *out) {
    out->labels = labels;
    return km_clusters_measure(ctx, tiles, labels, n_clusters, arena, &out->clusters);
}
