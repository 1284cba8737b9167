/* The choice of rows for a queue of seeding on AVX-512. */
#include "kernels/kernels.h"

#include <immintrin.h>

/* Limits of the labels of 16 rows. */
static inline __m512i km_seed_limits_avx512(const uint16_t *nearest, const uint32_t *limits,
                                            int32_t n_limits) {
    __m512i label = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)nearest));
    if (n_limits <= 16) {
        return _mm512_permutexvar_epi32(label, _mm512_loadu_si512(limits));
    }
    if (n_limits <= 32) {
        return _mm512_permutex2var_epi32(_mm512_loadu_si512(limits), label,
                                         _mm512_loadu_si512(limits + 16));
    }
    return _mm512_i32gather_epi32(label, limits, 4);
}

static uint64_t seed_reached_avx512(const uint32_t *closest, const uint16_t *nearest,
                                    const uint32_t *limits, int32_t n_limits) {
    uint64_t rows = 0;
    for (int r = 0; r < KM_LANES; r += 16) {
        __m512i limit = km_seed_limits_avx512(nearest + r, limits, n_limits);
        __mmask16 reached = _mm512_cmpge_epu32_mask(_mm512_loadu_si512(closest + r), limit);
        rows |= (uint64_t)reached << r;
    }
    return rows;
}

static void seed_append_avx512(const int32_t *tile, int32_t n_pairs, const uint32_t *closest,
                               const uint32_t *weights, int32_t first_row, uint64_t rows,
                               km_seed_queue *queue) {
    const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __mmask16 mask[4];
    int32_t from[4], to[4], n = 0, end = queue->n;
    for (int r = 0; r < KM_LANES; r += 16) {
        mask[n] = (__mmask16)(rows >> r);
        from[n] = r;
        to[n] = end;
        end += __builtin_popcount(mask[n]);
        n += mask[n] != 0;
    }
    for (int64_t p = 0; p < n_pairs; p++) {
        const int32_t *pairs = tile + p * KM_LANES;
        int32_t *out = queue->pairs + p * queue->stride;
        for (int i = 0; i < n; i++) {
            _mm512_storeu_si512(out + to[i], _mm512_maskz_compress_epi32(
                                                 mask[i], _mm512_loadu_si512(pairs + from[i])));
        }
    }
    for (int i = 0; i < n; i++) {
        __m512i row = _mm512_add_epi32(_mm512_set1_epi32(first_row + from[i]), lanes);
        _mm512_storeu_si512(queue->rows + to[i], _mm512_maskz_compress_epi32(mask[i], row));
        _mm512_storeu_si512(
            queue->closest + to[i],
            _mm512_maskz_compress_epi32(mask[i], _mm512_loadu_si512(closest + from[i])));
        if (weights != NULL) {
            _mm512_storeu_si512(
                queue->weights + to[i],
                _mm512_maskz_compress_epi32(mask[i], _mm512_loadu_si512(weights + from[i])));
        }
    }
    queue->n = end;
}
