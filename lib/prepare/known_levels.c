#include "prepare/known_levels.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

int km_known_levels(km_arena *scratch, const kmseg_prepare_column *column, km_dictionary *out) {
    if (!km_dictionary_init(out, scratch, &scratch->allocator)) {
        return 0;
    }
    for (int32_t i = 0; i < column->n_levels; i++) {
        if (km_dictionary_add(out, column->levels[i], strlen(column->levels[i])) != i) {
            km_dictionary_free(out);
            return 0;
        }
    }
    return 1;
}

/* A number column where text was fitted is read as the text of its numbers, so that levels "1",
 * "2", "3" are found again in a file that has no other. The distinct numbers become levels. */
static kmseg_status match_numbers(kmseg_context *ctx, km_arena *scratch, const km_dictionary *known,
                                  const kmseg_column *from, km_source *out) {
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

static kmseg_status match_texts(kmseg_context *ctx, km_arena *scratch, const km_dictionary *known,
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

kmseg_status km_match_levels(kmseg_context *ctx, km_arena *scratch,
                             const kmseg_prepare_column *column, const kmseg_column *from,
                             km_source *out) {
    if (from->type == KMSEG_COLUMN_TIME) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s is a column of dates; the segments were made from text",
                       from->name);
    }
    km_dictionary known;
    if (!km_known_levels(scratch, column, &known)) {
        return km_fail_memory(ctx, "the levels of a column");
    }
    kmseg_status status = from->type == KMSEG_COLUMN_TEXT
                              ? match_texts(ctx, scratch, &known, from, out)
                              : match_numbers(ctx, scratch, &known, from, out);
    km_dictionary_free(&known);
    return status;
}

kmseg_status km_check_levels(kmseg_context *ctx, const kmseg_prepare_column *c) {
    if (c->n_levels < 1 || c->levels == NULL || c->level_shares == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s has %d levels; it needs to have some, with the name and share of "
                       "each",
                       c->name, c->n_levels);
    }
    if (c->fill_level < -1 || c->fill_level >= c->n_levels || c->other_level < -1 ||
        c->other_level >= c->n_levels) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s: fill_level and other_level need to be positions of its %d "
                       "levels",
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

int32_t km_level_at(const char *const *levels, int32_t n, const char *name) {
    for (int32_t i = 0; i < n; i++) {
        if (strcmp(levels[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* The most frequent level, the first of them. */
static int32_t mode_of(const kmseg_prepare_column *column) {
    int32_t mode = 0;
    for (int32_t i = 1; i < column->n_levels; i++) {
        mode = column->level_shares[i] > column->level_shares[mode] ? i : mode;
    }
    return mode;
}

/* The level at which half of the rows are at it or below, in the order of levels. */
static int32_t median_of(const kmseg_prepare_column *column) {
    double below = 0;
    for (int32_t i = 0; i < column->n_levels; i++) {
        below += column->level_shares[i];
        if (below >= 0.5 - 1e-12) {
            return i;
        }
    }
    return column->n_levels - 1;
}

kmseg_status km_fit_fill_level(km_fit *fit, int32_t i, int is_ordered, kmseg_prepare_column *out) {
    const km_impute *impute = &fit->settings[i].impute;
    int is_constant =
        strcmp(impute->how, "constant") == 0 && (impute->value != NULL || out->n_missing > 0);
    int is_median = is_ordered && strcmp(impute->how, "mode") != 0;
    out->fill_level = is_median ? median_of(out) : mode_of(out);
    if (is_constant) {
        const char *value = impute->value != NULL ? impute->value : "missing";
        out->fill_level = km_level_at(out->levels, out->n_levels, value);
        if (out->fill_level < 0) {
            return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                           "impute: %s has no level \"%s\" to put where it is missing; give one of "
                           "its levels, as in %s=constant:%s, or take %s=median+indicator",
                           out->name, value, out->name, out->levels[0], out->name);
        }
    }
    if (out->n_missing > 0 && strcmp(impute->how, "drop") != 0) {
        char missing[64];
        km_format_number((double)out->n_missing, 0, missing, sizeof missing);
        km_note(&fit->notes, "%s: %s missing values replaced by %s%s", out->name, missing,
                is_constant ? ""
                : is_median ? "the level in the middle, "
                            : "the most frequent, ",
                out->levels[out->fill_level]);
    }
    return KMSEG_OK;
}
