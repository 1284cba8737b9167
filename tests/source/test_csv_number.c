#include "base/rng.h"
#include "source/csv_number.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text with 16 readable bytes behind it, as a file has. */
static km_number_kind number_read(const char *text, double *out) {
    char padded[1200];
    size_t n = strlen(text);
    memcpy(padded, text, n);
    memset(padded + n, ',', 32);
    if (km_number_read_plain(padded, n, out)) {
        double slow;
        cr_assert_eq(km_number_read(text, n, &slow), KM_NUMBER_FINITE, "%s", text);
        cr_assert_arr_eq(out, &slow, sizeof slow, "%s", text);
        return KM_NUMBER_FINITE;
    }
    return km_number_read(text, n, out);
}

static void same_as_strtod(const char *text) {
    double ours, theirs = strtod(text, NULL);
    km_number_kind kind = number_read(text, &ours);
    if (isinf(theirs)) {
        cr_assert_eq(kind, KM_NUMBER_INFINITE, "%s", text);
        return;
    }
    cr_assert(kind == KM_NUMBER_FINITE || kind == KM_NUMBER_NAME, "%s is kind %d", text, kind);
    cr_assert(memcmp(&ours, &theirs, sizeof ours) == 0, "%s: %a, strtod says %a", text, ours,
              theirs);
}

Test(csv_number, kinds_are_told_apart)
{
    const struct {
        const char *text;
        km_number_kind kind;
        double value;
    } cases[] = {
        {"12", KM_NUMBER_FINITE, 12},
        {"-12.5", KM_NUMBER_FINITE, -12.5},
        {"0", KM_NUMBER_FINITE, 0},
        {"0.5", KM_NUMBER_FINITE, .5},
        {".5", KM_NUMBER_FINITE, .5},
        {"5.", KM_NUMBER_FINITE, 5},
        {" 5 ", KM_NUMBER_FINITE, 5},
        {"1e3", KM_NUMBER_FINITE, 1000},
        {"1.5E-3", KM_NUMBER_FINITE, .0015},
        {"123456789012345", KM_NUMBER_FINITE, 123456789012345},
        {"1234567890123456.0", KM_NUMBER_FINITE, 1234567890123456},
        {"1234567890123456", KM_NUMBER_NAME, 1234567890123456},
        {"00042", KM_NUMBER_NAME, 42},
        {"-007", KM_NUMBER_NAME, -7},
        {"00.5", KM_NUMBER_FINITE, .5},
        {"007e1", KM_NUMBER_FINITE, 70},
        {"000000000000042", KM_NUMBER_NAME, 42},
        {"+5", KM_NUMBER_NAME, 5},
        {"", KM_NUMBER_EMPTY, NAN},
        {"   ", KM_NUMBER_EMPTY, NAN},
        {"NA", KM_NUMBER_WORD, NAN},
        {"n/a", KM_NUMBER_WORD, NAN},
        {"NaN", KM_NUMBER_WORD, NAN},
        {"-nan", KM_NUMBER_WORD, NAN},
        {"null", KM_NUMBER_WORD, NAN},
        {"NULL", KM_NUMBER_WORD, NAN},
        {"None", KM_NUMBER_WORD, NAN},
        {"inf", KM_NUMBER_INFINITE, NAN},
        {"-Infinity", KM_NUMBER_INFINITE, NAN},
        {"1e999", KM_NUMBER_INFINITE, NAN},
        {"abc", KM_NUMBER_NONE, NAN},
        {".", KM_NUMBER_NONE, NAN},
        {"-", KM_NUMBER_NONE, NAN},
        {"+", KM_NUMBER_NONE, NAN},
        {"-.", KM_NUMBER_NONE, NAN},
        {"--1", KM_NUMBER_NONE, NAN},
        {"1.2.3", KM_NUMBER_NONE, NAN},
        {"1,000", KM_NUMBER_NONE, NAN},
        {"1 000", KM_NUMBER_NONE, NAN},
        {"12a", KM_NUMBER_NONE, NAN},
        {"1e", KM_NUMBER_NONE, NAN},
        {"1e+", KM_NUMBER_NONE, NAN},
        {"0x10", KM_NUMBER_NONE, NAN},
        {"1_000", KM_NUMBER_NONE, NAN},
        {"2011-12-09", KM_NUMBER_NONE, NAN},
        {"12345678901234.5.6", KM_NUMBER_NONE, NAN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value;
        cr_assert_eq(number_read(cases[i].text, &value), cases[i].kind, "%s", cases[i].text);
        cr_assert(isnan(cases[i].value) ? isnan(value) : value == cases[i].value, "%s is %g",
                  cases[i].text, value);
    }
}

/* Digits, a point and an exponent anywhere: short ones, 17 digits, 40 digits. */
static void random_decimal(km_random *random, char *text) {
    char *p = text;
    if (km_next_below(random, 3) == 0) {
        *p++ = '-';
    }
    int n = 1 + (int)km_next_below(random, km_next_below(random, 8) == 0 ? 40 : 20);
    int point = (int)km_next_below(random, (uint64_t)n + 2);
    for (int i = 0; i < n; i++) {
        if (i == point) {
            *p++ = '.';
        }
        *p++ = (char)('0' + km_next_below(random, 10));
    }
    *p = '\0';
    if (km_next_below(random, 4) == 0) {
        int range = km_next_below(random, 2) == 0 ? 25 : 340;
        sprintf(p, "e%d", (int)km_next_below(random, (uint64_t)(2 * range)) - range);
    }
}

Test(csv_number, two_million_random_decimals_are_what_strtod_gives)
{
    km_random random = {.seed = 1, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 2000000; i++) {
        char text[80];
        random_decimal(&random, text);
        same_as_strtod(text);
    }
}

Test(csv_number, random_doubles_printed_with_17_digits_come_back)
{
    km_random random = {.seed = 2, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 500000; i++) {
        uint64_t bits = km_next_u64(&random);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (i % 2 == 0) {
            value = km_next_uniform(&random) * km_exact_powers_of_10[i % 12];
        }
        if (!isfinite(value)) {
            continue;
        }
        char text[400];
        sprintf(text, i % 4 < 2 ? "%.17g" : "%.15f", value);
        same_as_strtod(text);
    }
}

/* Between two neighbouring doubles lies a decimal that ends in 5; it and what is next to it is where
 * rounding goes wrong. 2^53 + 1 = 9007199254740993 lies between 2^53 and 2^53 + 2. */
Test(csv_number, halfway_cases_round_to_even)
{
    const char *texts[] = {"9007199254740993",
                           "9007199254740992.9",
                           "9007199254740993.1",
                           "9007199254740995",
                           "900719925474099.3",
                           "90071992547409.93",
                           "9007199254740993000",
                           "9007199254740993e3",
                           "0.9007199254740993",
                           "1.00000000000000011102",
                           "1.0000000000000002",
                           "18446744073709551615",
                           "9999999999999999999",
                           "4503599627370496.5",
                           "4503599627370497.5",
                           "2.2250738585072011e-308",
                           "5e-324",
                           "2.4703282292062327e-324",
                           "1.7976931348623157e308",
                           "1.7976931348623159e308",
                           "0e999",
                           "-0.0",
                           "0.000000000000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        same_as_strtod(texts[i]);
    }
    km_random random = {.seed = 3, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 300000; i++) {
        /* An odd number of half units in the last place, exactly, in decimal. */
        uint64_t m = (km_next_u64(&random) >> 11 | UINT64_C(1) << 52) * 2 + 1;
        int halvings = (int)km_next_below(&random, 12);
        char text[80];
        sprintf(text, "%.*f", halvings, ldexp((double)(m >> 1), 1 - halvings));
        same_as_strtod(text);
        sprintf(text, "%llu", (unsigned long long)m);
        same_as_strtod(text);
        char *end = text + strlen(text);
        sprintf(end, "e-%d", halvings);
        same_as_strtod(text);
    }
}

Test(csv_number, the_decimal_point_is_a_point_in_any_locale)
{
    test_decimal_comma();
    double value;
    cr_assert_eq(number_read("12.5", &value), KM_NUMBER_FINITE);
    cr_assert_eq(value, 12.5);
    cr_assert_eq(number_read("1.2345678901234567890123", &value), KM_NUMBER_FINITE);
    cr_assert_eq(value, 1.2345678901234567890123);
    cr_assert_eq(number_read("12,5", &value), KM_NUMBER_NONE);
}
