/* AVX2 and FMA. */
#include "base/sums.h"
#include "kernels/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

static uint64_t same_labels(const int32_t *a, const int32_t *b) {
    uint64_t same = 0;
    for (int r = 0; r < KM_LANES; r += 8) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(a + r));
        __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(b + r));
        unsigned bits = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(x, y)));
        same |= (uint64_t)bits << r;
    }
    return same;
}
#define SAME_LABELS(a, b) same_labels(a, b)

#define NAME                assign_f32_avx2
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
#define V_STORE_INDEX(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), _mm256_cvttps_epi32(v))
#include "kernels/assign_template.h"

#define NAME                assign_f64_avx2
#define T                   double
#define R                   2
#define V                   __m256d
#define LANES               4
#define V_SET1(a)           _mm256_set1_pd(a)
#define V_LOAD(p)           _mm256_load_pd(p)
#define V_FNMADD(a, b, c)   _mm256_fnmadd_pd(a, b, c)
#define V_FMA(a, b, c)      _mm256_fmadd_pd(a, b, c)
#define V_SUB(a, b)         _mm256_sub_pd(a, b)
#define V_MASK              __m256d
#define V_LT(a, b)          _mm256_cmp_pd(a, b, _CMP_LT_OQ)
#define V_SELECT(m, a, b)   _mm256_blendv_pd(b, a, m)
#define V_MIN(a, b)         _mm256_min_pd(a, b)
#define V_MAX(a, b)         _mm256_max_pd(a, b)
#define V_GT_BITS(a, b)     (uint64_t)(unsigned) _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_GT_OQ))
#define V_STORE_INDEX(p, v) _mm_storeu_si128((__m128i *)(void *)(p), _mm256_cvttpd_epi32(v))
#include "kernels/assign_template.h"

#define SET avx2
#include "kernels/exact_template.h"

static int available(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const km_kernels km_kernels_avx2 = KERNELS_OF_SET("avx2", "x86-64 with AVX2 and FMA", available);
#endif
