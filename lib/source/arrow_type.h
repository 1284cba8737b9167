/* Types of Arrow's columns, as their format strings say them. */
#ifndef KM_SOURCE_ARROW_TYPE_H
#define KM_SOURCE_ARROW_TYPE_H

#include "source/builder.h"

typedef enum km_arrow_kind {
    KM_ARROW_NULL = 0, /* a column without a value */
    KM_ARROW_BOOL,
    KM_ARROW_INT8,
    KM_ARROW_UINT8,
    KM_ARROW_INT16,
    KM_ARROW_UINT16,
    KM_ARROW_INT32,
    KM_ARROW_UINT32,
    KM_ARROW_INT64,
    KM_ARROW_UINT64,
    KM_ARROW_FLOAT16,
    KM_ARROW_FLOAT32,
    KM_ARROW_FLOAT64,
    KM_ARROW_DECIMAL,
    KM_ARROW_UTF8,
    KM_ARROW_LARGE_UTF8,
    KM_ARROW_UTF8_VIEW,
    KM_ARROW_DATE32,
    KM_ARROW_TIME32, /* of day */
    KM_ARROW_TIME64,
    KM_ARROW_INSTANT /* dates in milliseconds and timestamps */
} km_arrow_kind;

typedef struct km_arrow_type {
    km_arrow_kind kind;
    km_cells cells;
    int64_t per_second; /* of times */
    int bytes, scale;   /* of decimals */
    int n_buffers;      /* at least */
} km_arrow_type;

/* 1, or 0 for a type that no column of a table can have; *advice is then what to do about it. */
int km_arrow_type_read(const char *format, km_arrow_type *out, const char **advice);

#endif
