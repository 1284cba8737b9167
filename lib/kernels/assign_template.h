/* One source of the assign kernel, included once per instruction set and element type with
 *
 *   NAME      of the function          T       element type       R  vectors of rows in registers
 *   V         vector type              LANES   of a vector
 *   V_SET1 V_LOAD V_FNMADD(a, b, c) = c - a b   V_MIN V_MAX V_SUB V_FMA(a, b, c) = a b + c
 *   V_MASK    type of a comparison     V_LT(a, b)      V_SELECT(mask, a, b) = mask ? a : b
 *   V_GT_BITS(a, b)                    bit i: lane i of a > lane i of b (0 for NaN)
 *   V_STORE_INDEX(int32_t *, v)        lanes, which are whole numbers, as int32_t
 *
 * Rows are lanes, so there is no horizontal sum at any number of features. R x 4 scores are in
 * registers at a time: a load of R vectors and 4 broadcasts feeds 4 R multiply-adds. Both best and
 * second best are kept; indices are kept as numbers of the element type, so that they blend like
 * scores. */

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define GROUP        PASTE(NAME, _group)

static inline __attribute__((always_inline)) void GROUP(const T *x, int32_t d, const T *centroids,
                                                        const T *half_norms, int32_t first,
                                                        const int M, V *best, V *second, V *index) {
    V score[R][4];
    for (int m = 0; m < M; m++) {
        for (int r = 0; r < R; r++) {
            score[r][m] = V_SET1(half_norms[m]);
        }
    }
    for (int32_t j = 0; j < d; j++) {
        V rows[R];
        for (int r = 0; r < R; r++) {
            rows[r] = V_LOAD(x + (int64_t)j * KM_LANES + r * LANES);
        }
        for (int m = 0; m < M; m++) {
            V value = V_SET1(centroids[(int64_t)j * M + m]);
            for (int r = 0; r < R; r++) {
                score[r][m] = V_FNMADD(rows[r], value, score[r][m]);
            }
        }
    }
    for (int m = 0; m < M; m++) {
        V number = V_SET1((T)(first + m));
        for (int r = 0; r < R; r++) {
            V s = score[r][m];
            V_MASK closer = V_LT(s, best[r]);
#ifdef KM_PLAIN /* a benchmark measures what the second best costs */
            (void)second;
#else
            second[r] = V_MIN(second[r], V_MAX(s, best[r]));
#endif
            best[r] = V_MIN(s, best[r]);
            index[r] = V_SELECT(closer, number, index[r]);
        }
    }
}

static void NAME(const km_assign *a) {
    const T *centroids = a->centroids, *half_norms = a->half_norms;
    const int32_t d = a->n_features, k = a->n_clusters;
    for (int32_t t = 0; t < a->n_tiles; t++) {
        const T *tile = (const T *)a->tiles + (int64_t)t * d * KM_LANES;
        const V limit = V_SET1((T)(a->limits[t] * (1 + 0x1p-20)));
        const V slope = V_SET1((T)a->slope);
        uint64_t certain = 0;
        for (int q = 0; q < KM_LANES; q += R * LANES) {
            V best[R], second[R], index[R];
            for (int r = 0; r < R; r++) {
                best[r] = second[r] = V_SET1((T)INFINITY);
                index[r] = V_SET1((T)0);
            }
            int32_t c = 0;
            for (; c + 4 <= k; c += 4) {
                GROUP(tile + q, d, centroids + (int64_t)c * d, half_norms + c, c, 4, best, second,
                      index);
            }
            const T *rest = centroids + (int64_t)c * d;
            if (k - c == 3) {
                GROUP(tile + q, d, rest, half_norms + c, c, 3, best, second, index);
            } else if (k - c == 2) {
                GROUP(tile + q, d, rest, half_norms + c, c, 2, best, second, index);
            } else if (k - c == 1) {
                GROUP(tile + q, d, rest, half_norms + c, c, 1, best, second, index);
            }
            for (int r = 0; r < R; r++) {
                V need = V_FMA(slope, V_MAX(second[r], V_SET1((T)0)), limit);
                uint64_t bits = V_GT_BITS(V_SUB(second[r], best[r]), need);
                certain |= bits << (q + r * LANES);
                km_label *to = a->nearest + (int64_t)t * KM_LANES + q + r * LANES;
                V_STORE_INDEX(to, index[r]);
            }
        }
        const km_label *now = a->nearest + (int64_t)t * KM_LANES;
        const km_label *old = a->labels + (int64_t)t * KM_LANES;
        certain = k == 1 ? ~UINT64_C(0) : certain; /* there is no second best */
        a->changed[t] = certain & ~SAME_LABELS(now, old);
        a->uncertain[t] = ~certain;
    }
}

#undef GROUP
#undef PASTE
#undef PASTE2
#undef SAME_LABELS
#undef NAME
#undef T
#undef R
#undef V
#undef LANES
#undef V_SET1
#undef V_LOAD
#undef V_FNMADD
#undef V_MIN
#undef V_MAX
#undef V_SUB
#undef V_FMA
#undef V_MASK
#undef V_LT
#undef V_SELECT
#undef V_GT_BITS
#undef V_STORE_INDEX
