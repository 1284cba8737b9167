/* Numbers as decimals, many a second: no C library, no locale, no allocation. */
#ifndef KM_BASE_DECIMAL_H
#define KM_BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

enum { KM_DECIMAL_ROOM = 48 }; /* bytes that any number fits in */

/* Digits of a whole number; how many. */
size_t km_print_uint(uint64_t value, char *out);

/* The shortest decimal that reads back as the same double, the nearest to it of those, with a point
 * and without an exponent from 1e-20 to 1e21: 1234.5, 0.001, 7; else 1.5e-300. "nan", "inf", "-inf".
 * Not terminated; returns its length. */
size_t km_print_double(double value, char *out);

#endif
