/* Building tiles on one core: what a value costs, from float32 and float64 samples, beside what reading
 * them takes. */
#include "base/rng.h"
#include "data/tiles.h"
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct scene {
    kmseg_context *ctx;
    kmseg_matrix matrix;
    kmseg_tiles_options options;
    kmseg_tiles *tiles;
} scene;

static void build(void *argument) {
    scene *s = argument;
    bench_ok(s->ctx, kmseg_tiles_new(s->ctx, &s->matrix, NULL, &s->options, &s->tiles));
}

static void discard(void *argument) {
    scene *s = argument;
    kmseg_tiles_free(s->tiles);
    s->tiles = NULL;
}

/* Normal enough, with a group of customers in each of eight places. */
static double value(int64_t i, int64_t j) {
    uint64_t at = km_random_u64(3, KM_STAGE_TEST, (uint64_t)i, (uint32_t)j);
    double noise =
        (double)(at & 0xffff) + (double)(at >> 16 & 0xffff) + (double)(at >> 32 & 0xffff);
    return 1e-5 * noise + 3 * (double)(((i & 7) >> (j % 3)) & 1);
}

static void *samples(kmseg_dtype dtype, int64_t n, int64_t d) {
    void *values = bench_memory((size_t)(n * d) * (dtype == KMSEG_FLOAT32 ? 4 : 8));
    for (int64_t i = 0; i < n * d; i++) {
        if (dtype == KMSEG_FLOAT32) {
            ((float *)values)[i] = (float)value(i / d, i % d);
        } else {
            ((double *)values)[i] = value(i / d, i % d);
        }
    }
    return values;
}

static const char *name_of(kmseg_dtype dtype) {
    return dtype == KMSEG_INT16 ? "int16" : dtype == KMSEG_FLOAT32 ? "float32" : "float64";
}

static void measure(kmseg_dtype from, int64_t n, int64_t d, double peak_bytes) {
    const kmseg_dtype to[] = {KMSEG_INT16, KMSEG_FLOAT32, KMSEG_FLOAT64};
    scene s = {.ctx = bench_context(1)};
    void *values = samples(from, n, d);
    s.matrix = kmseg_matrix_view(values, from, n, d);
    kmseg_tiles_options_init(&s.options);
    double bytes = (double)(n * d) * (from == KMSEG_FLOAT32 ? 4 : 8);
    bench_heading("%lld x %lld, %s samples, %s kernels", (long long)n, (long long)d, name_of(from),
                  kmseg_context_kernels(s.ctx));
    for (size_t t = 0; t < sizeof to / sizeof *to; t++) {
        s.options.dtype = to[t];
        char name[40];
        snprintf(name, sizeof name, "%s tiles", name_of(to[t]));
        bench_time time = bench_run(build, discard, &s, 9);
        bench_line(name, time, "%.2f ns a value, %.1f times reading the samples once",
                   1e9 * time.median / (double)(n * d), time.median * peak_bytes / bytes);
    }
    discard(&s);
    free(values);
    kmseg_context_free(s.ctx);
}

int main(int argc, char **argv) {
    bench_start(argc, argv, "tiles", 1);
    double bytes = bench_peak_bytes();
    bench_heading("peak of one core");
    bench_value("reading memory", bytes * 1e-9, "GB/s");
    measure(KMSEG_FLOAT32, 4000000, 3, bytes);
    measure(KMSEG_FLOAT32, 4000000, 8, bytes);
    measure(KMSEG_FLOAT32, 4000000, 16, bytes);
    measure(KMSEG_FLOAT64, 4000000, 8, bytes);
    if (!bench_quick()) {
        measure(KMSEG_FLOAT32, 1000000, 17, bytes);
        measure(KMSEG_FLOAT32, 1000000, 32, bytes);
        measure(KMSEG_FLOAT32, 100000, 16, bytes);
    }
    bench_end();
    return 0;
}
