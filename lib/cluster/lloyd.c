/* Lloyd's algorithm: passes over all samples until no label changes, the centroids rest, or
 * max_iter. Iterations are counted as scikit-learn counts them, so that the same start gives the
 * same n_iter. */
#include "base/arena.h"
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

kmseg_status km_climb_init(kmseg_context *ctx, km_workspace *workspace,
                           const kmseg_fit_options *options, int32_t n_clusters, int32_t restart,
                           km_arena *arena, km_arena *labels, km_climb *out) {
    const kmseg_tiles *tiles = workspace->tiles;
    int64_t k = n_clusters, kd = k * tiles->n_features;
    double weight = km_tiles_weight_value(tiles, tiles->weight_sum);
    double variance = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        variance += tiles->squares[j] / weight;
    }
    *out = (km_climb){
        .restart = restart,
        .max_iter = options->max_iter,
        .centroids = km_arena_array(arena, kd, sizeof *out->centroids),
        .history = km_arena_array(arena, options->max_iter, sizeof *out->history),
        .stage = KM_CLIMB_ITERATE,
        .stop_reason = KMSEG_STOP_MAX_ITER,
        .threshold = options->tol * variance / tiles->n_features,
        .bar = INFINITY,
        .next = km_arena_array(arena, kd, sizeof *out->next),
        .sums = km_arena_array(arena, kd, sizeof *out->sums),
        .totals = km_arena_array(arena, k, sizeof *out->totals),
    };
    if (out->centroids == NULL || out->history == NULL || out->next == NULL || out->sums == NULL ||
        out->totals == NULL) {
        return km_fail_memory(ctx, "a clustering");
    }
    return km_pass_init(ctx, workspace, n_clusters, arena, labels, &out->pass);
}

static int32_t count_empty(const km_pass *pass) {
    int32_t empty = 0;
    for (int32_t c = 0; c < pass->n_clusters; c++) {
        empty += pass->totals[c] == 0;
    }
    return empty;
}

/* Means of the clusters to climb->next; empty clusters get the farthest samples or stay. */
static kmseg_status update(kmseg_context *ctx, km_climb *climb, int32_t *filled) {
    const km_pass *pass = &climb->pass;
    size_t kd = (size_t)pass->n_clusters * (size_t)pass->tiles->n_features;
    memcpy(climb->next, climb->centroids, kd * sizeof *climb->next);
    *filled = 0;
    if (count_empty(pass) == 0) {
        km_pass_means(pass, pass->sums, pass->totals, climb->next);
        return KMSEG_OK;
    }
    memcpy(climb->sums, pass->sums, kd * sizeof *climb->sums);
    memcpy(climb->totals, pass->totals, (size_t)pass->n_clusters * sizeof *climb->totals);
    KM_TRY(km_fill_empty(ctx, pass, climb->centroids, climb->sums, climb->totals, filled));
    km_pass_means(pass, climb->sums, climb->totals, climb->next);
    return KMSEG_OK;
}

/* Inertia of the labels with their own means: the total about the grand mean less what lies between
 * the means, so it costs no pass. */
static double inertia_of_means(const km_pass *pass, const double *means) {
    const kmseg_tiles *tiles = pass->tiles;
    double inertia = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        double between = 0;
        for (int32_t c = 0; c < pass->n_clusters; c++) {
            if (pass->totals[c] > 0) {
                double away = means[(int64_t)c * tiles->n_features + j] - tiles->means[j];
                between += km_tiles_weight_value(tiles, pass->totals[c]) * away * away;
            }
        }
        inertia += fmax(0, tiles->squares[j] - between);
    }
    return inertia;
}

double km_climb_inertia(const km_climb *climb) {
    const km_pass *pass = &climb->pass;
    const kmseg_tiles *tiles = pass->tiles;
    int32_t d = tiles->n_features;
    km_pass_means(pass, pass->sums, pass->totals, climb->next);
    double inertia = inertia_of_means(pass, climb->next);
    for (int32_t c = 0; c < pass->n_clusters; c++) {
        if (pass->totals[c] > 0) { /* the centroid need not be the mean of its last labels */
            double weight = km_tiles_weight_value(tiles, pass->totals[c]);
            for (int64_t at = (int64_t)c * d; at < (int64_t)(c + 1) * d; at++) {
                double away = climb->centroids[at] - climb->next[at];
                inertia += weight * away * away;
            }
        }
    }
    return inertia;
}

static double squared_shift(const double *from, const double *to, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (to[i] - from[i]) * (to[i] - from[i]);
    }
    return sum;
}

static void stop(km_climb *climb, kmseg_stop_reason reason, km_climb_stage stage) {
    climb->stop_reason = reason;
    climb->stage = stage;
}

/* An iteration with empty clusters: the means on the way here are not those of the labels. */
static void step_filled(km_climb *climb) {
    km_pass *pass = &climb->pass;
    int64_t kd = (int64_t)pass->n_clusters * pass->tiles->n_features;
    double shift = squared_shift(climb->centroids, climb->next, kd);
    km_pass_means(pass, pass->sums, pass->totals, climb->centroids);
    climb->history[climb->n_iter - 1] = inertia_of_means(pass, climb->centroids);
    memcpy(climb->centroids, climb->next, (size_t)kd * sizeof *climb->next);
    if (shift == 0) {
        stop(climb, KMSEG_STOP_LABELS, KM_CLIMB_DONE);
    }
}

static void step_full(km_climb *climb) {
    int64_t kd = (int64_t)climb->pass.n_clusters * climb->pass.tiles->n_features;
    double shift = squared_shift(climb->centroids, climb->next, kd);
    memcpy(climb->centroids, climb->next, (size_t)kd * sizeof *climb->next);
    if (climb->pass.n_changed == 0) {
        stop(climb, KMSEG_STOP_LABELS, KM_CLIMB_DONE);
    } else if (shift <= climb->threshold) {
        stop(climb, KMSEG_STOP_TOL,
             KM_CLIMB_LABEL); /* they have moved since the labels were given */
    }
}

kmseg_status km_climb_step(kmseg_context *ctx, km_climb *climb) {
    if (climb->stage == KM_CLIMB_LABEL) {
        climb->stage = KM_CLIMB_DONE;
        return KMSEG_OK;
    }
    int32_t filled;
    KM_TRY(update(ctx, climb, &filled));
    double inertia = inertia_of_means(&climb->pass, climb->next);
    climb->history[climb->n_iter++] = inertia;
    if (climb->pass.bounds != NULL) {
        const kmseg_tiles *tiles = climb->pass.tiles;
        double weight = km_tiles_weight_value(tiles, tiles->weight_sum);
        climb->pass.bounds->typical = (float)fmax(1, sqrt(inertia / weight) * tiles->scale);
    }
    if (filled > 0) {
        step_filled(climb);
    } else {
        step_full(climb);
    }
    if (climb->stage == KM_CLIMB_ITERATE && climb->n_iter == climb->max_iter) {
        climb->stage = KM_CLIMB_LABEL;
    }
    return KMSEG_OK;
}

/* How many iterations there will be is not known: each takes a share of what is left, less and less of
 * it, and max_iter is the end. */
static double share_done(const km_climb *climb) {
    if (climb->stage == KM_CLIMB_DONE) {
        return 1;
    }
    double n = climb->n_iter;
    return fmax(n / (n + 8.0), n / (double)climb->max_iter);
}

kmseg_status km_lloyd(kmseg_context *ctx, const km_fit_job *job, km_climb *const *climbs,
                      int32_t n) {
    km_pass **passes = km_allocate_array(&ctx->allocator, n, sizeof(km_pass *));
    if (passes == NULL) {
        return km_fail_memory(ctx, "the iterations");
    }
    kmseg_status status = KMSEG_OK;
    for (int32_t running = n; running > 0 && status == KMSEG_OK;) {
        running = 0;
        for (int32_t i = 0; i < n; i++) {
            if (climbs[i]->stage != KM_CLIMB_DONE) {
                km_pass_aim(&climbs[i]->pass, climbs[i]->centroids);
                passes[running++] = &climbs[i]->pass;
            }
        }
        status = km_pass_run_all(ctx, passes, running);
        double done = 0;
        for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
            if (climbs[i]->stage != KM_CLIMB_DONE) {
                status = km_climb_step(ctx, climbs[i]);
            }
            done += share_done(climbs[i]);
        }
        km_race(climbs, n);
        km_fit_progress(ctx, job, (1 - KM_INIT_SHARE) * done);
    }
    km_release(&ctx->allocator, passes);
    return status;
}
