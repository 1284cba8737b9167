/* Samples in 16 bits for seeding: where they are, whether they suit, and their whole weights.
 *
 * Rows outside of int16 tiles, a thousandth at most, are what k-means++ likes best. They are kept beside
 * the tiles, and all values are shifted right until they fit, which is the same as larger quanta. */
#include "cluster/seeding_worker.h"

#include <math.h>
#include <string.h>

/* Largest norm in quanta, before rounding: after it and within features that there may be, it is below
 * KM_SEED_NORM. */
#define MOST_NORM 32700

/* Weights are whole numbers up to this, */
#define LARGEST_WEIGHT (1 << 19)

/* which has to be within this part of them. */
#define WEIGHT_ERROR 1e-3

/* Quanta are felt where the mean squared distance is below so many per feature. Rounding adds about a
 * sixth per feature to a square, which is a hundredth then. */
#define FELT 16

/* Whole weights of all samples; is_used is 0 when they are too different. */
static kmseg_status start_weights(kmseg_context *ctx, km_seeding *s) {
    const kmseg_tiles *tiles = s->tiles;
    km_grid *g = &s->grid;
    g->weight_scale = 1;
    if (tiles->weights == NULL) {
        return KMSEG_OK;
    }
    int exact = tiles->weights_whole && tiles->weight_max <= LARGEST_WEIGHT;
    int power = exact ? 0 : ilogb(LARGEST_WEIGHT) - 1 - ilogb(tiles->weight_max);
    g->weight_scale = ldexp(1, power);
    g->weights = km_arena_array(&g->arena, (tiles->n_tiles + g->n_far_tiles) * KM_TILE_ROWS,
                                sizeof *g->weights);
    if (g->weights == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int64_t i = 0; i < tiles->n_samples && g->is_used; i++) {
        double weight = ldexp(tiles->weights[i], power);
        int64_t whole = km_round(weight);
        g->weights[i] = (uint32_t)whole;
        g->is_used = fabs(weight - (double)whole) <= WEIGHT_ERROR * weight;
    }
    for (int64_t i = 0; i < g->n_far; i++) {
        g->weights[tiles->n_tiles * KM_TILE_ROWS + i] = g->weights[g->far_rows[i]];
    }
    return KMSEG_OK;
}

/* Sum below which the quanta are felt, of half squares. */
static double felt_sum(const km_seeding *s) {
    double weight = (double)s->tiles->n_samples;
    if (s->grid.weights != NULL) {
        int64_t sum = 0;
        for (int64_t i = 0; i < s->tiles->n_samples; i++) {
            sum += s->grid.weights[i];
        }
        weight = (double)sum;
    }
    return weight * FELT / 2 * s->tiles->n_features;
}

/* Rows outside of each tile, where nobody has counted them yet. */
static void outside_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_seeding *s = argument;
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    int64_t end = (chunk + 1) * per_chunk;
    end = end < s->tiles->n_tiles ? end : s->tiles->n_tiles;
    for (int64_t t = chunk * per_chunk; t < end; t++) {
        (void)km_tiles_int16(s->kernels, s->tiles, t, &s->workers[thread].tile,
                             &s->grid.outside[t]);
    }
}

static kmseg_status find_outside(kmseg_context *ctx, km_seeding *s) {
    km_grid *g = &s->grid;
    g->outside = s->tiles->outside;
    if (s->tiles->dtype != KMSEG_INT16) {
        g->outside = km_arena_array(&g->arena, s->tiles->n_tiles, sizeof *g->outside);
        if (g->outside == NULL) {
            return km_fail_memory(ctx, "the first centroids");
        }
        KM_TRY(km_parallel(ctx, s->n_chunks, outside_chunk, s));
    }
    for (int64_t t = 0; g->outside != NULL && t < s->tiles->n_tiles; t++) {
        g->n_far += __builtin_popcountll(g->outside[t]);
    }
    g->outside = g->n_far > 0 ? g->outside : NULL;
    return KMSEG_OK;
}

/* Values of a far row in quanta of int16 tiles. Returns its norm. */
static double far_values(const kmseg_tiles *tiles, int64_t row, double *out) {
    double square = 0;
    km_tiles_row(tiles, row, out);
    for (int32_t j = 0; j < tiles->n_features; j++) {
        out[j] = (out[j] - tiles->centre[j]) * tiles->int16_scale;
        square += out[j] * out[j];
    }
    return sqrt(square);
}

/* The shift that makes all far rows fit; more than 15 bits leave nothing of the others. */
static void choose_shift(km_seeding *s, double *values) {
    km_grid *g = &s->grid;
    double norm = 0;
    for (int64_t i = 0; i < g->n_far; i++) {
        norm = fmax(norm, far_values(s->tiles, g->far_rows[i], values));
    }
    while (g->shift < 16 && !(ldexp(norm, -g->shift) <= MOST_NORM)) {
        g->shift++;
    }
    g->is_used = g->shift < 16;
}

static kmseg_status start_far(kmseg_context *ctx, km_seeding *s) {
    km_grid *g = &s->grid;
    double *values = s->workers[0].block;
    g->n_far_tiles = km_chunks(g->n_far, KM_TILE_ROWS);
    g->far_rows = km_arena_array(&g->arena, g->n_far, sizeof *g->far_rows);
    g->far_pairs =
        km_arena_array(&g->arena, g->n_far_tiles * g->n_pairs * KM_TILE_ROWS, sizeof *g->far_pairs);
    if (g->far_rows == NULL || g->far_pairs == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    int64_t n = 0;
    for (int64_t t = 0; t < s->tiles->n_tiles && g->outside != NULL; t++) {
        for (uint64_t rows = g->outside[t]; rows != 0; rows &= rows - 1) {
            g->far_rows[n++] = t * KM_TILE_ROWS + __builtin_ctzll(rows);
        }
    }
    choose_shift(s, values);
    for (int64_t i = 0; i < n && g->is_used; i++) {
        int32_t *to = g->far_pairs + i / KM_TILE_ROWS * g->n_pairs * KM_TILE_ROWS;
        (void)far_values(s->tiles, g->far_rows[i], values);
        values[s->tiles->n_features] = 0; /* the partner of an odd last feature */
        for (int32_t p = 0; p < g->n_pairs; p++) {
            uint32_t a = (uint32_t)(km_round(values[2 * p]) >> g->shift);
            uint32_t b = (uint32_t)(km_round(values[2 * p + 1]) >> g->shift);
            to[p * KM_TILE_ROWS + i % KM_TILE_ROWS] = (int32_t)((a & 0xffff) | b << 16);
        }
    }
    return KMSEG_OK;
}

static kmseg_status make_queue(kmseg_context *ctx, km_seeding *s, km_seeding_worker *w) {
    km_seed_queue *q = &w->queue;
    km_arena *arena = &s->grid.arena;
    *q = (km_seed_queue){.stride = KM_QUEUE_ROWS};
    q->pairs = km_arena_array(arena, (int64_t)s->grid.n_pairs * KM_QUEUE_ROWS, sizeof *q->pairs);
    q->closest = km_arena_array(arena, KM_QUEUE_ROWS, sizeof *q->closest);
    q->weights = km_arena_array(arena, KM_QUEUE_ROWS, sizeof *q->weights);
    q->rows = km_arena_array(arena, KM_QUEUE_ROWS, sizeof *q->rows);
    w->queue_nearest = km_arena_array(arena, KM_QUEUE_ROWS, sizeof *w->queue_nearest);
    return q->pairs != NULL && q->closest != NULL && q->weights != NULL && q->rows != NULL &&
                   w->queue_nearest != NULL
               ? KMSEG_OK
               : km_fail_memory(ctx, "the first centroids");
}

static kmseg_status start_passes(kmseg_context *ctx, km_seeding *s) {
    km_grid *g = &s->grid;
    int64_t n_groups = (s->capacity + KM_MOST_TRIALS) / KM_SEED_GROUP + 3;
    int64_t n_points = (int64_t)s->capacity + KM_MOST_TRIALS, width = g->n_pairs;
    int64_t n_tiles = s->tiles->n_tiles + g->n_far_tiles;
    g->closest = km_arena_take(&g->arena, (size_t)(n_tiles * KM_TILE_ROWS) * sizeof *g->closest);
    g->points = km_arena_array(&g->arena, n_points * width * 2, sizeof *g->points);
    g->groups = km_arena_array(&g->arena, n_groups, sizeof *g->groups);
    g->limits = km_arena_array(&g->arena, (int64_t)s->capacity + 32, sizeof *g->limits);
    int32_t *packed = km_arena_array(&g->arena, n_groups * KM_SEED_GROUP * width, sizeof *packed);
    if (g->closest == NULL || g->points == NULL || g->groups == NULL || g->limits == NULL ||
        packed == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int64_t i = 0; i < n_groups; i++) {
        g->groups[i].points = packed + i * KM_SEED_GROUP * width;
    }
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        KM_TRY(make_queue(ctx, s, &s->workers[t]));
    }
    return KMSEG_OK;
}

static kmseg_status start(kmseg_context *ctx, km_seeding *s) {
    km_grid *g = &s->grid;
    g->n_pairs = (s->tiles->n_features + 1) / 2;
    g->pairs = s->tiles->dtype == KMSEG_INT16 ? s->tiles->values : NULL;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        KM_TRY(km_int16_scratch_init(ctx, s->tiles, &g->arena, &s->workers[t].tile));
    }
    KM_TRY(find_outside(ctx, s));
    KM_TRY(start_far(ctx, s));
    if (g->is_used) {
        KM_TRY(start_weights(ctx, s));
    }
    if (g->is_used) {
        KM_TRY(start_passes(ctx, s));
        g->floor = felt_sum(s);
    }
    return KMSEG_OK;
}

kmseg_status km_grid_start(kmseg_context *ctx, km_seeding *s) {
    double range = 0;
    for (int32_t j = 0; j < s->tiles->n_features; j++) {
        range = fmax(range, s->tiles->range[j]);
    }
    s->grid.is_used = s->tiles->suits_int16 && range > 0;
    if (s->grid.is_used) {
        KM_TRY(start(ctx, s));
    }
    if (!s->grid.is_used) {
        km_grid_end(s);
    }
    return KMSEG_OK;
}

void km_grid_end(km_seeding *s) {
    km_arena arena = s->grid.arena;
    km_arena_free(&arena);
    s->grid = (km_grid){.arena = arena};
}

int64_t km_grid_place(const km_seeding *s, int64_t row) {
    const km_grid *g = &s->grid;
    if (g->outside == NULL || (g->outside[row / KM_TILE_ROWS] >> row % KM_TILE_ROWS & 1) == 0) {
        return row;
    }
    int64_t low = 0, high = g->n_far - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (g->far_rows[middle] < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return s->tiles->n_tiles * KM_TILE_ROWS + low;
}

uint64_t km_seeding_samples(const km_seeding *s, int64_t tile) {
    const km_grid *g = &s->grid;
    int64_t left = s->tiles->n_samples - tile * KM_TILE_ROWS;
    uint64_t outside = 0;
    if (tile >= s->tiles->n_tiles) {
        left = g->n_far - (tile - s->tiles->n_tiles) * KM_TILE_ROWS;
    } else if (g->is_used && g->outside != NULL) {
        outside = g->outside[tile];
    }
    return (left < KM_TILE_ROWS ? (UINT64_C(1) << left) - 1 : UINT64_MAX) & ~outside;
}

int64_t km_grid_chunk(const km_seeding *s, int64_t chunk, int64_t *first) {
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    int64_t of_samples = km_chunks(s->tiles->n_samples, KM_CHUNK_ROWS);
    int64_t begin = 0, end = s->tiles->n_tiles;
    if (chunk >= of_samples) {
        chunk -= of_samples;
        begin = end;
        end += s->grid.n_far_tiles;
    }
    *first = begin + chunk * per_chunk;
    return end - *first < per_chunk ? end - *first : per_chunk;
}

const int32_t *km_grid_pairs(const km_seeding *s, int64_t tile, km_seeding_worker *w) {
    const km_grid *g = &s->grid;
    int64_t size = (int64_t)g->n_pairs * KM_TILE_ROWS;
    if (tile >= s->tiles->n_tiles) {
        return g->far_pairs + (tile - s->tiles->n_tiles) * size;
    }
    if (g->pairs != NULL) {
        return g->pairs + tile * size;
    }
    uint64_t outside;
    const void *values = km_tiles_int16(s->kernels, s->tiles, tile, &w->tile, &outside);
    return values;
}

void km_grid_take_point(km_seeding *s, int64_t i, int64_t row) {
    int64_t place = km_grid_place(s, row), tile = place / KM_TILE_ROWS;
    int32_t shift = tile < s->tiles->n_tiles ? s->grid.shift : 0;
    const int32_t *pairs = km_grid_pairs(s, tile, s->workers) + place % KM_TILE_ROWS;
    int16_t *out = km_grid_point(s, i);
    for (int32_t p = 0; p < s->grid.n_pairs; p++) {
        memcpy(out + (int64_t)2 * p, pairs + p * KM_TILE_ROWS, sizeof *pairs);
        out[2 * p] = (int16_t)(out[2 * p] >> shift);
        out[2 * p + 1] = (int16_t)(out[2 * p + 1] >> shift);
    }
}
