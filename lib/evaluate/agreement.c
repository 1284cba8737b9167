/* Agreement of two labellings, from the pairs of samples they put together or apart. */
#include "base/context.h"

#include <kmseg/evaluate.h>

#include <stdlib.h>

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Number of pairs within runs of equal keys, keys sorted. */
static double pairs_in_runs(const uint64_t *keys, int64_t n) {
    int64_t pairs = 0; /* at most n^2 / 2: fits for any n that fits in memory */
    for (int64_t i = 0; i < n;) {
        int64_t first = i;
        while (i < n && keys[i] == keys[first]) {
            i++;
        }
        pairs += (i - first) * (i - first - 1) / 2;
    }
    return (double)pairs;
}

kmseg_status kmseg_adjusted_rand(kmseg_context *ctx, int64_t n_samples, const int32_t *a,
                                 const int32_t *b, double *out) {
    if (n_samples < 1) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "n_samples is %lld; it needs to be at least 1",
                       (long long)n_samples);
    }
    uint64_t *keys = km_allocate_array(&ctx->allocator, n_samples, sizeof *keys);
    if (keys == NULL) {
        return km_fail_memory(ctx, "comparing labels");
    }
    double together[3]; /* pairs together in both, in a, in b */
    for (int which = 0; which < 3; which++) {
        for (int64_t i = 0; i < n_samples; i++) {
            uint64_t x = (uint32_t)a[i], y = (uint32_t)b[i];
            keys[i] = which == 0 ? x << 32 | y : which == 1 ? x : y;
        }
        qsort(keys, (size_t)n_samples, sizeof *keys, compare);
        together[which] = pairs_in_runs(keys, n_samples);
    }
    km_release(&ctx->allocator, keys);
    double pairs = (double)n_samples * (double)(n_samples - 1) / 2;
    double expected = pairs > 0 ? together[1] * together[2] / pairs : 0;
    double highest = (together[1] + together[2]) / 2;
    /* The same partition, also where chance alone would give it (all together, all apart). */
    *out = together[0] == together[1] && together[0] == together[2]
               ? 1
               : (together[0] - expected) / (highest - expected);
    return KMSEG_OK;
}
