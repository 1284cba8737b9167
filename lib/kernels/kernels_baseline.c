/* The portable kernels: vectors of 16 bytes in the compiler's own vector language, which every
 * 64-bit CPU has (SSE2, NEON). */
#include "base/sums.h"
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

static uint64_t same_labels(const int32_t *a, const int32_t *b) {
    if (memcmp(a, b, KM_LANES * sizeof *a) == 0) {
        return ~UINT64_C(0);
    }
    uint64_t same = 0;
    for (int r = 0; r < KM_LANES; r++) {
        same |= (uint64_t)(a[r] == b[r]) << r;
    }
    return same;
}
#define SAME_LABELS(a, b) same_labels(a, b)

#define NAME              assign_f32_baseline
#define T                 float
#define R                 2
#define V                 v4f
#define LANES             4
#define V_SET1(a)         ((v4f){(a), (a), (a), (a)})
#define V_LOAD(p)         (*(const v4f *)(p))
#define V_FNMADD(a, b, c) ((c) - (a) * (b))
#define V_FMA(a, b, c)    ((a) * (b) + (c))
#define V_SUB(a, b)       ((a) - (b))
#define V_MASK            v4i
#define V_LT(a, b)        ((a) < (b))
#define V_SELECT(m, a, b) select4(m, a, b)
#define V_MIN(a, b)       select4((a) < (b), a, b)
#define V_MAX(a, b)       select4((a) > (b), a, b)
#define V_GT_BITS(a, b)   bits4((a) > (b))
#define V_STORE_INDEX(p, v)                                                                        \
    do {                                                                                           \
        v4i whole = __builtin_convertvector(v, v4i);                                               \
        memcpy(p, &whole, sizeof whole);                                                           \
    } while (0)
#include "kernels/assign_template.h"

#define NAME              assign_f64_baseline
#define T                 double
#define R                 2
#define V                 v2d
#define LANES             2
#define V_SET1(a)         ((v2d){(a), (a)})
#define V_LOAD(p)         (*(const v2d *)(p))
#define V_FNMADD(a, b, c) ((c) - (a) * (b))
#define V_FMA(a, b, c)    ((a) * (b) + (c))
#define V_SUB(a, b)       ((a) - (b))
#define V_MASK            v2i
#define V_LT(a, b)        ((a) < (b))
#define V_SELECT(m, a, b) select2(m, a, b)
#define V_MIN(a, b)       select2((a) < (b), a, b)
#define V_MAX(a, b)       select2((a) > (b), a, b)
#define V_GT_BITS(a, b)   bits2((a) > (b))
#define V_STORE_INDEX(p, v)                                                                        \
    do {                                                                                           \
        (p)[0] = (int32_t)(v)[0];                                                                  \
        (p)[1] = (int32_t)(v)[1];                                                                  \
    } while (0)
#include "kernels/assign_template.h"

#define SET baseline
#include "kernels/exact_template.h"

static int available(void) { return 1; }

const km_kernels km_kernels_baseline =
    KERNELS_OF_SET("baseline", "portable vectors of 16 bytes (SSE2, NEON)", available);
