/* Vectors of 32-bit whole numbers on AVX-512, for seed_template.h, which undefines them.
 *
 * With VNNI a product is one instruction, but only one of two ports has it; the two instructions without it
 * run on both. A third of the points without keeps both ports busy. */
#include "kernels/kernels.h"

#include <immintrin.h>

#define V               __m512i
#define LANES           16
#define V_SET1(a)       _mm512_set1_epi32((int32_t)(a))
#define V_LOAD(p)       _mm512_loadu_si512((const void *)(p))
#define V_STORE(p, v)   _mm512_storeu_si512((void *)(p), v)
#define V_ADD(a, b)     _mm512_add_epi32(a, b)
#define V_SUB(a, b)     _mm512_sub_epi32(a, b)
#define V_MIN(a, b)     _mm512_min_epu32(a, b)
#define V_MADD(s, a, b) _mm512_add_epi32(s, _mm512_madd_epi16(a, b))
#if defined(__AVX512VNNI__)
#define V_DOT(m, s, a, b) ((m) % 3 == 2 ? V_MADD(s, a, b) : _mm512_dpwssd_epi32(s, a, b))
#else
#define V_DOT(m, s, a, b) V_MADD(s, a, b)
#endif
#define V_SHIFT(a, s) _mm512_srav_epi16(a, _mm512_set1_epi16((int16_t)(s)))
#define V_HALF(a)     _mm512_srli_epi32(a, 1)
#define V_ADD64(a, b) _mm512_add_epi64(a, b)
#define V_MUL64(a, b) _mm512_mul_epu32(a, b)
#define V_ODD(a)      _mm512_srli_epi64(a, 32)
#define V_KEEP(v)     __asm__("" : "+v"(v))
#define V_LABEL(p, a, b, label)                                                                    \
    _mm256_mask_storeu_epi16((void *)(p), _mm512_cmplt_epu32_mask(a, b),                           \
                             _mm256_set1_epi16((int16_t)(label)))
