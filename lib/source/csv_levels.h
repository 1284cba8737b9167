/* The strings of one text column in one chunk, numbered in order of first appearance. Unlike
 * data/dictionary.h this does not copy strings: they stay where the file is mapped, and one that was
 * looked up last is found without hashing.
 *
 * Each thread has one table per column, which it empties for every chunk; what a chunk keeps are
 * strings alone, sixteen bytes each. Where nearly all strings are new, as ids are, none is looked up
 * any more: a string may then be there twice, and only csv_merge.c sees that it is the same. */
#ifndef KM_SOURCE_CSV_LEVELS_H
#define KM_SOURCE_CSV_LEVELS_H

#include "base/arena.h"
#include "data/pieces.h"
#include "source/time.h"

typedef km_level km_csv_level;

/* A level as a chunk keeps it. */
typedef struct km_csv_string {
    const char *text; /* not terminated */
    uint32_t length;
    uint32_t hash;
} km_csv_string;

typedef struct km_csv_strings {
    km_csv_string *items; /* in a pool */
    int32_t n;
} km_csv_strings;

typedef struct km_csv_level_slot {
    uint32_t hash;
    int32_t code; /* -1: empty */
} km_csv_level_slot;

typedef struct km_csv_levels {
    kmseg_allocator allocator;
    km_csv_level *items;
    km_csv_level_slot *slots;
    int64_t n_slots; /* a power of two, or 0 */
    int64_t n_lookups;
    int32_t n, capacity;
    int32_t last; /* code looked up last; -1: none */
    int only_new; /* nothing is looked up any more */
} km_csv_levels;

/* Memory that is freed as a whole, in few large blocks. */
typedef struct km_csv_pool {
    kmseg_allocator allocator;
    struct km_csv_pool_block *blocks; /* the one in use first */
    size_t used;
} km_csv_pool;

void km_csv_pool_init(km_csv_pool *pool, const kmseg_allocator *allocator);
void *km_csv_pool_take(km_csv_pool *pool, size_t size);
void km_csv_pool_free(km_csv_pool *pool);

void km_csv_levels_init(km_csv_levels *levels, const kmseg_allocator *allocator);

/* Empties the table, which keeps its room. */
void km_csv_levels_clear(km_csv_levels *levels);

void km_csv_levels_free(km_csv_levels *levels);

/* What the table has, for a chunk to keep: 1, or 0 when out of memory. */
int km_csv_levels_keep(const km_csv_levels *levels, km_csv_pool *pool, km_csv_strings *out);

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

/* 1 when two strings of the same hash are the same. */
static inline int km_csv_string_same(const km_csv_string *a, const km_csv_string *b) {
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Code of a level, with its hash set, or -1 when it is not there or nothing is looked up. */
int32_t km_csv_levels_find(km_csv_levels *levels, km_csv_level *level);

/* Adds a level that was not found, its hash set; its code, or -1 when out of memory or past
 * INT32_MAX / 2 levels. */
int32_t km_csv_levels_add(km_csv_levels *levels, const km_csv_level *level);

#endif
