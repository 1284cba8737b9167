#include "customer/runs.h"

#include <string.h>

/* Blocks are cut from slabs, which begin small, for small files, and end at a size that is on huge
 * pages. */
#define FIRST_SLAB ((size_t)1 << 18)
#define LAST_SLAB  ((size_t)1 << 23)

typedef struct slab {
    struct slab *next;
    size_t size;
    char padding[48]; /* what is behind stays aligned */
} slab;

int km_runs_init(km_runs *runs, const kmseg_allocator *allocator, int bits) {
    *runs = (km_runs){.allocator = *allocator, .bits = bits};
    runs->parts = km_allocate_array(allocator, INT64_C(1) << bits, sizeof(*runs->parts));
    if (runs->parts != NULL) {
        memset((void *)runs->parts, 0, sizeof(*runs->parts) << bits);
    }
    return runs->parts != NULL;
}

void km_runs_free(km_runs *runs) {
    for (slab *one = runs->slabs; one != NULL;) {
        slab *next = one->next;
        km_release(&runs->allocator, one);
        one = next;
    }
    km_release(&runs->allocator, (void *)runs->parts);
    runs->slabs = NULL;
    runs->parts = NULL;
}

static km_run_block *add_block(km_runs *runs, uint64_t part) {
    if (runs->slabs == NULL || runs->slab_size - runs->slab_used < sizeof(km_run_block)) {
        size_t size = runs->slabs == NULL ? FIRST_SLAB : 2 * runs->slab_size;
        size = size < LAST_SLAB ? size : LAST_SLAB;
        slab *one = km_allocate(&runs->allocator, size);
        if (one == NULL) {
            return NULL;
        }
        *one = (slab){.next = runs->slabs, .size = size};
        runs->slabs = one;
        runs->slab_size = size;
        runs->slab_used = sizeof *one;
    }
    km_run_block *block = (void *)((char *)runs->slabs + runs->slab_used);
    runs->slab_used += sizeof *block;
    block->next = runs->parts[part];
    block->n_words = 0;
    block->n_runs = 0;
    runs->parts[part] = block;
    return block;
}

static inline uint64_t *put_text(uint64_t *to, const km_text_at *at) {
    memcpy(to, at, sizeof *at);
    return to + sizeof *at / sizeof *to;
}

int km_runs_add(km_runs *runs, const km_run *run) {
    enum { MOST_WORDS = KM_RUN_FIXED + 2 + 2 * sizeof(km_text_at) / sizeof(uint64_t) };
    uint64_t part = runs->bits > 0 ? km_key_hash(run->customer) >> (64 - runs->bits) : 0;
    km_run_block *block = runs->parts[part];
    if (block == NULL || KM_RUN_BLOCK_WORDS - block->n_words < MOST_WORDS) {
        block = add_block(runs, part);
        if (block == NULL) {
            return 0;
        }
    }
    uint64_t *to = block->words + block->n_words;
    *to++ = run->customer;
    *to++ = run->order;
    *to++ = (uint64_t)run->value;
    *to++ = km_run_when(run);
    if (runs->has_items) {
        *to++ = (uint64_t)run->items;
    }
    if (runs->has_discount) {
        *to++ = (uint64_t)run->discount;
    }
    if (km_key_is_long(run->customer)) {
        to = put_text(to, &run->customer_at);
    }
    if (km_key_is_long(run->order)) {
        to = put_text(to, &run->order_at);
    }
    block->n_words = (uint32_t)(to - block->words);
    block->n_runs++;
    return 1;
}

static uint64_t folded(uint64_t a, uint64_t b) {
    km_uint128 product = (km_uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word_at(const char *text, size_t n) {
    uint64_t word = 0;
    memcpy(&word, text, n);
    return word;
}

uint64_t km_long_key(const km_level *level) {
    uint64_t h = folded(level->head[0] ^ UINT64_C(0xa0761d6478bd642f),
                        level->head[1] ^ UINT64_C(0xe7037ed1a0b428db) ^ level->length);
    for (size_t i = 16; i < level->length; i += 8) {
        size_t n = level->length - i < 8 ? level->length - i : 8;
        h = folded(h ^ word_at(level->text + i, n), UINT64_C(0x8ebc6af09c88c6e3));
    }
    return h | KM_KEY_LONG;
}

void km_ids_init(km_ids *ids, const kmseg_allocator *allocator) {
    *ids = (km_ids){.allocator = *allocator};
}

void km_ids_free(km_ids *ids) {
    km_release(&ids->allocator, ids->items);
    km_release(&ids->allocator, ids->slots);
    ids->items = NULL;
    ids->slots = NULL;
    ids->n = ids->n_slots = 0;
}

void km_ids_clear(km_ids *ids) {
    if (ids->n > 0) {
        memset(ids->slots, 0xff, (size_t)ids->n_slots * sizeof *ids->slots);
    }
    ids->n = 0;
}

static int grow_ids(km_ids *ids) {
    uint32_t n_slots = ids->n_slots > 0 ? 2 * ids->n_slots : 1024;
    km_id *items = km_allocate_array(&ids->allocator, n_slots / 2, sizeof *items);
    int32_t *slots = km_allocate_array(&ids->allocator, n_slots, sizeof *slots);
    if (n_slots > UINT32_C(1) << 30 || items == NULL || slots == NULL) {
        km_release(&ids->allocator, items);
        km_release(&ids->allocator, slots);
        return 0;
    }
    if (ids->n > 0) {
        memcpy(items, ids->items, ids->n * sizeof *items);
    }
    memset(slots, 0xff, n_slots * sizeof *slots);
    for (uint32_t i = 0; i < ids->n; i++) {
        uint32_t s = (uint32_t)(km_key_hash(items[i].key) >> 16) & (n_slots - 1);
        while (slots[s] >= 0) {
            s = (s + 1) & (n_slots - 1);
        }
        slots[s] = (int32_t)i;
    }
    km_release(&ids->allocator, ids->items);
    km_release(&ids->allocator, ids->slots);
    ids->items = items;
    ids->slots = slots;
    ids->n_slots = n_slots;
    return 1;
}

static inline int same_id(const km_id *id, uint64_t key, const km_text_at *at) {
    return id->key == key &&
           (!km_key_is_long(key) ||
            (id->at.length == at->length && memcmp(id->at.text, at->text, at->length) == 0));
}

int32_t km_ids_number(km_ids *ids, uint64_t key, const uint64_t *words) {
    if (2 * ids->n >= ids->n_slots && !grow_ids(ids)) {
        return -1;
    }
    km_text_at at = {NULL, 0};
    if (km_key_is_long(key)) {
        memcpy(&at, words, sizeof at);
    }
    uint32_t s = (uint32_t)(km_key_hash(key) >> 16) & (ids->n_slots - 1);
    for (; ids->slots[s] >= 0; s = (s + 1) & (ids->n_slots - 1)) {
        if (same_id(&ids->items[ids->slots[s]], key, &at)) {
            return ids->slots[s];
        }
    }
    ids->slots[s] = (int32_t)ids->n;
    ids->items[ids->n] = (km_id){key, at};
    return (int32_t)ids->n++;
}
