/* Initialisers: which samples they choose, how often, and that nothing but data and seed matters. */
#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>

typedef struct data {
    const char *name;
    int64_t n, d;
    float *x;
    double *weights; /* or NULL */
} data;

static double normal(int64_t i, uint32_t stream) {
    return km_random_normal(21, KM_STAGE_TEST, (uint64_t)i, stream);
}

static double uniform(int64_t i, uint32_t stream) {
    return km_random_uniform(21, KM_STAGE_TEST, (uint64_t)i, stream);
}

/* Value j of row i of each kind of data set. */
static double value(const char *name, int64_t i, int64_t j, int64_t d) {
    int64_t at = i * d + j, group = (int64_t)(uniform(i, 99) * 9);
    if (strcmp(name, "groups") == 0 || strcmp(name, "weights of all sizes") == 0) {
        return 3 * uniform(group * d + j, 98) + 0.2 * normal(at, 0);
    }
    if (strcmp(name, "uniform") == 0 || strcmp(name, "whole weights") == 0) {
        return uniform(at, 0);
    }
    if (strcmp(name, "few distinct") == 0) {
        return floor(2 * uniform(at, 0));
    }
    if (strcmp(name, "all equal") == 0) {
        return 5;
    }
    if (strcmp(name, "one far outlier") == 0) {
        return i == 17 ? 1e12 : normal(at, 0);
    }
    if (strcmp(name, "heavy tails") == 0) {
        return normal(at, 0) / (uniform(at, 1) + 1e-7);
    }
    if (strcmp(name, "groups in groups") == 0) {
        return 10 * uniform(group / 3 * d + j, 97) + 1e-4 * uniform(group * d + j, 98) +
               1e-7 * normal(at, 0);
    }
    return NAN;
}

static const char *const names[] = {"groups",        "weights of all sizes", "uniform",
                                    "whole weights", "few distinct",         "one far outlier",
                                    "heavy tails",   "groups in groups",     "all equal"};
enum { N_NAMES = sizeof names / sizeof *names };

static data make(const char *name, int64_t n, int64_t d) {
    data out = {name, n, d, malloc((size_t)(n * d) * sizeof(float)), NULL};
    for (int64_t i = 0; i < n * d; i++) {
        out.x[i] = (float)value(name, i / d, i % d, d);
    }
    int all_sizes = strcmp(name, "weights of all sizes") == 0;
    if (all_sizes || strcmp(name, "whole weights") == 0) {
        out.weights = malloc((size_t)n * sizeof(double));
        for (int64_t i = 0; i < n; i++) {
            out.weights[i] =
                all_sizes ? pow(10, 12 * uniform(i, 50) - 6) : floor(4 * uniform(i, 50));
        }
        out.weights[5] = 0;
    }
    return out;
}

static void release(data *x) {
    free(x->x);
    free(x->weights);
}

static kmseg_tiles *tiles_of(kmseg_context *ctx, const data *x, kmseg_dtype dtype) {
    kmseg_matrix matrix = kmseg_matrix_view(x->x, KMSEG_FLOAT32, x->n, x->d);
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    options.dtype = dtype;
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, x->weights, &options, &tiles));
    return tiles;
}

static void run(kmseg_context *ctx, const kmseg_tiles *tiles, const char *name, int32_t k,
                uint64_t seed, double *centroids) {
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = k;
    options.seed = seed;
    options.init = name;
    double *given = calloc((size_t)(k * tiles->n_features), sizeof *given);
    for (int32_t c = 0; c < k; c++) {
        km_tiles_row(tiles, (6 + c) % tiles->n_samples, given + (int64_t)c * tiles->n_features);
    }
    options.init_centroids = given;
    km_fit_job job = {.tiles = tiles, .options = &options, .restart = 1};
    OK(ctx, km_initialiser_find(name)->run(ctx, &job, centroids));
    free(given);
}

/* 1 when a centroid is a sample of positive weight. */
static int is_sample(const data *x, const double *centroid) {
    for (int64_t i = 0; i < x->n; i++) {
        int64_t equal = 0;
        while (equal < x->d && (double)x->x[i * x->d + equal] == centroid[equal]) {
            equal++;
        }
        if (equal == x->d && (x->weights == NULL || x->weights[i] > 0)) {
            return 1;
        }
    }
    return 0;
}

/* Every initialiser and data set: threads, kernels, and what tiles hold against the first of all. */
Test(init, the_same_samples_for_any_threads_kernels_and_tiles, .timeout = 300)
{
    enum { K = 21 };
    const int32_t threads[] = {1, 2, 3, 7};
    const int64_t sizes[][2] = {{9001, 3}, {4500, 16}};
    double first[K * 16], again[K * 16];
    for (int32_t a = 0; km_initialiser_at(a) != NULL; a++) {
        const char *name = km_initialiser_at(a)->name;
        for (int v = 0; v < 2 * N_NAMES; v++) {
            data x = make(names[v / 2], sizes[v % 2][0], sizes[v % 2][1]);
            size_t bytes = (size_t)(K * x.d) * sizeof(double);
            int done = 0;
            for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
                if (!kmseg_kernels_available(kmseg_kernels_name(i))) {
                    continue;
                }
                for (size_t t = 0; t < 4; t++) {
                    kmseg_context *ctx = test_context(threads[t], kmseg_kernels_name(i));
                    for (int dtype = KMSEG_FLOAT32; dtype <= KMSEG_INT16; dtype++) {
                        kmseg_tiles *tiles = tiles_of(ctx, &x, (kmseg_dtype)dtype);
                        run(ctx, tiles, name, K, 42, done ? again : first);
                        cr_assert(!done || memcmp(first, again, bytes) == 0,
                                  "%s, %s d %d: %s, %d threads, tiles of type %d", name, x.name,
                                  (int)x.d, kmseg_kernels_name(i), threads[t], dtype);
                        done = 1;
                        kmseg_tiles_free(tiles);
                    }
                    kmseg_context_free(ctx);
                }
            }
            for (int32_t c = 0; c < K && strcmp(name, "given") != 0; c++) {
                cr_assert(is_sample(&x, first + c * x.d), "%s, %s: centroid %d", name, x.name, c);
            }
            release(&x);
        }
    }
}

/* What a sweep relies on. */
Test(init, the_first_centroids_of_a_nested_seeding_are_the_seeding_for_fewer)
{
    enum { K = 60 };
    double most[K * 5], fewer[K * 5];
    kmseg_context *ctx = test_context(2, NULL);
    int32_t n_nested = 0;
    for (int32_t a = 0; km_initialiser_at(a) != NULL; a++) {
        const char *name = km_initialiser_at(a)->name;
        if (!km_initialiser_find(name)->nested) {
            continue;
        }
        n_nested++;
        for (int v = 0; v < N_NAMES; v++) {
            data x = make(names[v], 5000, 5);
            kmseg_tiles *tiles = tiles_of(ctx, &x, KMSEG_FLOAT32);
            run(ctx, tiles, name, K, 3, most);
            for (int32_t k = 1; k < K; k += 1 + k / 3) {
                run(ctx, tiles, name, k, 3, fewer);
                cr_assert(memcmp(most, fewer, (size_t)(k * 5) * sizeof(double)) == 0,
                          "%s, %s: k %d", name, x.name, k);
            }
            kmseg_tiles_free(tiles);
            release(&x);
        }
    }
    cr_assert_geq(n_nested, 1);
    kmseg_context_free(ctx);
}

/* Samples 0, 1, 3 of weights 2, 1, 1: first in 1/2, 1/4, 1/4 of all seedings. For the second, four
 * candidates; with weighted squares
 * from 0: 1 and 9; 1 would leave 4, and 3 would leave 1, so 1 needs all four: (1/10)^4;
 * from 1: 2 and 4; 0 would leave 4, and 3 would leave 2, so 0 needs all four: (1/3)^4;
 * from 3: 18 and 4; 0 would leave 1, and 1 would leave 2, so 1 needs all four: (2/11)^4. */
Test(init, a_second_centroid_is_the_best_of_four_drawn_by_squared_distance)
{
    enum { SEEDS = 60000 };
    float x[] = {0, 1, 3};
    double weights[] = {2, 1, 1};
    data all = {"by hand", 3, 1, x, weights};
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, &all, KMSEG_FLOAT32);
    int count[4][4] = {{0}};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        double centroids[2];
        run(ctx, tiles, "k-means++", 2, seed, centroids);
        count[(int)centroids[0]][(int)centroids[1]]++;
    }
    const struct {
        int first, second;
        double share;
    } expected[] = {{0, 1, 0.5 / 1e4},        {0, 3, 0.5 - 0.5 / 1e4}, {1, 0, 0.25 / 81},
                    {1, 3, 0.25 - 0.25 / 81}, {3, 1, 4.0 / 14641},     {3, 0, 0.25 - 4.0 / 14641}};
    for (size_t i = 0; i < 6; i++) {
        double mean = SEEDS * expected[i].share;
        double found = count[expected[i].first][expected[i].second];
        cr_assert(fabs(found - mean) < 5 * sqrt(mean) + 1, "%d then %d: %g times, not %g",
                  expected[i].first, expected[i].second, found, mean);
    }
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* 20,000 samples are drawn from by a pool of some of them. A third is at 0, which the pool of hardly any
 * seed has, and weighs a third all the same; the others are drawn evenly. */
Test(init, samples_are_drawn_by_weight_whether_the_pool_stands_for_all_or_not, .timeout = 120)
{
    enum { N = 20000, SEEDS = 1500, PARTS = 10 };
    data x = {"a third at 0", N, 2, malloc(sizeof(float) * N * 2), NULL};
    for (int64_t i = 0; i < N; i++) {
        x.x[2 * i] = x.x[2 * i + 1] = 0;
        if (i % 3 != 0) {
            x.x[2 * i] = (float)(i + 1) / N;
            x.x[2 * i + 1] = (float)uniform(i, 3);
        }
    }
    data spread = make("uniform", N, 2);
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *lumpy = tiles_of(ctx, &x, KMSEG_INT16),
                *even = tiles_of(ctx, &spread, KMSEG_INT16);
    int at_0 = 0, part[PARTS] = {0}, all[PARTS] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        double centroid[2];
        run(ctx, lumpy, "k-means++", 1, seed, centroid);
        at_0 += centroid[0] == 0;
        all[(int)(PARTS * (centroid[0] - 1e-9))] += centroid[0] != 0;
        run(ctx, even, "k-means++", 1, seed, centroid);
        part[(int)(PARTS * centroid[1])]++;
    }
    double third = SEEDS / 3.0, tenth = SEEDS / (double)PARTS;
    cr_assert(fabs(at_0 - third) < 5 * sqrt(third * 2 / 3), "%d at 0, not %g", at_0, third);
    for (int p = 0; p < PARTS; p++) {
        cr_assert(fabs(all[p] - tenth * 2 / 3) < 5 * sqrt(tenth), "part %d: %d", p, all[p]);
        cr_assert(fabs(part[p] - tenth) < 5 * sqrt(tenth), "part %d: %d", p, part[p]);
    }
    kmseg_tiles_free(lumpy);
    kmseg_tiles_free(even);
    release(&x);
    release(&spread);
    kmseg_context_free(ctx);
}

/* Whole weights and equal rows are the same sums, by what is in the rows: the same draws. */
Test(init, a_sample_of_weight_w_is_drawn_as_w_equal_samples_are)
{
    enum { N = 700, D = 3, K = 12 };
    data once = make("whole weights", N, D);
    data many = {"repeated", 0, D, malloc(sizeof(float) * N * 3 * D), NULL};
    for (int64_t i = 0; i < N; i++) {
        for (int r = 0; r < (int)once.weights[i]; r++) {
            memcpy(many.x + many.n++ * D, once.x + i * D, D * sizeof(float));
        }
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *a = tiles_of(ctx, &once, KMSEG_FLOAT32), *b = tiles_of(ctx, &many, KMSEG_FLOAT32);
    for (uint64_t seed = 0; seed < 50; seed++) {
        double weighted[K * D], repeated[K * D];
        run(ctx, a, "k-means++", K, seed, weighted);
        run(ctx, b, "k-means++", K, seed, repeated);
        cr_assert(memcmp(weighted, repeated, sizeof weighted) == 0, "seed %d", (int)seed);
    }
    kmseg_tiles_free(a);
    kmseg_tiles_free(b);
    release(&once);
    release(&many);
    kmseg_context_free(ctx);
}

/* Samples 0 and 1 of weights .25 and .75, which are not whole; k-means|| draws the first the same way. */
Test(init, other_weights_are_chances_too)
{
    enum { SEEDS = 20000 };
    float x[] = {0, 1};
    double weights[] = {0.25, 0.75};
    data all = {"by hand", 2, 1, x, weights};
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, &all, KMSEG_FLOAT32);
    const char *const which[] = {"k-means++", "k-means||", "random"};
    for (int a = 0; a < 3; a++) {
        int ones = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            double centroid;
            run(ctx, tiles, which[a], 1, seed, &centroid);
            ones += centroid == 1;
        }
        cr_assert(fabs(ones - 0.75 * SEEDS) < 5 * sqrt(SEEDS * 0.75 * 0.25), "%s: %d", which[a],
                  ones);
    }
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Of G groups of points each nearer together than they are apart, how many have a centroid. */
static int groups_found(const double *centroids, int32_t k, int64_t d, const double *means,
                        int groups) {
    int found = 0;
    for (int g = 0; g < groups; g++) {
        double least = INFINITY;
        int owner = -1;
        for (int32_t c = 0; c < k && owner != g; c++) {
            least = INFINITY;
            for (int o = 0; o < groups; o++) {
                double square = 0;
                for (int64_t j = 0; j < d; j++) {
                    double away = centroids[c * d + j] - means[o * d + j];
                    square += away * away;
                }
                owner = square < least ? o : owner;
                least = square < least ? square : least;
            }
        }
        found += owner == g;
    }
    return found;
}

/* Ten groups 100 of their widths apart: a centroid for each but where by chance a sample of a group that
 * has one is drawn, with a hundredth of the chances at most, and then it must be the best candidate. */
Test(init, every_group_far_from_others_gets_a_centroid, .timeout = 120)
{
    enum { G = 10, N = 3000, D = 4, SEEDS = 200 };
    double means[G * D], centroids[G * D];
    data x = {"far groups", N, D, malloc(sizeof(float) * N * D), NULL};
    for (int i = 0; i < G * D; i++) {
        means[i] = 100.0 * (i / D == i % D) + 100.0 * (i / D - D == i % D) * -1 +
                   70 * (i / D >= 8) * (i / D == 8 ? 1 : -1);
    }
    for (int64_t i = 0; i < N * D; i++) {
        x.x[i] = (float)(means[i / D % G * D + i % D] + 0.5 * normal(i, 7));
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, &x, KMSEG_FLOAT32);
    const char *const which[] = {"k-means++", "k-means||", "random"};
    int all[3] = {0};
    for (int a = 0; a < 3; a++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            run(ctx, tiles, which[a], G, seed, centroids);
            all[a] += groups_found(centroids, G, D, means, G) == G;
        }
    }
    cr_assert(all[0] == SEEDS, "k-means++: %d of %d", all[0], SEEDS);
    cr_assert(all[1] == SEEDS, "k-means||: %d of %d", all[1], SEEDS);
    cr_assert(all[2] < SEEDS / 20, "random: %d of %d", all[2], SEEDS); /* 10! / 10^10 of them */
    kmseg_tiles_free(tiles);
    release(&x);
    kmseg_context_free(ctx);
}

/* Three groups of three that are a hundred thousandth of the range apart, which 16 bits do not tell. */
Test(init, groups_too_small_for_16_bits_are_told_apart_in_float64)
{
    enum { G = 9, D = 2 };
    data x = make("groups in groups", 9000, D);
    double means[G * D], centroids[G * D];
    for (int i = 0; i < G * D; i++) {
        int64_t group = i / D, j = i % D;
        means[i] = 10 * uniform(group / 3 * D + j, 97) + 1e-4 * uniform(group * D + j, 98);
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles = tiles_of(ctx, &x, KMSEG_FLOAT32);
    const char *const which[] = {"k-means++", "k-means||"};
    for (int a = 0; a < 2; a++) {
        int all = 0;
        for (uint64_t seed = 0; seed < 40; seed++) {
            run(ctx, tiles, which[a], G, seed, centroids);
            all += groups_found(centroids, G, D, means, G) == G;
        }
        cr_assert(all >= 30, "%s: %d of 40", which[a], all);
    }
    kmseg_tiles_free(tiles);
    release(&x);
    kmseg_context_free(ctx);
}

/* Sum of squared distances to the nearest of k centroids. */
static double potential(const data *x, const double *centroids, int32_t k) {
    double sum = 0;
    for (int64_t i = 0; i < x->n; i++) {
        double least = INFINITY;
        for (int32_t c = 0; c < k; c++) {
            double square = 0;
            for (int64_t j = 0; j < x->d; j++) {
                double away = (double)x->x[i * x->d + j] - centroids[c * x->d + j];
                square += away * away;
            }
            least = square < least ? square : least;
        }
        sum += least * (x->weights != NULL ? x->weights[i] : 1);
    }
    return sum;
}

/* k-means++ of Arthur & Vassilvitskii as on their page: one candidate each. */
static void plain_plus_plus(const data *x, int32_t k, uint64_t seed, double *centroids) {
    double *least = malloc((size_t)x->n * sizeof *least), total = 0;
    km_random random = {.seed = seed, .stage = KM_STAGE_TEST, .substream = 9};
    for (int64_t i = 0; i < x->n; i++) {
        least[i] = INFINITY;
    }
    int64_t row = (int64_t)km_next_below(&random, (uint64_t)x->n);
    for (int32_t c = 0; c < k; c++) {
        total = 0;
        for (int64_t j = 0; j < x->d; j++) {
            centroids[c * x->d + j] = (double)x->x[row * x->d + j];
        }
        for (int64_t i = 0; i < x->n; i++) {
            double square = 0;
            for (int64_t j = 0; j < x->d; j++) {
                double away = (double)x->x[i * x->d + j] - centroids[c * x->d + j];
                square += away * away;
            }
            least[i] = square < least[i] ? square : least[i];
            total += least[i];
        }
        double at = km_next_uniform(&random) * total;
        for (row = 0; row < x->n - 1 && at >= least[row]; row++) {
            at -= least[row];
        }
    }
    free(least);
}

/* Mean over seeds. Greedy candidates are worth about a tenth; k-means|| gets as far. */
Test(init, potentials_are_lower_than_those_of_plain_k_means_plus_plus, .timeout = 120)
{
    enum { K = 15, D = 6, SEEDS = 40 };
    const char *const kinds[] = {"groups", "uniform", "one far outlier"};
    kmseg_context *ctx = test_context(2, NULL);
    for (int v = 0; v < 3; v++) {
        data x = make(kinds[v], 3000, D);
        kmseg_tiles *tiles = tiles_of(ctx, &x, KMSEG_FLOAT32);
        double plain = 0, greedy = 0, parallel = 0, centroids[K * D];
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            plain_plus_plus(&x, K, seed, centroids);
            plain += potential(&x, centroids, K);
            run(ctx, tiles, "k-means++", K, seed, centroids);
            greedy += potential(&x, centroids, K);
            run(ctx, tiles, "k-means||", K, seed, centroids);
            parallel += potential(&x, centroids, K);
        }
        cr_assert(greedy < 0.95 * plain, "%s: %g of plain", kinds[v], greedy / plain);
        cr_assert(parallel < 0.95 * plain, "%s: %g of plain", kinds[v], parallel / plain);
        kmseg_tiles_free(tiles);
        release(&x);
    }
    kmseg_context_free(ctx);
}
