/* Inside of choosing: the sample that gap statistic and stability look at, and what they share. */
#ifndef KM_CHOOSE_CHOOSE_H
#define KM_CHOOSE_CHOOSE_H

#include "base/context.h"
#include "data/tiles.h"

#include <kmseg/choose.h>

/* Rows that stand for all, in an order that follows from what they hold. */
typedef struct km_sample {
    int64_t n;
    int32_t n_features;
    const int64_t *rows;   /* n positions in the tiles */
    const double *values;  /* n x n_features */
    const double *weights; /* n, or NULL: 1 */
} km_sample;

/* At most n_wanted rows of positive weight; all memory from arena. */
kmseg_status km_sample_draw(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t n_wanted,
                            uint64_t seed, km_arena *arena, km_sample *out);

/* Checks both option structs, and that fits of 1 to k_max clusters can be made from them. */
kmseg_status km_choose_check(kmseg_context *ctx, const kmseg_fit_options *fit,
                             const kmseg_choose_options *options);

/* The same for samples: n values x n_features, fitted for every k from k_min to k_max. */
kmseg_status km_sample_sweep(kmseg_context *ctx, const double *values, const double *weights,
                             int64_t n, int32_t n_features, int32_t k_min, int32_t k_max,
                             const kmseg_fit_options *fit, const kmseg_choose_options *options,
                             uint64_t seed, kmseg_sweep_result **out);

/* A box to draw references from: in coordinates along its axes, which are a rotation of the features,
 * so that distances are the same. */
typedef struct km_box {
    double *low, *high; /* n_features */
} km_box;

kmseg_status km_box_of(kmseg_context *ctx, const km_sample *sample, int along_axes, km_arena *arena,
                       km_box *out);

/* What the recommendation is made from: everything of a kmseg_choice but votes and what follows.
 * Fills votes, n_votes of rows, recommended, closest and reasons, from arena. */
kmseg_status km_recommend(kmseg_context *ctx, kmseg_choice *choice, kmseg_choice_row *rows,
                          double total_squares, double min_share, km_arena *arena);

#endif
