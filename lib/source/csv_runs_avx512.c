/* The loop over cells of tables with many numbers in a row, on x86-64 with AVX-512. */
#include "source/csv_steps.h"

#if defined(__x86_64__)
#include "source/csv_run_avx512.h"

static inline uint32_t *list_ends(uint32_t *to, const char *block, char delimiter, uint32_t at) {
    __m512i v = _mm512_loadu_si512(block);
    uint64_t low = _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(13));
    uint64_t mask = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(delimiter));
    low &= ~mask; /* a tab may be the delimiter */
    mask |= low;
    __m512i index =
        _mm512_add_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                         _mm512_set1_epi32((int)at));
    const __m512i high = _mm512_set1_epi32((int)KM_CSV_NO_DELIMITER);
    for (int i = 0; i < 4; i++) {
        __m512i marked = _mm512_mask_or_epi32(index, (__mmask16)low, index, high);
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16)mask, marked));
        to += __builtin_popcount((unsigned)(mask & 0xffff));
        index = _mm512_add_epi32(index, _mm512_set1_epi32(16));
        mask >>= 16;
        low >>= 16;
    }
    return to;
}

#define LIST(to, block, delimiter, at) list_ends(to, block, delimiter, at)
#define RUN                            numbers_of_run

#include "source/csv_walk_lists.h"

#include "source/csv_loop_template.h"

const char *km_csv_runs_avx512(km_csv_parser *s, const char *p, const char *limit, int64_t row,
                               int64_t last_row, int64_t *out_row) {
    return records(s, p, limit, row, last_row, out_row);
}
#endif
