/* Seeding in float64: squared distances in a fixed order; their sums and the draw use them as whole
 * numbers of a unit that follows the largest one, so sums are exact. */
#include "cluster/seeding_worker.h"

#include <math.h>
#include <string.h>

kmseg_status km_seeding_exact_start(kmseg_context *ctx, km_seeding *s) {
    km_arena *arena = s->arena;
    int64_t points = s->capacity > KM_MOST_TRIALS ? s->capacity : KM_MOST_TRIALS;
    s->squares = km_arena_array(arena, s->tiles->n_samples, sizeof *s->squares);
    s->candidates = km_arena_array(arena, points * s->tiles->n_features, sizeof *s->candidates);
    if (s->squares == NULL || s->candidates == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        s->workers[t].distances =
            km_arena_array(arena, KM_MOST_TRIALS * KM_TILE_ROWS, sizeof(double));
        if (s->workers[t].distances == NULL) {
            return km_fail_memory(ctx, "the first centroids");
        }
    }
    for (int64_t i = 0; i < s->tiles->n_samples; i++) {
        s->squares[i] = INFINITY;
    }
    if (s->nearest != NULL) {
        memset(s->nearest, 0, (size_t)s->tiles->n_samples * sizeof *s->nearest);
    }
    return KMSEG_OK;
}

static void take_candidates(km_seeding *s, const int64_t *rows, int32_t n) {
    s->n_candidates = n;
    for (int32_t i = 0; i < n; i++) {
        km_tiles_row(s->tiles, rows[i], s->candidates + (int64_t)i * s->tiles->n_features);
    }
}

static int64_t chunk_end(const km_seeding *s, int64_t chunk) {
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    return end < s->tiles->n_samples ? end : s->tiles->n_samples;
}

/* Calls fn for every block of up to 64 rows of a chunk, which is in the worker's block. */
static void for_blocks(km_seeding *s, int64_t chunk, km_seeding_worker *w,
                       void (*fn)(km_seeding *, km_seeding_worker *, int64_t first, int32_t n,
                                  void *),
                       void *argument) {
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < chunk_end(s, chunk);
         first += KM_TILE_ROWS) {
        int64_t left = chunk_end(s, chunk) - first;
        int32_t n = left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS;
        km_tiles_block(s->kernels, s->tiles, first, n, w->block);
        fn(s, w, first, n, argument);
    }
}

/* Squares with the candidates as further centroids. */
static void add_block(km_seeding *s, km_seeding_worker *w, int64_t first, int32_t n,
                      void *argument) {
    (void)argument;
    double square[KM_TILE_ROWS], second[KM_TILE_ROWS];
    int32_t index[KM_TILE_ROWS] = {0}, second_index[KM_TILE_ROWS];
    if (s->n_candidates == 1) {
        s->kernels->distances(w->block, s->tiles->n_features, s->candidates, 1, w->distances);
    } else {
        s->kernels->nearest(w->block, s->tiles->n_features, s->candidates, s->n_candidates, index,
                            square, second_index, second);
    }
    const double *nearest = s->n_candidates == 1 ? w->distances : square;
    double largest = w->largest;
    for (int32_t r = 0; r < n; r++) {
        if (nearest[r] < s->squares[first + r]) {
            s->squares[first + r] = nearest[r];
            if (s->nearest != NULL) {
                s->nearest[first + r] = (uint16_t)(s->first_label + index[r]);
            }
        }
        double weighted = s->squares[first + r] * km_tiles_weight(s->tiles, first + r);
        largest = weighted > largest ? weighted : largest;
    }
    w->largest = largest;
}

static void add_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_seeding *s = argument;
    for_blocks(s, chunk, &s->workers[thread], add_block, NULL);
}

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    km_seeding *s = argument;
    int64_t sum = 0;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < chunk_end(s, chunk); i++) {
        sum += km_seeding_distance(s, i);
    }
    s->sums[chunk] = sum;
}

kmseg_status km_seeding_exact_add(kmseg_context *ctx, km_seeding *s, int32_t n) {
    s->first_label = s->n_chosen - n;
    take_candidates(s, s->chosen + s->first_label, n);
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        s->workers[t].largest = 0;
    }
    KM_TRY(km_parallel(ctx, s->n_chunks, add_chunk, s));
    double largest = 0;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        largest = fmax(largest, s->workers[t].largest);
    }
    s->unit = ldexp(1.0, km_sum_power(largest));
    return km_parallel(ctx, s->n_chunks, sum_chunk, s);
}

/* What each candidate would leave of a block, added to sums. */
static void try_block(km_seeding *s, km_seeding_worker *w, int64_t first, int32_t n,
                      void *argument) {
    int64_t *sums = argument;
    double units[KM_TILE_ROWS];
    s->kernels->distances(w->block, s->tiles->n_features, s->candidates, s->n_candidates,
                          w->distances);
    for (int32_t r = 0; r < n; r++) {
        units[r] = km_tiles_weight(s->tiles, first + r);
    }
    for (int32_t t = 0; t < s->n_candidates; t++) {
        const double *to = w->distances + (int64_t)t * KM_TILE_ROWS;
        int64_t sum = 0;
        for (int32_t r = 0; r < n; r++) {
            double nearest = s->squares[first + r];
            nearest = to[r] < nearest ? to[r] : nearest;
            sum += km_round(nearest * units[r] * s->unit);
        }
        sums[t] += sum;
    }
}

static void try_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_seeding *s = argument;
    int64_t *sums = s->trials + chunk * KM_MOST_TRIALS;
    for (int32_t t = 0; t < s->n_candidates; t++) {
        sums[t] = 0;
    }
    for_blocks(s, chunk, &s->workers[thread], try_block, sums);
}

kmseg_status km_seeding_exact_try(kmseg_context *ctx, km_seeding *s, const int64_t *rows,
                                  int32_t n) {
    take_candidates(s, rows, n);
    return km_parallel(ctx, s->n_chunks, try_chunk, s);
}
