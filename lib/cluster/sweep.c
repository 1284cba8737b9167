/* Many numbers of clusters at once. */
#include "cluster/cluster.h"

#include <string.h>

/* The result with the arena that owns it. */
typedef struct owned_result {
    kmseg_sweep_result result;
    kmseg_model **models;
    km_arena arena;
} owned_result;

static kmseg_status check(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t k_min,
                          int32_t k_max, const kmseg_fit_options *options) {
    if (k_min < 1 || k_max < k_min || k_max > KM_MOST_CLUSTERS) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "a sweep from %d to %d clusters; it needs 1 <= first <= last <= %d", k_min,
                       k_max, KM_MOST_CLUSTERS);
    }
    KM_TRY(km_fit_check(ctx, tiles, options, k_max));
    if (strcmp(options->init, "given") == 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "init is \"given\", which is for one number of clusters; a sweep needs "
                       "another");
    }
    return KMSEG_OK;
}

static kmseg_status sweep(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t k_min,
                          const kmseg_fit_options *options, owned_result *owned) {
    int32_t n = owned->result.n_models;
    int32_t *ks = km_arena_array(&owned->arena, n, sizeof *ks);
    owned->models = km_arena_array(&owned->arena, n, sizeof(kmseg_model *));
    if (ks == NULL || owned->models == NULL) {
        return km_fail_memory(ctx, "a sweep");
    }
    for (int32_t i = 0; i < n; i++) {
        ks[i] = k_min + i;
    }
    owned->result.models = owned->models;
    int64_t samples = tiles->n_samples * tiles->n_features * (int64_t)sizeof(float);
    km_search_job job = {.tiles = tiles,
                         .options = options,
                         .ks = ks,
                         .n_k = n,
                         .memory_limit = samples + KM_FREE_BYTES};
    return km_search(ctx, &job, owned->models);
}

kmseg_status kmseg_sweep(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t k_min, int32_t k_max,
                         const kmseg_fit_options *options, kmseg_sweep_result **out) {
    *out = NULL;
    KM_TRY(check(ctx, tiles, k_min, k_max, options));
    owned_result *owned = km_allocate(&ctx->allocator, sizeof *owned);
    if (owned == NULL) {
        return km_fail_memory(ctx, "a sweep");
    }
    *owned = (owned_result){
        .result = {.struct_size = sizeof owned->result, .n_models = k_max - k_min + 1}};
    km_arena_init(&owned->arena, &ctx->allocator);
    kmseg_status status = sweep(ctx, tiles, k_min, options, owned);
    if (status != KMSEG_OK) {
        kmseg_sweep_free(&owned->result);
        return status;
    }
    *out = &owned->result;
    return KMSEG_OK;
}

void kmseg_sweep_free(kmseg_sweep_result *result) {
    if (result != NULL) {
        owned_result *owned = (owned_result *)result; /* the result is its first member */
        for (int32_t i = 0; owned->models != NULL && i < result->n_models; i++) {
            kmseg_model_free(owned->models[i]);
        }
        kmseg_allocator allocator = owned->arena.allocator;
        km_arena_free(&owned->arena);
        km_release(&allocator, owned);
    }
}
