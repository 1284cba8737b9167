/* Inside of tiles: the canonical samples, the tiles made from them, and the fixed-point units in
 * which their sums are exact. */
#ifndef KM_DATA_TILES_H
#define KM_DATA_TILES_H

#include "base/context.h"
#include "base/sums.h"
#include "kernels/kernels.h"

#include <kmseg/tiles.h>

#define KM_TILE_ROWS 64

struct kmseg_tiles {
    km_arena arena;
    int64_t n_samples;
    int32_t n_features;
    int64_t n_tiles;      /* the last one is filled up with zeros */
    kmseg_matrix samples; /* canonical values, col_stride 1; borrowed or in the arena */
    kmseg_dtype dtype;    /* of values */
    /* q = (sample - centre) * scale, rounded. Float: n_tiles x n_features x 64, every |q| <= 1. int16: of
     * row r of tile t, feature j is at ((t * P + j / 2) * 64 + r) * 2 + j % 2 with P = (n_features + 1)
     * / 2; a missing last feature is 0, and so are rows outside. */
    void *values;
    float *norms; /* n_tiles: no row of the tile (that is not outside) has a larger norm, in scaled
                          units, before or after rounding to int16 */
    float *
        residuals; /* n_tiles: largest norm of what rounding to int16 loses of such a row; or NULL */
    uint64_t *outside; /* n_tiles: rows too far out for int16; NULL where there are none */
    int64_t n_outside;
    int suits_int16; /* whatever dtype is: rows are far longer than what rounding to int16 loses */
    double *centre;  /* n_features: near the mean, with few significant bits */
    double scale; /* a power of two for float tiles; for int16 norms of rows inside are <= 32767 */

    /* How samples become int16, whatever dtype is: (x - centre) * unit_scale * int16_fine, rounded; rows
     * of a squared norm of int16_beyond, without int16_fine, are outside. narrow: see km_fill. */
    double unit_scale, int16_scale;
    float int16_fine, int16_beyond;
    int narrow;

    double *weights;    /* n_samples, or NULL when every weight is 1 */
    int64_t n_weighted; /* samples of positive weight */
    double weight_max;
    int weights_whole;    /* weights are whole numbers, and summed as such */
    int weights_vary;     /* some positive weight is below weight_max */
    double weight_unit;   /* other weights are summed as km_wide of weight * weight_unit; else 1 */
    km_int128 weight_sum; /* of whole weights */

    double *sum_scale; /* n_features: deviations are summed as round((x - centre) w sum_scale) */
    double *sum_fine;  /* n_features: what that rounding loses is summed in units this much finer;
                             NULL where no feature has most of its values far below its range, so
                             that it is not worth it */
    double *sum_unit;  /* n_features: whole numbers of a sum per 1 */
    double *range;     /* n_features: largest less smallest sample */
    double *squares;   /* n_features: weighted sum of squared deviations from the mean */
    double *means;     /* n_features: weighted mean */
};

/* Weight of a sample. */
static inline double km_tiles_weight(const kmseg_tiles *tiles, int64_t i) {
    return tiles->weights != NULL ? tiles->weights[i] : 1.0;
}

/* Weight of a sample as a whole number, whose sums are exact. */
static inline km_int128 km_tiles_whole_weight(const kmseg_tiles *tiles, int64_t i) {
    if (tiles->weights_whole) {
        return (int64_t)km_tiles_weight(tiles, i);
    }
    km_wide whole = {0, 0};
    km_wide_add(&whole, km_tiles_weight(tiles, i) * tiles->weight_unit);
    return km_wide_fold(whole);
}

/* Sum of whole weights as a number. */
static inline double km_tiles_weight_value(const kmseg_tiles *tiles, km_int128 sum) {
    double value = km_int128_double(sum);
    return tiles->weights_whole ? value : ldexp(value, -KM_WIDE_BITS) / tiles->weight_unit;
}

/* Whole number of one value of a sample of that weight, in 1 / sum_unit: the one that km_move adds. */
static inline km_int128 km_tiles_whole(const kmseg_tiles *tiles, int32_t j, double x,
                                       double weight) {
    double units = (x - tiles->centre[j]) * weight * tiles->sum_scale[j];
    int64_t high = km_round(units);
    if (tiles->sum_fine == NULL) {
        return high;
    }
    double fine = tiles->sum_fine[j];
    return (km_int128)high * (int64_t)fine + km_round((units - (double)high) * fine);
}

/* Mean of feature j of samples whose whole numbers add up to sum and whose whole weights to
 * total > 0. Correctly rounded but for one division where weights are whole. */
double km_tiles_mean(const kmseg_tiles *tiles, int32_t j, km_int128 sum, km_int128 total);

/* Highest power of two by which the centre can be multiplied and still be summed over all samples in
 * 128 bits, as km_tiles_mean() does where weights are whole. */
int km_tiles_highest_power(const kmseg_tiles *tiles, int32_t j);

/* Frees the tiles' own copy of the samples, which only seedings and passes of fits read, and no scores. */
void km_tiles_forget(kmseg_tiles *tiles);

/* Canonical values of n <= 64 consecutive samples from first on, as doubles, feature-major:
 * out[j * 64 + r], 64-byte aligned. Lanes behind n repeat the last sample. */
void km_tiles_block(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t first, int32_t n,
                    double *out);

/* The same for n <= 64 samples at any positions. */
void km_tiles_gather(const kmseg_tiles *tiles, const int64_t *rows, int32_t n, double *out);

/* Canonical values of one sample, n_features doubles. */
void km_tiles_row(const kmseg_tiles *tiles, int64_t row, double *out);

/* The same for any matrix. */
void km_matrix_gather(const kmseg_matrix *matrix, const int64_t *rows, int32_t n, double *out);
void km_matrix_block(const km_kernels *kernels, const kmseg_matrix *matrix, int64_t first,
                     int32_t n, double *out);

/* Bytes of an element of float tiles or of samples. */
static inline size_t km_element_size(kmseg_dtype dtype) {
    return dtype == KMSEG_FLOAT32 ? sizeof(float) : sizeof(double);
}

/* KMSEG_E_ARGUMENT unless dtype is one. */
kmseg_status km_dtype_check(kmseg_context *ctx, kmseg_dtype dtype, const char *what);

/* Squared distances of larger values overflow. */
#define KM_LARGEST_SAMPLE 1e150

/* KMSEG_E_DATA naming the first value that is not finite (or beyond KM_LARGEST_SAMPLE) by row and column from 0. */
kmseg_status km_matrix_check(kmseg_context *ctx, const kmseg_matrix *matrix, const char *what);

/* KMSEG_E_ARGUMENT likewise, for n_clusters x n_features centroids of the caller. */
kmseg_status km_centroids_check(kmseg_context *ctx, const double *centroids, int64_t n_clusters,
                                int64_t n_features, const char *what);

#endif
