#include "choose/planted.h"
#include "support/failing.h"
#include "support/iris.h"

#include <math.h>

static void options_for(kmseg_fit_options *fit, kmseg_choose_options *choose) {
    kmseg_fit_options_init(fit);
    kmseg_choose_options_init(choose);
}

/* Two points far apart, 20 rows each: every bootstrap that has rows of both finds them again. */
Test(stability, groups_that_nothing_can_break_come_back_every_time)
{
    enum { N = 40 };
    kmseg_context *ctx = test_context(2, NULL);
    double x[N], out[3];
    int32_t labels[N];
    for (int i = 0; i < N; i++) {
        labels[i] = 2 * (i % 2); /* cluster 1 of 3 is empty */
        x[i] = 1000 * (i % 2);
    }
    kmseg_tiles *tiles = test_tiles(ctx, x, N, 1, NULL);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    const kmseg_labelling two = {labels, 3};
    OK(ctx, kmseg_stability(ctx, tiles, &two, 1, &fit, &choose, out));
    cr_assert_eq(out[0], 1);
    cr_assert(isnan(out[1]), "it has no row");
    cr_assert_eq(out[2], 1);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* A planted group, and a round cloud that k-means halves: where it is cut is chance. */
Test(stability, a_planted_group_is_stable_and_the_halves_of_a_cloud_are_not)
{
    enum { N = 1500, D = 6 };
    static double x[N * D];
    static int32_t group[N];
    kmseg_context *ctx = test_context(2, NULL);
    test_planted(x, group, N, D, 2, 30, 5);
    kmseg_tiles *tiles = test_tiles(ctx, x, N, D, NULL);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    kmseg_sweep_result *sweep;
    OK(ctx, kmseg_sweep(ctx, tiles, 2, 3, &fit, &sweep));
    kmseg_labelling both[2];
    for (int m = 0; m < 2; m++) {
        both[m] = (kmseg_labelling){sweep->models[m]->labels, m + 2};
    }
    double out[5];
    OK(ctx, kmseg_stability(ctx, tiles, both, 2, &fit, &choose, out));
    cr_assert(out[0] == 1 && out[1] == 1);
    int32_t small = sweep->models[1]->labels[0];
    cr_assert_eq(group[0], 0);
    for (int c = 0; c < 3; c++) {
        if (c == small) {
            cr_assert_gt(out[2 + c], 0.95, "the smaller group, which is left whole: %g",
                         out[2 + c]);
            cr_assert_str_eq(kmseg_stability_word(out[2 + c]), "stable");
        } else {
            cr_assert_lt(out[2 + c], 0.75, "a half: %g", out[2 + c]);
        }
    }
    kmseg_sweep_free(sweep);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

Test(stability, words_are_those_of_hennig)
{
    cr_assert_str_eq(kmseg_stability_word(1), "stable");
    cr_assert_str_eq(kmseg_stability_word(0.85), "stable");
    cr_assert_str_eq(kmseg_stability_word(0.84), "valid");
    cr_assert_str_eq(kmseg_stability_word(0.75), "valid");
    cr_assert_str_eq(kmseg_stability_word(0.74), "pattern");
    cr_assert_str_eq(kmseg_stability_word(0.6), "pattern");
    cr_assert_str_eq(kmseg_stability_word(0.59), "unstable");
    cr_assert_str_eq(kmseg_stability_word(NAN), "");
}

Test(stability, neither_threads_nor_kernels_nor_the_order_of_rows_change_a_bit)
{
    enum { N = 1201, D = 3, K = 4, STEP = 700 };
    static double x[N * D], turned[N * D];
    static int32_t labels[N], turned_labels[N];
    double first[K], out[K];
    test_planted(x, labels, N, D, K, 4, 9);
    test_permute(x, N, D, STEP, turned);
    for (int64_t i = 0; i < N; i++) {
        turned_labels[i * STEP % N] = labels[i];
    }
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    choose.n_bootstraps = 5;
    choose.choose_samples = 600;
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        for (int32_t threads = 1; kmseg_kernels_available(kmseg_kernels_name(i)) && threads < 4;
             threads++) {
            kmseg_context *ctx = test_context(threads, kmseg_kernels_name(i));
            kmseg_tiles *tiles = test_tiles(ctx, threads == 2 ? turned : x, N, D, NULL);
            kmseg_labelling labelling = {threads == 2 ? turned_labels : labels, K};
            OK(ctx, kmseg_stability(ctx, tiles, &labelling, 1, &fit, &choose, out));
            if (i == 0 && threads == 1) {
                memcpy(first, out, sizeof out);
            }
            cr_assert_eq(memcmp(first, out, sizeof out), 0, "%s, %d threads", kmseg_kernels_name(i),
                         threads);
            kmseg_tiles_free(tiles);
            kmseg_context_free(ctx);
        }
    }
}

/* More clusters than a bootstrap has distinct rows. */
Test(stability, as_many_clusters_as_rows_is_handled)
{
    kmseg_context *ctx = test_context(1, NULL);
    double x[12], out[12];
    int32_t labels[12];
    for (int i = 0; i < 12; i++) {
        x[i] = i;
        labels[i] = i;
    }
    kmseg_tiles *tiles = test_tiles(ctx, x, 12, 1, NULL);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    kmseg_labelling labelling = {labels, 12};
    OK(ctx, kmseg_stability(ctx, tiles, &labelling, 1, &fit, &choose, out));
    for (int c = 0; c < 12; c++) {
        cr_assert_eq(out[c], 1, "each row is alone in its cluster in every bootstrap that has it");
    }
    labels[5] = 12;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_stability(ctx, tiles, &labelling, 1, &fit, &choose, out),
          "label 12", "row 5");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_stability(ctx, tiles, &labelling, 0, &fit, &choose, out),
          "0 labellings");
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

static kmseg_status iris_stability(kmseg_context *ctx, void *argument) {
    (void)argument;
    int32_t labels[150];
    for (int i = 0; i < 150; i++) {
        labels[i] = i / 50;
    }
    kmseg_matrix matrix = kmseg_matrix_view(iris, KMSEG_FLOAT64, 150, 4);
    kmseg_fit_options fit;
    kmseg_choose_options choose;
    options_for(&fit, &choose);
    choose.n_bootstraps = 2;
    choose.choose_init = 1;
    kmseg_labelling labelling = {labels, 3};
    kmseg_tiles *tiles;
    double out[3];
    kmseg_status status = kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles);
    if (status == KMSEG_OK) {
        status = kmseg_stability(ctx, tiles, &labelling, 1, &fit, &choose, out);
    }
    kmseg_tiles_free(tiles);
    return status;
}

Test(stability, every_refused_request_for_memory_fails_cleanly)
{ fails_cleanly(iris_stability, NULL); }
