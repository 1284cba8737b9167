/* What restarts run on, which is not the same for all numbers of clusters of a search: on different samples,
 * where equal ones are taken together and there are enough of them for so many clusters, else on all; on a
 * coreset of either first, where that is large enough. Each number of clusters goes the way that it would go
 * by itself. */
#include "cluster/coreset.h"
#include "cluster/distinct.h"
#include "cluster/model.h"
#include "data/own_distances.h"

/* Numbers of clusters of a job from `first` on, n of them. */
static km_search_job part_of(const km_search_job *job, int32_t first, int32_t n) {
    km_search_job part = *job;
    part.ks += first;
    part.n_k = n;
    return part;
}

static void drop_models(kmseg_model **models, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        kmseg_model_free(models[i]);
        models[i] = NULL;
    }
}

/* Of these samples, each by itself. */
static kmseg_status search_samples(kmseg_context *ctx, const km_search_job *job,
                                   kmseg_model **out) {
    int32_t small = 0; /* numbers of clusters that begin on a coreset */
    while (small < job->n_k && km_coreset_pays(job->tiles, job->options, job->ks[small])) {
        small++;
    }
    if (small > 0) {
        km_search_job part = part_of(job, 0, small);
        KM_TRY(km_search_samples(ctx, &part, 1, out));
    }
    if (small == job->n_k) {
        return KMSEG_OK;
    }
    km_search_job part = part_of(job, small, job->n_k - small);
    kmseg_status status = km_search_samples(ctx, &part, 0, out + small);
    if (status != KMSEG_OK) {
        drop_models(out, small);
    }
    return status;
}

/* A model of the different samples becomes one of all, its inertia the one that all have: weights that are
 * multiplied round once more. Where the fit was cancelled, and this is the best so far, nothing stops it. */
static kmseg_status expand(kmseg_context *ctx, const km_search_job *job,
                           const km_distinct *distinct, kmseg_model *model) {
    KM_TRY(km_model_expand(ctx, job->tiles, distinct->which, model));
    int was_cancelled = km_cancelled(ctx);
    if (was_cancelled) {
        kmseg_cancel_clear(ctx);
    }
    km_own_labels labels = {.wide = model->labels, .n_clusters = model->n_clusters};
    double inertia = model->inertia;
    kmseg_status status =
        km_own_distances(ctx, job->tiles, labels, model->centroids, NULL, &inertia);
    if (status == KMSEG_OK) {
        model->inertia = inertia;
    }
    if (was_cancelled) {
        kmseg_cancel(ctx);
    }
    return status == KMSEG_E_CANCELLED ? KMSEG_OK : status;
}

/* Of the different samples; models are of all. */
static kmseg_status search_distinct(kmseg_context *ctx, const km_search_job *job,
                                    const km_distinct *distinct, double seconds,
                                    kmseg_model **out) {
    km_search_job small = *job;
    small.tiles = distinct->samples.tiles;
    KM_TRY(search_samples(ctx, &small, out));
    double start = km_clock();
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < job->n_k && status == KMSEG_OK; i++) {
        status = expand(ctx, job, distinct, out[i]);
    }
    for (int32_t i = 0; i < job->n_k && status == KMSEG_OK; i++) {
        out[i]->seconds_init += seconds / job->n_k;
        out[i]->seconds_finish += (km_clock() - start) / job->n_k;
    }
    if (status != KMSEG_OK) {
        drop_models(out, job->n_k);
    }
    return status;
}

kmseg_status km_search(kmseg_context *ctx, const km_search_job *job, kmseg_model **out) {
    for (int32_t i = 0; i < job->n_k; i++) {
        out[i] = NULL;
    }
    double start = km_clock();
    km_distinct distinct;
    KM_TRY(km_distinct_make(ctx, job->tiles, job->options, &distinct));
    double seconds = km_clock() - start;
    int is_distinct = distinct.samples.tiles != NULL;
    int32_t few = 0; /* numbers of clusters for which different samples are enough */
    while (is_distinct && few < job->n_k && job->ks[few] <= distinct.samples.tiles->n_weighted) {
        few++;
    }
    kmseg_status status = KMSEG_OK;
    if (few > 0) {
        km_search_job part = part_of(job, 0, few);
        status = search_distinct(ctx, &part, &distinct, seconds, out);
    }
    km_distinct_end(&distinct);
    if (status == KMSEG_OK && few < job->n_k) {
        km_search_job part = part_of(job, few, job->n_k - few);
        /* No coreset of so few different ones has samples enough either. */
        status = is_distinct ? km_search_samples(ctx, &part, 0, out + few)
                             : search_samples(ctx, &part, out + few);
        if (status != KMSEG_OK) {
            drop_models(out, few);
        }
    }
    return status;
}
