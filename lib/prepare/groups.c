/* Groups of columns, so that fifty of one kind do not outvote one of another.
 *
 * What a column adds to squared distances is in proportion to the variance of its outputs: for a
 * z-score 1, times the square of its weight. The columns of a group get a common factor that makes
 * their variances add up to the square of the group's weight: together they count as one z-scored
 * number of that weight does, and by how much each counts within the group stays as it was. */
#include "base/text.h"
#include "prepare/encoder.h"

#include <math.h>

static double variance_of(const km_fit *fit, int32_t c, const kmseg_prepare_column *column) {
    double variance = km_encoder_of(column)->variance(column, fit->deviations[fit->chosen[c]]);
    double missing = (double)column->n_missing / (double)kmseg_table_n_rows(fit->table);
    variance += column->indicator * column->indicator * missing * (1 - missing);
    return variance * column->weight * column->weight;
}

/* Of what all columns count together, the share of those in group g. */
static double share_of(const km_fit *fit, int32_t g, const kmseg_prepare_column *columns) {
    double all = 0, own = 0;
    for (int32_t c = 0; c < fit->n_chosen; c++) {
        double variance = variance_of(fit, c, &columns[c]);
        all += variance;
        own += fit->settings[fit->chosen[c]].group == g ? variance : 0;
    }
    return own / all;
}

static kmseg_status weigh(km_fit *fit, int32_t g, kmseg_prepare_column *columns) {
    const km_group *group = &fit->groups[g];
    double variance = 0;
    for (int32_t c = 0; c < fit->n_chosen; c++) {
        if (fit->settings[fit->chosen[c]].group == g) {
            variance += variance_of(fit, c, &columns[c]);
        }
    }
    double factor = group->weight / sqrt(variance);
    for (int32_t c = 0; c < fit->n_chosen; c++) {
        if (fit->settings[fit->chosen[c]].group == g) {
            columns[c].group = km_arena_text(fit->arena, group->name);
            columns[c].weight *= factor;
            if (columns[c].group == NULL) {
                return km_fail_memory(fit->ctx, "the groups of columns");
            }
            if (!(columns[c].weight > 0) || !isfinite(columns[c].weight)) {
                return km_fail(fit->ctx, KMSEG_E_DATA,
                               "column %s has no weight left in the group %s", columns[c].name,
                               group->name);
            }
        }
    }
    return KMSEG_OK;
}

kmseg_status km_weigh_groups(km_fit *fit, kmseg_prepare_column *columns) {
    for (int32_t g = 0; g < fit->n_groups; g++) {
        KM_TRY(weigh(fit, g, columns));
    }
    for (int32_t g = 0; g < fit->n_groups; g++) {
        const km_group *group = &fit->groups[g];
        int32_t n = 0;
        for (int32_t c = 0; c < fit->n_chosen; c++) {
            n += fit->settings[fit->chosen[c]].group == g;
        }
        char weight[32], share[32];
        km_format_rounded(group->weight, 3, weight, sizeof weight);
        km_format_rounded(100 * share_of(fit, g, columns), 2, share, sizeof share);
        km_note(&fit->notes,
                "group %s: its %d columns count together as one number of weight %s%s, %s %% of "
                "everything",
                group->name, n, weight, group->has_weight ? "" : " (the default)", share);
    }
    return KMSEG_OK;
}
