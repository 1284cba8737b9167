/* A fuzzer's bytes as a file that the library can open by path. */
#ifndef KMSEG_FUZZ_INPUT_H
#define KMSEG_FUZZ_INPUT_H

#include <kmseg/kmseg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const unsigned char hdf5_magic[4] = {0x89, 'H', 'D', 'F'};

/* 1 when the bytes would go to the HDF5 library, whose own faults are not looked for here. */
static inline int is_hdf5(const uint8_t *data, size_t size) {
    return size >= 4 && memcmp(data, hdf5_magic, 4) == 0;
}

/* The descriptor of a file in memory that holds the bytes; path gets its name. */
static inline int open_input(const uint8_t *data, size_t size, char path[64]) {
    int fd = memfd_create("input", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

/* Made once: a context keeps nothing from call to call but its message. */
static inline kmseg_context *shared_context(void) {
    static kmseg_context *ctx;
    if (ctx == NULL) {
        kmseg_context_options options;
        kmseg_context_options_init(&options);
        options.n_threads = 2;
        if (kmseg_context_new(&options, &ctx) != KMSEG_OK) {
            abort();
        }
    }
    return ctx;
}

/* A failure has a message of one line, and no result. */
static inline void check_failure(kmseg_context *ctx, const void *result) {
    const char *message = kmseg_last_error(ctx);
    if (result != NULL || message[0] == '\0' || strchr(message, '\n') != NULL) {
        abort();
    }
}

#endif
