#include "support/failing.h"

#include <math.h>
#include <string.h>

static kmseg_context *ctx;
static kmseg_table *left, *right, *out;
static kmseg_join_options options;
static kmseg_join_counts counts;

static void setup(void) {
    ctx = test_context(1, NULL);
    kmseg_join_options_init(&options);
    OK(ctx, kmseg_table_new(ctx, 5, &left));
    OK(ctx, kmseg_table_add_numbers(ctx, left, "customer_id", (const double[]){7, 3, NAN, 12, 5}));
    OK(ctx, kmseg_table_add_numbers(ctx, left, "spend", (const double[]){70, 30, 0, 120, 50}));
    OK(ctx, kmseg_table_describe(ctx, left, 0, KMSEG_ROLE_ID, ""));
    OK(ctx, kmseg_table_describe(ctx, left, 1, KMSEG_ROLE_FEATURE, "GBP"));
    OK(ctx, kmseg_table_new(ctx, 4, &right));
    OK(ctx, kmseg_table_add_texts(ctx, right, "household",
                                  (const char *const[]){"12", "3", "99", NULL}));
    OK(ctx, kmseg_table_add_texts(ctx, right, "home",
                                  (const char *const[]){"own", NULL, "rent", "rent"}));
    OK(ctx, kmseg_table_add_numbers(ctx, right, "kids", (const double[]){2, 1, 5, 6}));
    OK(ctx, kmseg_table_add_times(ctx, right, "since", (const int64_t[]){86400, 0, 5, 6}));
    options.from_key = "household";
    options.from_name = "homes.csv";
}

static void teardown(void) {
    kmseg_table_free(out);
    kmseg_table_free(right);
    kmseg_table_free(left);
    kmseg_context_free(ctx);
}

TestSuite(join, .init = setup, .fini = teardown);

Test(join, a_request_is_a_file_and_its_keys)
{
    static const struct {
        const char *text, *path, *key, *from_key;
        int ok;
    } cases[] = {
        {"a.csv:id", "a.csv", "", "id", 1},
        {"a.csv:buyer=id", "a.csv", "buyer", "id", 1},
        {"a.csv", "a.csv", "", "", 1},
        {"c:/d/a.csv", "c:/d/a.csv", "", "", 1},
        {"b:c/a.csv:id", "b:c/a.csv", "", "id", 1},
        {"a:b:c=d=e", "a:b", "c", "d=e", 1},
        {"", "", "", "", 0},
        {":id", "", "", "", 0},
        {"a.csv:", "", "", "", 0},
        {"a.csv:=id", "", "", "", 0},
        {"a.csv:id=", "", "", "", 0},
    };
    kmseg_join_request found;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int ok = kmseg_join_request_read(cases[i].text, strlen(cases[i].text), &found);
        cr_assert_eq(ok, cases[i].ok, "%s", cases[i].text);
        if (ok) {
            cr_assert_str_eq(found.path, cases[i].path);
            cr_assert_str_eq(found.key, cases[i].key);
            cr_assert_str_eq(found.from_key, cases[i].from_key);
        }
    }
    cr_assert(kmseg_join_request_read("a.csv:id and more", 8, &found)); /* not beyond its length */
    cr_assert_str_eq(found.from_key, "id");
}

Test(join, adds_columns_by_key_and_counts_what_did_not_match)
{
    OK(ctx, kmseg_table_join(ctx, left, right, &options, &out, &counts));
    cr_assert_eq(kmseg_table_n_rows(out), 5);
    cr_assert_eq(kmseg_table_n_columns(out), 5);
    const kmseg_column *home = kmseg_table_column(out, 2), *kids = kmseg_table_column(out, 3),
                       *since = kmseg_table_column(out, 4);
    static const double expected[] = {NAN, 1, NAN, 2, NAN}; /* of 7, 3, none, 12, 5 */
    for (int r = 0; r < 5; r++) {
        cr_assert(isnan(expected[r]) ? isnan(kids->numbers[r]) : kids->numbers[r] == expected[r]);
    }
    cr_assert_str_eq(home->levels[home->codes[3]], "own");
    cr_assert_eq(home->codes[1], -1);
    cr_assert_eq(home->n_missing, 4);
    cr_assert_eq(kids->n_missing, 3);
    cr_assert_eq(since->times[3], 86400);
    cr_assert_eq(since->times[0], KMSEG_TIME_MISSING);
    cr_assert_eq(kids->role, KMSEG_ROLE_FEATURE); /* as the table has features */
    cr_assert_str_eq(counts.key, "customer_id");
    cr_assert_str_eq(counts.from_key, "household");
    cr_assert_eq(counts.n_rows, 5);
    cr_assert_eq(counts.n_matched, 2);
    cr_assert_eq(counts.n_from, 4);
    cr_assert_eq(counts.n_from_unmatched, 2); /* 99, and the one without a key */
    cr_assert_eq(counts.n_columns, 3);
}

Test(join, inner_keeps_the_rows_that_match_in_order)
{
    options.inner = 1;
    OK(ctx, kmseg_table_join(ctx, left, right, &options, &out, &counts));
    cr_assert_eq(kmseg_table_n_rows(out), 2);
    cr_assert_eq(kmseg_table_column(out, 1)->numbers[0], 30);
    cr_assert_eq(kmseg_table_column(out, 1)->numbers[1], 120);
    cr_assert_eq(kmseg_table_column(out, 3)->n_missing, 0);
    cr_assert_eq(counts.n_matched, 2);
}

Test(join, rows_of_one_key_get_the_same_values_on_the_left)
{
    kmseg_table *orders;
    OK(ctx, kmseg_table_new(ctx, 3, &orders));
    OK(ctx, kmseg_table_add_texts(ctx, orders, "household", (const char *const[]){"3", "12", "3"}));
    options.from_key = NULL; /* the name that both have */
    OK(ctx, kmseg_table_join(ctx, orders, right, &options, &out, &counts));
    const kmseg_column *kids = kmseg_table_column(out, 2);
    cr_assert_eq(kids->numbers[0], 1);
    cr_assert_eq(kids->numbers[1], 2);
    cr_assert_eq(kids->numbers[2], 1);
    cr_assert_eq(counts.n_matched, 3);
    cr_assert_eq(counts.n_from_unmatched, 2);
    kmseg_table_free(orders);
}

#define FAILS_WITH(status, ...)                                                                    \
    FAILS(ctx, status, kmseg_table_join(ctx, left, right, &options, &out, &counts), __VA_ARGS__);  \
    cr_assert_null(out)

Test(join, what_cannot_be_joined_is_refused_with_examples)
{
    options.from_key = "household_id";
    FAILS_WITH(KMSEG_E_NOT_FOUND, "homes.csv", "household_id", "did you mean household?");
    options.from_key = "since";
    FAILS_WITH(KMSEG_E_DATA, "dates");
    options.from_key = "kids"; /* 5 is a customer, so it would match by accident: it is allowed */
    OK(ctx, kmseg_table_join(ctx, left, right, &options, &out, &counts));
    kmseg_table_free(out);
    options.from_key = NULL;
    FAILS_WITH(KMSEG_E_NOT_FOUND, "no columns of homes.csv", "household, home, kids, since");
    options.from_key = "home";
    FAILS_WITH(KMSEG_E_DATA, "1 rows of homes.csv", "rent in rows 3 and 4");
    options.key = "spend";
    options.from_key = "household";
    FAILS_WITH(KMSEG_E_DATA, "no spend of the customers is a household", "\"70\" and \"12\"");
    options.key = NULL;
    OK(ctx, kmseg_table_add_numbers(ctx, right, "spend", (const double[]){1, 2, 3, 4}));
    FAILS_WITH(KMSEG_E_ARGUMENT, "both have a column spend");
    options.struct_size = 3;
    FAILS_WITH(KMSEG_E_ARGUMENT, "struct_size");
}

Test(join, empty_tables_are_joined_or_refused_but_never_crash)
{
    kmseg_table *none;
    OK(ctx, kmseg_table_new(ctx, 0, &none));
    OK(ctx, kmseg_table_add_numbers(ctx, none, "household", NULL));
    FAILS(ctx, KMSEG_E_DATA, kmseg_table_join(ctx, left, none, &options, &out, &counts), "no ");
    OK(ctx, kmseg_table_join(ctx, none, right, &options, &out, &counts));
    cr_assert_eq(kmseg_table_n_rows(out), 0);
    kmseg_table_free(none);
}

static kmseg_status join_once(kmseg_context *with, void *argument) {
    (void)argument;
    kmseg_table *joined;
    kmseg_status status = kmseg_table_join(with, left, right, &options, &joined, &counts);
    cr_assert_eq(status == KMSEG_OK, joined != NULL);
    kmseg_table_free(joined);
    return status;
}

Test(join, every_refused_request_is_a_clean_failure)
{ fails_cleanly(join_once, NULL); }
