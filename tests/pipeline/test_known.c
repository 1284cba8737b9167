/* What one step hands to the next is what that one would have found: bit for bit. */
#include "pipeline/customers.h"
#include "pipeline/pipeline.h"
#include "profile/profile.h"
#include "support/support.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { N = 9000, D = 5, K = 7 };

static double x[N * D], weights[N];

static void make_samples(void) {
    for (uint64_t i = 0; i < N; i++) {
        weights[i] = i % 11 == 0 ? 0 : 1 + (double)(i % 5) / 3;
        for (uint64_t j = 0; j < D; j++) {
            x[i * D + j] = 3.0 * (double)((i * (j + 3)) % K) +
                           km_random_normal(5, KM_STAGE_TEST, i * D + j, 0);
        }
    }
}

static void compare_clusters(kmseg_context *ctx, const kmseg_tiles *tiles,
                             const kmseg_model *model) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_clusters known, measured;
    OK(ctx, km_model_clusters(ctx, model, NULL, &arena, &known));
    OK(ctx, km_clusters_measure(ctx, tiles, model->labels, model->n_clusters, &arena, &measured));
    cr_assert_eq(known.n_clusters, measured.n_clusters);
    cr_assert_eq(known.n_nonempty, measured.n_nonempty);
    cr_assert_eq(known.n_weighted, measured.n_weighted);
    size_t k = (size_t)measured.n_clusters;
    cr_assert_arr_eq(known.sizes, measured.sizes, k * sizeof *known.sizes);
    cr_assert_arr_eq(known.weights, measured.weights, k * sizeof *known.weights);
    cr_assert_arr_eq(known.means, measured.means, k * D * sizeof *known.means);

    kmseg_labelling labelling = {model->labels, model->n_clusters};
    kmseg_indices of_known, of_measured;
    OK(ctx, km_evaluate(ctx, tiles, &labelling, &known, 1, 300, 3, &of_known));
    OK(ctx, kmseg_evaluate(ctx, tiles, &labelling, 1, 300, 3, &of_measured));
    cr_assert_arr_eq(&of_known, &of_measured, sizeof of_known);
    km_arena_free(&arena);
}

Test(known, clusters_of_a_model_are_those_that_its_labels_make)
{
    kmseg_context *ctx = test_context(2, NULL);
    make_samples();
    static const char *const algorithms[] = {"lloyd", "hamerly", "minibatch"};
    static const int dtypes[] = {KMSEG_INT16, KMSEG_FLOAT64};
    for (int run = 0; run < 3 * 2 * 2; run++) {
        kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, N, D);
        kmseg_tiles_options tiles_options;
        kmseg_tiles_options_init(&tiles_options);
        tiles_options.dtype = (kmseg_dtype)dtypes[run % 2];
        kmseg_tiles *tiles;
        OK(ctx,
           kmseg_tiles_new(ctx, &matrix, run / 2 % 2 ? weights : NULL, &tiles_options, &tiles));
        kmseg_fit_options options;
        kmseg_fit_options_init(&options);
        options.n_clusters = K;
        options.max_iter = 3; /* cut short: centroids are not the means of their labels */
        options.algorithm = algorithms[run / 4];
        kmseg_model *model;
        OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
        compare_clusters(ctx, tiles, model);
        kmseg_model_free(model);
        kmseg_tiles_free(tiles);
    }
    kmseg_context_free(ctx);
}

/* Two distinct rows for three clusters: one has no sample and counts for nothing. */
Test(known, a_cluster_without_samples_has_the_mean_of_all)
{
    kmseg_context *ctx = test_context(1, NULL);
    double two[6] = {1, 1, 1, 4, 4, 4};
    kmseg_matrix matrix = kmseg_matrix_view(two, KMSEG_FLOAT64, 6, 1);
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles));
    double start[3] = {1, 4, 100};
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = 3;
    options.init = "given";
    options.init_centroids = start;
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_clusters known;
    int32_t order[3] = {2, 1, 0};
    OK(ctx, km_model_clusters(ctx, model, order, &arena, &known));
    cr_assert_eq(known.n_nonempty, 2);
    for (int c = 0; c < 3; c++) {
        int32_t from = order[c];
        cr_assert_eq(known.sizes[c], model->cluster_sizes[from]);
        cr_assert_eq(known.means[c], known.sizes[c] > 0 ? model->centroids[from] : 2.5);
    }
    km_arena_free(&arena);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

static void compare_profiles(const kmseg_profile *a, const kmseg_profile *b) {
    size_t k = (size_t)b->n_segments;
    cr_assert_eq(a->n_columns, b->n_columns);
    for (int32_t c = 0; c < b->n_columns; c++) {
        const kmseg_profile_column *one = &a->columns[c], *other = &b->columns[c];
        cr_assert_str_eq(one->name, other->name);
        if (other->type == KMSEG_COLUMN_NUMBER) {
            cr_assert_eq(one->mean, other->mean);
            cr_assert_eq(one->deviation, other->deviation);
            cr_assert_arr_eq(one->segment_means, other->segment_means, k * sizeof(double));
        }
    }
    for (int32_t s = 0; s < b->n_segments; s++) {
        cr_assert_str_eq(a->names[s], b->names[s]);
    }
}

/* In a whole run the profile takes the moments of the prepare step; alone it finds them. Of a column with
 * gaps, and of one that is winsorised, those of the prepare step would be others. */
Test(known, a_profile_is_the_same_with_moments_of_the_prepare_step)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = test_customers(ctx, 0);
    double age[TEST_ROWS], spend[TEST_ROWS];
    for (int i = 0; i < TEST_ROWS; i++) {
        age[i] = i % 7 == 0 ? (double)NAN : 20 + i % 50;
        spend[i] =
            exp(km_random_normal(1, KM_STAGE_TEST, (uint64_t)i, 0) * 1.5) - (i % 3 ? 0.0 : 4.0);
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "age", age));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", spend));
    for (int run = 0; run < 2; run++) {
        kmseg_segment_options options = test_options(TEST_GROUPS);
        options.prepare.winsorise = run ? "spend=0.1" : "0";
        kmseg_result *result;
        OK(ctx, kmseg_segment(ctx, table, &options, &result));
        kmseg_profile *alone;
        OK(ctx, kmseg_profile_new(ctx, table, NULL, result->n_samples, result->labels,
                                  result->n_segments, result->prepare, &options.profile, &alone));
        compare_profiles(result->profile, alone);
        kmseg_profile_free(alone);
        kmseg_result_free(result);
    }
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
