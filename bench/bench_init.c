/* Each initialiser on one core and on two: seconds, and nanoseconds per sample and centroid, from tiles
 * that are there already. */
#include "base/rng.h"
#include "cluster/cluster.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

typedef struct scene {
    kmseg_context *ctx;
    kmseg_tiles *tiles;
    kmseg_fit_options options;
    const km_initialiser *initialiser;
    int32_t restart;
    double *centroids;
} scene;

/* Overlapping groups, as customers are, or uniform ones, where pruning finds nothing. */
static void make_samples(float *x, int64_t n, int32_t d, int32_t groups) {
    for (int64_t i = 0; i < n; i++) {
        uint64_t group = km_random_u64(1, KM_STAGE_TEST, (uint64_t)i, 1) % (uint64_t)groups;
        for (int32_t j = 0; j < d; j += 4) {
            km_random4 r = km_philox((uint32_t[]){(uint32_t)i, (uint32_t)(i >> 32), (uint32_t)j, 7},
                                     (uint32_t[]){1, 2});
            for (int32_t m = 0; m < 4 && j + m < d; m++) {
                float noise = (float)(r.word[m] & 0xffff) + (float)(r.word[m] >> 16);
                double mean = km_random_uniform(2, KM_STAGE_TEST, group, (uint32_t)(j + m));
                x[i * d + j + m] = groups > 1 ? (float)(3 * mean) + noise / 65536.0f - 1.0f
                                              : (float)r.word[m] * 0x1p-32f;
            }
        }
    }
}

static void run(void *argument) {
    scene *s = argument;
    km_fit_job job = {.tiles = s->tiles, .options = &s->options, .restart = s->restart++};
    bench_ok(s->ctx, s->initialiser->run(s->ctx, &job, s->centroids));
}

static void measure(const float *x, int64_t n, int32_t d, int32_t k, int32_t threads) {
    scene s = {.ctx = bench_context(threads)};
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT32, n, d);
    bench_ok(s.ctx, kmseg_tiles_new(s.ctx, &matrix, NULL, NULL, &s.tiles));
    kmseg_fit_options_init(&s.options);
    s.options.n_clusters = k;
    s.centroids = bench_memory((size_t)k * (size_t)d * sizeof(double));
    for (int32_t i = 0; km_initialiser_at(i) != NULL; i++) {
        const char *name = km_initialiser_at(i)->name;
        if (strcmp(name, "given") != 0) {
            s.initialiser = km_initialiser_find(name);
            s.restart = 0;
            bench_time time = bench_run(run, NULL, &s, 7);
            bench_line(name, time, "%.3f ns per sample and centroid",
                       1e9 * time.median / ((double)n * k));
        }
    }
    kmseg_tiles_free(s.tiles);
    free(s.centroids);
    kmseg_context_free(s.ctx);
}

int main(int argc, char **argv) {
    bench_start(argc, argv, "init", 0);
    const struct {
        int64_t n;
        int32_t d, k, groups;
    } cases[] = {{1000000, 8, 8, 8},
                 {1000000, 16, 64, 64},
                 {1000000, 16, 64, 1},
                 {1000000, 32, 64, 64},
                 {4000000, 3, 8, 8}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        float *x = bench_memory((size_t)(cases[c].n * cases[c].d) * sizeof *x);
        make_samples(x, cases[c].n, cases[c].d, cases[c].groups);
        for (int32_t threads = 1; threads <= 2; threads++) {
            bench_heading("%lld x %d, k %d, %s, %s", (long long)cases[c].n, cases[c].d, cases[c].k,
                          cases[c].groups > 1 ? "groups" : "uniform",
                          threads == 1 ? "one thread" : "two threads");
            measure(x, cases[c].n, cases[c].d, cases[c].k, threads);
        }
        free(x);
    }
    bench_end();
    return 0;
}
