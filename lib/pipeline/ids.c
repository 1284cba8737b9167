/* Customer ids as text, whatever the type of their column. */
#include "base/parallel.h"
#include "base/text.h"
#include "pipeline/pipeline.h"

#include <string.h>

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

/* Ids that are numbers or times: formatted once to see how long they are and once into one block. */
typedef struct formatting {
    const kmseg_column *column;
    const int64_t *rows; /* NULL: all in order */
    int64_t n_rows;
    int64_t *begin; /* of each chunk, in texts */
    char *texts;
    const char **ids;
} formatting;

/* Length of the id of a row; it is empty where it is missing. */
static size_t format_id(const kmseg_column *column, int64_t row, char text[ID_CAPACITY]) {
    text[0] = '\0';
    if (column->type == KMSEG_COLUMN_NUMBER && column->numbers[row] == column->numbers[row]) {
        km_format_double(column->numbers[row], text, ID_CAPACITY);
    } else if (column->type == KMSEG_COLUMN_TIME && column->times[row] != KMSEG_TIME_MISSING) {
        kmseg_time_format(column->times[row], text, ID_CAPACITY);
    }
    return strlen(text);
}

static void format_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const formatting *job = argument;
    int64_t end = (chunk + 1) * NUMBER_ROWS, bytes = 0;
    end = end < job->n_rows ? end : job->n_rows;
    for (int64_t i = chunk * NUMBER_ROWS; i < end; i++) {
        char text[ID_CAPACITY];
        size_t size = format_id(job->column, job->rows != NULL ? job->rows[i] : i, text) + 1;
        if (job->texts != NULL) {
            char *at = job->texts + job->begin[chunk] + bytes;
            memcpy(at, text, size);
            job->ids[i] = at;
        }
        bytes += (int64_t)size;
    }
    if (job->texts == NULL) {
        job->begin[chunk + 1] = bytes;
    }
}

static kmseg_status format_ids(kmseg_context *ctx, const kmseg_column *column, const int64_t *rows,
                               int64_t n_rows, km_arena *arena, const char **ids) {
    int64_t n_chunks = km_chunks(n_rows, NUMBER_ROWS);
    formatting job = {.column = column, .rows = rows, .n_rows = n_rows, .ids = ids};
    job.begin = km_arena_array(arena, n_chunks + 1, sizeof *job.begin);
    if (job.begin == NULL) {
        return km_fail_memory(ctx, "the ids of a result");
    }
    KM_TRY(km_parallel(ctx, n_chunks, format_chunk, &job));
    for (int64_t c = 0; c < n_chunks; c++) {
        job.begin[c + 1] += job.begin[c];
    }
    job.texts = km_arena_take(arena, (size_t)job.begin[n_chunks]);
    return job.texts != NULL ? km_parallel(ctx, n_chunks, format_chunk, &job)
                             : km_fail_memory(ctx, "the ids of a result");
}

/* Levels belong to the table, which the result outlives: each is copied once, all into one block. There
 * may be as many as rows, so on all threads. */
typedef struct level_copy {
    const kmseg_column *column;
    const char **levels;
    char *texts;
    int64_t *begin; /* of each chunk, in texts */
} level_copy;

static int64_t end_of_levels(const level_copy *job, int64_t chunk) {
    int64_t end = (chunk + 1) * NUMBER_ROWS;
    return end < job->column->n_levels ? end : job->column->n_levels;
}

static void measure_levels(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const level_copy *job = argument;
    int64_t bytes = 0;
    for (int64_t i = chunk * NUMBER_ROWS; i < end_of_levels(job, chunk); i++) {
        bytes += (int64_t)strlen(job->column->levels[i]) + 1;
    }
    job->begin[chunk + 1] = bytes;
}

static void copy_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const level_copy *job = argument;
    char *at = job->texts + job->begin[chunk];
    for (int64_t i = chunk * NUMBER_ROWS; i < end_of_levels(job, chunk); i++) {
        size_t size = strlen(job->column->levels[i]) + 1;
        memcpy(at, job->column->levels[i], size);
        job->levels[i] = at;
        at += size;
    }
}

static kmseg_status copy_levels(kmseg_context *ctx, const kmseg_column *column, km_arena *arena,
                                const char ***out) {
    int64_t n_chunks = km_chunks(column->n_levels, NUMBER_ROWS);
    level_copy job = {.column = column};
    job.levels = km_arena_take(arena, (size_t)column->n_levels * sizeof *job.levels);
    job.begin = km_arena_array(arena, n_chunks + 1, sizeof *job.begin);
    if (job.levels == NULL || job.begin == NULL) {
        return km_fail_memory(ctx, "the ids of a result");
    }
    KM_TRY(km_parallel(ctx, n_chunks, measure_levels, &job));
    for (int64_t c = 0; c < n_chunks; c++) {
        job.begin[c + 1] += job.begin[c];
    }
    job.texts = km_arena_take(arena, (size_t)job.begin[n_chunks]);
    if (job.texts == NULL) {
        return km_fail_memory(ctx, "the ids of a result");
    }
    *out = job.levels;
    return km_parallel(ctx, n_chunks, copy_chunk, &job);
}

/* 1 when row i has level i: every row has an id of its own. */
static int are_in_order(const kmseg_column *column, const int64_t *rows, int64_t n_rows) {
    if (rows != NULL || n_rows != column->n_levels) {
        return 0;
    }
    int32_t differs = 0;
    for (int64_t i = 0; i < n_rows; i++) {
        differs |= column->codes[i] ^ (int32_t)i;
    }
    return differs == 0;
}

/* Ids of a text column: the levels themselves where every row has its own. */
static kmseg_status text_ids(kmseg_context *ctx, const kmseg_column *column, const int64_t *rows,
                             int64_t n_rows, km_arena *arena, const char *const **out) {
    const char **levels = NULL;
    KM_TRY(copy_levels(ctx, column, arena, &levels));
    *out = levels;
    if (are_in_order(column, rows, n_rows)) {
        return KMSEG_OK;
    }
    const char **ids = km_arena_take(arena, (size_t)n_rows * sizeof *ids);
    if (ids == NULL) {
        return km_fail_memory(ctx, "the ids of a result");
    }
    for (int64_t i = 0; i < n_rows; i++) {
        int32_t code = column->codes[rows != NULL ? rows[i] : i];
        ids[i] = code >= 0 ? levels[code] : "";
    }
    *out = ids;
    return KMSEG_OK;
}

kmseg_status km_row_ids(kmseg_context *ctx, const kmseg_table *table, int32_t column_index,
                        const int64_t *rows, int64_t n_rows, km_arena *arena,
                        const char *const **out) {
    const kmseg_column *column = column_index >= 0 ? kmseg_table_column(table, column_index) : NULL;
    if (column != NULL && column->type == KMSEG_COLUMN_TEXT) {
        return text_ids(ctx, column, rows, n_rows, arena, out);
    }
    const char **ids = km_arena_take(arena, (size_t)n_rows * sizeof *ids);
    *out = ids;
    if (ids != NULL && column == NULL) {
        return number_rows(ctx, rows, n_rows, kmseg_table_n_rows(table), arena, ids);
    }
    return ids != NULL ? format_ids(ctx, column, rows, n_rows, arena, ids)
                       : km_fail_memory(ctx, "the ids of a result");
}
