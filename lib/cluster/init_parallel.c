/* k-means||: few rounds that each draw many samples at once, then weighted k-means++ among those drawn.
 *
 * From one sample drawn by weight, each of ROUNDS rounds takes every sample on its own with probability
 * min(1, OVERSAMPLING k w D / sum of w D), where D is its squared distance to the nearest of those taken
 * before. Each of them then weighs what the samples nearest to it weigh, and greedy k-means++ chooses k.
 * Where fewer than k were taken, it chooses among all samples.
 *
 * Whether a sample is taken depends on its own random number, by what is in it and how many equal ones
 * came before, and on whole numbers: not on threads, partitions or the order of the samples. k-means++ goes over all samples k times, this ROUNDS + 1 times, measuring
 * about as many distances as k-means++ with 10 candidates each.
 *
 * Source: Bahmani et al. 2012 (Scalable k-means++), doi:10.14778/2180912.2180915; rounds and
 * oversampling are those of their experiments. */
#include "cluster/draws.h"
#include "data/draw_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 5, OVERSAMPLING = 2 };

/* Most samples taken, which labels of 16 bits can tell apart. */
#define MOST_TAKEN (UINT16_MAX - 1)

/* A sample taken, and its number. */
typedef struct ticket {
    uint64_t number;
    int64_t row;
} ticket;

typedef struct oversampling {
    const km_fit_job *job;
    km_seeding seeding;
    km_pools own;   /* where the job has none */
    km_arena arena; /* of rows */
    int32_t round;
    int64_t per_round; /* expected number taken: OVERSAMPLING k, or fewer where k is very large */
    km_int128 total;   /* of weighted distances */
    const uint64_t *numbers; /* n_samples: of the content */
    uint64_t *taken;         /* n_tiles: bit r: row r is taken in this round */
    ticket *rows;            /* capacity of the seeding, or more */
    int64_t n_rows;
    int64_t *chosen;    /* capacity */
    km_int128 *weights; /* n_threads x capacity: of the samples nearest to each */
    int32_t n_weighted; /* of those taken have a positive weight */
    double *candidates; /* n_chosen x n_features */
    double *totals;     /* n_chosen */
} oversampling;

static uint64_t random_bits(const oversampling *o, int64_t i, int32_t round) {
    return km_random_u64(o->job->options->seed, KM_STAGE_OVERSAMPLE, o->numbers[i],
                         (uint32_t)o->job->restart << 4 | (uint32_t)round);
}

static void take_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    oversampling *o = argument;
    const km_seeding *s = &o->seeding;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < s->tiles->n_samples ? end : s->tiles->n_samples;
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        uint64_t taken = 0;
        for (int64_t i = first; i < end && i < first + KM_TILE_ROWS; i++) {
            km_int128 distance = km_seeding_distance(s, i);
            if (distance > 0) {
                km_int128 position = km_draw_position(o->total, random_bits(o, i, o->round));
                taken |= (uint64_t)(position < distance * o->per_round) << (i - first);
            }
        }
        o->taken[first / KM_TILE_ROWS] = taken;
    }
}

static int by_number(const void *a, const void *b) {
    const ticket *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Those taken in a round, by their numbers. */
static kmseg_status list_taken(kmseg_context *ctx, oversampling *o) {
    const kmseg_tiles *tiles = o->seeding.tiles;
    int64_t n = 0;
    for (int64_t t = 0; t < tiles->n_tiles; t++) {
        n += __builtin_popcountll(o->taken[t]);
    }
    km_arena_free(&o->arena);
    o->rows = km_arena_take(&o->arena, (size_t)n * sizeof *o->rows);
    if (o->rows == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    o->n_rows = 0;
    for (int64_t t = 0; t < tiles->n_tiles; t++) {
        for (uint64_t rows = o->taken[t]; rows != 0; rows &= rows - 1) {
            int64_t row = t * KM_TILE_ROWS + __builtin_ctzll(rows);
            o->rows[o->n_rows++] = (ticket){o->numbers[row], row};
        }
    }
    qsort(o->rows, (size_t)n, sizeof *o->rows, by_number);
    return KMSEG_OK;
}

/* One round. When by chance more are taken than have room, the last ones are left out. */
static kmseg_status take(kmseg_context *ctx, oversampling *o) {
    km_seeding *s = &o->seeding;
    KM_TRY(km_parallel(ctx, km_chunks(s->tiles->n_samples, KM_CHUNK_ROWS), take_chunk, o));
    KM_TRY(list_taken(ctx, o));
    int32_t n = 0;
    while (n < o->n_rows && s->n_chosen + n < s->capacity) {
        o->chosen[n] = o->rows[n].row;
        n++;
    }
    return n > 0 ? km_seeding_add(ctx, s, o->chosen, n) : KMSEG_OK;
}

static void weigh_chunk(void *argument, int64_t chunk, int32_t thread) {
    oversampling *o = argument;
    const km_seeding *s = &o->seeding;
    km_int128 *weights = o->weights + (int64_t)thread * s->capacity;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < s->tiles->n_samples ? end : s->tiles->n_samples;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end; i++) {
        weights[km_seeding_label(s, i)] += km_tiles_whole_weight(s->tiles, i);
    }
}

static kmseg_status weigh(kmseg_context *ctx, oversampling *o) {
    km_seeding *s = &o->seeding;
    KM_TRY(km_parallel(ctx, km_chunks(s->tiles->n_samples, KM_CHUNK_ROWS), weigh_chunk, o));
    for (int32_t c = 0; c < s->n_chosen; c++) {
        km_int128 weight = 0;
        for (int32_t t = 0; t < ctx->n_threads; t++) {
            weight += o->weights[(int64_t)t * s->capacity + c];
        }
        o->totals[c] = km_tiles_weight_value(s->tiles, weight);
        o->n_weighted += weight > 0;
        km_tiles_row(s->tiles, s->chosen[c], o->candidates + (int64_t)c * s->tiles->n_features);
    }
    return KMSEG_OK;
}

static kmseg_status allocate(kmseg_context *ctx, oversampling *o, km_arena *arena) {
    const kmseg_tiles *tiles = o->job->tiles;
    int64_t k = o->job->options->n_clusters;
    int64_t most = tiles->n_samples < MOST_TAKEN ? tiles->n_samples : MOST_TAKEN;
    o->per_round =
        OVERSAMPLING * k < most / (ROUNDS + 1) ? OVERSAMPLING * k : most / (ROUNDS + 1) + 1;
    /* A round takes more than this with a probability below 1e-9. */
    int64_t expected = ROUNDS * (o->per_round + 6 * (int64_t)ceil(sqrt((double)o->per_round)) + 20);
    int32_t capacity = (int32_t)(expected < most ? expected : most);
    KM_TRY(km_seeding_init(ctx, tiles, capacity, arena, &o->seeding));
    o->taken = km_arena_array(arena, tiles->n_tiles, sizeof *o->taken);
    o->chosen = km_arena_array(arena, capacity, sizeof *o->chosen);
    o->weights = km_arena_array(arena, (int64_t)ctx->n_threads * capacity, sizeof *o->weights);
    o->totals = km_arena_array(arena, capacity, sizeof *o->totals);
    o->candidates = km_arena_array(arena, (int64_t)capacity * tiles->n_features, sizeof(double));
    if (o->taken == NULL || o->chosen == NULL || o->weights == NULL || o->totals == NULL ||
        o->candidates == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    return KMSEG_OK;
}

static kmseg_status oversample(kmseg_context *ctx, oversampling *o, km_arena *arena) {
    KM_TRY(allocate(ctx, o, arena));
    int64_t first;
    km_draws draws;
    km_random random = km_init_random_numbers(o->job);
    km_draws_init(ctx, o->job, &o->seeding, &draws);
    kmseg_status status = km_draws_next(ctx, &draws, &random, &first, 1);
    km_draws_end(&draws);
    KM_TRY(status);
    KM_TRY(km_pools_numbers(ctx, o->job->pools != NULL ? o->job->pools : &o->own, o->job->tiles,
                            o->job->options->seed, &o->numbers));
    KM_TRY(km_seeding_add(ctx, &o->seeding, &first, 1));
    for (o->round = 0; o->round < ROUNDS; o->round++) {
        o->total = km_seeding_total(&o->seeding);
        if (o->total > 0) {
            KM_TRY(take(ctx, o));
        }
        km_fit_progress(ctx, o->job, KM_INIT_SHARE * (o->round + 1) / (ROUNDS + 1));
    }
    return weigh(ctx, o);
}

/* Greedy k-means++ among those taken. */
static kmseg_status reduce(kmseg_context *ctx, const oversampling *o, double *centroids) {
    kmseg_matrix matrix = kmseg_matrix_view(o->candidates, KMSEG_FLOAT64, o->seeding.n_chosen,
                                            o->job->tiles->n_features);
    kmseg_tiles *tiles;
    KM_TRY(kmseg_tiles_new(ctx, &matrix, o->totals, NULL, &tiles));
    km_fit_job job = *o->job;
    job.tiles = tiles;
    job.pools = NULL; /* those of all samples */
    kmseg_status status = km_init_plus_plus(ctx, &job, centroids);
    kmseg_tiles_free(tiles);
    return status;
}

kmseg_status km_init_parallel(kmseg_context *ctx, const km_fit_job *job, double *centroids) {
    oversampling o = {.job = job};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_arena_init(&o.arena, &ctx->allocator);
    km_pools_init(ctx, &o.own);
    kmseg_status status = oversample(ctx, &o, &arena);
    km_seeding_end(&o.seeding);
    int enough = o.n_weighted >= job->options->n_clusters;
    if (status == KMSEG_OK && enough) {
        status = reduce(ctx, &o, centroids);
    }
    km_arena_free(&arena);
    km_arena_free(&o.arena);
    km_pools_end(&o.own);
    /* Values near the largest there may be overflow when they weigh more. */
    if ((status == KMSEG_OK && !enough) || status == KMSEG_E_DATA) {
        status = km_init_plus_plus(ctx, job, centroids);
    }
    return status;
}
