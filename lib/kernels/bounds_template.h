/* One source of the kernels that spare rows from being assigned again, included once per instruction
 * set. Nothing here reaches a result: bounds only say which rows need no look, so sets may differ in
 * roundings as long as every bound holds.
 *
 * Part of exact_template.h, whose macros it uses. */

static void PASTE(filter_, SET)(const km_filter *f) {
    for (int32_t t = 0; t < f->n_tiles; t++) {
        const km_label *labels = f->labels + (int64_t)t * KM_LANES;
        const float *keys = f->keys + (int64_t)t * KM_LANES;
        uint64_t rows = 0;
#ifdef __AVX512F__
        __m512 least = _mm512_set1_ps(INFINITY);
        const __m512 low = _mm512_loadu_ps(f->losses), high = _mm512_loadu_ps(f->losses + 16);
        for (int q = 0; q < KM_LANES; q += 16) {
            __m256i narrow = _mm256_loadu_si256((const __m256i *)(const void *)(labels + q));
            __m512i at = _mm512_cvtepu16_epi32(narrow);
            __m512 loss = f->n_clusters <= 16   ? _mm512_permutexvar_ps(at, low)
                          : f->n_clusters <= 32 ? _mm512_permutex2var_ps(low, at, high)
                                                : _mm512_i32gather_ps(at, f->losses, 4);
            __m512 left = _mm512_sub_ps(_mm512_loadu_ps(keys + q), loss);
            __mmask16 safe = _mm512_cmp_ps_mask(left, _mm512_setzero_ps(), _CMP_GT_OQ);
            least = _mm512_mask_min_ps(least, safe, least, left);
            rows |= (uint64_t)(uint16_t)~safe << q;
        }
        f->least[t] = _mm512_reduce_min_ps(least);
#else
        float least = INFINITY;
        for (int r = 0; r < KM_LANES; r++) {
            float left = keys[r] - f->losses[labels[r]];
            int safe = left > 0;
            least = safe && left < least ? left : least;
            rows |= (uint64_t)!safe << r;
        }
        f->least[t] = least;
#endif
        f->rows[t] = rows;
    }
}

static void PASTE(margins_, SET)(const km_margins *m) {
    const float double_typical = 2 * m->typical;
    for (int32_t t = 0; t < m->n_tiles; t++) {
        const int16_t *x = m->tiles + (int64_t)t * m->n_pairs * 2 * KM_LANES;
        const int32_t *best = m->best + (int64_t)t * KM_LANES;
        const int32_t *second = m->second + (int64_t)t * KM_LANES;
        float *out = m->out + (int64_t)t * KM_LANES;
        int32_t squares[KM_LANES] = {0};
        for (int32_t p = 0; p < m->n_pairs; p++) {
            for (int r = 0; r < KM_LANES; r++) {
                int32_t a = x[2 * r], b = x[2 * r + 1];
                squares[r] += a * a + b * b;
            }
            x += 2 * KM_LANES;
        }
        for (int r = 0; r < KM_LANES; r++) {
            float square = (float)squares[r];
            float near = (float)(best[r] - m->zero) * m->per_unit + square;
            float next = (float)(second[r] - m->zero) * m->per_unit + square;
            next = next < m->cap ? next : m->cap;
            /* d2 - d1 = (d2^2 - d1^2) / (d2 + d1), and d <= d^2 / 2s + s / 2 for any s. */
            float both = (next + near + m->doubts) / double_typical + m->typical;
            float margin = (next - near - m->doubt) / both;
            out[r] = margin > 0 ? margin * (1 - 0x1p-18f) - m->slack : -m->slack;
        }
    }
}

/* Rows of a few tiles to dense tiles. A row is `pairs` numbers of 32 bits, 64 apart. */
static int32_t PASTE(compact_, SET)(const km_compact *c) {
    int32_t n = 0;
    const int64_t size = (int64_t)c->n_pairs * KM_LANES;
    for (int32_t t = 0; t < c->n_tiles; t++) {
        const int32_t *from = c->tiles + t * size;
        const km_label *labels = c->labels + (int64_t)t * KM_LANES;
        for (uint64_t rows = c->rows[t]; rows != 0; rows &= rows - 1) {
            int r = __builtin_ctzll(rows);
            int32_t *to = c->out + n / KM_LANES * size + n % KM_LANES;
            for (int32_t p = 0; p < c->n_pairs; p++) {
                to[(int64_t)p * KM_LANES] = from[(int64_t)p * KM_LANES + r];
            }
            c->out_labels[n] = labels[r];
            c->positions[n++] = (uint16_t)(t * KM_LANES + r);
        }
    }
    return n;
}
