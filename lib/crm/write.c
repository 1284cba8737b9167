/* Rows as text: chunks of rows are formatted side by side, then written in order, into as many files
 * as the limits ask for. */
#include "crm/crm.h"

#include "base/decimal.h"
#include "base/parallel.h"
#include "source/csv_output.h"

#include <math.h>
#include <string.h>

/* Chunks formatted before they are written; little enough to stay in a cache. */
enum { WAVE = 16 };

typedef struct chunk {
    char *text;
    size_t length, capacity;
    uint32_t ends[KM_CHUNK_ROWS]; /* of the rows, in text */
    int64_t n_marked;
    int failed;
} chunk;

typedef struct writer {
    km_crm *crm;
    int64_t first_chunk;
    size_t row_room; /* of a row at most, its id not counted */
    km_string head;  /* byte-order mark and header */
    km_output output;
    int64_t max_rows, max_size;
    int64_t file_rows, file_size;
    char (*kept)[KM_OUTPUT_NAME]; /* files that are whole, by their temporary names */
    int32_t n_kept, kept_capacity;
    chunk chunks[WAVE];
} writer;

/* Signs that a text needs a closer look for. */
static const uint8_t plain[256] = {
    ['"'] = 1, [','] = 1, ['\r'] = 1, ['\n'] = 1, [' '] = 1,  ['\''] = 2,
    ['='] = 2, ['+'] = 2, ['-'] = 2,  ['@'] = 2,  ['\t'] = 2, [0xef] = 2,
};

/* Most ids need nothing. */
static size_t add_id(const km_crm *crm, const char *id, chunk *out) {
    char *at = out->text + out->length;
    uint8_t seen = (uint8_t)(plain[(uint8_t)id[0]] & (crm->ids_are_numbers ? 1 : 3));
    size_t n = 0;
    for (; id[n] != '\0'; n++) {
        at[n] = id[n];
        seen |= (uint8_t)(plain[(uint8_t)id[n]] & 1);
    }
    if (seen == 0) {
        return n;
    }
    km_string text;
    km_string_init(&text, &crm->ctx->allocator);
    km_crm_add_text(&text, id, crm->ids_are_numbers, &out->n_marked);
    if (text.failed) {
        out->failed = 1;
        n = 0;
    } else {
        n = text.length; /* reserve() has counted every sign twice */
        memcpy(at, text.data, n);
    }
    km_string_free(&text);
    return n;
}

static int reserve(const km_crm *crm, chunk *out, size_t room) {
    if (out->capacity - out->length >= room) {
        return 1;
    }
    size_t capacity = 2 * out->capacity + room;
    char *text = km_allocate(&crm->ctx->allocator, capacity);
    if (text == NULL) {
        out->failed = 1;
        return 0;
    }
    if (out->length > 0) {
        memcpy(text, out->text, out->length);
    }
    km_release(&crm->ctx->allocator, out->text);
    out->text = text;
    out->capacity = capacity;
    return 1;
}

static void add_cell(const km_crm_cell *cell, chunk *out) {
    char *at = out->text + out->length;
    memcpy(at, cell->text, KM_CRM_CELL_PAD); /* both have room; mostly this is all of it */
    if (cell->length > KM_CRM_CELL_PAD) {
        memcpy(at, cell->text, cell->length);
    }
    out->length += cell->length;
}

static void add_number(double value, int is_first, chunk *out) {
    char *at = out->text + out->length;
    *at = ',';
    at += !is_first;
    if (!isnan(value)) {
        at += km_print_double(value, at);
    }
    out->length = (size_t)(at - out->text);
}

static void add_row(const km_crm *crm, int64_t sample, chunk *out) {
    int64_t customer = crm->match != NULL ? crm->match[sample] : sample;
    for (int32_t i = 0; i < crm->n_columns; i++) {
        const km_crm_column *column = &crm->columns[i];
        int64_t row = column->is_customers ? customer : sample;
        if (column->field == KMSEG_CRM_ID) {
            out->length += add_id(crm, crm->ids[sample], out);
        } else if (column->numbers != NULL) {
            add_number(row >= 0 ? column->numbers[row] : (double)NAN, i == 0, out);
        } else {
            int32_t code = row >= 0 ? column->codes[row] + 1 : 0;
            add_cell(&column->cells[code], out);
            out->n_marked += column->marked[code];
        }
    }
}

static void format_chunk(void *argument, int64_t index, int32_t thread) {
    writer *w = argument;
    const km_crm *crm = w->crm;
    chunk *out = &w->chunks[index];
    int64_t n = crm->result->n_samples, begin = (w->first_chunk + index) * KM_CHUNK_ROWS;
    size_t end_length = strlen(crm->format->line_end);
    (void)thread;
    out->length = 0;
    out->n_marked = 0;
    for (int64_t i = 0; i < KM_CHUNK_ROWS && begin + i < n; i++) {
        int64_t sample = crm->order != NULL ? crm->order[begin + i] : begin + i;
        if (!reserve(crm, out, w->row_room + 2 * strlen(crm->ids[sample]))) {
            return;
        }
        add_row(crm, sample, out);
        memcpy(out->text + out->length, crm->format->line_end, end_length);
        out->length += end_length;
        out->ends[i] = (uint32_t)out->length;
    }
    out->failed |= out->length > UINT32_MAX; /* rows of a megabyte each */
}

/* The file that is being written is whole: the next begins. */
static kmseg_status next_file(writer *w) {
    kmseg_context *ctx = w->crm->ctx;
    if (w->n_kept == w->kept_capacity) {
        int32_t capacity = w->kept_capacity > 0 ? 2 * w->kept_capacity : 16;
        char(*kept)[KM_OUTPUT_NAME] = km_arena_array(&w->crm->arena, capacity, sizeof *kept);
        if (kept == NULL) {
            return km_fail_memory(ctx, "names of files");
        }
        if (w->n_kept > 0) {
            memcpy(kept, w->kept, (size_t)w->n_kept * sizeof *kept);
        }
        w->kept = kept;
        w->kept_capacity = capacity;
    }
    KM_TRY(km_output_next(&w->output, w->kept[w->n_kept]));
    w->n_kept++;
    return KMSEG_OK;
}

static kmseg_status begin_rows(writer *w) {
    w->file_rows = 0;
    w->file_size = (int64_t)w->head.length;
    w->crm->report->n_files++;
    w->crm->report->n_bytes += (int64_t)w->head.length;
    return km_output_write(&w->output, w->head.data, w->head.length);
}

/* How many rows of a chunk from row on the file still takes. */
static int64_t fitting(const writer *w, const chunk *c, int64_t row, int64_t n_rows) {
    int64_t n = n_rows - row, begin = row > 0 ? c->ends[row - 1] : 0;
    if (w->max_rows > 0 && n > w->max_rows - w->file_rows) {
        n = w->max_rows - w->file_rows;
    }
    if (w->max_size > 0) {
        while (n > 0 && c->ends[row + n - 1] - begin > w->max_size - w->file_size) {
            n--;
        }
    }
    return n;
}

static kmseg_status write_chunk(writer *w, const chunk *c, int64_t n_rows) {
    kmseg_crm_report *report = w->crm->report;
    for (int64_t row = 0; row < n_rows;) {
        int64_t n = fitting(w, c, row, n_rows), begin = row > 0 ? c->ends[row - 1] : 0;
        if (n == 0 && w->file_rows == 0) {
            return km_fail(w->crm->ctx, KMSEG_E_ARGUMENT,
                           "max_size is %lld; a header and a row have %lld bytes",
                           (long long)w->max_size,
                           (long long)(w->file_size + c->ends[row] - begin));
        }
        if (n == 0) {
            if (w->output.folder < 0) {
                return km_fail(w->crm->ctx, KMSEG_E_ARGUMENT,
                               "format %s needs more than one file for %lld rows; name a file",
                               w->crm->format->named.name, (long long)w->crm->result->n_samples);
            }
            KM_TRY(next_file(w));
            KM_TRY(begin_rows(w));
            continue;
        }
        size_t length = c->ends[row + n - 1] - (size_t)begin;
        KM_TRY(km_output_write(&w->output, c->text + begin, length));
        w->file_rows += n;
        w->file_size += (int64_t)length;
        report->n_bytes += (int64_t)length;
        report->n_rows += n;
        row += n;
    }
    report->n_neutralised += c->n_marked;
    return KMSEG_OK;
}

static kmseg_status write_rows(writer *w) {
    kmseg_context *ctx = w->crm->ctx;
    int64_t n = w->crm->result->n_samples, n_chunks = km_chunks(n, KM_CHUNK_ROWS);
    for (; w->first_chunk < n_chunks; w->first_chunk += WAVE) {
        int64_t wave = n_chunks - w->first_chunk < WAVE ? n_chunks - w->first_chunk : WAVE;
        KM_TRY(km_parallel(ctx, wave, format_chunk, w));
        for (int64_t i = 0; i < wave; i++) {
            int64_t begin = (w->first_chunk + i) * KM_CHUNK_ROWS;
            int64_t rows = n - begin < KM_CHUNK_ROWS ? n - begin : KM_CHUNK_ROWS;
            if (w->chunks[i].failed) {
                return km_fail_memory(ctx, "the text of an export");
            }
            KM_TRY(write_chunk(w, &w->chunks[i], rows));
            km_progress_step(ctx, rows, 1);
        }
    }
    return KMSEG_OK;
}

static kmseg_status write_text(writer *w, void (*make)(const km_crm *crm, km_string *out)) {
    km_string text;
    km_string_init(&text, &w->crm->ctx->allocator);
    make(w->crm, &text);
    kmseg_status status = text.failed ? km_fail_memory(w->crm->ctx, "a mapping")
                                      : km_output_write(&w->output, text.data, text.length);
    km_string_free(&text);
    return status;
}

static kmseg_status write_all(writer *w) {
    KM_TRY(begin_rows(w));
    KM_TRY(write_rows(w));
    if (w->output.folder < 0) {
        return KMSEG_OK;
    }
    KM_TRY(next_file(w));
    KM_TRY(write_text(w, km_crm_mapping));
    if (w->crm->format->is_sdl) {
        KM_TRY(next_file(w));
        KM_TRY(write_text(w, km_crm_sdl));
    }
    return KMSEG_OK;
}

/* Final names: of the files of rows, then of the mappings, which stand in place of the ending. */
static kmseg_status name_files(writer *w, const char *path, const char ***out) {
    km_arena *arena = &w->crm->arena;
    int32_t n = w->crm->report->n_files, at = 0;
    const char **names = km_arena_array(arena, (int64_t)n + 2, sizeof *names);
    size_t room = strlen(path) + 32;
    const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    const char *dot = strrchr(base, '.');
    int stem = (int)(dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base));
    for (; at < n && names != NULL; at++) {
        char *name = km_arena_take(arena, room);
        names[at] = name;
        if (name == NULL || !kmseg_crm_file_name(base, at, n, name, room)) {
            names = NULL;
        }
    }
    if (names != NULL) {
        names[n] = km_arena_format(arena, "%.*s.mapping.csv", stem, base);
        names[n + 1] = km_arena_format(arena, "%.*s.sdl", stem, base);
    }
    *out = names;
    return names != NULL && names[n] != NULL && names[n + 1] != NULL
               ? KMSEG_OK
               : km_fail_memory(w->crm->ctx, "names of files");
}

static kmseg_status prepare(writer *w) {
    const km_crm *crm = w->crm;
    const kmseg_crm_options *options = crm->options;
    int64_t marked = 0;
    w->max_rows = options->max_rows > 0 ? options->max_rows : crm->format->max_rows;
    w->max_size = options->max_size > 0 ? options->max_size : crm->format->max_size;
    w->row_room = 64;
    km_string_add(&w->head, crm->format->bom ? "\xef\xbb\xbf" : "");
    for (int32_t i = 0; i < crm->n_columns; i++) {
        const km_crm_column *column = &crm->columns[i];
        size_t most = KM_DECIMAL_ROOM;
        for (int32_t c = 0; c <= column->n_cells && column->cells != NULL; c++) {
            most = column->cells[c].length > most ? column->cells[c].length : most;
        }
        w->row_room += most + KM_CRM_CELL_PAD;
        km_string_add(&w->head, i > 0 ? "," : "");
        km_crm_add_text(&w->head, column->header, 0, &marked);
    }
    km_string_add(&w->head, crm->format->line_end);
    return w->head.failed ? km_fail_memory(crm->ctx, "the text of an export") : KMSEG_OK;
}

kmseg_status km_crm_write_files(km_crm *crm, const char *path) {
    writer *w = km_allocate(&crm->ctx->allocator, sizeof *w);
    if (w == NULL) {
        return km_fail_memory(crm->ctx, "the text of an export");
    }
    memset(w, 0, sizeof *w);
    w->crm = crm;
    km_string_init(&w->head, &crm->ctx->allocator);
    kmseg_status status = prepare(w);
    if (status == KMSEG_OK) {
        status = km_output_open(crm->ctx, path, &w->output);
        if (status == KMSEG_OK) {
            const char **names = NULL;
            km_progress_begin(crm->ctx, "export", crm->result->n_samples);
            status = write_all(w);
            km_progress_end(crm->ctx);
            if (status == KMSEG_OK) {
                status = name_files(w, path, &names);
            }
            status = km_output_commit_all(&w->output, status, w->kept, names, w->n_kept);
        }
    }
    for (int i = 0; i < WAVE; i++) {
        km_release(&crm->ctx->allocator, w->chunks[i].text);
    }
    km_string_free(&w->head);
    km_release(&crm->ctx->allocator, w);
    return status;
}
