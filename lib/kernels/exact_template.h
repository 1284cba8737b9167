/* One source of the exact kernels (float64, fixed order, no fused multiply-add) and of the moves
 * between exact sums, included once per instruction set; plain loops over lanes, which the compiler
 * turns into vectors of that set. The results are the same bits on every set.
 *
 * SET is the suffix of the names, VECTOR_BYTES the size of a register. */
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

/* Adds the whole numbers of the moving rows of a tile to their clusters, and subtracts them from those
 * they leave; D is a constant where the number of features is small. */
static inline __attribute__((always_inline)) void PASTE(move_whole_, SET)(const km_move *move,
                                                                          const int D) {
    const int64_t d = D;
    for (uint64_t rows = move->rows; rows != 0; rows &= rows - 1) {
        int r = __builtin_ctzll(rows);
        const int64_t *whole = move->whole + r * d;
        int64_t from = move->from[r], to = move->to[r];
        int64_t *plus = move->sums + to * d;
        for (int32_t j = 0; j < D; j++) {
            plus[j] += whole[j];
        }
        if (from >= 0) {
            int64_t *minus = move->sums + from * d;
            for (int32_t j = 0; j < D; j++) {
                minus[j] -= whole[j];
            }
        }
    }
}

static void PASTE(move_whole_rows_, SET)(const km_move *move) {
    switch (move->n_features) {
    case 1: PASTE(move_whole_, SET)(move, 1); break;
    case 2: PASTE(move_whole_, SET)(move, 2); break;
    case 3: PASTE(move_whole_, SET)(move, 3); break;
    case 4: PASTE(move_whole_, SET)(move, 4); break;
    case 5: PASTE(move_whole_, SET)(move, 5); break;
    case 6: PASTE(move_whole_, SET)(move, 6); break;
    case 7: PASTE(move_whole_, SET)(move, 7); break;
    case 8: PASTE(move_whole_, SET)(move, 8); break;
    default: PASTE(move_whole_, SET)(move, move->n_features); break;
    }
}

/* From so many moving rows of a tile on, all its whole numbers are made at once. */
#define MANY_ROWS 12

/* Whole numbers of one row, added to one cluster and subtracted from another; minus may be NULL. */
#define MOVE(NAME, T)                                                                              \
    static inline void PASTE(NAME##row_, SET)(const km_move *move, const T *x, double weight,      \
                                              int64_t *plus, int64_t *minus) {                     \
        const int32_t d = move->n_features;                                                        \
        const double *centre = move->centre, *unit = move->unit;                                   \
        if (minus == NULL) {                                                                       \
            for (int32_t j = 0; j < d; j++) {                                                      \
                plus[j] += km_round(((double)x[j] - centre[j]) * weight * unit[j]);                \
            }                                                                                      \
        } else {                                                                                   \
            for (int32_t j = 0; j < d; j++) {                                                      \
                int64_t whole = km_round(((double)x[j] - centre[j]) * weight * unit[j]);           \
                plus[j] += whole;                                                                  \
                minus[j] -= whole;                                                                 \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static inline void PASTE(NAME##fine_, SET)(const km_move *move, const T *x, double weight,     \
                                               int64_t *plus, int64_t *minus) {                    \
        for (int32_t j = 0; j < move->n_features; j++) {                                           \
            double units = ((double)x[j] - move->centre[j]) * weight * move->unit[j];              \
            int64_t fine = km_round((units - (double)km_round(units)) * move->fine[j]);            \
            plus[j] += fine;                                                                       \
            if (minus != NULL) {                                                                   \
                minus[j] -= fine;                                                                  \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void PASTE(NAME, SET)(const km_move *move) {                                            \
        const int64_t d = move->n_features;                                                        \
        if (move->whole != NULL && move->fine == NULL && move->weights == NULL &&                  \
            move->row_stride == d && __builtin_popcountll(move->rows) >= MANY_ROWS) {              \
            const T *x = move->samples;                                                            \
            const double *centre = move->centre_rows, *unit = move->unit_rows;                     \
            int64_t n = d * (KM_LANES - __builtin_clzll(move->rows)); /* to the last that moves */ \
            for (int64_t i = 0; i < n; i++) {                                                      \
                move->whole[i] = km_round(((double)x[i] - centre[i]) * unit[i]);                   \
            }                                                                                      \
            PASTE(move_whole_rows_, SET)(move);                                                    \
            return;                                                                                \
        }                                                                                          \
        for (uint64_t rows = move->rows; rows != 0; rows &= rows - 1) {                            \
            int r = __builtin_ctzll(rows);                                                         \
            const T *x = (const T *)move->samples + r * move->row_stride;                          \
            double weight = move->weights != NULL ? move->weights[r] : 1.0;                        \
            int64_t from = move->from[r], to = move->to[r];                                        \
            PASTE(NAME##row_, SET)                                                                 \
            (move, x, weight, move->sums + to * d, from >= 0 ? move->sums + from * d : NULL);      \
            if (move->fine != NULL) {                                                              \
                PASTE(NAME##fine_, SET)                                                            \
                (move, x, weight, move->fine_sums + to * d,                                        \
                 from >= 0 ? move->fine_sums + from * d : NULL);                                   \
            }                                                                                      \
        }                                                                                          \
    }

MOVE(move_f32_, float)
MOVE(move_f64_, double)

/* Eight rows of eight values to eight columns: pairs, then fours, then eights change places. */
typedef double PASTE(eight_, SET) __attribute__((vector_size(64)));
#define V8         PASTE(eight_, SET)
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
#undef V8
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

static void PASTE(fill_column_, SET)(km_column *column) {
    const double *x = column->x;
    const double centre = column->centre, scale = column->scale, little = column->little;
    double value[KM_LANES];
    for (int r = 0; r < KM_LANES; r++) {
        value[r] = (x[r] - centre) * scale;
        column->norms[r] += value[r] * value[r];
    }
    for (int r = column->n_rows; r < KM_LANES; r++) {
        value[r] = 0;
    }
    if (column->f32 != NULL) {
        for (int r = 0; r < KM_LANES; r++) {
            column->f32[r] = (float)value[r];
        }
    } else {
        for (int r = 0; r < KM_LANES; r++) {
            column->f64[r] = value[r];
        }
    }
    int64_t high = 0, low = 0, n_little = 0;
    for (int r = 0; r < KM_LANES; r++) {
        double deviation = x[r] - centre;
        double units = deviation * deviation * column->weights[r] * column->square_unit;
        int64_t whole = km_round(units);
        high += whole;
        low += km_round((units - (double)whole) * 0x1p40);
    }
    for (int r = 0; r < column->n_rows; r++) {
        double size = fabs(x[r] - centre);
        n_little += (size < little) & (size > 0);
    }
    column->high = high;
    column->low = low;
    column->n_little = n_little;
}

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

#undef MOVE
#undef MANY_ROWS
#undef STRIP
#undef VD
#undef VM
#undef W
#undef VECTOR_LANES

#define KERNELS_OF_SET(NAME, HELP, AVAILABLE, GROUP)                                               \
    {                                                                                              \
        .named = {NAME, HELP}, .available = (AVAILABLE), .group = (GROUP),                         \
        .assign_f32 = PASTE(assign_f32_, SET), .assign_f64 = PASTE(assign_f64_, SET),              \
        .move_f32 = PASTE(move_f32_, SET), .move_f64 = PASTE(move_f64_, SET),                      \
        .block_f32 = PASTE(block_f32_, SET), .block_f64 = PASTE(block_f64_, SET),                  \
        .widen = PASTE(widen_, SET), .sum_whole = PASTE(sum_whole_, SET),                          \
        .fill_column = PASTE(fill_column_, SET), .own_distances = PASTE(own_distances_, SET),      \
        .distances = PASTE(distances_, SET), .nearest = PASTE(nearest_, SET),                      \
    }
