/* From a table to samples in tiles: what every run begins with. */
#include "data/table.h"
#include "pipeline/pipeline.h"
#include "prepare/fit.h"

#include <math.h>
#include <string.h>

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
kmseg_status km_prepare_samples(km_run_state *run, kmseg_prepare **out) {
    kmseg_context *ctx = run->ctx;
    if (kmseg_table_n_rows(run->table) == 0) {
        return km_fail(ctx, KMSEG_E_DATA, "the table has no rows; a fit needs at least one");
    }
    int32_t n_columns = kmseg_table_n_columns(run->table);
    run->known.columns = km_arena_array(&run->scratch, n_columns, sizeof *run->known.columns);
    run->known.are_known = km_arena_array(&run->scratch, n_columns, 1);
    if (run->known.columns == NULL || run->known.are_known == NULL) {
        return km_fail_memory(ctx, "the columns of a fit");
    }
    kmseg_prepare_options options = run->options->prepare;
    const char *weight = run->options->sample_weight;
    km_string exclude;
    km_string_init(&exclude, &ctx->allocator);
    if (weight != NULL && options.include == NULL && kmseg_table_find(run->table, weight) >= 0) {
        km_string_format(&exclude, "%s%s%s", options.exclude != NULL ? options.exclude : "",
                         options.exclude != NULL && options.exclude[0] != '\0' ? "," : "", weight);
        options.exclude = exclude.data;
    }
    kmseg_status status = exclude.failed
                              ? km_fail_memory(ctx, "the options of a run")
                              : km_prepare_fit(ctx, run->table, &options, &run->known, out);
    km_string_free(&exclude);
    KM_TRY(status);
    KM_TRY(kmseg_prepare_apply(ctx, *out, run->table, &run->prepared));
    return take_weights(run);
}

static kmseg_dtype tiles_dtype(const char *name) {
    for (int dtype = KMSEG_FLOAT32; dtype <= KMSEG_INT16; dtype++) {
        if (strcmp(name, kmseg_dtype_name((kmseg_dtype)dtype)) == 0) {
            return (kmseg_dtype)dtype;
        }
    }
    return KMSEG_AUTO;
}

kmseg_status km_make_tiles(km_run_state *run, int32_t n_clusters) {
    const kmseg_matrix *samples = &run->prepared->matrix;
    if (n_clusters > samples->n_rows) {
        return km_fail(run->ctx, KMSEG_E_DATA,
                       "n_clusters is %d and the table has %lld usable row%s; it needs to be at "
                       "most that",
                       n_clusters, (long long)samples->n_rows, samples->n_rows == 1 ? "" : "s");
    }
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    options.dtype = tiles_dtype(run->options->tiles);
    return kmseg_tiles_new(run->ctx, samples, run->weights, &options, &run->tiles);
}

km_run_state km_run_begin(kmseg_context *ctx, const kmseg_table *table,
                          const kmseg_segment_options *options) {
    km_run_state run = {.ctx = ctx, .table = table, .options = options};
    km_arena_init(&run.scratch, &ctx->allocator);
    return run;
}

void km_run_free(km_run_state *run) {
    kmseg_model_free(run->model);
    kmseg_tiles_free(run->tiles);
    kmseg_prepared_free(run->prepared);
    km_release(&run->ctx->allocator, run->weights);
    km_arena_free(&run->scratch);
}
