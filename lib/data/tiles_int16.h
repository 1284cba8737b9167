/* The rows of tiles of any dtype as those of int16 would hold them. */
#ifndef KM_DATA_TILES_INT16_H
#define KM_DATA_TILES_INT16_H

#include "data/tiles.h"

/* What one thread needs where tiles are float. */
typedef struct km_int16_scratch {
    void *rows, *block; /* 64 rows */
    int16_t *values;    /* the tile */
    float *little;      /* n_features, of no use here, and as many counts */
    int32_t *n_little;
} km_int16_scratch;

kmseg_status km_int16_scratch_init(kmseg_context *ctx, const kmseg_tiles *tiles, km_arena *arena,
                                   km_int16_scratch *out);

/* Values of a tile in the order of int16 tiles, each (sample - centre) * int16_scale, rounded; those of
 * rows in *outside are of no meaning. They are in the tiles or in the scratch. */
const int16_t *km_tiles_int16(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t tile,
                              km_int16_scratch *scratch, uint64_t *outside);

#endif
