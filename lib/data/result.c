#include "data/result.h"

#include <math.h>
#include <string.h>

kmseg_status km_result_new(kmseg_context *ctx, km_result **out) {
    *out = NULL;
    km_result *result = km_allocate(&ctx->allocator, sizeof *result);
    if (result == NULL) {
        return km_fail_memory(ctx, "a result");
    }
    memset(result, 0, sizeof *result);
    km_arena_init(&result->arena, &ctx->allocator);
    result->result.struct_size = sizeof result->result;
    result->result.tiles = "";
    result->result.inertia_unmerged = NAN;
    result->result.scores = (kmseg_scores){.inertia = NAN,
                                           .explained = NAN,
                                           .silhouette = NAN,
                                           .silhouette_simplified = NAN,
                                           .calinski_harabasz = NAN,
                                           .davies_bouldin = NAN};
    *out = result;
    return KMSEG_OK;
}

void kmseg_result_free(kmseg_result *result) {
    if (result != NULL) {
        km_result *owner = (km_result *)(void *)result;
        kmseg_prepare_free(result->prepare);
        kmseg_profile_free(result->profile);
        kmseg_tree_free(result->rules);
        kmseg_allocator allocator = owner->arena.allocator;
        km_arena_free(&owner->arena);
        km_release(&allocator, owner);
    }
}

const char *kmseg_segment_name(const kmseg_result *result, int32_t segment) {
    int is_named = result->plans != NULL && result->plans[segment].name[0] != '\0';
    return is_named ? result->plans[segment].name : result->profile->names[segment];
}
