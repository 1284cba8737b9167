/* The loop over cells on x86-64 with AVX-512. */
#include "source/csv_steps.h"

#if defined(__x86_64__)
#include <immintrin.h>

static inline uint64_t equal(const char *block, char c) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(block), _mm512_set1_epi8(c));
}

static inline uint64_t ends(const char *block, char delimiter) {
    __m512i v = _mm512_loadu_si512(block);
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(delimiter)) |
           _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(13));
}

static inline int same(const char *a, const char *b) {
    uint64_t others = _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(a), _mm512_loadu_si512(b));
    return others != 0 ? __builtin_ctzll(others) : 64;
}

#define SAME(a, b)             same(a, b)
#define ENDS(block, delimiter) ends(block, delimiter)
#define EQUAL(block, c)        equal(block, c)

#include "source/csv_walk_masks.h"

#include "source/csv_loop_template.h"

static int available(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("bmi2") && km_csv_loop_avx2.available();
}

const km_csv_loop km_csv_loop_avx512 = {"avx512", available, records, km_csv_runs_avx512, count};
#endif
