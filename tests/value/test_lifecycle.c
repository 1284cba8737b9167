/* Stages worked by hand, thresholds of real data, and lists of customers. */
#include "support/failing.h"
#include "value/customers.h"

enum { N = 13 };

/* Adds the columns of features that stages look at. */
static kmseg_table *stages_of(kmseg_context *ctx, const double *recency, const double *frequency,
                              const double *order_days, const double *spend, const double *gap) {
    kmseg_table *table = customers_of(ctx, N, NULL, recency, frequency, frequency);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "order_days", order_days));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "trend_spend", spend));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "trend_gap", gap));
    return table;
}

#define NO NAN
static const double recency[N] = {NO, NO, 156, 155, 71, 70, 70, 5, 5, 5, 5, 5, NO};
static const double frequency[N] = {0, NO, 9, 9, 1, 1, 2, 2, 3, 3, 3, 3, 3};
static const double order_days[N] = {NO, NO, 9, 9, 1, 1, 1, 2, 3, 3, 3, 3, 3};
static const double spend[N] = {NO, NO, .5, .5, NO, NO, NO, .5, .5, -.5, -.5, 0, .5};
static const double gap[N] = {NO, NO, -.5, -.5, NO, NO, NO, NO, .2, .2, -.2, 0, NO};

static kmseg_lifecycle_options thresholds(double warn, double lost) {
    kmseg_lifecycle_options options;
    kmseg_lifecycle_options_init(&options);
    options.warn_days = warn;
    options.lost_days = lost;
    return options;
}

/* Thresholds of 70 and 155 days, row by row: no order (0, or missing); past 155; past 70, twice; at 70
 * with one order, and with two orders on one day; spend rising with two orders (no trend of gaps);
 * rising although further apart; falling and further apart; falling but closer; no trend; an unknown
 * last order. */
Test(stages, the_first_that_holds_counts)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = stages_of(ctx, recency, frequency, order_days, spend, gap);
    kmseg_lifecycle_options options = thresholds(70, 155);
    kmseg_lifecycle *l;
    OK(ctx, kmseg_lifecycle_new(ctx, table, NULL, NULL, 0, &options, &l));
    const char *expect[N] = {"potential", "potential", "lost",    "declining", "declining",
                             "new",       "new",       "growing", "mature",    "declining",
                             "mature",    "mature",    ""};
    texts_are(table, "lifecycle", expect);
    cr_assert_str_eq(text_of(table, "lifecycle_reason", 2), "last order more than 155 days ago");
    cr_assert_str_eq(text_of(table, "lifecycle_reason", 3), "last order more than 70 days ago");
    cr_assert_str_eq(text_of(table, "lifecycle_reason", 9),
                     "orders further apart and spend falling");
    cr_assert_str_eq(text_of(table, "lifecycle_reason", 12), "");
    const int64_t counts[KMSEG_N_STAGES] = {2, 2, 1, 3, 3, 1};
    for (int s = 0; s < KMSEG_N_STAGES; s++) {
        cr_assert_str_eq(l->stages[s].name, kmseg_stage_name(s));
        cr_assert_eq(l->stages[s].n_customers, counts[s], "%s", kmseg_stage_name(s));
    }
    cr_assert_eq(l->n_customers, 12);
    cr_assert_eq(l->n_missing, 1);
    cr_assert_eq(l->n_gaps, 0);
    cr_assert(says(&l->conventions, "warning threshold is 70 days, as given"));
    cr_assert(says(&l->notes, "1 customer without recency"));
    cr_assert_null(kmseg_stage_name(-1));
    cr_assert_null(kmseg_stage_name(KMSEG_N_STAGES));
    kmseg_lifecycle_free(l);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(stages, trends_within_the_margin_are_none)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = stages_of(ctx, recency, frequency, order_days, spend, gap);
    kmseg_lifecycle_options options = thresholds(70, 155);
    options.trend_margin = 0.5; /* a trend of exactly 0.5 is none */
    kmseg_lifecycle *l;
    OK(ctx, kmseg_lifecycle_new(ctx, table, NULL, NULL, 0, &options, &l));
    cr_assert_eq(l->stages[KMSEG_STAGE_GROWING].n_customers, 0);
    cr_assert_eq(l->stages[KMSEG_STAGE_DECLINING].n_customers, 2);
    cr_assert_eq(l->stages[KMSEG_STAGE_MATURE].n_customers, 5);
    cr_assert(says(&l->conventions, "between -0.5 and 0.5 count as none"));
    kmseg_lifecycle_free(l);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(stages, without_trends_everyone_active_is_new_or_mature_and_that_is_said)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {1, 2, 100, 400}, f[] = {1, 5, 5, 5};
    kmseg_table *table = customers_of(ctx, 4, NULL, r, f, f);
    kmseg_lifecycle_options options = thresholds(60, 200);
    kmseg_lifecycle *l;
    OK(ctx, kmseg_lifecycle_new(ctx, table, NULL, NULL, 0, &options, &l));
    const char *expect[] = {"new", "mature", "declining", "lost"};
    texts_are(table, "lifecycle", expect);
    cr_assert(says(&l->notes, "no column trend_spend"));
    kmseg_lifecycle_free(l);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Three of four customers ordered again, on 3, 2 and 4 days: 2, 1 and 3 gaps, all of mean 10, so that
 * they are exponential about it: 80 % are at most 10 ln 5 = 16.09 days, 95 % at most 10 ln 20 = 29.96. */
static const double often[] = {3, 2, 4, 1}, tens[] = {10, 10, 10, NAN};

static kmseg_lifecycle *estimated(kmseg_context *ctx, kmseg_table *table, const char *name,
                                  const double *values) {
    kmseg_lifecycle *l;
    OK(ctx, kmseg_table_add_numbers(ctx, table, name, values));
    OK(ctx, kmseg_lifecycle_new(ctx, table, NULL, NULL, 0, NULL, &l));
    return l;
}

Test(thresholds, are_estimated_from_customers_mean_days_between_orders)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {16, 17, 31, 5};
    kmseg_table *table = customers_of(ctx, 4, NULL, r, often, often);
    kmseg_lifecycle *l = estimated(ctx, table, "gap_mean", tens);
    cr_assert_eq(l->warn_days, 16);
    cr_assert_eq(l->lost_days, 30);
    cr_assert_eq(l->n_gaps, 6);
    cr_assert_str_eq(l->estimated_from, "gap_mean");
    const char *expect[] = {"mature", "declining", "lost", "new"};
    texts_are(table, "lifecycle", expect);
    cr_assert(says(&l->conventions, "an estimate of the 80th percentile"));
    cr_assert(says(&l->notes, "estimated from gap_mean"));
    kmseg_lifecycle_free(l);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* The same 10 days: first orders 36, 27, 61 days ago and last ones 16, 17, 31 are 20, 10 and 30 days
 * with 2, 1 and 3 gaps. A median of 10 ln 2 is that of an exponential of mean 10. */
Test(thresholds, are_estimated_from_tenure_or_medians_too)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {16, 17, 31, 5}, tenure[] = {36, 27, 61, 5};
    double medians[4];
    for (int i = 0; i < 4; i++) {
        medians[i] = tens[i] * log(2);
    }
    for (int which = 0; which < 2; which++) {
        kmseg_table *table = customers_of(ctx, 4, NULL, r, often, often);
        kmseg_lifecycle *l = estimated(ctx, table, which == 0 ? "tenure" : "gap_median",
                                       which == 0 ? tenure : medians);
        cr_assert_eq(l->warn_days, 16);
        cr_assert_eq(l->lost_days, 30);
        cr_assert_eq(l->n_gaps, 6);
        kmseg_lifecycle_free(l);
        kmseg_table_free(table);
    }
    kmseg_context_free(ctx);
}

/* Nine gaps of mean 1 and one of mean 100: at t = 1.0 the first are 63 % past; what 80 % are below is
 * where 0.9 (1 - e^-t) + 0.1 (1 - e^-t/100) = 0.8, t = 2.2: 2 days. 95 %: the first are past, so
 * 0.1 e^-t/100 = 0.05, t = 100 ln 2 = 69.3. Backwards it is the same. One given threshold stays. */
Test(thresholds, estimated_ones_mix_customers_by_their_gaps_in_any_order)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {1, 1}, f[] = {10, 2}, means[] = {1, 100};
    const double back_f[] = {2, 10}, back[] = {100, 1};
    for (int which = 0; which < 2; which++) {
        kmseg_table *table = customers_of(ctx, 2, NULL, r, which ? back_f : f, r);
        kmseg_lifecycle *l = estimated(ctx, table, "gap_mean", which ? back : means);
        cr_assert_eq(l->warn_days, 2, "%g", l->warn_days);
        cr_assert_eq(l->lost_days, 69, "%g", l->lost_days);
        cr_assert_eq(l->n_gaps, 10);
        kmseg_lifecycle_free(l);
        kmseg_table_free(table);
    }
    kmseg_table *table = customers_of(ctx, 2, NULL, r, f, r);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "gap_mean", means));
    kmseg_lifecycle_options options = thresholds(1.5, 0);
    kmseg_lifecycle *l;
    OK(ctx, kmseg_lifecycle_new(ctx, table, NULL, NULL, 0, &options, &l));
    cr_assert_eq(l->warn_days, 1.5);
    cr_assert_eq(l->lost_days, 69);
    cr_assert(!l->warn_fitted && l->lost_fitted);
    kmseg_lifecycle_free(l);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(thresholds, are_not_estimated_from_columns_that_say_nothing)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {1, 2, 3, 4}, once[] = {1, 1, 1, 0};
    const double odd[] = {INFINITY, -3, 0, NAN};
    kmseg_lifecycle *l;
    for (int which = 0; which < 2; which++) {
        kmseg_table *table = customers_of(ctx, 4, NULL, r, which ? often : once, r);
        OK(ctx, kmseg_table_add_numbers(ctx, table, "gap_mean", which ? odd : tens));
        FAILS(ctx, KMSEG_E_DATA, kmseg_lifecycle_new(ctx, table, NULL, NULL, 0, NULL, &l),
              "nobody ordered on two days");
        kmseg_table_free(table);
    }
    kmseg_context_free(ctx);
}

Test(thresholds, are_taken_from_percentiles_or_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double r[] = {1, 20, 60}, f[] = {2, 2, 2};
    double percentiles[KMSEG_N_GAP_PERCENTILES];
    for (int p = 0; p < KMSEG_N_GAP_PERCENTILES; p++) {
        percentiles[p] = p / 2.;
    }
    kmseg_table *table = customers_of(ctx, 3, NULL, r, f, f);
    kmseg_lifecycle_options options;
    kmseg_lifecycle_options_init(&options);
    kmseg_lifecycle *l;
    options.warn = 30;
    OK(ctx, kmseg_lifecycle_new(ctx, table, NULL, percentiles, 50, &options, &l));
    cr_assert_eq(l->warn_days, 15);
    cr_assert_eq(l->lost_days, 47.5);
    cr_assert(l->warn_fitted && l->lost_fitted);
    const char *expect[] = {"mature", "declining", "lost"};
    texts_are(table, "lifecycle", expect);
    cr_assert(says(&l->conventions, "15 days, the 30th percentile (type 7) of the 50 gaps"));
    cr_assert(says(&l->notes, "fitted to 50 gaps only"));
    kmseg_lifecycle_free(l);
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_lifecycle_new(ctx, table, NULL, percentiles, 50, &options, &l), "lifecycle",
          "already");
    kmseg_table_free(table);

    table = customers_of(ctx, 3, NULL, r, f, f);
    options.lost_days = 10;
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_lifecycle_new(ctx, table, NULL, percentiles, 50, &options, &l), "15 days",
          "lost one 10");
    kmseg_lifecycle_options_init(&options);
    FAILS(ctx, KMSEG_E_DATA, kmseg_lifecycle_new(ctx, table, NULL, NULL, 0, &options, &l),
          "order log", "gap_mean", "--warn-days");
    FAILS(ctx, KMSEG_E_DATA, kmseg_lifecycle_new(ctx, table, NULL, percentiles, 0, &options, &l),
          "nobody ordered on two days");
    cr_assert_eq(kmseg_table_n_columns(table), 4);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* The list has b (twice), d and c, and a row without an id; c and d are new. */
Test(list, adds_each_customer_without_an_order_once_in_order_of_id)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *ids[] = {"b", "a"};
    const char *members[] = {"d", "b", NULL, "c", "b", "d"};
    const double v[] = {1, 2};
    kmseg_table *table = customers_of(ctx, 2, ids, v, v, v), *list, *joined;
    OK(ctx, kmseg_table_new(ctx, 6, &list));
    OK(ctx, kmseg_table_add_texts(ctx, list, "member", members));
    kmseg_list_report report;
    OK(ctx, kmseg_customers_add_list(ctx, table, NULL, list, NULL, &joined, &report));
    const char *expect[] = {"b", "a", "c", "d"};
    texts_are(joined, "customer_id", expect);
    const double frequencies[] = {1, 2, 0, 0}, recencies[] = {1, 2, NO, NO};
    numbers_are(joined, "frequency", frequencies);
    numbers_are(joined, "monetary", frequencies);
    numbers_are(joined, "recency", recencies);
    cr_assert_eq(column_of(joined, "recency")->n_missing, 2);
    cr_assert_eq(column_of(joined, "frequency")->n_missing, 0);
    cr_assert_eq(column_of(joined, "customer_id")->role, KMSEG_ROLE_ID);
    cr_assert_eq(report.n_rows, 6);
    cr_assert_eq(report.n_missing, 1);
    cr_assert_eq(report.n_known, 1);
    cr_assert_eq(report.n_added, 2);
    cr_assert_eq(report.n_unlisted, 1, "a");
    kmseg_table_free(joined);
    FAILS(ctx, KMSEG_E_NOT_FOUND,
          kmseg_customers_add_list(ctx, table, NULL, list, "membr", &joined, NULL), "member?");
    cr_assert_null(joined);
    kmseg_table_free(list);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(list, ids_that_are_numbers_match_ids_that_are_text)
{
    kmseg_context *ctx = test_context(1, NULL);
    const double ids[] = {7, 10}, v[] = {1, 2}, members[] = {9, 10, 100};
    const char *texts[] = {"11", "7"}, *names[] = {"eve", "7"};
    kmseg_table *table, *list, *joined;
    OK(ctx, kmseg_table_new(ctx, 2, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "id", ids));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "frequency", v));
    OK(ctx, kmseg_table_new(ctx, 3, &list));
    OK(ctx, kmseg_table_add_numbers(ctx, list, "id", members));
    OK(ctx, kmseg_customers_add_list(ctx, table, NULL, list, "id", &joined, NULL));
    const double expect[] = {7, 10, 9, 100};
    numbers_are(joined, "id", expect);
    kmseg_table_free(joined);
    kmseg_table_free(list);
    OK(ctx, kmseg_table_new(ctx, 2, &list));
    OK(ctx, kmseg_table_add_texts(ctx, list, "text", texts));
    OK(ctx, kmseg_table_add_texts(ctx, list, "name", names));
    OK(ctx, kmseg_customers_add_list(ctx, table, NULL, list, "text", &joined, NULL));
    const double with_text[] = {7, 10, 11};
    numbers_are(joined, "id", with_text);
    kmseg_table_free(joined);
    FAILS(ctx, KMSEG_E_DATA,
          kmseg_customers_add_list(ctx, table, NULL, list, "name", &joined, NULL), "eve");
    FAILS(ctx, KMSEG_E_NOT_FOUND,
          kmseg_customers_add_list(ctx, table, NULL, list, NULL, &joined, NULL), "text, name");
    kmseg_table_free(list);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static kmseg_status stage_some(kmseg_context *ctx, void *argument) {
    (void)argument;
    const double v[] = {1, 2}, members[] = {2, 5, 4};
    kmseg_table *table = NULL, *list = NULL, *joined = NULL;
    kmseg_lifecycle *l = NULL;
    kmseg_lifecycle_options options = thresholds(1, 2);
    kmseg_status status = kmseg_table_new(ctx, 2, &table);
    const char *names[] = {"id", "recency", "frequency"};
    for (int i = 0; i < 3 && status == KMSEG_OK; i++) {
        status = kmseg_table_add_numbers(ctx, table, names[i], v);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_new(ctx, 3, &list);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, list, "id", members);
    }
    if (status == KMSEG_OK) {
        status = kmseg_customers_add_list(ctx, table, NULL, list, NULL, &joined, NULL);
    }
    if (status == KMSEG_OK) {
        status = kmseg_lifecycle_new(ctx, joined, NULL, NULL, 0, &options, &l);
    }
    kmseg_lifecycle_free(l);
    kmseg_table_free(joined);
    kmseg_table_free(list);
    kmseg_table_free(table);
    return status;
}

Test(memory, any_request_may_be_refused)
{ fails_cleanly(stage_some, NULL); }

/* The reference: of 12,425 gaps P40 20, P50 28, P80 70, P90 110, P95 155 days. Stages are then what a
 * plain reading of the definitions gives. */
Test(online_retail, thresholds_are_those_of_the_reference)
{
    const char *path = test_dataset("online_retail/online_retail.csv.gz");
    TEST_SKIP_WITHOUT(path, "online_retail");
    kmseg_context *ctx = test_context(2, NULL);
    const char *const needs[] = {"recency"};
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    kmseg_features_report report;
    kmseg_table *table;
    kmseg_lifecycle *l;
    int is_log;
    OK(ctx, kmseg_customers_from_file(ctx, path, needs, 1, &options, &table, &is_log, &report));
    cr_assert_eq(report.n_gaps, 12425);
    const int percents[] = {40, 50, 80, 90, 95};
    const double days[] = {20, 28, 70, 110, 155};
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(report.gap_percentiles[percents[i]], days[i]);
        cr_assert_eq(report.gap_quantiles[i], days[i]);
    }
    OK(ctx, kmseg_lifecycle_new(ctx, table, NULL, report.gap_percentiles, report.n_gaps, NULL, &l));
    cr_assert_eq(l->warn_days, 70);
    cr_assert_eq(l->lost_days, 155);
    int64_t counts[KMSEG_N_STAGES] = {0};
    for (int64_t r = 0; r < kmseg_table_n_rows(table); r++) {
        double away = column_of(table, "recency")->numbers[r];
        double more = column_of(table, "trend_spend")->numbers[r];
        double slower = column_of(table, "trend_gap")->numbers[r];
        kmseg_stage stage = away > 155                              ? KMSEG_STAGE_LOST
                            : away > 70 || (slower > 0 && more < 0) ? KMSEG_STAGE_DECLINING
                            : column_of(table, "order_days")->numbers[r] == 1 ? KMSEG_STAGE_NEW
                            : more > 0 && !(slower > 0)                       ? KMSEG_STAGE_GROWING
                                                                              : KMSEG_STAGE_MATURE;
        counts[stage]++;
        cr_assert_str_eq(text_of(table, "lifecycle", r), kmseg_stage_name(stage));
    }
    for (int s = 0; s < KMSEG_N_STAGES; s++) {
        cr_assert_eq(l->stages[s].n_customers, counts[s]);
    }
    cr_assert_eq(l->all.n_customers, 4338);
    kmseg_lifecycle_free(l);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
