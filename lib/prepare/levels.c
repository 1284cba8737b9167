/* Which levels of a text column get an output of their own. */
#include "data/dictionary.h"
#include "data/tags.h"
#include "prepare/fit.h"

#include <stdlib.h>
#include <string.h>

typedef struct counted {
    const char *name;
    int64_t count;
} counted;

static int by_name(const void *a, const void *b) {
    return strcmp(((const counted *)a)->name, ((const counted *)b)->name);
}

int64_t *km_count_levels(km_fit *fit, const kmseg_column *column, int64_t *out_present) {
    int64_t *counts = km_arena_array(&fit->scratch, column->n_levels, sizeof *counts);
    *out_present = 0;
    for (int64_t i = 0; i < fit->n_rows && counts != NULL; i++) {
        int32_t code = column->codes[km_fit_row(fit, i)];
        if (code >= 0) {
            counts[code]++;
            ++*out_present;
        }
    }
    return counts;
}

static int keeps_its_name(const counted *level, int64_t threshold) {
    return level->count > 0 && level->count >= threshold && strcmp(level->name, "other") != 0;
}

/* Levels are sorted by name, so that their order does not depend on the order of rows. A level that
 * is called "other" in the data joins the pool. pooled_rows is what the pool counts. */
static kmseg_status keep_levels(km_fit *fit, counted *levels, int32_t n_levels, int64_t present,
                                km_levels *out) {
    if (n_levels > 1) {
        qsort(levels, (size_t)n_levels, sizeof *levels, by_name);
    }
    out->threshold =
        fit->options->min_level_count > 0 ? fit->options->min_level_count : (present + 99) / 100;
    out->other = -1;
    int64_t pooled_rows = 0;
    for (int32_t i = 0; i < n_levels; i++) {
        if (keeps_its_name(&levels[i], out->threshold)) {
            out->n++;
        } else if (levels[i].count > 0) {
            out->n_pooled++;
            pooled_rows += levels[i].count;
        }
    }
    if (out->n_pooled > 0) {
        out->other = out->n++;
    }
    out->names = km_arena_array(fit->arena, out->n, sizeof *out->names);
    out->shares = km_arena_array(fit->arena, out->n, sizeof *out->shares);
    if (out->names == NULL || out->shares == NULL) {
        return km_fail_memory(fit->ctx, "the levels of a column");
    }
    int64_t most = 0;
    int32_t n = 0;
    for (int32_t i = 0; i < n_levels; i++) {
        if (!keeps_its_name(&levels[i], out->threshold)) {
            continue;
        }
        out->names[n] = km_arena_text(fit->arena, levels[i].name);
        if (out->names[n] == NULL) {
            return km_fail_memory(fit->ctx, "the levels of a column");
        }
        out->shares[n] = (double)levels[i].count / (double)present;
        if (levels[i].count > most) {
            most = levels[i].count;
            out->mode = n;
        }
        n++;
    }
    if (out->other >= 0) {
        out->names[n] = "other";
        out->shares[n] = (double)pooled_rows / (double)present;
        if (pooled_rows > most) {
            out->mode = n;
        }
    }
    return KMSEG_OK;
}

kmseg_status km_fit_levels(km_fit *fit, const kmseg_column *column, km_levels *out) {
    memset(out, 0, sizeof *out);
    int64_t present = 0;
    const int64_t *counts = km_count_levels(fit, column, &present);
    counted *levels = km_arena_array(&fit->scratch, column->n_levels, sizeof *levels);
    if (counts == NULL || levels == NULL) {
        return km_fail_memory(fit->ctx, "the levels of a column");
    }
    for (int32_t i = 0; i < column->n_levels; i++) {
        levels[i] = (counted){column->levels[i], counts[i]};
    }
    return keep_levels(fit, levels, column->n_levels, present, out);
}

/* The share of rows with at least one tag of the pool. */
static void share_of_pool(const km_tags *tags, const counted *by_tag, const int64_t *level_counts,
                          int64_t present, km_levels *out) {
    int64_t rows = 0;
    for (int32_t level = 0; level < tags->n_cells; level++) {
        int pooled = 0;
        for (int64_t t = tags->starts[level]; t < tags->starts[level + 1]; t++) {
            pooled |= !keeps_its_name(&by_tag[tags->tags[t]], out->threshold);
        }
        rows += pooled ? level_counts[level] : 0;
    }
    out->shares[out->other] = (double)rows / (double)present;
}

kmseg_status km_fit_tags(km_fit *fit, const kmseg_column *column, km_levels *out) {
    memset(out, 0, sizeof *out);
    int64_t present = 0;
    const int64_t *counts = km_count_levels(fit, column, &present);
    km_tags tags;
    if (counts == NULL || !km_tags_split(&fit->scratch, column->levels, column->n_levels, &tags)) {
        return km_fail_memory(fit->ctx, "the tags of a column");
    }
    counted *by_tag = km_arena_array(&fit->scratch, tags.n_names, sizeof *by_tag);
    counted *sorted = km_arena_array(&fit->scratch, tags.n_names, sizeof *sorted);
    if (by_tag == NULL || sorted == NULL) {
        return km_fail_memory(fit->ctx, "the tags of a column");
    }
    for (int32_t t = 0; t < tags.n_names; t++) {
        by_tag[t].name = tags.names[t];
    }
    for (int32_t level = 0; level < tags.n_cells; level++) {
        for (int64_t t = tags.starts[level]; t < tags.starts[level + 1]; t++) {
            by_tag[tags.tags[t]].count += counts[level];
        }
    }
    for (int32_t t = 0; t < tags.n_names; t++) {
        sorted[t] = by_tag[t];
    }
    KM_TRY(keep_levels(fit, sorted, tags.n_names, present, out));
    if (out->other >= 0) {
        share_of_pool(&tags, by_tag, counts, present, out);
    }
    return KMSEG_OK;
}
