/* 16-bit assign kernel on AVX2. */
#include "kernels/assign_i16.h"

#if defined(__x86_64__)
#include "kernels/simd_avx2.h"

#define NAME                km_assign_i16_avx2
#define NEAR                km_near_i16_avx2
#define SAME_LABELS(a, b)   km_same_labels_avx2(a, b)
#define R                   2
#define V                   __m256i
#define LANES               8
#define V_SET1(a)           _mm256_set1_epi32(a)
#define V_LOAD(p)           _mm256_load_si256((const __m256i *)(const void *)(p))
#define V_SUB(a, b)         _mm256_sub_epi32(a, b)
#define V_DOT(s, x, w)      _mm256_add_epi32(s, _mm256_madd_epi16(x, w))
#define V_MIN(a, b)         _mm256_min_epi32(a, b)
#define V_MAX(a, b)         _mm256_max_epi32(a, b)
#define V_LT(a, b)          _mm256_cmpgt_epi32(b, a)
#define V_SELECT(m, a, b)   _mm256_blendv_epi8(b, a, m)
#define V_BITS(m)           (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(m))
#define V_STORE(p, v)       _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define V_STORE_INDEX(p, v) km_store_labels_avx2(p, v)

#include "kernels/assign_i16_template.h"
#endif
