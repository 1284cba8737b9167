#include "source/csv_number.h"

#include "base/sums.h"
#include "base/text.h"

const double km_exact_powers_of_10[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Longest number that is read; strtod needs a terminated copy. */
#define LONGEST 1000

/* A number taken apart: value = mantissa * 10^power, unless digits were cut off. */
typedef struct decimal {
    uint64_t mantissa;
    int n_digits; /* without leading zeros */
    int power;
    int negative, name;
} decimal;

static const uint64_t powers_of_10[20] = {1,
                                          10,
                                          100,
                                          1000,
                                          10000,
                                          100000,
                                          1000000,
                                          10000000,
                                          100000000,
                                          1000000000,
                                          10000000000,
                                          100000000000,
                                          1000000000000,
                                          10000000000000,
                                          100000000000000,
                                          1000000000000000,
                                          10000000000000000,
                                          100000000000000000,
                                          1000000000000000000,
                                          10000000000000000000u};

/* 2^power, for powers of normal numbers. */
static double power_of_2(int power) {
    uint64_t bits = (uint64_t)(1023 + power) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* mantissa / 10^n for n in 1..19: a quotient of 63 or 64 bits with the remainder's bit in its last
 * place rounds as the exact value does. */
static double divided(uint64_t mantissa, int n) {
    uint64_t divisor = powers_of_10[n];
    int up = __builtin_clzll(mantissa), up_divisor = __builtin_clzll(divisor);
    uint64_t high = (mantissa << up) >> 1, low = (mantissa << up) << 63,
             normal = divisor << up_divisor;
    uint64_t quotient, rest;
#if defined(__x86_64__)
    /* One instruction, since high < normal; the compiler would call a function. */
    __asm__("divq %4" : "=a"(quotient), "=d"(rest) : "a"(low), "d"(high), "r"(normal) : "cc");
#else
    km_uint128 dividend = (km_uint128)high << 64 | low;
    quotient = (uint64_t)(dividend / normal);
    rest = (uint64_t)(dividend % normal);
#endif
    return (double)(quotient | (rest != 0)) * power_of_2(up_divisor - up - 63);
}

/* Reads digits into d; how many there were. */
static int take_digits(const char **at, const char *end, decimal *d) {
    const char *p = *at;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - p >= 8 && d->n_digits + 8 <= 19) {
        uint64_t word = km_load64(p) ^ KM_BYTES('0');
        if (km_not_digits(word) != 0 || (d->n_digits == 0 && (word & 0xff) == 0)) {
            break;
        }
        d->mantissa = d->mantissa * 100000000 + km_eight_digits(word);
        d->n_digits += 8;
        p += 8;
    }
#endif
    while (p < end && *p >= '0' && *p <= '9') {
        unsigned digit = (unsigned)(*p++ - '0');
        if (d->n_digits < 19) {
            d->mantissa = d->mantissa * 10 + digit;
        }
        d->n_digits += d->n_digits > 0 || digit > 0;
    }
    int n = (int)(p - *at);
    *at = p;
    return n;
}

/* 1 when the whole of [at, end) is a decimal number. */
static int take_decimal(const char *at, const char *end, decimal *d) {
    *d = (decimal){0};
    if (at < end && (*at == '-' || *at == '+')) {
        d->negative = *at == '-';
        d->name = *at++ == '+';
    }
    const char *start = at;
    int whole = take_digits(&at, end, d), frac = 0;
    if (at < end && *at == '.') {
        at++;
        frac = take_digits(&at, end, d);
    } else {
        d->name |= at == end && ((whole > 1 && *start == '0') || whole > 15);
    }
    if (whole + frac == 0) {
        return 0;
    }
    int exponent = 0;
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        int down = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        const char *digits = at;
        while (at < end && *at >= '0' && *at <= '9') {
            exponent = exponent < 100000 ? exponent * 10 + (*at - '0') : exponent;
            at++;
        }
        if (at == digits) {
            return 0;
        }
        exponent = down ? -exponent : exponent;
    }
    d->power = exponent - frac;
    return at == end;
}

/* The exact ways; 0 when none applies. */
static int exactly(const decimal *d, double *out) {
    if (d->n_digits > 19) {
        return 0;
    }
    if (d->mantissa == 0) {
        *out = 0;
    } else if (d->mantissa <= UINT64_C(1) << 53 && d->power >= -22 && d->power <= 22) {
        double value = (double)(int64_t)d->mantissa;
        *out = d->power < 0 ? value / km_exact_powers_of_10[-d->power]
                            : value * km_exact_powers_of_10[d->power];
    } else if (d->power >= -19 && d->power < 0) {
        *out = divided(d->mantissa, -d->power);
    } else if (d->power >= 0 && d->power <= 18) {
        *out = km_int128_double((km_int128)d->mantissa * (km_int128)powers_of_10[d->power]);
    } else {
        return 0;
    }
    *out = d->negative ? -*out : *out;
    return 1;
}

/* Equal to a word in lower case. */
static int is_word(const char *text, size_t n, const char *word) {
    size_t i = 0;
    while (i < n && word[i] != '\0') {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
        if (c != word[i]) {
            return 0;
        }
        i++;
    }
    return i == n && word[i] == '\0';
}

static km_number_kind word_kind(const char *text, size_t n) {
    static const char *const missing[] = {"na", "n/a", "#n/a", "nan", "null", "none"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        if (is_word(text, n, missing[i])) {
            return KM_NUMBER_WORD;
        }
    }
    if (n > 0 && (*text == '-' || *text == '+')) {
        text++;
        n--;
        if (is_word(text, n, "nan")) {
            return KM_NUMBER_WORD; /* as printf writes it */
        }
    }
    return is_word(text, n, "inf") || is_word(text, n, "infinity") ? KM_NUMBER_INFINITE
                                                                   : KM_NUMBER_NONE;
}

km_number_kind km_number_read(const char *text, size_t n, double *out) {
    *out = (double)NAN;
    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    while (n > 0 && text[n - 1] == ' ') {
        n--;
    }
    if (n == 0) {
        return KM_NUMBER_EMPTY;
    }
    if (n > LONGEST) {
        return KM_NUMBER_NONE;
    }
    decimal d;
    if (!take_decimal(text, text + n, &d)) {
        return word_kind(text, n);
    }
    double value;
    if (!exactly(&d, &value)) {
        char copy[LONGEST + 1];
        memcpy(copy, text, n);
        copy[n] = '\0';
        if (!km_parse_double(copy, &value)) {
            return KM_NUMBER_NONE;
        }
    }
    if (isinf(value)) {
        return KM_NUMBER_INFINITE;
    }
    *out = value;
    return d.name ? KM_NUMBER_NAME : KM_NUMBER_FINITE;
}
