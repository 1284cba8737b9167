/* Text whose levels have an order: one output, the place of the level, 1 for the lowest, centred
 * and scaled as a number is. Places are one step apart, whatever the width of a band. A level that
 * the fit did not see is filled as where it is missing, and counted. */
#include "data/moments.h"
#include "prepare/known_levels.h"

#include <math.h>
#include <string.h>

/* Places of the rows of the fit that have a level in fit->transformed, and the shares of levels. */
static kmseg_status place_rows(km_fit *fit, const kmseg_column *column,
                               const kmseg_prepare_column *out, double *shares, int64_t *out_n) {
    int32_t *places = km_arena_array(&fit->scratch, column->n_levels, sizeof *places);
    if (places == NULL) {
        return km_fail_memory(fit->ctx, "the order of levels");
    }
    for (int32_t l = 0; l < column->n_levels; l++) {
        places[l] = km_level_at(out->levels, out->n_levels, column->levels[l]);
    }
    int64_t n = 0;
    for (int64_t i = 0; i < fit->n_rows; i++) {
        int64_t r = km_fit_row(fit, i);
        int32_t code = column->codes[r];
        if (code < 0) {
            continue;
        }
        if (places[code] < 0) {
            return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                           "order: %s is \"%s\" in row %lld, which is not in its order; name every "
                           "level, lowest first",
                           column->name, column->levels[code], (long long)r + 1);
        }
        shares[places[code]]++;
        fit->transformed[n++] = places[code] + 1;
    }
    for (int32_t l = 0; l < out->n_levels && n > 0; l++) {
        shares[l] /= (double)n;
    }
    *out_n = n;
    return KMSEG_OK;
}

static void note_order(km_fit *fit, const km_settings *settings, const kmseg_prepare_column *out) {
    char text[400];
    size_t used = 0;
    text[0] = '\0';
    for (int32_t l = 0; l < out->n_levels; l++) {
        size_t n = strlen(out->levels[l]);
        if (used + n + 10 > sizeof text) {
            memcpy(text + used, " < ...", 7);
            break;
        }
        memcpy(text + used, l > 0 ? " < " : "", l > 0 ? 3 : 0);
        used += l > 0 ? 3 : 0;
        memcpy(text + used, out->levels[l], n + 1);
        used += n;
    }
    km_note(&fit->notes, "%s: ordered%s, %s", out->name,
            settings->is_order_given ? " as given" : "", text);
}

static kmseg_status fit_ordinal(km_fit *fit, int32_t i, kmseg_prepare_column *out) {
    const km_settings *settings = &fit->settings[i];
    const kmseg_column *column = kmseg_table_column(fit->table, i);
    const char **levels = km_arena_array(fit->arena, settings->n_order, sizeof *levels);
    double *shares = km_arena_array(fit->arena, settings->n_order, sizeof *shares);
    if (levels == NULL || shares == NULL) {
        return km_fail_memory(fit->ctx, "the order of levels");
    }
    for (int32_t l = 0; l < settings->n_order; l++) {
        levels[l] = km_arena_text(fit->arena, settings->order[l]);
        if (levels[l] == NULL) {
            return km_fail_memory(fit->ctx, "the order of levels");
        }
    }
    out->transform = "none";
    out->scale = km_encode_ordinal.named.name;
    out->n_levels = settings->n_order;
    out->levels = levels;
    out->level_shares = shares;
    out->level_scale = 1;
    out->other_level = -1;
    out->n_outputs = 1;
    int64_t n = 0;
    KM_TRY(place_rows(fit, column, out, shares, &n));
    note_order(fit, settings, out);
    KM_TRY(km_fit_fill_level(fit, i, 1, out));
    km_moments moments;
    KM_TRY(km_moments_of(fit->ctx, fit->transformed, n, &moments));
    fit->deviations[i] = moments.deviation;
    return km_fit_scale(fit, km_scale_find(fit->options->scale), n, &moments, out);
}

static kmseg_status check_ordinal(kmseg_context *ctx, const kmseg_prepare_column *c) {
    KM_TRY(km_check_levels(ctx, c));
    if (km_own_outputs(c) != 1 || c->fill_level < 0) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s has %d outputs and fill_level %d; an ordered one has 1, and a "
                       "level where it is missing",
                       c->name, km_own_outputs(c), c->fill_level);
    }
    if (!isfinite(c->centre) || !(c->spread > 0) || !isfinite(c->spread)) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s: its centre needs to be finite and its spread positive", c->name);
    }
    return KMSEG_OK;
}

static void encode(const kmseg_prepare_column *column, const km_source *source, const int64_t *rows,
                   int64_t first, int64_t n, km_target *target) {
    for (int64_t i = 0; i < n; i++) {
        int32_t code = source->codes[rows != NULL ? rows[first + i] : first + i];
        int32_t position = code >= 0 ? source->position[code] : column->fill_level;
        if (position < 0) {
            target->n_unseen++;
            position = column->fill_level;
        }
        km_put(target, i, column->first_output,
               (position + 1 - column->centre) / column->spread * column->weight);
    }
}

/* To the mean place, from 1. */
static void invert(const kmseg_prepare_column *column, const double *outputs, double *out) {
    *out = *outputs / column->weight * column->spread + column->centre;
}

static double variance(const kmseg_prepare_column *column, double deviation) {
    return deviation / column->spread * (deviation / column->spread);
}

const km_encoder km_encode_ordinal = {
    .named = {"ordinal", "one output, the place of the level in an order"},
    .type = KMSEG_COLUMN_TEXT,
    .fit = fit_ordinal,
    .check = check_ordinal,
    .bind = km_match_levels,
    .encode = encode,
    .invert = invert,
    .variance = variance,
};
