#include "prepare/tables.h"

static kmseg_context *ctx;
static void setup(void) { ctx = test_context(1, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }
TestSuite(prepare_choice, .init = setup, .fini = teardown);

/* Six customers, told apart by spend, country and a 0/1 flag. */
static kmseg_table *customers(void) {
    kmseg_table *table = table_of(ctx, 6);
    NUMBERS(ctx, table, "CustomerID", 11, 12, 13, 14, 15, 16);
    NUMBERS(ctx, table, "spend", 1, 2, 3, 4, 5, 6);
    NUMBERS(ctx, table, "order_id", 901, 907, 903, 904, 905, 906);
    TEXTS(ctx, table, "country", "FR", "UK", "FR", "UK", "FR", "UK");
    TEXTS(ctx, table, "note", "a", "b", "c", "d", "e", "f");
    NUMBERS(ctx, table, "member", 0, 0, 1, 0, 1, 0);
    NUMBERS(ctx, table, "version", 3, 3, 3, NAN, 3, 3);
    NUMBERS(ctx, table, "empty", NAN, NAN, NAN, NAN, NAN, NAN);
    const int64_t times[6] = {0, 86400, 5, 6, 7, 8};
    OK(ctx, kmseg_table_add_times(ctx, table, "joined", times));
    return table;
}

Test(prepare_choice, takes_numbers_and_repeating_text_and_says_why_the_rest_is_left_out)
{
    kmseg_table *table = customers();
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, NULL, &prepare));
    cr_assert_str_eq(prepare->id, "CustomerID");
    cr_assert_eq(prepare->n_columns, 3);
    cr_assert(fitted(prepare, "spend") >= 0 && fitted(prepare, "country") >= 0);
    cr_assert(fitted(prepare, "member") >= 0);
    cr_assert(noted(prepare, "CustomerID", "names the customer"));
    cr_assert(noted(prepare, "order_id", "label"));
    cr_assert(noted(prepare, "note", "barely repeat"));
    cr_assert(noted(prepare, "version", "same value"));
    cr_assert(noted(prepare, "empty", "no value"));
    cr_assert(noted(prepare, "joined", "date"));
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(prepare_choice, takes_only_the_feature_columns_where_the_table_marks_them)
{
    kmseg_table *table = customers();
    OK(ctx, kmseg_table_describe(ctx, table, 1, KMSEG_ROLE_FEATURE, "GBP"));
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, NULL, &prepare));
    cr_assert_eq(prepare->n_columns, 1);
    cr_assert_str_eq(prepare->columns[0].name, "spend");
    cr_assert_str_eq(prepare->columns[0].unit, "GBP");
    cr_assert(noted(prepare, "7 other columns", "include"));
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(prepare_choice, what_most_customers_lack_describes_unless_the_user_says_how_to_use_it)
{
    kmseg_table *table = table_of(ctx, 5);
    NUMBERS(ctx, table, "spend", 1, 2, 3, 4, 5);
    TEXTS(ctx, table, "age", "young", NULL, NULL, "old", NULL);   /* 3 of 5 missing */
    TEXTS(ctx, table, "home", "own", "rent", NULL, "rent", NULL); /* 2 of 5 */
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, NULL, &prepare));
    cr_assert(fitted(prepare, "age") < 0 && fitted(prepare, "home") >= 0);
    cr_assert(noted(prepare, "age", "missing for 3 of 5"));
    cr_assert(noted(prepare, "age", "--impute age=mode"));
    kmseg_prepare_free(prepare);
    const char *const ways[] = {"age=mode", "age=constant:unknown", "constant", "mode",
                                "median+indicator"};
    for (int i = 0; i < 5; i++) {
        kmseg_prepare_options options = prepare_options();
        options.impute = ways[i];
        OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
        cr_assert(fitted(prepare, "age") >= 0, "%s", ways[i]);
        kmseg_prepare_free(prepare);
    }
    kmseg_prepare_options options = prepare_options();
    options.include = "spend,age";
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    cr_assert(fitted(prepare, "age") >= 0);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(prepare_choice, an_outcome_is_used_and_said_to_be_one)
{
    kmseg_table *table = customers();
    TEXTS(ctx, table, "Churn", "No", "Yes", "No", "Yes", "No", "Yes");
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, NULL, &prepare));
    cr_assert(fitted(prepare, "Churn") >= 0);
    cr_assert(noted(prepare, "Churn", "--exclude Churn"));
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(prepare_choice, include_is_exact_and_exclude_takes_away)
{
    kmseg_table *table = customers();
    kmseg_prepare_options options = prepare_options();
    options.include = " note , spend,";
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    cr_assert_eq(prepare->n_columns, 2);
    cr_assert(fitted(prepare, "note") >= 0);
    kmseg_prepare_free(prepare);
    options = prepare_options();
    options.exclude = "member,country";
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    cr_assert_eq(prepare->n_columns, 1);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(prepare_choice, names_unknown_columns_and_similar_ones)
{
    kmseg_table *table = customers();
    kmseg_prepare *prepare;
    kmseg_prepare_options options = prepare_options();
    options.include = "spent";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_prepare_fit(ctx, table, &options, &prepare), "include",
          "spent", "did you mean spend", "country");
    cr_assert_null(prepare);
    options = prepare_options();
    options.exclude = "nowhere";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_prepare_fit(ctx, table, &options, &prepare), "exclude",
          "nowhere", "columns are");
    options = prepare_options();
    options.weights = "sped=2";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_prepare_fit(ctx, table, &options, &prepare), "weights",
          "spend");
    options = prepare_options();
    options.transform = "sped=log1p";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_prepare_fit(ctx, table, &options, &prepare), "transform",
          "spend");
    options = prepare_options();
    options.id = "Customer";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_prepare_fit(ctx, table, &options, &prepare), "Customer");
    kmseg_table_free(table);
}

Test(prepare_choice, refuses_options_that_make_no_sense)
{
    kmseg_table *table = customers();
    kmseg_prepare *prepare;
    const char *const weights[] = {"spend=-1", "spend=two", "spend=nan",      "spend=inf",
                                   "spend=",   "spend",     "spend=1,spend=2"};
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        kmseg_prepare_options options = prepare_options();
        options.weights = weights[i];
        FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "weight",
              "spend");
    }
    kmseg_prepare_options options = prepare_options();
    options.transform = "logarithm";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "logarithm",
          "auto, none, log1p");
    options.transform = "country=log1p";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "country",
          "text");
    options = prepare_options();
    options.scale = "binary";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "scale",
          "zscore|minmax|robust|none");
    options = prepare_options();
    options.include = "spend";
    options.exclude = "spend";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "spend");
    options = prepare_options();
    options.include = "spend,CustomerID";
    options.id = "CustomerID";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "CustomerID");
    options = prepare_options();
    options.weights = "version=3";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "version",
          "weight");
    options = prepare_options();
    options.struct_size = 1;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_prepare_fit(ctx, table, &options, &prepare), "struct_size");
    kmseg_table_free(table);
}

Test(prepare_choice, refuses_columns_on_which_nothing_can_be_clustered)
{
    kmseg_table *table = customers();
    kmseg_prepare *prepare;
    const char *const names[] = {"version", "empty", "joined"};
    for (size_t i = 0; i < 3; i++) {
        kmseg_prepare_options options = prepare_options();
        options.include = names[i];
        FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, &options, &prepare), names[i]);
    }
    kmseg_prepare_options options = prepare_options();
    options.exclude = "spend,country,member,order_id";
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, &options, &prepare), "equal");
    options.exclude = "spend,country,member,order_id,version";
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, &options, &prepare), "no column");
    kmseg_table_free(table);
}

Test(prepare_choice, refuses_tables_without_two_different_rows)
{
    kmseg_prepare *prepare;
    kmseg_table *table = table_of(ctx, 0);
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, NULL, &prepare), "no rows");
    kmseg_table_free(table);
    table = table_of(ctx, 1);
    NUMBERS(ctx, table, "spend", 1);
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, NULL, &prepare), "one row");
    kmseg_table_free(table);
    table = table_of(ctx, 3);
    NUMBERS(ctx, table, "spend", 7, 7, 7);
    TEXTS(ctx, table, "country", "FR", "FR", "FR");
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, NULL, &prepare), "all rows are equal");
    kmseg_table_free(table);
}

Test(prepare_choice, names_the_rows_of_a_repeated_or_missing_id)
{
    kmseg_prepare *prepare;
    kmseg_table *table = table_of(ctx, 4);
    TEXTS(ctx, table, "customer_id", "a", "b", "c", "b");
    NUMBERS(ctx, table, "account_id", 40, 10, 40, 30);
    TEXTS(ctx, table, "user_id", "a", "b", NULL, "d");
    NUMBERS(ctx, table, "spend", 1, 2, 3, 4);
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, NULL, &prepare),
          "customer_id b is in rows 2 and 4");
    kmseg_prepare_options options = prepare_options();
    options.id = "account_id";
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, &options, &prepare),
          "account_id 40 is in rows 1 and 3");
    options.id = "user_id";
    FAILS(ctx, KMSEG_E_DATA, kmseg_prepare_fit(ctx, table, &options, &prepare), "user_id",
          "missing in row 3");
    options.id = "";
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    cr_assert_str_eq(prepare->id, "");
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(prepare_choice, refuses_a_number_column_that_one_cell_spoils_unless_it_is_excluded)
{
    enum { N = 40 };
    kmseg_table *table = table_of(ctx, N);
    double spend[N];
    char texts[N][8];
    const char *charges[N];
    for (int i = 0; i < N; i++) {
        spend[i] = i;
        snprintf(texts[i], sizeof texts[i], "%d.5", i);
        charges[i] = i == 6 ? "n/a" : texts[i];
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", spend));
    OK(ctx, kmseg_table_add_texts(ctx, table, "charges", charges));
    kmseg_prepare *prepare;
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_prepare_fit(ctx, table, NULL, &prepare), "charges",
          "\"n/a\" in row 7", "number");
    cr_assert_null(prepare);
    kmseg_prepare_options options;
    kmseg_prepare_options_init(&options);
    options.exclude = "charges";
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}
