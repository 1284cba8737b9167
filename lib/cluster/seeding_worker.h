/* What one thread of seeding works in. */
#ifndef KM_CLUSTER_SEEDING_WORKER_H
#define KM_CLUSTER_SEEDING_WORKER_H

#include "cluster/seeding.h"
#include "data/tiles_int16.h"

/* Rows of a queue; 48 more so that columns do not fall on the same lines of the nearest cache. */
#define KM_QUEUE_ROWS (512 + 48)

struct km_seeding_worker {
    double *block; /* n_features x 64, and one number more */

    /* In 16 bits. */
    km_int16_scratch tile;
    km_seed_queue queue;
    uint16_t *queue_nearest;
    int64_t n_seen, n_reached; /* rows that were looked at, and those within reach of some point */

    /* In float64. */
    double *distances; /* KM_MOST_TRIALS x 64 */
    double largest;    /* of weighted squares */
};

#endif
