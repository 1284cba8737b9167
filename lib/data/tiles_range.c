/* The first reading of the samples: are they all finite, what is the range of every feature, and about
 * where is its mean? Rows without gaps between them are read as they lie; others block by block. */
#include "data/tiles_build.h"

#include <math.h>
#include <string.h>

/* Rows of more features are read block by block: running figures of a period would leave the caches. */
enum { MOST_SCANNED = 1024, SCAN_LANES = 16, FEWEST_LANES = 64 };

/* Values of one period, as km_scan wants them; long enough not to wait for the figures of the last. */
static int64_t lanes_for(int64_t d) {
    int64_t n = d;
    while (n % SCAN_LANES != 0) {
        n *= 2;
    }
    while (n < FEWEST_LANES) {
        n *= 2;
    }
    return n;
}

typedef struct scanning {
    km_build *build;
    km_scan *scans; /* n_threads */
    int64_t n_lanes;
} scanning;

/* The rows of a chunk that fill no block of periods. */
static void scan_rest_f32(const km_scan *s, const float *x, int64_t n) {
    float *least = s->smallest, *most = s->largest;
    const float *base = s->base;
    for (int64_t i = 0; i < n; i++) {
        int64_t lane = i % s->n_lanes;
        least[lane] = x[i] < least[lane] ? x[i] : least[lane];
        most[lane] = x[i] > most[lane] ? x[i] : most[lane];
        s->sums[lane] += (double)x[i] - (double)base[lane];
    }
}

static void scan_rest_f64(const km_scan *s, const double *x, int64_t n) {
    double *least = s->smallest, *most = s->largest;
    const double *base = s->base;
    for (int64_t i = 0; i < n; i++) {
        int64_t lane = i % s->n_lanes;
        least[lane] = x[i] < least[lane] ? x[i] : least[lane];
        most[lane] = x[i] > most[lane] ? x[i] : most[lane];
        s->sums[lane] += x[i] - base[lane];
    }
}

static void scan_chunk(void *argument, int64_t chunk, int32_t thread) {
    const scanning *scan = argument;
    const kmseg_tiles *tiles = scan->build->tiles;
    const km_scan *s = &scan->scans[thread];
    int64_t first = chunk * KM_CHUNK_ROWS, left = tiles->n_samples - first, d = tiles->n_features;
    int64_t n = (left < KM_CHUNK_ROWS ? left : KM_CHUNK_ROWS) * d;
    int64_t n_blocks = n / (KM_SCAN_PERIODS * s->n_lanes);
    int64_t done = n_blocks * KM_SCAN_PERIODS * s->n_lanes;
    if (tiles->samples.dtype == KMSEG_FLOAT32) {
        const float *x = (const float *)tiles->samples.values + first * d;
        scan->build->kernels->scan_f32(s, x, n_blocks);
        scan_rest_f32(s, x + done, n - done);
    } else {
        const double *x = (const double *)tiles->samples.values + first * d;
        scan->build->kernels->scan_f64(s, x, n_blocks);
        scan_rest_f64(s, x + done, n - done);
    }
}

static kmseg_status make_scans(scanning *scan, km_arena *arena) {
    const kmseg_tiles *tiles = scan->build->tiles;
    kmseg_context *ctx = scan->build->ctx;
    int f32 = tiles->samples.dtype == KMSEG_FLOAT32;
    size_t size = f32 ? sizeof(float) : sizeof(double);
    int64_t n = scan->n_lanes;
    scan->scans = km_arena_array(arena, ctx->n_threads, sizeof *scan->scans);
    char *base = km_arena_array(arena, n, size);
    if (scan->scans == NULL || base == NULL) {
        return km_fail_memory(ctx, "building tiles");
    }
    for (int64_t i = 0; i < n; i += tiles->n_features) { /* the first row, again and again */
        memcpy(base + (size_t)i * size, tiles->samples.values, (size_t)tiles->n_features * size);
    }
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        km_scan *s = &scan->scans[t];
        *s = (km_scan){.n_lanes = n, .base = base};
        s->smallest = km_arena_copy(arena, base, n, size);
        s->largest = km_arena_copy(arena, base, n, size);
        s->sums = km_arena_array(arena, n, sizeof *s->sums);
        if (s->smallest == NULL || s->largest == NULL || s->sums == NULL) {
            return km_fail_memory(ctx, "building tiles");
        }
    }
    return KMSEG_OK;
}

static double lane_of(const kmseg_tiles *tiles, const void *values, int64_t lane) {
    return tiles->samples.dtype == KMSEG_FLOAT32 ? (double)((const float *)values)[lane]
                                                 : ((const double *)values)[lane];
}

/* What all threads have found of a feature. */
static void take_scans(const scanning *scan, int32_t j) {
    km_build *build = scan->build;
    const kmseg_tiles *tiles = build->tiles;
    double low = INFINITY, high = -INFINITY, sum = 0;
    for (int32_t t = 0; t < build->ctx->n_threads; t++) {
        const km_scan *s = &scan->scans[t];
        for (int64_t lane = j; lane < s->n_lanes; lane += tiles->n_features) {
            low = fmin(low, lane_of(tiles, s->smallest, lane));
            high = fmax(high, lane_of(tiles, s->largest, lane));
            sum += s->sums[lane];
        }
    }
    build->low[j] = low;
    build->high[j] = high;
    build->mean[j] = lane_of(tiles, scan->scans[0].base, j) + sum / (double)tiles->n_samples;
}

/* Differences of float32 values may overflow in float32, so what looks bad is looked at again. */
static kmseg_status scan_rows(km_build *build) {
    kmseg_context *ctx = build->ctx;
    const kmseg_tiles *tiles = build->tiles;
    scanning scan = {.build = build, .n_lanes = lanes_for(tiles->n_features)};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = make_scans(&scan, &arena);
    if (status == KMSEG_OK) {
        status = km_parallel(ctx, build->n_chunks, scan_chunk, &scan);
    }
    int sound = 1;
    for (int32_t j = 0; status == KMSEG_OK && j < tiles->n_features; j++) {
        take_scans(&scan, j);
        sound = sound && isfinite(build->mean[j]) && fabs(build->low[j]) <= KM_LARGEST_SAMPLE &&
                fabs(build->high[j]) <= KM_LARGEST_SAMPLE;
    }
    km_arena_free(&arena);
    return status != KMSEG_OK || sound ? status : km_matrix_check(ctx, &tiles->samples, "samples");
}

static void range_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_build *build = argument;
    km_build_worker *w = &build->workers[thread];
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    int64_t end = (chunk + 1) * per_chunk;
    end = end < build->tiles->n_tiles ? end : build->tiles->n_tiles;
    for (int64_t t = chunk * per_chunk; t < end; t++) {
        /* Lanes behind the last sample repeat it. */
        km_tiles_block(build->kernels, build->tiles, t * KM_TILE_ROWS,
                       km_build_rows(build->tiles, t), w->block);
        for (int64_t j = 0; j < build->tiles->n_features; j++) {
            build->kernels->widen(w->block + j * KM_TILE_ROWS, &w->smallest[j], &w->largest[j]);
        }
    }
}

static kmseg_status read_blocks(km_build *build) {
    kmseg_context *ctx = build->ctx;
    KM_TRY(km_matrix_check(ctx, &build->tiles->samples, "samples"));
    KM_TRY(km_parallel(ctx, build->n_chunks, range_chunk, build));
    for (int32_t j = 0; j < build->tiles->n_features; j++) {
        build->low[j] = INFINITY;
        build->high[j] = -INFINITY;
        for (int32_t t = 0; t < ctx->n_threads; t++) {
            build->low[j] = fmin(build->low[j], build->workers[t].smallest[j]);
            build->high[j] = fmax(build->high[j], build->workers[t].largest[j]);
        }
        build->mean[j] = NAN;
    }
    return KMSEG_OK;
}

kmseg_status km_build_ranges(km_build *build) {
    const kmseg_tiles *tiles = build->tiles;
    int dense = tiles->samples.row_stride == tiles->n_features || tiles->n_samples == 1;
    return dense && tiles->n_features <= MOST_SCANNED ? scan_rows(build) : read_blocks(build);
}
