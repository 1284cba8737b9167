/* What both element types share on the compiler's 16-byte vectors. */
#ifndef KM_KERNELS_SIMD_BASELINE_H
#define KM_KERNELS_SIMD_BASELINE_H

#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

typedef float v4f __attribute__((vector_size(16)));
typedef int32_t v4i __attribute__((vector_size(16)));
typedef double v2d __attribute__((vector_size(16)));
typedef int64_t v2i __attribute__((vector_size(16)));

static inline v4f select4(v4i mask, v4f a, v4f b) {
    return (v4f)((mask & (v4i)a) | (~mask & (v4i)b));
}
static inline v2d select2(v2i mask, v2d a, v2d b) {
    return (v2d)((mask & (v2i)a) | (~mask & (v2i)b));
}

static inline uint64_t bits4(v4i mask) {
    return (uint64_t)((mask[0] & 1) | (mask[1] & 2) | (mask[2] & 4) | (mask[3] & 8));
}
static inline uint64_t bits2(v2i mask) { return (uint64_t)((mask[0] & 1) | (mask[1] & 2)); }

/* Bit r: label r is the same in both. */
static inline uint64_t km_same_labels_baseline(const km_label *a, const km_label *b) {
    if (memcmp(a, b, KM_LANES * sizeof *a) == 0) {
        return ~UINT64_C(0);
    }
    uint64_t same = 0;
    for (int r = 0; r < KM_LANES; r++) {
        same |= (uint64_t)(a[r] == b[r]) << r;
    }
    return same;
}

#endif
