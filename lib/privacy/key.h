/* Inside of a key. */
#ifndef KM_PRIVACY_KEY_H
#define KM_PRIVACY_KEY_H

#include <kmseg/privacy.h>

#include <sodium.h>

enum { KM_KEY_BYTES = crypto_generichash_blake2b_KEYBYTES };

struct kmseg_key { /* from sodium_malloc() */
    unsigned char bytes[KM_KEY_BYTES];
};

#endif
