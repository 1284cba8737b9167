/* Lloyd's algorithm: passes over all samples until no label changes, the centroids rest, or
 * max_iter. Iterations are counted as scikit-learn counts them, so that the same start gives the
 * same n_iter. */
#include "cluster/cluster.h"

#include <math.h>
#include <string.h>

/* Scratch of one run. */
typedef struct lloyd {
    double *next;    /* n_clusters x n_features */
    km_int128 *sums; /* copies for filling empty clusters */
    km_int128 *totals;
    double threshold; /* of the squared shift */
} lloyd;

static int32_t count_empty(const km_pass *pass) {
    int32_t empty = 0;
    for (int32_t c = 0; c < pass->n_clusters; c++) {
        empty += pass->totals[c] == 0;
    }
    return empty;
}

/* Means of the clusters to state->next; empty clusters get the farthest samples or stay. */
static kmseg_status update(kmseg_context *ctx, const km_pass *pass, const double *centroids,
                           lloyd *state, int32_t *filled) {
    size_t kd = (size_t)pass->n_clusters * (size_t)pass->tiles->n_features;
    memcpy(state->next, centroids, kd * sizeof *centroids);
    *filled = 0;
    if (count_empty(pass) == 0) {
        km_pass_means(pass, pass->sums, pass->totals, state->next);
        return KMSEG_OK;
    }
    memcpy(state->sums, pass->sums, kd * sizeof *state->sums);
    memcpy(state->totals, pass->totals, (size_t)pass->n_clusters * sizeof *state->totals);
    KM_TRY(km_fill_empty(ctx, pass, centroids, state->sums, state->totals, filled));
    km_pass_means(pass, state->sums, state->totals, state->next);
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

static double squared_shift(const double *from, const double *to, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (to[i] - from[i]) * (to[i] - from[i]);
    }
    return sum;
}

static double threshold(const kmseg_tiles *tiles, double tol) {
    double weight = km_tiles_weight_value(tiles, tiles->weight_sum);
    double sum = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        sum += tiles->squares[j] / weight;
    }
    return tol * sum / tiles->n_features;
}

/* How many iterations there will be is not known: each takes a share of what is left, less and less of
 * it, and max_iter is the end. */
static void show_progress(kmseg_context *ctx, const km_fit_job *job, int32_t n_iter) {
    double share = fmax(n_iter / (n_iter + 8.0), n_iter / (double)job->options->max_iter);
    km_fit_progress(ctx, job, KM_INIT_SHARE + (1 - KM_INIT_SHARE) * share);
}

static kmseg_status iterate(kmseg_context *ctx, const km_fit_job *job, km_pass *pass, km_run *run,
                            lloyd *state) {
    int64_t kd = (int64_t)pass->n_clusters * pass->tiles->n_features;
    run->n_iter = 0;
    run->stop_reason = KMSEG_STOP_MAX_ITER;
    for (int32_t i = 0; i < job->options->max_iter; i++) {
        kmseg_status status = km_pass_run(ctx, pass, run->centroids);
        if (status != KMSEG_OK) {
            run->stop_reason = KMSEG_STOP_CANCELLED;
            return status;
        }
        int32_t filled;
        KM_TRY(update(ctx, pass, run->centroids, state, &filled));
        run->history[run->n_iter++] = inertia_of_means(pass, state->next);
        show_progress(ctx, job, run->n_iter);
        if (filled > 0) { /* the means on the way here are not those of the labels */
            double *means = run->centroids;
            double shift = squared_shift(means, state->next, kd);
            km_pass_means(pass, pass->sums, pass->totals, means);
            run->history[run->n_iter - 1] = inertia_of_means(pass, means);
            memcpy(run->centroids, state->next, (size_t)kd * sizeof *state->next);
            if (shift == 0) {
                run->stop_reason = KMSEG_STOP_LABELS;
                return KMSEG_OK;
            }
            continue;
        }
        double shift = squared_shift(run->centroids, state->next, kd);
        memcpy(run->centroids, state->next, (size_t)kd * sizeof *state->next);
        if (pass->n_changed == 0) {
            run->stop_reason = KMSEG_STOP_LABELS;
            return KMSEG_OK;
        }
        if (shift <= state->threshold) {
            run->stop_reason = KMSEG_STOP_TOL;
            break;
        }
    }
    /* The centroids have moved since the labels were given. */
    return km_pass_run(ctx, pass, run->centroids);
}

kmseg_status km_lloyd(kmseg_context *ctx, const km_fit_job *job, km_pass *pass, km_run *run) {
    int64_t k = pass->n_clusters, kd = k * pass->tiles->n_features;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    lloyd state = {
        .next = km_arena_array(&arena, kd, sizeof(double)),
        .sums = km_arena_array(&arena, kd, sizeof(km_int128)),
        .totals = km_arena_array(&arena, k, sizeof(km_int128)),
        .threshold = threshold(job->tiles, job->options->tol),
    };
    kmseg_status status = KMSEG_OK;
    if (state.next == NULL || state.sums == NULL || state.totals == NULL) {
        status = km_fail_memory(ctx, "the iterations");
    } else {
        status = iterate(ctx, job, pass, run, &state);
    }
    km_arena_free(&arena);
    return status;
}
