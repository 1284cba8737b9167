/* The promise: the labels of float64 Lloyd, and the same bytes for any threads, kernels and tiles. */
#include "base/rng.h"
#include "cluster/cluster.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>

enum { K = 7 };

typedef struct data {
    const char *name;
    int64_t n, d;
    float *x;
} data;

static double normal(int64_t i, uint32_t stream) {
    return km_random_normal(11, KM_STAGE_TEST, (uint64_t)i, stream);
}

static double uniform(int64_t i, uint32_t stream) {
    return km_random_uniform(11, KM_STAGE_TEST, (uint64_t)i, stream);
}

/* One value of each kind of data set; c is the group of row i. */
static double value(const char *name, int64_t i, int64_t j, int64_t d) {
    int64_t at = i * d + j;
    int64_t c = (int64_t)(uniform(i, 99) * K);
    double group = 3 * uniform(c * d + j, 98);
    if (strcmp(name, "mixture") == 0) {
        return group + 0.5 * normal(at, 0);
    }
    if (strcmp(name, "uniform") == 0) {
        return uniform(at, 0);
    }
    if (strcmp(name, "ties on a grid") == 0) {
        return floor(4 * uniform(at, 0)); /* many equidistant rows, many duplicates */
    }
    if (strcmp(name, "offset 1e4") == 0) {
        return 1e4 + group + 0.5 * normal(at, 0);
    }
    if (strcmp(name, "offset 1e8") == 0) {
        return 1e8 + 64 * floor(4 * uniform(at, 0));
    }
    if (strcmp(name, "scales 1e-6 to 1e6") == 0) {
        return pow(10, -6 + 12.0 * (double)j / (double)(d - 1)) * (group + normal(at, 0));
    }
    if (strcmp(name, "heavy tails") == 0) {
        return normal(at, 0) / (uniform(at, 1) + 1e-7);
    }
    if (strcmp(name, "one far outlier") == 0) {
        return i == 17 ? 1e12 : group + 0.5 * normal(at, 0);
    }
    if (strcmp(name, "tiny") == 0) {
        return 1e-30 * (group + 0.5 * normal(at, 0));
    }
    if (strcmp(name, "huge") == 0) {
        return 1e30 * (group + 0.5 * normal(at, 0));
    }
    return 0;
}

static const char *const names[] = {"mixture",     "uniform",         "ties on a grid",
                                    "offset 1e4",  "offset 1e8",      "scales 1e-6 to 1e6",
                                    "heavy tails", "one far outlier", "tiny",
                                    "huge"};

static data make(const char *name, int64_t n, int64_t d) {
    data out = {name, n, d, malloc((size_t)(n * d) * sizeof(float))};
    for (int64_t i = 0; i < n * d; i++) {
        out.x[i] = (float)value(name, i / d, i % d, d);
    }
    return out;
}

/* Lloyd as one would write it on a page: float64, lowest index on ties, plain sums. */
static void plain_lloyd(const data *x, const double *start, int32_t n_iter, double *centroids,
                        int32_t *labels) {
    memcpy(centroids, start, (size_t)(K * x->d) * sizeof *start);
    double *sums = malloc((size_t)(K * x->d) * sizeof *sums);
    for (int32_t t = 0; t <= n_iter; t++) {
        int64_t counts[K] = {0};
        memset(sums, 0, (size_t)(K * x->d) * sizeof *sums);
        for (int64_t i = 0; i < x->n; i++) {
            double best = INFINITY;
            for (int32_t c = 0; c < K; c++) {
                double square = 0;
                for (int64_t j = 0; j < x->d; j++) {
                    double away = (double)x->x[i * x->d + j] - centroids[c * x->d + j];
                    square += away * away;
                }
                if (square < best) {
                    best = square;
                    labels[i] = c;
                }
            }
            counts[labels[i]]++;
            for (int64_t j = 0; j < x->d; j++) {
                sums[labels[i] * x->d + j] += (double)x->x[i * x->d + j];
            }
        }
        for (int32_t c = 0; t < n_iter && c < K; c++) {
            for (int64_t j = 0; counts[c] > 0 && j < x->d; j++) {
                centroids[c * x->d + j] = sums[c * x->d + j] / (double)counts[c];
            }
        }
    }
    free(sums);
}

static kmseg_model *fit(kmseg_context *ctx, const data *x, kmseg_dtype dtype,
                        const kmseg_fit_options *options) {
    kmseg_matrix matrix = kmseg_matrix_view(x->x, KMSEG_FLOAT32, x->n, x->d);
    kmseg_tiles_options tiles_options;
    kmseg_tiles_options_init(&tiles_options);
    tiles_options.dtype = dtype;
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, NULL, &tiles_options, &tiles));
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, options, &model));
    kmseg_tiles_free(tiles);
    return model;
}

/* K distinct rows from all over: from equal ones a cluster would be empty, which Lloyd's algorithm says
 * nothing about. */
static void start_from_rows(const data *x, double *start) {
    for (int64_t c = 0, i = 0; c < K; i++) {
        cr_assert(i < x->n);
        const float *row = x->x + (i * 1009 % x->n) * x->d;
        int seen = 0;
        for (int64_t o = 0; o < c; o++) {
            int64_t equal = 0;
            for (int64_t j = 0; j < x->d; j++) {
                equal += start[o * x->d + j] == (double)row[j];
            }
            seen = seen || equal == x->d;
        }
        for (int64_t j = 0; !seen && j < x->d; j++) {
            start[c * x->d + j] = (double)row[j];
        }
        c += !seen;
    }
}

static void assert_same(const kmseg_model *a, const kmseg_model *b, const char *what) {
    size_t kd = (size_t)a->n_clusters * (size_t)a->n_features;
    cr_assert(a->n_iter == b->n_iter, "%s: %d and %d iterations", what, a->n_iter, b->n_iter);
    cr_assert(memcmp(a->centroids, b->centroids, kd * sizeof(double)) == 0, "%s: centroids", what);
    cr_assert(memcmp(a->labels, b->labels, (size_t)a->n_samples * sizeof(int32_t)) == 0,
              "%s: labels", what);
    cr_assert(memcmp(a->history, b->history, (size_t)a->n_iter * sizeof(double)) == 0,
              "%s: history", what);
    cr_assert(memcmp(&a->inertia, &b->inertia, sizeof(double)) == 0, "%s: inertia", what);
}

/* Every combination against the first: threads, kernels, float32 and float64 tiles; k-means++ included.
 * More rows than a chunk, and no multiple of a tile. */
Test(exact, the_same_bytes_for_any_threads_kernels_and_tiles, .timeout = 300)
{
    const int32_t threads[] = {1, 2, 3, 7};
    const int64_t sizes[][2] = {{9001, 3}, {4500, 8}, {4097, 17}};
    for (size_t s = 0; s < 3; s++) {
        for (size_t v = 0; v < sizeof names / sizeof *names; v++) {
            data x = make(names[v], sizes[s][0], sizes[s][1]);
            kmseg_fit_options options;
            kmseg_fit_options_init(&options);
            options.n_clusters = K;
            options.n_init = s == 0 ? 2 : 1;
            options.max_iter = 5;
            options.seed = 42;
            options.coreset_size = s == 0 ? 1000 : 0;
            kmseg_model *first = NULL;
            for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
                if (!kmseg_kernels_available(kmseg_kernels_name(i))) {
                    continue;
                }
                for (size_t t = 0; t < 4; t++) {
                    kmseg_context *ctx = test_context(threads[t], kmseg_kernels_name(i));
                    for (int dtype = KMSEG_FLOAT32; dtype <= KMSEG_INT16; dtype++) {
                        kmseg_model *model = fit(ctx, &x, (kmseg_dtype)dtype, &options);
                        if (first == NULL) {
                            first = model;
                            continue;
                        }
                        char what[200];
                        snprintf(what, sizeof what, "%s d %d, %s, %d threads, tiles of dtype %d",
                                 x.name, (int)x.d, kmseg_kernels_name(i), threads[t], dtype);
                        assert_same(first, model, what);
                        kmseg_model_free(model);
                    }
                    kmseg_context_free(ctx);
                }
            }
            kmseg_model_free(first);
            free(x.x);
        }
    }
}

Test(exact, labels_and_centroids_are_those_of_plain_float64_lloyd, .timeout = 300)
{
    const int64_t sizes[][2] = {{9001, 3}, {4500, 8}, {4097, 17}, {2000, 40}};
    for (size_t s = 0; s < 4; s++) {
        for (size_t v = 0; v < sizeof names / sizeof *names; v++) {
            data x = make(names[v], sizes[s][0], sizes[s][1]);
            double *start = malloc((size_t)(K * x.d) * sizeof *start);
            double *centroids = malloc((size_t)(K * x.d) * sizeof *centroids);
            int32_t *labels = malloc((size_t)x.n * sizeof *labels);
            start_from_rows(&x, start);
            kmseg_fit_options options;
            kmseg_fit_options_init(&options);
            options.n_clusters = K;
            options.init = "given";
            options.init_centroids = start;
            options.max_iter = 6;
            options.tol = 0;
            kmseg_context *ctx = test_context(2, NULL);
            kmseg_model *model = fit(ctx, &x, KMSEG_FLOAT32, &options);
            plain_lloyd(&x, start, model->n_iter, centroids, labels);
            int64_t different = 0;
            for (int64_t i = 0; i < x.n; i++) {
                different += labels[i] != model->labels[i];
            }
            cr_assert(different == 0, "%s d %d: %d labels differ", x.name, (int)x.d,
                      (int)different);
            for (int64_t i = 0; i < K * x.d; i++) {
                double scale = fabs(centroids[i]) + 1e-300;
                cr_assert(fabs(centroids[i] - model->centroids[i]) <= 1e-9 * scale,
                          "%s d %d: centroid %g, plain %g", x.name, (int)x.d, model->centroids[i],
                          centroids[i]);
            }
            kmseg_model_free(model);
            kmseg_context_free(ctx);
            free(start);
            free(centroids);
            free(labels);
            free(x.x);
        }
    }
}

/* Enough iterations that bounds of every kind come and go. */
Test(exact, every_algorithm_gives_the_bytes_of_lloyd, .timeout = 300)
{
    const int64_t sizes[][2] = {{30001, 2}, {9001, 8}, {4500, 17}};
    for (size_t s = 0; s < 3; s++) {
        for (size_t v = 0; v < sizeof names / sizeof *names; v++) {
            data x = make(names[v], sizes[s][0], sizes[s][1]);
            kmseg_fit_options options;
            kmseg_fit_options_init(&options);
            options.n_clusters = s == 0 ? 40 : K;
            options.n_init = 1;
            options.max_iter = 60;
            options.tol = 0;
            options.init = "random";
            options.algorithm = "lloyd";
            kmseg_context *ctx = test_context(2, NULL);
            kmseg_model *lloyd = fit(ctx, &x, KMSEG_FLOAT64, &options);
            for (int32_t i = 0; km_algorithm_at(i) != NULL; i++) {
                options.algorithm = km_algorithm_at(i)->name;
                if (!km_algorithm_find(options.algorithm)->exact) {
                    continue;
                }
                kmseg_model *model = fit(ctx, &x, KMSEG_INT16, &options);
                char what[100];
                snprintf(what, sizeof what, "%s d %d, %s", x.name, (int)x.d, options.algorithm);
                assert_same(lloyd, model, what);
                kmseg_model_free(model);
            }
            kmseg_model_free(lloyd);
            kmseg_context_free(ctx);
            free(x.x);
        }
    }
}

/* So many products that doubtful rows are decided among the centroids that their scores leave. */
Test(exact, many_clusters_have_the_same_bytes_in_every_set, .timeout = 300)
{
    for (size_t v = 0; v < sizeof names / sizeof *names; v++) {
        data x = make(names[v], 4500, 48);
        kmseg_fit_options options;
        kmseg_fit_options_init(&options);
        options.n_clusters = 99;
        options.n_init = 1;
        options.max_iter = 12;
        options.tol = 0;
        options.init = "random";
        kmseg_context *ctx = test_context(2, NULL);
        kmseg_model *expect = fit(ctx, &x, KMSEG_FLOAT64, &options);
        kmseg_context_free(ctx);
        for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
            if (!kmseg_kernels_available(kmseg_kernels_name(i))) {
                continue;
            }
            ctx = test_context(2, kmseg_kernels_name(i));
            kmseg_model *model = fit(ctx, &x, KMSEG_INT16, &options);
            assert_same(expect, model, kmseg_kernels_name(i));
            kmseg_model_free(model);
            kmseg_context_free(ctx);
        }
        kmseg_model_free(expect);
        free(x.x);
    }
}

Test(exact, inertia_never_rises_between_iterations)
{
    kmseg_context *ctx = test_context(2, NULL);
    for (size_t v = 0; v < sizeof names / sizeof *names; v++) {
        data x = make(names[v], 6000, 5);
        kmseg_fit_options options;
        kmseg_fit_options_init(&options);
        options.n_clusters = 12;
        options.init = "random";
        options.n_init = 1;
        options.tol = 0;
        kmseg_model *model = fit(ctx, &x, KMSEG_FLOAT32, &options);
        cr_assert(model->n_iter >= 2);
        for (int32_t i = 1; i < model->n_iter; i++) {
            double rise = model->history[i] - model->history[i - 1];
            cr_assert(rise <= 1e-12 * model->history[0], "%s: rises by %g in iteration %d", x.name,
                      rise, i);
        }
        cr_assert(fabs(model->history[model->n_iter - 1] - model->inertia) <=
                      1e-9 * model->history[0],
                  "%s: history ends at %.17g, inertia is %.17g", x.name,
                  model->history[model->n_iter - 1], model->inertia);
        kmseg_model_free(model);
        free(x.x);
    }
    kmseg_context_free(ctx);
}

/* Sums are exact, so the order of the rows cannot matter to anything but the labels' order. */
Test(exact, permuting_the_rows_changes_no_centroid_and_no_inertia)
{
    kmseg_context *ctx = test_context(2, NULL);
    for (size_t v = 0; v < sizeof names / sizeof *names; v++) {
        data x = make(names[v], 5003, 4), y = make(names[v], 5003, 4);
        for (int64_t i = 0; i < x.n; i++) { /* 5003 is prime: a permutation */
            memcpy(y.x + ((i * 1001) % x.n) * x.d, x.x + i * x.d, (size_t)x.d * sizeof(float));
        }
        double *start = malloc((size_t)(K * x.d) * sizeof *start);
        start_from_rows(&x, start);
        kmseg_fit_options options;
        kmseg_fit_options_init(&options);
        options.n_clusters = K;
        options.init = "given";
        options.init_centroids = start;
        kmseg_model *a = fit(ctx, &x, KMSEG_FLOAT32, &options);
        kmseg_model *b = fit(ctx, &y, KMSEG_FLOAT32, &options);
        cr_assert(memcmp(a->centroids, b->centroids, (size_t)(K * x.d) * sizeof(double)) == 0,
                  "%s: centroids differ", x.name);
        cr_assert(a->inertia == b->inertia, "%s: inertia %.17g and %.17g", x.name, a->inertia,
                  b->inertia);
        for (int64_t i = 0; i < x.n; i++) {
            cr_assert_eq(a->labels[i], b->labels[(i * 1001) % x.n]);
        }
        kmseg_model_free(a);
        kmseg_model_free(b);
        free(start);
        free(x.x);
        free(y.x);
    }
    kmseg_context_free(ctx);
}

/* Lloyd's algorithm with scikit-learn's rules (KMeans, algorithm "lloyd"): stops when no label changes,
 * or when the squared shift of the centroids is at most tol; in the latter case, and at max_iter, labels
 * are made once more. Long doubles, so that sums are as good as exact. Returns n_iter, or -1 when a
 * cluster lost all its weight. */
typedef struct reference {
    double centroids[10 * 12], inertia;
    int32_t labels[500];
} reference;

static int32_t reference_lloyd(const double *x, int n, int d, const double *w, int k, double tol,
                               int32_t max_iter, reference *out) {
    for (int32_t t = 0;; t++) {
        long double sums[10 * 12] = {0}, totals[10] = {0}, inertia = 0;
        int changed = 0;
        for (int i = 0; i < n; i++) {
            int32_t best = 0;
            double least = INFINITY;
            for (int c = 0; c < k; c++) {
                double square = 0;
                for (int j = 0; j < d; j++) {
                    double away = x[i * d + j] - out->centroids[c * d + j];
                    square += away * away;
                }
                best = square < least ? c : best;
                least = square < least ? square : least;
            }
            changed += t == 0 || out->labels[i] != best;
            out->labels[i] = best;
            totals[best] += (long double)w[i];
            inertia += (long double)w[i] * (long double)least;
            for (int j = 0; j < d; j++) {
                sums[best * d + j] += (long double)w[i] * (long double)x[i * d + j];
            }
        }
        out->inertia = (double)inertia;
        if (t == max_iter || tol < 0) {
            return t;
        }
        double shift = 0;
        for (int c = 0; c < k; c++) {
            if (totals[c] == 0) {
                return -1;
            }
            for (int j = 0; j < d; j++) {
                double mean = (double)(sums[c * d + j] / totals[c]);
                shift += (mean - out->centroids[c * d + j]) * (mean - out->centroids[c * d + j]);
                out->centroids[c * d + j] = mean;
            }
        }
        if (changed == 0) {
            return t + 1;
        }
        tol = shift <= tol ? -1 : tol; /* one more pass */
    }
}

Test(exact, a_given_start_takes_the_iterations_and_ends_where_scikit_learn_does)
{
    static double x[500 * 12], w[500];
    static reference truth;
    kmseg_context *ctx = test_context(2, NULL);
    int stops[4] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        km_random random = {.seed = seed, .stage = KM_STAGE_TEST, .substream = 3};
        int n = 20 + (int)km_next_below(&random, 481), d = 1 + (int)km_next_below(&random, 12);
        int k = 1 + (int)km_next_below(&random, 10);
        long double squares = 0, total = 0;
        for (int i = 0; i < n; i++) {
            w[i] = seed % 3 == 0   ? 1
                   : seed % 3 == 1 ? (double)(1 + i % 4)
                                   : km_next_uniform(&random);
            for (int j = 0; j < d; j++) {
                x[i * d + j] = 1e3 * j + pow(10, j % 5 - 2) * km_next_normal(&random);
            }
        }
        for (int j = 0; j < d; j++) { /* tol is relative to the mean variance */
            long double sum = 0, square = 0;
            total = 0;
            for (int i = 0; i < n; i++) {
                long double away = (long double)x[i * d + j] - 1e3L * j;
                total += (long double)w[i];
                sum += (long double)w[i] * away;
                square += (long double)w[i] * away * away;
            }
            squares += square - sum * sum / total;
        }
        kmseg_fit_options options;
        kmseg_fit_options_init(&options);
        options.n_clusters = k;
        options.init = "given";
        options.init_centroids = x;
        options.tol = seed % 2 ? 1e-3 : 0;
        options.max_iter = seed % 5 ? 300 : 1 + (int32_t)(seed % 7);
        memcpy(truth.centroids, x, (size_t)(k * d) * sizeof *x);
        int32_t n_iter = reference_lloyd(x, n, d, w, k, options.tol * (double)(squares / total / d),
                                         options.max_iter, &truth);
        if (n_iter < 0) {
            continue;
        }
        kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, n, d);
        kmseg_tiles *tiles;
        OK(ctx, kmseg_tiles_new(ctx, &matrix, seed % 3 ? w : NULL, NULL, &tiles));
        kmseg_model *model;
        OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
        stops[model->stop_reason]++;
        cr_assert(model->n_iter == n_iter, "seed %d: %d iterations, not %d", (int)seed,
                  model->n_iter, n_iter);
        cr_assert_arr_eq(model->labels, truth.labels, (size_t)n * sizeof(int32_t), "seed %d",
                         (int)seed);
        cr_assert_float_eq(model->inertia, truth.inertia, 1e-12 * truth.inertia, "seed %d",
                           (int)seed);
        for (int i = 0; i < k * d; i++) {
            cr_assert_float_eq(model->centroids[i], truth.centroids[i],
                               1e-12 * (fabs(truth.centroids[i]) + 1), "seed %d", (int)seed);
        }
        kmseg_model_free(model);
        kmseg_tiles_free(tiles);
    }
    cr_assert(stops[KMSEG_STOP_LABELS] > 20 && stops[KMSEG_STOP_TOL] > 20 &&
              stops[KMSEG_STOP_MAX_ITER] > 5);
    kmseg_context_free(ctx);
}
