/* From a customer table to the scores of every number of segments. */
#include "pipeline/pipeline.h"

#include <string.h>

typedef struct owned_summary {
    kmseg_sweep_summary summary; /* first: a kmseg_sweep_summary * is the owned_summary * */
    kmseg_sweep_row *rows;
    km_arena arena;
} owned_summary;

static void describe(const kmseg_model *model, kmseg_sweep_row *row) {
    memset(row, 0, sizeof *row);
    row->n_clusters = model->n_clusters;
    row->n_segments = model->n_nonempty;
    row->n_iter = model->n_iter;
    row->best_init = model->best_init;
    row->stop_reason = model->stop_reason;
    row->n_coreset = model->n_coreset;
    row->n_given_up = model->n_given_up;
    row->n_distinct = model->n_distinct;
    for (int32_t c = 0; c < model->n_clusters; c++) {
        int64_t size = model->cluster_sizes[c];
        if (size > 0 && (row->smallest == 0 || size < row->smallest)) {
            row->smallest = size;
        }
        row->largest = size > row->largest ? size : row->largest;
    }
}

kmseg_status km_score_sweep(km_run_state *run, const kmseg_sweep_result *sweep,
                            kmseg_sweep_row *rows) {
    km_arena arena;
    km_arena_init(&arena, &run->ctx->allocator);
    int32_t n = sweep->n_models;
    kmseg_labelling *clusterings = km_arena_array(&arena, n, sizeof *clusterings);
    km_clusters *clusters = km_arena_array(&arena, n, sizeof *clusters);
    double *inertias = km_arena_array(&arena, n, sizeof *inertias);
    kmseg_scores *scores = km_arena_array(&arena, n, sizeof *scores);
    kmseg_status status = KMSEG_OK;
    if (clusterings == NULL || clusters == NULL || inertias == NULL || scores == NULL) {
        status = km_fail_memory(run->ctx, "the scores of a sweep");
    }
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        const kmseg_model *model = sweep->models[i];
        clusterings[i] = (kmseg_labelling){model->labels, model->n_clusters};
        inertias[i] = model->inertia;
        status = km_model_clusters(run->ctx, model, NULL, &arena, &clusters[i]);
    }
    if (status == KMSEG_OK) {
        status = km_score(run, clusterings, clusters, inertias, n, scores);
    }
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        describe(sweep->models[i], &rows[i]);
        rows[i].scores = scores[i];
    }
    km_arena_free(&arena);
    return status;
}

static kmseg_status sweep_and_score(km_run_state *run, int32_t k_min, int32_t k_max,
                                    owned_summary *owned, double *clock) {
    kmseg_context *ctx = run->ctx;
    kmseg_sweep_summary *summary = &owned->summary;
    kmseg_sweep_result *sweep;
    KM_TRY(kmseg_sweep(ctx, run->tiles, k_min, k_max, &run->options->fit, &sweep));
    summary->seconds_fit = km_lap(clock);
    summary->n_rows = sweep->n_models;
    owned->rows = km_arena_array(&owned->arena, summary->n_rows, sizeof *owned->rows);
    summary->rows = owned->rows;
    kmseg_status status = KMSEG_OK;
    if (owned->rows == NULL) {
        status = km_fail_memory(ctx, "the scores of a sweep");
    } else if (sweep->models[0]->stop_reason == KMSEG_STOP_CANCELLED) {
        status = km_fail_cancelled(ctx);
    } else {
        status = km_score_sweep(run, sweep, owned->rows);
    }
    kmseg_sweep_free(sweep);
    summary->seconds_scores = km_lap(clock);
    return status;
}

static kmseg_status run_stages(km_run_state *run, int32_t k_min, int32_t k_max,
                               owned_summary *owned) {
    double clock = km_clock();
    KM_TRY(km_prepare_samples(run, &owned->summary.prepare));
    owned->summary.n_samples = run->prepared->matrix.n_rows;
    owned->summary.n_table_rows = kmseg_table_n_rows(run->table);
    owned->summary.seconds_prepare = km_lap(&clock);
    KM_TRY(km_make_tiles(run, k_max));
    return sweep_and_score(run, k_min, k_max, owned, &clock);
}

kmseg_status kmseg_sweep_table(kmseg_context *ctx, const kmseg_table *table,
                               const kmseg_segment_options *options, int32_t k_min, int32_t k_max,
                               kmseg_sweep_summary **out) {
    *out = NULL;
    KM_TRY(km_segment_options_check(ctx, options));
    owned_summary *owned = km_allocate(&ctx->allocator, sizeof *owned);
    if (owned == NULL) {
        return km_fail_memory(ctx, "a sweep");
    }
    *owned = (owned_summary){.summary = {.struct_size = sizeof owned->summary}};
    km_arena_init(&owned->arena, &ctx->allocator);
    km_run_state run = km_run_begin(ctx, table, options);
    kmseg_status status = run_stages(&run, k_min, k_max, owned);
    km_run_free(&run);
    if (status != KMSEG_OK) {
        kmseg_sweep_summary_free(&owned->summary);
        return status;
    }
    *out = &owned->summary;
    return KMSEG_OK;
}

void kmseg_sweep_summary_free(kmseg_sweep_summary *summary) {
    if (summary != NULL) {
        owned_summary *owned = (owned_summary *)(void *)summary;
        kmseg_prepare_free(summary->prepare);
        kmseg_allocator allocator = owned->arena.allocator;
        km_arena_free(&owned->arena);
        km_release(&allocator, owned);
    }
}
