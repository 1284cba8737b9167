/* The loop over cells on any CPU; on x86-64 with SSE2, which every one has. */
#include "source/csv_steps.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static inline uint64_t ends(const char *block, char delimiter) {
    uint64_t mask = 0;
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8(delimiter), low = _mm_set1_epi8(13);
    for (int i = 0; i < 4; i++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
        __m128i hit =
            _mm_or_si128(_mm_cmpeq_epi8(v, wanted), _mm_cmpeq_epi8(_mm_min_epu8(v, low), v));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (16 * i);
    }
#else
    for (int i = 0; i < 64; i++) {
        mask |= (uint64_t)(block[i] == delimiter || (unsigned char)block[i] < 14) << i;
    }
#endif
    return mask;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static inline int same(const char *a, const char *b) {
    for (int i = 0; i < 64; i += 8) {
        uint64_t others = km_load64(a + i) ^ km_load64(b + i);
        if (others != 0) {
            return i + __builtin_ctzll(others) / 8;
        }
    }
    return 64;
}

#define SAME(a, b) same(a, b)
#endif
#define ENDS(block, delimiter) ends(block, delimiter)

#include "source/csv_walk_masks.h"

#include "source/csv_loop_template.h"

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static int64_t sum16(bytes16 v) {
    int64_t sum = 0;
    for (int i = 0; i < 16; i++) {
        sum += v[i];
    }
    return sum;
}

static void count(const char *p, const char *end, int64_t *out_quotes, int64_t *out_line_ends) {
    int64_t quotes = 0, line_ends = 0;
    const bytes16 quote = (bytes16){0} + '"', lf = (bytes16){0} + '\n', cr = (bytes16){0} + '\r';
    while (end - p >= 16) {
        /* 255 blocks at a time, because the counters are bytes. */
        const char *stop = end - p >= 16 * 255 ? p + 16 * 255 : p + ((end - p) & ~INT64_C(15));
        bytes16 n_quotes = {0}, n_ends = {0};
        for (; p < stop; p += 16) {
            bytes16 v, next;
            memcpy(&v, p, sizeof v);
            memcpy(&next, p + 1, sizeof next);
            n_quotes -= (bytes16)(v == quote);
            n_ends -= (bytes16)(v == lf) | ((bytes16)(v == cr) & (bytes16)(next != lf));
        }
        quotes += sum16(n_quotes);
        line_ends += sum16(n_ends);
    }
    for (; p < end; p++) {
        quotes += *p == '"';
        line_ends += *p == '\n' || (*p == '\r' && p[1] != '\n');
    }
    *out_quotes = quotes;
    *out_line_ends = line_ends;
}

static int available(void) { return 1; }

const km_csv_loop km_csv_loop_baseline = {"baseline", available, records, NULL, count};
