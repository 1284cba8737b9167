/* Restarts for one or many numbers of clusters, of samples that are as they are: seeded, climbed together in
 * batches, the best kept for each number. Where wanted, on a coreset first: the climbs on all samples begin
 * where those ended, the most promising ones first, and what falls behind is given up (race.c). */
#include "cluster/coreset.h"
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
    int32_t *given_up;
    double seconds_init, seconds_iterate, seconds_finish; /* over all climbs */

    /* Where the climbs on a coreset ended, restart r of number w at w * n_init + r; or NULL. */
    double **ends, *end_inertias;
    int is_coreset;    /* it is these that are sought, not models */
    int32_t n_coreset; /* samples of the coreset that they are of */
    int32_t *ranked;   /* the same climbs as they are taken on all samples */
} search;

/* Restarts of one number of clusters that are on the way together where they race: enough that one of
 * them soon shows how far down it goes, few enough that labels take little memory. */
enum { TOGETHER = 2 };

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
    if (s->ranked != NULL) {
        *which_k = s->ranked[i] / s->n_init;
        *restart = s->ranked[i] % s->n_init;
        return;
    }
    *which_k = s->initialiser->nested ? i % s->n_k : i / s->n_init;
    *restart = s->initialiser->nested ? i / s->n_k : i % s->n_init;
}

/* First centroids of climb i. A nested seeding is made once per restart, for the largest number. */
static kmseg_status seed(kmseg_context *ctx, search *s, int32_t i, int32_t first, km_climb *climb) {
    int32_t which, restart;
    number(s, i, &which, &restart);
    size_t n = (size_t)s->ks[which] * (size_t)s->tiles->n_features;
    if (s->ranked != NULL) {
        memcpy(climb->centroids, s->ends[s->ranked[i]], n * sizeof *climb->centroids);
        return KMSEG_OK;
    }
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
    a->climb.races = s->ranked != NULL;
    a->climb.bar = s->best[which].live ? s->inertias[which] : INFINITY;
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

/* Of a coreset: where a climb ended. */
static void keep_end(search *s, int32_t which, const km_climb *climb) {
    int32_t at = which * s->n_init + climb->restart;
    size_t n = (size_t)s->ks[which] * (size_t)s->tiles->n_features;
    memcpy(s->ends[at], climb->centroids, n * sizeof *climb->centroids);
    s->end_inertias[at] = km_climb_inertia(climb);
}

/* It came to an end, and was not given up on the way. */
static int has_ended(const attempt *a) {
    return a->live && a->climb.stage == KM_CLIMB_DONE && !a->climb.is_given_up;
}

static double sum_of_squares(const kmseg_tiles *tiles) {
    double total = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        total += tiles->squares[j];
    }
    return total;
}

/* Lowest inertia of a number of clusters so far and in the batch, as far as the sums of climbs tell. */
static double lowest_of(const search *s, int32_t which, int32_t first, const attempt *batch,
                        int32_t n) {
    double lowest = s->best[which].live ? s->inertias[which] : INFINITY;
    for (int32_t i = 0; i < n; i++) {
        int32_t other, restart;
        number(s, first + i, &other, &restart);
        if (other == which && has_ended(&batch[i])) {
            lowest = fmin(lowest, km_climb_inertia(&batch[i].climb));
        }
    }
    return lowest;
}

/* Of the climbs of a batch that are done: those that the estimate from their sums does not rule out are
 * compared by their exact inertia. On a coreset each is but a start. */
static kmseg_status finish(kmseg_context *ctx, search *s, int32_t first, attempt *batch,
                           int32_t n) {
    double doubt = 2 * KM_INERTIA_DOUBT * sum_of_squares(s->tiles);
    for (int32_t i = 0; i < n; i++) {
        const km_climb *climb = &batch[i].climb;
        int32_t which, restart;
        number(s, first + i, &which, &restart);
        if (!batch[i].live || climb->stage != KM_CLIMB_DONE) {
            continue;
        }
        s->rechecked[which] += climb->pass.n_rechecked;
        s->given_up[which] += climb->is_given_up;
        if (s->is_coreset) {
            keep_end(s, which, climb);
        } else if (has_ended(&batch[i]) &&
                   !(km_climb_inertia(climb) > lowest_of(s, which, first, batch, n) + doubt)) {
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

/* Climbs whose labels fit the limit together. */
static int32_t climbs_that_fit(const search *s, int64_t memory_limit) {
    int64_t n = (int64_t)s->n_k * s->n_init;
    int64_t each = s->tiles->n_tiles * KM_TILE_ROWS * KM_PASS_SAMPLE_BYTES + 1;
    int64_t fit = memory_limit / each;
    int64_t least = s->ranked != NULL ? TOGETHER : 1;
    return (int32_t)(fit < least ? least : fit < n ? fit : n);
}

/* How many climbs from number `first` on run at once: as many as fit; whole restarts where one seeding
 * serves several numbers of clusters. Those that race with each other, which must not depend on what
 * fits, are never parted, and those that come after them wait for their result. */
static int32_t batch_size(const search *s, int32_t first, int32_t fit) {
    int32_t left = s->n_k * s->n_init - first;
    if (s->ranked != NULL) {
        int32_t round = TOGETHER * s->n_k, begun = first / round * TOGETHER;
        int32_t racing = s->n_init - begun < TOGETHER ? s->n_init - begun : TOGETHER;
        int32_t of_round = (begun + racing) * s->n_k - first;
        fit = fit / racing * racing;
        return fit < of_round ? fit : of_round;
    }
    fit = s->initialiser->nested && fit > s->n_k ? fit / s->n_k * s->n_k : fit;
    return fit < left ? fit : left;
}

/* Cancelled when there is a best for every number of clusters, that is the result. */
static kmseg_status take_what_is_there(search *s) {
    for (int32_t w = 0; w < s->n_k; w++) {
        if (!s->best[w].live) {
            return KMSEG_E_CANCELLED;
        }
    }
    for (int32_t w = 0; w < s->n_k; w++) {
        s->best[w].climb.stop_reason = KMSEG_STOP_CANCELLED;
    }
    return KMSEG_OK;
}

/* All climbs, batch by batch. */
static kmseg_status run_batches(kmseg_context *ctx, search *s, int64_t memory_limit,
                                km_arena *scratch) {
    int32_t n = s->n_k * s->n_init, fit = climbs_that_fit(s, memory_limit);
    attempt *batch = km_arena_array(scratch, fit, sizeof *batch);
    km_climb **climbs = km_arena_array(scratch, fit, sizeof(km_climb *));
    if (batch == NULL || climbs == NULL) {
        return km_fail_memory(ctx, "a clustering");
    }
    kmseg_status status = KMSEG_OK;
    km_progress_begin(ctx, s->is_coreset ? "clustering a coreset" : "clustering",
                      (int64_t)n * RESTART_UNITS);
    for (int32_t i = 0, size; i < n && status == KMSEG_OK; i += size) {
        size = batch_size(s, i, fit);
        status = run_batch(ctx, s, i, batch, climbs, size);
    }
    km_progress_end(ctx);
    return status == KMSEG_E_CANCELLED && !s->is_coreset ? take_what_is_there(s) : status;
}

static kmseg_status make_models(kmseg_context *ctx, search *s, kmseg_model **out) {
    for (int32_t w = 0; w < s->n_k; w++) {
        km_model_parts parts = {
            .climb = &s->best[w].climb,
            .labels = &s->best[w].labels,
            .inertia = s->inertias[w],
            .n_rechecked = s->rechecked[w],
            .n_coreset = s->n_coreset,
            .n_given_up = s->given_up[w],
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

static kmseg_status make_room(kmseg_context *ctx, search *s, km_arena *scratch) {
    int32_t largest = s->ks[s->n_k - 1];
    KM_TRY(km_workspace_init(ctx, s->tiles, largest, scratch, &s->workspace));
    s->best = km_arena_array(scratch, s->n_k, sizeof *s->best);
    s->inertias = km_arena_array(scratch, s->n_k, sizeof *s->inertias);
    s->rechecked = km_arena_array(scratch, s->n_k, sizeof *s->rechecked);
    s->given_up = km_arena_array(scratch, s->n_k, sizeof *s->given_up);
    s->seeds = km_arena_array(scratch, (int64_t)largest * s->tiles->n_features, sizeof *s->seeds);
    if (s->best == NULL || s->inertias == NULL || s->rechecked == NULL || s->given_up == NULL ||
        s->seeds == NULL) {
        return km_fail_memory(ctx, "a clustering");
    }
    return KMSEG_OK;
}

/* Climbs on a coreset as they are taken on all samples: those of the lowest inertia of each number of
 * clusters, then those of the next lowest ... */
static void rank(search *s) {
    for (int32_t w = 0; w < s->n_k; w++) {
        const double *inertias = s->end_inertias + (int64_t)w * s->n_init;
        for (int32_t r = 0; r < s->n_init; r++) {
            int32_t place = 0;
            for (int32_t other = 0; other < s->n_init; other++) {
                place +=
                    inertias[other] < inertias[r] || (inertias[other] == inertias[r] && other < r);
            }
            int32_t group = place / TOGETHER, begun = group * TOGETHER;
            int32_t racing = s->n_init - begun < TOGETHER ? s->n_init - begun : TOGETHER;
            s->ranked[begun * s->n_k + w * racing + place - begun] = w * s->n_init + r;
        }
    }
}

/* Room for where the climbs on a coreset end. */
static kmseg_status make_ends(kmseg_context *ctx, search *s, km_arena *arena) {
    int32_t n = s->n_k * s->n_init;
    s->ends = km_arena_array(arena, n, sizeof(double *));
    s->end_inertias = km_arena_array(arena, n, sizeof *s->end_inertias);
    int ok = s->ends != NULL && s->end_inertias != NULL;
    for (int32_t i = 0; ok && i < n; i++) {
        int64_t size = (int64_t)s->ks[i / s->n_init] * s->tiles->n_features;
        s->ends[i] = km_arena_array(arena, size, sizeof(double));
        ok = s->ends[i] != NULL;
    }
    return ok ? KMSEG_OK : km_fail_memory(ctx, "a clustering");
}

/* All climbs on the coreset. */
static kmseg_status climb_coreset(kmseg_context *ctx, const search *s, const kmseg_tiles *coreset) {
    search small = *s;
    small.tiles = coreset;
    small.is_coreset = 1;
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_pools_init(ctx, &small.pools);
    kmseg_status status = make_room(ctx, &small, &scratch);
    if (status == KMSEG_OK) {
        status = run_batches(ctx, &small, KM_FREE_BYTES, &scratch);
    }
    km_pools_end(&small.pools);
    km_arena_free(&scratch);
    return status;
}

/* Begins on a coreset, where there is one that stands for all. */
static kmseg_status begin_small(kmseg_context *ctx, search *s, km_arena *arena) {
    double start = km_clock();
    km_subset coreset;
    KM_TRY(km_coreset_make(ctx, s->tiles, &s->options, &coreset));
    kmseg_status status = KMSEG_OK;
    if (coreset.tiles != NULL) {
        status = make_ends(ctx, s, arena);
        if (status == KMSEG_OK) {
            status = climb_coreset(ctx, s, coreset.tiles);
        }
        s->n_coreset = (int32_t)coreset.tiles->n_samples;
        s->ranked = km_arena_array(arena, (int64_t)s->n_k * s->n_init, sizeof *s->ranked);
        if (status == KMSEG_OK && s->ranked == NULL) {
            status = km_fail_memory(ctx, "a clustering");
        }
        if (status == KMSEG_OK) {
            rank(s);
        }
    }
    km_subset_end(&coreset);
    s->seconds_init += km_clock() - start;
    return status;
}

static kmseg_status search_all(kmseg_context *ctx, search *s, int64_t memory_limit,
                               int from_coreset, km_arena *scratch, kmseg_model **out) {
    if (from_coreset) {
        KM_TRY(begin_small(ctx, s, scratch));
    }
    KM_TRY(make_room(ctx, s, scratch));
    kmseg_status status = run_batches(ctx, s, memory_limit, scratch);
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

kmseg_status km_search_samples(kmseg_context *ctx, const km_search_job *job, int from_coreset,
                               kmseg_model **out) {
    search s = {
        .tiles = job->tiles,
        .options = *job->options,
        .initialiser = km_initialiser_find(job->options->init),
        .algorithm = km_algorithm_find(job->options->algorithm),
        .ks = job->ks,
        .n_k = job->n_k,
        .n_init = job->options->n_init,
    };
    if (strcmp(s.initialiser->named.name, "given") == 0) {
        s.n_init = 1; /* a given start gives the same restart again */
    }
    for (int32_t w = 0; w < job->n_k; w++) {
        out[w] = NULL;
    }
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_pools_init(ctx, &s.pools);
    kmseg_status status = search_all(ctx, &s, job->memory_limit, from_coreset, &scratch, out);
    km_pools_end(&s.pools);
    km_arena_free(&scratch);
    return status;
}
