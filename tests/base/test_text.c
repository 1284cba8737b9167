#include "base/text.h"

#include "base/rng.h"
#include "support/support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void reads_back(double value) {
    char text[32];
    size_t length = km_format_double(value, text, sizeof text);
    cr_assert(length == strlen(text) && length <= 24, "%s", text);
    double again;
    cr_assert(km_parse_double(text, &again), "%s is not a number", text);
    cr_assert(again == value, "%a became %s became %a", value, text, again);
}

static void round_trips(void) {
    const double values[] = {0,
                             1,
                             -1,
                             0.1,
                             0.1 + 0.2,
                             1.0 / 3,
                             1e15,
                             1e15 + 2,
                             1e21,
                             1e22,
                             1e23,
                             123456789.125,
                             DBL_MAX,
                             DBL_MIN,
                             -DBL_MAX,
                             5e-324,
                             DBL_EPSILON,
                             8911407.904,
                             1e-5,
                             99999.5,
                             4503599627370497.5,
                             9007199254740993.0,
                             2054.2660};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        reads_back(values[i]);
    }
    km_random random = {.seed = 3, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = km_next_u64(&random);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            reads_back(value);
        }
    }
}

Test(text, a_number_reads_back_as_the_same_double)
{ round_trips(); }

Test(text, a_number_reads_back_where_the_decimal_point_is_a_comma)
{
    test_decimal_comma();
    char text[32];
    snprintf(text, sizeof text, "%.1f", 1.5);
    cr_assert_str_eq(text, "1,5"); /* the C library does use it */
    km_format_double(1.5, text, sizeof text);
    cr_assert_str_eq(text, "1.5");
    double value;
    cr_assert_not(km_parse_double("1,5", &value));
    cr_assert(km_parse_double("1.5", &value) && value == 1.5);
    round_trips();
}

Test(text, numbers_that_people_write_come_out_as_they_wrote_them)
{
    const char *const texts[] = {"0",     "0.1", "-2.5", "3.14159", "1000000", "8911407.904",
                                 "0.001", "nan", "inf",  "-inf",    "2054.27", "123456789012345"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value;
        char text[32];
        cr_assert(km_parse_double(texts[i], &value));
        km_format_double(value, text, sizeof text);
        cr_assert_str_eq(text, texts[i]);
    }
}

Test(text, what_is_not_a_number_is_refused)
{
    const char *const texts[] = {"",   " ",    " 1", "1 ",    "1,5",   "1.5.2", "1e", "--1", "x",
                                 "1x", "0x10", "$5", "1_000", "1'000", "e5",    ".",  "+",   "-"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value = 7;
        cr_assert_not(km_parse_double(texts[i], &value), "\"%s\" became %g", texts[i], value);
        cr_assert(value == 7);
        int64_t whole = 7;
        cr_assert_not(km_parse_int64(texts[i], &whole), "\"%s\"", texts[i]);
        uint64_t magnitude = 7;
        cr_assert_not(km_parse_uint64(texts[i], &magnitude), "\"%s\"", texts[i]);
    }
}

Test(text, whole_numbers_are_read_to_their_limits)
{
    int64_t whole;
    cr_assert(km_parse_int64("9223372036854775807", &whole) && whole == INT64_MAX);
    cr_assert(km_parse_int64("-9223372036854775808", &whole) && whole == INT64_MIN);
    cr_assert_not(km_parse_int64("9223372036854775808", &whole));
    cr_assert_not(km_parse_int64("1.0", &whole));
    uint64_t magnitude;
    cr_assert(km_parse_uint64("18446744073709551615", &magnitude) && magnitude == UINT64_MAX);
    cr_assert_not(km_parse_uint64("18446744073709551616", &magnitude));
    cr_assert_not(km_parse_uint64("-1", &magnitude));
}

Test(text, names_are_the_same_without_regard_to_case_and_punctuation)
{
    cr_assert(km_same_name("CustomerID", "customer_id"));
    cr_assert(km_same_name("Unit Price", "unit-price"));
    cr_assert(km_same_name("order.date", "OrderDate"));
    cr_assert(km_same_name("_id_", "id"));
    cr_assert_not(km_same_name("customer_id", "customer_ids"));
    cr_assert_not(km_same_name("price", "prices"));
    cr_assert_not(km_same_name("", "a"));
    cr_assert(km_same_name("", "_"));
}

Test(text, a_slip_of_the_fingers_is_similar_and_another_word_is_not)
{
    cr_assert(km_similar_name("recency", "recencey"));
    cr_assert(km_similar_name("monetery", "monetary"));
    cr_assert(km_similar_name("frequency", "Frequncy"));
    cr_assert_not(km_similar_name("recency", "monetary"));
    cr_assert_not(km_similar_name("a", "b"));
    cr_assert_not(km_similar_name("", "recency"));
    char longest[300];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    cr_assert_not(km_similar_name(longest, "recency"));
}

Test(text, a_string_grows_and_stays_terminated)
{
    kmseg_allocator allocator = km_default_allocator();
    km_string string;
    km_string_init(&string, &allocator);
    for (int i = 0; i < 10000; i++) {
        km_string_format(&string, "%d,", i % 10);
        km_string_add(&string, "");
        km_string_add_n(&string, "abcdef", 2);
    }
    cr_assert(string.length == 40000 && strlen(string.data) == 40000);
    cr_assert(memcmp(string.data + 4, "1,ab2,ab", 8) == 0);
    km_string_free(&string);
}

Test(text, a_string_without_memory_says_so_and_takes_no_more)
{
    test_memory memory = {.fail_at = 3};
    kmseg_allocator allocator = test_allocator(&memory);
    km_string string;
    km_string_init(&string, &allocator);
    for (int i = 0; i < 1000; i++) {
        km_string_add(&string, "0123456789");
    }
    cr_assert(string.failed && string.data == NULL && string.length == 0);
    km_string_free(&string);
    cr_assert(memory.n_held == 0);
}
