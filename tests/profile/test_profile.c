#include "prepare/tables.h"
#include "support/failing.h"

static kmseg_context *ctx;
static void setup(void) { ctx = test_context(2, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }
TestSuite(profile, .init = setup, .fini = teardown);

static int32_t shown(const kmseg_profile *profile, const char *name) {
    for (int32_t i = 0; i < profile->n_columns; i++) {
        if (strcmp(profile->columns[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static kmseg_profile *profile_of(const kmseg_table *table, const int32_t *labels,
                                 int32_t n_segments, const kmseg_prepare *prepare) {
    kmseg_profile *profile;
    OK(ctx, kmseg_profile_new(ctx, table, NULL, kmseg_table_n_rows(table), labels, n_segments,
                              prepare, NULL, &profile));
    return profile;
}

/* Eight customers: the first four spend more, all of them in France. */
static kmseg_table *eight(void) {
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "customer_id", 1, 2, 3, 4, 5, 6, 7, 8);
    NUMBERS(ctx, table, "revenue", 8, 10, 12, 10, 2, 4, NAN, 0);
    TEXTS(ctx, table, "country", "FR", "FR", "FR", "FR", "UK", "FR", "UK", NULL);
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_ID, NULL));
    OK(ctx, kmseg_table_describe(ctx, table, 1, KMSEG_ROLE_UNKNOWN, "GBP"));
    return table;
}

static const int32_t halves[8] = {0, 0, 0, 0, 1, 1, 1, 1};

Test(profile, sums_means_and_shares_are_those_worked_by_hand)
{
    kmseg_table *table = eight();
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    cr_assert_eq(profile->n_columns, 2); /* not the id */
    cr_assert_eq(profile->sizes[0], 4);
    cr_assert_eq(profile->size_shares[1], 0.5);
    cr_assert_str_eq(profile->value_column, "revenue");
    cr_assert_eq(profile->values[0], 40);
    cr_assert_eq(profile->values[1], 6);
    cr_assert_eq(profile->value_shares[0], 40.0 / 46);

    /* 8 10 12 10 2 4 0: sum 46, mean 46/7; squares 428, squared differences 428 - 46^2/7 =
     * 125.714, over 6 is 20.952. */
    const kmseg_profile_column *revenue = &profile->columns[shown(profile, "revenue")];
    cr_assert_float_eq(revenue->mean, 46.0 / 7, 1e-14);
    cr_assert_float_eq(revenue->deviation, sqrt((428 - 46.0 * 46 / 7) / 6), 1e-13);
    cr_assert_eq(revenue->segment_means[0], 10);
    cr_assert_eq(revenue->segment_means[1], 2); /* of 2, 4, 0 */
    cr_assert_eq(revenue->segment_medians[0], 10);
    cr_assert_eq(revenue->segment_medians[1], 2);
    cr_assert_eq(revenue->median, 8);
    cr_assert_eq(revenue->is_flag, 0);
    cr_assert_eq(revenue->segment_missing[1], 1);
    cr_assert_str_eq(revenue->unit, "GBP");

    const kmseg_profile_column *country = &profile->columns[shown(profile, "country")];
    cr_assert_eq(country->n_levels, 2);
    cr_assert_eq(country->level_shares[0], 5.0 / 7); /* FR */
    cr_assert_eq(country->segment_shares[0], 1);
    cr_assert_eq(country->segment_shares[2], 1.0 / 3);
    cr_assert_eq(country->segment_missing[1], 1);
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, traits_are_standardised_differences_strongest_first)
{
    kmseg_table *table = eight();
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    /* Segment 1: UK 2/3 of 3 against 2/7: (2/3 - 2/7) / sqrt(2/7 5/7) = .8433; revenue (2 - 46/7) /
     * 4.5774 = -.9987. Of FR and UK the one above its share is kept. */
    cr_assert_eq(profile->n_traits[1], 2);
    const kmseg_trait *traits = profile->traits + profile->max_traits;
    cr_assert_eq(traits[0].column, shown(profile, "revenue"));
    cr_assert_eq(traits[0].level, -1);
    cr_assert_float_eq(traits[0].difference, (2 - 46.0 / 7) / sqrt((428 - 46.0 * 46 / 7) / 6),
                       1e-12);
    cr_assert_float_eq(traits[0].lift, 2 / (46.0 / 7), 1e-14);
    cr_assert_eq(traits[1].column, shown(profile, "country"));
    cr_assert_eq(traits[1].level, 1);
    cr_assert_float_eq(traits[1].difference, (2.0 / 3 - 2.0 / 7) / sqrt(2.0 / 7 * 5 / 7), 1e-12);
    cr_assert_float_eq(traits[1].lift, 7.0 / 3, 1e-12);

    char text[80];
    kmseg_trait_text(profile, 1, 0, text, sizeof text); /* medians: 0 2 4 and 0 2 4 8 10 10 12 */
    cr_assert_str_eq(text, "revenue 2 GBP (all: 8)");
    kmseg_trait_text(profile, 1, 1, text, sizeof text);
    cr_assert_str_eq(text, "country UK 67 % (all: 29 %)");
    kmseg_trait_text(profile, 1, 0, text, 8);
    cr_assert_str_eq(text, "revenue");
    kmseg_trait_text(profile, 1, 2, text, sizeof text);
    cr_assert_str_eq(text, "");
    kmseg_trait_text(profile, 2, 0, text, sizeof text);
    cr_assert_str_eq(text, "");
    kmseg_trait_text(profile, -1, -1, text, sizeof text);
    cr_assert_str_eq(text, "");
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, a_difference_too_small_to_say_is_not_a_trait)
{
    /* Means 1.5 and 1.6 with a deviation above 1: .05 of it apart from the mean of all. */
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "x", 0, 1, 2, 3, 0, 1, 2, 3.4);
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    cr_assert_eq(profile->n_traits[0], 0);
    cr_assert_eq(profile->n_traits[1], 0);
    cr_assert_str_eq(profile->names[0], "Ordinary customers (x 1.5)");
    cr_assert_str_eq(profile->names[1], "Ordinary customers (x 1.6)");
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, one_giant_does_not_hide_the_differences_of_the_others)
{
    /* In plain standard deviations (of 35k) 1 against 1000 is nothing. */
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "spend", 1, 2, 1, 2, 1000, 1500, 1200, 100000);
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    cr_assert_lt(profile->traits[0].difference, -0.8);
    cr_assert_gt(profile->traits[profile->max_traits].difference, 0.8);
    kmseg_profile_free(profile);

    /* Where the means in own units say the opposite nothing is said: 1000 thrice has the higher
     * geometric mean, 1 1 100000 the higher mean. */
    const int32_t labels[8] = {0, 1, 0, 1, 1, 1, 1, 0};
    profile = profile_of(table, labels, 2, NULL);
    for (int32_t s = 0; s < 2; s++) {
        for (int32_t t = 0; t < profile->n_traits[s]; t++) {
            double own = profile->columns[0].segment_means[s] - profile->columns[0].mean;
            cr_assert_gt(own * profile->traits[s * profile->max_traits + t].difference, 0);
        }
    }
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, features_that_say_the_same_are_said_once)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "orders", 9, 8, 9, 8, 1, 2, 1, 2);
    NUMBERS(ctx, table, "lines", 90, 80, 90, 80, 10, 20, 10, 20);
    TEXTS(ctx, table, "backup", "none", "none", "none", "none", "yes", "no", "yes", "no");
    TEXTS(ctx, table, "guard", "none", "none", "none", "none", "yes", "no", "yes", "no");
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    cr_assert_eq(profile->n_traits[0], 2); /* orders and none */
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

/* The text of the trait about a column, or "". */
static const char *trait_of(const kmseg_profile *profile, int32_t segment, const char *column) {
    static char text[128];
    text[0] = '\0';
    for (int32_t t = 0; t < profile->n_traits[segment]; t++) {
        const kmseg_trait *trait = &profile->traits[segment * profile->max_traits + t];
        if (trait->column == shown(profile, column)) {
            kmseg_trait_text(profile, segment, t, text, sizeof text);
        }
    }
    return text;
}

Test(profile, traits_are_told_in_words_and_in_numbers_of_the_typical_customer)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "n_products", 1000, 2000, 3000, 90000, 1, 1, 1, 2);
    NUMBERS(ctx, table, "hours_share_morning", .9, .8, .9, 1, 0, .1, 0, .1);
    NUMBERS(ctx, table, "SeniorCitizen", 1, 1, 1, 0, 0, 0, 0, 0);
    NUMBERS(ctx, table, "days", 1, 1, 1, 1, 2, 2, 2, 2);
    NUMBERS(ctx, table, "spikes", 7, 7, 8, 9, 7, 7, 7, 7);
    TEXTS(ctx, table, "StreamingTV", "Yes", "Yes", "Yes", "No", "No", "No", "No", "No");
    const char *const units[] = {"products", "share", "", "days", ""};
    for (int32_t c = 0; c < 5; c++) {
        OK(ctx, kmseg_table_describe(ctx, table, c, KMSEG_ROLE_UNKNOWN, units[c]));
    }
    kmseg_profile_options options;
    kmseg_profile_options_init(&options);
    options.max_traits = 10;
    kmseg_profile *profile;
    OK(ctx, kmseg_profile_new(ctx, table, NULL, 8, halves, 2, NULL, &options, &profile));
    cr_assert_str_eq(trait_of(profile, 0, "n_products"), "different products 2,500 (all: 501)");
    cr_assert_str_eq(trait_of(profile, 0, "hours_share_morning"),
                     "orders in the morning 90 % (all: 48 %)"); /* 3.6 / 4 and 3.8 / 8 */
    cr_assert_str_eq(trait_of(profile, 0, "SeniorCitizen"), "senior citizen 75 % (all: 38 %)");
    cr_assert_str_eq(trait_of(profile, 0, "days"), "days 1.00 (all: 1.50)");
    /* Medians 7.5 and 7; of the others 7 and 7, where the means are 7 and 59 / 8. */
    cr_assert_str_eq(trait_of(profile, 0, "spikes"), "spikes 7.50 (all: 7.00)");
    cr_assert_str_eq(trait_of(profile, 1, "spikes"), "spikes 7.00 on average (all: 7.38)");
    cr_assert_str_eq(trait_of(profile, 0, "StreamingTV"), "streaming TV Yes 75 % (all: 38 %)");
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, a_column_that_says_a_better_known_one_again_is_no_trait)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "frequency", 9, 8, 9, 8, 1, 1, 1, 2);
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_UNKNOWN, "orders"));
    NUMBERS(ctx, table, "order_days", 8, 7, 9, 6, 1, 1, 1, 2);
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    cr_assert_str_eq(trait_of(profile, 1, "frequency"), "frequency 1 order (all: 5)");
    cr_assert_str_eq(trait_of(profile, 0, "order_days"), "");
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, a_column_that_most_of_a_segment_lacks_is_no_trait_of_it)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "gap", 10, 11, 10, 11, 90, NAN, NAN, NAN);
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    cr_assert_eq(profile->n_traits[0], 1);
    cr_assert_eq(profile->n_traits[1], 0);
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, names_read_as_words)
{
    enum { N = 40 };
    double age[N], satisfaction[N];
    int32_t labels[N];
    for (int i = 0; i < N; i++) {
        labels[i] = i % 8 == 0;
        age[i] = (labels[i] ? 80 : 30) + i % 5;
        satisfaction[i] = (labels[i] ? 3 : 8) + i % 3;
    }
    kmseg_table *table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "age", age));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "UserSatisfaction", satisfaction));
    kmseg_profile *profile = profile_of(table, labels, 2, NULL);
    cr_assert_str_eq(profile->names[1], "Much older customers with very low user satisfaction");
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, names_say_what_the_numbers_say)
{
    enum { N = 60 };
    double recency[N], frequency[N], monetary[N];
    int32_t labels[N];
    for (int i = 0; i < N; i++) {
        labels[i] = i % 3;
        recency[i] = (i % 3 == 0 ? 10 : i % 3 == 1 ? 100 : 200) + i % 7;
        frequency[i] = (i % 3 == 0 ? 12 : i % 3 == 1 ? 3 : 1) + i % 2;
        monetary[i] = (i % 3 == 0 ? 900 : i % 3 == 1 ? 250 : 60) + i % 5;
    }
    kmseg_table *table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "recency", recency));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "frequency", frequency));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", monetary));
    kmseg_profile *profile = profile_of(table, labels, 3, NULL);
    cr_assert_str_eq(profile->names[0], "Frequent big spenders");
    cr_assert_str_eq(profile->names[2], "Long-absent small spenders");
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

/* The first segment's strongest traits are recency and frequency, the second's is what it spends,
 * which is less. */
Test(profile, who_spends_more_than_big_spenders_is_one_too)
{
    enum { N = 40 };
    static const double days[] = {1, 50, 55, 52}, orders[] = {40, 22, 8, 2},
                        spend[] = {130, 110, 20, 10};
    double recency[N], frequency[N], monetary[N];
    int32_t labels[N];
    for (int i = 0; i < N; i++) {
        labels[i] = i % 4;
        recency[i] = days[i % 4] + i / 4 % 3;
        frequency[i] = orders[i % 4] + i / 4 % 2;
        monetary[i] = spend[i % 4] + i / 4 % 5;
    }
    kmseg_table *table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "recency", recency));
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_UNKNOWN, "days"));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "frequency", frequency));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", monetary));
    kmseg_profile *profile = profile_of(table, labels, 4, NULL);
    cr_assert(strstr(profile->names[1], "big spenders") != NULL, "%s", profile->names[1]);
    cr_assert(strstr(profile->names[0], "big spenders") != NULL, "%s", profile->names[0]);
    cr_assert(strstr(profile->names[0], "recent") != NULL, "%s", profile->names[0]);
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, names_of_categories_begin_with_the_most_telling)
{
    kmseg_table *table = table_of(ctx, 8);
    TEXTS(ctx, table, "home_type", "flat", "flat", "flat", "flat", "house", "flat", "boat",
          "house");
    NUMBERS(ctx, table, "member", 1, 1, 1, 0, 0, 0, 0, 0);
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    cr_assert_str_eq(profile->names[0], "Mostly home type flat, member");
    cr_assert_str_eq(profile->names[1], "Less often home type flat, hardly ever member");
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

/* Of four rows each: a 3, b 1, c 1 in the first segment, a 0, b 3, c 1 in the second. */
Test(profile, of_cells_of_tags_each_tag_has_a_share_of_all_rows)
{
    kmseg_table *table = table_of(ctx, 8);
    TEXTS(ctx, table, "tags", "a;b", "a", "a; c", NULL, "b", "b;c", "b", NULL);
    NUMBERS(ctx, table, "x", 1, 2, 1, 2, 5, 6, 5, 6);
    kmseg_prepare_options options = prepare_options();
    options.encode = "tags=multihot";
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    kmseg_profile *profile = profile_of(table, halves, 2, prepare);
    const kmseg_profile_column *c = &profile->columns[shown(profile, "tags")];
    cr_assert_eq(c->n_levels, 3);
    static const double all[] = {3 / 8.0, 4 / 8.0, 2 / 8.0};
    static const double shares[] = {0.75, 0.25, 0.25, 0, 0.75, 0.25};
    static const char *const names[] = {"a", "b", "c"};
    for (int l = 0; l < 3; l++) {
        cr_assert_str_eq(c->levels[l], names[l]);
        cr_assert_eq(c->level_shares[l], all[l]);
        cr_assert(c->segment_shares[l] == shares[l] && c->segment_shares[3 + l] == shares[3 + l]);
    }
    cr_assert(c->segment_missing[0] == 0 && c->segment_missing[1] == 0);
    kmseg_profile_free(profile);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(profile, a_recency_score_is_not_read_as_days)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "recency", 1, 2, 1, 2, 4, 5, 4, 5);
    kmseg_profile *profile = profile_of(table, halves, 2, NULL);
    cr_assert_str_eq(profile->names[0], "Customers with low recency");
    kmseg_profile_free(profile);
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_UNKNOWN, "days"));
    profile = profile_of(table, halves, 2, NULL);
    cr_assert_str_eq(profile->names[0], "Recent customers");
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, names_are_unique_even_where_segments_are_alike)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "x", 1, 1, 1, 1, 1, 1, 1, 2);
    TEXTS(ctx, table, "t", "a", "a", "b", "b", "a", "b", "a", "b");
    const int32_t labels[8] = {0, 0, 1, 1, 2, 2, 3, 4};
    kmseg_profile *profile = profile_of(table, labels, 7, NULL);
    for (int32_t a = 0; a < 7; a++) {
        cr_assert_gt(strlen(profile->names[a]), 0);
        for (int32_t b = 0; b < a; b++) {
            cr_assert_str_neq(profile->names[a], profile->names[b]);
        }
    }
    cr_assert_str_eq(profile->names[5], "No customers");
    cr_assert_str_eq(profile->names[6], "No customers (2)");
    cr_assert_eq(profile->sizes[5], 0);
    cr_assert(isnan(profile->columns[0].segment_means[5]));
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, one_segment_is_everybody)
{
    kmseg_table *table = eight();
    const int32_t labels[8] = {0};
    kmseg_profile *profile = profile_of(table, labels, 1, NULL);
    cr_assert_eq(profile->n_traits[0], 0);
    cr_assert_str_eq(profile->names[0], "All customers");
    cr_assert_eq(profile->value_shares[0], 1);
    kmseg_profile_free(profile);
    kmseg_table_free(table);
}

Test(profile, columns_not_clustered_on_are_described_but_do_not_name)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "visits", 9, 8, 9, 8, 1, 2, 1, 2);
    NUMBERS(ctx, table, "age", 90, 91, 90, 91, 10, 11, 10, 11);
    NUMBERS(ctx, table, "noise", 1, 2, 2, 1, 1, 2, 1, 1);
    kmseg_prepare_options options = prepare_options();
    options.include = "visits";
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    kmseg_profile *profile = profile_of(table, halves, 2, prepare);
    cr_assert_eq(profile->columns[0].clustered, 1);
    cr_assert_eq(profile->columns[1].clustered, 0);
    cr_assert_eq(profile->n_traits[0], 1); /* age says the same; noise is 1 standard error off */
    cr_assert_str_eq(profile->names[0], "Customers with high visits");
    kmseg_profile_free(profile);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(profile, only_the_labelled_rows_count)
{
    kmseg_table *table = eight();
    const int64_t rows[] = {7, 0, 4};
    const int32_t labels[] = {1, 0, 1};
    kmseg_profile *profile;
    OK(ctx, kmseg_profile_new(ctx, table, rows, 3, labels, 2, NULL, NULL, &profile));
    cr_assert_eq(profile->n_rows, 3);
    cr_assert_eq(profile->values[0], 8);
    cr_assert_eq(profile->values[1], 2);
    kmseg_profile_free(profile);
    const int64_t outside[] = {0, 8, 1};
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_profile_new(ctx, table, outside, 3, labels, 2, NULL, NULL, &profile), "row 8");
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_profile_new(ctx, table, rows, 3, labels, 1, NULL, NULL, &profile), "label 1");
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_profile_new(ctx, table, NULL, 9, halves, 2, NULL, NULL, &profile), "n_rows");
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_profile_new(ctx, table, NULL, 8, halves, 0, NULL, NULL, &profile), "n_segments");
    cr_assert_null(profile);
    kmseg_table_free(table);
}

Test(profile, the_value_column_is_found_by_name_or_named)
{
    kmseg_table *table = eight();
    NUMBERS(ctx, table, "TotalCharges", 1, 1, 1, 1, 1, 1, 1, INFINITY);
    kmseg_profile_options options;
    kmseg_profile_options_init(&options);
    kmseg_profile *profile;
    options.value = "TotalCharges";
    OK(ctx, kmseg_profile_new(ctx, table, NULL, 8, halves, 2, NULL, &options, &profile));
    cr_assert_eq(profile->values[1], 3); /* infinity counts as missing */
    cr_assert_eq(profile->columns[2].segment_missing[1], 1);
    kmseg_profile_free(profile);
    options.value = "";
    OK(ctx, kmseg_profile_new(ctx, table, NULL, 8, halves, 2, NULL, &options, &profile));
    cr_assert_str_eq(profile->value_column, "");
    cr_assert_eq(profile->values[0], 0);
    kmseg_profile_free(profile);
    options.value = "revenues";
    FAILS(ctx, KMSEG_E_NOT_FOUND,
          kmseg_profile_new(ctx, table, NULL, 8, halves, 2, NULL, &options, &profile), "value",
          "did you mean revenue");
    options.value = "country";
    FAILS(ctx, KMSEG_E_DATA,
          kmseg_profile_new(ctx, table, NULL, 8, halves, 2, NULL, &options, &profile), "country");
    kmseg_table_free(table);
}

static kmseg_table *many(int64_t n, int64_t step, int32_t *labels) {
    kmseg_table *table = table_of(ctx, n);
    double *spend = malloc((size_t)n * sizeof *spend);
    const char **country = malloc((size_t)n * sizeof *country);
    const char *const names[] = {"uk", "fr", "de", "at", "it"};
    for (int64_t i = 0; i < n; i++) {
        int64_t r = i * step % n;
        labels[i] = (int32_t)(r % 5 % 4);
        spend[i] = r % 13 == 0 ? (double)NAN : exp(5 * sin((double)r * 12.9898)) + labels[i];
        country[i] = r % 29 == 0 ? NULL : names[(r * r) % 83 % (labels[i] + 2)];
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", spend));
    OK(ctx, kmseg_table_add_texts(ctx, table, "country", country));
    free(spend);
    free(country);
    return table;
}

static void same_profile(const kmseg_profile *a, const kmseg_profile *b) {
    cr_assert_eq(a->n_columns, b->n_columns);
    cr_assert_arr_eq(a->values, b->values, (size_t)a->n_segments * sizeof(double));
    cr_assert_arr_eq(a->n_traits, b->n_traits, (size_t)a->n_segments * sizeof(int32_t));
    for (int32_t s = 0; s < a->n_segments; s++) {
        cr_assert_str_eq(a->names[s], b->names[s]);
        for (int32_t t = 0; t < a->n_traits[s]; t++) {
            const kmseg_trait *x = &a->traits[s * a->max_traits + t];
            const kmseg_trait *y = &b->traits[s * b->max_traits + t];
            cr_assert(x->column == y->column && x->level == y->level &&
                      x->difference == y->difference);
        }
    }
    size_t bytes = (size_t)a->n_segments * sizeof(double);
    for (int32_t i = 0; i < a->n_columns; i++) {
        const kmseg_profile_column *x = &a->columns[i], *y = &b->columns[i];
        if (x->type == KMSEG_COLUMN_NUMBER) {
            cr_assert_eq(x->mean, y->mean);
            cr_assert_eq(x->deviation, y->deviation);
            cr_assert_arr_eq(x->segment_means, y->segment_means, bytes);
            cr_assert_arr_eq(x->segment_medians, y->segment_medians, bytes);
        } else {
            cr_assert_eq(x->n_levels, y->n_levels);
            cr_assert_arr_eq(x->segment_shares, y->segment_shares, bytes * (size_t)x->n_levels);
        }
    }
}

Test(profile, is_the_same_bits_on_any_number_of_threads_and_in_any_order_of_rows)
{
    enum { N = 20011 };
    static int32_t labels[N], permuted[N];
    kmseg_table *table = many(N, 1, labels), *other = many(N, 7919, permuted);
    kmseg_profile *first = profile_of(table, labels, 4, NULL);
    const int32_t threads[] = {1, 2, 3, 7};
    for (int t = 0; t < 4; t++) {
        kmseg_context_free(ctx);
        ctx = test_context(threads[t], NULL);
        kmseg_profile *again = profile_of(table, labels, 4, NULL);
        same_profile(first, again);
        kmseg_profile_free(again);
        again = profile_of(other, permuted, 4, NULL);
        same_profile(first, again);
        kmseg_profile_free(again);
    }
    kmseg_profile_free(first);
    kmseg_table_free(table);
    kmseg_table_free(other);
}

static int32_t work_labels[9000];

static kmseg_status work(kmseg_context *refusing, void *argument) {
    kmseg_profile *profile, *copy = NULL;
    kmseg_status status =
        kmseg_profile_new(refusing, argument, NULL, 9000, work_labels, 4, NULL, NULL, &profile);
    cr_assert_eq(status == KMSEG_OK, profile != NULL);
    if (status == KMSEG_OK) {
        status = kmseg_profile_copy(refusing, profile, &copy);
        cr_assert_eq(status == KMSEG_OK, copy != NULL);
    }
    kmseg_profile_free(copy);
    kmseg_profile_free(profile);
    return status;
}

Test(profile, every_refused_request_is_a_clean_failure)
{
    kmseg_table *table = many(9000, 1, work_labels);
    fails_cleanly(work, table);
    kmseg_table_free(table);
}
