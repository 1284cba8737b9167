/* Typical customers: the real ones nearest to the centroid of their segment. */
#include "pipeline/pipeline.h"

#include <string.h>

enum { EXAMPLES = 3 };

/* Nearer, or as near with the lower id. */
static int is_before(const kmseg_result *result, int64_t a, int64_t b) {
    if (b < 0 || result->distances[a] != result->distances[b]) {
        return b < 0 || result->distances[a] < result->distances[b];
    }
    return strcmp(result->ids[a], result->ids[b]) < 0;
}

kmseg_status km_find_typical(kmseg_context *ctx, kmseg_result *result, km_arena *arena) {
    int64_t *typical =
        km_arena_array(arena, (int64_t)result->n_segments * EXAMPLES, sizeof *typical);
    if (typical == NULL) {
        return km_fail_memory(ctx, "typical customers");
    }
    memset(typical, 0xff, (size_t)result->n_segments * EXAMPLES * sizeof *typical); /* -1 */
    for (int64_t i = 0; i < result->n_samples; i++) {
        int64_t *own = typical + (int64_t)result->labels[i] * EXAMPLES;
        if (!is_before(result, i, own[EXAMPLES - 1])) {
            continue;
        }
        int at = EXAMPLES - 1;
        for (; at > 0 && is_before(result, i, own[at - 1]); at--) {
            own[at] = own[at - 1];
        }
        own[at] = i;
    }
    result->typical = typical;
    result->n_typical = EXAMPLES;
    return KMSEG_OK;
}
