/* The tiles themselves, once ranges and centres are known; in the same pass exact means and sums of
 * squares, and which rows are too far out for 16 bits. The radius of int16 tiles is guessed from some
 * tiles, and the pass counts whether it was the right one; if not, all rows are measured and the tiles
 * filled again. So it is a function of the samples, whatever their order. */
#include "data/tiles_build.h"

#include <math.h>
#include <string.h>

typedef struct filling {
    km_build *build;
    km_radius radius;
    int measure; /* only: count the rows of each bin */
} filling;

/* The rows of a tile as km_fill wants them: in place, but for those at the ends of the samples, behind
 * which it would read, and those of a tile that is not full. */
static const void *rows_of(const km_build *build, const km_build_worker *w, int64_t tile, int32_t n,
                           int64_t *row_stride) {
    const kmseg_tiles *tiles = build->tiles;
    const kmseg_matrix *m = &tiles->samples;
    int f32 = m->dtype == KMSEG_FLOAT32;
    int64_t size = f32 ? (int64_t)sizeof(float) : (int64_t)sizeof(double), d = tiles->n_features;
    int64_t first = tile * KM_TILE_ROWS;
    const char *rows = (const char *)m->values + first * m->row_stride * size;
    int at_end = first == 0 || first + KM_TILE_ROWS + 3 > tiles->n_samples || m->row_stride == 0;
    *row_stride = m->row_stride;
    if (n == KM_TILE_ROWS && !at_end) {
        return rows;
    }
    *row_stride = d;
    for (int64_t r = 0; r < n; r++) {
        memcpy((char *)w->rows + r * d * size, rows + r * m->row_stride * size, (size_t)(d * size));
    }
    for (int64_t i = n * d; i < KM_TILE_ROWS * d; i++) {
        if (f32) {
            ((float *)w->rows)[i] = (float)tiles->centre[i % d];
        } else {
            ((double *)w->rows)[i] = tiles->centre[i % d];
        }
    }
    return w->rows;
}

static const double *weights_of(const kmseg_tiles *tiles, const km_build_worker *w, int64_t tile,
                                int32_t n) {
    if (tiles->weights == NULL || n == KM_TILE_ROWS) {
        return tiles->weights != NULL ? tiles->weights + tile * KM_TILE_ROWS : NULL;
    }
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        w->weights[r] = r < n ? tiles->weights[tile * KM_TILE_ROWS + r] : 0;
    }
    return w->weights;
}

/* What is the same for all tiles; into: tiles are made, not only measured. */
static void prepare(const filling *f, const km_build_worker *w, int into, km_fill *fill) {
    const km_build *build = f->build;
    const kmseg_tiles *tiles = build->tiles;
    *fill = (km_fill){
        .n_features = tiles->n_features,
        .narrow = build->narrow,
        .centre = tiles->centre,
        .scale = build->scale,
        .fine = f->radius.fine,
        .little = build->little,
        .block = w->block,
        .beyond = f->radius.beyond,
        .n_beyond = w->chunk_beyond,
        .n_little = w->chunk_little,
    };
    if (into) {
        fill->sum_magic = build->sum_magic;
        fill->square_magic = build->square_magic;
        fill->sums = w->chunk_sums;
        fill->squares = w->chunk_squares;
    }
}

/* Rows that will be wanted when this tile is done, if they lie without gaps. */
static const void *rows_ahead(const kmseg_tiles *tiles, int64_t tile) {
    enum { AHEAD = 2 };
    const kmseg_matrix *m = &tiles->samples;
    if (m->row_stride != tiles->n_features || tile + AHEAD + 1 >= tiles->n_tiles) {
        return NULL;
    }
    int64_t at = (tile + AHEAD) * KM_TILE_ROWS * m->row_stride;
    return m->dtype == KMSEG_FLOAT32 ? (const void *)((const float *)m->values + at)
                                     : (const void *)((const double *)m->values + at);
}

static void run_kernel(const filling *f, km_build_worker *w, int64_t tile, km_fill *fill) {
    const kmseg_tiles *tiles = f->build->tiles;
    int64_t d = tiles->n_features, at = tile * KM_TILE_ROWS;
    int32_t n = km_build_rows(tiles, tile);
    fill->rows = rows_of(f->build, w, tile, n, &fill->row_stride);
    if (fill->sums != NULL) {
        fill->next = rows_ahead(tiles, tile);
        fill->weights = weights_of(tiles, w, tile, n);
        switch (tiles->dtype) {
        case KMSEG_INT16: fill->i16 = (int16_t *)tiles->values + at * 2 * ((d + 1) / 2); break;
        case KMSEG_FLOAT32: fill->f32 = (float *)tiles->values + at * d; break;
        case KMSEG_FLOAT64: fill->f64 = (double *)tiles->values + at * d; break;
        case KMSEG_AUTO: break; /* chosen before */
        }
    }
    (tiles->samples.dtype == KMSEG_FLOAT32 ? f->build->kernels->fill_f32
                                           : f->build->kernels->fill_f64)(fill);
}

/* Takes the rows beyond the radius out of a tile. */
static void put_outside(const filling *f, km_build_worker *w, int64_t tile, km_fill *fill) {
    const kmseg_tiles *tiles = f->build->tiles;
    int32_t n = km_build_rows(tiles, tile);
    uint64_t outside = 0;
    fill->most_norm = fill->most_rest = 0;
    for (int32_t r = 0; r < n; r++) {
        if (fill->norms[r] >= f->radius.beyond[0]) {
            outside |= UINT64_C(1) << r;
            for (int64_t j = 0; j < tiles->n_features; j += 2) {
                memset(fill->i16 + j * KM_TILE_ROWS + (ptrdiff_t)2 * r, 0, 2 * sizeof *fill->i16);
            }
        } else {
            fill->most_norm = fmaxf(fill->most_norm, fill->norms[r]);
            fill->most_rest = fmaxf(fill->most_rest, fill->rests[r]);
        }
    }
    tiles->outside[tile] = outside;
    w->n_outside += __builtin_popcountll(outside);
}

/* Upper bounds of norm and rounding of the rows of a tile, from float32 sums of d squares: each is within
 * (d + 8) 2^-24 of its value, and v * fine within 2^-22 of its own, so the roundings of a row are known
 * to 2^-22 of its norm. Underflow loses at most 2^-70 of values of 1. */
static void bound_tile(const filling *f, int64_t tile, const km_fill *fill) {
    const kmseg_tiles *tiles = f->build->tiles;
    double d = tiles->n_features;
    double up = 1 + (d + 8) * 0x1p-23;
    double norm = sqrt((double)fill->most_norm) * up + sqrt(d) * 0x1p-70;
    if (tiles->n_features > KM_RADIUS_FEATURES) {
        norm = f->build->farthest * f->build->scale; /* of no use to anybody, but true */
    }
    if (tiles->dtype == KMSEG_INT16) {
        norm *= (double)f->radius.fine;
        double rest = sqrt((double)fill->most_rest) * up + norm * 0x1p-22;
        tiles->residuals[tile] = nextafterf((float)rest, INFINITY);
        norm += rest; /* so that the integers are bounded as well as what they stand for */
    }
    tiles->norms[tile] = nextafterf((float)(norm * (1 + 1e-7)), INFINITY);
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The running sums of a chunk, without the bits of the magic numbers, to those of the thread. */
static void fold_chunk(const km_build *build, km_build_worker *w, int64_t n_tiles) {
    int64_t d = build->tiles->n_features;
    uint64_t n = (uint64_t)n_tiles * KM_TILE_ROWS;
    for (int64_t j = 0; j < d; j++) {
        uint64_t sum = 0, square = 0;
        for (int l = 0; l < KM_FILL_LANES; l++) {
            sum += (uint64_t)w->chunk_sums[j * KM_FILL_LANES + l];
            square += (uint64_t)w->chunk_squares[j * KM_FILL_LANES + l];
        }
        w->sums[j] += (int64_t)(sum - n * bits_of(build->sum_magic[j]));
        w->squares[j] += (int64_t)(square - n * bits_of(build->square_magic[j]));
        for (int l = 0; l < KM_FILL_COUNTS; l++) {
            w->n_little[j] += w->chunk_little[j * KM_FILL_COUNTS + l];
        }
    }
    for (int i = 0; i < 2; i++) {
        for (int l = 0; l < KM_FILL_COUNTS; l++) {
            w->n_beyond[i] += w->chunk_beyond[i * KM_FILL_COUNTS + l];
        }
    }
}

static void clear_chunk(const km_build *build, km_build_worker *w) {
    size_t d = (size_t)build->tiles->n_features;
    memset(w->chunk_sums, 0, d * KM_FILL_LANES * sizeof *w->chunk_sums);
    memset(w->chunk_squares, 0, d * KM_FILL_LANES * sizeof *w->chunk_squares);
    memset(w->chunk_little, 0, d * KM_FILL_COUNTS * sizeof *w->chunk_little);
    memset(w->chunk_beyond, 0, (size_t)2 * KM_FILL_COUNTS * sizeof *w->chunk_beyond);
}

static void fill_tile(const filling *f, km_build_worker *w, int64_t tile, km_fill *fill) {
    run_kernel(f, w, tile, fill);
    if (fill->i16 != NULL && fill->most_norm >= f->radius.beyond[0]) {
        put_outside(f, w, tile, fill);
    }
    bound_tile(f, tile, fill);
}

static void measure_tile(const filling *f, km_build_worker *w, int64_t tile, km_fill *fill) {
    run_kernel(f, w, tile, fill);
    for (int32_t r = 0; r < km_build_rows(f->build->tiles, tile); r++) {
        w->n_in_bin[km_radius_bin(fill->norms[r])]++;
    }
}

static void fill_chunk(void *argument, int64_t chunk, int32_t thread) {
    const filling *f = argument;
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    km_build_worker *w = &f->build->workers[thread];
    int64_t first = chunk * per_chunk, end = first + per_chunk;
    end = end < f->build->tiles->n_tiles ? end : f->build->tiles->n_tiles;
    km_fill fill;
    clear_chunk(f->build, w);
    prepare(f, w, !f->measure, &fill);
    for (int64_t t = first; t < end; t++) {
        if (f->measure) {
            measure_tile(f, w, t, &fill);
        } else {
            fill_tile(f, w, t, &fill);
        }
    }
    if (!f->measure) {
        fold_chunk(f->build, w, end - first);
    }
}

/* Rows of every bin, of all threads, which are cleared. */
static void take_bins(const km_build *build, int64_t *out) {
    memset(out, 0, KM_RADIUS_BINS * sizeof *out);
    for (int32_t t = 0; t < build->ctx->n_threads; t++) {
        for (int32_t b = 0; b < KM_RADIUS_BINS; b++) {
            out[b] += build->workers[t].n_in_bin[b];
            build->workers[t].n_in_bin[b] = 0;
        }
    }
}

/* Tiles all over the samples from which the radius is guessed: one in so many, and how many at a time. */
static int64_t guess_step(const kmseg_tiles *tiles) {
    int64_t step = tiles->n_tiles / 256;
    return step < 1 ? 1 : step < 64 ? step : 64;
}
enum { GUESS_TILES = 16 };

static void guess_chunk(void *argument, int64_t chunk, int32_t thread) {
    const filling *f = argument;
    km_build_worker *w = &f->build->workers[thread];
    int64_t step = guess_step(f->build->tiles), n_tiles = f->build->tiles->n_tiles;
    int64_t first = step / 2 + chunk * GUESS_TILES * step, end = first + GUESS_TILES * step;
    km_fill fill;
    clear_chunk(f->build, w);
    prepare(f, w, 0, &fill);
    for (int64_t t = first; t < end && t < n_tiles; t += step) {
        measure_tile(f, w, t, &fill);
    }
}

static kmseg_status guess_bin(filling *f, int32_t *out) {
    int64_t n_in_bin[KM_RADIUS_BINS], n_tiles = f->build->tiles->n_tiles;
    int64_t n_chunks = km_chunks(n_tiles, GUESS_TILES * guess_step(f->build->tiles));
    KM_TRY(km_parallel(f->build->ctx, n_chunks, guess_chunk, f));
    take_bins(f->build, n_in_bin);
    *out = km_radius_choose(n_in_bin);
    return KMSEG_OK;
}

static void clear_totals(const km_build *build) {
    size_t d = (size_t)build->tiles->n_features;
    for (int32_t t = 0; t < build->ctx->n_threads; t++) {
        km_build_worker *w = &build->workers[t];
        memset(w->sums, 0, d * sizeof *w->sums);
        memset(w->squares, 0, d * sizeof *w->squares);
        memset(w->n_little, 0, d * sizeof *w->n_little);
        memset(w->n_beyond, 0, sizeof w->n_beyond);
        w->n_outside = 0;
    }
}

/* One pass that makes the tiles for a radius, and whether it was the right one. */
static kmseg_status fill_all(filling *f, int32_t bin, int *right) {
    km_build *build = f->build;
    const kmseg_tiles *tiles = build->tiles;
    f->radius = km_radius_of_bin(tiles, bin);
    clear_totals(build);
    if (tiles->outside != NULL) {
        memset(tiles->outside, 0, (size_t)tiles->n_tiles * sizeof *tiles->outside);
    }
    KM_TRY(km_parallel(build->ctx, build->n_chunks, fill_chunk, f));
    int64_t n_beyond[2] = {0};
    for (int32_t t = 0; t < build->ctx->n_threads; t++) {
        for (int i = 0; i < 2; i++) {
            n_beyond[i] += build->workers[t].n_beyond[i];
        }
    }
    int64_t few = km_radius_few(tiles->n_samples);
    *right = n_beyond[0] <= few && (bin == KM_RADIUS_LOWEST || n_beyond[1] > few);
    return KMSEG_OK;
}

/* The radius that all rows have, where that of some rows was not the right one. */
static kmseg_status measure_all(filling *f) {
    int64_t n_in_bin[KM_RADIUS_BINS];
    f->measure = 1;
    KM_TRY(km_parallel(f->build->ctx, f->build->n_chunks, fill_chunk, f));
    f->measure = 0;
    take_bins(f->build, n_in_bin);
    f->build->radius = km_radius_of_bin(f->build->tiles, km_radius_choose(n_in_bin));
    return KMSEG_OK;
}

kmseg_status km_build_guess(km_build *build) {
    filling f = {.build = build, .radius = km_radius_of_bin(build->tiles, KM_RADIUS_LOWEST)};
    int32_t bin;
    km_build_scale(build);
    KM_TRY(guess_bin(&f, &bin));
    build->radius = km_radius_of_bin(build->tiles, bin);
    build->tiles->suits_int16 = km_radius_suits(build, &build->radius);
    return KMSEG_OK;
}

/* One far value, or one large weight, makes the unit coarse for all others. Where most deviations of
 * some feature are small, or weights differ, every feature is summed in two words. */
static void choose_words(const km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    int wide = tiles->weights_vary;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        int64_t n_little = 0;
        for (int32_t t = 0; t < build->ctx->n_threads; t++) {
            n_little += build->workers[t].n_little[j];
        }
        wide = wide || n_little > tiles->n_samples / 2;
        int fine = KM_WIDE_BITS;
        if (tiles->weights_whole) {
            int left = km_tiles_highest_power(tiles, j) - ilogb(tiles->sum_scale[j]);
            fine = left < 0 ? 0 : left < fine ? left : fine;
        }
        tiles->sum_fine[j] = ldexp(1.0, fine);
    }
    for (int32_t j = 0; j < tiles->n_features; j++) {
        tiles->sum_unit[j] = tiles->sum_scale[j] * (wide ? tiles->sum_fine[j] : 1);
    }
    if (!wide) {
        tiles->sum_fine = NULL;
    }
}

/* Means, and sums of squares about them. */
static void take_sums(const km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    double weight = km_tiles_weight_value(tiles, tiles->weight_sum);
    for (int32_t j = 0; j < tiles->n_features; j++) {
        km_int128 sum = 0, square = 0;
        for (int32_t t = 0; t < build->ctx->n_threads; t++) {
            sum += build->workers[t].sums[j];
            square += build->workers[t].squares[j];
        }
        double offset = km_int128_double(sum) / tiles->sum_scale[j] / weight;
        double about_centre = km_int128_double(square) / build->square_unit[j];
        tiles->means[j] = tiles->centre[j] + offset;
        tiles->squares[j] = fmax(0, about_centre - weight * offset * offset);
    }
}

kmseg_status km_build_fill(km_build *build) {
    kmseg_tiles *tiles = build->tiles;
    filling f = {.build = build};
    int right;
    KM_TRY(fill_all(&f, build->radius.bin, &right));
    if (!right && tiles->n_features <= KM_RADIUS_FEATURES) {
        KM_TRY(measure_all(&f));
        tiles->suits_int16 = km_radius_suits(build, &build->radius);
        if (tiles->dtype == KMSEG_INT16) {
            KM_TRY(fill_all(&f, build->radius.bin, &right));
        }
    }
    for (int32_t t = 0; t < build->ctx->n_threads; t++) {
        tiles->n_outside += build->workers[t].n_outside;
    }
    tiles->scale = build->scale * (tiles->dtype == KMSEG_INT16 ? (double)build->radius.fine : 1);
    tiles->unit_scale = build->scale;
    tiles->int16_scale = build->scale * (double)build->radius.fine;
    tiles->int16_fine = build->radius.fine;
    tiles->int16_beyond = build->radius.beyond[0];
    tiles->narrow = build->narrow;
    tiles->outside = tiles->n_outside > 0 ? tiles->outside : NULL;
    take_sums(build);
    choose_words(build);
    return KMSEG_OK;
}
