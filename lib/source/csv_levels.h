/* Distinct strings of one text column, numbered in order of first appearance. Unlike
 * data/dictionary.h it does not copy strings: they stay where the file is mapped, and one that was
 * looked up last is found without hashing. */
#ifndef KM_SOURCE_CSV_LEVELS_H
#define KM_SOURCE_CSV_LEVELS_H

#include "base/arena.h"
#include "source/time.h"

typedef struct km_csv_level {
    uint64_t head[2]; /* the first 16 bytes, zero behind the end */
    const char *text; /* not terminated */
    uint32_t length;
    uint32_t hash;
} km_csv_level;

typedef struct km_csv_level_slot {
    uint32_t hash;
    int32_t code; /* -1: empty */
} km_csv_level_slot;

typedef struct km_csv_levels {
    kmseg_allocator allocator;
    km_csv_level *items;
    km_csv_level_slot *slots;
    int64_t n_slots; /* a power of two, or 0 */
    int32_t n, capacity;
    int32_t last; /* code looked up last; -1: none */
    int32_t *to;  /* where codes go in the merged levels, see csv_merge.c; NULL before */
} km_csv_levels;

void km_csv_levels_init(km_csv_levels *levels, const kmseg_allocator *allocator);

/* Frees the index and keeps the items. */
void km_csv_levels_close(km_csv_levels *levels);

void km_csv_levels_free(km_csv_levels *levels);

/* What a level of that text is like; its hash is not set. Sixteen bytes from text on must be
 * readable. */
static inline km_csv_level km_csv_level_of(const char *text, uint32_t length) {
    km_csv_level level = {.text = text, .length = length};
    level.head[0] = km_load64(text);
    level.head[1] = km_load64(text + 8);
    if (length < 8) {
        level.head[0] &= (UINT64_C(1) << (8 * length)) - 1;
        level.head[1] = 0;
    } else if (length < 16) {
        level.head[1] &= (UINT64_C(1) << (8 * (length - 8))) - 1;
    }
    return level;
}

static inline int km_csv_level_same(const km_csv_level *a, const km_csv_level *b) {
    return a->head[0] == b->head[0] && a->head[1] == b->head[1] && a->length == b->length &&
           (a->length <= 16 || memcmp(a->text + 16, b->text + 16, a->length - 16) == 0);
}

/* Code of a level, with its hash set, or -1 when it is not there. */
int32_t km_csv_levels_find(const km_csv_levels *levels, km_csv_level *level);

/* Adds a level that is not there, its hash set; its code, or -1 when out of memory or past
 * INT32_MAX / 2 levels. */
int32_t km_csv_levels_add(km_csv_levels *levels, const km_csv_level *level);

/* Adds n chosen levels of part to all, in that order, and sets their part->to: their codes in all,
 * complemented where they were not there before. 1, or 0 when out of memory. */
int km_csv_levels_merge(km_csv_levels *all, const km_csv_levels *part, const int32_t *chosen,
                        int32_t n);

#endif
