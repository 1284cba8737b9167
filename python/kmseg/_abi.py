"""The structs, functions and constants of libkmseg as ctypes has to know them.

Written by tools/python_abi from the headers in lib/include/kmseg, which say what they mean; not to be
edited. Each name stands for that of C with kmseg_ or KMSEG_ in front. Opaque objects are c_void_p, and
so are arrays of numbers as parameters: an address, a ctypes array or byref() will do.
"""

import ctypes
from ctypes import (POINTER, Structure, c_char, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t,
                    c_uint64, c_uint8, c_void_p)

OK = 0
E_ARGUMENT = 1
E_MEMORY = 2
E_IO = 3
E_FORMAT = 4
E_DATA = 5
E_NOT_FOUND = 6
E_CANCELLED = 7
E_UNSUPPORTED = 8
E_INTERNAL = 9
OPTION_INT32 = 1
OPTION_INT64 = 2
OPTION_UINT64 = 3
OPTION_DOUBLE = 4
OPTION_BOOL = 5
OPTION_TEXT = 6
OPTION_CHOICE = 7
COLUMN_NUMBER = 1
COLUMN_TEXT = 2
COLUMN_TIME = 3
ROLE_UNKNOWN = 0
ROLE_ID = 1
ROLE_FEATURE = 2
ROLE_DESCRIBE = 3
AUTO = 0
FLOAT32 = 1
FLOAT64 = 2
INT16 = 3
STOP_LABELS = 1
STOP_TOL = 2
STOP_MAX_ITER = 3
STOP_CANCELLED = 4
STOP_STALLED = 5
N_QUANTILES = 7
VOTES = 5
N_GAP_QUANTILES = 5
N_GAP_PERCENTILES = 101
MOST_ORDER_JOINS = 4
CLEAN_MISSING_ID = 0
CLEAN_UNPARSABLE = 1
CLEAN_DUPLICATE = 2
CLEAN_RETURN = 3
CLEAN_ZERO_PRICE = 4
CLEAN_OUT_OF_RANGE = 5
CLEAN_OUTSIDE_PERIOD = 6
CLEAN_FUTURE_DATE = 7
N_CLEAN_RULES = 8
CLV_CORRELATED = 0
N_HOLDOUT_ROWS = 8
PSEUDONYM_SIZE = 35
CRM_ID = 0
CRM_SEGMENT = 1
CRM_NAME = 2
CRM_TIER = 3
CRM_STAGE = 4
CRM_CLV = 5
CRM_RISK = 6
CRM_ACTION = 7
N_CRM_FIELDS = 8
RFM_LEAST_BINS = 2
RFM_MOST_BINS = 9
MOST_TIERS = 20
STAGE_POTENTIAL = 0
STAGE_NEW = 1
STAGE_GROWING = 2
STAGE_MATURE = 3
STAGE_DECLINING = 4
STAGE_LOST = 5
N_STAGES = 6
FORMAT_VERSION = 2
FILE_TABLE = 1
FILE_RESULT = 2
FILE_HDF5 = 3
FILE_OTHER = 4

progress_fn = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, c_int64, c_int64)


class allocator(Structure):
    _fields_ = [("allocate", c_void_p), ("release", c_void_p), ("user", c_void_p)]


class context_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("allocator", allocator), ("n_threads", c_int32),
                ("kernels", c_char_p), ("progress", progress_fn), ("progress_user", c_void_p)]


class option(Structure):
    _fields_ = [("name", c_char_p), ("type", c_int), ("offset", c_size_t), ("minimum", c_double),
                ("maximum", c_double), ("default_number", c_double), ("default_text", c_char_p),
                ("choices", c_char_p), ("choice_name", c_void_p), ("list_kind", c_char_p),
                ("metavar", c_char_p), ("help", c_char_p), ("short_flag", c_char)]


class option_table(Structure):
    _fields_ = [("name", c_char_p), ("struct_size", c_size_t), ("n_options", c_int32),
                ("options", POINTER(option))]


class column(Structure):
    _fields_ = [("name", c_char_p), ("unit", c_char_p), ("type", c_int), ("role", c_int), ("n_rows", c_int64),
                ("n_missing", c_int64), ("numbers", POINTER(c_double)), ("times", POINTER(c_int64)),
                ("codes", POINTER(c_int32)), ("n_levels", c_int32), ("levels", POINTER(c_char_p))]


class column_request(Structure):
    _fields_ = [("name", c_char_p), ("type", c_int)]


class csv_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("delimiter", c_char_p), ("header", c_int32),
                ("date_order", c_char_p), ("n_requests", c_int32), ("requests", POINTER(column_request)),
                ("n_select", c_int32), ("select", POINTER(c_char_p)), ("max_rows", c_int64),
                ("lenient", c_int32)]


class csv_report(Structure):
    _fields_ = [("delimiter", c_char), ("n_bytes", c_int64), ("n_rows", c_int64), ("n_unparsable", c_int64),
                ("first_bad_line", c_int64)]


class generate_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("what", c_char_p), ("n_customers", c_int64),
                ("n_orders", c_int64), ("n_segments", c_int32), ("noise", c_double),
                ("missing_rate", c_double), ("defect_rate", c_double), ("seed", c_uint64)]


class matrix(Structure):
    _fields_ = [("values", c_void_p), ("dtype", c_int), ("n_rows", c_int64), ("n_cols", c_int64),
                ("row_stride", c_int64), ("col_stride", c_int64)]


class tiles_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("dtype", c_int)]


class fit_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_clusters", c_int32), ("n_init", c_int32),
                ("max_iter", c_int32), ("tol", c_double), ("seed", c_uint64), ("init", c_char_p),
                ("algorithm", c_char_p), ("init_centroids", POINTER(c_double)), ("batch_size", c_int32),
                ("coreset_size", c_int32)]


class model(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_clusters", c_int32), ("n_features", c_int32),
                ("n_samples", c_int64), ("centroids", POINTER(c_double)), ("labels", POINTER(c_int32)),
                ("cluster_weights", POINTER(c_double)), ("cluster_sizes", POINTER(c_int64)),
                ("inertia", c_double), ("n_iter", c_int32), ("n_nonempty", c_int32), ("best_init", c_int32),
                ("stop_reason", c_int), ("history", POINTER(c_double)), ("n_rechecked", c_int64),
                ("seconds_init", c_double), ("seconds_iterate", c_double), ("seconds_finish", c_double),
                ("n_coreset", c_int32), ("n_given_up", c_int32), ("n_distinct", c_int32)]


class sweep_result(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_models", c_int32), ("models", POINTER(POINTER(model)))]


class labelling(Structure):
    _fields_ = [("labels", POINTER(c_int32)), ("n_clusters", c_int32)]


class indices(Structure):
    _fields_ = [("silhouette", c_double), ("silhouette_error", c_double), ("silhouette_simplified", c_double),
                ("calinski_harabasz", c_double), ("davies_bouldin", c_double)]


class join_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("key", c_char_p), ("from_key", c_char_p), ("inner", c_int32),
                ("from_name", c_char_p)]


class join_request(Structure):
    _fields_ = [("path", c_char * 4096), ("key", c_char * 256), ("from_key", c_char * 256)]


class join_counts(Structure):
    _fields_ = [("key", c_char_p), ("from_key", c_char_p), ("n_rows", c_int64), ("n_matched", c_int64),
                ("n_from", c_int64), ("n_from_unmatched", c_int64), ("n_columns", c_int32)]


class prepare_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("id", c_char_p), ("include", c_char_p), ("exclude", c_char_p),
                ("weights", c_char_p), ("group", c_char_p), ("encode", c_char_p), ("order", c_char_p),
                ("transform", c_char_p), ("winsorise", c_char_p), ("scale", c_char_p), ("impute", c_char_p),
                ("max_levels", c_int32), ("min_level_count", c_int32), ("precision", c_char_p)]


class prepare_column(Structure):
    _fields_ = [("name", c_char_p), ("unit", c_char_p), ("type", c_int), ("transform", c_char_p),
                ("scale", c_char_p), ("impute", c_char_p), ("fill", c_double), ("centre", c_double),
                ("spread", c_double), ("lower", c_double), ("upper", c_double), ("parameter", c_double),
                ("n_knots", c_int32), ("knots", POINTER(c_double)), ("group", c_char_p), ("weight", c_double),
                ("fill_level", c_int32), ("n_levels", c_int32), ("levels", POINTER(c_char_p)),
                ("level_shares", POINTER(c_double)), ("level_scale", c_double), ("other_level", c_int32),
                ("indicator", c_double), ("first_output", c_int32), ("n_outputs", c_int32),
                ("n_missing", c_int64), ("mean", c_double), ("median", c_double), ("minimum", c_double),
                ("maximum", c_double), ("skew", c_double)]


class prepare(Structure):
    _fields_ = [("struct_size", c_size_t), ("id", c_char_p), ("n_columns", c_int32),
                ("columns", POINTER(prepare_column)), ("n_outputs", c_int32),
                ("output_names", POINTER(c_char_p)), ("impute", c_char_p), ("dtype", c_int),
                ("n_notes", c_int32), ("notes", POINTER(c_char_p))]


class prepared(Structure):
    _fields_ = [("matrix", matrix), ("rows", POINTER(c_int64)), ("n_missing_rows", c_int64),
                ("n_unseen", c_int64)]


class profile_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("value", c_char_p), ("max_traits", c_int32),
                ("profile_columns", c_char_p), ("rule_depth", c_int32)]


class profile_column(Structure):
    _fields_ = [("name", c_char_p), ("unit", c_char_p), ("type", c_int), ("clustered", c_int32),
                ("n_levels", c_int32), ("levels", POINTER(c_char_p)), ("is_flag", c_int32),
                ("mean", c_double), ("median", c_double), ("deviation", c_double),
                ("level_shares", POINTER(c_double)), ("segment_means", POINTER(c_double)),
                ("segment_medians", POINTER(c_double)), ("segment_shares", POINTER(c_double)),
                ("segment_missing", POINTER(c_int64)), ("quantiles", POINTER(c_double)),
                ("segment_quantiles", POINTER(c_double)), ("n_bins", c_int32),
                ("bin_edges", POINTER(c_double)), ("segment_bins", POINTER(c_int64))]


class trait(Structure):
    _fields_ = [("column", c_int32), ("level", c_int32), ("difference", c_double), ("lift", c_double)]


class profile(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_rows", c_int64), ("n_segments", c_int32),
                ("sizes", POINTER(c_int64)), ("size_shares", POINTER(c_double)), ("value_column", c_char_p),
                ("values", POINTER(c_double)), ("value_shares", POINTER(c_double)), ("n_columns", c_int32),
                ("columns", POINTER(profile_column)), ("n_traits", POINTER(c_int32)),
                ("traits", POINTER(trait)), ("max_traits", c_int32), ("names", POINTER(c_char_p))]


class tree_node(Structure):
    _fields_ = [("column", c_int32), ("level", c_int32), ("threshold", c_double), ("yes", c_int32),
                ("no", c_int32), ("segment", c_int32), ("share", c_double), ("precision", c_double),
                ("coverage", c_double)]


class tree_rule(Structure):
    _fields_ = [("node", c_int32), ("segment", c_int32), ("precision", c_double), ("coverage", c_double),
                ("text", c_char_p)]


class tree(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_segments", c_int32), ("n_nodes", c_int32),
                ("nodes", POINTER(tree_node)), ("n_rules", c_int32), ("rules", POINTER(tree_rule)),
                ("fidelity", c_double), ("guess", c_double)]


class segment_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("prepare", prepare_options), ("fit", fit_options),
                ("profile", profile_options), ("sample_weight", c_char_p), ("silhouette_samples", c_int64),
                ("min_size", c_char_p), ("min_size_by", c_char_p), ("tiles", c_char_p),
                ("has_profile", c_int32), ("by", c_char_p), ("joined", c_char_p)]


class scores(Structure):
    _fields_ = [("inertia", c_double), ("explained", c_double), ("silhouette", c_double),
                ("silhouette_error", c_double), ("silhouette_samples", c_int64),
                ("silhouette_simplified", c_double), ("calinski_harabasz", c_double),
                ("davies_bouldin", c_double)]


class merge(Structure):
    _fields_ = [("size", c_int64), ("into_size", c_int64), ("weight", c_double), ("into_weight", c_double),
                ("cost", c_double), ("segment", c_int32)]


class plan(Structure):
    _fields_ = [("name", c_char_p), ("action", c_char_p), ("colour", c_char_p), ("budget_share", c_double)]


class map(Structure):
    _fields_ = [("n_axes", c_int32), ("explained", POINTER(c_double)), ("centre", POINTER(c_double)),
                ("loadings", POINTER(c_double)), ("centroids", POINTER(c_double)), ("n_points", c_int64),
                ("points", POINTER(c_double)), ("labels", POINTER(c_int32))]


class stored_report(Structure):
    _fields_ = [("name", c_char_p), ("json", c_char_p)]


class result(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_samples", c_int64), ("n_segments", c_int32),
                ("n_requested", c_int32), ("n_outputs", c_int32), ("prepare", POINTER(prepare)),
                ("profile", POINTER(profile)), ("plans", POINTER(plan)), ("rules", POINTER(tree)),
                ("scores", scores), ("centroids", POINTER(c_double)), ("centroids_raw", POINTER(c_double)),
                ("labels", POINTER(c_int32)), ("distances", POINTER(c_double)), ("radii", POINTER(c_double)),
                ("ids", POINTER(c_char_p)), ("n_typical", c_int32), ("typical", POINTER(c_int64)),
                ("inertia", c_double), ("n_iter", c_int32), ("stop_reason", c_int),
                ("history", POINTER(c_double)), ("n_rechecked", c_int64), ("n_coreset", c_int32),
                ("n_given_up", c_int32), ("n_distinct", c_int32), ("tiles", c_char_p),
                ("n_table_rows", c_int64), ("n_dropped", c_int64), ("params", c_char_p),
                ("n_merges", c_int32), ("merges", POINTER(merge)), ("inertia_unmerged", c_double),
                ("map", POINTER(map)), ("n_reports", c_int32), ("reports", POINTER(stored_report)),
                ("seconds_prepare", c_double), ("seconds_fit", c_double), ("seconds_scores", c_double),
                ("seconds_profile", c_double), ("seconds_init", c_double), ("seconds_iterate", c_double),
                ("seconds_finish", c_double)]


class description(Structure):
    _fields_ = [("join", join_counts), ("n_profiled", c_int32), ("n_known", c_int32), ("n_left_out", c_int32)]


class sweep_row(Structure):
    _fields_ = [("n_clusters", c_int32), ("n_segments", c_int32), ("scores", scores), ("smallest", c_int64),
                ("largest", c_int64), ("n_iter", c_int32), ("best_init", c_int32), ("stop_reason", c_int),
                ("n_coreset", c_int32), ("n_given_up", c_int32), ("n_distinct", c_int32)]


class sweep_summary(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_samples", c_int64), ("n_table_rows", c_int64),
                ("n_rows", c_int32), ("rows", POINTER(sweep_row)), ("prepare", POINTER(prepare)),
                ("seconds_prepare", c_double), ("seconds_fit", c_double), ("seconds_scores", c_double)]


class assignment(Structure):
    _fields_ = [("n_rows", c_int64), ("ids", POINTER(c_char_p)), ("labels", POINTER(c_int32)),
                ("distances", POINTER(c_double)), ("runner_up", POINTER(c_int32)),
                ("margins", POINTER(c_double)), ("outlying", POINTER(c_uint8)), ("n_imputed", c_int64),
                ("n_unseen", c_int64)]


class choose_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_references", c_int32), ("reference", c_char_p),
                ("n_bootstraps", c_int32), ("choose_samples", c_int64), ("choose_init", c_int32),
                ("min_share", c_double)]


class gap(Structure):
    _fields_ = [("n_clusters", c_int32), ("log_inertia", c_double), ("expected", c_double), ("gap", c_double),
                ("error", c_double)]


class choice_row(Structure):
    _fields_ = [("sweep", sweep_row), ("gap", c_double), ("gap_error", c_double), ("stability", c_double),
                ("stability_mean", c_double), ("n_votes", c_int32), ("segment_sizes", POINTER(c_int64)),
                ("segment_stabilities", POINTER(c_double))]


class vote(Structure):
    _fields_ = [("index", c_char_p), ("n_clusters", c_int32), ("reason", c_char_p)]


class choice(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_samples", c_int64), ("n_table_rows", c_int64),
                ("n_looked_at", c_int64), ("n_rows", c_int32), ("rows", POINTER(choice_row)),
                ("n_gaps", c_int32), ("gaps", POINTER(gap)), ("votes", vote * 5), ("recommended", c_int32),
                ("closest", c_int32), ("n_reasons", c_int32), ("reasons", POINTER(c_char_p)),
                ("prepare", POINTER(prepare)), ("seconds_prepare", c_double), ("seconds_fit", c_double),
                ("seconds_scores", c_double), ("seconds_gap", c_double), ("seconds_stability", c_double)]


class features_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("customer", c_char_p), ("date", c_char_p), ("order", c_char_p),
                ("amount", c_char_p), ("quantity", c_char_p), ("price", c_char_p), ("product", c_char_p),
                ("category", c_char_p), ("channel", c_char_p), ("discount", c_char_p),
                ("reference_date", c_char_p), ("since", c_char_p), ("until", c_char_p), ("returns", c_char_p),
                ("drop_duplicates", c_int32), ("max_amount", c_double), ("date_order", c_char_p),
                ("only", c_char_p), ("buyer", c_char_p), ("join", c_char_p), ("zero_price", c_char_p)]


class order_join(Structure):
    _fields_ = [("file", c_char * 64), ("key", c_char * 64), ("from_key", c_char * 64), ("n_lines", c_int64),
                ("n_matched", c_int64), ("n_from", c_int64), ("n_from_unmatched", c_int64)]


class features_report(Structure):
    _fields_ = [("n_lines", c_int64), ("n_kept", c_int64), ("n_rejected", c_int64 * 8),
                ("n_returns_netted", c_int64), ("n_orders", c_int64), ("n_customers", c_int64),
                ("total_amount", c_double), ("first_order", c_int64), ("last_order", c_int64),
                ("reference_date", c_int64), ("n_gaps", c_int64), ("gap_quantiles", c_double * 5),
                ("gap_percentiles", c_double * 101), ("customer", c_char * 64), ("date", c_char * 64),
                ("order", c_char * 64), ("amount", c_char * 64), ("quantity", c_char * 64), ("price", c_char *
                64), ("product", c_char * 64), ("category", c_char * 64), ("channel", c_char * 64),
                ("discount", c_char * 64), ("buyer", c_char * 64), ("n_joins", c_int32), ("joins", order_join
                * 4)]


class bgnbd(Structure):
    _fields_ = [("r", c_double), ("alpha", c_double), ("a", c_double), ("b", c_double),
                ("nobody_leaves", c_int32), ("standard_errors", c_double * 4), ("covariance", c_double * 16),
                ("log_likelihood", c_double), ("n_customers", c_int64), ("n_repeaters", c_int64),
                ("n_purchases", c_int64), ("n_distinct", c_int64), ("n_evaluations", c_int32)]


class gamma_gamma(Structure):
    _fields_ = [("p", c_double), ("q", c_double), ("gamma", c_double), ("standard_errors", c_double * 3),
                ("covariance", c_double * 9), ("log_likelihood", c_double), ("n_customers", c_int64),
                ("mean_spend", c_double), ("correlation", c_double), ("n_evaluations", c_int32)]


class clv_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("unit", c_char_p), ("months", c_int32),
                ("discount_rate", c_double), ("horizon", c_double), ("holdout", c_char_p), ("spend", c_int32),
                ("min_customers", c_int64), ("input", c_char_p), ("x", c_char_p), ("t_x", c_char_p),
                ("age", c_char_p), ("mean_spend", c_char_p)]


class clv_holdout_rows(Structure):
    _fields_ = [("n_customers", c_int64), ("actual", c_double), ("predicted", c_double)]


class clv_holdout(Structure):
    _fields_ = [("start", c_int64), ("end", c_int64), ("length", c_double), ("rows", clv_holdout_rows * 8),
                ("actual", c_double), ("predicted", c_double), ("correlation", c_double),
                ("mean_absolute_error", c_double), ("bias", c_double)]


class clv_report(Structure):
    _fields_ = [("orders", features_report), ("observation_start", c_int64), ("observation_end", c_int64),
                ("id", c_char * 64), ("x", c_char * 64), ("t_x", c_char * 64), ("age", c_char * 64),
                ("mean_spend", c_char * 64), ("purchases", bgnbd), ("has_spend", c_int32),
                ("spend", gamma_gamma), ("n_left_out_spend", c_int64), ("unit_days", c_double),
                ("horizon", c_double), ("month", c_double), ("mean_alive", c_double),
                ("total_purchases", c_double), ("total_clv", c_double), ("has_holdout", c_int32),
                ("holdout", clv_holdout)]


class anonymity_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("quasi", c_char_p), ("k", c_int32), ("sensitive", c_char_p),
                ("l", c_int32), ("max_shown", c_int32)]


class anonymity_class(Structure):
    _fields_ = [("n_rows", c_int64), ("n_sensitive", c_int64), ("values", POINTER(c_char_p))]


class anonymity(Structure):
    _fields_ = [("struct_size", c_size_t), ("holds", c_int32), ("k", c_int32), ("l", c_int32),
                ("n_rows", c_int64), ("n_classes", c_int64), ("smallest", c_int64), ("least_values", c_int64),
                ("n_small_classes", c_int64), ("n_small_rows", c_int64), ("n_alone", c_int64),
                ("n_columns", c_int32), ("columns", POINTER(c_char_p)),
                ("smallest_without", POINTER(c_int64)), ("small_rows_without", POINTER(c_int64)),
                ("n_shown", c_int32), ("shown", POINTER(anonymity_class))]


class crm_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("format", c_char_p), ("headers", c_char_p), ("max_rows", c_int64),
                ("max_size", c_int64), ("id", c_char_p), ("tier", c_char_p), ("stage", c_char_p),
                ("clv", c_char_p), ("risk", c_char_p), ("key", c_void_p), ("drop_ids", c_int32)]


class crm_report(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_rows", c_int64), ("n_bytes", c_int64), ("n_files", c_int32),
                ("n_columns", c_int32), ("fields", c_int * 8), ("n_neutralised", c_int64),
                ("n_matched", c_int64), ("n_customers", c_int64), ("n_customers_unmatched", c_int64),
                ("was_there", c_int32), ("n_replaced", c_int64)]


class crm_table(Structure):
    _fields_ = [("struct_size", c_size_t), ("name", c_char_p), ("connection", c_char_p), ("dry_run", c_int32)]


class contribution(Structure):
    _fields_ = [("column", c_char_p), ("unit", c_char_p), ("type", c_int), ("is_filled", c_int32),
                ("value", c_double), ("level", c_char_p), ("own", c_double), ("runner_up", c_double),
                ("contribution", c_double)]


class explanation(Structure):
    _fields_ = [("struct_size", c_size_t), ("id", c_char_p), ("segment", c_int32), ("runner_up", c_int32),
                ("distance", c_double), ("runner_up_distance", c_double), ("margin", c_double),
                ("radius", c_double), ("is_outlying", c_int32), ("n_contributions", c_int32),
                ("contributions", POINTER(contribution)), ("rule_segment", c_int32),
                ("rule_precision", c_double), ("rule", c_char_p)]


class inspect_column(Structure):
    _fields_ = [("name", c_char_p), ("unit", c_char_p), ("type", c_int), ("n_missing", c_int64),
                ("n_distinct", c_int64), ("mean", c_double), ("median", c_double), ("minimum", c_double),
                ("maximum", c_double), ("skew", c_double), ("n_outliers", c_int64), ("n_rare", c_int32),
                ("n_rare_rows", c_int64), ("is_used", c_int32), ("transform", c_char_p),
                ("encoding", c_char_p), ("n_outputs", c_int32), ("share", c_double), ("n_notes", c_int32),
                ("notes", POINTER(c_char_p))]


class inspection(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_rows", c_int64), ("id", c_char_p), ("n_columns", c_int32),
                ("columns", POINTER(inspect_column)), ("problem", c_char_p), ("n_clusters", c_int32),
                ("n_tried", c_int64), ("raw_share", c_double), ("suggested_share", c_double)]


class report_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("width", c_int32), ("colour", c_int32), ("language", c_char_p),
                ("min_cell", c_int32), ("drop_ids", c_int32)]


class value_columns(Structure):
    _fields_ = [("struct_size", c_size_t), ("id", c_char_p), ("recency", c_char_p), ("frequency", c_char_p),
                ("monetary", c_char_p)]


class value_group(Structure):
    _fields_ = [("name", c_char_p), ("n_customers", c_int64), ("share", c_double), ("orders", c_double),
                ("revenue", c_double), ("revenue_share", c_double), ("mean_recency", c_double),
                ("mean_frequency", c_double), ("mean_monetary", c_double)]


class sentences(Structure):
    _fields_ = [("n", c_int32), ("texts", POINTER(c_char_p))]


class rfm_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("scoring", c_char_p), ("bins", c_int32),
                ("monetary_as", c_char_p), ("recency_cuts", c_char_p), ("frequency_cuts", c_char_p),
                ("monetary_cuts", c_char_p)]


class rfm_dimension(Structure):
    _fields_ = [("name", c_char_p), ("edges", POINTER(c_double)), ("counts", c_int64 * 9), ("low", c_double *
                9), ("high", c_double * 9)]


class rfm(Structure):
    _fields_ = [("struct_size", c_size_t), ("scoring", c_char_p), ("monetary_as", c_char_p),
                ("bins", c_int32), ("n_customers", c_int64), ("n_missing", c_int64),
                ("dimensions", rfm_dimension * 3), ("nested_frequency", POINTER(c_double)),
                ("nested_monetary", POINTER(c_double)), ("n_segments", c_int32),
                ("segments", POINTER(value_group)), ("all", value_group), ("conventions", sentences),
                ("notes", sentences)]


class tier_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("value", c_char_p), ("weights", c_char_p),
                ("normalise", c_char_p), ("method", c_char_p), ("shares", c_char_p),
                ("percentiles", c_char_p), ("thresholds", c_char_p), ("names", c_char_p),
                ("column", c_char_p)]


class tier_part(Structure):
    _fields_ = [("column", c_char_p), ("weight", c_double), ("mean", c_double), ("deviation", c_double),
                ("minimum", c_double), ("maximum", c_double)]


class tier(Structure):
    _fields_ = [("struct_size", c_size_t), ("value", c_char_p), ("method", c_char_p),
                ("n_customers", c_int64), ("n_missing", c_int64), ("total", c_double), ("n_tiers", c_int32),
                ("limits", POINTER(c_double)), ("tiers", POINTER(value_group)),
                ("value_sums", POINTER(c_double)), ("value_shares", POINTER(c_double)),
                ("value_lowest", POINTER(c_double)), ("value_highest", POINTER(c_double)),
                ("all", value_group), ("n_parts", c_int32), ("parts", POINTER(tier_part)),
                ("conventions", sentences), ("notes", sentences)]


class lifecycle_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("warn", c_int32), ("lost", c_int32), ("warn_days", c_double),
                ("lost_days", c_double), ("trend_margin", c_double)]


class lifecycle(Structure):
    _fields_ = [("struct_size", c_size_t), ("warn_days", c_double), ("lost_days", c_double),
                ("warn_fitted", c_int32), ("lost_fitted", c_int32), ("n_gaps", c_int64),
                ("estimated_from", c_char_p), ("n_customers", c_int64), ("n_missing", c_int64),
                ("stages", value_group * 6), ("all", value_group), ("conventions", sentences),
                ("notes", sentences)]


class list_report(Structure):
    _fields_ = [("n_rows", c_int64), ("n_missing", c_int64), ("n_known", c_int64), ("n_added", c_int64),
                ("n_unlisted", c_int64)]


class rule_count(Structure):
    _fields_ = [("class_name", c_char_p), ("text", c_char_p), ("line", c_int32), ("n_fired", c_int64)]


class classing(Structure):
    _fields_ = [("name", c_char_p), ("n_classes", c_int32), ("classes", POINTER(value_group)),
                ("n_rules", c_int32), ("rules", POINTER(rule_count)), ("n_unclassed", c_int64)]


class classings(Structure):
    _fields_ = [("struct_size", c_size_t), ("n_customers", c_int64), ("n", c_int32),
                ("classings", POINTER(classing)), ("all", value_group), ("conventions", sentences),
                ("notes", sentences)]


class run_options(Structure):
    _fields_ = [("struct_size", c_size_t), ("k_min", c_int32), ("k_max", c_int32), ("skip", c_char_p),
                ("labels", c_char_p), ("join", c_char_p), ("join_type", c_char_p),
                ("features", features_options), ("csv", csv_options), ("columns", value_columns),
                ("rfm", rfm_options), ("lifecycle", lifecycle_options), ("tier", tier_options),
                ("clv", clv_options), ("choose", choose_options), ("segment", segment_options)]


class run_step(Structure):
    _fields_ = [("name", c_char_p), ("text", c_char_p), ("seconds", c_double), ("is_left_out", c_int32)]


class run_result(Structure):
    _fields_ = [("struct_size", c_size_t), ("customers", c_void_p), ("result", POINTER(result)),
                ("choice", POINTER(choice)), ("params", c_char_p), ("is_log", c_int32), ("n_steps", c_int32),
                ("steps", POINTER(run_step))]


class origin(Structure):
    _fields_ = [("input", c_char_p), ("orders", POINTER(features_report)), ("customers", c_void_p)]


joined_fn = ctypes.CFUNCTYPE(None, c_void_p, c_char_p, POINTER(join_counts))
run_step_fn = ctypes.CFUNCTYPE(None, c_void_p, POINTER(run_step))

STRUCTS = (allocator, context_options, option, option_table, column, column_request, csv_options, csv_report,
           generate_options, matrix, tiles_options, fit_options, model, sweep_result, labelling, indices,
           join_options, join_request, join_counts, prepare_options, prepare_column, prepare, prepared,
           profile_options, profile_column, trait, profile, tree_node, tree_rule, tree, segment_options,
           scores, merge, plan, map, stored_report, result, description, sweep_row, sweep_summary, assignment,
           choose_options, gap, choice_row, vote, choice, features_options, order_join, features_report,
           bgnbd, gamma_gamma, clv_options, clv_holdout_rows, clv_holdout, clv_report, anonymity_options,
           anonymity_class, anonymity, crm_options, crm_report, crm_table, contribution, explanation,
           inspect_column, inspection, report_options, value_columns, value_group, sentences, rfm_options,
           rfm_dimension, rfm, tier_options, tier_part, tier, lifecycle_options, lifecycle, list_report,
           rule_count, classing, classings, run_options, run_step, run_result, origin)

# name: (restype, argtypes)
FUNCTIONS = {
    "status_text": (c_char_p, (c_int,)),
    "context_options_init": (None, (POINTER(context_options),)),
    "context_new": (c_int, (POINTER(context_options), POINTER(c_void_p))),
    "context_free": (None, (c_void_p,)),
    "last_error": (c_char_p, (c_void_p,)),
    "context_threads": (c_int32, (c_void_p,)),
    "context_kernels": (c_char_p, (c_void_p,)),
    "context_set_progress": (None, (c_void_p, progress_fn, c_void_p)),
    "cancel": (None, (c_void_p,)),
    "cancel_clear": (None, (c_void_p,)),
    "memory_keep": (None, (c_size_t,)),
    "kernels_name": (c_char_p, (c_int32,)),
    "kernels_available": (c_int, (c_char_p,)),
    "options_init": (None, (POINTER(option_table), c_void_p)),
    "options_find": (POINTER(option), (POINTER(option_table), c_char_p)),
    "options_set": (c_int, (c_void_p, POINTER(option_table), c_void_p, c_char_p, c_char_p)),
    "options_check": (c_int, (c_void_p, POINTER(option_table), c_void_p)),
    "options_format": (None, (POINTER(option), c_void_p, c_void_p, c_size_t)),
    "list_name": (c_char_p, (c_char_p, c_int32)),
    "list_help": (c_char_p, (c_char_p, c_char_p)),
    "list_kind": (c_char_p, (c_int32,)),
    "table_new": (c_int, (c_void_p, c_int64, POINTER(c_void_p))),
    "table_free": (None, (c_void_p,)),
    "table_add_numbers": (c_int, (c_void_p, c_void_p, c_char_p, c_void_p)),
    "table_add_times": (c_int, (c_void_p, c_void_p, c_char_p, c_void_p)),
    "table_add_texts": (c_int, (c_void_p, c_void_p, c_char_p, POINTER(c_char_p))),
    "table_add_codes": (c_int, (c_void_p, c_void_p, c_char_p, c_void_p, c_int32, POINTER(c_char_p))),
    "table_describe": (c_int, (c_void_p, c_void_p, c_int32, c_int, c_char_p)),
    "table_n_rows": (c_int64, (c_void_p,)),
    "table_n_columns": (c_int32, (c_void_p,)),
    "table_column": (POINTER(column), (c_void_p, c_int32)),
    "table_take": (c_int, (c_void_p, c_void_p, c_void_p, c_int64, POINTER(c_void_p))),
    "table_find": (c_int32, (c_void_p, c_char_p)),
    "table_params": (c_char_p, (c_void_p,)),
    "csv_option_table": (POINTER(option_table), ()),
    "csv_options_init": (None, (POINTER(csv_options),)),
    "csv_read": (c_int, (c_void_p, c_char_p, POINTER(csv_options), POINTER(c_void_p), POINTER(csv_report))),
    "source_columns": (c_int, (c_void_p, c_char_p, POINTER(csv_options), POINTER(c_void_p))),
    "source_read": (c_int, (c_void_p, c_char_p, POINTER(csv_options), POINTER(c_void_p))),
    "source_kind": (c_int, (c_void_p, c_char_p, POINTER(c_char_p))),
    "source_define": (c_int, (c_void_p, c_char_p, c_char_p)),
    "source_define_odbc": (c_int, (c_void_p, c_char_p, c_char_p, c_char_p)),
    "source_define_table": (c_int, (c_void_p, c_char_p, c_void_p)),
    "odbc_has_secret": (c_int, (c_char_p,)),
    "source_lines": (c_int, (c_void_p, c_char_p, POINTER(csv_options), c_void_p, c_int64, c_void_p)),
    "csv_write": (c_int, (c_void_p, c_void_p, c_char_p)),
    "time_parse": (c_int, (c_void_p, c_char_p, c_int, c_void_p)),
    "time_format": (None, (c_int64, c_void_p, c_size_t)),
    "generate_option_table": (POINTER(option_table), ()),
    "generate_options_init": (None, (POINTER(generate_options),)),
    "generate": (c_int, (c_void_p, POINTER(generate_options), POINTER(c_void_p), POINTER(c_void_p))),
    "table_from_arrow": (c_int, (c_void_p, c_void_p, c_char_p, POINTER(csv_options), POINTER(c_void_p))),
    "table_to_arrow": (c_int, (c_void_p, c_void_p, c_void_p)),
    "dtype_name": (c_char_p, (c_int,)),
    "matrix_view": (matrix, (c_void_p, c_int, c_int64, c_int64)),
    "tiles_options_init": (None, (POINTER(tiles_options),)),
    "tiles_new": (c_int, (c_void_p, POINTER(matrix), c_void_p, POINTER(tiles_options), POINTER(c_void_p))),
    "tiles_free": (None, (c_void_p,)),
    "tiles_n_samples": (c_int64, (c_void_p,)),
    "tiles_n_features": (c_int32, (c_void_p,)),
    "tiles_dtype": (c_int, (c_void_p,)),
    "fit_option_table": (POINTER(option_table), ()),
    "fit_options_init": (None, (POINTER(fit_options),)),
    "stop_reason_text": (c_char_p, (c_int,)),
    "fit": (c_int, (c_void_p, c_void_p, POINTER(fit_options), POINTER(POINTER(model)))),
    "model_free": (None, (POINTER(model),)),
    "sweep": (c_int, (c_void_p, c_void_p, c_int32, c_int32, POINTER(fit_options),
        POINTER(POINTER(sweep_result)))),
    "sweep_free": (None, (POINTER(sweep_result),)),
    "predict": (c_int, (c_void_p, POINTER(matrix), c_void_p, c_int32, c_void_p, c_void_p, c_void_p,
        c_void_p)),
    "silhouette": (c_int, (c_void_p, c_void_p, c_void_p, c_int32, c_void_p, c_void_p)),
    "silhouette_sampled": (c_int, (c_void_p, c_void_p, c_void_p, c_int32, c_int64, c_uint64, c_void_p,
        c_void_p)),
    "silhouette_simplified": (c_int, (c_void_p, c_void_p, c_void_p, c_int32, c_void_p, c_void_p)),
    "calinski_harabasz": (c_int, (c_void_p, c_void_p, c_void_p, c_int32, c_void_p)),
    "davies_bouldin": (c_int, (c_void_p, c_void_p, c_void_p, c_int32, c_void_p)),
    "inertia": (c_int, (c_void_p, c_void_p, c_void_p, c_void_p, c_int32, c_void_p)),
    "evaluate": (c_int, (c_void_p, c_void_p, POINTER(labelling), c_int32, c_int64, c_uint64,
        POINTER(indices))),
    "adjusted_rand": (c_int, (c_void_p, c_int64, c_void_p, c_void_p, c_void_p)),
    "join_request_read": (c_int, (c_char_p, c_size_t, POINTER(join_request))),
    "join_options_init": (None, (POINTER(join_options),)),
    "table_join": (c_int, (c_void_p, c_void_p, c_void_p, POINTER(join_options), POINTER(c_void_p),
        POINTER(join_counts))),
    "joins_add": (c_int, (c_void_p, POINTER(c_void_p), c_char_p, c_int, c_char_p, POINTER(csv_options),
        joined_fn, c_void_p)),
    "join_note": (None, (c_char_p, POINTER(join_counts), c_int, c_void_p, c_size_t)),
    "prepare_option_table": (POINTER(option_table), ()),
    "prepare_options_init": (None, (POINTER(prepare_options),)),
    "prepare_fit": (c_int, (c_void_p, c_void_p, POINTER(prepare_options), POINTER(POINTER(prepare)))),
    "prepare_free": (None, (POINTER(prepare),)),
    "prepare_copy": (c_int, (c_void_p, POINTER(prepare), POINTER(POINTER(prepare)))),
    "prepare_apply": (c_int, (c_void_p, POINTER(prepare), c_void_p, POINTER(POINTER(prepared)))),
    "prepared_free": (None, (POINTER(prepared),)),
    "prepare_invert": (c_int, (c_void_p, POINTER(prepare), c_void_p, c_int32, c_void_p)),
    "profile_option_table": (POINTER(option_table), ()),
    "profile_options_init": (None, (POINTER(profile_options),)),
    "profile_probability": (c_double, (c_int32,)),
    "profile_new": (c_int, (c_void_p, c_void_p, c_void_p, c_int64, c_void_p, c_int32, POINTER(prepare),
        POINTER(profile_options), POINTER(POINTER(profile)))),
    "profile_free": (None, (POINTER(profile),)),
    "profile_copy": (c_int, (c_void_p, POINTER(profile), POINTER(POINTER(profile)))),
    "trait_text": (None, (POINTER(profile), c_int32, c_int32, c_void_p, c_size_t)),
    "tree_new": (c_int, (c_void_p, c_void_p, c_void_p, c_int64, c_void_p, c_void_p, c_int32, POINTER(prepare),
        c_int32, POINTER(POINTER(tree)))),
    "tree_free": (None, (POINTER(tree),)),
    "tree_copy": (c_int, (c_void_p, POINTER(tree), POINTER(prepare), POINTER(POINTER(tree)))),
    "tree_apply": (c_int, (c_void_p, POINTER(tree), POINTER(prepare), c_void_p, c_void_p)),
    "segment_option_table": (POINTER(option_table), ()),
    "segment_options_init": (None, (POINTER(segment_options),)),
    "segment": (c_int, (c_void_p, c_void_p, POINTER(segment_options), POINTER(POINTER(result)))),
    "segment_consume": (c_int, (c_void_p, POINTER(c_void_p), POINTER(segment_options),
        POINTER(POINTER(result)))),
    "result_free": (None, (POINTER(result),)),
    "result_has_profile": (c_int32, (POINTER(result),)),
    "result_add_report": (c_int, (c_void_p, POINTER(result), c_char_p, c_char_p)),
    "result_report": (c_char_p, (POINTER(result), c_char_p)),
    "result_describe": (c_int, (c_void_p, POINTER(result), c_void_p, POINTER(join_options),
        POINTER(description))),
    "segment_name": (c_char_p, (POINTER(result), c_int32)),
    "sweep_table": (c_int, (c_void_p, c_void_p, POINTER(segment_options), c_int32, c_int32,
        POINTER(POINTER(sweep_summary)))),
    "sweep_summary_free": (None, (POINTER(sweep_summary),)),
    "assign": (c_int, (c_void_p, POINTER(result), c_void_p, POINTER(POINTER(assignment)))),
    "assignment_free": (None, (POINTER(assignment),)),
    "choose_option_table": (POINTER(option_table), ()),
    "choose_options_init": (None, (POINTER(choose_options),)),
    "gap_statistic": (c_int, (c_void_p, c_void_p, c_int32, POINTER(fit_options), POINTER(choose_options),
        POINTER(gap), c_void_p)),
    "gap_choice": (c_int32, (POINTER(gap), c_int32)),
    "stability": (c_int, (c_void_p, c_void_p, POINTER(labelling), c_int32, POINTER(fit_options),
        POINTER(choose_options), c_void_p)),
    "stability_word": (c_char_p, (c_double,)),
    "knee": (c_int, (c_void_p, c_void_p, c_void_p, c_int32, c_double, c_void_p)),
    "choose_k": (c_int, (c_void_p, c_void_p, POINTER(segment_options), POINTER(choose_options), c_int32,
        c_int32, POINTER(POINTER(choice)))),
    "choice_free": (None, (POINTER(choice),)),
    "features_option_table": (POINTER(option_table), ()),
    "features_options_init": (None, (POINTER(features_options),)),
    "clean_rule_name": (c_char_p, (c_int32,)),
    "clean_rule_help": (c_char_p, (c_int32,)),
    "features_find_columns": (c_int, (c_void_p, c_void_p, POINTER(features_options))),
    "customer_features": (c_int, (c_void_p, c_void_p, POINTER(features_options), POINTER(c_void_p),
        POINTER(features_report))),
    "features_from_file": (c_int, (c_void_p, c_char_p, POINTER(features_options), c_char_p, POINTER(c_void_p),
        POINTER(features_report))),
    "customers_from_file": (c_int, (c_void_p, c_char_p, POINTER(c_char_p), c_int32, POINTER(features_options),
        POINTER(c_void_p), c_void_p, POINTER(features_report))),
    "feature_info": (c_int, (c_int32, POINTER(c_char_p), POINTER(c_char_p), POINTER(c_char_p))),
    "bgnbd_fit": (c_int, (c_void_p, c_int64, c_void_p, c_void_p, c_void_p, POINTER(bgnbd))),
    "bgnbd_alive": (c_double, (POINTER(bgnbd), c_double, c_double, c_double)),
    "bgnbd_expected": (c_double, (POINTER(bgnbd), c_double, c_double, c_double, c_double)),
    "bgnbd_no_purchase": (c_double, (POINTER(bgnbd), c_double, c_double, c_double, c_double)),
    "bgnbd_new_expected": (c_double, (POINTER(bgnbd), c_double)),
    "bgnbd_new_probability": (c_double, (POINTER(bgnbd), c_int64, c_double)),
    "gamma_gamma_fit": (c_int, (c_void_p, c_int64, c_void_p, c_void_p, POINTER(gamma_gamma))),
    "gamma_gamma_expected": (c_double, (POINTER(gamma_gamma), c_double, c_double)),
    "clv_option_table": (POINTER(option_table), ()),
    "clv_options_init": (None, (POINTER(clv_options),)),
    "clv_summary": (c_int, (c_void_p, c_void_p, POINTER(features_options), POINTER(clv_options),
        POINTER(c_void_p), POINTER(clv_report))),
    "clv": (c_int, (c_void_p, c_void_p, c_char_p, POINTER(clv_options), POINTER(c_void_p),
        POINTER(clv_report))),
    "clv_from_file": (c_int, (c_void_p, c_char_p, POINTER(features_options), POINTER(clv_options),
        POINTER(c_void_p), POINTER(clv_report))),
    "key_write": (c_int, (c_void_p, c_char_p)),
    "key_read": (c_int, (c_void_p, c_char_p, POINTER(c_void_p))),
    "key_free": (None, (c_void_p,)),
    "pseudonym": (None, (c_void_p, c_char_p, c_void_p)),
    "is_pseudonym": (c_int, (c_char_p,)),
    "table_id_column": (c_int32, (c_void_p,)),
    "table_protect": (c_int, (c_void_p, c_void_p, c_char_p, c_void_p, POINTER(c_void_p))),
    "result_protect": (c_int, (c_void_p, POINTER(result), c_void_p)),
    "anonymity_option_table": (POINTER(option_table), ()),
    "anonymity_options_init": (None, (POINTER(anonymity_options),)),
    "anonymity_new": (c_int, (c_void_p, c_void_p, POINTER(anonymity_options), POINTER(POINTER(anonymity)))),
    "anonymity_free": (None, (POINTER(anonymity),)),
    "crm_option_table": (POINTER(option_table), ()),
    "crm_options_init": (None, (POINTER(crm_options),)),
    "crm_field_name": (c_char_p, (c_int,)),
    "crm_header": (c_char_p, (c_char_p, c_int)),
    "crm_max_rows": (c_int64, (c_char_p,)),
    "crm_max_size": (c_int64, (c_char_p,)),
    "crm_file_name": (c_int, (c_char_p, c_int32, c_int32, c_void_p, c_size_t)),
    "crm_columns": (c_int32, (c_void_p, POINTER(crm_options), c_void_p)),
    "crm_write": (c_int, (c_void_p, POINTER(result), c_void_p, POINTER(crm_options), c_char_p,
        POINTER(crm_report))),
    "crm_write_table": (c_int, (c_void_p, POINTER(result), c_void_p, POINTER(crm_options), POINTER(crm_table),
        POINTER(crm_report))),
    "explain": (c_int, (c_void_p, POINTER(result), c_void_p, c_char_p, POINTER(POINTER(explanation)))),
    "explanation_free": (None, (POINTER(explanation),)),
    "inspect": (c_int, (c_void_p, c_void_p, POINTER(prepare_options), c_int32, POINTER(POINTER(inspection)))),
    "inspection_free": (None, (POINTER(inspection),)),
    "plans_read": (c_int, (c_void_p, POINTER(result), c_char_p)),
    "plans_write": (c_int, (c_void_p, POINTER(result), c_char_p)),
    "report_option_table": (POINTER(option_table), ()),
    "report_options_init": (None, (POINTER(report_options),)),
    "report": (c_int, (c_void_p, POINTER(result), c_char_p, POINTER(report_options), POINTER(c_void_p))),
    "report_table": (c_int, (c_void_p, c_void_p, c_char_p, POINTER(c_void_p))),
    "report_choice": (c_int, (c_void_p, POINTER(choice), c_char_p, POINTER(report_options),
        POINTER(c_void_p))),
    "profile_table": (c_int, (c_void_p, POINTER(result), POINTER(c_void_p))),
    "report_explanation": (c_int, (c_void_p, POINTER(result), POINTER(explanation), c_char_p,
        POINTER(report_options), POINTER(c_void_p))),
    "report_has_charts": (c_int32, ()),
    "text_write": (c_int, (c_void_p, c_char_p, c_char_p)),
    "string_free": (None, (c_void_p,)),
    "value_columns_option_table": (POINTER(option_table), ()),
    "value_columns_init": (None, (POINTER(value_columns),)),
    "rfm_option_table": (POINTER(option_table), ()),
    "rfm_options_init": (None, (POINTER(rfm_options),)),
    "rfm_grid_text": (c_char_p, ()),
    "rfm_grid_parse": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_int32, POINTER(c_void_p))),
    "rfm_grid_read": (c_int, (c_void_p, c_char_p, c_int32, POINTER(c_void_p))),
    "rfm_grid_free": (None, (c_void_p,)),
    "rfm_new": (c_int, (c_void_p, c_void_p, POINTER(value_columns), POINTER(rfm_options), c_void_p,
        POINTER(POINTER(rfm)))),
    "rfm_free": (None, (POINTER(rfm),)),
    "tier_option_table": (POINTER(option_table), ()),
    "tier_options_init": (None, (POINTER(tier_options),)),
    "tier_new": (c_int, (c_void_p, c_void_p, POINTER(value_columns), POINTER(tier_options),
        POINTER(POINTER(tier)))),
    "tier_free": (None, (POINTER(tier),)),
    "stage_name": (c_char_p, (c_int32,)),
    "lifecycle_option_table": (POINTER(option_table), ()),
    "lifecycle_options_init": (None, (POINTER(lifecycle_options),)),
    "lifecycle_new": (c_int, (c_void_p, c_void_p, POINTER(value_columns), c_void_p, c_int64,
        POINTER(lifecycle_options), POINTER(POINTER(lifecycle)))),
    "lifecycle_free": (None, (POINTER(lifecycle),)),
    "customers_add_list": (c_int, (c_void_p, c_void_p, POINTER(value_columns), c_void_p, c_char_p,
        POINTER(c_void_p), POINTER(list_report))),
    "rules_parse": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, POINTER(c_void_p))),
    "rules_read": (c_int, (c_void_p, c_char_p, POINTER(c_void_p))),
    "rules_free": (None, (c_void_p,)),
    "rules_apply": (c_int, (c_void_p, c_void_p, c_void_p, POINTER(value_columns),
        POINTER(POINTER(classings)))),
    "classings_free": (None, (POINTER(classings),)),
    "run_option_table": (POINTER(option_table), ()),
    "run_options_init": (None, (POINTER(run_options),)),
    "run_set": (c_int, (c_void_p, POINTER(run_options), c_char_p, c_char_p)),
    "run_option": (POINTER(option), (c_int32,)),
    "run": (c_int, (c_void_p, c_char_p, POINTER(run_options), run_step_fn, c_void_p,
        POINTER(POINTER(run_result)))),
    "run_free": (None, (POINTER(run_result),)),
    "origin_gaps": (c_int64, (POINTER(origin), c_void_p)),
    "features_json": (c_int, (c_void_p, POINTER(features_report), c_char_p, POINTER(c_void_p))),
    "clv_json": (c_int, (c_void_p, POINTER(clv_options), POINTER(clv_report), c_char_p, POINTER(c_void_p))),
    "rfm_json": (c_int, (c_void_p, POINTER(rfm), POINTER(origin), POINTER(c_void_p))),
    "tier_json": (c_int, (c_void_p, POINTER(tier), POINTER(tier_options), POINTER(origin),
        POINTER(c_void_p))),
    "lifecycle_json": (c_int, (c_void_p, POINTER(lifecycle), POINTER(lifecycle_options), POINTER(list_report),
        POINTER(origin), POINTER(c_void_p))),
    "rules_json": (c_int, (c_void_p, POINTER(classings), POINTER(origin), POINTER(c_void_p))),
    "file_kind_of": (c_int, (c_void_p, c_char_p, c_void_p)),
    "table_save": (c_int, (c_void_p, c_void_p, c_char_p, c_char_p)),
    "table_load": (c_int, (c_void_p, c_char_p, POINTER(c_void_p))),
    "result_save": (c_int, (c_void_p, POINTER(result), c_char_p)),
    "result_load": (c_int, (c_void_p, c_char_p, POINTER(POINTER(result)))),
    "version": (c_char_p, ()),
}
