/* Text columns: every chunk numbered its own strings; here they become those of the whole column,
 * numbered in order of first appearance.
 *
 * A customer table has millions of ids, so this runs on all threads and is sparing with memory: the
 * strings are dealt out by their hashes, each share is searched for strings that are equal, chunk
 * after chunk, and then the first ones of all shares are counted through in the order of the chunks. */
#include "base/parallel.h"
#include "data/table.h"
#include "source/csv.h"

#include <string.h>

/* Shares of a column with many strings: the table of one then fits the cache. */
enum { MOST_SHARE_BITS = 10, SHARE_STRINGS = 1 << 15, FEW_STRINGS = 1 << 16 };

/* A string of a chunk, dealt to a share. */
typedef struct dealt {
    uint32_t hash;
    int32_t index; /* in its chunk */
} dealt;

/* What a share is found to have. */
typedef struct text_share {
    int32_t *codes; /* of its different strings: what number each gets */
    int32_t n;      /* how many those are */
    int has_twins;  /* some string is there more than once */
} text_share;

/* One text column. */
typedef struct text_column {
    int32_t tally;
    int bits;        /* 2^bits shares */
    int64_t *first;  /* n_chunks + 1: where the strings of a chunk are in the two below */
    dealt *by_share; /* of each chunk: its strings, share after share; found_of() after that */
    int32_t *to;     /* of each chunk: where its strings go, as below */
    int32_t *begin;  /* n_chunks x (shares + 1): where those of a share are in its by_share */
    text_share *shares;
    int64_t *first_code, *first_byte; /* n_chunks + 1 */
    char *strings;
    const char **pointers;
} text_column;

typedef struct merge {
    km_csv_reader *reader;
    text_column *column; /* that is being merged */
    atomic_int failed;
} merge;

static const km_csv_strings *part_of(const merge *m, int64_t chunk) {
    return &m->reader->pass.chunks[chunk].strings[m->column->tally];
}

static inline uint32_t share_of(const text_column *column, uint32_t hash) {
    return column->bits > 0 ? hash >> (32 - column->bits) : 0; /* tables use the low bits */
}

/* Counting sort of the strings of a chunk by share. */
static void deal_chunk(void *argument, int64_t chunk, int32_t thread) {
    merge *m = argument;
    text_column *column = m->column;
    const km_csv_strings *part = part_of(m, chunk);
    int32_t n_shares = 1 << column->bits, next[1 << MOST_SHARE_BITS] = {0};
    int32_t *begin = column->begin + chunk * (n_shares + 1);
    dealt *by_share = column->by_share + column->first[chunk];
    (void)thread;
    for (int32_t i = 0; i < part->n; i++) {
        begin[share_of(column, part->items[i].hash) + 1]++;
    }
    for (int32_t s = 0; s < n_shares; s++) {
        next[s] = begin[s];
        begin[s + 1] += begin[s];
    }
    for (int32_t i = 0; i < part->n; i++) {
        uint32_t hash = part->items[i].hash;
        by_share[next[share_of(column, hash)]++] = (dealt){hash, i};
    }
}

/* The different strings of one share. */
typedef struct found {
    const kmseg_allocator *allocator;
    const km_csv_string **items;
    km_csv_level_slot *slots;
    int32_t n;
    int64_t n_slots; /* a power of two; twice as many as there is room for items */
} found;

static int grow_found(found *f) {
    int64_t n_slots = f->n_slots > 0 ? 2 * f->n_slots : 1024;
    found bigger = {.allocator = f->allocator, .n = f->n, .n_slots = n_slots};
    bigger.items = km_allocate_array(f->allocator, n_slots / 2, sizeof(*bigger.items));
    bigger.slots = km_allocate_array(f->allocator, n_slots, sizeof *bigger.slots);
    if (bigger.items == NULL || bigger.slots == NULL) {
        km_release(f->allocator, (void *)bigger.items);
        km_release(f->allocator, bigger.slots);
        return 0;
    }
    if (f->n > 0) {
        memcpy((void *)bigger.items, (const void *)f->items, (size_t)f->n * sizeof *f->items);
    }
    memset(bigger.slots, 0xff, (size_t)n_slots * sizeof *bigger.slots); /* every code is -1 */
    for (int64_t i = 0; i < f->n_slots; i++) {
        uint64_t s = f->slots[i].hash;
        if (f->slots[i].code < 0) {
            continue;
        }
        while (bigger.slots[s & (uint64_t)(n_slots - 1)].code >= 0) {
            s++;
        }
        bigger.slots[s & (uint64_t)(n_slots - 1)] = f->slots[i];
    }
    km_release(f->allocator, (void *)f->items);
    km_release(f->allocator, f->slots);
    *f = bigger;
    return 1;
}

/* Number of a string in the share, complemented when it is a new one, for which there is room. */
static inline int32_t number_of(found *f, uint32_t hash, const km_csv_string *string) {
    uint64_t wrap = (uint64_t)f->n_slots - 1, s = hash & wrap;
    while (f->slots[s].code >= 0) {
        if (f->slots[s].hash == hash && km_csv_string_same(f->items[f->slots[s].code], string)) {
            return f->slots[s].code;
        }
        s = (s + 1) & wrap;
    }
    f->slots[s] = (km_csv_level_slot){hash, f->n};
    f->items[f->n] = string;
    return ~f->n++;
}

/* Finds what is equal in one share: the hash of what was dealt becomes its number_of(). */
static int merge_strings(const merge *m, int64_t index, found *f, int *has_twins) {
    const text_column *column = m->column;
    int32_t n_shares = 1 << column->bits;
    for (int64_t c = 0; c < m->reader->pass.n_chunks; c++) {
        const int32_t *begin = column->begin + c * (n_shares + 1) + index;
        const km_csv_string *items = part_of(m, c)->items;
        dealt *strings = column->by_share + column->first[c];
        for (int32_t i = begin[0]; i < begin[1]; i++) {
            if (2 * (int64_t)f->n >= f->n_slots && !grow_found(f)) {
                return 0;
            }
            int32_t number = number_of(f, strings[i].hash, &items[strings[i].index]);
            *has_twins |= number >= 0;
            memcpy(&strings[i].hash, &number, sizeof number);
        }
    }
    return 1;
}

static inline int32_t found_of(const dealt *string) {
    int32_t number;
    memcpy(&number, &string->hash, sizeof number);
    return number;
}

static void merge_share(void *argument, int64_t index, int32_t thread) {
    merge *m = argument;
    text_share *share = &m->column->shares[index];
    const kmseg_allocator *allocator = &m->reader->ctx->allocator;
    found f = {.allocator = allocator};
    (void)thread;
    int fine = merge_strings(m, index, &f, &share->has_twins);
    share->n = f.n;
    km_release(allocator, (void *)f.items);
    km_release(allocator, f.slots);
    if (fine && share->has_twins) {
        share->codes = km_allocate_array(allocator, share->n, sizeof *share->codes);
        fine = share->codes != NULL;
    }
    if (!fine) {
        atomic_store(&m->failed, 1);
    }
}

/* How many strings a chunk is the first to have, and how long they are, terminators included. */
static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    merge *m = argument;
    const text_column *column = m->column;
    const km_csv_strings *part = part_of(m, chunk);
    const dealt *strings = column->by_share + column->first[chunk];
    int64_t n = 0, bytes = 0;
    (void)thread;
    for (int32_t i = 0; i < part->n; i++) {
        if (found_of(&strings[i]) < 0) {
            n++;
            bytes += (int64_t)part->items[strings[i].index].length + 1;
        }
    }
    column->first_code[chunk + 1] = n;
    column->first_byte[chunk + 1] = bytes;
}

/* Numbers and copies the strings that a chunk is the first to have: to[] is then their number, and of
 * the others the complement of their number in their share. */
static void number_chunk(void *argument, int64_t chunk, int32_t thread) {
    merge *m = argument;
    text_column *column = m->column;
    const km_csv_strings *part = part_of(m, chunk);
    const dealt *strings = column->by_share + column->first[chunk];
    int32_t code = (int32_t)column->first_code[chunk], *to = column->to + column->first[chunk];
    char *at = column->strings + column->first_byte[chunk];
    (void)thread;
    for (int32_t i = 0; i < part->n; i++) {
        to[strings[i].index] = ~found_of(&strings[i]);
    }
    for (int32_t i = 0; i < part->n; i++) {
        if (to[i] < 0) {
            continue;
        }
        const km_csv_string *string = &part->items[i];
        const text_share *share = &column->shares[share_of(column, string->hash)];
        if (share->has_twins) {
            share->codes[to[i]] = code;
        }
        to[i] = code;
        memcpy(at, string->text, string->length);
        at[string->length] = '\0';
        column->pointers[code++] = at;
        at += string->length + 1;
    }
}

/* Gives the cells of a chunk the numbers of the whole column. */
static void renumber_chunk(void *argument, int64_t index, int32_t thread) {
    merge *m = argument;
    text_column *column = m->column;
    const km_csv_pass *pass = &m->reader->pass;
    const km_csv_chunk *chunk = &pass->chunks[index];
    const km_csv_strings *part = part_of(m, index);
    int32_t field = m->reader->columns[column->tally].field;
    int32_t *codes = (int32_t *)pass->fields[field].values + chunk->first_row;
    int32_t *to = column->to + column->first[index];
    (void)thread;
    for (int32_t i = 0; i < part->n; i++) {
        if (to[i] < 0) {
            to[i] = column->shares[share_of(column, part->items[i].hash)].codes[~to[i]];
        }
    }
    for (int64_t r = 0; r < chunk->n_rows; r++) {
        codes[r] = codes[r] >= 0 ? to[codes[r]] : -1;
    }
}

static kmseg_status check_memory(const merge *m, int failed) {
    return failed || atomic_load(&m->failed)
               ? km_fail_memory(m->reader->ctx, "the distinct values of a text column")
               : KMSEG_OK;
}

/* What one column needs that depends on how many strings it has. */
static kmseg_status begin_column(merge *m) {
    text_column *column = m->column;
    km_csv_reader *reader = m->reader;
    km_arena *arena = &reader->arena;
    const kmseg_allocator *allocator = &reader->ctx->allocator;
    int64_t n_chunks = reader->pass.n_chunks;
    column->first = km_arena_array(arena, n_chunks + 1, sizeof *column->first);
    KM_TRY(check_memory(m, column->first == NULL));
    for (int64_t c = 0; c < n_chunks; c++) {
        column->first[c + 1] = column->first[c] + part_of(m, c)->n;
    }
    int64_t total = column->first[n_chunks];
    while (total > FEW_STRINGS && column->bits < MOST_SHARE_BITS &&
           total >> column->bits > SHARE_STRINGS) {
        column->bits++;
    }
    int32_t n_shares = 1 << column->bits;
    column->by_share = km_allocate_array(allocator, total, sizeof *column->by_share);
    column->to = km_allocate_array(allocator, total, sizeof *column->to);
    column->begin = km_arena_array(arena, n_chunks * (n_shares + 1), sizeof(int32_t));
    column->first_code = km_arena_array(arena, n_chunks + 1, sizeof(int64_t));
    column->first_byte = km_arena_array(arena, n_chunks + 1, sizeof(int64_t));
    column->shares = km_arena_array(arena, n_shares, sizeof *column->shares);
    return check_memory(m, column->by_share == NULL || column->to == NULL ||
                               column->begin == NULL || column->first_code == NULL ||
                               column->first_byte == NULL || column->shares == NULL);
}

static kmseg_status merge_column(merge *m) {
    text_column *column = m->column;
    km_csv_reader *reader = m->reader;
    kmseg_context *ctx = reader->ctx;
    int64_t n_chunks = reader->pass.n_chunks;
    KM_TRY(begin_column(m));
    KM_TRY(km_parallel(ctx, n_chunks, deal_chunk, m));
    KM_TRY(check_memory(m, 0));
    KM_TRY(km_parallel(ctx, 1 << column->bits, merge_share, m));
    KM_TRY(check_memory(m, 0));
    KM_TRY(km_parallel(ctx, n_chunks, count_chunk, m));
    for (int64_t c = 0; c < n_chunks; c++) {
        column->first_code[c + 1] += column->first_code[c];
        column->first_byte[c + 1] += column->first_byte[c];
    }
    int64_t n = column->first_code[n_chunks];
    km_arena *arena = &reader->table->arena;
    column->strings = km_arena_take(arena, (size_t)column->first_byte[n_chunks]);
    column->pointers = km_arena_take(arena, (size_t)n * sizeof *column->pointers);
    KM_TRY(
        check_memory(m, n > INT32_MAX / 2 || column->strings == NULL || column->pointers == NULL));
    KM_TRY(km_parallel(ctx, n_chunks, number_chunk, m));
    KM_TRY(km_parallel(ctx, n_chunks, renumber_chunk, m));
    kmseg_column *shown = &reader->table->columns[column->tally];
    shown->levels = column->pointers;
    shown->n_levels = (int32_t)n;
    return KMSEG_OK;
}

/* Frees what a column held in blocks of its own. */
static void end_column(merge *m) {
    text_column *column = m->column;
    const kmseg_allocator *allocator = &m->reader->ctx->allocator;
    km_release(allocator, column->by_share);
    km_release(allocator, column->to);
    for (int32_t s = 0; column->shares != NULL && s < 1 << column->bits; s++) {
        km_release(allocator, column->shares[s].codes);
    }
}

kmseg_status km_csv_merge_levels(km_csv_reader *reader) {
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < reader->pass.n_tallies && status == KMSEG_OK; i++) {
        if (reader->columns[i].type == KMSEG_COLUMN_TEXT) {
            text_column column = {.tally = i};
            merge m = {.reader = reader, .column = &column};
            status = merge_column(&m);
            end_column(&m);
        }
    }
    return status;
}
