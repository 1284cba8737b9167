/* 16-bit assign kernel on AVX-512 with VNNI (multiply-adds of 16 bits) and GFNI (turning of bits). */
#include "kernels/assign_i16.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* In place. From intrinsics gcc 12 makes copies of the sums in every step. */
static inline __m512i dot(__m512i sum, __m512i x, __m512i w) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
}

/* Of each quarter, first the low bytes of the masks from the last centroid to the first, then the high
 * ones; then eight rows of eight bits are turned. */
static inline __m512i pack_hits(const __mmask16 *masks) {
    const __m512i bytes =
        _mm512_broadcast_i32x4(_mm_set_epi8(1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 14));
    __m512i rows = _mm512_shuffle_epi8(_mm512_load_si512(masks), bytes);
    return _mm512_gf2p8affine_epi64_epi8(_mm512_set1_epi64((int64_t)0x8040201008040201), rows, 0);
}

/* Bits 0, 1 and 2 of the position are parities of the bits where it has them. */
static inline __m512i index_of(__m512i bits) {
    return _mm512_gf2p8affine_epi64_epi8(bits, _mm512_set1_epi64((int64_t)0xaaccf00000000000), 0);
}

#define NAME             km_assign_i16_avx512vnni
#define NEAR             km_near_i16_avx512vnni
#define DOT(sum, x, w)   dot(sum, x, w)
#define PACK_HITS(masks) pack_hits(masks)
#define INDEX_OF(bits)   index_of(bits)
#include "kernels/assign_i16_avx512.h"
#endif
