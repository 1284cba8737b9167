/* Labels of one chunk of 16-bit tiles: all rows, or only those that their bounds do not spare. */
#include "cluster/worker.h"

#include <math.h>
#include <string.h>

/* Values of a tile. */
static int64_t tile_size(const kmseg_tiles *tiles) {
    int64_t n_pairs = km_pairs(tiles->n_features);
    return n_pairs * 2 * KM_TILE_ROWS;
}

/* Bounds whose keys this pass makes or goes by, or NULL. */
static km_bounds *bounds_in_use(const km_pass *pass) {
    km_bounds *bounds = pass->bounds;
    return bounds != NULL && (bounds->making || bounds->on) ? bounds : NULL;
}

/* The kernel over n_tiles tiles from `values` on; what is out is in w. */
static km_assign_i16 assignment(const km_pass *pass, km_worker *w, const int16_t *values,
                                int32_t n_tiles) {
    int scored = bounds_in_use(pass) != NULL;
    return (km_assign_i16){
        .tiles = values,
        .n_tiles = n_tiles,
        .n_features = pass->tiles->n_features,
        .n_clusters = pass->n_clusters,
        .pairs = pass->quantised.pairs,
        .half_norms = pass->quantised.half_norms,
        .planes = pass->quantised.planes,
        .limits = w->limits,
        .best = scored ? w->best : NULL,
        .second = scored ? w->second : NULL,
    };
}

/* Margins of the rows of n_tiles tiles, to w->margins. */
static void measure(const km_pass *pass, const km_bounds *bounds, km_worker *w,
                    const int16_t *values, int32_t n_tiles, const km_span *s) {
    const km_quantised *q = &pass->quantised;
    const km_workspace *space = pass->workspace;
    const int64_t chunk = s->tile / KM_CHUNK_TILES;
    double norm = (double)space->norms[chunk];
    double alone = norm * sqrt(pass->tiles->n_features) / 2 + 1; /* what one score may be off */
    double pair = norm * q->rounding + 2 + (isfinite(pass->cap) ? alone : 0);
    double square = (norm + q->farthest) * (norm + q->farthest);
    km_margins margins = {
        .tiles = values,
        .n_tiles = n_tiles,
        .n_pairs = km_pairs(pass->tiles->n_features),
        .best = w->best,
        .second = w->second,
        .zero = (int32_t)q->bias,
        .per_unit = (float)(2 / q->unit),
        /* Float rounds each of a few operations on numbers of at most that square. */
        .doubt = (float)(2 / q->unit * pair + 0x1p-21 * square),
        .doubts = (float)(4 / q->unit * alone + 0x1p-21 * square),
        .cap = (float)pass->cap,
        .slack = km_bounds_slack(bounds, pass->tiles, norm) + 2 * space->residuals[chunk],
        .typical = bounds->typical,
        .steps = bounds->steps,
        .out = w->margins,
    };
    space->kernels->margins(&margins);
}

/* All rows. */
static void assign_all(const km_pass *pass, km_worker *w, km_span *s) {
    const kmseg_tiles *tiles = pass->tiles;
    const int16_t *values = (const int16_t *)tiles->values + s->tile * tile_size(tiles);
    pass->workspace->kernels->limits(&pass->quantised, tiles->norms + s->tile,
                                     tiles->residuals + s->tile, s->n_tiles, w->limits);
    km_assign_i16 assign = assignment(pass, w, values, s->n_tiles);
    assign.outside = tiles->outside != NULL ? tiles->outside + s->tile : NULL;
    assign.labels = pass->labels + s->tile * KM_TILE_ROWS;
    assign.nearest = w->nearest;
    assign.changed = s->changed;
    assign.uncertain = s->uncertain;
    pass->workspace->kernels->assign_i16(&assign);
    km_bounds *bounds = bounds_in_use(pass);
    if (bounds == NULL) {
        return;
    }
    measure(pass, bounds, w, values, s->n_tiles, s);
    uint16_t least[KM_CHUNK_TILES];
    km_keys keys = {
        .n_tiles = s->n_tiles,
        .n_clusters = pass->n_clusters,
        .labels = w->nearest,
        .losses = bounds->losses,
        .steps = w->margins,
        .out = bounds->keys + s->tile * KM_TILE_ROWS,
        .least = least,
    };
    pass->workspace->kernels->keys(&keys);
    for (int32_t t = 0; t < s->n_tiles; t++) {
        bounds->tile_keys[s->tile + t] = km_tile_key(least[t], bounds->lost_most);
    }
}

/* Which rows their bounds do not spare; returns how many. */
static int64_t filter(const km_pass *pass, const km_span *s, uint64_t *rows) {
    const km_bounds *bounds = pass->bounds;
    const km_kernels *kernels = pass->workspace->kernels;
    km_filter filter = {
        .n_tiles = s->n_tiles,
        .n_clusters = pass->n_clusters,
        .labels = pass->labels + s->tile * KM_TILE_ROWS,
        .keys = bounds->keys + s->tile * KM_TILE_ROWS,
        .losses = bounds->losses,
        .lost_most = bounds->lost_most,
        .tile_keys = bounds->tile_keys + s->tile,
        .rows = rows,
    };
    kernels->filter(&filter);
    return kernels->count(rows, s->n_tiles);
}

/* Takes over labels that the kernel changed, and which rows it leaves open, of n rows in dense tiles. */
static void scatter_labels(km_worker *w, km_span *s, int32_t n) {
    for (int32_t i = 0; i < n; i += KM_TILE_ROWS) {
        uint64_t those = n - i < KM_TILE_ROWS ? (UINT64_C(1) << (n - i)) - 1 : ~UINT64_C(0);
        uint64_t open = w->dense_uncertain[i / KM_TILE_ROWS] & those;
        uint64_t changed = w->dense_changed[i / KM_TILE_ROWS] & those;
        for (uint64_t left = open | changed; left != 0; left &= left - 1) {
            int32_t from = i + __builtin_ctzll(left), at = w->positions[from];
            uint64_t *to = left & -left & open ? s->uncertain : s->changed;
            to[at / KM_TILE_ROWS] |= UINT64_C(1) << (at % KM_TILE_ROWS);
            w->nearest[at] = w->dense_nearest[from];
        }
    }
}

/* New keys of rows in dense tiles, which come tile after tile. */
static void scatter_keys(const km_pass *pass, const km_worker *w, const km_span *s,
                         const uint64_t *rows) {
    km_bounds *bounds = pass->bounds;
    int32_t i = 0;
    for (int32_t t = 0; t < s->n_tiles; t++) {
        const int32_t end = i + __builtin_popcountll(rows[t]);
        uint16_t *keys = bounds->keys + s->tile * KM_TILE_ROWS;
        uint32_t least = UINT16_MAX;
        for (; i < end; i++) {
            uint32_t steps = w->margins[i];
            keys[w->positions[i]] = km_bounds_key(bounds, steps, w->dense_nearest[i]);
            least = steps < least ? steps : least;
        }
        float key = km_tile_key(least, bounds->lost_most);
        float *of_tile = &bounds->tile_keys[s->tile + t];
        *of_tile = key < *of_tile ? key : *of_tile;
    }
}

/* The rows that are not spared, in dense tiles. */
static void assign_rows(const km_pass *pass, km_worker *w, km_span *s, uint64_t *rows) {
    const kmseg_tiles *tiles = pass->tiles;
    const int16_t *values = (const int16_t *)tiles->values + s->tile * tile_size(tiles);
    const km_label *labels = pass->labels + s->tile * KM_TILE_ROWS;
    for (int32_t t = 0; t < s->n_tiles; t++) {
        s->changed[t] = 0;
        s->uncertain[t] = tiles->outside != NULL ? rows[t] & tiles->outside[s->tile + t] : 0;
        if (rows[t] !=
            0) { /* rows that are spared keep their labels where others of the tile move */
            size_t at = (size_t)t * KM_TILE_ROWS;
            memcpy(w->nearest + at, labels + at, KM_TILE_ROWS * sizeof *labels);
        }
        rows[t] &= ~s->uncertain[t];
    }
    km_compact compact = {
        .tiles = (const int32_t *)(const void *)values,
        .n_tiles = s->n_tiles,
        .n_pairs = km_pairs(tiles->n_features),
        .rows = rows,
        .labels = labels,
        .out = w->dense,
        .out_labels = w->dense_labels,
        .positions = w->positions,
    };
    int32_t n = pass->workspace->kernels->compact(&compact);
    int32_t n_tiles = (n + KM_TILE_ROWS - 1) / KM_TILE_ROWS;
    if (n == 0) {
        return;
    }
    const int64_t chunk = s->tile / KM_CHUNK_TILES;
    int32_t limit = km_quantised_limit(&pass->quantised, (double)pass->workspace->norms[chunk],
                                       (double)pass->workspace->residuals[chunk]);
    for (int32_t t = 0; t < n_tiles; t++) {
        w->limits[t] = limit;
    }
    const int16_t *dense = (const int16_t *)(const void *)w->dense;
    km_assign_i16 assign = assignment(pass, w, dense, n_tiles);
    assign.labels = w->dense_labels;
    assign.nearest = w->dense_nearest;
    assign.changed = w->dense_changed;
    assign.uncertain = w->dense_uncertain;
    pass->workspace->kernels->assign_i16(&assign);
    measure(pass, pass->bounds, w, dense, n_tiles, s);
    scatter_labels(w, s, n);
    scatter_keys(pass, w, s, rows);
}

int64_t km_chunk_assign_i16(const km_pass *pass, km_worker *w, km_span *s) {
    int64_t n_rows = (int64_t)s->n_tiles * KM_TILE_ROWS;
    if (pass->bounds != NULL && pass->bounds->on) {
        uint64_t rows[KM_CHUNK_TILES];
        int64_t n = filter(pass, s, rows);
        if (n <= n_rows / 2) {
            assign_rows(pass, w, s, rows);
            return n;
        }
    }
    assign_all(pass, w, s);
    return n_rows;
}

void km_chunk_keep_key(const km_pass *pass, int64_t row, km_label label, double nearest,
                       double second) {
    km_bounds *bounds = pass->bounds;
    double scale = pass->tiles->scale, norm = bounds->farthest + sqrt(nearest) * scale;
    double margin = (sqrt(second) - sqrt(nearest)) * scale -
                    2 * (double)km_bounds_slack(bounds, pass->tiles, norm);
    double up_to = margin * (double)bounds->steps * (1 - 0x1p-18);
    uint32_t steps = !(up_to >= 1) ? 0 : up_to < UINT16_MAX ? (uint32_t)up_to : UINT16_MAX;
    bounds->keys[row] = km_bounds_key(bounds, steps, label);
    int64_t tile = row / KM_TILE_ROWS;
    float key = km_tile_key(steps, bounds->lost_most);
    if (!(key >= bounds->tile_keys[tile])) {
        bounds->tile_keys[tile] = key;
    }
}
