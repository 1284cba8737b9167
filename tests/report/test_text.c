#include "report/display.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static kmseg_context *ctx;

static void setup(void) { ctx = test_context(1, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }

TestSuite(text, .init = setup, .fini = teardown);

enum { N = 120 };

/* Three groups; names of columns and levels wide, hostile, and plain. */
static kmseg_result *segments(int32_t k, const char *impute) {
    double spend[N], visits[N], age[N];
    const char *city[N];
    static const char *const cities[] = {"東京都", "Zürich", "a\x1b[31mb"};
    for (int i = 0; i < N; i++) {
        int group = i % 3;
        spend[i] = 10000 * (group + 1) * (group + 1) + i % 7;
        visits[i] = 3 * group + 0.5 * (i % 4);
        age[i] = i % 20 == 5 ? (double)NAN : 30 + i % 11;
        city[i] = cities[(i * 7 / 5 + group) % 3];
    }
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, N, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", spend));
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_UNKNOWN, "EUR"));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "来店\u202e回数", visits));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "age", age));
    OK(ctx, kmseg_table_add_texts(ctx, table, "city", city));
    kmseg_segment_options options;
    kmseg_segment_options_init(&options);
    options.fit.n_clusters = k;
    options.prepare.impute = impute;
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, table, &options, &result));
    kmseg_table_free(table);
    return result;
}

static char *text_of(const kmseg_result *result, int32_t width, int32_t colour) {
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    options.width = width;
    options.colour = colour;
    char *text;
    OK(ctx, kmseg_report(ctx, result, "text", &options, &text));
    return text;
}

Test(text, no_line_is_wider_than_the_terminal)
{
    kmseg_result *result = segments(7, "median");
    for (int32_t width = 60; width <= 200; width += 7) {
        char *text = text_of(result, width, 0);
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            cr_assert_leq(km_text_width(line), width, "%d columns: %s", width, line);
        }
        kmseg_string_free(text);
    }
    kmseg_result_free(result);
}

Test(text, lines_end_without_spaces_and_the_text_with_a_line_end)
{
    kmseg_result *result = segments(3, "median");
    char *text = text_of(result, 100, 0);
    cr_assert_null(strstr(text, " \n"));
    cr_assert_eq(text[strlen(text) - 1], '\n');
    kmseg_string_free(text);
    kmseg_result_free(result);
}

Test(text, features_stand_beside_the_segments_where_there_is_room)
{
    kmseg_result *result = segments(3, "median");
    char *wide = text_of(result, 200, 0), *narrow = text_of(result, 70, 0);
    cr_assert_not_null(strstr(wide, "mean per customer"));
    cr_assert_null(strstr(wide, "Mean of each feature"));
    cr_assert_null(strstr(narrow, "mean per customer"));
    cr_assert_not_null(strstr(narrow, "Mean of each feature"));
    kmseg_string_free(wide);
    kmseg_string_free(narrow);
    kmseg_result_free(result);
}

Test(text, segments_count_from_1_and_values_have_shares_and_a_total)
{
    kmseg_result *result = segments(3, "median");
    char *text = text_of(result, 100, 0);
    cr_assert_not_null(strstr(text, "3 segments of 120 customers\n"));
    cr_assert_not_null(strstr(text, "\n1  "));
    cr_assert_not_null(strstr(text, "\n3  "));
    cr_assert_null(strstr(text, "\n0  "));
    cr_assert_null(strstr(text, "\n4  "));
    /* 40 customers of 10,000, 40,000 and 90,000 each, and i mod 7 (357 in all). */
    cr_assert_not_null(strstr(text, "5,600,357"), "%s", text);
    cr_assert_not_null(strstr(text, "100.0 %"));
    kmseg_string_free(text);
    kmseg_result_free(result);
}

Test(text, names_from_files_are_cleaned)
{
    kmseg_result *result = segments(3, "median");
    char *text = text_of(result, 100, 0), *coloured = text_of(result, 100, 1);
    cr_assert_null(strchr(text, '\x1b'));
    cr_assert_null(strstr(text, "\u202e"));
    cr_assert_null(strstr(coloured, "\x1b[31m"));
    cr_assert_not_null(strstr(coloured, "\x1b[1m"));
    kmseg_string_free(text);
    kmseg_string_free(coloured);
    kmseg_result_free(result);
}

Test(text, rows_left_out_or_filled_in_are_counted)
{
    kmseg_result *result = segments(3, "drop");
    char *text = text_of(result, 100, 0);
    cr_assert_not_null(strstr(text, "6 of 120 customers, because"));
    cr_assert_null(strstr(text, "filled in"));
    kmseg_string_free(text);
    kmseg_result_free(result);
    result = segments(3, "median");
    text = text_of(result, 100, 0);
    cr_assert_not_null(strstr(text, "6 missing values in 1 column"));
    cr_assert_null(strstr(text, "left out  "));
    kmseg_string_free(text);
    kmseg_result_free(result);
}

Test(text, one_segment_has_no_silhouette_and_nothing_to_set_it_apart)
{
    kmseg_result *result = segments(1, "median");
    char *text = text_of(result, 100, 0);
    cr_assert_not_null(strstr(text, "1 segment of 120 customers"));
    cr_assert_not_null(strstr(text, "not defined"));
    cr_assert_null(strstr(text, "apart"));
    kmseg_string_free(text);
    kmseg_result_free(result);
}

Test(text, unknown_formats_and_options_are_refused)
{
    kmseg_result *result = segments(3, "median");
    kmseg_report_options options;
    kmseg_report_options_init(&options);
    char *text;
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_report(ctx, result, "pdf", &options, &text), "pdf",
          "text, profile, json");
    cr_assert_null(text);
    options.width = -1;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_report(ctx, result, "text", &options, &text), "width");
    kmseg_result_free(result);
}

Test(text, a_table_is_described_column_by_column)
{
    const double x[] = {1, 2, NAN, 4};
    const int64_t t[] = {0, 86400, KMSEG_TIME_MISSING, 172800};
    const char *const s[] = {"a", "b", "a", NULL};
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 4, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_FEATURE, "days"));
    OK(ctx, kmseg_table_add_times(ctx, table, "t", t));
    OK(ctx, kmseg_table_add_texts(ctx, table, "s", s));
    char *text;
    OK(ctx, kmseg_report_table(ctx, table, "text", &text));
    cr_assert_str_eq(
        text, "column  type    use      unit  missing  mean      median         min         max\n"
              "x       number  feature  days        1  2.33           2           1           4\n"
              "t       time                         1        1970-01-02  1970-01-01  1970-01-03\n"
              "s       text                         1  2 values: a 66.7 %, b 33.3 %\n");
    kmseg_string_free(text);
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_report_table(ctx, table, "xml", &text), "xml");
    kmseg_table_free(table);
}

/* Of 3, -3 and rounding's 1e-16 * 3 the mean is none; 0.00000012 keeps its digits; 9.96e-6 rounds up. */
Test(text, small_numbers_of_a_table_are_short_and_rounding_is_0)
{
    const double centred[] = {3, -3, 3e-16}, tiny[] = {1.2e-7, 1.2e-7, -9.96e-6};
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 3, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "centred", centred));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "tiny", tiny));
    char *text;
    OK(ctx, kmseg_report_table(ctx, table, "text", &text));
    cr_assert_str_eq(text,
                     "column   type    use  unit  missing     mean   median      min     max\n"
                     "centred  number                   0        0  3.0e-16       -3       3\n"
                     "tiny     number                   0  -3.2e-6   1.2e-7  -1.0e-5  1.2e-7\n");
    kmseg_string_free(text);
    kmseg_table_free(table);
}
