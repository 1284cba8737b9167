#include "choose/choose.h"
#include "choose/planted.h"
#include "data/eigen.h"
#include "support/failing.h"
#include "support/iris.h"

#include <math.h>

static void options_for(kmseg_fit_options *fit, kmseg_choose_options *choose) {
    kmseg_fit_options_init(fit);
    kmseg_choose_options_init(choose);
}

/* gap(1) = 1.0 < 1.5 - 0.2; gap(2) = 1.5 < 2.0 - 0.1; gap(3) = 2.0 >= 2.05 - 0.05. */
Test(gap, the_rule_is_worked_by_hand)
{
    kmseg_gap gaps[] = {{1, 0, 0, 1.0, 0.3},
                        {2, 0, 0, 1.5, 0.2},
                        {3, 0, 0, 2.0, 0.1},
                        {4, 0, 0, 2.05, 0.05},
                        {5, 0, 0, 9, 0.01}};
    cr_assert_eq(kmseg_gap_choice(gaps, 5), 3);
    cr_assert_eq(kmseg_gap_choice(gaps, 3), 0, "still rising at the end");
    cr_assert_eq(kmseg_gap_choice(gaps, 1), 0);
    cr_assert_eq(kmseg_gap_choice(gaps, 0), 0);
    gaps[1].error = 0.5;
    cr_assert_eq(kmseg_gap_choice(gaps, 5), 1);
}

/* Two samples, 0 and 3: inertia 2 * 1.5^2 = 4.5. References are two uniform numbers u, v of 0..3: their
 * inertia is (u - v)^2 / 2. */
Test(gap, expectation_and_error_are_worked_by_hand)
{
    enum { B = 3 };
    kmseg_context *ctx = test_context(2, NULL);
    const double x[] = {0, 3};
    kmseg_tiles *tiles = test_tiles(ctx, x, 2, 1, NULL);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    fit.seed = 42;
    choose.n_references = B;
    kmseg_gap gap;
    int32_t n;
    OK(ctx, kmseg_gap_statistic(ctx, tiles, 1, &fit, &choose, &gap, &n));
    cr_assert_eq(n, 1);
    double logs[B], mean = 0, squares = 0;
    for (uint32_t b = 0; b < B; b++) {
        double u = 3 * km_random_uniform(42, KM_STAGE_REFERENCE, 0, b + 1);
        double v = 3 * km_random_uniform(42, KM_STAGE_REFERENCE, 1, b + 1);
        logs[b] = log((u - v) * (u - v) / 2);
        mean += logs[b] / B;
    }
    for (int b = 0; b < B; b++) {
        squares += (logs[b] - mean) * (logs[b] - mean);
    }
    cr_assert_float_eq(gap.log_inertia, log(4.5), 1e-14);
    cr_assert_float_eq(gap.expected, mean, 1e-12);
    cr_assert_float_eq(gap.gap, mean - log(4.5), 1e-12);
    cr_assert_float_eq(gap.error, sqrt(squares / B) * sqrt(1 + 1.0 / B), 1e-12);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* The box of points on a diagonal has no width across it along principal axes; along the features it
 * is the whole square, so its references have far more inertia. */
Test(gap, principal_axes_follow_the_samples)
{
    enum { N = 500 };
    kmseg_context *ctx = test_context(1, NULL);
    double x[N * 2];
    for (int i = 0; i < N; i++) {
        x[2 * i] = km_random_uniform(5, KM_STAGE_TEST, (uint64_t)i, 0);
        x[2 * i + 1] = 2 * x[2 * i];
    }
    kmseg_tiles *tiles = test_tiles(ctx, x, N, 2, NULL);
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_sample sample;
    OK(ctx, km_sample_draw(ctx, tiles, N, 1, &arena, &sample));
    km_box along, across;
    OK(ctx, km_box_of(ctx, &sample, 1, &arena, &along));
    OK(ctx, km_box_of(ctx, &sample, 0, &arena, &across));
    double widths[2] = {along.high[0] - along.low[0], along.high[1] - along.low[1]};
    cr_assert_float_eq(fmin(widths[0], widths[1]), 0, 1e-12);
    double range = across.high[0] - across.low[0];
    cr_assert_float_eq(fmax(widths[0], widths[1]), sqrt(5) * range, 1e-12);
    cr_assert_float_eq(across.high[1] - across.low[1], 2 * range, 1e-15);
    km_arena_free(&arena);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* [[2, 1], [1, 2]] has eigenvalues 1 and 3, at (1, -1) and (1, 1). Of any symmetric matrix the columns
 * are orthonormal and turn it into its eigenvalues. */
Test(gap, eigenvectors_are_those_worked_by_hand_and_orthonormal)
{
    double a[] = {2, 1, 1, 2}, v[4];
    km_eigenvectors(a, 2, v);
    cr_assert_float_eq(fmin(a[0], a[3]), 1, 1e-15);
    cr_assert_float_eq(fmax(a[0], a[3]), 3, 1e-15);
    cr_assert_float_eq(fabs(v[0] * v[2]), 0.5, 1e-15);
    enum { D = 30 };
    double m[D * D], kept[D * D], w[D * D];
    for (int i = 0; i < D; i++) {
        for (int j = 0; j <= i; j++) {
            m[i * D + j] = m[j * D + i] =
                km_random_normal(7, KM_STAGE_TEST, (uint64_t)(i * D + j), 0);
        }
    }
    memcpy(kept, m, sizeof m);
    km_eigenvectors(m, D, w);
    for (int p = 0; p < D; p++) {
        for (int q = 0; q < D; q++) {
            double dot = 0, turned = 0;
            for (int i = 0; i < D; i++) {
                dot += w[i * D + p] * w[i * D + q];
                for (int j = 0; j < D; j++) {
                    turned += w[i * D + p] * kept[i * D + j] * w[j * D + q];
                }
            }
            cr_assert_float_eq(dot, p == q, 1e-12);
            cr_assert_float_eq(turned, p == q ? m[p * D + p] : 0, 1e-11);
        }
    }
}

Test(gap, one_cloud_has_one_group_and_planted_groups_are_counted)
{
    enum { N = 900, MOST = 8 };
    static double x[N * MOST];
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    kmseg_gap gaps[8];
    int32_t n;
    for (int32_t d = 1; d <= MOST; d *= 2) {
        test_uniform(x, N, d, 3);
        kmseg_tiles *uniform = test_tiles(ctx, x, N, d, NULL);
        OK(ctx, kmseg_gap_statistic(ctx, uniform, 8, &fit, &choose, gaps, &n));
        cr_assert_eq(kmseg_gap_choice(gaps, n), 1, "uniform, %d features", d);
        kmseg_tiles_free(uniform);
        for (int32_t k = 1; k <= d + 1 && k < 6; k++) {
            test_planted(x, NULL, N, d, k, 12, 4);
            kmseg_tiles *tiles = test_tiles(ctx, x, N, d, NULL);
            OK(ctx, kmseg_gap_statistic(ctx, tiles, 8, &fit, &choose, gaps, &n));
            cr_assert_eq(kmseg_gap_choice(gaps, n), k, "%d groups of %d features", k, d);
            kmseg_tiles_free(tiles);
        }
    }
    kmseg_context_free(ctx);
}

/* Four samples of two values: at k = 2 the inertia is 0, which nothing can beat. */
Test(gap, few_distinct_rows_and_few_rows_are_handled)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double x[] = {1, 1, 2, 2}, same[] = {5, 5, 5};
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    kmseg_gap gaps[9];
    int32_t n;
    kmseg_tiles *tiles = test_tiles(ctx, x, 4, 1, NULL);
    OK(ctx, kmseg_gap_statistic(ctx, tiles, 9, &fit, &choose, gaps, &n));
    cr_assert_eq(n, 3, "fewer numbers than rows");
    cr_assert(isinf(gaps[1].gap) && gaps[1].gap > 0);
    cr_assert_eq(kmseg_gap_choice(gaps, n), 2);
    kmseg_tiles_free(tiles);
    tiles = test_tiles(ctx, same, 3, 1, NULL);
    FAILS(ctx, KMSEG_E_DATA, kmseg_gap_statistic(ctx, tiles, 2, &fit, &choose, gaps, &n),
          "all rows are equal");
    cr_assert_eq(n, 0);
    choose.n_references = 0;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_gap_statistic(ctx, tiles, 2, &fit, &choose, gaps, &n),
          "references");
    choose.n_references = 3;
    fit.init = "given";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_gap_statistic(ctx, tiles, 2, &fit, &choose, gaps, &n),
          "given");
    choose.reference = "sphere";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_gap_statistic(ctx, tiles, 2, &fit, &choose, gaps, &n),
          "reference");
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* To the last bit, also of a sample of the rows, some of which are equal. */
Test(gap, neither_threads_nor_kernels_nor_the_order_of_rows_change_a_bit)
{
    enum { N = 1201, D = 3, K = 5 };
    static double x[N * D], turned[N * D];
    kmseg_gap first[K], gaps[K];
    int32_t n = 0;
    test_planted(x, NULL, N, D, 3, 4, 9);
    for (int64_t i = 0; i < 300 * D; i++) {
        x[i] = floor(x[i]);
    }
    test_permute(x, N, D, 500, turned);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    choose.n_references = 4;
    choose.choose_samples = 700;
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        for (int32_t threads = 1; kmseg_kernels_available(kmseg_kernels_name(i)) && threads < 4;
             threads++) {
            kmseg_context *ctx = test_context(threads, kmseg_kernels_name(i));
            kmseg_tiles *tiles = test_tiles(ctx, threads == 2 ? turned : x, N, D, NULL);
            OK(ctx, kmseg_gap_statistic(ctx, tiles, K, &fit, &choose, gaps, &n));
            if (i == 0 && threads == 1) {
                memcpy(first, gaps, sizeof gaps);
            }
            cr_assert_eq(memcmp(first, gaps, sizeof gaps), 0, "%s, %d threads",
                         kmseg_kernels_name(i), threads);
            kmseg_tiles_free(tiles);
            kmseg_context_free(ctx);
        }
    }
}

/* Rows of weight 0 might as well not be there. */
Test(gap, rows_without_weight_do_not_count)
{
    enum { N = 400, D = 2 };
    static double x[N * D], weights[N];
    kmseg_context *ctx = test_context(1, NULL);
    test_planted(x, NULL, N, D, 2, 9, 1);
    for (int i = 0; i < N; i++) {
        weights[i] = i < N / 2;
        x[i * D] += i < N / 2 ? 0 : 1000;
    }
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    choose.n_references = 5;
    kmseg_gap weighted[3], half[3];
    int32_t n;
    kmseg_tiles *tiles = test_tiles(ctx, x, N, D, weights);
    OK(ctx, kmseg_gap_statistic(ctx, tiles, 3, &fit, &choose, weighted, &n));
    kmseg_tiles_free(tiles);
    tiles = test_tiles(ctx, x, N / 2, D, NULL);
    OK(ctx, kmseg_gap_statistic(ctx, tiles, 3, &fit, &choose, half, &n));
    for (int k = 0; k < 3; k++) {
        cr_assert_float_eq(weighted[k].log_inertia, half[k].log_inertia, 1e-12);
        cr_assert_float_eq(weighted[k].gap, half[k].gap, 1e-12);
    }
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

static kmseg_status iris_gap(kmseg_context *ctx, void *argument) {
    (void)argument;
    kmseg_matrix matrix = kmseg_matrix_view(iris, KMSEG_FLOAT64, 150, 4);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    choose.n_references = 2;
    choose.choose_init = 1;
    kmseg_tiles *tiles;
    kmseg_gap gaps[2];
    int32_t n;
    kmseg_status status = kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles);
    if (status == KMSEG_OK) {
        status = kmseg_gap_statistic(ctx, tiles, 2, &fit, &choose, gaps, &n);
    }
    kmseg_tiles_free(tiles);
    return status;
}

Test(gap, every_refused_request_for_memory_fails_cleanly)
{ fails_cleanly(iris_gap, NULL); }

Test(gap, cancelled_is_said)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, iris, 150, 4, NULL);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    kmseg_gap gaps[4];
    int32_t n;
    kmseg_cancel(ctx);
    cr_assert_eq(kmseg_gap_statistic(ctx, tiles, 4, &fit, &choose, gaps, &n), KMSEG_E_CANCELLED);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}
