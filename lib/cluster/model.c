/* Models: what a search found, in memory of its own. */
#include "cluster/model.h"

#include "cluster/cluster.h"

#include <string.h>

/* The model with the arena that owns it. */
typedef struct owned_model {
    kmseg_model model;
    double *means;
    km_arena arena;
} owned_model;

/* Labels to numbers of 32 bits in the same place, from the last to the first. */
static int32_t *widen_labels(km_label *narrow, int64_t n) {
    enum { STEP = 64 };
    int32_t *wide = (int32_t *)(void *)narrow;
    for (int64_t end = n; end > 0;) {
        int64_t begin = (end - 1) / STEP * STEP;
        km_label some[STEP];
        memcpy(some, narrow + begin, (size_t)(end - begin) * sizeof *some);
        for (int64_t i = begin; i < end; i++) {
            wide[i] = some[i - begin];
        }
        end = begin;
    }
    return wide;
}

static void count_labels(const int32_t *labels, int64_t n, int64_t *counts) {
    for (int64_t i = 0; i < n; i++) {
        counts[labels[i]]++;
    }
}

/* Labels as the caller gets them, and how many samples each cluster has. */
static int take_labels(owned_model *owned, km_pass *pass) {
    kmseg_model *model = &owned->model;
    int64_t *sizes = km_arena_array(&owned->arena, model->n_clusters, sizeof *sizes);
    if (sizes == NULL) {
        return 0;
    }
    int32_t *labels = widen_labels(pass->labels, model->n_samples);
    pass->labels = NULL;
    if (pass->tiles->weights == NULL) {
        for (int32_t c = 0; c < model->n_clusters; c++) {
            sizes[c] = (int64_t)pass->totals[c];
        }
    } else {
        count_labels(labels, model->n_samples, sizes);
    }
    for (int32_t c = 0; c < model->n_clusters; c++) {
        model->n_nonempty += sizes[c] > 0;
    }
    model->labels = labels;
    model->cluster_sizes = sizes;
    return 1;
}

static int take_weights(owned_model *owned, const km_pass *pass) {
    double *weights = km_arena_array(&owned->arena, pass->n_clusters, sizeof *weights);
    for (int32_t c = 0; weights != NULL && c < pass->n_clusters; c++) {
        weights[c] = km_tiles_weight_value(pass->tiles, pass->totals[c]);
    }
    owned->model.cluster_weights = weights;
    return weights != NULL;
}

/* A pass leaves the sums of the labels that it leaves. */
static int take_means(owned_model *owned, const km_pass *pass) {
    const kmseg_tiles *tiles = pass->tiles;
    int64_t d = tiles->n_features;
    owned->means = km_arena_array(&owned->arena, pass->n_clusters * d, sizeof *owned->means);
    if (owned->means == NULL) {
        return 0;
    }
    for (int32_t c = 0; c < pass->n_clusters; c++) {
        memcpy(owned->means + c * d, tiles->means, (size_t)d * sizeof *owned->means);
    }
    km_pass_means(pass, pass->sums, pass->totals, owned->means);
    return 1;
}

const double *km_model_means(const kmseg_model *model) {
    return ((const owned_model *)model)->means;
}

kmseg_status km_model_new(kmseg_context *ctx, const km_model_parts *parts, kmseg_model **out) {
    km_climb *climb = parts->climb;
    km_pass *pass = &climb->pass;
    owned_model *owned = km_allocate(&ctx->allocator, sizeof *owned);
    if (owned == NULL) {
        return km_fail_memory(ctx, "a model");
    }
    memset(owned, 0, sizeof *owned);
    owned->arena = *parts->labels;
    km_arena_init(parts->labels, &ctx->allocator);
    owned->model = (kmseg_model){
        .struct_size = sizeof owned->model,
        .n_clusters = pass->n_clusters,
        .n_features = pass->tiles->n_features,
        .n_samples = pass->tiles->n_samples,
        .inertia = parts->inertia,
        .n_iter = climb->n_iter,
        .best_init = climb->restart,
        .stop_reason = climb->stop_reason,
        .n_rechecked = parts->n_rechecked,
        .seconds_init = parts->seconds_init,
        .seconds_iterate = parts->seconds_iterate,
        .seconds_finish = parts->seconds_finish,
        .n_coreset = parts->n_coreset,
        .n_given_up = parts->n_given_up,
    };
    kmseg_model *model = &owned->model;
    model->centroids =
        km_arena_copy(&owned->arena, climb->centroids,
                      (int64_t)model->n_clusters * model->n_features, sizeof(double));
    model->history = km_arena_copy(&owned->arena, climb->history, climb->n_iter, sizeof(double));
    if (model->centroids == NULL || model->history == NULL || !take_weights(owned, pass) ||
        !take_means(owned, pass) || !take_labels(owned, pass)) {
        kmseg_model_free(model);
        return km_fail_memory(ctx, "a model");
    }
    *out = model;
    return KMSEG_OK;
}

kmseg_status km_model_expand(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *which,
                             kmseg_model *model) {
    owned_model *owned = (owned_model *)model;
    const int32_t *from = model->labels;
    int64_t n = tiles->n_samples;
    int64_t *sizes = km_arena_array(&owned->arena, model->n_clusters, sizeof *sizes);
    int32_t *labels = km_arena_take(&owned->arena, (size_t)n * sizeof *labels);
    if (sizes == NULL || labels == NULL) {
        return km_fail_memory(ctx, "a model");
    }
    /* Not by all threads: a loop of theirs ends early where the fit was cancelled and is the best so far. */
    for (int64_t i = 0; i < n; i++) {
        labels[i] = from[which[i]];
    }
    if (tiles->weights != NULL) {
        count_labels(labels, n, sizes);
    } else {
        for (int32_t c = 0; c < model->n_clusters; c++) {
            sizes[c] = (int64_t)model->cluster_weights[c];
        }
    }
    km_arena_give(&owned->arena, from);
    model->n_distinct = (int32_t)model->n_samples;
    model->n_samples = n;
    model->labels = labels;
    model->cluster_sizes = sizes;
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
