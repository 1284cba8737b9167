/* SHA-256 (FIPS 180-4), for what names content by its hash. Not for secrets. */
#ifndef KM_BASE_SHA256_H
#define KM_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct km_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
} km_sha256;

void km_sha256_init(km_sha256 *hash);
void km_sha256_add(km_sha256 *hash, const void *bytes, size_t n);
/* The hash of what was added; hash needs to be initialised anew then. */
void km_sha256_end(km_sha256 *hash, unsigned char out[32]);

/* The hash in base64 with a terminator, as a content security policy has it. */
enum { KM_SHA256_BASE64 = 45 };
void km_sha256_base64(const unsigned char hash[32], char out[KM_SHA256_BASE64]);

#endif
