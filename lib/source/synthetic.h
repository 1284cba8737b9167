/* Shared by the generators: random draws by customer, order and item, and arithmetic that gives the
 * same bits with every C library. */
#ifndef KM_SOURCE_SYNTHETIC_H
#define KM_SOURCE_SYNTHETIC_H

#include "base/context.h"
#include "base/rng.h"

#include <kmseg/source.h>

/* One Philox block for (seed, customer, order, item): what is drawn for one line of one order does
 * not depend on any other line. */
static inline km_random4 km_draw(uint64_t seed, int64_t customer, int64_t order, uint32_t item) {
    uint32_t counter[4] = {(uint32_t)order, (uint32_t)customer, item, KM_STAGE_GENERATE};
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    return km_philox(counter, key);
}

/* Uniform in [0, 1) with 32 bits. */
static inline double km_unit(uint32_t word) { return (double)word * 0x1p-32; }

/* Bell-shaped, mean 0, variance 1, within +-4.9: eight 16-bit uniforms, standardised. Sums of
 * integers are exact everywhere, which log and cos of a C library are not. */
static inline double km_bell(km_random4 r) {
    uint32_t sum = 0;
    for (int i = 0; i < 4; i++) {
        sum += (r.word[i] & 0xffffu) + (r.word[i] >> 16);
    }
    return ((double)sum - 262140.0) * (1.0 / 53509.92); /* 8 mean, sqrt(8 variance) */
}

/* e^x for |x| < 700 by additions and multiplications only. */
double km_portable_exp(double x);

/* Position of the first cumulative share above u; shares need not sum to 1. */
int32_t km_pick(const double *shares, int32_t n, double u);

static inline double km_cents(double amount) {
    return (double)(int64_t)(amount * 100.0 + 0.5) / 100.0;
}

/* The planted segment of a customer, from 0. Sizes differ, and every segment has a customer. */
int32_t km_planted_segment(const kmseg_generate_options *options, int64_t customer);

/* The ids of n customers, digits that count up from 100001; NULL when out of memory. */
const char **km_customer_ids(km_arena *arena, int64_t n);

/* Gives a TEXT column whose codes are filled its levels, renumbered in order of first appearance as
 * every reader numbers them, unused ones dropped. levels live as long as the table; NULL is taken
 * as out of memory. */
kmseg_status km_generate_levels(kmseg_context *ctx, kmseg_table *table, int32_t column,
                                int32_t *codes, int64_t n_levels, const char *const *levels);

/* Adds the column customer_id, one row per customer. */
kmseg_status km_generate_ids(kmseg_context *ctx, kmseg_table *table);

kmseg_status km_generate_orders(kmseg_context *ctx, const kmseg_generate_options *options,
                                kmseg_table **out);
kmseg_status km_generate_customers(kmseg_context *ctx, const kmseg_generate_options *options,
                                   kmseg_table **out);

#endif
