#include "cluster/contents.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 4096 };

void km_contents_init(km_contents *contents, km_arena *arena, int64_t most) {
    *contents = (km_contents){.arena = arena, .most = most};
}

/* The slot of a key, or a free one. */
static int32_t *slot_of(const km_contents *contents, uint64_t key) {
    uint64_t mask = (uint64_t)contents->n_slots - 1, at = key & mask;
    while (contents->slots[at] != 0 && contents->entries[contents->slots[at] - 1].key != key) {
        at = (at + 1) & mask;
    }
    return &contents->slots[at];
}

static int grow(km_contents *contents) {
    km_contents larger = *contents;
    larger.n_slots = contents->n_slots > 0 ? 4 * contents->n_slots : FIRST_SLOTS;
    larger.slots = km_arena_array(contents->arena, larger.n_slots, sizeof *larger.slots);
    larger.entries =
        km_arena_take(contents->arena, (size_t)(larger.n_slots / 2) * sizeof *larger.entries);
    if (larger.slots == NULL || larger.entries == NULL || larger.n_slots > INT32_MAX) {
        contents->has_failed = 1;
        return 0;
    }
    for (int64_t i = 0; i < contents->n; i++) {
        larger.entries[i] = contents->entries[i];
        *slot_of(&larger, larger.entries[i].key) = (int32_t)(i + 1);
    }
    *contents = larger;
    return 1;
}

int32_t km_contents_add(km_contents *contents, uint64_t key, int64_t row, int32_t chance,
                        km_int128 amount) {
    if (contents->is_full || contents->has_failed ||
        (contents->n >= contents->n_slots / 2 && !grow(contents))) {
        return -1;
    }
    int32_t *slot = slot_of(contents, key);
    if (*slot != 0) {
        contents->entries[*slot - 1].amount += amount;
        return *slot - 1;
    }
    if (contents->n == contents->most) {
        contents->is_full = 1;
        return -1;
    }
    contents->entries[contents->n++] = (km_content){key, row, amount, chance};
    *slot = (int32_t)contents->n;
    return *slot - 1;
}

int32_t km_contents_find(const km_contents *contents, uint64_t key) {
    return *slot_of(contents, key) - 1;
}

static int by_key(const void *a, const void *b) {
    const km_content *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* By key, which are as good as random but for as many equal ones as there are threads: to where they about
 * belong, then one by one. starts: as many as entries, and one. */
static void sort_entries(km_content *entries, int64_t n, km_content *from, int64_t *starts) {
    int bits = 0;
    while (bits < 30 && INT64_C(2) << bits <= n) {
        bits++;
    }
    for (int64_t i = 0; i < n; i++) {
        starts[bits > 0 ? from[i].key >> (64 - bits) : 0]++;
    }
    int64_t at = 0;
    for (int64_t p = 0; p < INT64_C(1) << bits; p++) {
        int64_t size = starts[p];
        starts[p] = at;
        at += size;
    }
    for (int64_t i = 0; i < n; i++) {
        entries[starts[bits > 0 ? from[i].key >> (64 - bits) : 0]++] = from[i];
    }
    for (int64_t begin = 0, p = 0; p < INT64_C(1) << bits; begin = starts[p++]) {
        if (starts[p] - begin > 16) {
            qsort(entries + begin, (size_t)(starts[p] - begin), sizeof *entries, by_key);
            continue;
        }
        for (int64_t i = begin + 1; i < starts[p]; i++) {
            km_content moving = entries[i];
            int64_t to = i;
            for (; to > begin && moving.key < entries[to - 1].key; to--) {
                entries[to] = entries[to - 1];
            }
            entries[to] = moving;
        }
    }
}

km_content *km_contents_merge(const km_contents *tables, int32_t n_tables, km_arena *arena,
                              int64_t *out_n) {
    int64_t n = 0, kept = 0;
    for (int32_t t = 0; t < n_tables; t++) {
        n += tables[t].n;
    }
    km_content *all = km_arena_array(arena, n + 1, sizeof *all);
    km_content *from = km_arena_array(arena, n + 1, sizeof *from);
    int64_t *starts = km_arena_array(arena, n + 1, sizeof *starts);
    *out_n = 0;
    if (all == NULL || from == NULL || starts == NULL) {
        return NULL;
    }
    n = 0;
    for (int32_t t = 0; t < n_tables; t++) {
        for (int64_t i = 0; i < tables[t].n; i++) {
            from[n++] = tables[t].entries[i];
        }
    }
    sort_entries(all, n, from, starts);
    for (int64_t i = 0; i < n; i++) {
        if (kept > 0 && all[kept - 1].key == all[i].key) {
            all[kept - 1].amount += all[i].amount;
        } else {
            all[kept++] = all[i];
        }
    }
    *out_n = kept;
    return all;
}
