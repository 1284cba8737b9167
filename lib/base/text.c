#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void km_string_init(km_string *string, const kmseg_allocator *allocator) {
    memset(string, 0, sizeof *string);
    string->allocator = *allocator;
}

static int reserve(km_string *string, size_t more) {
    if (string->failed) {
        return 0;
    }
    size_t need = string->length + more + 1;
    if (need <= string->capacity) {
        return 1;
    }
    size_t capacity = string->capacity * 2 > need ? string->capacity * 2 : need + 64;
    char *data = km_allocate(&string->allocator, capacity);
    if (data == NULL) {
        km_string_free(string);
        string->failed = 1;
        return 0;
    }
    if (string->length > 0) {
        memcpy(data, string->data, string->length);
    }
    data[string->length] = '\0';
    km_release(&string->allocator, string->data);
    string->data = data;
    string->capacity = capacity;
    return 1;
}

void km_string_add_n(km_string *string, const char *text, size_t length) {
    if (reserve(string, length)) {
        memcpy(string->data + string->length, text, length);
        string->length += length;
        string->data[string->length] = '\0';
    }
}

void km_string_add(km_string *string, const char *text) {
    km_string_add_n(string, text, strlen(text));
}

void km_string_format(km_string *string, const char *format, ...) {
    va_list first, second;
    va_start(first, format);
    va_copy(second, first);
    int length = vsnprintf(NULL, 0, format, first);
    if (length >= 0 && reserve(string, (size_t)length)) {
        vsnprintf(string->data + string->length, (size_t)length + 1, format, second);
        string->length += (size_t)length;
    }
    va_end(second);
    va_end(first);
}

void km_string_free(km_string *string) {
    km_release(&string->allocator, string->data);
    string->data = NULL;
    string->length = 0;
    string->capacity = 0;
}

/* The C locale, made once and kept: printf and strtod of the process may use a decimal comma. */
static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static double c_strtod(const char *text, char **end) {
    pthread_once(&c_locale_once, make_c_locale);
    return c_locale != (locale_t)0 ? strtod_l(text, end, c_locale) : strtod(text, end);
}

size_t km_format_double(double value, char *out, size_t capacity) {
    if (isnan(value)) {
        return (size_t)snprintf(out, capacity, "nan");
    }
    if (isinf(value)) {
        return (size_t)snprintf(out, capacity, value > 0 ? "inf" : "-inf");
    }
    if (fabs(value) < 1e15 && value == trunc(value)) {
        return (size_t)snprintf(out, capacity, "%lld", (long long)value);
    }
    pthread_once(&c_locale_once, make_c_locale);
    locale_t old = c_locale != (locale_t)0 ? uselocale(c_locale) : (locale_t)0;
    size_t length = 0;
    for (int digits = 15; digits <= 17; digits++) {
        length = (size_t)snprintf(out, capacity, "%.*g", digits, value);
        if (digits == 17 || strtod(out, NULL) == value) {
            break;
        }
    }
    if (old != (locale_t)0) {
        uselocale(old);
    }
    return length;
}

size_t km_format_rounded(double value, int digits, char *out, size_t capacity) {
    if (!isfinite(value) || value == 0) {
        return km_format_double(value, out, capacity);
    }
    int decimals = digits - 1 - (int)floor(log10(fabs(value)));
    if (decimals <= 0) {
        return km_format_double(nearbyint(value), out, capacity);
    }
    if (decimals > 15) {
        return km_format_double(value, out, capacity);
    }
    double power = 1;
    for (int i = 0; i < decimals; i++) {
        power *= 10;
    }
    return km_format_double(nearbyint(value * power) / power, out, capacity);
}

int km_parse_double(const char *text, double *out) {
    /* strtod also takes hexadecimal numbers and nan(anything). */
    if (*text == '\0' || isspace((unsigned char)*text) || strpbrk(text, "xX(") != NULL) {
        return 0;
    }
    char *end;
    double value = c_strtod(text, &end);
    if (end == text || *end != '\0') {
        return 0;
    }
    *out = value;
    return 1;
}

int km_parse_int64(const char *text, int64_t *out) {
    if (*text == '\0' || isspace((unsigned char)*text)) {
        return 0;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end != '\0' || errno == ERANGE) {
        return 0;
    }
    *out = value;
    return 1;
}

int km_parse_uint64(const char *text, uint64_t *out) {
    if (*text == '\0' || *text == '-' || isspace((unsigned char)*text)) {
        return 0;
    }
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end != '\0' || errno == ERANGE) {
        return 0;
    }
    *out = value;
    return 1;
}

static const char *next_letter(const char *c) {
    while (*c == ' ' || *c == '_' || *c == '-' || *c == '.') {
        c++;
    }
    return c;
}

int km_same_name(const char *a, const char *b) {
    for (;;) {
        a = next_letter(a);
        b = next_letter(b);
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) {
            return 0;
        }
        if (*a == '\0') {
            return 1;
        }
        a++;
        b++;
    }
}

int km_similar_name(const char *a, const char *b) {
    enum { LONGEST = 64 };
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST || n == 0 || m == 0) {
        return 0;
    }
    if (km_same_name(a, b)) {
        return 1;
    }
    size_t row[LONGEST + 1]; /* Levenshtein, one row at a time */
    for (size_t j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change =
                diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            size_t insert = row[j - 1] + 1, erase = row[j] + 1;
            size_t least = insert < erase ? insert : erase;
            row[j] = change < least ? change : least;
        }
    }
    size_t longest = n > m ? n : m;
    return row[m] * 3 <= longest;
}

int km_decimals(double largest) {
    double size = fabs(largest);
    if (!isfinite(size) || size >= 99.5 || size == 0) {
        return 0;
    }
    int decimals = 1;
    for (double step = 9.95; size < step && decimals < 8; step /= 10) {
        decimals++;
    }
    return decimals;
}

size_t km_format_number(double value, int decimals, char *out, size_t capacity) {
    if (isnan(value)) {
        return (size_t)snprintf(out, capacity, "-");
    }
    double power = 1;
    for (int i = 0; i < decimals; i++) {
        power *= 10;
    }
    double scaled = nearbyint(fabs(value) * power);
    if (!(scaled < 9e15)) { /* beyond what separators make readable */
        return km_format_double(value, out, capacity);
    }
    long long whole = (long long)scaled / (long long)power;
    long long rest = (long long)scaled % (long long)power;
    char digits[48];
    size_t at = sizeof digits;
    digits[--at] = '\0';
    for (int i = 0; whole > 0 || i == 0; i++, whole /= 10) { /* from the right */
        if (i > 0 && i % 3 == 0) {
            digits[--at] = ',';
        }
        digits[--at] = (char)('0' + whole % 10);
    }
    const char *sign = value < 0 && scaled > 0 ? "-" : "";
    return (size_t)(decimals > 0
                        ? snprintf(out, capacity, "%s%s.%0*lld", sign, digits + at, decimals, rest)
                        : snprintf(out, capacity, "%s%s", sign, digits + at));
}
