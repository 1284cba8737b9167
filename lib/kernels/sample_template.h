/* One source of the kernel that takes a few rows by what is in them (km_seed_sample), included once per
 * instruction set behind the vectors of seeding (simd_*_seed.h). Whole numbers, but for one product of
 * floats: the same on every set.
 *
 * SET is the suffix of the names, VECTOR_BYTES the size of a register. */
#include <string.h>

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define SU           PASTE(sample_words_, SET)
#define SI           PASTE(sample_numbers_, SET)
#define SR           PASTE(sample_floats_, SET)
#define SQ           PASTE(sample_wide_, SET)
typedef uint32_t SU __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t SI __attribute__((vector_size(VECTOR_BYTES)));
typedef float SR __attribute__((vector_size(VECTOR_BYTES)));
typedef uint64_t SQ __attribute__((vector_size(VECTOR_BYTES)));
#define SAMPLE_LANES (VECTOR_BYTES / 4)
#define SIDE         4    /* vectors side by side */
#define SAMPLE_AHEAD 1024 /* pairs that are asked for ahead of their use */

/* Hashes of some vectors of rows, before their end, and squared norms: side by side, because each step of a
 * hash waits for the last. Asks for the pairs that are so many ahead. */
static inline __attribute__((always_inline)) void PASTE(sample_pairs_, SET)(const km_seed_sample *s,
                                                                            const int32_t *pairs,
                                                                            int64_t ahead, SU *hash,
                                                                            V *square) {
    for (int i = 0; i < SIDE; i++) {
        hash[i] = s->seed - (SU){0};
        square[i] = V_SET1(0);
    }
    for (int64_t p = 0; p < s->n_pairs; p++) {
        for (int i = 0; i < SIDE; i++) {
            const int32_t *at = pairs + p * KM_LANES + (ptrdiff_t)i * SAMPLE_LANES;
            V pair = V_LOAD(at);
            __builtin_prefetch(at + ahead);
            hash[i] = (hash[i] ^ (SU)pair) * UINT32_C(0xcc9e2d51);
            hash[i] ^= hash[i] >> 15;
            square[i] = V_DOT(0, square[i], pair, pair);
        }
    }
}

/* Whether rows of a vector are taken, as lanes; their hashes and chances where STORE. The steps and the end
 * are those of MurmurHash3 (Appleby, public domain) without its rotations. */
static inline __attribute__((always_inline)) SI
PASTE(sample_rows_, SET)(const km_seed_sample *s, int64_t at, SU hash, V square, const int STORE) {
    hash *= UINT32_C(0x85ebca6b);
    hash ^= hash >> 13;
    hash *= UINT32_C(0xc2b2ae35);
    hash ^= hash >> 16;
    SR chance = s->base + s->slope * __builtin_convertvector((SI)square, SR);
    if (s->weights != NULL) {
        SI weight;
        memcpy(&weight, s->weights + at, sizeof weight);
        chance *= __builtin_convertvector(weight, SR);
    }
    /* At most 1. */
    SI above = chance > 1.0f;
    chance = (SR)((above & (SI)(1.0f - (SR){0})) | (~above & (SI)chance));
    SI chances = __builtin_convertvector(chance * KM_SEED_CERTAIN, SI);
    if (STORE) {
        memcpy(s->hashes + at % KM_LANES, &hash, sizeof hash);
        memcpy(s->chances + at % KM_LANES, &chances, sizeof chances);
    }
    return (SI)(hash >> 1) < chances;
}

/* Whether rows of a tile are taken; hashes and chances of all of them where STORE. */
static inline __attribute__((always_inline)) int
PASTE(sample_tile_, SET)(const km_seed_sample *s, int64_t tile, const int STORE) {
    const int64_t size = (int64_t)s->n_pairs * KM_LANES;
    const int64_t ahead = 1 + SAMPLE_AHEAD / size;
    const int64_t ask = !STORE && tile + ahead < s->n_tiles ? ahead * size : 0;
    SQ any = {0};
    for (int r = 0; r < KM_LANES; r += SIDE * SAMPLE_LANES) {
        SU hash[SIDE];
        V square[SIDE];
        PASTE(sample_pairs_, SET)(s, s->pairs + tile * size + r, ask, hash, square);
        for (int i = 0; i < SIDE; i++) {
            int64_t at = tile * KM_LANES + r + (ptrdiff_t)i * SAMPLE_LANES;
            any |= (SQ)PASTE(sample_rows_, SET)(s, at, hash[i], square[i], STORE);
        }
    }
    uint64_t some = 0;
    for (int i = 0; i < SAMPLE_LANES / 2; i++) {
        some |= any[i];
    }
    return some != 0;
}

static int32_t PASTE(seed_sample_, SET)(const km_seed_sample *s, uint64_t *rows) {
    int32_t t = 0;
    while (!s->all && t < s->n_tiles && !PASTE(sample_tile_, SET)(s, t, 0)) {
        t++;
    }
    *rows = 0;
    if (t < s->n_tiles) {
        (void)PASTE(sample_tile_, SET)(s, t, 1);
        for (int r = 0; r < KM_LANES; r++) {
            *rows |= (uint64_t)((int32_t)(s->hashes[r] >> 1) < s->chances[r]) << r;
        }
    }
    return t;
}

#undef SU
#undef SI
#undef SR
#undef SQ
#undef SAMPLE_LANES
#undef SIDE
#undef SAMPLE_AHEAD
