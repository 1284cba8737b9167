/* Tiles against their definition in long double, and against each other: every kernel, any number of
 * threads, any order of the rows, every type of values. */
#include "base/rng.h"
#include "data/tiles.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>

typedef struct data {
    const char *name;
    int64_t n, d;
    double *x; /* numbers that float32 can hold */
    float *narrow;
    double *weights;
} data;

static double uniform(int64_t i, uint32_t stream) {
    return km_random_uniform(5, KM_STAGE_TEST, (uint64_t)i, stream);
}

static double normal(int64_t i, uint32_t stream) {
    return km_random_normal(5, KM_STAGE_TEST, (uint64_t)i, stream);
}

static double value(const char *name, int64_t at, int64_t j) {
    double away = normal(at, 0) + 3 * floor(3 * uniform(at, 1));
    if (strcmp(name, "offset 1e8") == 0) {
        return 1e8 + 16 * floor(4 * away);
    }
    if (strcmp(name, "heavy tails") == 0) {
        return exp(3 * normal(at, 0));
    }
    if (strcmp(name, "one far outlier") == 0) {
        return at == 1234 ? 1e12 : away;
    }
    if (strcmp(name, "scales 1e-3 to 1e3") == 0) {
        return away * (j % 3 == 0 ? 1e-3 : j % 3 == 1 ? 1 : 1e3);
    }
    if (strcmp(name, "tiny") == 0) {
        return 1e-40 * away; /* float32 has few bits left for these */
    }
    if (strcmp(name, "huge") == 0) {
        return 3e37 * away; /* differences overflow in float32 */
    }
    if (strcmp(name, "one constant feature") == 0) {
        return j == 0 ? 7.25 : away;
    }
    return strcmp(name, "all equal") == 0 ? -3.5 : away;
}

static const char *const names[] = {
    "groups", "offset 1e8", "heavy tails",          "one far outlier", "scales 1e-3 to 1e3",
    "tiny",   "huge",       "one constant feature", "all equal"};
enum { N_NAMES = sizeof names / sizeof *names };

static data make(const char *name, int64_t n, int64_t d) {
    data out = {.name = name, .n = n, .d = d};
    out.x = malloc((size_t)(n * d) * sizeof *out.x);
    out.narrow = malloc((size_t)(n * d) * sizeof *out.narrow);
    out.weights = malloc((size_t)n * sizeof *out.weights);
    for (int64_t i = 0; i < n * d; i++) {
        out.narrow[i] = (float)value(name, i, i % d);
        out.x[i] = (double)out.narrow[i];
    }
    for (int64_t i = 0; i < n; i++) {
        out.weights[i] = 0.25 + floor(4 * uniform(i, 2));
    }
    return out;
}

static void discard(data *x) {
    free(x->x);
    free(x->narrow);
    free(x->weights);
}

static kmseg_tiles *build(kmseg_context *ctx, const data *x, int samples, int dtype, int weighted) {
    kmseg_matrix matrix =
        kmseg_matrix_view(samples == KMSEG_FLOAT32 ? (const void *)x->narrow : x->x,
                          (kmseg_dtype)samples, x->n, x->d);
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    options.dtype = (kmseg_dtype)dtype;
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, weighted ? x->weights : NULL, &options, &tiles));
    cr_assert_eq(kmseg_tiles_dtype(tiles), options.dtype);
    return tiles;
}

static void same(const void *a, const void *b, int64_t n, size_t size, const char *what,
                 const char *where) {
    cr_assert(memcmp(a, b, (size_t)n * size) == 0, "%s: %s", where, what);
}

/* What does not depend on the order of the rows, nor on the type of the tiles. */
static void assert_same_figures(const kmseg_tiles *a, const kmseg_tiles *b, const char *where) {
    int64_t d = a->n_features;
    same(a->centre, b->centre, d, sizeof(double), "centre", where);
    same(a->range, b->range, d, sizeof(double), "range", where);
    same(a->means, b->means, d, sizeof(double), "means", where);
    same(a->squares, b->squares, d, sizeof(double), "squares", where);
    same(a->sum_scale, b->sum_scale, d, sizeof(double), "sum_scale", where);
    same(a->sum_unit, b->sum_unit, d, sizeof(double), "sum_unit", where);
    cr_assert((a->sum_fine == NULL) == (b->sum_fine == NULL), "%s: sum_fine", where);
    cr_assert(a->suits_int16 == b->suits_int16, "%s: suits_int16", where);
    cr_assert(a->int16_scale == b->int16_scale && a->int16_fine == b->int16_fine &&
                  a->int16_beyond == b->int16_beyond && a->unit_scale == b->unit_scale,
              "%s: scales of int16", where);
    if (a->dtype == b->dtype) {
        cr_assert(memcmp(&a->scale, &b->scale, sizeof a->scale) == 0, "%s: scale", where);
        cr_assert(a->n_outside == b->n_outside, "%s: n_outside", where);
    }
}

static void assert_same_tiles(const kmseg_tiles *a, const kmseg_tiles *b, const char *where) {
    int64_t d = a->n_features, width = a->dtype == KMSEG_INT16 ? (d + 1) / 2 * 2 : d;
    size_t size = a->dtype == KMSEG_INT16 ? 2 : a->dtype == KMSEG_FLOAT32 ? 4 : 8;
    same(a->values, b->values, a->n_tiles * width * KM_TILE_ROWS, size, "values", where);
    same(a->norms, b->norms, a->n_tiles, sizeof(float), "norms", where);
    cr_assert_eq(a->outside == NULL, b->outside == NULL);
    if (a->outside != NULL) {
        same(a->outside, b->outside, a->n_tiles, sizeof(uint64_t), "outside", where);
    }
    if (a->residuals != NULL) {
        same(a->residuals, b->residuals, a->n_tiles, sizeof(float), "residuals", where);
    }
}

/* Column counts cross the groups of four columns and the pairs; row counts end inside a tile, at its
 * end, and one row behind it. */
static const int64_t sizes[][2] = {{4097, 1}, {4160, 2}, {9001, 3}, {4500, 4},
                                   {130, 5},  {63, 7},   {5003, 8}, {4098, 17}};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

Test(tiles, are_the_same_bytes_for_any_threads_and_kernels, .timeout = 300)
{
    const int32_t threads[] = {1, 2, 3, 7};
    for (int v = 0; v < N_NAMES * N_SIZES; v++) {
        data x = make(names[v % N_NAMES], sizes[v / N_NAMES][0], sizes[v / N_NAMES][1]);
        kmseg_tiles *first[16] = {NULL};
        for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
            const char *kernels = kmseg_kernels_name(i);
            for (size_t t = 0; kmseg_kernels_available(kernels) && t < 4; t++) {
                kmseg_context *ctx = test_context(threads[t], kernels);
                for (int c = 0; c < 12; c++) {
                    int samples = c % 2 ? KMSEG_FLOAT64 : KMSEG_FLOAT32;
                    int dtype = KMSEG_FLOAT32 + c / 2 % 3;
                    kmseg_tiles *tiles = build(ctx, &x, samples, dtype, c / 6);
                    char where[200];
                    snprintf(where, sizeof where, "%s %d x %d, %s, %d threads, case %d", x.name,
                             (int)x.n, (int)x.d, kernels, threads[t], c);
                    if (first[c] == NULL) {
                        first[c] = tiles;
                        assert_same_figures(first[c / 6 * 6 + c % 2], tiles, where);
                        continue;
                    }
                    assert_same_figures(first[c], tiles, where);
                    assert_same_tiles(first[c], tiles, where);
                    kmseg_tiles_free(tiles);
                }
                kmseg_context_free(ctx);
            }
        }
        for (int c = 0; c < 12; c++) {
            kmseg_tiles_free(first[c]);
        }
        discard(&x);
    }
}

Test(tiles, figures_do_not_depend_on_the_order_of_the_rows)
{
    kmseg_context *ctx = test_context(2, NULL);
    for (int v = 0; v < N_NAMES; v++) {
        data x = make(names[v], 5003, 4), y = make(names[v], 5003, 4);
        for (int64_t i = 0; i < x.n; i++) { /* 5003 is prime: a permutation */
            memcpy(y.narrow + i * 1001 % x.n * x.d, x.narrow + i * x.d, 4 * sizeof(float));
            memcpy(y.x + i * 1001 % x.n * x.d, x.x + i * x.d, 4 * sizeof(double));
            y.weights[i * 1001 % x.n] = x.weights[i];
        }
        for (int c = 0; c < 12; c++) {
            int samples = c % 2 ? KMSEG_FLOAT64 : KMSEG_FLOAT32, dtype = KMSEG_FLOAT32 + c / 2 % 3;
            kmseg_tiles *a = build(ctx, &x, samples, dtype, c / 6);
            kmseg_tiles *b = build(ctx, &y, samples, dtype, c / 6);
            assert_same_figures(a, b, x.name);
            kmseg_tiles_free(a);
            kmseg_tiles_free(b);
        }
        discard(&x);
        discard(&y);
    }
    kmseg_context_free(ctx);
}

/* Means, and sums of squares about them, of one feature in long double. */
static void assert_moments(const data *x, const kmseg_tiles *tiles, int64_t j) {
    long double weight = 0, sum = 0, squares = 0;
    for (int64_t i = 0; i < x->n; i++) {
        long double w = tiles->weights != NULL ? x->weights[i] : 1;
        weight += w;
        sum += w * x->x[i * x->d + j];
    }
    long double mean = sum / weight;
    for (int64_t i = 0; i < x->n; i++) {
        long double away = x->x[i * x->d + j] - mean;
        squares += (tiles->weights != NULL ? x->weights[i] : 1) * away * away;
    }
    double range = tiles->range[j], size = fabs((double)mean);
    cr_assert(fabs((double)(tiles->means[j] - mean)) <= 1e-15 * range + 2e-16 * size,
              "%s: mean %.17g, not %.17Lg", x->name, tiles->means[j], mean);
    cr_assert(fabs((double)(tiles->squares[j] - squares)) <= 1e-11 * (double)squares,
              "%s: squares %.17g, not %.17Lg", x->name, tiles->squares[j], squares);
}

/* A row of an int16 tile: nearest whole numbers, or all 0 outside; its norms to most[2]. */
static void assert_row(const data *x, const kmseg_tiles *tiles, int64_t i, long double *most) {
    int64_t tile = i / KM_TILE_ROWS, r = i % KM_TILE_ROWS, pairs = (x->d + 1) / 2;
    const int16_t *values = (const int16_t *)tiles->values + tile * pairs * 2 * KM_TILE_ROWS;
    int outside = tiles->outside != NULL && (tiles->outside[tile] >> r & 1) != 0;
    long double norm = 0, whole = 0, rest = 0;
    for (int64_t j = 0; j < pairs * 2; j++) {
        int16_t q = values[(j / 2 * KM_TILE_ROWS + r) * 2 + j % 2];
        if (j >= x->d || outside) {
            cr_assert_eq(q, 0);
        }
        long double t =
            j < x->d ? ((long double)x->x[i * x->d + j] - tiles->centre[j]) * tiles->scale : 0;
        norm += t * t;
        whole += (long double)q * q;
        rest += (t - q) * (t - q);
        cr_assert(outside || fabsl(t - q) <= 0.51L, "%s: %Lg is %d", x->name, t, q);
    }
    if (outside) {
        cr_assert(norm > 32600.0L * 32600 - 70 * 70 * (long double)x->d, "%s: a row of norm %Lg",
                  x->name, sqrtl(norm));
        return;
    }
    most[0] = fmaxl(most[0], fmaxl(norm, whole));
    most[1] = fmaxl(most[1], rest);
}

static void assert_int16(const data *x, const kmseg_tiles *tiles) {
    int64_t n_outside = 0;
    for (int64_t t = 0; t < tiles->n_tiles; t++) {
        long double most[2] = {0, 0};
        for (int64_t i = t * KM_TILE_ROWS; i < x->n && i < (t + 1) * KM_TILE_ROWS; i++) {
            assert_row(x, tiles, i, most);
        }
        double norm = (double)sqrtl(most[0]), rest = (double)sqrtl(most[1]);
        double more = rest > 0 ? sqrt((double)x->d) : 0.01; /* a bound, but not a loose one */
        cr_assert(norm <= 32767);
        cr_assert(norm <= (double)tiles->norms[t] && (double)tiles->norms[t] <= norm * 1.001 + more,
                  "%s: norm %.9g, bound %.9g", x->name, norm, (double)tiles->norms[t]);
        cr_assert(rest <= (double)tiles->residuals[t] &&
                      (double)tiles->residuals[t] <= rest * 1.001 + 0.02,
                  "%s: rest %.9g, bound %.9g", x->name, rest, (double)tiles->residuals[t]);
        n_outside += tiles->outside != NULL ? __builtin_popcountll(tiles->outside[t]) : 0;
    }
    cr_assert_eq(n_outside, tiles->n_outside);
    cr_assert(n_outside <= x->n / 1024, "%s: %d rows of %d are outside", x->name, (int)n_outside,
              (int)x->n);
}

static void assert_float(const data *x, const kmseg_tiles *tiles) {
    for (int64_t i = 0; i < tiles->n_tiles * KM_TILE_ROWS; i++) {
        long double norm = 0;
        for (int64_t j = 0; j < x->d; j++) {
            int64_t at = (i / KM_TILE_ROWS * x->d + j) * KM_TILE_ROWS + i % KM_TILE_ROWS;
            double q = tiles->dtype == KMSEG_FLOAT32 ? (double)((const float *)tiles->values)[at]
                                                     : ((const double *)tiles->values)[at];
            long double t =
                i < x->n ? ((long double)x->x[i * x->d + j] - tiles->centre[j]) * tiles->scale : 0;
            double roundoff = tiles->dtype == KMSEG_FLOAT32 ? 0x1.1p-24 : 0x1.1p-53;
            cr_assert(fabsl(t) <= 1 && fabsl(t - q) <= roundoff * fabsl(t) + 0x1p-150L);
            norm += t * t;
        }
        double bound = (double)tiles->norms[i / KM_TILE_ROWS];
        cr_assert((double)sqrtl(norm) <= bound, "%s: norm %.9Lg, bound %.9g", x->name, sqrtl(norm),
                  bound);
    }
}

Test(tiles, hold_what_their_definition_says, .timeout = 300)
{
    kmseg_context *ctx = test_context(2, NULL);
    for (int v = 0; v < N_NAMES * N_SIZES; v++) {
        data x = make(names[v % N_NAMES], sizes[v / N_NAMES][0], sizes[v / N_NAMES][1]);
        for (int c = 0; c < 12; c++) {
            int samples = c % 2 ? KMSEG_FLOAT64 : KMSEG_FLOAT32, dtype = KMSEG_FLOAT32 + c / 2 % 3;
            kmseg_tiles *tiles = build(ctx, &x, samples, dtype, c / 6);
            if (dtype == KMSEG_INT16) {
                assert_int16(&x, tiles);
            } else {
                assert_float(&x, tiles);
                cr_assert(tiles->outside == NULL && tiles->residuals == NULL);
            }
            for (int64_t j = 0; j < x.d; j++) {
                assert_moments(&x, tiles, j);
            }
            kmseg_tiles_free(tiles);
        }
        discard(&x);
    }
    kmseg_context_free(ctx);
}

/* The radius that a few tiles suggest is wrong when far rows stand together. */
Test(tiles, the_radius_is_that_of_all_rows_wherever_the_far_ones_are)
{
    enum { N = 200000, D = 2 };
    kmseg_context *ctx = test_context(2, NULL);
    data x = make("groups", N, D);
    for (int64_t i = 0; i < N; i++) {
        for (int64_t j = 0; j < D; j++) { /* the first 1 % are far out, and in no sampled tile */
            int64_t tile = i / KM_TILE_ROWS, sampled = tile % 12 == 6;
            x.narrow[i * D + j] *= i < N / 100 && !sampled ? 1000 : 1;
            x.x[i * D + j] = (double)x.narrow[i * D + j];
        }
    }
    data y = make("groups", N, D);
    for (int64_t i = 0; i < N; i++) { /* 77 is prime to 200000 */
        memcpy(y.narrow + i * 77 % N * D, x.narrow + i * D, D * sizeof(float));
        memcpy(y.x + i * 77 % N * D, x.x + i * D, D * sizeof(double));
    }
    kmseg_tiles *a = build(ctx, &x, KMSEG_FLOAT32, KMSEG_INT16, 0);
    kmseg_tiles *b = build(ctx, &y, KMSEG_FLOAT32, KMSEG_INT16, 0);
    assert_same_figures(a, b, "far rows together");
    assert_int16(&x, a);
    cr_assert(a->n_outside < N / 1024);
    kmseg_tiles_free(a);
    kmseg_tiles_free(b);
    discard(&x);
    discard(&y);
    kmseg_context_free(ctx);
}

Test(tiles, whether_16_bits_suit_follows_from_the_data)
{
    kmseg_context *ctx = test_context(1, NULL);
    for (int v = 0; v < N_NAMES; v++) {
        data x = make(names[v], 5003, 8);
        /* exp(3 normal) at one row in a thousand is a thousand times a typical row. */
        int suits = strcmp(x.name, "heavy tails") != 0;
        for (int dtype = KMSEG_FLOAT32; dtype <= KMSEG_INT16; dtype++) {
            kmseg_tiles *tiles = build(ctx, &x, KMSEG_FLOAT32, dtype, 0);
            cr_assert(tiles->suits_int16 == suits, "%s: %d", x.name, tiles->suits_int16);
            kmseg_tiles_free(tiles);
        }
        discard(&x);
    }
    /* Two in a hundred customers spend a million times what others do: they cannot all be outside, and
     * within their radius the others are all alike. */
    data x = make("groups", 5003, 8);
    for (int64_t i = 0; i < x.n * x.d; i++) {
        x.narrow[i] *= i / x.d % 50 == 0 ? 1e6f : 1;
    }
    kmseg_tiles *tiles = build(ctx, &x, KMSEG_FLOAT32, KMSEG_INT16, 0);
    cr_assert(!tiles->suits_int16);
    kmseg_tiles_free(tiles);
    discard(&x);
    kmseg_context_free(ctx);
}

/* More features than norms in float32 can be trusted with. */
Test(tiles, of_very_many_features_have_every_row_outside)
{
    enum { N = 70, D = 70001 };
    kmseg_context *ctx = test_context(2, NULL);
    data x = make("groups", N, D);
    kmseg_tiles *tiles = build(ctx, &x, KMSEG_FLOAT32, KMSEG_INT16, 0);
    cr_assert_eq(tiles->n_outside, N);
    cr_assert_eq(tiles->outside[0], ~UINT64_C(0));
    cr_assert_eq(tiles->outside[1], (UINT64_C(1) << (N - 64)) - 1);
    cr_assert(!tiles->suits_int16);
    kmseg_tiles_free(tiles);
    discard(&x);
    kmseg_context_free(ctx);
}
