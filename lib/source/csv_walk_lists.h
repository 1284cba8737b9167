/* From one byte at which a cell may end to the next, by lists of some kilobytes at once, so that the
 * ends of several cells can be had together. Included with
 *
 *   LIST(to, block, delimiter, at)  writes at + i for every byte i of the 64 at block where an
 *                                   unquoted cell may end, in order, and maybe 64 numbers of no
 *                                   meaning; behind the last that has one. KM_CSV_NO_DELIMITER is
 *                                   set where that is not the delimiter */
#include "source/csv_steps.h"

typedef km_csv_list walker;

static __attribute__((noinline)) void refill(walker *w, char delimiter) {
    uint32_t *to = w->list;
    w->base = w->next_block;
    for (uint32_t at = 0; at < KM_CSV_LIST_BYTES && w->next_block <= w->end; at += 64) {
        to = LIST(to, w->next_block, delimiter, at);
        w->next_block += 64;
    }
    w->next = w->list;
    w->last = to;
}

static inline void walk_begin(walker *w, const char *p, const char *end, char delimiter) {
    (void)delimiter;
    w->next_block = p;
    w->end = end;
    w->next = w->last = w->list;
}

/* Goes on with the first end at p or behind it, which is not before any end gone by. */
static inline void walk_from(walker *w, const char *p, char delimiter) {
    (void)delimiter;
    while (w->next < w->last && w->base + (*w->next & ~KM_CSV_NO_DELIMITER) < p) {
        w->next++;
    }
    if (p > w->next_block) {
        w->next_block = p;
    }
}

static inline const char *next_end(walker *w, char delimiter) {
    while (__builtin_expect(w->next == w->last, 0)) {
        refill(w, delimiter);
    }
    return w->base + (*w->next++ & ~KM_CSV_NO_DELIMITER);
}
