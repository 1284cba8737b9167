/* Building tiles in three passes: ranges, exact means, then the tiles themselves with the exact
 * sums of squares. Every figure made here is the same for any number of threads and any order of
 * the rows. */
#include "data/tiles.h"

#include "base/parallel.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

void kmseg_tiles_options_init(kmseg_tiles_options *options) {
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
    options->dtype = KMSEG_FLOAT32;
}

int64_t kmseg_tiles_n_samples(const kmseg_tiles *tiles) { return tiles->n_samples; }

int32_t kmseg_tiles_n_features(const kmseg_tiles *tiles) { return tiles->n_features; }

void km_tiles_block(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t first, int32_t n,
                    double *out) {
    km_matrix_block(kernels, &tiles->samples, first, n, out);
}

void km_tiles_gather(const kmseg_tiles *tiles, const int64_t *rows, int32_t n, double *out) {
    km_matrix_gather(&tiles->samples, rows, n, out);
}

void km_tiles_row(const kmseg_tiles *tiles, int64_t row, double *out) {
    const kmseg_matrix *m = &tiles->samples;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        int64_t at = row * m->row_stride + j;
        out[j] = m->dtype == KMSEG_FLOAT32 ? (double)((const float *)m->values)[at]
                                           : ((const double *)m->values)[at];
    }
}

/* A deviation below this part of the range is small: the unit of the sums, 2^-50 of the range, may
 * be felt in it. */
#define SMALL 0x1p-10

/* What one thread gathers in a pass, and the scratch it works in. */
typedef struct worker {
    double *block;              /* n_features x 64 */
    double *smallest, *largest; /* n_features */
    km_int128 *sums;            /* n_features: of deviations, then of squares */
    int64_t *small;             /* n_features: deviations far below the range, but not 0 */
} worker;

typedef struct build_job {
    kmseg_tiles *tiles;
    const km_kernels *kernels;
    worker *workers;
    double *base; /* n_features: what deviations are taken from in this pass */
    double *unit; /* n_features: 1 / quantum of this pass */
} build_job;

static int32_t rows_of_tile(const kmseg_tiles *tiles, int64_t tile) {
    int64_t left = tiles->n_samples - tile * KM_TILE_ROWS;
    return left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS;
}

static void for_tiles_of_chunk(build_job *job, int64_t chunk, int32_t thread,
                               void (*fn)(build_job *, worker *, int64_t tile, int32_t n)) {
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    int64_t end = (chunk + 1) * per_chunk;
    end = end < job->tiles->n_tiles ? end : job->tiles->n_tiles;
    worker *w = &job->workers[thread];
    for (int64_t t = chunk * per_chunk; t < end; t++) {
        int32_t n = rows_of_tile(job->tiles, t);
        km_tiles_block(job->kernels, job->tiles, t * KM_TILE_ROWS, n, w->block);
        fn(job, w, t, n);
    }
}

static void range_tile(build_job *job, worker *w, int64_t tile, int32_t n) {
    (void)tile;
    (void)n; /* lanes behind n repeat a sample */
    for (int32_t j = 0; j < job->tiles->n_features; j++) {
        job->kernels->widen(w->block + (int64_t)j * KM_TILE_ROWS, &w->smallest[j], &w->largest[j]);
    }
}

static void range_chunk(void *argument, int64_t chunk, int32_t thread) {
    for_tiles_of_chunk(argument, chunk, thread, range_tile);
}

/* Weights of the lanes of a tile; 0 where there is no sample. */
static void lane_weights(const kmseg_tiles *tiles, int64_t tile, int32_t n, double *out) {
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        out[r] = r < n ? km_tiles_weight(tiles, tile * KM_TILE_ROWS + r) : 0;
    }
}

static void sum_tile(build_job *job, worker *w, int64_t tile, int32_t n) {
    double weights[KM_TILE_ROWS];
    lane_weights(job->tiles, tile, n, weights);
    for (int32_t j = 0; j < job->tiles->n_features; j++) {
        w->sums[j] += job->kernels->sum_whole(w->block + (int64_t)j * KM_TILE_ROWS, weights,
                                              job->base[j], job->unit[j]);
    }
}

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    for_tiles_of_chunk(argument, chunk, thread, sum_tile);
}

/* Fills one tile, its norm, and the sums of squares about the centre. */
static void fill_tile(build_job *job, worker *w, int64_t tile, int32_t n) {
    kmseg_tiles *tiles = job->tiles;
    int64_t d = tiles->n_features;
    int f32 = tiles->dtype == KMSEG_FLOAT32;
    double norms[KM_TILE_ROWS] = {0}, weights[KM_TILE_ROWS];
    lane_weights(tiles, tile, n, weights);
    for (int64_t j = 0; j < d; j++) {
        int64_t at = (tile * d + j) * KM_TILE_ROWS;
        km_column column = {
            .x = w->block + j * KM_TILE_ROWS,
            .weights = weights,
            .n_rows = n,
            .centre = tiles->centre[j],
            .scale = tiles->scale,
            .square_unit = job->unit[j],
            .little = tiles->range[j] * SMALL,
            .norms = norms,
            .f32 = f32 ? (float *)tiles->values + at : NULL,
            .f64 = f32 ? NULL : (double *)tiles->values + at,
        };
        job->kernels->fill_column(&column);
        w->sums[j] += km_wide_fold((km_wide){column.high, column.low});
        w->small[j] += column.n_little;
    }
    double largest = 0;
    for (int r = 0; r < KM_TILE_ROWS; r++) {
        largest = norms[r] > largest ? norms[r] : largest;
    }
    /* Upwards by more than the roundings on the way here. */
    tiles->norms[tile] = (float)(sqrt(largest) * (1 + 1e-6));
}

static void fill_chunk(void *argument, int64_t chunk, int32_t thread) {
    for_tiles_of_chunk(argument, chunk, thread, fill_tile);
}

/* Adds up the workers' sums of every feature and clears them for the next pass. */
static km_int128 take_sum(build_job *job, int32_t n_workers, int32_t j) {
    km_int128 total = 0;
    for (int32_t t = 0; t < n_workers; t++) {
        total += job->workers[t].sums[j];
        job->workers[t].sums[j] = 0;
    }
    return total;
}

static kmseg_status check_weights(kmseg_context *ctx, kmseg_tiles *tiles, const double *weights) {
    tiles->weight_max = tiles->weight_unit = 1;
    tiles->n_weighted = tiles->n_samples;
    tiles->weight_sum = tiles->n_samples;
    tiles->weights_whole = 1;
    if (weights == NULL) {
        return KMSEG_OK;
    }
    double largest = 0, smallest = INFINITY; /* of those that are positive */
    int whole = 1;
    int64_t positive = 0;
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        double w = weights[i];
        if (!(w >= 0) || !(w <= 1e150)) {
            return km_fail(ctx, KMSEG_E_DATA,
                           "sample_weight of row %lld (from 0) is %g; it needs to be finite and at "
                           "least 0",
                           (long long)i, w);
        }
        largest = w > largest ? w : largest;
        smallest = w > 0 && w < smallest ? w : smallest;
        whole = whole && w == floor(w);
        positive += w > 0;
    }
    if (positive == 0) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "every sample_weight is 0; at least one needs to be positive");
    }
    tiles->weights = km_arena_copy(&tiles->arena, weights, tiles->n_samples, sizeof *weights);
    if (tiles->weights == NULL) {
        return km_fail_memory(ctx, "sample weights");
    }
    tiles->weight_max = largest;
    tiles->n_weighted = positive;
    tiles->weights_whole = whole && largest <= 0x1p31;
    tiles->weights_vary = smallest < largest;
    tiles->weight_unit = tiles->weights_whole ? 1 : ldexp(1.0, km_sum_power(largest));
    tiles->weight_sum = 0;
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        tiles->weight_sum += km_tiles_whole_weight(tiles, i);
    }
    return KMSEG_OK;
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

static kmseg_status make_workers(kmseg_context *ctx, build_job *job, km_arena *scratch) {
    int32_t n = ctx->n_threads, d = job->tiles->n_features;
    job->workers = km_arena_array(scratch, n, sizeof *job->workers);
    job->base = km_arena_array(scratch, d, sizeof *job->base);
    job->unit = km_arena_array(scratch, d, sizeof *job->unit);
    if (job->workers == NULL || job->base == NULL || job->unit == NULL) {
        return km_fail_memory(ctx, "building tiles");
    }
    for (int32_t t = 0; t < n; t++) {
        worker *w = &job->workers[t];
        w->block = km_arena_array(scratch, (int64_t)d * KM_TILE_ROWS, sizeof *w->block);
        w->smallest = km_arena_array(scratch, d, sizeof *w->smallest);
        w->largest = km_arena_array(scratch, d, sizeof *w->largest);
        w->sums = km_arena_array(scratch, d, sizeof *w->sums);
        w->small = km_arena_array(scratch, d, sizeof *w->small);
        if (w->small == NULL || w->block == NULL || w->smallest == NULL || w->largest == NULL ||
            w->sums == NULL) {
            return km_fail_memory(ctx, "building tiles");
        }
        for (int32_t j = 0; j < d; j++) {
            w->smallest[j] = INFINITY;
            w->largest[j] = -INFINITY;
        }
    }
    return KMSEG_OK;
}

/* Pass 1: range of every feature; the base of the next pass is its middle. */
static kmseg_status find_ranges(kmseg_context *ctx, build_job *job, int64_t n_chunks,
                                double *largest_deviation) {
    kmseg_tiles *tiles = job->tiles;
    KM_TRY(km_parallel(ctx, n_chunks, range_chunk, job));
    *largest_deviation = 0;
    double squares = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        double low = INFINITY, high = -INFINITY;
        for (int32_t t = 0; t < ctx->n_threads; t++) {
            low = fmin(low, job->workers[t].smallest[j]);
            high = fmax(high, job->workers[t].largest[j]);
        }
        double range = high - low;
        tiles->range[j] = range;
        job->base[j] = coarse(low + range / 2, range);
        job->unit[j] = ldexp(1.0, km_sum_power(range * tiles->weight_max));
        /* Deviations from a centre inside the range are at most the range, a little more where the
         * centre was rounded. */
        *largest_deviation = fmax(*largest_deviation, range * (1 + 0x1p-7));
        squares += range * range;
    }
    if (!(squares * tiles->weight_max * (double)tiles->n_samples <= 1e307)) {
        return km_fail(
            ctx, KMSEG_E_DATA,
            "samples spread over %g, with weights of up to %g: sums of squares overflow; "
            "either needs to be smaller",
            *largest_deviation, tiles->weight_max);
    }
    return KMSEG_OK;
}

/* Highest power of two by which the centre can be multiplied and still be summed over all samples in
 * 128 bits, as km_tiles_mean() does where weights are whole. */
static int highest_power(const kmseg_tiles *tiles, int32_t j) {
    int exponent = 0, weight_bits = 0;
    (void)frexp(fmax(fabs(tiles->centre[j]), tiles->range[j]), &exponent);
    (void)frexp(km_int128_double(tiles->weight_sum), &weight_bits);
    return 125 - exponent - weight_bits;
}

/* Fixed-point unit of a feature's deviations: 2^50 over the largest, if the centre allows. */
static double deviation_unit(const kmseg_tiles *tiles, int32_t j) {
    int power = km_sum_power(tiles->range[j] * (1 + 0x1p-7) * tiles->weight_max);
    int highest = tiles->weights_whole ? highest_power(tiles, j) : power;
    return ldexp(1.0, power < highest ? power : highest);
}

/* One far value, or one large weight, makes the unit coarse for all others. Where most deviations of
 * some feature are small, or weights differ, every feature is summed in two words. */
static void choose_words(build_job *job, int32_t n_workers) {
    kmseg_tiles *tiles = job->tiles;
    int wide = tiles->weights_vary;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        int64_t small = 0;
        for (int32_t t = 0; t < n_workers; t++) {
            small += job->workers[t].small[j];
        }
        wide = wide || small > tiles->n_samples / 2;
        int fine = KM_WIDE_BITS;
        if (tiles->weights_whole) {
            int left = highest_power(tiles, j) - ilogb(tiles->sum_scale[j]);
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

double km_tiles_mean(const kmseg_tiles *tiles, int32_t j, km_int128 sum, km_int128 total) {
    double centre = tiles->centre[j], unit = tiles->sum_unit[j];
    double weight = km_tiles_weight_value(tiles, total);
    if (!(tiles->range[j] > 0)) {
        return centre; /* which all samples share */
    }
    if (!tiles->weights_whole) {
        return centre + km_int128_double(sum) / unit / weight;
    }
    /* The centre is a whole number of units, so the sum of the samples themselves is known exactly;
     * it is rounded once, then divided. */
    return km_int128_double(sum + total * (km_int128)(centre * unit)) / unit / weight;
}

/* Pass 2: exact means, and from them centre, scale and units. */
static kmseg_status find_centres(kmseg_context *ctx, build_job *job, int64_t n_chunks,
                                 double largest_deviation) {
    kmseg_tiles *tiles = job->tiles;
    KM_TRY(km_parallel(ctx, n_chunks, sum_chunk, job));
    double weight = km_tiles_weight_value(tiles, tiles->weight_sum);
    for (int32_t j = 0; j < tiles->n_features; j++) {
        double sum = km_int128_double(take_sum(job, ctx->n_threads, j)) / job->unit[j];
        tiles->means[j] = job->base[j] + sum / weight;
        tiles->centre[j] = coarse(tiles->means[j], tiles->range[j]);
        tiles->sum_scale[j] = deviation_unit(tiles, j);
        double largest = tiles->range[j] * (1 + 0x1p-7);
        job->unit[j] = ldexp(1.0, km_sum_power(largest * largest * tiles->weight_max));
    }
    int exponent = 0;
    if (largest_deviation > 0) {
        (void)frexp(largest_deviation, &exponent);
    }
    tiles->scale = ldexp(1.0, -exponent);
    return KMSEG_OK;
}

/* Pass 3: tiles, norms, sums of squares. */
static kmseg_status fill(kmseg_context *ctx, build_job *job, int64_t n_chunks) {
    kmseg_tiles *tiles = job->tiles;
    KM_TRY(km_parallel(ctx, n_chunks, fill_chunk, job));
    choose_words(job, ctx->n_threads);
    double weight = km_tiles_weight_value(tiles, tiles->weight_sum);
    for (int32_t j = 0; j < tiles->n_features; j++) {
        double about_centre =
            ldexp(km_int128_double(take_sum(job, ctx->n_threads, j)), -KM_WIDE_BITS) / job->unit[j];
        double offset = tiles->means[j] - tiles->centre[j];
        tiles->squares[j] = fmax(0, about_centre - weight * offset * offset);
    }
    return KMSEG_OK;
}

static kmseg_status allocate(kmseg_context *ctx, kmseg_tiles *tiles) {
    int64_t d = tiles->n_features;
    size_t value_size = tiles->dtype == KMSEG_FLOAT32 ? sizeof(float) : sizeof(double);
    int64_t n_values;
    if (__builtin_mul_overflow(tiles->n_tiles, d * KM_TILE_ROWS, &n_values)) {
        return km_fail_memory(ctx, "tiles");
    }
    size_t bytes;
    if (__builtin_mul_overflow((size_t)n_values, value_size, &bytes)) {
        return km_fail_memory(ctx, "tiles");
    }
    tiles->values = km_arena_take(&tiles->arena, bytes);
    tiles->norms = km_arena_array(&tiles->arena, tiles->n_tiles, sizeof *tiles->norms);
    double **vectors[] = {&tiles->centre, &tiles->sum_scale, &tiles->sum_fine, &tiles->sum_unit,
                          &tiles->range,  &tiles->squares,   &tiles->means};
    int ok = tiles->values != NULL && tiles->norms != NULL;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        *vectors[i] = km_arena_array(&tiles->arena, d, sizeof(double));
        ok = ok && *vectors[i] != NULL;
    }
    return ok ? KMSEG_OK : km_fail_memory(ctx, "tiles");
}

/* Rows must be contiguous for the sums; other layouts are copied once. */
static kmseg_status keep_samples(kmseg_context *ctx, kmseg_tiles *tiles,
                                 const kmseg_matrix *samples) {
    tiles->samples = *samples;
    if (samples->col_stride == 1 || samples->n_cols == 1) {
        tiles->samples.col_stride = 1;
        return KMSEG_OK;
    }
    int64_t n = samples->n_rows, d = samples->n_cols;
    size_t size = samples->dtype == KMSEG_FLOAT32 ? sizeof(float) : sizeof(double);
    char *copy = km_arena_array(&tiles->arena, n * d, size);
    if (copy == NULL) {
        return km_fail_memory(ctx, "a row-major copy of the samples");
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < d; j++) {
            const char *from = (const char *)samples->values +
                               (i * samples->row_stride + j * samples->col_stride) * (int64_t)size;
            memcpy(copy + (i * d + j) * (int64_t)size, from, size);
        }
    }
    tiles->samples = kmseg_matrix_view(copy, samples->dtype, n, d);
    return KMSEG_OK;
}

static kmseg_status check_shape(kmseg_context *ctx, const kmseg_matrix *samples) {
    if (samples->n_rows < 1 || samples->n_cols < 1 || samples->n_cols > INT32_MAX / 64) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "samples are %lld x %lld; they need at least one row and one column",
                       (long long)samples->n_rows, (long long)samples->n_cols);
    }
    return KMSEG_OK;
}

static kmseg_status build(kmseg_context *ctx, kmseg_tiles *tiles, const kmseg_matrix *samples,
                          const double *sample_weight, km_arena *scratch) {
    KM_TRY(keep_samples(ctx, tiles, samples));
    KM_TRY(km_matrix_check(ctx, &tiles->samples, "samples"));
    KM_TRY(check_weights(ctx, tiles, sample_weight));
    KM_TRY(allocate(ctx, tiles));
    build_job job = {.tiles = tiles, .kernels = ctx->kernels};
    KM_TRY(make_workers(ctx, &job, scratch));
    int64_t n_chunks = km_chunks(tiles->n_samples, KM_CHUNK_ROWS);
    double largest_deviation;
    KM_TRY(find_ranges(ctx, &job, n_chunks, &largest_deviation));
    KM_TRY(find_centres(ctx, &job, n_chunks, largest_deviation));
    return fill(ctx, &job, n_chunks);
}

kmseg_status kmseg_tiles_new(kmseg_context *ctx, const kmseg_matrix *samples,
                             const double *sample_weight, const kmseg_tiles_options *options,
                             kmseg_tiles **out) {
    *out = NULL;
    kmseg_tiles_options defaults;
    kmseg_tiles_options_init(&defaults);
    if (options == NULL) {
        options = &defaults;
    }
    if (options->struct_size != sizeof defaults) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "struct_size of the tiles options is %zu; it needs "
                       "to be %zu: call kmseg_tiles_options_init()",
                       options->struct_size, sizeof defaults);
    }
    KM_TRY(check_shape(ctx, samples));
    KM_TRY(km_dtype_check(ctx, samples->dtype, "samples"));
    if (options->dtype != 0) {
        KM_TRY(km_dtype_check(ctx, options->dtype, "tiles"));
    }
    kmseg_tiles *tiles = km_allocate(&ctx->allocator, sizeof *tiles);
    if (tiles == NULL) {
        return km_fail_memory(ctx, "tiles");
    }
    memset(tiles, 0, sizeof *tiles);
    km_arena_init(&tiles->arena, &ctx->allocator);
    tiles->n_samples = samples->n_rows;
    tiles->n_features = (int32_t)samples->n_cols;
    tiles->n_tiles = km_chunks(samples->n_rows, KM_TILE_ROWS);
    tiles->dtype = options->dtype != 0 ? options->dtype : KMSEG_FLOAT32;
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    kmseg_status status = build(ctx, tiles, samples, sample_weight, &scratch);
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        kmseg_tiles_free(tiles);
        return status;
    }
    *out = tiles;
    return KMSEG_OK;
}

void kmseg_tiles_free(kmseg_tiles *tiles) {
    if (tiles != NULL) {
        kmseg_allocator allocator = tiles->arena.allocator;
        km_arena_free(&tiles->arena);
        km_release(&allocator, tiles);
    }
}
