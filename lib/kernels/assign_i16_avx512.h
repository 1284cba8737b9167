/* One source of the 16-bit kernels on AVX-512, included once per set with
 *
 *   NAME              of the function that assigns, and NEAR of the one that says what is near
 *   DOT(sum, x, w)    sum + products of both 16-bit numbers of each lane
 *   PACK_HITS INDEX_OF   of assign_i16_hits.h */
#include "kernels/assign_i16_hits.h"

/* Centroids of a block. */
typedef struct block {
    const int32_t *pairs, *half_norms;
} block;

/* Hides from the compiler that a pointer is the same in every turn of a loop, so that it does not keep
 * what is read from there in registers, and the scores in memory for it. */
INLINE const int32_t *reread(const int32_t *p) {
    __asm__("" : "+r"(p));
    return p;
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

/* The 64 rows of a tile against a block of M centroids. */
INLINE void run_block(const int32_t *x, int32_t n_pairs, block b, const int M, const int FIRST,
                      const int SECOND, rows *r, hits *h) {
    __mmask16(*masks)[BLOCK] = h->masks[h->n_blocks];
    __mmask16 *won = h->won[h->n_blocks++];
    for (int q = 0; q < QUARTERS; q += 2) {
        __m512i sum[2][BLOCK];
        b.pairs = reread(b.pairs);
        b.half_norms = reread(b.half_norms);
        scores(x + (ptrdiff_t)q * LANES, n_pairs, b, M, sum);
        compare(sum[0], q, M, FIRST, SECOND, r, masks[q], won + q);
        compare(sum[1], q + 1, M, FIRST, SECOND, r, masks[q + 1], won + q + 1);
    }
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

/* Tiles between one of so many lanes and that to ask for: small ones are done before memory has answered. */
INLINE int64_t tiles_ahead(int64_t size) {
    enum { LANES_AHEAD = 1024 };
    return 1 + LANES_AHEAD / size;
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
        prefetch(x + size * tiles_ahead(size), size);
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

/* Scores of 16 rows and M centroids, more than a block and no more than two. */
INLINE void scores_of_two(const int32_t *x, int32_t n_pairs, block b, const int M, __m512i *sum) {
    const int32_t *rest = b.pairs + (int64_t)BLOCK * n_pairs;
    UNROLL
    for (int m = 0; m < BLOCK; m++) {
        sum[m] = _mm512_set1_epi32(b.half_norms[m]);
        if (BLOCK + m < M) {
            sum[BLOCK + m] = _mm512_set1_epi32(b.half_norms[BLOCK + m]);
        }
    }
    for (int32_t p = 0; p < n_pairs; p++) {
        __m512i values = _mm512_load_si512(x + (int64_t)p * KM_LANES);
        UNROLL
        for (int m = 0; m < BLOCK; m++) {
            sum[m] = DOT(sum[m], values, _mm512_set1_epi32(b.pairs[(int64_t)p * BLOCK + m]));
            if (BLOCK + m < M) {
                __m512i pair = _mm512_set1_epi32(rest[(int64_t)p * (M - BLOCK) + m]);
                sum[BLOCK + m] = DOT(sum[BLOCK + m], values, pair);
            }
        }
    }
}

/* Hits of two blocks: no row has a single one where it has some in both. */
INLINE void finish_two(const km_assign_i16 *a, int32_t t,
                       const __mmask16 (*masks)[QUARTERS][BLOCK]) {
    __m512i first = PACK_HITS(masks[0][0]), last = PACK_HITS(masks[1][0]);
    uint64_t in_last = _mm512_test_epi8_mask(last, last);
    uint64_t in_both = _mm512_mask_test_epi8_mask(in_last, first, first);
    __m512i low = _mm512_maskz_set1_epi8(in_last, BLOCK);
    finish(a, t, _mm512_or_si512(first, last), ~in_both, low, NULL);
}

/* Tiles against M centroids of two blocks, all of whose scores are in registers: hits say it all. */
INLINE void run_two(const km_assign_i16 *a, int32_t n_pairs, const int M) {
    const int64_t size = (int64_t)n_pairs * KM_LANES;
    _Alignas(64) __mmask16 masks[2][2][QUARTERS][BLOCK];
    for (int32_t t = 0; t < a->n_tiles; t++) {
        const int32_t *x = (const int32_t *)(const void *)a->tiles + t * size;
        prefetch(x + size * tiles_ahead(size), size);
        const __m512i limit = _mm512_set1_epi32(a->limits[t]);
        for (int q = 0; q < QUARTERS; q++) {
            __m512i sum[2 * BLOCK], next;
            block b = {reread(a->pairs), reread(a->half_norms)};
            scores_of_two(x + (ptrdiff_t)q * LANES, n_pairs, b, M, sum);
            __m512i low =
                least(lowest(sum, BLOCK, 0, &next), lowest(sum + BLOCK, M - BLOCK, 0, &next));
            __m512i near = _mm512_add_epi32(low, limit);
            store_hits(sum, BLOCK, near, masks[t & 1][0][q]);
            store_hits(sum + BLOCK, M - BLOCK, near, masks[t & 1][1][q]);
        }
        if (t > 0) {
            finish_two(a, t - 1, masks[!(t & 1)]);
        }
    }
    if (a->n_tiles > 0) {
        finish_two(a, a->n_tiles - 1, masks[(a->n_tiles - 1) & 1]);
    }
}

/* Of more features, loading a number of a centroid for 16 rows alone takes what comparing saves. */
static int two_pay(const km_assign_i16 *a) {
    enum { MOST_FEATURES = 14 };
    return a->n_clusters > BLOCK && a->n_clusters <= 2 * BLOCK && a->n_features <= MOST_FEATURES;
}

INLINE void run_two_blocks(const km_assign_i16 *a, int32_t n_pairs) {
    switch (a->n_clusters) {
    case 9: run_two(a, n_pairs, 9); break;
    case 10: run_two(a, n_pairs, 10); break;
    case 11: run_two(a, n_pairs, 11); break;
    case 12: run_two(a, n_pairs, 12); break;
    case 13: run_two(a, n_pairs, 13); break;
    case 14: run_two(a, n_pairs, 14); break;
    case 15: run_two(a, n_pairs, 15); break;
    default: run_two(a, n_pairs, 16); break;
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
    if (two_pay(a)) {
        run_two_blocks(a, n_pairs);
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
