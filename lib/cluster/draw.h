/* Drawing samples with probability proportional to whole numbers per sample: exact, so that the
 * draw depends on nothing but the numbers and the random bits. */
#ifndef KM_CLUSTER_DRAW_H
#define KM_CLUSTER_DRAW_H

#include "base/rng.h"
#include "cluster/cluster.h"

/* floor(total * random / 2^64), total >= 0: a position below total. */
km_int128 km_draw_position(km_int128 total, uint64_t random);

/* A generator for the initialisation of one restart. */
static inline km_random km_init_random_numbers(const km_fit_job *job) {
    return (km_random){.seed = job->options->seed,
                       .stage = KM_STAGE_INIT,
                       .position = (uint64_t)job->restart << 40,
                       .substream = 0};
}

#endif
