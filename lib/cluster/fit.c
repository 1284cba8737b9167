/* A fit: restarts of initialise, iterate, measure; the one with the lowest inertia is kept. */
#include "cluster/cluster.h"
#include "data/own_distances.h"

#include <string.h>

/* The model with the arena that owns it. */
typedef struct owned_model {
    kmseg_model model;
    km_arena arena;
} owned_model;

/* Everything a fit works with besides the model. */
typedef struct fitting {
    km_fit_job job;
    const km_initialiser *initialiser;
    const km_algorithm *algorithm;
    km_pass pass;
    km_run run;
    double *centroids, *history; /* of the best restart so far, in the model's arena */
    int32_t *labels;
    double *weights;
} fitting;

/* Progress of one restart, whole. */
enum { RESTART_UNITS = 1000 };

void km_fit_progress(kmseg_context *ctx, const km_fit_job *job, double share) {
    km_progress_reach(ctx, (int64_t)((job->restart + share) * RESTART_UNITS));
}

static kmseg_status check(kmseg_context *ctx, const kmseg_tiles *tiles,
                          const kmseg_fit_options *options) {
    KM_TRY(kmseg_options_check(ctx, kmseg_fit_option_table(), options));
    if (options->n_clusters > tiles->n_weighted) {
        return km_fail(
            ctx, KMSEG_E_DATA,
            "n_clusters is %d, but there are only %lld samples%s; it needs to be at most "
            "that",
            options->n_clusters, (long long)tiles->n_weighted,
            tiles->weights != NULL ? " of positive weight" : "");
    }
    return KMSEG_OK;
}

static kmseg_status allocate(kmseg_context *ctx, fitting *f, owned_model *owned,
                             km_arena *scratch) {
    int64_t k = f->job.options->n_clusters, d = f->job.tiles->n_features;
    KM_TRY(km_pass_init(ctx, f->job.tiles, (int32_t)k, scratch, &f->pass));
    f->run.centroids = km_arena_array(scratch, k * d, sizeof(double));
    f->run.history = km_arena_array(scratch, f->job.options->max_iter, sizeof(double));
    f->centroids = km_arena_array(&owned->arena, k * d, sizeof(double));
    f->history = km_arena_array(&owned->arena, f->job.options->max_iter, sizeof(double));
    f->labels = km_arena_array(&owned->arena, f->job.tiles->n_samples, sizeof(int32_t));
    f->weights = km_arena_array(&owned->arena, k, sizeof(double));
    if (f->run.centroids == NULL || f->run.history == NULL || f->centroids == NULL ||
        f->history == NULL || f->labels == NULL || f->weights == NULL) {
        return km_fail_memory(ctx, "a model");
    }
    return KMSEG_OK;
}

/* Takes over the restart that has just run. */
static void keep(fitting *f, kmseg_model *model, double inertia) {
    int64_t k = f->pass.n_clusters, d = f->job.tiles->n_features;
    memcpy(f->centroids, f->run.centroids, (size_t)(k * d) * sizeof *f->centroids);
    memcpy(f->history, f->run.history, (size_t)f->run.n_iter * sizeof *f->history);
    memcpy(f->labels, f->pass.labels, (size_t)f->job.tiles->n_samples * sizeof *f->labels);
    for (int64_t c = 0; c < k; c++) {
        f->weights[c] = km_tiles_weight_value(f->job.tiles, f->pass.totals[c]);
    }
    model->inertia = inertia;
    model->n_iter = f->run.n_iter;
    model->best_init = f->job.restart;
    model->stop_reason = f->run.stop_reason;
}

static kmseg_status restart(kmseg_context *ctx, fitting *f, kmseg_model *model) {
    double start = km_clock();
    km_pass_reset(&f->pass);
    KM_TRY(f->initialiser->run(ctx, &f->job, f->run.centroids));
    double initialised = km_clock();
    KM_TRY(f->algorithm->run(ctx, &f->job, &f->pass, &f->run));
    double iterated = km_clock();
    double inertia;
    KM_TRY(km_own_distances(ctx, f->job.tiles, f->pass.labels, f->run.centroids, NULL, &inertia));
    if (f->job.restart == 0 || inertia < model->inertia) {
        keep(f, model, inertia);
    }
    model->seconds_init += initialised - start;
    model->seconds_iterate += iterated - initialised;
    model->seconds_finish += km_clock() - iterated;
    km_fit_progress(ctx, &f->job, 1);
    return KMSEG_OK;
}

static kmseg_status count_sizes(kmseg_context *ctx, const fitting *f, owned_model *owned) {
    int64_t *sizes = km_arena_array(&owned->arena, f->pass.n_clusters, sizeof *sizes);
    if (sizes == NULL) {
        return km_fail_memory(ctx, "a model");
    }
    for (int64_t i = 0; i < f->job.tiles->n_samples; i++) {
        sizes[f->labels[i]]++;
    }
    owned->model.cluster_sizes = sizes;
    for (int32_t c = 0; c < f->pass.n_clusters; c++) {
        owned->model.n_nonempty += sizes[c] > 0;
    }
    return KMSEG_OK;
}

/* All restarts. Cancelled behind the first of them, the best so far is the result. */
static kmseg_status run_restarts(kmseg_context *ctx, fitting *f, kmseg_model *model) {
    /* A given start gives the same restart again. */
    int32_t n_init = strcmp(f->initialiser->named.name, "given") == 0 ? 1 : f->job.options->n_init;
    kmseg_status status = KMSEG_OK;
    km_progress_begin(ctx, "clustering", (int64_t)n_init * RESTART_UNITS);
    for (f->job.restart = 0; f->job.restart < n_init && status == KMSEG_OK; f->job.restart++) {
        status = restart(ctx, f, model);
        if (status == KMSEG_E_CANCELLED && f->job.restart > 0) {
            model->stop_reason = KMSEG_STOP_CANCELLED;
            status = KMSEG_OK;
            break;
        }
    }
    km_progress_end(ctx);
    return status;
}

static kmseg_status fit(kmseg_context *ctx, fitting *f, owned_model *owned, km_arena *scratch) {
    kmseg_model *model = &owned->model;
    KM_TRY(allocate(ctx, f, owned, scratch));
    KM_TRY(run_restarts(ctx, f, model));
    model->struct_size = sizeof *model;
    model->n_clusters = f->pass.n_clusters;
    model->n_features = f->job.tiles->n_features;
    model->n_samples = f->job.tiles->n_samples;
    model->centroids = f->centroids;
    model->labels = f->labels;
    model->history = f->history;
    model->cluster_weights = f->weights;
    model->n_rechecked = f->pass.n_rechecked;
    return count_sizes(ctx, f, owned);
}

kmseg_status kmseg_fit(kmseg_context *ctx, const kmseg_tiles *tiles,
                       const kmseg_fit_options *options, kmseg_model **out) {
    *out = NULL;
    KM_TRY(check(ctx, tiles, options));
    owned_model *owned = km_allocate(&ctx->allocator, sizeof *owned);
    if (owned == NULL) {
        return km_fail_memory(ctx, "a model");
    }
    memset(owned, 0, sizeof *owned);
    km_arena_init(&owned->arena, &ctx->allocator);
    fitting f = {
        .job = {.tiles = tiles, .options = options},
        .initialiser = km_initialiser_find(options->init),
        .algorithm = km_algorithm_find(options->algorithm),
    };
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    kmseg_status status = fit(ctx, &f, owned, &scratch);
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        kmseg_model_free(&owned->model);
        return status;
    }
    *out = &owned->model;
    return KMSEG_OK;
}

void kmseg_model_free(kmseg_model *model) {
    if (model != NULL) {
        owned_model *owned = (owned_model *)model; /* the model is its first member */
        kmseg_allocator allocator = owned->arena.allocator;
        km_arena_free(&owned->arena);
        km_release(&allocator, owned);
    }
}
