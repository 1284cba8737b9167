#include "source/csv_scan.h"

#include <string.h>

km_csv_fault_kind km_csv_take_quoted(const char *p, const char *end, char delimiter,
                                     km_csv_cell *cell, const char **next) {
    const char *from = p + 1;
    cell->text = from;
    cell->quoted = 1;
    cell->escaped = 0;
    for (;;) {
        const char *quote = memchr(from, '"', (size_t)(end - from));
        if (quote == NULL) {
            cell->length = (size_t)(end - cell->text);
            *next = end;
            return KM_CSV_OPEN_QUOTE;
        }
        if (quote + 1 < end && quote[1] == '"') {
            cell->escaped = 1;
            from = quote + 2;
            continue;
        }
        cell->length = (size_t)(quote - cell->text);
        *next = quote + 1;
        char c = quote + 1 < end ? quote[1] : '\n';
        return c == delimiter || c == '\n' || c == '\r' ? KM_CSV_FINE : KM_CSV_AFTER_QUOTE;
    }
}

km_csv_fault_kind km_csv_take_cell(const char *p, const char *end, char delimiter,
                                   km_csv_cell *cell, const char **next) {
    if (p < end && *p == '"') {
        return km_csv_take_quoted(p, end, delimiter, cell, next);
    }
    *cell = (km_csv_cell){.text = p};
    while (p < end && *p != delimiter && *p != '\n' && *p != '\r') {
        p++;
    }
    cell->length = (size_t)(p - cell->text);
    *next = p;
    return KM_CSV_FINE;
}

const char *km_csv_skip_record(const char *p, const char *end, char delimiter, int64_t *n_cells) {
    *n_cells = 0;
    for (;;) {
        km_csv_cell cell;
        km_csv_fault_kind fault = km_csv_take_cell(p, end, delimiter, &cell, &p);
        (*n_cells)++;
        if (fault == KM_CSV_AFTER_QUOTE) {
            while (p < end && *p != delimiter && *p != '\n' && *p != '\r') {
                p++;
            }
        }
        if (p == end || *p != delimiter) {
            return km_csv_skip_line_end(p, end);
        }
        p++;
    }
}

size_t km_csv_unescape(const km_csv_cell *cell, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < cell->length; i++) {
        out[n++] = cell->text[i];
        i += cell->text[i] == '"'; /* its twin follows */
    }
    return n;
}

int km_utf8_valid(const char *text, size_t n) {
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    while (p < end) {
        if (*p < 0x80) {
            if (*p++ == 0) {
                return 0;
            }
            continue;
        }
        unsigned more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
        unsigned low = 0x80, high = 0xbf; /* of the second byte */
        if (*p < 0xc2 || *p > 0xf4 || (size_t)(end - p) <= more) {
            return 0;
        }
        low = *p == 0xe0 ? 0xa0 : *p == 0xf0 ? 0x90 : low;
        high = *p == 0xed ? 0x9f : *p == 0xf4 ? 0x8f : high;
        if (p[1] < low || p[1] > high) {
            return 0;
        }
        for (unsigned i = 2; i <= more; i++) {
            if (p[i] < 0x80 || p[i] > 0xbf) {
                return 0;
            }
        }
        p += more + 1;
    }
    return 1;
}

int64_t km_csv_line_of(const char *text, int64_t offset) {
    int64_t line = 1;
    for (int64_t i = 0; i < offset; i++) {
        line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    }
    return line;
}
