/* Decides in float64 the rows whose labels a kernel leaves open. */
#include "cluster/worker.h"

#include <math.h>
#include <string.h>

/* What float64 says of a row: its nearest centroid, and the squared distances to the two nearest. */
typedef struct decision {
    int32_t index;
    double nearest, second;
} decision;

/* Centroids come in ascending order, so that of equals the first stands. */
static void consider(decision *best, int32_t c, double square) {
    if (square < best->nearest) {
        *best = (decision){c, square, best->nearest};
    } else if (square < best->second) {
        best->second = square;
    }
}

/* One row after the other, where they are few: lanes are centroids. */
static void decide_rows(const km_pass *pass, km_worker *w, const int64_t *rows, int32_t n,
                        decision *out) {
    int32_t d = pass->tiles->n_features, k = pass->n_clusters;
    for (int32_t r = 0; r < n; r++) {
        km_tiles_row(pass->tiles, rows[r], w->row);
        pass->workspace->kernels->row_distances(w->row, d, pass->columns, km_sum_stride(k),
                                                w->squares);
        out[r] = (decision){-1, INFINITY, INFINITY};
        for (int32_t c = 0; c < k; c++) {
            consider(&out[r], c, w->squares[c]);
        }
    }
}

/* Up to 64 rows at a time: lanes are rows. */
static void decide_block(const km_pass *pass, km_worker *w, const int64_t *rows, int32_t n,
                         decision *out) {
    int32_t index[KM_TILE_ROWS], second_index[KM_TILE_ROWS];
    double distance[KM_TILE_ROWS], second[KM_TILE_ROWS];
    km_tiles_gather(pass->tiles, rows, n, w->block);
    pass->workspace->kernels->nearest(w->block, pass->tiles->n_features, pass->centroids,
                                      pass->n_clusters, index, distance, second_index, second);
    for (int32_t r = 0; r < n; r++) {
        out[r] = (decision){index[r], distance[r], second[r]};
    }
}

/* Up to 64 rows. */
static void decide(const km_pass *pass, km_worker *w, const int64_t *rows, int32_t n,
                   decision *out) {
    enum { FEW = 24 };
    if (n > FEW) {
        decide_block(pass, w, rows, n, out);
    } else {
        decide_rows(pass, w, rows, n, out);
    }
}

/* Centroids that may be nearest or second nearest to the rows of a tile, row by row. */
enum { MOST_NEAR = 32 };
typedef struct near_lists {
    int32_t n[KM_TILE_ROWS]; /* more than MOST_NEAR: not all are in the list */
    int32_t centroids[KM_TILE_ROWS][MOST_NEAR];
} near_lists;

static void list_near(const uint64_t *near, int32_t n_clusters, near_lists *lists) {
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        lists->n[r] = 0;
    }
    for (int32_t c = 0; c < n_clusters; c++) {
        for (uint64_t rows = near[c]; rows != 0; rows &= rows - 1) {
            int r = __builtin_ctzll(rows);
            if (lists->n[r] < MOST_NEAR) {
                lists->centroids[r][lists->n[r]] = c;
            }
            lists->n[r]++;
        }
    }
}

static decision decide_among(const km_pass *pass, km_worker *w, int64_t row,
                             const int32_t *centroids, int32_t n) {
    double squares[MOST_NEAR];
    km_tiles_row(pass->tiles, row, w->row);
    pass->workspace->kernels->some_distances(w->row, pass->tiles->n_features, pass->centroids,
                                             centroids, n, squares);
    decision best = {-1, INFINITY, INFINITY};
    for (int32_t i = 0; i < n; i++) {
        consider(&best, centroids[i], squares[i]);
    }
    return best;
}

/* How much more than the lowest score of a row one may be that is of its nearest or second nearest
 * centroid, where the two lowest are no more than the limit apart; INT32_MAX: any. */
static int32_t reach_of(const km_pass *pass, const km_span *s) {
    const int64_t chunk = s->tile / KM_CHUNK_TILES;
    int32_t limit = km_quantised_limit(&pass->quantised, (double)pass->workspace->norms[chunk],
                                       (double)pass->workspace->residuals[chunk]);
    return limit < INT32_MAX / 2 ? 2 * limit : INT32_MAX;
}

/* Copies rows of 16-bit tiles to dense tiles. */
static void make_dense(const km_pass *pass, km_worker *w, const km_span *s, const int64_t *rows,
                       int32_t n) {
    const int64_t first = s->tile * KM_TILE_ROWS;
    int32_t n_pairs = km_pairs(pass->tiles->n_features);
    uint64_t taken[KM_CHUNK_TILES] = {0};
    for (int32_t i = 0; i < n; i++) {
        taken[(rows[i] - first) / KM_TILE_ROWS] |= UINT64_C(1) << (rows[i] % KM_TILE_ROWS);
    }
    km_compact compact = {
        .tiles = (const int32_t *)pass->tiles->values + first * n_pairs,
        .n_tiles = s->n_tiles,
        .n_pairs = n_pairs,
        .rows = taken,
        .labels = pass->labels + first,
        .out = w->dense,
        .out_labels = w->dense_labels,
        .positions = w->positions,
    };
    pass->workspace->kernels->compact(&compact);
}

/* Up to 64 rows of a dense tile: their scores say which few centroids are worth looking at. */
static void decide_near(const km_pass *pass, km_worker *w, const int32_t *tile, const int64_t *rows,
                        int32_t n, int32_t reach, decision *out) {
    near_lists lists;
    km_near_i16 near = {
        .tile = tile,
        .n_features = pass->tiles->n_features,
        .n_clusters = pass->n_clusters,
        .pairs = pass->quantised.pairs,
        .half_norms = pass->quantised.half_norms,
        .reach = reach,
        .rows = w->near,
    };
    pass->workspace->kernels->near_i16(&near);
    list_near(w->near, pass->n_clusters, &lists);
    for (int32_t r = 0; r < n; r++) {
        if (lists.n[r] <= MOST_NEAR) {
            out[r] = decide_among(pass, w, rows[r], lists.centroids[r], lists.n[r]);
        } else {
            decide_rows(pass, w, rows + r, 1, out + r);
        }
    }
}

/* Uncertain rows to w->doubtful, those outside last; returns how many are not outside. */
static int32_t list_rows(km_worker *w, const km_span *s, const uint64_t *outside, int32_t *n) {
    int32_t inside = 0, at = KM_CHUNK_ROWS;
    for (int32_t t = 0; t < s->n_tiles; t++) {
        uint64_t out = outside != NULL ? s->uncertain[t] & outside[s->tile + t] : 0;
        int64_t first = (s->tile + t) * KM_TILE_ROWS;
        for (uint64_t left = s->uncertain[t] & ~out; left != 0; left &= left - 1) {
            w->doubtful[inside++] = first + __builtin_ctzll(left);
        }
        for (; out != 0; out &= out - 1) {
            w->doubtful[--at] = first + __builtin_ctzll(out);
        }
    }
    *n = inside + KM_CHUNK_ROWS - at;
    memmove(w->doubtful + inside, w->doubtful + at,
            (size_t)(KM_CHUNK_ROWS - at) * sizeof *w->doubtful);
    return inside;
}

/* Whether scoring a tile of them anew costs less than all distances of the rows. */
static int scores_pay(const km_pass *pass, int32_t n) {
    enum { MANY = 4096, ROWS = 12 };
    return pass->tiles->dtype == KMSEG_INT16 && n >= ROWS &&
           (int64_t)pass->n_clusters * pass->tiles->n_features >= MANY;
}

/* Labels of decided rows to w->nearest; returns how many of them changed. */
static int64_t take_over(const km_pass *pass, km_worker *w, const int64_t *rows,
                         const decision *decisions, int32_t n, km_span *s) {
    int keyed = pass->bounds != NULL && (pass->bounds->on || pass->bounds->making);
    int64_t first = s->tile * KM_TILE_ROWS, n_changed = 0;
    for (int32_t r = 0; r < n; r++) {
        km_label label = (km_label)decisions[r].index;
        w->nearest[rows[r] - first] = label;
        if (pass->labels[rows[r]] != label) {
            s->changed[(rows[r] - first) / KM_TILE_ROWS] |= UINT64_C(1) << (rows[r] % KM_TILE_ROWS);
            n_changed++;
        }
        if (keyed) {
            km_chunk_keep_key(pass, rows[r], label, decisions[r].nearest, decisions[r].second);
        }
    }
    return n_changed;
}

/* The first n doubtful rows, of which dense tiles are made, are decided by their scores. */
static int64_t recheck_near(const km_pass *pass, km_worker *w, km_span *s, int32_t n,
                            int32_t reach) {
    int64_t n_changed = 0, tile_size = (int64_t)km_pairs(pass->tiles->n_features) * KM_TILE_ROWS;
    make_dense(pass, w, s, w->doubtful, n);
    for (int32_t at = 0; at < n; at += KM_TILE_ROWS) {
        int32_t m = n - at < KM_TILE_ROWS ? n - at : KM_TILE_ROWS;
        decision decisions[KM_TILE_ROWS];
        decide_near(pass, w, w->dense + at / KM_TILE_ROWS * tile_size, w->doubtful + at, m, reach,
                    decisions);
        n_changed += take_over(pass, w, w->doubtful + at, decisions, m, s);
    }
    return n_changed;
}

int64_t km_chunk_recheck(const km_pass *pass, km_worker *w, km_pass_part *part, km_span *s) {
    const uint64_t *outside = pass->tiles->outside;
    int32_t n, at = 0, inside = list_rows(w, s, outside, &n);
    int64_t n_changed = 0;
    part->n_rechecked += n;
    int32_t reach = scores_pay(pass, inside) ? reach_of(pass, s) : INT32_MAX;
    if (reach < INT32_MAX) {
        n_changed = recheck_near(pass, w, s, inside, reach);
        at = inside;
    }
    for (; at < n; at += KM_TILE_ROWS) {
        int32_t m = n - at < KM_TILE_ROWS ? n - at : KM_TILE_ROWS;
        decision decisions[KM_TILE_ROWS];
        decide(pass, w, w->doubtful + at, m, decisions);
        n_changed += take_over(pass, w, w->doubtful + at, decisions, m, s);
    }
    return n_changed;
}
