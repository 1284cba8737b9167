/* The bytes of a file: mapped when it is a plain file, decompressed when it is gzip, read when it
 * is a pipe. */
#ifndef KM_SOURCE_CSV_INPUT_H
#define KM_SOURCE_CSV_INPUT_H

#include "base/context.h"

/* Zero bytes that are readable behind the text, so that nobody who reads a block at a time has to
 * look where the text ends. */
#define KM_INPUT_PADDING 256

typedef struct km_input {
    const char *text;
    int64_t size; /* without the padding */
    int cut;      /* more text would follow */
    kmseg_allocator allocator;
    void *map; /* to unmap, or NULL */
    size_t map_size;
    void *block; /* to release, or NULL */
} km_input;

/* Opens the file; km_input_close() is safe after failure too. Of a compressed file, no more is
 * decompressed than the first bytes asked for; 0: all. A mapped file must not be cut short by
 * someone else while it is read. KMSEG_E_IO with the path and the reason; KMSEG_E_FORMAT for gzip
 * data that is damaged or ends early. */
kmseg_status km_input_open(kmseg_context *ctx, const char *path, int64_t bytes, km_input *input);

void km_input_close(km_input *input);

/* 1 when the first bytes are those of an HDF5 file. */
int km_input_is_hdf5(const km_input *input);

#endif
