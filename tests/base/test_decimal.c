#include "base/decimal.h"
#include "base/rng.h"
#include "support/support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *print(double value) {
    static char text[KM_DECIMAL_ROOM + 1];
    size_t n = km_print_double(value, text);
    cr_assert(n <= KM_DECIMAL_ROOM);
    text[n] = '\0';
    return text;
}

Test(decimal, prints_what_people_would_write)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-0.0, "0"},
        {7, "7"},
        {-12, "-12"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
        {1234.56, "1234.56"},
        {0.001, "0.001"},
        {1500.5, "1500.5"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {9007199254740991.0, "9007199254740991"},
        {9007199254740992.0, "9007199254740992"},
        {1e16, "10000000000000000"},
        {123456789012345680.0, "123456789012345680"},
        {1e20, "100000000000000000000"},
        {1e21, "1e21"},
        {1e22, "1e22"},
        {9.5e-18, "0.0000000000000000095"},
        {1.5e-300, "1.5e-300"},
        {5e-324, "5e-324"}, /* the smallest there is */
        {DBL_MIN, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e308"},
        {9.5367431640625e-07, "0.00000095367431640625"}, /* 2^-20: the neighbour below is nearer */
        {NAN, "nan"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert_str_eq(print(rows[i].value), rows[i].text);
    }
}

/* Digits without zeros at either end. */
static int count_digits(const char *text) {
    int n = 0, trailing = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0')) {
            n++;
            trailing = *text == '0' ? trailing + 1 : 0;
        }
    }
    return n - trailing;
}

/* That it reads back, that the C library finds nothing shorter, and nothing of that length nearer. */
static void check(double value) {
    char plain[64];
    const char *text = print(value);
    cr_assert(strtod(text, NULL) == value, "%.17g is printed as %s", value, text);
    int digits = count_digits(text);
    if (digits > 1) {
        snprintf(plain, sizeof plain, "%.*e", digits - 2, value);
        cr_assert(strtod(plain, NULL) != value, "%s is longer than %s", text, plain);
    }
    if (digits > 0) { /* the nearest of that length is the C library's, where it reads back */
        snprintf(plain, sizeof plain, "%.*e", digits - 1, value);
        if (strtod(plain, NULL) == value) {
            char ours[64];
            snprintf(ours, sizeof ours, "%s", text);
            long double a = strtold(plain, NULL), b = strtold(ours, NULL), v = value;
            cr_assert(fabsl(b - v) <= fabsl(a - v) * (1 + 0x1p-50L), "%s, not %s", text, plain);
        }
    }
}

Test(decimal, is_the_shortest_that_reads_back_for_any_bits)
{
    km_random stream = {.seed = 3, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 60000; i++) {
        uint64_t bits = km_next_u64(&stream);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            check(value);
        }
        check(km_next_uniform(&stream));
        check(km_next_uniform(&stream) * 1e4);
        check(rint(km_next_uniform(&stream) * 1e7) / 100);
    }
}

Test(decimal, is_the_shortest_at_and_beside_every_power_of_2_and_10)
{
    for (int e = -1074; e < 1024; e++) {
        double value = ldexp(1, e);
        check(value);
        check(nextafter(value, 0));
        check(nextafter(value, INFINITY));
    }
    for (int e = -323; e <= 308; e++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", e);
        double value = strtod(text, NULL);
        check(value);
        check(nextafter(value, 0));
        check(nextafter(value, INFINITY));
    }
}

Test(decimal, whole_numbers_have_all_their_digits)
{
    static const uint64_t values[] = {0,
                                      9,
                                      10,
                                      99,
                                      100,
                                      12345678,
                                      99999999,
                                      100000000,
                                      9999999999999999,
                                      10000000000000000,
                                      12345678901234567890u,
                                      UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[32], expected[32];
        text[km_print_uint(values[i], text)] = '\0';
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)values[i]);
        cr_assert_str_eq(text, expected);
    }
}
