/* What the steps of building tiles share: first ranges and centres, then the tiles themselves. */
#ifndef KM_DATA_TILES_BUILD_H
#define KM_DATA_TILES_BUILD_H

#include "base/parallel.h"
#include "data/tiles.h"

/* Rows are counted by their norm in so many bins. */
#define KM_BUILD_BINS 512

/* What one thread gathers in a pass over the samples, and the scratch it works in. */
typedef struct km_build_worker {
    double *block;              /* n_features x 64 */
    double *smallest, *largest; /* n_features */
    km_int128 *sums, *squares;  /* n_features */
    int64_t *n_little;          /* n_features: deviations far below the range, but not 0 */
    int64_t n_beyond[2];        /* rows whose norm is at least each of the thresholds */
    int64_t n_outside;
    int64_t *n_in_bin; /* KM_BUILD_BINS: rows by norm, see tiles_fill.c */

    /* Of the running chunk, for km_fill. */
    int64_t *chunk_sums, *chunk_squares;
    int32_t *chunk_little, *chunk_beyond;
    double *weights; /* 64 */
    void *rows;      /* 64 rows and a little more, where they are not all in the samples */
} km_build_worker;

typedef struct km_build {
    kmseg_context *ctx;
    kmseg_tiles *tiles;
    const km_kernels *kernels;
    km_build_worker *workers;
    int64_t n_chunks;
    double *low, *high, *mean; /* n_features: range, and nearly the mean (NaN: not known) */
    double *base, *unit;      /* n_features: of exact sums, where the mean has to be known better */
    double *square_unit;      /* n_features */
    float *little;            /* n_features */
    double largest_deviation; /* of any feature from any centre inside its range */
    double farthest;          /* row from any such centre, at most */
    double scale;             /* the power of two by which that is at most 1 */
    int narrow;               /* see km_fill */
} km_build;

static inline int32_t km_build_rows(const kmseg_tiles *tiles, int64_t tile) {
    int64_t left = tiles->n_samples - tile * KM_TILE_ROWS;
    return left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS;
}

/* low, high and mean of every feature; KMSEG_E_DATA for values that are not finite. */
kmseg_status km_build_ranges(km_build *build);

/* Ranges, centres and the units of sums; KMSEG_E_DATA for values that cannot be clustered. */
kmseg_status km_build_centres(km_build *build);

/* Values, norms, means and sums of squares. */
kmseg_status km_build_fill(km_build *build);

#endif
