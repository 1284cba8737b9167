/* Vectors of 32-bit whole numbers in the compiler's own vector language, for seed_template.h, which
 * undefines them. */
#include "kernels/kernels.h"

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

typedef uint32_t km_v4u __attribute__((vector_size(16)));
typedef int32_t km_v4s __attribute__((vector_size(16)));
typedef int16_t km_v8h __attribute__((vector_size(16)));
typedef uint64_t km_v2u __attribute__((vector_size(16)));

static inline km_v4u km_seed_load(const void *from) {
    km_v4u out;
    memcpy(&out, from, sizeof out);
    return out;
}

static inline void km_seed_store(void *to, km_v4u v) { memcpy(to, &v, sizeof v); }

/* sum + a's low halves times b's + a's high halves times b's. */
static inline km_v4u km_seed_dot(km_v4u sum, km_v4u a, km_v4u b) {
#if defined(__SSE2__)
    return sum + (km_v4u)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    km_v4s low = ((km_v4s)(a << 16) >> 16) * ((km_v4s)(b << 16) >> 16);
    km_v4s high = ((km_v4s)a >> 16) * ((km_v4s)b >> 16);
    return sum + (km_v4u)low + (km_v4u)high;
#endif
}

static inline km_v4u km_seed_least(km_v4u a, km_v4u b) {
    km_v4u less = (km_v4u)(a < b);
    return (less & a) | (~less & b);
}

/* Products of the even lanes. */
static inline km_v4u km_seed_product(km_v4u a, km_v4u b) {
    const uint64_t low = UINT32_MAX;
    return (km_v4u)(((km_v2u)a & low) * ((km_v2u)b & low));
}

static inline void km_seed_label(uint16_t *labels, km_v4u a, km_v4u b, uint16_t label) {
    km_v4u less = (km_v4u)(a < b);
    km_v2u any = (km_v2u)less;
    if ((any[0] | any[1]) != 0) {
        for (int i = 0; i < 4; i++) {
            labels[i] = less[i] != 0 ? label : labels[i];
        }
    }
}

#define V                       km_v4u
#define LANES                   4
#define V_SET1(a)               ((uint32_t)(a) - (km_v4u){0})
#define V_LOAD(p)               km_seed_load(p)
#define V_STORE(p, v)           km_seed_store(p, v)
#define V_ADD(a, b)             ((a) + (b))
#define V_SUB(a, b)             ((a) - (b))
#define V_MIN(a, b)             km_seed_least(a, b)
#define V_DOT(m, s, a, b)       km_seed_dot(s, a, b)
#define V_SHIFT(a, s)           (km_v4u)((km_v8h)(a) >> (int16_t)(s))
#define V_HALF(a)               ((a) >> 1)
#define V_ADD64(a, b)           (km_v4u)((km_v2u)(a) + (km_v2u)(b))
#define V_MUL64(a, b)           km_seed_product(a, b)
#define V_ODD(a)                (km_v4u)((km_v2u)(a) >> 32)
#define V_KEEP(v)               (void)(v)
#define V_LABEL(p, a, b, label) km_seed_label(p, a, b, label)
