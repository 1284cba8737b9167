/* Equal samples that are clustered as one. */
#include "base/rng.h"
#include "cluster/distinct.h"
#include "data/draw_rows.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 20011, D = 3, LEVELS = 5, ALL = 125 };

static double x[N * D], weights[N];

/* Answers from 1 to 5, standardised, so that means are no short numbers; some have weight 0. */
static void make_answers(void) {
    for (int64_t i = 0; i < N; i++) {
        double mood = km_random_normal(9, KM_STAGE_TEST, (uint64_t)i, 0);
        for (int64_t j = 0; j < D; j++) {
            double own = km_random_normal(9, KM_STAGE_TEST, (uint64_t)(i * D + j), 1);
            double answer = fmin(fmax(nearbyint(3 + mood + own), 1), LEVELS);
            x[i * D + j] = (answer - 2.9) / 1.37;
        }
        weights[i] = i % 7 == 0 ? 0 : 0.25 + (double)(i % 3) / 3;
    }
}

static kmseg_fit_options options_of(int32_t k) {
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = k;
    options.tol = 0;
    options.max_iter = 1000;
    return options;
}

static kmseg_model *fit(kmseg_context *ctx, const kmseg_tiles *tiles, kmseg_fit_options options) {
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    return model;
}

/* Every sample is nearest to the centroid of its label, every cluster has the samples and the weight that
 * it says, the inertia is that of the labels, and Lloyd's on the samples one by one stays where it is: no
 * label changes, and no centroid moves by more than sums are rounded. */
static void assert_is_a_fit_of_all(kmseg_context *ctx, const kmseg_tiles *tiles,
                                   const double *sample_weight, const kmseg_model *model) {
    int32_t k = model->n_clusters, labels[N];
    int64_t sizes[ALL] = {0};
    double sums[ALL] = {0}, inertia;
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, N, D);
    OK(ctx, kmseg_predict(ctx, &matrix, model->centroids, k, labels, NULL, NULL, NULL));
    cr_assert_eq(model->n_samples, N);
    cr_assert_arr_eq(model->labels, labels, sizeof labels);
    for (int64_t i = 0; i < N; i++) {
        sizes[labels[i]]++;
        sums[labels[i]] += sample_weight != NULL ? sample_weight[i] : 1;
    }
    for (int32_t c = 0; c < k; c++) {
        cr_assert_eq(model->cluster_sizes[c], sizes[c]);
        cr_assert_float_eq(model->cluster_weights[c], sums[c], 1e-9 * sums[c]);
    }
    OK(ctx, kmseg_inertia(ctx, tiles, model->labels, model->centroids, k, &inertia));
    cr_assert_eq(model->inertia, inertia);
    for (int32_t i = 1; i < model->n_iter; i++) {
        cr_assert_leq(model->history[i], model->history[i - 1] * (1 + 1e-12));
    }
    kmseg_fit_options options = options_of(k);
    options.init = "given";
    options.init_centroids = model->centroids;
    kmseg_model *alone = fit(ctx, tiles, options);
    cr_assert_eq(alone->n_distinct, 0);
    cr_assert_arr_eq(alone->labels, labels, sizeof labels);
    for (int32_t i = 0; i < k * D; i++) {
        cr_assert_float_eq(alone->centroids[i], model->centroids[i], 1e-12);
    }
    kmseg_model_free(alone);
}

Test(distinct, a_fit_of_different_samples_is_one_of_all)
{
    make_answers();
    kmseg_context *ctx = test_context(2, NULL);
    for (int weighted = 0; weighted < 2; weighted++) {
        const double *sample_weight = weighted ? weights : NULL;
        kmseg_tiles *tiles = test_tiles(ctx, x, N, D, sample_weight);
        for (int32_t k = 1; k <= 12; k++) {
            kmseg_model *model = fit(ctx, tiles, options_of(k));
            cr_assert(model->n_distinct > 100 && model->n_distinct <= ALL, "%d different",
                      model->n_distinct);
            cr_assert_eq(model->stop_reason, KMSEG_STOP_LABELS);
            assert_is_a_fit_of_all(ctx, tiles, sample_weight, model);
            kmseg_model_free(model);
        }
        kmseg_tiles_free(tiles);
    }
    kmseg_context_free(ctx);
}

/* By hand: 4096 samples at 0, 2048 at 1 and 2048 at 10 are two clusters around 1/3 and 10, of inertia
 * 4096 / 9 + 2048 * 4 / 9 = 12288 / 9. */
Test(distinct, by_hand)
{
    static const double at[] = {0, 1, 0, 10};
    for (int64_t i = 0; i < 8192; i++) {
        x[i] = at[i % 4];
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, x, 8192, 1, NULL);
    kmseg_model *model = fit(ctx, tiles, options_of(2));
    cr_assert_eq(model->n_distinct, 3);
    cr_assert_float_eq(model->inertia, 12288.0 / 9, 1e-9);
    int32_t low = model->labels[0];
    cr_assert_eq(model->centroids[low], 1.0 / 3);
    cr_assert_eq(model->centroids[1 - low], 10);
    cr_assert_eq(model->cluster_sizes[low], 6144);
    for (int64_t i = 0; i < 8192; i++) {
        cr_assert_eq(model->labels[i], i % 4 == 3 ? 1 - low : low);
    }
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* What the different samples are: as often there as they are, in one order for any threads. */
Test(distinct, are_found_with_their_numbers)
{
    make_answers();
    kmseg_context *one = test_context(1, NULL), *many = test_context(5, NULL);
    kmseg_tiles *tiles = test_tiles(one, x, N, D, NULL);
    kmseg_fit_options options = options_of(3);
    km_distinct a, b;
    OK(one, km_distinct_make(one, tiles, &options, &a));
    OK(many, km_distinct_make(many, tiles, &options, &b));
    const kmseg_tiles *different = a.samples.tiles;
    cr_assert_not_null(different);
    cr_assert_eq(b.samples.tiles->n_samples, different->n_samples);
    cr_assert_arr_eq(a.which, b.which, N * sizeof *a.which);
    double counts[ALL] = {0};
    for (int64_t i = 0; i < N; i++) {
        double own[D];
        km_tiles_row(different, a.which[i], own);
        cr_assert_arr_eq(own, x + i * D, sizeof own);
        counts[a.which[i]]++;
    }
    for (int64_t u = 0; u < different->n_samples; u++) {
        double p[D], q[D];
        cr_assert_eq(different->weights[u], counts[u]);
        km_tiles_row(different, u, p);
        km_tiles_row(b.samples.tiles, u, q);
        cr_assert_arr_eq(p, q, sizeof p);
    }
    km_distinct_end(&a);
    km_distinct_end(&b);
    kmseg_tiles_free(tiles);
    kmseg_context_free(one);
    kmseg_context_free(many);
}

/* The option that also turns coresets off, a start that is given, mini-batches, few samples, samples that
 * are nearly all different: each by itself. */
Test(distinct, are_not_sought_where_that_is_not_wanted_or_does_not_pay)
{
    make_answers();
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, x, N, D, NULL), *few = test_tiles(ctx, x, 8191, D, NULL);
    static double y[N * D];
    for (int64_t i = 0; i < N * D; i++) { /* every sixth is an equal of others, 6 of each */
        y[i] = i / D % 6 == 0 ? floor((double)i / (36 * D))
                              : km_random_uniform(9, KM_STAGE_TEST, (uint64_t)i, 3);
    }
    kmseg_tiles *mostly = test_tiles(ctx, y, N, D, NULL);
    kmseg_fit_options plain = options_of(3), off = plain, batches = plain, given = plain;
    plain.n_init = 2;
    off.coreset_size = 0;
    batches.algorithm = "minibatch";
    given.init = "given";
    given.init_centroids = x;
    const struct {
        const kmseg_tiles *tiles;
        kmseg_fit_options options;
        int is_sought;
    } cases[] = {{tiles, plain, 1}, {tiles, off, 0}, {tiles, batches, 0},
                 {tiles, given, 0}, {few, plain, 0}, {mostly, plain, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kmseg_model *model = fit(ctx, cases[i].tiles, cases[i].options);
        cr_assert_eq(model->n_distinct > 0, cases[i].is_sought, "case %zu", i);
        kmseg_model_free(model);
    }
    kmseg_tiles_free(mostly);
    kmseg_tiles_free(few);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Of 3 different ones there cannot be 4 clusters with samples: those numbers are left to all samples, as
 * in a fit of that number alone. */
Test(distinct, a_sweep_goes_beyond_their_number)
{
    for (int64_t i = 0; i < N; i++) {
        x[i] = floor((double)(i % 5) / 2);
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, x, N, 1, NULL);
    kmseg_fit_options options = options_of(1);
    kmseg_sweep_result *sweep;
    OK(ctx, kmseg_sweep(ctx, tiles, 1, 5, &options, &sweep));
    for (int32_t k = 1; k <= 5; k++) {
        kmseg_model *one = fit(ctx, tiles, options_of(k));
        const kmseg_model *model = sweep->models[k - 1];
        cr_assert_eq(model->n_distinct, k <= 3 ? 3 : 0);
        cr_assert_eq(one->n_distinct, model->n_distinct);
        cr_assert_eq(model->n_nonempty, k < 3 ? k : 3);
        cr_assert_eq(model->inertia, one->inertia);
        cr_assert_arr_eq(model->labels, one->labels, N * sizeof *one->labels);
        cr_assert_arr_eq(model->centroids, one->centroids, (size_t)k * sizeof(double));
        kmseg_model_free(one);
    }
    kmseg_sweep_free(sweep);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Two samples (x, y) whose hashes are the same: a hash is a one-to-one function of the hash before it plus the
 * bits of the next value (km_hash_values), so any x and x' have a y' for y. */
static void make_collision(double *a, double *b) {
    a[0] = 1;
    a[1] = 2;
    for (int i = 0;; i++) {
        union {
            double number;
            uint64_t bits;
        } y = {.number = a[1]};
        b[0] = 1.5 + i / 1024.0;
        y.bits += km_hash_values(0, a, 1) - km_hash_values(0, b, 1);
        b[1] = y.number;
        if (fabs(b[1]) > 0.01 && fabs(b[1]) < 100) {
            return;
        }
    }
}

/* Somebody may make them on purpose: each sample has the label of its own values. */
Test(distinct, two_samples_that_share_a_hash_are_not_taken_together)
{
    double a[2], b[2];
    make_collision(a, b);
    cr_assert_eq(km_hash_values(0, a, 2), km_hash_values(0, b, 2));
    for (int64_t i = 0; i < N; i++) {
        memcpy(x + 2 * i, i % 3 == 0 ? b : a, sizeof a);
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, x, N, 2, NULL);
    kmseg_model *model = fit(ctx, tiles, options_of(2));
    cr_assert_eq(model->n_distinct, 0);
    cr_assert_neq(model->labels[0], model->labels[1]);
    cr_assert_eq(model->cluster_sizes[model->labels[0]], (N + 2) / 3);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Fewer differ than there are clusters, in as many samples as a coreset is made of: no number of clusters
 * begins on one, and each initialiser gives every cluster that there can be. */
Test(distinct, are_not_looked_for_in_a_coreset_again)
{
    for (int64_t i = 0; i < N; i++) {
        x[i] = (double)(i % 3);
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, x, N, 1, NULL), *few = test_tiles(ctx, x, 3000, 1, NULL);
    for (int32_t i = 0; km_initialiser_at(i) != NULL; i++) {
        kmseg_fit_options options = options_of(5);
        options.init = km_initialiser_at(i)->name;
        options.coreset_size = 5 * 64;
        if (!km_initialiser_find(options.init)->is_drawn) {
            continue;
        }
        kmseg_model *model = fit(ctx, tiles, options);
        cr_assert(model->n_distinct == 0 && model->n_coreset == 0);
        cr_assert_eq(model->n_nonempty, 3, "%s", options.init);
        cr_assert_eq(model->inertia, 0);
        kmseg_model_free(model);
        model = fit(ctx, few, options); /* too few for that: the coreset has 3 samples */
        cr_assert_eq(model->n_coreset, 3);
        cr_assert_eq(model->n_nonempty, 3, "%s", options.init);
        cr_assert_eq(model->inertia, 0);
        kmseg_model_free(model);
    }
    kmseg_tiles_free(few);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* As many different samples as a coreset is made for: restarts on them begin on one. */
Test(distinct, may_be_many_enough_for_a_coreset)
{
    const int64_t n = 120000, different = 3000;
    double *many = malloc((size_t)(n * D) * sizeof *many);
    for (int64_t i = 0; i < n * D; i++) {
        uint64_t which = (uint64_t)(i / D % different * D + i % D);
        many[i] = km_random_normal(4, KM_STAGE_TEST, which, 0);
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = test_tiles(ctx, many, n, D, NULL);
    kmseg_fit_options options = options_of(4);
    options.n_init = 5;
    options.coreset_size = 300;
    kmseg_model *model = fit(ctx, tiles, options);
    cr_assert_eq(model->n_distinct, different);
    cr_assert(model->n_coreset > 200 && model->n_coreset < 500);
    cr_assert_eq(model->stop_reason, KMSEG_STOP_LABELS);
    for (int64_t i = different; i < n; i++) {
        cr_assert_eq(model->labels[i], model->labels[i % different]);
    }
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
    free(many);
}
