/* Distances to the own centroid, and inertia: float64 from the canonical values. */
#include "data/own_distances.h"

#include "base/parallel.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

typedef struct own_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    km_own_labels labels;
    const double *centroids;
    double *out;
    double *blocks;     /* n_threads x n_features x 64 */
    km_exact_sum *sums; /* n_threads */
} own_job;

/* Labels of the n samples from first on; lanes behind them repeat the last. */
static void lane_labels(const own_job *job, int64_t first, int32_t n, int32_t *out) {
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        int64_t i = first + (r < n ? r : n - 1);
        out[r] = job->labels.wide != NULL ? job->labels.wide[i] : job->labels.narrow[i];
    }
}

/* Adds a whole number of units of 2^-power, without loss. */
static void add_whole(km_exact_sum *sum, int64_t whole, int power) {
    km_exact_add(sum, ldexp((double)(whole >> 32), 32 - power));
    km_exact_add(sum, ldexp((double)(uint32_t)whole, -power));
}

/* Adds 64 values >= 0: as whole numbers of a unit that follows the largest of them, in two words. */
static void add_lanes(const own_job *job, km_exact_sum *sum, const double *values) {
    double largest = 0;
    for (int r = 0; r < KM_TILE_ROWS; r++) {
        largest = values[r] > largest ? values[r] : largest;
    }
    if (!(largest <= 0x1p900) || largest < 0x1p-800) { /* where units would leave the doubles */
        for (int r = 0; r < KM_TILE_ROWS; r++) {
            km_exact_add(sum, values[r]);
        }
        return;
    }
    int power = km_sum_power(largest);
    int64_t high, low; /* low may be negative, never the sum of both */
    job->kernels->sum_wide(values, ldexp(1.0, power), &high, &low);
    int64_t carry = low >> KM_WIDE_BITS;
    add_whole(sum, high + carry, power);
    add_whole(sum, low - carry * (INT64_C(1) << KM_WIDE_BITS), power + KM_WIDE_BITS);
}

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
        lane_labels(job, first, n, labels);
        km_tiles_block(job->kernels, tiles, first, n, block);
        job->kernels->own_distances(block, tiles->n_features, job->centroids, labels, square);
        if (job->out != NULL) {
            memcpy(job->out + first, square, (size_t)n * sizeof *square);
        }
        for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
            square[r] = r < n ? square[r] * km_tiles_weight(tiles, first + r) : 0;
        }
        add_lanes(job, &job->sums[thread], square);
    }
}

kmseg_status km_own_distances(kmseg_context *ctx, const kmseg_tiles *tiles, km_own_labels labels,
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
