/* Vectors of float on the compiler's 16-byte vectors, for assign_template.h, which undefines them. */
#include "kernels/simd_baseline.h"

#define SAME_LABELS(a, b) km_same_labels_baseline(a, b)
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
        km_label whole __attribute__((vector_size(4 * sizeof(km_label))));                         \
        whole = __builtin_convertvector(__builtin_convertvector(v, v4i), __typeof__(whole));       \
        memcpy(p, &whole, sizeof whole);                                                           \
    } while (0)
