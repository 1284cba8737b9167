/* From a customer table to a recommended number of segments. */
#include "choose/choose.h"
#include "pipeline/pipeline.h"

#include <math.h>
#include <stdlib.h>

typedef struct owned_choice {
    kmseg_choice choice; /* first: a kmseg_choice * is the owned_choice * */
    kmseg_choice_row *rows;
    kmseg_gap *gaps;
    km_arena arena;
} owned_choice;

/* A choice in the making. */
typedef struct choosing {
    km_run_state run;
    const kmseg_choose_options *options;
    int32_t k_min, k_max;
    kmseg_sweep_result *sweep;
    owned_choice *owned;
} choosing;

static kmseg_status score(choosing *c) {
    owned_choice *owned = c->owned;
    int32_t n = c->sweep->n_models;
    kmseg_sweep_row *scored = km_allocate_array(&c->run.ctx->allocator, n, sizeof *scored);
    owned->rows = km_arena_array(&owned->arena, n, sizeof *owned->rows);
    kmseg_status status = KMSEG_OK;
    if (scored == NULL || owned->rows == NULL) {
        status = km_fail_memory(c->run.ctx, "the scores of a sweep");
    } else {
        status = km_score_sweep(&c->run, c->sweep, scored);
    }
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        owned->rows[i] = (kmseg_choice_row){.sweep = scored[i],
                                            .gap = NAN,
                                            .gap_error = NAN,
                                            .stability = NAN,
                                            .stability_mean = NAN};
    }
    km_release(&c->run.ctx->allocator, scored);
    owned->choice.rows = owned->rows;
    owned->choice.n_rows = n;
    return status;
}

/* One number more than the last row has: that is what the last is compared with. */
static kmseg_status measure_gaps(choosing *c) {
    owned_choice *owned = c->owned;
    kmseg_choice *choice = &owned->choice;
    if (c->options->n_references == 0) {
        return KMSEG_OK;
    }
    owned->gaps = km_arena_array(&owned->arena, (int64_t)c->k_max + 1, sizeof *owned->gaps);
    if (owned->gaps == NULL) {
        return km_fail_memory(c->run.ctx, "the gap statistic");
    }
    KM_TRY(kmseg_gap_statistic(c->run.ctx, c->run.tiles, c->k_max + 1, &c->run.options->fit,
                               c->options, owned->gaps, &choice->n_gaps));
    choice->gaps = owned->gaps;
    for (int32_t i = 0; i < choice->n_rows; i++) {
        int32_t k = owned->rows[i].sweep.n_clusters;
        if (k <= choice->n_gaps) {
            owned->rows[i].gap = owned->gaps[k - 1].gap;
            owned->rows[i].gap_error = owned->gaps[k - 1].error;
        }
    }
    return KMSEG_OK;
}

/* A segment and how well it comes back. */
typedef struct steady {
    int64_t size;
    double stability;
} steady;

static int by_size(const void *a, const void *b) {
    const steady *x = a, *y = b;
    if (x->size != y->size) {
        return x->size > y->size ? -1 : 1;
    }
    return x->stability > y->stability ? -1 : x->stability < y->stability;
}

/* Segments of a model, largest first. */
static kmseg_status describe_segments(choosing *c, const kmseg_model *model,
                                      const double *stabilities, kmseg_choice_row *row) {
    km_arena *arena = &c->owned->arena;
    steady *segments = km_arena_array(arena, model->n_clusters, sizeof *segments);
    int64_t *sizes = km_arena_array(arena, model->n_nonempty, sizeof *sizes);
    double *sorted = km_arena_array(arena, model->n_nonempty, sizeof *sorted), sum = 0, n = 0;
    if (segments == NULL || sizes == NULL || sorted == NULL) {
        return km_fail_memory(c->run.ctx, "the sizes of segments");
    }
    for (int32_t s = 0; s < model->n_clusters; s++) {
        segments[s] = (steady){model->cluster_sizes[s], stabilities != NULL ? stabilities[s] : NAN};
    }
    qsort(segments, (size_t)model->n_clusters, sizeof *segments, by_size);
    for (int32_t s = 0; s < model->n_nonempty; s++) {
        sizes[s] = segments[s].size;
        sorted[s] = segments[s].stability;
        if (!isnan(sorted[s])) {
            row->stability = isnan(row->stability) ? sorted[s] : fmin(row->stability, sorted[s]);
            sum += sorted[s] * (double)sizes[s];
            n += (double)sizes[s];
        }
    }
    row->stability_mean = n > 0 ? sum / n : NAN;
    row->segment_sizes = sizes;
    row->segment_stabilities = sorted;
    return KMSEG_OK;
}

static kmseg_status measure_stability(choosing *c, km_arena *arena) {
    kmseg_context *ctx = c->run.ctx;
    int32_t n = c->sweep->n_models;
    int64_t n_clusters = 0;
    kmseg_labelling *clusterings = km_arena_array(arena, n, sizeof *clusterings);
    if (clusterings == NULL) {
        return km_fail_memory(ctx, "the stability of segments");
    }
    for (int32_t i = 0; i < n; i++) {
        const kmseg_model *model = c->sweep->models[i];
        clusterings[i] = (kmseg_labelling){model->labels, model->n_clusters};
        n_clusters += model->n_clusters;
    }
    double *stabilities = NULL;
    if (c->options->n_bootstraps > 0) {
        stabilities = km_arena_array(arena, n_clusters, sizeof *stabilities);
        if (stabilities == NULL) {
            return km_fail_memory(ctx, "the stability of segments");
        }
        KM_TRY(kmseg_stability(ctx, c->run.tiles, clusterings, n, &c->run.options->fit, c->options,
                               stabilities));
    }
    for (int32_t i = 0; i < n; i++) {
        KM_TRY(describe_segments(c, c->sweep->models[i], stabilities, &c->owned->rows[i]));
        stabilities = stabilities != NULL ? stabilities + c->sweep->models[i]->n_clusters : NULL;
    }
    return KMSEG_OK;
}

static kmseg_status weigh(choosing *c, double *clock) {
    kmseg_choice *choice = &c->owned->choice;
    KM_TRY(score(c));
    choice->seconds_scores = km_lap(clock);
    KM_TRY(measure_gaps(c));
    choice->seconds_gap = km_lap(clock);
    km_arena arena;
    km_arena_init(&arena, &c->run.ctx->allocator);
    kmseg_status status = measure_stability(c, &arena);
    km_arena_free(&arena);
    choice->seconds_stability = km_lap(clock);
    if (status != KMSEG_OK) {
        return status;
    }
    return km_recommend(c->run.ctx, choice, c->owned->rows, km_total_squares(c->run.tiles),
                        c->options->min_share, &c->owned->arena);
}

static kmseg_status run_stages(choosing *c) {
    kmseg_choice *choice = &c->owned->choice;
    km_run_state *run = &c->run;
    double clock = km_clock();
    KM_TRY(km_prepare_samples(run, &choice->prepare));
    choice->n_samples = run->prepared->matrix.n_rows;
    choice->n_table_rows = kmseg_table_n_rows(run->table);
    choice->n_looked_at = c->options->choose_samples < choice->n_samples
                              ? c->options->choose_samples
                              : choice->n_samples;
    KM_TRY(km_make_tiles(run, c->k_max));
    choice->seconds_prepare = km_lap(&clock);
    KM_TRY(kmseg_sweep(run->ctx, run->tiles, c->k_min, c->k_max, &run->options->fit, &c->sweep));
    choice->seconds_fit = km_lap(&clock);
    return c->sweep->models[0]->stop_reason == KMSEG_STOP_CANCELLED ? km_fail_cancelled(run->ctx)
                                                                    : weigh(c, &clock);
}

kmseg_status kmseg_choose_k(kmseg_context *ctx, const kmseg_table *table,
                            const kmseg_segment_options *segment,
                            const kmseg_choose_options *options, int32_t k_min, int32_t k_max,
                            kmseg_choice **out) {
    *out = NULL;
    kmseg_choose_options defaults;
    kmseg_choose_options_init(&defaults);
    choosing c = {.run = km_run_begin(ctx, table, segment),
                  .options = options != NULL ? options : &defaults,
                  .k_min = k_min,
                  .k_max = k_max};
    KM_TRY(km_segment_options_check(ctx, segment));
    KM_TRY(km_choose_check(ctx, &segment->fit, c.options));
    c.owned = km_allocate(&ctx->allocator, sizeof *c.owned);
    if (c.owned == NULL) {
        return km_fail_memory(ctx, "a choice");
    }
    *c.owned = (owned_choice){.choice = {.struct_size = sizeof c.owned->choice}};
    km_arena_init(&c.owned->arena, &ctx->allocator);
    kmseg_status status = run_stages(&c);
    kmseg_sweep_free(c.sweep);
    km_run_free(&c.run);
    if (status != KMSEG_OK) {
        kmseg_choice_free(&c.owned->choice);
        return status;
    }
    *out = &c.owned->choice;
    return KMSEG_OK;
}

void kmseg_choice_free(kmseg_choice *choice) {
    if (choice != NULL) {
        owned_choice *owned = (owned_choice *)(void *)choice;
        kmseg_prepare_free(choice->prepare);
        kmseg_allocator allocator = owned->arena.allocator;
        km_arena_free(&owned->arena);
        km_release(&allocator, owned);
    }
}
