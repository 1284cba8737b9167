/* Kernels: the few functions in which the time goes, one set per instruction set. Every set gives
 * the same results: what float arithmetic cannot settle it reports as uncertain, and the exact
 * functions use one fixed order of operations without fused multiply-adds. */
#ifndef KM_KERNELS_KERNELS_H
#define KM_KERNELS_KERNELS_H

#include "base/registry.h"
#include "kernels/seed.h"

#include <stddef.h>
#include <stdint.h>

/* Rows of a tile, and lanes of a block. */
#define KM_LANES 64

/* Label of a row inside the library: half the traffic of int32_t in every pass. */
typedef uint16_t km_label;
#define KM_NO_LABEL      UINT16_MAX
#define KM_MOST_CLUSTERS 65534

/* Nearest centroid of the rows of some consecutive tiles.
 *
 * Scores are half_norm[c] - x . centroid[c], in the element type of the tiles. A row is certain
 * when its second best score exceeds its best by more than limit[tile] + slope * max(second, 0). */
typedef struct km_assign {
    const void *tiles; /* n_tiles x n_features x 64 */
    int32_t n_tiles, n_features, n_clusters;
    const void *centroids;  /* packed by km_pack() for this set's group */
    const void *half_norms; /* n_clusters */
    const double *limits;   /* n_tiles, >= 0, or infinity: decide nothing */
    double slope;
    const km_label *labels; /* n_tiles x 64: labels of the last pass */
    km_label *nearest;      /* out, n_tiles x 64; meaningless where uncertain */
    uint64_t *changed;      /* out, n_tiles: bit r: row r is certain and its label is another */
    uint64_t *uncertain;    /* out, n_tiles */
    void *scratch;          /* n_clusters x 64 elements */
} km_assign;

/* Scores of 16-bit kernels are between these two: the bits of positive normal floats, which order like
 * them, and far enough from 2^31 that best + limit fits an unsigned number. */
#define KM_LEAST_SCORE 0x00800000
#define KM_WORST_SCORE 0x7f000000

/* Numbers of two features that a row of so many takes. */
static inline int32_t km_pairs(int32_t n_features) { return n_features / 2 + n_features % 2; }

/* Nearest centroid of the rows of some consecutive tiles of 16-bit fixed point.
 *
 * Scores are half_norm[c] + x . pairs[c] in integers modulo 2^32; km_quantise_centroids() sees to it that
 * they are between the least and the worst score. A row is certain when it is not outside and its second
 * best score (the worst score where there is no other centroid) exceeds its best by more than
 * limit[tile]. */
typedef struct km_assign_i16 {
    const int16_t *tiles; /* n_tiles x km_pairs(n_features) x 64 x 2, 64-byte aligned */
    int32_t n_tiles, n_features, n_clusters;
    const int32_t *pairs; /* two 16-bit numbers each: centroids in groups of group_i16, in which
                                    they are interleaved by feature pair, then those that are left */
    const int32_t *half_norms; /* n_clusters */
    const int8_t *planes;      /* the same centroids split into bytes (planes.h), or NULL */
    const int32_t *limits;     /* n_tiles, >= 0; INT32_MAX: decide nothing */
    const uint64_t *outside;   /* n_tiles: bit r: row r is never certain; or NULL: no row is */
    const km_label *labels;    /* as in km_assign, and what follows */
    km_label *nearest;
    uint64_t *changed;
    uint64_t *uncertain;
    int32_t *best, *second; /* out, n_tiles x 64: the two lowest scores; or both NULL */
} km_assign_i16;

/* Which centroids may be nearest to the rows of one tile of 16-bit fixed point: those whose score is at
 * most `reach` above the lowest of the row. Some others are there as well, since the lowest is known
 * only at the end. */
typedef struct km_near_i16 {
    const int32_t *tile; /* km_pairs(n_features) x 64 */
    int32_t n_features, n_clusters;
    const int32_t *pairs, *half_norms; /* as in km_assign_i16 */
    int32_t reach;
    uint64_t *rows; /* out, n_clusters: bit r: row r */
} km_near_i16;

/* Features of the exact sums are moved eight at a time, so a cluster's sums take whole eights. */
#define KM_SUM_LANES 8
static inline int64_t km_sum_stride(int64_t n_features) {
    return (n_features + KM_SUM_LANES - 1) / KM_SUM_LANES * KM_SUM_LANES;
}

/* Changed rows of one tile, to be moved between the clusters' sums. */
typedef struct km_move {
    const void *samples; /* first row of the tile, n_features contiguous values each */
    int64_t row_stride;  /* in elements */
    int32_t n_features;
    uint64_t rows;         /* bit r: row r moves */
    uint64_t whole_eights; /* bit r: behind row r may be read until its length is a whole eight */
    const km_label *from;  /* 64: cluster to leave, or KM_NO_LABEL */
    const km_label *to;    /* 64: cluster to join */
    const double *centre;  /* sum_stride, 0 behind the features */
    const double *unit;    /* sum_stride, 0 behind the features: whole numbers are (x - centre) *
                             weight * unit, rounded */
    const double *fine;    /* the same: what rounding loses is summed in units so much finer; NULL:
                              it is dropped */
    const double *weights; /* 64, or NULL: 1 */
    int64_t *sums;         /* n_clusters x sum_stride */
    int64_t *fine_sums;    /* the same for fine */
    int64_t *counts;       /* n_clusters: rows that joined less those that left */
} km_move;

/* Up to 64 rows and the centroids of their labels. */
typedef struct km_own_sum {
    const void *rows;
    int64_t row_stride; /* in elements */
    int32_t n_rows;
    int32_t n_features; /* whole eights */
    int64_t ahead;      /* of a value that is read the one, in elements, that is asked for */
    const int32_t *labels;
    const double *weights; /* n_rows, or NULL: 1 */
    const double *centroids;
    double unit;         /* a power of two */
    int64_t *high, *low; /* 8 each, added to */
} km_own_sum;

/* What the least margin of a tile, in whole steps, is compared with later, when any row has lost at most so
 * much: one less, and the rest rounded down. */
static inline float km_tile_key(uint32_t least, double lost_most) {
    float most = (float)lost_most;
    return (float)least - 1 + most - 0x1p-20f * (UINT16_MAX + most);
}

/* Which rows of some tiles need to be assigned again: those whose key does not exceed what their
 * label has lost. Tiles whose own key exceeds what any row has lost have none and are passed over; the
 * others get a new one from the rows that need not. */
#define KM_LOSSES_AT_LEAST 64
typedef struct km_filter {
    int32_t n_tiles, n_clusters;
    const km_label *labels; /* n_tiles x 64 */
    const uint16_t *keys;   /* n_tiles x 64 */
    const uint16_t *losses; /* KM_LOSSES_AT_LEAST, and one more than n_clusters */
    double lost_most;
    float *tile_keys; /* n_tiles, in and out */
    uint64_t *rows;   /* out, n_tiles */
} km_filter;

/* By how much at least each row of some tiles of 16 bits is nearer to its nearest centroid than to any
 * other, from its two lowest scores. Distances and figures of km_margins are in units of the tiles. */
typedef struct km_margins {
    const int16_t *tiles; /* n_tiles x n_pairs x 64 x 2 */
    int32_t n_tiles, n_pairs;
    const int32_t *best, *second; /* n_tiles x 64 */
    int32_t zero;                 /* the score that stands for 0 */
    float per_unit; /* squared distance less the row's squared norm is (score - zero) * per_unit */
    float doubt;    /* by so much may the difference of two squared distances be off */
    float doubts;   /* by so much may their sum be */
    float cap;      /* squared distance beyond which the second best is not known */
    float slack;    /* by so much may the margin be off otherwise */
    float typical;  /* a distance > 0: the bound is closest for rows with such distances */
    float steps;    /* in a unit of the tiles */
    uint16_t *out;  /* n_tiles x 64: whole steps, at most UINT16_MAX */
} km_margins;

/* Keys of the rows of some tiles: what a row's margin is in whole steps and its label has lost, at most
 * UINT16_MAX; 0 where there is no margin. */
typedef struct km_keys {
    int32_t n_tiles, n_clusters;
    const km_label *labels; /* n_tiles x 64, less than n_clusters or less than 64 */
    const uint16_t *losses; /* as in km_filter */
    const uint16_t *steps;  /* n_tiles x 64 */
    uint16_t *out;          /* n_tiles x 64 */
    uint16_t *least;        /* out, n_tiles: lowest margin */
} km_keys;

/* Rows of some tiles of 16 bits, laid out again as dense tiles. */
typedef struct km_compact {
    const int32_t *tiles; /* n_tiles x n_pairs x 64 */
    int32_t n_tiles, n_pairs;
    const uint64_t *rows;   /* n_tiles */
    const km_label *labels; /* n_tiles x 64 */
    int32_t *out;           /* n_tiles x n_pairs x 64 */
    km_label *out_labels;   /* n_tiles x 64 */
    uint16_t *positions;    /* out: which row each one was, counted from the first tile's first */
} km_compact;
/* Running figures of rows that follow one another without gaps. They are kept for every value of a
 * period: n_lanes values, a multiple of 16 and of the number of features. */
#define KM_SCAN_PERIODS 4
typedef struct km_scan {
    int64_t n_lanes;
    const void *base;         /* n_lanes values of the rows' type */
    void *smallest, *largest; /* the same, brought up to date; NaN is left out */
    double *sums;             /* n_lanes: the values less the base, nearly, are added */
} km_scan;

/* Running sums of a feature are kept in so many parts, and counts in so many. */
#define KM_FILL_LANES  8
#define KM_FILL_COUNTS 16

/* Over a unit: a number whose last place is that unit. Its bits are in the running sums of km_fill once for
 * every row, modulo 2^64. */
#define KM_FILL_MAGIC 0x1.8p52

/* A tile being built from 64 rows. Where there is no sample, a row is the centre and its weight 0.
 *
 * The value of a row in feature j is v = (x - centre[j]) * scale, in float32: for float32 rows all in
 * float32 where `narrow` says that it is safe, else by way of float64. */
typedef struct km_fill {
    const void *rows; /* n_features contiguous values each; readable to 12 bytes behind the last */
    const void *next; /* rows to be fetched meanwhile, without gaps; or NULL */
    int64_t row_stride; /* in elements */
    int32_t n_features;
    int narrow;            /* centres are float32 numbers, and no (x - centre) * scale overflows */
    const double *centre;  /* n_features */
    const double *weights; /* 64, or NULL: 1 */
    double scale;          /* a power of two */
    float fine;            /* int16 tiles hold v * fine, rounded */
    const float *little;   /* n_features: values below it, but not 0, are counted */
    void *block;           /* scratch: n_features x 64 elements of the rows' type */

    /* The tile; all NULL: it is only measured. int16: 64 x 2 values of feature pairs, one after the
     * other, a missing last feature being 0; else feature by feature. */
    int16_t *i16;
    float *f32;
    double *f64;

    float norms[KM_LANES];      /* out: sum over j of v^2, j ascending */
    float rests[KM_LANES];      /* out: for int16 the same of what rounding v * fine loses */
    float most_norm, most_rest; /* out: the largest of them */
    const float *beyond;        /* 2: rows of at least these norms are counted */
    int32_t *n_beyond;          /* 2 x KM_FILL_COUNTS, added to */

    /* Added to: the bits of w (x - centre) and w (x - centre)^2, each on top of its magic number; and the
     * counts. Or sums is NULL. */
    const double *sum_magic, *square_magic; /* n_features: KM_FILL_MAGIC / unit, a power of two */
    int64_t *sums, *squares;                /* n_features x KM_FILL_LANES */
    int32_t *n_little;                      /* n_features x KM_FILL_COUNTS */
} km_fill;

struct km_quantised;

typedef struct km_kernels {
    km_named named;
    int (*available)(void); /* 1 when this CPU can run them */
    int32_t group;          /* centroids that km_pack() interleaves */
    int32_t group_i16;      /* the same for assign_i16 */

    /* Bytes of the planes that assign_i16 wants of so many centroids, 0: none; or NULL. */
    int64_t (*plane_bytes)(int32_t n_clusters, int32_t n_features);

    void (*assign_f32)(const km_assign *assign);
    void (*assign_f64)(const km_assign *assign);
    void (*assign_i16)(const km_assign_i16 *assign);
    void (*near_i16)(const km_near_i16 *near);
    void (*move_f32)(const km_move *move);
    void (*move_f64)(const km_move *move);

    /* km_quantised_limit() of n tiles, to out[n]. */
    void (*limits)(const struct km_quantised *quantised, const float *norms, const float *residuals,
                   int32_t n, int32_t *out);

    /* How many rows n masks have. */
    int64_t (*count)(const uint64_t *rows, int32_t n);

    void (*filter)(const km_filter *filter);
    void (*margins)(const km_margins *margins);
    void (*keys)(const km_keys *keys);
    int32_t (*compact)(const km_compact *compact); /* returns how many rows */

    /* Squared distances of one row to centroids given by columns: columns[j * stride + c], stride a
     * multiple of 8; to out[stride]. The same bits as distances. */
    void (*row_distances)(const double *row, int32_t n_features, const double *columns,
                          int64_t stride, double *out);

    /* The same to n of n_clusters x n_features centroids, to out[n]. */
    void (*some_distances)(const double *row, int32_t n_features, const double *centroids,
                           const int32_t *which, int32_t n, double *out);

    /* 64 rows of n_features contiguous values to a block of doubles, feature-major:
     * out[j * 64 + r], 64-byte aligned. */
    void (*block_f32)(const float *values, int64_t row_stride, int32_t n_features, double *out);
    void (*block_f64)(const double *values, int64_t row_stride, int32_t n_features, double *out);

    /* Widens the range [*low, *high] by 64 values. */
    void (*widen)(const double *x, double *low, double *high);

    /* Sum of the whole numbers (x - base) * weight * unit of 64 values. */
    int64_t (*sum_whole)(const double *x, const double *weights, double base, double unit);

    /* Sums of the whole numbers x * unit of 64 values, and of what their rounding loses, that in units
     * 2^-40 finer. */
    void (*sum_wide)(const double *x, double unit, int64_t *high, int64_t *low);

    /* For each of 64 values how many of 256 ascending numbers, the last of them infinity, are less. */
    void (*bins)(const double *upper, const double *x, uint8_t *out);

    /* Hashes of 64 rows, each with one value more; see km_hash_values(). */
    void (*hash)(const double *x, uint64_t *hashes);

    /* km_random_u64(seed, stage, position, 0) of 64 positions. */
    void (*numbers)(uint64_t seed, uint32_t stage, const uint64_t *positions, uint64_t *out);

    /* For each of 64 values which of n_steps, per_unit in a unit, from low on, it is in: the first where
     * it is lower, the last where it is higher, n_steps where it is not finite. */
    void (*steps)(const double *x, double low, double per_unit, int32_t n_steps, uint16_t *out);

    /* n_blocks times KM_SCAN_PERIODS periods of float32 or float64 rows. */
    void (*scan_f32)(const km_scan *scan, const void *values, int64_t n_blocks);
    void (*scan_f64)(const km_scan *scan, const void *values, int64_t n_blocks);

    /* One tile from rows of float32 or float64. */
    void (*fill_f32)(km_fill *fill);
    void (*fill_f64)(km_fill *fill);

    /* Adds, for rows of eights of features, (x - centroid)^2 * weight * unit of every value, rounded,
     * and what rounding loses in units 2^-40 finer, to high[8] and low[8]. */
    void (*own_sum_f32)(const km_own_sum *sum);
    void (*own_sum_f64)(const km_own_sum *sum);

    /* Squared distances of 64 lanes to the centroids of their labels, to out[64]. */
    void (*own_distances)(const double *block, int32_t n_features, const double *centroids,
                          const int32_t *labels, double *out);

    /* Squared distances sum over j of (block[j * 64 + r] - centroids[c * n_features + j])^2, j
     * ascending, to out[c * 64 + r]. block and out are 64-byte aligned. */
    void (*distances)(const double *block, int32_t n_features, const double *centroids,
                      int32_t n_clusters, double *out);

    /* Of those, per lane the lowest and the second lowest, lower index first among equals. */
    void (*nearest)(const double *block, int32_t n_features, const double *centroids,
                    int32_t n_clusters, int32_t *index, double *distance, int32_t *second_index,
                    double *second_distance);

    /* See kernels/seed.h. Of 64 rows those that are at least as far as the limit of their label; limits
     * has 32 more elements; and a copy of such rows of a tile, numbered from first_row on, to the end of
     * a queue. */
    void (*seed)(const km_seed *seed);
    uint64_t (*seed_reached)(const uint32_t *closest, const uint16_t *nearest,
                             const uint32_t *limits, int32_t n_limits);
    void (*seed_append)(const int32_t *tile, int32_t n_pairs, const uint32_t *closest,
                        const uint32_t *weights, int32_t first_row, uint64_t rows,
                        km_seed_queue *queue);
    /* The first tile of which rows are taken, or n_tiles; with `all`, the first one. */
    int32_t (*seed_sample)(const km_seed_sample *sample, uint64_t *rows);
} km_kernels;

/* Rows of the registry, slowest first; NULL behind the last. */
const km_kernels *km_kernels_at(int32_t i);

/* The row of a name, or NULL. */
const km_kernels *km_kernels_find(const char *name);

/* Called once when a context is made with these kernels. */
void km_kernels_warm(const km_kernels *kernels);

/* Lays out n_clusters x n_features centroids for assign: groups of `group` interleaved by feature,
 * then the remaining ones interleaved among themselves. size is that of an element (4 or 8). */
void km_pack(const double *centroids, int32_t n_clusters, int32_t n_features, int32_t group,
             size_t size, void *out);

extern const km_kernels km_kernels_baseline;
extern const km_kernels km_kernels_blas; /* in a build with KMSEG_BLAS */
void km_blas_warm(void);
#if defined(__x86_64__)
extern const km_kernels km_kernels_avx2;
extern const km_kernels km_kernels_avx512;
extern const km_kernels km_kernels_avx512vnni;
extern const km_kernels km_kernels_amx;
#elif defined(__aarch64__)
extern const km_kernels km_kernels_neon;
#endif

#endif
