/* Mini-batches: near Lloyd's result for less work, and the same bytes each time. */
#include "base/rng.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { N = 40000, D = 6, K = 10 };

static float x[N * D];

/* Overlapping groups of unequal size. */
static void make_mixture(uint64_t seed) {
    for (uint64_t i = 0; i < N; i++) {
        double u = km_random_uniform(seed, KM_STAGE_TEST, i, 0);
        uint64_t group = (uint64_t)(K * u * u);
        for (uint64_t j = 0; j < D; j++) {
            double mean = 6 * km_random_uniform(seed, KM_STAGE_TEST, group * D + j, 1);
            x[i * D + j] = (float)(mean + km_random_normal(seed, KM_STAGE_TEST, i * D + j, 2));
        }
    }
}

static kmseg_fit_options minibatch(void) {
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = K;
    options.algorithm = "minibatch";
    options.n_init = 3;
    options.seed = 7;
    return options;
}

static kmseg_tiles *tiles_of(kmseg_context *ctx, const void *values, int64_t n, int64_t d,
                             const double *weights, kmseg_dtype dtype) {
    kmseg_matrix matrix = kmseg_matrix_view(values, KMSEG_FLOAT32, n, d);
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    options.dtype = dtype;
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, weights, &options, &tiles));
    return tiles;
}

Test(minibatch, inertia_is_within_a_few_percent_of_lloyds, .timeout = 120)
{
    kmseg_context *ctx = test_context(2, NULL);
    double worst = 0, sum = 0;
    for (uint64_t seed = 0; seed < 6; seed++) {
        make_mixture(seed);
        kmseg_tiles *tiles = tiles_of(ctx, x, N, D, NULL, 0);
        kmseg_fit_options options = minibatch();
        kmseg_model *fast, *exact;
        OK(ctx, kmseg_fit(ctx, tiles, &options, &fast));
        options.algorithm = "lloyd";
        OK(ctx, kmseg_fit(ctx, tiles, &options, &exact));
        double above = fast->inertia / exact->inertia - 1;
        worst = fmax(worst, above);
        sum += above;
        /* Its estimate of the inertia, from batches, is near what it is. */
        double estimate = fast->history[fast->n_iter - 1];
        cr_assert(fabs(estimate / fast->inertia - 1) < 0.1, "estimate %g of %g", estimate,
                  fast->inertia);
        cr_assert_leq(fast->n_iter, 10, "%d times all samples", fast->n_iter);
        kmseg_model_free(fast);
        kmseg_model_free(exact);
        kmseg_tiles_free(tiles);
    }
    cr_assert(worst < 0.07 && sum / 6 < 0.03, "%.1f %% above lloyd's at worst, %.1f %% on average",
              100 * worst, 100 * sum / 6);
    kmseg_context_free(ctx);
}

Test(minibatch, labels_are_those_of_the_nearest_centroids)
{
    make_mixture(1);
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, x, N, D, NULL, 0);
    kmseg_fit_options options = minibatch();
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    static int32_t labels[N];
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT32, N, D);
    OK(ctx, kmseg_predict(ctx, &matrix, model->centroids, K, labels, NULL, NULL, NULL));
    cr_assert(memcmp(labels, model->labels, sizeof labels) == 0);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(minibatch, the_same_bytes_for_any_threads_kernels_and_tiles, .timeout = 120)
{
    make_mixture(2);
    static double weights[N];
    for (uint64_t i = 0; i < N; i++) {
        weights[i] = km_random_uniform(3, KM_STAGE_TEST, i, 0);
    }
    kmseg_model *first = NULL;
    const int32_t threads[] = {1, 2, 3, 7};
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        for (int t = 0; t < 4 && kmseg_kernels_available(kmseg_kernels_name(i)); t++) {
            kmseg_context *ctx = test_context(threads[t], kmseg_kernels_name(i));
            kmseg_tiles *tiles =
                tiles_of(ctx, x, N, D, weights, t % 2 == 0 ? KMSEG_FLOAT32 : KMSEG_FLOAT64);
            kmseg_fit_options options = minibatch();
            options.batch_size = 1000; /* no multiple of a tile */
            kmseg_model *model;
            OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
            if (first == NULL) {
                first = model;
            } else {
                cr_assert_eq(model->n_iter, first->n_iter);
                cr_assert(memcmp(model->centroids, first->centroids, sizeof(double) * K * D) == 0);
                cr_assert(memcmp(model->labels, first->labels, sizeof(int32_t) * N) == 0);
                cr_assert(memcmp(model->history, first->history,
                                 sizeof(double) * (size_t)first->n_iter) == 0);
                cr_assert(memcmp(&model->inertia, &first->inertia, sizeof(double)) == 0);
                kmseg_model_free(model);
            }
            kmseg_tiles_free(tiles);
            kmseg_context_free(ctx);
        }
    }
    kmseg_model_free(first);
}

/* One centroid is the weighted mean of what it was given: 9 parts at 0 and 1 at 10, and samples of
 * weight 0 far out. */
Test(minibatch, samples_count_by_their_weight)
{
    enum { MANY = 6000 };
    static float values[MANY];
    static double weights[MANY];
    for (int i = 0; i < MANY; i++) {
        values[i] = i % 3 == 0 ? 0.0f : i % 3 == 1 ? 10.0f : 1e6f;
        weights[i] = i % 3 == 0 ? 9 : i % 3 == 1 ? 1 : 0;
    }
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, values, MANY, 1, weights, 0);
    kmseg_fit_options options = minibatch();
    options.n_clusters = 1;
    options.tol = 0;
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    cr_assert(fabs(model->centroids[0] - 1) < 0.1, "centroid %g", model->centroids[0]);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(minibatch, clusters_that_nobody_joins_get_a_place_among_the_samples)
{
    make_mixture(4);
    double start[K * D];
    for (int i = 0; i < K * D; i++) {
        start[i] = i < D ? 3 : 1e7 + i; /* all but one far from everything */
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, x, N, D, NULL, 0);
    kmseg_fit_options options = minibatch();
    options.init = "given";
    options.init_centroids = start;
    kmseg_model *model, *exact;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    cr_assert_eq(model->n_nonempty, K);
    options = minibatch();
    options.algorithm = "lloyd";
    OK(ctx, kmseg_fit(ctx, tiles, &options, &exact));
    cr_assert(model->inertia < 1.3 * exact->inertia, "%g, lloyd from a good start %g",
              model->inertia, exact->inertia);
    kmseg_model_free(model);
    kmseg_model_free(exact);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(minibatch, it_stops_for_the_reason_it_says)
{
    make_mixture(5);
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, x, N, D, NULL, 0);
    kmseg_fit_options options = minibatch();
    options.n_init = 1;
    options.tol = 0.01;
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model)); /* centroids slow down */
    cr_assert_eq(model->stop_reason, KMSEG_STOP_TOL);
    kmseg_model_free(model);
    options.tol = 0;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    cr_assert_eq(model->stop_reason, KMSEG_STOP_STALLED);
    kmseg_model_free(model);
    options.max_iter = 1;
    options.batch_size = N / 4; /* four batches and no more */
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    cr_assert_eq(model->stop_reason, KMSEG_STOP_MAX_ITER);
    cr_assert_eq(model->n_iter, 1);
    kmseg_model_free(model);
    options.batch_size = 0;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_fit(ctx, tiles, &options, &model), "batch_size");
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

static void cancel_late(void *user, const char *stage, int64_t done, int64_t total) {
    (void)stage;
    if (done >= total / 6) { /* behind the first centroids of the only batch of restarts */
        kmseg_cancel(*(kmseg_context **)user);
    }
}

Test(minibatch, a_cancel_ends_it)
{
    make_mixture(6);
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, x, N, D, NULL, 0);
    kmseg_fit_options options = minibatch();
    kmseg_context_set_progress(ctx, cancel_late, &ctx);
    kmseg_model *model;
    FAILS(ctx, KMSEG_E_CANCELLED, kmseg_fit(ctx, tiles, &options, &model), "cancelled");
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}
