/* A kmseg_prepare from a struct that came from elsewhere, such as a file: nothing in it is taken on
 * trust. */
#include "data/dictionary.h"
#include "prepare/encoder.h"
#include "prepare/object.h"

#include <math.h>
#include <string.h>

/* KMSEG_E_FORMAT when two of n names are the same. */
static kmseg_status check_distinct(kmseg_context *ctx, const char *what, const char *const *names,
                                   int32_t n, km_arena *scratch) {
    km_dictionary seen;
    if (!km_dictionary_init(&seen, scratch, &scratch->allocator)) {
        return km_fail_memory(ctx, "the check of names");
    }
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        int32_t code = km_dictionary_add(&seen, names[i], strlen(names[i]));
        if (code < 0) {
            status = km_fail_memory(ctx, "the check of names");
        } else if (code != i) {
            status = km_fail(ctx, KMSEG_E_FORMAT, "%s \"%s\" is there twice", what, names[i]);
        }
    }
    km_dictionary_free(&seen);
    return status;
}

static kmseg_status check_column(kmseg_context *ctx, const kmseg_prepare_column *column, int32_t i,
                                 int32_t first_output, km_arena *scratch) {
    if (column->name == NULL || column->name[0] == '\0') {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %d of the fitted encoding has no name", i);
    }
    const km_encoder *encoder = km_encoder_of(column);
    if (encoder == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s: no encoding of type %d and name \"%s\"",
                       column->name, (int)column->type, column->scale != NULL ? column->scale : "");
    }
    if (!(column->weight > 0) || !isfinite(column->weight)) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s: its weight needs to be positive",
                       column->name);
    }
    if (km_impute_find(column->impute) == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s: impute is \"%s\"; it needs to be %s",
                       column->name, column->impute != NULL ? column->impute : "", km_impute_names);
    }
    if (!(column->indicator >= 0) || !isfinite(column->indicator) ||
        column->n_outputs < 1 + (column->indicator > 0)) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s: its indicator needs to be 0, or positive with an output for it",
                       column->name);
    }
    KM_TRY(encoder->check(ctx, column));
    if (column->first_output != first_output || column->n_outputs > KM_MAX_OUTPUTS - first_output) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s has outputs %d to %d; they need to begin at %d and end before %d",
                       column->name, column->first_output,
                       (int)(column->first_output + (int64_t)column->n_outputs - 1), first_output,
                       KM_MAX_OUTPUTS);
    }
    return column->type == KMSEG_COLUMN_TEXT
               ? check_distinct(ctx, "level", column->levels, column->n_levels, scratch)
               : KMSEG_OK;
}

static kmseg_status check_columns(kmseg_context *ctx, const kmseg_prepare *from,
                                  km_arena *scratch) {
    if (from->n_columns < 1 || from->n_columns > KM_MAX_OUTPUTS || from->columns == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT, "the fitted encoding has %d columns", from->n_columns);
    }
    const char **names = km_arena_array(scratch, from->n_columns, sizeof *names);
    if (names == NULL) {
        return km_fail_memory(ctx, "the check of names");
    }
    int32_t n_outputs = 0;
    for (int32_t i = 0; i < from->n_columns; i++) {
        KM_TRY(check_column(ctx, &from->columns[i], i, n_outputs, scratch));
        n_outputs += from->columns[i].n_outputs;
        names[i] = from->columns[i].name;
    }
    if (from->n_outputs != n_outputs) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "the fitted encoding has %d outputs; its columns have %d", from->n_outputs,
                       n_outputs);
    }
    return check_distinct(ctx, "column", names, from->n_columns, scratch);
}

static kmseg_status check(kmseg_context *ctx, const kmseg_prepare *from, km_arena *scratch) {
    if (from->struct_size != sizeof *from) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "struct_size of the encoding is %zu; it needs to be %zu", from->struct_size,
                       sizeof *from);
    }
    if (km_impute_find(from->impute) == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT, "impute is \"%s\"; it needs to be %s",
                       from->impute != NULL ? from->impute : "", km_impute_names);
    }
    if (from->dtype != KMSEG_FLOAT32 && from->dtype != KMSEG_FLOAT64) {
        return km_fail(ctx, KMSEG_E_FORMAT, "the type of the prepared numbers is unknown");
    }
    if (from->n_notes < 0 || (from->n_notes > 0 && from->notes == NULL)) {
        return km_fail(ctx, KMSEG_E_FORMAT, "the fitted encoding has %d notes", from->n_notes);
    }
    return check_columns(ctx, from, scratch);
}

/* Copies n texts, NULL as ""; NULL when out of memory. */
static const char *const *copy_texts(km_arena *arena, const char *const *from, int32_t n) {
    const char **to = km_arena_array(arena, n, sizeof *to);
    for (int32_t i = 0; to != NULL && i < n; i++) {
        to[i] = km_arena_text(arena, from[i] != NULL ? from[i] : "");
        to = to[i] != NULL ? to : NULL;
    }
    return to;
}

static int copy_column(km_arena *arena, const kmseg_prepare_column *from,
                       kmseg_prepare_column *to) {
    *to = *from;
    to->name = km_arena_text(arena, from->name);
    to->unit = km_arena_text(arena, from->unit != NULL ? from->unit : "");
    to->group = km_arena_text(arena, from->group != NULL ? from->group : "");
    to->impute = km_impute_find(from->impute);
    if (to->name == NULL || to->unit == NULL || to->group == NULL) {
        return 0;
    }
    if (from->type == KMSEG_COLUMN_NUMBER) {
        to->transform = km_transform_find(from->transform)->named.name;
        to->scale = km_scale_find(from->scale)->named.name;
        to->n_levels = 0;
        to->levels = NULL;
        to->level_shares = NULL;
        to->fill_level = -1;
        to->other_level = -1;
        to->knots = km_arena_copy(arena, from->knots, from->n_knots, sizeof *from->knots);
        return to->knots != NULL;
    }
    to->lower = to->upper = (double)NAN;
    to->n_knots = 0;
    to->knots = NULL;
    to->transform = "none";
    to->scale = km_encoder_of(from)->named.name;
    to->levels = copy_texts(arena, from->levels, from->n_levels);
    to->level_shares =
        km_arena_copy(arena, from->level_shares, from->n_levels, sizeof *from->level_shares);
    return to->levels != NULL && to->level_shares != NULL;
}

static int copy_all(km_arena *arena, const kmseg_prepare *from, kmseg_prepare *to) {
    kmseg_prepare_column *columns = km_arena_array(arena, from->n_columns, sizeof *columns);
    for (int32_t i = 0; columns != NULL && i < from->n_columns; i++) {
        if (!copy_column(arena, &from->columns[i], &columns[i])) {
            return 0;
        }
    }
    *to = *from;
    to->columns = columns;
    to->id = km_arena_text(arena, from->id != NULL ? from->id : "");
    to->impute = km_impute_find(from->impute);
    to->notes = copy_texts(arena, from->notes, from->n_notes);
    to->output_names = columns != NULL ? km_output_names(arena, to) : NULL;
    return columns != NULL && to->id != NULL && to->notes != NULL && to->output_names != NULL;
}

kmseg_status kmseg_prepare_copy(kmseg_context *ctx, const kmseg_prepare *from,
                                kmseg_prepare **out) {
    *out = NULL;
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    kmseg_status status = check(ctx, from, &scratch);
    km_arena_free(&scratch);
    KM_TRY(status);
    km_prepare *object = km_prepare_new(ctx);
    if (object == NULL || !copy_all(&object->arena, from, &object->shown)) {
        kmseg_prepare_free(object != NULL ? &object->shown : NULL);
        return km_fail_memory(ctx, "a fitted encoding");
    }
    *out = &object->shown;
    return KMSEG_OK;
}
