#include "data/sort.h"

#include <string.h>

static int sorted(const km_pair *pairs, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        if (pairs[i].key < pairs[i - 1].key) {
            return 0;
        }
    }
    return 1;
}

static void insertion_sort(km_pair *pairs, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        km_pair pair = pairs[i];
        int64_t j = i;
        for (; j > 0 && pairs[j - 1].key > pair.key; j--) {
            pairs[j] = pairs[j - 1];
        }
        pairs[j] = pair;
    }
}

static void merge(const km_pair *left, const km_pair *middle, const km_pair *end, km_pair *out) {
    const km_pair *right = middle;
    while (left < middle && right < end) {
        *out++ = right->key < left->key ? *right++ : *left++;
    }
    memcpy(out, left, (size_t)(middle - left) * sizeof *out);
    memcpy(out + (middle - left), right, (size_t)(end - right) * sizeof *out);
}

void km_sort_pairs(km_pair *pairs, km_pair *scratch, int64_t n) {
    enum { RUN = 16 };
    if (sorted(pairs, n)) {
        return;
    }
    for (int64_t i = 0; i < n; i += RUN) {
        insertion_sort(pairs + i, n - i < RUN ? n - i : RUN);
    }
    km_pair *from = pairs, *to = scratch;
    for (int64_t width = RUN; width < n; width *= 2) {
        for (int64_t i = 0; i < n; i += 2 * width) {
            int64_t middle = i + width < n ? i + width : n;
            int64_t end = i + 2 * width < n ? i + 2 * width : n;
            merge(from + i, from + middle, from + end, to + i);
        }
        km_pair *other = from;
        from = to;
        to = other;
    }
    if (from != pairs) {
        memcpy(pairs, from, (size_t)n * sizeof *pairs);
    }
}
