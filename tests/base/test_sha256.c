#include "base/sha256.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

static void expect(const char *text, size_t n, size_t step, const char *hex) {
    km_sha256 hash;
    unsigned char out[32];
    char shown[65];
    km_sha256_init(&hash);
    for (size_t i = 0; i < n; i += step) {
        km_sha256_add(&hash, text + i, n - i < step ? n - i : step);
    }
    km_sha256_end(&hash, out);
    for (int i = 0; i < 32; i++) {
        snprintf(shown + 2 * (ptrdiff_t)i, 3, "%02x", out[i]);
    }
    cr_assert_str_eq(shown, hex);
}

/* The examples of FIPS 180-4 for SHA-256 by NIST (one block, two blocks), the empty text, and a million
 * times "a". */
Test(sha256, hashes_are_those_of_the_standard_however_the_text_is_cut)
{
    static char million[1000000];
    memset(million, 'a', sizeof million);
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    for (size_t step = 1; step < 70; step += 17) {
        expect("", 0, step, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        expect("abc", 3, step, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        expect(two, strlen(two), step,
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }
    expect(million, sizeof million, 777,
           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* sha256("abc") by openssl dgst -sha256 -binary | base64. */
Test(sha256, base64_is_what_a_content_security_policy_has)
{
    km_sha256 hash;
    unsigned char out[32];
    char text[KM_SHA256_BASE64];
    km_sha256_init(&hash);
    km_sha256_add(&hash, "abc", 3);
    km_sha256_end(&hash, out);
    km_sha256_base64(out, text);
    cr_assert_str_eq(text, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}
