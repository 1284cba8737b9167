/* Building one tile of 64 rows, included by exact_template.h once per instruction set: the rows are
 * turned to columns once, then every column is read twice from the nearest cache, for the exact sums and
 * for the values of the tile. All of it is the same bits on every set: no fused multiply-add, one order
 * of the features, integer sums.
 *
 * Rounding to an integer is adding a number so large that the unit of the last place is 1; the integer
 * is then in the low bits. */
#define VF PASTE(fill_vector_, SET)
#define VI PASTE(fill_mask_, SET)
#define VU PASTE(fill_bits_, SET)
#define VQ PASTE(fill_wide_bits_, SET)
typedef float VF __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t VI __attribute__((vector_size(VECTOR_BYTES)));
typedef uint32_t VU __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t VQ __attribute__((vector_size(VECTOR_BYTES)));
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

/* Eight columns' lanes of T as doubles. */
#ifdef KM_LOAD_WIDE
#define LOAD_float(p) ((VD)KM_LOAD_WIDE(p))
#define NARROW(wide)  ((VH)KM_NARROW(wide))
#else
static inline __attribute__((always_inline)) VD PASTE(fill_widen_, SET)(const float *from) {
    VH half;
    memcpy(&half, from, sizeof half);
    return __builtin_convertvector(half, VD);
}
#define LOAD_float(p) PASTE(fill_widen_, SET)(p)
#define NARROW(wide)  __builtin_convertvector(wide, VH)
#endif
static inline __attribute__((always_inline)) VD PASTE(fill_load_f64_, SET)(const double *from) {
    VD v;
    memcpy(&v, from, sizeof v);
    return v;
}
#define LOAD_double(p) PASTE(fill_load_f64_, SET)(p)

static inline __attribute__((always_inline)) VF PASTE(fill_load_, SET)(const float *from) {
    VF v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* The number of rows, but not as a constant: loops over the rows of a column shall stay loops, because
 * unrolled they need more registers than there are. */
static inline __attribute__((always_inline)) int PASTE(fill_rows_, SET)(void) {
    int rows = KM_LANES;
    __asm__("" : "+r"(rows));
    return rows;
}

/* Exact sums of one column: of the deviations, and of their squares, rounded to whole units by a number so
 * large that the last place is one. Running totals keep its bits of every row. */
#define SUMS(NAME, T)                                                                              \
    static inline __attribute__((always_inline)) void PASTE(NAME, SET)(                            \
        const km_fill *f, int64_t j, const T *x, const int weighted) {                             \
        enum { PARTS = KM_FILL_LANES / VECTOR_LANES };                                             \
        const VD centre = PASTE(all_, SET)(f->centre[j]);                                          \
        const VD magic = PASTE(all_, SET)(f->sum_magic[j]);                                        \
        const VD square_magic = PASTE(all_, SET)(f->square_magic[j]);                              \
        const double *weights = f->weights;                                                        \
        const int rows = PASTE(fill_rows_, SET)();                                                 \
        VQ sum[PARTS], square[PARTS];                                                              \
        memcpy(sum, f->sums + j * KM_FILL_LANES, sizeof sum);                                      \
        memcpy(square, f->squares + j * KM_FILL_LANES, sizeof square);                             \
        for (int q = 0; q < rows; q += KM_FILL_LANES) {                                            \
            for (int p = 0; p < PARTS; p++) {                                                      \
                VD away = LOAD_##T(x + q + p * VECTOR_LANES) - centre;                             \
                VD once = away, twice = away * away;                                               \
                if (weighted) {                                                                    \
                    VD weight = LOAD_double(weights + q + p * VECTOR_LANES);                       \
                    once *= weight;                                                                \
                    twice *= weight;                                                               \
                }                                                                                  \
                sum[p] += (VQ)(once + magic);                                                      \
                square[p] += (VQ)(twice + square_magic);                                           \
            }                                                                                      \
        }                                                                                          \
        memcpy(f->sums + j * KM_FILL_LANES, sum, sizeof sum);                                      \
        memcpy(f->squares + j * KM_FILL_LANES, square, sizeof square);                             \
    }

SUMS(fill_sums_f32_, float)
SUMS(fill_sums_f64_, double)

/* Values of a column in float32, rounded once from float64; those too, unless wide is NULL. */
#define VALUES(NAME, T)                                                                            \
    static inline __attribute__((always_inline)) void PASTE(NAME, SET)(                            \
        const km_fill *f, int64_t j, const T *x, float *out, double *wide) {                       \
        const VD centre = PASTE(all_, SET)(f->centre[j]), scale = PASTE(all_, SET)(f->scale);      \
        const int rows = PASTE(fill_rows_, SET)();                                                 \
        for (int q = 0; q < rows; q += VECTOR_LANES) {                                             \
            VD value = (LOAD_##T(x + q) - centre) * scale;                                         \
            VH narrow = NARROW(value);                                                             \
            memcpy(out + q, &narrow, sizeof narrow);                                               \
            if (wide != NULL) {                                                                    \
                memcpy(wide + q, &value, sizeof value);                                            \
            }                                                                                      \
        }                                                                                          \
    }

VALUES(fill_values_f32_, float)
VALUES(fill_values_f64_, double)

/* A column of float32 values, still to be centred and scaled: exactly, or by 0 and 1. */
typedef struct PASTE(fill_column_, SET) {
    const float *x;
    VF centre, scale;
    VI little; /* see fill_order_ */
    int32_t *n_little;
} PASTE(fill_column_, SET);
#define COLUMN PASTE(fill_column_, SET)

/* Integers in the order of |v|, but for 0, which comes last. */
static inline __attribute__((always_inline)) VI PASTE(fill_order_, SET)(VF v) {
    return (VI)((VU)v + (VU)v + INT32_MAX); /* modulo 2^32 */
}

/* n += 1 in the lanes where a < b. */
static inline __attribute__((always_inline)) VI PASTE(fill_count_, SET)(VI n, VI a, VI b) {
#ifdef KM_COUNT_LESS
    return (VI)KM_COUNT_LESS(n, a, b);
#else
    return n - (a < b);
#endif
}

/* Two columns (the second may be missing) to 64 pairs of 16-bit integers. */
static inline __attribute__((always_inline)) void
PASTE(fill_pair_, SET)(km_fill *f, const COLUMN *column, const int n, int16_t *out) {
    const VF fine = PASTE(fill_all_, SET)(f->fine), magic = PASTE(fill_all_, SET)(0x1.8p23f);
    const int rows = PASTE(fill_rows_, SET)();
    /* Lines of the next tile but one are fetched to be written: no store waits for them then. */
    const int64_t ahead = f->next != NULL ? ((int64_t)f->n_features + 1) / 2 * 4 * KM_LANES : 0;
    VI n_little[2];
    for (int i = 0; i < n; i++) {
        memcpy(&n_little[i], column[i].n_little, sizeof n_little[i]);
    }
    for (int q = 0; q < rows; q += FLOAT_LANES) {
        VF norm = PASTE(fill_load_, SET)(f->norms + q), rest = PASTE(fill_load_, SET)(f->rests + q);
        VI whole[2] = {{0}, {0}};
        for (int i = 0; i < n; i++) {
            const COLUMN *c = &column[i];
            VF v = (PASTE(fill_load_, SET)(c->x + q) - c->centre) * c->scale;
            n_little[i] =
                PASTE(fill_count_, SET)(n_little[i], PASTE(fill_order_, SET)(v), c->little);
            norm += v * v;
            VF value = v * fine, rounded = value + magic;
            VF lost = value - (rounded - magic);
            rest += lost * lost;
            whole[i] = (VI)rounded;
        }
        VI pair = (VI)(((VU)whole[0] & 0xffff) | (VU)whole[1] << 16);
        memcpy(f->norms + q, &norm, sizeof norm);
        memcpy(f->rests + q, &rest, sizeof rest);
        memcpy(out + 2 * q, &pair, sizeof pair);
        __builtin_prefetch(out + 2 * q + ahead, 1, 2);
    }
    for (int i = 0; i < n; i++) {
        memcpy(column[i].n_little, &n_little[i], sizeof n_little[i]);
    }
}

/* One column as it is, or only its part of the norms. */
static inline __attribute__((always_inline)) void
PASTE(fill_single_, SET)(km_fill *f, const COLUMN *c, float *out) {
    const int rows = PASTE(fill_rows_, SET)();
    VI n_little;
    memcpy(&n_little, c->n_little, sizeof n_little);
    for (int q = 0; q < rows; q += FLOAT_LANES) {
        VF norm = PASTE(fill_load_, SET)(f->norms + q);
        VF v = (PASTE(fill_load_, SET)(c->x + q) - c->centre) * c->scale;
        n_little = PASTE(fill_count_, SET)(n_little, PASTE(fill_order_, SET)(v), c->little);
        norm += v * v;
        memcpy(f->norms + q, &norm, sizeof norm);
        if (out != NULL) {
            memcpy(out + q, &v, sizeof v);
        }
    }
    memcpy(c->n_little, &n_little, sizeof n_little);
}

/* FILL(NAME, T) makes, for rows of T:
 *   NAME_column   the sums of a column, and what its values are made of; SUMMED is 0 for no sums, 2 for
 *                 weighted ones
 *   NAME_columns  the tile, column by column or two by two */
#define FILL(NAME, T, SUMS_OF, VALUES_OF)                                                          \
    static inline __attribute__((always_inline)) COLUMN PASTE(NAME##column_, SET)(                 \
        const km_fill *f, int64_t j, const T *x, float *narrow, const int SUMMED) {                \
        if (f->next != NULL) {                                                                     \
            for (size_t i = 0; i < KM_LANES * sizeof(T); i += 64) { /* a column's worth of rows */ \
                __builtin_prefetch((const T *)f->next + j * KM_LANES + i / sizeof(T));             \
            }                                                                                      \
        }                                                                                          \
        if (SUMMED) {                                                                              \
            PASTE(SUMS_OF, SET)(f, j, x, SUMMED == 2);                                             \
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
            .little = PASTE(fill_order_, SET)(PASTE(fill_all_, SET)(f->little[j])),                \
            .n_little = f->n_little + j * KM_FILL_COUNTS,                                          \
        };                                                                                         \
    }                                                                                              \
                                                                                                   \
    static inline __attribute__((always_inline)) void PASTE(NAME##columns_,                        \
                                                            SET)(km_fill * f, const int SUMMED) {  \
        _Alignas(64) float narrow[2][KM_LANES];                                                    \
        COLUMN column[2];                                                                          \
        const int64_t d = f->n_features;                                                           \
        for (int64_t j = 0; j < d; j++) {                                                          \
            const T *x = (const T *)f->block + j * KM_LANES;                                       \
            column[0] = PASTE(NAME##column_, SET)(f, j, x, narrow[0], SUMMED);                     \
            if (f->i16 == NULL) {                                                                  \
                PASTE(fill_single_, SET)                                                           \
                (f, column, f->f32 != NULL ? f->f32 + j * KM_LANES : NULL);                        \
            } else if (j + 1 < d) {                                                                \
                column[1] = PASTE(NAME##column_, SET)(f, j + 1, x + KM_LANES, narrow[1], SUMMED);  \
                PASTE(fill_pair_, SET)(f, column, 2, f->i16 + j * KM_LANES);                       \
                j++;                                                                               \
            } else {                                                                               \
                PASTE(fill_pair_, SET)(f, column, 1, f->i16 + j * KM_LANES);                       \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void PASTE(NAME##tile_, SET)(km_fill * f) {                                             \
        memset(f->norms, 0, KM_LANES * sizeof *f->norms);                                          \
        memset(f->rests, 0, KM_LANES * sizeof *f->rests);                                          \
        if (f->sums == NULL) {                                                                     \
            PASTE(NAME##columns_, SET)(f, 0);                                                      \
        } else if (f->weights == NULL) {                                                           \
            PASTE(NAME##columns_, SET)(f, 1);                                                      \
        } else {                                                                                   \
            PASTE(NAME##columns_, SET)(f, 2);                                                      \
        }                                                                                          \
    }

FILL(fill_f32_, float, fill_sums_f32_, fill_values_f32_)
FILL(fill_f64_, double, fill_sums_f64_, fill_values_f64_)

static inline float PASTE(fill_largest_, SET)(const float *values) {
    VF largest = PASTE(fill_load_, SET)(values);
    for (int q = FLOAT_LANES; q < KM_LANES; q += FLOAT_LANES) {
        VF v = PASTE(fill_load_, SET)(values + q);
        largest = (VF)KM_HIGH_F32(v, largest);
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
    PASTE(fill_f32_tile_, SET)(f);
    PASTE(fill_measure_, SET)(f);
}

static void PASTE(fill_f64_, SET)(km_fill *f) {
    PASTE(block_f64_, SET)(f->rows, f->row_stride, f->n_features, f->block);
    PASTE(fill_f64_tile_, SET)(f);
    PASTE(fill_measure_, SET)(f);
}

#undef VF
#undef VI
#undef VU
#undef VQ
#undef VH
#undef V4
#undef FLOAT_LANES
#undef IN_LANES
#undef OTHER
#undef LOAD_float
#undef LOAD_double
#undef NARROW
#undef SUMS
#undef VALUES
#undef COLUMN
#undef FILL
