/* The kmseg_prepare object, and fitting it step by step. */
#include "prepare/encoder.h"
#include "prepare/object.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

km_prepare *km_prepare_new(kmseg_context *ctx) {
    km_prepare *object = km_allocate(&ctx->allocator, sizeof *object);
    if (object != NULL) {
        memset(object, 0, sizeof *object);
        object->shown.struct_size = sizeof object->shown;
        km_arena_init(&object->arena, &ctx->allocator);
    }
    return object;
}

void kmseg_prepare_free(kmseg_prepare *prepare) {
    if (prepare != NULL) {
        km_prepare *object = (km_prepare *)prepare;
        kmseg_allocator allocator = object->arena.allocator;
        km_arena_free(&object->arena);
        km_release(&allocator, object);
    }
}

const char *const *km_output_names(km_arena *arena, const kmseg_prepare *prepare) {
    const char **names = km_arena_array(arena, prepare->n_outputs, sizeof *names);
    for (int32_t c = 0; names != NULL && c < prepare->n_columns; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        for (int32_t o = 0; o < column->n_outputs; o++) {
            int is_indicator = o == km_own_outputs(column);
            int is_level = !is_indicator && km_encoder_of(column)->has_level_outputs;
            const char *name =
                is_indicator ? km_arena_format(arena, "%s=missing", column->name)
                : is_level   ? km_arena_format(arena, "%s=%s", column->name, column->levels[o])
                             : column->name;
            if (name == NULL) {
                return NULL;
            }
            names[column->first_output + o] = name;
        }
    }
    return names;
}

void km_note(km_notes *notes, const char *format, ...) {
    if (notes->n == notes->capacity) {
        int32_t capacity = notes->capacity > 0 ? 2 * notes->capacity : 16;
        const char **items = km_arena_array(notes->arena, capacity, sizeof *items);
        if (items == NULL) {
            notes->failed = 1;
            return;
        }
        if (notes->n > 0) {
            memcpy(items, notes->items, (size_t)notes->n * sizeof *items);
        }
        notes->items = items;
        notes->capacity = capacity;
    }
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    notes->items[notes->n] = km_arena_text(notes->arena, text);
    if (notes->items[notes->n] == NULL) {
        notes->failed = 1;
        return;
    }
    notes->n++;
}

/* Square root of the mean variance of the scaled numbers; what one mismatch of a category costs. */
static double pooled_deviation(const km_fit *fit, const kmseg_prepare_column *columns) {
    double sum = 0;
    int32_t n = 0;
    for (int32_t c = 0; c < fit->n_chosen; c++) {
        const kmseg_prepare_column *column = &columns[c];
        if (km_own_outputs(column) == 1 && !km_encoder_of(column)->has_level_scale &&
            strcmp(column->scale, "binary") != 0) {
            double deviation = fit->deviations[fit->chosen[c]] / column->spread;
            sum += deviation * deviation;
            n += deviation > 0;
        }
    }
    double pooled = n > 0 ? sqrt(sum / n) : 1;
    return pooled > 0 && isfinite(pooled) ? pooled : 1;
}

static void scale_mismatches(const km_fit *fit, kmseg_prepare_column *columns) {
    double pooled = pooled_deviation(fit, columns);
    for (int32_t c = 0; c < fit->n_chosen; c++) {
        columns[c].indicator *= pooled;
        if (km_encoder_of(&columns[c])->has_level_scale) {
            columns[c].level_scale *= pooled * sqrt(0.5);
        } else if (strcmp(columns[c].scale, "binary") == 0) {
            columns[c].spread /= pooled;
        }
    }
}

static kmseg_status fit_column(km_fit *fit, int32_t i, kmseg_prepare_column *out) {
    const kmseg_column *column = kmseg_table_column(fit->table, i);
    out->name = km_arena_text(fit->arena, column->name);
    out->unit = km_arena_text(fit->arena, column->unit);
    if (out->name == NULL || out->unit == NULL) {
        return km_fail_memory(fit->ctx, "the columns of a fit");
    }
    out->type = column->type;
    const km_settings *settings = &fit->settings[i];
    out->weight = settings->weight;
    out->n_missing = column->n_missing;
    out->impute = settings->impute.how;
    out->group = "";
    out->lower = out->upper = (double)NAN;
    const km_encoder *encoder =
        column->type == KMSEG_COLUMN_NUMBER ? &km_encode_number : settings->encoder;
    KM_TRY(encoder->fit(fit, i, out));
    if (settings->impute.indicator && out->n_missing > 0) {
        out->n_outputs++;
        out->indicator = 1; /* times the pooled deviation, once that is known */
        km_note(&fit->notes, "%s: a feature says whether it was missing", out->name);
    }
    return KMSEG_OK;
}

static kmseg_status fit_columns(km_fit *fit, kmseg_prepare *out) {
    kmseg_prepare_column *columns = km_arena_array(fit->arena, fit->n_chosen, sizeof *columns);
    fit->values = km_arena_take(&fit->scratch, (size_t)fit->n_rows * sizeof *fit->values);
    fit->transformed = km_arena_take(&fit->scratch, (size_t)fit->n_rows * sizeof *fit->transformed);
    fit->deviations =
        km_arena_array(&fit->scratch, kmseg_table_n_columns(fit->table), sizeof *fit->deviations);
    if (columns == NULL || fit->values == NULL || fit->transformed == NULL ||
        fit->deviations == NULL) {
        return km_fail_memory(fit->ctx, "the columns of a fit");
    }
    for (int32_t c = 0; c < fit->n_chosen; c++) {
        KM_TRY(fit_column(fit, fit->chosen[c], &columns[c]));
        columns[c].first_output = out->n_outputs;
        if (columns[c].n_outputs > KM_MAX_OUTPUTS - out->n_outputs) {
            return km_fail(fit->ctx, KMSEG_E_DATA,
                           "column %s brings the outputs to more than %d; pool its levels with "
                           "min_level_count, or exclude it",
                           columns[c].name, KM_MAX_OUTPUTS);
        }
        out->n_outputs += columns[c].n_outputs;
    }
    scale_mismatches(fit, columns);
    KM_TRY(km_weigh_groups(fit, columns));
    out->columns = columns;
    out->n_columns = fit->n_chosen;
    return KMSEG_OK;
}

static kmseg_status fit_all(km_fit *fit, kmseg_prepare *out) {
    KM_TRY(km_read_settings(fit));
    KM_TRY(km_find_id(fit));
    KM_TRY(km_choose_encoders(fit));
    KM_TRY(km_choose_columns(fit));
    KM_TRY(fit_columns(fit, out));
    out->id = fit->id >= 0
                  ? km_arena_text(fit->arena, kmseg_table_column(fit->table, fit->id)->name)
                  : "";
    out->impute = fit->impute.how;
    out->dtype = strcmp(fit->options->precision, "float32") == 0 ? KMSEG_FLOAT32 : KMSEG_FLOAT64;
    out->output_names = km_output_names(fit->arena, out);
    out->n_notes = fit->notes.n;
    out->notes = fit->notes.items;
    if (out->id == NULL || out->output_names == NULL || fit->notes.failed) {
        return km_fail_memory(fit->ctx, "a fitted encoding");
    }
    return KMSEG_OK;
}

kmseg_status km_prepare_fit(kmseg_context *ctx, const kmseg_table *table,
                            const kmseg_prepare_options *options, km_known_moments *known,
                            kmseg_prepare **out) {
    *out = NULL;
    kmseg_prepare_options defaults;
    kmseg_prepare_options_init(&defaults);
    options = options != NULL ? options : &defaults;
    KM_TRY(kmseg_options_check(ctx, kmseg_prepare_option_table(), options));
    int64_t n_rows = kmseg_table_n_rows(table);
    if (n_rows < 2) {
        return km_fail(ctx, KMSEG_E_DATA, "the table has %s; at least 2 customers are needed",
                       n_rows == 0 ? "no rows" : "one row");
    }
    km_prepare *object = km_prepare_new(ctx);
    if (object == NULL) {
        return km_fail_memory(ctx, "a fitted encoding");
    }
    km_fit fit = {.ctx = ctx, .table = table, .options = options, .arena = &object->arena};
    fit.known = known;
    fit.n_rows = n_rows;
    fit.notes.arena = &object->arena;
    km_arena_init(&fit.scratch, &ctx->allocator);
    kmseg_status status = fit_all(&fit, &object->shown);
    km_arena_free(&fit.scratch);
    if (status != KMSEG_OK) {
        kmseg_prepare_free(&object->shown);
        return status;
    }
    *out = &object->shown;
    return KMSEG_OK;
}

kmseg_status kmseg_prepare_fit(kmseg_context *ctx, const kmseg_table *table,
                               const kmseg_prepare_options *options, kmseg_prepare **out) {
    return km_prepare_fit(ctx, table, options, NULL, out);
}
