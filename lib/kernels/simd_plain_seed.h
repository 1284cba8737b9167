/* The choice of rows for a queue, one by one: for sets without an instruction for it. SET is the suffix
 * of the names. */
#include "kernels/kernels.h"

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)

static uint64_t PASTE(seed_reached_, SET)(const uint32_t *closest, const uint16_t *nearest,
                                          const uint32_t *limits, int32_t n_limits) {
    (void)n_limits;
    uint64_t rows = 0;
    for (int r = 0; r < KM_LANES; r++) {
        rows |= (uint64_t)(closest[r] >= limits[nearest[r]]) << r;
    }
    return rows;
}

static void PASTE(seed_append_, SET)(const int32_t *tile, int32_t n_pairs, const uint32_t *closest,
                                     const uint32_t *weights, int32_t first_row, uint64_t rows,
                                     km_seed_queue *queue) {
    for (; rows != 0; rows &= rows - 1) {
        int32_t r = __builtin_ctzll(rows), n = queue->n++;
        for (int64_t p = 0; p < n_pairs; p++) {
            queue->pairs[p * queue->stride + n] = tile[p * KM_LANES + r];
        }
        queue->rows[n] = first_row + r;
        queue->closest[n] = closest[r];
        if (weights != NULL) {
            queue->weights[n] = weights[r];
        }
    }
}
