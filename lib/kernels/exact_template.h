/* One source of the exact kernels (float64, fixed order, no fused multiply-add) and of the moves
 * between exact sums, included once per instruction set; plain loops over lanes, which the compiler
 * turns into vectors of that set. The results are the same bits on every set.
 *
 * SET is the suffix of the names, VECTOR_BYTES the size of a register. */
#include "kernels/quantise.h"
#include "kernels/simd_exact.h"

#include <math.h>
#include <string.h>

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)

/* Lanes whose sums are in registers at a time, in loops left to the compiler. */
#define STRIP 16

/* Vectors of VECTOR_BYTES, which each set defines, in the compiler's own vector language: W of them by
 * up to 2 centroids are in registers at a time. */
#define VD PASTE(exact_vector_, SET)
#define VM PASTE(exact_mask_, SET)
typedef double VD __attribute__((vector_size(VECTOR_BYTES)));
typedef int64_t VM __attribute__((vector_size(VECTOR_BYTES)));
#define W            4
#define VECTOR_LANES (VECTOR_BYTES / 8)

static inline __attribute__((always_inline)) VD PASTE(all_, SET)(double x) {
    return x - (VD){0}; /* the compiler's way to fill a vector */
}

static inline __attribute__((always_inline)) VD PASTE(select_, SET)(VM mask, VD a, VD b) {
    return (VD)((mask & (VM)a) | (~mask & (VM)b));
}

/* Squared distances of W vectors of lanes to M centroids, to sum[M * W]. */
static inline __attribute__((always_inline)) void
PASTE(squares_, SET)(const double *x, int32_t d, const double *centroids, const int M, VD *sum) {
    for (int i = 0; i < M * W; i++) {
        sum[i] = (VD){0};
    }
    for (int32_t j = 0; j < d; j++) {
        VD lanes[W];
        memcpy(lanes, x + (int64_t)j * KM_LANES, sizeof lanes);
        for (int m = 0; m < M; m++) {
            VD centroid = PASTE(all_, SET)(centroids[(int64_t)m * d + j]);
            for (int w = 0; w < W; w++) {
                VD difference = lanes[w] - centroid;
                sum[m * W + w] += difference * difference;
            }
        }
    }
}

static void PASTE(distances_, SET)(const double *block, int32_t d, const double *centroids,
                                   int32_t k, double *out) {
    for (int q = 0; q < KM_LANES; q += W * VECTOR_LANES) {
        VD sum[2 * W];
        int32_t c = 0;
        for (; c + 2 <= k; c += 2) {
            PASTE(squares_, SET)(block + q, d, centroids + (int64_t)c * d, 2, sum);
            memcpy(out + (int64_t)c * KM_LANES + q, sum, sizeof sum / 2);
            memcpy(out + (int64_t)(c + 1) * KM_LANES + q, sum + W, sizeof sum / 2);
        }
        if (c < k) {
            PASTE(squares_, SET)(block + q, d, centroids + (int64_t)c * d, 1, sum);
            memcpy(out + (int64_t)c * KM_LANES + q, sum, sizeof sum / 2);
        }
    }
}

static void PASTE(row_distances_, SET)(const double *row, int32_t d, const double *columns,
                                       int64_t stride, double *out) {
    for (int64_t c = 0; c < stride; c += 8) {
        VD sum[8 / VECTOR_LANES];
        for (int w = 0; w < 8 / VECTOR_LANES; w++) {
            sum[w] = (VD){0};
        }
        for (int32_t j = 0; j < d; j++) {
            VD value = PASTE(all_, SET)(row[j]);
            for (int w = 0; w < 8 / VECTOR_LANES; w++) {
                VD centroid;
                memcpy(&centroid, columns + j * stride + c + w * VECTOR_LANES, sizeof centroid);
                VD difference = value - centroid;
                sum[w] += difference * difference;
            }
        }
        memcpy(out + c, sum, sizeof sum);
    }
}

static void PASTE(nearest_, SET)(const double *block, int32_t d, const double *centroids, int32_t k,
                                 int32_t *index, double *distance, int32_t *second_index,
                                 double *second_distance) {
    for (int q = 0; q < KM_LANES; q += W * VECTOR_LANES) {
        VD best[W], second[W];
        /* As numbers, so that they blend like the distances. */
        VD best_at[W], second_at[W];
        for (int w = 0; w < W; w++) {
            best[w] = second[w] = PASTE(all_, SET)(INFINITY);
            best_at[w] = second_at[w] = PASTE(all_, SET)(-1);
        }
        for (int32_t c = 0; c < k; c++) {
            VD sum[W], at = PASTE(all_, SET)(c);
            PASTE(squares_, SET)(block + q, d, centroids + (int64_t)c * d, 1, sum);
            for (int w = 0; w < W; w++) {
                VM closer = sum[w] < best[w], next = sum[w] < second[w];
                second_at[w] = PASTE(select_, SET)(closer, best_at[w],
                                                   PASTE(select_, SET)(next, at, second_at[w]));
                second[w] = PASTE(select_, SET)(closer, best[w],
                                                PASTE(select_, SET)(next, sum[w], second[w]));
                best_at[w] = PASTE(select_, SET)(closer, at, best_at[w]);
                best[w] = PASTE(select_, SET)(closer, sum[w], best[w]);
            }
        }
        memcpy(distance + q, best, sizeof best);
        memcpy(second_distance + q, second, sizeof second);
        for (int r = 0; r < W * VECTOR_LANES; r++) {
            index[q + r] = (int32_t)best_at[r / VECTOR_LANES][r % VECTOR_LANES];
            second_index[q + r] = (int32_t)second_at[r / VECTOR_LANES][r % VECTOR_LANES];
        }
    }
}

/* Vectors of eight, which the compiler splits where registers are smaller. Whole numbers are modulo 2^64,
 * because lanes behind the features hold whatever follows the row. */
typedef double PASTE(eight_, SET) __attribute__((vector_size(64)));
typedef uint64_t PASTE(whole_eight_, SET) __attribute__((vector_size(64)));
#define V8 PASTE(eight_, SET)
#define I8 PASTE(whole_eight_, SET)

/* Whole numbers of eight values, as km_round() makes them. */
#define WHOLE(x, centre, weight, unit)                                                             \
    ((I8)(((x) - (centre)) * (weight) * (unit) + 0x1.8p52) - UINT64_C(0x4338000000000000))

/* value = eight values of T at p, as doubles. */
#define WIDEN(value, T, p)                                                                         \
    do {                                                                                           \
        T row __attribute__((vector_size(8 * sizeof(T))));                                         \
        memcpy(&row, p, sizeof row);                                                               \
        (value) = __builtin_convertvector(row, V8);                                                \
    } while (0)
#define WIDEN_double(value, p) WIDEN(value, double, p)
#ifdef __AVX512F__ /* the compiler would convert in halves */
#define WIDEN_float(value, p) ((value) = (V8)_mm512_cvtps_pd(_mm256_loadu_ps(p)))
#else
#define WIDEN_float(value, p) WIDEN(value, float, p)
#endif

/* sums[0..7] OP= whole */
#define INTO(sums, OP, whole)                                                                      \
    do {                                                                                           \
        I8 sum;                                                                                    \
        memcpy(&sum, sums, sizeof sum);                                                            \
        sum OP(whole);                                                                             \
        memcpy(sums, &sum, sizeof sum);                                                            \
    } while (0)

/* MOVE(NAME, T) makes, for rows of T:
 *   NAME_eights  the moving rows of `rows`, eight features at a time, E eights a row, each of weight 1
 *                unless WEIGHTED
 *   NAME_words   one row, feature by feature: rows behind which nothing may be read, and the second
 *                words of the sums
 *   NAME         the function of the table */
#define MOVE(NAME, T)                                                                              \
    static inline __attribute__((always_inline)) void PASTE(NAME##eights_, SET)(                   \
        const km_move *m, uint64_t rows, const int E, const int WEIGHTED) {                        \
        /* Copies, because the compiler must take it that sums could change what m holds. */       \
        const T *samples = m->samples;                                                             \
        const km_label *leave = m->from, *join = m->to;                                            \
        const double *centres = m->centre, *units = m->unit, *weights = m->weights;                \
        int64_t *sums = m->sums, *counts = m->counts;                                              \
        const int64_t row_stride = m->row_stride, stride = (int64_t)E * KM_SUM_LANES;              \
        for (; rows != 0; rows &= rows - 1) {                                                      \
            int r = __builtin_ctzll(rows);                                                         \
            const T *x = samples + r * row_stride;                                                 \
            double weight = WEIGHTED ? weights[r] : 1.0;                                           \
            int64_t from = leave[r], to = join[r];                                                 \
            int64_t *plus = sums + to * stride, *minus = sums + from * stride;                     \
            counts[to]++;                                                                          \
            if (from == KM_NO_LABEL) {                                                             \
                for (int e = 0; e < E * 8; e += 8) {                                               \
                    V8 value, centre, unit;                                                        \
                    WIDEN_##T(value, x + e);                                                       \
                    memcpy(&centre, centres + e, sizeof centre);                                   \
                    memcpy(&unit, units + e, sizeof unit);                                         \
                    INTO(plus + e, +=, WHOLE(value, centre, weight, unit));                        \
                }                                                                                  \
                continue;                                                                          \
            }                                                                                      \
            counts[from]--;                                                                        \
            for (int e = 0; e < E * 8; e += 8) {                                                   \
                V8 value, centre, unit;                                                            \
                WIDEN_##T(value, x + e);                                                           \
                memcpy(&centre, centres + e, sizeof centre);                                       \
                memcpy(&unit, units + e, sizeof unit);                                             \
                I8 whole = WHOLE(value, centre, weight, unit);                                     \
                INTO(plus + e, +=, whole);                                                         \
                INTO(minus + e, -=, whole);                                                        \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void PASTE(NAME##words_, SET)(const km_move *move, int r) {                             \
        const T *x = (const T *)move->samples + r * move->row_stride;                              \
        const int64_t stride = km_sum_stride(move->n_features);                                    \
        double weight = move->weights != NULL ? move->weights[r] : 1.0;                            \
        int64_t from = move->from[r], to = move->to[r];                                            \
        int64_t plus = to * stride, minus = from * stride;                                         \
        int joins_only = from == KM_NO_LABEL;                                                      \
        move->counts[to]++;                                                                        \
        if (!joins_only) {                                                                         \
            move->counts[from]--;                                                                  \
        }                                                                                          \
        for (int32_t j = 0; j < move->n_features; j++) {                                           \
            double units = ((double)x[j] - move->centre[j]) * weight * move->unit[j];              \
            int64_t whole = km_round(units);                                                       \
            move->sums[plus + j] += whole;                                                         \
            if (!joins_only) {                                                                     \
                move->sums[minus + j] -= whole;                                                    \
            }                                                                                      \
            if (move->fine != NULL) {                                                              \
                int64_t fine = km_round((units - (double)whole) * move->fine[j]);                  \
                move->fine_sums[plus + j] += fine;                                                 \
                if (!joins_only) {                                                                 \
                    move->fine_sums[minus + j] -= fine;                                            \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void PASTE(NAME, SET)(const km_move *move) {                                            \
        uint64_t in_eights = move->fine != NULL ? 0 : move->rows & move->whole_eights;             \
        for (uint64_t rows = move->rows & ~in_eights; rows != 0; rows &= rows - 1) {               \
            PASTE(NAME##words_, SET)(move, __builtin_ctzll(rows));                                 \
        }                                                                                          \
        int eights = (int)(km_sum_stride(move->n_features) / KM_SUM_LANES);                        \
        if (move->weights != NULL) {                                                               \
            PASTE(NAME##eights_, SET)(move, in_eights, eights, 1);                                 \
        } else if (eights == 1) {                                                                  \
            PASTE(NAME##eights_, SET)(move, in_eights, 1, 0);                                      \
        } else if (eights == 2) {                                                                  \
            PASTE(NAME##eights_, SET)(move, in_eights, 2, 0);                                      \
        } else {                                                                                   \
            PASTE(NAME##eights_, SET)(move, in_eights, eights, 0);                                 \
        }                                                                                          \
    }

MOVE(move_f32_, float)
MOVE(move_f64_, double)

/* Eight rows of eight values to eight columns: pairs, then fours, then eights change places. */
#define ONES_LOW   0, 8, 2, 10, 4, 12, 6, 14
#define ONES_HIGH  1, 9, 3, 11, 5, 13, 7, 15
#define TWOS_LOW   0, 1, 8, 9, 4, 5, 12, 13
#define TWOS_HIGH  2, 3, 10, 11, 6, 7, 14, 15
#define FOURS_LOW  0, 1, 2, 3, 8, 9, 10, 11
#define FOURS_HIGH 4, 5, 6, 7, 12, 13, 14, 15

static inline __attribute__((always_inline)) void PASTE(transpose_, SET)(V8 *v) {
    for (int i = 0; i < 8; i += 2) {
        V8 low = __builtin_shufflevector(v[i], v[i + 1], ONES_LOW);
        v[i + 1] = __builtin_shufflevector(v[i], v[i + 1], ONES_HIGH);
        v[i] = low;
    }
    for (int i = 0; i < 8; i += i % 4 == 1 ? 3 : 1) { /* 0 1 4 5 */
        V8 low = __builtin_shufflevector(v[i], v[i + 2], TWOS_LOW);
        v[i + 2] = __builtin_shufflevector(v[i], v[i + 2], TWOS_HIGH);
        v[i] = low;
    }
    for (int i = 0; i < 4; i++) {
        V8 low = __builtin_shufflevector(v[i], v[i + 4], FOURS_LOW);
        v[i + 4] = __builtin_shufflevector(v[i], v[i + 4], FOURS_HIGH);
        v[i] = low;
    }
}

/* The distances of eight centroids go through their features together, eight at a time. */
static void PASTE(some_distances_, SET)(const double *row, int32_t d, const double *centroids,
                                        const int32_t *which, int32_t n, double *out) {
    const int32_t whole = d / 8 * 8;
    for (int32_t at = 0; at < n; at += 8) {
        const double *from[8];
        double sums[8];
        for (int32_t i = 0; i < 8; i++) { /* where there are fewer, the last one again */
            from[i] = centroids + (int64_t)which[at + i < n ? at + i : n - 1] * d;
        }
        V8 sum = {0};
        for (int32_t j = 0; j < whole; j += 8) {
            V8 x, v[8];
            memcpy(&x, row + j, sizeof x);
            for (int i = 0; i < 8; i++) {
                V8 centroid;
                memcpy(&centroid, from[i] + j, sizeof centroid);
                V8 away = x - centroid;
                v[i] = away * away;
            }
            PASTE(transpose_, SET)(v);
            for (int i = 0; i < 8; i++) {
                sum += v[i];
            }
        }
        memcpy(sums, &sum, sizeof sums);
        for (int32_t i = 0; i < 8 && at + i < n; i++) {
            for (int32_t j = whole; j < d; j++) {
                double away = row[j] - from[i][j];
                sums[i] += away * away;
            }
            out[at + i] = sums[i];
        }
    }
}

#define BLOCK(NAME, T)                                                                             \
    static void PASTE(NAME, SET)(const T *values, int64_t row_stride, int32_t d, double *out) {    \
        int32_t j = 0;                                                                             \
        for (; j + 8 <= d; j += 8) {                                                               \
            for (int r = 0; r < KM_LANES; r += 8) {                                                \
                V8 v[8];                                                                           \
                for (int i = 0; i < 8; i++) {                                                      \
                    T row __attribute__((vector_size(8 * sizeof(T))));                             \
                    memcpy(&row, values + (r + i) * row_stride + j, sizeof row);                   \
                    v[i] = __builtin_convertvector(row, V8);                                       \
                }                                                                                  \
                PASTE(transpose_, SET)(v);                                                         \
                for (int i = 0; i < 8; i++) {                                                      \
                    memcpy(out + (int64_t)(j + i) * KM_LANES + r, &v[i], sizeof v[i]);             \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        for (; j < d; j++) {                                                                       \
            for (int r = 0; r < KM_LANES; r++) {                                                   \
                out[(int64_t)j * KM_LANES + r] = (double)values[r * row_stride + j];               \
            }                                                                                      \
        }                                                                                          \
    }

BLOCK(block_f32_, float)
BLOCK(block_f64_, double)

#undef BLOCK
#undef ONES_LOW
#undef ONES_HIGH
#undef TWOS_LOW
#undef TWOS_HIGH
#undef FOURS_LOW
#undef FOURS_HIGH

static void PASTE(widen_, SET)(const double *x, double *low, double *high) {
    double least[STRIP], most[STRIP];
    for (int r = 0; r < STRIP; r++) {
        least[r] = *low;
        most[r] = *high;
    }
    for (int q = 0; q < KM_LANES; q += STRIP) {
        for (int r = 0; r < STRIP; r++) {
            least[r] = x[q + r] < least[r] ? x[q + r] : least[r];
            most[r] = x[q + r] > most[r] ? x[q + r] : most[r];
        }
    }
    for (int r = 0; r < STRIP; r++) {
        *low = least[r] < *low ? least[r] : *low;
        *high = most[r] > *high ? most[r] : *high;
    }
}

static int64_t PASTE(sum_whole_, SET)(const double *x, const double *weights, double base,
                                      double unit) {
    int64_t sum = 0;
    for (int r = 0; r < KM_LANES; r++) {
        sum += km_round((x[r] - base) * weights[r] * unit);
    }
    return sum;
}

static void PASTE(sum_wide_, SET)(const double *x, double unit, int64_t *high, int64_t *low) {
    int64_t whole_sum = 0, rest_sum = 0;
    for (int r = 0; r < KM_LANES; r++) {
        double units = x[r] * unit;
        int64_t whole = km_round(units);
        whole_sum += whole;
        rest_sum += km_round((units - (double)whole) * 0x1p40);
    }
    *high = whole_sum;
    *low = rest_sum;
}

/* Side by side, without branches: one by one, every step would wait for the last. */
#if defined(__AVX512F__)
static void PASTE(bins_, SET)(const double *upper, const double *x, uint8_t *out) {
    /* The first four steps ask 15 numbers, which two registers hold. */
    double every_16th[16];
    for (int i = 0; i < 16; i++) {
        every_16th[i] = upper[16 * i + 15];
    }
    const __m512d low = _mm512_loadu_pd(every_16th), high = _mm512_loadu_pd(every_16th + 8);
    for (int q = 0; q < KM_LANES; q += 8) {
        __m512d value = _mm512_loadu_pd(x + q);
        __m512i at = _mm512_setzero_si512();
        for (int step = 8; step > 0; step /= 2) {
            __m512i asked = _mm512_add_epi64(at, _mm512_set1_epi64(step - 1));
            __m512d limit = _mm512_permutex2var_pd(low, asked, high);
            at = _mm512_mask_add_epi64(at, _mm512_cmp_pd_mask(limit, value, _CMP_LT_OQ), at,
                                       _mm512_set1_epi64(step));
        }
        at = _mm512_slli_epi64(at, 4);
        for (int step = 8; step > 0; step /= 2) {
            __m512d limit = _mm512_i64gather_pd(at, upper + step - 1, 8);
            at = _mm512_mask_add_epi64(at, _mm512_cmp_pd_mask(limit, value, _CMP_LT_OQ), at,
                                       _mm512_set1_epi64(step));
        }
        _mm_storel_epi64((__m128i *)(void *)(out + q), _mm512_cvtepi64_epi8(at));
    }
}
#else
static void PASTE(bins_, SET)(const double *upper, const double *x, uint8_t *out) {
    enum { SIDE_BY_SIDE = 16 };
    for (int q = 0; q < KM_LANES; q += SIDE_BY_SIDE) {
        int32_t at[SIDE_BY_SIDE] = {0};
        for (int32_t step = 128; step > 0; step /= 2) {
            for (int r = 0; r < SIDE_BY_SIDE; r++) {
                at[r] += step & -(int32_t)(upper[at[r] + step - 1] < x[q + r]);
            }
        }
        for (int r = 0; r < SIDE_BY_SIDE; r++) {
            out[q + r] = (uint8_t)at[r];
        }
    }
}
#endif

/* Never lower for a higher value, whatever is rounded. */
static void PASTE(steps_, SET)(const double *x, double low, double per_unit, int32_t n_steps,
                               uint16_t *out) {
    const double last = n_steps - 1, none = n_steps;
    for (int r = 0; r < KM_LANES; r++) {
        double at = (x[r] - low) * per_unit;
        at = at > 0 ? at : 0;
        at = at < last ? at : last;
        at = fabs(x[r]) < INFINITY ? at : none;
        out[r] = (uint16_t)(int32_t)at;
    }
}

#include "kernels/draw_template.h"
#include "kernels/fill_template.h"
#include "kernels/scan_template.h"

static void PASTE(own_distances_, SET)(const double *block, int32_t d, const double *centroids,
                                       const int32_t *labels, double *out) {
    for (int q = 0; q < KM_LANES; q += STRIP) {
        double sum[STRIP] = {0};
        int64_t at[STRIP];
        for (int r = 0; r < STRIP; r++) {
            at[r] = (int64_t)labels[q + r] * d;
        }
        for (int32_t j = 0; j < d; j++) {
            const double *x = block + (int64_t)j * KM_LANES + q;
            for (int r = 0; r < STRIP; r++) {
                double difference = x[r] - centroids[at[r] + j];
                sum[r] += difference * difference;
            }
        }
        for (int r = 0; r < STRIP; r++) {
            out[q + r] = sum[r];
        }
    }
}

/* Instead of values, the magic numbers are scaled: rounding and rest are the same. What the magic numbers
 * add to the bits is taken off once, modulo 2^64. */
#define OWN_SUM(NAME, T)                                                                           \
    static inline __attribute__((always_inline)) void PASTE(NAME##rows_, SET)(                     \
        const km_own_sum *s, const int WEIGHTED) {                                                 \
        const double coarse = 0x1.8p52 / s->unit, fine = 0x1.8p12 / s->unit;                       \
        const V8 magic = (V8){0} + coarse, finer = (V8){0} + fine;                                 \
        const int64_t d = s->n_features, ahead = s->ahead;                                         \
        I8 high = {0}, low = {0};                                                                  \
        for (int32_t r = 0; r < s->n_rows; r++) {                                                  \
            const T *x = (const T *)s->rows + r * s->row_stride;                                   \
            const double *own = s->centroids + s->labels[r] * d;                                   \
            for (int64_t j = 0; j < d; j += 8) {                                                   \
                V8 value, centroid;                                                                \
                WIDEN_##T(value, x + j);                                                           \
                __builtin_prefetch(x + j + ahead);                                                 \
                memcpy(&centroid, own + j, sizeof centroid);                                       \
                V8 away = value - centroid;                                                        \
                V8 square = away * away;                                                           \
                if (WEIGHTED) {                                                                    \
                    square *= s->weights[r];                                                       \
                }                                                                                  \
                V8 whole = square + magic;                                                         \
                V8 rest = (square - (whole - magic)) + finer;                                      \
                high += (I8)whole;                                                                 \
                low += (I8)rest;                                                                   \
            }                                                                                      \
        }                                                                                          \
        const uint64_t n = (uint64_t)s->n_rows * (uint64_t)((d + 7) / 8);                          \
        uint64_t coarse_bits, fine_bits;                                                           \
        memcpy(&coarse_bits, &coarse, sizeof coarse);                                              \
        memcpy(&fine_bits, &fine, sizeof fine);                                                    \
        INTO(s->high, +=, high - n * coarse_bits);                                                 \
        INTO(s->low, +=, low - n * fine_bits);                                                     \
    }                                                                                              \
                                                                                                   \
    static void PASTE(NAME, SET)(const km_own_sum *s) {                                            \
        if (s->weights != NULL) {                                                                  \
            PASTE(NAME##rows_, SET)(s, 1);                                                         \
        } else {                                                                                   \
            PASTE(NAME##rows_, SET)(s, 0);                                                         \
        }                                                                                          \
    }

OWN_SUM(own_sum_f32_, float)
OWN_SUM(own_sum_f64_, double)

#include "kernels/bounds_template.h"

#undef OWN_SUM

#undef MOVE
#undef WHOLE
#undef INTO
#undef WIDEN
#undef WIDEN_float
#undef WIDEN_double
#undef V8
#undef I8
#undef STRIP
#undef VD
#undef VM
#undef W
#undef VECTOR_LANES

#define KERNELS_OF_SET(NAME, HELP, AVAILABLE, GROUP, ASSIGN_I16, NEAR_I16, GROUP_I16, PLANE_BYTES, \
                       SEED)                                                                       \
    {                                                                                              \
        .named = {NAME, HELP}, .available = (AVAILABLE), .group = (GROUP),                         \
        .assign_i16 = (ASSIGN_I16), .near_i16 = (NEAR_I16), .group_i16 = (GROUP_I16),              \
        .assign_f32 = PASTE(assign_f32_, SET), .assign_f64 = PASTE(assign_f64_, SET),              \
        .move_f32 = PASTE(move_f32_, SET), .move_f64 = PASTE(move_f64_, SET),                      \
        .block_f32 = PASTE(block_f32_, SET), .block_f64 = PASTE(block_f64_, SET),                  \
        .widen = PASTE(widen_, SET), .sum_wide = PASTE(sum_wide_, SET), .bins = PASTE(bins_, SET), \
        .steps = PASTE(steps_, SET), .hash = PASTE(hash_, SET), .numbers = PASTE(numbers_, SET),   \
        .sum_whole = PASTE(sum_whole_, SET), .fill_f32 = PASTE(fill_f32_, SET),                    \
        .fill_f64 = PASTE(fill_f64_, SET), .scan_f32 = PASTE(scan_f32_, SET),                      \
        .scan_f64 = PASTE(scan_f64_, SET), .own_distances = PASTE(own_distances_, SET),            \
        .distances = PASTE(distances_, SET), .nearest = PASTE(nearest_, SET), .seed = (SEED),      \
        .seed_reached = PASTE(seed_reached_, SET), .seed_append = PASTE(seed_append_, SET),        \
        .limits = PASTE(limits_, SET), .count = PASTE(count_, SET), .filter = PASTE(filter_, SET), \
        .margins = PASTE(margins_, SET), .keys = PASTE(keys_, SET),                                \
        .compact = PASTE(compact_, SET), .row_distances = PASTE(row_distances_, SET),              \
        .some_distances = PASTE(some_distances_, SET), .own_sum_f32 = PASTE(own_sum_f32_, SET),    \
        .own_sum_f64 = PASTE(own_sum_f64_, SET), .seed_sample = PASTE(seed_sample_, SET),          \
        .plane_bytes = (PLANE_BYTES),                                                              \
    }
