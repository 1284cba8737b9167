/* Tiles as a value: made from samples, read, freed. How they are built is in tiles_range.c,
 * tiles_centre.c, tiles_radius.c and tiles_fill.c. */
#include "data/tiles_build.h"

#include <math.h>
#include <string.h>

void kmseg_tiles_options_init(kmseg_tiles_options *options) {
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

int64_t kmseg_tiles_n_samples(const kmseg_tiles *tiles) { return tiles->n_samples; }

kmseg_dtype kmseg_tiles_dtype(const kmseg_tiles *tiles) { return tiles->dtype; }

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

int km_tiles_highest_power(const kmseg_tiles *tiles, int32_t j) {
    int exponent = 0, weight_bits = 0;
    (void)frexp(fmax(fabs(tiles->centre[j]), tiles->range[j]), &exponent);
    (void)frexp(km_int128_double(tiles->weight_sum), &weight_bits);
    return 125 - exponent - weight_bits;
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

static int make_worker(km_arena *scratch, int64_t d, km_build_worker *w) {
    w->block = km_arena_array(scratch, d * KM_TILE_ROWS, sizeof *w->block);
    w->rows = km_arena_array(scratch, (d + 1) * KM_TILE_ROWS, sizeof(double));
    w->smallest = km_arena_array(scratch, d, sizeof *w->smallest);
    w->largest = km_arena_array(scratch, d, sizeof *w->largest);
    w->sums = km_arena_array(scratch, d, sizeof *w->sums);
    w->squares = km_arena_array(scratch, d, sizeof *w->squares);
    w->n_little = km_arena_array(scratch, d, sizeof *w->n_little);
    w->n_in_bin = km_arena_array(scratch, KM_RADIUS_BINS, sizeof *w->n_in_bin);
    w->chunk_sums = km_arena_array(scratch, d * KM_FILL_LANES, sizeof *w->chunk_sums);
    w->chunk_squares = km_arena_array(scratch, d * KM_FILL_LANES, sizeof *w->chunk_squares);
    w->chunk_little = km_arena_array(scratch, d * KM_FILL_COUNTS, sizeof *w->chunk_little);
    w->chunk_beyond = km_arena_array(scratch, (int64_t)2 * KM_FILL_COUNTS, sizeof *w->chunk_beyond);
    w->weights = km_arena_array(scratch, KM_TILE_ROWS, sizeof *w->weights);
    if (w->block == NULL || w->rows == NULL || w->smallest == NULL || w->largest == NULL ||
        w->sums == NULL || w->squares == NULL || w->n_little == NULL || w->n_in_bin == NULL ||
        w->chunk_sums == NULL || w->chunk_squares == NULL || w->chunk_little == NULL ||
        w->chunk_beyond == NULL || w->weights == NULL) {
        return 0;
    }
    for (int64_t j = 0; j < d; j++) {
        w->smallest[j] = INFINITY;
        w->largest[j] = -INFINITY;
    }
    return 1;
}

static kmseg_status make_workers(km_build *build, km_arena *scratch) {
    int32_t n = build->ctx->n_threads;
    int64_t d = build->tiles->n_features;
    build->workers = km_arena_array(scratch, n, sizeof *build->workers);
    build->low = km_arena_array(scratch, d, sizeof *build->low);
    build->high = km_arena_array(scratch, d, sizeof *build->high);
    build->mean = km_arena_array(scratch, d, sizeof *build->mean);
    build->base = km_arena_array(scratch, d, sizeof *build->base);
    build->unit = km_arena_array(scratch, d, sizeof *build->unit);
    build->square_unit = km_arena_array(scratch, d, sizeof *build->square_unit);
    build->sum_magic = km_arena_array(scratch, d, sizeof *build->sum_magic);
    build->square_magic = km_arena_array(scratch, d, sizeof *build->square_magic);
    build->little = km_arena_array(scratch, d, sizeof *build->little);
    int ok = build->workers != NULL && build->low != NULL && build->high != NULL &&
             build->mean != NULL && build->base != NULL && build->unit != NULL &&
             build->square_unit != NULL && build->sum_magic != NULL &&
             build->square_magic != NULL && build->little != NULL;
    for (int32_t t = 0; ok && t < n; t++) {
        ok = make_worker(scratch, d, &build->workers[t]);
    }
    return ok ? KMSEG_OK : km_fail_memory(build->ctx, "building tiles");
}

static size_t value_size(kmseg_dtype dtype) {
    switch (dtype) {
    case KMSEG_INT16: return sizeof(int16_t);
    case KMSEG_FLOAT32: return sizeof(float);
    case KMSEG_FLOAT64: return sizeof(double);
    case KMSEG_AUTO: break;
    }
    return 0;
}

/* Figures per feature. */
static kmseg_status allocate_features(kmseg_context *ctx, kmseg_tiles *tiles) {
    double **vectors[] = {&tiles->centre, &tiles->sum_scale, &tiles->sum_fine, &tiles->sum_unit,
                          &tiles->range,  &tiles->squares,   &tiles->means};
    int ok = 1;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        *vectors[i] = km_arena_array(&tiles->arena, tiles->n_features, sizeof(double));
        ok = ok && *vectors[i] != NULL;
    }
    return ok ? KMSEG_OK : km_fail_memory(ctx, "tiles");
}

/* Values, and figures per tile. */
static kmseg_status allocate_tiles(kmseg_context *ctx, kmseg_tiles *tiles) {
    int64_t d = tiles->n_features;
    int is_int16 = tiles->dtype == KMSEG_INT16;
    int64_t n_values, width = is_int16 ? (d + 1) / 2 * 2 : d; /* int16 features come in pairs */
    size_t bytes;
    if (__builtin_mul_overflow(tiles->n_tiles, width * KM_TILE_ROWS, &n_values) ||
        __builtin_mul_overflow((size_t)n_values, value_size(tiles->dtype), &bytes)) {
        return km_fail_memory(ctx, "tiles");
    }
    tiles->values = km_arena_take(&tiles->arena, bytes);
    tiles->norms = km_arena_array(&tiles->arena, tiles->n_tiles, sizeof *tiles->norms);
    int ok = tiles->values != NULL && tiles->norms != NULL;
    if (is_int16) {
        tiles->residuals = km_arena_array(&tiles->arena, tiles->n_tiles, sizeof *tiles->residuals);
        tiles->outside = km_arena_array(&tiles->arena, tiles->n_tiles, sizeof *tiles->outside);
        ok = ok && tiles->residuals != NULL && tiles->outside != NULL;
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

static kmseg_status check_tiles_dtype(kmseg_context *ctx, kmseg_dtype dtype) {
    if (dtype != KMSEG_AUTO && value_size(dtype) == 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "dtype of the tiles is %d; it needs to be auto, int16, "
                       "float32 or float64",
                       (int)dtype);
    }
    return KMSEG_OK;
}

static kmseg_status build(kmseg_context *ctx, kmseg_tiles *tiles, const kmseg_matrix *samples,
                          const double *sample_weight, km_arena *scratch) {
    KM_TRY(keep_samples(ctx, tiles, samples));
    KM_TRY(check_weights(ctx, tiles, sample_weight));
    KM_TRY(allocate_features(ctx, tiles));
    km_build build = {.ctx = ctx,
                      .tiles = tiles,
                      .kernels = ctx->kernels,
                      .n_chunks = km_chunks(tiles->n_samples, KM_CHUNK_ROWS)};
    KM_TRY(make_workers(&build, scratch));
    KM_TRY(km_build_centres(&build));
    KM_TRY(km_build_guess(&build));
    if (tiles->dtype == KMSEG_AUTO) {
        tiles->dtype = tiles->suits_int16 ? KMSEG_INT16 : KMSEG_FLOAT32;
    }
    KM_TRY(allocate_tiles(ctx, tiles));
    return km_build_fill(&build);
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
    KM_TRY(check_tiles_dtype(ctx, options->dtype));
    kmseg_tiles *tiles = km_allocate(&ctx->allocator, sizeof *tiles);
    if (tiles == NULL) {
        return km_fail_memory(ctx, "tiles");
    }
    memset(tiles, 0, sizeof *tiles);
    km_arena_init(&tiles->arena, &ctx->allocator);
    tiles->n_samples = samples->n_rows;
    tiles->n_features = (int32_t)samples->n_cols;
    tiles->n_tiles = km_chunks(samples->n_rows, KM_TILE_ROWS);
    tiles->dtype = options->dtype;
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

void km_tiles_forget(kmseg_tiles *tiles) {
    km_arena_give(&tiles->arena, tiles->values);
    tiles->values = NULL;
}

void kmseg_tiles_free(kmseg_tiles *tiles) {
    if (tiles != NULL) {
        kmseg_allocator allocator = tiles->arena.allocator;
        km_arena_free(&tiles->arena);
        km_release(&allocator, tiles);
    }
}
