/* Lines of rows, for those who want to find a few of them in the file. */
#include "source/csv.h"

#include <string.h>

/* A record of more bytes is gone through byte by byte, as one with quotes is. */
enum { NEAR = 4096 };

/* Behind the record that begins at p, and how many line ends are in it and behind it. */
static const char *skip_lines(const char *p, const char *end, char delimiter, int64_t *lines) {
    const char *lf = memchr(p, '\n', end - p < NEAR ? (size_t)(end - p) : NEAR);
    const char *next = lf != NULL ? lf + 1 : p;
    if (lf != NULL && memchr(p, '"', (size_t)(next - p)) == NULL &&
        memchr(p, '\r', (size_t)(next - p)) == NULL) {
        ++*lines;
        return next;
    }
    int64_t n_cells;
    next = km_csv_skip_record(p, end, delimiter, &n_cells);
    *lines += km_csv_line_of(p, next - p) - 1;
    return next;
}

static kmseg_status find_lines(kmseg_context *ctx, const char *path, const km_input *input,
                               const km_csv_header *header, const int64_t *rows, int64_t n_rows,
                               int64_t *out_lines) {
    const char *p = input->text + header->data, *end = input->text + input->size;
    int64_t line = km_csv_line_of(input->text, header->data), row = 0, i = 0;
    while (p < end && i < n_rows) {
        if (header->n_fields > 1 && (*p == '\n' || *p == '\r')) {
            p = km_csv_skip_line_end(p, end); /* an empty line is no row */
            line++;
            continue;
        }
        for (; i < n_rows && rows[i] == row; i++) {
            out_lines[i] = line;
        }
        p = skip_lines(p, end, header->delimiter, &line);
        row++;
    }
    return i == n_rows ? KMSEG_OK
                       : km_fail(ctx, KMSEG_E_DATA,
                                 "%s: has %lld rows and no row %lld; was it "
                                 "changed while it was read?",
                                 path, (long long)row, (long long)rows[i] + 1);
}

kmseg_status km_csv_lines(kmseg_context *ctx, const char *path, const km_input *input,
                          const kmseg_csv_options *options, const int64_t *rows, int64_t n_rows,
                          int64_t *out_lines) {
    kmseg_csv_options defaults;
    kmseg_csv_options_init(&defaults);
    options = options != NULL ? options : &defaults;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_csv_header header;
    kmseg_status status =
        km_csv_read_header(ctx, path, input, options->delimiter, options->header, &arena, &header);
    if (status == KMSEG_OK) {
        status = find_lines(ctx, path, input, &header, rows, n_rows, out_lines);
    }
    km_arena_free(&arena);
    return status;
}
