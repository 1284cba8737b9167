/* What was fitted to the columns, in /prepare; and a view of it by output, in /features. */
#include "store/layout.h"

#include <math.h>
#include <string.h>

static km_level_row *level_rows(km_arena *arena, const kmseg_prepare *prepare, int64_t *out_n) {
    int64_t n = 0;
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        n += prepare->columns[c].type == KMSEG_COLUMN_TEXT ? prepare->columns[c].n_levels : 0;
    }
    *out_n = n;
    km_level_row *rows = km_arena_array(arena, n, sizeof *rows), *row = rows;
    for (int32_t c = 0; c < prepare->n_columns && rows != NULL; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        for (int32_t l = 0; column->type == KMSEG_COLUMN_TEXT && l < column->n_levels; l++) {
            *row++ = (km_level_row){c, column->levels[l], column->level_shares[l]};
        }
    }
    return rows;
}

static km_knot_row *knot_rows(km_arena *arena, const kmseg_prepare *prepare, int64_t *out_n) {
    int64_t n = 0;
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        n += prepare->columns[c].n_knots;
    }
    *out_n = n;
    km_knot_row *rows = km_arena_array(arena, n, sizeof *rows), *row = rows;
    for (int32_t c = 0; c < prepare->n_columns && rows != NULL; c++) {
        for (int32_t i = 0; i < prepare->columns[c].n_knots; i++) {
            *row++ = (km_knot_row){c, prepare->columns[c].knots[i]};
        }
    }
    return rows;
}

/* What a centroid's output is in own units: a share where it says on or off. */
static const char *unit_of(const kmseg_prepare_column *column, int32_t output) {
    int is_indicator =
        column->indicator > 0 && output == column->first_output + column->n_outputs - 1;
    if (is_indicator) {
        return "share";
    }
    if (column->type == KMSEG_COLUMN_TEXT) {
        return strcmp(column->scale, "ordinal") == 0 ? "place" : "share";
    }
    return column->unit;
}

static km_feature_row *feature_rows(km_arena *arena, const kmseg_prepare *prepare) {
    km_feature_row *rows = km_arena_array(arena, prepare->n_outputs, sizeof *rows);
    for (int32_t c = 0; c < prepare->n_columns && rows != NULL; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        for (int32_t o = column->first_output; o < column->first_output + column->n_outputs; o++) {
            rows[o] = (km_feature_row){.name = prepare->output_names[o],
                                       .unit = unit_of(column, o),
                                       .role = "feature",
                                       .column = c,
                                       .weight = column->weight};
        }
    }
    return rows;
}

void km_store_put_prepare(km_h5_file *file, const kmseg_prepare *prepare) {
    km_arena arena;
    km_arena_init(&arena, &file->ctx->allocator);
    int64_t n_levels;
    km_level_row *levels = level_rows(&arena, prepare, &n_levels);
    int64_t n_knots;
    km_knot_row *knots = knot_rows(&arena, prepare, &n_knots);
    km_feature_row *features = feature_rows(&arena, prepare);
    if (levels == NULL || knots == NULL || features == NULL) {
        file->status = km_fail_memory(file->ctx, "the columns");
    } else {
        km_h5_put_group(file, "/prepare");
        km_fields_put(file, &km_layout_prepare, prepare);
        km_fields_put_rows(file, &km_layout_prepare_columns, prepare->n_columns, prepare->columns);
        km_fields_put_rows(file, &km_layout_prepare_levels, n_levels, levels);
        km_fields_put_rows(file, &km_layout_prepare_knots, n_knots, knots);
        km_h5_put_texts(file, "/prepare/notes", prepare->n_notes, prepare->notes);
        km_fields_put_rows(file, &km_layout_features, prepare->n_outputs, features);
    }
    km_arena_free(&arena);
}

/* Gives every text column its stretch of the level rows. */
static kmseg_status share_out(km_h5_file *file, km_arena *arena, kmseg_prepare *prepare,
                              kmseg_prepare_column *columns, const km_level_row *rows, int64_t n) {
    const char **names = km_arena_array(arena, n, sizeof *names);
    double *shares = km_arena_array(arena, n, sizeof *shares);
    if (names == NULL || shares == NULL) {
        return km_fail_memory(file->ctx, "levels");
    }
    int64_t next = 0;
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        int32_t count = columns[c].type == KMSEG_COLUMN_TEXT ? columns[c].n_levels : 0;
        columns[c].levels = names + next;
        columns[c].level_shares = shares + next;
        for (int32_t l = 0; l < count; l++, next++) {
            if (next >= n || rows[next].column != c) {
                return km_h5_fault(file, KMSEG_E_FORMAT,
                                   "column %s needs to have %d rows in /prepare/levels",
                                   columns[c].name, count);
            }
            names[next] = rows[next].name;
            shares[next] = rows[next].share;
        }
    }
    return next == n ? KMSEG_OK
                     : km_h5_fault(file, KMSEG_E_FORMAT,
                                   "/prepare/levels has levels of columns that have none");
}

/* Gives every number column its stretch of the quantiles; files of format_version 1 have none. */
static kmseg_status share_knots(km_h5_file *file, km_arena *arena, const kmseg_prepare *prepare,
                                kmseg_prepare_column *columns) {
    km_knot_row *rows = NULL;
    int64_t n = 0, next = 0;
    if (file->version >= 2) {
        KM_TRY(km_fields_get_rows(file, &km_layout_prepare_knots, arena, &n, &rows));
    }
    double *values = km_arena_array(arena, n, sizeof *values);
    if (values == NULL) {
        return km_fail_memory(file->ctx, "the quantiles of columns");
    }
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        columns[c].knots = values + next;
        for (int32_t i = 0; i < columns[c].n_knots; i++, next++) {
            if (next >= n || rows[next].column != c) {
                return km_h5_fault(file, KMSEG_E_FORMAT,
                                   "column %s needs to have %d rows in /prepare/knots",
                                   columns[c].name, columns[c].n_knots);
            }
            values[next] = rows[next].value;
        }
    }
    return next == n ? KMSEG_OK
                     : km_h5_fault(file, KMSEG_E_FORMAT,
                                   "/prepare/knots has quantiles of columns that have none");
}

/* What files of format_version 1 do not say of their columns. */
static void fill_new_fields(kmseg_prepare *prepare, kmseg_prepare_column *columns) {
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        if (columns[c].impute == NULL) {
            columns[c].impute = prepare->impute;
            columns[c].lower = columns[c].upper = (double)NAN;
        }
    }
}

static kmseg_status get(km_h5_file *file, km_arena *arena, kmseg_prepare *prepare) {
    kmseg_prepare_column *columns;
    km_level_row *levels;
    int64_t n_columns, n_levels, n_notes;
    KM_TRY(km_fields_get(file, &km_layout_prepare, arena, prepare));
    KM_TRY(km_fields_get_rows(file, &km_layout_prepare_columns, arena, &n_columns, &columns));
    KM_TRY(km_fields_get_rows(file, &km_layout_prepare_levels, arena, &n_levels, &levels));
    KM_TRY(km_h5_rows(file, "/prepare/notes", &n_notes));
    KM_TRY(km_h5_get_texts(file, "/prepare/notes", n_notes, arena, &prepare->notes));
    if (n_columns > INT32_MAX || n_notes > INT32_MAX) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "/prepare has %lld columns and %lld notes",
                           (long long)n_columns, (long long)n_notes);
    }
    prepare->n_columns = (int32_t)n_columns;
    prepare->n_notes = (int32_t)n_notes;
    prepare->columns = columns;
    fill_new_fields(prepare, columns);
    KM_TRY(share_knots(file, arena, prepare, columns));
    return share_out(file, arena, prepare, columns, levels, n_levels);
}

kmseg_status km_store_get_prepare(km_h5_file *file, kmseg_prepare **out) {
    kmseg_prepare prepare;
    memset(&prepare, 0, sizeof prepare);
    prepare.struct_size = sizeof prepare;
    km_arena arena;
    km_arena_init(&arena, &file->ctx->allocator);
    kmseg_status status = get(file, &arena, &prepare);
    if (status == KMSEG_OK) {
        status = kmseg_prepare_copy(file->ctx, &prepare, out);
        if (status != KMSEG_OK) {
            km_fail_prefix(file->ctx, status, "%s: /prepare", file->path);
        }
    }
    km_arena_free(&arena);
    return status;
}
