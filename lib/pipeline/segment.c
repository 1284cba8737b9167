/* The whole way from a customer table to a result, one stage after the other. */
#include "data/table.h"
#include "data/tiles.h"
#include "pipeline/pipeline.h"
#include "profile/profile.h"

/* The profile decides which column is the value; asked about one row, it tells before the work. */
kmseg_status km_value_column(kmseg_context *ctx, const kmseg_table *table,
                             const kmseg_segment_options *options, int32_t *out) {
    const int64_t row = 0;
    const int32_t label = 0;
    kmseg_profile *profile;
    *out = -1;
    KM_TRY(kmseg_profile_new(ctx, table, &row, 1, &label, 1, NULL, &options->profile, &profile));
    if (profile->value_column[0] != '\0') {
        *out = kmseg_table_find(table, profile->value_column);
    }
    kmseg_profile_free(profile);
    return KMSEG_OK;
}

static kmseg_status cluster(km_run_state *run) {
    kmseg_context *ctx = run->ctx;
    double least;
    KM_TRY(km_min_size(run, &least)); /* before the work */
    KM_TRY(km_make_tiles(run, run->options->fit.n_clusters));
    KM_TRY(kmseg_fit(ctx, run->tiles, &run->options->fit, &run->model));
    KM_TRY(run->model->stop_reason == KMSEG_STOP_CANCELLED ? km_fail_cancelled(ctx) : KMSEG_OK);
    run->result->result.inertia_unmerged = run->model->inertia;
    return km_merge_small(run);
}

/* What the model says about the fit itself. */
static kmseg_status describe_fit(km_run_state *run) {
    kmseg_result *result = &run->result->result;
    const kmseg_model *model = run->model;
    result->n_iter = model->n_iter;
    result->stop_reason = model->stop_reason;
    result->n_rechecked = model->n_rechecked;
    result->n_coreset = model->n_coreset;
    result->n_given_up = model->n_given_up;
    result->n_distinct = model->n_distinct;
    result->tiles = kmseg_dtype_name(kmseg_tiles_dtype(run->tiles));
    result->seconds_init = model->seconds_init;
    result->seconds_iterate = model->seconds_iterate;
    result->seconds_finish = model->seconds_finish;
    result->history =
        km_arena_copy(&run->result->arena, model->history, model->n_iter, sizeof *model->history);
    return result->history != NULL ? KMSEG_OK : km_fail_memory(run->ctx, "a result");
}

/* Which rows of the table the samples are (NULL: all), which is all that what follows the scores asks
 * about them: their memory is then there to use again, where new memory would first have to be
 * cleared. */
static const int64_t *rows_alone(km_run_state *run) {
    kmseg_tiles_free(run->tiles);
    run->tiles = NULL;
    if (run->prepared->rows != NULL) {
        return run->prepared->rows;
    }
    kmseg_prepared_free(run->prepared);
    run->prepared = NULL;
    return NULL;
}

/* Column of table that names the customers, or -1. */
static int32_t id_column(const km_run_state *run) {
    const char *id = run->result->result.prepare->id;
    return id[0] != '\0' ? kmseg_table_find(run->table, id) : -1;
}

static kmseg_status describe_rows(km_run_state *run, const int64_t *rows) {
    kmseg_result *result = &run->result->result;
    return km_row_ids(run->ctx, run->table, id_column(run), rows, result->n_samples,
                      &run->result->arena, &result->ids);
}

/* Customers to look at, and rules to tell segments by. */
static kmseg_status explain_segments(km_run_state *run, const int64_t *rows) {
    kmseg_result *result = &run->result->result;
    int32_t depth = run->options->profile.rule_depth;
    KM_TRY(km_find_typical(run->ctx, result, &run->result->arena));
    KM_TRY(km_make_map(run, rows));
    return depth == 0 ? KMSEG_OK
                      : kmseg_tree_new(run->ctx, run->table, rows, result->n_samples,
                                       result->labels, run->weights, result->n_segments,
                                       result->prepare, depth, &result->rules);
}

/* Once the samples are prepared, a run without profile needs only values and ids of the table. */
static void forget_columns(km_run_state *run, int32_t value) {
    int32_t id = id_column(run);
    for (int32_t c = 0; run->spare != NULL && c < run->spare->n_columns; c++) {
        if (c != value && c != id) {
            km_table_forget(run->spare, c);
        }
    }
}

/* Scores, profile, and what explains the segments. */
static kmseg_status describe_segments(km_run_state *run, double *clock) {
    kmseg_result *result = &run->result->result;
    kmseg_labelling segments = {result->labels, result->n_segments};
    KM_TRY(km_score(run, &segments, &run->clusters, &result->inertia, 1, &result->scores));
    result->seconds_scores = km_lap(clock);
    const int64_t *rows = rows_alone(run);
    KM_TRY(describe_rows(run, rows));
    KM_TRY(km_profile_make(run->ctx, run->table, rows, result->n_samples, result->labels,
                           result->n_segments, result->prepare, &run->options->profile, &run->known,
                           &result->profile));
    KM_TRY(explain_segments(run, rows));
    result->seconds_profile = km_lap(clock);
    return KMSEG_OK;
}

/* What is known without a look at columns and distances. */
static kmseg_status count_segments(km_run_state *run, double *clock) {
    kmseg_result *result = &run->result->result;
    km_score_inertia(run, result->inertia, &result->scores);
    const int64_t *rows = rows_alone(run);
    KM_TRY(describe_rows(run, rows));
    KM_TRY(km_profile_sizes(run->ctx, run->table, rows, result->n_samples, result->labels,
                            result->n_segments, &run->options->profile, &result->profile));
    result->seconds_profile = km_lap(clock);
    return KMSEG_OK;
}

static kmseg_status run_stages(km_run_state *run) {
    kmseg_context *ctx = run->ctx;
    kmseg_result *result = &run->result->result;
    double clock = km_clock();
    int32_t value;
    KM_TRY(km_prepare_samples(run, &result->prepare));
    result->n_table_rows = kmseg_table_n_rows(run->table);
    result->n_dropped = result->n_table_rows - run->prepared->matrix.n_rows;
    KM_TRY(km_value_column(ctx, run->table, run->options, &value));
    if (!run->options->has_profile) {
        forget_columns(run, value);
    }
    result->seconds_prepare = km_lap(&clock);
    KM_TRY(cluster(run));
    km_tiles_forget(run->tiles); /* labels and distances can have their memory */
    KM_TRY(km_order_segments(run, value));
    km_describe_merges(run);
    KM_TRY(describe_fit(run));
    kmseg_model_free(run->model);
    run->model = NULL;
    result->seconds_fit = km_lap(&clock);
    KM_TRY(run->options->has_profile ? describe_segments(run, &clock)
                                     : count_segments(run, &clock));
    KM_TRY(km_segment_params(ctx, run->options, &run->result->arena, &result->params));
    const char *made = kmseg_table_params(run->table);
    return made != NULL ? kmseg_result_add_report(ctx, result, "input", made) : KMSEG_OK;
}

/* spare: the table, where its memory may be used again; or NULL. */
static kmseg_status segment(kmseg_context *ctx, const kmseg_table *table, kmseg_table *spare,
                            const kmseg_segment_options *options, kmseg_result **out) {
    *out = NULL;
    KM_TRY(km_segment_options_check(ctx, options));
    km_run_state run = km_run_begin(ctx, table, options);
    run.spare = spare;
    KM_TRY(km_result_new(ctx, &run.result));
    kmseg_status status = run_stages(&run);
    km_run_free(&run);
    if (status != KMSEG_OK) {
        kmseg_result_free(&run.result->result);
        return status;
    }
    *out = &run.result->result;
    return KMSEG_OK;
}

kmseg_status kmseg_segment(kmseg_context *ctx, const kmseg_table *table,
                           const kmseg_segment_options *options, kmseg_result **out) {
    return segment(ctx, table, NULL, options, out);
}

kmseg_status kmseg_segment_consume(kmseg_context *ctx, kmseg_table **table,
                                   const kmseg_segment_options *options, kmseg_result **out) {
    kmseg_status status = segment(ctx, *table, *table, options, out);
    kmseg_table_free(*table);
    *table = NULL;
    return status;
}
