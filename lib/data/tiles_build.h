/* What the steps of building tiles share: first ranges and centres, then the tiles themselves. */
#ifndef KM_DATA_TILES_BUILD_H
#define KM_DATA_TILES_BUILD_H

#include "base/parallel.h"
#include "data/tiles.h"

/* Bins of squared norms in units of km_build.scale, by which rows are counted; the lowest that can be a
 * radius begins at 2^-80: less is nothing beside values of up to 1. */
#define KM_RADIUS_BINS   512
#define KM_RADIUS_LOWEST 94

/* Most features that norms in float32 and a radius of 16 bits can take: of more, every row is outside. */
#define KM_RADIUS_FEATURES 65536

/* Up to where rows fit into int16 tiles. */
typedef struct km_radius {
    int32_t bin;     /* rows of this bin and those above are outside */
    float beyond[2]; /* where that bin begins, and where the one below it does */
    float fine;      /* of km_fill */
} km_radius;

/* What one thread gathers in a pass over the samples, and the scratch it works in. */
typedef struct km_build_worker {
    double *block;              /* n_features x 64 */
    double *smallest, *largest; /* n_features */
    km_int128 *sums, *squares;  /* n_features */
    int64_t *n_little;          /* n_features: deviations far below the range, but not 0 */
    int64_t n_beyond[2];        /* rows whose norm is at least each of the thresholds */
    int64_t n_outside;
    int64_t *n_in_bin; /* KM_RADIUS_BINS: rows by norm, see tiles_fill.c */

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
    double *base, *unit; /* n_features: of exact sums, where the mean has to be known better */
    double *square_unit; /* n_features */
    double *sum_magic, *square_magic; /* n_features: of km_fill */
    float *little;                    /* n_features */
    double largest_deviation;         /* of any feature from any centre inside its range */
    double farthest;                  /* row from any such centre, at most */
    double scale;                     /* the power of two by which that is at most 1 */
    int narrow;                       /* see km_fill */
    km_radius radius;                 /* guessed from some rows */
} km_build;

static inline int32_t km_build_rows(const kmseg_tiles *tiles, int64_t tile) {
    int64_t left = tiles->n_samples - tile * KM_TILE_ROWS;
    return left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS;
}

/* low, high and mean of every feature; KMSEG_E_DATA for values that are not finite. */
kmseg_status km_build_ranges(km_build *build);

/* Ranges, centres and the units of sums; KMSEG_E_DATA for values that cannot be clustered. */
kmseg_status km_build_centres(km_build *build);

/* Scale and narrow, and what little is. */
void km_build_scale(km_build *build);

/* The same, a guess at the radius, and from it whether int16 suits the samples. */
kmseg_status km_build_guess(km_build *build);

int32_t km_radius_bin(float square);
km_radius km_radius_of_bin(const kmseg_tiles *tiles, int32_t bin);

/* Rows that may be outside. */
int64_t km_radius_few(int64_t n_rows);

/* The lowest bin with few rows in it and above. */
int32_t km_radius_choose(const int64_t *n_in_bin);

/* Whether rows are far apart beside what rounding to int16 loses. */
int km_radius_suits(const km_build *build, const km_radius *radius);

/* Values, norms, means and sums of squares. */
kmseg_status km_build_fill(km_build *build);

#endif
