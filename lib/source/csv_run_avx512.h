/* Eight plain decimals at once, from eight cells that follow one another.
 *
 * A cell is loaded as the sixteen bytes before its end, so that its digits stand where they count:
 * the last byte is the last digit. What comes before the cell becomes zero, a leading minus too; what
 * comes before the point moves one byte on, over it. Whatever is then above 9 is no digit. Cells 0, 2,
 * 4, 6 lie in one register and 1, 3, 5, 7 in another, a quarter each, because packing takes quarters
 * of both in turn and so leaves eight numbers in order. */
#ifndef KM_SOURCE_CSV_RUN_AVX512_H
#define KM_SOURCE_CSV_RUN_AVX512_H

#include "source/csv_steps.h"

#include <immintrin.h>

/* Digits of four cells, and of each what sits where: the byte of the point, from 1, 0 without; 128
 * more with a minus. */
typedef struct four_cells {
    __m512i digits, signs;
    __mmask64 others; /* bytes that are no digits */
} four_cells;

static inline __m512i bytes_from_1(void) {
    return _mm512_broadcast_i32x4(
        _mm_setr_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));
}

static inline __m128i load16(const char *base, uint32_t end) {
    return _mm_loadu_si128((const __m128i *)(const void *)(base + (int32_t)end - 16));
}

/* before: of each cell, how many of its sixteen bytes come before it, in every byte. */
static inline four_cells take_four(const char *base, const uint32_t *ends, __m512i before) {
    const __m512i from_1 = bytes_from_1(), zero = _mm512_setzero_si512();
    __m512i v = _mm512_castsi128_si512(load16(base, ends[0]));
    v = _mm512_inserti32x4(v, load16(base, ends[2]), 1);
    v = _mm512_inserti32x4(v, load16(base, ends[4]), 2);
    v = _mm512_inserti32x4(v, load16(base, ends[6]), 3);
    __mmask64 inside = _mm512_cmpgt_epu8_mask(from_1, before);
    __mmask64 minus = _mm512_mask_cmpeq_epi8_mask(inside, v, _mm512_set1_epi8('-'));
    minus = _mm512_mask_cmple_epu8_mask(
        minus, from_1, _mm512_add_epi8(before, _mm512_set1_epi8(1))); /* the first byte alone */
    __mmask64 point = _mm512_mask_cmpeq_epi8_mask(inside, v, _mm512_set1_epi8('.'));
    __m512i digits = _mm512_maskz_sub_epi8(inside & ~minus, v, _mm512_set1_epi8('0'));
    __m512i marks = _mm512_maskz_mov_epi8(point, from_1);
    marks = _mm512_mask_mov_epi8(marks, minus, _mm512_set1_epi8((char)128));
    __m512i sums = _mm512_sad_epu8(marks, zero);
    four_cells cells;
    cells.signs = _mm512_add_epi64(sums, _mm512_shuffle_epi32(sums, _MM_PERM_BADC));
    __m512i at = _mm512_and_si512(_mm512_shuffle_epi8(cells.signs, zero), _mm512_set1_epi8(127));
    cells.digits = _mm512_mask_mov_epi8(digits, _mm512_cmple_epu8_mask(from_1, at),
                                        _mm512_bslli_epi128(digits, 1));
    cells.others = _mm512_cmpgt_epu8_mask(cells.digits, _mm512_set1_epi8(9));
    return cells;
}

/* Bit i: there is one in quarter i. */
static inline uint32_t quarters(__mmask64 mask) {
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) {
        bits |= (uint32_t)((mask >> (16 * i) & 0xffff) != 0) << i;
    }
    return bits;
}

static __attribute__((noinline)) uint32_t bits_of_others(__mmask64 even, __mmask64 odd) {
    return _pdep_u32(quarters(even), 0x55) | _pdep_u32(quarters(odd), 0xaa);
}

/* 1 over the numbers that have a leading zero or too many digits, like 007, of which n digits are
 * mantissas; none of them has a point. */
static inline __mmask8 are_names(__mmask8 pointless, __m512i mantissas, __m512i n) {
    const __m512i low = _mm512_setr_epi64(0, 10, 100, 1000, 10000, 100000, 1000000, 10000000);
    const __m512i high = _mm512_setr_epi64(100000000, 1000000000, 10000000000, 100000000000,
                                           1000000000000, 10000000000000, 100000000000000, -1);
    __m512i least = _mm512_permutex2var_epi64(low, _mm512_sub_epi64(n, _mm512_set1_epi64(1)), high);
    return _mm512_mask_cmplt_epu64_mask(pointless, mantissas, least);
}

/* The cells from p on, which end at w->next, as numbers; see csv_loop_template.h. */
static inline int numbers_of_run(const km_csv_slot *at, const km_csv_list *w, const char *p,
                                 int32_t n, int64_t row, uint32_t *rest) {
    /* Of fewer than eight cells, the first stands for those that lack. */
    const __m256i each = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __mmask8 there = (__mmask8)((1u << n) - 1);
    __m256i listed = _mm256_maskz_loadu_epi32(there, w->next);
    if (__builtin_expect((_mm256_movepi32_mask(listed) & (there >> 1)) != 0, 0)) {
        return 0;
    }
    __m256i index = _mm256_maskz_mov_epi32(there, each);
    __m256i end = _mm256_and_si256(listed, _mm256_set1_epi32((int)~KM_CSV_NO_DELIMITER));
    __m256i begin =
        _mm256_add_epi32(_mm256_permutexvar_epi32(_mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6), end),
                         _mm256_set1_epi32(1));
    begin = _mm256_mask_mov_epi32(begin, 1, _mm256_set1_epi32((int)(p - w->base)));
    end = _mm256_permutexvar_epi32(index, end);
    begin = _mm256_permutexvar_epi32(index, begin);
    __m256i length = _mm256_sub_epi32(end, begin);
    __mmask8 refused = _mm256_cmpgt_epu32_mask(_mm256_sub_epi32(length, _mm256_set1_epi32(1)),
                                               _mm256_set1_epi32(15));
    uint32_t ends[8];
    _mm256_storeu_si256((__m256i *)(void *)ends, end);
    __m512i before = _mm512_castsi256_si512(
        _mm256_sub_epi32(_mm256_set1_epi32(16), _mm256_min_epu32(length, _mm256_set1_epi32(16))));
    const __m512i zero = _mm512_setzero_si512();
    __m512i before_even = _mm512_shuffle_epi8(
        _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2, 4, 4, 4, 4, 6, 6, 6, 6),
                                 before),
        zero);
    __m512i before_odd = _mm512_shuffle_epi8(
        _mm512_permutexvar_epi32(_mm512_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5, 7, 7, 7, 7),
                                 before),
        zero);
    four_cells even = take_four(w->base, ends, before_even);
    four_cells odd = take_four(w->base, ends + 1, before_odd);
    /* Pairs, fours and eights of digits; then sixteen. */
    const __m512i tens = _mm512_set1_epi16(1 << 8 | 10),
                  hundreds = _mm512_set1_epi32(1 << 16 | 100);
    __m512i v =
        _mm512_packus_epi32(_mm512_madd_epi16(_mm512_maddubs_epi16(even.digits, tens), hundreds),
                            _mm512_madd_epi16(_mm512_maddubs_epi16(odd.digits, tens), hundreds));
    v = _mm512_madd_epi16(v, _mm512_set1_epi32(1 << 16 | 10000));
    __m512i mantissas = _mm512_add_epi64(_mm512_mul_epu32(v, _mm512_set1_epi64(100000000)),
                                         _mm512_srli_epi64(v, 32));
    /* What is no plain number: "", "-", ".", "-."; and names. */
    __m512i signs = _mm512_unpacklo_epi64(even.signs, odd.signs);
    __mmask8 minus = _mm512_test_epi64_mask(signs, _mm512_set1_epi64(128));
    __mmask8 point = _mm512_test_epi64_mask(signs, _mm512_set1_epi64(127));
    const __m512i one = _mm512_set1_epi64(1);
    __m512i n_digits = _mm512_cvtepi32_epi64(length);
    n_digits = _mm512_mask_sub_epi64(n_digits, minus, n_digits, one);
    n_digits = _mm512_mask_sub_epi64(n_digits, point, n_digits, one);
    refused |= _mm512_cmplt_epi64_mask(n_digits, one);
    refused |= are_names((__mmask8)~point, mantissas, n_digits);
    const __m512d powers_low = _mm512_setr_pd(1e0, 1e15, 1e14, 1e13, 1e12, 1e11, 1e10, 1e9);
    const __m512d powers_high = _mm512_setr_pd(1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1);
    __m512d values = _mm512_div_pd(_mm512_cvtepi64_pd(mantissas),
                                   _mm512_permutex2var_pd(powers_low, signs, powers_high));
    values = _mm512_mask_or_pd(values, minus, values, _mm512_set1_pd(-0.0));
    double out[8];
    _mm512_storeu_pd(out, values);
    for (int32_t i = 0; i < n; i++) {
        ((double *)(void *)at[i].values)[row] = out[i];
    }
    *rest = refused & there;
    if (__builtin_expect((even.others | odd.others) != 0, 0)) {
        *rest = (*rest | bits_of_others(even.others, odd.others)) & there;
    }
    return 1;
}

#endif
