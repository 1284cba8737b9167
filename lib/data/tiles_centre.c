/* Centres of the features and the units of their sums. Every figure is the same for any number of threads
 * and any order of the rows: a centre is a coarse number near the mean, and where a nearly exact mean
 * cannot settle which, the exact one does. */
#include "data/tiles_build.h"

#include <math.h>

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_build *build = argument;
    const kmseg_tiles *tiles = build->tiles;
    km_build_worker *w = &build->workers[thread];
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    int64_t end = (chunk + 1) * per_chunk;
    end = end < tiles->n_tiles ? end : tiles->n_tiles;
    for (int64_t t = chunk * per_chunk; t < end; t++) {
        int32_t n = km_build_rows(tiles, t);
        km_tiles_block(build->kernels, tiles, t * KM_TILE_ROWS, n, w->block);
        double weights[KM_TILE_ROWS];
        for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
            weights[r] = r < n ? km_tiles_weight(tiles, t * KM_TILE_ROWS + r) : 0;
        }
        for (int64_t j = 0; j < tiles->n_features; j++) {
            w->sums[j] += build->kernels->sum_whole(w->block + j * KM_TILE_ROWS, weights,
                                                    build->base[j], build->unit[j]);
        }
    }
}

/* A value of at most 8 bits below the leading bit of range: deviations from it are exact for data
 * of moderate precision, and it is a whole number of fixed-point units. */
static double coarse(double value, double range) {
    if (!(range > 0)) {
        return value;
    }
    int exponent = 0;
    (void)frexp(range, &exponent);
    double quantum = ldexp(1.0, exponent - 8);
    return quantum > 0 ? rint(value / quantum) * quantum : value;
}

/* Float32 samples have a centre that float32 can hold, so that it can be subtracted in float32. */
static double centre_for(const kmseg_tiles *tiles, int32_t j, double mean) {
    double centre = coarse(mean, tiles->range[j]);
    return tiles->samples.dtype == KMSEG_FLOAT32 ? (double)(float)centre : centre;
}

/* Takes over the ranges; the base of exact sums is their middle. */
static kmseg_status take_ranges(km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    double squares = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        double range = build->high[j] - build->low[j];
        tiles->range[j] = range;
        build->base[j] = coarse(build->low[j] + range / 2, range);
        build->unit[j] = ldexp(1.0, km_sum_power(range * tiles->weight_max));
        /* Deviations from a centre inside the range are at most the range, a little more where the
         * centre was rounded. */
        build->largest_deviation = fmax(build->largest_deviation, range * (1 + 0x1p-7));
        squares += range * range;
    }
    build->farthest = sqrt(squares) * (1 + 0x1p-6);
    if (!(squares * tiles->weight_max * (double)tiles->n_samples <= 1e307)) {
        return km_fail(
            build->ctx, KMSEG_E_DATA,
            "samples spread over %g, with weights of up to %g: sums of squares overflow; "
            "either needs to be smaller",
            build->largest_deviation, tiles->weight_max);
    }
    return KMSEG_OK;
}

/* Whether the means that were found in passing settle every centre. Each is off by at most 3 2^-24 of the
 * range from the differences, n 2^-53 of it from their sum, and 2^-52 of itself. */
static int settle_centres(km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    double part = 0x1p-22 + (double)tiles->n_samples * 0x1p-52;
    int settled = tiles->weights == NULL;
    for (int32_t j = 0; settled && j < tiles->n_features; j++) {
        double mean = build->mean[j], error = part * tiles->range[j] + 0x1p-51 * fabs(mean);
        tiles->centre[j] = centre_for(tiles, j, tiles->range[j] > 0 ? mean - error : build->low[j]);
        settled = !(tiles->range[j] > 0) || tiles->centre[j] == centre_for(tiles, j, mean + error);
    }
    return settled;
}

static kmseg_status find_centres(km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    kmseg_context *ctx = build->ctx;
    KM_TRY(km_parallel(ctx, build->n_chunks, sum_chunk, build));
    double weight = km_tiles_weight_value(tiles, tiles->weight_sum);
    for (int32_t j = 0; j < tiles->n_features; j++) {
        km_int128 sum = 0;
        for (int32_t t = 0; t < ctx->n_threads; t++) {
            sum += build->workers[t].sums[j];
        }
        double mean = build->base[j] + km_int128_double(sum) / build->unit[j] / weight;
        tiles->centre[j] = centre_for(tiles, j, mean);
    }
    return KMSEG_OK;
}

/* Fixed-point unit of a feature's deviations: 2^50 over the largest, if the centre allows. */
static double deviation_unit(const kmseg_tiles *tiles, int32_t j) {
    int power = km_sum_power(tiles->range[j] * (1 + 0x1p-7) * tiles->weight_max);
    int highest = tiles->weights_whole ? km_tiles_highest_power(tiles, j) : power;
    return ldexp(1.0, power < highest ? power : highest);
}

kmseg_status km_build_centres(km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    KM_TRY(km_build_ranges(build));
    KM_TRY(take_ranges(build));
    if (!settle_centres(build)) {
        KM_TRY(find_centres(build));
    }
    for (int32_t j = 0; j < tiles->n_features; j++) {
        tiles->sum_scale[j] = deviation_unit(tiles, j);
        double largest = tiles->range[j] * (1 + 0x1p-7);
        build->square_unit[j] = ldexp(1.0, km_sum_power(largest * largest * tiles->weight_max));
        build->sum_magic[j] = KM_FILL_MAGIC / tiles->sum_scale[j];
        build->square_magic[j] = KM_FILL_MAGIC / build->square_unit[j];
    }
    return KMSEG_OK;
}
