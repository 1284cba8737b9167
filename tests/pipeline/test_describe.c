/* Segments by columns that were not there at the fit. */
#include "pipeline/customers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static kmseg_context *ctx;
static kmseg_table *customers;
static kmseg_result *result;

static void setup(void) {
    ctx = test_context(2, NULL);
    customers = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(4);
    OK(ctx, kmseg_segment(ctx, customers, &options, &result));
}

static void teardown(void) {
    kmseg_result_free(result);
    kmseg_table_free(customers);
    kmseg_context_free(ctx);
}

TestSuite(describe, .init = setup, .fini = teardown);

/* Of the customers of test_customers() those before row n, backwards, and n_others that are nobody: a
 * score of their group, 0 to 3, "low" for groups 0 and 1, and their spend once more. */
static kmseg_table *scores(int64_t n, int64_t n_others, const char *key) {
    enum { ROOM = TEST_ROWS + 10 };
    static char texts[ROOM][16];
    const char *ids[ROOM], *levels[ROOM];
    double score[ROOM], spend[ROOM];
    for (int64_t i = 0; i < n + n_others; i++) {
        int64_t row = i < n ? n - 1 - i : 1000 + i;
        snprintf(texts[i], sizeof texts[i], "c%d", (int)row);
        ids[i] = texts[i];
        int group = (int)(row / TEST_GROUP_ROWS);
        score[i] = i < n ? group : 99;
        levels[i] = group < 2 ? "low" : "high";
        spend[i] = 5;
    }
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n + n_others, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "score", score));
    OK(ctx, kmseg_table_add_texts(ctx, table, "level", levels));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", spend));
    OK(ctx, kmseg_table_add_texts(ctx, table, key, ids));
    return table;
}

static const kmseg_profile_column *find(const char *name) {
    for (int32_t c = 0; c < result->profile->n_columns; c++) {
        if (strcmp(result->profile->columns[c].name, name) == 0) {
            return &result->profile->columns[c];
        }
    }
    return NULL;
}

/* Groups are the segments, group 3 the first: 25 customers each. The table has groups 0, 1, 2 and ten
 * of group 3: rows 75 to 84; so 15 of segment 1 are missing. The mean score of all 85 is
 * (0 * 25 + 1 * 25 + 2 * 25 + 3 * 10) / 85 = 105 / 85; "low" are 50 of 85. */
Test(describe, columns_are_those_worked_by_hand)
{
    kmseg_table *table = scores(85, 7, "customer_id");
    kmseg_description said;
    OK(ctx, kmseg_result_describe(ctx, result, table, NULL, &said));
    cr_assert_eq(said.join.n_rows, 100);
    cr_assert_eq(said.join.n_matched, 85);
    cr_assert_eq(said.join.n_from, 92);
    cr_assert_eq(said.join.n_from_unmatched, 7);
    cr_assert_str_eq(said.join.key, "customer_id");
    cr_assert_eq(said.n_profiled, 2);
    cr_assert_eq(said.n_known, 1); /* monetary stays what it was at the fit */
    cr_assert_eq(said.n_left_out, 0);
    cr_assert(find("monetary")->mean > 1000);
    const kmseg_profile_column *score = find("score"), *level = find("level");
    cr_assert_float_eq(score->mean, 105.0 / 85, 1e-15);
    cr_assert_eq(score->clustered, 0);
    for (int s = 0; s < 4; s++) {
        cr_assert_eq(score->segment_means[s], 3 - s);
        cr_assert_eq(score->segment_missing[s], s == 0 ? 15 : 0);
        cr_assert_eq(level->segment_shares[2 * s], s < 2 ? 1 : 0); /* "high" */
    }
    cr_assert_str_eq(level->levels[1], "low");
    cr_assert_float_eq(level->level_shares[1], 50.0 / 85, 1e-15);
    kmseg_table_free(table);
}

Test(describe, traits_are_the_strongest_of_all_columns)
{
    kmseg_table *table = scores(TEST_ROWS, 0, "customer_id");
    const char *name = result->profile->names[0];
    char before[80];
    snprintf(before, sizeof before, "%s", name);
    OK(ctx, kmseg_result_describe(ctx, result, table, NULL, NULL));
    const kmseg_profile *profile = result->profile;
    cr_assert_str_eq(profile->names[0], before);
    int of_score = 0;
    for (int32_t s = 0; s < 4; s++) {
        for (int32_t t = 0; t < profile->n_traits[s]; t++) {
            const kmseg_trait *trait = &profile->traits[s * profile->max_traits + t];
            cr_assert(t == 0 || fabs(trait->difference) <= fabs(trait[-1].difference));
            if (strcmp(profile->columns[trait->column].name, "score") == 0) {
                char text[80], expected[80];
                kmseg_trait_text(profile, s, t, text, sizeof text);
                snprintf(expected, sizeof expected, "score %d (all: 1.5)", 3 - s);
                cr_assert_eq(strncmp(text, expected, 7), 0, "%s", text);
                of_score++;
            }
        }
    }
    cr_assert_geq(of_score, 2); /* of the lowest and of the highest group */
    kmseg_table_free(table);
}

Test(describe, a_result_described_in_two_steps_is_saved_with_both)
{
    kmseg_table *table = scores(TEST_ROWS, 0, "customer_id");
    OK(ctx, kmseg_result_describe(ctx, result, table, NULL, NULL));
    kmseg_status status = kmseg_result_describe(ctx, result, table, NULL, NULL);
    cr_assert_eq(status, KMSEG_E_DATA);
    cr_assert(strstr(kmseg_last_error(ctx), "already") != NULL, "%s", kmseg_last_error(ctx));
    double age[TEST_ROWS];
    for (int i = 0; i < TEST_ROWS; i++) {
        age[i] = 20 + i % 50;
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "age", age));
    OK(ctx, kmseg_result_describe(ctx, result, table, NULL, NULL));
    char path[] = "/tmp/kmseg_describe_XXXXXX.h5";
    cr_assert_neq(mkstemps(path, 3), -1);
    OK(ctx, kmseg_result_save(ctx, result, path));
    int32_t n = result->profile->n_columns;
    kmseg_result_free(result);
    OK(ctx, kmseg_result_load(ctx, path, &result));
    unlink(path);
    cr_assert_eq(result->profile->n_columns, n);
    cr_assert_eq(find("score")->segment_means[0], 3);
    cr_assert_not_null(find("age"));
    kmseg_table_free(table);
}

Test(describe, the_key_is_named_or_found_by_its_usual_names)
{
    kmseg_table *table = scores(TEST_ROWS, 0, "member");
    cr_assert_eq(kmseg_result_describe(ctx, result, table, NULL, NULL), KMSEG_E_NOT_FOUND);
    cr_assert(strstr(kmseg_last_error(ctx), "member") != NULL, "%s", kmseg_last_error(ctx));
    kmseg_join_options options;
    kmseg_join_options_init(&options);
    options.from_key = "member";
    OK(ctx, kmseg_result_describe(ctx, result, table, &options, NULL));
    kmseg_table_free(table);
}

Test(describe, on_failure_the_result_is_as_before)
{
    int32_t n = result->profile->n_columns;
    kmseg_table *nobody = scores(0, 5, "customer_id");
    cr_assert_eq(kmseg_result_describe(ctx, result, nobody, NULL, NULL), KMSEG_E_DATA);
    kmseg_table_free(nobody);
    kmseg_table *table = scores(TEST_ROWS, 0, "customer_id");
    OK(ctx, kmseg_result_protect(ctx, result, NULL)); /* row numbers that mean nothing */
    cr_assert_eq(kmseg_result_describe(ctx, result, table, NULL, NULL), KMSEG_E_DATA);
    cr_assert(strstr(kmseg_last_error(ctx), "which customer is which") != NULL);
    cr_assert_eq(result->profile->n_columns, n);
    kmseg_table_free(table);
}
