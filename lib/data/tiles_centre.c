/* Ranges and exact means of the features, and from them the centres and units of the tiles. Every
 * figure is the same for any number of threads and any order of the rows. */
#include "data/tiles_build.h"

#include <float.h>
#include <math.h>

static void for_tiles_of_chunk(km_build *build, int64_t chunk, int32_t thread,
                               void (*fn)(km_build *, km_build_worker *, int64_t tile, int32_t n)) {
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    int64_t end = (chunk + 1) * per_chunk;
    end = end < build->tiles->n_tiles ? end : build->tiles->n_tiles;
    km_build_worker *w = &build->workers[thread];
    for (int64_t t = chunk * per_chunk; t < end; t++) {
        int32_t n = km_build_rows(build->tiles, t);
        km_tiles_block(build->kernels, build->tiles, t * KM_TILE_ROWS, n, w->block);
        fn(build, w, t, n);
    }
}

static void range_tile(km_build *build, km_build_worker *w, int64_t tile, int32_t n) {
    (void)tile;
    (void)n; /* lanes behind n repeat a sample */
    for (int32_t j = 0; j < build->tiles->n_features; j++) {
        build->kernels->widen(w->block + (int64_t)j * KM_TILE_ROWS, &w->smallest[j],
                              &w->largest[j]);
    }
}

static void range_chunk(void *argument, int64_t chunk, int32_t thread) {
    for_tiles_of_chunk(argument, chunk, thread, range_tile);
}

static void sum_tile(km_build *build, km_build_worker *w, int64_t tile, int32_t n) {
    double weights[KM_TILE_ROWS];
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        weights[r] = r < n ? km_tiles_weight(build->tiles, tile * KM_TILE_ROWS + r) : 0;
    }
    for (int32_t j = 0; j < build->tiles->n_features; j++) {
        w->sums[j] += build->kernels->sum_whole(w->block + (int64_t)j * KM_TILE_ROWS, weights,
                                                build->base[j], build->unit[j]);
    }
}

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    for_tiles_of_chunk(argument, chunk, thread, sum_tile);
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

/* Range of every feature; the base of the sums is its middle. */
static kmseg_status find_ranges(km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    kmseg_context *ctx = build->ctx;
    KM_TRY(km_parallel(ctx, build->n_chunks, range_chunk, build));
    double squares = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        double low = INFINITY, high = -INFINITY;
        for (int32_t t = 0; t < ctx->n_threads; t++) {
            low = fmin(low, build->workers[t].smallest[j]);
            high = fmax(high, build->workers[t].largest[j]);
        }
        double range = high - low;
        tiles->range[j] = range;
        build->base[j] = coarse(low + range / 2, range);
        build->unit[j] = ldexp(1.0, km_sum_power(range * tiles->weight_max));
        /* Deviations from a centre inside the range are at most the range, a little more where the
         * centre was rounded. */
        build->largest_deviation = fmax(build->largest_deviation, range * (1 + 0x1p-7));
        squares += range * range;
    }
    build->farthest = sqrt(squares) * (1 + 0x1p-6);
    if (!(squares * tiles->weight_max * (double)tiles->n_samples <= 1e307)) {
        return km_fail(
            ctx, KMSEG_E_DATA,
            "samples spread over %g, with weights of up to %g: sums of squares overflow; "
            "either needs to be smaller",
            build->largest_deviation, tiles->weight_max);
    }
    return KMSEG_OK;
}

/* Fixed-point unit of a feature's deviations: 2^50 over the largest, if the centre allows. */
static double deviation_unit(const kmseg_tiles *tiles, int32_t j) {
    int power = km_sum_power(tiles->range[j] * (1 + 0x1p-7) * tiles->weight_max);
    int highest = tiles->weights_whole ? km_tiles_highest_power(tiles, j) : power;
    return ldexp(1.0, power < highest ? power : highest);
}

/* Float32 samples have a centre that float32 can hold, so that it can be subtracted in float32. */
static double centre_of(const kmseg_tiles *tiles, int32_t j, double mean) {
    double centre = coarse(mean, tiles->range[j]);
    return tiles->samples.dtype == KMSEG_FLOAT32 ? (double)(float)centre : centre;
}

kmseg_status km_build_centres(km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    kmseg_context *ctx = build->ctx;
    KM_TRY(find_ranges(build));
    KM_TRY(km_parallel(ctx, build->n_chunks, sum_chunk, build));
    double weight = km_tiles_weight_value(tiles, tiles->weight_sum);
    for (int32_t j = 0; j < tiles->n_features; j++) {
        km_int128 sum = 0;
        for (int32_t t = 0; t < ctx->n_threads; t++) {
            sum += build->workers[t].sums[j];
            build->workers[t].sums[j] = 0;
        }
        double mean = build->base[j] + km_int128_double(sum) / build->unit[j] / weight;
        tiles->centre[j] = centre_of(tiles, j, mean);
        tiles->sum_scale[j] = deviation_unit(tiles, j);
        double largest = tiles->range[j] * (1 + 0x1p-7);
        build->square_unit[j] = ldexp(1.0, km_sum_power(largest * largest * tiles->weight_max));
    }
    return KMSEG_OK;
}
