#include "store/layout.h"

#include <stddef.h>

static const km_word types[] = {{"number", KMSEG_COLUMN_NUMBER},
                                {"text", KMSEG_COLUMN_TEXT},
                                {"time", KMSEG_COLUMN_TIME},
                                {NULL, 0}};
static const km_word dtypes[] = {{"float32", KMSEG_FLOAT32}, {"float64", KMSEG_FLOAT64}, {NULL, 0}};
static const km_word reasons[] = {
    {"labels", KMSEG_STOP_LABELS},     {"tol", KMSEG_STOP_TOL},
    {"max_iter", KMSEG_STOP_MAX_ITER}, {"cancelled", KMSEG_STOP_CANCELLED},
    {"stalled", KMSEG_STOP_STALLED},   {NULL, 0}};

#define INT32(type, field)                                                                         \
    { #field, KM_FIELD_INT32, offsetof(type, field), NULL, 0 }
#define INT64(type, field)                                                                         \
    { #field, KM_FIELD_INT64, offsetof(type, field), NULL, 0 }
#define DOUBLE(type, field)                                                                        \
    { #field, KM_FIELD_DOUBLE, offsetof(type, field), NULL, 0 }
#define TEXT(type, field)                                                                          \
    { #field, KM_FIELD_TEXT, offsetof(type, field), NULL, 0 }
#define NEW_INT32(type, field)                                                                     \
    { #field, KM_FIELD_INT32, offsetof(type, field), NULL, 1 }
#define NEW_DOUBLE(type, field)                                                                    \
    { #field, KM_FIELD_DOUBLE, offsetof(type, field), NULL, 1 }
#define NEW_TEXT(type, field)                                                                      \
    { #field, KM_FIELD_TEXT, offsetof(type, field), NULL, 1 }
#define WORD(type, field, words)                                                                   \
    { #field, KM_FIELD_WORD, offsetof(type, field), words, 0 }
#define LAYOUT(path, fields, type)                                                                 \
    { path, fields, KM_COUNT(fields), sizeof(type) }

static const km_field result[] = {
    INT64(kmseg_result, n_samples),
    INT32(kmseg_result, n_segments),
    INT32(kmseg_result, n_requested),
    INT32(kmseg_result, n_outputs),
    DOUBLE(kmseg_result, inertia),
    INT32(kmseg_result, n_iter),
    INT64(kmseg_result, n_table_rows),
    INT64(kmseg_result, n_dropped),
    WORD(kmseg_result, stop_reason, reasons),
    NEW_INT32(kmseg_result, n_coreset),
    NEW_INT32(kmseg_result, n_given_up),
    NEW_INT32(kmseg_result, n_distinct),
};
const km_fields km_layout_result = LAYOUT("/", result, kmseg_result);

static const km_field scores[] = {
    DOUBLE(kmseg_scores, inertia),           DOUBLE(kmseg_scores, explained),
    DOUBLE(kmseg_scores, silhouette),        DOUBLE(kmseg_scores, silhouette_error),
    INT64(kmseg_scores, silhouette_samples), DOUBLE(kmseg_scores, silhouette_simplified),
    DOUBLE(kmseg_scores, calinski_harabasz), DOUBLE(kmseg_scores, davies_bouldin),
};
const km_fields km_layout_scores = LAYOUT("/scores", scores, kmseg_scores);

static const km_field merged[] = {
    DOUBLE(kmseg_result, inertia_unmerged),
};
const km_fields km_layout_merged = LAYOUT("/merges", merged, kmseg_result);

static const km_field merges[] = {
    INT64(kmseg_merge, size),         INT64(kmseg_merge, into_size), DOUBLE(kmseg_merge, weight),
    DOUBLE(kmseg_merge, into_weight), DOUBLE(kmseg_merge, cost),     INT32(kmseg_merge, segment),
};
const km_fields km_layout_merges = LAYOUT("/merges", merges, kmseg_merge);

static const km_field prepare[] = {
    TEXT(kmseg_prepare, id),
    TEXT(kmseg_prepare, impute),
    WORD(kmseg_prepare, dtype, dtypes),
    INT32(kmseg_prepare, n_outputs),
};
const km_fields km_layout_prepare = LAYOUT("/prepare", prepare, kmseg_prepare);

static const km_field prepare_columns[] = {
    TEXT(kmseg_prepare_column, name),
    TEXT(kmseg_prepare_column, unit),
    WORD(kmseg_prepare_column, type, types),
    TEXT(kmseg_prepare_column, transform),
    TEXT(kmseg_prepare_column, scale),
    DOUBLE(kmseg_prepare_column, fill),
    DOUBLE(kmseg_prepare_column, centre),
    DOUBLE(kmseg_prepare_column, spread),
    DOUBLE(kmseg_prepare_column, weight),
    INT32(kmseg_prepare_column, fill_level),
    INT32(kmseg_prepare_column, n_levels),
    DOUBLE(kmseg_prepare_column, level_scale),
    INT32(kmseg_prepare_column, other_level),
    INT32(kmseg_prepare_column, first_output),
    INT32(kmseg_prepare_column, n_outputs),
    INT64(kmseg_prepare_column, n_missing),
    DOUBLE(kmseg_prepare_column, mean),
    DOUBLE(kmseg_prepare_column, median),
    DOUBLE(kmseg_prepare_column, minimum),
    DOUBLE(kmseg_prepare_column, maximum),
    DOUBLE(kmseg_prepare_column, skew),
    NEW_TEXT(kmseg_prepare_column, impute),
    NEW_DOUBLE(kmseg_prepare_column, lower),
    NEW_DOUBLE(kmseg_prepare_column, upper),
    NEW_DOUBLE(kmseg_prepare_column, parameter),
    NEW_INT32(kmseg_prepare_column, n_knots),
    NEW_TEXT(kmseg_prepare_column, group),
    NEW_DOUBLE(kmseg_prepare_column, indicator),
};
const km_fields km_layout_prepare_columns =
    LAYOUT("/prepare/columns", prepare_columns, kmseg_prepare_column);

static const km_field levels[] = {
    INT32(km_level_row, column),
    TEXT(km_level_row, name),
    DOUBLE(km_level_row, share),
};
const km_fields km_layout_prepare_levels = LAYOUT("/prepare/levels", levels, km_level_row);
const km_fields km_layout_profile_levels = LAYOUT("/profile/levels", levels, km_level_row);

static const km_field knots[] = {
    INT32(km_knot_row, column),
    DOUBLE(km_knot_row, value),
};
const km_fields km_layout_prepare_knots = LAYOUT("/prepare/knots", knots, km_knot_row);

static const km_field features[] = {
    TEXT(km_feature_row, name),    TEXT(km_feature_row, unit),     TEXT(km_feature_row, role),
    INT32(km_feature_row, column), DOUBLE(km_feature_row, weight),
};
const km_fields km_layout_features = LAYOUT("/features", features, km_feature_row);

static const km_field profile[] = {
    INT64(kmseg_profile, n_rows),
    TEXT(kmseg_profile, value_column),
    INT32(kmseg_profile, max_traits),
};
const km_fields km_layout_profile = LAYOUT("/profile", profile, kmseg_profile);

static const km_field segments[] = {
    TEXT(km_segment_row, name),          INT64(km_segment_row, size),
    DOUBLE(km_segment_row, size_share),  DOUBLE(km_segment_row, value),
    DOUBLE(km_segment_row, value_share),
};
const km_fields km_layout_profile_segments = LAYOUT("/profile/segments", segments, km_segment_row);

static const km_field profile_columns[] = {
    TEXT(kmseg_profile_column, name),        TEXT(kmseg_profile_column, unit),
    WORD(kmseg_profile_column, type, types), INT32(kmseg_profile_column, clustered),
    INT32(kmseg_profile_column, n_levels),   INT32(kmseg_profile_column, is_flag),
    DOUBLE(kmseg_profile_column, mean),      DOUBLE(kmseg_profile_column, median),
    DOUBLE(kmseg_profile_column, deviation),
};
const km_fields km_layout_profile_columns =
    LAYOUT("/profile/columns", profile_columns, kmseg_profile_column);

static const km_field traits[] = {
    INT32(km_trait_row, segment),
    {"column", KM_FIELD_INT32, offsetof(km_trait_row, trait.column), NULL, 0},
    {"level", KM_FIELD_INT32, offsetof(km_trait_row, trait.level), NULL, 0},
    {"difference", KM_FIELD_DOUBLE, offsetof(km_trait_row, trait.difference), NULL, 0},
    {"lift", KM_FIELD_DOUBLE, offsetof(km_trait_row, trait.lift), NULL, 0},
};
const km_fields km_layout_profile_traits = LAYOUT("/profile/traits", traits, km_trait_row);

static const km_field bins[] = {
    INT32(km_bin_row, column),
    DOUBLE(km_bin_row, low),
    DOUBLE(km_bin_row, high),
};
const km_fields km_layout_profile_bins = LAYOUT("/profile/bins", bins, km_bin_row);

static const km_field plans[] = {
    TEXT(kmseg_plan, name),
    TEXT(kmseg_plan, action),
    TEXT(kmseg_plan, colour),
    DOUBLE(kmseg_plan, budget_share),
};
const km_fields km_layout_plans = LAYOUT("/plans", plans, kmseg_plan);

static const km_field rules[] = {
    DOUBLE(kmseg_tree, fidelity),
    DOUBLE(kmseg_tree, guess),
};
const km_fields km_layout_rules = LAYOUT("/rules", rules, kmseg_tree);

static const km_field rule_nodes[] = {
    INT32(kmseg_tree_node, column),     INT32(kmseg_tree_node, level),
    DOUBLE(kmseg_tree_node, threshold), INT32(kmseg_tree_node, yes),
    INT32(kmseg_tree_node, no),         INT32(kmseg_tree_node, segment),
    DOUBLE(kmseg_tree_node, share),     DOUBLE(kmseg_tree_node, precision),
    DOUBLE(kmseg_tree_node, coverage),
};
const km_fields km_layout_rules_nodes = LAYOUT("/rules/nodes", rule_nodes, kmseg_tree_node);

static const km_field rule_leaves[] = {
    INT32(kmseg_tree_rule, node),       INT32(kmseg_tree_rule, segment),
    DOUBLE(kmseg_tree_rule, precision), DOUBLE(kmseg_tree_rule, coverage),
    TEXT(kmseg_tree_rule, text),
};
const km_fields km_layout_rules_leaves = LAYOUT("/rules/leaves", rule_leaves, kmseg_tree_rule);
