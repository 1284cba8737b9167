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

int km_coreset_pays(const kmseg_tiles *tiles, const kmseg_fit_options *options, int32_t k) {
    int64_t size = options->coreset_size;
    return size > 0 && tiles->n_weighted / LEAST_FOR_EACH >= size && size / LEAST_IN_CLUSTER >= k &&
           km_initialiser_find(options->init)->is_drawn &&
           km_algorithm_find(options->algorithm)->exact;
}

/* One sample, in the type it has. */
static void copy_sample(const kmseg_matrix *samples, int64_t row, void *out, int64_t to) {
    size_t size = km_element_size(samples->dtype), n = (size_t)samples->n_cols;
    const char *from = (const char *)samples->values + (size_t)(row * samples->row_stride) * size;
    memcpy((char *)out + (size_t)to * n * size, from, n * size);
}

static kmseg_status fill(kmseg_context *ctx, const kmseg_tiles *tiles, const km_weighted_row *of,
                         int64_t n, km_coreset *out) {
    const kmseg_matrix *samples = &tiles->samples;
    size_t size = km_element_size(samples->dtype) * (size_t)samples->n_cols;
    out->values = km_allocate(&ctx->allocator, size * (size_t)n);
    out->weights = km_allocate_array(&ctx->allocator, n, sizeof *out->weights);
    if (out->values == NULL || out->weights == NULL) {
        return km_fail_memory(ctx, "a coreset");
    }
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += of[i].weight;
    }
    for (int64_t i = 0; i < n; i++) {
        double whole = nearbyint(of[i].weight * (MEAN_WEIGHT * (double)n / sum));
        out->weights[i] = fmin(fmax(whole, 1), LARGEST_WEIGHT);
        copy_sample(samples, of[i].row, out->values, i);
    }
    kmseg_matrix matrix = kmseg_matrix_view(out->values, samples->dtype, n, samples->n_cols);
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    return kmseg_tiles_new(ctx, &matrix, out->weights, &options, &out->tiles);
}

kmseg_status km_coreset_make(kmseg_context *ctx, const kmseg_tiles *tiles,
                             const kmseg_fit_options *options, km_coreset *out) {
    *out = (km_coreset){.allocator = ctx->allocator};
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_weighted_row *contents = NULL;
    int64_t n = 0;
    kmseg_status status =
        km_pool_take(ctx, tiles, options->seed, options->coreset_size, &scratch, &contents, &n);
    if (status == KMSEG_OK && n > 0) {
        status = fill(ctx, tiles, contents, n, out);
    }
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        km_coreset_end(out);
    }
    return status;
}

void km_coreset_end(km_coreset *coreset) {
    kmseg_tiles_free(coreset->tiles);
    km_release(&coreset->allocator, coreset->values);
    km_release(&coreset->allocator, coreset->weights);
    *coreset = (km_coreset){.allocator = coreset->allocator};
}
