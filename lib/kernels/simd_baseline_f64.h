/* Vectors of double on the compiler's 16-byte vectors, for assign_template.h, which undefines them. */
#include "kernels/simd_baseline.h"

#define SAME_LABELS(a, b) km_same_labels_baseline(a, b)
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
        (p)[0] = (km_label)(v)[0];                                                                 \
        (p)[1] = (km_label)(v)[1];                                                                 \
    } while (0)
