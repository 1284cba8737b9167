/* Building one tile of 64 rows, included by exact_template.h once per instruction set: the rows are
 * turned to columns once, then every column is read twice from the nearest cache, for the exact sums and
 * for the values of the tile. All of it is the same bits on every set: no fused multiply-add, one order
 * of the features, integer sums.
 *
 * Rounding to an integer is adding a number so large that the unit of the last place is 1; the integer
 * is then in the low bits. */
#define VF PASTE(fill_vector_, SET)
#define VI PASTE(fill_mask_, SET)
typedef float VF __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t VI __attribute__((vector_size(VECTOR_BYTES)));
#define FLOAT_LANES (VECTOR_BYTES / 4)

/* Float lanes as wide as VD has doubles. */
#define VH PASTE(fill_half_, SET)
typedef float VH __attribute__((vector_size(VECTOR_BYTES / 2)));

static inline __attribute__((always_inline)) VF PASTE(fill_all_, SET)(float x) {
    return x - (VF){0};
}

/* Four rows of four values to four columns, in every 128 bits of four vectors. */
typedef float PASTE(four_, SET) __attribute__((vector_size(16)));
#define V4 PASTE(four_, SET)

#if VECTOR_BYTES == 64
#define IN_LANES(a, b, c, d)                                                                       \
    (a), (b), (c), (d), (a) + 4, (b) + 4, (c) + 4, (d) + 4, (a) + 8, (b) + 8, (c) + 8, (d) + 8,    \
        (a) + 12, (b) + 12, (c) + 12, (d) + 12
#elif VECTOR_BYTES == 32
#define IN_LANES(a, b, c, d) (a), (b), (c), (d), (a) + 4, (b) + 4, (c) + 4, (d) + 4
#else
#define IN_LANES(a, b, c, d) (a), (b), (c), (d)
#endif
#define OTHER FLOAT_LANES /* where the lanes of the second vector begin */

static inline __attribute__((always_inline)) void PASTE(turn_four_, SET)(VF *v) {
    VF a = __builtin_shufflevector(v[0], v[1], IN_LANES(0, OTHER, 1, OTHER + 1));
    VF b = __builtin_shufflevector(v[0], v[1], IN_LANES(2, OTHER + 2, 3, OTHER + 3));
    VF c = __builtin_shufflevector(v[2], v[3], IN_LANES(0, OTHER, 1, OTHER + 1));
    VF d = __builtin_shufflevector(v[2], v[3], IN_LANES(2, OTHER + 2, 3, OTHER + 3));
    v[0] = __builtin_shufflevector(a, c, IN_LANES(0, 1, OTHER, OTHER + 1));
    v[1] = __builtin_shufflevector(a, c, IN_LANES(2, 3, OTHER + 2, OTHER + 3));
    v[2] = __builtin_shufflevector(b, d, IN_LANES(0, 1, OTHER, OTHER + 1));
    v[3] = __builtin_shufflevector(b, d, IN_LANES(2, 3, OTHER + 2, OTHER + 3));
}

static inline __attribute__((always_inline)) V4 PASTE(load_four_, SET)(const float *from) {
    V4 v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* Four values from each of the rows i, i + 4, i + 8, ... of a vector's worth of rows. */
static inline __attribute__((always_inline)) VF PASTE(load_rows_, SET)(const float *from,
                                                                       int64_t row_stride) {
#if VECTOR_BYTES == 16
    (void)row_stride;
    return PASTE(load_four_, SET)(from);
#else
    V4 a = PASTE(load_four_, SET)(from), b = PASTE(load_four_, SET)(from + 4 * row_stride);
    float low __attribute__((vector_size(32))) =
        __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
#if VECTOR_BYTES == 32
    return low;
#else
    V4 c = PASTE(load_four_, SET)(from + 8 * row_stride);
    V4 d = PASTE(load_four_, SET)(from + 12 * row_stride);
    float high __attribute__((vector_size(32))) =
        __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
#endif
}

/* Columns j to j + n - 1 of 64 rows, n <= 4; four values are read of every row. */
static inline __attribute__((always_inline)) void
PASTE(turn_columns_, SET)(const float *rows, int64_t row_stride, const int n, float *out) {
    for (int r = 0; r < KM_LANES; r += FLOAT_LANES) {
        VF v[4];
        for (int i = 0; i < 4; i++) {
            v[i] = PASTE(load_rows_, SET)(rows + (r + i) * row_stride, row_stride);
        }
        PASTE(turn_four_, SET)(v);
        for (int i = 0; i < n; i++) {
            memcpy(out + i * KM_LANES + r, &v[i], sizeof v[i]);
        }
    }
}

/* 64 rows to columns of 64; up to three values behind the last row are read. */
static void PASTE(turn_, SET)(const float *rows, int64_t row_stride, int32_t d, float *out) {
    int32_t j = 0;
    for (; j + 4 <= d; j += 4) {
        PASTE(turn_columns_, SET)(rows + j, row_stride, 4, out + (int64_t)j * KM_LANES);
    }
    switch (d - j) {
    case 3: PASTE(turn_columns_, SET)(rows + j, row_stride, 3, out + (int64_t)j * KM_LANES); break;
    case 2: PASTE(turn_columns_, SET)(rows + j, row_stride, 2, out + (int64_t)j * KM_LANES); break;
    case 1: PASTE(turn_columns_, SET)(rows + j, row_stride, 1, out + (int64_t)j * KM_LANES); break;
    default: break;
    }
}

/* Exact sums of one column: of the deviations, and of their squares. Running totals keep the bits of
 * the large number of every row, which km_fill_rounded() takes off again. */
#define SUMS(NAME, T, VT)                                                                          \
    static inline __attribute__((always_inline)) void PASTE(NAME, SET)(                            \
        km_fill * f, int64_t j, const T *x, const int weighted) {                                  \
        enum { PARTS = KM_FILL_LANES / VECTOR_LANES };                                             \
        const VD magic = PASTE(all_, SET)(0x1.8p52), centre = PASTE(all_, SET)(f->centre[j]);      \
        const VD unit = PASTE(all_, SET)(f->sum_unit[j]);                                          \
        const VD square_unit = PASTE(all_, SET)(f->square_unit[j]);                                \
        VM sum[PARTS], square[PARTS];                                                              \
        memcpy(sum, f->sums + j * KM_FILL_LANES, sizeof sum);                                      \
        memcpy(square, f->squares + j * KM_FILL_LANES, sizeof square);                             \
        for (int q = 0; q < KM_LANES; q += KM_FILL_LANES) {                                        \
            for (int p = 0; p < PARTS; p++) {                                                      \
                VT from;                                                                           \
                memcpy(&from, x + q + p * VECTOR_LANES, sizeof from);                              \
                VD away = __builtin_convertvector(from, VD) - centre;                              \
                VD once = away, twice = away * away;                                               \
                if (weighted) {                                                                    \
                    VD weight;                                                                     \
                    memcpy(&weight, f->weights + q + p * VECTOR_LANES, sizeof weight);             \
                    once *= weight;                                                                \
                    twice *= weight;                                                               \
                }                                                                                  \
                sum[p] += (VM)(once * unit + magic);                                               \
                square[p] += (VM)(twice * square_unit + magic);                                    \
            }                                                                                      \
        }                                                                                          \
        memcpy(f->sums + j * KM_FILL_LANES, sum, sizeof sum);                                      \
        memcpy(f->squares + j * KM_FILL_LANES, square, sizeof square);                             \
    }

SUMS(fill_sums_f32_, float, VH)
SUMS(fill_sums_f64_, double, VD)

/* Values of a column in float32, rounded once from float64. */
#define VALUES(NAME, T, VT)                                                                        \
    static inline __attribute__((always_inline)) void PASTE(NAME, SET)(                            \
        km_fill * f, int64_t j, const T *x, float *out, double *wide) {                            \
        const VD centre = PASTE(all_, SET)(f->centre[j]), scale = PASTE(all_, SET)(f->scale);      \
        for (int q = 0; q < KM_LANES; q += VECTOR_LANES) {                                         \
            VT from;                                                                               \
            memcpy(&from, x + q, sizeof from);                                                     \
            VD value = (__builtin_convertvector(from, VD) - centre) * scale;                       \
            VH narrow = __builtin_convertvector(value, VH);                                        \
            memcpy(out + q, &narrow, sizeof narrow);                                               \
            if (wide != NULL) {                                                                    \
                memcpy(wide + q, &value, sizeof value);                                            \
            }                                                                                      \
        }                                                                                          \
    }

VALUES(fill_values_f32_, float, VH)
VALUES(fill_values_f64_, double, VD)

/* A column of float32 values, still to be centred and scaled: exactly, or by 0 and 1. */
typedef struct PASTE(fill_column_, SET) {
    const float *x;
    VF centre, scale, little;
    int32_t *n_little;
} PASTE(fill_column_, SET);
#define COLUMN PASTE(fill_column_, SET)

static inline __attribute__((always_inline)) VF PASTE(fill_value_, SET)(const COLUMN *c, int q) {
    VF x;
    memcpy(&x, c->x + q, sizeof x);
    return (x - c->centre) * c->scale;
}

/* -1 in the lanes whose value is below little, but not 0. */
static inline __attribute__((always_inline)) VI PASTE(fill_little_, SET)(const COLUMN *c, VF v) {
    return (v < c->little) & (v > -c->little) & (v != 0);
}

static inline __attribute__((always_inline)) VF PASTE(fill_load_, SET)(const float *from) {
    VF v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* Two columns (the second may be missing) to 64 pairs of 16-bit integers. */
static inline __attribute__((always_inline)) void
PASTE(fill_pair_, SET)(km_fill *f, const COLUMN *column, const int n, int16_t *out) {
    const VF fine = PASTE(fill_all_, SET)(f->fine), magic = PASTE(fill_all_, SET)(0x1.8p23f);
    VI n_little[2];
    for (int i = 0; i < n; i++) {
        memcpy(&n_little[i], column[i].n_little, sizeof n_little[i]);
    }
    for (int q = 0; q < KM_LANES; q += FLOAT_LANES) {
        VF norm = PASTE(fill_load_, SET)(f->norms + q), rest = PASTE(fill_load_, SET)(f->rests + q);
        VI pair = {0};
        for (int i = 0; i < n; i++) {
            VF v = PASTE(fill_value_, SET)(&column[i], q);
            n_little[i] -= PASTE(fill_little_, SET)(&column[i], v);
            norm += v * v;
            VF value = v * fine, whole = value + magic;
            VF lost = value - (whole - magic);
            rest += lost * lost;
            pair |= i == 0 ? (VI)whole & 0xffff : (VI)whole << 16;
        }
        memcpy(f->norms + q, &norm, sizeof norm);
        memcpy(f->rests + q, &rest, sizeof rest);
        memcpy(out + 2 * q, &pair, sizeof pair);
    }
    for (int i = 0; i < n; i++) {
        memcpy(column[i].n_little, &n_little[i], sizeof n_little[i]);
    }
}

/* One column as it is, or only its part of the norms. */
static inline __attribute__((always_inline)) void
PASTE(fill_single_, SET)(km_fill *f, const COLUMN *column, float *out) {
    VI n_little;
    memcpy(&n_little, column->n_little, sizeof n_little);
    for (int q = 0; q < KM_LANES; q += FLOAT_LANES) {
        VF norm = PASTE(fill_load_, SET)(f->norms + q);
        VF v = PASTE(fill_value_, SET)(column, q);
        n_little -= PASTE(fill_little_, SET)(column, v);
        norm += v * v;
        memcpy(f->norms + q, &norm, sizeof norm);
        if (out != NULL) {
            memcpy(out + q, &v, sizeof v);
        }
    }
    memcpy(column->n_little, &n_little, sizeof n_little);
}

/* The tile from columns of T: j by j, or two by two. */
#define FILL(NAME, T, SUMS_OF, VALUES_OF)                                                          \
    static inline __attribute__((always_inline)) COLUMN PASTE(NAME##column_, SET)(                 \
        km_fill * f, int64_t j, const T *x, float *narrow) {                                       \
        if (f->sums != NULL) {                                                                     \
            if (f->weights != NULL) {                                                              \
                PASTE(SUMS_OF, SET)(f, j, x, 1);                                                   \
            } else {                                                                               \
                PASTE(SUMS_OF, SET)(f, j, x, 0);                                                   \
            }                                                                                      \
        }                                                                                          \
        int exact = sizeof(T) == sizeof(float) && f->narrow;                                       \
        if (!exact || f->f64 != NULL) {                                                            \
            PASTE(VALUES_OF, SET)                                                                  \
            (f, j, x, narrow, f->f64 != NULL ? f->f64 + j * KM_LANES : NULL);                      \
        }                                                                                          \
        return (COLUMN){                                                                           \
            .x = exact ? (const float *)(const void *)x : narrow,                                  \
            .centre = PASTE(fill_all_, SET)(exact ? (float)f->centre[j] : 0),                      \
            .scale = PASTE(fill_all_, SET)(exact ? (float)f->scale : 1),                           \
            .little = PASTE(fill_all_, SET)(f->little[j]),                                         \
            .n_little = f->n_little + j * KM_FILL_COUNTS,                                          \
        };                                                                                         \
    }                                                                                              \
                                                                                                   \
    static void PASTE(NAME##columns_, SET)(km_fill * f, const T *block) {                          \
        _Alignas(64) float narrow[2][KM_LANES];                                                    \
        COLUMN column[2];                                                                          \
        const int64_t d = f->n_features;                                                           \
        memset(f->norms, 0, KM_LANES * sizeof *f->norms);                                          \
        memset(f->rests, 0, KM_LANES * sizeof *f->rests);                                          \
        for (int64_t j = 0; j < d; j++) {                                                          \
            const T *x = block + j * KM_LANES;                                                     \
            column[0] = PASTE(NAME##column_, SET)(f, j, x, narrow[0]);                             \
            if (f->i16 == NULL) {                                                                  \
                PASTE(fill_single_, SET)                                                           \
                (f, column, f->f32 != NULL ? f->f32 + j * KM_LANES : NULL);                        \
            } else if (j + 1 < d) {                                                                \
                column[1] = PASTE(NAME##column_, SET)(f, j + 1, x + KM_LANES, narrow[1]);          \
                PASTE(fill_pair_, SET)(f, column, 2, f->i16 + j * KM_LANES);                       \
                j++;                                                                               \
            } else {                                                                               \
                PASTE(fill_pair_, SET)(f, column, 1, f->i16 + j * KM_LANES);                       \
            }                                                                                      \
        }                                                                                          \
    }

FILL(fill_f32_, float, fill_sums_f32_, fill_values_f32_)
FILL(fill_f64_, double, fill_sums_f64_, fill_values_f64_)

static inline float PASTE(fill_largest_, SET)(const float *values) {
    VF largest = PASTE(fill_load_, SET)(values);
    for (int q = FLOAT_LANES; q < KM_LANES; q += FLOAT_LANES) {
        VF v = PASTE(fill_load_, SET)(values + q);
        largest = (VF)(((v > largest) & (VI)v) | (~(v > largest) & (VI)largest));
    }
    float out = largest[0];
    for (int i = 1; i < FLOAT_LANES; i++) {
        out = largest[i] > out ? largest[i] : out;
    }
    return out;
}

/* What is asked of the norms of all rows. */
static void PASTE(fill_measure_, SET)(km_fill *f) {
    f->most_norm = PASTE(fill_largest_, SET)(f->norms);
    f->most_rest = PASTE(fill_largest_, SET)(f->rests);
    for (int i = 0; i < 2; i++) {
        VF beyond = PASTE(fill_all_, SET)(f->beyond[i]);
        VI n;
        memcpy(&n, f->n_beyond + i * KM_FILL_COUNTS, sizeof n);
        for (int q = 0; q < KM_LANES; q += FLOAT_LANES) {
            n -= PASTE(fill_load_, SET)(f->norms + q) >= beyond;
        }
        memcpy(f->n_beyond + i * KM_FILL_COUNTS, &n, sizeof n);
    }
}

static void PASTE(fill_f32_, SET)(km_fill *f) {
    PASTE(turn_, SET)(f->rows, f->row_stride, f->n_features, f->block);
    PASTE(fill_f32_columns_, SET)(f, f->block);
    PASTE(fill_measure_, SET)(f);
}

static void PASTE(fill_f64_, SET)(km_fill *f) {
    PASTE(block_f64_, SET)(f->rows, f->row_stride, f->n_features, f->block);
    PASTE(fill_f64_columns_, SET)(f, f->block);
    PASTE(fill_measure_, SET)(f);
}

#undef VF
#undef VI
#undef VH
#undef V4
#undef FLOAT_LANES
#undef IN_LANES
#undef OTHER
#undef SUMS
#undef VALUES
#undef COLUMN
#undef FILL
