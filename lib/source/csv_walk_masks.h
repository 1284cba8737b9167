/* From one byte at which a cell may end to the next, a block of 64 bytes at a time. Included with
 *
 *   ENDS(block, delimiter)  bit i: at byte i of the 64 at block an unquoted cell may end: at the
 *                           delimiter and at every byte below 14, which is line ends, the zero behind
 *                           the text, and a few that the caller steps over */
#include "source/csv_steps.h"

typedef struct walker {
    const char *block;
    uint64_t mask; /* ends in the block that are still ahead */
} walker;

static inline void walk_begin(walker *w, const char *p, const char *end, char delimiter) {
    (void)end;
    w->block = p;
    w->mask = ENDS(p, delimiter);
}

/* Goes on with the first end at p or behind it. */
static inline void walk_from(walker *w, const char *p, char delimiter) {
    if (p - w->block >= 64) {
        w->block = p;
        w->mask = ENDS(p, delimiter);
    } else {
        w->mask &= ~UINT64_C(0) << (p - w->block);
    }
}

static inline const char *next_end(walker *w, char delimiter) {
    while (w->mask == 0) {
        w->block += 64;
        w->mask = ENDS(w->block, delimiter);
    }
    const char *at = w->block + __builtin_ctzll(w->mask);
    w->mask &= w->mask - 1;
    return at;
}
