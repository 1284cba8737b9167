/* Values of one array of Arrow, a row at a time. */
#ifndef KM_SOURCE_ARROW_VALUES_H
#define KM_SOURCE_ARROW_VALUES_H

#include "source/arrow_type.h"

#include <kmseg/arrow.h>

/* Where the values of a column's array are. */
typedef struct km_arrow_values {
    const km_arrow_type *type;
    const struct ArrowArray *array; /* that has the values: of a coded column its dictionary */
    const uint8_t *present;         /* bits of the rows; NULL: all are there */
    int64_t offset;                 /* of the first row */
    const struct ArrowArray *coded; /* codes into array, or NULL */
    km_arrow_kind code_kind;
    const uint8_t *dictionary_present;
} km_arrow_values;

enum { KM_ARROW_MISSING = -1, KM_ARROW_NO_SUCH_CODE = -2 };

/* Position of a row's value in the array, KM_ARROW_MISSING, or KM_ARROW_NO_SUCH_CODE. */
int64_t km_arrow_at(const km_arrow_values *values, int64_t row);

/* A whole decimal; 0 when it is beyond 128 bits. */
int km_arrow_whole(const km_arrow_values *values, int64_t at, km_int128 *out);

/* A decimal as the nearest double; 0 when it is beyond 128 bits. */
int km_arrow_decimal(const km_arrow_values *values, int64_t at, double *out);

/* A float of 16 bits. */
double km_arrow_half(uint16_t bits);

/* A text; 0 when its offsets cannot be. */
int km_arrow_text(const km_arrow_values *values, int64_t at, const char **text, size_t *length);

/* A time of day as 09:30:00.25; 0 when it is none. */
int km_arrow_time_of_day(const km_arrow_values *values, int64_t at, char *out, size_t capacity);

#endif
