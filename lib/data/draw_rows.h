/* A sample of rows that depends on what is in the rows, not on where they are. */
#ifndef KM_DATA_DRAW_ROWS_H
#define KM_DATA_DRAW_ROWS_H

#include "base/rng.h"
#include "data/tiles.h"

/**
 * Draws n_wanted rows without replacement, each as likely as any other; all where there are fewer.
 *
 * Every row has a random number of (seed, stage, what is in the row, how many equal rows came
 * before), and those with the lowest numbers are drawn, lowest first. So whatever the order of the
 * rows, the drawn rows hold the same values in the same order (but where two different rows share a
 * 64-bit hash). Which of several equal rows are drawn does depend on it.
 *
 * weighted  1: rows of weight 0 are not drawn
 * numbers   n_samples: the number of every row that could be drawn, or NULL
 * out       n_wanted positions; *out_n of them are filled
 *
 * Cost O(n_samples n_features), memory 24 bytes a row while it runs; 4 where few rows are drawn, of
 * which few repeat, and numbers is NULL.
 */
kmseg_status km_draw_rows(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t n_wanted,
                          int weighted, uint64_t seed, km_stage stage, int64_t *out, int64_t *out_n,
                          uint64_t *numbers);

/**
 * All rows, in an order of what is in them (and of a hash of it, so no order of their values): whatever
 * the order of the rows, out[i] is a row of the same values and weight, but where two different rows
 * share a 64-bit hash.
 *
 * out  n_samples positions
 *
 * Cost O(n_samples n_features), memory 40 bytes a row while it runs.
 */
kmseg_status km_order_rows(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t *out);

/* The same rows as km_draw_rows() draws, where few of many are wanted and few repeat; *out_done is 0 and
 * nothing drawn where that is not so. */
kmseg_status km_draw_few(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t n_wanted,
                         int weighted, uint64_t seed, km_stage stage, int64_t *out, int *out_done);

/* Hashes of the weight and the values of the n rows from first on, to out[64]; lanes behind them repeat
 * the last. block has room for 64 rows. */
void km_hash_rows(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t first, int32_t n,
                  double *block, uint64_t *out);

/* The same of the values alone. */
void km_hash_contents(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t first, int32_t n,
                      double *block, uint64_t *out);

/* A hash of n values, from one of others or 0; -0 is 0. */
uint64_t km_hash_values(uint64_t hash, const double *values, int32_t n);

#endif
