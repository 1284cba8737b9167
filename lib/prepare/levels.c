/* Which levels of a text column get an output of their own. */
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

static counted *count_levels(km_fit *fit, const kmseg_column *column, int64_t *out_present) {
    counted *levels = km_arena_array(&fit->scratch, column->n_levels, sizeof *levels);
    if (levels == NULL) {
        return NULL;
    }
    for (int32_t i = 0; i < column->n_levels; i++) {
        levels[i].name = column->levels[i];
    }
    *out_present = 0;
    for (int64_t i = 0; i < fit->n_rows; i++) {
        int32_t code = column->codes[km_fit_row(fit, i)];
        if (code >= 0) {
            levels[code].count++;
            ++*out_present;
        }
    }
    if (column->n_levels > 1) {
        qsort(levels, (size_t)column->n_levels, sizeof *levels, by_name);
    }
    return levels;
}

static int keeps_its_name(const counted *level, int64_t threshold) {
    return level->count > 0 && level->count >= threshold && strcmp(level->name, "other") != 0;
}

/* Levels are sorted by name, so that their order does not depend on the order of rows. A level that
 * is called "other" in the data joins the pool. */
kmseg_status km_fit_levels(km_fit *fit, const kmseg_column *column, km_levels *out) {
    memset(out, 0, sizeof *out);
    int64_t present = 0;
    const counted *levels = count_levels(fit, column, &present);
    if (levels == NULL) {
        return km_fail_memory(fit->ctx, "the levels of a column");
    }
    out->threshold =
        fit->options->min_level_count > 0 ? fit->options->min_level_count : (present + 99) / 100;
    out->other = -1;
    int64_t pooled_rows = 0;
    for (int32_t i = 0; i < column->n_levels; i++) {
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
    for (int32_t i = 0; i < column->n_levels; i++) {
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
