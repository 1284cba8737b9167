/* Chunks of packed datasets, made by all threads. HDF5 packs one chunk after another while it writes;
 * these are the bytes that its filters shuffle and deflate would make. */
#include "h5/pack.h"
#include "base/arena.h"
#include "base/parallel.h"

#include <string.h>
#include <zlib.h>

typedef struct packing {
    const char *values;
    size_t element;      /* bytes; a row is whole elements */
    size_t bytes, chunk; /* of all values, and of a chunk before packing */
    size_t room;         /* for a packed chunk */
    char *shuffled;      /* per thread: chunk */
    char *out;           /* per chunk: room */
    uLongf *sizes;       /* per chunk: packed; 0: that failed */
} packing;

/* First bytes of all elements, then all second bytes ... */
static void shuffle(const char *from, size_t n, size_t element, char *out) {
    for (size_t b = 0; b < element; b++) {
        for (size_t i = 0; i < n; i++) {
            out[b * n + i] = from[i * element + b];
        }
    }
}

static void pack_chunk(void *argument, int64_t c, int32_t thread) {
    packing *p = argument;
    size_t at = (size_t)c * p->chunk;
    size_t here = p->bytes - at < p->chunk ? p->bytes - at : p->chunk;
    char *shuffled = p->shuffled + (size_t)thread * p->chunk, *out = p->out + (size_t)c * p->room;
    const char *from = p->values + at;
    if (here < p->chunk) { /* the last one is filled up with zeros */
        memcpy(out, from, here);
        memset(out + here, 0, p->chunk - here);
        from = out;
    }
    shuffle(from, p->chunk / p->element, p->element, shuffled);
    p->sizes[c] = p->room;
    if (compress2((Bytef *)out, &p->sizes[c], (const Bytef *)shuffled, p->chunk, KM_H5_DEFLATE) !=
        Z_OK) {
        p->sizes[c] = 0;
    }
}

/* Packed chunks to the file, in order. */
static kmseg_status write_chunks(km_h5_file *file, hid_t id, const char *path, const packing *p,
                                 int64_t n, hsize_t chunk_rows, int64_t first) {
    for (int64_t c = 0; c < n; c++) {
        hsize_t offset[2] = {(hsize_t)first + (hsize_t)c * chunk_rows, 0};
        if (p->sizes[c] == 0 ||
            H5Dwrite_chunk(id, H5P_DEFAULT, 0, offset, p->sizes[c], p->out + (size_t)c * p->room) <
                0 ||
            file->io.error != 0) {
            return km_h5_fail(file, "cannot write dataset %s", path);
        }
    }
    return KMSEG_OK;
}

kmseg_status km_h5_write_packed(km_h5_file *file, hid_t id, const char *path,
                                const km_h5_chunking *chunking, int64_t first, int64_t rows,
                                const void *values) {
    kmseg_context *ctx = file->ctx;
    int64_t n = km_chunks(rows, (int64_t)chunking->rows);
    packing p = {.values = values, .element = chunking->element};
    p.bytes = (size_t)rows * chunking->row_bytes;
    p.chunk = chunking->rows * chunking->row_bytes;
    p.room = compressBound(p.chunk) > p.chunk ? compressBound(p.chunk) : p.chunk;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    p.shuffled = km_arena_take(&arena, (size_t)ctx->n_threads * p.chunk);
    p.out = km_arena_take(&arena, (size_t)n * p.room);
    p.sizes = km_arena_array(&arena, n, sizeof *p.sizes);
    kmseg_status status = KMSEG_OK;
    if (p.shuffled == NULL || p.out == NULL || p.sizes == NULL) {
        status = file->status = km_fail_memory(ctx, path);
    }
    if (status == KMSEG_OK) {
        status = km_parallel(ctx, n, pack_chunk, &p);
        file->status = status;
    }
    if (status == KMSEG_OK) {
        status = write_chunks(file, id, path, &p, n, chunking->rows, first);
    }
    km_arena_free(&arena);
    return status;
}
