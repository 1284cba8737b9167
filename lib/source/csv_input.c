#include "source/csv_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* A block that grows; always with room for the padding. */
typedef struct growing {
    const kmseg_allocator *allocator;
    char *data;
    size_t size, capacity;
} growing;

static int reserve(growing *g, size_t capacity) {
    if (capacity <= g->capacity) {
        return 1;
    }
    char *data = km_allocate(g->allocator, capacity + KM_INPUT_PADDING);
    if (data == NULL) {
        return 0;
    }
    if (g->size > 0) {
        memcpy(data, g->data, g->size);
    }
    km_release(g->allocator, g->data);
    g->data = data;
    g->capacity = capacity;
    return 1;
}

/* Hands the block over to input as its text. */
static void keep(km_input *input, growing *g) {
    memset(g->data + g->size, 0, KM_INPUT_PADDING);
    input->block = g->data;
    input->text = g->data;
    input->size = (int64_t)g->size;
}

static kmseg_status fail_errno(kmseg_context *ctx, const char *path, const char *verb) {
    char reason[128];
    const char *text = strerror_r(errno, reason, sizeof reason);
    return km_fail(ctx, KMSEG_E_IO, "%s: cannot %s: %s", path, verb, text);
}

static kmseg_status map_file(kmseg_context *ctx, const char *path, int file, size_t size,
                             km_input *input) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t map_size = (size + page - 1) / page * page + page;
    /* Anonymous zero pages, the file over all but the last: what is behind the text is readable. */
    void *map = mmap(NULL, map_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return fail_errno(ctx, path, "map");
    }
    input->map = map;
    input->map_size = map_size;
    if (size > 0 && mmap(map, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED) {
        return fail_errno(ctx, path, "map");
    }
    input->text = map;
    input->size = (int64_t)size;
    return KMSEG_OK;
}

static kmseg_status read_stream(kmseg_context *ctx, const char *path, int file, km_input *input) {
    growing g = {&ctx->allocator, NULL, 0, 0};
    kmseg_status status = KMSEG_OK;
    for (;;) {
        if (!reserve(&g, g.size == g.capacity ? 2 * g.capacity + 65536 : g.capacity)) {
            status = km_fail_memory(ctx, "the text of a file");
            break;
        }
        ssize_t n = read(file, g.data + g.size, g.capacity - g.size);
        if (n < 0 && errno == EINTR) {
            if (km_cancelled(ctx)) {
                status = km_fail_cancelled(ctx);
                break;
            }
            continue;
        }
        if (n < 0) {
            status = fail_errno(ctx, path, "read");
            break;
        }
        if (n == 0) {
            keep(input, &g);
            return KMSEG_OK;
        }
        g.size += (size_t)n;
    }
    km_release(&ctx->allocator, g.data);
    return status;
}

static void *zlib_allocate(void *user, unsigned n, unsigned size) {
    return km_allocate_array(user, n, size);
}

static void zlib_release(void *user, void *block) { km_release(user, block); }

/* One call of inflate() on what is left of the input; a member that ends starts the next. */
static kmseg_status inflate_some(kmseg_context *ctx, const char *path, z_stream *z,
                                 const char *data, size_t size, size_t *used, growing *g,
                                 int *done) {
    enum { PIECE = 1 << 24 };
    size_t left = size - *used;
    z->next_in = (Bytef *)(uintptr_t)(data + *used);
    z->avail_in = left < PIECE ? (unsigned)left : PIECE;
    size_t room = g->capacity - g->size;
    z->next_out = (Bytef *)(g->data + g->size);
    z->avail_out = room < PIECE ? (unsigned)room : PIECE;
    unsigned in = z->avail_in, out = z->avail_out;
    int result = inflate(z, Z_NO_FLUSH);
    *used += in - z->avail_in;
    g->size += out - z->avail_out;
    km_progress_step(ctx, in - z->avail_in, 1);
    if (result == Z_STREAM_END) {
        while (*used < size && data[*used] == '\0') {
            (*used)++; /* tape blocks are filled with zeros */
        }
        *done = *used == size;
        return inflateReset(z) == Z_OK ? KMSEG_OK : km_fail_memory(ctx, "decompression");
    }
    if (result == Z_MEM_ERROR) {
        return km_fail_memory(ctx, "decompression");
    }
    if (result != Z_OK && result != Z_BUF_ERROR) {
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: the gzip data is damaged at byte %zu: %s", path,
                       *used, z->msg != NULL ? z->msg : "unexpected content");
    }
    if (*used == size && z->avail_out > 0) {
        return km_fail(ctx, KMSEG_E_FORMAT, "%s: the gzip data ends early, at byte %zu", path,
                       size);
    }
    return KMSEG_OK;
}

/* Replaces the text of input by its decompressed form. */
static kmseg_status decompress(kmseg_context *ctx, const char *path, int64_t bytes,
                               km_input *input) {
    const char *data = input->text;
    size_t size = (size_t)input->size, used = 0;
    z_stream z = {.zalloc = zlib_allocate, .zfree = zlib_release, .opaque = &ctx->allocator};
    if (inflateInit2(&z, 15 + 16) != Z_OK) {
        return km_fail_memory(ctx, "decompression");
    }
    /* The last four bytes say how long the text of the last member is, modulo 2^32. */
    uint32_t hint = 0;
    if (size >= 18) {
        const unsigned char *b = (const unsigned char *)data + size - 4;
        hint = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    }
    growing g = {&ctx->allocator, NULL, 0, 0};
    size_t first = bytes > 0 ? (size_t)bytes : hint / 1032 <= size ? (size_t)hint + 1 : 0;
    kmseg_status status = KMSEG_OK;
    int done = 0;
    km_progress_begin(ctx, "decompressing", input->size);
    while (status == KMSEG_OK && !done && (bytes == 0 || g.size < (size_t)bytes)) {
        size_t need = g.capacity == 0 ? first + 65536 : 2 * g.capacity;
        if (g.size == g.capacity && !reserve(&g, need)) {
            status = km_fail_memory(ctx, "the text of a compressed file");
        } else if (km_cancelled(ctx)) {
            status = km_fail_cancelled(ctx);
        } else {
            status = inflate_some(ctx, path, &z, data, size, &used, &g, &done);
        }
    }
    km_progress_end(ctx);
    inflateEnd(&z);
    if (status != KMSEG_OK) {
        km_release(&ctx->allocator, g.data);
        return status;
    }
    km_input_close(input);
    keep(input, &g);
    input->cut = !done;
    return KMSEG_OK;
}

static kmseg_status open_file(kmseg_context *ctx, const char *path, int file, int64_t bytes,
                              km_input *input) {
    struct stat info;
    if (fstat(file, &info) != 0) {
        return fail_errno(ctx, path, "read");
    }
    if (S_ISDIR(info.st_mode)) {
        return km_fail(ctx, KMSEG_E_IO, "%s: is a folder; it needs to be a file", path);
    }
    /* Files of /proc and the like are regular and say that they are empty. */
    KM_TRY(S_ISREG(info.st_mode) && info.st_size > 0
               ? map_file(ctx, path, file, (size_t)info.st_size, input)
               : read_stream(ctx, path, file, input));
    if (input->size >= 2 && memcmp(input->text, "\x1f\x8b", 2) == 0) {
        return decompress(ctx, path, bytes, input);
    }
    return KMSEG_OK;
}

kmseg_status km_input_open(kmseg_context *ctx, const char *path, int64_t bytes, km_input *input) {
    memset(input, 0, sizeof *input);
    input->allocator = ctx->allocator;
    if (path == NULL || path[0] == '\0') {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "the path of the file to read is empty");
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return fail_errno(ctx, path, "open");
    }
    kmseg_status status = open_file(ctx, path, file, bytes, input);
    close(file);
    if (status != KMSEG_OK) {
        km_input_close(input);
    }
    return status;
}

void km_input_close(km_input *input) {
    if (input->map != NULL) {
        munmap(input->map, input->map_size);
    }
    km_release(&input->allocator, input->block);
    input->map = NULL;
    input->block = NULL;
    input->text = NULL;
    input->size = 0;
}

int km_input_is_hdf5(const km_input *input) {
    static const char signature[8] = "\x89HDF\r\n\x1a\n";
    for (int64_t at = 0; at + 8 <= input->size; at = at == 0 ? 512 : 2 * at) {
        if (memcmp(input->text + at, signature, sizeof signature) == 0) {
            return 1; /* a user block of 512, 1024, ... bytes may come before it */
        }
    }
    return 0;
}
