/* CSV one cell at a time: the header, the guess of delimiter and types, and whatever is rare. */
#ifndef KM_SOURCE_CSV_SCAN_H
#define KM_SOURCE_CSV_SCAN_H

#include "source/csv_input.h"

typedef enum km_csv_fault_kind {
    KM_CSV_FINE = 0,
    KM_CSV_RAGGED,      /* a record with too few or too many cells */
    KM_CSV_OPEN_QUOTE,  /* a quoted cell that is never closed */
    KM_CSV_AFTER_QUOTE, /* text between a closing quote and the delimiter */
    KM_CSV_NUL,
    KM_CSV_UTF8,
    KM_CSV_LONG, /* a text cell of 4 GiB or more */
    KM_CSV_NUMBER,
    KM_CSV_INFINITE,
    KM_CSV_TIME,
    KM_CSV_MEMORY,
    KM_CSV_ROWS /* more records than line ends: our own mistake */
} km_csv_fault_kind;

typedef struct km_csv_cell {
    const char *text; /* between the quotes where there are any */
    size_t length;
    int quoted, escaped; /* escaped: "" stands for " in it */
} km_csv_cell;

/* Reads the cell that begins at p, where a record is known to go on; *next is behind it, at a
 * delimiter, a line end or end. */
km_csv_fault_kind km_csv_take_cell(const char *p, const char *end, char delimiter,
                                   km_csv_cell *cell, const char **next);

/* The same for a cell that begins with a quote. */
km_csv_fault_kind km_csv_take_quoted(const char *p, const char *end, char delimiter,
                                     km_csv_cell *cell, const char **next);

/* Behind the line end at p; p itself when there is none. */
static inline const char *km_csv_skip_line_end(const char *p, const char *end) {
    if (p < end && *p == '\r') {
        p++;
        return p < end && *p == '\n' ? p + 1 : p;
    }
    return p < end && *p == '\n' ? p + 1 : p;
}

/* Behind the record that begins at p, and how many cells it has. A fault ends it. */
const char *km_csv_skip_record(const char *p, const char *end, char delimiter, int64_t *n_cells);

/* Writes a cell without its doubled quotes, at most length bytes; how many there are. */
size_t km_csv_unescape(const km_csv_cell *cell, char *out);

/* 1 when the bytes are UTF-8 (no surrogates, nothing overlong) without NUL. */
int km_utf8_valid(const char *text, size_t n);

/* Line of a byte, from 1, as an editor counts: LF, CRLF and CR end lines. */
int64_t km_csv_line_of(const char *text, int64_t offset);

typedef struct km_csv_header {
    char delimiter;
    int32_t n_fields;
    const char **names; /* in the arena given */
    int64_t data;       /* where the records begin */
} km_csv_header;

/* Finds delimiter and names. delimiter NULL: by the first lines. KMSEG_E_FORMAT when the file is
 * empty, is not text, or has a name twice. */
kmseg_status km_csv_read_header(kmseg_context *ctx, const char *path, const km_input *input,
                                const char *delimiter, int has_header, km_arena *arena,
                                km_csv_header *out);

#endif
