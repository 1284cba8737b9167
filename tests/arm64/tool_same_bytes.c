/* Fits many kinds of data with every kernel this CPU has, over every type of tile, on 1 or 3 threads.
 * Fails where two of them differ; prints a hash of each result, to be compared between machines. Public
 * functions only. */
#include <kmseg/kmseg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 9000 }; /* three chunks, so that threads share them */

static void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* Whole numbers, and products and quotients of them: the same doubles on every machine. */
static double uniform(uint64_t at, uint64_t stream) {
    uint64_t x = at * UINT64_C(0x9e3779b97f4a7c15) + stream * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

static const char *const kinds[] = {"mixture", "grid", "offset", "scales", "tails", "outlier"};

static double value(const char *kind, uint64_t i, uint64_t j, uint64_t d) {
    uint64_t at = i * d + j, group = (uint64_t)(uniform(i, 1) * 7);
    double noise = uniform(at, 2) + uniform(at, 3) + uniform(at, 4) - 1.5;
    double x = 3 * uniform(group * d + j, 5) + noise;
    switch (kind[0]) {
    case 'g': return (double)(int)(4 * uniform(at, 6)); /* ties and duplicates */
    case 'o': return kind[1] == 'f' ? 1e4 + x : i == 17 ? 1e12 : x;
    case 's': return x * (double)(UINT64_C(1) << (3 * (j % 14)));
    case 't': return noise / (uniform(at, 7) + 1e-7);
    default: return x;
    }
}

static uint64_t hash(uint64_t h, const void *bytes, size_t n) {
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ b[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static uint64_t hash_model(const kmseg_model *m) {
    size_t k = (size_t)m->n_clusters, d = (size_t)m->n_features;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    h = hash(h, m->labels, (size_t)m->n_samples * sizeof *m->labels);
    h = hash(h, m->centroids, k * d * sizeof *m->centroids);
    h = hash(h, m->cluster_weights, k * sizeof *m->cluster_weights);
    h = hash(h, m->history, (size_t)m->n_iter * sizeof *m->history);
    h = hash(h, &m->inertia, sizeof m->inertia);
    return hash(h, &m->best_init, sizeof m->best_init);
}

typedef struct job {
    const char *kind;
    kmseg_matrix samples;
    const double *weights;
    int32_t k;
} job;

static uint64_t run(const job *j, const char *kernels, int32_t n_threads, kmseg_dtype dtype) {
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.n_threads = n_threads;
    options.kernels = kernels;
    kmseg_context *ctx;
    if (kmseg_context_new(&options, &ctx) != KMSEG_OK) {
        die(kernels, "no context");
    }
    kmseg_tiles_options tiles_options;
    kmseg_tiles_options_init(&tiles_options);
    tiles_options.dtype = dtype;
    kmseg_tiles *tiles;
    kmseg_fit_options fit_options;
    kmseg_fit_options_init(&fit_options);
    fit_options.n_clusters = j->k;
    fit_options.n_init = 2;
    fit_options.max_iter = 6;
    fit_options.seed = 5;
    kmseg_model *model;
    if (kmseg_tiles_new(ctx, &j->samples, j->weights, &tiles_options, &tiles) != KMSEG_OK ||
        kmseg_fit(ctx, tiles, &fit_options, &model) != KMSEG_OK) {
        die(j->kind, kmseg_last_error(ctx));
    }
    uint64_t h = hash_model(model);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
    return h;
}

/* The hash that all kernels, threads and tiles agree on. */
static uint64_t run_all(const job *j) {
    const kmseg_dtype dtypes[] = {0, KMSEG_FLOAT32, KMSEG_FLOAT64};
    uint64_t first = run(j, "baseline", 1, KMSEG_FLOAT64);
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        const char *kernels = kmseg_kernels_name(i);
        for (size_t t = 0; t < sizeof dtypes / sizeof *dtypes && kmseg_kernels_available(kernels);
             t++) {
            int32_t n_threads = t % 2 == 0 ? 3 : 1;
            if (run(j, kernels, n_threads, dtypes[t]) != first) {
                fprintf(stderr, "tile type %d, %d threads: ", (int)dtypes[t], (int)n_threads);
                die(j->kind, kernels);
            }
        }
    }
    return first;
}

int main(void) {
    const int32_t features[] = {1, 3, 8, 17}, clusters[] = {2, 5, 11};
    static float narrow[N * 17];
    static double wide[N * 17], weights[N];
    for (uint64_t i = 0; i < N; i++) {
        weights[i] = i % 10 == 0 ? 0 : 0.5 + uniform(i, 8);
    }
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (size_t f = 0; f < sizeof features / sizeof *features; f++) {
            int32_t d = features[f];
            for (uint64_t at = 0; at < (uint64_t)N * (uint64_t)d; at++) {
                wide[at] = value(kinds[kind], at / (uint64_t)d, at % (uint64_t)d, (uint64_t)d);
                narrow[at] = (float)wide[at];
            }
            int32_t k = clusters[(kind + f) % 3];
            int is_narrow = (kind + f / 2) % 2 == 0;
            const void *values = is_narrow ? (const void *)narrow : wide;
            job j = {
                .kind = kinds[kind],
                .samples =
                    kmseg_matrix_view(values, is_narrow ? KMSEG_FLOAT32 : KMSEG_FLOAT64, N, d),
                .weights = f % 2 == 0 ? weights : NULL,
                .k = k,
            };
            printf("%s %d %d %s%s %016llx\n", j.kind, (int)d, (int)k,
                   is_narrow ? "float32" : "float64", j.weights != NULL ? " weighted" : "",
                   (unsigned long long)run_all(&j));
        }
    }
    return 0;
}
