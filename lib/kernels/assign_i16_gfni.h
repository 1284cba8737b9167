/* Turning of bits by GFNI, for assign_i16_hits.h. */
#ifndef KM_KERNELS_ASSIGN_I16_GFNI_H
#define KM_KERNELS_ASSIGN_I16_GFNI_H

#include <immintrin.h>

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

#define PACK_HITS(masks) pack_hits(masks)
#define INDEX_OF(bits)   index_of(bits)

#endif
