#include "customer/cancelled.h"

#include <string.h>

/* Of text a bit: orders are seldom closer. */
enum { LEAST_WORDS = 1 << 10, MOST_WORDS = 1 << 17, BYTES_PER_WORD = 64 * 32 };

int km_id_counts_init(km_id_counts *counts, const kmseg_allocator *allocator, int64_t bytes) {
    *counts = (km_id_counts){.allocator = *allocator, .n_words = LEAST_WORDS};
    while (counts->n_words < MOST_WORDS && counts->n_words * BYTES_PER_WORD < bytes) {
        counts->n_words *= 2;
    }
    for (int kind = 0; kind < KM_ID_KINDS; kind++) {
        uint64_t *bits = km_allocate_array(allocator, counts->n_words, sizeof *bits);
        if (bits == NULL) {
            return 0;
        }
        memset(bits, 0, (size_t)counts->n_words * sizeof *bits);
        counts->bits[kind] = bits;
    }
    return 1;
}

void km_id_counts_free(km_id_counts *counts) {
    for (int kind = 0; kind < KM_ID_KINDS; kind++) {
        km_release(&counts->allocator, counts->bits[kind]);
        counts->bits[kind] = NULL;
    }
}

void km_id_counts_add(km_id_counts *counts, const km_piece_column *ids, uint8_t *cancelled) {
    uint64_t last = (uint64_t)counts->n_words * 64 - 1;
    for (int32_t i = 0; i < ids->n_levels; i++) {
        const km_level *id = &ids->levels[i];
        int kind = km_all_digits(id->text, id->length) ? KM_ID_DIGITS : KM_ID_OTHER;
        uint64_t bit = id->hash & last;
        counts->bits[kind][bit / 64] |= UINT64_C(1) << bit % 64;
        counts->most[kind]++;
        cancelled[i] = kind == KM_ID_OTHER && km_is_cancellation(id->text, id->length);
    }
}

void km_id_counts_join(km_id_counts *to, const km_id_counts *from) {
    for (int kind = 0; kind < KM_ID_KINDS; kind++) {
        to->most[kind] += from->most[kind];
        for (int64_t w = 0; w < to->n_words; w++) {
            to->bits[kind][w] |= from->bits[kind][w];
        }
    }
}

static int64_t least_of(const km_id_counts *counts, int kind) {
    int64_t n = 0;
    for (int64_t w = 0; w < counts->n_words; w++) {
        n += __builtin_popcountll(counts->bits[kind][w]);
    }
    return n;
}

int km_most_are_digits(const km_id_counts *counts) {
    if (least_of(counts, KM_ID_DIGITS) > counts->most[KM_ID_OTHER]) {
        return 1;
    }
    return counts->most[KM_ID_DIGITS] <= least_of(counts, KM_ID_OTHER) ? 0 : -1;
}
