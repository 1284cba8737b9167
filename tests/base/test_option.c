#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct sample_options {
    size_t struct_size;
    int32_t n_clusters;
    int64_t n_rows;
    double tol;
    uint64_t seed;
    int32_t exact;
    const char *scale;
    const char *fruit;
    const char *label;
} sample_options;

static const char *fruit_name(int32_t i) {
    static const char *const names[] = {"apple", "pear"};
    return i >= 0 && i < 2 ? names[i] : NULL;
}

#define AT(field) offsetof(sample_options, field)

static const kmseg_option rows[] = {
    {"n_clusters", KMSEG_OPTION_INT32, AT(n_clusters), 1, 1000, 8, NULL, NULL, NULL, NULL, "N",
     "clusters", 'k'},
    {"n_rows", KMSEG_OPTION_INT64, AT(n_rows), 0, INFINITY, 0, NULL, NULL, NULL, NULL, "N", "rows",
     0},
    {"tol", KMSEG_OPTION_DOUBLE, AT(tol), 0, 1, 1e-4, NULL, NULL, NULL, NULL, "X", "tolerance", 0},
    {"seed", KMSEG_OPTION_UINT64, AT(seed), 0, INFINITY, 1, NULL, NULL, NULL, NULL, "N", "seed", 0},
    {"exact", KMSEG_OPTION_BOOL, AT(exact), 0, 1, 1, NULL, NULL, NULL, NULL, NULL, "exact", 0},
    {"scale", KMSEG_OPTION_CHOICE, AT(scale), 0, 0, 0, "zscore", "zscore|robust|none", NULL, NULL,
     "NAME", "scale", 0},
    {"fruit", KMSEG_OPTION_CHOICE, AT(fruit), 0, 0, 0, "pear", NULL, fruit_name, "fruits", "NAME",
     "fruit", 0},
    {"label", KMSEG_OPTION_TEXT, AT(label), 0, 0, 0, NULL, NULL, NULL, NULL, "TEXT", "label", 0},
};

static const kmseg_option_table table = {"sample", sizeof(sample_options),
                                         sizeof rows / sizeof *rows, rows};

static kmseg_context *ctx;
static sample_options options;

static void begin(void) {
    ctx = test_context(1, NULL);
    memset(&options, 0xff, sizeof options);
    kmseg_options_init(&table, &options);
}

static void end(void) { kmseg_context_free(ctx); }

TestSuite(option, .init = begin, .fini = end);

Test(option, init_fills_the_size_and_every_default)
{
    cr_assert(options.struct_size == sizeof options);
    cr_assert(options.n_clusters == 8 && options.n_rows == 0 && options.tol == 1e-4);
    cr_assert(options.seed == 1 && options.exact == 1);
    cr_assert_str_eq(options.scale, "zscore");
    cr_assert_str_eq(options.fruit, "pear");
    cr_assert_null(options.label);
    OK(ctx, kmseg_options_check(ctx, &table, &options));
}

Test(option, set_reads_every_type)
{
    OK(ctx, kmseg_options_set(ctx, &table, &options, "n-clusters", "12"));
    OK(ctx, kmseg_options_set(ctx, &table, &options, "n_rows", "9007199254740993"));
    OK(ctx, kmseg_options_set(ctx, &table, &options, "tol", "2.5e-3"));
    OK(ctx, kmseg_options_set(ctx, &table, &options, "seed", "18446744073709551615"));
    OK(ctx, kmseg_options_set(ctx, &table, &options, "exact", "no"));
    OK(ctx, kmseg_options_set(ctx, &table, &options, "scale", "robust"));
    OK(ctx, kmseg_options_set(ctx, &table, &options, "fruit", "apple"));
    OK(ctx, kmseg_options_set(ctx, &table, &options, "label", ""));
    cr_assert(options.n_clusters == 12 && options.n_rows == 9007199254740993);
    cr_assert(options.tol == 2.5e-3 && options.seed == UINT64_MAX && options.exact == 0);
    cr_assert_str_eq(options.scale, "robust");
    cr_assert_str_eq(options.fruit, "apple");
    cr_assert_str_eq(options.label, "");
}

Test(option, what_format_writes_set_reads_back)
{
    options.n_rows = 9007199254740993; /* not a double */
    options.seed = UINT64_MAX;
    options.tol = 0.1 + 0.2;
    options.exact = 0;
    sample_options again;
    kmseg_options_init(&table, &again);
    char texts[sizeof rows / sizeof *rows][64];
    for (int32_t i = 0; i < table.n_options; i++) {
        kmseg_options_format(&rows[i], &options, texts[i], sizeof texts[i]);
        OK(ctx, kmseg_options_set(ctx, &table, &again, rows[i].name, texts[i]));
    }
    cr_assert(again.n_rows == options.n_rows && again.seed == options.seed);
    cr_assert(again.tol == options.tol && again.exact == 0);
    cr_assert_str_eq(again.scale, "zscore");
}

Test(option, a_refusal_names_the_option_its_value_and_what_it_needs_to_be)
{
    const kmseg_status bad = KMSEG_E_ARGUMENT;
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "n_clusters", "0"), "n_clusters is 0",
          "between 1 and 1000");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "n_clusters", "1001"), "1001");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "n_clusters", "4294967297"),
          "n_clusters is 4294967297");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "n_clusters", "six"),
          "n_clusters is \"six\"", "a whole number");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "n_clusters", "6.5"), "whole number");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "n_clusters", ""), "whole number");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "n_rows", "-1"), "at least 0");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "n_rows", "9223372036854775808"),
          "n_rows");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "seed", "-1"), "seed");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "tol", "nan"), "tol is nan");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "tol", "1e-3x"), "a number");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "exact", "maybe"), "yes or no");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "scale", "zsc"), "scale is \"zsc\"",
          "zscore|robust|none");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "scale", ""), "scale");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "scale", "zscore|robust"), "scale");
    FAILS(ctx, bad, kmseg_options_set(ctx, &table, &options, "fruit", "plum"), "apple|pear");
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_options_set(ctx, &table, &options, "clusters", "3"),
          "clusters", "sample");
    /* and nothing was changed */
    cr_assert(options.n_clusters == 8 && options.tol == 1e-4 && options.exact == 1);
}

Test(option, an_int32_never_holds_what_does_not_fit_even_without_an_upper_bound)
{
    const kmseg_option open = {
        "n", KMSEG_OPTION_INT32, AT(n_clusters), 0, INFINITY, 0, NULL, NULL, NULL, NULL, "N", "n",
        '\0'};
    const kmseg_option_table one = {"one", sizeof(sample_options), 1, &open};
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_options_set(ctx, &one, &options, "n", "4294967297"),
          "n is \"4294967297\"", "at most 2147483647");
    OK(ctx, kmseg_options_set(ctx, &one, &options, "n", "2147483647"));
    cr_assert(options.n_clusters == 2147483647);
}

Test(option, check_names_the_first_field_out_of_bounds)
{
    options.tol = -1;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_options_check(ctx, &table, &options), "tol is -1");
    options.n_clusters = 0;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_options_check(ctx, &table, &options), "n_clusters is 0");
    kmseg_options_init(&table, &options);
    options.scale = NULL;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_options_check(ctx, &table, &options), "scale");
}

Test(option, check_refuses_a_struct_of_another_size)
{
    options.struct_size = 8;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_options_check(ctx, &table, &options), "struct_size", "8",
          "init function");
}

Test(option, dashes_and_underscores_are_the_same_and_letters_are_not_guessed)
{
    cr_assert(kmseg_options_find(&table, "n-clusters") == &rows[0]);
    cr_assert(kmseg_options_find(&table, "n_clusters") == &rows[0]);
    cr_assert_null(kmseg_options_find(&table, "n_cluster"));
    cr_assert_null(kmseg_options_find(&table, "N_CLUSTERS"));
    cr_assert_null(kmseg_options_find(&table, ""));
}

Test(option, every_status_has_a_description_of_its_own)
{
    for (int i = 0; i <= KMSEG_E_INTERNAL; i++) {
        cr_assert(kmseg_status_text((kmseg_status)i)[0] != '\0');
        cr_assert_str_neq(kmseg_status_text((kmseg_status)i), "unknown status");
        for (int j = 0; j < i; j++) {
            cr_assert_str_neq(kmseg_status_text((kmseg_status)i),
                              kmseg_status_text((kmseg_status)j));
        }
    }
    cr_assert_str_eq(kmseg_status_text((kmseg_status)(KMSEG_E_INTERNAL + 1)), "unknown status");
    cr_assert_str_eq(kmseg_status_text((kmseg_status)-1), "unknown status");
}

Test(option, a_message_is_one_line_whatever_is_in_the_names)
{
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_options_set(ctx, &table, &options, "scale", "a\nb\x1b[31m\tc"), "a b [31m c");
    char *longest = malloc(5000);
    memset(longest, 'x', 4999);
    longest[4999] = '\0';
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_options_set(ctx, &table, &options, "scale", longest),
          "scale is \"xxx");
    cr_assert(strlen(kmseg_last_error(ctx)) < 2000);
    free(longest);
}
