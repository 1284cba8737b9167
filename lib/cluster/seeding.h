/* What initialisers that spread centroids share: of every sample the squared distance to the nearest
 * centroid chosen so far, as a whole number, times its weight; their sums; draws in proportion to
 * them; and the sums that candidates would leave.
 *
 * Distances are those of samples in 16-bit fixed point, so that they are whole and cheap, as long as
 * its quanta are small beside them; then those of float64, in a fixed order, as whole numbers of a
 * unit. Which of both is a function of the data and of what was chosen, so everything here is the same
 * for any threads, kernels and tiles. */
#ifndef KM_CLUSTER_SEEDING_H
#define KM_CLUSTER_SEEDING_H

#include "base/parallel.h"
#include "cluster/cluster.h"
#include "kernels/seed.h"

/* Most candidates for one centroid. */
#define KM_MOST_TRIALS 20

typedef struct km_seeding_worker km_seeding_worker;

/* A group of points for the kernel. */
typedef struct km_seeding_group {
    int32_t n_points, n_apply, first_trial;
    uint16_t label;
    int32_t *points;
    uint32_t half_norms[KM_SEED_GROUP];
} km_seeding_group;

/* Samples in 16 bits. Those that are outside of int16 tiles have places of their own behind the others,
 * all values being shifted right by as many bits as it takes for them to fit. */
typedef struct km_grid {
    int is_used;
    km_arena arena;
    int32_t n_pairs, shift;
    const int32_t *pairs; /* int16 tiles: n_tiles x n_pairs x 64; or NULL */
    uint64_t *outside;    /* n_tiles, or NULL: there are none */
    int64_t n_far, n_far_tiles;
    int64_t *far_rows;  /* n_far, ascending */
    int32_t *far_pairs; /* n_far_tiles x n_pairs x 64, shifted */

    uint32_t *closest; /* (n_tiles + n_far_tiles) x 64, from the first pass on; 0 where there is no
                          sample */
    uint32_t *weights; /* the same; NULL: 1 */
    double weight_scale; /* weights are those of the samples times this, rounded */
    double floor;        /* sum below which quanta are felt */
    int16_t *points;     /* (capacity + KM_MOST_TRIALS) x n_pairs x 2: chosen, then trials */

    int is_begun;   /* closest is made */
    int is_pending; /* the last chosen is not in closest yet */

    /* Of the running pass. */
    km_seeding_group *groups;
    int32_t n_groups, n_trials;
    uint32_t *limits; /* capacity + 32: closer rows of that label are out of reach of all points */
    int prune;        /* use them */
} km_grid;

typedef struct km_seeding {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    km_arena *arena;  /* of the caller */
    int64_t n_chunks; /* of samples; behind them those of far ones */
    int32_t capacity; /* centroids that have room */
    int32_t n_chosen;
    int64_t *chosen;   /* capacity rows */
    int64_t *sums;     /* n_chunks: of weighted distances to the chosen */
    int64_t *trials;   /* n_chunks x KM_MOST_TRIALS: the same, were a trial chosen too */
    uint16_t *nearest; /* of each place: which of the chosen is nearest, from the first on */
    km_seeding_worker *workers;
    km_grid grid;

    /* In float64. */
    double *squares;    /* n_samples */
    double unit;        /* of weight * squared distance */
    double *candidates; /* room for points of one call */
    int32_t n_candidates, first_label;
} km_seeding;

/* Room for capacity centroids, from arena. */
kmseg_status km_seeding_init(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t capacity,
                             km_arena *arena, km_seeding *out);
void km_seeding_end(km_seeding *s);

/* Chooses n samples; distances and sums follow. */
kmseg_status km_seeding_add(kmseg_context *ctx, km_seeding *s, const int64_t *rows, int32_t n);

/* Chooses that of n <= KM_MOST_TRIALS samples that leaves the lowest sum, the first one among equals. */
kmseg_status km_seeding_add_best(kmseg_context *ctx, km_seeding *s, const int64_t *rows, int32_t n);

/* Sum of all weighted distances. 0: every sample of positive weight is where a chosen one is. */
km_int128 km_seeding_total(const km_seeding *s);

/* The same in the samples' units; nearly, where they are in 16 bits. */
double km_seeding_inertia(const km_seeding *s);

/* Weighted distance of sample i, and which of the chosen is nearest; unless the last choice was by
 * km_seeding_add_best(). */
int64_t km_seeding_distance(const km_seeding *s, int64_t i);
int32_t km_seeding_label(const km_seeding *s, int64_t i);

/* In 16 bits: the samples (seeding_rows.c). is_used is 0 where they do not suit. */
kmseg_status km_grid_start(kmseg_context *ctx, km_seeding *s);
void km_grid_end(km_seeding *s);
int64_t km_grid_place(const km_seeding *s, int64_t row);
const int32_t *km_grid_pairs(const km_seeding *s, int64_t tile, km_seeding_worker *w);
void km_grid_take_point(km_seeding *s, int64_t i, int64_t row);

/* Lanes of a tile of places that are samples there. */
uint64_t km_seeding_samples(const km_seeding *s, int64_t tile);

/* Tiles of a chunk, and the first of them. */
int64_t km_grid_chunk(const km_seeding *s, int64_t chunk, int64_t *first);

static inline int16_t *km_grid_point(const km_seeding *s, int64_t i) {
    return s->grid.points + i * s->grid.n_pairs * 2;
}

static inline int64_t km_grid_distance(const km_seeding *s, int64_t place) {
    return (int64_t)s->grid.closest[place] * (s->grid.weights != NULL ? s->grid.weights[place] : 1);
}

/* In 16 bits: the passes (seeding_grid.c). */
kmseg_status km_grid_add(kmseg_context *ctx, km_seeding *s, int32_t n);
kmseg_status km_grid_try(kmseg_context *ctx, km_seeding *s, const int64_t *rows, int32_t n);
void km_grid_choose(km_seeding *s, int64_t row, int32_t trial);
kmseg_status km_grid_settle(kmseg_context *ctx, km_seeding *s); /* nothing is pending then */

/* In float64 (seeding_exact.c); n of the chosen are new. */
kmseg_status km_seeding_exact_start(kmseg_context *ctx, km_seeding *s);
kmseg_status km_seeding_exact_add(kmseg_context *ctx, km_seeding *s, int32_t n);
kmseg_status km_seeding_exact_try(kmseg_context *ctx, km_seeding *s, const int64_t *rows,
                                  int32_t n);

#endif
