/* Inside of the pipeline: the steps of kmseg_segment() and kmseg_assign(). */
#ifndef KM_PIPELINE_PIPELINE_H
#define KM_PIPELINE_PIPELINE_H

#include "data/moments.h"
#include "data/result.h"
#include "evaluate/evaluate.h"
#include "report/json_writer.h"

#include <kmseg/kmseg.h>

/* Checks the options of every stage before any work is done. */
kmseg_status km_segment_options_check(kmseg_context *ctx, const kmseg_segment_options *options);

/* Version and options as a JSON object, in arena. */
kmseg_status km_segment_params(kmseg_context *ctx, const kmseg_segment_options *options,
                               km_arena *arena, const char **out);

/* One run in the making. rows, matrix and weights are those of the samples. */
typedef struct km_run_state {
    kmseg_context *ctx;
    const kmseg_table *table;
    kmseg_table *spare; /* table, where it may lose columns that nothing needs any more; or NULL */
    const kmseg_segment_options *options;
    km_result *result; /* NULL in a sweep */
    km_arena scratch;
    km_known_moments known; /* of columns of table, in scratch */
    kmseg_prepared *prepared;
    kmseg_tiles *tiles;
    kmseg_model *model;
    km_clusters clusters; /* of the segments, in the arena of the result; n_clusters 0: not known */
    double *weights;      /* n_samples, or NULL; with the context's allocator */
    kmseg_merge *merges;  /* in the arena of the result; segment is a cluster of the model */
    int32_t n_merges;
} km_run_state;

/* A run that has made nothing yet. */
km_run_state km_run_begin(kmseg_context *ctx, const kmseg_table *table,
                          const kmseg_segment_options *options);

/* Fits the prepare step of a run to *out, applies it, and takes the weights of the samples. */
kmseg_status km_prepare_samples(km_run_state *run, kmseg_prepare **out);

/* Tiles of the prepared samples, for up to n_clusters clusters. */
kmseg_status km_make_tiles(km_run_state *run, int32_t n_clusters);

/* Frees what a run made on its way; not the result. */
void km_run_free(km_run_state *run);

/* Seconds since *clock, which becomes now. */
static inline double km_lap(double *clock) {
    double before = *clock;
    *clock = km_clock();
    return *clock - before;
}

/* The column whose mean orders segments and whose sum is their value: position in table, or -1. */
kmseg_status km_value_column(kmseg_context *ctx, const kmseg_table *table,
                             const kmseg_segment_options *options, int32_t *out);

/* How large a segment needs to be by options->min_size, in customers or weight; 0: any size will do. */
kmseg_status km_min_size(const km_run_state *run, double *out);

/* Merges clusters of the model that are smaller than options->min_size, and clusters anew from what is
 * left. */
kmseg_status km_merge_small(km_run_state *run);

/* What was merged, to the result whose segments are in order. */
void km_describe_merges(km_run_state *run);

/* Turns the model into the result's centroids, labels, distances and radii: segments in order of
 * value, none empty. value is a column of table, or -1. */
kmseg_status km_order_segments(km_run_state *run, int32_t value);

/* The clusters of the labels of a model, as km_clusters_measure() finds them, without a look at the
 * samples; order NULL, or n_clusters numbers: which cluster of the model each is to be. */
kmseg_status km_model_clusters(kmseg_context *ctx, const kmseg_model *model, const int32_t *order,
                               km_arena *arena, km_clusters *out);

/* All scores of n clusterings of the samples, whose inertias are known; clusters as in km_evaluate(). */
kmseg_status km_score(km_run_state *run, const kmseg_labelling *clusterings,
                      const km_clusters *clusters, const double *inertias, int32_t n,
                      kmseg_scores *out);

/* What of them needs no distance: inertia and explained; the others are NaN. */
void km_score_inertia(const km_run_state *run, double inertia, kmseg_scores *out);

/* Scores of every model of a sweep, all in one go, and what else is in their rows. */
kmseg_status km_score_sweep(km_run_state *run, const kmseg_sweep_result *sweep,
                            kmseg_sweep_row *rows);

/* Sum of squares around the mean: the inertia if all samples were one segment. */
double km_total_squares(const kmseg_tiles *tiles);

/* The samples nearest to each centroid, into the result. */
kmseg_status km_find_typical(kmseg_context *ctx, kmseg_result *result, km_arena *arena);

/* Principal components and a sample of customers on them, into the result, whose ids are there. rows
 * are the samples' positions in the table, NULL for all. */
kmseg_status km_make_map(km_run_state *run, const int64_t *rows);

/* Ids of the rows as text: those of a column of table, or row numbers from 1 when column is -1.
 * rows are the positions wanted, NULL for all. */
kmseg_status km_row_ids(kmseg_context *ctx, const kmseg_table *table, int32_t column,
                        const int64_t *rows, int64_t n_rows, km_arena *arena,
                        const char *const **out);

#endif
