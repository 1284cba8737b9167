/* Choosing samples as centroids, one engine or the other beneath. */
#include "cluster/seeding_worker.h"

#include <math.h>

/* From so many chosen on labels of 16 bits do not reach. */
#define MOST_LABELS UINT16_MAX

static kmseg_status make_workers(kmseg_context *ctx, km_seeding *s, km_arena *arena) {
    int64_t d = s->tiles->n_features;
    s->workers = km_arena_array(arena, ctx->n_threads, sizeof *s->workers);
    if (s->workers == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        s->workers[t].block = km_arena_array(arena, d * KM_TILE_ROWS + 1, sizeof(double));
        if (s->workers[t].block == NULL) {
            return km_fail_memory(ctx, "the first centroids");
        }
    }
    return KMSEG_OK;
}

kmseg_status km_seeding_init(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t capacity,
                             km_arena *arena, km_seeding *out) {
    *out =
        (km_seeding){.tiles = tiles, .kernels = ctx->kernels, .capacity = capacity, .arena = arena};
    km_arena_init(&out->grid.arena, &ctx->allocator);
    out->n_chunks = km_chunks(tiles->n_samples, KM_CHUNK_ROWS);
    out->chosen = km_arena_array(arena, capacity, sizeof *out->chosen);
    if (out->chosen == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    KM_TRY(make_workers(ctx, out, arena));
    if (capacity <= MOST_LABELS) {
        KM_TRY(km_grid_start(ctx, out));
    }
    /* Behind the chunks of samples those of far ones, and behind the places theirs. */
    int64_t n_chunks = out->n_chunks, n_tiles = tiles->n_tiles;
    if (out->grid.is_used) {
        n_tiles += out->grid.n_far_tiles;
        n_chunks = out->n_chunks += km_chunks(out->grid.n_far, KM_CHUNK_ROWS);
    }
    out->sums = km_arena_array(arena, n_chunks, sizeof *out->sums);
    out->trials = km_arena_array(arena, n_chunks * KM_MOST_TRIALS, sizeof *out->trials);
    if (capacity <= MOST_LABELS) {
        out->nearest =
            km_arena_take(arena, (size_t)(n_tiles * KM_TILE_ROWS) * sizeof *out->nearest);
    }
    if (out->sums == NULL || out->trials == NULL ||
        (capacity <= MOST_LABELS && out->nearest == NULL)) {
        return km_fail_memory(ctx, "the first centroids");
    }
    return out->grid.is_used ? KMSEG_OK : km_seeding_exact_start(ctx, out);
}

void km_seeding_end(km_seeding *s) { km_arena_free(&s->grid.arena); }

/* Leaves the grid when its quanta are felt. */
static kmseg_status settle(kmseg_context *ctx, km_seeding *s) {
    if (km_int128_double(km_seeding_total(s)) >= s->grid.floor) {
        return KMSEG_OK;
    }
    km_grid_end(s);
    s->n_chunks = km_chunks(s->tiles->n_samples, KM_CHUNK_ROWS);
    KM_TRY(km_seeding_exact_start(ctx, s));
    return km_seeding_exact_add(ctx, s, s->n_chosen);
}

kmseg_status km_seeding_add(kmseg_context *ctx, km_seeding *s, const int64_t *rows, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        s->chosen[s->n_chosen++] = rows[i];
    }
    if (!s->grid.is_used) {
        return km_seeding_exact_add(ctx, s, n);
    }
    KM_TRY(km_grid_add(ctx, s, n));
    return settle(ctx, s);
}

/* The trial of the lowest sum. */
static int32_t best_trial(const km_seeding *s, int32_t n) {
    int32_t best = 0;
    km_int128 lowest = 0;
    for (int32_t t = 0; t < n; t++) {
        km_int128 sum = 0;
        for (int64_t c = 0; c < s->n_chunks; c++) {
            sum += s->trials[c * KM_MOST_TRIALS + t];
        }
        if (t == 0 || sum < lowest) {
            lowest = sum;
            best = t;
        }
    }
    return best;
}

kmseg_status km_seeding_add_best(kmseg_context *ctx, km_seeding *s, const int64_t *rows,
                                 int32_t n) {
    if (!s->grid.is_used) {
        KM_TRY(km_seeding_exact_try(ctx, s, rows, n));
        s->chosen[s->n_chosen++] = rows[best_trial(s, n)];
        return km_seeding_exact_add(ctx, s, 1);
    }
    KM_TRY(km_grid_try(ctx, s, rows, n));
    int32_t best = best_trial(s, n);
    for (int64_t c = 0; c < s->n_chunks; c++) {
        s->sums[c] = s->trials[c * KM_MOST_TRIALS + best];
    }
    km_grid_choose(s, rows[best], best);
    return settle(ctx, s);
}

km_int128 km_seeding_total(const km_seeding *s) {
    km_int128 total = 0;
    for (int64_t c = 0; c < s->n_chunks; c++) {
        total += s->sums[c];
    }
    return total;
}

double km_seeding_inertia(const km_seeding *s) {
    double total = km_int128_double(km_seeding_total(s));
    if (!s->grid.is_used) {
        return total / s->unit;
    }
    double quantum = ldexp(1 / s->tiles->int16_scale, s->grid.shift);
    return 2 * total * quantum * quantum / s->grid.weight_scale;
}

int64_t km_seeding_distance(const km_seeding *s, int64_t i) {
    if (s->grid.is_used) {
        return km_grid_distance(s, km_grid_place(s, i));
    }
    return km_round(s->squares[i] * km_tiles_weight(s->tiles, i) * s->unit);
}

int32_t km_seeding_label(const km_seeding *s, int64_t i) {
    return s->nearest[s->grid.is_used ? km_grid_place(s, i) : i];
}
