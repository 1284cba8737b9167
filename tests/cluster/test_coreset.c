/* Restarts that begin on a coreset, and those that are given up. */
#include "base/rng.h"
#include "cluster/coreset.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 40000, D = 4, GROUPS = 6 };

static double x[N * D], weights[N];

/* Groups that overlap, and far from them as few as 20 samples. */
static void make_samples(void) {
    for (int64_t i = 0; i < N; i++) {
        int64_t group = (int64_t)(GROUPS * km_random_uniform(5, KM_STAGE_TEST, (uint64_t)i, 0));
        for (int64_t j = 0; j < D; j++) {
            double mean = 5 * km_random_uniform(5, KM_STAGE_TEST, (uint64_t)(group * D + j), 1);
            x[i * D + j] = mean + km_random_normal(5, KM_STAGE_TEST, (uint64_t)(i * D + j), 2);
        }
        if (i % 2000 == 0) {
            x[i * D] += 400;
        }
        weights[i] = (double)(i % 3);
    }
}

static kmseg_tiles *tiles_of(kmseg_context *ctx, const double *sample_weight) {
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, N, D);
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, sample_weight, NULL, &tiles));
    return tiles;
}

static kmseg_fit_options options_of(int32_t k, int32_t size) {
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = k;
    options.coreset_size = size;
    return options;
}

/* Sums over the coreset are near those over all samples: their means, their squares. Half of its 3000 are
 * taken by weight alone and half by squared distance, of which the few far out have nearly all, and are
 * taken for certain: so it has 1500 and some more. With weights it is as sure as 900 would be, whose square root
 * is 30: a sixth is five standard errors. */
Test(coreset, stands_for_all_samples)
{
    make_samples();
    kmseg_context *ctx = test_context(2, NULL);
    for (int weighted = 0; weighted < 2; weighted++) {
        kmseg_tiles *tiles = tiles_of(ctx, weighted ? weights : NULL);
        kmseg_fit_options options = options_of(3, 3000);
        km_subset coreset;
        OK(ctx, km_coreset_make(ctx, tiles, &options, &coreset));
        cr_assert_not_null(coreset.tiles);
        int64_t n = coreset.tiles->n_samples;
        cr_assert(n > 1400 && n < 2100, "%lld samples", (long long)n);
        double all = km_tiles_weight_value(tiles, tiles->weight_sum);
        double few = km_tiles_weight_value(coreset.tiles, coreset.tiles->weight_sum);
        for (int32_t j = 0; j < D; j++) {
            double variance = tiles->squares[j] / all, deviation = sqrt(variance);
            double found = coreset.tiles->squares[j] / few;
            cr_assert(fabs(found - variance) <= variance / 6, "feature %d, variance %g, not %g", j,
                      found, variance);
            cr_assert_float_eq(coreset.tiles->means[j], tiles->means[j], deviation / 6);
        }
        km_subset_end(&coreset);
        kmseg_tiles_free(tiles);
    }
    kmseg_context_free(ctx);
}

/* 20 samples far from 40000 are one segment, though a coreset of 1000 would have but half a one of them
 * were all taken alike. */
Test(coreset, does_not_lose_a_small_group_far_out)
{
    make_samples();
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, NULL);
    kmseg_fit_options options = options_of(2, 1000);
    options.n_init = 1;
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    cr_assert_gt(model->n_coreset, 0);
    int64_t smaller = model->cluster_sizes[0] < model->cluster_sizes[1] ? 0 : 1;
    cr_assert_eq(model->cluster_sizes[smaller], N / 2000);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

static kmseg_model *fit(kmseg_context *ctx, const kmseg_tiles *tiles, kmseg_fit_options options) {
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    return model;
}

/* What was begun on a coreset ends on all samples: labels are those of Lloyd's last step, and the
 * inertia is about what restarts on all samples reach, which differs by some thousandths itself. */
Test(coreset, ends_where_lloyd_on_all_samples_does)
{
    make_samples();
    kmseg_context *ctx = test_context(2, NULL);
    for (int weighted = 0; weighted < 2; weighted++) {
        kmseg_tiles *tiles = tiles_of(ctx, weighted ? weights : NULL);
        for (int32_t k = 2; k < 12; k += 3) {
            kmseg_model *begun = fit(ctx, tiles, options_of(k, 3000));
            kmseg_model *whole = fit(ctx, tiles, options_of(k, 0));
            cr_assert_eq(whole->n_coreset, 0);
            cr_assert_eq(whole->n_given_up, 0);
            cr_assert_gt(begun->n_coreset, 0);
            cr_assert_lt(begun->n_given_up, 10);
            cr_assert(begun->inertia <= 1.01 * whole->inertia, "k %d: %g and %g", k, begun->inertia,
                      whole->inertia);
            kmseg_fit_options again = options_of(k, 0);
            again.init = "given";
            again.init_centroids = begun->centroids;
            again.max_iter = 1;
            again.n_init = 1;
            kmseg_model *next = fit(ctx, tiles, again);
            cr_assert(next->history[0] <= begun->inertia * (1 + 1e-12));
            cr_assert(next->history[0] >= begun->inertia * (1 - 1e-4), "it had not come to rest");
            kmseg_model_free(next);
            kmseg_model_free(whole);
            kmseg_model_free(begun);
        }
        kmseg_tiles_free(tiles);
    }
    kmseg_context_free(ctx);
}

/* Too few samples, too many clusters, centroids that are given, batches. */
Test(coreset, is_not_made_where_it_does_not_pay)
{
    make_samples();
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, NULL);
    kmseg_fit_options options = options_of(8, N / 8);
    cr_assert(km_coreset_pays(tiles, &options, 8));
    options.coreset_size = N / 8 + 1;
    cr_assert_not(km_coreset_pays(tiles, &options, 8));
    options.coreset_size = 64 * 8;
    cr_assert(km_coreset_pays(tiles, &options, 8));
    cr_assert_not(km_coreset_pays(tiles, &options, 9));
    options.init = "given";
    cr_assert_not(km_coreset_pays(tiles, &options, 8));
    options.init = "k-means++";
    options.algorithm = "minibatch";
    cr_assert_not(km_coreset_pays(tiles, &options, 8));
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

static km_climb climb_of(double *history, int32_t n, int32_t k) {
    return (km_climb){
        .history = history, .n_iter = n, .races = 1, .bar = INFINITY, .pass = {.n_clusters = k}};
}

/* By hand: the best gain of the last three iterations is 2, so 50 more reach 200 - 100 = 100 at best. */
Test(race, gives_up_what_cannot_catch_up_any_more)
{
    double behind[] = {300, 205, 203, 201.5, 200}, ahead[] = {120, 101, 100.5, 100.2, 99.9};
    double level[] = {120, 101, 100.5, 100.2, 100};
    km_climb a = climb_of(behind, 5, 4), b = climb_of(ahead, 5, 4);
    km_climb *both[] = {&a, &b};
    km_race(both, 2);
    cr_assert(a.is_given_up && a.stage == KM_CLIMB_DONE);
    cr_assert(!b.is_given_up && b.stage == KM_CLIMB_ITERATE);

    a = climb_of(behind, 5, 4);
    b = climb_of(level, 5, 4);
    km_race(both, 2);
    cr_assert_not(a.is_given_up, "it can still catch up");

    a = climb_of(behind, 5, 4);
    b = climb_of(ahead, 5, 3);
    km_race(both, 2);
    cr_assert_not(a.is_given_up, "another number of clusters");

    a = climb_of(behind, 5, 4);
    a.bar = 99.9;
    b = climb_of(ahead, 5, 3);
    km_race(both, 2);
    cr_assert(a.is_given_up, "behind one that came before");

    a = climb_of(behind, 3, 4);
    b = climb_of(ahead, 5, 4);
    km_race(both, 2);
    cr_assert_not(a.is_given_up, "too early to say");

    double rising[] = {300, 205, 206, 205, 204};
    a = climb_of(rising, 5, 4);
    b = climb_of(ahead, 5, 4);
    km_race(both, 2);
    cr_assert_not(a.is_given_up, "an empty cluster was filled");

    a = climb_of(behind, 5, 4);
    a.races = 0;
    km_race(both, 2);
    cr_assert_not(a.is_given_up);
}
