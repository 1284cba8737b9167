/* One source of the kernels of seeding (kernels/seed.h), included once per instruction set behind its
 * vectors (simd_*_seed.h), which this undefines. Whole numbers throughout: the same on every set.
 *
 * Two vectors of rows by all points of a group are in registers: V_KEEP tells the compiler that they are
 * wanted where they are, else gcc moves them about. Of |q|^2 / 2 every point has the same, so points are
 * compared without it.
 *
 * Half the lines of a tile are read, then the other half, which no prefetcher of a CPU follows: what comes
 * some kilobytes later is asked for. */
#include <string.h>

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)

/* Values that are asked for ahead of their use. */
#define SEED_AHEAD 1024

/* Products of n_pairs pairs of two vectors of rows with M points, on top of what sums hold, and half
 * the squared norms of the rows, rounded up. Asks for the pairs that are so many ahead. */
static inline __attribute__((always_inline)) void
PASTE(seed_products_, SET)(const km_seed *s, const int32_t *pairs, int64_t ahead, const int M,
                           const int SHIFT, V *sum, V *half) {
    V square[2] = {V_SET1(1), V_SET1(1)};
    const int32_t *point = s->points;
    for (int32_t p = 0; p < s->n_pairs; p++) {
        V q0 = V_LOAD(pairs), q1 = V_LOAD(pairs + LANES);
        for (int i = 0; i < 2 * LANES; i += 64 / (int)sizeof *pairs) {
            __builtin_prefetch(pairs + ahead + i);
        }
        if (SHIFT) {
            q0 = V_SHIFT(q0, s->shift);
            q1 = V_SHIFT(q1, s->shift);
        }
        square[0] = V_DOT(0, square[0], q0, q0);
        square[1] = V_DOT(2, square[1], q1, q1);
        for (int m = 0; m < M; m++) {
            V c = V_SET1(point[m]);
            sum[2 * m] = V_DOT(2 * m, sum[2 * m], q0, c);
            sum[2 * m + 1] = V_DOT(2 * m + 1, sum[2 * m + 1], q1, c);
        }
        for (int i = 0; i < 2 * M; i++) {
            V_KEEP(sum[i]);
        }
        point += M;
        pairs += s->stride;
    }
    half[0] = V_HALF(square[0]);
    half[1] = V_HALF(square[1]);
}

/* Adds 32-bit lanes without a sign, times weights if there are any, to sums of 64 bits. Unweighted, low
 * takes odd lanes along as multiples of 2^32, which high holds too: see seed_total. */
static inline __attribute__((always_inline)) void
PASTE(seed_add_, SET)(V gain, V weight, const int WEIGHTED, V *low, V *high) {
    if (WEIGHTED) {
        *low = V_ADD64(*low, V_MUL64(gain, weight));
        *high = V_ADD64(*high, V_MUL64(V_ODD(gain), V_ODD(weight)));
    } else {
        *low = V_ADD64(*low, gain);
        *high = V_ADD64(*high, V_ODD(gain));
    }
}

static inline uint64_t PASTE(seed_total_, SET)(V low, V high, int weighted) {
    uint64_t lanes[2 * (LANES / 2)], even = 0, odd = 0;
    memcpy(lanes, &low, sizeof low);
    memcpy(lanes + LANES / 2, &high, sizeof high);
    for (int i = 0; i < LANES / 2; i++) {
        even += lanes[i];
        odd += lanes[LANES / 2 + i];
    }
    return weighted ? even + odd : even - (odd << 32) + odd;
}

/* Asks for the distances and labels of two vectors of rows. */
static inline __attribute__((always_inline)) void PASTE(seed_ask_, SET)(const km_seed *s,
                                                                        int64_t at) {
    for (int i = 0; i < 2 * LANES; i += 64 / (int)sizeof *s->closest) {
        __builtin_prefetch(s->closest + at + i);
    }
    __builtin_prefetch(s->nearest + at);
}

static inline __attribute__((always_inline)) void PASTE(seed_group_, SET)(const km_seed *s,
                                                                          const int M, const int A,
                                                                          const int WEIGHTED,
                                                                          const int SHIFT) {
    /* In memory, because all registers are wanted for the products. */
    volatile V low[KM_SEED_GROUP], high[KM_SEED_GROUP];
    const V bias = V_SET1(KM_SEED_BIAS);
    for (int m = A; m < M; m++) {
        low[m] = high[m] = V_SET1(0);
    }
    const int64_t blocks_ahead = 1 + SEED_AHEAD / (s->n_pairs * KM_LANES);
    for (int64_t b = 0; b < s->n_blocks; b++) {
        int64_t ahead = b + blocks_ahead < s->n_blocks ? blocks_ahead : 0;
        for (int32_t r = 0; r < s->n_rows; r += 2 * LANES) {
            V sum[2 * KM_SEED_GROUP], half[2];
            for (int m = 0; m < M; m++) {
                sum[2 * m] = sum[2 * m + 1] = V_SET1((int32_t)s->half_norms[m]);
            }
            PASTE(seed_products_, SET)
            (s, s->pairs + b * s->block_stride + r, ahead * s->block_stride, M, SHIFT, sum, half);
            PASTE(seed_ask_, SET)(s, (b + ahead) * s->n_rows + r);
            for (int w = 0; w < 2; w++) {
                int64_t at = b * s->n_rows + r + w * LANES;
                V least = V_SUB(V_ADD(V_LOAD(s->closest + at), bias), half[w]);
                V weight = WEIGHTED ? V_LOAD(s->weights + at) : least;
                for (int m = 0; m < A; m++) {
                    V_LABEL(s->nearest + at, sum[2 * m + w], least, (uint16_t)(s->label + m));
                    least = V_MIN(least, sum[2 * m + w]);
                }
                if (A > 0) {
                    V_STORE(s->closest + at, V_SUB(V_ADD(least, half[w]), bias));
                }
                for (int m = A; m < M; m++) {
                    V gain = V_SUB(least, V_MIN(least, sum[2 * m + w]));
                    V even = low[m], odd = high[m];
                    PASTE(seed_add_, SET)(gain, weight, WEIGHTED, &even, &odd);
                    low[m] = even;
                    high[m] = odd;
                }
            }
        }
    }
    for (int m = A; m < M; m++) {
        s->gains[m] += PASTE(seed_total_, SET)(low[m], high[m], WEIGHTED);
    }
}

/* Loops unrolled for every size of group that there is. */
#define KIND(M, A)                                                                                 \
    if (s->weights != NULL) {                                                                      \
        if (s->shift != 0) {                                                                       \
            PASTE(seed_group_, SET)(s, M, A, 1, 1);                                                \
        } else {                                                                                   \
            PASTE(seed_group_, SET)(s, M, A, 1, 0);                                                \
        }                                                                                          \
    } else if (s->shift != 0) {                                                                    \
        PASTE(seed_group_, SET)(s, M, A, 0, 1);                                                    \
    } else {                                                                                       \
        PASTE(seed_group_, SET)(s, M, A, 0, 0);                                                    \
    }                                                                                              \
    break

static void PASTE(seed_, SET)(const km_seed *s) {
    switch (s->n_apply == 0 ? 0 : s->n_apply == 1 ? s->n_points : KM_SEED_GROUP + 1) {
    case 0: KIND(KM_SEED_GROUP, 0);
    case 1: KIND(1, 1);
    case 4: KIND(4, 1);
    case 5: KIND(5, 1);
    case 6: KIND(6, 1);
    case 7: KIND(7, 1);
    case KM_SEED_GROUP: KIND(KM_SEED_GROUP, 1);
    case KM_SEED_GROUP + 1: KIND(KM_SEED_GROUP, KM_SEED_GROUP);
    default: break;
    }
}

#undef KIND
#undef V_SHIFT
#undef V
#undef LANES
#undef V_SET1
#undef V_LOAD
#undef V_STORE
#undef V_ADD
#undef V_SUB
#undef V_MIN
#undef V_DOT
#undef V_MADD
#undef V_HALF
#undef V_ADD64
#undef V_MUL64
#undef V_ODD
#undef V_LABEL
#undef V_KEEP
#undef SEED_AHEAD
