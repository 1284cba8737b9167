/* Random numbers by counting: Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405).
 * A number is a function of seed, stage and position, so it does not depend on threads, on
 * partitions, or on what was drawn before. */
#ifndef KM_BASE_RNG_H
#define KM_BASE_RNG_H

#include <stdint.h>

/* What the numbers are for; part of the key, so that stages never share numbers. The values are
 * part of what a seed means: never renumber. */
typedef enum km_stage {
    KM_STAGE_INIT = 1,       /* centroids: position is restart << 40 | draw */
    KM_STAGE_SILHOUETTE = 2, /* sampled silhouette */
    KM_STAGE_GENERATE = 3,   /* synthetic data */
    KM_STAGE_OVERSAMPLE = 4, /* k-means||: position is the sample, substream restart << 4 | round */
    KM_STAGE_BATCH = 5,      /* mini-batches: position counts samples, substream is the restart */
    KM_STAGE_POOL = 6,       /* samples to draw from: by what a sample holds */
    KM_STAGE_SAMPLE = 20,    /* rows that stand for all: position is what a row holds */
    KM_STAGE_REFERENCE = 21, /* gap statistic: position is the value, substream the reference */
    KM_STAGE_BOOTSTRAP = 22, /* stability: position is the draw, substream the bootstrap */
    KM_STAGE_MAP = 23,       /* customers on the map: position is what an id is */
    KM_STAGE_TEST = 1000     /* tests and benchmarks */
} km_stage;

typedef struct km_random4 {
    uint32_t word[4];
} km_random4;

/* The raw function: 128-bit counter and 64-bit key to 128 bits. */
km_random4 km_philox(const uint32_t counter[4], const uint32_t key[2]);

/* 64 bits for (seed, stage, position, substream). */
uint64_t km_random_u64(uint64_t seed, km_stage stage, uint64_t position, uint32_t substream);

/* Uniform in [0, 1) with 53 bits. */
double km_random_uniform(uint64_t seed, km_stage stage, uint64_t position, uint32_t substream);

/* Standard normal (Box-Muller on one Philox block). Not for anything whose bits must agree between
 * C libraries: it calls log, sqrt and cos. */
double km_random_normal(uint64_t seed, km_stage stage, uint64_t position, uint32_t substream);

/* A sequence, for code that draws as it goes along: position counts up. */
typedef struct km_random {
    uint64_t seed, position;
    km_stage stage;
    uint32_t substream;
} km_random;

static inline uint64_t km_next_u64(km_random *random) {
    return km_random_u64(random->seed, random->stage, random->position++, random->substream);
}
static inline double km_next_uniform(km_random *random) {
    return (double)(km_next_u64(random) >> 11) * 0x1p-53;
}
static inline double km_next_normal(km_random *random) {
    return km_random_normal(random->seed, random->stage, random->position++, random->substream);
}
/* Uniform in [0, bound), bound > 0, without bias. */
uint64_t km_next_below(km_random *random, uint64_t bound);

#endif
