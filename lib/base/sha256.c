#include "base/sha256.h"

#include <string.h>

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t word_at(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           (uint32_t)bytes[3];
}

static void digest_block(uint32_t state[8], const unsigned char block[64]) {
    uint32_t w[64], a[8];
    for (int i = 0; i < 16; i++) {
        w[i] = word_at(block + 4 * (ptrdiff_t)i);
    }
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >> 3) + w[i - 7] +
               (turn(y, 17) ^ turn(y, 19) ^ y >> 10);
    }
    memcpy(a, state, sizeof a);
    for (int i = 0; i < 64; i++) {
        uint32_t s1 = turn(a[4], 6) ^ turn(a[4], 11) ^ turn(a[4], 25);
        uint32_t choose = (a[4] & a[5]) ^ (~a[4] & a[6]);
        uint32_t one = a[7] + s1 + choose + constants[i] + w[i];
        uint32_t s0 = turn(a[0], 2) ^ turn(a[0], 13) ^ turn(a[0], 22);
        uint32_t most = (a[0] & a[1]) ^ (a[0] & a[2]) ^ (a[1] & a[2]);
        memmove(a + 1, a, 7 * sizeof *a);
        a[4] += one;
        a[0] = one + s0 + most;
    }
    for (int i = 0; i < 8; i++) {
        state[i] += a[i];
    }
}

void km_sha256_init(km_sha256 *hash) {
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memset(hash, 0, sizeof *hash);
    memcpy(hash->state, first, sizeof first);
}

void km_sha256_add(km_sha256 *hash, const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    size_t used = (size_t)(hash->length % 64);
    hash->length += n;
    while (n > 0) {
        size_t part = 64 - used < n ? 64 - used : n;
        memcpy(hash->block + used, at, part);
        at += part;
        n -= part;
        used += part;
        if (used == 64) {
            digest_block(hash->state, hash->block);
            used = 0;
        }
    }
}

void km_sha256_end(km_sha256 *hash, unsigned char out[32]) {
    static const unsigned char padding[64] = {0x80};
    unsigned char length[8];
    uint64_t bits = hash->length * 8;
    for (int i = 0; i < 8; i++) {
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    }
    size_t used = (size_t)(hash->length % 64);
    km_sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
    km_sha256_add(hash, length, sizeof length);
    for (int i = 0; i < 32; i++) {
        out[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void km_sha256_base64(const unsigned char hash[32], char out[KM_SHA256_BASE64]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *to = out;
    for (int i = 0; i < 32; i += 3) {
        uint32_t three = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8 |
                         (i + 2 < 32 ? (uint32_t)hash[i + 2] : 0);
        for (int d = 0; d < 4; d++) {
            *to++ = digits[three >> (18 - 6 * d) & 63];
        }
    }
    to[-1] = '='; /* 32 bytes leave two over */
    *to = '\0';
}
