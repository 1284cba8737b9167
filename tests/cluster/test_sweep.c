/* A sweep gives for every number of clusters what a fit for it gives, to the byte. */
#include "cluster/cluster.h"
#include "support/support.h"

#include "base/rng.h"

#include <string.h>

enum { N = 9000, D = 3, FIRST = 1, LAST = 7, N_K = LAST - FIRST + 1 };

static float x[N * D];
static double weights[N];

static void make_samples(void) {
    for (int64_t i = 0; i < N; i++) {
        uint64_t group = km_random_u64(3, KM_STAGE_TEST, (uint64_t)i, 1) % 5;
        for (int32_t j = 0; j < D; j++) {
            double noise = km_random_uniform(3, KM_STAGE_TEST, (uint64_t)(i * D + j), 2);
            double mean = km_random_uniform(3, KM_STAGE_TEST, group * D + (uint64_t)j, 3);
            x[i * D + j] = (float)(2 * mean + noise);
        }
        weights[i] = (double)(i % 4);
    }
}

static kmseg_tiles *tiles_of(kmseg_context *ctx, int weighted) {
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT32, N, D);
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, weighted ? weights : NULL, NULL, &tiles));
    return tiles;
}

static void assert_same(const kmseg_model *a, const kmseg_model *b) {
    int32_t k = b->n_clusters;
    cr_assert_eq(a->n_clusters, k);
    cr_assert_eq(a->n_iter, b->n_iter);
    cr_assert_eq(a->best_init, b->best_init);
    cr_assert_eq(a->stop_reason, b->stop_reason);
    cr_assert_eq(a->inertia, b->inertia);
    cr_assert_arr_eq(a->labels, b->labels, N * sizeof *a->labels);
    cr_assert_arr_eq(a->centroids, b->centroids, (size_t)(k * D) * sizeof *a->centroids);
    cr_assert_arr_eq(a->history, b->history, (size_t)b->n_iter * sizeof *a->history);
    cr_assert_arr_eq(a->cluster_sizes, b->cluster_sizes, (size_t)k * sizeof *a->cluster_sizes);
    cr_assert_arr_eq(a->cluster_weights, b->cluster_weights,
                     (size_t)k * sizeof *a->cluster_weights);
}

/* Compares models for FIRST to LAST clusters with fits on one thread. */
static void assert_fits(kmseg_model *const *models, const kmseg_fit_options *options,
                        int weighted) {
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, weighted);
    for (int32_t i = 0; i < N_K; i++) {
        kmseg_fit_options one = *options;
        one.n_clusters = FIRST + i;
        kmseg_model *model;
        OK(ctx, kmseg_fit(ctx, tiles, &one, &model));
        assert_same(models[i], model);
        kmseg_model_free(model);
    }
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(sweep, gives_what_a_fit_of_each_number_gives)
{
    make_samples();
    for (int32_t i = 0; km_initialiser_at(i) != NULL; i++) {
        for (int variant = 0; variant < 4; variant++) {
            int weighted = variant % 2;
            kmseg_fit_options options;
            kmseg_fit_options_init(&options);
            options.init = km_initialiser_at(i)->name;
            options.n_init = 3;
            options.seed = 11;
            options.coreset_size = variant < 2 ? 0 : 5 * 64; /* for 1 to 5 clusters */
            kmseg_context *ctx = test_context(2, NULL);
            kmseg_tiles *tiles = tiles_of(ctx, weighted);
            kmseg_sweep_result *result;
            if (strcmp(options.init, "given") == 0) {
                FAILS(ctx, KMSEG_E_ARGUMENT,
                      kmseg_sweep(ctx, tiles, FIRST, LAST, &options, &result),
                      "one number of clusters");
                cr_assert_null(result);
            } else {
                OK(ctx, kmseg_sweep(ctx, tiles, FIRST, LAST, &options, &result));
                cr_assert_eq(result->n_models, N_K);
                assert_fits(result->models, &options, weighted);
                kmseg_sweep_free(result);
            }
            kmseg_tiles_free(tiles);
            kmseg_context_free(ctx);
        }
    }
}

/* However few climbs the memory allows at once, the best is the same. */
Test(sweep, does_not_depend_on_what_runs_together)
{
    make_samples();
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_init = 5;
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, 0);
    const int32_t ks[N_K] = {1, 2, 3, 4, 5, 6, 7};
    const int64_t one = N * KM_PASS_SAMPLE_BYTES, limits[] = {0, 3 * one, 9 * one, 15 * one};
    const size_t n_limits = sizeof limits / sizeof *limits;
    for (size_t i = 0; i < 2 * n_limits; i++) {
        options.coreset_size = i < n_limits ? 0 : 500;
        kmseg_model *models[N_K];
        km_search_job job = {tiles, &options, ks, N_K, limits[i % n_limits]};
        OK(ctx, km_search(ctx, &job, models));
        assert_fits(models, &options, 0);
        for (int32_t m = 0; m < N_K; m++) {
            kmseg_model_free(models[m]);
        }
    }
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(sweep, refuses_ranges_that_are_none)
{
    make_samples();
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, 0);
    kmseg_sweep_result *result;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_sweep(ctx, tiles, 0, 3, &options, &result), "from 0 to 3");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_sweep(ctx, tiles, 4, 3, &options, &result), "from 4 to 3");
    FAILS(ctx, KMSEG_E_DATA, kmseg_sweep(ctx, tiles, 2, N + 1, &options, &result), "9000 samples");
    kmseg_sweep_free(NULL);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}
