/* What both element types share on AVX-512. */
#ifndef KM_KERNELS_SIMD_AVX512_H
#define KM_KERNELS_SIMD_AVX512_H

#include "kernels/kernels.h"

#include <immintrin.h>
#include <math.h>

/* Bit r: label r is the same in both. */
static inline uint64_t km_same_labels_avx512(const int32_t *a, const int32_t *b) {
    uint64_t same = 0;
    for (int r = 0; r < KM_LANES; r += 16) {
        __mmask16 bits =
            _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(a + r), _mm512_loadu_si512(b + r));
        same |= (uint64_t)bits << r;
    }
    return same;
}

#endif
