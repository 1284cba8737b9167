/* The rows of a file piece by piece, for those who make something smaller of them than a table. Pieces
 * are parsed into room that is used again, so what is touched does not grow with the file. The
 * source layer does it (source/csv_pieces.c); whoever takes pieces need not know where they are from. */
#ifndef KM_DATA_PIECES_H
#define KM_DATA_PIECES_H

#include "base/context.h"

#include <kmseg/source.h>

/* A string of one column of one piece. */
typedef struct km_level {
    uint64_t head[2]; /* the first 16 bytes, zero behind the end */
    const char *text; /* not terminated; there until km_pieces_close() */
    uint32_t length;
    uint32_t hash;
} km_level;

typedef struct km_piece_column {
    kmseg_column_type type;
    double *numbers; /* the one that goes with the type; missing as in kmseg_column */
    int64_t *times;
    int32_t *codes;         /* of levels; two levels may be the same string */
    const km_level *levels; /* of this piece alone */
    int32_t n_levels;
} km_piece_column;

typedef struct km_piece {
    int64_t n_rows;
    const km_piece_column *columns; /* those that were selected */
} km_piece;

typedef struct km_pieces km_pieces;

/* Opens a file to read the columns that options select, each of them with a requested type. *out is
 * NULL where the file is not of a kind that comes in pieces. */
kmseg_status km_pieces_open(kmseg_context *ctx, const char *path, const kmseg_csv_options *options,
                            km_pieces **out);

/* Position of a selected column in every piece; -1: there is none. */
int32_t km_pieces_find(const km_pieces *pieces, const char *name);

/* Bytes of the text. */
int64_t km_pieces_size(const km_pieces *pieces);

/* Calls take for every piece, on the context's threads, each piece once and in any order; it may
 * write to the piece, which is gone afterwards. 0 from take ends it. *out_whole is 0 when not all rows
 * were taken as they should be: take said so, a row does not parse, quotes misled about where rows
 * begin, or dates turned out to have another order. Who wants the rows, or to know what is wrong,
 * then needs kmseg_source_read(). What take has ended can be begun anew. */
typedef int (*km_piece_fn)(void *user, const km_piece *piece, int32_t thread);
kmseg_status km_pieces_each(km_pieces *pieces, km_piece_fn take, void *user, int *out_whole);

void km_pieces_close(km_pieces *pieces);

#endif
