/* 16-bit assign kernel on AMX: products of matrices of bytes, of 16 centroids with 16 rows at a time.
 *
 * With x = 256 xh + xl - 32768, both bytes from 0 to 255, and w = 256 wh + wl, both from -128 to 127,
 *
 *     x . w = 65536 xh . wh + 256 (xh . wl + xl . wh) + xl . wl - 32768 sum(w),
 *
 * modulo 2^32 as in every set. Centroids come split, with what their scores begin with (planes.c); rows
 * are split here, tile by tile.
 *
 * What the products of a step give can only be looked at by way of memory, and a store of a matrix waits
 * for its products. So products of a step are on their way while those of the last one are stored and
 * those of the one before are compared: 107 cycles a step of 64 features, where one after the other they
 * take 240. */
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
    GROUP = 2, /* tiles that go together, so that operands of centroids are read once for them */
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

/* Tiles that go together. The masks of a group are read after the next one's products. */
typedef struct group {
    const int8_t *planes;
    int64_t plane_bytes; /* of a block */
    int32_t n_blocks, n_tiles, n_depths;
    int32_t row_bytes; /* of 16 rows in x */
    const char *ahead; /* the tiles of the next group */
    int64_t ahead_bytes;
    _Alignas(64) uint8_t x[GROUP * QUARTERS * MOST_OPERANDS * OPERAND];
    sums ring[QUARTERS];
    state *now, states[2][GROUP];
} group;

/* A block of centroids and a tile. */
typedef struct unit {
    int32_t block, tile;
} unit;

/* Two pairs of 16 rows to four high bytes and four low bytes a row. */
static inline void split_pairs(__m512i a, __m512i b, uint8_t *high, uint8_t *low) {
    const __m512i apart =
        _mm512_broadcast_i32x4(_mm_set_epi8(15, 13, 14, 12, 11, 9, 10, 8, 7, 5, 6, 4, 3, 1, 2, 0));
    /* Now low bytes of a pair are in the low half of a lane and high bytes in the high half. */
    a = _mm512_shuffle_epi8(a, apart);
    b = _mm512_shuffle_epi8(b, apart);
    __m512i lows = _mm512_mask_blend_epi16(0xaaaaaaaa, a, _mm512_slli_epi32(b, 16));
    __m512i highs = _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(a, 16), b);
    _mm512_store_si512(low, lows);
    _mm512_store_si512(high, _mm512_xor_si512(highs, _mm512_set1_epi8((char)0x80)));
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
INLINE void take(group *g, unit u, const int q, const int half, const int SECOND) {
    const sums *in = &g->ring[q];
    state *s = g->now + u.tile;
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
        _tile_loadd(LOW, w + g->plane_bytes - OPERAND, 64);                                        \
        for (int32_t i = 1; i < g->n_depths; i++, w += 2 * OPERAND, x += 2 * OPERAND) {            \
            _tile_loadd(6, w, 64);                                                                 \
            _tile_loadd(7, x, 64);                                                                 \
            _tile_dpbsud(HIGH, 6, 7);                                                              \
            _tile_loadd(7, x + OPERAND, 64);                                                       \
            _tile_dpbsud(MIDDLE, 6, 7);                                                            \
            _tile_loadd(6, w + OPERAND, 64);                                                       \
            _tile_dpbsud(LOW, 6, 7);                                                               \
            _tile_loadd(7, x, 64);                                                                 \
            _tile_dpbsud(MIDDLE, 6, 7);                                                            \
        }                                                                                          \
        _tile_loadd(6, w, 64);                                                                     \
        _tile_loadd(7, x, 64);                                                                     \
        _tile_dpbsud(HIGH, 6, 7);                                                                  \
        _tile_stored(HIGH_BEFORE, stored->high, 64);                                               \
        _tile_loadd(7, x + OPERAND, 64);                                                           \
        _tile_dpbsud(MIDDLE, 6, 7);                                                                \
        if (TAKE) {                                                                                \
            take(g, taken, (q + 2) % QUARTERS, 0, SECOND);                                         \
        }                                                                                          \
        _tile_stored(MIDDLE_BEFORE, stored->middle, 64);                                           \
        _tile_loadd(6, w + OPERAND, 64);                                                           \
        _tile_dpbsud(LOW, 6, 7);                                                                   \
        _tile_loadd(7, x, 64);                                                                     \
        _tile_dpbsud(MIDDLE, 6, 7);                                                                \
        _tile_stored(LOW_BEFORE, stored->low, 64);                                                 \
        if (TAKE) {                                                                                \
            take(g, taken, (q + 2) % QUARTERS, 1, SECOND);                                         \
        }                                                                                          \
    } while (0)

/* A block and a quarter of a tile; taken is the unit of the step before the last. */
INLINE void step(group *g, unit u, const int q, unit taken, const int TAKE, const int SECOND) {
    const int8_t *w = g->planes + u.block * g->plane_bytes;
    const uint8_t *x = g->x + (ptrdiff_t)(u.tile * QUARTERS + q) * g->row_bytes;
    sums *stored = &g->ring[(q + QUARTERS - 1) % QUARTERS];
    if (q % 2 == 0) {
        STEP(0, 1, 2, 3, 4, 5);
    } else {
        STEP(3, 4, 5, 0, 1, 2);
    }
}

/* All quarters of a unit have been taken. */
INLINE void close_unit(group *g, unit u) {
    state *s = g->now + u.tile;
    s->h.n_blocks += SIDE / BLOCK;
    if (s->h.n_blocks == MOST_BLOCKS) {
        merge(&s->h, &s->r);
    }
}

INLINE void run_unit(group *g, unit last, unit now, const int TAKE, const int SECOND) {
    step(g, now, 0, last, TAKE, SECOND);
    step(g, now, 1, last, TAKE, SECOND);
    if (TAKE) {
        close_unit(g, last);
    }
    step(g, now, 2, now, 1, SECOND);
    step(g, now, 3, now, 1, SECOND);
}

/* The next group is asked for a part with each unit: all at once would wait for a free buffer. */
INLINE void fetch(const group *g, int32_t i, int64_t part) {
    int64_t end = (i + 1) * part < g->ahead_bytes ? (i + 1) * part : g->ahead_bytes;
    for (int64_t at = i * part; at < end; at += 64) {
        _mm_prefetch(g->ahead + at, _MM_HINT_T1);
    }
}

INLINE void run_group(group *g, const int SECOND) {
    unit last = {0, 0};
    int32_t n_units = g->n_blocks * g->n_tiles;
    int64_t part = (g->ahead_bytes / 64 / n_units + 1) * 64;
    fetch(g, 0, part);
    run_unit(g, last, last, 0, SECOND);
    for (int32_t i = 1; i < n_units; i++) {
        unit now = {i / g->n_tiles, i % g->n_tiles};
        fetch(g, i, part);
        run_unit(g, last, now, 1, SECOND);
        last = now;
    }
    _tile_stored(3, g->ring[3].high, 64);
    _tile_stored(4, g->ring[3].middle, 64);
    _tile_stored(5, g->ring[3].low, 64);
    for (int q = 2; q < QUARTERS; q++) {
        take(g, last, q, 0, SECOND);
        take(g, last, q, 1, SECOND);
    }
    close_unit(g, last);
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

INLINE void run_tiles(const km_assign_i16 *a, group *g, int32_t t, const int SECOND) {
    const int64_t size = (int64_t)km_pairs(a->n_features) * KM_LANES;
    const int32_t *x = (const int32_t *)(const void *)a->tiles + t * size;
    g->ahead = (const char *)(x + g->n_tiles * size);
    g->ahead_bytes = g->n_tiles * size * (int64_t)sizeof *x;
    for (int32_t i = 0; i < g->n_tiles; i++) {
        begin(a, t + i, g->now + i);
        split_rows(x + i * size, km_pairs(a->n_features), g->row_bytes,
                   g->x + (ptrdiff_t)i * QUARTERS * g->row_bytes);
    }
    run_group(g, SECOND);
    for (int32_t i = 0; SECOND && i < g->n_tiles; i++) {
        for (int q = 0; q < QUARTERS; q++) {
            int64_t at = (int64_t)(t + i) * KM_LANES + q * LANES;
            _mm512_storeu_si512(a->best + at, g->now[i].r.best[q]);
            _mm512_storeu_si512(a->second + at, g->now[i].r.second[q]);
        }
    }
}

static void finish_group(const km_assign_i16 *a, int32_t t, int32_t n_tiles, state *states) {
    for (int32_t i = 0; i < n_tiles; i++) {
        finish_rows(a, t + i, &states[i].r, &states[i].h);
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
    if (a->planes == NULL || a->n_tiles == 0) {
        km_assign_i16_avx512vnni(a);
        return;
    }
    group g;
    g.planes = a->planes;
    g.plane_bytes = km_plane_block_bytes(a->n_features);
    g.n_blocks = (a->n_clusters + SIDE - 1) / SIDE;
    g.n_depths = km_plane_depths(a->n_features);
    g.row_bytes = km_plane_row_bytes(a->n_features);
    memset(g.x, 0, (size_t)(GROUP * QUARTERS) * (size_t)g.row_bytes);
    g.now = g.states[0];
    configure();
    int32_t before = 0;
    for (int32_t t = 0; t < a->n_tiles; t += GROUP) {
        int turn = t / GROUP % 2;
        g.now = g.states[turn];
        g.n_tiles = a->n_tiles - t < GROUP ? a->n_tiles - t : GROUP;
        if (a->best != NULL) {
            run_tiles(a, &g, t, 1);
        } else {
            run_tiles(a, &g, t, 0);
        }
        finish_group(a, t - GROUP, before, g.states[!turn]);
        before = g.n_tiles;
    }
    finish_group(a, a->n_tiles - before, before, g.now);
    _tile_release();
}
#endif
