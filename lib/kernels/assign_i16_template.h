/* One source of the 16-bit kernels, included by assign_i16 sets without masks with
 *
 *   NAME      of the function that assigns, and NEAR of the one that says what is near
 *   R         vectors of rows in registers
 *   V         vector of int32_t         LANES   of a vector
 *   V_SET1 V_LOAD V_SUB
 *   V_DOT(sum, x, w)   sum + products of both 16-bit numbers of each lane
 *   V_MIN V_MAX        of scores, which order like the floats of the same bits too
 *   V_LT(a, b)         all bits of a lane or none    V_SELECT(mask, a, b) = mask ? a : b
 *   V_BITS(mask)       bit i: lane i
 *   V_STORE_INDEX(km_label *, v)    V_STORE(int32_t *, v)    SAME_LABELS(a, b)
 *
 * Like assign_template.h: R x 4 scores are in registers at a time. */

#include <string.h>

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define GROUP        PASTE(NAME, _group)
#define TILE         PASTE(NAME, _tile)
#define SCORES       PASTE(NAME, _scores)
#define NEAR_GROUP   PASTE(NEAR, _group)

/* Scores of R vectors of rows and M centroids. */
static inline __attribute__((always_inline)) void SCORES(const int32_t *x, int32_t n_pairs,
                                                         const int32_t *pairs,
                                                         const int32_t *half_norms, const int M,
                                                         V score[R][4]) {
    for (int m = 0; m < M; m++) {
        for (int r = 0; r < R; r++) {
            score[r][m] = V_SET1(half_norms[m]);
        }
    }
    for (int32_t p = 0; p < n_pairs; p++) {
        V rows[R];
        for (int r = 0; r < R; r++) {
            rows[r] = V_LOAD(x + (int64_t)p * KM_LANES + r * LANES);
        }
        for (int m = 0; m < M; m++) {
            V pair = V_SET1(pairs[(int64_t)p * M + m]);
            for (int r = 0; r < R; r++) {
                score[r][m] = V_DOT(score[r][m], rows[r], pair);
            }
        }
    }
}

static inline __attribute__((always_inline)) void GROUP(const int32_t *x, int32_t n_pairs,
                                                        const int32_t *pairs,
                                                        const int32_t *half_norms, int32_t first,
                                                        const int M, V *best, V *second, V *index) {
    V score[R][4];
    SCORES(x, n_pairs, pairs, half_norms, M, score);
    for (int m = 0; m < M; m++) {
        V number = V_SET1(first + m);
        for (int r = 0; r < R; r++) {
            V s = score[r][m];
            index[r] = V_SELECT(V_LT(s, best[r]), number, index[r]);
            second[r] = V_MIN(second[r], V_MAX(s, best[r]));
            best[r] = V_MIN(s, best[r]);
        }
    }
}

/* Certain rows of a tile; their labels, and scores if asked for. */
static inline uint64_t TILE(const km_assign_i16 *a, int32_t t) {
    const int32_t n_pairs = km_pairs(a->n_features), k = a->n_clusters;
    const int32_t *tile = (const int32_t *)(const void *)a->tiles + (int64_t)t * n_pairs * KM_LANES;
    const V limit = V_SET1(a->limits[t]);
    uint64_t certain = 0;
    for (int q = 0; q < KM_LANES; q += R * LANES) {
        V best[R], second[R], index[R];
        for (int r = 0; r < R; r++) {
            best[r] = second[r] = V_SET1(KM_WORST_SCORE);
            index[r] = V_SET1(0);
        }
        int32_t c = 0;
        for (; c + 4 <= k; c += 4) {
            GROUP(tile + q, n_pairs, a->pairs + (int64_t)c * n_pairs, a->half_norms + c, c, 4, best,
                  second, index);
        }
        const int32_t *rest = a->pairs + (int64_t)c * n_pairs, *half_norms = a->half_norms + c;
        if (k - c == 3) {
            GROUP(tile + q, n_pairs, rest, half_norms, c, 3, best, second, index);
        } else if (k - c == 2) {
            GROUP(tile + q, n_pairs, rest, half_norms, c, 2, best, second, index);
        } else if (k - c == 1) {
            GROUP(tile + q, n_pairs, rest, half_norms, c, 1, best, second, index);
        }
        for (int r = 0; r < R; r++) {
            int64_t at = (int64_t)t * KM_LANES + q + r * LANES;
            certain |= (uint64_t)V_BITS(V_LT(limit, V_SUB(second[r], best[r]))) << (q + r * LANES);
            V_STORE_INDEX(a->nearest + at, index[r]);
            if (a->best != NULL) {
                V_STORE(a->best + at, best[r]);
                V_STORE(a->second + at, second[r]);
            }
        }
    }
    return certain;
}

void NAME(const km_assign_i16 *a) {
    for (int32_t t = 0; t < a->n_tiles; t++) {
        uint64_t certain = TILE(a, t) & (a->outside != NULL ? ~a->outside[t] : ~UINT64_C(0));
        int64_t at = (int64_t)t * KM_LANES;
        a->changed[t] = certain & ~SAME_LABELS(a->nearest + at, a->labels + at);
        a->uncertain[t] = ~certain;
    }
}

/* Centroids of a group that are near to a tile's rows from q on; lowest scores so far are in best. */
static inline __attribute__((always_inline)) void NEAR_GROUP(const km_near_i16 *a, int32_t c, int q,
                                                             const int M, V *best) {
    const int32_t n_pairs = km_pairs(a->n_features);
    const V most = V_SET1(INT32_MAX - a->reach), far = V_SET1(a->reach);
    V score[R][4];
    SCORES(a->tile + q, n_pairs, a->pairs + (int64_t)c * n_pairs, a->half_norms + c, M, score);
    for (int r = 0; r < R; r++) {
        for (int m = 0; m < M; m++) {
            best[r] = V_MIN(best[r], score[r][m]);
        }
        /* Beyond the worst score numbers do not order like floats, as V_MIN needs them to. */
        V low = V_SELECT(V_LT(best[r], most), best[r], most);
        V near = V_SUB(low, V_SUB(V_SET1(0), far));
        for (int m = 0; m < M; m++) {
            uint64_t beyond = (uint64_t)V_BITS(V_LT(near, score[r][m]));
            uint64_t all = (UINT64_C(1) << LANES) - 1;
            a->rows[c + m] |= (~beyond & all) << (q + r * LANES);
        }
    }
}

void NEAR(const km_near_i16 *a) {
    memset(a->rows, 0, (size_t)a->n_clusters * sizeof *a->rows);
    for (int q = 0; q < KM_LANES; q += R * LANES) {
        V best[R];
        for (int r = 0; r < R; r++) {
            best[r] = V_SET1(KM_WORST_SCORE);
        }
        int32_t c = 0;
        for (; c + 4 <= a->n_clusters; c += 4) {
            NEAR_GROUP(a, c, q, 4, best);
        }
        switch (a->n_clusters - c) {
        case 1: NEAR_GROUP(a, c, q, 1, best); break;
        case 2: NEAR_GROUP(a, c, q, 2, best); break;
        case 3: NEAR_GROUP(a, c, q, 3, best); break;
        default: break;
        }
    }
}

#undef GROUP
#undef SCORES
#undef NEAR_GROUP
#undef NEAR
#undef TILE
#undef PASTE
#undef PASTE2
#undef SAME_LABELS
#undef NAME
#undef R
#undef V
#undef LANES
#undef V_SET1
#undef V_LOAD
#undef V_SUB
#undef V_DOT
#undef V_MIN
#undef V_MAX
#undef V_LT
#undef V_SELECT
#undef V_BITS
#undef V_STORE_INDEX
#undef V_STORE
