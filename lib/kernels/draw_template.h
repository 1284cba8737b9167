/* Hashes and random numbers of 64 rows at a time, in the arithmetic of lib/data/draw_rows.c and
 * lib/base/rng.c. Included by exact_template.h, once per instruction set. */

typedef uint64_t PASTE(u8_, SET) __attribute__((vector_size(64)));
#define U8 PASTE(u8_, SET)

static void PASTE(hash_, SET)(const double *x, uint64_t *hashes) {
    enum { EIGHT = 8 };
    for (int q = 0; q < KM_LANES; q += EIGHT) {
        double values[EIGHT];
        U8 bits, hash;
        for (int r = 0; r < EIGHT; r++) {
            values[r] = x[q + r] + 0.0; /* -0 is 0 */
        }
        memcpy(&bits, values, sizeof bits);
        memcpy(&hash, hashes + q, sizeof hash);
        hash += bits + UINT64_C(0x9e3779b97f4a7c15);
        hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
        hash ^= hash >> 31;
        memcpy(hashes + q, &hash, sizeof hash);
    }
}

static void PASTE(numbers_, SET)(uint64_t seed, uint32_t stage, const uint64_t *positions,
                                 uint64_t *out) {
    enum { EIGHT = 8 };
    for (int q = 0; q < KM_LANES; q += EIGHT) {
        U8 c0, c1, c2 = {0}, c3 = c2 + stage;
        memcpy(&c0, positions + q, sizeof c0);
        c1 = c0 >> 32;
        c0 &= UINT32_MAX;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
        for (int round = 0; round < 10; round++) {
            U8 p0 = c0 * UINT64_C(0xD2511F53), p1 = c2 * UINT64_C(0xCD9E8D57);
            c0 = (p1 >> 32) ^ c1 ^ k0;
            c2 = (p0 >> 32) ^ c3 ^ k1;
            c1 = p1 & UINT32_MAX;
            c3 = p0 & UINT32_MAX;
            k0 += UINT32_C(0x9E3779B9);
            k1 += UINT32_C(0xBB67AE85);
        }
        c0 |= c1 << 32;
        memcpy(out + q, &c0, sizeof c0);
    }
}

#undef U8
