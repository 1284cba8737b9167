/* Writing datasets of shuffled and deflated chunks. */
#ifndef KM_H5_PACK_H
#define KM_H5_PACK_H

#include "h5/file.h"

/* Level of gzip. */
#define KM_H5_DEFLATE 1

typedef struct km_h5_chunking {
    size_t rows;      /* of a chunk */
    size_t row_bytes; /* of a row, in memory as in the file */
    size_t element;   /* bytes of what is shuffled */
} km_h5_chunking;

/* Rows [first, first + rows) of a dataset of such chunks, which begin and end with one, or with the
 * dataset. */
kmseg_status km_h5_write_packed(km_h5_file *file, hid_t id, const char *path,
                                const km_h5_chunking *chunking, int64_t first, int64_t rows,
                                const void *values);

#endif
