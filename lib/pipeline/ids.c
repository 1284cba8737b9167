/* Customer ids as text, whatever the type of their column. */
#include "base/parallel.h"
#include "base/text.h"
#include "pipeline/pipeline.h"

enum { ID_CAPACITY = 32, NUMBER_ROWS = 8 * KM_CHUNK_ROWS };

/* Row numbers as text: millions of them, so not through printf, and side by side in one block. */
typedef struct numbering {
    const int64_t *rows; /* NULL: all in order */
    int64_t n_rows;
    char *texts;
    int64_t width; /* bytes of each, terminator included */
    const char **ids;
} numbering;

static void number_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const numbering *job = argument;
    int64_t end = (chunk + 1) * NUMBER_ROWS;
    end = end < job->n_rows ? end : job->n_rows;
    for (int64_t i = chunk * NUMBER_ROWS; i < end; i++) {
        char *at = job->texts + (i + 1) * job->width;
        *--at = '\0';
        for (uint64_t number = (uint64_t)(job->rows != NULL ? job->rows[i] : i) + 1; number > 0;
             number /= 10) {
            *--at = (char)('0' + number % 10);
        }
        job->ids[i] = at;
    }
}

static kmseg_status number_rows(kmseg_context *ctx, const int64_t *rows, int64_t n_rows,
                                int64_t n_table, km_arena *arena, const char **ids) {
    numbering job = {.rows = rows, .n_rows = n_rows, .width = 2, .ids = ids};
    for (int64_t most = n_table; most >= 10; most /= 10) {
        job.width++;
    }
    job.texts = km_arena_take(arena, (size_t)n_rows * (size_t)job.width);
    return job.texts != NULL ? km_parallel(ctx, km_chunks(n_rows, NUMBER_ROWS), number_chunk, &job)
                             : km_fail_memory(ctx, "the ids of a result");
}

static const char *id_of(const kmseg_column *column, int64_t row, km_arena *arena) {
    char text[ID_CAPACITY];
    switch (column->type) {
    case KMSEG_COLUMN_TEXT: {
        int32_t code = column->codes[row];
        return code >= 0 ? column->levels[code] : "";
    }
    case KMSEG_COLUMN_NUMBER:
        if (column->numbers[row] != column->numbers[row]) {
            return "";
        }
        km_format_double(column->numbers[row], text, sizeof text);
        return km_arena_text(arena, text);
    case KMSEG_COLUMN_TIME:
        if (column->times[row] == KMSEG_TIME_MISSING) {
            return "";
        }
        kmseg_time_format(column->times[row], text, sizeof text);
        return km_arena_text(arena, text);
    }
    return "";
}

/* Levels belong to the table, which the result outlives: each is copied once. */
static const char **copy_levels(const kmseg_column *column, km_arena *arena) {
    const char **levels = km_arena_array(arena, column->n_levels, sizeof *levels);
    for (int32_t i = 0; levels != NULL && i < column->n_levels; i++) {
        levels[i] = km_arena_text(arena, column->levels[i]);
        levels = levels[i] != NULL ? levels : NULL;
    }
    return levels;
}

kmseg_status km_row_ids(kmseg_context *ctx, const kmseg_table *table, int32_t column_index,
                        const int64_t *rows, int64_t n_rows, km_arena *arena,
                        const char *const **out) {
    const char **ids = km_arena_take(arena, (size_t)n_rows * sizeof *ids);
    if (ids != NULL && column_index < 0) {
        *out = ids;
        return number_rows(ctx, rows, n_rows, kmseg_table_n_rows(table), arena, ids);
    }
    if (ids != NULL) {
        kmseg_column column = *kmseg_table_column(table, column_index);
        if (column.type == KMSEG_COLUMN_TEXT) {
            column.levels = copy_levels(&column, arena);
            ids = column.levels != NULL ? ids : NULL;
        }
        for (int64_t i = 0; ids != NULL && i < n_rows; i++) {
            ids[i] = id_of(&column, rows != NULL ? rows[i] : i, arena);
            ids = ids[i] != NULL ? ids : NULL;
        }
    }
    *out = ids;
    return ids != NULL ? KMSEG_OK : km_fail_memory(ctx, "the ids of a result");
}
