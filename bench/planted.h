/* Generated customers whose groups are known: numbers with long tails, categories, bands, tags, cells
 * that are missing. */
#ifndef BENCH_PLANTED_H
#define BENCH_PLANTED_H

#include <kmseg/kmseg.h>

/* The shape of numbers. */
typedef enum planted_skew {
    PLANTED_EVEN,  /* normal within each group */
    PLANTED_TAIL,  /* log-normal with a sigma of 1 */
    PLANTED_HEAVY, /* log-normal with a sigma of 2, one column with its tail to the left */
    PLANTED_FAR,   /* normal, and one group lies far out: skewed for a reason */
    PLANTED_N_SKEWS
} planted_skew;

/* What the columns are. */
typedef enum planted_mix {
    PLANTED_NUMBERS,  /* six numbers */
    PLANTED_BALANCED, /* three numbers, two categories, a column of bands, one of tags */
    PLANTED_TEXTS,    /* two numbers, four categories, two columns of bands, one of tags */
    PLANTED_N_MIXES
} planted_mix;

typedef struct planted_options {
    int64_t n;
    int32_t k;
    planted_skew skew;
    planted_mix mix;
    double missing; /* share of cells */
    int uneven;     /* groups are of sizes 1 : 2 : ... : k instead of equal */
    uint64_t seed;
} planted_options;

extern const char *const planted_skews[PLANTED_N_SKEWS], *const planted_mixes[PLANTED_N_MIXES];

/* A table, and the group of each of its rows in out_truth, which has room for n. */
kmseg_status planted_make(kmseg_context *ctx, const planted_options *options, kmseg_table **out,
                          int32_t *out_truth);

/* Adjusted Rand index of k-means into k groups against truth, after the prepare step with its
 * defaults, and as it is usually done by hand: z-scores of the values as they are, and a 0/1 column
 * for each level of text. Both fill the median and the most frequent level, and have the same starts. */
kmseg_status planted_compare(kmseg_context *ctx, const kmseg_table *table, const int32_t *truth,
                             int32_t k, double *out_default, double *out_plain);

#endif
