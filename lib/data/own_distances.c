/* Distances to the own centroid, and inertia: float64 from the canonical values. */
#include "data/own_distances.h"

#include "base/parallel.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct own_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    km_own_labels labels;
    const double *centroids;
    double *out;
    int sum_alone;
    double *spreads; /* parts x n_labels */
    int32_t n_labels;
    double *blocks;     /* n_threads x n_features x 64 */
    km_exact_sum *sums; /* n_threads */

    /* Of the sum alone. */
    int power;       /* of two: values are summed as whole numbers of its inverse */
    km_int128 *wide; /* n_threads: in units 2^KM_WIDE_BITS finer */
} own_job;

/* Labels of the n samples from first on; lanes behind them repeat the last. */
static void lane_labels(const own_job *job, int64_t first, int32_t n, int32_t *out) {
    const km_label *narrow = job->labels.narrow;
    if (job->labels.wide != NULL) {
        memcpy(out, job->labels.wide + first, (size_t)n * sizeof *out);
    } else if (n == KM_TILE_ROWS) { /* eight and more at a time */
        for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
            out[r] = narrow[first + r];
        }
    } else {
        for (int32_t r = 0; r < n; r++) {
            out[r] = narrow[first + r];
        }
    }
    for (int32_t r = n; r < KM_TILE_ROWS; r++) {
        out[r] = out[n - 1];
    }
}

/* Adds a whole number of units of 2^-power, without loss. */
static void add_whole(km_exact_sum *sum, int64_t whole, int power) {
    km_exact_add(sum, ldexp((double)(whole >> 32), 32 - power));
    km_exact_add(sum, ldexp((double)(uint32_t)whole, -power));
}

/* The largest of 64 values >= 0; side by side, because each comparison waits for the one before. */
static double largest_of(const double *values) {
    enum { SIDE = 8 };
    double most[SIDE] = {0};
    for (int r = 0; r < KM_TILE_ROWS; r += SIDE) {
        for (int i = 0; i < SIDE; i++) {
            most[i] = values[r + i] > most[i] ? values[r + i] : most[i];
        }
    }
    double largest = 0;
    for (int i = 0; i < SIDE; i++) {
        largest = most[i] > largest ? most[i] : largest;
    }
    return largest;
}

/* Adds 64 values >= 0: as whole numbers of a unit that follows the largest of them, in two words. */
void km_add_lanes(const km_kernels *kernels, km_exact_sum *sum, const double *values) {
    double largest = largest_of(values);
    if (!(largest <= 0x1p900) || largest < 0x1p-800) { /* where units would leave the doubles */
        for (int r = 0; r < KM_TILE_ROWS; r++) {
            km_exact_add(sum, values[r]);
        }
        return;
    }
    int power = km_sum_power(largest);
    int64_t high, low; /* low may be negative, never the sum of both */
    kernels->sum_wide(values, ldexp(1.0, power), &high, &low);
    int64_t carry = low >> KM_WIDE_BITS;
    add_whole(sum, high + carry, power);
    add_whole(sum, low - carry * (INT64_C(1) << KM_WIDE_BITS), power + KM_WIDE_BITS);
}

/* Squared distances of the n samples from first on, and their weighted sum to that of the thread. */
static void own_tile(own_job *job, int64_t first, int32_t n, int32_t thread, int32_t *labels,
                     double *square) {
    const kmseg_tiles *tiles = job->tiles;
    double *block = job->blocks + (int64_t)thread * tiles->n_features * KM_TILE_ROWS;
    double weighted[KM_TILE_ROWS];
    lane_labels(job, first, n, labels);
    km_tiles_block(job->kernels, tiles, first, n, block);
    job->kernels->own_distances(block, tiles->n_features, job->centroids, labels, square);
    memcpy(weighted, square, sizeof weighted);
    for (int32_t r = 0; tiles->weights != NULL && r < n; r++) {
        weighted[r] *= tiles->weights[first + r];
    }
    for (int32_t r = n; r < KM_TILE_ROWS; r++) {
        weighted[r] = 0;
    }
    km_add_lanes(job->kernels, &job->sums[thread], weighted);
}

static void own_chunk(void *argument, int64_t chunk, int32_t thread) {
    own_job *job = argument;
    const kmseg_tiles *tiles = job->tiles;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < tiles->n_samples ? end : tiles->n_samples;
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
        int32_t labels[KM_TILE_ROWS];
        double square[KM_TILE_ROWS];
        own_tile(job, first, n, thread, labels, square);
        if (job->out != NULL) {
            memcpy(job->out + first, square, (size_t)n * sizeof *square);
        }
    }
}

static void spread_part(void *argument, int64_t part, int32_t thread) {
    own_job *job = argument;
    const kmseg_tiles *tiles = job->tiles;
    double *spreads = job->spreads + part * job->n_labels;
    int64_t end = (part + 1) * KM_SPREAD_ROWS;
    end = end < tiles->n_samples ? end : tiles->n_samples;
    for (int64_t first = part * KM_SPREAD_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
        int32_t labels[KM_TILE_ROWS];
        double distance[KM_TILE_ROWS];
        own_tile(job, first, n, thread, labels, distance);
        for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
            distance[r] = sqrt(distance[r]);
        }
        for (int32_t r = 0; r < n; r++) {
            spreads[labels[r]] += distance[r] * km_tiles_weight(tiles, first + r);
        }
    }
}

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    enum { AHEAD_BYTES = 4096 };
    own_job *job = argument;
    const kmseg_tiles *tiles = job->tiles;
    const kmseg_matrix *m = &tiles->samples;
    const int f32 = m->dtype == KMSEG_FLOAT32;
    const int64_t row_bytes = m->row_stride * (int64_t)(f32 ? sizeof(float) : sizeof(double));
    const int64_t rows_ahead = 1 + AHEAD_BYTES / (1 + llabs(row_bytes));
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < tiles->n_samples ? end : tiles->n_samples;
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t labels[KM_TILE_ROWS];
        int64_t high[8] = {0}, low[8] = {0};
        km_own_sum sum = {
            .rows = (const char *)m->values + first * row_bytes,
            .row_stride = m->row_stride,
            .n_rows = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS,
            .n_features = tiles->n_features,
            .ahead = first + KM_TILE_ROWS + rows_ahead <= tiles->n_samples
                         ? rows_ahead * m->row_stride
                         : 0,
            .labels = labels,
            .weights = tiles->weights != NULL ? tiles->weights + first : NULL,
            .centroids = job->centroids,
            .unit = ldexp(1.0, job->power),
            .high = high,
            .low = low,
        };
        lane_labels(job, first, sum.n_rows, labels);
        (f32 ? job->kernels->own_sum_f32 : job->kernels->own_sum_f64)(&sum);
        for (int i = 0; i < 8; i++) {
            job->wide[thread] += km_wide_fold((km_wide){high[i], low[i]});
        }
    }
}

/* Largest label plus 1. */
static int32_t count_clusters(const own_job *job) {
    int32_t k = 0;
    if (job->labels.n_clusters > 0) {
        return job->labels.n_clusters;
    }
    for (int64_t i = 0; i < job->tiles->n_samples; i++) {
        int32_t label = job->labels.wide != NULL ? job->labels.wide[i] : job->labels.narrow[i];
        k = label >= k ? label + 1 : k;
    }
    return k;
}

/* Weighted square that no value of a sample exceeds. */
static double largest_square(const own_job *job) {
    const kmseg_tiles *tiles = job->tiles;
    int64_t d = tiles->n_features, n = count_clusters(job) * d;
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        double away = fabs(job->centroids[i] - tiles->centre[i % d]) + 1.01 * tiles->range[i % d];
        largest = away > largest ? away : largest;
    }
    return largest * largest * tiles->weight_max;
}

/* The weighted sum alone, value by value: without a turn to columns and distances of rows. Where values
 * are so much smaller than the largest could be that the sum would lose a bit, *out_exact is 0. */
static kmseg_status sum_values(kmseg_context *ctx, own_job *job, double *out, int *out_exact) {
    enum { MOST_FEATURES = 512 }; /* of 64 rows, so that they fit 64 bits */
    int64_t d = job->tiles->n_features, n = job->tiles->n_samples;
    double largest = d % 8 == 0 && d <= MOST_FEATURES ? largest_square(job) : 0;
    *out_exact = 0;
    if (!(largest > 0x1p-800 && largest < 0x1p900)) {
        return KMSEG_OK;
    }
    job->power = km_sum_power(largest);
    KM_TRY(km_parallel(ctx, km_chunks(n, KM_CHUNK_ROWS), sum_chunk, job));
    km_int128 total = 0;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        total += job->wide[t];
    }
    *out_exact = total >> 54 >= (km_int128)n * d;
    *out = ldexp(km_int128_double(total), -job->power - KM_WIDE_BITS);
    return KMSEG_OK;
}

/* Squares of every sample: to out, to the spreads, or to their sum alone. */
static kmseg_status measure(kmseg_context *ctx, own_job *job, double *out_sum) {
    int exact = 0;
    int64_t n = job->tiles->n_samples;
    if (job->sum_alone) {
        KM_TRY(sum_values(ctx, job, out_sum, &exact));
    }
    if (exact) {
        return KMSEG_OK;
    }
    KM_TRY(job->spreads != NULL ? km_parallel(ctx, km_chunks(n, KM_SPREAD_ROWS), spread_part, job)
                                : km_parallel(ctx, km_chunks(n, KM_CHUNK_ROWS), own_chunk, job));
    for (int32_t t = 1; t < ctx->n_threads && out_sum != NULL; t++) {
        km_exact_merge(&job->sums[0], &job->sums[t]);
    }
    if (out_sum != NULL) {
        *out_sum = km_exact_value(&job->sums[0]);
    }
    return KMSEG_OK;
}

static kmseg_status measure_all(kmseg_context *ctx, own_job *job, double *out_sum) {
    int64_t block = (int64_t)job->tiles->n_features * KM_TILE_ROWS;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    job->kernels = ctx->kernels;
    job->blocks = km_arena_array(&arena, ctx->n_threads * block, sizeof *job->blocks);
    job->sums = km_arena_array(&arena, ctx->n_threads, sizeof *job->sums);
    job->wide = km_arena_array(&arena, ctx->n_threads, sizeof *job->wide);
    kmseg_status status = KMSEG_OK;
    if (job->blocks == NULL || job->sums == NULL || job->wide == NULL) {
        status = km_fail_memory(ctx, "distances");
    } else {
        status = measure(ctx, job, out_sum);
    }
    km_arena_free(&arena);
    return status;
}

kmseg_status km_own_distances(kmseg_context *ctx, const kmseg_tiles *tiles, km_own_labels labels,
                              const double *centroids, double *out, double *out_sum) {
    own_job job = {.tiles = tiles, .labels = labels, .centroids = centroids, .out = out};
    job.sum_alone = out == NULL;
    return measure_all(ctx, &job, out_sum);
}

kmseg_status km_own_spreads(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                            int32_t n_labels, const double *centroids, double *out_spreads,
                            double *out_sum) {
    own_job job = {.tiles = tiles,
                   .labels = {.wide = labels, .n_clusters = n_labels},
                   .centroids = centroids,
                   .spreads = out_spreads,
                   .n_labels = n_labels};
    return measure_all(ctx, &job, out_sum);
}
