#include "data/tiles_int16.h"

#include <string.h>

kmseg_status km_int16_scratch_init(kmseg_context *ctx, const kmseg_tiles *tiles, km_arena *arena,
                                   km_int16_scratch *out) {
    *out = (km_int16_scratch){0};
    if (tiles->dtype == KMSEG_INT16) {
        return KMSEG_OK;
    }
    int64_t d = tiles->n_features, n = (d + 1) * KM_TILE_ROWS;
    out->rows = km_arena_array(arena, n, sizeof(double));
    out->block = km_arena_array(arena, n, sizeof(double));
    out->values = km_arena_array(arena, n, sizeof *out->values);
    out->little = km_arena_array(arena, d, sizeof *out->little);
    out->n_little = km_arena_array(arena, d * KM_FILL_COUNTS, sizeof *out->n_little);
    return out->rows != NULL && out->block != NULL && out->values != NULL && out->little != NULL &&
                   out->n_little != NULL
               ? KMSEG_OK
               : km_fail_memory(ctx, "samples in 16 bits");
}

/* The rows of a tile as km_fill wants them: those at the end of the samples are copied. */
static const void *rows_of(const kmseg_tiles *tiles, int64_t tile, int32_t n, void *copy,
                           int64_t *row_stride) {
    const kmseg_matrix *m = &tiles->samples;
    int f32 = m->dtype == KMSEG_FLOAT32;
    int64_t size = f32 ? (int64_t)sizeof(float) : (int64_t)sizeof(double), d = tiles->n_features;
    const char *rows = (const char *)m->values + tile * KM_TILE_ROWS * m->row_stride * size;
    int at_end = tile == 0 || (tile + 1) * KM_TILE_ROWS + 3 > tiles->n_samples;
    *row_stride = m->row_stride;
    if (n == KM_TILE_ROWS && !at_end && m->row_stride != 0) {
        return rows;
    }
    *row_stride = d;
    memset(copy, 0, (size_t)(KM_TILE_ROWS * d * size)); /* of any value behind the last row */
    for (int64_t r = 0; r < n; r++) {
        memcpy((char *)copy + r * d * size, rows + r * m->row_stride * size, (size_t)(d * size));
    }
    return copy;
}

const int16_t *km_tiles_int16(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t tile,
                              km_int16_scratch *scratch, uint64_t *outside) {
    int64_t d = tiles->n_features;
    *outside = 0;
    if (tiles->dtype == KMSEG_INT16) {
        *outside = tiles->outside != NULL ? tiles->outside[tile] : 0;
        return (const int16_t *)tiles->values + tile * KM_TILE_ROWS * 2 * ((d + 1) / 2);
    }
    int64_t left = tiles->n_samples - tile * KM_TILE_ROWS;
    int32_t n = left < KM_TILE_ROWS ? (int32_t)left : KM_TILE_ROWS;
    const float beyond[2] = {tiles->int16_beyond, tiles->int16_beyond};
    int32_t n_beyond[2 * KM_FILL_COUNTS] = {0};
    km_fill fill = {.n_features = tiles->n_features,
                    .narrow = tiles->narrow,
                    .centre = tiles->centre,
                    .scale = tiles->unit_scale,
                    .fine = tiles->int16_fine,
                    .little = scratch->little,
                    .n_little = scratch->n_little,
                    .block = scratch->block,
                    .i16 = scratch->values,
                    .beyond = beyond,
                    .n_beyond = n_beyond};
    fill.rows = rows_of(tiles, tile, n, scratch->rows, &fill.row_stride);
    (tiles->samples.dtype == KMSEG_FLOAT32 ? kernels->fill_f32 : kernels->fill_f64)(&fill);
    for (int32_t r = 0; r < n && fill.most_norm >= tiles->int16_beyond; r++) {
        *outside |= (uint64_t)(fill.norms[r] >= tiles->int16_beyond) << r;
    }
    for (int64_t r = n; r < KM_TILE_ROWS; r++) { /* 0, as in tiles of 16 bits */
        for (int64_t p = 0; p < (d + 1) / 2; p++) {
            memset(scratch->values + 2 * (p * KM_TILE_ROWS + r), 0, 2 * sizeof *scratch->values);
        }
    }
    return scratch->values;
}
