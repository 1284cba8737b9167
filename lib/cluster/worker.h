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
    void *scratch;     /* most_clusters x 64 elements */
};

/* Bytes of an element of float tiles. */
static inline size_t km_element_size(kmseg_dtype dtype) {
    return dtype == KMSEG_FLOAT32 ? sizeof(float) : sizeof(double);
}

#endif
