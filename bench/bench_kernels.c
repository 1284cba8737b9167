/* The assign kernels alone, on one core: every set and form on the same tiles, beside what the machine
 * could do at most in float32. */
#include "base/rng.h"
#include "data/tiles.h"
#include "harness.h"
#include "kernels/certify.h"
#include "kernels/quantise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_TILES = 64 }; /* as a pass runs them */

typedef struct scene {
    kmseg_context *ctx;
    const km_kernels *kernels;
    int64_t n;
    int32_t d, k;
    float *x;
    kmseg_tiles *f32, *i16;
    double *centroids, *scaled, *norms, *room; /* centroids and scratch */
    void *packed, *half_norms, *scratch;
    km_quantised quantised;
    km_certificate certificate;
    km_label *labels, *nearest;
    int scores;
    int32_t *best, *second; /* of a chunk */
    int64_t n_uncertain;
} scene;

/* Overlapping groups. */
static void make_samples(scene *s) {
    s->x = bench_memory((size_t)(s->n * s->d) * sizeof(float));
    for (int64_t i = 0; i < s->n; i++) {
        uint64_t group = km_random_u64(1, KM_STAGE_TEST, (uint64_t)i, 1) % (uint64_t)s->k;
        for (int32_t j = 0; j < s->d; j += 4) {
            km_random4 r = km_philox((uint32_t[]){(uint32_t)i, (uint32_t)(i >> 32), (uint32_t)j, 7},
                                     (uint32_t[]){1, 2});
            for (int32_t m = 0; m < 4 && j + m < s->d; m++) {
                float noise = (float)(r.word[m] & 0xffff) + (float)(r.word[m] >> 16);
                double mean = km_random_uniform(2, KM_STAGE_TEST, group, (uint32_t)(j + m));
                s->x[i * s->d + j + m] = (float)(3 * mean) + noise / 65536.0f - 1.0f;
            }
        }
    }
}

static kmseg_tiles *make_tiles(scene *s, kmseg_dtype dtype) {
    kmseg_matrix matrix = kmseg_matrix_view(s->x, KMSEG_FLOAT32, s->n, s->d);
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    options.dtype = dtype;
    kmseg_tiles *tiles;
    bench_ok(s->ctx, kmseg_tiles_new(s->ctx, &matrix, NULL, &options, &tiles));
    return tiles;
}

/* Rows as centroids, moved towards the mean, as the means of groups are. */
static void make_centroids(scene *s, const kmseg_tiles *tiles) {
    for (int64_t i = 0; i < (int64_t)s->k * s->d; i++) {
        int64_t j = i % s->d;
        double value = (double)s->x[(i / s->d) * (s->n / s->k) * s->d + j];
        s->centroids[i] = tiles->centre[j] + (value - tiles->centre[j]) * 0.8;
        s->scaled[i] = (s->centroids[i] - tiles->centre[j]) * tiles->scale;
    }
}

static void pack_f32(scene *s) {
    make_centroids(s, s->f32);
    double farthest = 0;
    for (int32_t c = 0; c < s->k; c++) {
        double square = 0;
        for (int32_t j = 0; j < s->d; j++) {
            square += s->scaled[(int64_t)c * s->d + j] * s->scaled[(int64_t)c * s->d + j];
        }
        ((float *)s->half_norms)[c] = (float)(square / 2);
        farthest = fmax(farthest, square);
    }
    km_pack(s->scaled, s->k, s->d, s->kernels->group, sizeof(float), s->packed);
    s->certificate = km_certificate_new(s->d, 0x1p-24, s->f32->scale, sqrt(farthest));
}

static void pack_i16(scene *s) {
    make_centroids(s, s->i16);
    float norm = 0;
    for (int64_t t = 0; t < s->i16->n_tiles; t++) {
        norm = fmaxf(norm, s->i16->norms[t]);
    }
    km_quantise in = {
        .centroids = s->scaled,
        .n_clusters = s->k,
        .n_features = s->d,
        .scale = s->i16->scale,
        .norm = (double)norm,
        .group = s->kernels->group_i16,
        .kernels = s->kernels,
        .norms = s->norms,
        .scratch = s->room,
    };
    s->quantised.pairs = s->packed;
    s->quantised.half_norms = s->half_norms;
    km_quantise_centroids(&in, &s->quantised);
}

static int32_t tiles_of_chunk(const scene *s, int64_t tile) {
    int64_t left = s->f32->n_tiles - tile;
    return left < CHUNK_TILES ? (int32_t)left : CHUNK_TILES;
}

static void count(scene *s, const uint64_t *uncertain, int32_t n) {
    for (int32_t t = 0; t < n; t++) {
        s->n_uncertain += __builtin_popcountll(uncertain[t]);
    }
}

static void run_f32(void *argument) {
    scene *s = argument;
    s->n_uncertain = 0;
    for (int64_t tile = 0; tile < s->f32->n_tiles; tile += CHUNK_TILES) {
        uint64_t changed[CHUNK_TILES], uncertain[CHUNK_TILES];
        double limits[CHUNK_TILES];
        int32_t n = tiles_of_chunk(s, tile);
        for (int32_t t = 0; t < n; t++) {
            limits[t] = km_certificate_limit(&s->certificate, (double)s->f32->norms[tile + t]);
        }
        km_assign assign = {
            .tiles = (const float *)s->f32->values + tile * s->d * KM_TILE_ROWS,
            .n_tiles = n,
            .n_features = s->d,
            .n_clusters = s->k,
            .centroids = s->packed,
            .half_norms = s->half_norms,
            .limits = limits,
            .slope = 0,
            .labels = s->labels + tile * KM_TILE_ROWS,
            .nearest = s->nearest,
            .changed = changed,
            .uncertain = uncertain,
            .scratch = s->scratch,
        };
        s->kernels->assign_f32(&assign);
        count(s, uncertain, n);
    }
}

static void run_i16(void *argument) {
    scene *s = argument;
    int64_t size = (int64_t)km_pairs(s->d) * 2 * KM_TILE_ROWS;
    s->n_uncertain = 0;
    for (int64_t tile = 0; tile < s->i16->n_tiles; tile += CHUNK_TILES) {
        uint64_t changed[CHUNK_TILES], uncertain[CHUNK_TILES];
        int32_t limits[CHUNK_TILES], n = tiles_of_chunk(s, tile);
        for (int32_t t = 0; t < n; t++) {
            limits[t] = km_quantised_limit(&s->quantised, (double)s->i16->norms[tile + t],
                                           (double)s->i16->residuals[tile + t]);
        }
        km_assign_i16 assign = {
            .tiles = (const int16_t *)s->i16->values + tile * size,
            .n_tiles = n,
            .n_features = s->d,
            .n_clusters = s->k,
            .pairs = s->packed,
            .half_norms = s->half_norms,
            .limits = limits,
            .outside = s->i16->outside != NULL ? s->i16->outside + tile : NULL,
            .labels = s->labels + tile * KM_TILE_ROWS,
            .nearest = s->nearest,
            .changed = changed,
            .uncertain = uncertain,
            .best = s->scores ? s->best : NULL,
            .second = s->scores ? s->second : NULL,
        };
        s->kernels->assign_i16(&assign);
        count(s, uncertain, n);
    }
}

static void line(scene *s, const char *form, bench_time time, double flops, double bound) {
    char name[64];
    snprintf(name, sizeof name, "%s, %s", s->kernels->named.name, form);
    bench_line(name, time, "%.0f GFLOP/s, %.2fx bound, uncertain %.4f %%",
               flops / time.median * 1e-9, time.median / bound,
               100.0 * (double)s->n_uncertain / (double)s->n);
}

static void measure_set(scene *s, double flops, double bound) {
    int runs = s->kernels == s->ctx->kernels ? 15 : 5;
    pack_f32(s);
    line(s, "float32", bench_run(run_f32, NULL, s, runs), flops, bound);
    pack_i16(s);
    s->scores = 0;
    line(s, "int16", bench_run(run_i16, NULL, s, runs), flops, bound);
    s->scores = 1;
    line(s, "int16 and scores", bench_run(run_i16, NULL, s, runs), flops, bound);
}

static void measure(int64_t n, int32_t d, int32_t k, double peak_flops, double peak_bytes) {
    scene s = {.n = n, .d = d, .k = k};
    s.ctx = bench_context(1);
    make_samples(&s);
    s.f32 = make_tiles(&s, KMSEG_FLOAT32);
    s.i16 = make_tiles(&s, KMSEG_INT16);
    size_t rows = (size_t)s.f32->n_tiles * KM_TILE_ROWS, chunk = CHUNK_TILES * KM_TILE_ROWS;
    size_t numbers = (size_t)k * ((size_t)d + 1);
    s.centroids = bench_memory(numbers * sizeof(double));
    s.scaled = bench_memory(numbers * sizeof(double));
    s.norms = bench_memory((size_t)k * sizeof(double));
    s.room = bench_memory((size_t)km_quantise_scratch((int32_t)k, (int32_t)d) * sizeof(double));
    s.packed = bench_memory(numbers * sizeof(float));
    s.half_norms = bench_memory((size_t)k * sizeof(float));
    s.scratch = bench_memory((size_t)k * KM_LANES * sizeof(float));
    s.labels = bench_memory(rows * sizeof *s.labels);
    s.nearest = bench_memory(chunk * sizeof *s.nearest);
    s.best = bench_memory(chunk * sizeof *s.best);
    s.second = bench_memory(chunk * sizeof *s.second);
    memset(s.labels, 0, rows * sizeof *s.labels);
    double flops = 2.0 * (double)n * d * k;
    double bound = fmax(flops / peak_flops, (double)n * (4.0 * d + 2) / peak_bytes);
    bench_heading("%lld x %d, k %d", (long long)n, d, k);
    bench_value("bound in float32: flops or bytes at peak", 1e3 * bound, "ms");
    for (int32_t i = 0; km_kernels_at(i) != NULL; i++) {
        s.kernels = km_kernels_at(i);
        int slow = bench_quick() && s.kernels != s.ctx->kernels;
        if (s.kernels->available() && !slow) {
            measure_set(&s, flops, bound);
        }
    }
    void *memory[] = {s.centroids, s.scaled, s.norms,   s.room, s.packed, s.half_norms,
                      s.scratch,   s.labels, s.nearest, s.best, s.second, s.x};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        free(memory[i]);
    }
    kmseg_tiles_free(s.f32);
    kmseg_tiles_free(s.i16);
    kmseg_context_free(s.ctx);
}

int main(int argc, char **argv) {
    bench_start(argc, argv, "kernels", 1);
    double flops = bench_peak_flops(), bytes = bench_peak_bytes();
    bench_heading("peaks of one core");
    bench_value("float32 multiply-adds", flops * 1e-9, "GFLOP/s");
    bench_value("reading memory", bytes * 1e-9, "GB/s");
    measure(4000000, 3, 8, flops, bytes);
    measure(4000000, 8, 8, flops, bytes);
    measure(4000000, 16, 16, flops, bytes);
    measure(1000000, 32, 64, flops, bytes);
    measure(500000, 64, 256, flops, bytes);
    measure(200000, 128, 1000, flops, bytes);
    bench_end();
    return 0;
}
