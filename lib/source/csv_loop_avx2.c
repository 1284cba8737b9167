/* The loop over cells on x86-64 with AVX2. */
#include "source/csv_steps.h"

#if defined(__x86_64__)
#include <immintrin.h>

static inline uint64_t two_masks(__m256i low, __m256i high) {
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32 |
           (uint32_t)_mm256_movemask_epi8(low);
}

static inline uint64_t equal(const char *block, char c) {
    const __m256i *v = (const __m256i *)(const void *)block;
    const __m256i wanted = _mm256_set1_epi8(c);
    return two_masks(_mm256_cmpeq_epi8(_mm256_loadu_si256(v), wanted),
                     _mm256_cmpeq_epi8(_mm256_loadu_si256(v + 1), wanted));
}

static inline __m256i is_end(__m256i v, __m256i delimiter) {
    return _mm256_or_si256(_mm256_cmpeq_epi8(v, delimiter),
                           _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(13)), v));
}

static inline uint64_t ends(const char *block, char delimiter) {
    const __m256i *v = (const __m256i *)(const void *)block;
    const __m256i wanted = _mm256_set1_epi8(delimiter);
    return two_masks(is_end(_mm256_loadu_si256(v), wanted),
                     is_end(_mm256_loadu_si256(v + 1), wanted));
}

static inline int same(const char *a, const char *b) {
    const __m256i *v = (const __m256i *)(const void *)a, *w = (const __m256i *)(const void *)b;
    uint64_t equal =
        two_masks(_mm256_cmpeq_epi8(_mm256_loadu_si256(v), _mm256_loadu_si256(w)),
                  _mm256_cmpeq_epi8(_mm256_loadu_si256(v + 1), _mm256_loadu_si256(w + 1)));
    return ~equal != 0 ? __builtin_ctzll(~equal) : 64;
}

#define SAME(a, b)             same(a, b)
#define ENDS(block, delimiter) ends(block, delimiter)
#define EQUAL(block, c)        equal(block, c)

#include "source/csv_walk_masks.h"

#include "source/csv_loop_template.h"

static int available(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
}

const km_csv_loop km_csv_loop_avx2 = {"avx2", available, records, NULL, count};
#endif
