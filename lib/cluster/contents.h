/* Rows gathered by what is in them: equal rows are one entry, whatever their number, and the entries have
 * an order of their contents. Each thread gathers into a table of its own. */
#ifndef KM_CLUSTER_CONTENTS_H
#define KM_CLUSTER_CONTENTS_H

#include "base/context.h"
#include "base/sums.h"

typedef struct km_content {
    uint64_t key;     /* hash of the content; equal keys are taken to be equal contents */
    int64_t row;      /* one that has it */
    km_int128 amount; /* of all that have it */
    int32_t chance;   /* of all that have it; see km_seed_sample */
} km_content;

typedef struct km_contents {
    km_arena *arena;
    km_content *entries; /* n, of n_slots / 2 */
    int32_t *slots;      /* n_slots: 1 + number of an entry; 0: free */
    int64_t n, n_slots;
    int64_t most;   /* entries; more make the table overfull */
    int is_full;    /* more contents than that were met */
    int has_failed; /* out of memory */
} km_contents;

/* arena belongs to the table. */
void km_contents_init(km_contents *contents, km_arena *arena, int64_t most);

/* Returns the number of the entry; -1: overfull, or out of memory. */
int32_t km_contents_add(km_contents *contents, uint64_t key, int64_t row, int32_t chance,
                        km_int128 amount);

/* The number of the entry of a key that is there. */
int32_t km_contents_find(const km_contents *contents, uint64_t key);

/* All entries of n_tables together, by key, in memory of arena. NULL: out of memory. */
km_content *km_contents_merge(const km_contents *tables, int32_t n_tables, km_arena *arena,
                              int64_t *out_n);

#endif
