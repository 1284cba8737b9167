#include "source/arrow_type.h"

#include "base/text.h"

#include <string.h>

/* One-letter formats: name, kind, cells. */
static const struct {
    char letter;
    km_arrow_kind kind;
    km_cells cells;
} simple[] = {
    {'n', KM_ARROW_NULL, KM_CELLS_NUMBER},     {'b', KM_ARROW_BOOL, KM_CELLS_NUMBER},
    {'c', KM_ARROW_INT8, KM_CELLS_NUMBER},     {'C', KM_ARROW_UINT8, KM_CELLS_NUMBER},
    {'s', KM_ARROW_INT16, KM_CELLS_NUMBER},    {'S', KM_ARROW_UINT16, KM_CELLS_NUMBER},
    {'i', KM_ARROW_INT32, KM_CELLS_NUMBER},    {'I', KM_ARROW_UINT32, KM_CELLS_NUMBER},
    {'l', KM_ARROW_INT64, KM_CELLS_INTEGER},   {'L', KM_ARROW_UINT64, KM_CELLS_INTEGER},
    {'e', KM_ARROW_FLOAT16, KM_CELLS_NUMBER},  {'f', KM_ARROW_FLOAT32, KM_CELLS_NUMBER},
    {'g', KM_ARROW_FLOAT64, KM_CELLS_NUMBER},  {'u', KM_ARROW_UTF8, KM_CELLS_TEXT},
    {'U', KM_ARROW_LARGE_UTF8, KM_CELLS_TEXT},
};

/* Units of a second: s, m, u, n; 0 for none of these. */
static int64_t per_second(char unit) {
    switch (unit) {
    case 's': return 1;
    case 'm': return 1000;
    case 'u': return 1000000;
    case 'n': return 1000000000;
    default: return 0;
    }
}

/* The next whole number of a list, without the sign behind it; 0 where there is none. */
static int next_number(const char **at, int64_t *out) {
    char text[16];
    size_t n = strcspn(*at, ",");
    if (n >= sizeof text) {
        return 0;
    }
    memcpy(text, *at, n);
    text[n] = '\0';
    *at += n + ((*at)[n] == ',');
    return km_parse_int64(text, out);
}

/* "d:19,10" or "d:19,10,256": digits, those behind the point, bits. */
static int read_decimal(const char *format, km_arrow_type *out) {
    int64_t digits, scale, bits = 128;
    const char *at = format + 2;
    if (format[1] != ':' || !next_number(&at, &digits) || !next_number(&at, &scale) ||
        (*at != '\0' && !next_number(&at, &bits)) || *at != '\0') {
        return 0;
    }
    if ((bits != 32 && bits != 64 && bits != 128 && bits != 256) || scale < -76 || scale > 76) {
        return 0;
    }
    out->kind = KM_ARROW_DECIMAL;
    out->cells = scale == 0 ? KM_CELLS_INTEGER : KM_CELLS_NUMBER; /* a whole one may be an id */
    out->bytes = (int)bits / 8;
    out->scale = (int)scale;
    return 1;
}

static int read_time(const char *format, km_arrow_type *out) {
    out->per_second = per_second(format[2]);
    out->cells = KM_CELLS_TIME;
    out->kind = KM_ARROW_INSTANT;
    if (strcmp(format, "tdD") == 0) {
        out->kind = KM_ARROW_DATE32;
        return 1;
    }
    if (strcmp(format, "tdm") == 0) {
        return 1;
    }
    if (format[1] == 's' && out->per_second > 0 && format[3] == ':') { /* a time zone may follow */
        return 1;
    }
    if (format[1] == 't' && out->per_second > 0 && format[3] == '\0') {
        out->kind = out->per_second <= 1000 ? KM_ARROW_TIME32 : KM_ARROW_TIME64;
        out->cells = KM_CELLS_TEXT;
        return 1;
    }
    return 0;
}

static const char *advice_on(const char *format) {
    switch (format[0]) {
    case '+':
        return format[1] == 'r' ? "is run-end encoded; decode it first"
                                : "is nested; give its parts as columns of their own";
    case 'z':
    case 'Z':
    case 'w': return "is binary; give it as text, or leave it out";
    case 't': return "is a duration; give it as a number, such as days";
    case 'v':
        return format[1] == 'z' ? "is binary; give it as text, or leave it out"
                                : "is of a type that kmseg does not know; leave it out";
    default: return "is of a type that kmseg does not know; leave it out";
    }
}

int km_arrow_type_read(const char *format, km_arrow_type *out, const char **advice) {
    *out = (km_arrow_type){.n_buffers = 2};
    *advice = "has no type";
    if (format == NULL || format[0] == '\0') {
        return 0;
    }
    *advice = advice_on(format);
    if (strcmp(format, "vu") == 0) {
        *out = (km_arrow_type){.kind = KM_ARROW_UTF8_VIEW, .cells = KM_CELLS_TEXT, .n_buffers = 3};
        return 1;
    }
    if (format[0] == 'd') {
        return read_decimal(format, out);
    }
    if (format[0] == 't' && format[1] != '\0' && format[2] != '\0') {
        return read_time(format, out);
    }
    for (size_t i = 0; i < sizeof simple / sizeof *simple && format[1] == '\0'; i++) {
        if (simple[i].letter == format[0]) {
            out->kind = simple[i].kind;
            out->cells = simple[i].cells;
            out->n_buffers = out->kind == KM_ARROW_NULL ? 0 : out->cells == KM_CELLS_TEXT ? 3 : 2;
            return 1;
        }
    }
    return 0;
}
