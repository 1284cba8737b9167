/* Some samples, by a hash of what is in them. */
#include "cluster/draws.h"
#include "cluster/seeding_worker.h"
#include "data/draw_rows.h"

#include <math.h>

int64_t km_seeding_tiles(const km_seeding *s) {
    return s->tiles->n_tiles + (s->grid.is_used ? s->grid.n_far_tiles : 0);
}

int64_t km_seeding_place_row(const km_seeding *s, int64_t place) {
    int64_t far = place - s->tiles->n_tiles * KM_TILE_ROWS;
    return far < 0 ? place : s->grid.far_rows[far];
}

void km_taking_start(km_taking *taking, km_seeding *s, uint64_t seed, double n_wanted) {
    const kmseg_tiles *tiles = s->tiles;
    double weight = km_tiles_weight_value(tiles, tiles->weight_sum), squares = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        squares += tiles->squares[j];
    }
    *taking = (km_taking){.seeding = s,
                          .seed = (uint32_t)km_random_u64(seed, KM_STAGE_POOL, 0, 0),
                          .base = n_wanted / 2 / weight,
                          .slope = squares > 0 ? n_wanted / 2 / squares : 0};
    if (s->grid.is_used) {
        double quantum = 1 / tiles->int16_scale, far = ldexp(quantum, s->grid.shift);
        double base = taking->base / s->grid.weight_scale;
        double slope = taking->slope / s->grid.weight_scale;
        taking->inside = (km_seed_sample){.n_pairs = s->grid.n_pairs,
                                          .seed = taking->seed,
                                          .base = (float)base,
                                          .slope = (float)(slope * quantum * quantum)};
        taking->far = taking->inside;
        taking->far.slope = (float)(slope * far * far);
    }
}

/* In 16 bits, for as many tiles at once as are in a row. Returns 0 when none of them has rows that are
 * taken; *tile is behind them then, else at the first that has. */
static int take_grid(km_taking *taking, int64_t *tile, int64_t end, km_seeding_worker *w,
                     uint64_t *rows) {
    const km_seeding *s = taking->seeding;
    int inside = *tile < s->tiles->n_tiles;
    km_seed_sample *sample = inside ? &taking->inside : &taking->far;
    end = inside && end > s->tiles->n_tiles ? s->tiles->n_tiles : end;
    sample->n_tiles = inside && s->grid.pairs == NULL ? 1 : (int32_t)(end - *tile);
    sample->all = taking->all;
    sample->pairs = km_grid_pairs(s, *tile, w);
    sample->weights = s->grid.weights != NULL ? s->grid.weights + *tile * KM_TILE_ROWS : NULL;
    sample->hashes = taking->hashes;
    sample->chances = taking->chances;
    int32_t n = s->kernels->seed_sample(sample, rows);
    *tile += n;
    return n < sample->n_tiles;
}

/* From the samples themselves. */
static uint64_t take_exact(km_taking *taking, int64_t tile, uint64_t samples, double *row) {
    const kmseg_tiles *tiles = taking->seeding->tiles;
    uint64_t taken = 0;
    for (uint64_t left = samples; left != 0; left &= left - 1) {
        int r = __builtin_ctzll(left);
        double square = 0, weight = km_tiles_weight(tiles, tile * KM_TILE_ROWS + r);
        km_tiles_row(tiles, tile * KM_TILE_ROWS + r, row);
        for (int32_t j = 0; j < tiles->n_features; j++) {
            square += (row[j] - tiles->means[j]) * (row[j] - tiles->means[j]);
        }
        double chance = fmin(1, weight * (taking->base + taking->slope * square));
        taking->hashes[r] = (uint32_t)(km_hash_values(taking->seed, row, tiles->n_features) >> 32);
        taking->chances[r] = (int32_t)(chance * KM_SEED_CERTAIN);
        taken |= (uint64_t)((int32_t)(taking->hashes[r] >> 1) < taking->chances[r]) << r;
    }
    return taken;
}

uint64_t km_taking_next(km_taking *taking, int64_t *tile, int64_t end, int32_t thread) {
    const km_seeding *s = taking->seeding;
    km_seeding_worker *w = &s->workers[thread];
    while (*tile < end) {
        uint64_t taken;
        if (!s->grid.is_used) {
            taken = take_exact(taking, *tile, km_seeding_samples(s, *tile), w->block);
        } else if (!take_grid(taking, tile, end, w, &taken)) {
            continue;
        }
        uint64_t samples = km_seeding_samples(s, *tile);
        taken = taking->all ? samples : taken & samples;
        if (taken != 0) {
            return taken;
        }
        ++*tile;
    }
    return 0;
}
