/* AVX-512 F, DQ, VL and BW. */
#include "base/sums.h"
#include "kernels/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>

static uint64_t same_labels(const int32_t *a, const int32_t *b) {
    uint64_t same = 0;
    for (int r = 0; r < KM_LANES; r += 16) {
        __mmask16 bits =
            _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(a + r), _mm512_loadu_si512(b + r));
        same |= (uint64_t)bits << r;
    }
    return same;
}
#define SAME_LABELS(a, b) same_labels(a, b)

#define NAME                assign_f32_avx512
#define T                   float
#define R                   4
#define V                   __m512
#define LANES               16
#define V_SET1(a)           _mm512_set1_ps(a)
#define V_LOAD(p)           _mm512_load_ps(p)
#define V_FNMADD(a, b, c)   _mm512_fnmadd_ps(a, b, c)
#define V_FMA(a, b, c)      _mm512_fmadd_ps(a, b, c)
#define V_SUB(a, b)         _mm512_sub_ps(a, b)
#define V_MASK              __mmask16
#define V_LT(a, b)          _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define V_SELECT(m, a, b)   _mm512_mask_mov_ps(b, m, a)
#define V_MIN(a, b)         _mm512_min_ps(a, b)
#define V_MAX(a, b)         _mm512_max_ps(a, b)
#define V_GT_BITS(a, b)     (uint64_t) _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ)
#define V_STORE_INDEX(p, v) _mm512_storeu_si512((void *)(p), _mm512_cvttps_epi32(v))
#include "kernels/assign_template.h"

#define NAME                assign_f64_avx512
#define T                   double
#define R                   4
#define V                   __m512d
#define LANES               8
#define V_SET1(a)           _mm512_set1_pd(a)
#define V_LOAD(p)           _mm512_load_pd(p)
#define V_FNMADD(a, b, c)   _mm512_fnmadd_pd(a, b, c)
#define V_FMA(a, b, c)      _mm512_fmadd_pd(a, b, c)
#define V_SUB(a, b)         _mm512_sub_pd(a, b)
#define V_MASK              __mmask8
#define V_LT(a, b)          _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ)
#define V_SELECT(m, a, b)   _mm512_mask_mov_pd(b, m, a)
#define V_MIN(a, b)         _mm512_min_pd(a, b)
#define V_MAX(a, b)         _mm512_max_pd(a, b)
#define V_GT_BITS(a, b)     (uint64_t) _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ)
#define V_STORE_INDEX(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), _mm512_cvttpd_epi32(v))
#include "kernels/assign_template.h"

#define SET avx512
#include "kernels/exact_template.h"

static int available(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

const km_kernels km_kernels_avx512 =
    KERNELS_OF_SET("avx512", "x86-64 with AVX-512 F, DQ, VL and BW", available);
#endif
