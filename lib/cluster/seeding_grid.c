/* Seeding in 16-bit fixed point.
 *
 * One pass over all samples per centroid: it brings the distances up to date with the centroid chosen
 * before, and measures what every candidate for the next one would leave. The sums of a chunk under
 * each candidate are kept, so those after the choice are known without another pass.
 *
 * Rows out of reach are skipped. With a the nearest centroid of row q, at the kept distance
 * D = (|q - a|^2 + e) / 2, |e| <= 1, and t a point: if |t - a|^2 >= 4 (2 D + 1), then
 * |q - t| >= |t - a| - |q - a| >= sqrt(2 D + 1), so that h(q, t) >= (|q - t|^2 - 1) / 2 >= D: the point
 * takes nothing off. So rows with 8 D + 4 <= |t - a|^2 for all points t of the pass are skipped, and
 * nothing is different for it. The others are packed together so that vectors stay full. */
#include "cluster/seeding_worker.h"

#include <string.h>

/* Packs point i of the pass as member m of a group; i < 0: nobody's. */
static void pack(const km_seeding *s, km_seeding_group *g, int32_t m, int64_t i) {
    const int16_t *q = i >= 0 ? km_grid_point(s, i) : NULL;
    int64_t norm = 0;
    for (int32_t p = 0; p < s->grid.n_pairs; p++) {
        uint32_t pair = 0;
        if (q != NULL) {
            int32_t a = q[2 * p], b = q[2 * p + 1];
            norm += (int64_t)a * a + (int64_t)b * b;
            pair = ((uint32_t)-a & 0xffff) | (uint32_t)-b << 16;
        }
        g->points[p * g->n_points + m] = (int32_t)pair;
    }
    g->half_norms[m] = q != NULL ? (uint32_t)(norm / 2) + KM_SEED_BIAS : UINT32_MAX;
}

/* Groups of a pass that applies the points from `first` to `first` + n_apply - 1, labels of the same
 * numbers, and tries n_trials points. */
static void make_groups(km_seeding *s, int32_t first, int32_t n_apply, int32_t n_trials) {
    s->grid.n_groups = 0;
    s->grid.n_trials = n_trials;
    for (int32_t a = 0, t = 0; a < n_apply || t < n_trials;) {
        km_seeding_group *g = &s->grid.groups[s->grid.n_groups++];
        int32_t applies = n_apply - a < KM_SEED_GROUP ? n_apply - a : KM_SEED_GROUP;
        int32_t tries = applies > 1 ? 0 : KM_SEED_GROUP - applies;
        tries = tries < n_trials - t ? tries : n_trials - t;
        int32_t whole = applies > 1 || applies == 0 ? KM_SEED_GROUP : tries < 3 ? 4 : 1 + tries;
        *g = (km_seeding_group){
            .n_points = applies == 1 && n_trials == 0 ? 1 : whole,
            .n_apply = applies > 1 ? KM_SEED_GROUP : applies,
            .first_trial = t,
            .label = (uint16_t)(first + a),
            .points = g->points,
        };
        for (int32_t m = 0; m < g->n_points; m++) {
            int64_t trial = (int64_t)s->capacity + t + m - applies;
            pack(s, g, m, m < applies ? first + a + m : m - applies < tries ? trial : -1);
        }
        a += applies;
        t += tries;
    }
}

/* Squared distance of two points. */
static int64_t points_apart(const km_seeding *s, int64_t a, int64_t b) {
    const int16_t *p = km_grid_point(s, a), *q = km_grid_point(s, b);
    int64_t sum = 0;
    for (int32_t j = 0; j < 2 * s->grid.n_pairs; j++) {
        int64_t away = (int64_t)p[j] - q[j];
        sum += away * away;
    }
    return sum;
}

/* Limits of all labels for that pass: see the head of the file. A row that has the label of the point
 * that is applied is up to date with it. */
static void make_limits(km_seeding *s, int32_t first, int32_t n_apply, int32_t n_trials) {
    for (int32_t c = 0; c < s->n_chosen; c++) {
        int64_t least = INT64_MAX;
        for (int32_t i = 0; i < n_apply + n_trials; i++) {
            int64_t at = i < n_apply ? first + i : (int64_t)s->capacity + i - n_apply;
            int64_t apart = at == c ? INT64_MAX : points_apart(s, at, c);
            least = apart < least ? apart : least;
        }
        s->grid.limits[c] = least < 4              ? 0
                            : least > 0xffffffff00 ? UINT32_MAX
                                                   : (uint32_t)((least - 4) / 8 + 1);
    }
}

/* All groups of the pass on some rows; what the trials take off is added to gains. */
static void run_groups(const km_seeding *s, km_seed seed, int64_t *gains) {
    seed.n_pairs = s->grid.n_pairs;
    for (int32_t i = 0; i < s->grid.n_groups; i++) {
        const km_seeding_group *g = &s->grid.groups[i];
        uint64_t taken[KM_SEED_GROUP] = {0};
        seed.n_points = g->n_points;
        seed.n_apply = g->n_apply;
        seed.points = g->points;
        seed.half_norms = g->half_norms;
        seed.label = g->label;
        seed.gains = taken;
        s->kernels->seed(&seed);
        for (int32_t m = g->n_apply; m < g->n_points; m++) {
            int32_t trial = g->first_trial + m - g->n_apply;
            if (trial < s->grid.n_trials) {
                gains[trial] += (int64_t)taken[m];
            }
        }
    }
}

/* Values of far rows are shifted already. */
static int32_t shift_of(const km_seeding *s, int64_t tile) {
    return tile < s->tiles->n_tiles ? s->grid.shift : 0;
}

static void run_queue(const km_seeding *s, km_seeding_worker *w, int64_t first, int64_t *gains) {
    km_seed_queue *q = &w->queue;
    int32_t rows = (q->n + 31) / 32 * 32;
    int64_t at = first * KM_TILE_ROWS;
    memset(q->closest + q->n, 0, (size_t)(rows - q->n) * sizeof *q->closest);
    memset(w->queue_nearest, 0xff, (size_t)rows * sizeof *w->queue_nearest);
    run_groups(s,
               (km_seed){.pairs = q->pairs,
                         .stride = q->stride,
                         .n_blocks = 1,
                         .n_rows = rows,
                         .shift = shift_of(s, first),
                         .closest = q->closest,
                         .nearest = w->queue_nearest,
                         .weights = s->grid.weights != NULL ? q->weights : NULL},
               gains);
    for (int32_t i = 0; i < q->n; i++) {
        if (w->queue_nearest[i] != KM_NO_LABEL) {
            s->grid.closest[at + q->rows[i]] = q->closest[i];
            s->nearest[at + q->rows[i]] = w->queue_nearest[i];
        }
    }
    q->n = 0;
}

/* Every row of a chunk: of tiles that are there, all at once. */
static void run_all(const km_seeding *s, int64_t chunk, km_seeding_worker *w, int64_t *gains) {
    int64_t tile, n = km_grid_chunk(s, chunk, &tile), end = tile + n;
    int64_t step = s->grid.pairs != NULL || tile >= s->tiles->n_tiles ? n : 1;
    for (; tile < end; tile += step) {
        int64_t at = tile * KM_TILE_ROWS;
        run_groups(s,
                   (km_seed){.pairs = km_grid_pairs(s, tile, w),
                             .stride = KM_TILE_ROWS,
                             .block_stride = (int64_t)s->grid.n_pairs * KM_TILE_ROWS,
                             .n_blocks = (int32_t)step,
                             .n_rows = KM_TILE_ROWS,
                             .shift = shift_of(s, tile),
                             .closest = s->grid.closest + at,
                             .nearest = s->nearest + at,
                             .weights = s->grid.weights != NULL ? s->grid.weights + at : NULL},
                   gains);
    }
}

/* Asks for the lines of a tile that rows are in, ahead of their use. */
static void ask_ahead(const km_seeding *s, int64_t tile, uint64_t rows) {
    if (s->grid.pairs == NULL || tile >= s->tiles->n_tiles) {
        return;
    }
    const int32_t *pairs = s->grid.pairs + tile * s->grid.n_pairs * KM_TILE_ROWS;
    for (int r = 0; r < KM_TILE_ROWS; r += 16) {
        if ((rows >> r & 0xffff) != 0) {
            for (int64_t p = 0; p < s->grid.n_pairs; p++) {
                __builtin_prefetch(pairs + p * KM_TILE_ROWS + r);
            }
        }
    }
}

/* Rows of a tile within reach of the points. */
static uint64_t reached_rows(const km_seeding *s, int64_t tile, km_seeding_worker *w) {
    int64_t at = tile * KM_TILE_ROWS;
    uint64_t rows = s->kernels->seed_reached(s->grid.closest + at, s->nearest + at, s->grid.limits,
                                             s->n_chosen);
    w->n_seen += KM_TILE_ROWS;
    w->n_reached += __builtin_popcountll(rows);
    return rows;
}

/* Those within reach. */
static void run_reached(const km_seeding *s, int64_t chunk, km_seeding_worker *w, int64_t *gains) {
    enum { TILES = KM_CHUNK_ROWS / KM_TILE_ROWS, AHEAD = 2 };
    uint64_t rows[TILES + AHEAD] = {0};
    int64_t first, n = km_grid_chunk(s, chunk, &first);
    for (int64_t t = 0; t < n; t++) {
        rows[t] = reached_rows(s, first + t, w);
    }
    for (int64_t t = 0; t < n; t++) {
        int64_t at = (first + t) * KM_TILE_ROWS;
        ask_ahead(s, first + t + AHEAD, rows[t + AHEAD]);
        if (rows[t] == 0) {
            continue;
        }
        if (w->queue.n > KM_QUEUE_ROWS - KM_TILE_ROWS - 16) {
            run_queue(s, w, first, gains);
        }
        s->kernels->seed_append(km_grid_pairs(s, first + t, w), s->grid.n_pairs,
                                s->grid.closest + at,
                                s->grid.weights != NULL ? s->grid.weights + at : NULL,
                                (int32_t)(t * KM_TILE_ROWS), rows[t], &w->queue);
    }
    if (w->queue.n > 0) {
        run_queue(s, w, first, gains);
    }
}

/* Before any point is known. */
static void begin_chunk(const km_seeding *s, int64_t chunk) {
    int64_t tile, n = km_grid_chunk(s, chunk, &tile);
    memset(s->nearest + tile * KM_TILE_ROWS, 0, (size_t)(n * KM_TILE_ROWS) * sizeof *s->nearest);
    for (int64_t end = tile + n; tile < end; tile++) {
        uint64_t samples = km_seeding_samples(s, tile);
        for (int64_t r = 0; r < KM_TILE_ROWS; r++) {
            s->grid.closest[tile * KM_TILE_ROWS + r] = samples >> r & 1 ? KM_SEED_FAR : 0;
        }
    }
}

static int64_t sum_chunk(const km_seeding *s, int64_t chunk) {
    int64_t first, n = km_grid_chunk(s, chunk, &first), sum = 0;
    for (int64_t i = first * KM_TILE_ROWS; i < (first + n) * KM_TILE_ROWS; i++) {
        sum += km_grid_distance(s, i);
    }
    return sum;
}

static void add_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_seeding *s = argument;
    int64_t none[KM_MOST_TRIALS] = {0};
    if (!s->grid.is_begun) {
        begin_chunk(s, chunk);
    }
    run_all(s, chunk, &s->workers[thread], none);
    s->sums[chunk] = sum_chunk(s, chunk);
}

static void try_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_seeding *s = argument;
    km_seeding_worker *w = &s->workers[thread];
    int64_t gains[KM_MOST_TRIALS] = {0};
    if (s->grid.prune) {
        run_reached(s, chunk, w, gains);
    } else {
        int64_t first;
        run_all(s, chunk, w, gains);
        (void)km_grid_chunk(s, chunk, &first);
        (void)reached_rows(s, first, w); /* to see whether skipping would pay */
    }
    for (int32_t t = 0; t < s->grid.n_trials; t++) {
        s->trials[chunk * KM_MOST_TRIALS + t] = s->sums[chunk] - gains[t];
    }
}

/* Rows that pruning would let through, as a share, up to which it pays. */
#define PAYS 0.25

kmseg_status km_grid_add(kmseg_context *ctx, km_seeding *s, int32_t n) {
    int32_t first = s->n_chosen - n;
    for (int32_t i = 0; i < n; i++) {
        km_grid_take_point(s, first + i, s->chosen[first + i]);
    }
    make_groups(s, first, n, 0);
    KM_TRY(km_parallel(ctx, s->n_chunks, add_chunk, s));
    s->grid.is_begun = 1;
    s->grid.is_pending = 0;
    s->grid.prune = 0;
    return KMSEG_OK;
}

kmseg_status km_grid_try(kmseg_context *ctx, km_seeding *s, const int64_t *rows, int32_t n) {
    int32_t first = s->n_chosen - 1, n_apply = s->grid.is_pending;
    for (int32_t t = 0; t < n; t++) {
        km_grid_take_point(s, (int64_t)s->capacity + t, rows[t]);
    }
    make_groups(s, first, n_apply, n);
    make_limits(s, first, n_apply, n);
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        s->workers[t].n_seen = s->workers[t].n_reached = 0;
    }
    KM_TRY(km_parallel(ctx, s->n_chunks, try_chunk, s));
    int64_t seen = 0, reached = 0;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        seen += s->workers[t].n_seen;
        reached += s->workers[t].n_reached;
    }
    s->grid.prune = (double)reached < PAYS * (double)seen;
    s->grid.is_pending = 0;
    return KMSEG_OK;
}

void km_grid_choose(km_seeding *s, int64_t row, int32_t trial) {
    memcpy(km_grid_point(s, s->n_chosen), km_grid_point(s, (int64_t)s->capacity + trial),
           (size_t)s->grid.n_pairs * 2 * sizeof(int16_t));
    s->chosen[s->n_chosen++] = row;
    s->grid.is_pending = 1;
}

static void settle_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_seeding *s = argument;
    int64_t none[KM_MOST_TRIALS] = {0};
    run_all(s, chunk, &s->workers[thread], none);
}

kmseg_status km_grid_settle(kmseg_context *ctx, km_seeding *s) {
    if (!s->grid.is_pending) {
        return KMSEG_OK;
    }
    make_groups(s, s->n_chosen - 1, 1, 0);
    s->grid.is_pending = 0;
    return km_parallel(ctx, s->n_chunks, settle_chunk, s);
}
