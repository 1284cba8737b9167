/* Transforms with parameters, winsorising, and what is stored of them. */
#include "prepare/fit.h"
#include "prepare/tables.h"

static kmseg_context *ctx;
static kmseg_table *table;
static kmseg_prepare *prepare;

static void setup(void) {
    ctx = test_context(2, NULL);
    table = NULL;
    prepare = NULL;
}

static void teardown(void) {
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

TestSuite(prepare_transforms, .init = setup, .fini = teardown);

static void fit_one(int64_t n, const double *x, const char *transform, const char *winsorise) {
    teardown();
    setup();
    table = table_of(ctx, n);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    kmseg_prepare_options options = prepare_options();
    options.transform = transform;
    options.winsorise = winsorise;
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
}

/* Yeo and Johnson's formula as they print it. */
static double power(double x, double l) {
    if (x >= 0) {
        return fabs(l) < 1e-12 ? log(x + 1) : (pow(x + 1, l) - 1) / l;
    }
    return fabs(l - 2) < 1e-12 ? -log(1 - x) : -(pow(1 - x, 2 - l) - 1) / (2 - l);
}

static double likelihood(const double *x, int64_t n, double l) {
    double mean = 0, squares = 0, logs = 0;
    for (int64_t i = 0; i < n; i++) {
        mean += power(x[i], l) / (double)n;
        logs += copysign(log1p(fabs(x[i])), x[i]);
    }
    for (int64_t i = 0; i < n; i++) {
        squares += pow(power(x[i], l) - mean, 2);
    }
    return -0.5 * (double)n * log(squares / (double)n) + (l - 1) * logs;
}

Test(prepare_transforms, yeo_johnson_has_the_lambda_of_highest_likelihood)
{
    enum { N = 200 };
    double x[N];
    /* Symmetric about 0: the likelihood of lambda is that of 2 - lambda, and its peak at 1. */
    for (int i = 0; i < N; i++) {
        x[i] = (i - (N - 1) / 2.0) / 40;
    }
    fit_one(N, x, "yeo-johnson", "0");
    cr_assert_float_eq(prepare->columns[0].parameter, 1, 1e-5);
    /* Tails to either side, and huge and tiny units: no step to the side is better. */
    static const double units[] = {1e-6, 1, 1e3, 1e9};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            for (int i = 0; i < N; i++) {
                x[i] = sign * units[u] * (exp(i / 40.0) - 2);
            }
            fit_one(N, x, "yeo-johnson", "0");
            double l = prepare->columns[0].parameter, best = likelihood(x, N, l);
            cr_assert(l >= -6 && l <= 8);
            cr_assert(best >= likelihood(x, N, l + 1e-3) || l > 7.99, "%g %d: %g", units[u], sign,
                      l);
            cr_assert(best >= likelihood(x, N, l - 1e-3) || l < -5.99, "%g %d: %g", units[u], sign,
                      l);
        }
    }
}

Test(prepare_transforms, yeo_johnson_of_extreme_numbers_is_finite)
{
    static const double hard[][5] = {{0, 1e300, 1e299, 1, 2},
                                     {-1e150, 1e150, 0, 5, 6},
                                     {0, 0, 0, 1e-300, 1},
                                     {1e15, 1e15 + 1, 1e15 + 2, 1e15 + 3, 1e15 + 4}};
    for (size_t h = 0; h < sizeof hard / sizeof *hard; h++) {
        fit_one(5, hard[h], "yeo-johnson", "0");
        kmseg_prepared *prepared;
        OK(ctx, kmseg_prepare_apply(ctx, prepare, table, &prepared));
        for (int i = 0; i < 5; i++) {
            cr_assert(isfinite(value_at(prepared, i, 0)));
        }
        kmseg_prepared_free(prepared);
    }
}

Test(prepare_transforms, automatic_choice_evens_out_a_left_tail_and_says_so)
{
    double x[64];
    for (int i = 0; i < 64; i++) {
        x[i] = 100 - exp(i / 14.0);
    }
    fit_one(64, x, "auto", "0");
    cr_assert_str_eq(prepare->columns[0].transform, "yeo-johnson");
    cr_assert_gt(prepare->columns[0].parameter, 1.5);
    cr_assert(noted(prepare, "x: yeo-johnson (lambda", "skew from -"));
}

/* -30 to 30 evenly, and a long tail to the right: log1p would draw it in and part what lies about 0. */
Test(prepare_transforms, automatic_choice_does_not_part_a_group_that_lies_about_0)
{
    enum { N = 500 };
    double x[N];
    for (int i = 0; i < N; i++) {
        x[i] = i < 400 ? 60 * (i / 399.0) - 30 : exp(0.05 * (i - 330));
    }
    fit_one(N, x, "auto", NULL);
    cr_assert_str_eq(prepare->columns[0].transform, "yeo-johnson");
    /* With one value below 0 in 25, log1p is what draws in the tail. */
    for (int i = 0; i < N; i++) {
        x[i] = i < 20 ? -1 - i : exp(0.01 * i);
    }
    fit_one(N, x, "auto", NULL);
    cr_assert_str_eq(prepare->columns[0].transform, "log1p");
}

Test(prepare_transforms, quantiles_are_joined_by_straight_lines)
{
    /* 0, 1, ..., 100: the share below x is x / 100, also between the values. */
    double x[101];
    for (int i = 0; i <= 100; i++) {
        x[(i * 37) % 101] = i;
    }
    fit_one(101, x, "quantile-uniform", "0");
    const kmseg_prepare_column *column = &prepare->columns[0];
    cr_assert_eq(column->n_knots, 101);
    const km_transform *uniform = km_transform_find("quantile-uniform");
    for (double at = 0; at <= 100; at += 0.25) {
        cr_assert_float_eq(uniform->forward(column, at), at / 100, 1e-15);
        cr_assert_float_eq(uniform->inverse(column, at / 100), at, 1e-12);
    }
    cr_assert_eq(uniform->forward(column, -5), 0);
    cr_assert_eq(uniform->forward(column, 1e300), 1);
    /* Standard normal quantiles of tables: of 0.975, 0.841345 and 0.5. */
    const km_transform *normal = km_transform_find("quantile-normal");
    cr_assert_float_eq(normal->forward(column, 97.5), 1.959963984540054, 1e-12);
    cr_assert_float_eq(normal->forward(column, 2.5), -1.959963984540054, 1e-12);
    cr_assert_float_eq(normal->forward(column, 84.13447460685429), 1, 1e-12);
    cr_assert_float_eq(normal->forward(column, 50), 0, 1e-15);
    for (double at = 1; at <= 99; at += 0.5) {
        cr_assert_float_eq(normal->inverse(column, normal->forward(column, at)), at, 1e-9);
    }
}

Test(prepare_transforms, equal_values_get_the_middle_of_their_shares)
{
    /* Of 0 0 0 1 2 the knots are at shares 0, 1/4, ..., 1: the zeros are in the middle of 0, 1/4
     * and 1/2. */
    fit_one(5, (const double[]){0, 2, 0, 1, 0}, "quantile-uniform", "0");
    const km_transform *uniform = km_transform_find("quantile-uniform");
    cr_assert_eq(uniform->forward(&prepare->columns[0], 0), 0.25);
    cr_assert_eq(uniform->forward(&prepare->columns[0], 1), 0.75);
    cr_assert_eq(uniform->forward(&prepare->columns[0], 2), 1);
    cr_assert_eq(uniform->forward(&prepare->columns[0], 0.5), 0.625);
}

Test(prepare_transforms, many_values_are_kept_as_257_quantiles_of_type_7)
{
    enum { N = 5000 };
    double *x = malloc(N * sizeof *x);
    for (int i = 0; i < N; i++) {
        x[i] = sqrt((double)((i * 1237) % N));
    }
    fit_one(N, x, "quantile-normal", "0");
    const kmseg_prepare_column *column = &prepare->columns[0];
    cr_assert_eq(column->n_knots, 257);
    for (int k = 0; k < 257; k++) { /* sorted, x is sqrt(0), sqrt(1), ... */
        double position = k * (N - 1) / 256.0, below = floor(position), part = position - below;
        double expected = sqrt(below) * (1 - part) + sqrt(fmin(below + 1, N - 1)) * part;
        cr_assert_float_eq(column->knots[k], expected, 1e-12);
    }
    free(x);
}

Test(prepare_transforms, winsorising_stops_at_stored_quantiles_also_for_new_rows)
{
    /* 0, ..., 99 and 1e6: with 101 values the quantiles of 0.05 and 0.95 are 5 and 95. */
    double x[101];
    for (int i = 0; i <= 100; i++) {
        x[i] = i < 100 ? i : 1e6;
    }
    fit_one(101, x, "none", "0.05");
    const kmseg_prepare_column *column = &prepare->columns[0];
    cr_assert_eq(column->lower, 5);
    cr_assert_eq(column->upper, 95);
    cr_assert_eq(column->centre, 50); /* symmetric once they are moved */
    cr_assert(noted(prepare, "x: winsorised to 5 to 95", "moves 10 values"));
    kmseg_table *new_rows = table_of(ctx, 4);
    NUMBERS(ctx, new_rows, "x", -1e9, 5, 95, 1e300);
    kmseg_prepared *prepared;
    OK(ctx, kmseg_prepare_apply(ctx, prepare, new_rows, &prepared));
    cr_assert_eq(value_at(prepared, 0, 0), value_at(prepared, 1, 0));
    cr_assert_eq(value_at(prepared, 2, 0), value_at(prepared, 3, 0));
    cr_assert_eq(value_at(prepared, 0, 0), -value_at(prepared, 2, 0));
    kmseg_prepared_free(prepared);
    kmseg_table_free(new_rows);
}

Test(prepare_transforms, parameters_survive_a_copy_and_refuse_damage)
{
    double x[40];
    for (int i = 0; i < 40; i++) {
        x[i] = i * i * i;
    }
    fit_one(40, x, "quantile-normal", "0.05");
    kmseg_prepare *copy;
    OK(ctx, kmseg_prepare_copy(ctx, prepare, &copy));
    kmseg_prepared *a, *b;
    OK(ctx, kmseg_prepare_apply(ctx, prepare, table, &a));
    OK(ctx, kmseg_prepare_apply(ctx, copy, table, &b));
    cr_assert_arr_eq(a->matrix.values, b->matrix.values, 40 * sizeof(double));
    kmseg_prepared_free(a);
    kmseg_prepared_free(b);
    kmseg_prepare_free(copy);

    kmseg_prepare damaged = *prepare;
    kmseg_prepare_column column;
    damaged.columns = &column;
    double knots[40];
#define REFUSED(change, fragment)                                                                  \
    column = prepare->columns[0];                                                                  \
    memcpy(knots, column.knots, sizeof knots);                                                     \
    column.knots = knots;                                                                          \
    change;                                                                                        \
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_prepare_copy(ctx, &damaged, &copy), fragment)
    REFUSED(column.n_knots = 0, "quantiles");
    REFUSED(column.n_knots = -3, "quantiles");
    REFUSED(column.n_knots = 1, "quantiles");
    REFUSED(column.transform = "log1p", "quantiles");
    REFUSED(knots[7] = -1e9, "ascending");
    REFUSED(knots[7] = (double)NAN, "ascending");
    REFUSED(column.lower = (double)NAN, "lower");
    REFUSED(column.upper = -1e9, "lower");
    REFUSED(column.parameter = INFINITY, "parameter");
    REFUSED(column.impute = "guess", "impute");
    REFUSED(column.indicator = 1, "indicator");
    REFUSED(column.indicator = -1, "indicator");
}

Test(prepare_transforms, options_that_cannot_be_say_what_they_need)
{
    table = table_of(ctx, 4);
    NUMBERS(ctx, table, "x", 1, 2, 3, 4);
    TEXTS(ctx, table, "t", "a", "b", "a", "b");
    kmseg_prepare_options options = prepare_options();
    options.winsorise = "0.3";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "0.25");
    options.winsorise = "t=0.01";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "numbers");
    options.winsorise = "x=0.01,x=0.02";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "twice");
    options = prepare_options();
    options.transform = "boxcox";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "yeo-johnson");
}
