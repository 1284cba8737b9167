/* Greedy k-means++: each further centroid is the best of 2 + floor(ln k) candidates, drawn with
 * probability proportional to weight times squared distance to the nearest centroid so far.
 *
 * Sources: Arthur & Vassilvitskii 2007 (k-means++); the greedy variant is the one of their section
 * 5, with the number of candidates that scikit-learn uses.
 *
 * Squared distances are those of float64 in a fixed order; potentials and the draw use them as whole
 * numbers of a unit that follows the largest one, so sums are exact. */
#include "base/parallel.h"
#include "cluster/draw.h"

#include <math.h>

enum { MOST_TRIALS = 32 };

typedef struct seeding {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    double *closest; /* n_samples: squared distance to the nearest centroid so far */
    double unit;     /* of weight * squared distance */
    int32_t n_trials;
    double *candidates;    /* n_trials x n_features */
    double *blocks;        /* n_threads x n_features x 64 */
    double *distances;     /* n_threads x n_trials x 64 */
    km_int128 *potentials; /* n_threads x n_trials */
    double *largest;       /* n_threads: of weight * closest */
    int64_t *chunk_sums;   /* n_chunks: of closest, in units */
    int64_t n_chunks;
} seeding;

static int32_t trials_for(int32_t k) {
    int32_t trials = 2 + (int32_t)log((double)k);
    return trials < MOST_TRIALS ? trials : MOST_TRIALS;
}

static int64_t chunk_end(const seeding *s, int64_t chunk) {
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    return end < s->tiles->n_samples ? end : s->tiles->n_samples;
}

/* Squared distances of the samples of a block of rows to n points, to the thread's scratch. */
static const double *measure(const seeding *s, int64_t first, int32_t n, const double *points,
                             int32_t n_points, int32_t thread) {
    double *block = s->blocks + (int64_t)thread * s->tiles->n_features * KM_TILE_ROWS;
    double *out = s->distances + (int64_t)thread * s->n_trials * KM_TILE_ROWS;
    km_tiles_block(s->kernels, s->tiles, first, n, block);
    s->kernels->distances(block, s->tiles->n_features, points, n_points, out);
    return out;
}

/* Potential of every candidate, were it chosen. */
static void try_chunk(void *argument, int64_t chunk, int32_t thread) {
    seeding *s = argument;
    int64_t sums[MOST_TRIALS] = {0};
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < chunk_end(s, chunk);
         first += KM_TILE_ROWS) {
        int64_t left = chunk_end(s, chunk) - first;
        int32_t n = left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS;
        const double *square = measure(s, first, n, s->candidates, s->n_trials, thread);
        double units[KM_TILE_ROWS];
        for (int32_t r = 0; r < n; r++) {
            units[r] = km_tiles_weight(s->tiles, first + r) * s->unit;
        }
        for (int32_t t = 0; t < s->n_trials; t++) {
            const double *to = square + (int64_t)t * KM_TILE_ROWS;
            int64_t sum = 0;
            for (int32_t r = 0; r < n; r++) {
                double nearest = s->closest[first + r];
                nearest = to[r] < nearest ? to[r] : nearest;
                sum += km_round(nearest * units[r]);
            }
            sums[t] += sum;
        }
    }
    for (int32_t t = 0; t < s->n_trials; t++) {
        s->potentials[(int64_t)thread * s->n_trials + t] += sums[t];
    }
}

/* Closest distances with the point in candidates[0] as a further centroid. */
static void choose_chunk(void *argument, int64_t chunk, int32_t thread) {
    seeding *s = argument;
    double largest = s->largest[thread];
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < chunk_end(s, chunk);
         first += KM_TILE_ROWS) {
        int64_t left = chunk_end(s, chunk) - first;
        int32_t n = left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS;
        const double *square = measure(s, first, n, s->candidates, 1, thread);
        for (int32_t r = 0; r < n; r++) {
            double nearest = s->closest[first + r];
            nearest = square[r] < nearest ? square[r] : nearest;
            s->closest[first + r] = nearest;
            double weighted = nearest * km_tiles_weight(s->tiles, first + r);
            largest = weighted > largest ? weighted : largest;
        }
    }
    s->largest[thread] = largest;
}

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    seeding *s = argument;
    int64_t sum = 0;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < chunk_end(s, chunk); i++) {
        sum += km_round(s->closest[i] * km_tiles_weight(s->tiles, i) * s->unit);
    }
    s->chunk_sums[chunk] = sum;
}

/* Makes candidates[0] a centroid: closest distances, their unit, and their sums follow. */
static kmseg_status choose(kmseg_context *ctx, seeding *s) {
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        s->largest[t] = 0;
    }
    KM_TRY(km_parallel(ctx, s->n_chunks, choose_chunk, s));
    double largest = 0;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        largest = fmax(largest, s->largest[t]);
    }
    s->unit = ldexp(1.0, km_sum_power(largest));
    return km_parallel(ctx, s->n_chunks, sum_chunk, s);
}

/* The sample at a position of the running sum of closest distances. */
static int64_t sample_at(const seeding *s, km_int128 position) {
    int64_t chunk = 0;
    while (chunk < s->n_chunks - 1 && position >= s->chunk_sums[chunk]) {
        position -= s->chunk_sums[chunk++];
    }
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < chunk_end(s, chunk); i++) {
        int64_t whole = km_round(s->closest[i] * km_tiles_weight(s->tiles, i) * s->unit);
        if (position < whole) {
            return i;
        }
        position -= whole;
    }
    return chunk_end(s, chunk) - 1;
}

/* The sample at a position of the running sum of weights. */
static int64_t sample_by_weight(const kmseg_tiles *tiles, uint64_t random) {
    km_int128 position = km_draw_position(tiles->weight_sum, random);
    if (tiles->weights == NULL) {
        return (int64_t)position;
    }
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        km_int128 weight = km_tiles_whole_weight(tiles, i);
        if (position < weight) {
            return i;
        }
        position -= weight;
    }
    return tiles->n_samples - 1;
}

/* Draws the candidates for the next centroid; 0 when every sample sits on a centroid already. */
static int draw_candidates(const seeding *s, km_random *random) {
    km_int128 total = 0;
    for (int64_t c = 0; c < s->n_chunks; c++) {
        total += s->chunk_sums[c];
    }
    for (int32_t t = 0; t < s->n_trials; t++) {
        uint64_t bits = km_next_u64(random);
        int64_t row = total > 0 ? sample_at(s, km_draw_position(total, bits))
                                : sample_by_weight(s->tiles, bits);
        km_tiles_row(s->tiles, row, s->candidates + (int64_t)t * s->tiles->n_features);
    }
    return total > 0;
}

/* Moves the candidate of the lowest potential to candidates[0]. */
static kmseg_status pick_best(kmseg_context *ctx, seeding *s) {
    int32_t d = s->tiles->n_features;
    for (int64_t i = 0; i < (int64_t)ctx->n_threads * s->n_trials; i++) {
        s->potentials[i] = 0;
    }
    KM_TRY(km_parallel(ctx, s->n_chunks, try_chunk, s));
    int32_t best = 0;
    km_int128 lowest = 0;
    for (int32_t t = 0; t < s->n_trials; t++) {
        km_int128 potential = 0;
        for (int32_t thread = 0; thread < ctx->n_threads; thread++) {
            potential += s->potentials[(int64_t)thread * s->n_trials + t];
        }
        if (t == 0 || potential < lowest) {
            lowest = potential;
            best = t;
        }
    }
    for (int32_t j = 0; j < d; j++) {
        s->candidates[j] = s->candidates[(int64_t)best * d + j];
    }
    return KMSEG_OK;
}

static kmseg_status seed(kmseg_context *ctx, const km_fit_job *job, seeding *s, double *centroids) {
    int32_t d = s->tiles->n_features;
    km_random random = km_init_random_numbers(job);
    for (int64_t i = 0; i < s->tiles->n_samples; i++) {
        s->closest[i] = INFINITY;
    }
    km_tiles_row(s->tiles, sample_by_weight(s->tiles, km_next_u64(&random)), s->candidates);
    for (int32_t c = 0; c < job->options->n_clusters; c++) {
        if (c > 0) {
            KM_TRY(choose(ctx, s));
            if (draw_candidates(s, &random)) {
                KM_TRY(pick_best(ctx, s));
            }
        }
        for (int32_t j = 0; j < d; j++) {
            centroids[(int64_t)c * d + j] = s->candidates[j];
        }
        km_fit_progress(ctx, job, KM_INIT_SHARE * (c + 1) / job->options->n_clusters);
    }
    return KMSEG_OK;
}

kmseg_status km_init_plus_plus(kmseg_context *ctx, const km_fit_job *job, double *centroids) {
    int64_t d = job->tiles->n_features, threads = ctx->n_threads;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    seeding s = {.tiles = job->tiles, .kernels = ctx->kernels};
    s.n_trials = trials_for(job->options->n_clusters);
    s.n_chunks = km_chunks(job->tiles->n_samples, KM_CHUNK_ROWS);
    s.closest = km_arena_array(&arena, job->tiles->n_samples, sizeof *s.closest);
    s.candidates = km_arena_array(&arena, s.n_trials * d, sizeof *s.candidates);
    s.blocks = km_arena_array(&arena, threads * d * KM_TILE_ROWS, sizeof *s.blocks);
    s.distances = km_arena_array(&arena, threads * s.n_trials * KM_TILE_ROWS, sizeof *s.distances);
    s.potentials = km_arena_array(&arena, threads * s.n_trials, sizeof *s.potentials);
    s.largest = km_arena_array(&arena, threads, sizeof *s.largest);
    s.chunk_sums = km_arena_array(&arena, s.n_chunks, sizeof *s.chunk_sums);
    kmseg_status status = KMSEG_OK;
    if (s.closest == NULL || s.candidates == NULL || s.blocks == NULL || s.distances == NULL ||
        s.potentials == NULL || s.largest == NULL || s.chunk_sums == NULL) {
        status = km_fail_memory(ctx, "the first centroids");
    } else {
        status = seed(ctx, job, &s, centroids);
    }
    km_arena_free(&arena);
    return status;
}
