/* What exact_template.h and its parts need beyond the compiler's own vector language: smallest and
 * largest of two vectors (b where a is no number), and what compilers take apart. Of the
 * instruction set that the file is compiled for. */
#ifndef KM_KERNELS_SIMD_EXACT_H
#define KM_KERNELS_SIMD_EXACT_H

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define KM_LOW_F32(a, b)  _mm512_min_ps((__m512)(a), (__m512)(b))
#define KM_HIGH_F32(a, b) _mm512_max_ps((__m512)(a), (__m512)(b))
#define KM_LOW_F64(a, b)  _mm512_min_pd((__m512d)(a), (__m512d)(b))
#define KM_HIGH_F64(a, b) _mm512_max_pd((__m512d)(a), (__m512d)(b))
#define KM_WIDEN(half)    _mm512_cvtps_pd((__m256)(half))
#define KM_NARROW(wide)   _mm512_cvtpd_ps((__m512d)(wide))
#define KM_LOAD_WIDE(p)   _mm512_cvtps_pd(_mm256_loadu_ps(p))
#define KM_COUNT_LESS(n, a, b)                                                                     \
    _mm512_mask_sub_epi32((__m512i)(n), _mm512_cmplt_epi32_mask((__m512i)(a), (__m512i)(b)),       \
                          (__m512i)(n), _mm512_set1_epi32(-1))
#elif defined(__AVX2__)
#define KM_LOW_F32(a, b)  _mm256_min_ps((__m256)(a), (__m256)(b))
#define KM_HIGH_F32(a, b) _mm256_max_ps((__m256)(a), (__m256)(b))
#define KM_LOW_F64(a, b)  _mm256_min_pd((__m256d)(a), (__m256d)(b))
#define KM_HIGH_F64(a, b) _mm256_max_pd((__m256d)(a), (__m256d)(b))
#define KM_WIDEN(half)    _mm256_cvtps_pd((__m128)(half))
#define KM_NARROW(wide)   _mm256_cvtpd_ps((__m256d)(wide))
#define KM_LOAD_WIDE(p)   _mm256_cvtps_pd(_mm_loadu_ps(p))
#elif defined(__SSE2__)
#define KM_LOW_F32(a, b)  _mm_min_ps((__m128)(a), (__m128)(b))
#define KM_HIGH_F32(a, b) _mm_max_ps((__m128)(a), (__m128)(b))
#define KM_LOW_F64(a, b)  _mm_min_pd((__m128d)(a), (__m128d)(b))
#define KM_HIGH_F64(a, b) _mm_max_pd((__m128d)(a), (__m128d)(b))
#else
#define KM_PICK(mask, a, b)                                                                        \
    ((__typeof__(a))(((mask) & (__typeof__(mask))(a)) | (~(mask) & (__typeof__(mask))(b))))
#define KM_LOW_F32(a, b)  KM_PICK((a) < (b), a, b)
#define KM_HIGH_F32(a, b) KM_PICK((a) > (b), a, b)
#define KM_LOW_F64(a, b)  KM_PICK((a) < (b), a, b)
#define KM_HIGH_F64(a, b) KM_PICK((a) > (b), a, b)
#endif

#endif
