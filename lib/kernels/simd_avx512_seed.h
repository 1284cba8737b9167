/* Vectors of 32-bit whole numbers on AVX-512, for seed_template.h, which undefines them; and the choice
 * of rows for a queue. */
#include "kernels/kernels.h"

#include <immintrin.h>

#define V              __m512i
#define LANES          16
#define V_SET1(a)      _mm512_set1_epi32((int32_t)(a))
#define V_LOAD(p)      _mm512_loadu_si512((const void *)(p))
#define V_STORE(p, v)  _mm512_storeu_si512((void *)(p), v)
#define V_ADD(a, b)    _mm512_add_epi32(a, b)
#define V_SUB(a, b)    _mm512_sub_epi32(a, b)
#define V_MIN(a, b)    _mm512_min_epu32(a, b)
#define V_DOT(s, a, b) _mm512_add_epi32(s, _mm512_madd_epi16(a, b))
#define V_SHIFT(a, s)  _mm512_srav_epi16(a, _mm512_set1_epi16((int16_t)(s)))
#define V_HALF(a)      _mm512_srli_epi32(a, 1)
#define V_ADD64(a, b)  _mm512_add_epi64(a, b)
#define V_MUL64(a, b)  _mm512_mul_epu32(a, b)
#define V_ODD(a)       _mm512_srli_epi64(a, 32)
#define V_LABEL(p, a, b, label)                                                                    \
    _mm256_mask_storeu_epi16((void *)(p), _mm512_cmplt_epu32_mask(a, b),                           \
                             _mm256_set1_epi16((int16_t)(label)))

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
