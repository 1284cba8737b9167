/* Draws from a pool, or from all samples where it does not stand for them. */
#include "cluster/draws.h"

#include <math.h>

/* The pool and the samples may be so far apart on the sum of distances. */
#define MOST_APART 0.125

/* Room for centroids that are new to the pool, at once. */
enum { NEW_AT_ONCE = 64 };

void km_draws_init(kmseg_context *ctx, const km_fit_job *job, km_seeding *s, km_draws *out) {
    *out = (km_draws){.seeding = s, .pools = job->pools, .seed = job->options->seed};
    km_arena_init(&out->arena, &ctx->allocator);
    km_pools_init(ctx, &out->own);
}

void km_draws_end(km_draws *draws) {
    km_arena_free(&draws->arena);
    km_pools_end(&draws->own);
}

static int32_t level_for(int32_t n_chosen) {
    int32_t level = 0;
    while (level < KM_POOL_LEVELS - 1 && n_chosen >> (2 * level) >= 32) {
        level++;
    }
    return level;
}

/* The pool for as many centroids as there are. */
static kmseg_status choose_pool(kmseg_context *ctx, km_draws *d) {
    km_pool *pool;
    int64_t width = d->seeding->tiles->n_features;
    KM_TRY(km_pool_get(ctx, d->pools != NULL ? d->pools : &d->own, d->seeding, d->seed,
                       level_for(d->seeding->n_chosen), &pool));
    if (pool == d->pool) {
        return KMSEG_OK;
    }
    km_arena_free(&d->arena);
    d->pool = pool;
    d->n_applied = 0;
    d->squares = km_arena_array(&d->arena, pool->n + KM_TILE_ROWS, sizeof *d->squares);
    d->masses = km_arena_array(&d->arena, pool->n + KM_TILE_ROWS, sizeof *d->masses);
    d->sums = km_arena_array(&d->arena, pool->n / KM_TILE_ROWS + 1, sizeof *d->sums);
    d->centroids = km_arena_array(&d->arena, NEW_AT_ONCE * width, sizeof *d->centroids);
    d->distances = km_arena_array(&d->arena, NEW_AT_ONCE * KM_TILE_ROWS, sizeof *d->distances);
    if (d->squares == NULL || d->masses == NULL || d->sums == NULL || d->centroids == NULL ||
        d->distances == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int64_t i = 0; i < pool->n; i++) {
        d->squares[i] = INFINITY;
    }
    return KMSEG_OK;
}

/* Brings the squares up to date with n chosen ones from n_applied on. */
static void apply(km_draws *d, int32_t n) {
    const km_seeding *s = d->seeding;
    int64_t width = s->tiles->n_features;
    for (int32_t c = 0; c < n; c++) {
        km_tiles_row(s->tiles, s->chosen[d->n_applied + c], d->centroids + c * width);
    }
    for (int64_t first = 0; first < d->pool->n; first += KM_TILE_ROWS) {
        s->kernels->distances(d->pool->blocks + first * width, (int32_t)width, d->centroids, n,
                              d->distances);
        for (int32_t c = 0; c < n; c++) {
            for (int64_t r = 0; r < KM_TILE_ROWS; r++) {
                double square = d->distances[c * KM_TILE_ROWS + r];
                double *least = &d->squares[first + r];
                *least = square < *least ? square : *least;
            }
        }
    }
    d->n_applied += n;
}

/* Masses by weighted square, or by weight alone; returns their sum. */
static double weigh(km_draws *d, int by_square) {
    double total = 0;
    for (int64_t first = 0; first < d->pool->n; first += KM_TILE_ROWS) {
        int64_t left = d->pool->n - first, n = left < KM_TILE_ROWS ? left : KM_TILE_ROWS;
        double sum = 0;
        for (int64_t i = first; i < first + n; i++) {
            d->masses[i] = d->pool->weights[i] * (by_square ? d->squares[i] : 1);
            sum += d->masses[i];
        }
        d->sums[first / KM_TILE_ROWS] = sum;
        total += sum;
    }
    return total;
}

/* The one at a position of the running sum of the masses. */
static int64_t row_at(const km_draws *d, double position) {
    int64_t block = 0, n = d->pool->n, last = 0;
    while ((block + 1) * KM_TILE_ROWS < n && position >= d->sums[block]) {
        position -= d->sums[block++];
    }
    for (int64_t i = block * KM_TILE_ROWS; i < n; i++) {
        if (d->masses[i] > 0) {
            last = i;
            if (position < d->masses[i]) {
                break;
            }
        }
        position -= d->masses[i];
    }
    return d->pool->rows[last];
}

kmseg_status km_draws_next(kmseg_context *ctx, km_draws *draws, km_random *random, int64_t *rows,
                           int32_t n) {
    km_seeding *s = draws->seeding;
    KM_TRY(choose_pool(ctx, draws));
    while (draws->n_applied < s->n_chosen) {
        int32_t left = s->n_chosen - draws->n_applied;
        apply(draws, left < NEW_AT_ONCE ? left : NEW_AT_ONCE);
    }
    int by_square = s->n_chosen > 0 && km_seeding_total(s) > 0;
    double all =
        by_square ? km_seeding_inertia(s) : km_tiles_weight_value(s->tiles, s->tiles->weight_sum);
    double total = weigh(draws, by_square);
    int stands = fabs(total - all) <= MOST_APART * all;
    if (!(total > 0) || !(stands || (draws->pool->is_all && total < INFINITY))) {
        return km_draw_from_all(ctx, s, draws->seed, random, rows, n);
    }
    for (int32_t i = 0; i < n; i++) {
        rows[i] = row_at(draws, km_next_uniform(random) * total);
    }
    return KMSEG_OK;
}
