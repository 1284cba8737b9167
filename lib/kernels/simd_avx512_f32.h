/* Vectors of float on AVX-512, for assign_template.h, which undefines them. */
#include "kernels/simd_avx512.h"

#define SAME_LABELS(a, b) km_same_labels_avx512(a, b)
#define T                 float
#define R                 4
#define V                 __m512
#define LANES             16
#define V_SET1(a)         _mm512_set1_ps(a)
#define V_LOAD(p)         _mm512_load_ps(p)
#define V_FNMADD(a, b, c) _mm512_fnmadd_ps(a, b, c)
#define V_FMA(a, b, c)    _mm512_fmadd_ps(a, b, c)
#define V_SUB(a, b)       _mm512_sub_ps(a, b)
#define V_MASK            __mmask16
#define V_LT(a, b)        _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define V_SELECT(m, a, b) _mm512_mask_mov_ps(b, m, a)
#define V_MIN(a, b)       _mm512_min_ps(a, b)
#define V_MAX(a, b)       _mm512_max_ps(a, b)
#define V_GT_BITS(a, b)   (uint64_t) _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ)
#define V_STORE_INDEX(p, v)                                                                        \
    _mm256_storeu_si256((__m256i *)(void *)(p), _mm512_cvtepi32_epi16(_mm512_cvttps_epi32(v)))
