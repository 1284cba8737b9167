/* One Lloyd pass and one Lloyd iteration on one core, beside what the machine could do at most in
 * float32; what certifying the labels costs; and what one whole fit spends where. */
#include "base/rng.h"
#include "cluster/pass.h"
#include "harness.h"
#include "plain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct scene {
    kmseg_context *ctx;
    int64_t n;
    int32_t d, k;
    float *x;
    kmseg_tiles *tiles;
    km_arena arena;
    km_workspace workspace;
    km_pass pass;
    double *start, *settled; /* centroids to begin with, and those after some iterations */
    plain_kernel plain;      /* the same kernel without the second best, or NULL */
    km_assign plain_assign;
} scene;

/* Overlapping groups: some labels change in every iteration, as with customers. */
static void make_samples(scene *s) {
    s->x = bench_memory((size_t)(s->n * s->d) * sizeof(float));
    for (int64_t i = 0; i < s->n; i++) {
        uint64_t group = km_random_u64(1, KM_STAGE_TEST, (uint64_t)i, 1) % (uint64_t)s->k;
        for (int32_t j = 0; j < s->d; j += 4) {
            /* A sum of uniforms is normal enough here, and fast. */
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

static void run_pass(void *argument) {
    scene *s = argument;
    bench_ok(s->ctx, km_pass_run(s->ctx, &s->pass, s->settled));
}

static void forget(void *argument) {
    scene *s = argument;
    km_pass_reset(&s->pass);
}

/* Chunk by chunk like the pass, so that what differs is the second best and its certificate. */
static void run_plain(void *argument) {
    scene *s = argument;
    enum { CHUNK_TILES = 64 };
    km_assign assign = s->plain_assign;
    for (int64_t t = 0; t < s->tiles->n_tiles; t += CHUNK_TILES) {
        int64_t left = s->tiles->n_tiles - t;
        assign.n_tiles = left < CHUNK_TILES ? (int32_t)left : CHUNK_TILES;
        assign.tiles = (const float *)s->tiles->values + t * s->d * KM_TILE_ROWS;
        assign.labels = s->pass.labels + t * KM_TILE_ROWS;
        s->plain(&assign);
    }
}

/* Ten iterations from the start, the first of which labels every row. */
static void iterate(void *argument) {
    scene *s = argument;
    memcpy(s->settled, s->start, (size_t)s->k * (size_t)s->d * sizeof(double));
    for (int i = 0; i < 10; i++) {
        bench_ok(s->ctx, km_pass_run(s->ctx, &s->pass, s->settled));
        km_pass_means(&s->pass, s->pass.sums, s->pass.totals, s->settled);
    }
}

static void set_plain(scene *s) {
    s->plain = plain_kernel_f32();
    const size_t tiles = 64;
    s->plain_assign = (km_assign){
        .n_features = s->d,
        .n_clusters = s->k,
        .centroids = s->pass.packed,
        .half_norms = s->pass.half_norms,
        .limits = bench_memory(tiles * sizeof(double)),
        .nearest = bench_memory(tiles * KM_TILE_ROWS * sizeof(km_label)),
        .changed = bench_memory(tiles * sizeof(uint64_t)),
        .uncertain = bench_memory(tiles * sizeof(uint64_t)),
    };
    for (size_t t = 0; t < tiles; t++) {
        ((double *)s->plain_assign.limits)[t] = 0;
    }
}

static void measure(int64_t n, int32_t d, int32_t k, kmseg_dtype dtype, double peak_flops,
                    double peak_bytes) {
    scene s = {.n = n, .d = d, .k = k};
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    options.dtype = dtype;
    s.ctx = bench_context(1);
    make_samples(&s);
    kmseg_matrix matrix = kmseg_matrix_view(s.x, KMSEG_FLOAT32, n, d);
    double begin = bench_clock();
    bench_ok(s.ctx, kmseg_tiles_new(s.ctx, &matrix, NULL, &options, &s.tiles));
    double built = bench_clock() - begin;
    km_arena_init(&s.arena, &s.ctx->allocator);
    bench_ok(s.ctx, km_workspace_init(s.ctx, s.tiles, k, &s.arena, &s.workspace));
    bench_ok(s.ctx, km_pass_init(s.ctx, &s.workspace, k, &s.arena, &s.arena, &s.pass));
    s.start = bench_memory((size_t)k * (size_t)d * sizeof(double));
    s.settled = bench_memory((size_t)k * (size_t)d * sizeof(double));
    for (int64_t i = 0; i < (int64_t)k * d; i++) {
        s.start[i] = (double)s.x[(i / d) * (n / k) * d + i % d];
    }
    double flops = 2.0 * (double)n * d * k;
    double bytes = (double)n * (4.0 * d + 4);
    double bound = fmax(flops / peak_flops, bytes / peak_bytes);
    bench_heading("%lld x %d, k %d, %s tiles, %s kernels", (long long)n, d, k,
                  dtype == KMSEG_INT16 ? "int16" : "float32", kmseg_context_kernels(s.ctx));
    bench_value("bound: flops or bytes at peak", 1e3 * bound, "ms");
    iterate(&s); /* settles the centroids */
    bench_time pass = bench_run(run_pass, NULL, &s, 11);
    bench_line("pass, no label changes", pass,
               "%.1f GB/s, %.1f GFLOP/s, %.2fx bound, rechecked %.5f %%",
               bytes / pass.median * 1e-9, flops / pass.median * 1e-9, pass.median / bound,
               100.0 * (double)s.pass.n_rechecked / (double)n / 23);
    if (dtype == KMSEG_FLOAT32) {
        set_plain(&s);
    }
    if (s.plain != NULL) {
        bench_time plain = bench_run(run_plain, NULL, &s, 11);
        bench_line("the same, not certified", plain, "certifying costs %.1f %%",
                   100 * (pass.min / plain.min - 1));
    }
    bench_time first = bench_run(run_pass, forget, &s, 7);
    bench_line("pass, every label changes", first, "%.2fx bound", first.median / bound);
    bench_time ten = bench_run(iterate, forget, &s, 5);
    ten.min /= 10;
    ten.median /= 10;
    ten.max /= 10;
    bench_line("iteration, mean of the first 10", ten, "%.2fx bound", ten.median / bound);
    bench_value("building tiles, once", 1e3 * built, "ms");
    free((void *)s.plain_assign.limits);
    free(s.plain_assign.nearest);
    free(s.plain_assign.changed);
    free(s.plain_assign.uncertain);
    free(s.start);
    free(s.settled);
    km_arena_free(&s.arena);
    kmseg_tiles_free(s.tiles);
    free(s.x);
    kmseg_context_free(s.ctx);
}

int main(int argc, char **argv) {
    bench_start(argc, argv, "iteration", 1);
    double flops = bench_peak_flops(), bytes = bench_peak_bytes();
    bench_heading("peaks of one core");
    bench_value("float32 multiply-adds", flops * 1e-9, "GFLOP/s");
    bench_value("reading memory", bytes * 1e-9, "GB/s");
    const struct {
        int64_t n;
        int32_t d, k;
    } shapes[] = {{4000000, 3, 8},   {4000000, 8, 8},    {4000000, 16, 16},
                  {1000000, 32, 64}, {1000000, 64, 256}, {200000, 128, 1000}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes - (bench_quick() ? 3 : 0); i++) {
        measure(shapes[i].n, shapes[i].d, shapes[i].k, KMSEG_FLOAT32, flops, bytes);
        measure(shapes[i].n, shapes[i].d, shapes[i].k, KMSEG_INT16, flops, bytes);
    }
    bench_end();
    return 0;
}
