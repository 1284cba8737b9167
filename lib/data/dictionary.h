/* Distinct strings, numbered from 0 in order of first appearance. */
#ifndef KM_DATA_DICTIONARY_H
#define KM_DATA_DICTIONARY_H

#include "base/arena.h"

typedef struct km_dictionary_slot {
    uint64_t hash;
    int32_t code; /* -1: empty */
} km_dictionary_slot;

typedef struct km_dictionary {
    km_arena *arena; /* where the strings are copied to; borrowed */
    kmseg_allocator allocator;
    km_dictionary_slot *slots;
    uint64_t n_slots; /* a power of two */
    const char **texts;
    uint32_t *lengths;
    int32_t n, capacity;
} km_dictionary;

/* 1, or 0 when out of memory. */
int km_dictionary_init(km_dictionary *dictionary, km_arena *arena,
                       const kmseg_allocator *allocator);

/* Code of a string of length bytes, added (and copied) when it is new; -1 when out of memory or
 * past INT32_MAX - 1 strings. */
int32_t km_dictionary_add(km_dictionary *dictionary, const char *text, size_t length);

/* Code of a string, or -1. */
int32_t km_dictionary_find(const km_dictionary *dictionary, const char *text, size_t length);

/* Frees the index, not the strings. */
void km_dictionary_free(km_dictionary *dictionary);

#endif
