/* Samples drawn as centroids by what is in them, so that the order of the rows changes no draw.
 *
 * Draws are made from a pool: some thousand samples that stand for all, taken once for all restarts by a
 * hash of what is in them. Sample x of weight w is taken with the chance
 *
 *     p = min(1, M w (1 / (2 W) + |x - mean|^2 / (2 S))),
 *
 * W being the sum of all weights and S that of all w |x - mean|^2, and counts w / p: so sums over the pool
 * of anything that grows with the square of a distance are near those over all samples (Bachem, Lucic &
 * Krause 2018, "Scalable k-means clustering via lightweight coresets", doi:10.1145/3219819.3219973).
 * Equal samples are taken together and are one in the pool. With few samples, or few different ones, all of
 * them are in it.
 *
 * What the pool says of the sum of distances is held against the sum over all samples, which is known at
 * every draw. Where they are more than an eighth apart, the pool is passed over, and that draw made from
 * all samples (km_draw_from_all). docs/decisions/0010 has the reasons and what was measured. */
#ifndef KM_CLUSTER_DRAWS_H
#define KM_CLUSTER_DRAWS_H

#include "cluster/contents.h"
#include "cluster/draw.h"
#include "cluster/seeding.h"
#include "cluster/subset.h"

typedef struct km_pool {
    int is_made;
    int is_all; /* every different sample of positive weight is in it */
    int64_t n;
    int64_t *rows;   /* n: a sample of each content */
    double *weights; /* n: how much it counts */
    double *blocks;  /* of 64: n_features x 64 values each */
} km_pool;

/* The more centroids there are, the larger the pool: four times from 32 on, again from 128 on, ... */
enum { KM_POOL_LEVELS = 6 };
struct km_pools {
    km_arena arena;
    km_pool levels[KM_POOL_LEVELS];
    uint64_t *numbers; /* n_samples, or NULL: not made yet */
};

void km_pools_init(kmseg_context *ctx, km_pools *pools);
void km_pools_end(km_pools *pools);

/* The pool of a level, made where it is not there yet, from any seeding over the same samples. */
kmseg_status km_pool_get(kmseg_context *ctx, km_pools *pools, km_seeding *s, uint64_t seed,
                         int32_t level, km_pool **out);

/* A random number of each sample of positive weight, by what is in it: those of km_draw_rows(). */
kmseg_status km_pools_numbers(kmseg_context *ctx, km_pools *pools, const kmseg_tiles *tiles,
                              uint64_t seed, const uint64_t **out);

/* About n_wanted samples (or all different ones, where they are at most four times as many) that stand
 * for all, as those of a pool do, by what is in them. *out_n is 0 where samples so few do not. */
kmseg_status km_pool_take(kmseg_context *ctx, const kmseg_tiles *tiles, uint64_t seed,
                          int64_t n_wanted, km_arena *arena, km_weighted_row **out, int64_t *out_n);

/* Draws for one seeding. */
typedef struct km_draws {
    km_seeding *seeding;
    km_pools *pools, own; /* own where the job has none */
    uint64_t seed;
    km_arena arena;
    const km_pool *pool;
    int32_t n_applied; /* chosen ones that squares know */
    double *squares;   /* pool->n: to the nearest chosen one */
    double *masses;    /* pool->n */
    double *sums;      /* of masses, by block */
    double *centroids; /* room for some that are new, */
    double *distances; /* and for distances to them */
} km_draws;

void km_draws_init(kmseg_context *ctx, const km_fit_job *job, km_seeding *s, km_draws *out);
void km_draws_end(km_draws *draws);

/* n samples, each by weighted squared distance to the chosen ones; by weight where none are chosen, or
 * every sample is where a chosen one is. */
kmseg_status km_draws_next(kmseg_context *ctx, km_draws *draws, km_random *random, int64_t *rows,
                           int32_t n);

/* The same from all samples: sums by hash of the content, then the contents in question. */
kmseg_status km_draw_from_all(kmseg_context *ctx, km_seeding *s, uint64_t seed, km_random *random,
                              int64_t *rows, int32_t n);

/* Which samples are taken, tile by tile, and their hashes and chances. */
typedef struct km_taking {
    km_seeding *seeding;
    uint32_t seed;
    double base, slope;         /* chance of a sample of weight 1: base + slope |x - mean|^2 */
    km_seed_sample inside, far; /* the same in 16 bits */
    int all;                    /* take all of positive weight */
    uint32_t hashes[KM_TILE_ROWS];
    int32_t chances[KM_TILE_ROWS];
} km_taking;

void km_taking_start(km_taking *taking, km_seeding *s, uint64_t seed, double n_wanted);

/* Moves *tile, below end, to the next one of which samples are taken; returns those. 0: *tile is end. */
uint64_t km_taking_next(km_taking *taking, int64_t *tile, int64_t end, int32_t thread);

/* Tiles of places: samples, and behind them those of far ones. */
int64_t km_seeding_tiles(const km_seeding *s);
int64_t km_seeding_place_row(const km_seeding *s, int64_t place);

#endif
