/* What a pass does with one chunk of samples: certified labels from the kernel, doubtful ones decided
 * in float64 (recheck.c), changed rows moved between the clusters' sums. */
#include "cluster/worker.h"

#include <math.h>
#include <string.h>

/* Runs the kernel of float tiles. */
static void assign_floats(const km_pass *pass, km_worker *w, km_span *s) {
    const kmseg_tiles *tiles = pass->tiles;
    size_t tile_size = (size_t)tiles->n_features * KM_TILE_ROWS * km_element_size(tiles->dtype);
    double limits[KM_CHUNK_TILES];
    double smallest = INFINITY;
    for (int32_t t = 0; t < s->n_tiles; t++) {
        double norm = tiles->norms[s->tile + t];
        smallest = norm < smallest ? norm : smallest;
        limits[t] = km_certificate_limit(&pass->certificate, norm);
    }
    km_assign assign = {
        .tiles = (const char *)tiles->values + (size_t)s->tile * tile_size,
        .n_tiles = s->n_tiles,
        .n_features = tiles->n_features,
        .n_clusters = pass->n_clusters,
        .centroids = pass->packed,
        .half_norms = pass->half_norms,
        .limits = limits,
        .slope = pass->certificate.largest > 4 * smallest ? pass->certificate.slope : 0,
        .labels = pass->labels + s->tile * KM_TILE_ROWS,
        .nearest = w->nearest,
        .changed = s->changed,
        .uncertain = s->uncertain,
        .scratch = w->scratch,
    };
    if (tiles->dtype == KMSEG_FLOAT32) {
        pass->workspace->kernels->assign_f32(&assign);
    } else {
        pass->workspace->kernels->assign_f64(&assign);
    }
}

/* Lanes that only fill up the last tile are neither changed nor uncertain. */
static void drop_lanes_beyond(const kmseg_tiles *tiles, km_span *s) {
    int64_t beyond = (s->tile + s->n_tiles) * KM_TILE_ROWS - tiles->n_samples;
    if (beyond > 0) {
        uint64_t valid = ~UINT64_C(0) >> beyond;
        s->changed[s->n_tiles - 1] &= valid;
        s->uncertain[s->n_tiles - 1] &= valid;
    }
}

/* Moves whole weights of changed rows; rows without weights are counted by the kernel. */
static void move_weights(const km_pass *pass, km_pass_part *part, int64_t first, uint64_t rows,
                         const km_label *nearest) {
    const km_label *labels = pass->labels + first;
    for (; rows != 0; rows &= rows - 1) {
        int r = __builtin_ctzll(rows);
        km_int128 weight = km_tiles_whole_weight(pass->tiles, first + r);
        part->totals[nearest[r]] += weight;
        if (labels[r] != KM_NO_LABEL) {
            part->totals[labels[r]] -= weight;
        }
    }
}

/* Moves the changed rows of a tile between clusters and takes over their labels. */
static void move_tile(const km_pass *pass, km_pass_part *part, int64_t tile, uint64_t rows,
                      const km_label *nearest) {
    const kmseg_tiles *tiles = pass->tiles;
    const km_workspace *space = pass->workspace;
    int64_t size = (int64_t)km_element_size(tiles->samples.dtype); /* strides may be negative */
    int64_t first = tile * KM_TILE_ROWS, left = space->n_whole_eights - first;
    km_move move = {
        .samples = (const char *)tiles->samples.values + first * tiles->samples.row_stride * size,
        .row_stride = tiles->samples.row_stride,
        .n_features = tiles->n_features,
        .rows = rows,
        .whole_eights = left >= KM_TILE_ROWS ? ~UINT64_C(0)
                        : left > 0           ? ~UINT64_C(0) >> (KM_TILE_ROWS - left)
                                             : 0,
        .from = pass->labels + first,
        .to = nearest,
        .centre = space->centre,
        .unit = space->unit,
        .fine = space->fine,
        .sums = part->sums,
        .fine_sums = part->fine,
        .counts = part->counts,
    };
    if (tiles->weights != NULL) {
        move.weights = tiles->weights + first;
        move_weights(pass, part, first, rows, nearest);
    }
    if (tiles->samples.dtype == KMSEG_FLOAT32) {
        space->kernels->move_f32(&move);
    } else {
        space->kernels->move_f64(&move);
    }
    /* Rows that did not change have the same label in both, and lanes beyond the samples none that
     * counts. */
    memcpy(pass->labels + first, nearest, KM_TILE_ROWS * sizeof *nearest);
}

void km_pass_fold(const km_pass *pass, km_pass_part *part) {
    const double *fine = pass->workspace->fine;
    int64_t d = pass->tiles->n_features, stride = km_sum_stride(d);
    for (int64_t c = 0; c < pass->n_clusters; c++) {
        const int64_t *sums = part->sums + c * stride;
        km_int128 *wide = part->wide_sums + c * d;
        for (int64_t j = 0; j < d; j++) {
            wide[j] += fine == NULL
                           ? (km_int128)sums[j]
                           : (km_int128)sums[j] * (int64_t)fine[j] + part->fine[c * stride + j];
        }
    }
    size_t bytes = (size_t)(pass->n_clusters * stride) * sizeof *part->sums;
    memset(part->sums, 0, bytes);
    if (fine != NULL) {
        memset(part->fine, 0, bytes);
    }
    part->n_pending = 0;
}

/* Asks for samples of a tile, which lie apart and are in no cache: into the second, whose queue is longer. */
static void ask_rows(const kmseg_tiles *tiles, int64_t tile, uint64_t rows) {
    __asm__ volatile(""); /* a function that does nothing but ask is left out by gcc */
    const kmseg_matrix *m = &tiles->samples;
    const int64_t size = (int64_t)km_element_size(m->dtype);
    const int64_t row_bytes = m->n_cols * size, stride = m->row_stride * size;
    const char *first = (const char *)m->values + tile * KM_TILE_ROWS * stride;
    if (rows == UINT64_MAX && stride == row_bytes) {
        for (int64_t at = 0; at < KM_TILE_ROWS * row_bytes; at += 64) {
            __builtin_prefetch(first + at, 0, 2);
        }
        return;
    }
    for (; rows != 0; rows &= rows - 1) {
        const char *row = first + __builtin_ctzll(rows) * stride;
        for (int64_t at = 0; at < row_bytes; at += 64) {
            __builtin_prefetch(row + at, 0, 2);
        }
        __builtin_prefetch(row + row_bytes - 1, 0, 2);
    }
}

/* Makes room for n more rows in the 64 bits of the sums. */
static void expect_changes(const km_pass *pass, km_pass_part *part, int64_t n) {
    if (part->n_pending + n > KM_CHUNK_ROWS) {
        km_pass_fold(pass, part);
    }
    part->n_pending += n;
    part->n_changed += n;
}

void km_pass_chunk(km_pass *pass, int64_t chunk, int32_t thread) {
    km_worker *w = &pass->workspace->workers[thread];
    km_pass_part *part = &pass->parts[thread];
    km_span s = {.tile = chunk * KM_CHUNK_TILES};
    int64_t left = pass->tiles->n_tiles - s.tile;
    s.n_tiles = left < KM_CHUNK_TILES ? (int32_t)left : KM_CHUNK_TILES;
    if (pass->tiles->dtype == KMSEG_INT16) {
        part->n_assigned += km_chunk_assign_i16(pass, w, &s);
    } else {
        assign_floats(pass, w, &s);
    }
    drop_lanes_beyond(pass->tiles, &s);
    /* Rows of tiles that change as a whole are asked for one tile ahead of their move. */
    int64_t n_changed = pass->workspace->kernels->count(s.changed, s.n_tiles);
    int dense = n_changed > (int64_t)s.n_tiles * KM_TILE_ROWS / 2;
    for (int32_t t = 0; t < s.n_tiles; t++) {
        ask_rows(pass->tiles, s.tile + t, s.uncertain[t] | (dense ? 0 : s.changed[t]));
    }
    n_changed += km_chunk_recheck(pass, w, part, &s);
    if (n_changed == 0) {
        return;
    }
    expect_changes(pass, part, n_changed);
    for (int32_t t = 0; t < s.n_tiles; t++) {
        if (dense && t + 1 < s.n_tiles) {
            ask_rows(pass->tiles, s.tile + t + 1, s.changed[t + 1]);
        }
        if (s.changed[t] != 0) {
            move_tile(pass, part, s.tile + t, s.changed[t], w->nearest + (int64_t)t * KM_TILE_ROWS);
        }
    }
}
