#include "base/rng.h"
#include "support/failing.h"
#include "support/iris.h"
#include "support/support.h"

#include <math.h>

/* Reference numbers for iris, raw, k = 3. */
Test(evaluate, iris_has_the_indices_of_the_literature)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = 3;
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    double value, error;
    OK(ctx, kmseg_calinski_harabasz(ctx, tiles, model->labels, 3, &value));
    cr_assert_float_eq(value, 561.627756630, 1e-8, "%.12f", value);
    OK(ctx, kmseg_davies_bouldin(ctx, tiles, model->labels, 3, &value));
    cr_assert_float_eq(value, 0.661971547, 1e-9, "%.12f", value);
    OK(ctx, kmseg_silhouette(ctx, tiles, model->labels, 3, &value, NULL));
    cr_assert_float_eq(value, 0.552819012, 1e-9, "%.12f", value);
    OK(ctx, kmseg_silhouette_simplified(ctx, tiles, model->labels, 3, &value, NULL));
    cr_assert_float_eq(value, 0.666385556, 1e-9, "%.12f", value);
    OK(ctx, kmseg_silhouette_sampled(ctx, tiles, model->labels, 3, 1000, 1, &value, &error));
    cr_assert_float_eq(value, 0.552819012, 1e-9);
    cr_assert_eq(error, 0.0);
    OK(ctx, kmseg_silhouette_sampled(ctx, tiles, model->labels, 3, 60, 1, &value, &error));
    cr_assert(fabs(value - 0.552819012) < 5 * error && error > 0 && error < 0.1);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Points 0, 2 | 10 on a line. Sample 0: a = 2, b = 10, s = .8; sample 2: a = 2, b = 8, s = .75;
 * sample 10 is alone: 0. Mean .516667.
 * Means 1 and 10. Simplified: 0: a 1, b 10, .9; 2: a 1, b 8, .875; 10: a 0, b 9, 1.
 * Within 2, between 2 (4-1)^2 + (10-4)^2 = 54; CH = (54 / 1) / (2 / 1) = 27.
 * Spreads 1 and 0, distance 9: DB = 1 / 9. */
Test(evaluate, three_points_on_a_line_give_the_values_worked_by_hand)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {0, 2, 10};
    const int32_t labels[] = {0, 0, 1};
    kmseg_tiles *tiles = test_tiles(ctx, x, 3, 1, NULL);
    double mean, samples[3], value;
    OK(ctx, kmseg_silhouette(ctx, tiles, labels, 2, &mean, samples));
    cr_assert_float_eq(samples[0], 0.8, 1e-15);
    cr_assert_float_eq(samples[1], 0.75, 1e-15);
    cr_assert_eq(samples[2], 0.0);
    cr_assert_float_eq(mean, (0.8 + 0.75) / 3, 1e-15);
    OK(ctx, kmseg_silhouette_simplified(ctx, tiles, labels, 2, &mean, samples));
    cr_assert_float_eq(samples[0], 0.9, 1e-15);
    cr_assert_float_eq(samples[1], 0.875, 1e-15);
    cr_assert_eq(samples[2], 1.0);
    OK(ctx, kmseg_calinski_harabasz(ctx, tiles, labels, 2, &value));
    cr_assert_float_eq(value, 27.0, 1e-13);
    OK(ctx, kmseg_davies_bouldin(ctx, tiles, labels, 2, &value));
    cr_assert_float_eq(value, 1.0 / 9, 1e-15);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* One sample at 1e15 in a cluster of its own, 0 and 1 in the other: inertia 2 * .25, and within
 * dispersion likewise. */
Test(evaluate, a_far_sample_takes_nothing_from_the_precision_of_others)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {0, 1, 1e15};
    const int32_t labels[] = {0, 0, 1};
    kmseg_tiles *tiles = test_tiles(ctx, x, 3, 1, NULL);
    const double centroids[] = {0.5, 1e15};
    double value;
    OK(ctx, kmseg_inertia(ctx, tiles, labels, centroids, 2, &value));
    cr_assert_eq(value, 0.5);
    /* Between: 2 (1e15 / 3)^2 + (2e15 / 3)^2 = 2/3 1e30, over 1; within .5, over 1. */
    OK(ctx, kmseg_calinski_harabasz(ctx, tiles, labels, 2, &value));
    cr_assert_float_eq(value, 2.0 / 3 * 1e30 / 0.5, 1e18);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(evaluate, empty_clusters_change_no_index)
{
    kmseg_context *ctx = test_context(2, NULL);
    int32_t labels[150], spread[150];
    for (int i = 0; i < 150; i++) {
        labels[i] = i / 50;
        spread[i] = 1 + 3 * (i / 50); /* 1, 4, 7 of 9 */
    }
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    double a, b;
    OK(ctx, kmseg_silhouette(ctx, tiles, labels, 3, &a, NULL));
    OK(ctx, kmseg_silhouette(ctx, tiles, spread, 9, &b, NULL));
    cr_assert_eq(a, b);
    OK(ctx, kmseg_silhouette_simplified(ctx, tiles, labels, 3, &a, NULL));
    OK(ctx, kmseg_silhouette_simplified(ctx, tiles, spread, 9, &b, NULL));
    cr_assert_eq(a, b);
    OK(ctx, kmseg_calinski_harabasz(ctx, tiles, labels, 3, &a));
    OK(ctx, kmseg_calinski_harabasz(ctx, tiles, spread, 9, &b));
    cr_assert_eq(a, b);
    OK(ctx, kmseg_davies_bouldin(ctx, tiles, labels, 3, &a));
    OK(ctx, kmseg_davies_bouldin(ctx, tiles, spread, 9, &b));
    cr_assert_eq(a, b);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* A third cluster of weight 0 counts for neither index; a weight of 2 is two samples; weights of a
 * thousandth are as good as weights of 1, and a Calinski-Harabasz index is never negative. */
Test(evaluate, weights_count_samples_in_indices_of_dispersion)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_status (*const indices[])(kmseg_context *, const kmseg_tiles *, const int32_t *, int32_t,
                                    double *) = {kmseg_calinski_harabasz, kmseg_davies_bouldin};
    enum { N = 100 };
    double weights[150], thousandth[N], twice[150 * 4];
    int32_t labels[150], twice_labels[150];
    int64_t m = 0;
    for (int i = 0; i < 150; i++) {
        labels[i] = i / 50;
        weights[i] = i >= N ? 0 : 1 + i % 3 / 2;
        thousandth[i % N] = 1e-3;
        for (int r = 0; r < (int)weights[i]; r++) {
            memcpy(twice + m * 4, iris + i * 4, 4 * sizeof(double));
            twice_labels[m++] = labels[i];
        }
    }
    kmseg_tiles *weighted = test_tiles(ctx, iris, 150, 4, weights);
    kmseg_tiles *repeated = test_tiles(ctx, twice, m, 4, NULL);
    kmseg_tiles *small = test_tiles(ctx, iris, N, 4, thousandth);
    kmseg_tiles *plain = test_tiles(ctx, iris, N, 4, NULL);
    for (size_t i = 0; i < 2; i++) {
        double a, b;
        OK(ctx, indices[i](ctx, weighted, labels, 3, &a));
        OK(ctx, indices[i](ctx, repeated, twice_labels, 3, &b));
        cr_assert_float_eq(a, b, 1e-12 * b, "%.17g, not %.17g", a, b);
        OK(ctx, indices[i](ctx, small, labels, 3, &a));
        OK(ctx, indices[i](ctx, plain, labels, 3, &b));
        cr_assert_float_eq(a, b, 1e-12 * b, "%.17g, not %.17g", a, b);
    }
    kmseg_tiles_free(weighted);
    kmseg_tiles_free(repeated);
    kmseg_tiles_free(small);
    kmseg_tiles_free(plain);
    kmseg_context_free(ctx);
}

/* Also when one of them has so many clusters that they cannot all have their sums at once, and when a
 * labelling is of one cluster, for which only its inertia is defined. */
Test(evaluate, many_labellings_at_once_have_the_indices_of_each_alone)
{
    enum { MANY = 9000, SAMPLED = 70, N_LABELLINGS = 5 };
    static int32_t labels[N_LABELLINGS][150];
    const kmseg_labelling all[N_LABELLINGS] = {
        {labels[0], 3}, {labels[1], 1}, {labels[2], MANY}, {labels[3], MANY}, {labels[4], 150}};
    for (int i = 0; i < 150; i++) {
        labels[0][i] = i / 50;
        labels[2][i] = i * 59;
        labels[3][i] = MANY - 1 - i % 7;
        labels[4][i] = i / 40;
    }
    for (int32_t threads = 1; threads < 4; threads++) {
        kmseg_context *ctx = test_context(threads, NULL);
        kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
        kmseg_indices got[N_LABELLINGS];
        OK(ctx, kmseg_evaluate(ctx, tiles, all, N_LABELLINGS, SAMPLED, 5, got));
        cr_assert(isnan(got[1].silhouette) && isnan(got[1].silhouette_simplified) &&
                  isnan(got[1].calinski_harabasz) && isnan(got[1].davies_bouldin));
        for (int l = 0; l < N_LABELLINGS; l += l == 0 ? 2 : 1) {
            const int32_t *own = all[l].labels, k = all[l].n_clusters;
            double value, error;
            OK(ctx, kmseg_silhouette_sampled(ctx, tiles, own, k, SAMPLED, 5, &value, &error));
            cr_assert(got[l].silhouette == value && got[l].silhouette_error == error);
            OK(ctx, kmseg_silhouette_simplified(ctx, tiles, own, k, &value, NULL));
            cr_assert_eq(got[l].silhouette_simplified, value);
            OK(ctx, kmseg_calinski_harabasz(ctx, tiles, own, k, &value));
            cr_assert_eq(got[l].calinski_harabasz, value);
            OK(ctx, kmseg_davies_bouldin(ctx, tiles, own, k, &value));
            cr_assert_eq(got[l].davies_bouldin, value);
        }
        labels[4][149] = 150;
        FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_evaluate(ctx, tiles, all, N_LABELLINGS, 9, 5, got),
              "label 150", "row 149");
        labels[4][149] = 3;
        kmseg_tiles_free(tiles);
        kmseg_context_free(ctx);
    }
}

Test(evaluate, one_cluster_and_bad_labels_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    int32_t labels[150] = {0};
    double value;
    FAILS(ctx, KMSEG_E_DATA, kmseg_silhouette(ctx, tiles, labels, 3, &value, NULL), "silhouette",
          "two clusters");
    FAILS(ctx, KMSEG_E_DATA, kmseg_calinski_harabasz(ctx, tiles, labels, 1, &value), "Calinski");
    FAILS(ctx, KMSEG_E_DATA, kmseg_davies_bouldin(ctx, tiles, labels, 1, &value), "Davies");
    double centroids[12] = {0};
    centroids[7] = NAN;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_inertia(ctx, tiles, labels, centroids, 3, &value),
          "centroids", "row 1", "column 3");
    labels[7] = 3;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_silhouette(ctx, tiles, labels, 3, &value, NULL), "label 3",
          "row 7");
    labels[7] = -1;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_inertia(ctx, tiles, labels, iris, 3, &value), "label -1");
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Silhouette as one would write it on a page. */
static double plain_silhouette(const double *x, int n, int d, const int32_t *labels, int k) {
    double total = 0;
    for (int i = 0; i < n; i++) {
        double sums[16] = {0};
        int sizes[16] = {0};
        for (int o = 0; o < n; o++) {
            double square = 0;
            for (int j = 0; j < d; j++) {
                square += (x[i * d + j] - x[o * d + j]) * (x[i * d + j] - x[o * d + j]);
            }
            sums[labels[o]] += sqrt(square);
            sizes[labels[o]]++;
        }
        double a = sums[labels[i]] / (sizes[labels[i]] - 1), b = INFINITY;
        for (int c = 0; c < k; c++) {
            b = c != labels[i] && sizes[c] > 0 ? fmin(b, sums[c] / sizes[c]) : b;
        }
        total += sizes[labels[i]] > 1 ? (b - a) / fmax(a, b) : 0;
    }
    return total / n;
}

Test(evaluate, silhouettes_are_those_of_a_plain_loop_for_any_threads_and_kernels)
{
    enum { N = 1000, D = 5, CLUSTERS = 11 };
    static double x[N * D];
    static int32_t labels[N];
    for (int i = 0; i < N; i++) {
        labels[i] =
            i == 0 ? 10 : (int32_t)(10 * km_random_uniform(3, KM_STAGE_TEST, (uint64_t)i, 9));
        for (int j = 0; j < D; j++) {
            x[i * D + j] =
                km_random_normal(3, KM_STAGE_TEST, (uint64_t)(i * D + j), 0) + labels[i] % 3;
        }
    }
    double plain = plain_silhouette(x, N, D, labels, CLUSTERS), first = NAN;
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        for (int32_t threads = 1; kmseg_kernels_available(kmseg_kernels_name(i)) && threads < 4;
             threads++) {
            kmseg_context *ctx = test_context(threads, kmseg_kernels_name(i));
            kmseg_tiles *tiles = test_tiles(ctx, x, N, D, NULL);
            double value;
            OK(ctx, kmseg_silhouette(ctx, tiles, labels, CLUSTERS, &value, NULL));
            cr_assert_float_eq(value, plain, 1e-12);
            first = isnan(first) ? value : first;
            cr_assert_eq(value, first, "%s, %d threads", kmseg_kernels_name(i), threads);
            kmseg_tiles_free(tiles);
            kmseg_context_free(ctx);
        }
    }
}

/* Hubert & Arabie's index of 0 0 1 1 against 0 0 1 2: together in both 1 pair, in a 2, in b 1, of 6:
 * expected 2 * 1 / 6, highest 1.5: (1 - 1/3) / (1.5 - 1/3) = .571429. */
Test(agreement, adjusted_rand_is_worked_by_hand)
{
    kmseg_context *ctx = test_context(1, NULL);
    const int32_t a[] = {0, 0, 1, 1}, b[] = {0, 0, 1, 2}, renamed[] = {5, 5, 2, 2};
    const int32_t crossed[] = {0, 1, 0, 1}, apart[] = {0, 1, 2, 3}, together[] = {4, 4, 4, 4};
    double value;
    OK(ctx, kmseg_adjusted_rand(ctx, 4, a, b, &value));
    cr_assert_float_eq(value, (1 - 1.0 / 3) / (1.5 - 1.0 / 3), 1e-15);
    OK(ctx, kmseg_adjusted_rand(ctx, 4, b, a, &value));
    cr_assert_float_eq(value, (1 - 1.0 / 3) / (1.5 - 1.0 / 3), 1e-15);
    OK(ctx, kmseg_adjusted_rand(ctx, 4, a, renamed, &value));
    cr_assert_eq(value, 1.0);
    OK(ctx, kmseg_adjusted_rand(ctx, 4, a, crossed, &value)); /* 0 - 2*2/6 over 2 - 2*2/6 */
    cr_assert_float_eq(value, -0.5, 1e-15);
    OK(ctx, kmseg_adjusted_rand(ctx, 4, apart, apart, &value));
    cr_assert_eq(value, 1.0);
    OK(ctx, kmseg_adjusted_rand(ctx, 4, apart, together, &value));
    cr_assert_eq(value, 0.0);
    kmseg_context_free(ctx);
}

static kmseg_status every_score(kmseg_context *ctx, void *argument) {
    (void)argument;
    int32_t labels[150];
    double value, samples[150];
    for (int i = 0; i < 150; i++) {
        labels[i] = i / 50;
    }
    kmseg_matrix matrix = kmseg_matrix_view(iris, KMSEG_FLOAT64, 150, 4);
    kmseg_tiles *tiles;
    kmseg_status status = kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles);
    for (int score = 0; score < 7 && status == KMSEG_OK; score++) {
        status = score == 0   ? kmseg_silhouette(ctx, tiles, labels, 3, &value, NULL)
                 : score == 1 ? kmseg_silhouette(ctx, tiles, labels, 3, &value, samples)
                 : score == 2
                     ? kmseg_silhouette_sampled(ctx, tiles, labels, 3, 50, 1, &value, samples)
                 : score == 3 ? kmseg_silhouette_simplified(ctx, tiles, labels, 3, &value, NULL)
                 : score == 4 ? kmseg_calinski_harabasz(ctx, tiles, labels, 3, &value)
                 : score == 5 ? kmseg_davies_bouldin(ctx, tiles, labels, 3, &value)
                              : kmseg_adjusted_rand(ctx, 150, labels, labels, &value);
    }
    if (status == KMSEG_OK) {
        status = kmseg_inertia(ctx, tiles, labels, iris, 3, &value);
    }
    kmseg_tiles_free(tiles);
    return status;
}

Test(evaluate, every_refused_request_for_memory_fails_cleanly)
{ fails_cleanly(every_score, NULL); }

/* 20,600 samples of three groups, and of 12 that stand alone, which the references hardly hold. */
enum { MANY_ROWS = 20600, MANY_FEATURES = 2, LONELY = 12 };
static double many[MANY_ROWS * MANY_FEATURES], many_turned[MANY_ROWS * MANY_FEATURES];
static int32_t many_labels[2][MANY_ROWS], many_turned_labels[2][MANY_ROWS];

static void fill_many(void) {
    const int64_t step = 7001; /* without a common divisor */
    for (int64_t i = 0; i < MANY_ROWS; i++) {
        int32_t group = i < LONELY ? 3 : (int32_t)(i % 7 % 3);
        for (int64_t j = 0; j < MANY_FEATURES; j++) {
            double x = km_random_normal(8, KM_STAGE_TEST, (uint64_t)(i * MANY_FEATURES + j), 0) +
                       (j == 0 ? 3 : 1) * group;
            many[i * MANY_FEATURES + j] = many_turned[i * step % MANY_ROWS * MANY_FEATURES + j] = x;
        }
        many_labels[0][i] = many_turned_labels[0][i * step % MANY_ROWS] = group;
        many_labels[1][i] = many_turned_labels[1][i * step % MANY_ROWS] =
            group == 3 ? 1 : group / 2;
    }
}

/* Over 40 drawings, the error that is told is the one that is made: its ratio to the difference from
 * the exact silhouette has a mean square near 1. */
Test(evaluate, a_sampled_silhouette_of_many_rows_is_off_by_its_standard_error)
{
    enum { SEEDS = 40, SAMPLED = 400 };
    kmseg_context *ctx = test_context(2, NULL);
    fill_many();
    kmseg_tiles *tiles = test_tiles(ctx, many, MANY_ROWS, MANY_FEATURES, NULL);
    double exact[2], squares[2] = {0}, largest = 0;
    for (int l = 0; l < 2; l++) {
        OK(ctx, kmseg_silhouette(ctx, tiles, many_labels[l], 4, &exact[l], NULL));
    }
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        for (int l = 0; l < 2; l++) {
            double value, error;
            OK(ctx, kmseg_silhouette_sampled(ctx, tiles, many_labels[l], 4, SAMPLED, seed, &value,
                                             &error));
            squares[l] += (value - exact[l]) * (value - exact[l]) / (error * error) / SEEDS;
            largest = fmax(largest, error);
        }
    }
    cr_assert(squares[0] > 0.5 && squares[0] < 1.8, "%g", squares[0]);
    cr_assert(squares[1] > 0.5 && squares[1] < 1.8, "%g", squares[1]);
    cr_assert_lt(largest, 0.03);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(evaluate, a_sampled_silhouette_depends_neither_on_threads_nor_on_the_order_of_rows)
{
    double first[2] = {NAN, NAN}, first_error[2];
    fill_many();
    for (int32_t threads = 1; threads < 4; threads++) {
        kmseg_context *ctx = test_context(threads, NULL);
        int turned = threads == 2;
        kmseg_tiles *tiles =
            test_tiles(ctx, turned ? many_turned : many, MANY_ROWS, MANY_FEATURES, NULL);
        int32_t(*labels)[MANY_ROWS] = turned ? many_turned_labels : many_labels;
        const kmseg_labelling both[2] = {{labels[0], 4}, {labels[1], 3}};
        kmseg_indices got[2];
        OK(ctx, kmseg_evaluate(ctx, tiles, both, 2, 300, 5, got));
        for (int l = 0; l < 2; l++) {
            if (isnan(first[l])) {
                first[l] = got[l].silhouette;
                first_error[l] = got[l].silhouette_error;
            }
            cr_assert(got[l].silhouette == first[l] && got[l].silhouette_error == first_error[l]);
            double value, error;
            OK(ctx, kmseg_silhouette_sampled(ctx, tiles, labels[l], both[l].n_clusters, 300, 5,
                                             &value, &error));
            cr_assert_float_eq(value, got[l].silhouette, 4 * error);
        }
        kmseg_tiles_free(tiles);
        kmseg_context_free(ctx);
    }
}
