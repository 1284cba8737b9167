/* What both element types share on AVX-512. */
#ifndef KM_KERNELS_SIMD_AVX512_H
#define KM_KERNELS_SIMD_AVX512_H

#include "kernels/kernels.h"

#include <immintrin.h>
#include <math.h>

/* Bit r: label r is the same in both. Joined as masks: when gcc 12 widens a mask of 32 bits to 64 and runs
 * out of registers, it stores 32 bits and reads 64. */
static inline uint64_t km_same_labels_avx512(const km_label *a, const km_label *b) {
    __mmask32 low = _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
    __mmask32 high =
        _mm512_cmpeq_epi16_mask(_mm512_loadu_si512(a + 32), _mm512_loadu_si512(b + 32));
    return _mm512_kunpackd(high, low);
}

#endif
