/* Vectors of float on AVX2 and FMA, for assign_template.h, which undefines them. */
#include "kernels/simd_avx2.h"

#define SAME_LABELS(a, b)   km_same_labels_avx2(a, b)
#define T                   float
#define R                   2
#define V                   __m256
#define LANES               8
#define V_SET1(a)           _mm256_set1_ps(a)
#define V_LOAD(p)           _mm256_load_ps(p)
#define V_FNMADD(a, b, c)   _mm256_fnmadd_ps(a, b, c)
#define V_FMA(a, b, c)      _mm256_fmadd_ps(a, b, c)
#define V_SUB(a, b)         _mm256_sub_ps(a, b)
#define V_MASK              __m256
#define V_LT(a, b)          _mm256_cmp_ps(a, b, _CMP_LT_OQ)
#define V_SELECT(m, a, b)   _mm256_blendv_ps(b, a, m)
#define V_MIN(a, b)         _mm256_min_ps(a, b)
#define V_MAX(a, b)         _mm256_max_ps(a, b)
#define V_GT_BITS(a, b)     (uint64_t)(unsigned) _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ))
#define V_STORE_INDEX(p, v) km_store_labels_avx2(p, _mm256_cvttps_epi32(v))
