/* The report that programs read. Segments are numbered from 1, as in every table. */
#include "report/formats.h"
#include "report/json_writer.h"

#include <stdio.h>
#include <string.h>

/* {"q00": minimum, ..., "q50": median, ..., "q100": maximum} */
static void write_quantiles(km_json *json, const double *quantiles) {
    km_json_open(json, "quantiles", '{');
    for (int32_t q = 0; q < KMSEG_N_QUANTILES; q++) {
        char key[16];
        snprintf(key, sizeof key, "q%02.0f", 100 * kmseg_profile_probability(q));
        km_json_number(json, key, quantiles[q]);
    }
    km_json_close(json, '}');
}

static void write_column(km_json *json, const kmseg_profile_column *column) {
    km_json_open(json, NULL, '{');
    km_json_text(json, "name", column->name);
    km_json_text(json, "unit", column->unit);
    km_json_text(json, "type", column->type == KMSEG_COLUMN_TEXT ? "text" : "number");
    km_json_boolean(json, "clustered", column->clustered);
    if (column->type == KMSEG_COLUMN_TEXT) {
        km_json_texts(json, "levels", column->levels, column->n_levels);
        km_json_numbers(json, "shares", column->level_shares, column->n_levels);
    } else {
        km_json_number(json, "mean", column->mean);
        km_json_number(json, "median", column->median);
        km_json_number(json, "deviation", column->deviation);
        if (column->n_bins > 0) {
            write_quantiles(json, column->quantiles);
            km_json_numbers(json, "histogram_edges", column->bin_edges, column->n_bins + 1);
        }
    }
    km_json_close(json, '}');
}

/* A level's share in a segment over its share in all rows. */
static void write_lifts(km_json *json, const kmseg_profile_column *column, const double *shares) {
    km_json_open(json, "lifts", '[');
    for (int32_t l = 0; l < column->n_levels; l++) {
        km_json_number(json, NULL, shares[l] / column->level_shares[l]);
    }
    km_json_close(json, ']');
}

static void write_histogram(km_json *json, const kmseg_profile_column *column, int32_t segment) {
    km_json_open(json, "histogram", '[');
    for (int32_t b = 0; b < column->n_bins; b++) {
        km_json_integer(json, NULL, column->segment_bins[segment * column->n_bins + b]);
    }
    km_json_close(json, ']');
}

/* One column in one segment; shares are in the order of the column's levels. */
static void write_cell(km_json *json, const kmseg_profile_column *column, int32_t segment) {
    km_json_open(json, NULL, '{');
    km_json_text(json, "name", column->name);
    if (column->type == KMSEG_COLUMN_TEXT) {
        const double *shares = column->segment_shares + (int64_t)segment * column->n_levels;
        km_json_numbers(json, "shares", shares, column->n_levels);
        write_lifts(json, column, shares);
    } else {
        km_json_number(json, "mean", column->segment_means[segment]);
        km_json_number(json, "median", column->segment_medians[segment]);
        if (column->n_bins > 0) {
            write_quantiles(json, column->segment_quantiles + (int64_t)segment * KMSEG_N_QUANTILES);
            write_histogram(json, column, segment);
        }
    }
    km_json_integer(json, "missing", column->segment_missing[segment]);
    km_json_close(json, '}');
}

static void write_traits(km_json *json, const kmseg_profile *profile, int32_t segment) {
    km_json_open(json, "traits", '[');
    for (int32_t t = 0; t < profile->n_traits[segment]; t++) {
        const kmseg_trait *trait = &profile->traits[segment * profile->max_traits + t];
        const kmseg_profile_column *column = &profile->columns[trait->column];
        char text[256];
        kmseg_trait_text(profile, segment, t, text, sizeof text);
        km_json_open(json, NULL, '{');
        km_json_text(json, "column", column->name);
        km_json_text(json, "level", trait->level >= 0 ? column->levels[trait->level] : NULL);
        km_json_number(json, "difference", trait->difference);
        km_json_number(json, "lift", trait->lift);
        km_json_text(json, "text", text);
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
}

static void write_plan(km_json *json, const kmseg_plan *plan) {
    km_json_text(json, "action", plan->action[0] != '\0' ? plan->action : NULL);
    km_json_number(json, "budget_share", plan->budget_share);
    km_json_text(json, "colour", plan->colour[0] != '\0' ? plan->colour : NULL);
}

static void write_rules(km_json *json, const kmseg_tree *rules, int32_t segment) {
    km_json_open(json, "rules", '[');
    for (int32_t i = 0; i < rules->n_rules; i++) {
        const kmseg_tree_rule *rule = &rules->rules[i];
        if (rule->segment == segment) {
            km_json_open(json, NULL, '{');
            km_json_text(json, "text", rule->text);
            km_json_number(json, "precision", rule->precision);
            km_json_number(json, "coverage", rule->coverage);
            km_json_integer(json, "node", rule->node);
            km_json_close(json, '}');
        }
    }
    km_json_close(json, ']');
}

static void write_segment(km_json *json, const kmseg_result *result, int32_t s) {
    const kmseg_profile *profile = result->profile;
    int has_value = profile->value_column[0] != '\0';
    km_json_open(json, NULL, '{');
    km_json_integer(json, "segment", s + 1);
    km_json_text(json, "name", kmseg_segment_name(result, s));
    km_json_text(json, "suggested_name", profile->names[s]);
    if (result->plans != NULL) {
        write_plan(json, &result->plans[s]);
    }
    km_json_integer(json, "customers", profile->sizes[s]);
    km_json_number(json, "customer_share", profile->size_shares[s]);
    if (has_value) {
        km_json_number(json, "value", profile->values[s]);
        km_json_number(json, "value_share", profile->value_shares[s]);
    }
    km_json_number(json, "radius", result->radii[s]);
    int64_t row = (int64_t)s * result->n_outputs;
    km_json_numbers(json, "centroid", result->centroids + row, result->n_outputs);
    km_json_numbers(json, "centroid_raw", result->centroids_raw + row, result->n_outputs);
    km_json_open(json, "columns", '[');
    for (int32_t c = 0; c < profile->n_columns; c++) {
        write_cell(json, &profile->columns[c], s);
    }
    km_json_close(json, ']');
    write_traits(json, profile, s);
    km_json_open(json, "typical", '[');
    for (int32_t t = 0; t < result->n_typical; t++) {
        int64_t sample = result->typical[(int64_t)s * result->n_typical + t];
        if (sample >= 0) {
            km_json_text(json, NULL, result->ids[sample]);
        }
    }
    km_json_close(json, ']');
    if (result->rules != NULL) {
        write_rules(json, result->rules, s);
    }
    km_json_close(json, '}');
}

/* What each node asks; "yes" and "no" are positions of nodes. */
static void write_tree(km_json *json, const kmseg_tree *rules, const kmseg_prepare *prepare) {
    km_json_open(json, "tree", '{');
    km_json_number(json, "fidelity", rules->fidelity);
    km_json_number(json, "guess", rules->guess);
    km_json_open(json, "nodes", '[');
    for (int32_t i = 0; i < rules->n_nodes; i++) {
        const kmseg_tree_node *node = &rules->nodes[i];
        km_json_open(json, NULL, '{');
        if (node->column >= 0) {
            const kmseg_prepare_column *column = &prepare->columns[node->column];
            km_json_text(json, "column", column->name);
            if (node->level >= 0) {
                km_json_text(json, "equals", column->levels[node->level]);
            } else {
                km_json_number(json, "at_most", node->threshold);
            }
            km_json_integer(json, "yes", node->yes);
            km_json_integer(json, "no", node->no);
        }
        km_json_integer(json, "segment", node->segment + 1);
        km_json_number(json, "share", node->share);
        km_json_number(json, "precision", node->precision);
        km_json_number(json, "coverage", node->coverage);
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
    km_json_close(json, '}');
}

static void write_prepare(km_json *json, const kmseg_prepare *prepare) {
    km_json_open(json, "prepare", '{');
    km_json_text(json, "id", prepare->id[0] != '\0' ? prepare->id : NULL);
    km_json_text(json, "impute", prepare->impute);
    km_json_open(json, "columns", '[');
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        int text = column->type == KMSEG_COLUMN_TEXT;
        km_json_open(json, NULL, '{');
        km_json_text(json, "name", column->name);
        km_json_text(json, "type", text ? "text" : "number");
        km_json_text(json, "transform", text ? NULL : column->transform);
        km_json_text(json, "scale", column->scale);
        km_json_number(json, "weight", column->weight);
        km_json_integer(json, "missing", column->n_missing);
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
    km_json_texts(json, "outputs", prepare->output_names, prepare->n_outputs);
    km_json_texts(json, "notes", prepare->notes, prepare->n_notes);
    km_json_close(json, '}');
}

static void write_scores(km_json *json, const kmseg_scores *scores) {
    km_json_open(json, "scores", '{');
    km_json_scores(json, scores);
    km_json_close(json, '}');
}

static void write_fit(km_json *json, const kmseg_result *result) {
    km_json_open(json, "fit", '{');
    km_json_number(json, "inertia", result->inertia);
    km_json_integer(json, "n_iter", result->n_iter);
    km_json_text(json, "stopped_because", kmseg_stop_reason_text(result->stop_reason));
    km_json_integer(json, "n_coreset", result->n_coreset);
    km_json_integer(json, "n_given_up", result->n_given_up);
    km_json_integer(json, "n_distinct", result->n_distinct);
    km_json_number(json, "inertia_unmerged", result->inertia_unmerged);
    km_json_open(json, "merges", '[');
    for (int32_t i = 0; i < result->n_merges; i++) {
        const kmseg_merge *merge = &result->merges[i];
        km_json_open(json, NULL, '{');
        km_json_integer(json, "customers", merge->size);
        km_json_number(json, "weight", merge->weight);
        km_json_integer(json, "into_customers", merge->into_size);
        km_json_number(json, "into_weight", merge->into_weight);
        km_json_number(json, "cost", merge->cost);
        if (merge->segment >= 0) {
            km_json_integer(json, "segment", merge->segment + 1);
        } else {
            km_json_raw(json, "segment", "null");
        }
        km_json_close(json, '}');
    }
    km_json_close(json, ']');
    km_json_numbers(json, "history", result->history, result->n_iter);
    if (result->seconds_fit > 0) { /* not in a result from a file: they belong to one run */
        km_json_integer(json, "n_rechecked", result->n_rechecked);
        km_json_text(json, "tiles", result->tiles);
        km_json_open(json, "seconds", '{');
        km_json_number(json, "prepare", result->seconds_prepare);
        km_json_number(json, "fit", result->seconds_fit);
        km_json_number(json, "fit_init", result->seconds_init);
        km_json_number(json, "fit_iterate", result->seconds_iterate);
        km_json_number(json, "fit_finish", result->seconds_finish);
        km_json_number(json, "scores", result->seconds_scores);
        km_json_number(json, "profile", result->seconds_profile);
        km_json_close(json, '}');
    }
    km_json_close(json, '}');
}

void km_report_json(const kmseg_result *result, const kmseg_report_options *options,
                    km_string *out) {
    (void)options;
    const kmseg_profile *profile = result->profile;
    km_json writer = {.out = out}, *json = &writer;
    km_json_open(json, NULL, '{');
    km_json_text(json, "kind", "segments");
    km_json_integer(json, "n_samples", result->n_samples);
    km_json_integer(json, "n_table_rows", result->n_table_rows);
    km_json_integer(json, "n_dropped", result->n_dropped);
    km_json_integer(json, "n_segments", result->n_segments);
    km_json_integer(json, "n_requested", result->n_requested);
    km_json_text(json, "value_column",
                 profile->value_column[0] != '\0' ? profile->value_column : NULL);
    km_json_open(json, "segments", '[');
    for (int32_t s = 0; s < result->n_segments; s++) {
        write_segment(json, result, s);
    }
    km_json_close(json, ']');
    km_json_open(json, "columns", '[');
    for (int32_t c = 0; c < profile->n_columns; c++) {
        write_column(json, &profile->columns[c]);
    }
    km_json_close(json, ']');
    if (result->rules != NULL) {
        write_tree(json, result->rules, result->prepare);
    }
    write_scores(json, &result->scores);
    write_fit(json, result);
    write_prepare(json, result->prepare);
    km_json_raw(json, "params", result->params[0] != '\0' ? result->params : "null");
    km_json_close(json, '}');
    km_string_add(out, "\n");
}
