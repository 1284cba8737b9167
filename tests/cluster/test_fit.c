#include "base/rng.h"
#include "support/iris.h"
#include "support/support.h"

#include <math.h>

static kmseg_model *fit(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t k, uint64_t seed) {
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = k;
    options.seed = seed;
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    return model;
}

/* WCSS of the best 3 clusters of the raw irises, a reference number of the literature. */
Test(fit, iris_with_three_clusters_has_the_inertia_of_the_literature)
{
    kmseg_context *ctx = test_context(0, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    kmseg_model *model = fit(ctx, tiles, 3, 0);
    cr_assert_float_eq(model->inertia, 78.851441426, 1e-8, "%.12f", model->inertia);
    cr_assert_eq(model->n_nonempty, 3);
    double again;
    OK(ctx, kmseg_inertia(ctx, tiles, model->labels, model->centroids, 3, &again));
    cr_assert_eq(again, model->inertia);
    cr_assert_float_eq(model->history[model->n_iter - 1], model->inertia, 1e-9);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Points 0, 1, 10, 11 with k = 2: centroids .5 and 10.5, inertia 4 * .25 = 1. */
Test(fit, four_points_on_a_line_give_the_result_worked_by_hand)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {0, 1, 10, 11};
    kmseg_tiles *tiles = test_tiles(ctx, x, 4, 1, NULL);
    kmseg_model *model = fit(ctx, tiles, 2, 3);
    cr_assert_eq(model->inertia, 1.0);
    cr_assert_eq(fmin(model->centroids[0], model->centroids[1]), 0.5);
    cr_assert_eq(fmax(model->centroids[0], model->centroids[1]), 10.5);
    cr_assert_eq(model->labels[0], model->labels[1]);
    cr_assert_eq(model->labels[2], model->labels[3]);
    cr_assert_neq(model->labels[0], model->labels[2]);
    cr_assert_eq(model->stop_reason, KMSEG_STOP_LABELS);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Weights 1, 3 on points 0, 4: mean 3, inertia 1*9 + 3*1 = 12. */
Test(fit, weights_pull_the_centroid)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {0, 4}, w[] = {1, 3};
    kmseg_tiles *tiles = test_tiles(ctx, x, 2, 1, w);
    kmseg_model *model = fit(ctx, tiles, 1, 0);
    cr_assert_eq(model->centroids[0], 3.0);
    cr_assert_eq(model->inertia, 12.0);
    cr_assert_eq(model->cluster_weights[0], 4.0);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(fit, samples_of_weight_zero_get_a_label_but_never_become_or_move_a_centroid)
{
    kmseg_context *ctx = test_context(2, NULL);
    const double x[] = {0, 1, 10, 11, 1e6, 5e5}, w[] = {1, 1, 1, 1, 0, 0};
    kmseg_tiles *tiles = test_tiles(ctx, x, 6, 1, w);
    for (uint64_t seed = 0; seed < 20; seed++) {
        kmseg_model *model = fit(ctx, tiles, 2, seed);
        cr_assert_eq(model->inertia, 1.0);
        cr_assert_eq(fmax(model->centroids[0], model->centroids[1]), 10.5);
        cr_assert_eq(model->labels[4], model->labels[3]);
        kmseg_model_free(model);
    }
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = 5;
    kmseg_model *none;
    FAILS(ctx, KMSEG_E_DATA, kmseg_fit(ctx, tiles, &options, &none), "n_clusters is 5",
          "4 samples of positive weight");
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Whole weights are repeated rows: sums are exact, so even the bits agree. */
Test(fit, a_weight_of_three_is_three_equal_samples)
{
    kmseg_context *ctx = test_context(2, NULL);
    enum { N = 200, D = 3, K = 4 };
    double once[N * D], weights[N], *many = malloc(sizeof(double) * N * 4 * D);
    double start[K * D];
    int64_t m = 0;
    for (int i = 0; i < N; i++) {
        weights[i] = 1 + i % 4;
        for (int j = 0; j < D; j++) {
            once[i * D + j] = km_random_normal(5, KM_STAGE_TEST, (uint64_t)(i * D + j), 0);
        }
        for (int r = 0; r < 1 + i % 4; r++) {
            memcpy(many + m++ * D, once + i * D, D * sizeof(double));
        }
    }
    memcpy(start, once, sizeof start);
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = K;
    options.init = "given";
    options.init_centroids = start;
    kmseg_tiles *a = test_tiles(ctx, once, N, D, weights), *b = test_tiles(ctx, many, m, D, NULL);
    kmseg_model *weighted, *repeated;
    OK(ctx, kmseg_fit(ctx, a, &options, &weighted));
    OK(ctx, kmseg_fit(ctx, b, &options, &repeated));
    cr_assert_eq(weighted->n_iter, repeated->n_iter);
    for (int i = 0; i < K * D; i++) {
        cr_assert_float_eq(weighted->centroids[i], repeated->centroids[i], 1e-13);
    }
    cr_assert_float_eq(weighted->inertia, repeated->inertia, 1e-10);
    kmseg_model_free(weighted);
    kmseg_model_free(repeated);
    kmseg_tiles_free(a);
    kmseg_tiles_free(b);
    free(many);
    kmseg_context_free(ctx);
}

/* Columns that do not vary, and so have no unit of their own, are kept to the bit. */
Test(fit, a_constant_column_is_its_own_mean_in_every_cluster)
{
    kmseg_context *ctx = test_context(2, NULL);
    enum { N = 300, D = 4, K = 3 };
    const double constant[D] = {0.1, 1e-300, -1e150, NAN};
    double x[N * D], weights[N];
    for (int i = 0; i < N; i++) {
        memcpy(x + i * D, constant, sizeof constant);
        x[i * D + 3] = km_random_normal(6, KM_STAGE_TEST, (uint64_t)i, 0);
        weights[i] = i % 2 ? 1 : 0.3;
    }
    for (int weighted = 0; weighted < 2; weighted++) {
        kmseg_tiles *tiles = test_tiles(ctx, x, N, D, weighted ? weights : NULL);
        kmseg_model *model = fit(ctx, tiles, K, 1);
        for (int i = 0; i < K * D; i++) {
            cr_assert(i % D == 3 || model->centroids[i] == constant[i % D], "%g, not %g",
                      model->centroids[i], constant[i % D]);
        }
        kmseg_model_free(model);
        kmseg_tiles_free(tiles);
    }
    kmseg_context_free(ctx);
}

/* Weights are relative: 2^-200 each is as good as 1, to the last bit of the inertia. */
Test(fit, weights_all_multiplied_by_a_power_of_two_change_nothing)
{
    kmseg_context *ctx = test_context(2, NULL);
    const int powers[] = {-900, -200, -40, -1, 40, 400};
    double weights[150];
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    kmseg_model *plain = fit(ctx, tiles, 3, 4);
    for (size_t p = 0; p < sizeof powers / sizeof *powers; p++) {
        for (int i = 0; i < 150; i++) {
            weights[i] = ldexp(1, powers[p]);
        }
        kmseg_tiles *weighted = test_tiles(ctx, iris, 150, 4, weights);
        kmseg_model *model = fit(ctx, weighted, 3, 4);
        cr_assert_arr_eq(model->labels, plain->labels, 150 * sizeof(int32_t));
        cr_assert_float_eq(ldexp(model->inertia, -powers[p]), plain->inertia, 1e-12);
        for (int i = 0; i < 12; i++) {
            cr_assert_float_eq(model->centroids[i], plain->centroids[i], 1e-14);
        }
        kmseg_model_free(model);
        kmseg_tiles_free(weighted);
    }
    kmseg_model_free(plain);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Two groups far apart; the samples of one weigh a billionth of those of the other. Their mean is as
 * good as that of the heavy ones. Whole weights, and others. */
Test(fit, a_cluster_of_light_samples_has_an_exact_mean_too)
{
    kmseg_context *ctx = test_context(2, NULL);
    enum { N = 1000 };
    const double heavy[] = {1 << 30, 1e6}, light[] = {1, 1e-3 / 3};
    for (int which = 0; which < 2; which++) {
        double x[N], weights[N], mean[2] = {0};
        for (int i = 0; i < N; i++) {
            weights[i] = i % 2 ? light[which] : heavy[which];
            x[i] = (i % 2 ? 100 : 0) + km_random_uniform(7, KM_STAGE_TEST, (uint64_t)i, 0);
            mean[i % 2] += x[i] / (N / 2);
        }
        const double start[] = {0, 100};
        kmseg_fit_options options;
        kmseg_fit_options_init(&options);
        options.n_clusters = 2;
        options.init = "given";
        options.init_centroids = start;
        kmseg_tiles *tiles = test_tiles(ctx, x, N, 1, weights);
        kmseg_model *model;
        OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
        for (int c = 0; c < 2; c++) {
            cr_assert_float_eq(model->centroids[c], mean[c], 1e-13 * mean[c], "%.17g, not %.17g",
                               model->centroids[c], mean[c]);
        }
        kmseg_model_free(model);
        kmseg_tiles_free(tiles);
    }
    kmseg_context_free(ctx);
}

Test(fit, more_clusters_than_distinct_samples_leaves_clusters_empty_and_says_so)
{
    kmseg_context *ctx = test_context(2, NULL);
    double x[40];
    for (int i = 0; i < 40; i++) {
        x[i] = i % 3;
    }
    kmseg_tiles *tiles = test_tiles(ctx, x, 40, 1, NULL);
    kmseg_model *model = fit(ctx, tiles, 7, 1);
    cr_assert_eq(model->n_nonempty, 3);
    cr_assert_eq(model->inertia, 0.0);
    int64_t total = 0;
    for (int c = 0; c < 7; c++) {
        total += model->cluster_sizes[c];
    }
    cr_assert_eq(total, 40);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(fit, one_sample_and_equal_samples_are_clusters_of_inertia_zero)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {3, 4, 3, 4, 3, 4};
    for (int64_t n = 1; n <= 3; n += 2) {
        kmseg_tiles *tiles = test_tiles(ctx, x, n, 2, NULL);
        kmseg_model *model = fit(ctx, tiles, 1, 0);
        cr_assert_eq(model->inertia, 0.0);
        cr_assert_eq(model->centroids[0], 3.0);
        cr_assert_eq(model->centroids[1], 4.0);
        kmseg_model_free(model);
        kmseg_tiles_free(tiles);
    }
    kmseg_context_free(ctx);
}

/* Start at 0 and 100 for points 0, 1, 10: the second centroid gets nobody; the farthest sample from
 * its centroid, 10, moves there. Then means .5 and 10, inertia .5. */
Test(fit, an_empty_cluster_gets_the_farthest_sample)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {0, 1, 10}, start[] = {0, 100};
    kmseg_tiles *tiles = test_tiles(ctx, x, 3, 1, NULL);
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = 2;
    options.init = "given";
    options.init_centroids = start;
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    cr_assert_eq(model->n_nonempty, 2);
    cr_assert_eq(model->inertia, 0.5);
    cr_assert_eq(model->centroids[1], 10.0);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(fit, every_initialiser_and_algorithm_reaches_a_sound_result)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    const kmseg_option_table *table = kmseg_fit_option_table();
    const kmseg_option *init = kmseg_options_find(table, "init");
    const kmseg_option *algorithm = kmseg_options_find(table, "algorithm");
    for (int32_t a = 0; algorithm->choice_name(a) != NULL; a++) {
        for (int32_t i = 0; init->choice_name(i) != NULL; i++) {
            kmseg_fit_options options;
            kmseg_fit_options_init(&options);
            options.n_clusters = 3;
            options.algorithm = algorithm->choice_name(a);
            options.init = init->choice_name(i);
            options.init_centroids = strcmp(options.init, "given") == 0 ? iris + 48 * 4 : NULL;
            kmseg_model *model;
            OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
            cr_assert(model->inertia < 200, "%s from %s: %g", options.algorithm, options.init,
                      model->inertia);
            kmseg_model_free(model);
        }
    }
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(fit, options_out_of_bounds_are_refused_by_name)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    kmseg_fit_options options;
    kmseg_model *model;
    kmseg_fit_options_init(&options);
    options.n_clusters = 0;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_fit(ctx, tiles, &options, &model), "n_clusters is 0",
          "between 1 and");
    options.n_clusters = 151;
    FAILS(ctx, KMSEG_E_DATA, kmseg_fit(ctx, tiles, &options, &model), "n_clusters is 151",
          "150 samples");
    options.n_clusters = 3;
    options.init = "given";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_fit(ctx, tiles, &options, &model), "init_centroids",
          "3 x 4");
    double bad[12] = {0};
    bad[5] = NAN;
    options.init_centroids = bad;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_fit(ctx, tiles, &options, &model), "row 1", "column 1");
    options.init = "k-menas";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_fit(ctx, tiles, &options, &model), "k-menas", "k-means++");
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(tiles, values_that_are_not_finite_are_named_by_row_and_column)
{
    kmseg_context *ctx = test_context(2, NULL);
    double *x = calloc(10000 * 3, sizeof *x);
    x[7000 * 3 + 1] = NAN;
    x[9000 * 3 + 2] = INFINITY;
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, 10000, 3);
    kmseg_tiles *tiles;
    FAILS(ctx, KMSEG_E_DATA, kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles), "row 7000",
          "column 1", "finite");
    x[7000 * 3 + 1] = 0;
    FAILS(ctx, KMSEG_E_DATA, kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles), "row 9000",
          "column 2");
    x[9000 * 3 + 2] = 0;
    double *w = calloc(10000, sizeof *w);
    FAILS(ctx, KMSEG_E_DATA, kmseg_tiles_new(ctx, &matrix, w, NULL, &tiles), "sample_weight");
    w[3] = -1;
    FAILS(ctx, KMSEG_E_DATA, kmseg_tiles_new(ctx, &matrix, w, NULL, &tiles), "row 3", "at least 0");
    free(w);
    free(x);
    kmseg_context_free(ctx);
}

Test(tiles, sizes_whose_squares_overflow_and_unknown_types_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {1e149, -1e149, 0, 1e100}, w[] = {1, 1e20, 1, 1};
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, 4, 1);
    kmseg_tiles *tiles;
    FAILS(ctx, KMSEG_E_DATA, kmseg_tiles_new(ctx, &matrix, w, NULL, &tiles), "overflow", "1e+20");
    OK(ctx, kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles));
    kmseg_tiles_free(tiles);
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    options.dtype = (kmseg_dtype)9;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tiles_new(ctx, &matrix, NULL, &options, &tiles),
          "dtype of the tiles is 9");
    matrix.dtype = (kmseg_dtype)4;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles),
          "dtype of the samples is 4");
    int32_t labels[4];
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_predict(ctx, &matrix, x, 1, labels, NULL, NULL, NULL),
          "dtype of the samples is 4");
    kmseg_context_free(ctx);
}

/* The same samples column-major, with padded rows, and from the last row to the first. */
Test(tiles, any_stride_gives_the_same_fit)
{
    kmseg_context *ctx = test_context(2, NULL);
    double columns[150 * 4], padded[150 * 7], upwards[150 * 4];
    for (int i = 0; i < 150; i++) {
        for (int j = 0; j < 4; j++) {
            columns[j * 150 + i] = padded[i * 7 + j] = iris[i * 4 + j];
            upwards[(149 - i) * 4 + j] = iris[i * 4 + j];
        }
    }
    kmseg_matrix views[4] = {
        kmseg_matrix_view(iris, KMSEG_FLOAT64, 150, 4),
        {columns, KMSEG_FLOAT64, 150, 4, 1, 150},
        {padded, KMSEG_FLOAT64, 150, 4, 7, 1},
        {upwards + 149 * 4, KMSEG_FLOAT64, 150, 4, -4, 1},
    };
    double inertia[4];
    for (int v = 0; v < 4; v++) {
        kmseg_tiles *tiles;
        OK(ctx, kmseg_tiles_new(ctx, &views[v], NULL, NULL, &tiles));
        kmseg_model *model = fit(ctx, tiles, 5, 9);
        inertia[v] = model->inertia;
        kmseg_model_free(model);
        kmseg_tiles_free(tiles);
    }
    cr_assert_eq(inertia[0], inertia[1]);
    cr_assert_eq(inertia[0], inertia[2]);
    cr_assert_eq(inertia[0], inertia[3]);
    kmseg_context_free(ctx);
}

Test(predict, gives_the_labels_of_the_fit_and_the_runner_up)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    kmseg_model *model = fit(ctx, tiles, 6, 2);
    kmseg_matrix matrix = kmseg_matrix_view(iris, KMSEG_FLOAT64, 150, 4);
    int32_t labels[150], second[150];
    double distances[150], second_distances[150];
    OK(ctx, kmseg_predict(ctx, &matrix, model->centroids, 6, labels, distances, second,
                          second_distances));
    for (int i = 0; i < 150; i++) {
        cr_assert_eq(labels[i], model->labels[i]);
        cr_assert(second[i] != labels[i] && distances[i] <= second_distances[i]);
        double nearest = INFINITY, next = INFINITY;
        for (int c = 0; c < 6; c++) {
            double square = 0;
            for (int j = 0; j < 4; j++) {
                double away = iris[i * 4 + j] - model->centroids[c * 4 + j];
                square += away * away;
            }
            if (square < nearest) {
                next = nearest;
                nearest = square;
            } else if (square < next) {
                next = square;
            }
        }
        cr_assert_eq(distances[i], sqrt(nearest));
        cr_assert_eq(second_distances[i], sqrt(next));
    }
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(predict, one_cluster_has_no_runner_up)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {1, 2}, centroid[] = {0};
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, 2, 1);
    int32_t labels[2], second[2];
    double distances[2], second_distances[2];
    OK(ctx, kmseg_predict(ctx, &matrix, centroid, 1, labels, distances, second, second_distances));
    cr_assert_eq(labels[1], 0);
    cr_assert_eq(distances[1], 2.0);
    cr_assert_eq(second[1], -1);
    cr_assert(isinf(second_distances[1]));
    kmseg_context_free(ctx);
}
