/* Text columns: every chunk numbered its own strings; here they become those of the whole column,
 * in order of first appearance because chunks are merged in order. */
#include "base/parallel.h"
#include "data/table.h"
#include "source/csv.h"

#include <string.h>

typedef struct merge {
    km_csv_reader *reader;
    int32_t *columns; /* the text columns */
    km_csv_levels *merged;
    size_t *n_bytes; /* of the strings, terminators included */
    char **strings;
    const char ***pointers;
    atomic_int failed;
} merge;

static void merge_column(void *argument, int64_t index, int32_t thread) {
    merge *m = argument;
    km_csv_pass *pass = &m->reader->pass;
    km_csv_levels *all = &m->merged[index];
    int32_t tally = m->columns[index];
    (void)thread;
    for (int64_t c = 0; c < pass->n_chunks; c++) {
        km_csv_levels *part = &pass->chunks[c].levels[tally];
        if (part->n > 0 && !km_csv_levels_merge(all, part)) {
            atomic_store(&m->failed, 1);
            return;
        }
    }
    for (int32_t i = 0; i < all->n; i++) {
        m->n_bytes[index] += (size_t)all->items[i].length + 1;
    }
    km_csv_levels_close(all);
}

static void copy_strings(void *argument, int64_t index, int32_t thread) {
    merge *m = argument;
    const km_csv_levels *all = &m->merged[index];
    char *at = m->strings[index];
    (void)thread;
    for (int32_t i = 0; i < all->n; i++) {
        memcpy(at, all->items[i].text, all->items[i].length);
        at[all->items[i].length] = '\0';
        m->pointers[index][i] = at;
        at += all->items[i].length + 1;
    }
}

static void renumber_chunk(void *argument, int64_t index, int32_t thread) {
    merge *m = argument;
    const km_csv_pass *pass = &m->reader->pass;
    const km_csv_chunk *chunk = &pass->chunks[index];
    (void)thread;
    for (int32_t i = 0; m->columns[i] >= 0; i++) {
        const int32_t *to = chunk->levels[m->columns[i]].to;
        int32_t field = m->reader->columns[m->columns[i]].field;
        int32_t *codes = (int32_t *)pass->fields[field].values + chunk->first_row;
        for (int64_t r = 0; r < chunk->n_rows; r++) {
            codes[r] = codes[r] >= 0 ? to[codes[r]] : -1;
        }
    }
}

static kmseg_status merge_all(kmseg_context *ctx, merge *m, int32_t n) {
    KM_TRY(km_parallel(ctx, n, merge_column, m));
    if (atomic_load(&m->failed)) {
        return km_fail_memory(ctx, "the distinct values of a text column");
    }
    km_arena *arena = &m->reader->table->arena;
    for (int32_t i = 0; i < n; i++) {
        m->strings[i] = km_arena_take(arena, m->n_bytes[i]);
        m->pointers[i] = km_arena_array(arena, m->merged[i].n, sizeof **m->pointers);
        if (m->strings[i] == NULL || m->pointers[i] == NULL) {
            return km_fail_memory(ctx, "the distinct values of a text column");
        }
    }
    KM_TRY(km_parallel(ctx, n, copy_strings, m));
    KM_TRY(km_parallel(ctx, m->reader->pass.n_chunks, renumber_chunk, m));
    for (int32_t i = 0; i < n; i++) {
        kmseg_column *column = &m->reader->table->columns[m->columns[i]];
        column->levels = m->pointers[i];
        column->n_levels = m->merged[i].n;
    }
    return KMSEG_OK;
}

kmseg_status km_csv_merge_levels(km_csv_reader *reader) {
    kmseg_context *ctx = reader->ctx;
    int32_t n = 0, most = reader->pass.n_tallies;
    merge m = {.reader = reader};
    m.columns = km_arena_array(&reader->arena, most + 1, sizeof *m.columns);
    m.merged = km_arena_array(&reader->arena, most, sizeof *m.merged);
    m.n_bytes = km_arena_array(&reader->arena, most, sizeof *m.n_bytes);
    m.strings = km_arena_array(&reader->arena, most, sizeof *m.strings);
    m.pointers = km_arena_array(&reader->arena, most, sizeof *m.pointers);
    if (m.columns == NULL || m.merged == NULL || m.n_bytes == NULL || m.strings == NULL ||
        m.pointers == NULL) {
        return km_fail_memory(ctx, "text columns");
    }
    for (int32_t i = 0; i < most; i++) {
        if (reader->columns[i].type == KMSEG_COLUMN_TEXT) {
            km_csv_levels_init(&m.merged[n], &ctx->allocator);
            m.columns[n++] = i;
        }
    }
    m.columns[n] = -1;
    kmseg_status status = merge_all(ctx, &m, n);
    for (int32_t i = 0; i < n; i++) {
        km_csv_levels_free(&m.merged[i]);
    }
    return status;
}
