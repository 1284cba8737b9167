/* Vectors of double on NEON, for assign_template.h, which undefines them. */
#include "kernels/simd_neon.h"

#define SAME_LABELS(a, b)   km_same_labels_neon(a, b)
#define T                   double
#define R                   4
#define V                   float64x2_t
#define LANES               2
#define V_SET1(a)           vdupq_n_f64(a)
#define V_LOAD(p)           vld1q_f64(p)
#define V_FNMADD(a, b, c)   vfmsq_f64(c, a, b)
#define V_FMA(a, b, c)      vfmaq_f64(c, a, b)
#define V_SUB(a, b)         vsubq_f64(a, b)
#define V_MASK              uint64x2_t
#define V_LT(a, b)          vcltq_f64(a, b)
#define V_SELECT(m, a, b)   vbslq_f64(m, a, b)
#define V_MIN(a, b)         vminnmq_f64(a, b)
#define V_MAX(a, b)         vmaxnmq_f64(a, b)
#define V_GT_BITS(a, b)     km_bits_neon_u64(vcgtq_f64(a, b))
#define V_STORE_INDEX(p, v) km_store_labels_neon_f64(p, v)
