#include "prepare/tables.h"

static kmseg_context *ctx;
static void setup(void) { ctx = test_context(2, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }
TestSuite(prepare_encoding, .init = setup, .fini = teardown);

static kmseg_prepared *fit_and_apply(const kmseg_table *table, const kmseg_prepare_options *options,
                                     kmseg_prepare **out) {
    kmseg_prepared *prepared;
    OK(ctx, kmseg_prepare_fit(ctx, table, options, out));
    OK(ctx, kmseg_prepare_apply(ctx, *out, table, &prepared));
    return prepared;
}

static void release(kmseg_table *table, kmseg_prepare *prepare, kmseg_prepared *prepared) {
    kmseg_prepared_free(prepared);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(prepare_encoding, scales_are_those_worked_by_hand)
{
    /* 2 4 4 4 5 5 7 9: mean 5, deviation 2; minimum 2, range 7; median 4.5, quartiles at positions
     * 1.75 and 5.25: 4 and 5.5, so the spread of robust is 1.5. */
    const struct {
        const char *scale;
        double centre, spread;
    } expected[] = {{"zscore", 5, 2}, {"minmax", 2, 7}, {"robust", 4.5, 1.5}, {"none", 0, 1}};
    for (size_t s = 0; s < 4; s++) {
        kmseg_table *table = table_of(ctx, 8);
        NUMBERS(ctx, table, "x", 2, 4, 4, 4, 5, 5, 7, 9);
        kmseg_prepare_options options = prepare_options();
        options.scale = expected[s].scale;
        options.weights = "x=3";
        kmseg_prepare *prepare;
        kmseg_prepared *prepared = fit_and_apply(table, &options, &prepare);
        cr_assert_str_eq(prepare->columns[0].scale, expected[s].scale);
        cr_assert_eq(prepare->columns[0].centre, expected[s].centre);
        cr_assert_eq(prepare->columns[0].spread, expected[s].spread);
        cr_assert_eq(value_at(prepared, 7, 0), (9 - expected[s].centre) / expected[s].spread * 3);
        cr_assert_eq(prepare->columns[0].median, 4.5);
        cr_assert_eq(prepare->columns[0].mean, 5);
        release(table, prepare, prepared);
    }
}

Test(prepare_encoding, robust_falls_back_to_the_deviation_when_the_quartiles_are_equal)
{
    kmseg_table *table = table_of(ctx, 10);
    NUMBERS(ctx, table, "x", 1, 1, 1, 1, 1, 1, 1, 1, 2, 3);
    kmseg_prepare_options options = prepare_options();
    options.scale = "robust";
    options.transform = "none";
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, &options, &prepare);
    /* mean 1.3, mean square 2.1, variance 2.1 - 1.69 = .41 */
    cr_assert_float_eq(prepare->columns[0].spread, sqrt(0.41), 1e-15);
    cr_assert(noted(prepare, "x", "middle half"));
    release(table, prepare, prepared);
}

Test(prepare_encoding, auto_takes_log1p_only_where_it_reduces_a_strong_skew)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "even", 1, 2, 3, 4, 5, 6, 7, 8);
    NUMBERS(ctx, table, "tail", 1, 2, 2, 3, 3, 4, 9, 1000);
    NUMBERS(ctx, table, "debt", -1, -2, -2, -3, -3, -4, -9, -1000);
    NUMBERS(ctx, table, "low", -1000, 997, 998, 999, 1000, 1001, 1002, 1003);
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, NULL, &prepare);
    cr_assert_str_eq(prepare->columns[fitted(prepare, "even")].transform, "none");
    cr_assert_str_eq(prepare->columns[fitted(prepare, "tail")].transform, "log1p");
    cr_assert_str_eq(prepare->columns[fitted(prepare, "debt")].transform, "log1p");
    cr_assert(noted(prepare, "tail", "skew"));
    /* The sign is kept: debt mirrors tail. */
    for (int r = 0; r < 8; r++) {
        cr_assert_float_eq(value_at(prepared, r, 1), -value_at(prepared, r, 2), 1e-12);
    }
    release(table, prepare, prepared);
}

Test(prepare_encoding, transforms_are_set_for_all_or_by_column)
{
    kmseg_table *table = table_of(ctx, 4);
    NUMBERS(ctx, table, "a", 1, 2, 3, 4);
    NUMBERS(ctx, table, "b", 1, 2, 3, 1000);
    NUMBERS(ctx, table, "c", 1, 2, 3, 1000);
    kmseg_prepare_options options = prepare_options();
    options.transform = "b=none,log1p,c=auto";
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, &options, &prepare);
    cr_assert_str_eq(prepare->columns[0].transform, "log1p");
    cr_assert_str_eq(prepare->columns[1].transform, "none");
    cr_assert_str_eq(prepare->columns[2].transform, "log1p");
    release(table, prepare, prepared);
}

static double squared_distance(const kmseg_prepared *prepared, int64_t a, int64_t b) {
    double sum = 0;
    for (int64_t o = 0; o < prepared->matrix.n_cols; o++) {
        double d = value_at(prepared, a, o) - value_at(prepared, b, o);
        sum += d * d;
    }
    return sum;
}

Test(prepare_encoding, a_mismatch_of_text_or_of_a_flag_costs_one_standard_deviation)
{
    /* 1 and 3 have deviation 1 around 2; with z-scores any mismatch lies 1 away, with "none" the
     * deviation of 10 and 30 makes it 10. */
    kmseg_table *table = table_of(ctx, 6);
    NUMBERS(ctx, table, "x", 10, 10, 20, 20, 30, 30);
    TEXTS(ctx, table, "t", "a", "b", "a", "b", "a", "c");
    NUMBERS(ctx, table, "flag", 0, 0, 0, 5, 0, 0);
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, NULL, &prepare);
    cr_assert_float_eq(squared_distance(prepared, 0, 1), 1, 1e-15);     /* t differs */
    cr_assert_float_eq(squared_distance(prepared, 2, 3), 1 + 1, 1e-15); /* t and flag differ */
    cr_assert_str_eq(prepare->columns[2].scale, "binary");
    cr_assert_float_eq(prepare->columns[1].level_scale, sqrt(0.5), 1e-16);
    release(table, prepare, prepared);

    table = table_of(ctx, 4);
    NUMBERS(ctx, table, "x", 1, 2, 3,
            4); /* variance 1.25, range 3: minmax deviation squared .13889 */
    TEXTS(ctx, table, "t", "a", "a", "b", "b");
    kmseg_prepare_options options = prepare_options();
    options.scale = "minmax";
    prepared = fit_and_apply(table, &options, &prepare);
    double x = value_at(prepared, 1, 0) - value_at(prepared, 2, 0);
    cr_assert_float_eq(squared_distance(prepared, 1, 2) - x * x, 1.25 / 9, 1e-15);
    release(table, prepare, prepared);
}

Test(prepare_encoding, levels_are_in_byte_order_and_rare_ones_pooled)
{
    kmseg_table *table = table_of(ctx, 8);
    TEXTS(ctx, table, "t", "uk", "fr", "uk", "de", "fr", "uk", "at", NULL);
    NUMBERS(ctx, table, "x", 1, 2, 3, 4, 5, 6, 7, 8);
    kmseg_prepare_options options = prepare_options();
    options.min_level_count = 2;
    options.include = "t";
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, &options, &prepare);
    const kmseg_prepare_column *t = &prepare->columns[0];
    cr_assert_eq(t->n_levels, 3);
    cr_assert_str_eq(t->levels[0], "fr");
    cr_assert_str_eq(t->levels[1], "uk");
    cr_assert_str_eq(t->levels[2], "other");
    cr_assert_eq(t->other_level, 2);
    cr_assert_eq(t->fill_level, 1); /* uk is most frequent */
    cr_assert_eq(t->level_shares[0], 2.0 / 7);
    cr_assert_eq(t->level_shares[2], 2.0 / 7);
    cr_assert_str_eq(prepare->output_names[2], "t=other");
    cr_assert_eq(prepared->n_missing_rows, 1);
    cr_assert_gt(value_at(prepared, 7, 1), 0); /* missing became uk */
    cr_assert_gt(value_at(prepared, 3, 2), 0); /* de is other */
    cr_assert_eq(squared_distance(prepared, 3, 6), 0);
    cr_assert(noted(prepare, "t", "pooled"));
    release(table, prepare, prepared);
}

Test(prepare_encoding, an_unseen_level_joins_other_or_is_all_zero_and_counted)
{
    kmseg_table *table = table_of(ctx, 6);
    TEXTS(ctx, table, "a", "x", "x", "y", "y", "z", "x");
    TEXTS(ctx, table, "b", "x", "x", "y", "y", "x", "x");
    kmseg_prepare_options options = prepare_options();
    options.min_level_count = 2;
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, &options, &prepare);
    cr_assert_eq(prepared->n_unseen, 0);
    kmseg_prepared_free(prepared);
    kmseg_table *fresh = table_of(ctx, 1);
    TEXTS(ctx, fresh, "a", "new");
    TEXTS(ctx, fresh, "b", "new");
    OK(ctx, kmseg_prepare_apply(ctx, prepare, fresh, &prepared));
    const kmseg_prepare_column *a = &prepare->columns[0], *b = &prepare->columns[1];
    cr_assert_eq(value_at(prepared, 0, a->first_output + a->other_level), a->level_scale);
    for (int32_t o = 0; o < b->n_outputs; o++) {
        cr_assert_eq(value_at(prepared, 0, b->first_output + o), 0);
    }
    cr_assert_eq(prepared->n_unseen, 1);
    kmseg_table_free(fresh);
    release(table, prepare, prepared);
}

Test(prepare_encoding, missing_numbers_get_the_median_or_their_row_is_dropped)
{
    kmseg_table *table = table_of(ctx, 6);
    NUMBERS(ctx, table, "x", 1, NAN, 2, 3, 10, 4);
    NUMBERS(ctx, table, "y", 1, 2, 3, NAN, 5, 6);
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, NULL, &prepare);
    cr_assert_eq(prepare->columns[0].fill, 3); /* of 1 2 3 4 10 */
    cr_assert_eq(prepared->n_missing_rows, 2);
    cr_assert_null(prepared->rows);
    cr_assert_eq(value_at(prepared, 1, 0), value_at(prepared, 3, 0));
    cr_assert(noted(prepare, "x", "1 missing values replaced by the median 3"));
    kmseg_prepared_free(prepared);
    kmseg_prepare_free(prepare);

    kmseg_prepare_options options = prepare_options();
    options.impute = "drop";
    prepared = fit_and_apply(table, &options, &prepare);
    const int64_t kept[] = {0, 2, 4, 5};
    cr_assert_eq(prepared->matrix.n_rows, 4);
    cr_assert_arr_eq(prepared->rows, kept, sizeof kept);
    cr_assert_eq(prepare->columns[1].mean, (1 + 3 + 5 + 6) / 4.0); /* of the rows kept */
    cr_assert(noted(prepare, "2 of 6 rows", "missing"));
    release(table, prepare, prepared);

    table = table_of(ctx, 3);
    NUMBERS(ctx, table, "x", 1, NAN, 2);
    NUMBERS(ctx, table, "y", NAN, 2, 3);
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, &options, &prepare), "1 of 3 rows");
    kmseg_table_free(table);
}

Test(prepare_encoding, an_infinite_value_is_refused_by_column_and_row)
{
    kmseg_table *table = table_of(ctx, 3);
    NUMBERS(ctx, table, "x", 1, 2, -INFINITY);
    kmseg_prepare *prepare;
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, NULL, &prepare),
          "x is infinite in row 3");
    kmseg_table_free(table);
    table = table_of(ctx, 3);
    NUMBERS(ctx, table, "x", 1, 2, 5);
    OK(ctx, kmseg_prepare_fit(ctx, table, NULL, &prepare));
    kmseg_table *fresh = table_of(ctx, 2);
    NUMBERS(ctx, fresh, "x", 1, INFINITY);
    kmseg_prepared *prepared;
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_apply(ctx, prepare, fresh, &prepared),
          "x is infinite in row 2");
    cr_assert_null(prepared);
    kmseg_table_free(fresh);
    release(table, prepare, NULL);
}

Test(prepare_encoding, float32_holds_the_rounded_values_and_refuses_what_does_not_fit)
{
    kmseg_table *table = table_of(ctx, 3);
    NUMBERS(ctx, table, "x", 1e30, 2e30, 1e300);
    kmseg_prepare_options options = prepare_options();
    options.transform = "none";
    options.precision = "float32";
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, &options, &prepare);
    cr_assert_eq(prepared->matrix.dtype, KMSEG_FLOAT32);
    cr_assert_float_eq(value_at(prepared, 2, 0), sqrt(2), 1e-6);
    kmseg_prepared_free(prepared);
    kmseg_prepare_free(prepare);
    options.scale = "none";
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_apply(ctx, prepare, table, &prepared), "x in row 3",
          "too large");
    release(table, prepare, NULL);
}

Test(prepare_encoding, columns_of_a_new_table_are_found_by_name_and_checked_for_type)
{
    kmseg_table *table = table_of(ctx, 4);
    NUMBERS(ctx, table, "x", 1, 2, 3, 4);
    TEXTS(ctx, table, "band", "1", "2", "1", "2");
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, NULL, &prepare);

    kmseg_table *fresh = table_of(ctx, 2); /* other order, another column, types swapped */
    NUMBERS(ctx, fresh, "band", 2, 1);
    TEXTS(ctx, fresh, "more", "q", "r");
    TEXTS(ctx, fresh, "x", "4", NULL);
    kmseg_prepared *again;
    OK(ctx, kmseg_prepare_apply(ctx, prepare, fresh, &again));
    for (int o = 0; o < 3; o++) {
        cr_assert_eq(value_at(again, 0, o), value_at(prepared, 3, o));
    }
    cr_assert_eq(again->n_missing_rows, 1);
    kmseg_prepared_free(again);
    kmseg_table_free(fresh);

    fresh = table_of(ctx, 3);
    TEXTS(ctx, fresh, "x", "4", "4,5", "oh");
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_prepare_apply(ctx, prepare, fresh, &again), "band");
    TEXTS(ctx, fresh, "band", "1", "1", "1");
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_prepare_apply(ctx, prepare, fresh, &again), "x", "\"4,5\"",
          "row 2");
    kmseg_table_free(fresh);
    fresh = table_of(ctx, 1);
    OK(ctx, kmseg_table_add_times(ctx, fresh, "x", (const int64_t[]){5}));
    TEXTS(ctx, fresh, "band", "1");
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_prepare_apply(ctx, prepare, fresh, &again), "x", "dates");
    kmseg_table_free(fresh);
    fresh = table_of(ctx, 0);
    NUMBERS(ctx, fresh, "x", 0);
    TEXTS(ctx, fresh, "band", NULL);
    OK(ctx, kmseg_prepare_apply(ctx, prepare, fresh, &again));
    cr_assert_eq(again->matrix.n_rows, 0);
    kmseg_prepared_free(again);
    kmseg_table_free(fresh);
    release(table, prepare, prepared);
}

Test(prepare_encoding, invert_takes_values_back_to_their_own_units)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "tail", -1, 2, 2, 3, 3, 4, 9, 1000);
    TEXTS(ctx, table, "t", "a", "b", "a", "b", "a", "b", "a", "b");
    kmseg_prepare_options options = prepare_options();
    options.weights = "tail=2,t=0.5";
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(table, &options, &prepare);
    double raw[8 * 3];
    OK(ctx, kmseg_prepare_invert(ctx, prepare, prepared->matrix.values, 8, raw));
    cr_assert_float_eq(raw[0], -1, 1e-12);
    cr_assert_float_eq(raw[7 * 3], 1000, 1e-9);
    cr_assert_eq(raw[1], 1); /* row 0 is all "a" */
    cr_assert_eq(raw[2], 0);
    double *raw_table = raw;
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_prepare_invert(ctx, prepare, prepared->matrix.values, 0, raw_table), "n_clusters");
    release(table, prepare, prepared);
}

/* A few thousand customers with tails, gaps and categories. */
static kmseg_table *many(int64_t n, int64_t step) {
    kmseg_table *table = table_of(ctx, n);
    double *spend = malloc((size_t)n * sizeof *spend), *visits = malloc((size_t)n * sizeof *visits);
    const char **country = malloc((size_t)n * sizeof *country);
    const char *const names[] = {"uk", "fr", "de", "at", "it", "es", "nl", "be", "pl"};
    for (int64_t i = 0; i < n; i++) {
        int64_t r = i * step % n;
        spend[i] = r % 13 == 0 ? (double)NAN : exp(5 * sin((double)r * 12.9898));
        visits[i] = (double)(r * 31 % 17);
        country[i] = r % 29 == 0 ? NULL : names[(r * r) % 83 % 9];
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", spend));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "visits", visits));
    OK(ctx, kmseg_table_add_texts(ctx, table, "country", country));
    free(spend);
    free(visits);
    free(country);
    return table;
}

Test(prepare_encoding, values_are_the_same_bits_on_any_number_of_threads_and_in_any_order_of_rows)
{
    enum { N = 20011, STEP = 7919 };
    kmseg_table *table = many(N, 1), *permuted = many(N, STEP);
    kmseg_prepare *first = NULL;
    kmseg_prepared *first_values = NULL;
    const int32_t threads[] = {1, 2, 3, 7};
    for (int t = 0; t < 4; t++) {
        kmseg_context_free(ctx);
        ctx = test_context(threads[t], NULL);
        kmseg_prepare *prepare;
        kmseg_prepared *prepared = fit_and_apply(table, NULL, &prepare);
        if (t == 0) {
            first = prepare;
            first_values = prepared;
            continue;
        }
        cr_assert_arr_eq(prepared->matrix.values, first_values->matrix.values,
                         (size_t)(N * prepared->matrix.n_cols) * sizeof(double));
        release(NULL, prepare, prepared);
    }
    kmseg_prepare *prepare;
    kmseg_prepared *prepared = fit_and_apply(permuted, NULL, &prepare);
    int64_t width = prepared->matrix.n_cols;
    cr_assert_eq(width, first_values->matrix.n_cols);
    for (int64_t i = 0; i < N; i++) {
        const double *mine = (const double *)prepared->matrix.values + i * width;
        const double *its = (const double *)first_values->matrix.values + i * STEP % N * width;
        cr_assert_arr_eq(mine, its, (size_t)width * sizeof(double));
    }
    release(permuted, prepare, prepared);
    release(table, first, first_values);
}
