/* Kernels of seeding: distances of samples in 16-bit fixed point to a few points at a time, as whole
 * numbers, so that every set of kernels gives the same ones.
 *
 * With q a sample and c a point, both whole and of norm at most KM_SEED_NORM, the distance is
 *
 *     h(q, c) = ceil(|q|^2 / 2) + floor(|c|^2 / 2) - q.c,
 *
 * half the squared distance, less or more by at most a half; h(q, q) is 0. It is below 2.18e9. */
#ifndef KM_KERNELS_SEED_H
#define KM_KERNELS_SEED_H

#include <stdint.h>

#define KM_SEED_NORM 33000

/* Distance before any point is known: above every h, and below 2^32 after the bias is added. */
#define KM_SEED_FAR 0x88000000u

/* Added to h - ceil(|q|^2 / 2), which is at least -|q|^2 / 2, so that it compares without a sign. */
#define KM_SEED_BIAS (1u << 30)

/* Points that go through the registers together. */
#define KM_SEED_GROUP 8

/* Some rows, in blocks of n_rows: pairs of features, one 32-bit lane for both, pair by pair. */
typedef struct km_seed {
    const int32_t *pairs; /* lane r of pair p of block b is at b * block_stride + p * stride + r */
    int64_t stride, block_stride;
    int32_t n_pairs, n_blocks;
    int32_t n_rows; /* of a block; a multiple of 32 */
    int32_t shift;  /* samples are the values shifted right by so many bits, below 16 */

    /* The first n_apply points are centroids: closest and nearest follow. What each of the others would
     * take off the sum of closest is added to its gain. n_apply is 0, 1 or n_points, n_points 1 or from
     * 4 to 8; fill up with points of zeros and half_norm UINT32_MAX, which are nobody's. */
    int32_t n_points, n_apply;
    const int32_t *points;      /* n_pairs x n_points: pairs of -c */
    const uint32_t *half_norms; /* n_points: floor(|c|^2 / 2) + KM_SEED_BIAS */
    uint16_t label;             /* of the first point; counts up */

    uint32_t *closest;       /* n_blocks x n_rows: least h so far; 0 in lanes that are no sample */
    uint16_t *nearest;       /* the same: label of a centroid that has it */
    const uint32_t *weights; /* the same, below 2^20; NULL: 1 */
    uint64_t *gains;         /* n_points, the first n_apply untouched */
} km_seed;

/* Rows of a tile of 64 to a queue of rows. */
typedef struct km_seed_queue {
    int32_t *pairs; /* n_pairs x stride */
    int64_t stride;
    int32_t n;         /* lanes in use; 64 + 16 more need to have room */
    uint32_t *closest; /* stride */
    uint32_t *weights; /* stride, or NULL */
    int32_t *rows;     /* stride */
} km_seed_queue;

/* Chance of a row that is taken for sure, but for one hash in 2^24. */
#define KM_SEED_CERTAIN 0x7fffff80

/* A few rows of some tiles, taken by a hash of their values: row r where hashes[r] / 2 < chances[r], its
 * chance in 2^-31 being weights[r] (base + slope |q|^2), at most KM_SEED_CERTAIN. */
typedef struct km_seed_sample {
    const int32_t *pairs; /* n_tiles x n_pairs x 64 */
    int32_t n_tiles, n_pairs;
    uint32_t seed;
    int all; /* whether rows are taken or not, the first tile is told of */
    float base, slope;
    const uint32_t *weights; /* n_tiles x 64, below 2^20; NULL: 1 */
    uint32_t *hashes;        /* out, 64: of the rows of that tile */
    int32_t *chances;        /* the same */
} km_seed_sample;

#if defined(__x86_64__)
void km_seed_avx512vnni(const km_seed *seed);
#endif

#endif
