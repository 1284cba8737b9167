/* Vectors of float on NEON, for assign_template.h, which undefines them. */
#include "kernels/simd_neon.h"

#define SAME_LABELS(a, b)   km_same_labels_neon(a, b)
#define T                   float
#define R                   4
#define V                   float32x4_t
#define LANES               4
#define V_SET1(a)           vdupq_n_f32(a)
#define V_LOAD(p)           vld1q_f32(p)
#define V_FNMADD(a, b, c)   vfmsq_f32(c, a, b)
#define V_FMA(a, b, c)      vfmaq_f32(c, a, b)
#define V_SUB(a, b)         vsubq_f32(a, b)
#define V_MASK              uint32x4_t
#define V_LT(a, b)          vcltq_f32(a, b)
#define V_SELECT(m, a, b)   vbslq_f32(m, a, b)
#define V_MIN(a, b)         vminnmq_f32(a, b)
#define V_MAX(a, b)         vmaxnmq_f32(a, b)
#define V_GT_BITS(a, b)     km_bits_neon_u32(vcgtq_f32(a, b))
#define V_STORE_INDEX(p, v) km_store_labels_neon_f32(p, v)
