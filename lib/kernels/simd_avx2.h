/* What both element types share on AVX2 and FMA. */
#ifndef KM_KERNELS_SIMD_AVX2_H
#define KM_KERNELS_SIMD_AVX2_H

#include "kernels/kernels.h"

#include <immintrin.h>
#include <math.h>

/* Bit r: label r is the same in both. */
static inline uint64_t km_same_labels_avx2(const km_label *a, const km_label *b) {
    uint64_t same = 0;
    for (int r = 0; r < KM_LANES; r += 32) {
        const __m256i *x = (const __m256i *)(const void *)(a + r);
        const __m256i *y = (const __m256i *)(const void *)(b + r);
        __m256i low = _mm256_cmpeq_epi16(_mm256_loadu_si256(x), _mm256_loadu_si256(y));
        __m256i high = _mm256_cmpeq_epi16(_mm256_loadu_si256(x + 1), _mm256_loadu_si256(y + 1));
        /* Packing works on halves of 128 bits: the middle quarters change places again. */
        __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
        same |= (uint64_t)(uint32_t)_mm256_movemask_epi8(bytes) << r;
    }
    return same;
}

/* Eight whole numbers as labels. */
static inline void km_store_labels_avx2(km_label *to, __m256i v) {
    __m256i pairs = _mm256_permute4x64_epi64(_mm256_packus_epi32(v, v), 0xd8);
    _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(pairs));
}

static inline void km_store_labels_avx2x4(km_label *to, __m128i v) {
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi32(v, v));
}

#endif
