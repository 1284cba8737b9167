/* One source of the 16-bit kernels on AVX-512, included once per set with
 *
 *   NAME              of the function that assigns, and NEAR of the one that says what is near
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

/* Hides from the compiler that a pointer is the same in every turn of a loop, so that it does not keep
 * what is read from there in registers, and the scores in memory for it. */
INLINE const int32_t *reread(const int32_t *p) {
    __asm__("" : "+r"(p));
    return p;
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
    store_hits(score, M, _mm512_add_epi32(r->best[q], r->limit), masks);
}

/* The 64 rows of a tile against a block of M centroids. */
INLINE void run_block(const int32_t *x, int32_t n_pairs, block b, const int M, const int FIRST,
                      const int SECOND, rows *r, hits *h) {
    __mmask16(*masks)[BLOCK] = h->masks[h->n_blocks];
    uint64_t won = 0;
    for (int q = 0; q < QUARTERS; q += 2) {
        __m512i sum[2][BLOCK];
        b.pairs = reread(b.pairs);
        b.half_norms = reread(b.half_norms);
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

INLINE void prefetch(const int32_t *x, int64_t size) {
    for (int64_t i = 0; i < size; i += 16) {
        _mm_prefetch((const char *)(x + i), _MM_HINT_T0);
    }
}

/* All centroids against one tile; masks of the last blocks are left to be merged. */
INLINE void run_tile(const km_assign_i16 *a, int32_t t, int32_t n_pairs, const int SECOND, rows *r,
                     hits *h) {
    const int64_t size = (int64_t)n_pairs * KM_LANES;
    const int32_t *x = (const int32_t *)(const void *)a->tiles + t * size;
    /* The next tile is asked for a part with each block: all at once would wait for a free buffer. */
    const int64_t lines = size / LANES, n_blocks = (a->n_clusters + BLOCK - 1) / BLOCK;
    const int64_t part = (lines + n_blocks - 1) / n_blocks * LANES;
    const int32_t *ahead = x + size, *const end = ahead + size;
    prefetch(ahead, part);
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
        ahead += part;
        prefetch(ahead, end - ahead < part ? end - ahead : part);
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
            finish_rows(a, t - 1, &r[!now], &h[!now]);
        }
    }
    if (a->n_tiles > 0) {
        int last = (a->n_tiles - 1) & 1;
        finish_rows(a, a->n_tiles - 1, &r[last], &h[last]);
    }
}

INLINE void finish_few(const km_assign_i16 *a, int32_t t, const __mmask16 *masks) {
    finish(a, t, PACK_HITS(masks), ~UINT64_C(0), _mm512_setzero_si512(), NULL);
}

/* Tiles against a single block of M > 1 centroids: hits say it all. */
INLINE void run_few(const km_assign_i16 *a, int32_t n_pairs, const int M) {
    const int64_t size = (int64_t)n_pairs * KM_LANES;
    _Alignas(64) __mmask16 masks[2][QUARTERS][BLOCK];
    for (int32_t t = 0; t < a->n_tiles; t++) {
        const int32_t *x = (const int32_t *)(const void *)a->tiles + t * size;
        prefetch(x + size, size);
        const __m512i limit = _mm512_set1_epi32(a->limits[t]);
        for (int q = 0; q < QUARTERS; q += 2) {
            __m512i sum[2][BLOCK], next;
            block b = {reread(a->pairs), reread(a->half_norms)};
            scores(x + (ptrdiff_t)q * LANES, n_pairs, b, M, sum);
            UNROLL
            for (int i = 0; i < 2; i++) {
                __m512i near = _mm512_add_epi32(lowest(sum[i], M, 0, &next), limit);
                store_hits(sum[i], M, near, masks[t & 1][q + i]);
            }
        }
        if (t > 0) {
            finish_few(a, t - 1, masks[!(t & 1)][0]);
        }
    }
    if (a->n_tiles > 0) {
        finish_few(a, a->n_tiles - 1, masks[(a->n_tiles - 1) & 1][0]);
    }
}

INLINE void run_few_pairs(const km_assign_i16 *a, const int M) {
    int32_t n_pairs = km_pairs(a->n_features);
    switch (n_pairs) { /* as a constant, there is no loop */
    case 1: run_few(a, 1, M); break;
    case 2: run_few(a, 2, M); break;
    case 3: run_few(a, 3, M); break;
    case 4: run_few(a, 4, M); break;
    default: run_few(a, n_pairs, M);
    }
}

void NAME(const km_assign_i16 *a) {
    int32_t n_pairs = km_pairs(a->n_features);
    if (a->best != NULL) {
        run_tiles(a, n_pairs, 1);
        return;
    }
    switch (a->n_clusters) {
    case 2: run_few_pairs(a, 2); break;
    case 3: run_few_pairs(a, 3); break;
    case 4: run_few_pairs(a, 4); break;
    case 5: run_few_pairs(a, 5); break;
    case 6: run_few_pairs(a, 6); break;
    case 7: run_few_pairs(a, 7); break;
    case 8: run_few_pairs(a, 8); break;
    default: run_tiles(a, n_pairs, 0);
    }
}

/* Centroids of a block that are near to a tile's rows; lowest scores so far are in best. */
INLINE void near_block(const int32_t *x, int32_t n_pairs, block b, const int M, int32_t reach,
                       __m512i *best, uint64_t *out) {
    const __m512i most = _mm512_set1_epi32(INT32_MAX - reach), far = _mm512_set1_epi32(reach);
    __mmask16 hit[BLOCK][QUARTERS];
    for (int q = 0; q < QUARTERS; q += 2) {
        __m512i sum[2][BLOCK], next;
        b.pairs = reread(b.pairs);
        scores(x + (ptrdiff_t)q * LANES, n_pairs, b, M, sum);
        UNROLL
        for (int i = 0; i < 2; i++) {
            best[q + i] = least(best[q + i], lowest(sum[i], M, 0, &next));
            __m512i near = _mm512_add_epi32(_mm512_min_epi32(best[q + i], most), far);
            UNROLL
            for (int m = 0; m < M; m++) {
                hit[m][q + i] = _mm512_cmple_epi32_mask(sum[i][m], near);
            }
        }
    }
    memcpy(out, hit, (size_t)M * sizeof *out);
}

void NEAR(const km_near_i16 *a) {
    int32_t n_pairs = km_pairs(a->n_features), c = 0;
    __m512i best[QUARTERS];
    for (int q = 0; q < QUARTERS; q++) {
        best[q] = _mm512_set1_epi32(KM_WORST_SCORE);
    }
    for (; c + BLOCK <= a->n_clusters; c += BLOCK) {
        block b = {a->pairs + (int64_t)c * n_pairs, a->half_norms + c};
        near_block(a->tile, n_pairs, b, BLOCK, a->reach, best, a->rows + c);
    }
    block b = {a->pairs + (int64_t)c * n_pairs, a->half_norms + c};
    switch (a->n_clusters - c) {
    case 1: near_block(a->tile, n_pairs, b, 1, a->reach, best, a->rows + c); break;
    case 2: near_block(a->tile, n_pairs, b, 2, a->reach, best, a->rows + c); break;
    case 3: near_block(a->tile, n_pairs, b, 3, a->reach, best, a->rows + c); break;
    case 4: near_block(a->tile, n_pairs, b, 4, a->reach, best, a->rows + c); break;
    case 5: near_block(a->tile, n_pairs, b, 5, a->reach, best, a->rows + c); break;
    case 6: near_block(a->tile, n_pairs, b, 6, a->reach, best, a->rows + c); break;
    case 7: near_block(a->tile, n_pairs, b, 7, a->reach, best, a->rows + c); break;
    default: break;
    }
}
