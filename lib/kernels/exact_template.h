/* One source of the exact kernels (float64, fixed order, no fused multiply-add) and of the moves
 * between exact sums, included once per instruction set; plain loops over lanes, which the compiler
 * turns into vectors of that set. The results are the same bits on every set.
 *
 * SET is the suffix of the names. */
#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)

/* Lanes whose sums are in registers at a time. */
#define STRIP 16

static void PASTE(distances_, SET)(const double *block, int32_t d, const double *centroids,
                                   int32_t k, double *out) {
    for (int32_t c = 0; c < k; c++) {
        const double *centroid = centroids + (int64_t)c * d;
        for (int q = 0; q < KM_LANES; q += STRIP) {
            double sum[STRIP] = {0};
            for (int32_t j = 0; j < d; j++) {
                const double *x = block + (int64_t)j * KM_LANES + q;
                for (int r = 0; r < STRIP; r++) {
                    double difference = x[r] - centroid[j];
                    sum[r] += difference * difference;
                }
            }
            for (int r = 0; r < STRIP; r++) {
                out[(int64_t)c * KM_LANES + q + r] = sum[r];
            }
        }
    }
}

static void PASTE(nearest_, SET)(const double *block, int32_t d, const double *centroids, int32_t k,
                                 int32_t *index, double *distance, int32_t *second_index,
                                 double *second_distance) {
    for (int q = 0; q < KM_LANES; q += STRIP) {
        double best[STRIP], second[STRIP];
        /* As numbers, so that they blend like the distances. */
        double best_at[STRIP], second_at[STRIP];
        for (int r = 0; r < STRIP; r++) {
            best[r] = second[r] = INFINITY;
            best_at[r] = second_at[r] = -1;
        }
        for (int32_t c = 0; c < k; c++) {
            const double *centroid = centroids + (int64_t)c * d;
            double sum[STRIP] = {0};
            for (int32_t j = 0; j < d; j++) {
                const double *x = block + (int64_t)j * KM_LANES + q;
                for (int r = 0; r < STRIP; r++) {
                    double difference = x[r] - centroid[j];
                    sum[r] += difference * difference;
                }
            }
            double at = c;
            for (int r = 0; r < STRIP; r++) {
                int closer = sum[r] < best[r], next = sum[r] < second[r];
                second_at[r] = closer ? best_at[r] : next ? at : second_at[r];
                second[r] = closer ? best[r] : next ? sum[r] : second[r];
                best_at[r] = closer ? at : best_at[r];
                best[r] = closer ? sum[r] : best[r];
            }
        }
        for (int r = 0; r < STRIP; r++) {
            index[q + r] = (int32_t)best_at[r];
            distance[q + r] = best[r];
            second_index[q + r] = (int32_t)second_at[r];
            second_distance[q + r] = second[r];
        }
    }
}

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
        for (uint64_t rows = move->rows; rows != 0; rows &= rows - 1) {                            \
            int r = __builtin_ctzll(rows);                                                         \
            const T *x = (const T *)move->samples + r * move->row_stride;                          \
            double weight = move->weights != NULL ? move->weights[r] : 1.0;                        \
            int64_t count = move->counts != NULL ? move->counts[r] : 1;                            \
            int64_t from = move->from[r], to = move->to[r];                                        \
            move->totals[to] += count;                                                             \
            if (from >= 0) {                                                                       \
                move->totals[from] -= count;                                                       \
            }                                                                                      \
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

#undef MOVE
#undef STRIP

#define KERNELS_OF_SET(NAME, HELP, AVAILABLE)                                                      \
    {                                                                                              \
        {NAME, HELP}, AVAILABLE, 4, PASTE(assign_f32_, SET), PASTE(assign_f64_, SET),              \
            PASTE(move_f32_, SET), PASTE(move_f64_, SET), PASTE(distances_, SET),                  \
            PASTE(nearest_, SET)                                                                   \
    }
