/* How text columns are encoded that the options say nothing about: cells of several tags are told
 * by their signs, an order by the names of the levels; everything else is one output per level. */
#include "data/tags.h"
#include "prepare/encoder.h"

#include <string.h>

/* More different tags than so many times max_levels are words of a text. */
enum { MOST_TAGS = 5 };

/* Cells have tags when some have several and the tags come back: there are fewer tags than
 * different cells, and each is in two different cells on average. */
static kmseg_status has_tags(km_fit *fit, const kmseg_column *column, int *out) {
    *out = 0;
    int signs = 0;
    for (int32_t l = 0; l < column->n_levels && !signs; l++) {
        signs = km_has_tags(column->levels[l]);
    }
    if (!signs) {
        return KMSEG_OK;
    }
    km_tags tags;
    if (!km_tags_split(&fit->scratch, column->levels, column->n_levels, &tags)) {
        return km_fail_memory(fit->ctx, "the tags of a column");
    }
    *out = tags.n_names > 1 && tags.n_names < column->n_levels &&
           tags.n_names <= MOST_TAGS * fit->options->max_levels &&
           tags.starts[tags.n_cells] >= 2 * (int64_t)tags.n_names;
    return KMSEG_OK;
}

static kmseg_status find_order(km_fit *fit, int32_t i, const kmseg_column *column, int *out) {
    km_settings *settings = &fit->settings[i];
    int32_t *order = km_arena_array(&fit->scratch, column->n_levels, sizeof *order);
    const char **levels = km_arena_array(&fit->scratch, column->n_levels, sizeof *levels);
    if (order == NULL || levels == NULL) {
        return km_fail_memory(fit->ctx, "the order of levels");
    }
    KM_TRY(km_recognise_order(fit->ctx, column->levels, column->n_levels, order, out));
    for (int32_t l = 0; l < column->n_levels && *out; l++) {
        levels[l] = column->levels[order[l]];
    }
    settings->order = *out ? levels : NULL;
    settings->n_order = *out ? column->n_levels : 0;
    return KMSEG_OK;
}

static kmseg_status choose(km_fit *fit, int32_t i, const kmseg_column *column) {
    km_settings *settings = &fit->settings[i];
    int found = 0;
    if (settings->has_encoder) {
        if (settings->encoder != &km_encode_ordinal || settings->order != NULL) {
            return KMSEG_OK;
        }
        KM_TRY(find_order(fit, i, column, &found));
        if (found) {
            return KMSEG_OK;
        }
        return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                       "encode: the order of the levels of %s is not known; give it, lowest first, "
                       "as in --order \"%s=%s<%s\"",
                       column->name, column->name, column->n_levels > 0 ? column->levels[0] : "low",
                       column->n_levels > 1 ? column->levels[1] : "high");
    }
    settings->encoder = &km_encode_onehot;
    if (column->n_levels <= fit->options->max_levels) {
        KM_TRY(find_order(fit, i, column, &found));
    }
    if (found) {
        settings->encoder = &km_encode_ordinal;
        return KMSEG_OK;
    }
    KM_TRY(has_tags(fit, column, &found));
    settings->encoder = found ? &km_encode_multihot : &km_encode_onehot;
    return KMSEG_OK;
}

kmseg_status km_choose_encoders(km_fit *fit) {
    for (int32_t i = 0; i < kmseg_table_n_columns(fit->table); i++) {
        const kmseg_column *column = kmseg_table_column(fit->table, i);
        if (column->type == KMSEG_COLUMN_TEXT && i != fit->id) {
            KM_TRY(choose(fit, i, column));
        }
    }
    return KMSEG_OK;
}
