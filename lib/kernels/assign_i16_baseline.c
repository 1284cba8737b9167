/* 16-bit assign kernel with vectors of 16 bytes. Sums wrap like those of the instructions, so in plain C
 * they are unsigned. */
#include "kernels/assign_i16.h"
#include "kernels/simd_baseline.h"

typedef uint32_t v4u __attribute__((vector_size(16)));

#if defined(__SSE2__)
#include <emmintrin.h>

static inline v4i dot(v4i sum, v4i x, v4i w) {
    return (v4i)((v4u)sum + (v4u)_mm_madd_epi16((__m128i)x, (__m128i)w));
}
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>

static inline v4i dot(v4i sum, v4i x, v4i w) {
    int16x8_t a = vreinterpretq_s16_s32((int32x4_t)x), b = vreinterpretq_s16_s32((int32x4_t)w);
    int32x4_t low = vmull_s16(vget_low_s16(a), vget_low_s16(b)), high = vmull_high_s16(a, b);
    return (v4i)vaddq_s32((int32x4_t)sum, vpaddq_s32(low, high));
}
#else
/* Both halves of a lane, with their signs. */
static inline v4i dot(v4i sum, v4i x, v4i w) {
    v4i low = ((v4i)((v4u)x << 16) >> 16) * ((v4i)((v4u)w << 16) >> 16);
    v4i high = (x >> 16) * (w >> 16);
    return (v4i)((v4u)sum + (v4u)low + (v4u)high);
}
#endif

static inline v4i all(int32_t x) { return (v4i){x, x, x, x}; }

static inline v4i load(const int32_t *from) {
    v4i v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline v4i select_lanes(v4i mask, v4i a, v4i b) { return (mask & a) | (~mask & b); }

static inline void store_labels(km_label *to, v4i v) {
    for (int i = 0; i < 4; i++) {
        to[i] = (km_label)v[i];
    }
}

/* SSE2 has minimum and maximum of floats, but not of such integers. */
static inline v4i least(v4i a, v4i b) { return select_lanes((v4i)((v4f)a < (v4f)b), a, b); }

static inline v4i most(v4i a, v4i b) { return select_lanes((v4i)((v4f)a < (v4f)b), b, a); }

#define NAME                km_assign_i16_baseline
#define NEAR                km_near_i16_baseline
#define SAME_LABELS(a, b)   km_same_labels_baseline(a, b)
#define R                   2
#define V                   v4i
#define LANES               4
#define V_SET1(a)           all(a)
#define V_LOAD(p)           load(p)
#define V_SUB(a, b)         ((a) - (b))
#define V_DOT(s, x, w)      dot(s, x, w)
#define V_MIN(a, b)         least(a, b)
#define V_MAX(a, b)         most(a, b)
#define V_LT(a, b)          ((v4i)((a) < (b)))
#define V_SELECT(m, a, b)   select_lanes(m, a, b)
#define V_BITS(m)           bits4(m)
#define V_STORE(p, v)       memcpy(p, &(v), sizeof(v))
#define V_STORE_INDEX(p, v) store_labels(p, v)

#include "kernels/assign_i16_template.h"
