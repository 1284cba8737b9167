/* What both element types share on AVX2 and FMA. */
#ifndef KM_KERNELS_SIMD_AVX2_H
#define KM_KERNELS_SIMD_AVX2_H

#include "kernels/kernels.h"

#include <immintrin.h>
#include <math.h>

/* Bit r: label r is the same in both. */
static inline uint64_t km_same_labels_avx2(const int32_t *a, const int32_t *b) {
    uint64_t same = 0;
    for (int r = 0; r < KM_LANES; r += 8) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(a + r));
        __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(b + r));
        unsigned bits = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(x, y)));
        same |= (uint64_t)bits << r;
    }
    return same;
}

#endif
