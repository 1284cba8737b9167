#include "report/display.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

static kmseg_context *ctx;

static void setup(void) { ctx = test_context(1, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }

TestSuite(display, .init = setup, .fini = teardown);

#define SHOWS(expected, call)                                                                      \
    do {                                                                                           \
        kmseg_allocator allocator = km_default_allocator();                                        \
        km_string out;                                                                             \
        km_string_init(&out, &allocator);                                                          \
        call;                                                                                      \
        cr_assert_not(out.failed);                                                                 \
        cr_assert_str_eq(out.data != NULL ? out.data : "", expected);                              \
        km_string_free(&out);                                                                      \
    } while (0)

Test(display, width_counts_columns_and_not_bytes)
{
    cr_assert_eq(km_text_width("Orders"), 6);
    cr_assert_eq(km_text_width("Größe"), 5);
    cr_assert_eq(km_text_width("顧客"), 4);
    cr_assert_eq(km_text_width("고객"), 4);
    cr_assert_eq(km_text_width("e\u0301"), 1); /* e and a combining acute accent */
    cr_assert_eq(km_text_width("🛒"), 2);
    cr_assert_eq(km_text_width(""), 0);
}

Test(display, control_characters_and_direction_marks_are_replaced)
{
    SHOWS("a\uFFFD[31mb", km_add_clean(&out, "a\x1b[31mb", 0));
    SHOWS("a\uFFFDb\uFFFDc", km_add_clean(&out, "a\nb\tc", 0));
    SHOWS("a\uFFFDb", km_add_clean(&out, "a\u202eb", 0)); /* right-to-left override */
    SHOWS("a\uFFFDb", km_add_clean(&out,
                                   "a\xc2\x9b"
                                   "b",
                                   0)); /* C1 control sequence introducer */
}

Test(display, bytes_that_are_not_utf8_are_replaced_one_by_one)
{
    SHOWS("a\uFFFDb", km_add_clean(&out,
                                   "a\xff"
                                   "b",
                                   0));
    SHOWS("\uFFFD\uFFFD", km_add_clean(&out, "\xc0\xaf", 0));           /* overlong slash */
    SHOWS("\uFFFD\uFFFD\uFFFD", km_add_clean(&out, "\xed\xa0\x80", 0)); /* a surrogate */
    SHOWS("\uFFFD\uFFFD", km_add_clean(&out, "\xe9\xa1", 0));           /* cut short */
    SHOWS("\uFFFD\uFFFD\uFFFD\uFFFD", km_add_clean(&out, "\xf4\x90\x80\x80", 0)); /* too large */
}

Test(display, long_text_is_cut_to_columns_and_ends_in_an_ellipsis)
{
    SHOWS("monet…", km_add_clean(&out, "monetary value", 6));
    SHOWS("monetary", km_add_clean(&out, "monetary", 8));
    SHOWS("顧客…", km_add_clean(&out, "顧客番号", 5));
    SHOWS("顧…", km_add_clean(&out, "顧客番号", 4)); /* 2 + 2 + 1 would be 5 */
}

Test(display, numbers_have_separators_and_the_decimals_asked_for)
{
    SHOWS("8,911,407.90", km_add_number(&out, 8911407.904, 2));
    SHOWS("-1,234.5", km_add_number(&out, -1234.5, 1));
    SHOWS("0", km_add_number(&out, -0.2, 0)); /* not -0 */
    SHOWS("999", km_add_number(&out, 999, 0));
    SHOWS("1,000", km_add_number(&out, 999.6, 0));
    SHOWS("0.05", km_add_number(&out, 0.05, 2));
    SHOWS("1.00", km_add_number(&out, 0.999, 2));
    SHOWS("-", km_add_number(&out, NAN, 2));
    SHOWS("inf", km_add_number(&out, INFINITY, 2));
    SHOWS("1e+300", km_add_number(&out, 1e300, 0));
}

Test(display, decimals_show_about_three_significant_digits)
{
    cr_assert_eq(km_decimals(2054.3), 0);
    cr_assert_eq(km_decimals(99.5), 0);
    cr_assert_eq(km_decimals(93.1), 1);
    cr_assert_eq(km_decimals(4.27), 2);
    cr_assert_eq(km_decimals(0.427), 3);
    cr_assert_eq(km_decimals(0), 0);
    cr_assert_eq(km_decimals(-4.27), 2);
    cr_assert_eq(km_decimals(INFINITY), 0);
}

Test(display, a_small_share_is_not_printed_as_none)
{
    SHOWS("12.3 %", km_add_percent(&out, 0.1234));
    SHOWS("100.0 %", km_add_percent(&out, 1));
    SHOWS("0.0 %", km_add_percent(&out, 0));
    SHOWS("<0.1 %", km_add_percent(&out, 0.0009));
    SHOWS("0.1 %", km_add_percent(&out, 0.001));
}

Test(display, wrapped_lines_stay_within_the_width)
{
    SHOWS("one two\n  three\n  four\n", km_add_wrapped(&out, "one two three four", 2, 0, 8));
    SHOWS("a-word-that-is-too-long\n  and more\n",
          km_add_wrapped(&out, "a-word-that-is-too-long and more", 2, 0, 10));
    SHOWS("\n", km_add_wrapped(&out, "", 2, 0, 10));
}
