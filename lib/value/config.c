/* Config files that people write: small text, read whole, line by line. */
#include "value/value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20 };

kmseg_status km_read_config(kmseg_context *ctx, const char *path, char **out, size_t *out_length) {
    *out = NULL;
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return km_fail(ctx, KMSEG_E_IO, "cannot read %s: %s", path, strerror(errno));
    }
    char *text = km_allocate(&ctx->allocator, MOST_BYTES + 2);
    size_t length = text != NULL ? fread(text, 1, MOST_BYTES + 1, file) : 0;
    int failed = ferror(file), why = errno;
    (void)fclose(file);
    kmseg_status status = KMSEG_OK;
    if (text == NULL) {
        status = km_fail_memory(ctx, "a config file");
    } else if (failed) {
        status = km_fail(ctx, KMSEG_E_IO, "cannot read %s: %s", path, strerror(why));
    } else if (length > MOST_BYTES) {
        status =
            km_fail(ctx, KMSEG_E_FORMAT, "%s is larger than 1 MiB; is it the right file?", path);
    }
    if (status != KMSEG_OK) {
        km_release(&ctx->allocator, text);
        return status;
    }
    text[length] = '\0';
    *out = text;
    *out_length = length;
    return KMSEG_OK;
}

size_t km_config_line(const char *text, size_t length, size_t *at) {
    const char *start = text + *at, *end = memchr(start, '\n', length - *at);
    size_t n = end != NULL ? (size_t)(end - start) : length - *at;
    *at += end != NULL ? n + 1 : n;
    return km_config_trim(start, n);
}

size_t km_config_trim(const char *text, size_t length) {
    while (length > 0 &&
           (text[length - 1] == ' ' || text[length - 1] == '\t' || text[length - 1] == '\r')) {
        length--;
    }
    return length;
}
