/* The first lines: byte-order mark, delimiter, names. */
#include "source/csv_scan.h"

#include <stdio.h>
#include <string.h>

/* The delimiter is judged by this many records, within this many bytes. */
#define JUDGED_RECORDS 32
#define JUDGED_BYTES   (64 * 1024)

static const char candidates[4] = {',', ';', '\t', '|'};

/* How many cells every one of the first records has: 0 when they differ. *first is the number of
 * cells of the first. */
static int64_t common_cells(const char *p, const char *end, char delimiter, int cut,
                            int64_t *first) {
    int64_t common = 0;
    *first = 0;
    for (int record = 0; record < JUDGED_RECORDS && p < end;) {
        if (*p == '\n' || *p == '\r') {
            p = km_csv_skip_line_end(p, end);
            continue;
        }
        int64_t n;
        p = km_csv_skip_record(p, end, delimiter, &n);
        if (p == end && cut && record > 0) {
            break; /* the rest of this record was not looked at */
        }
        *first = record == 0 ? n : *first;
        common = record == 0 || common == n ? n : 0;
        record++;
        if (common == 0) {
            break;
        }
    }
    return common;
}

/* The delimiter that cuts all records into the same number of cells, at least two; among several,
 * the one with most cells, then the first of , ; tab |. When there is none, the one that cuts the
 * first record into most cells, so that the message about the records is about the right cells. */
static char find_delimiter(const char *text, int64_t size) {
    int cut = size > JUDGED_BYTES;
    const char *end = text + (cut ? JUDGED_BYTES : size);
    int64_t best = 1, best_first = 1;
    char delimiter = ',', delimiter_first = ',';
    for (size_t i = 0; i < sizeof candidates; i++) {
        int64_t first, n = common_cells(text, end, candidates[i], cut, &first);
        if (n > best) {
            best = n;
            delimiter = candidates[i];
        }
        if (first > best_first) {
            best_first = first;
            delimiter_first = candidates[i];
        }
    }
    return best > 1 ? delimiter : delimiter_first;
}

static kmseg_status given_delimiter(kmseg_context *ctx, const char *text, char *out) {
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0) {
        *out = '\t';
        return KMSEG_OK;
    }
    if (strlen(text) == 1 && memchr(candidates, *text, sizeof candidates) != NULL) {
        *out = *text;
        return KMSEG_OK;
    }
    return km_fail(ctx, KMSEG_E_ARGUMENT,
                   "delimiter is \"%s\"; it needs to be one of \",\", \";\", \"|\" and \"tab\"",
                   text);
}

static kmseg_status fail_line(kmseg_context *ctx, const char *path, const km_input *input,
                              const char *at, const char *what) {
    return km_fail(ctx, KMSEG_E_FORMAT, "%s, line %lld: %s", path,
                   (long long)km_csv_line_of(input->text, at - input->text), what);
}

/* A cell of the header as a name; NULL when out of memory. */
static const char *name_of(const km_csv_cell *cell, int32_t position, km_arena *arena) {
    km_csv_cell c = *cell;
    while (!c.quoted && c.length > 0 && c.text[0] == ' ') {
        c.text++;
        c.length--;
    }
    while (!c.quoted && c.length > 0 && c.text[c.length - 1] == ' ') {
        c.length--;
    }
    if (c.length == 0) {
        return km_arena_format(arena, "c%d", position);
    }
    char *name = km_arena_text_n(arena, c.text, c.length);
    if (name != NULL && c.escaped) {
        name[km_csv_unescape(&c, name)] = '\0';
    }
    return name;
}

static kmseg_status check_distinct(kmseg_context *ctx, const char *path, const km_csv_header *h) {
    for (int32_t i = 0; i < h->n_fields; i++) {
        for (int32_t j = 0; j < i; j++) {
            if (strcmp(h->names[i], h->names[j]) == 0) {
                return km_fail(ctx, KMSEG_E_FORMAT,
                               "%s: columns %d and %d are both named %s; names need to be distinct",
                               path, j + 1, i + 1, h->names[i]);
            }
        }
    }
    return KMSEG_OK;
}

static kmseg_status read_names(kmseg_context *ctx, const char *path, const km_input *input,
                               const char *p, const char *end, km_arena *arena,
                               km_csv_header *out) {
    for (int32_t i = 0;; i++) {
        km_csv_cell cell;
        const char *at = p;
        km_csv_fault_kind fault = km_csv_take_cell(p, end, out->delimiter, &cell, &p);
        if (fault == KM_CSV_OPEN_QUOTE) {
            return fail_line(ctx, path, input, at,
                             "a name has an opening quote and no closing one");
        }
        if (fault == KM_CSV_AFTER_QUOTE) {
            return fail_line(ctx, path, input, at, "a name goes on behind its closing quote");
        }
        if (!km_utf8_valid(cell.text, cell.length)) {
            return fail_line(ctx, path, input, at,
                             "the header is not UTF-8 text; convert the file to UTF-8");
        }
        if (i < out->n_fields) {
            out->names[i] = name_of(&cell, i + 1, arena);
            if (out->names[i] == NULL) {
                return km_fail_memory(ctx, "the names of columns");
            }
        }
        if (p == end || *p != out->delimiter) {
            out->data = km_csv_skip_line_end(p, end) - input->text;
            return check_distinct(ctx, path, out);
        }
        p++;
    }
}

kmseg_status km_csv_read_header(kmseg_context *ctx, const char *path, const km_input *input,
                                const char *delimiter, int has_header, km_arena *arena,
                                km_csv_header *out) {
    memset(out, 0, sizeof *out);
    const char *p = input->text, *end = p + input->size;
    if (input->size >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0)) {
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: is UTF-16 text; it needs to be UTF-8", path);
    }
    if (input->size >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }
    while (p < end && (*p == '\n' || *p == '\r')) {
        p++;
    }
    if (p == end) {
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: is empty; it needs a header and rows", path);
    }
    if (delimiter != NULL) {
        KM_TRY(given_delimiter(ctx, delimiter, &out->delimiter));
    } else {
        out->delimiter = find_delimiter(p, end - p);
    }
    int64_t n_cells;
    km_csv_skip_record(p, end, out->delimiter, &n_cells);
    if (n_cells > INT32_MAX / 2) {
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: has %lld columns", path, (long long)n_cells);
    }
    out->n_fields = (int32_t)n_cells;
    out->names = km_arena_array(arena, n_cells, sizeof *out->names);
    if (out->names == NULL) {
        return km_fail_memory(ctx, "the names of columns");
    }
    if (has_header) {
        return read_names(ctx, path, input, p, end, arena, out);
    }
    out->data = p - input->text;
    for (int32_t i = 0; i < out->n_fields; i++) {
        out->names[i] = km_arena_format(arena, "c%d", i + 1);
        if (out->names[i] == NULL) {
            return km_fail_memory(ctx, "the names of columns");
        }
    }
    return KMSEG_OK;
}
