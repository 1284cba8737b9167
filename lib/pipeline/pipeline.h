/* Inside of the pipeline: the steps of kmseg_segment() and kmseg_assign(). */
#ifndef KM_PIPELINE_PIPELINE_H
#define KM_PIPELINE_PIPELINE_H

#include "data/result.h"
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
    const kmseg_segment_options *options;
    km_result *result;
    kmseg_prepared *prepared;
    kmseg_tiles *tiles;
    kmseg_model *model;
    double *weights; /* n_samples, or NULL; with the context's allocator */
} km_run_state;

/* The column whose mean orders segments and whose sum is their value: position in table, or -1. */
kmseg_status km_value_column(kmseg_context *ctx, const kmseg_table *table,
                             const kmseg_segment_options *options, int32_t *out);

/* Turns the model into the result's centroids, labels, distances and radii: segments in order of
 * value, none empty. value is a column of table, or -1. */
kmseg_status km_order_segments(km_run_state *run, int32_t value);

/* All scores of the result. */
kmseg_status km_score_segments(km_run_state *run);

/* Ids of the rows as text: those of a column of table, or row numbers from 1 when column is -1.
 * rows are the positions wanted, NULL for all. */
kmseg_status km_row_ids(kmseg_context *ctx, const kmseg_table *table, int32_t column,
                        const int64_t *rows, int64_t n_rows, km_arena *arena,
                        const char *const **out);

#endif
