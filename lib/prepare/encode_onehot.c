/* Text: one output per level.
 *
 * Two rows of different levels differ in two outputs by level_scale each, so their squared distance
 * is 2 level_scale^2. A mismatch is to cost what one standard deviation of a number costs, s (1
 * for z-scores; else the root of the mean variance of the scaled number columns), hence
 * level_scale = s / sqrt(2). A level that the fit did not see goes to the pool "other" where there
 * is one; else all outputs are 0, which is level_scale away from every level. */
#include "prepare/known_levels.h"

#include <math.h>
#include <string.h>

/* Where cells without a value are a level of their own: it is put behind the others. */
static kmseg_status add_constant(km_fit *fit, int32_t i, km_levels *levels, int64_t n_missing) {
    const km_impute *impute = &fit->settings[i].impute;
    const char *value = impute->value != NULL ? impute->value : "missing";
    if (strcmp(impute->how, "constant") != 0 || n_missing == 0 ||
        km_level_at(levels->names, levels->n, value) >= 0) {
        return KMSEG_OK;
    }
    const char **names = km_arena_array(fit->arena, (int64_t)levels->n + 1, sizeof *names);
    double *shares = km_arena_array(fit->arena, (int64_t)levels->n + 1, sizeof *shares);
    const char *name = km_arena_text(fit->arena, value);
    if (names == NULL || shares == NULL || name == NULL) {
        return km_fail_memory(fit->ctx, "the levels of a column");
    }
    double present = (double)(fit->n_rows - n_missing) / (double)fit->n_rows;
    for (int32_t l = 0; l < levels->n; l++) {
        names[l] = levels->names[l];
        shares[l] = levels->shares[l] * present;
    }
    names[levels->n] = name;
    shares[levels->n] = 1 - present;
    levels->n++;
    levels->names = names;
    levels->shares = shares;
    return KMSEG_OK;
}

static int64_t count_missing(const km_fit *fit, const kmseg_column *column) {
    int64_t n = 0;
    for (int64_t r = 0; r < fit->n_rows && column->n_missing > 0; r++) {
        n += column->codes[km_fit_row(fit, r)] < 0;
    }
    return n;
}

static kmseg_status fit_onehot(km_fit *fit, int32_t i, kmseg_prepare_column *out) {
    const kmseg_column *column = kmseg_table_column(fit->table, i);
    km_levels levels;
    KM_TRY(km_fit_levels(fit, column, &levels));
    KM_TRY(add_constant(fit, i, &levels, count_missing(fit, column)));
    out->transform = "none";
    out->scale = km_encode_onehot.named.name;
    out->n_levels = levels.n;
    out->levels = levels.names;
    out->level_shares = levels.shares;
    out->level_scale = 1; /* times the pooled deviation, once that is known */
    out->other_level = levels.other;
    out->n_outputs = levels.n;
    if (levels.n_pooled > 0) {
        km_note(&fit->notes, "%s: %d levels of fewer than %lld customers are pooled as \"other\"",
                out->name, levels.n_pooled, (long long)levels.threshold);
    }
    return km_fit_fill_level(fit, i, 0, out);
}

static kmseg_status check_onehot(kmseg_context *ctx, const kmseg_prepare_column *c) {
    KM_TRY(km_check_levels(ctx, c));
    if (km_own_outputs(c) != c->n_levels) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s has %d levels and %d outputs for them",
                       c->name, c->n_levels, km_own_outputs(c));
    }
    if (!(c->level_scale > 0) || !isfinite(c->level_scale)) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s: level_scale needs to be positive", c->name);
    }
    return KMSEG_OK;
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

static double variance(const kmseg_prepare_column *column, double deviation) {
    (void)deviation;
    double sum = 0;
    for (int32_t l = 0; l < column->n_levels; l++) {
        sum += column->level_shares[l] * (1 - column->level_shares[l]);
    }
    return sum * column->level_scale * column->level_scale;
}

const km_encoder km_encode_onehot = {
    .named = {"onehot", "one output per level; a mismatch costs one pooled standard deviation"},
    .type = KMSEG_COLUMN_TEXT,
    .has_level_scale = 1,
    .has_level_outputs = 1,
    .fit = fit_onehot,
    .check = check_onehot,
    .bind = km_match_levels,
    .encode = encode,
    .invert = invert,
    .variance = variance,
};
