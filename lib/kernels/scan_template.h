/* Reading samples once as they lie in memory, included by exact_template.h once per instruction set:
 * smallest and largest of every feature, and nearly the mean. Rows follow one another without gaps, so
 * value i of every n_lanes belongs to feature i % n_features, and nothing has to be turned.
 *
 * Four periods of n_lanes are read side by side, so that running figures are loaded and stored once for
 * four values. Differences from the base are added four by four before they go on in float64: in float32
 * that loses at most 3 2^-24 of the largest of them, per value. */
#define SF PASTE(scan_f32_vector_, SET)
#define SH PASTE(scan_half_vector_, SET)
#define SD PASTE(scan_f64_vector_, SET)
typedef float SF __attribute__((vector_size(VECTOR_BYTES)));
typedef float SH __attribute__((vector_size(VECTOR_BYTES / 2)));
typedef double SD __attribute__((vector_size(VECTOR_BYTES)));

/* sums += the float32 lanes of four, in float64. */
static inline __attribute__((always_inline)) void PASTE(scan_add_f32_, SET)(double *sums,
                                                                            const SF *four) {
    SH half[2];
    SD sum[2];
    memcpy(half, four, sizeof half);
    memcpy(sum, sums, sizeof sum);
    for (int i = 0; i < 2; i++) {
#ifdef KM_WIDEN
        sum[i] += (SD)KM_WIDEN(half[i]);
#else
        sum[i] += __builtin_convertvector(half[i], SD);
#endif
    }
    memcpy(sums, sum, sizeof sum);
}

static inline __attribute__((always_inline)) void PASTE(scan_add_f64_, SET)(double *sums,
                                                                            const SD *four) {
    SD sum;
    memcpy(&sum, sums, sizeof sum);
    sum += *four;
    memcpy(sums, &sum, sizeof sum);
}

/* Values that are asked for ahead of their use. */
#define SCAN_AHEAD 1024

#define SCAN(NAME, T, V, LOW, HIGH, ADD)                                                           \
    static void PASTE(NAME, SET)(const km_scan *s, const void *values, int64_t n_blocks) {         \
        const int64_t n = s->n_lanes;                                                              \
        const T *x = values;                                                                       \
        __typeof__((T)0) *least = s->smallest;                                                     \
        __typeof__((T)0) *most = s->largest;                                                       \
        const int64_t blocks_ahead = 1 + SCAN_AHEAD / (KM_SCAN_PERIODS * n);                       \
        for (int64_t b = 0; b < n_blocks; b++, x += KM_SCAN_PERIODS * n) {                         \
            int64_t ahead = b + blocks_ahead < n_blocks ? blocks_ahead * KM_SCAN_PERIODS * n : 0;  \
            for (int64_t i = 0; i < n; i += VECTOR_BYTES / (int)sizeof(T)) {                       \
                V v[KM_SCAN_PERIODS], low, high, base;                                             \
                for (int p = 0; p < KM_SCAN_PERIODS; p++) {                                        \
                    memcpy(&v[p], x + p * n + i, sizeof v[p]);                                     \
                    __builtin_prefetch(x + ahead + p * n + i);                                     \
                }                                                                                  \
                memcpy(&low, least + i, sizeof low);                                               \
                memcpy(&high, most + i, sizeof high);                                              \
                memcpy(&base, (const T *)s->base + i, sizeof base);                                \
                for (int p = 0; p < KM_SCAN_PERIODS; p++) {                                        \
                    low = (V)LOW(v[p], low);                                                       \
                    high = (V)HIGH(v[p], high);                                                    \
                    v[p] -= base;                                                                  \
                }                                                                                  \
                memcpy(least + i, &low, sizeof low);                                               \
                memcpy(most + i, &high, sizeof high);                                              \
                V four = (v[0] + v[1]) + (v[2] + v[3]);                                            \
                PASTE(ADD, SET)(s->sums + i, &four);                                               \
            }                                                                                      \
        }                                                                                          \
    }

SCAN(scan_f32_, float, SF, KM_LOW_F32, KM_HIGH_F32, scan_add_f32_)
SCAN(scan_f64_, double, SD, KM_LOW_F64, KM_HIGH_F64, scan_add_f64_)

#undef SCAN
#undef SCAN_AHEAD
#undef SF
#undef SH
#undef SD
