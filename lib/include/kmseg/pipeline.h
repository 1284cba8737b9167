/* The whole way from a customer table to segments, and the result it makes. */
#ifndef KMSEG_PIPELINE_H
#define KMSEG_PIPELINE_H

#include <kmseg/cluster.h>
#include <kmseg/join.h>
#include <kmseg/prepare.h>
#include <kmseg/profile.h>
#include <kmseg/tree.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_segment_options {
    size_t struct_size;
    kmseg_prepare_options prepare;
    kmseg_fit_options fit;
    kmseg_profile_options profile;
    const char *sample_weight;  /* NUMBER column with a weight >= 0 per row, or NULL */
    int64_t silhouette_samples; /* rows whose silhouette is computed, at most; 0: as many as
                                   10^8 distances allow, 5,000 to 10,000 */
    const char *min_size;       /* least size of a segment: "50", or "2%" of the total; smaller ones
                                   are merged. NULL: any size will do */
    const char *min_size_by;    /* "customers", or "weight": their sample weights count */
    const char *tiles;   /* "auto", "int16", "float32" or "float64"; no result depends on it */
    int32_t has_profile; /* 0: only centroids, labels, distances, inertia and what new customers are
                            assigned by; see kmseg_result_has_profile() */
    const char *by; /* "tier=A" where these are the rows of one level, kept in the parameters of a
                           result; NULL: they are all */
    const char *joined; /* what the table was joined from, kept in the parameters of a result as a
                           note to people; NULL: nothing */
} kmseg_segment_options;

KMSEG_API const kmseg_option_table *kmseg_segment_option_table(void);
KMSEG_API void kmseg_segment_options_init(kmseg_segment_options *options);

typedef struct kmseg_scores {
    double inertia;
    double explained;           /* share of the total sum of squares between segments */
    double silhouette;          /* NaN when undefined, as are the others */
    double silhouette_error;    /* standard error when sampled, else 0 */
    int64_t silhouette_samples; /* samples it was computed on */
    double silhouette_simplified;
    double calinski_harabasz;
    double davies_bouldin;
} kmseg_scores;

/** A segment that was too small, and the one that it was merged into. */
typedef struct kmseg_merge {
    int64_t size, into_size;    /* customers of both, before */
    double weight, into_weight; /* sums of their sample weights, before */
    double cost;     /* by how much the inertia rose (Ward): before customers were assigned again */
    int32_t segment; /* which segment of the result, from 0, came of it; -1: none is left of it */
} kmseg_merge;

/** What the business calls a segment and does with it; see kmseg_plans_read(). */
typedef struct kmseg_plan {
    const char *name;    /* "": none given */
    const char *action;  /* "": none given */
    const char *colour;  /* "#rgb" or "#rrggbb"; "": none given */
    double budget_share; /* 0 to 1; NaN: none given */
} kmseg_plan;

/**
 * Where segments and customers lie on the axes along which the prepared rows are spread most: their
 * principal components, of the covariance (weighted by sample weights) of at most 50,000 customers
 * drawn by the hash of their id. Of each axis the loading of largest size is positive, so that a map
 * does not flip from one run to the next. What two axes do not show is 1 - explained[0] -
 * explained[1]: segments that lie over each other here may be far apart.
 */
typedef struct kmseg_map {
    int32_t n_axes;          /* 2; 1 where there is one output */
    const double *explained; /* n_axes: shares of the variance */
    const double *centre;    /* n_outputs: the mean, which lies at 0 */
    const double *loadings;  /* n_outputs x n_axes: places are (row - centre) times these */
    const double *centroids; /* n_segments x n_axes */
    int64_t n_points;        /* at most 2,000 customers, each as likely as any other */
    const double *points;    /* n_points x n_axes */
    const int32_t *labels;   /* n_points: their segments */
} kmseg_map;

/** What a command that came before the fit said of itself. */
typedef struct kmseg_stored_report {
    const char *name; /* "features", "rfm", ...; see kmseg_result_add_report() */
    const char *json; /* a JSON object */
} kmseg_stored_report;

/** Everything a run makes, and everything a result file holds. Owned; every pointer too. */
typedef struct kmseg_result {
    size_t struct_size;
    int64_t n_samples;
    int32_t n_segments;  /* none is empty */
    int32_t n_requested; /* clusters asked for: more than n_segments where the rows have fewer
                            distinct values than that, or where small ones were merged */
    int32_t n_outputs;
    kmseg_prepare *prepare;
    kmseg_profile *profile;  /* of no columns where there was to be none: sizes and values alone */
    const kmseg_plan *plans; /* n_segments; NULL: nobody gave any */
    kmseg_tree *rules;       /* NULL: not asked for, or a file of before 0.2 */
    kmseg_scores scores;
    const double *centroids;     /* n_segments x n_outputs, prepared units */
    const double *centroids_raw; /* n_segments x n_outputs, own units */
    const int32_t *labels;       /* n_samples, 0 is the segment of highest mean value */
    const double *distances;     /* n_samples, to the own centroid, prepared units */
    const double *radii;         /* n_segments: P99 of the distances of a segment's samples */
    const char *const *ids;      /* n_samples; the row number from 1 where there is no id column */
    int32_t n_typical;           /* customers kept per segment as examples; 0 in an old file */
    const int64_t *typical;      /* n_segments x n_typical: the samples nearest to the centroid,
                                    nearest first, equals by id; -1 behind the last */
    double inertia;
    int32_t n_iter;
    kmseg_stop_reason stop_reason;
    const double *history; /* n_iter */
    int64_t n_rechecked;
    int32_t
        n_coreset; /* samples that stood for all while restarts were begun; 0: they began on all */
    int32_t n_given_up; /* restarts that fell behind and did not come to their end */
    int32_t
        n_distinct; /* different samples, where equal ones were clustered as one; 0: they were not */
    const char *tiles; /* what samples were copied to: "int16", ...; "" in a result from a file */
    int64_t n_table_rows; /* rows of the input, those left out included */
    int64_t n_dropped;    /* rows left out because something was missing */
    const char *params;   /* JSON object: version and every option */
    int32_t n_merges;     /* segments that were too small, see kmseg_segment_options.min_size */
    const kmseg_merge *merges; /* n_merges, in the order they were made */
    double inertia_unmerged;   /* of the fit of n_requested clusters, before any was merged */
    const kmseg_map *map;      /* NULL: of more than 256 outputs, or in a file of before 0.2 */
    int32_t n_reports;
    const kmseg_stored_report *reports; /* n_reports, by name */
    /* Of this run; 0 in a result from a file, as is n_rechecked: files have the same bytes each time. */
    double seconds_prepare, seconds_fit, seconds_scores, seconds_profile;
    double seconds_init, seconds_iterate, seconds_finish; /* parts of seconds_fit */
} kmseg_result;

/**
 * prepare, cluster, order segments by value, score, profile; with has_profile 0 neither of the last two.
 *
 * Segments are numbered by the mean of the value column, highest first (by size where there is no
 * value column), so that numbers do not depend on chance.
 *
 * With min_size, segments smaller than that are merged: always the pair of a small one and any other
 * that raises the inertia least (Ward 1963, doi:10.1080/01621459.1963.10500845). Then the customers
 * are clustered again from the centroids that are left, so that labels are those of the nearest
 * centroid, as kmseg_assign() gives them; and so on until no segment is too small, or one is left.
 * KMSEG_E_ARGUMENT where min_size cannot be read or is more than there is.
 */
KMSEG_API kmseg_status kmseg_segment(kmseg_context *ctx, const kmseg_table *table,
                                     const kmseg_segment_options *options, kmseg_result **out);

/**
 * The same with a table that is given away: *table is NULL afterwards, also on failure. Of what it holds,
 * memory is used again as soon as nothing needs it, which without a profile is early: then a run takes
 * about a quarter less memory. *table may not be NULL.
 */
KMSEG_API kmseg_status kmseg_segment_consume(kmseg_context *ctx, kmseg_table **table,
                                             const kmseg_segment_options *options,
                                             kmseg_result **out);

KMSEG_API void kmseg_result_free(kmseg_result *result);

/**
 * 1 where the segments were described: columns, traits and names in words in the profile, rules, scores,
 * typical customers and a map. 0 after a run with has_profile 0: segments have the same numbers, centroids
 * and customers, but are called "Segment 1" and so on; profile has no columns, of the scores there are only
 * inertia and explained, and the rest is NULL. Whatever needs more fails with KMSEG_E_DATA and says so.
 */
KMSEG_API int32_t kmseg_result_has_profile(const kmseg_result *result);

/**
 * Keeps in a result what a command on the way to it printed with --json, for reports and for those who
 * ask later how the segments came about. In place of what was there under the name.
 *
 * name  a to z, 0 to 9 and _, a letter first, at most 64 bytes: "features", "rfm", "clv",
 *       "lifecycle", "tier", "choice"; kmseg_segment() itself keeps what its table says of how it was
 *       made (kmseg_table_params()) as "input"
 * json  a JSON object, copied; NULL: the one of that name goes. Files have the same bytes each time
 *       only where it holds no times and no paths.
 *
 * KMSEG_E_ARGUMENT for another name, KMSEG_E_FORMAT for text that is no JSON object.
 */
KMSEG_API kmseg_status kmseg_result_add_report(kmseg_context *ctx, kmseg_result *result,
                                               const char *name, const char *json);

/** The JSON of that name, which the result owns; NULL: there is none. */
KMSEG_API const char *kmseg_result_report(const kmseg_result *result, const char *name);

/** What became of the columns of a table that a profile was widened by. */
typedef struct kmseg_description {
    kmseg_join_counts join; /* of the customers of the result with the rows of the table */
    int32_t n_profiled;     /* columns that the profile has now besides */
    int32_t n_known;        /* that it had already, by their names: left as they are */
    int32_t n_left_out;     /* dates, names of more than 200 different values, ids, nothing known */
} kmseg_description;

/**
 * Profiles the segments of a result over the columns of another table of the same customers, also of
 * columns that were not there at the fit. Segments, their names and their value stay as they are;
 * traits are the strongest of all columns. Rows are matched by the ids that the result holds.
 *
 * from     one row per customer
 * options  key: not read; from_key, NULL: the column named as the id of the fit, else the one that
 *          kmseg_table_id_column() finds; from_name for messages; inner: not read, customers whom
 *          the table lacks are missing in its columns. NULL for the defaults
 * out      may be NULL; texts are owned by result and from
 *
 * KMSEG_E_DATA when the fit had no ids, when nothing matches, when an id is in two rows of from, and
 * when from has no column that the profile lacks. On failure the result is as before.
 * Cost O(rows of from + n_samples columns).
 */
KMSEG_API kmseg_status kmseg_result_describe(kmseg_context *ctx, kmseg_result *result,
                                             const kmseg_table *from,
                                             const kmseg_join_options *options,
                                             kmseg_description *out);

/** The name of a segment that people see: the one they gave, else the suggested one. */
KMSEG_API const char *kmseg_segment_name(const kmseg_result *result, int32_t segment);

/** The best clustering of n_clusters, as kmseg_segment() finds it, in numbers. */
typedef struct kmseg_sweep_row {
    int32_t n_clusters;
    int32_t
        n_segments; /* clusters with customers: fewer where the rows have fewer distinct values */
    kmseg_scores scores;
    int64_t smallest, largest; /* customers of the smallest and of the largest segment */
    int32_t n_iter;            /* of the kept restart, as are the next two */
    int32_t best_init;         /* which restart that is, from 0 */
    kmseg_stop_reason stop_reason;
    int32_t n_coreset; /* as in kmseg_result, as are the next two */
    int32_t n_given_up;
    int32_t n_distinct;
} kmseg_sweep_row;

/** Every number of clusters of a sweep. Owned; every pointer too. */
typedef struct kmseg_sweep_summary {
    size_t struct_size;
    int64_t n_samples;
    int64_t n_table_rows; /* rows of the input, those left out included */
    int32_t n_rows;
    const kmseg_sweep_row *rows; /* by n_clusters, ascending */
    kmseg_prepare *prepare;
    /* All numbers of clusters together: they are fitted and scored at once. */
    double seconds_prepare, seconds_fit, seconds_scores;
} kmseg_sweep_summary;

/**
 * prepare, fit every number of clusters from k_min to k_max, score each best fit. Of options,
 * fit.n_clusters and profile have no effect. No score decides alone how many segments there should
 * be, and nothing is recommended.
 */
KMSEG_API kmseg_status kmseg_sweep_table(kmseg_context *ctx, const kmseg_table *table,
                                         const kmseg_segment_options *options, int32_t k_min,
                                         int32_t k_max, kmseg_sweep_summary **out);

KMSEG_API void kmseg_sweep_summary_free(kmseg_sweep_summary *summary);

/** One labelled row per row of a new table. Owned; free with kmseg_assignment_free(). */
typedef struct kmseg_assignment {
    int64_t n_rows;
    const char *const *ids;
    const int32_t *labels;    /* -1: left out because something is missing */
    const double *distances;  /* to the own centroid */
    const int32_t *runner_up; /* second nearest segment */
    const double *margins;    /* distance to it less distance to the own */
    const uint8_t *outlying;  /* 1: farther than the segment's radius */
    int64_t n_imputed;
    int64_t n_unseen;
} kmseg_assignment;

/** Assigns new rows to the segments of a result by the same prepare step and centroids. */
KMSEG_API kmseg_status kmseg_assign(kmseg_context *ctx, const kmseg_result *result,
                                    const kmseg_table *table, kmseg_assignment **out);

KMSEG_API void kmseg_assignment_free(kmseg_assignment *assignment);

KMSEG_END_DECLS

#endif
