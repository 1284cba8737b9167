/* What rfm, tier, lifecycle and rules say of themselves. */
#include "report/said.h"

static json_t *dimension_json(const kmseg_rfm *rfm, int d) {
    const kmseg_rfm_dimension *at = &rfm->dimensions[d];
    json_t *json = json_object(), *counts = json_array();
    for (int32_t b = 0; b < rfm->bins; b++) {
        json_array_append_new(counts, json_integer(at->counts[b]));
    }
    json_object_set_new(json, "edges", km_said_numbers(at->edges, rfm->bins - 1));
    json_object_set_new(json, "counts", counts);
    json_object_set_new(json, "low", km_said_numbers(at->low, rfm->bins));
    json_object_set_new(json, "high", km_said_numbers(at->high, rfm->bins));
    return json;
}

/* Customers by their scores of recency and frequency: counts[r - 1][f - 1]. NULL where the scores are not
 * in the table. */
static json_t *cells_json(const kmseg_table *table, int32_t bins) {
    int32_t r = kmseg_table_find(table, "r_score"), f = kmseg_table_find(table, "f_score");
    if (r < 0 || f < 0 || bins < 1 || bins > KMSEG_RFM_MOST_BINS) {
        return NULL;
    }
    int64_t counts[KMSEG_RFM_MOST_BINS][KMSEG_RFM_MOST_BINS] = {{0}};
    const double *recency = kmseg_table_column(table, r)->numbers;
    const double *frequency = kmseg_table_column(table, f)->numbers;
    for (int64_t i = 0; i < kmseg_table_n_rows(table); i++) {
        if (recency[i] >= 1 && recency[i] <= bins && frequency[i] >= 1 && frequency[i] <= bins) {
            counts[(int)recency[i] - 1][(int)frequency[i] - 1]++;
        }
    }
    json_t *rows = json_array();
    for (int32_t i = 0; i < bins; i++) {
        json_t *row = json_array();
        for (int32_t j = 0; j < bins; j++) {
            json_array_append_new(row, json_integer(counts[i][j]));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

kmseg_status kmseg_rfm_json(kmseg_context *ctx, const kmseg_rfm *rfm, const kmseg_origin *origin,
                            char **out) {
    int64_t bins = rfm->bins;
    json_t *root = km_said_input(origin);
    json_object_set_new(root, "scoring", json_string(rfm->scoring));
    json_object_set_new(root, "bins", json_integer(bins));
    json_object_set_new(root, "monetary_as", json_string(rfm->monetary_as));
    json_object_set_new(root, "n_customers", json_integer(rfm->n_customers));
    json_object_set_new(root, "n_missing", json_integer(rfm->n_missing));
    for (int d = 0; d < 3; d++) {
        json_object_set_new(root, rfm->dimensions[d].name, dimension_json(rfm, d));
    }
    if (rfm->nested_frequency != NULL) {
        json_object_set_new(root, "nested_frequency_edges",
                            km_said_numbers(rfm->nested_frequency, bins * (bins - 1)));
        json_object_set_new(root, "nested_monetary_edges",
                            km_said_numbers(rfm->nested_monetary, bins * bins * (bins - 1)));
    }
    json_t *cells = cells_json(origin->customers, rfm->bins);
    if (cells != NULL) {
        json_object_set_new(root, "recency_by_frequency", cells);
    }
    json_object_set_new(root, "segments", km_said_groups(rfm->segments, rfm->n_segments));
    json_object_set_new(root, "all", km_said_group(&rfm->all));
    json_object_set_new(root, "conventions", km_said_sentences(&rfm->conventions));
    json_object_set_new(root, "notes", km_said_sentences(&rfm->notes));
    return km_said_give(ctx, root, out);
}

static json_t *tiers_json(const kmseg_tier *tier) {
    json_t *array = json_array();
    for (int32_t g = 0; g < tier->n_tiers; g++) {
        json_t *json = km_said_group(&tier->tiers[g]);
        json_object_set_new(json, "value", km_said_real(tier->value_sums[g]));
        json_object_set_new(json, "value_share", km_said_real(tier->value_shares[g]));
        json_object_set_new(json, "lowest", km_said_real(tier->value_lowest[g]));
        json_object_set_new(json, "highest", km_said_real(tier->value_highest[g]));
        json_array_append_new(array, json);
    }
    return array;
}

static json_t *parts_json(const kmseg_tier *tier) {
    json_t *array = json_array();
    for (int32_t i = 0; i < tier->n_parts; i++) {
        const kmseg_tier_part *part = &tier->parts[i];
        json_t *json = json_object();
        json_object_set_new(json, "column", km_said_text(part->column));
        json_object_set_new(json, "weight", km_said_real(part->weight));
        json_object_set_new(json, "mean", km_said_real(part->mean));
        json_object_set_new(json, "deviation", km_said_real(part->deviation));
        json_object_set_new(json, "minimum", km_said_real(part->minimum));
        json_object_set_new(json, "maximum", km_said_real(part->maximum));
        json_array_append_new(array, json);
    }
    return array;
}

kmseg_status kmseg_tier_json(kmseg_context *ctx, const kmseg_tier *tier,
                             const kmseg_tier_options *options, const kmseg_origin *origin,
                             char **out) {
    json_t *root = km_said_input(origin);
    json_object_set_new(root, "value", km_said_text(tier->value));
    json_object_set_new(root, "method", json_string(tier->method));
    json_object_set_new(root, "column", km_said_text(options->column));
    json_object_set_new(root, "limits", km_said_numbers(tier->limits, tier->n_tiers - 1));
    json_object_set_new(root, "n_customers", json_integer(tier->n_customers));
    json_object_set_new(root, "n_missing", json_integer(tier->n_missing));
    json_object_set_new(root, "total", km_said_real(tier->total));
    if (tier->n_parts > 0) {
        json_object_set_new(root, "normalise", json_string(options->normalise));
        json_object_set_new(root, "score", parts_json(tier));
    }
    json_object_set_new(root, "tiers", tiers_json(tier));
    json_object_set_new(root, "all", km_said_group(&tier->all));
    json_object_set_new(root, "conventions", km_said_sentences(&tier->conventions));
    json_object_set_new(root, "notes", km_said_sentences(&tier->notes));
    return km_said_give(ctx, root, out);
}

kmseg_status kmseg_lifecycle_json(kmseg_context *ctx, const kmseg_lifecycle *lifecycle,
                                  const kmseg_lifecycle_options *options,
                                  const kmseg_list_report *list, const kmseg_origin *origin,
                                  char **out) {
    const kmseg_lifecycle *l = lifecycle;
    json_t *root = km_said_input(origin);
    json_object_set_new(root, "warn_days", km_said_real(l->warn_days));
    json_object_set_new(root, "lost_days", km_said_real(l->lost_days));
    json_object_set_new(root, "warn_percentile",
                        l->warn_fitted ? json_integer(options->warn) : json_null());
    json_object_set_new(root, "lost_percentile",
                        l->lost_fitted ? json_integer(options->lost) : json_null());
    json_object_set_new(root, "n_gaps", json_integer(l->n_gaps));
    json_object_set_new(root, "estimated_from",
                        l->estimated_from != NULL ? json_string(l->estimated_from) : json_null());
    json_object_set_new(root, "trend_margin", km_said_real(options->trend_margin));
    json_object_set_new(root, "n_customers", json_integer(l->n_customers));
    json_object_set_new(root, "n_missing", json_integer(l->n_missing));
    if (list != NULL) {
        json_t *about = json_object();
        json_object_set_new(about, "rows", json_integer(list->n_rows));
        json_object_set_new(about, "without_id", json_integer(list->n_missing));
        json_object_set_new(about, "with_orders", json_integer(list->n_known));
        json_object_set_new(about, "without_orders", json_integer(list->n_added));
        json_object_set_new(about, "customers_not_listed", json_integer(list->n_unlisted));
        json_object_set_new(root, "list", about);
    }
    json_object_set_new(root, "stages", km_said_groups(l->stages, KMSEG_N_STAGES));
    json_object_set_new(root, "all", km_said_group(&l->all));
    json_object_set_new(root, "conventions", km_said_sentences(&l->conventions));
    json_object_set_new(root, "notes", km_said_sentences(&l->notes));
    return km_said_give(ctx, root, out);
}

static json_t *classing_json(const kmseg_classing *classing) {
    json_t *json = json_object(), *fired = json_array();
    json_object_set_new(json, "name", km_said_text(classing->name));
    json_object_set_new(json, "n_unclassed", json_integer(classing->n_unclassed));
    json_object_set_new(json, "classes", km_said_groups(classing->classes, classing->n_classes));
    for (int32_t r = 0; r < classing->n_rules; r++) {
        const kmseg_rule_count *rule = &classing->rules[r];
        json_t *row = json_object();
        json_object_set_new(row, "class", km_said_text(rule->class_name));
        json_object_set_new(row, "when",
                            rule->text[0] != '\0' ? km_said_text(rule->text) : json_null());
        json_object_set_new(row, "line", json_integer(rule->line));
        json_object_set_new(row, "customers", json_integer(rule->n_fired));
        json_array_append_new(fired, row);
    }
    json_object_set_new(json, "rules", fired);
    return json;
}

kmseg_status kmseg_rules_json(kmseg_context *ctx, const kmseg_classings *classings,
                              const kmseg_origin *origin, char **out) {
    json_t *root = km_said_input(origin), *all = json_array();
    for (int32_t i = 0; i < classings->n; i++) {
        json_array_append_new(all, classing_json(&classings->classings[i]));
    }
    json_object_set_new(root, "n_customers", json_integer(classings->n_customers));
    json_object_set_new(root, "classings", all);
    json_object_set_new(root, "all", km_said_group(&classings->all));
    json_object_set_new(root, "conventions", km_said_sentences(&classings->conventions));
    json_object_set_new(root, "notes", km_said_sentences(&classings->notes));
    return km_said_give(ctx, root, out);
}
