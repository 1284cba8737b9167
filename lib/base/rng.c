#include "base/rng.h"

#include <math.h>

km_random4 km_philox(const uint32_t counter[4], const uint32_t key[2]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (km_random4){{c0, c1, c2, c3}};
}

static km_random4 block(uint64_t seed, km_stage stage, uint64_t position, uint32_t substream) {
    uint32_t counter[4] = {(uint32_t)position, (uint32_t)(position >> 32), substream,
                           (uint32_t)stage};
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    return km_philox(counter, key);
}

uint64_t km_random_u64(uint64_t seed, km_stage stage, uint64_t position, uint32_t substream) {
    km_random4 r = block(seed, stage, position, substream);
    return (uint64_t)r.word[0] | (uint64_t)r.word[1] << 32;
}

double km_random_uniform(uint64_t seed, km_stage stage, uint64_t position, uint32_t substream) {
    return (double)(km_random_u64(seed, stage, position, substream) >> 11) * 0x1p-53;
}

double km_random_normal(uint64_t seed, km_stage stage, uint64_t position, uint32_t substream) {
    km_random4 r = block(seed, stage, position, substream);
    uint64_t a = (uint64_t)r.word[0] | (uint64_t)r.word[1] << 32;
    uint64_t b = (uint64_t)r.word[2] | (uint64_t)r.word[3] << 32;
    double u = ((double)(a >> 11) + 1.0) * 0x1p-53; /* in (0, 1] */
    double v = (double)(b >> 11) * 0x1p-53;
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586476925 * v);
}

uint64_t km_next_below(km_random *random, uint64_t bound) {
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound; /* a multiple of bound */
    uint64_t value = km_next_u64(random);
    while (value >= limit) {
        value = km_next_u64(random);
    }
    return value % bound;
}
