/* Scratch of one thread in a pass. */
#ifndef KM_CLUSTER_WORKER_H
#define KM_CLUSTER_WORKER_H

#include "cluster/pass.h"

#include "base/parallel.h"

enum { KM_CHUNK_TILES = KM_CHUNK_ROWS / KM_TILE_ROWS };

struct km_worker {
    km_label *nearest; /* KM_CHUNK_ROWS */
    int64_t *doubtful; /* KM_CHUNK_ROWS positions of rows to decide in float64 */
    double *block;     /* n_features x 64 */
    double *row;       /* n_features */
    double *squares;   /* most_clusters, up to a whole eight */
    void *scratch;     /* most_clusters x 64 elements, of float tiles */

    /* Of 16-bit tiles. */
    int32_t *limits;        /* KM_CHUNK_TILES */
    int32_t *best, *second; /* KM_CHUNK_ROWS scores */
    uint16_t *margins;      /* KM_CHUNK_ROWS, in steps */
    uint64_t *near;         /* most_clusters: rows of a tile that each may be nearest to */

    /* Rows that are not spared, laid out as tiles. */
    int32_t *dense;                            /* KM_CHUNK_TILES x pairs x 64 */
    km_label *dense_labels, *dense_nearest;    /* KM_CHUNK_ROWS */
    uint64_t *dense_changed, *dense_uncertain; /* KM_CHUNK_TILES */
    uint16_t *positions;                       /* KM_CHUNK_ROWS */
};

/* The tiles of a chunk, and what is found about their rows. */
typedef struct km_span {
    int64_t tile; /* the first */
    int32_t n_tiles;
    uint64_t changed[KM_CHUNK_TILES], uncertain[KM_CHUNK_TILES];
} km_span;

/* Labels of 16-bit tiles to w->nearest, changed and uncertain rows to s; returns how many rows were not
 * spared by bounds (chunk_i16.c). */
int64_t km_chunk_assign_i16(const km_pass *pass, km_worker *w, km_span *s);

/* Decides uncertain rows in float64; returns how many of them changed (recheck.c). */
int64_t km_chunk_recheck(const km_pass *pass, km_worker *w, km_pass_part *part, km_span *s);

/* Keeps the bound of a row that was decided in float64: its squared distances to the two nearest
 * centroids. */
void km_chunk_keep_key(const km_pass *pass, int64_t row, km_label label, double nearest,
                       double second);

#endif
