/* Results of the layer: a struct that callers hold first, then the arena that everything is in. */
#include "value/value.h"

#include <string.h>

static km_arena *arena_of(void *result, size_t arena_at) {
    return (km_arena *)(void *)((char *)result + arena_at);
}

void *km_value_new(kmseg_context *ctx, size_t size, size_t arena_at, const char *what) {
    void *result = km_allocate(&ctx->allocator, size);
    if (result == NULL) {
        km_fail_memory(ctx, what);
        return NULL;
    }
    memset(result, 0, size);
    km_arena_init(arena_of(result, arena_at), &ctx->allocator);
    return result;
}

void km_value_free(void *result, size_t arena_at) {
    if (result != NULL) {
        km_arena *arena = arena_of(result, arena_at);
        kmseg_allocator allocator = arena->allocator;
        km_arena_free(arena);
        km_release(&allocator, result);
    }
}
