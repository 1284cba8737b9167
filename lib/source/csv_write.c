/* Tables as CSV: rows are formatted by chunks in parallel and written in order. */
#include "base/parallel.h"
#include "base/text.h"
#include "data/table.h"
#include "source/csv_number.h"
#include "source/csv_output.h"

#include <kmseg/source.h>

#include <math.h>
#include <string.h>

/* Chunks that are formatted before they are written. */
#define WAVE 64

/* A whole number of units of 10^-decimals, below 10^15; how many characters. */
static size_t format_decimal(double units, int decimals, char *out) {
    char digits[24], *p = digits + sizeof digits;
    uint64_t rest = (uint64_t)fabs(units);
    for (int i = 0; i < decimals; i++) {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (decimals > 0) {
        *--p = '.';
    }
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (signbit(units)) {
        *--p = '-';
    }
    size_t n = (size_t)(digits + sizeof digits - p);
    memcpy(out, p, n);
    return n;
}

/* The shortest decimal that reads back as the same bits, and as a number: a whole number of more
 * than 15 digits gets a point, without which it would be taken for a name. */
static size_t format_number(double value, char *out, size_t capacity) {
    if (isnan(value)) {
        return 0;
    }
    /* Most numbers have few decimals. The division is the one that reading does. */
    for (int decimals = 0; decimals <= 6 && fabs(value) < 1e9; decimals++) {
        double units = rint(value * km_exact_powers_of_10[decimals]);
        if (units / km_exact_powers_of_10[decimals] == value) {
            return format_decimal(units, decimals, out);
        }
    }
    size_t n = km_format_double(value, out, capacity);
    if (n > 15 && strpbrk(out, ".en") == NULL) {
        memcpy(out + n, ".0", 3);
        n += 2;
    }
    return n;
}

/* A text as a cell: in quotes when it would be read as something else without. */
static void add_text(km_string *line, const char *text) {
    size_t n = strlen(text);
    if (n > 0 && text[0] != ' ' && text[n - 1] != ' ' && strpbrk(text, ",\"\r\n") == NULL) {
        km_string_add_n(line, text, n);
        return;
    }
    km_string_add_n(line, "\"", 1);
    for (const char *quote; (quote = strchr(text, '"')) != NULL; text = quote + 1) {
        km_string_add_n(line, text, (size_t)(quote + 1 - text));
        km_string_add_n(line, "\"", 1);
    }
    km_string_add(line, text);
    km_string_add_n(line, "\"", 1);
}

static void add_cell(km_string *line, const kmseg_column *column, int64_t row) {
    char cell[40];
    switch (column->type) {
    case KMSEG_COLUMN_NUMBER:
        km_string_add_n(line, cell, format_number(column->numbers[row], cell, sizeof cell));
        break;
    case KMSEG_COLUMN_TIME:
        kmseg_time_format(column->times[row], cell, sizeof cell);
        km_string_add(line, cell);
        break;
    case KMSEG_COLUMN_TEXT:
        if (column->codes[row] >= 0) {
            add_text(line, column->levels[column->codes[row]]);
        }
        break;
    }
}

typedef struct wave {
    const kmseg_table *table;
    int64_t first_chunk;
    km_string strings[WAVE];
} wave;

static void format_chunk(void *argument, int64_t index, int32_t thread) {
    wave *w = argument;
    km_string *lines = &w->strings[index];
    int64_t row = (w->first_chunk + index) * KM_CHUNK_ROWS, last = row + KM_CHUNK_ROWS;
    last = last < w->table->n_rows ? last : w->table->n_rows;
    (void)thread;
    lines->length = 0;
    for (; row < last; row++) {
        for (int32_t i = 0; i < w->table->n_columns; i++) {
            if (i > 0) {
                km_string_add_n(lines, ",", 1);
            }
            add_cell(lines, &w->table->columns[i], row);
        }
        km_string_add_n(lines, "\n", 1);
    }
}

static kmseg_status write_rows(kmseg_context *ctx, wave *w, km_output *output) {
    int64_t n_chunks = km_chunks(w->table->n_rows, KM_CHUNK_ROWS);
    for (; w->first_chunk < n_chunks; w->first_chunk += WAVE) {
        int64_t n = n_chunks - w->first_chunk < WAVE ? n_chunks - w->first_chunk : WAVE;
        KM_TRY(km_parallel(ctx, n, format_chunk, w));
        for (int64_t i = 0; i < n; i++) {
            if (w->strings[i].failed) {
                return km_fail_memory(ctx, "the text of a table");
            }
            KM_TRY(km_output_write(output, w->strings[i].data, w->strings[i].length));
            km_progress_step(ctx, KM_CHUNK_ROWS, 1);
        }
    }
    return KMSEG_OK;
}

static kmseg_status write_table(kmseg_context *ctx, const kmseg_table *table, km_output *output) {
    wave *w = km_allocate(&ctx->allocator, sizeof *w);
    if (w == NULL) {
        return km_fail_memory(ctx, "the text of a table");
    }
    w->table = table;
    w->first_chunk = 0;
    for (int i = 0; i < WAVE; i++) {
        km_string_init(&w->strings[i], &ctx->allocator);
    }
    km_string *header = &w->strings[0];
    for (int32_t i = 0; i < table->n_columns; i++) {
        if (i > 0) {
            km_string_add_n(header, ",", 1);
        }
        add_text(header, table->columns[i].name);
    }
    km_string_add_n(header, "\n", 1);
    km_progress_begin(ctx, "writing", table->n_rows);
    kmseg_status status = header->failed ? km_fail_memory(ctx, "the text of a table")
                                         : km_output_write(output, header->data, header->length);
    if (status == KMSEG_OK) {
        status = write_rows(ctx, w, output);
    }
    km_progress_end(ctx);
    for (int i = 0; i < WAVE; i++) {
        km_string_free(&w->strings[i]);
    }
    km_release(&ctx->allocator, w);
    return status;
}

kmseg_status kmseg_csv_write(kmseg_context *ctx, const kmseg_table *table, const char *path) {
    if (table->n_columns == 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "a table without columns cannot be written as CSV");
    }
    km_output output;
    KM_TRY(km_output_open(ctx, path, &output));
    return km_output_commit(&output, write_table(ctx, table, &output));
}
