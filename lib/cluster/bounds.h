/* Bounds that spare rows from being assigned again (Hamerly 2010, doi:10.1137/1.9781611972801.12).
 *
 * When a row is assigned, it is known by how much it is nearer to its centroid than to any other: its
 * margin. From then on it loses at most what its own centroid and the farthest moving other one travel
 * together. What each cluster has lost is summed over the iterations, and a row keeps its margin plus
 * what its cluster had lost by then: its key. While the key exceeds what the cluster has lost, the row
 * needs no look, so that a spared row costs one comparison and nothing is written. The least key of a
 * tile spares the whole tile. Rows that are not spared are laid out in dense tiles, so that the
 * vector kernel stays full.
 *
 * Keys and losses are whole steps of a fraction of a typical distance, 16 bits: margins rounded down,
 * losses up, all that is too large to the largest. A difference of two rounded losses may be a step
 * too small, which the comparison makes up for: key > loss leaves at least a step.
 *
 * A spared label is the one that float64 gives: margins are rounded down, losses up, and what float64
 * decisions can be off is part of the slack. */
#ifndef KM_CLUSTER_BOUNDS_H
#define KM_CLUSTER_BOUNDS_H

#include "data/tiles.h"
#include "kernels/kernels.h"

typedef struct km_bounds {
    uint16_t *keys; /* n_tiles x 64; 0 where nothing is known */
    float
        *tile_keys; /* n_tiles: least margin of the tile's rows plus what any row had lost by then,
                         in steps */
    double *lost;   /* n_clusters: since the bounds were made, in units of the tiles */
    uint16_t *losses; /* the same in steps; KM_LOSSES_AT_LEAST, and one more than n_clusters */
    double lost_most; /* any row has lost at most that, in steps */
    double *last;  /* n_clusters x n_features: centroids of the last pass, in units of the tiles */
    float typical; /* distance of a row from its centroid, in units of the tiles */
    float steps;   /* in a unit of the tiles; the same while the bounds are on */
    double farthest; /* norm of a centroid, in units of the tiles */

    int always;        /* on from the second pass, whether it pays or not */
    int on;            /* keys hold for every row */
    int making;        /* the running pass makes keys for every row */
    int pause;         /* passes until it is tried again */
    int paused;        /* how long the last pause was */
    double per_change; /* rows that are not spared for each whose label changes, lately */
} km_bounds;

/* keys: memory for n_tiles x 64 of them; the rest comes from arena. 0: out of memory. */
int km_bounds_init(km_bounds *bounds, const kmseg_tiles *tiles, int32_t n_clusters, uint16_t *keys,
                   km_arena *arena);

/* Labels are forgotten. */
void km_bounds_reset(km_bounds *bounds);

/* The centroids of the next pass, centred and in units of the tiles: adds what every cluster loses. */
void km_bounds_aim(km_bounds *bounds, const kmseg_tiles *tiles, const double *scaled,
                   int32_t n_clusters);

/* What a margin must exceed for float64 to decide alike, for a row of that norm, in units of the
 * tiles. */
float km_bounds_slack(const km_bounds *bounds, const kmseg_tiles *tiles, double norm);

/* Key of a row of so many whole steps. */
static inline uint16_t km_bounds_key(const km_bounds *bounds, uint32_t steps, km_label label) {
    uint32_t key = steps + bounds->losses[label];
    key = key < UINT16_MAX ? key : UINT16_MAX;
    return (uint16_t)(steps == 0 ? 0 : key);
}

/* What one pass did. */
typedef struct km_bounds_news {
    int64_t n_rows;
    int64_t n_changed;  /* rows that got another label */
    int64_t n_assigned; /* rows that were not spared */
    int32_t n_clusters, n_features;
    int32_t n_together; /* passes over the same tiles at the same time */
} km_bounds_news;

/* Decides what the next pass does: makes bounds, goes by them, or does without. */
void km_bounds_judge(km_bounds *bounds, const km_bounds_news *news);

#endif
