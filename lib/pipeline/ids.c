/* Customer ids as text, whatever the type of their column. */
#include "base/text.h"
#include "pipeline/pipeline.h"

enum { ID_CAPACITY = 32 };

static const char *id_of(const kmseg_column *column, int64_t row, km_arena *arena) {
    char text[ID_CAPACITY];
    if (column == NULL) {
        return km_arena_format(arena, "%lld", (long long)row + 1);
    }
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
    const char **ids = km_arena_array(arena, n_rows, sizeof *ids);
    kmseg_column copy;
    const kmseg_column *column = NULL;
    if (column_index >= 0 && ids != NULL) {
        copy = *kmseg_table_column(table, column_index);
        if (copy.type == KMSEG_COLUMN_TEXT) {
            copy.levels = copy_levels(&copy, arena);
            ids = copy.levels != NULL ? ids : NULL;
        }
        column = &copy;
    }
    for (int64_t i = 0; ids != NULL && i < n_rows; i++) {
        ids[i] = id_of(column, rows != NULL ? rows[i] : i, arena);
        ids = ids[i] != NULL ? ids : NULL;
    }
    *out = ids;
    return ids != NULL ? KMSEG_OK : km_fail_memory(ctx, "the ids of a result");
}
