/* Restarts for one or many numbers of clusters: seeded, climbed together in batches, the best kept for
 * each number. */
#include "cluster/cluster.h"
#include "cluster/draws.h"
#include "data/own_distances.h"

#include <math.h>
#include <string.h>

/* A climb with the arenas that own it. */
typedef struct attempt {
    km_climb climb;
    km_arena arena, labels;
    km_arena bounds; /* only while it climbs */
    int live;
} attempt;

typedef struct search {
    const kmseg_tiles *tiles;
    kmseg_fit_options options;
    const km_initialiser *initialiser;
    const km_algorithm *algorithm;
    const int32_t *ks;
    int32_t n_k, n_init;
    km_workspace workspace;
    km_pools pools;
    attempt *best;    /* n_k: the best so far, live once there is one */
    double *inertias; /* n_k: of the best */
    double *seeds;    /* largest k x n_features */
    int64_t *rechecked;
    double seconds_init, seconds_iterate, seconds_finish; /* over all climbs */
} search;

/* Progress of one restart, whole. */
enum { RESTART_UNITS = 1000 };

void km_fit_progress(kmseg_context *ctx, const km_fit_job *job, double share) {
    km_progress_reach(ctx, (int64_t)((job->progress_from + share) * RESTART_UNITS));
}

static void drop(attempt *a) {
    if (a->live) {
        km_arena_free(&a->arena);
        km_arena_free(&a->labels);
        km_arena_free(&a->bounds);
        a->live = 0;
    }
}

/* Climb number i of all: restarts of one number of clusters after those of another, or, where one
 * seeding serves them all, all numbers of clusters of one restart after those of another. */
static void number(const search *s, int32_t i, int32_t *which_k, int32_t *restart) {
    *which_k = s->initialiser->nested ? i % s->n_k : i / s->n_init;
    *restart = s->initialiser->nested ? i / s->n_k : i % s->n_init;
}

/* First centroids of climb i. A nested seeding is made once per restart, for the largest number. */
static kmseg_status seed(kmseg_context *ctx, search *s, int32_t i, int32_t first, km_climb *climb) {
    int32_t which, restart;
    number(s, i, &which, &restart);
    kmseg_fit_options options = s->options;
    options.n_clusters = s->initialiser->nested ? s->ks[s->n_k - 1] : s->ks[which];
    km_fit_job job = {.tiles = s->tiles,
                      .options = &options,
                      .restart = restart,
                      .progress_from = first + KM_INIT_SHARE * (i - first),
                      .pools = &s->pools};
    if (!s->initialiser->nested || which == 0 || i == first) {
        KM_TRY(s->initialiser->run(ctx, &job, s->seeds));
    }
    size_t n = (size_t)s->ks[which] * (size_t)s->tiles->n_features;
    memcpy(climb->centroids, s->seeds, n * sizeof *s->seeds);
    return KMSEG_OK;
}

static kmseg_status begin(kmseg_context *ctx, search *s, int32_t i, int32_t first, attempt *a) {
    int32_t which, restart;
    number(s, i, &which, &restart);
    km_arena_init(&a->arena, &ctx->allocator);
    km_arena_init(&a->labels, &ctx->allocator);
    km_arena_init(&a->bounds, &ctx->allocator);
    a->live = 1;
    KM_TRY(km_climb_init(ctx, &s->workspace, &s->options, s->ks[which], restart, &a->arena,
                         &a->labels, &a->climb));
    if (s->algorithm->bounded) {
        KM_TRY(km_pass_bound(ctx, &a->climb.pass, &a->bounds));
        if (a->climb.pass.bounds != NULL) {
            a->climb.pass.bounds->always = s->algorithm->bounded == KM_BOUNDED_ALWAYS;
        }
    }
    return seed(ctx, s, i, first, &a->climb);
}

/* The largest label and 1; 0 where it is not known, as samples of weight 0 have labels too. */
static int32_t count_labels(const km_pass *pass) {
    int32_t n = pass->tiles->weights == NULL ? pass->n_clusters : 0;
    while (n > 0 && pass->totals[n - 1] == 0) {
        n--;
    }
    return n;
}

/* Keeps the better of the best so far and a climb that is done. */
static kmseg_status compare(kmseg_context *ctx, search *s, int32_t which, attempt *a) {
    double inertia;
    km_own_labels labels = {.narrow = a->climb.pass.labels,
                            .n_clusters = count_labels(&a->climb.pass)};
    KM_TRY(km_own_distances(ctx, s->tiles, labels, a->climb.centroids, NULL, &inertia));
    attempt *best = &s->best[which];
    int better = !best->live || inertia < s->inertias[which] ||
                 (inertia == s->inertias[which] && a->climb.restart < best->climb.restart);
    if (better) {
        drop(best);
        *best = *a;
        a->live = 0;
        s->inertias[which] = inertia;
    }
    return KMSEG_OK;
}

/* Of the climbs of a batch that are done: those that the estimate from their sums does not rule out are
 * compared by their exact inertia. */
static kmseg_status finish(kmseg_context *ctx, search *s, int32_t first, attempt *batch,
                           int32_t n) {
    double total = 0;
    for (int32_t j = 0; j < s->tiles->n_features; j++) {
        total += s->tiles->squares[j];
    }
    for (int32_t i = 0; i < n; i++) {
        int32_t which, restart;
        number(s, first + i, &which, &restart);
        if (!batch[i].live || batch[i].climb.stage != KM_CLIMB_DONE) {
            continue;
        }
        s->rechecked[which] += batch[i].climb.pass.n_rechecked;
        double lowest = s->best[which].live ? s->inertias[which] : INFINITY;
        for (int32_t m = 0; m < n; m++) {
            int32_t other, ignored;
            number(s, first + m, &other, &ignored);
            if (other == which && batch[m].live && batch[m].climb.stage == KM_CLIMB_DONE) {
                lowest = fmin(lowest, km_climb_inertia(&batch[m].climb));
            }
        }
        if (!(km_climb_inertia(&batch[i].climb) > lowest + 2 * KM_INERTIA_DOUBT * total)) {
            KM_TRY(compare(ctx, s, which, &batch[i]));
        }
        drop(&batch[i]);
    }
    return KMSEG_OK;
}

/* Climbs number first to first + n - 1, together. */
static kmseg_status run_batch(kmseg_context *ctx, search *s, int32_t first, attempt *batch,
                              km_climb **climbs, int32_t n) {
    double start = km_clock();
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        status = begin(ctx, s, first + i, first, &batch[i]);
        climbs[i] = &batch[i].climb;
    }
    double seeded = km_clock();
    if (status == KMSEG_OK) {
        km_fit_job job = {
            .tiles = s->tiles, .options = &s->options, .progress_from = first + KM_INIT_SHARE * n};
        status = s->algorithm->run(ctx, &job, climbs, n);
    }
    for (int32_t i = 0; i < n; i++) {
        if (batch[i].live) {
            km_pass_unbind(&batch[i].climb.pass);
            km_arena_free(&batch[i].bounds);
        }
    }
    double climbed = km_clock();
    if (status == KMSEG_OK) {
        status = finish(ctx, s, first, batch, n);
    } else if (status == KMSEG_E_CANCELLED) { /* what is done is not given up */
        kmseg_cancel_clear(ctx);
        kmseg_status finished = finish(ctx, s, first, batch, n);
        kmseg_cancel(ctx);
        status = finished != KMSEG_OK ? finished : status;
    }
    s->seconds_init += seeded - start;
    s->seconds_iterate += climbed - seeded;
    s->seconds_finish += km_clock() - climbed;
    for (int32_t i = 0; i < n; i++) {
        drop(&batch[i]);
    }
    return status;
}

/* All climbs, batch by batch. Cancelled when there is a best for every number of clusters, that is the
 * result. */
static kmseg_status run_batches(kmseg_context *ctx, search *s, int32_t at_once, km_arena *scratch) {
    int32_t n = s->n_k * s->n_init;
    attempt *batch = km_arena_array(scratch, at_once, sizeof *batch);
    km_climb **climbs = km_arena_array(scratch, at_once, sizeof(km_climb *));
    if (batch == NULL || climbs == NULL) {
        return km_fail_memory(ctx, "a clustering");
    }
    kmseg_status status = KMSEG_OK;
    km_progress_begin(ctx, "clustering", (int64_t)n * RESTART_UNITS);
    for (int32_t i = 0; i < n && status == KMSEG_OK; i += at_once) {
        status = run_batch(ctx, s, i, batch, climbs, at_once < n - i ? at_once : n - i);
    }
    km_progress_end(ctx);
    if (status == KMSEG_E_CANCELLED) {
        int all = 1;
        for (int32_t w = 0; w < s->n_k; w++) {
            all = all && s->best[w].live;
        }
        for (int32_t w = 0; w < s->n_k && all; w++) {
            s->best[w].climb.stop_reason = KMSEG_STOP_CANCELLED;
        }
        status = all ? KMSEG_OK : status;
    }
    return status;
}

/* How many climbs run at once: as many as their labels fit the limit, whole restarts where one seeding
 * serves several. */
static int32_t climbs_at_once(const search *s, int64_t memory_limit) {
    int64_t n = (int64_t)s->n_k * s->n_init;
    int64_t each = s->tiles->n_tiles * KM_TILE_ROWS * KM_PASS_SAMPLE_BYTES + 1;
    int64_t fit = memory_limit / each;
    fit = fit < 1 ? 1 : fit < n ? fit : n;
    return (int32_t)(s->initialiser->nested && fit > s->n_k ? fit / s->n_k * s->n_k : fit);
}

static kmseg_status make_models(kmseg_context *ctx, search *s, kmseg_model **out) {
    for (int32_t w = 0; w < s->n_k; w++) {
        km_model_parts parts = {
            .climb = &s->best[w].climb,
            .labels = &s->best[w].labels,
            .inertia = s->inertias[w],
            .n_rechecked = s->rechecked[w],
            /* Of work that was shared, an equal share. */
            .seconds_init = s->seconds_init / s->n_k,
            .seconds_iterate = s->seconds_iterate / s->n_k,
            .seconds_finish = s->seconds_finish / s->n_k,
        };
        KM_TRY(km_model_new(ctx, &parts, &out[w]));
        drop(&s->best[w]);
    }
    return KMSEG_OK;
}

static kmseg_status search_all(kmseg_context *ctx, search *s, int64_t memory_limit,
                               km_arena *scratch, kmseg_model **out) {
    int32_t largest = s->ks[s->n_k - 1];
    KM_TRY(km_workspace_init(ctx, s->tiles, largest, scratch, &s->workspace));
    s->best = km_arena_array(scratch, s->n_k, sizeof *s->best);
    s->inertias = km_arena_array(scratch, s->n_k, sizeof *s->inertias);
    s->rechecked = km_arena_array(scratch, s->n_k, sizeof *s->rechecked);
    s->seeds = km_arena_array(scratch, (int64_t)largest * s->tiles->n_features, sizeof *s->seeds);
    if (s->best == NULL || s->inertias == NULL || s->rechecked == NULL || s->seeds == NULL) {
        return km_fail_memory(ctx, "a clustering");
    }
    kmseg_status status = run_batches(ctx, s, climbs_at_once(s, memory_limit), scratch);
    if (status == KMSEG_OK) {
        status = make_models(ctx, s, out);
    }
    for (int32_t w = 0; w < s->n_k; w++) {
        drop(&s->best[w]);
        if (status != KMSEG_OK) {
            kmseg_model_free(out[w]);
            out[w] = NULL;
        }
    }
    return status;
}

kmseg_status km_search(kmseg_context *ctx, const kmseg_tiles *tiles,
                       const kmseg_fit_options *options, const int32_t *ks, int32_t n_k,
                       int64_t memory_limit, kmseg_model **out) {
    search s = {
        .tiles = tiles,
        .options = *options,
        .initialiser = km_initialiser_find(options->init),
        .algorithm = km_algorithm_find(options->algorithm),
        .ks = ks,
        .n_k = n_k,
        .n_init = options->n_init,
    };
    if (strcmp(s.initialiser->named.name, "given") == 0) {
        s.n_init = 1; /* a given start gives the same restart again */
    }
    for (int32_t w = 0; w < n_k; w++) {
        out[w] = NULL;
    }
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_pools_init(ctx, &s.pools);
    kmseg_status status = search_all(ctx, &s, memory_limit, &scratch, out);
    km_pools_end(&s.pools);
    km_arena_free(&scratch);
    return status;
}
