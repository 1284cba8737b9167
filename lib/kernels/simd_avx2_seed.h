/* Vectors of 32-bit whole numbers on AVX2, for seed_template.h, which undefines them. */
#include "kernels/kernels.h"

#include <immintrin.h>

/* Labels of the lanes in which a < b. */
static inline void km_seed_label_avx2(uint16_t *labels, __m256i a, __m256i b, uint16_t label) {
    __m256i not_less = _mm256_cmpeq_epi32(_mm256_min_epu32(a, b), b);
    uint32_t less = ~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(not_less)) & 0xff;
    for (; less != 0; less &= less - 1) {
        labels[__builtin_ctz(less)] = label;
    }
}

#define V                       __m256i
#define LANES                   8
#define V_SET1(a)               _mm256_set1_epi32((int32_t)(a))
#define V_LOAD(p)               _mm256_loadu_si256((const void *)(p))
#define V_STORE(p, v)           _mm256_storeu_si256((void *)(p), v)
#define V_ADD(a, b)             _mm256_add_epi32(a, b)
#define V_SUB(a, b)             _mm256_sub_epi32(a, b)
#define V_MIN(a, b)             _mm256_min_epu32(a, b)
#define V_DOT(m, s, a, b)       _mm256_add_epi32(s, _mm256_madd_epi16(a, b))
#define V_SHIFT(a, s)           _mm256_sra_epi16(a, _mm_cvtsi32_si128(s))
#define V_HALF(a)               _mm256_srli_epi32(a, 1)
#define V_ADD64(a, b)           _mm256_add_epi64(a, b)
#define V_MUL64(a, b)           _mm256_mul_epu32(a, b)
#define V_ODD(a)                _mm256_srli_epi64(a, 32)
#define V_KEEP(v)               (void)(v) /* there are too few registers for it */
#define V_LABEL(p, a, b, label) km_seed_label_avx2(p, a, b, label)
