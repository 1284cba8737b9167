/* RFM scores worked by hand, on random customers, and on Online Retail. */
#include "support/failing.h"
#include "value/customers.h"

static kmseg_rfm_options scoring(const char *how, int32_t bins) {
    kmseg_rfm_options options;
    kmseg_rfm_options_init(&options);
    options.scoring = how;
    options.bins = bins;
    return options;
}

static const double none = NAN;

/* Ten values 1 to 10: the edges are at places 1.8, 3.6, 5.4 and 7.2 from 0, so 2.8, 4.6, 6.4, 8.2,
 * and two values lie in each bin. */
Test(edges, ten_different_values_are_two_to_a_score_and_recency_is_reversed)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double up[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const double down[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
    kmseg_table *table = customers_of(ctx, 10, NULL, down, up, up);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, NULL, NULL, &rfm));
    const double expect[] = {1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
    numbers_are(table, "r_score", expect);
    numbers_are(table, "f_score", expect);
    numbers_are(table, "m_score", expect);
    const char *codes[] = {"111", "111", "222", "222", "333", "333", "444", "444", "555", "555"};
    texts_are(table, "rfm_code", codes);
    cr_assert_str_eq(text_of(table, "rfm_segment", 9), "Champions");
    cr_assert_str_eq(text_of(table, "rfm_segment", 0), "Lost");
    const double edges[] = {2.8, 4.6, 6.4, 8.2};
    for (int d = 0; d < 3; d++) {
        for (int e = 0; e < 4; e++) {
            cr_assert_float_eq(rfm->dimensions[d].edges[e], edges[e], 1e-12);
        }
        for (int b = 0; b < 5; b++) {
            cr_assert_eq(rfm->dimensions[d].counts[b], 2);
        }
    }
    cr_assert_eq(rfm->dimensions[0].low[4], 1, "a recency of 1 and 2 days has score 5");
    cr_assert_eq(rfm->dimensions[0].high[4], 2);
    cr_assert_eq(rfm->dimensions[1].low[4], 9);
    cr_assert_eq(column_of(table, "r_score")->role, KMSEG_ROLE_DESCRIBE);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* 1 six times, 2, 3, 4, 5: the edges are 1, 1, 1.4 (between the sixth 1 and 2) and 3.2. Below 2 are
 * three of them, so 2 and 3 have score 4; the scores 2 and 3 have nobody. */
Test(edges, equal_values_share_a_score_and_scores_without_a_customer_are_noted)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double f[] = {1, 1, 1, 1, 1, 1, 2, 3, 4, 5};
    const double v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    kmseg_table *table = customers_of(ctx, 10, NULL, v, f, v);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, NULL, NULL, &rfm));
    const double expect[] = {1, 1, 1, 1, 1, 1, 4, 4, 5, 5};
    numbers_are(table, "f_score", expect);
    cr_assert_float_eq(rfm->dimensions[1].edges[2], 1.4, 1e-12);
    cr_assert_float_eq(rfm->dimensions[1].edges[3], 3.2, 1e-12);
    cr_assert(says(&rfm->notes, "No customer has a frequency score of 2 or 3"));
    cr_assert(isnan(rfm->dimensions[1].low[1]));
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(edges, columns_that_are_constant_give_one_score_and_say_so)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double same[] = {3, 3, 3, 3};
    kmseg_table *table = customers_of(ctx, 4, NULL, same, same, same);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, NULL, NULL, &rfm));
    /* No edge is below the value: 1 + 0, and 5 - 0 for recency. */
    for (int64_t r = 0; r < 4; r++) {
        cr_assert_str_eq(text_of(table, "rfm_code", r), "511");
    }
    cr_assert(says(&rfm->notes, "the same recency, 3: all have score 5"));
    cr_assert(says(&rfm->notes, "the same frequency, 3: all have score 1"));
    cr_assert(says(&rfm->notes, "the same monetary, 3: all have score 1"));
    cr_assert_eq(rfm->notes.n, 3);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(edges, one_customer_is_scored)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double one[] = {7};
    kmseg_table *table = customers_of(ctx, 1, NULL, one, one, one);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, NULL, NULL, &rfm));
    cr_assert_str_eq(text_of(table, "rfm_code", 0), "511");
    cr_assert_eq(rfm->all.n_customers, 1);
    cr_assert_eq(rfm->all.revenue, 7);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Seven customers in five bins: 2, 2, 1, 1, 1. Equal frequencies are ranked by id, 8 before 9 before
 * 10 as numbers. Recency is the same for all, so ids alone rank: 1 2 | 3 4 | 8 | 9 | 10. */
Test(ntile, what_does_not_divide_goes_to_the_lowest_scores_and_ids_break_ties)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *ids[] = {"10", "9", "8", "1", "2", "3", "4"};
    const double r[] = {5, 5, 5, 5, 5, 5, 5}, f[] = {1, 1, 1, 2, 3, 4, 5};
    const double m[] = {70, 60, 50, 40, 30, 20, 10};
    kmseg_table *table = customers_of(ctx, 7, ids, r, f, m);
    kmseg_rfm_options options = scoring("ntile", 5);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm));
    const double f_scores[] = {2, 1, 1, 2, 3, 4, 5}, r_scores[] = {5, 4, 3, 1, 1, 2, 2};
    const double m_scores[] = {5, 4, 3, 2, 2, 1, 1};
    numbers_are(table, "f_score", f_scores);
    numbers_are(table, "r_score", r_scores);
    numbers_are(table, "m_score", m_scores);
    cr_assert_null(rfm->dimensions[0].edges);
    cr_assert(says(&rfm->notes, "the same recency, 5: its scores are the order of customer ids"));
    cr_assert(says(&rfm->notes, "frequency 1 are in scores 1 and 2"));
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);

    /* Text ids are in the order of their bytes: "10" before "8" before "9", once one is no number. */
    ids[3] = "a";
    table = customers_of(ctx, 7, ids, r, f, m);
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm));
    const double by_bytes[] = {1, 2, 1, 2, 3, 4, 5};
    numbers_are(table, "f_score", by_bytes);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(ntile, recency_is_ranked_from_the_longest_absent)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {1, 2, 3, 4, 5}, v[] = {1, 2, 3, 4, 5};
    kmseg_table *table = customers_of(ctx, 5, NULL, r, v, v);
    kmseg_rfm_options options = scoring("ntile", 2);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm));
    const double r_scores[] = {2, 2, 1, 1, 1}, f_scores[] = {1, 1, 1, 2, 2};
    numbers_are(table, "r_score", r_scores);
    numbers_are(table, "f_score", f_scores);
    cr_assert_eq(rfm->n_segments, 0, "the built-in grid is for five scores");
    cr_assert_eq(kmseg_table_find(table, "rfm_segment"), -1);
    cr_assert(says(&rfm->notes, "built-in grid is for 5"));
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(ntile, without_an_id_it_is_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {1, 2, 3};
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 3, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "recency", v));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "frequency", v));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", v));
    kmseg_rfm_options options = scoring("ntile", 3);
    kmseg_rfm *rfm;
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm),
          "--id-column");
    cr_assert_eq(kmseg_table_n_columns(table), 3);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Two bins. Recency's median is 4.5. Frequency's is 2.5 among the recent and 25 among the others;
 * monetary's 5.5 | 9 (two equal values, both score 1) | 5 | 1.5 in the four cells. */
Test(nested, each_cell_has_edges_of_its_own)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {1, 2, 3, 4, 5, 6, 7, 8}, f[] = {1, 2, 3, 4, 10, 20, 30, 40};
    const double m[] = {5, 6, 9, 9, 7, 3, 1, 2};
    kmseg_table *table = customers_of(ctx, 8, NULL, r, f, m);
    kmseg_rfm_options options = scoring("nested", 2);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm));
    const char *codes[] = {"211", "212", "221", "221", "112", "111", "121", "122"};
    texts_are(table, "rfm_code", codes);
    cr_assert_eq(rfm->dimensions[0].edges[0], 4.5);
    cr_assert_eq(rfm->nested_frequency[0], 25, "recency score 1");
    cr_assert_eq(rfm->nested_frequency[1], 2.5, "recency score 2");
    const double cells[] = {5, 1.5, 5.5, 9};
    cr_assert_arr_eq(rfm->nested_monetary, cells, sizeof cells);
    cr_assert_null(rfm->dimensions[1].edges);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(cuts, a_value_at_a_limit_is_below_it)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {30, 31, 180, 181}, f[] = {1, 2, 4, 5}, m[] = {-1, 0, 99.5, 100};
    kmseg_table *table = customers_of(ctx, 4, NULL, r, f, m);
    kmseg_rfm_options options = scoring("cuts", 3);
    options.recency_cuts = "30,180";
    options.frequency_cuts = "1, 4";
    options.monetary_cuts = "-0.5,99.5";
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm));
    const char *codes[] = {"311", "222", "222", "133"};
    texts_are(table, "rfm_code", codes);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(cuts, they_are_checked)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {1, 2, 3};
    kmseg_table *table = customers_of(ctx, 3, NULL, v, v, v);
    kmseg_rfm_options options = scoring("cuts", 3);
    kmseg_rfm *rfm;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm),
          "needs recency_cuts", "2 ascending numbers");
    const char *wrong[] = {"1", "1,2,3", "2,1", "1,1", "1,x", "", "1,", "1,inf", "nan,2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        options.recency_cuts = wrong[i];
        FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm),
              "recency_cuts", wrong[i]);
    }
    options = scoring("edges", 3);
    options.frequency_cuts = "1,2";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm),
          "scoring is edges", "cuts");
    cr_assert_eq(kmseg_table_n_columns(table), 4, "a failure adds no column");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* 100 in 1 order, 90 in 3: by the total the first is ahead, per order too; 120 in 6 is 20 each. */
Test(monetary, may_be_the_mean_per_order)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {1, 2, 3}, f[] = {1, 3, 6}, m[] = {100, 90, 120};
    kmseg_table *table = customers_of(ctx, 3, NULL, r, f, m);
    kmseg_rfm_options options = scoring("edges", 3);
    options.monetary_as = "mean";
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm));
    const double scores[] = {3, 2, 1};
    numbers_are(table, "m_score", scores);
    cr_assert_eq(rfm->dimensions[2].high[2], 100);
    cr_assert_eq(rfm->dimensions[2].low[0], 20);
    cr_assert(says(&rfm->conventions, "mean per order"));
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(missing, customers_without_a_value_have_no_scores_and_move_no_edge)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {1, 2, none, 3, 4, 9}, f[] = {1, 2, 50, 3, 4, 9};
    const double m[] = {1, 2, 50, 3, 4, INFINITY};
    kmseg_table *table = customers_of(ctx, 6, NULL, r, f, m);
    kmseg_rfm_options options = scoring("edges", 2);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm));
    const double f_scores[] = {1, 1, none, 2, 2, none};
    numbers_are(table, "f_score", f_scores);
    cr_assert_str_eq(text_of(table, "rfm_code", 2), "");
    cr_assert_eq(rfm->n_missing, 2);
    cr_assert_eq(rfm->all.n_customers, 4);
    cr_assert_eq(column_of(table, "rfm_code")->n_missing, 2);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);

    const double nothing[] = {none, none};
    table = customers_of(ctx, 2, NULL, nothing, nothing, nothing);
    FAILS(ctx, KMSEG_E_DATA, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm),
          "no customer has all of recency, frequency and monetary");
    kmseg_table_free(table);
    table = customers_of(ctx, 0, NULL, nothing, nothing, nothing);
    FAILS(ctx, KMSEG_E_DATA, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm), "no customer");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(columns, are_named_and_refused_by_name)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double v[] = {1, 2, 3};
    kmseg_table *table = customers_of(ctx, 3, NULL, v, v, v);
    kmseg_value_columns columns;
    kmseg_value_columns_init(&columns);
    kmseg_rfm *rfm;
    columns.monetary = "monetry";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_rfm_new(ctx, table, &columns, NULL, NULL, &rfm),
          "no column monetry; did you mean monetary?");
    columns.monetary = "customer_id";
    FAILS(ctx, KMSEG_E_DATA, kmseg_rfm_new(ctx, table, &columns, NULL, NULL, &rfm),
          "customer_id holds text");
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, NULL, NULL, &rfm));
    kmseg_rfm_free(rfm);
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_rfm_new(ctx, table, NULL, NULL, NULL, &rfm), "r_score",
          "already");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(order, of_the_rows_changes_nothing_in_any_scoring)
{
    enum { N = 3000 };
    kmseg_context *ctx = test_context(2, NULL);
    int64_t *order = shuffled(N);
    const char *const scorings[] = {"edges", "ntile", "nested"};
    for (int i = 0; i < 3; i++) {
        for (int32_t bins = 2; bins <= 9; bins += 3) {
            kmseg_table *a = random_customers(ctx, N, NULL), *b = random_customers(ctx, N, order);
            kmseg_rfm_options options = scoring(scorings[i], bins);
            kmseg_rfm *x, *y;
            OK(ctx, kmseg_rfm_new(ctx, a, NULL, &options, NULL, &x));
            OK(ctx, kmseg_rfm_new(ctx, b, NULL, &options, NULL, &y));
            same_column(a, b, order, "rfm_code");
            cr_assert_eq(memcmp(x->dimensions[1].counts, y->dimensions[1].counts,
                                sizeof x->dimensions[1].counts),
                         0);
            same_groups(&x->all, &y->all, 1);
            if (bins == 5) {
                same_column(a, b, order, "rfm_segment");
                same_groups(x->segments, y->segments, x->n_segments);
            }
            kmseg_rfm_free(x);
            kmseg_rfm_free(y);
            kmseg_table_free(a);
            kmseg_table_free(b);
        }
    }
    free(order);
    kmseg_context_free(ctx);
}

/* A score is 1 + the edges below the value, whatever computed the edges. */
Test(order, scores_agree_with_the_edges_that_are_reported)
{
    enum { N = 2000 };
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = random_customers(ctx, N, NULL);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, NULL, NULL, &rfm));
    int64_t n = 0, counts[6] = {0};
    for (int64_t r = 0; r < N; r++) {
        double score = column_of(table, "f_score")->numbers[r];
        double value = column_of(table, "frequency")->numbers[r];
        int below = 0;
        for (int e = 0; e < 4; e++) {
            below += rfm->dimensions[1].edges[e] < value;
        }
        cr_assert(isnan(score) || score == 1 + below);
        n += !isnan(score);
        counts[isnan(score) ? 0 : (int)score]++;
    }
    cr_assert_eq(n, rfm->n_customers);
    cr_assert_eq(counts[0], rfm->n_missing);
    for (int b = 0; b < 5; b++) {
        cr_assert_eq(counts[b + 1], rfm->dimensions[1].counts[b]);
    }
    double share = 0;
    for (int32_t s = 0; s < rfm->n_segments; s++) {
        share += rfm->segments[s].share;
    }
    cr_assert_float_eq(share, 1, 1e-12);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static kmseg_status score_random(kmseg_context *ctx, void *argument) {
    kmseg_rfm_options options = scoring(argument, 5);
    const double v[] = {1, 2, 3, 4, 5, 6}, w[] = {3, 3, 1, 1, 9, 9};
    kmseg_table *table = NULL;
    kmseg_rfm *rfm = NULL;
    kmseg_status status = kmseg_table_new(ctx, 6, &table);
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "id", v);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "recency", v);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "frequency", w);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "monetary", v);
    }
    if (status == KMSEG_OK) {
        status = kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm);
        if (status != KMSEG_OK) {
            cr_assert_eq(kmseg_table_n_columns(table), 4);
        }
    }
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    return status;
}

Test(memory, any_request_may_be_refused)
{
    char edges[] = "edges", ntile[] = "ntile", nested[] = "nested";
    fails_cleanly(score_random, edges);
    fails_cleanly(score_random, ntile);
    fails_cleanly(score_random, nested);
}

static kmseg_table *online_retail(kmseg_context *ctx, const char *path) {
    const char *const needs[] = {"recency", "frequency", "monetary"};
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    options.only = "recency,frequency,monetary";
    kmseg_table *table;
    int is_log;
    OK(ctx, kmseg_customers_from_file(ctx, path, needs, 3, &options, &table, &is_log, NULL));
    cr_assert(is_log);
    return table;
}

/* The reference: recency 13.8/33/72/180, frequency 1/2/3/6 in bins of 1493/835/508/802/700, monetary
 * 250.194/490.096/942.276/2058.426, 798 Champions; means 93.059, 4.272 and 2054.266. */
Test(online_retail, edges_bins_and_champions_are_those_of_the_reference)
{
    const char *path = test_dataset("online_retail/online_retail.csv.gz");
    TEST_SKIP_WITHOUT(path, "online_retail");
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = online_retail(ctx, path);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, NULL, NULL, &rfm));
    const double edges[3][4] = {
        {13.8, 33, 72, 180}, {1, 2, 3, 6}, {250.194, 490.096, 942.276, 2058.426}};
    for (int d = 0; d < 3; d++) {
        for (int e = 0; e < 4; e++) {
            cr_assert_float_eq(rfm->dimensions[d].edges[e], edges[d][e], 1e-9, "%s %d: %.17g",
                               rfm->dimensions[d].name, e, rfm->dimensions[d].edges[e]);
        }
    }
    const int64_t bins[] = {1493, 835, 508, 802, 700};
    cr_assert_arr_eq(rfm->dimensions[1].counts, bins, sizeof bins);
    cr_assert_eq(rfm->n_segments, 11);
    cr_assert_str_eq(rfm->segments[0].name, "Champions");
    cr_assert_eq(rfm->segments[0].n_customers, 798);
    cr_assert_eq(rfm->all.n_customers, 4338);
    cr_assert_eq(rfm->all.orders, 18532);
    cr_assert_float_eq(rfm->all.revenue, 8911407.904, 1e-6);
    cr_assert_float_eq(rfm->all.mean_recency, 93.059, 5e-4);
    cr_assert_float_eq(rfm->all.mean_frequency, 4.272, 5e-4);
    cr_assert_float_eq(rfm->all.mean_monetary, 2054.266, 5e-4);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(online_retail, champions_by_ntile_are_828)
{
    const char *path = test_dataset("online_retail/online_retail.csv.gz");
    TEST_SKIP_WITHOUT(path, "online_retail");
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = online_retail(ctx, path);
    kmseg_rfm_options options = scoring("ntile", 5);
    kmseg_rfm *rfm;
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, NULL, &rfm));
    cr_assert_eq(rfm->segments[0].n_customers, 828);
    /* 4338 = 5 * 867 + 3 */
    const int64_t bins[] = {868, 868, 868, 867, 867};
    for (int d = 0; d < 3; d++) {
        cr_assert_arr_eq(rfm->dimensions[d].counts, bins, sizeof bins);
    }
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
