/* Text of several tags in a cell: one output per tag.
 *
 * Two rows that differ in one tag each (one has music, the other sport) differ in two outputs by
 * level_scale, as two rows of different levels do, so that this costs one pooled deviation s:
 * level_scale = s / sqrt(2). Rows of many tags can differ in many; so that a long list of tags does
 * not outvote everything else, level_scale is divided by the root of the sum of p (1 - p) over
 * tags where that is above 1, the most that the levels of a one-hot column come to. A cell without
 * a value has no tag. Tags that the fit did not see go to the pool "other" where there is one, else
 * they count for nothing. */
#include "data/tags.h"
#include "prepare/known_levels.h"

#include <math.h>
#include <string.h>

static double sum_of_variances(const kmseg_prepare_column *column) {
    double sum = 0;
    for (int32_t l = 0; l < column->n_levels; l++) {
        sum += column->level_shares[l] * (1 - column->level_shares[l]);
    }
    return sum;
}

static kmseg_status fit_multihot(km_fit *fit, int32_t i, kmseg_prepare_column *out) {
    km_levels tags;
    KM_TRY(km_fit_tags(fit, kmseg_table_column(fit->table, i), &tags));
    out->transform = "none";
    out->scale = km_encode_multihot.named.name;
    out->n_levels = tags.n;
    out->levels = tags.names;
    out->level_shares = tags.shares;
    out->other_level = tags.other;
    out->n_outputs = tags.n;
    out->fill_level = -1;
    double sum = sum_of_variances(out);
    out->level_scale = sum > 1 ? 1 / sqrt(sum) : 1; /* times the pooled deviation, later */
    km_note(&fit->notes, "%s: cells have several tags, each an output of its own: %d tags%s",
            out->name, tags.n, tags.other >= 0 ? ", rare ones pooled as \"other\"" : "");
    const km_impute *impute = &fit->settings[i].impute;
    if (impute->value != NULL) {
        return km_fit_fill_level(fit, i, 0, out);
    }
    if (out->n_missing > 0 && strcmp(impute->how, "drop") != 0) {
        km_note(&fit->notes, "%s: %lld empty cells count as having no tag", out->name,
                (long long)out->n_missing);
    }
    return KMSEG_OK;
}

static kmseg_status check_multihot(kmseg_context *ctx, const kmseg_prepare_column *c) {
    return km_encode_onehot.check(ctx, c);
}

/* The tags of each code of a text column, as positions of fitted tags; -1 is one not known. */
static kmseg_status match_tags(kmseg_context *ctx, km_arena *scratch, const km_dictionary *known,
                               const kmseg_column *from, km_source *out) {
    km_tags tags;
    if (!km_tags_split(scratch, from->levels, from->n_levels, &tags)) {
        return km_fail_memory(ctx, "the tags of a column");
    }
    int64_t n = tags.starts[tags.n_cells];
    int32_t *position = km_arena_array(scratch, n, sizeof *position);
    if (position == NULL) {
        return km_fail_memory(ctx, "the tags of a column");
    }
    for (int64_t t = 0; t < n; t++) {
        const char *name = tags.names[tags.tags[t]];
        position[t] = km_dictionary_find(known, name, strlen(name));
    }
    out->codes = from->codes;
    out->starts = tags.starts;
    out->position = position;
    return KMSEG_OK;
}

static kmseg_status bind_multihot(kmseg_context *ctx, km_arena *scratch,
                                  const kmseg_prepare_column *column, const kmseg_column *from,
                                  km_source *out) {
    if (from->type != KMSEG_COLUMN_TEXT) {
        return km_match_levels(ctx, scratch, column, from, out);
    }
    km_dictionary known;
    if (!km_known_levels(scratch, column, &known)) {
        return km_fail_memory(ctx, "the tags of a column");
    }
    kmseg_status status = match_tags(ctx, scratch, &known, from, out);
    km_dictionary_free(&known);
    return status;
}

static void put_tag(const kmseg_prepare_column *column, int64_t i, int32_t position,
                    km_target *target) {
    if (position < 0) {
        position = column->other_level;
        target->n_unseen += position < 0;
    }
    if (position >= 0) {
        km_put(target, i, column->first_output + position, column->level_scale * column->weight);
    }
}

static void encode(const kmseg_prepare_column *column, const km_source *source, const int64_t *rows,
                   int64_t first, int64_t n, km_target *target) {
    for (int64_t i = 0; i < n; i++) {
        int32_t code = source->codes[rows != NULL ? rows[first + i] : first + i];
        for (int32_t tag = 0; tag < column->n_levels; tag++) {
            km_put(target, i, column->first_output + tag, 0);
        }
        if (code < 0) {
            if (column->fill_level >= 0) {
                put_tag(column, i, column->fill_level, target);
            }
        } else if (source->starts == NULL) { /* a column of numbers: one tag each */
            put_tag(column, i, source->position[code], target);
        } else {
            for (int64_t t = source->starts[code]; t < source->starts[code + 1]; t++) {
                put_tag(column, i, source->position[t], target);
            }
        }
    }
}

static void invert(const kmseg_prepare_column *column, const double *outputs, double *out) {
    km_encode_onehot.invert(column, outputs, out);
}

static double variance(const kmseg_prepare_column *column, double deviation) {
    (void)deviation;
    return sum_of_variances(column) * column->level_scale * column->level_scale;
}

const km_encoder km_encode_multihot = {
    .named = {"multihot", "one output per tag of cells like \"music;sport\""},
    .type = KMSEG_COLUMN_TEXT,
    .has_level_scale = 1,
    .has_level_outputs = 1,
    .fit = fit_multihot,
    .check = check_multihot,
    .bind = bind_multihot,
    .encode = encode,
    .invert = invert,
    .variance = variance,
};
