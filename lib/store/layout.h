/* What is where in a result file; docs/file-format.md says the same in words. */
#ifndef KM_STORE_LAYOUT_H
#define KM_STORE_LAYOUT_H

#include "store/fields.h"

#include <kmseg/pipeline.h>

/* A level of a text column, in /prepare/levels and /profile/levels, in the order of columns. */
typedef struct km_level_row {
    int32_t column;
    const char *name;
    double share;
} km_level_row;

/* A quantile of a number column, in /prepare/knots, in the order of columns. */
typedef struct km_knot_row {
    int32_t column;
    double value;
} km_knot_row;

/* An output, in /features. */
typedef struct km_feature_row {
    const char *name, *unit, *role;
    int32_t column;
    double weight;
} km_feature_row;

/* A segment, in /profile/segments. */
typedef struct km_segment_row {
    const char *name;
    int64_t size;
    double size_share, value, value_share;
} km_segment_row;

/* A trait, in /profile/traits, strongest first within its segment. */
typedef struct km_trait_row {
    int32_t segment;
    kmseg_trait trait;
} km_trait_row;

/* A bin of a histogram, in /profile/bins, in the order of columns. */
typedef struct km_bin_row {
    int32_t column;
    double low, high;
} km_bin_row;

extern const km_fields km_layout_result;           /* kmseg_result: attributes of the root */
extern const km_fields km_layout_scores;           /* kmseg_scores: attributes of /scores */
extern const km_fields km_layout_merged;           /* kmseg_result: attributes of /merges */
extern const km_fields km_layout_merges;           /* kmseg_merge */
extern const km_fields km_layout_prepare;          /* kmseg_prepare: attributes of /prepare */
extern const km_fields km_layout_prepare_columns;  /* kmseg_prepare_column */
extern const km_fields km_layout_prepare_levels;   /* km_level_row */
extern const km_fields km_layout_prepare_knots;    /* km_knot_row */
extern const km_fields km_layout_features;         /* km_feature_row */
extern const km_fields km_layout_profile;          /* kmseg_profile: attributes of /profile */
extern const km_fields km_layout_profile_segments; /* km_segment_row */
extern const km_fields km_layout_profile_columns;  /* kmseg_profile_column */
extern const km_fields km_layout_profile_levels;   /* km_level_row */
extern const km_fields km_layout_profile_traits;   /* km_trait_row */

extern const km_fields km_layout_profile_bins; /* km_bin_row */
extern const km_fields km_layout_plans;        /* kmseg_plan */
extern const km_fields km_layout_rules;        /* kmseg_tree: attributes of /rules */
extern const km_fields km_layout_rules_nodes;  /* kmseg_tree_node */
extern const km_fields km_layout_rules_leaves; /* kmseg_tree_rule */

/* /prepare, /features, /profile, /rules and below. */
void km_store_put_prepare(km_h5_file *file, const kmseg_prepare *prepare);
void km_store_put_profile(km_h5_file *file, const kmseg_profile *profile);
kmseg_status km_store_get_prepare(km_h5_file *file, kmseg_prepare **out);
kmseg_status km_store_get_profile(km_h5_file *file, kmseg_profile **out);
void km_store_put_rules(km_h5_file *file, const kmseg_tree *rules);
kmseg_status km_store_get_rules(km_h5_file *file, const kmseg_prepare *prepare, int32_t n_segments,
                                kmseg_tree **out);

/* /map and /reports. Nothing where the result, or the file, has none. */
void km_store_put_map(km_h5_file *file, const kmseg_result *result);
void km_store_put_reports(km_h5_file *file, const kmseg_result *result);
/* Into the result, whose counts are known; memory from arena. */
kmseg_status km_store_get_map(km_h5_file *file, km_arena *arena, kmseg_result *result);
kmseg_status km_store_get_reports(km_h5_file *file, kmseg_result *result);

/* Quantiles and histograms of the number columns, in /profile. */
void km_store_put_distributions(km_h5_file *file, km_arena *arena, const kmseg_profile *profile);
/* Into columns of the profile; nothing where the file is of before them. */
kmseg_status km_store_get_distributions(km_h5_file *file, km_arena *arena, int32_t n_columns,
                                        int64_t n_segments, kmseg_profile_column *columns);

#endif
