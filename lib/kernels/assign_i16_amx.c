/* 16-bit assign kernel on AMX: products of matrices of bytes, of 16 centroids with 16 rows at a time.
 *
 * With x = 256 xh + xl, xh from -128 to 127 and xl from 0 to 255, and w = 256 wh + wl, both from -128 to
 * 127,
 *
 *     x . w = 65536 xh . wh + 256 (xh . wl + xl . wh) + xl . wl,
 *
 * modulo 2^32 as in every set. Centroids come split, with what their scores begin with (planes.c); rows
 * are split here, tile by tile.
 *
 * What the products of a step give can only be looked at by way of memory, and a store of a matrix waits
 * for its products. So products of a step are on their way while those of the last one are stored and
 * those of the one before are compared. All that a tile needs stays in the first cache: two tiles at a
 * time, for which operands of centroids would be read once, do not. */
#include "kernels/assign_i16.h"

#if defined(__x86_64__)
#include "kernels/assign_i16_gfni.h"
#include "kernels/assign_i16_hits.h"
#include "kernels/planes.h"

#include <sys/syscall.h>
#include <unistd.h>

enum {
    SIDE = KM_PLANE_SIDE,
    OPERAND = KM_PLANE_OPERAND,
    MOST_OPERANDS = 2 * KM_PLANE_MOST_FEATURES / KM_PLANE_DEPTH /* of 16 rows */
};

/* Sums of a step: 16 centroids by 16 rows. */
typedef struct sums {
    _Alignas(64) int32_t high[SIDE][SIDE], middle[SIDE][SIDE], low[SIDE][SIDE];
} sums;

/* What is known of the rows of a tile. */
typedef struct state {
    rows r;
    hits h;
} state;

/* A tile and where its steps read. */
typedef struct work {
    const int8_t *planes; /* the block of centroids at hand */
    const uint8_t *x;     /* the rows, split: a quarter takes row_bytes */
    int32_t n_blocks, row_bytes;
    sums *ring; /* 2: of the step before and of that before it */
    state *now;
} work;

/* Two pairs of 16 rows to four high bytes and four low bytes a row. */
INLINE void split_pairs(__m512i a, __m512i b, uint8_t *high, uint8_t *low) {
    enum { B_WHERE_SET = 0xca };
    const __m512i upper = _mm512_set1_epi16((short)0xff00);
    _mm512_store_si512(high,
                       _mm512_ternarylogic_epi32(upper, b, _mm512_srli_epi16(a, 8), B_WHERE_SET));
    _mm512_store_si512(low,
                       _mm512_ternarylogic_epi32(upper, _mm512_slli_epi16(b, 8), a, B_WHERE_SET));
}

/* Rows of a tile as the operands of planes.h want them. */
static void split_rows(const int32_t *x, int32_t n_pairs, int32_t row_bytes, uint8_t *out) {
    for (int32_t p = 0; p < n_pairs; p += 2) {
        uint8_t *high = out + km_plane_row(2 * p, 1);
        uint8_t *low = out + km_plane_row(2 * p, 0);
        for (int q = 0; q < QUARTERS; q++, high += row_bytes, low += row_bytes) {
            const int32_t *from = x + (int64_t)p * KM_LANES + (ptrdiff_t)q * LANES;
            __m512i first = _mm512_load_si512(from), next = _mm512_setzero_si512();
            if (p + 1 < n_pairs) {
                next = _mm512_load_si512(from + KM_LANES);
            }
            split_pairs(first, next, high, low);
        }
    }
}

/* Scores of half a block from stored products, to be compared. */
INLINE void take(const sums *in, state *s, const int q, const int half, const int SECOND) {
    __m512i score[BLOCK];
    UNROLL
    for (int m = 0; m < BLOCK; m++) {
        int i = half * BLOCK + m;
        __m512i sum = _mm512_slli_epi32(_mm512_load_si512(in->high[i]), 8);
        sum = _mm512_slli_epi32(_mm512_add_epi32(sum, _mm512_load_si512(in->middle[i])), 8);
        score[m] = _mm512_add_epi32(sum, _mm512_load_si512(in->low[i]));
    }
    int32_t at = s->h.n_blocks + half;
    compare(score, q, BLOCK, 0, SECOND, &s->r, s->h.masks[at][q], &s->h.won[at][q]);
}

/* Starts products in three of the matrices, stores the other three, which are those of the step before,
 * and meanwhile takes those of the step before that. */
#define STEP(HIGH, MIDDLE, LOW, HIGH_BEFORE, MIDDLE_BEFORE, LOW_BEFORE)                            \
    do {                                                                                           \
        _tile_zero(HIGH);                                                                          \
        _tile_zero(MIDDLE);                                                                        \
        _tile_loadd(LOW, w + (int64_t)(2 * DEPTHS) * OPERAND, 64);                                 \
        for (int32_t i = 0; i < DEPTHS; i++, w += 2 * OPERAND, x += 2 * OPERAND) {                 \
            _tile_loadd(6, w, 64);                                                                 \
            _tile_loadd(7, x, 64);                                                                 \
            _tile_dpbssd(HIGH, 6, 7);                                                              \
            _tile_loadd(7, x + OPERAND, 64);                                                       \
            _tile_dpbsud(MIDDLE, 6, 7);                                                            \
            _tile_loadd(6, w + OPERAND, 64);                                                       \
            _tile_dpbsud(LOW, 6, 7);                                                               \
            _tile_loadd(7, x, 64);                                                                 \
            _tile_dpbssd(MIDDLE, 6, 7);                                                            \
        }                                                                                          \
        _tile_stored(HIGH_BEFORE, stored->high, 64);                                               \
        if (TAKE) {                                                                                \
            take(t->ring + q % 2, taken, (q + 2) % QUARTERS, 0, SECOND);                           \
        }                                                                                          \
        _tile_stored(MIDDLE_BEFORE, stored->middle, 64);                                           \
        _tile_stored(LOW_BEFORE, stored->low, 64);                                                 \
        if (TAKE) {                                                                                \
            take(t->ring + q % 2, taken, (q + 2) % QUARTERS, 1, SECOND);                           \
        }                                                                                          \
    } while (0)

/* A block and a quarter of a tile; taken is what the step before the last was about. */
INLINE void step(const work *t, const int q, state *taken, const int TAKE, const int32_t DEPTHS,
                 const int SECOND) {
    const int8_t *w = t->planes;
    const uint8_t *x = t->x + (ptrdiff_t)q * t->row_bytes;
    sums *stored = t->ring + (q + 1) % 2;
    if (q % 2 == 0) {
        STEP(0, 1, 2, 3, 4, 5);
    } else {
        STEP(3, 4, 5, 0, 1, 2);
    }
}

/* All quarters of a block have been taken. */
INLINE void close_block(state *s) {
    s->h.n_blocks += SIDE / BLOCK;
    if (s->h.n_blocks == MOST_BLOCKS) {
        merge(&s->h, &s->r);
    }
}

INLINE void run_block(const work *t, const int LAST, const int32_t DEPTHS, const int SECOND) {
    step(t, 0, t->now, LAST, DEPTHS, SECOND);
    step(t, 1, t->now, LAST, DEPTHS, SECOND);
    if (LAST) {
        close_block(t->now);
    }
    step(t, 2, t->now, 1, DEPTHS, SECOND);
    step(t, 3, t->now, 1, DEPTHS, SECOND);
}

/* The next tile is asked for a part with each block: all at once would wait for a free buffer. */
INLINE void ask_part(const char *ahead, int64_t bytes, int32_t i, int64_t part) {
    int64_t end = (i + 1) * part < bytes ? (i + 1) * part : bytes;
    for (int64_t at = i * part; at < end; at += 64) {
        _mm_prefetch(ahead + at, _MM_HINT_T0);
    }
}

/* All blocks; ahead is the next tile. */
INLINE void run_tile(work *t, const char *ahead, int64_t bytes, const int32_t DEPTHS,
                     const int SECOND) {
    const int64_t part = (bytes / 64 / t->n_blocks + 1) * 64;
    ask_part(ahead, bytes, 0, part);
    run_block(t, 0, DEPTHS, SECOND);
    for (int32_t b = 1; b < t->n_blocks; b++) {
        t->planes += (int64_t)(2 * DEPTHS + 1) * OPERAND;
        ask_part(ahead, bytes, b, part);
        run_block(t, 1, DEPTHS, SECOND);
    }
    _tile_stored(3, t->ring[1].high, 64);
    _tile_stored(4, t->ring[1].middle, 64);
    _tile_stored(5, t->ring[1].low, 64);
    for (int q = 2; q < QUARTERS; q++) {
        take(t->ring + q % 2, t->now, q, 0, SECOND);
        take(t->ring + q % 2, t->now, q, 1, SECOND);
    }
    close_block(t->now);
}

/* Before any centroid was looked at. */
static void begin(const km_assign_i16 *a, int32_t t, state *s) {
    const __m512i worst = _mm512_set1_epi32(KM_WORST_SCORE);
    memset(&s->r, 0, sizeof s->r);
    for (int q = 0; q < QUARTERS; q++) {
        s->r.best[q] = s->r.second[q] = worst;
    }
    s->r.limit = _mm512_set1_epi32(a->limits[t]);
    s->h.n_blocks = s->h.first = 0;
}

static void put_scores(const km_assign_i16 *a, int32_t t, const rows *r) {
    for (int q = 0; q < QUARTERS; q++) {
        int64_t at = (int64_t)t * KM_LANES + q * LANES;
        _mm512_storeu_si512(a->best + at, r->best[q]);
        _mm512_storeu_si512(a->second + at, r->second[q]);
    }
}

/* The masks of a tile are read after the next one's products. */
INLINE void run_tiles(const km_assign_i16 *a, const int32_t DEPTHS, const int SECOND) {
    _Alignas(64) uint8_t x[QUARTERS * MOST_OPERANDS * OPERAND];
    sums ring[2];
    state states[2];
    const int32_t n_pairs = km_pairs(a->n_features);
    const int64_t size = (int64_t)n_pairs * KM_LANES;
    work w = {
        .x = x,
        .n_blocks = (a->n_clusters + SIDE - 1) / SIDE,
        .row_bytes = 2 * DEPTHS * OPERAND,
        .ring = ring,
    };
    memset(x, 0, (size_t)QUARTERS * (size_t)w.row_bytes);
    for (int32_t t = 0; t < a->n_tiles; t++) {
        const int32_t *from = (const int32_t *)(const void *)a->tiles + t * size;
        w.planes = a->planes;
        w.now = &states[t % 2];
        begin(a, t, w.now);
        split_rows(from, n_pairs, w.row_bytes, x);
        run_tile(&w, (const char *)(from + size), size * (int64_t)sizeof *from, DEPTHS, SECOND);
        if (SECOND) {
            put_scores(a, t, &w.now->r);
        }
        if (t > 0) {
            state *last = &states[1 - t % 2];
            finish_rows(a, t - 1, &last->r, &last->h);
        }
    }
    if (a->n_tiles > 0) {
        finish_rows(a, a->n_tiles - 1, &w.now->r, &w.now->h);
    }
}

/* As a constant, one depth needs no loop. */
INLINE void run_depths(const km_assign_i16 *a, const int SECOND) {
    const int32_t n_depths = km_plane_depths(a->n_features);
    if (n_depths == 1) {
        run_tiles(a, 1, SECOND);
    } else {
        run_tiles(a, n_depths, SECOND);
    }
}

/* Every matrix is 16 lines of 64 bytes. */
static void configure(void) {
    struct {
        uint8_t palette, start, zero[14];
        uint16_t bytes[16];
        uint8_t lines[16];
    } config = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        config.bytes[i] = 64;
        config.lines[i] = SIDE;
    }
    _tile_loadconfig(&config);
}

/* A process asks once; threads that it makes inherit the answer. */
int km_amx_permitted(void) {
    enum { REQUEST = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}

void km_assign_i16_amx(const km_assign_i16 *a) {
    if (a->planes == NULL) {
        km_assign_i16_avx512vnni(a);
        return;
    }
    configure();
    if (a->best != NULL) {
        run_depths(a, 1);
    } else {
        run_depths(a, 0);
    }
    _tile_release();
}
#endif
