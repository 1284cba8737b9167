/* Text: one output per level.
 *
 * Two rows of different levels differ in two outputs by level_scale each, so their squared distance
 * is 2 level_scale^2. A mismatch is to cost what one standard deviation of a number costs, s (1
 * for z-scores; else the root of the mean variance of the scaled number columns), hence
 * level_scale = s / sqrt(2). A level that the fit did not see goes to the pool "other" where there
 * is one; else all outputs are 0, which is level_scale away from every level. */
#include "base/text.h"
#include "data/dictionary.h"
#include "prepare/encoder.h"

#include <math.h>
#include <string.h>

static kmseg_status fit_onehot(km_fit *fit, int32_t i, kmseg_prepare_column *out) {
    const kmseg_column *column = kmseg_table_column(fit->table, i);
    km_levels levels;
    KM_TRY(km_fit_levels(fit, column, &levels));
    out->transform = "none";
    out->scale = km_encode_onehot.named.name;
    out->n_levels = levels.n;
    out->levels = levels.names;
    out->level_shares = levels.shares;
    out->level_scale = 1; /* times the pooled deviation, once that is known */
    out->fill_level = levels.mode;
    out->other_level = levels.other;
    out->n_outputs = levels.n;
    if (levels.n_pooled > 0) {
        km_note(&fit->notes, "%s: %d levels of fewer than %lld customers are pooled as \"other\"",
                out->name, levels.n_pooled, (long long)levels.threshold);
    }
    if (out->n_missing > 0 && fit->rows == NULL) {
        km_note(&fit->notes, "%s: %lld missing values replaced by the most frequent, %s", out->name,
                (long long)out->n_missing, levels.names[levels.mode]);
    }
    return KMSEG_OK;
}

static kmseg_status check_onehot(kmseg_context *ctx, const kmseg_prepare_column *c) {
    if (c->n_levels < 1 || c->levels == NULL || c->level_shares == NULL ||
        c->n_outputs != c->n_levels) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s has %d levels and %d outputs; both need to be the same, with the "
                       "name and share of each",
                       c->name, c->n_levels, c->n_outputs);
    }
    if (!(c->level_scale > 0) || !isfinite(c->level_scale) || c->fill_level < -1 ||
        c->fill_level >= c->n_levels || c->other_level < -1 || c->other_level >= c->n_levels) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s: level_scale needs to be positive, fill_level and other_level "
                       "positions of its %d levels",
                       c->name, c->n_levels);
    }
    for (int32_t i = 0; i < c->n_levels; i++) {
        if (c->levels[i] == NULL || !(c->level_shares[i] >= 0 && c->level_shares[i] <= 1)) {
            return km_fail(ctx, KMSEG_E_FORMAT,
                           "column %s: level %d needs a name and a share from 0 to 1", c->name, i);
        }
    }
    return KMSEG_OK;
}

/* A number column where text was fitted is read as the text of its numbers, so that levels "1",
 * "2", "3" are found again in a file that has no other. The distinct numbers become levels. */
static kmseg_status levels_of_numbers(kmseg_context *ctx, km_arena *scratch,
                                      const km_dictionary *known, const kmseg_column *from,
                                      km_source *out) {
    int32_t *codes = km_arena_array(scratch, from->n_rows, sizeof *codes);
    int32_t *position = km_arena_array(scratch, (int64_t)known->n + 1, sizeof *position);
    if (codes == NULL || position == NULL) {
        return km_fail_memory(ctx, "the levels of a number column");
    }
    for (int64_t r = 0; r < from->n_rows; r++) {
        char text[32];
        size_t length = km_format_double(from->numbers[r], text, sizeof text);
        int32_t code = km_dictionary_find(known, text, length);
        codes[r] = isnan(from->numbers[r]) ? -1 : code >= 0 ? code : known->n;
    }
    for (int32_t i = 0; i < known->n; i++) {
        position[i] = i;
    }
    position[known->n] = -1;
    out->codes = codes;
    out->position = position;
    return KMSEG_OK;
}

static kmseg_status match_levels(kmseg_context *ctx, km_arena *scratch, const km_dictionary *known,
                                 const kmseg_column *from, km_source *out) {
    int32_t *position = km_arena_array(scratch, from->n_levels, sizeof *position);
    if (position == NULL) {
        return km_fail_memory(ctx, "the levels of a text column");
    }
    for (int32_t i = 0; i < from->n_levels; i++) {
        position[i] = km_dictionary_find(known, from->levels[i], strlen(from->levels[i]));
    }
    out->codes = from->codes;
    out->position = position;
    return KMSEG_OK;
}

static kmseg_status bind_onehot(kmseg_context *ctx, km_arena *scratch,
                                const kmseg_prepare_column *column, const kmseg_column *from,
                                km_source *out) {
    if (from->type == KMSEG_COLUMN_TIME) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s is a column of dates; the segments were made from text",
                       from->name);
    }
    km_dictionary known;
    if (!km_dictionary_init(&known, scratch, &scratch->allocator)) {
        return km_fail_memory(ctx, "the levels of a column");
    }
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < column->n_levels && status == KMSEG_OK; i++) {
        if (km_dictionary_add(&known, column->levels[i], strlen(column->levels[i])) != i) {
            status = km_fail_memory(ctx, "the levels of a column");
        }
    }
    if (status == KMSEG_OK) {
        status = from->type == KMSEG_COLUMN_TEXT
                     ? match_levels(ctx, scratch, &known, from, out)
                     : levels_of_numbers(ctx, scratch, &known, from, out);
    }
    km_dictionary_free(&known);
    return status;
}

static void encode(const kmseg_prepare_column *column, const km_source *source, const int64_t *rows,
                   int64_t first, int64_t n, km_target *target) {
    double on = column->level_scale * column->weight;
    for (int64_t i = 0; i < n; i++) {
        int32_t code = source->codes[rows != NULL ? rows[first + i] : first + i];
        int32_t position = code >= 0 ? source->position[code] : column->fill_level;
        if (code >= 0 && position < 0) {
            position = column->other_level;
            target->n_unseen += position < 0;
        }
        for (int32_t level = 0; level < column->n_levels; level++) {
            km_put(target, i, column->first_output + level, level == position ? on : 0);
        }
    }
}

/* To the share of customers at each level. */
static void invert(const kmseg_prepare_column *column, const double *outputs, double *out) {
    double on = column->level_scale * column->weight;
    for (int32_t level = 0; level < column->n_levels; level++) {
        out[level] = fmin(fmax(outputs[level] / on, 0), 1);
    }
}

const km_encoder km_encode_onehot = {
    .named = {"onehot", "one output per level; a mismatch costs one pooled standard deviation"},
    .type = KMSEG_COLUMN_TEXT,
    .fit = fit_onehot,
    .check = check_onehot,
    .bind = bind_onehot,
    .encode = encode,
    .invert = invert,
};
