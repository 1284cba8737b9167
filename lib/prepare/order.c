/* The order that the names of levels tell: bands of numbers, and the words of rating scales.
 *
 * A band is a number or two with words and signs that are known: "19-24", "35-49K", "$1,000 to
 * 5,000", "Under 15K", "65+", "3 or more", "< 10". All levels need to be bands, and none to begin
 * before the one below it ends, so that phone numbers, dates and product codes are none. The words
 * of a scale need to be of one scale, all of them. */
#include "base/text.h"
#include "prepare/fit.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 64 }; /* bytes of a level that is looked at */

/* Scales, their words from low to high; words of one step are joined by '|'. */
static const char *const scales[][12] = {
    {"strongly disagree|totally disagree|completely disagree", "disagree",
     "somewhat disagree|slightly disagree|rather disagree",
     "neutral|neither|undecided|neither agree nor disagree",
     "somewhat agree|slightly agree|rather agree", "agree",
     "strongly agree|totally agree|completely agree"},
    {"very dissatisfied", "dissatisfied|unsatisfied", "somewhat dissatisfied",
     "neutral|neither satisfied nor dissatisfied", "somewhat satisfied", "satisfied",
     "very satisfied"},
    {"very unlikely", "unlikely", "neutral|undecided", "likely", "very likely"},
    {"very unimportant|not at all important", "unimportant|not important",
     "neutral|somewhat important", "important", "very important"},
    {"never", "rarely|seldom|hardly ever", "sometimes|occasionally", "often|frequently",
     "very often|usually", "always"},
    {"very low", "low", "medium|moderate|average|normal", "high", "very high"},
    {"very poor|very bad", "poor|bad", "fair|average|ok|okay", "good", "very good", "excellent"},
    {"not at all", "slightly|a little", "moderately|somewhat", "very|very much", "extremely"},
    {"xs|extra small|very small", "s|small", "m|medium", "l|large|big", "xl|extra large|very large",
     "xxl"},
    {"basic", "bronze", "silver", "gold", "platinum", "diamond"},
};

enum { N_SCALES = sizeof scales / sizeof *scales, N_WORDS = sizeof *scales / sizeof **scales };

/* Lower case, one space between words, '_' as a space. 0 when it is too long. */
static int simplify(const char *text, char *out) {
    size_t n = 0;
    for (; *text != '\0'; text++) {
        int space = isspace((unsigned char)*text) || *text == '_';
        if (n + 1 >= LONGEST) {
            return 0;
        }
        if (!space) {
            out[n++] = (char)tolower((unsigned char)*text);
        } else if (n > 0 && out[n - 1] != ' ') {
            out[n++] = ' ';
        }
    }
    while (n > 0 && out[n - 1] == ' ') {
        n--;
    }
    out[n] = '\0';
    return n > 0;
}

static int is_among(const char *word, const char *words) {
    size_t n = strlen(word);
    for (const char *at = words; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, word, n) == 0 && (at[n] == '|' || at[n] == '\0')) {
            return 1;
        }
    }
    return 0;
}

/* Step of a word on a scale, or -1. */
static int step_of(const char *word, int scale) {
    for (int step = 0; step < N_WORDS && scales[scale][step] != NULL; step++) {
        if (is_among(word, scales[scale][step])) {
            return step;
        }
    }
    return -1;
}

/* From low to high; low == high for a single number. A band that is open at an end is infinite. */
typedef struct band {
    double low, high;
    int32_t level;
} band;

/* Behind one of the words at *at, when that is where it is, with no letter behind it. */
static int skip_word(const char **at, const char *const *words) {
    for (; *words != NULL; words++) {
        size_t n = strlen(*words);
        if (strncmp(*at, *words, n) == 0 &&
            !(isalpha((unsigned char)(*words)[n - 1]) && isalpha((unsigned char)(*at)[n]))) {
            *at += n;
            while (**at == ' ') {
                ++*at;
            }
            return 1;
        }
    }
    return 0;
}

/* A number with a currency sign before it, commas between thousands, and K or M behind; *out_factor
 * is 1 where neither is there. */
static int read_amount(const char **at, double *out, double *out_factor) {
    static const char *const signs[] = {"$",    "\xe2\x82\xac", "\xc2\xa3", "eur ",
                                        "usd ", "gbp ",         NULL};
    static const char *const thousands[] = {"k", "tsd", "thousand", NULL};
    static const char *const millions[] = {"m", "mio", "million", NULL};
    skip_word(at, signs);
    char digits[LONGEST];
    size_t n = 0;
    const char *p = *at;
    while (isdigit((unsigned char)*p) || (n > 0 && *p == '.' && isdigit((unsigned char)p[1])) ||
           (n > 0 && *p == ',' && isdigit((unsigned char)p[1]))) {
        if (*p != ',') {
            digits[n++] = *p;
        }
        p++;
    }
    digits[n] = '\0';
    if (n == 0 || !km_parse_double(digits, out)) {
        return 0;
    }
    while (*p == ' ') {
        p++;
    }
    *at = p;
    *out_factor = skip_word(at, thousands) ? 1e3 : skip_word(at, millions) ? 1e6 : 1;
    skip_word(at, signs);
    return 1;
}

/* "10-19", "10 to 19", "10+", "10 or more", behind the first amount. */
static int read_end(const char **at, double low, double factor, band *out) {
    static const char *const more[] = {"+",         "or more",  "and more",  "or over",
                                       "and over",  "or above", "and above", "or older",
                                       "and older", "plus",     NULL};
    static const char *const less[] = {"or less",  "or fewer",  "or under",   "and under",
                                       "or below", "and below", "or younger", NULL};
    static const char *const to[] = {"-", "\xe2\x80\x93", "\xe2\x80\x94", "to", NULL};
    if (skip_word(at, more)) {
        *out = (band){low * factor, INFINITY, 0};
        return 1;
    }
    if (skip_word(at, less)) {
        *out = (band){-INFINITY, low * factor, 0};
        return 1;
    }
    if (!skip_word(at, to)) {
        *out = (band){low * factor, low * factor, 0};
        return 1;
    }
    double high, high_factor;
    if (!read_amount(at, &high, &high_factor)) {
        return 0;
    }
    if (factor == 1 && high_factor != 1 && low <= high) {
        factor = high_factor; /* 35-49K */
    }
    *out = (band){low * factor, high * high_factor, 0};
    return out->low <= out->high;
}

/* The unit is what stands behind: "years", "" for none. */
static int read_band(const char *text, band *out, const char **out_unit) {
    static const char *const under[] = {"under", "below", "less than", "fewer than",   "up to",
                                        "<=",    "<",     "max",       "younger than", NULL};
    static const char *const over[] = {"over", "above", "more than",  "at least", "from",
                                       ">=",   ">",     "older than", "min",      NULL};
    const char *at = text;
    int is_under = skip_word(&at, under), is_over = !is_under && skip_word(&at, over);
    double low, factor;
    if (!read_amount(&at, &low, &factor)) {
        return 0;
    }
    if (is_under) {
        *out = (band){-INFINITY, low * factor, 0};
    } else if (is_over) {
        *out = (band){low * factor, INFINITY, 0};
    } else if (!read_end(&at, low, factor, out)) {
        return 0;
    }
    *out_unit = at;
    return 1;
}

/* "year" and "years" are one unit. */
static int is_same_unit(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b);
    n -= n > 1 && a[n - 1] == 's';
    m -= m > 1 && b[m - 1] == 's';
    return n == m && strncmp(a, b, n) == 0;
}

/* A unit is one word, or a remark behind a number that is a rating: "1 - very poor". */
static int is_word(const char *text) {
    while (isalpha((unsigned char)*text)) {
        text++;
    }
    return *text == '\0';
}

/* "1 - not at all", "1: never", "(1) poor": a number, a sign, words. */
static int read_rating(const char *text, band *out) {
    const char *at = text + (*text == '(');
    double number, factor;
    if (!read_amount(&at, &number, &factor) || factor != 1) {
        return 0;
    }
    while (*at == ' ') {
        at++;
    }
    if (*at == '\0' || strchr("-:.)=", *at) == NULL) {
        return 0;
    }
    at++;
    while (*at == ' ') {
        at++;
    }
    *out = (band){number, number, 0};
    return isalpha((unsigned char)*at) != 0;
}

static int by_low(const void *a, const void *b) {
    const band *x = a, *y = b;
    if (x->low != y->low) {
        return x->low < y->low ? -1 : 1;
    }
    return x->high < y->high ? -1 : x->high > y->high;
}

/* Whether bands in order touch at most. */
static int are_apart(const band *bands, int32_t n) {
    for (int32_t i = 1; i < n; i++) {
        int same = bands[i - 1].low == bands[i].low && bands[i - 1].high == bands[i].high;
        if (same || bands[i - 1].high > bands[i].low) {
            return 0;
        }
    }
    return 1;
}

/* Text of numbers alone is codes: numbers that are quantities came as a column of numbers. */
static int are_bands(char (*names)[LONGEST], int32_t n, band *bands) {
    const char *unit = "";
    int32_t n_ranges = 0;
    for (int32_t i = 0; i < n; i++) {
        const char *own;
        if (!read_band(names[i], &bands[i], &own) || !is_word(own)) {
            return 0;
        }
        if (*own != '\0' && *unit != '\0' && !is_same_unit(own, unit)) {
            return 0;
        }
        unit = *own != '\0' ? own : unit;
        bands[i].level = i;
        n_ranges += bands[i].low < bands[i].high;
    }
    return n_ranges > 0;
}

static int are_ratings(char (*names)[LONGEST], int32_t n, band *bands) {
    for (int32_t i = 0; i < n; i++) {
        if (!read_rating(names[i], &bands[i])) {
            return 0;
        }
        bands[i].level = i;
    }
    return 1;
}

static int are_words(char (*names)[LONGEST], int32_t n, band *bands) {
    for (int scale = 0; scale < N_SCALES; scale++) {
        int32_t i = 0;
        for (; i < n; i++) {
            int step = step_of(names[i], scale);
            if (step < 0) {
                break;
            }
            bands[i] = (band){step, step, i};
        }
        if (i == n) {
            return 1;
        }
    }
    return 0;
}

kmseg_status km_recognise_order(kmseg_context *ctx, const char *const *levels, int32_t n,
                                int32_t *out_order, int *out) {
    *out = 0;
    if (n < 3) { /* two levels have no order that would matter */
        return KMSEG_OK;
    }
    band *bands = km_allocate_array(&ctx->allocator, n, sizeof *bands);
    char(*names)[LONGEST] = km_allocate_array(&ctx->allocator, n, sizeof *names);
    int possible = bands != NULL && names != NULL;
    kmseg_status status = possible ? KMSEG_OK : km_fail_memory(ctx, "the order of levels");
    for (int32_t i = 0; i < n && possible; i++) {
        possible = simplify(levels[i], names[i]);
    }
    if (possible && (are_bands(names, n, bands) || are_ratings(names, n, bands) ||
                     are_words(names, n, bands))) {
        qsort(bands, (size_t)n, sizeof *bands, by_low);
        *out = are_apart(bands, n);
        for (int32_t i = 0; i < n; i++) {
            out_order[i] = bands[i].level;
        }
    }
    km_release(&ctx->allocator, bands);
    km_release(&ctx->allocator, names);
    return status;
}
