/* Text columns: every chunk numbered its own strings; here they become those of the whole column,
 * numbered in order of first appearance.
 *
 * An order log has millions of order ids, so this runs on all threads: the strings are dealt out by
 * their hashes, each share is searched for strings that are equal, chunk after chunk, and then the
 * first ones of all shares are counted through in the order of the chunks. */
#include "base/parallel.h"
#include "data/table.h"
#include "source/csv.h"

#include <string.h>

/* Shares of a column with many strings; their tables then fit the cache. */
enum { SHARE_BITS = 6, FEW_LEVELS = 1 << 16 };

/* One text column. */
typedef struct text_column {
    int32_t tally;
    int bits;            /* 2^bits shares */
    km_csv_levels *seen; /* of each share: its different strings */
    int32_t **codes;     /* of each share: what number each of those gets */
    int32_t *begin;      /* n_chunks x (shares + 1): where those of a share are in by_share */
    int32_t **by_share;  /* of each chunk: its levels, share after share */
    int64_t *first_code, *first_byte; /* n_chunks + 1 */
    char *strings;
    const char **pointers;
} text_column;

typedef struct merge {
    km_csv_reader *reader;
    text_column *column; /* that is being merged */
    atomic_int failed;
} merge;

static km_csv_levels *part_of(const merge *m, int64_t chunk) {
    return &m->reader->pass.chunks[chunk].levels[m->column->tally];
}

static inline uint32_t share_of(const text_column *column, uint32_t hash) {
    return column->bits > 0 ? hash >> (32 - column->bits) : 0; /* tables use the low bits */
}

/* Counting sort of the levels of a chunk by share. */
static void deal_chunk(void *argument, int64_t chunk, int32_t thread) {
    merge *m = argument;
    text_column *column = m->column;
    km_csv_levels *part = part_of(m, chunk);
    int32_t n_shares = 1 << column->bits, next[1 << SHARE_BITS] = {0};
    int32_t *begin = column->begin + chunk * (n_shares + 1);
    (void)thread;
    part->to = km_allocate_array(&part->allocator, part->n, sizeof *part->to);
    column->by_share[chunk] = km_allocate_array(&part->allocator, part->n, sizeof(int32_t));
    if (part->to == NULL || column->by_share[chunk] == NULL) {
        atomic_store(&m->failed, 1);
        return;
    }
    for (int32_t i = 0; i < part->n; i++) {
        begin[share_of(column, part->items[i].hash) + 1]++;
    }
    for (int32_t s = 0; s < n_shares; s++) {
        next[s] = begin[s];
        begin[s + 1] += begin[s];
    }
    for (int32_t i = 0; i < part->n; i++) {
        column->by_share[chunk][next[share_of(column, part->items[i].hash)]++] = i;
    }
}

/* Finds what is equal in one share: to[] of a level becomes its number in the share, complemented
 * where it is the first of its kind. */
static void merge_share(void *argument, int64_t share, int32_t thread) {
    merge *m = argument;
    text_column *column = m->column;
    km_csv_levels *seen = &column->seen[share];
    int32_t n_shares = 1 << column->bits;
    (void)thread;
    for (int64_t c = 0; c < m->reader->pass.n_chunks; c++) {
        const int32_t *begin = column->begin + c * (n_shares + 1) + share;
        if (!km_csv_levels_merge(seen, part_of(m, c), column->by_share[c] + begin[0],
                                 begin[1] - begin[0])) {
            atomic_store(&m->failed, 1);
            return;
        }
    }
    column->codes[share] =
        km_allocate_array(&seen->allocator, seen->n, sizeof *column->codes[share]);
    if (column->codes[share] == NULL) {
        atomic_store(&m->failed, 1);
    }
}

/* How many strings a chunk is the first to have, and how long they are, terminators included. */
static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    merge *m = argument;
    const km_csv_levels *part = part_of(m, chunk);
    int64_t n = 0, bytes = 0;
    (void)thread;
    for (int32_t i = 0; i < part->n; i++) {
        if (part->to[i] < 0) {
            n++;
            bytes += (int64_t)part->items[i].length + 1;
        }
    }
    m->column->first_code[chunk + 1] = n;
    m->column->first_byte[chunk + 1] = bytes;
}

/* Numbers and copies the strings that a chunk is the first to have. */
static void number_chunk(void *argument, int64_t chunk, int32_t thread) {
    merge *m = argument;
    text_column *column = m->column;
    const km_csv_levels *part = part_of(m, chunk);
    int32_t code = (int32_t)column->first_code[chunk];
    char *at = column->strings + column->first_byte[chunk];
    (void)thread;
    for (int32_t i = 0; i < part->n; i++) {
        if (part->to[i] < 0) {
            const km_csv_level *level = &part->items[i];
            column->codes[share_of(column, level->hash)][~part->to[i]] = code;
            memcpy(at, level->text, level->length);
            at[level->length] = '\0';
            column->pointers[code++] = at;
            at += level->length + 1;
        }
    }
}

/* Gives the cells of a chunk the numbers of the whole column. */
static void renumber_chunk(void *argument, int64_t index, int32_t thread) {
    merge *m = argument;
    text_column *column = m->column;
    const km_csv_pass *pass = &m->reader->pass;
    const km_csv_chunk *chunk = &pass->chunks[index];
    const km_csv_levels *part = part_of(m, index);
    int32_t field = m->reader->columns[column->tally].field;
    int32_t *codes = (int32_t *)pass->fields[field].values + chunk->first_row;
    (void)thread;
    for (int32_t i = 0; i < part->n; i++) {
        int32_t to = part->to[i] < 0 ? ~part->to[i] : part->to[i];
        part->to[i] = column->codes[share_of(column, part->items[i].hash)][to];
    }
    for (int64_t r = 0; r < chunk->n_rows; r++) {
        codes[r] = codes[r] >= 0 ? part->to[codes[r]] : -1;
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
    int64_t n_chunks = reader->pass.n_chunks, total = 0;
    for (int64_t c = 0; c < n_chunks; c++) {
        total += part_of(m, c)->n;
    }
    column->bits = total > FEW_LEVELS ? SHARE_BITS : 0;
    int32_t n_shares = 1 << column->bits;
    column->begin = km_arena_array(&reader->arena, n_chunks * (n_shares + 1), sizeof(int32_t));
    column->by_share = km_arena_array(&reader->arena, n_chunks, sizeof *column->by_share);
    column->first_code = km_arena_array(&reader->arena, n_chunks + 1, sizeof(int64_t));
    column->first_byte = km_arena_array(&reader->arena, n_chunks + 1, sizeof(int64_t));
    column->codes = km_arena_array(&reader->arena, n_shares, sizeof *column->codes);
    column->seen = km_arena_array(&reader->arena, n_shares, sizeof *column->seen);
    for (int32_t s = 0; column->seen != NULL && s < n_shares; s++) {
        km_csv_levels_init(&column->seen[s], &reader->ctx->allocator);
    }
    return check_memory(m, column->begin == NULL || column->by_share == NULL ||
                               column->first_code == NULL || column->first_byte == NULL ||
                               column->codes == NULL || column->seen == NULL);
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
    for (int64_t c = 0; column->by_share != NULL && c < m->reader->pass.n_chunks; c++) {
        km_release(allocator, column->by_share[c]);
    }
    for (int32_t s = 0; column->seen != NULL && s < 1 << column->bits; s++) {
        km_csv_levels_free(&column->seen[s]);
        if (column->codes != NULL) {
            km_release(allocator, column->codes[s]);
        }
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
