/* One source of the kernels that spare rows from being assigned again, included once per instruction
 * set. Nothing here reaches a result: bounds only say which rows need no look, so sets may differ in
 * roundings as long as every bound holds.
 *
 * Part of exact_template.h, whose macros it uses. */

#ifdef __AVX512BW__
/* What 32 labels have lost. */
static inline __m512i PASTE(losses_of_, SET)(const uint16_t *losses, int32_t n_clusters,
                                             __m512i labels) {
    if (n_clusters <= 32) {
        return _mm512_permutexvar_epi16(labels, _mm512_loadu_si512(losses));
    }
    if (n_clusters <= 64) {
        return _mm512_permutex2var_epi16(_mm512_loadu_si512(losses), labels,
                                         _mm512_loadu_si512(losses + 32));
    }
    __m256i half[2] = {_mm512_castsi512_si256(labels), _mm512_extracti64x4_epi64(labels, 1)};
    for (int i = 0; i < 2; i++) { /* 32 bits are read, of which the lower ones are kept */
        __m512i at = _mm512_cvtepu16_epi32(half[i]);
        half[i] = _mm512_cvtepi32_epi16(_mm512_i32gather_epi32(at, losses, 2));
    }
    return _mm512_inserti64x4(_mm512_castsi256_si512(half[0]), half[1], 1);
}

static inline uint16_t PASTE(least_of_, SET)(__m512i values) {
    __m256i eight =
        _mm256_min_epu16(_mm512_castsi512_si256(values), _mm512_extracti64x4_epi64(values, 1));
    __m128i least =
        _mm_min_epu16(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    return (uint16_t)_mm_extract_epi16(_mm_minpos_epu16(least), 0);
}
#endif

static void PASTE(limits_, SET)(const struct km_quantised *quantised, const float *norms,
                                const float *residuals, int32_t n, int32_t *out) {
    const km_quantised q = *quantised; /* a copy, which out does not overlap */
    for (int32_t t = 0; t < n; t++) {
        out[t] = km_quantised_limit(&q, norms[t], residuals[t]);
    }
}

static int64_t PASTE(count_, SET)(const uint64_t *rows, int32_t n) {
    int64_t sum = 0;
    for (int32_t t = 0; t < n; t++) {
        sum += __builtin_popcountll(rows[t]);
    }
    return sum;
}

static void PASTE(filter_, SET)(const km_filter *f) {
    for (int32_t t = 0; t < f->n_tiles; t++) {
        f->rows[t] = 0;
        if ((double)f->tile_keys[t] > f->lost_most) {
            continue;
        }
        const km_label *labels = f->labels + (int64_t)t * KM_LANES;
        const uint16_t *keys = f->keys + (int64_t)t * KM_LANES;
        uint16_t lowest = UINT16_MAX;
#ifdef __AVX512BW__
        __mmask32 safe[2];
        __m512i least = _mm512_set1_epi16(-1);
        for (int half = 0; half < 2; half++) {
            __m512i label = _mm512_loadu_si512(labels + (ptrdiff_t)half * 32);
            __m512i loss = PASTE(losses_of_, SET)(f->losses, f->n_clusters, label);
            __m512i key = _mm512_loadu_si512(keys + (ptrdiff_t)half * 32);
            safe[half] = _mm512_cmpgt_epu16_mask(key, loss);
            __m512i left = _mm512_sub_epi16(key, loss);
            least = _mm512_mask_min_epu16(least, safe[half], least, left);
        }
        lowest = PASTE(least_of_, SET)(least);
        f->rows[t] = ~(uint64_t)_mm512_kunpackd(safe[1], safe[0]); /* see simd_avx512.h */
#else
        for (int r = 0; r < KM_LANES; r++) {
            uint16_t loss = f->losses[labels[r]], left = (uint16_t)(keys[r] - loss);
            int safe = keys[r] > loss;
            lowest = safe && left < lowest ? left : lowest;
            f->rows[t] |= (uint64_t)!safe << r;
        }
#endif
        f->tile_keys[t] = km_tile_key(lowest, f->lost_most);
    }
}

static void PASTE(keys_, SET)(const km_keys *in) {
    for (int32_t t = 0; t < in->n_tiles; t++) {
        const km_label *labels = in->labels + (int64_t)t * KM_LANES;
        const uint16_t *steps = in->steps + (int64_t)t * KM_LANES;
        uint16_t *out = in->out + (int64_t)t * KM_LANES;
#ifdef __AVX512BW__
        __m512i least = _mm512_set1_epi16(-1);
        for (int r = 0; r < KM_LANES; r += 32) {
            __m512i label = _mm512_loadu_si512(labels + r), step = _mm512_loadu_si512(steps + r);
            __m512i loss = PASTE(losses_of_, SET)(in->losses, in->n_clusters, label);
            __mmask32 known = _mm512_test_epi16_mask(step, step);
            _mm512_storeu_si512(out + r, _mm512_maskz_adds_epu16(known, step, loss));
            least = _mm512_min_epu16(least, step);
        }
        in->least[t] = PASTE(least_of_, SET)(least);
#else
        uint16_t least = UINT16_MAX;
        for (int r = 0; r < KM_LANES; r++) {
            uint32_t key = (uint32_t)steps[r] + in->losses[labels[r]];
            key = key < UINT16_MAX ? key : UINT16_MAX;
            out[r] = (uint16_t)(steps[r] == 0 ? 0 : key);
            least = steps[r] < least ? steps[r] : least;
        }
        in->least[t] = least;
#endif
    }
}

/* What is the same for every row. */
typedef struct PASTE(measure_, SET) {
    float per_unit, doubt, doubts, cap, slack, typical, per_typical, steps;
} PASTE(measure_, SET);

#ifdef __AVX512BW__
/* Sixteen rows, the first of which is at x: pairs of values are 64 rows apart. A reciprocal may be off
 * by 2^-14 of itself. */
static inline __m256i PASTE(margins_of_, SET)(const PASTE(measure_, SET) * m, const int16_t *x,
                                              int32_t n_pairs, __m512i best, __m512i second) {
    __m512i squares = _mm512_setzero_si512();
    for (int32_t p = 0; p < n_pairs; p++) {
        __m512i pair = _mm512_loadu_si512(x + (ptrdiff_t)p * 2 * KM_LANES);
        squares = _mm512_add_epi32(squares, _mm512_madd_epi16(pair, pair));
    }
    __m512 square = _mm512_cvtepi32_ps(squares), per_unit = _mm512_set1_ps(m->per_unit);
    __m512 near = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(best), per_unit), square);
    __m512 next = _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(second), per_unit), square);
    next = _mm512_min_ps(next, _mm512_set1_ps(m->cap));
    __m512 sum = _mm512_add_ps(_mm512_add_ps(next, near), _mm512_set1_ps(m->doubts));
    __m512 both = _mm512_add_ps(_mm512_mul_ps(sum, _mm512_set1_ps(m->per_typical)),
                                _mm512_set1_ps(m->typical));
    __m512 away = _mm512_sub_ps(_mm512_sub_ps(next, near), _mm512_set1_ps(m->doubt));
    away = _mm512_max_ps(away, _mm512_setzero_ps());
    __m512 margin = _mm512_mul_ps(away, _mm512_rcp14_ps(both));
    margin = _mm512_sub_ps(_mm512_mul_ps(margin, _mm512_set1_ps(1 - 0x1p-12f)),
                           _mm512_set1_ps(m->slack));
    __m512 steps =
        _mm512_mul_ps(_mm512_max_ps(margin, _mm512_setzero_ps()), _mm512_set1_ps(m->steps));
    steps = _mm512_min_ps(steps, _mm512_set1_ps(UINT16_MAX));
    return _mm512_cvtepi32_epi16(_mm512_cvttps_epi32(steps));
}
#endif

static void PASTE(margins_, SET)(const km_margins *in) {
    const PASTE(measure_, SET) m = {
        .per_unit = in->per_unit,
        .doubt = in->doubt,
        .doubts = in->doubts,
        .cap = in->cap,
        .slack = in->slack,
        .typical = in->typical,
        .per_typical = (1 + 0x1p-22f) / (2 * in->typical),
        .steps = in->steps * (1 - 0x1p-18f),
    };
    for (int32_t t = 0; t < in->n_tiles; t++) {
        const int16_t *x = in->tiles + (int64_t)t * in->n_pairs * 2 * KM_LANES;
        const int32_t *best = in->best + (int64_t)t * KM_LANES;
        const int32_t *second = in->second + (int64_t)t * KM_LANES;
        uint16_t *out = in->out + (int64_t)t * KM_LANES;
#ifdef __AVX512BW__
        const __m512i zero = _mm512_set1_epi32(in->zero);
        for (int q = 0; q < KM_LANES; q += 16) {
            __m512i low = _mm512_sub_epi32(_mm512_loadu_si512(best + q), zero);
            __m512i high = _mm512_sub_epi32(_mm512_loadu_si512(second + q), zero);
            __m256i steps =
                PASTE(margins_of_, SET)(&m, x + (ptrdiff_t)2 * q, in->n_pairs, low, high);
            _mm256_storeu_si256((__m256i *)(void *)(out + q), steps);
        }
#else
        int32_t squares[KM_LANES] = {0};
        for (int32_t p = 0; p < in->n_pairs; p++) {
            for (int r = 0; r < KM_LANES; r++) {
                int32_t a = x[2 * r], b = x[2 * r + 1];
                squares[r] += a * a + b * b;
            }
            x += 2 * KM_LANES;
        }
        for (int r = 0; r < KM_LANES; r++) {
            float square = (float)squares[r];
            float near = (float)(best[r] - in->zero) * m.per_unit + square;
            float next = (float)(second[r] - in->zero) * m.per_unit + square;
            next = next < m.cap ? next : m.cap;
            /* d2 - d1 = (d2^2 - d1^2) / (d2 + d1), and d <= d^2 / 2s + s / 2 for any s. */
            float both = (next + near + m.doubts) * m.per_typical + m.typical;
            float margin = (next - near - m.doubt) / both * (1 - 0x1p-18f) - m.slack;
            float steps = margin > 0 ? margin * m.steps : 0;
            out[r] = (uint16_t)(steps < UINT16_MAX ? steps : UINT16_MAX);
        }
#endif
    }
}

/* Rows of a few tiles to dense tiles. A row is `pairs` numbers of 32 bits, 64 apart. */
static inline __attribute__((always_inline)) void
PASTE(compact_row_, SET)(const int32_t *from, int32_t *to, const int32_t n_pairs) {
    for (int32_t p = 0; p < n_pairs; p++) {
        to[(int64_t)p * KM_LANES] = from[(int64_t)p * KM_LANES];
    }
}

#ifdef __AVX512BW__
/* Some rows of a tile, which one dense tile has room for, sixteen at a time. */
static inline __attribute__((always_inline)) void
PASTE(compact_rows_, SET)(const int32_t *from, uint64_t rows, int32_t *to, const int32_t n_pairs,
                          int64_t ahead) {
    __mmask16 mask[4], kept[4];
    int32_t begin[4], end = 0;
    for (int i = 0; i < 4; i++) {
        mask[i] = (__mmask16)(rows >> (16 * i));
        begin[i] = end;
        end += __builtin_popcount(mask[i]);
        kept[i] = (__mmask16)((1u << (end - begin[i])) - 1);
    }
    for (int32_t p = 0; p < n_pairs; p++, from += KM_LANES, to += KM_LANES) {
        for (int i = 0; i < 4; i++) {
            __m512i some = _mm512_maskz_compress_epi32(mask[i], _mm512_loadu_si512(from + 16 * i));
            _mm512_mask_storeu_epi32(to + begin[i], kept[i], some);
            __builtin_prefetch(from + 16 * i + ahead);
        }
    }
}

/* The lowest n rows of more than n. */
static inline uint64_t PASTE(lowest_, SET)(uint64_t rows, int32_t n) {
    uint64_t left = rows;
    for (int32_t i = 0; i < n; i++) {
        left &= left - 1;
    }
    return rows & ~left;
}
#endif

static inline __attribute__((always_inline)) int32_t
PASTE(compact_pairs_, SET)(const km_compact *c, const int32_t n_pairs) {
    int32_t n = 0;
    const int64_t size = (int64_t)n_pairs * KM_LANES;
    for (int32_t t = 0; t < c->n_tiles; t++) {
        const int32_t *from = c->tiles + t * size;
        const km_label *labels = c->labels + (int64_t)t * KM_LANES;
        uint64_t rows = c->rows[t], one_by_one = rows;
#ifdef __AVX512BW__
        enum { MANY = 4 }; /* fewer are sooner copied one by one */
        int32_t count = __builtin_popcountll(rows), room = KM_LANES - n % KM_LANES;
        if (count >= MANY) {
            int64_t ahead = t + 1 < c->n_tiles && c->rows[t + 1] != 0 ? size : 0;
            int32_t *to = c->out + n / KM_LANES * size + n % KM_LANES;
            uint64_t here = count > room ? PASTE(lowest_, SET)(rows, room) : rows;
            PASTE(compact_rows_, SET)(from, here, to, n_pairs, ahead);
            if (here != rows) {
                PASTE(compact_rows_, SET)
                (from, rows & ~here, c->out + (n / KM_LANES + 1) * size, n_pairs, 0);
            }
            one_by_one = 0;
        }
#endif
        for (; rows != 0; rows &= rows - 1) {
            int r = __builtin_ctzll(rows);
            if (one_by_one != 0) {
                PASTE(compact_row_, SET)
                (from + r, c->out + n / KM_LANES * size + n % KM_LANES, n_pairs);
            }
            c->out_labels[n] = labels[r];
            c->positions[n++] = (uint16_t)(t * KM_LANES + r);
        }
    }
    return n;
}

static int32_t PASTE(compact_, SET)(const km_compact *c) {
    switch (c->n_pairs) { /* as a constant, there is no loop */
    case 2: return PASTE(compact_pairs_, SET)(c, 2);
    case 4: return PASTE(compact_pairs_, SET)(c, 4);
    case 8: return PASTE(compact_pairs_, SET)(c, 8);
    default: return PASTE(compact_pairs_, SET)(c, c->n_pairs);
    }
}
