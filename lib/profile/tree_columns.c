/* The columns of a tree: raw values as the prepare step fills them, and the parts that cuts are
 * first tried between. */
#include "base/text.h"
#include "data/dictionary.h"
#include "data/table.h"
#include "data/tags.h"
#include "profile/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Which level of the prepare step a text is. */
static int32_t level_of(const kmseg_prepare_column *column, const km_dictionary *known,
                        const char *text) {
    int32_t level = km_dictionary_find(known, text, strlen(text));
    if (level >= 0) {
        return level;
    }
    int is_filled = km_raw_kind_of(column) == KM_RAW_ORDERED && column->fill_level >= 0;
    return column->other_level >= 0 ? column->other_level
           : is_filled              ? column->fill_level
                                    : column->n_levels;
}

/* Numbers where text was fitted are the text of the numbers: a level each. */
static kmseg_status code_numbers(const kmseg_prepare_column *column, const km_dictionary *known,
                                 const kmseg_column *from, km_arena *arena, km_raw_column *out) {
    int32_t *codes = km_arena_array(arena, from->n_rows, sizeof *codes);
    int32_t *map = km_arena_array(arena, (int64_t)column->n_levels + 2, sizeof *map);
    if (codes == NULL || map == NULL) {
        return KMSEG_E_MEMORY;
    }
    for (int64_t r = 0; r < from->n_rows; r++) {
        char text[32];
        km_format_double(from->numbers[r], text, sizeof text);
        codes[r] = isnan(from->numbers[r]) ? -1 : level_of(column, known, text);
    }
    for (int32_t l = 0; l <= column->n_levels; l++) {
        map[l + 1] = l;
    }
    out->codes = codes;
    out->map = map;
    return KMSEG_OK;
}

static kmseg_status map_levels(const kmseg_prepare_column *column, const km_dictionary *known,
                               const kmseg_column *from, km_arena *arena, km_raw_column *out) {
    out->map = km_arena_array(arena, (int64_t)from->n_levels + 1, sizeof *out->map);
    if (out->map == NULL) {
        return KMSEG_E_MEMORY;
    }
    for (int32_t l = 0; l < from->n_levels; l++) {
        out->map[l + 1] = level_of(column, known, from->levels[l]);
    }
    out->codes = from->codes;
    return KMSEG_OK;
}

static int by_number(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The levels of the tags of a cell, each once, ascending; returns where they end. */
static int64_t take_tags(const km_tags *tags, int32_t cell, const int32_t *level_of_name,
                         int32_t n_levels, int32_t *to, int64_t n) {
    int64_t first = n, kept = n;
    for (int64_t t = tags->starts[cell]; t < tags->starts[cell + 1]; t++) {
        int32_t level = level_of_name[tags->tags[t]];
        if (level < n_levels) { /* else a tag that the fit did not see */
            to[n++] = level;
        }
    }
    qsort(to + first, (size_t)(n - first), sizeof *to, by_number);
    for (int64_t t = first; t < n; t++) {
        if (kept == first || to[kept - 1] != to[t]) {
            to[kept++] = to[t];
        }
    }
    return kept;
}

/* The tags of each cell that the table knows; an empty one has the tag it is filled with, or none. */
static kmseg_status split_cells(const kmseg_prepare_column *column, const km_dictionary *known,
                                const kmseg_column *from, km_arena *arena, km_raw_column *out) {
    km_tags tags;
    if (!km_tags_split(arena, from->levels, from->n_levels, &tags)) {
        return KMSEG_E_MEMORY;
    }
    int64_t *starts = km_arena_array(arena, (int64_t)from->n_levels + 2, sizeof *starts);
    int32_t *levels = km_arena_array(arena, tags.starts[tags.n_cells] + 1, sizeof *levels);
    int32_t *level_of_name = km_arena_array(arena, (int64_t)tags.n_names + 1, sizeof *levels);
    if (starts == NULL || levels == NULL || level_of_name == NULL) {
        return KMSEG_E_MEMORY;
    }
    for (int32_t t = 0; t < tags.n_names; t++) {
        level_of_name[t] = level_of(column, known, tags.names[t]);
    }
    int64_t n = 0;
    if (column->fill_level >= 0) {
        levels[n++] = column->fill_level;
    }
    for (int32_t cell = 0; cell < tags.n_cells; cell++) {
        starts[cell + 1] = n;
        n = take_tags(&tags, cell, level_of_name, column->n_levels, levels, n);
    }
    starts[tags.n_cells + 1] = n;
    out->codes = from->codes;
    out->starts = starts;
    out->tags = levels;
    out->n_levels = column->n_levels;
    return KMSEG_OK;
}

/* A column of numbers where tags were fitted: each is one tag. */
static kmseg_status tags_of_map(const kmseg_prepare_column *column, km_arena *arena,
                                km_raw_column *out) {
    int64_t *starts = km_arena_array(arena, (int64_t)column->n_levels + 3, sizeof *starts);
    int32_t *levels = km_arena_array(arena, (int64_t)column->n_levels + 2, sizeof *levels);
    if (starts == NULL || levels == NULL) {
        return KMSEG_E_MEMORY;
    }
    int64_t n = 0;
    for (int32_t at = 0; at < column->n_levels + 2; at++) {
        starts[at] = n;
        int32_t level = out->map[at];
        if (level < column->n_levels) {
            levels[n++] = level;
        }
    }
    starts[column->n_levels + 2] = n;
    out->starts = starts;
    out->tags = levels;
    return KMSEG_OK;
}

static kmseg_status read_known(const kmseg_prepare_column *column, const km_dictionary *known,
                               const kmseg_column *from, km_arena *arena, km_raw_column *out) {
    int is_text = from->type == KMSEG_COLUMN_TEXT;
    if (is_text && out->kind == KM_RAW_TAGS) {
        return split_cells(column, known, from, arena, out);
    }
    KM_TRY(is_text ? map_levels(column, known, from, arena, out)
                   : code_numbers(column, known, from, arena, out));
    out->map[0] = column->fill_level >= 0 ? column->fill_level : column->n_levels;
    out->n_levels = column->n_levels;
    return out->kind == KM_RAW_TAGS ? tags_of_map(column, arena, out) : KMSEG_OK;
}

static kmseg_status read_levels(kmseg_context *ctx, const kmseg_prepare_column *column,
                                const kmseg_column *from, km_arena *arena, km_raw_column *out) {
    km_dictionary known;
    if (!km_dictionary_init(&known, arena, &arena->allocator)) {
        return km_fail_memory(ctx, "the levels of a column");
    }
    kmseg_status status = KMSEG_OK;
    for (int32_t l = 0; l < column->n_levels && status == KMSEG_OK; l++) {
        const char *name = column->levels[l];
        status = km_dictionary_add(&known, name, strlen(name)) < 0 ? KMSEG_E_MEMORY : KMSEG_OK;
    }
    if (status == KMSEG_OK) {
        status = read_known(column, &known, from, arena, out);
    }
    km_dictionary_free(&known);
    return status == KMSEG_OK ? KMSEG_OK : km_fail_memory(ctx, "the levels of a column");
}

kmseg_status km_raw_columns(kmseg_context *ctx, const kmseg_prepare *prepare,
                            const kmseg_table *table, km_arena *arena, km_raw_column **out) {
    km_raw_column *columns = km_arena_array(arena, prepare->n_columns, sizeof *columns);
    *out = columns;
    if (columns == NULL) {
        return km_fail_memory(ctx, "the columns of rules");
    }
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        int32_t at = kmseg_table_find(table, column->name);
        if (at < 0) {
            return km_table_fail_no_column(ctx, table, column->name);
        }
        const kmseg_column *from = kmseg_table_column(table, at);
        columns[c].kind = km_raw_kind_of(column);
        int is_text = column->type == KMSEG_COLUMN_TEXT;
        if (from->type == KMSEG_COLUMN_TIME || (!is_text && from->type != column->type)) {
            return km_fail(ctx, KMSEG_E_FORMAT,
                           "column %s has another type than in the fit; it needs to be %s",
                           column->name, is_text ? "text" : "numbers");
        }
        columns[c].numbers = from->numbers;
        columns[c].fill = column->fill;
        columns[c].has_gaps = from->n_missing > 0;
        if (is_text) {
            KM_TRY(read_levels(ctx, column, from, arena, &columns[c]));
        }
    }
    return KMSEG_OK;
}
