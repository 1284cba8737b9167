/* Keys: files of 64 hexadecimal digits that only their owner reads. The digits and the key lie in
 * sodium's memory (locked, guarded, overwritten when freed) and nowhere else: the file is read and
 * written without a buffer of the C library. */
#include "privacy/key.h"

#include "base/context.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS = 2 * KM_KEY_BYTES };

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

static kmseg_status start(kmseg_context *ctx) {
    return sodium_init() >= 0 ? KMSEG_OK
                              : km_fail(ctx, KMSEG_E_INTERNAL, "libsodium could not be started");
}

static kmseg_status write_whole(int file, const char *text, size_t n) {
    while (n > 0) {
        ssize_t written = write(file, text, n);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return KMSEG_E_IO;
        }
        text += written;
        n -= (size_t)written;
    }
    return KMSEG_OK;
}

kmseg_status kmseg_key_write(kmseg_context *ctx, const char *path) {
    KM_TRY(start(ctx));
    unsigned char *bytes = sodium_malloc(KM_KEY_BYTES);
    char *text = sodium_malloc(DIGITS + 1);
    int file = -1;
    kmseg_status status = bytes != NULL && text != NULL ? KMSEG_OK : km_fail_memory(ctx, "a key");
    if (status == KMSEG_OK) {
        file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file < 0) {
            status = errno == EEXIST
                         ? km_fail(ctx, KMSEG_E_IO,
                                   "%s is there already; a key is not overwritten, because every "
                                   "pseudonym would change: name a new file",
                                   path)
                         : km_fail(ctx, KMSEG_E_IO, "cannot write %s: %s", path, strerror(errno));
        }
    }
    if (status == KMSEG_OK) {
        randombytes_buf(bytes, KM_KEY_BYTES);
        sodium_bin2hex(text, DIGITS + 1, bytes, KM_KEY_BYTES);
        text[DIGITS] = '\n'; /* in place of the terminator */
        status = write_whole(file, text, DIGITS + 1);
        if (status == KMSEG_OK && fsync(file) != 0) {
            status = KMSEG_E_IO;
        }
        int error = errno;
        if (close(file) != 0 && status == KMSEG_OK) {
            status = KMSEG_E_IO;
            error = errno;
        }
        if (status != KMSEG_OK) {
            unlink(path);
            km_fail(ctx, status, "cannot write %s: %s", path, strerror(error));
        }
    }
    sodium_free(bytes);
    sodium_free(text);
    return status;
}

/* That nobody but its owner can read or change it, and that it has the size of a key. */
static kmseg_status check_file(kmseg_context *ctx, int file, const char *path) {
    struct stat info;
    if (fstat(file, &info) != 0) {
        return km_fail(ctx, KMSEG_E_IO, "cannot read the key %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return km_fail(ctx, KMSEG_E_IO, "the key %s is not a regular file", path);
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return km_fail(ctx, KMSEG_E_IO,
                       "the key %s has mode %04o: others than its owner can get at it; it needs to "
                       "be 0600 (chmod 600 %s)",
                       path, (unsigned)info.st_mode & 07777u, path);
    }
    if (info.st_size != DIGITS && info.st_size != DIGITS + 1) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "the key %s has %lld bytes; it needs to be %d hexadecimal digits, as kmseg "
                       "key --write makes them",
                       path, (long long)info.st_size, DIGITS);
    }
    return KMSEG_OK;
}

static kmseg_status read_digits(kmseg_context *ctx, int file, const char *path, char *text,
                                kmseg_key *key) {
    size_t n = 0;
    for (ssize_t got = 1; got > 0 && n < DIGITS + 1;) {
        got = read(file, text + n, DIGITS + 1 - n);
        if (got < 0 && errno == EINTR) {
            got = 1;
        } else if (got < 0) {
            return km_fail(ctx, KMSEG_E_IO, "cannot read the key %s: %s", path, strerror(errno));
        } else {
            n += (size_t)got;
        }
    }
    size_t length;
    int is_hex = (n == DIGITS || (n == DIGITS + 1 && text[DIGITS] == '\n')) &&
                 sodium_hex2bin(key->bytes, KM_KEY_BYTES, text, DIGITS, NULL, &length, NULL) == 0 &&
                 length == KM_KEY_BYTES;
    if (!is_hex) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "the key %s is not %d hexadecimal digits and a line end; kmseg key --write "
                       "makes one",
                       path, DIGITS);
    }
    int differs = 0;
    for (int i = 1; i < KM_KEY_BYTES; i++) {
        differs |= key->bytes[i] != key->bytes[0];
    }
    return differs ? KMSEG_OK
                   : km_fail(ctx, KMSEG_E_FORMAT,
                             "the key %s has the same byte throughout, which is no secret; kmseg "
                             "key --write makes one",
                             path);
}

kmseg_status kmseg_key_read(kmseg_context *ctx, const char *path, kmseg_key **out) {
    *out = NULL;
    KM_TRY(start(ctx));
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would wait for its writer */
    if (file < 0) {
        return km_fail(ctx, KMSEG_E_IO, "cannot read the key %s: %s", path, strerror(errno));
    }
    kmseg_status status = check_file(ctx, file, path);
    char *text = NULL;
    kmseg_key *key = NULL;
    if (status == KMSEG_OK) {
        text = sodium_malloc(DIGITS + 1);
        key = sodium_malloc(sizeof *key);
        status = text != NULL && key != NULL ? read_digits(ctx, file, path, text, key)
                                             : km_fail_memory(ctx, "a key");
    }
    close(file);
    sodium_free(text);
    if (status == KMSEG_OK) {
        sodium_mprotect_readonly(key);
        *out = key;
    } else {
        sodium_free(key);
    }
    return status;
}

void kmseg_key_free(kmseg_key *key) { sodium_free(key); /* which overwrites it */ }

void kmseg_pseudonym(const kmseg_key *key, const char *id, char out[KMSEG_PSEUDONYM_SIZE]) {
    enum { BYTES = 20 };
    static const unsigned char salt[crypto_generichash_blake2b_SALTBYTES];
    static const unsigned char personal[] = "kmseg-customer-1";
    _Static_assert(sizeof personal == crypto_generichash_blake2b_PERSONALBYTES + 1, "16 bytes");
    _Static_assert(2 + BYTES * 8 / 5 + 1 == KMSEG_PSEUDONYM_SIZE, "all bits in base32");
    unsigned char hash[BYTES];
    crypto_generichash_blake2b_salt_personal(hash, BYTES, (const unsigned char *)id, strlen(id),
                                             key->bytes, KM_KEY_BYTES, salt, personal);
    *out++ = 'p';
    *out++ = '-';
    for (int i = 0; i < BYTES; i += 5) { /* 40 bits are 8 characters */
        uint64_t bits = 0;
        for (int j = 0; j < 5; j++) {
            bits = bits << 8 | hash[i + j];
        }
        for (int shift = 35; shift >= 0; shift -= 5) {
            *out++ = alphabet[bits >> shift & 31];
        }
    }
    *out = '\0';
}

int kmseg_is_pseudonym(const char *text) {
    return strlen(text) == KMSEG_PSEUDONYM_SIZE - 1 && text[0] == 'p' && text[1] == '-' &&
           strspn(text + 2, alphabet) == KMSEG_PSEUDONYM_SIZE - 3;
}
