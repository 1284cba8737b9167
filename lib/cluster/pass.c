#include "cluster/pass.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum { CHUNK_TILES = KM_CHUNK_ROWS / KM_TILE_ROWS };

/* What one thread works in. */
struct km_pass_worker {
    int32_t *nearest;    /* KM_CHUNK_ROWS */
    int64_t *doubtful;   /* KM_CHUNK_ROWS positions of rows to decide in float64 */
    double *block;       /* n_features x 64 */
    void *scratch;       /* n_clusters x 64 elements */
    int64_t *chunk_sums; /* n_clusters x n_features of the running chunk */
    int64_t *chunk_fine; /* the same of what rounding lost, where the tiles sum that too */
    int64_t *whole;      /* 64 x n_features, or NULL; see km_move */
    km_int128 *sums;     /* of all chunks of this thread */
    km_int128 *totals;
    int64_t n_changed, n_rechecked;
};

static int make_worker(km_arena *arena, int64_t k, int64_t d, size_t size, km_pass_worker *w) {
    w->nearest = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->nearest);
    w->doubtful = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->doubtful);
    w->block = km_arena_array(arena, d * KM_TILE_ROWS, sizeof *w->block);
    w->scratch = km_arena_array(arena, k * KM_TILE_ROWS, size);
    w->chunk_sums = km_arena_array(arena, k * d, sizeof *w->chunk_sums);
    w->chunk_fine = km_arena_array(arena, k * d, sizeof *w->chunk_fine);
    w->sums = km_arena_array(arena, k * d, sizeof *w->sums);
    w->totals = km_arena_array(arena, k, sizeof *w->totals);
    return w->nearest != NULL && w->doubtful != NULL && w->block != NULL && w->scratch != NULL &&
           w->chunk_sums != NULL && w->chunk_fine != NULL && w->sums != NULL && w->totals != NULL;
}

static size_t element_size(kmseg_dtype dtype) {
    return dtype == KMSEG_FLOAT32 ? sizeof(float) : sizeof(double);
}

/* Centre and unit of every value of a tile of few features, and room for its whole numbers. */
static int make_rows(km_arena *arena, int32_t n_threads, km_pass *pass) {
    const kmseg_tiles *tiles = pass->tiles;
    int64_t d = tiles->n_features;
    if (d > KM_ROWS_FEATURES) {
        return 1;
    }
    pass->centre_rows = km_arena_array(arena, d * KM_TILE_ROWS, sizeof *pass->centre_rows);
    pass->unit_rows = km_arena_array(arena, d * KM_TILE_ROWS, sizeof *pass->unit_rows);
    if (pass->centre_rows == NULL || pass->unit_rows == NULL) {
        return 0;
    }
    for (int64_t i = 0; i < d * KM_TILE_ROWS; i++) {
        pass->centre_rows[i] = tiles->centre[i % d];
        pass->unit_rows[i] = tiles->sum_scale[i % d];
    }
    int ok = 1;
    for (int32_t t = 0; ok && t < n_threads; t++) {
        pass->workers[t].whole =
            km_arena_array(arena, d * KM_TILE_ROWS, sizeof *pass->workers[t].whole);
        ok = pass->workers[t].whole != NULL;
    }
    return ok;
}

kmseg_status km_pass_init(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t n_clusters,
                          km_arena *arena, km_pass *out) {
    int64_t k = n_clusters, d = tiles->n_features;
    size_t size = element_size(tiles->dtype);
    memset(out, 0, sizeof *out);
    out->tiles = tiles;
    out->kernels = ctx->kernels;
    out->n_clusters = n_clusters;
    out->labels = km_arena_array(arena, tiles->n_tiles * KM_TILE_ROWS, sizeof *out->labels);
    out->sums = km_arena_array(arena, k * d, sizeof *out->sums);
    out->totals = km_arena_array(arena, k, sizeof *out->totals);
    out->scaled = km_arena_array(arena, k * d, sizeof *out->scaled);
    out->packed = km_arena_array(arena, k * d, size);
    out->half_norms = km_arena_array(arena, k, size);
    out->workers = km_arena_array(arena, ctx->n_threads, sizeof *out->workers);
    int ok = out->labels != NULL && out->sums != NULL && out->totals != NULL &&
             out->scaled != NULL && out->packed != NULL && out->half_norms != NULL &&
             out->workers != NULL;
    for (int32_t t = 0; ok && t < ctx->n_threads; t++) {
        ok = make_worker(arena, k, d, size, &out->workers[t]);
    }
    if (!ok || !make_rows(arena, ctx->n_threads, out)) {
        return km_fail_memory(ctx, "a clustering");
    }
    km_pass_reset(out);
    return KMSEG_OK;
}

void km_pass_reset(km_pass *pass) {
    int64_t n = pass->tiles->n_tiles * KM_TILE_ROWS;
    for (int64_t i = 0; i < n; i++) {
        pass->labels[i] = -1;
    }
    int64_t k = pass->n_clusters;
    memset(pass->sums, 0, (size_t)(k * pass->tiles->n_features) * sizeof *pass->sums);
    memset(pass->totals, 0, (size_t)k * sizeof *pass->totals);
}

/* Centroids as the kernels want them, and how far their scores can be trusted. */
static void pack(km_pass *pass, const double *centroids) {
    const kmseg_tiles *tiles = pass->tiles;
    int32_t k = pass->n_clusters, d = tiles->n_features;
    double farthest = 0;
    for (int32_t c = 0; c < k; c++) {
        double square = 0;
        for (int32_t j = 0; j < d; j++) {
            double value = (centroids[(int64_t)c * d + j] - tiles->centre[j]) * tiles->scale;
            pass->scaled[(int64_t)c * d + j] = value;
            square += value * value;
        }
        farthest = square > farthest ? square : farthest;
        if (tiles->dtype == KMSEG_FLOAT32) {
            ((float *)pass->half_norms)[c] = (float)(square / 2);
        } else {
            ((double *)pass->half_norms)[c] = square / 2;
        }
    }
    double roundoff = tiles->dtype == KMSEG_FLOAT32 ? 0x1p-24 : 0x1p-53;
    km_pack(pass->scaled, k, d, pass->kernels->group, element_size(tiles->dtype), pass->packed);
    pass->certificate = km_certificate_new(d, roundoff, tiles->scale, sqrt(farthest));
    pass->centroids = centroids;
}

/* Runs the kernel over the tiles of a chunk. */
static void assign_chunk(const km_pass *pass, km_pass_worker *w, int64_t tile, int32_t n_tiles,
                         uint64_t *changed, uint64_t *uncertain) {
    const kmseg_tiles *tiles = pass->tiles;
    size_t tile_size = (size_t)tiles->n_features * KM_TILE_ROWS * element_size(tiles->dtype);
    double limits[CHUNK_TILES];
    double smallest = INFINITY;
    for (int32_t t = 0; t < n_tiles; t++) {
        double norm = tiles->norms[tile + t];
        smallest = norm < smallest ? norm : smallest;
        limits[t] = km_certificate_limit(&pass->certificate, norm);
    }
    km_assign assign = {
        .tiles = (const char *)tiles->values + (size_t)tile * tile_size,
        .n_tiles = n_tiles,
        .n_features = tiles->n_features,
        .n_clusters = pass->n_clusters,
        .centroids = pass->packed,
        .half_norms = pass->half_norms,
        .limits = limits,
        .slope = pass->certificate.largest > 4 * smallest ? pass->certificate.slope : 0,
        .labels = pass->labels + tile * KM_TILE_ROWS,
        .nearest = w->nearest,
        .changed = changed,
        .uncertain = uncertain,
        .scratch = w->scratch,
    };
    if (tiles->dtype == KMSEG_FLOAT32) {
        pass->kernels->assign_f32(&assign);
    } else {
        pass->kernels->assign_f64(&assign);
    }
    int64_t beyond = (tile + n_tiles) * KM_TILE_ROWS - tiles->n_samples;
    if (beyond > 0) { /* lanes that only fill up the last tile */
        uint64_t valid = ~UINT64_C(0) >> beyond;
        changed[n_tiles - 1] &= valid;
        uncertain[n_tiles - 1] &= valid;
    }
}

/* Decides uncertain rows of a chunk in float64, 64 at a time. */
static void recheck(const km_pass *pass, km_pass_worker *w, int64_t tile, int32_t n_tiles,
                    uint64_t *changed, const uint64_t *uncertain) {
    int32_t n = 0;
    for (int32_t t = 0; t < n_tiles; t++) {
        for (uint64_t rows = uncertain[t]; rows != 0; rows &= rows - 1) {
            w->doubtful[n++] = (tile + t) * KM_TILE_ROWS + __builtin_ctzll(rows);
        }
    }
    w->n_rechecked += n;
    int64_t first = tile * KM_TILE_ROWS;
    for (int32_t at = 0; at < n; at += KM_TILE_ROWS) {
        int32_t m = n - at < KM_TILE_ROWS ? n - at : KM_TILE_ROWS;
        int32_t index[KM_TILE_ROWS], second_index[KM_TILE_ROWS];
        double distance[KM_TILE_ROWS], second[KM_TILE_ROWS];
        km_tiles_gather(pass->tiles, w->doubtful + at, m, w->block);
        pass->kernels->nearest(w->block, pass->tiles->n_features, pass->centroids, pass->n_clusters,
                               index, distance, second_index, second);
        for (int32_t r = 0; r < m; r++) {
            int64_t row = w->doubtful[at + r];
            w->nearest[row - first] = index[r];
            if (pass->labels[row] != index[r]) {
                changed[(row - first) / KM_TILE_ROWS] |= UINT64_C(1) << (row % KM_TILE_ROWS);
            }
        }
    }
}

/* Moves the changed rows of a tile between clusters and takes over their labels. */
static void move_tile(const km_pass *pass, km_pass_worker *w, int64_t tile, uint64_t rows,
                      const int32_t *nearest) {
    const kmseg_tiles *tiles = pass->tiles;
    int64_t size = (int64_t)element_size(tiles->samples.dtype); /* strides may be negative */
    int64_t first = tile * KM_TILE_ROWS;
    km_move move = {
        .samples = (const char *)tiles->samples.values + first * tiles->samples.row_stride * size,
        .row_stride = tiles->samples.row_stride,
        .n_features = tiles->n_features,
        .rows = rows,
        .from = pass->labels + first,
        .to = nearest,
        .centre = tiles->centre,
        .unit = tiles->sum_scale,
        .fine = tiles->sum_fine,
        .sums = w->chunk_sums,
        .fine_sums = w->chunk_fine,
        .centre_rows = pass->centre_rows,
        .unit_rows = pass->unit_rows,
        .whole = w->whole,
    };
    if (tiles->weights != NULL) {
        move.weights = tiles->weights + first;
    }
    if (tiles->samples.dtype == KMSEG_FLOAT32) {
        pass->kernels->move_f32(&move);
    } else {
        pass->kernels->move_f64(&move);
    }
    int32_t *labels = pass->labels + first;
    for (uint64_t left = rows; left != 0; left &= left - 1) {
        int r = __builtin_ctzll(left);
        km_int128 weight = km_tiles_whole_weight(tiles, first + r);
        w->totals[nearest[r]] += weight;
        if (labels[r] >= 0) {
            w->totals[labels[r]] -= weight;
        }
        labels[r] = nearest[r];
    }
    w->n_changed += __builtin_popcountll(rows);
}

/* Adds the sums of a chunk, which fit in 64 bits, to those of the thread. */
static void fold_chunk(const km_pass *pass, km_pass_worker *w) {
    const double *fine = pass->tiles->sum_fine;
    int64_t d = pass->tiles->n_features, kd = pass->n_clusters * d;
    for (int64_t i = 0; i < kd; i++) {
        w->sums[i] += fine == NULL
                          ? (km_int128)w->chunk_sums[i]
                          : (km_int128)w->chunk_sums[i] * (int64_t)fine[i % d] + w->chunk_fine[i];
    }
    if (fine != NULL) {
        memset(w->chunk_fine, 0, (size_t)kd * sizeof *w->chunk_fine);
    }
    memset(w->chunk_sums, 0, (size_t)kd * sizeof *w->chunk_sums);
}

static void pass_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_pass *pass = argument;
    km_pass_worker *w = &pass->workers[thread];
    int64_t tile = chunk * CHUNK_TILES;
    int64_t left = pass->tiles->n_tiles - tile;
    int32_t n_tiles = left < CHUNK_TILES ? (int32_t)left : CHUNK_TILES;
    uint64_t changed[CHUNK_TILES], uncertain[CHUNK_TILES];
    assign_chunk(pass, w, tile, n_tiles, changed, uncertain);
    recheck(pass, w, tile, n_tiles, changed, uncertain);
    int64_t before = w->n_changed;
    for (int32_t t = 0; t < n_tiles; t++) {
        if (changed[t] != 0) {
            move_tile(pass, w, tile + t, changed[t], w->nearest + (int64_t)t * KM_TILE_ROWS);
        }
    }
    if (w->n_changed != before) {
        fold_chunk(pass, w);
    }
}

/* Takes over what the threads did, also after a cancellation, so that sums and labels stay in
 * step. */
static void take_workers(km_pass *pass, int32_t n_threads) {
    int64_t k = pass->n_clusters, kd = k * pass->tiles->n_features;
    pass->n_changed = 0;
    for (int32_t t = 0; t < n_threads; t++) {
        km_pass_worker *w = &pass->workers[t];
        for (int64_t i = 0; i < kd; i++) {
            pass->sums[i] += w->sums[i];
            w->sums[i] = 0;
        }
        for (int64_t c = 0; c < k; c++) {
            pass->totals[c] += w->totals[c];
            w->totals[c] = 0;
        }
        pass->n_changed += w->n_changed;
        pass->n_rechecked += w->n_rechecked;
        w->n_changed = w->n_rechecked = 0;
    }
}

kmseg_status km_pass_run(kmseg_context *ctx, km_pass *pass, const double *centroids) {
    pack(pass, centroids);
    int64_t n_chunks = km_chunks(pass->tiles->n_samples, KM_CHUNK_ROWS);
    kmseg_status status = km_parallel(ctx, n_chunks, pass_chunk, pass);
    take_workers(pass, ctx->n_threads);
    return status;
}

void km_pass_means(const km_pass *pass, const km_int128 *sums, const km_int128 *totals,
                   double *out) {
    const kmseg_tiles *tiles = pass->tiles;
    int32_t d = tiles->n_features;
    for (int32_t c = 0; c < pass->n_clusters; c++) {
        if (totals[c] <= 0) {
            continue;
        }
        for (int32_t j = 0; j < d; j++) {
            int64_t at = (int64_t)c * d + j;
            out[at] = km_tiles_mean(tiles, j, sums[at], totals[c]);
        }
    }
}
