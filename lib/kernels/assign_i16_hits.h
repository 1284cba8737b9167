/* From scores to labels on AVX-512, for sources that define
 *
 *   PACK_HITS(masks)  64 bytes: bit m of byte r is bit r of the masks of centroid m
 *   INDEX_OF(hits)    position of the only bit of each byte
 *
 * What finding the lowest score costs beside the products is kept low:
 *
 *   - Centroids go in blocks of up to 8, whose scores for 32 rows are in registers at the same time.
 *     Inside a block only the lowest is found, one operation a score; best and second best are kept
 *     from block to block.
 *   - A second operation compares each score with the best so far plus the limit. For the block that
 *     wins, these hits say everything: a single one is the nearest centroid, two make a doubtful row.
 *     They are masks, stored as they come and later turned into a byte a row, so that the work of
 *     finding an index is done for 64 rows in one operation.
 *
 * That is 2 operations a score up to 8 centroids and 2.6 beyond, where compare, blend, minimum, maximum
 * and minimum are 5. Minimum and maximum are those of floats, which run on two ports where those of
 * integers run on one. The masks of a tile are read after the next tile's scores are made: read at once,
 * they would wait for the stores. */

#include <immintrin.h>
#include <string.h>

#define LANES       16
#define QUARTERS    (KM_LANES / LANES)
#define BLOCK       8
#define MOST_BLOCKS 32 /* whose masks are kept before they are merged */
#define INLINE      static inline __attribute__((always_inline))

/* Loops over registers must be unrolled, at any level of optimisation. */
#if defined(__clang__)
#define UNROLL _Pragma("unroll 8")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* What the blocks of a tile leave: hits, and which rows each block won. */
typedef struct hits {
    _Alignas(64) __mmask16 masks[MOST_BLOCKS][QUARTERS][BLOCK];
    _Alignas(8) __mmask16 won[MOST_BLOCKS][QUARTERS];
    int32_t n_blocks, first; /* centroid of the first block */
} hits;

/* What is known of the rows of a tile. */
typedef struct rows {
    __m512i best[QUARTERS], second[QUARTERS], limit;
    __m512i bits;      /* a byte a row: hits of the block that won */
    __m512i low, high; /* bytes of the number of its first centroid */
} rows;

INLINE __m512i least(__m512i a, __m512i b) {
    return _mm512_castps_si512(_mm512_min_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
}

INLINE __m512i most(__m512i a, __m512i b) {
    return _mm512_castps_si512(_mm512_max_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
}

/* Hits of four centroids in one store: there can be one a cycle. In instructions of its own, as gcc
 * would go by way of vectors. */
INLINE void store_masks(__mmask16 *to, __mmask16 a, __mmask16 b, __mmask16 c, __mmask16 d) {
    __mmask64 low, high;
    __asm__("kunpckwd %1, %2, %0" : "=k"(low) : "k"(a), "k"(b));
    __asm__("kunpckwd %1, %2, %0" : "=k"(high) : "k"(c), "k"(d));
    __asm__("kunpckdq %1, %2, %0" : "=k"(low) : "k"(low), "k"(high));
    __asm__("kmovq %1, %0" : "=m"(*(__mmask64 *)(void *)to) : "k"(low));
}

/* The same of one mask. */
INLINE void store_mask(__mmask16 *to, __mmask16 a) { __asm__("kmovw %1, %0" : "=m"(*to) : "k"(a)); }

/* One round of a knock-out: of the first M scores, each against the one that is so many behind it. */
INLINE void knock_out(__m512i *best, __m512i *next, const int M, const int behind,
                      const int SECOND) {
    UNROLL
    for (int m = 0; m < BLOCK / 2; m++) {
        if (m < behind && m + behind < M) {
            if (SECOND) {
                __m512i loser = most(best[m], best[m + behind]);
                next[m] = behind == 4 ? loser : least(least(next[m], next[m + behind]), loser);
            }
            best[m] = least(best[m], best[m + behind]);
        }
    }
}

/* Lowest of M scores, and where SECOND the second lowest. */
INLINE __m512i lowest(const __m512i *score, const int M, const int SECOND, __m512i *second) {
    __m512i best[BLOCK], next[BLOCK];
    UNROLL
    for (int m = 0; m < M; m++) {
        best[m] = score[m];
        next[m] = _mm512_set1_epi32(KM_WORST_SCORE);
    }
    knock_out(best, next, M, 4, SECOND);
    knock_out(best, next, M < 4 ? M : 4, 2, SECOND);
    knock_out(best, next, M < 2 ? M : 2, 1, SECOND);
    *second = next[0];
    return best[0];
}

/* Which of M scores are near enough. */
INLINE void store_hits(const __m512i *score, const int M, __m512i near, __mmask16 *masks) {
    __mmask16 hit[BLOCK] = {0};
    UNROLL
    for (int m = 0; m < M; m++) {
        hit[m] = _mm512_cmple_epu32_mask(score[m], near);
    }
    store_masks(masks, hit[0], hit[1], hit[2], hit[3]);
    store_masks(masks + 4, hit[4], hit[5], hit[6], hit[7]);
}

/* Takes a block's scores of 16 rows into account, and stores their hits. */
INLINE void compare(const __m512i *score, int q, const int M, const int FIRST, const int SECOND,
                    rows *r, __mmask16 *masks, __mmask16 *won) {
    __m512i next, low = lowest(score, M, SECOND, &next);
    if (FIRST) {
        r->best[q] = low;
        *won = (__mmask16)0xffff;
        r->second[q] = SECOND ? next : _mm512_set1_epi32(KM_WORST_SCORE);
    } else {
        __m512i best = r->best[q], second = least(r->second[q], most(low, best));
        store_mask(won, _mm512_cmplt_epi32_mask(low, best));
        r->second[q] = SECOND ? least(second, next) : second;
        r->best[q] = least(low, best);
    }
    store_hits(score, M, _mm512_add_epi32(r->best[q], r->limit), masks);
}

/* Takes over the hits of blocks that won; the later block stands. */
static void merge(hits *h, rows *r) {
    for (int32_t b = 0; b < h->n_blocks; b++) {
        int32_t c = h->first + b * BLOCK;
        __mmask64 won;
        memcpy(&won, h->won[b], sizeof won);
        r->bits = _mm512_mask_mov_epi8(r->bits, won, PACK_HITS(h->masks[b][0]));
        r->low = _mm512_mask_mov_epi8(r->low, won, _mm512_set1_epi8((char)(c & 0xff)));
        r->high = _mm512_mask_mov_epi8(r->high, won, _mm512_set1_epi8((char)(c >> 8)));
    }
    h->first += h->n_blocks * BLOCK;
    h->n_blocks = 0;
}

/* Labels and flags of a tile, from the hits of the rows and the bytes of what is added to their labels. */
INLINE void finish(const km_assign_i16 *a, int32_t t, __m512i bits, uint64_t certain, __m512i low,
                   const __m512i *high) {
    __m512i rest = _mm512_add_epi8(bits, _mm512_set1_epi8(-1)); /* of a single bit, no common one */
    certain &= _mm512_testn_epi8_mask(bits, rest);
    certain &= a->outside != NULL ? ~a->outside[t] : ~UINT64_C(0);
    low = _mm512_or_si512(low, INDEX_OF(bits));
    __m512i label[2] = {_mm512_cvtepu8_epi16(_mm512_castsi512_si256(low)),
                        _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(low, 1))};
    if (high != NULL) {
        __m512i over[2] = {_mm512_cvtepu8_epi16(_mm512_castsi512_si256(*high)),
                           _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(*high, 1))};
        label[0] = _mm512_or_si512(label[0], _mm512_slli_epi16(over[0], 8));
        label[1] = _mm512_or_si512(label[1], _mm512_slli_epi16(over[1], 8));
    }
    __mmask32 equal[2];
    for (int half = 0; half < 2; half++) {
        int64_t at = (int64_t)t * KM_LANES + half * 2 * LANES;
        equal[half] = _mm512_cmpeq_epi16_mask(label[half], _mm512_loadu_si512(a->labels + at));
        _mm512_storeu_si512(a->nearest + at, label[half]);
    }
    /* Joined as masks, for the reason in simd_avx512.h. */
    uint64_t same = _mm512_kunpackd(equal[1], equal[0]);
    a->changed[t] = certain & ~same;
    a->uncertain[t] = ~certain;
}

/* Of a tile of which all blocks were run. */
INLINE void finish_rows(const km_assign_i16 *a, int32_t t, rows *r, hits *h) {
    merge(h, r);
    uint64_t certain = 0;
    for (int q = 0; q < QUARTERS; q++) {
        __m512i margin = _mm512_sub_epi32(r->second[q], r->best[q]);
        certain |= (uint64_t)_mm512_cmpgt_epi32_mask(margin, r->limit) << (q * LANES);
    }
    finish(a, t, r->bits, certain, r->low, &r->high);
}
