/* The rows of a CSV file piece by piece: chunks of csv_parse.h, parsed into room that each thread uses
 * again. What the reader of whole tables mends by parsing a chunk once more, or the file, ends the
 * pieces here: it is rare, and what was made of the rows before cannot be taken back. */
#include "base/parallel.h"
#include "base/query.h"
#include "data/pieces.h"
#include "source/csv.h"
#include "source/source.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A piece of so much text has its columns in the cache of a core. */
#define PIECE_BYTES ((int64_t)1 << 18)
#define MOST_PIECES ((int64_t)1 << 14)

/* So much of the text says whether it has quotes. */
#define JUDGED_BYTES ((size_t)1 << 20)

enum { FORGOTTEN_CHUNKS = 16 };

/* Of a chunk that begins behind the first line end. */
#define START_BY_LINE INT64_C(-2)

struct km_pieces {
    kmseg_context *ctx;
    km_input input;
    km_csv_reader reader;
    int64_t capacity;         /* rows that the room of a thread holds */
    char **room;              /* of each column, for all threads */
    km_piece_column *columns; /* of each thread, those of its piece */
    km_piece_fn take;
    void *user;
    atomic_int stopped, out_of_memory;
};

static size_t width_of(km_csv_action action) {
    return action == KM_CSV_AS_TEXT ? sizeof(int32_t) : sizeof(double);
}

/* Without quotes no chunk begins inside a quoted cell, so none needs to be surveyed, which is to say
 * that the text is gone through once and not twice. That none is in the first part says it of all,
 * unless it is seen in the end that chunks do not fit. */
static kmseg_status find_starts(km_pieces *p) {
    km_csv_reader *reader = &p->reader;
    km_csv_pass *pass = &reader->pass;
    size_t begin = (size_t)reader->header.data, size = (size_t)pass->end - begin;
    size_t judged = size < JUDGED_BYTES ? size : JUDGED_BYTES;
    if (memchr(pass->text + begin, '"', judged) != NULL) {
        KM_TRY(km_csv_survey_all(reader));
        km_csv_find_starts(reader);
        return KMSEG_OK;
    }
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        km_csv_chunk *chunk = &pass->chunks[c];
        chunk->start = START_BY_LINE;
        /* A record has a delimiter or line end per cell; the last one may end behind the chunk. */
        chunk->capacity = (chunk->limit - chunk->begin) / pass->n_fields + 2;
    }
    return KMSEG_OK;
}

/* Room of all threads for the rows of a piece each. */
static kmseg_status make_room(km_pieces *p) {
    km_csv_reader *reader = &p->reader;
    km_csv_pass *pass = &reader->pass;
    KM_TRY(find_starts(p));
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        int64_t n = pass->chunks[c].capacity;
        p->capacity = n > p->capacity ? n : p->capacity;
    }
    int64_t n_threads = kmseg_context_threads(p->ctx), n = pass->n_tallies;
    p->room = km_arena_array(&reader->arena, n, sizeof *p->room);
    p->columns = km_arena_array(&reader->arena, n_threads * n, sizeof *p->columns);
    if (p->room == NULL || p->columns == NULL) {
        return km_fail_memory(p->ctx, "reading a CSV file");
    }
    for (int64_t i = 0; i < n; i++) {
        km_csv_field *f = &pass->fields[reader->columns[i].field];
        p->room[i] =
            km_allocate_array(&p->ctx->allocator, n_threads * p->capacity, width_of(f->action));
        if (p->room[i] == NULL) {
            return km_fail_memory(p->ctx, "reading a CSV file");
        }
        f->values = p->room[i];
    }
    return KMSEG_OK;
}

static int all_are_requested(const km_csv_reader *reader) {
    for (int32_t i = 0; i < reader->pass.n_tallies; i++) {
        if (!reader->pass.fields[reader->columns[i].field].requested) {
            return 0;
        }
    }
    return 1;
}

static kmseg_status open_pieces(km_pieces *p, int *out_suits) {
    int64_t bytes = p->input.size / MOST_PIECES;
    *out_suits = 0;
    KM_TRY(km_csv_begin(&p->reader, bytes > PIECE_BYTES ? bytes : PIECE_BYTES));
    *out_suits = all_are_requested(&p->reader);
    return *out_suits ? make_room(p) : KMSEG_OK;
}

kmseg_status km_pieces_open(kmseg_context *ctx, const char *path, const kmseg_csv_options *options,
                            km_pieces **out) {
    struct stat info;
    *out = NULL;
    if (km_query_find(ctx, path) != NULL || stat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
        return KMSEG_OK; /* a pipe can be read only once */
    }
    KM_TRY(kmseg_options_check(ctx, kmseg_csv_option_table(), options));
    km_pieces *p = km_allocate(&ctx->allocator, sizeof *p);
    if (p == NULL) {
        return km_fail_memory(ctx, "reading a CSV file");
    }
    memset(p, 0, sizeof *p);
    p->ctx = ctx;
    kmseg_status status = km_input_open(ctx, path, 0, &p->input);
    p->reader = (km_csv_reader){.ctx = ctx, .path = path, .input = &p->input, .options = options};
    p->reader.pass.ctx = ctx;
    p->reader.pass.text = p->input.text;
    p->reader.pass.lenient = options->lenient;
    p->reader.pass.in_pieces = 1;
    p->reader.pass.loop = km_csv_loop_for(ctx);
    km_arena_init(&p->reader.arena, &ctx->allocator);
    int suits = status == KMSEG_OK && km_source_is_csv(&p->input);
    if (suits) {
        status = open_pieces(p, &suits);
    }
    if (status != KMSEG_OK || !suits) {
        km_pieces_close(p);
        return status;
    }
    *out = p;
    return KMSEG_OK;
}

int32_t km_pieces_find(const km_pieces *p, const char *name) {
    for (int32_t i = 0; i < p->reader.pass.n_tallies; i++) {
        if (strcmp(p->reader.pass.fields[p->reader.columns[i].field].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

int64_t km_pieces_size(const km_pieces *p) { return p->input.size; }

/* What was parsed last by a thread, as a piece. */
static km_piece piece_of(km_pieces *p, const km_csv_chunk *chunk, int32_t thread) {
    const km_csv_pass *pass = &p->reader.pass;
    km_piece_column *columns = p->columns + (int64_t)thread * pass->n_tallies;
    for (int32_t i = 0; i < pass->n_tallies; i++) {
        km_csv_action action = pass->fields[p->reader.columns[i].field].action;
        const km_csv_levels *levels = &pass->levels[(int64_t)thread * pass->n_tallies + i];
        void *values = p->room[i] + (size_t)chunk->first_row * width_of(action);
        columns[i] = (km_piece_column){.type = (kmseg_column_type)action};
        switch (columns[i].type) {
        case KMSEG_COLUMN_NUMBER: columns[i].numbers = values; break;
        case KMSEG_COLUMN_TIME: columns[i].times = values; break;
        case KMSEG_COLUMN_TEXT:
            columns[i].codes = values;
            columns[i].levels = levels->items;
            columns[i].n_levels = levels->n;
            break;
        }
    }
    return (km_piece){chunk->n_rows, columns};
}

/* Takes what has been read off the memory of the process, though not off the page cache: a string that
 * is looked at later comes back by a fault. Many chunks at once, because other threads have to be told. */
static void forget_text(const km_pieces *p, int64_t index) {
    if (p->input.map != NULL && (index + 1) % FORGOTTEN_CHUNKS == 0) {
        const km_csv_chunk *first = &p->reader.pass.chunks[index + 1 - FORGOTTEN_CHUNKS];
        uintptr_t from = (uintptr_t)(p->input.text + first->begin + 4095) & ~(uintptr_t)4095;
        uintptr_t to = (uintptr_t)(p->input.text + p->reader.pass.chunks[index].limit);
        (void)madvise((void *)from, (to & ~(uintptr_t)4095) - from, MADV_DONTNEED);
    }
}

static void take_chunk(void *argument, int64_t index, int32_t thread) {
    km_pieces *p = argument;
    km_csv_pass *pass = &p->reader.pass;
    km_csv_chunk *chunk = &pass->chunks[index];
    if (!atomic_load_explicit(&p->stopped, memory_order_relaxed)) {
        chunk->first_row = thread * p->capacity;
        if (chunk->start == START_BY_LINE) {
            km_csv_populate(pass, index);
            chunk->start = km_csv_find_start(pass, chunk, 0);
        }
        km_csv_parse(pass, chunk, chunk->start, thread);
        int fine = chunk->fault.kind == KM_CSV_FINE;
        if (fine && chunk->n_rows > 0) {
            km_piece piece = piece_of(p, chunk, thread);
            fine = p->take(p->user, &piece, thread);
        }
        if (chunk->fault.kind == KM_CSV_MEMORY) {
            atomic_store(&p->out_of_memory, 1);
        }
        if (!fine) {
            atomic_store_explicit(&p->stopped, 1, memory_order_relaxed);
        }
        if (!chunk->has_copies) {
            km_arena_free(&chunk->arena);
        }
        forget_text(p, index);
    }
    km_progress_step(p->ctx, chunk->limit - chunk->begin, thread == 0);
}

/* Whether every chunk began where the one before it ended. */
static int chunks_fit(const km_csv_pass *pass) {
    int64_t at = pass->chunks[0].begin;
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        const km_csv_chunk *chunk = &pass->chunks[c];
        int64_t start = km_csv_next_start(pass, chunk, at);
        if (!chunk->done || chunk->start != start) {
            return 0;
        }
        at = start >= 0 ? chunk->end : at;
    }
    return 1;
}

kmseg_status km_pieces_each(km_pieces *p, km_piece_fn take, void *user, int *out_whole) {
    km_csv_reader *reader = &p->reader;
    km_csv_pass *pass = &reader->pass;
    *out_whole = 0;
    p->take = take;
    p->user = user;
    atomic_store(&p->stopped, 0);
    atomic_store(&pass->first_bad_chunk, INT64_MAX);
    km_progress_begin(p->ctx, "reading", pass->end - reader->header.data);
    kmseg_status status = km_parallel(p->ctx, pass->n_chunks, take_chunk, p);
    km_progress_end(p->ctx);
    KM_TRY(status);
    if (atomic_load(&p->out_of_memory)) {
        return km_fail_memory(p->ctx, "a chunk of a CSV file");
    }
    int again = 1;
    if (!atomic_load(&p->stopped) && chunks_fit(pass)) {
        KM_TRY(km_csv_settle(reader, &again));
    }
    *out_whole = !again;
    return KMSEG_OK;
}

void km_pieces_close(km_pieces *p) {
    if (p == NULL) {
        return;
    }
    kmseg_allocator allocator = p->ctx->allocator;
    for (int32_t i = 0; p->room != NULL && i < p->reader.pass.n_tallies; i++) {
        km_release(&allocator, p->room[i]);
    }
    km_csv_end(&p->reader);
    km_input_close(&p->input);
    km_release(&allocator, p);
}
