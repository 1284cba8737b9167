/* One source of the 16-bit assign kernel on AVX-512, included once per set with
 *
 *   NAME              of the function
 *   DOT(sum, x, w)    sum + products of both 16-bit numbers of each lane
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
    uint64_t won[MOST_BLOCKS];
    int32_t n_blocks, first; /* centroid of the first block */
} hits;

/* What is known of the rows of a tile. */
typedef struct rows {
    __m512i best[QUARTERS], second[QUARTERS], limit;
    __m512i bits;      /* a byte a row: hits of the block that won */
    __m512i low, high; /* bytes of the number of its first centroid */
} rows;

/* Centroids of a block. */
typedef struct block {
    const int32_t *pairs, *half_norms;
} block;

INLINE __m512i least(__m512i a, __m512i b) {
    return _mm512_castps_si512(_mm512_min_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
}

INLINE __m512i most(__m512i a, __m512i b) {
    return _mm512_castps_si512(_mm512_max_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
}

/* In one instruction. Left to itself, gcc gathers eight masks in a vector first. */
INLINE void store_mask(__mmask16 *to, __mmask16 mask) {
    __asm__("kmovw %1, %0" : "=m"(*to) : "k"(mask));
}

/* Scores of 32 rows and M centroids. */
INLINE void scores(const int32_t *x, int32_t n_pairs, block b, const int M, __m512i sum[2][BLOCK]) {
    UNROLL
    for (int m = 0; m < M; m++) {
        sum[0][m] = sum[1][m] = _mm512_set1_epi32(b.half_norms[m]);
    }
    for (int32_t p = 0; p < n_pairs; p++) {
        __m512i low = _mm512_load_si512(x + (int64_t)p * KM_LANES);
        __m512i high = _mm512_load_si512(x + (int64_t)p * KM_LANES + LANES);
        UNROLL
        for (int m = 0; m < M; m++) {
            __m512i pair = _mm512_set1_epi32(b.pairs[(int64_t)p * M + m]);
            sum[0][m] = DOT(sum[0][m], low, pair);
            sum[1][m] = DOT(sum[1][m], high, pair);
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
    UNROLL
    for (int step = 1; step < M; step *= 2) {
        UNROLL
        for (int m = 0; m + step < M; m += 2 * step) {
            if (SECOND) {
                __m512i loser = most(best[m], best[m + step]);
                next[m] = step == 1 ? loser : least(least(next[m], next[m + step]), loser);
            }
            best[m] = least(best[m], best[m + step]);
        }
    }
    *second = next[0];
    return best[0];
}

/* Takes a block's scores of 16 rows into account, and stores their hits. */
INLINE void compare(const __m512i *score, int q, const int M, const int FIRST, const int SECOND,
                    rows *r, __mmask16 *masks, uint64_t *won) {
    __m512i next, low = lowest(score, M, SECOND, &next);
    if (FIRST) {
        r->best[q] = low;
        r->second[q] = SECOND ? next : _mm512_set1_epi32(KM_WORST_SCORE);
    } else {
        __m512i best = r->best[q], second = least(r->second[q], most(low, best));
        *won |= (uint64_t)_mm512_cmplt_epi32_mask(low, best) << (q * LANES);
        r->second[q] = SECOND ? least(second, next) : second;
        r->best[q] = least(low, best);
    }
    __m512i near = _mm512_add_epi32(r->best[q], r->limit);
    UNROLL
    for (int m = 0; m < M; m++) {
        store_mask(masks + m, _mm512_cmple_epu32_mask(score[m], near));
    }
    for (int m = M; m < BLOCK; m++) {
        masks[m] = 0;
    }
}

/* The 64 rows of a tile against a block of M centroids. */
INLINE void run_block(const int32_t *x, int32_t n_pairs, block b, const int M, const int FIRST,
                      const int SECOND, rows *r, hits *h) {
    __mmask16(*masks)[BLOCK] = h->masks[h->n_blocks];
    uint64_t won = 0;
    for (int q = 0; q < QUARTERS; q += 2) {
        __m512i sum[2][BLOCK];
        scores(x + (ptrdiff_t)q * LANES, n_pairs, b, M, sum);
        compare(sum[0], q, M, FIRST, SECOND, r, masks[q], &won);
        compare(sum[1], q + 1, M, FIRST, SECOND, r, masks[q + 1], &won);
    }
    h->won[h->n_blocks++] = FIRST ? ~UINT64_C(0) : won;
}

INLINE void run_rest(const int32_t *x, int32_t n_pairs, block b, int32_t n, const int FIRST,
                     const int SECOND, rows *r, hits *h) {
    switch (n) {
    case 1: run_block(x, n_pairs, b, 1, FIRST, SECOND, r, h); break;
    case 2: run_block(x, n_pairs, b, 2, FIRST, SECOND, r, h); break;
    case 3: run_block(x, n_pairs, b, 3, FIRST, SECOND, r, h); break;
    case 4: run_block(x, n_pairs, b, 4, FIRST, SECOND, r, h); break;
    case 5: run_block(x, n_pairs, b, 5, FIRST, SECOND, r, h); break;
    case 6: run_block(x, n_pairs, b, 6, FIRST, SECOND, r, h); break;
    case 7: run_block(x, n_pairs, b, 7, FIRST, SECOND, r, h); break;
    default: break;
    }
}

static __attribute__((noinline)) void run_tail(const int32_t *x, int32_t n_pairs, block b,
                                               int32_t n, rows *r, hits *h) {
    run_rest(x, n_pairs, b, n, 0, 0, r, h);
}

static __attribute__((noinline)) void run_tail_second(const int32_t *x, int32_t n_pairs, block b,
                                                      int32_t n, rows *r, hits *h) {
    run_rest(x, n_pairs, b, n, 0, 1, r, h);
}

/* Takes over the hits of blocks that won; the later block stands. */
static void merge(hits *h, rows *r) {
    for (int32_t b = 0; b < h->n_blocks; b++) {
        int32_t c = h->first + b * BLOCK;
        __mmask64 won = h->won[b];
        r->bits = _mm512_mask_mov_epi8(r->bits, won, PACK_HITS(h->masks[b][0]));
        r->low = _mm512_mask_mov_epi8(r->low, won, _mm512_set1_epi8((char)(c & 0xff)));
        r->high = _mm512_mask_mov_epi8(r->high, won, _mm512_set1_epi8((char)(c >> 8)));
    }
    h->first += h->n_blocks * BLOCK;
    h->n_blocks = 0;
}

/* All centroids against one tile; masks of the last blocks are left to be merged. */
INLINE void run_tile(const km_assign_i16 *a, int32_t t, int32_t n_pairs, const int SECOND, rows *r,
                     hits *h) {
    const int64_t size = (int64_t)n_pairs * KM_LANES;
    const int32_t *x = (const int32_t *)(const void *)a->tiles + t * size;
    for (int64_t i = 0; i < size; i += 16) {
        _mm_prefetch((const char *)(x + size + i), _MM_HINT_T0);
    }
    r->limit = _mm512_set1_epi32(a->limits[t]);
    h->n_blocks = h->first = 0;
    block b = {a->pairs, a->half_norms};
    int32_t left = a->n_clusters;
    if (left < BLOCK) {
        run_rest(x, n_pairs, b, left, 1, SECOND, r, h);
        return;
    }
    run_block(x, n_pairs, b, BLOCK, 1, SECOND, r, h);
    for (left -= BLOCK; left > 0; left -= BLOCK) {
        b.pairs += (int64_t)BLOCK * n_pairs;
        b.half_norms += BLOCK;
        if (h->n_blocks == MOST_BLOCKS) {
            merge(h, r);
        }
        if (left >= BLOCK) {
            run_block(x, n_pairs, b, BLOCK, 0, SECOND, r, h);
        } else if (SECOND) {
            run_tail_second(x, n_pairs, b, left, r, h);
        } else {
            run_tail(x, n_pairs, b, left, r, h);
        }
    }
}

/* Labels and flags of a tile. */
INLINE void finish(const km_assign_i16 *a, int32_t t, rows *r, hits *h) {
    merge(h, r);
    __m512i bits = r->bits;
    uint64_t certain = /* of which a single bit is set */
        _mm512_testn_epi8_mask(bits, _mm512_add_epi8(bits, _mm512_set1_epi8(-1)));
    for (int q = 0; q < QUARTERS; q++) {
        __m512i margin = _mm512_sub_epi32(r->second[q], r->best[q]);
        certain &= ~((uint64_t)_mm512_cmple_epi32_mask(margin, r->limit) << (q * LANES));
    }
    certain &= a->outside != NULL ? ~a->outside[t] : ~UINT64_C(0);
    __m512i low = _mm512_or_si512(r->low, INDEX_OF(bits));
    uint64_t same = 0;
    for (int half = 0; half < 2; half++) {
        __m512i part = _mm512_cvtepu8_epi16(half == 0 ? _mm512_castsi512_si256(low)
                                                      : _mm512_extracti64x4_epi64(low, 1));
        __m512i over = _mm512_cvtepu8_epi16(half == 0 ? _mm512_castsi512_si256(r->high)
                                                      : _mm512_extracti64x4_epi64(r->high, 1));
        __m512i label = _mm512_or_si512(part, _mm512_slli_epi16(over, 8));
        int64_t at = (int64_t)t * KM_LANES + half * 2 * LANES;
        uint64_t equal = _mm512_cmpeq_epi16_mask(label, _mm512_loadu_si512(a->labels + at));
        _mm512_storeu_si512(a->nearest + at, label);
        same |= equal << (half * 2 * LANES);
    }
    a->changed[t] = certain & ~same;
    a->uncertain[t] = ~certain;
}

INLINE void run_tiles(const km_assign_i16 *a, int32_t n_pairs, const int SECOND) {
    rows r[2];
    hits h[2];
    memset(r, 0, sizeof r);
    memset(h, 0, sizeof h);
    for (int32_t t = 0; t < a->n_tiles; t++) {
        int now = t & 1;
        run_tile(a, t, n_pairs, SECOND, &r[now], &h[now]);
        for (int q = 0; SECOND && q < QUARTERS; q++) {
            int64_t at = (int64_t)t * KM_LANES + q * LANES;
            _mm512_storeu_si512(a->best + at, r[now].best[q]);
            _mm512_storeu_si512(a->second + at, r[now].second[q]);
        }
        if (t > 0) {
            finish(a, t - 1, &r[!now], &h[!now]);
        }
    }
    if (a->n_tiles > 0) {
        int last = (a->n_tiles - 1) & 1;
        finish(a, a->n_tiles - 1, &r[last], &h[last]);
    }
}

void NAME(const km_assign_i16 *a) {
    int32_t n_pairs = km_pairs(a->n_features);
    if (a->best != NULL) {
        run_tiles(a, n_pairs, 1);
    } else if (n_pairs == 1) {
        run_tiles(a, 1, 0);
    } else if (n_pairs == 2) {
        run_tiles(a, 2, 0);
    } else if (n_pairs == 4) {
        run_tiles(a, 4, 0);
    } else {
        run_tiles(a, n_pairs, 0);
    }
}
