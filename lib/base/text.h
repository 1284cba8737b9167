/* Small text helpers that do not depend on the locale. */
#ifndef KM_BASE_TEXT_H
#define KM_BASE_TEXT_H

#include "base/context.h"

/* A growing string. After out of memory, failed is set, appends do nothing and data is NULL. */
typedef struct km_string {
    kmseg_allocator allocator;
    char *data; /* terminated when length > 0 */
    size_t length, capacity;
    int failed;
} km_string;

void km_string_init(km_string *string, const kmseg_allocator *allocator);
void km_string_add(km_string *string, const char *text);
void km_string_add_n(km_string *string, const char *text, size_t length);
void km_string_format(km_string *string, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void km_string_free(km_string *string);

/* The shortest decimal that reads back as the same double: at most 24 characters and a terminator;
 * "nan", "inf", "-inf". Returns its length. The decimal point is '.' in any locale. */
size_t km_format_double(double value, char *out, size_t capacity);

/* For people: as many decimals as give that many significant digits, whole numbers whole (1234567
 * with 3 digits is 1234567, 0.012345 is 0.0123), no trailing zeros; '.' in any locale. */
size_t km_format_rounded(double value, int digits, char *out, size_t capacity);

/* Decimals that show about three significant digits of the largest of a column's values, at least
 * one of the smallest; whole numbers from 100 on. */
int km_decimals(double largest);

/* A number rounded to so many decimals, with thousands separators: -1,234.5; "-" for NaN. 64 bytes
 * hold any. Returns its length. */
size_t km_format_number(double value, int decimals, char *out, size_t capacity);

/* Whole text as a number: decimal, exponent, inf or nan; '.' is the point in any locale. 1 on
 * success, 0 when text is not a number or has anything behind it. */
int km_parse_double(const char *text, double *out);
int km_parse_int64(const char *text, int64_t *out);
int km_parse_uint64(const char *text, uint64_t *out);

/* Same name when case, spaces, '_', '-' and '.' do not matter. */
int km_same_name(const char *a, const char *b);

/* Edit distance is small: worth a "did you mean". */
int km_similar_name(const char *a, const char *b);

#endif
