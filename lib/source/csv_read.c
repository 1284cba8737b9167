/* kmseg_csv_read(): options, columns, passes, and what is said when something is wrong. */
#include "base/parallel.h"
#include "data/table.h"
#include "source/csv.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_BYTES ((int64_t)1 << 20)
#define MOST_CHUNKS 1024

static const kmseg_option csv_rows[] = {
    {.name = "delimiter",
     .type = KMSEG_OPTION_TEXT,
     .offset = offsetof(kmseg_csv_options, delimiter),
     .metavar = "CHAR",
     .help = "what separates cells: , ; | or tab (found from the first lines)"},
    {.name = "header",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(kmseg_csv_options, header),
     .default_number = 1,
     .help = "the first line has the names of the columns"},
    {.name = "date_order",
     .type = KMSEG_OPTION_CHOICE,
     .offset = offsetof(kmseg_csv_options, date_order),
     .default_text = "auto",
     .choices = "auto|day_first|month_first",
     .metavar = "ORDER",
     .help = "how 9/12/2011 is read"},
    {.name = "max_rows",
     .type = KMSEG_OPTION_INT64,
     .offset = offsetof(kmseg_csv_options, max_rows),
     .minimum = 0,
     .maximum = 9e18,
     .metavar = "N",
     .help = "stop behind so many rows (0: read all)"},
    {.name = "lenient",
     .type = KMSEG_OPTION_BOOL,
     .offset = offsetof(kmseg_csv_options, lenient),
     .help = "take cells that do not parse as missing, and count them"},
};

static const kmseg_option_table csv_table = {
    .name = "csv",
    .struct_size = sizeof(kmseg_csv_options),
    .n_options = sizeof csv_rows / sizeof *csv_rows,
    .options = csv_rows,
};

const kmseg_option_table *kmseg_csv_option_table(void) { return &csv_table; }

void kmseg_csv_options_init(kmseg_csv_options *options) { kmseg_options_init(&csv_table, options); }

/* The first characters of a cell, for a message; never half of one. */
static void excerpt(const km_csv_cell *cell, char *out, size_t capacity) {
    enum { MOST = 40 };
    size_t n = cell->length;
    if (n > MOST) {
        n = MOST;
        while (n > 0 && ((unsigned char)cell->text[n] & 0xc0) == 0x80) {
            n--;
        }
    }
    snprintf(out, capacity, "%.*s%s", (int)n, cell->text, n < cell->length ? "..." : "");
}

static kmseg_status fail_ragged(const km_csv_reader *reader, const km_csv_fault *fault) {
    long long line = (long long)km_csv_line_of(reader->pass.text, fault->offset);
    return km_fail(reader->ctx, KMSEG_E_FORMAT, "%s, line %lld: has %lld cell%s; it needs %d%s",
                   reader->path, line, (long long)fault->n_cells, fault->n_cells == 1 ? "" : "s",
                   reader->pass.n_fields,
                   reader->options->header ? ", as the header has" : ", as the first line has");
}

kmseg_status km_csv_fail(const km_csv_reader *reader, const km_csv_fault *fault) {
    kmseg_context *ctx = reader->ctx;
    if (fault->kind == KM_CSV_MEMORY) {
        return km_fail_memory(ctx, "a chunk of a CSV file");
    }
    if (fault->kind == KM_CSV_RAGGED) {
        return fail_ragged(reader, fault);
    }
    char cell[64], where[512];
    excerpt(&fault->cell, cell, sizeof cell);
    snprintf(where, sizeof where, "%s, line %lld, column %s", reader->path,
             (long long)km_csv_line_of(reader->pass.text, fault->offset),
             reader->header.names[fault->field]);
    switch (fault->kind) {
    case KM_CSV_OPEN_QUOTE:
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: has an opening quote and no closing one", where);
    case KM_CSV_AFTER_QUOTE:
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "%s: goes on behind its closing quote; a quote inside a quoted cell is "
                       "written twice",
                       where);
    case KM_CSV_NUL:
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: has a zero byte; the file needs to be text",
                       where);
    case KM_CSV_UTF8:
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: is not UTF-8; convert the file to UTF-8", where);
    case KM_CSV_LONG: return km_fail(ctx, KMSEG_E_FORMAT, "%s: the cell has 4 GiB or more", where);
    case KM_CSV_NUMBER:
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: \"%s\" is not a number", where, cell);
    case KM_CSV_INFINITE:
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: \"%s\" is infinite; numbers need to be finite",
                       where, cell);
    case KM_CSV_TIME:
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "%s: \"%s\" is not a date; it needs to be like 2011-12-09 or 2011-12-09 "
                       "12:50",
                       where, cell);
    default: return km_fail(ctx, KMSEG_E_INTERNAL, "%s: could not be read", where);
    }
}

static int32_t field_of(const km_csv_header *header, const char *name) {
    for (int32_t i = 0; i < header->n_fields; i++) {
        if (strcmp(header->names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static kmseg_status names_table(kmseg_context *ctx, const km_csv_header *header,
                                kmseg_table **out) {
    kmseg_table *table;
    KM_TRY(kmseg_table_new(ctx, 0, &table));
    for (int32_t i = 0; i < header->n_fields; i++) {
        kmseg_status status = kmseg_table_add_texts(ctx, table, header->names[i], NULL);
        if (status != KMSEG_OK) {
            kmseg_table_free(table);
            return status;
        }
    }
    *out = table;
    return KMSEG_OK;
}

static kmseg_status fail_no_column(const km_csv_reader *reader, const char *name) {
    kmseg_table *names;
    KM_TRY(names_table(reader->ctx, &reader->header, &names));
    kmseg_status status = km_table_fail_no_column(reader->ctx, names, name);
    kmseg_table_free(names);
    return km_fail_prefix(reader->ctx, status, "%s", reader->path);
}

/* Which columns are read, and as what where the caller said so. */
static kmseg_status choose_columns(km_csv_reader *reader) {
    const kmseg_csv_options *options = reader->options;
    km_csv_pass *pass = &reader->pass;
    int32_t n = reader->header.n_fields;
    pass->n_fields = n;
    pass->fields = km_arena_array(&reader->arena, n, sizeof *pass->fields);
    reader->columns = km_arena_array(&reader->arena, n, sizeof *reader->columns);
    if (pass->fields == NULL || reader->columns == NULL) {
        return km_fail_memory(reader->ctx, "the columns of a CSV file");
    }
    for (int32_t i = 0; i < n; i++) {
        pass->fields[i].name = reader->header.names[i];
        pass->fields[i].tally = options->n_select > 0 ? -1 : 0;
        pass->fields[i].order_is_sure = strcmp(options->date_order, "auto") != 0;
        pass->fields[i].day_first = strcmp(options->date_order, "day_first") == 0;
    }
    for (int32_t i = 0; i < options->n_select; i++) {
        int32_t field = field_of(&reader->header, options->select[i]);
        if (field < 0) {
            return fail_no_column(reader, options->select[i]);
        }
        pass->fields[field].tally = 0;
    }
    for (int32_t i = 0; i < n; i++) {
        if (pass->fields[i].tally == 0) {
            pass->fields[i].tally = pass->n_tallies;
            reader->columns[pass->n_tallies++].field = i;
        }
    }
    for (int32_t i = 0; i < options->n_requests; i++) {
        const kmseg_column_request *request = &options->requests[i];
        int32_t field = field_of(&reader->header, request->name);
        if (field < 0) {
            return fail_no_column(reader, request->name);
        }
        if (request->type < KMSEG_COLUMN_NUMBER || request->type > KMSEG_COLUMN_TIME) {
            return km_fail(reader->ctx, KMSEG_E_ARGUMENT, "type %d is requested for column %s",
                           (int)request->type, request->name);
        }
        pass->fields[field].requested = 1;
        pass->fields[field].action = (km_csv_action)request->type;
    }
    for (int32_t i = 0; i < n; i++) {
        if (pass->fields[i].tally < 0) {
            pass->fields[i].action = KM_CSV_SKIP;
        }
    }
    return KMSEG_OK;
}

/* Where the records end: at the end of the file, or behind max_rows of them. */
static kmseg_status find_end(km_csv_reader *reader) {
    const char *text = reader->input->text, *end = text + reader->input->size;
    const char *p = text + reader->header.data;
    int one_column = reader->header.n_fields == 1;
    int64_t wanted = reader->options->max_rows > 0 ? reader->options->max_rows : 1, n_rows = 0;
    while (p < end && n_rows < wanted) {
        if (!one_column && (*p == '\n' || *p == '\r')) {
            p++;
            continue;
        }
        int64_t n_cells;
        p = km_csv_skip_record(p, end, reader->header.delimiter, &n_cells);
        n_rows++;
    }
    if (n_rows == 0) {
        return km_fail(reader->ctx, KMSEG_E_DATA, "%s: has a header but no rows", reader->path);
    }
    reader->pass.end = reader->options->max_rows > 0 ? p - text : reader->input->size;
    return KMSEG_OK;
}

void km_csv_populate(const km_csv_pass *pass, int64_t chunk) {
#ifdef MADV_POPULATE_READ
    /* All pages of the chunk at once, instead of a fault every few pages. */
    uintptr_t from = (uintptr_t)(pass->text + pass->chunks[chunk].begin) & ~(uintptr_t)4095;
    uintptr_t to = (uintptr_t)(pass->text + pass->chunks[chunk].limit);
    (void)madvise((void *)from, to - from, MADV_POPULATE_READ);
#else
    (void)pass, (void)chunk;
#endif
}

static void survey_chunk(void *argument, int64_t chunk, int32_t thread) {
    const km_csv_pass *pass = argument;
    (void)thread;
    km_csv_populate(pass, chunk);
    km_csv_survey(pass, chunk);
}

kmseg_status km_csv_survey_all(km_csv_reader *reader) {
    km_csv_pass *pass = &reader->pass;
    return km_parallel(reader->ctx, pass->n_chunks, survey_chunk, pass);
}

static kmseg_status cut_chunks(km_csv_reader *reader, int64_t chunk_bytes) {
    km_csv_pass *pass = &reader->pass;
    int64_t begin = reader->header.data, size = pass->end - begin;
    if (chunk_bytes <= 0) {
        chunk_bytes = size / MOST_CHUNKS > CHUNK_BYTES ? size / MOST_CHUNKS : CHUNK_BYTES;
    }
    pass->n_chunks = km_chunks(size, chunk_bytes);
    pass->chunks = km_arena_array(&reader->arena, pass->n_chunks, sizeof *pass->chunks);
    if (pass->chunks == NULL) {
        return km_fail_memory(reader->ctx, "the chunks of a CSV file");
    }
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        km_csv_chunk *chunk = &pass->chunks[c];
        km_arena_init(&chunk->arena, &reader->ctx->allocator);
        chunk->begin = begin + c * chunk_bytes;
        chunk->limit = c + 1 < pass->n_chunks ? chunk->begin + chunk_bytes : pass->end;
        chunk->tallies = km_arena_array(&reader->arena, pass->n_tallies, sizeof(km_csv_tally));
        chunk->strings = km_arena_array(&reader->arena, pass->n_tallies, sizeof(km_csv_strings));
        if (chunk->tallies == NULL || chunk->strings == NULL) {
            pass->n_chunks = c + 1; /* those that have an arena to free */
            return km_fail_memory(reader->ctx, "the chunks of a CSV file");
        }
    }
    return KMSEG_OK;
}

/* Huge pages where there are any: columns are written once, from end to end, by all threads. */
static void prefer_huge_pages(void *values, size_t bytes) {
#ifdef MADV_HUGEPAGE
    const uintptr_t huge = (uintptr_t)2 << 20;
    uintptr_t from = ((uintptr_t)values + huge - 1) & ~(huge - 1);
    uintptr_t to = ((uintptr_t)values + bytes) & ~(huge - 1);
    if (to > from) {
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
    }
#else
    (void)values, (void)bytes;
#endif
}

/* What each thread needs to parse chunks. */
static kmseg_status make_levels(km_csv_reader *reader) {
    km_csv_pass *pass = &reader->pass;
    int64_t n_threads = kmseg_context_threads(reader->ctx);
    km_csv_levels *levels =
        km_arena_array(&reader->arena, n_threads * pass->n_tallies, sizeof *levels);
    pass->pools = km_arena_array(&reader->arena, n_threads, sizeof *pass->pools);
    if (levels == NULL || pass->pools == NULL) {
        pass->pools = NULL;
        return km_fail_memory(reader->ctx, "reading a CSV file");
    }
    for (int64_t i = 0; i < n_threads * pass->n_tallies; i++) {
        km_csv_levels_init(&levels[i], &reader->ctx->allocator);
    }
    for (int64_t t = 0; t < n_threads; t++) {
        km_csv_pool_init(&pass->pools[t], &reader->ctx->allocator);
    }
    pass->levels = levels;
    return KMSEG_OK;
}

void km_csv_find_starts(km_csv_reader *reader) {
    km_csv_pass *pass = &reader->pass;
    int64_t quotes = 0;
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        km_csv_chunk *chunk = &pass->chunks[c];
        chunk->start = km_csv_find_start(pass, chunk, (int)(quotes & 1));
        quotes += chunk->n_quotes;
        chunk->capacity = chunk->n_line_ends + (c == 0);
    }
}

int64_t km_csv_next_start(const km_csv_pass *pass, const km_csv_chunk *chunk, int64_t at) {
    return at > chunk->limit || at >= pass->end ? -1 : at;
}

/* The table, with room for the rows of every chunk. */
static kmseg_status make_room(km_csv_reader *reader) {
    km_csv_pass *pass = &reader->pass;
    int64_t capacity = 0;
    km_csv_find_starts(reader);
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        pass->chunks[c].first_row = capacity;
        capacity += pass->chunks[c].capacity;
    }
    KM_TRY(kmseg_table_new(reader->ctx, capacity, &reader->table));
    for (int32_t i = 0; i < pass->n_tallies; i++) {
        km_csv_field *f = &pass->fields[reader->columns[i].field];
        double *numbers;
        int64_t *times;
        int32_t *codes;
        switch (f->action) {
        case KM_CSV_AS_NUMBER:
            KM_TRY(km_table_add_number_column(reader->ctx, reader->table, f->name, &numbers));
            f->values = numbers;
            break;
        case KM_CSV_AS_TIME:
            KM_TRY(km_table_add_time_column(reader->ctx, reader->table, f->name, &times));
            f->values = times;
            break;
        default:
            KM_TRY(km_table_add_code_column(reader->ctx, reader->table, f->name, &codes));
            f->values = codes;
            break;
        }
        size_t width = f->action == KM_CSV_AS_TEXT ? sizeof(int32_t) : sizeof(double);
        prefer_huge_pages(f->values, (size_t)capacity * width);
    }
    return KMSEG_OK;
}

static void parse_chunk(void *argument, int64_t index, int32_t thread) {
    km_csv_pass *pass = argument;
    km_csv_chunk *chunk = &pass->chunks[index];
    if (index < atomic_load_explicit(&pass->first_bad_chunk, memory_order_relaxed)) {
        km_csv_parse(pass, chunk, chunk->start, thread);
    }
    km_progress_step(pass->ctx, chunk->limit - chunk->begin, thread == 0);
}

/* One pass over the records, and the proof that its chunks fit together. */
static kmseg_status run_pass(km_csv_reader *reader) {
    km_csv_pass *pass = &reader->pass;
    atomic_store(&pass->first_bad_chunk, INT64_MAX);
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        pass->chunks[c].done = 0;
    }
    km_progress_begin(reader->ctx, "reading", pass->end - reader->header.data);
    kmseg_status status = km_parallel(reader->ctx, pass->n_chunks, parse_chunk, pass);
    int64_t at = pass->chunks[0].begin;
    for (int64_t c = 0; c < pass->n_chunks && status == KMSEG_OK; c++) {
        km_csv_chunk *chunk = &pass->chunks[c];
        int64_t start = km_csv_next_start(pass, chunk, at);
        if (km_cancelled(reader->ctx)) {
            status = km_fail_cancelled(reader->ctx);
            break;
        }
        if (!chunk->done || chunk->start != start) {
            km_csv_parse(pass, chunk, start, 0);
        }
        if (chunk->fault.kind != KM_CSV_FINE) {
            status = km_csv_fail(reader, &chunk->fault);
        }
        at = start >= 0 ? chunk->end : at;
    }
    km_progress_end(reader->ctx);
    return status;
}

/* Closes the gaps between the rows of chunks that had fewer than they had room for, and gives the
 * columns their final length and type. */
static void close_gaps(void *argument, int64_t index, int32_t thread) {
    km_csv_reader *reader = argument;
    const km_csv_pass *pass = &reader->pass;
    kmseg_column *column = &reader->table->columns[index];
    char *values = pass->fields[reader->columns[index].field].values;
    size_t width = column->type == KMSEG_COLUMN_TEXT ? sizeof(int32_t) : sizeof(double);
    int64_t row = 0;
    (void)thread;
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        const km_csv_chunk *chunk = &pass->chunks[c];
        if (chunk->first_row != row && chunk->n_rows > 0) {
            memmove(values + (size_t)row * width, values + (size_t)chunk->first_row * width,
                    (size_t)chunk->n_rows * width);
        }
        row += chunk->n_rows;
    }
    column->n_rows = row;
}

/* Frees the tables of the threads, which nobody needs once everything is parsed. */
static void free_levels(km_csv_reader *reader) {
    km_csv_pass *pass = &reader->pass;
    int64_t n_tables = (int64_t)kmseg_context_threads(reader->ctx) * pass->n_tallies;
    for (int64_t i = 0; pass->levels != NULL && i < n_tables; i++) {
        km_csv_levels_free(&pass->levels[i]);
    }
}

static kmseg_status finish_table(km_csv_reader *reader) {
    kmseg_table *table = reader->table;
    const km_csv_pass *pass = &reader->pass;
    for (int32_t i = 0; i < table->n_columns; i++) {
        kmseg_column *column = &table->columns[i];
        void *values = pass->fields[reader->columns[i].field].values;
        column->type = reader->columns[i].type;
        column->n_missing = reader->columns[i].n_missing;
        column->numbers = column->type == KMSEG_COLUMN_NUMBER ? values : NULL;
        column->times = column->type == KMSEG_COLUMN_TIME ? values : NULL;
        column->codes = column->type == KMSEG_COLUMN_TEXT ? values : NULL;
    }
    free_levels(reader);
    KM_TRY(km_csv_merge_levels(reader));
    KM_TRY(km_parallel(reader->ctx, table->n_columns, close_gaps, reader));
    table->n_rows = 0;
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        table->n_rows += pass->chunks[c].n_rows;
    }
    return KMSEG_OK;
}

kmseg_status km_csv_begin(km_csv_reader *reader, int64_t chunk_bytes) {
    KM_TRY(km_csv_read_header(reader->ctx, reader->path, reader->input, reader->options->delimiter,
                              reader->options->header, &reader->arena, &reader->header));
    reader->pass.delimiter = reader->header.delimiter;
    KM_TRY(choose_columns(reader));
    KM_TRY(find_end(reader));
    KM_TRY(km_csv_guess(reader));
    KM_TRY(cut_chunks(reader, chunk_bytes));
    return make_levels(reader);
}

static kmseg_status read_table(km_csv_reader *reader, int64_t chunk_bytes) {
    KM_TRY(km_csv_begin(reader, chunk_bytes));
    KM_TRY(km_csv_survey_all(reader));
    KM_TRY(make_room(reader));
    for (int again = 1; again;) {
        KM_TRY(run_pass(reader));
        KM_TRY(km_csv_settle(reader, &again));
    }
    return finish_table(reader);
}

static void fill_report(const km_csv_reader *reader, kmseg_csv_report *report) {
    *report = (kmseg_csv_report){.delimiter = reader->header.delimiter,
                                 .n_bytes = reader->input->size,
                                 .n_rows = reader->table->n_rows};
    int64_t first = INT64_MAX;
    for (int32_t i = 0; i < reader->pass.n_tallies; i++) {
        const km_csv_column *column = &reader->columns[i];
        report->n_unparsable += column->n_unparsable;
        first = column->first_unparsable < first ? column->first_unparsable : first;
    }
    if (report->n_unparsable > 0) {
        report->first_bad_line = km_csv_line_of(reader->pass.text, first);
    }
}

void km_csv_end(km_csv_reader *reader) {
    km_csv_pass *pass = &reader->pass;
    free_levels(reader);
    for (int32_t t = 0; pass->pools != NULL && t < kmseg_context_threads(reader->ctx); t++) {
        km_csv_pool_free(&pass->pools[t]);
    }
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        km_arena_free(&pass->chunks[c].arena);
    }
    km_arena_free(&reader->arena);
}

kmseg_status km_csv_read_input(kmseg_context *ctx, const char *path, const km_input *input,
                               const kmseg_csv_options *options, int64_t chunk_bytes,
                               kmseg_table **out, kmseg_csv_report *out_report) {
    *out = NULL;
    kmseg_csv_options defaults;
    kmseg_csv_options_init(&defaults);
    options = options != NULL ? options : &defaults;
    KM_TRY(kmseg_options_check(ctx, &csv_table, options));
    km_csv_reader reader = {.ctx = ctx, .path = path, .input = input, .options = options};
    reader.pass.ctx = ctx;
    reader.pass.text = input->text;
    reader.pass.lenient = options->lenient;
    reader.pass.loop = km_csv_loop_for(ctx);
    km_arena_init(&reader.arena, &ctx->allocator);
    kmseg_status status = read_table(&reader, chunk_bytes);
    if (status == KMSEG_OK && out_report != NULL) {
        fill_report(&reader, out_report);
    }
    km_csv_end(&reader);
    if (status != KMSEG_OK) {
        kmseg_table_free(reader.table);
        return status;
    }
    *out = reader.table;
    return KMSEG_OK;
}

kmseg_status km_csv_columns(kmseg_context *ctx, const char *path, const km_input *input,
                            const kmseg_csv_options *options, kmseg_table **out, int *out_whole) {
    *out = NULL;
    *out_whole = 0;
    kmseg_csv_options defaults;
    kmseg_csv_options_init(&defaults);
    options = options != NULL ? options : &defaults;
    KM_TRY(kmseg_options_check(ctx, &csv_table, options));
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_csv_header header;
    kmseg_status status =
        km_csv_read_header(ctx, path, input, options->delimiter, options->header, &arena, &header);
    if (status == KMSEG_OK) {
        status = names_table(ctx, &header, out);
    }
    *out_whole = status == KMSEG_OK && (!input->cut || header.data < input->size);
    km_arena_free(&arena);
    return status;
}

kmseg_status kmseg_csv_read(kmseg_context *ctx, const char *path, const kmseg_csv_options *options,
                            kmseg_table **out, kmseg_csv_report *out_report) {
    *out = NULL;
    km_input input;
    KM_TRY(km_input_open(ctx, path, 0, &input));
    kmseg_status status = km_csv_read_input(ctx, path, &input, options, 0, out, out_report);
    km_input_close(&input);
    return status;
}
