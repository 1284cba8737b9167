/* What both element types share on AVX-512. */
#ifndef KM_KERNELS_SIMD_AVX512_H
#define KM_KERNELS_SIMD_AVX512_H

#include "kernels/kernels.h"

#include <immintrin.h>
#include <math.h>

/* Bit r: label r is the same in both. */
static inline uint64_t km_same_labels_avx512(const km_label *a, const km_label *b) {
    uint64_t low = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
    uint64_t high = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(a + 32), _mm512_loadu_si512(b + 32));
    return low | high << 32;
}

#endif
