#include "source/arrow_values.h"
#include "source/csv_number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int is_set(const uint8_t *bits, int64_t i) {
    return bits == NULL || (bits[i / 8] >> (i % 8) & 1) != 0;
}

static int64_t code_at(const km_arrow_values *values, int64_t i) {
    const void *codes = values->coded->buffers[1];
    switch (values->code_kind) {
    case KM_ARROW_INT8: return ((const int8_t *)codes)[i];
    case KM_ARROW_UINT8: return ((const uint8_t *)codes)[i];
    case KM_ARROW_INT16: return ((const int16_t *)codes)[i];
    case KM_ARROW_UINT16: return ((const uint16_t *)codes)[i];
    case KM_ARROW_INT32: return ((const int32_t *)codes)[i];
    case KM_ARROW_UINT32: return ((const uint32_t *)codes)[i];
    case KM_ARROW_INT64: return ((const int64_t *)codes)[i];
    default: {
        uint64_t code = ((const uint64_t *)codes)[i];
        return code <= INT64_MAX ? (int64_t)code : INT64_MAX;
    }
    }
}

int64_t km_arrow_at(const km_arrow_values *values, int64_t row) {
    int64_t i = values->offset + row;
    if (values->type->kind == KM_ARROW_NULL || !is_set(values->present, i)) {
        return KM_ARROW_MISSING;
    }
    if (values->coded == NULL) {
        return i;
    }
    int64_t code = code_at(values, i);
    if (code < 0 || code >= values->array->length) {
        return KM_ARROW_NO_SUCH_CODE;
    }
    code += values->array->offset;
    return is_set(values->dictionary_present, code) ? code : KM_ARROW_MISSING;
}

int km_arrow_whole(const km_arrow_values *values, int64_t at, km_int128 *out) {
    int bytes = values->type->bytes;
    const unsigned char *value = (const unsigned char *)values->array->buffers[1] + at * bytes;
    int32_t small;
    int64_t middle;
    uint64_t words[4];
    switch (bytes) {
    case 4:
        memcpy(&small, value, sizeof small);
        *out = small;
        return 1;
    case 8:
        memcpy(&middle, value, sizeof middle);
        *out = middle;
        return 1;
    default: break;
    }
    memcpy(words, value, (size_t)bytes);
    *out = (km_int128)((km_uint128)words[1] << 64 | words[0]);
    uint64_t sign = *out < 0 ? UINT64_MAX : 0;
    return bytes == 16 || (words[2] == sign && words[3] == sign);
}

int km_arrow_decimal(const km_arrow_values *values, int64_t at, double *out) {
    km_int128 whole;
    if (!km_arrow_whole(values, at, &whole)) {
        return 0;
    }
    int scale = values->type->scale;
    const km_int128 exact = (km_int128)1 << 53;
    if (scale >= 0 && scale <= 22 && whole <= exact && whole >= -exact) {
        *out = (double)whole / km_exact_powers_of_10[scale]; /* both exact: rounded once */
        return 1;
    }
    char text[64], digits[48];
    int n = 0;
    km_uint128 rest = whole < 0 ? -(km_uint128)whole : (km_uint128)whole;
    do {
        digits[n++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest > 0);
    size_t length = 0;
    if (whole < 0) {
        text[length++] = '-';
    }
    while (n > 0) {
        text[length++] = digits[--n];
    }
    length += (size_t)snprintf(text + length, sizeof text - length, "e%d", -scale);
    km_number_kind kind = km_number_read(text, length, out);
    return kind == KM_NUMBER_FINITE || kind == KM_NUMBER_NAME;
}

double km_arrow_half(uint16_t bits) {
    int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    double value = exponent == 0x1f ? (fraction == 0 ? (double)INFINITY : (double)NAN)
                   : exponent == 0  ? ldexp(fraction, -24)
                                    : ldexp(fraction + 0x400, exponent - 25);
    return (bits & 0x8000) != 0 ? -value : value;
}

/* A view is a length and 12 bytes: the text itself, or its first four bytes, a buffer, a place in it. */
static int read_view(const km_arrow_values *values, int64_t at, const char **text, size_t *length) {
    const struct ArrowArray *array = values->array;
    const char *view = (const char *)array->buffers[1] + at * 16;
    int32_t size, buffer, begin;
    memcpy(&size, view, sizeof size);
    if (size < 0) {
        return 0;
    }
    *length = (size_t)size;
    *text = view + 4;
    if (size <= 12) {
        return 1;
    }
    memcpy(&buffer, view + 8, sizeof buffer);
    memcpy(&begin, view + 12, sizeof begin);
    int64_t n_buffers = array->n_buffers - 3; /* the last has the sizes of those of texts */
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    if (buffer < 0 || buffer >= n_buffers || begin < 0 || sizes == NULL ||
        array->buffers[2 + buffer] == NULL || (int64_t)begin + size > sizes[buffer]) {
        return 0;
    }
    *text = (const char *)array->buffers[2 + buffer] + begin;
    return 1;
}

static int64_t offset_at(const km_arrow_values *values, int64_t i) {
    const char *offsets = values->array->buffers[1];
    int32_t small;
    int64_t large;
    if (values->type->kind == KM_ARROW_UTF8) {
        memcpy(&small, offsets + i * 4, sizeof small);
        return small;
    }
    memcpy(&large, offsets + i * 8, sizeof large);
    return large;
}

int km_arrow_text(const km_arrow_values *values, int64_t at, const char **text, size_t *length) {
    const struct ArrowArray *array = values->array;
    int64_t begin, end, last;
    if (values->type->kind == KM_ARROW_UTF8_VIEW) {
        return read_view(values, at, text, length);
    }
    begin = offset_at(values, at);
    end = offset_at(values, at + 1);
    last = offset_at(values, array->offset + array->length);
    if (begin < 0 || end < begin || end > last || (end > begin && array->buffers[2] == NULL)) {
        return 0;
    }
    *length = (size_t)(end - begin);
    *text = end > begin ? (const char *)array->buffers[2] + begin : "";
    return 1;
}

int km_arrow_time_of_day(const km_arrow_values *values, int64_t at, char *out, size_t capacity) {
    const void *data = values->array->buffers[1];
    int64_t unit = values->type->per_second;
    int64_t value = values->type->kind == KM_ARROW_TIME32 ? ((const int32_t *)data)[at]
                                                          : ((const int64_t *)data)[at];
    int64_t seconds = value / unit, rest = value % unit;
    if (value < 0 || seconds > 86400) {
        return 0;
    }
    int n = snprintf(out, capacity, "%02d:%02d:%02d", (int)(seconds / 3600),
                     (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (rest > 0) {
        int digits = unit == 1000 ? 3 : unit == 1000000 ? 6 : 9;
        n += snprintf(out + n, capacity - (size_t)n, ".%0*" PRId64, digits, rest);
        while (out[n - 1] == '0') {
            out[--n] = '\0';
        }
    }
    return 1;
}
