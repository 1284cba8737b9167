/* Sorting by whole numbers, and numbers as whole numbers of the same order. */
#ifndef KM_DATA_SORT_H
#define KM_DATA_SORT_H

#include <stdint.h>

/* A key and what goes with it, sorted by key; equal keys keep their order. */
typedef struct km_pair {
    uint64_t key;
    int64_t value;
} km_pair;

/* Merge sort; O(n) when the pairs are sorted already, as lines of a log mostly are. scratch holds n
 * pairs. */
void km_sort_pairs(km_pair *pairs, km_pair *scratch, int64_t n);

/* A key that is in the order of the numbers, which are no NaN; -0 and 0 have one key. */
static inline uint64_t km_sort_key(double value) {
    union {
        double number;
        uint64_t bits;
    } u = {value + 0.0};
    return u.bits >> 63 != 0 ? ~u.bits : u.bits | UINT64_C(1) << 63;
}

#endif
