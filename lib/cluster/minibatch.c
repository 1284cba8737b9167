/* Mini-batch k-means: each step looks at a few samples drawn at random, with replacement, and moves
 * each centroid to the mean of all samples that it has been given so far. Not exact: it ends near a
 * local optimum of Lloyd's algorithm, after a share of the work.
 *
 * Source: Sculley 2010, "Web-scale k-means clustering", doi:10.1145/1772690.1772862. Moving a centroid
 * by 1 / count for one sample after another, as there, is taking the mean of a batch by its weight.
 * When to stop follows scikit-learn's MiniBatchKMeans: the smoothed inertia of the batches has not
 * fallen for ten batches, or the centroids move less than tol.
 *
 * An iteration is as many batches as have n_samples samples. Labels of a batch are those of float64, its
 * sums are whole numbers, and rows are drawn by counting in an order of their contents, so that threads,
 * kernels and the order of the samples change nothing.
 * Cost per batch O(batch_size n_clusters n_features); at the end one pass labels all samples. */
#include "base/parallel.h"
#include "base/rng.h"
#include "cluster/cluster.h"
#include "data/draw_rows.h"

#include <math.h>
#include <string.h>

enum {
    PATIENCE = 10,    /* batches without a lower smoothed inertia */
    WINDOW_ROWS = 100 /* a cluster that so many samples per cluster pass by is empty */
};

/* What one thread sums up of a batch. */
typedef struct part {
    double *block;   /* n_features x 64 */
    km_int128 *sums; /* n_clusters x n_features */
    km_int128 *totals;
} part;

typedef struct batches {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    km_climb *climb;
    uint64_t seed;
    int64_t *order; /* n_samples rows, whose order follows from what is in them */
    int64_t batch_size, n_blocks;
    int64_t step; /* from 0 */
    part *parts;
    int32_t n_threads;
    double *inertias;  /* n_blocks: of the batch, a part of it each */
    km_int128 *window; /* n_clusters: weight given since empty clusters were looked for */
    km_int128 *given;  /* n_clusters: weight given so far, behind the learning rates */
    int64_t window_rows;
    double smoothed, lowest; /* inertia per weight */
    int32_t n_stalled;
} batches;

static int64_t draw_row(const batches *b, uint64_t position) {
    uint64_t random = km_random_u64(b->seed, KM_STAGE_BATCH, position, (uint32_t)b->climb->restart);
    return b->order[((km_uint128)random * (uint64_t)b->tiles->n_samples) >> 64];
}

static void add_row(const batches *b, part *p, int64_t row, int32_t cluster, const double *lane) {
    const kmseg_tiles *tiles = b->tiles;
    km_int128 whole = km_tiles_whole_weight(tiles, row);
    if (whole == 0) {
        return;
    }
    double weight = km_tiles_weight(tiles, row);
    km_int128 *sums = p->sums + (int64_t)cluster * tiles->n_features;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        sums[j] += km_tiles_whole(tiles, j, lane[(int64_t)j * KM_TILE_ROWS], weight);
    }
    p->totals[cluster] += whole;
}

/* 64 samples of the batch. */
static void label_block(void *argument, int64_t at, int32_t thread) {
    const batches *b = argument;
    part *p = &b->parts[thread];
    int64_t first = at * KM_TILE_ROWS, left = b->batch_size - first;
    int32_t n = left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS;
    int64_t rows[KM_TILE_ROWS] = {0};
    int32_t index[KM_TILE_ROWS], second_index[KM_TILE_ROWS];
    double square[KM_TILE_ROWS], second[KM_TILE_ROWS], inertia = 0;
    for (int32_t r = 0; r < n; r++) {
        rows[r] = draw_row(b, (uint64_t)(b->step * b->batch_size + first + r));
    }
    km_tiles_gather(b->tiles, rows, n, p->block);
    b->kernels->nearest(p->block, b->tiles->n_features, b->climb->centroids,
                        b->climb->pass.n_clusters, index, square, second_index, second);
    for (int32_t r = 0; r < n; r++) {
        inertia += km_tiles_weight(b->tiles, rows[r]) * square[r];
        add_row(b, p, rows[r], index[r], p->block + r);
    }
    b->inertias[at] = inertia;
}

/* Sums of the threads to those of the climb; the threads' begin anew. */
static void take_parts(batches *b) {
    int64_t k = b->climb->pass.n_clusters, kd = k * b->tiles->n_features;
    memset(b->climb->sums, 0, (size_t)kd * sizeof *b->climb->sums);
    memset(b->climb->totals, 0, (size_t)k * sizeof *b->climb->totals);
    for (int32_t t = 0; t < b->n_threads; t++) {
        part *p = &b->parts[t];
        for (int64_t i = 0; i < kd; i++) {
            b->climb->sums[i] += p->sums[i];
            p->sums[i] = 0;
        }
        for (int64_t c = 0; c < k; c++) {
            b->climb->totals[c] += p->totals[c];
            p->totals[c] = 0;
        }
    }
}

/* Moves the centroids to the means of all that they were given; returns the squared shift. */
static double move_centroids(batches *b) {
    const kmseg_tiles *tiles = b->tiles;
    km_climb *climb = b->climb;
    int32_t d = tiles->n_features;
    double shift = 0;
    km_pass_means(&climb->pass, climb->sums, climb->totals, climb->next);
    for (int32_t c = 0; c < climb->pass.n_clusters; c++) {
        if (climb->totals[c] == 0) {
            continue;
        }
        b->given[c] += climb->totals[c];
        b->window[c] += climb->totals[c];
        double rate = km_int128_double(climb->totals[c]) / km_int128_double(b->given[c]);
        for (int64_t at = (int64_t)c * d; at < (int64_t)(c + 1) * d; at++) {
            double step = rate * (climb->next[at] - climb->centroids[at]);
            climb->centroids[at] += step;
            shift += step * step;
        }
    }
    return shift;
}

/* A sample of positive weight for a cluster that has none; 0 when the draw finds none. */
static int redraw(batches *b, int32_t c) {
    enum { DRAWS = 64 };
    for (uint64_t i = 0; i < DRAWS; i++) {
        uint64_t at = (uint64_t)b->step * (uint64_t)b->climb->pass.n_clusters + (uint64_t)c;
        int64_t row = draw_row(b, UINT64_C(1) << 63 | (at * DRAWS + i));
        if (km_tiles_whole_weight(b->tiles, row) > 0) {
            km_tiles_row(b->tiles, row, b->climb->centroids + (int64_t)c * b->tiles->n_features);
            b->given[c] = 0; /* its next batch decides where it is */
            return 1;
        }
    }
    return 0;
}

/* Gives clusters that a window of samples has passed by a place among the samples. Returns how many. */
static int32_t fill_empty(batches *b) {
    int32_t k = b->climb->pass.n_clusters, filled = 0;
    b->window_rows += b->batch_size;
    if (b->window_rows < (int64_t)WINDOW_ROWS * k) {
        return 0;
    }
    for (int32_t c = 0; c < k; c++) {
        filled += b->window[c] == 0 && redraw(b, c);
        b->window[c] = 0;
    }
    b->window_rows = 0;
    return filled;
}

/* Weight of the batch. */
static double weigh(const batches *b) {
    km_int128 total = 0;
    for (int32_t c = 0; c < b->climb->pass.n_clusters; c++) {
        total += b->climb->totals[c];
    }
    return km_tiles_weight_value(b->tiles, total);
}

/* Follows the inertia of the batches; 1 when it falls no more. */
static int has_stalled(batches *b, double weight) {
    double inertia = 0;
    for (int64_t i = 0; i < b->n_blocks; i++) {
        inertia += b->inertias[i] / weight;
    }
    double share = fmin(1, 2 * (double)b->batch_size / (double)(b->tiles->n_samples + 1));
    b->smoothed = isinf(b->smoothed) ? inertia : share * inertia + (1 - share) * b->smoothed;
    b->n_stalled = b->smoothed < b->lowest ? 0 : b->n_stalled + 1;
    b->lowest = fmin(b->lowest, b->smoothed);
    return b->n_stalled >= PATIENCE;
}

/* One batch: labels, sums, and what follows from them. */
static kmseg_status step(kmseg_context *ctx, batches *b) {
    km_climb *climb = b->climb;
    KM_TRY(km_parallel(ctx, b->n_blocks, label_block, b));
    take_parts(b);
    double shift = move_centroids(b), weight = weigh(b);
    /* The first batch was measured before any centroid had moved; one of weight 0 moves none. */
    int counts = b->step > 0 && weight > 0;
    int stalled = counts && has_stalled(b, weight);
    if (fill_empty(b) > 0) {
        b->n_stalled = 0;
    } else if (stalled) {
        climb->stop_reason = KMSEG_STOP_STALLED;
        climb->stage = KM_CLIMB_LABEL;
    } else if (counts && shift <= climb->threshold) {
        climb->stop_reason = KMSEG_STOP_TOL;
        climb->stage = KM_CLIMB_LABEL;
    }
    b->step++;
    return KMSEG_OK;
}

/* Batches until one of the reasons to stop, then the labels of all samples. */
static kmseg_status climb_batches(kmseg_context *ctx, batches *b) {
    km_climb *climb = b->climb;
    const kmseg_tiles *tiles = b->tiles;
    double total = km_tiles_weight_value(tiles, tiles->weight_sum);
    int64_t per_iteration = (tiles->n_samples + b->batch_size - 1) / b->batch_size;
    while (climb->stage == KM_CLIMB_ITERATE) {
        KM_TRY(step(ctx, b));
        climb->n_iter = (int32_t)((b->step - 1) / per_iteration) + 1;
        double inertia = isinf(b->smoothed) ? 0 : b->smoothed * total;
        climb->history[climb->n_iter - 1] = inertia;
        if (b->step == per_iteration * climb->max_iter) {
            climb->stage = KM_CLIMB_LABEL;
        }
    }
    KM_TRY(km_pass_run(ctx, &climb->pass, climb->centroids));
    climb->stage = KM_CLIMB_DONE;
    return KMSEG_OK;
}

static kmseg_status allocate(kmseg_context *ctx, km_arena *arena, int64_t most_clusters,
                             batches *b) {
    int64_t d = b->tiles->n_features;
    b->inertias = km_arena_array(arena, b->n_blocks, sizeof *b->inertias);
    b->window = km_arena_array(arena, most_clusters, sizeof *b->window);
    b->given = km_arena_array(arena, most_clusters, sizeof *b->given);
    b->parts = km_arena_array(arena, b->n_threads, sizeof *b->parts);
    b->order = km_arena_take(arena, (size_t)b->tiles->n_samples * sizeof *b->order);
    int ok = b->order != NULL && b->inertias != NULL && b->window != NULL && b->given != NULL &&
             b->parts != NULL;
    for (int32_t t = 0; ok && t < b->n_threads; t++) {
        part *p = &b->parts[t];
        p->block = km_arena_array(arena, d * KM_TILE_ROWS, sizeof *p->block);
        p->sums = km_arena_array(arena, most_clusters * d, sizeof *p->sums);
        p->totals = km_arena_array(arena, most_clusters, sizeof *p->totals);
        ok = p->block != NULL && p->sums != NULL && p->totals != NULL;
    }
    return ok ? KMSEG_OK : km_fail_memory(ctx, "mini-batches");
}

/* Forgets the climb before. */
static void begin(batches *b, km_climb *climb) {
    size_t k = (size_t)climb->pass.n_clusters;
    b->climb = climb;
    b->step = b->window_rows = 0;
    b->n_stalled = 0;
    b->smoothed = b->lowest = INFINITY;
    memset(b->window, 0, k * sizeof *b->window);
    memset(b->given, 0, k * sizeof *b->given);
}

kmseg_status km_minibatch(kmseg_context *ctx, const km_fit_job *job, km_climb *const *climbs,
                          int32_t n) {
    const kmseg_tiles *tiles = job->tiles;
    int64_t size = job->options->batch_size;
    batches b = {
        .tiles = tiles,
        .kernels = ctx->kernels,
        .seed = job->options->seed,
        .batch_size = size < tiles->n_samples ? size : tiles->n_samples,
        .n_threads = ctx->n_threads,
    };
    b.n_blocks = km_chunks(b.batch_size, KM_TILE_ROWS);
    int64_t most_clusters = 0;
    for (int32_t i = 0; i < n; i++) {
        int64_t k = climbs[i]->pass.n_clusters;
        most_clusters = k > most_clusters ? k : most_clusters;
    }
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = allocate(ctx, &arena, most_clusters, &b);
    if (status == KMSEG_OK) {
        status = km_order_rows(ctx, tiles, b.order);
    }
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        begin(&b, climbs[i]);
        status = climb_batches(ctx, &b);
        km_fit_progress(ctx, job, (1 - KM_INIT_SHARE) * (i + 1));
    }
    km_arena_free(&arena);
    return status;
}
