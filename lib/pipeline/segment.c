/* The whole way from a customer table to a result, one stage after the other. */
#include "data/table.h"
#include "pipeline/pipeline.h"

#include <math.h>
#include <string.h>

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

/* The weight of each sample, checked here because here the column and its rows have names. */
static kmseg_status take_weights(km_run_state *run) {
    const char *name = run->options->sample_weight;
    if (name == NULL) {
        return KMSEG_OK;
    }
    int32_t at = kmseg_table_find(run->table, name);
    if (at < 0) {
        return km_fail_prefix(run->ctx, km_table_fail_no_column(run->ctx, run->table, name),
                              "sample_weight");
    }
    const kmseg_column *column = kmseg_table_column(run->table, at);
    if (column->type != KMSEG_COLUMN_NUMBER) {
        return km_fail(run->ctx, KMSEG_E_FORMAT,
                       "column %s is not numeric; sample_weight needs a number per row", name);
    }
    int64_t n = run->prepared->matrix.n_rows;
    run->weights = km_allocate_array(&run->ctx->allocator, n, sizeof *run->weights);
    if (run->weights == NULL) {
        return km_fail_memory(run->ctx, "sample weights");
    }
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t row = run->prepared->rows != NULL ? run->prepared->rows[i] : i;
        double weight = column->numbers[row];
        if (!(weight >= 0) || isinf(weight)) {
            return km_fail(
                run->ctx, KMSEG_E_DATA,
                "column %s is %g in row %lld; a sample weight needs to be a number of at "
                "least 0",
                name, weight, (long long)row + 1);
        }
        run->weights[i] = weight;
        total += weight;
    }
    return total > 0
               ? KMSEG_OK
               : km_fail(run->ctx, KMSEG_E_DATA,
                         "column %s is 0 in every row; some sample weight needs to be more", name);
}

/* The weight column is about the rows, not about the customers: it is not clustered on unless it
 * is asked for by name. */
static kmseg_status prepare(km_run_state *run) {
    kmseg_context *ctx = run->ctx;
    kmseg_prepare_options options = run->options->prepare;
    const char *weight = run->options->sample_weight;
    km_string exclude;
    km_string_init(&exclude, &ctx->allocator);
    if (weight != NULL && options.include == NULL && kmseg_table_find(run->table, weight) >= 0) {
        km_string_format(&exclude, "%s%s%s", options.exclude != NULL ? options.exclude : "",
                         options.exclude != NULL && options.exclude[0] != '\0' ? "," : "", weight);
        options.exclude = exclude.data;
    }
    kmseg_result *result = &run->result->result;
    kmseg_status status = exclude.failed
                              ? km_fail_memory(ctx, "the options of a run")
                              : kmseg_prepare_fit(ctx, run->table, &options, &result->prepare);
    km_string_free(&exclude);
    KM_TRY(status);
    KM_TRY(kmseg_prepare_apply(ctx, result->prepare, run->table, &run->prepared));
    result->n_table_rows = kmseg_table_n_rows(run->table);
    result->n_dropped = result->n_table_rows - run->prepared->matrix.n_rows;
    return take_weights(run);
}

static kmseg_status cluster(km_run_state *run) {
    kmseg_context *ctx = run->ctx;
    const kmseg_matrix *samples = &run->prepared->matrix;
    if (run->options->fit.n_clusters > samples->n_rows) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "n_clusters is %d and the table has %lld usable row%s; it needs to be at "
                       "most that",
                       run->options->fit.n_clusters, (long long)samples->n_rows,
                       samples->n_rows == 1 ? "" : "s");
    }
    /* In the precision of the samples: both give the same labels. */
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    KM_TRY(kmseg_tiles_new(ctx, samples, run->weights, &options, &run->tiles));
    KM_TRY(kmseg_fit(ctx, run->tiles, &run->options->fit, &run->model));
    return run->model->stop_reason == KMSEG_STOP_CANCELLED ? km_fail_cancelled(ctx) : KMSEG_OK;
}

/* What the model says about the fit itself. */
static kmseg_status describe_fit(km_run_state *run) {
    kmseg_result *result = &run->result->result;
    const kmseg_model *model = run->model;
    result->n_iter = model->n_iter;
    result->stop_reason = model->stop_reason;
    result->n_rechecked = model->n_rechecked;
    result->seconds_init = model->seconds_init;
    result->seconds_iterate = model->seconds_iterate;
    result->seconds_finish = model->seconds_finish;
    result->history =
        km_arena_copy(&run->result->arena, model->history, model->n_iter, sizeof *model->history);
    return result->history != NULL ? KMSEG_OK : km_fail_memory(run->ctx, "a result");
}

static kmseg_status describe_rows(km_run_state *run) {
    kmseg_result *result = &run->result->result;
    const char *id = result->prepare->id;
    int32_t column = id[0] != '\0' ? kmseg_table_find(run->table, id) : -1;
    return km_row_ids(run->ctx, run->table, column, run->prepared->rows, result->n_samples,
                      &run->result->arena, &result->ids);
}

static double lap(double *clock) {
    double before = *clock;
    *clock = km_clock();
    return *clock - before;
}

static kmseg_status run_stages(km_run_state *run) {
    kmseg_context *ctx = run->ctx;
    kmseg_result *result = &run->result->result;
    double clock = km_clock();
    int32_t value;
    KM_TRY(prepare(run));
    KM_TRY(km_value_column(ctx, run->table, run->options, &value));
    result->seconds_prepare = lap(&clock);
    KM_TRY(cluster(run));
    KM_TRY(km_order_segments(run, value));
    KM_TRY(describe_fit(run));
    result->seconds_fit = lap(&clock);
    KM_TRY(km_score_segments(run));
    result->seconds_scores = lap(&clock);
    KM_TRY(describe_rows(run));
    KM_TRY(kmseg_profile_new(ctx, run->table, run->prepared->rows, result->n_samples,
                             result->labels, result->n_segments, result->prepare,
                             &run->options->profile, &result->profile));
    result->seconds_profile = lap(&clock);
    return km_segment_params(ctx, run->options, &run->result->arena, &result->params);
}

kmseg_status kmseg_segment(kmseg_context *ctx, const kmseg_table *table,
                           const kmseg_segment_options *options, kmseg_result **out) {
    *out = NULL;
    KM_TRY(km_segment_options_check(ctx, options));
    if (kmseg_table_n_rows(table) == 0) {
        return km_fail(ctx, KMSEG_E_DATA, "the table has no rows; a fit needs at least one");
    }
    km_run_state run = {.ctx = ctx, .table = table, .options = options};
    KM_TRY(km_result_new(ctx, &run.result));
    kmseg_status status = run_stages(&run);
    kmseg_model_free(run.model);
    kmseg_tiles_free(run.tiles);
    kmseg_prepared_free(run.prepared);
    km_release(&ctx->allocator, run.weights);
    if (status != KMSEG_OK) {
        kmseg_result_free(&run.result->result);
        return status;
    }
    *out = &run.result->result;
    return KMSEG_OK;
}
