/* Inside of a grid of RFM codes. */
#ifndef KM_VALUE_GRID_H
#define KM_VALUE_GRID_H

#include "base/arena.h"

#include <kmseg/value.h>

enum { KM_MOST_CODES = KMSEG_RFM_MOST_BINS * KMSEG_RFM_MOST_BINS * KMSEG_RFM_MOST_BINS };

struct kmseg_rfm_grid {
    km_arena arena;
    int32_t bins, n_segments;
    const char *names[KM_MOST_CODES];
    int16_t segment[KM_MOST_CODES]; /* of each code, by km_rfm_code() */
};

/* Position of a code: scores from 1. */
static inline int32_t km_rfm_code(int32_t bins, int32_t r, int32_t f, int32_t m) {
    return ((r - 1) * bins + f - 1) * bins + m - 1;
}

/* "545" of a position. */
static inline void km_rfm_code_text(int32_t bins, int32_t code, char out[4]) {
    out[0] = (char)('1' + code / (bins * bins));
    out[1] = (char)('1' + code / bins % bins);
    out[2] = (char)('1' + code % bins);
    out[3] = '\0';
}

#endif
