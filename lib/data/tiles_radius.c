/* The scales of tiles: the power of two of float tiles, and for int16 tiles a radius.
 *
 * int16 tiles have one scale for all features. It maps a radius about the centre to the largest number,
 * so the radius is as small as can be with no more than one row in FEW beyond it: those rows are always
 * decided in float64, which costs several times a row of a tile, while a larger radius makes all rows
 * coarser. Radii are taken from a fixed row of half octaves of the squared norm, so that the right one
 * can be guessed from some rows and checked by counting all. */
#include "data/quantile.h"
#include "data/tiles_build.h"

#include <math.h>
#include <string.h>

enum {
    FEW = 1024,
    BIN_SHIFT = 22, /* a bin is an exponent and the first bit of the fraction */
    SPREAD_ROWS = 256
};

/* A deviation below this part of the range is small: the unit of the sums, 2^-50 of the range, may
 * be felt in it. */
#define SMALL 0x1p-10

void km_build_scale(km_build *build) {
    const kmseg_tiles *tiles = build->tiles;
    int exponent = 0;
    if (build->largest_deviation > 0) {
        (void)frexp(build->largest_deviation, &exponent);
    }
    build->scale = ldexp(1.0, -exponent);
    build->narrow = tiles->samples.dtype == KMSEG_FLOAT32 && exponent >= -100 && exponent <= 100;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        build->little[j] = (float)(tiles->range[j] * SMALL * build->scale);
    }
}

static float bin_begin(int32_t bin) {
    uint32_t bits = (uint32_t)bin << BIN_SHIFT;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int32_t km_radius_bin(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (int32_t)(bits >> BIN_SHIFT);
}

/* Rows inside keep a norm of at most 32767 when they are rounded to integers, and their norm itself is
 * known to (d + 8) 2^-24 of it. */
km_radius km_radius_of_bin(const kmseg_tiles *tiles, int32_t bin) {
    double d = tiles->n_features;
    km_radius r = {.bin = bin};
    r.beyond[0] = bin_begin(bin);
    r.beyond[1] = bin_begin(bin - 1);
    double norm = 32766 - 0.51 * sqrt(d) - (d + 8) * 0x1p-9;
    r.fine = (float)(norm / sqrt((double)r.beyond[0]));
    if (tiles->n_features > KM_RADIUS_FEATURES) {
        r.beyond[0] = 0; /* every row is outside */
    }
    return r;
}

int64_t km_radius_few(int64_t n_rows) { return n_rows / FEW; }

int32_t km_radius_choose(const int64_t *n_in_bin) {
    int64_t few = 0, n = 0;
    for (int32_t b = 0; b < KM_RADIUS_BINS; b++) {
        few += n_in_bin[b];
    }
    few = km_radius_few(few);
    int32_t bin = KM_RADIUS_BINS - 1;
    while (bin > KM_RADIUS_LOWEST && n + n_in_bin[bin - 1] <= few) {
        n += n_in_bin[--bin];
    }
    return bin;
}

/* How far apart rows are: the third quartile of the distances of some rows, all over the samples, from
 * their median. A few far rows do not matter, nor does a centre that they have pulled away. */
static double spread(const kmseg_tiles *tiles) {
    double values[SPREAD_ROWS], squares[SPREAD_ROWS] = {0};
    int64_t n = tiles->n_samples < SPREAD_ROWS ? tiles->n_samples : SPREAD_ROWS;
    const kmseg_matrix *m = &tiles->samples;
    for (int64_t j = 0; j < tiles->n_features; j++) {
        for (int pass = 0; pass < 2; pass++) {
            double median = pass > 0 ? km_select(values, n, n / 2) : 0;
            for (int64_t i = 0; i < n; i++) {
                int64_t at = i * tiles->n_samples / n * m->row_stride + j;
                double x = m->dtype == KMSEG_FLOAT32 ? (double)((const float *)m->values)[at]
                                                     : ((const double *)m->values)[at];
                values[i] = x;
                squares[i] += pass > 0 ? (x - median) * (x - median) : 0;
            }
        }
    }
    return sqrt(km_select(squares, n, 3 * n / 4));
}

int km_radius_suits(const km_build *build, const km_radius *radius) {
    const kmseg_tiles *tiles = build->tiles;
    double quanta = spread(tiles) * build->scale * (double)radius->fine;
    return tiles->n_features <= KM_RADIUS_FEATURES &&
           (!(build->largest_deviation > 0) || quanta >= 64 * sqrt(tiles->n_features));
}
