/* Value tiers worked by hand, on random customers, and on Online Retail. */
#include "support/failing.h"
#include "value/customers.h"

/* One number column "v" behind ids c1, c2, ...; monetary is v too. */
static kmseg_table *values_of(kmseg_context *ctx, int64_t n, const double *v) {
    return customers_of(ctx, n, NULL, v, v, v);
}

static kmseg_tier_options defaults(void) {
    kmseg_tier_options options;
    kmseg_tier_options_init(&options);
    return options;
}

/* Those before have 0, 50, 80, 90, 95 and 98 of 100: A while less than 80, B while less than 95. */
Test(abc, tiers_end_at_cumulative_shares_of_those_before)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {3, 50, 5, 2, 30, 10};
    kmseg_table *table = values_of(ctx, 6, v);
    kmseg_tier *tier;
    OK(ctx, kmseg_tier_new(ctx, table, NULL, NULL, &tier));
    const char *expect[] = {"C", "A", "B", "C", "A", "B"};
    texts_are(table, "tier", expect);
    const double ranks[] = {5, 1, 4, 6, 2, 3}, before[] = {95, 0, 90, 98, 50, 80};
    numbers_are(table, "tier_rank", ranks);
    numbers_are(table, "tier_share_before", before);
    cr_assert_str_eq(tier->method, "abc");
    cr_assert_eq(tier->total, 100);
    const double sums[] = {80, 15, 5}, lowest[] = {30, 5, 2}, highest[] = {50, 10, 3};
    cr_assert_arr_eq(tier->value_sums, sums, sizeof sums);
    cr_assert_arr_eq(tier->value_lowest, lowest, sizeof lowest);
    cr_assert_arr_eq(tier->value_highest, highest, sizeof highest);
    cr_assert_eq(tier->limits[0], 80);
    cr_assert_eq(tier->notes.n, 0);
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* 50 and 50: the second has exactly 50 % before it, which is not less. Ids decide who is second, and
 * both have rank 1. */
Test(abc, equal_values_are_told_apart_by_id_and_that_is_noted)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {50, 50};
    const char *ids[] = {"20", "3"};
    kmseg_table *table = customers_of(ctx, 2, ids, v, v, v);
    kmseg_tier_options options = defaults();
    options.shares = "50";
    options.names = "top, rest";
    kmseg_tier *tier;
    OK(ctx, kmseg_tier_new(ctx, table, NULL, &options, &tier));
    const char *expect[] = {"rest", "top"};
    texts_are(table, "tier", expect);
    const double ranks[] = {1, 1};
    numbers_are(table, "tier_rank", ranks);
    cr_assert(says(&tier->notes, "value 50 are in tiers top and rest"));
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Ten times 0.1: eight of them are 80 % of it, although 0.1 is no binary fraction. */
Test(abc, shares_of_decimal_amounts_do_not_slip)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {.1, .1, .1, .1, .1, .1, .1, .1, .1, .1};
    kmseg_table *table = values_of(ctx, 10, v);
    kmseg_tier *tier;
    OK(ctx, kmseg_tier_new(ctx, table, NULL, NULL, &tier));
    cr_assert_eq(tier->tiers[0].n_customers, 8);
    cr_assert_eq(tier->tiers[1].n_customers, 2);
    cr_assert(says(&tier->notes, "No customer is in tier C"));
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(abc, values_below_zero_are_last_and_a_total_of_nothing_is_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {-50, 100, 10}, nothing[] = {-5, 5, 0};
    kmseg_table *table = values_of(ctx, 3, v);
    kmseg_tier *tier;
    OK(ctx, kmseg_tier_new(ctx, table, NULL, NULL, &tier));
    /* The total is 60: the best has 0 before it, the next 100 / 60. */
    const char *expect[] = {"C", "A", "C"};
    texts_are(table, "tier", expect);
    cr_assert(says(&tier->notes, "1 customer below 0"));
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    table = values_of(ctx, 3, nothing);
    FAILS(ctx, KMSEG_E_DATA, kmseg_tier_new(ctx, table, NULL, NULL, &tier), "total above 0",
          "percentile or thresholds");
    cr_assert_eq(kmseg_table_n_columns(table), 4);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* 1 to 10: P50 is 5.5, P80 is 8.2. */
Test(percentile, a_value_above_the_quantile_is_in_the_better_tier)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    kmseg_table *table = values_of(ctx, 10, v);
    kmseg_tier_options options = defaults();
    options.method = "percentile";
    kmseg_tier *tier;
    OK(ctx, kmseg_tier_new(ctx, table, NULL, &options, &tier));
    const char *expect[] = {"low", "low", "low", "low", "low", "mid", "mid", "mid", "high", "high"};
    texts_are(table, "tier", expect);
    cr_assert_float_eq(tier->limits[0], 8.2, 1e-12);
    cr_assert_eq(tier->limits[1], 5.5);
    cr_assert_eq(kmseg_table_find(table, "tier_share_before"), -1);
    kmseg_tier_free(tier);
    kmseg_table_free(table);

    /* Equal values share a tier: all at the quantile, none above. */
    const double same[] = {4, 4, 4, 4};
    table = values_of(ctx, 4, same);
    OK(ctx, kmseg_tier_new(ctx, table, NULL, &options, &tier));
    cr_assert_eq(tier->tiers[2].n_customers, 4);
    cr_assert(says(&tier->notes, "No customer is in tier high"));
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(thresholds, a_value_that_reaches_one_is_above_it)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {199.99, 200, 999, 1000, NAN};
    kmseg_table *table = values_of(ctx, 5, v);
    kmseg_tier_options options = defaults();
    options.thresholds = "200, 1000";
    options.column = "worth";
    kmseg_tier *tier;
    OK(ctx, kmseg_tier_new(ctx, table, NULL, &options, &tier));
    const char *expect[] = {"low", "mid", "mid", "high", ""};
    texts_are(table, "worth", expect);
    cr_assert_str_eq(tier->method, "thresholds");
    cr_assert_eq(tier->n_missing, 1);
    cr_assert(isnan(column_of(table, "worth_rank")->numbers[4]));
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static void score_is(const char *normalise, const char *weights, const double *expect) {
    kmseg_context *ctx = test_context(1, NULL);
    const double a[] = {1, 2, 2, 4}, b[] = {8, 6, 4, 0}, same[] = {5, 5, 5, 5};
    kmseg_table *table = customers_of(ctx, 4, NULL, a, b, same);
    kmseg_tier_options options = defaults();
    options.normalise = normalise;
    options.weights = weights;
    kmseg_tier *tier;
    OK(ctx, kmseg_tier_new(ctx, table, NULL, &options, &tier));
    cr_assert_str_eq(tier->method, "percentile");
    for (int64_t r = 0; r < 4; r++) {
        cr_assert_float_eq(column_of(table, "tier_score")->numbers[r], expect[r], 1e-12,
                           "%s %s row %lld: %.17g", normalise, weights, (long long)r,
                           column_of(table, "tier_score")->numbers[r]);
    }
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* recency is a = 1 2 2 4, frequency is b = 8 6 4 0, monetary is constant.
 * rank of a: (0 + 1) / 2, (1 + 3) / 2 twice, (3 + 4) / 2 of 4: 12.5, 50, 50, 87.5;
 * of b: 87.5, 62.5, 37.5, 12.5, and the other way round where low is good. */
Test(score, ranks_count_equal_ones_half)
{
    const double a[] = {12.5, 50, 50, 87.5};
    score_is("rank", "recency=2", a);
    const double reversed[] = {87.5, 50, 50, 12.5};
    score_is("rank", "recency=-1", reversed);
    /* 3/4 a + 1/4 b with low b good: 9.375 + 3.125, 37.5 + 9.375, 37.5 + 15.625, 65.625 + 21.875 */
    const double both[] = {12.5, 46.875, 53.125, 87.5};
    score_is("rank", "recency=3, frequency=-1", both);
    const double constant[] = {50, 50, 50, 50};
    score_is("rank", "monetary=1", constant);
}

Test(score, minmax_runs_from_the_worst_value_to_the_best)
{
    const double a[] = {0, 100. / 3, 100. / 3, 100};
    score_is("minmax", "recency=1", a);
    const double reversed[] = {100, 200. / 3, 200. / 3, 0};
    score_is("minmax", "recency=-0.1", reversed);
    /* (a + b) / 2 with b at 100, 75, 50, 0 */
    const double both[] = {50, (100. / 3 + 75) / 2, (100. / 3 + 50) / 2, 50};
    score_is("minmax", "recency=1,frequency=1", both);
    const double constant[] = {0, 0, 0, 0};
    score_is("minmax", "monetary=1", constant);
}

/* a has mean 2.25 and squares of differences 1.5625 + 2 * 0.0625 + 3.0625 = 4.75, over 3. */
Test(score, zscore_counts_standard_deviations)
{
    double s = sqrt(4.75 / 3);
    const double a[] = {-1.25 / s, -.25 / s, -.25 / s, 1.75 / s};
    score_is("zscore", "recency=7", a);
    const double reversed[] = {1.25 / s, .25 / s, .25 / s, -1.75 / s};
    score_is("zscore", "recency=-7", reversed);
    const double constant[] = {0, 0, 0, 0};
    score_is("zscore", "monetary=1", constant);
}

Test(score, constant_columns_and_missing_values_are_told)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double a[] = {1, 2, NAN, 3}, same[] = {5, 5, 7, 5};
    kmseg_table *table = customers_of(ctx, 4, NULL, a, a, same);
    kmseg_tier_options options = defaults();
    options.weights = "recency=1,monetary=1";
    kmseg_tier *tier;
    OK(ctx, kmseg_tier_new(ctx, table, NULL, &options, &tier));
    cr_assert(says(&tier->notes, "the same monetary"));
    cr_assert(says(&tier->notes, "1 customer without a value"));
    cr_assert_eq(tier->n_parts, 2);
    cr_assert_eq(tier->parts[0].mean, 2, "of those with a score");
    cr_assert_eq(tier->parts[0].deviation, 1);
    cr_assert_str_eq(text_of(table, "tier", 2), "");
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(arguments, are_checked)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {1, 2, 3};
    kmseg_table *table = values_of(ctx, 3, v);
    kmseg_tier *tier;
    kmseg_tier_options options = defaults();
    const char *weights[] = {"",           "monetary",   "=1",          "monetary=",
                             "monetary=0", "monetary=x", "monetary=1,", "monetary=inf"};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        options.weights = weights[i];
        FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tier_new(ctx, table, NULL, &options, &tier), "weights",
              weights[i]);
    }
    options.weights = "monetary=1,monetary=2";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tier_new(ctx, table, NULL, &options, &tier), "twice");
    options.weights = "monetry=1";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_tier_new(ctx, table, NULL, &options, &tier), "monetary?");
    options = defaults();
    const char *shares[] = {"0,50", "50,100", "95,80", "80;95",
                            "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20"};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        options.shares = shares[i];
        FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tier_new(ctx, table, NULL, &options, &tier), "shares");
    }
    options = defaults();
    const char *names[] = {"a,b", "a,b,c,d", "a,a,b", "a,,b", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        options.names = names[i];
        FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tier_new(ctx, table, NULL, &options, &tier), "names",
              "3 different names");
    }
    options = defaults();
    options.method = "thresholds";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tier_new(ctx, table, NULL, &options, &tier), "200,1000");
    options = defaults();
    options.column = "";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tier_new(ctx, table, NULL, &options, &tier), "column");
    options.column = "monetary";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_tier_new(ctx, table, NULL, &options, &tier), "already");
    options = defaults();
    options.value = "customer_id";
    FAILS(ctx, KMSEG_E_DATA, kmseg_tier_new(ctx, table, NULL, &options, &tier), "holds text");
    cr_assert_eq(kmseg_table_n_columns(table), 4);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(order, of_the_rows_changes_nothing)
{
    enum { N = 3000 };
    kmseg_context *ctx = test_context(2, NULL);
    int64_t *order = shuffled(N);
    kmseg_tier_options options[4] = {defaults(), defaults(), defaults(), defaults()};
    options[0].shares = "20,50,80,95";
    options[1].method = "percentile";
    options[2].weights = "recency=-1,frequency=2,monetary=3";
    options[3].weights = "recency=-1,frequency=2,monetary=3";
    options[3].normalise = "zscore";
    for (int i = 0; i < 4; i++) {
        kmseg_table *a = random_customers(ctx, N, NULL), *b = random_customers(ctx, N, order);
        kmseg_tier *x, *y;
        OK(ctx, kmseg_tier_new(ctx, a, NULL, &options[i], &x));
        OK(ctx, kmseg_tier_new(ctx, b, NULL, &options[i], &y));
        same_column(a, b, order, "tier");
        same_column(a, b, order, "tier_rank");
        if (i >= 2) {
            same_column(a, b, order, "tier_score");
        }
        same_groups(x->tiers, y->tiers, x->n_tiers);
        cr_assert_arr_eq(x->value_sums, y->value_sums, (size_t)x->n_tiers * sizeof(double));
        kmseg_tier_free(x);
        kmseg_tier_free(y);
        kmseg_table_free(a);
        kmseg_table_free(b);
    }
    free(order);
    kmseg_context_free(ctx);
}

static kmseg_status cut_numbers(kmseg_context *ctx, void *argument) {
    kmseg_tier_options options = defaults();
    options.weights = argument;
    const double v[] = {1, 2, 3, 4, 5, 6}, w[] = {3, 3, 1, 1, 9, 9};
    kmseg_table *table = NULL;
    kmseg_tier *tier = NULL;
    kmseg_status status = kmseg_table_new(ctx, 6, &table);
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "id", w);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "monetary", v);
    }
    if (status == KMSEG_OK) {
        status = kmseg_tier_new(ctx, table, NULL, &options, &tier);
    }
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    return status;
}

Test(memory, any_request_may_be_refused)
{
    char weights[] = "monetary=1";
    fails_cleanly(cut_numbers, NULL);
    fails_cleanly(cut_numbers, weights);
}

/* The reference: A 1133, B 1469, C 1736. */
Test(online_retail, abc_has_the_customers_of_the_reference)
{
    const char *path = test_dataset("online_retail/online_retail.csv.gz");
    TEST_SKIP_WITHOUT(path, "online_retail");
    kmseg_context *ctx = test_context(2, NULL);
    const char *const needs[] = {"monetary"};
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    options.only = "recency,frequency,monetary";
    kmseg_table *table;
    kmseg_tier *tier;
    int is_log;
    OK(ctx, kmseg_customers_from_file(ctx, path, needs, 1, &options, &table, &is_log, NULL));
    OK(ctx, kmseg_tier_new(ctx, table, NULL, NULL, &tier));
    const int64_t expect[] = {1133, 1469, 1736};
    for (int g = 0; g < 3; g++) {
        cr_assert_eq(tier->tiers[g].n_customers, expect[g]);
    }
    cr_assert_float_eq(tier->total, 8911407.904, 1e-6);
    kmseg_tier_free(tier);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
