/* The order of the samples changes nothing but the order of the labels. */
#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 3, D = 3 };

static double uniform(int64_t i, uint32_t stream) {
    return km_random_uniform(77, KM_STAGE_TEST, (uint64_t)i, stream);
}

static double normal(int64_t i, uint32_t stream) {
    return km_random_normal(77, KM_STAGE_TEST, (uint64_t)i, stream);
}

/* Value j of row i. */
static double value(const char *kind, int64_t i, int64_t j) {
    int64_t at = i * D + j, group = (int64_t)(uniform(i, 99) * 7);
    if (strcmp(kind, "one cloud") == 0) {
        return normal(at, 0);
    }
    if (strcmp(kind, "groups, weights") == 0) {
        return 4 * uniform(group * D + j, 98) + 0.3 * normal(at, 0);
    }
    if (strncmp(kind, "scores", 6) == 0) { /* 64 different rows */
        return 1 + floor(4 * uniform(at, 0));
    }
    if (strcmp(kind, "a third the same") == 0) {
        return i % 3 == 0 ? 0 : exp(normal(at, 0));
    }
    if (strcmp(kind, "heavy tails") == 0) {
        return normal(at, 0) / (fabs(normal(at, 1)) + 1e-6);
    }
    if (strcmp(kind, "beyond 16 bits") == 0) {
        return 1000.0 * (double)(group % 2) + 1e-4 * (double)group + 1e-6 * normal(at, 0);
    }
    return 5; /* all equal */
}

static const char *const kinds[] = {"one cloud",       "groups, weights",  "scores of 1 to 4",
                                    "scores, weights", "a third the same", "heavy tails",
                                    "beyond 16 bits",  "all equal"};

/* A row of a permutation; order 0 is none. */
static int64_t row_of(int order, int64_t i, int64_t n) {
    const int64_t step = 7919; /* prime, and no factor of the sizes below */
    return order == 0 ? i : order == 1 ? n - 1 - i : (i * step + 17) % n;
}

typedef struct outcome {
    double *centroids;
    int32_t *labels; /* of the rows before the permutation */
    double inertia;
} outcome;

static outcome fit(const char *kind, int64_t n, int order, int32_t threads,
                   const kmseg_fit_options *options) {
    double *x = calloc((size_t)(n * D), sizeof *x), *weights = NULL;
    if (strstr(kind, "weights") != NULL) {
        weights = calloc((size_t)n, sizeof *weights);
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t row = row_of(order, i, n);
        for (int64_t j = 0; j < D; j++) {
            x[i * D + j] = value(kind, row, j);
        }
        if (weights != NULL) {
            weights[i] = row % 50 == 0 ? 0 : 0.5 + 3 * uniform(row, 5);
        }
    }
    kmseg_context *ctx = test_context(threads, NULL);
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, n, D);
    kmseg_tiles *tiles;
    kmseg_model *model;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, weights, NULL, &tiles));
    OK(ctx, kmseg_fit(ctx, tiles, options, &model));
    size_t size = (size_t)(options->n_clusters * D);
    outcome out = {calloc(size, sizeof(double)), calloc((size_t)n, sizeof(int32_t)),
                   model->inertia};
    memcpy(out.centroids, model->centroids, size * sizeof(double));
    for (int64_t i = 0; i < n; i++) {
        out.labels[row_of(order, i, n)] = model->labels[i];
    }
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
    free(weights);
    free(x);
    return out;
}

static void release(outcome *o) {
    free(o->centroids);
    free(o->labels);
}

static void compare(const char *kind, int64_t n, const kmseg_fit_options *options) {
    outcome first = fit(kind, n, 0, 1, options);
    for (int order = 1; order < ORDERS; order++) {
        outcome other = fit(kind, n, order, order, options);
        size_t size = (size_t)(options->n_clusters * D) * sizeof(double);
        cr_assert(memcmp(first.centroids, other.centroids, size) == 0,
                  "%s, %s, %lld samples, order %d: other centroids", kind, options->init,
                  (long long)n, order);
        cr_assert(memcmp(first.labels, other.labels, (size_t)n * sizeof(int32_t)) == 0,
                  "%s, %s, order %d: other labels", kind, options->init, order);
        cr_assert_eq(first.inertia, other.inertia);
        release(&other);
    }
    release(&first);
}

/* Nor where restarts begin on a coreset; the scores are clustered as 64 different rows. */
Test(permuted, nor_does_it_those_that_begin_on_a_coreset, .timeout = 300)
{
    for (size_t v = 0; v < sizeof kinds / sizeof *kinds; v++) {
        kmseg_fit_options options;
        kmseg_fit_options_init(&options);
        options.n_clusters = 6;
        options.n_init = 5;
        options.coreset_size = 2000;
        compare(kinds[v], 21001, &options);
    }
}

/* Few samples are all drawn from, 21,001 by a pool; every initialiser, and mini-batches. */
Test(permuted, the_order_of_the_samples_changes_no_centroid_and_no_label, .timeout = 300)
{
    const int64_t sizes[] = {997, 21001};
    for (int32_t a = 0; km_initialiser_at(a) != NULL; a++) {
        if (strcmp(km_initialiser_at(a)->name, "given") == 0) {
            continue;
        }
        for (size_t v = 0; v < sizeof kinds / sizeof *kinds; v++) {
            for (int size = 0; size < 2; size++) {
                kmseg_fit_options options;
                kmseg_fit_options_init(&options);
                options.n_clusters = 6;
                options.n_init = 2;
                options.max_iter = 8;
                options.init = km_initialiser_at(a)->name;
                compare(kinds[v], sizes[size], &options);
            }
        }
    }
}

Test(permuted, nor_does_it_those_of_mini_batches, .timeout = 120)
{
    for (size_t v = 0; v < sizeof kinds / sizeof *kinds; v++) {
        kmseg_fit_options options;
        kmseg_fit_options_init(&options);
        options.n_clusters = 5;
        options.n_init = 1;
        options.algorithm = "minibatch";
        compare(kinds[v], 21001, &options);
    }
}

/* More centroids than the first pool is for. */
Test(permuted, nor_for_many_centroids, .timeout = 120)
{
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = 150;
    options.n_init = 1;
    options.max_iter = 3;
    compare("one cloud", 45001, &options);
}
