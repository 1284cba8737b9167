#include "cluster/coreset.h"

#include "cluster/draws.h"

#include <math.h>
#include <string.h>

/* With fewer samples than so many for each of the coreset's, climbing there costs what it saves. */
enum { LEAST_FOR_EACH = 8 };

/* Fewer samples than so many for each cluster say little of where it is. */
enum { LEAST_IN_CLUSTER = 64 };

/* Weights are whole numbers of about that, so that their sums are exact and what rounding loses does not
 * matter. */
#define MEAN_WEIGHT    64.0
#define LARGEST_WEIGHT 0x1p31

int km_coreset_is_small(const kmseg_tiles *tiles, const kmseg_fit_options *options) {
    int64_t size = options->coreset_size;
    return size > 0 && tiles->n_weighted / LEAST_FOR_EACH >= size;
}

int km_coreset_pays(const kmseg_tiles *tiles, const kmseg_fit_options *options, int32_t k) {
    return km_coreset_is_small(tiles, options) && options->coreset_size / LEAST_IN_CLUSTER >= k &&
           km_initialiser_find(options->init)->is_drawn &&
           km_algorithm_find(options->algorithm)->exact;
}

/* To whole numbers of the same mean, nearly. */
static void round_weights(km_weighted_row *rows, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += rows[i].weight;
    }
    for (int64_t i = 0; i < n; i++) {
        double whole = nearbyint(rows[i].weight * (MEAN_WEIGHT * (double)n / sum));
        rows[i].weight = fmin(fmax(whole, 1), LARGEST_WEIGHT);
    }
}

kmseg_status km_coreset_make(kmseg_context *ctx, const kmseg_tiles *tiles,
                             const kmseg_fit_options *options, km_subset *out) {
    *out = (km_subset){.allocator = ctx->allocator};
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_weighted_row *contents = NULL;
    int64_t n = 0;
    kmseg_status status =
        km_pool_take(ctx, tiles, options->seed, options->coreset_size, &scratch, &contents, &n);
    if (status == KMSEG_OK && n > 0) {
        round_weights(contents, n);
        status = km_subset_make(ctx, tiles, contents, n, out);
    }
    km_arena_free(&scratch);
    return status;
}
