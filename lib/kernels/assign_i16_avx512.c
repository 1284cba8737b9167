/* 16-bit assign kernel on AVX-512 F and BW. */
#include "kernels/assign_i16.h"

#if defined(__x86_64__)
#include <immintrin.h>

static inline __m512i dot(__m512i sum, __m512i x, __m512i w) {
    return _mm512_add_epi32(sum, _mm512_madd_epi16(x, w));
}

/* A bit after another: masks of a centroid are 64 bits, a quarter each. */
static inline __m512i pack_hits(const __mmask16 *masks) {
    __m512i bits = _mm512_setzero_si512();
    for (int m = 0; m < 8; m++) {
        uint64_t rows = masks[m] | (uint64_t)masks[m + 8] << 16 | (uint64_t)masks[m + 16] << 32 |
                        (uint64_t)masks[m + 24] << 48;
        bits = _mm512_mask_add_epi8(bits, rows, bits, _mm512_set1_epi8((char)(1 << m)));
    }
    return bits;
}

/* By tables of the low and of the high four bits. */
static inline __m512i index_of(__m512i bits) {
    const __m512i low =
        _mm512_broadcast_i32x4(_mm_set_epi8(0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 1, 0, 0));
    const __m512i high =
        _mm512_broadcast_i32x4(_mm_set_epi8(0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 6, 0, 5, 4, 0));
    const __m512i four = _mm512_set1_epi8(15);
    __m512i above = _mm512_and_si512(_mm512_srli_epi16(bits, 4), four);
    return _mm512_or_si512(_mm512_shuffle_epi8(low, _mm512_and_si512(bits, four)),
                           _mm512_shuffle_epi8(high, above));
}

#define NAME             km_assign_i16_avx512
#define NEAR             km_near_i16_avx512
#define DOT(sum, x, w)   dot(sum, x, w)
#define PACK_HITS(masks) pack_hits(masks)
#define INDEX_OF(bits)   index_of(bits)
#include "kernels/assign_i16_avx512.h"
#endif
