#include "cluster/subset.h"

#include <string.h>

/* One sample, in the type it has. */
static void copy_sample(const kmseg_matrix *samples, int64_t row, void *out, int64_t to) {
    size_t size = km_element_size(samples->dtype), n = (size_t)samples->n_cols;
    const char *from = (const char *)samples->values + row * samples->row_stride * (int64_t)size;
    memcpy((char *)out + (size_t)to * n * size, from, n * size);
}

kmseg_status km_subset_make(kmseg_context *ctx, const kmseg_tiles *tiles,
                            const km_weighted_row *rows, int64_t n, km_subset *out) {
    const kmseg_matrix *samples = &tiles->samples;
    size_t size = km_element_size(samples->dtype) * (size_t)samples->n_cols;
    *out = (km_subset){
        .values = km_allocate(&ctx->allocator, size * (size_t)n),
        .weights = km_allocate_array(&ctx->allocator, n, sizeof *out->weights),
        .allocator = ctx->allocator,
    };
    kmseg_status status = KMSEG_E_MEMORY;
    if (out->values == NULL || out->weights == NULL) {
        status = km_fail_memory(ctx, "some of the samples");
    } else {
        for (int64_t i = 0; i < n; i++) {
            out->weights[i] = rows[i].weight;
            copy_sample(samples, rows[i].row, out->values, i);
        }
        kmseg_matrix matrix = kmseg_matrix_view(out->values, samples->dtype, n, samples->n_cols);
        kmseg_tiles_options options;
        kmseg_tiles_options_init(&options);
        status = kmseg_tiles_new(ctx, &matrix, out->weights, &options, &out->tiles);
    }
    if (status != KMSEG_OK) {
        km_subset_end(out);
    }
    return status;
}

void km_subset_end(km_subset *subset) {
    kmseg_tiles_free(subset->tiles);
    km_release(&subset->allocator, subset->values);
    km_release(&subset->allocator, subset->weights);
    *subset = (km_subset){.allocator = subset->allocator};
}
