#include "source/csv_levels.h"

#include "base/sums.h"

/* Blocks begin small, for small files, and end at the size from which on memory is on huge pages. */
#define FIRST_BLOCK ((size_t)1 << 18)
#define LAST_BLOCK  ((size_t)1 << 24)

struct km_csv_pool_block {
    struct km_csv_pool_block *next;
    size_t capacity;
};

void km_csv_pool_init(km_csv_pool *pool, const kmseg_allocator *allocator) {
    *pool = (km_csv_pool){.allocator = *allocator};
}

void *km_csv_pool_take(km_csv_pool *pool, size_t size) {
    size = (size + 15) & ~(size_t)15;
    struct km_csv_pool_block *block = pool->blocks;
    if (block == NULL || block->capacity - pool->used < size) {
        size_t capacity = block == NULL ? FIRST_BLOCK : 2 * (block->capacity + sizeof *block);
        capacity = capacity < LAST_BLOCK ? capacity : LAST_BLOCK;
        capacity = capacity - sizeof *block > size ? capacity - sizeof *block : size;
        block = km_allocate(&pool->allocator, sizeof *block + capacity);
        if (block == NULL) {
            return NULL;
        }
        *block = (struct km_csv_pool_block){pool->blocks, capacity};
        pool->blocks = block;
        pool->used = 0;
    }
    void *taken = (char *)(block + 1) + pool->used;
    pool->used += size;
    return taken;
}

void km_csv_pool_free(km_csv_pool *pool) {
    while (pool->blocks != NULL) {
        struct km_csv_pool_block *next = pool->blocks->next;
        km_release(&pool->allocator, pool->blocks);
        pool->blocks = next;
    }
}

void km_csv_levels_init(km_csv_levels *levels, const kmseg_allocator *allocator) {
    memset(levels, 0, sizeof *levels);
    levels->allocator = *allocator;
    levels->last = -1;
}

void km_csv_levels_clear(km_csv_levels *levels) {
    if (levels->n > 0) {
        memset(levels->slots, 0xff, (size_t)levels->n_slots * sizeof *levels->slots);
    }
    levels->n = 0;
    levels->n_lookups = 0;
    levels->last = -1;
    levels->only_new = 0;
}

void km_csv_levels_free(km_csv_levels *levels) {
    km_release(&levels->allocator, levels->slots);
    km_release(&levels->allocator, levels->items);
    kmseg_allocator allocator = levels->allocator; /* outlives the clearing */
    km_csv_levels_init(levels, &allocator);
}

int km_csv_levels_keep(const km_csv_levels *levels, km_csv_pool *pool, km_csv_strings *out) {
    out->n = 0;
    if (levels->n == 0) {
        return 1;
    }
    out->items = km_csv_pool_take(pool, (size_t)levels->n * sizeof *out->items);
    if (out->items == NULL) {
        return 0;
    }
    for (int32_t i = 0; i < levels->n; i++) {
        const km_csv_level *level = &levels->items[i];
        out->items[i] = (km_csv_string){level->text, level->length, level->hash};
    }
    out->n = levels->n;
    return 1;
}

static uint64_t folded(uint64_t a, uint64_t b) {
    km_uint128 product = (km_uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Products of 64-bit words folded to 64 bits, as in wyhash. */
static uint32_t hash_of(const km_csv_level *level) {
    uint64_t h = folded(level->head[0] ^ UINT64_C(0xa0761d6478bd642f),
                        level->head[1] ^ UINT64_C(0xe7037ed1a0b428db) ^ level->length);
    const char *text = level->text + 16;
    int64_t rest = (int64_t)level->length - 16;
    for (; rest >= 8; rest -= 8, text += 8) {
        h = folded(h ^ km_load64(text), UINT64_C(0x8ebc6af09c88c6e3));
    }
    if (rest > 0) {
        uint64_t tail = 0;
        memcpy(&tail, text, (size_t)rest);
        h = folded(h ^ tail, UINT64_C(0x589965cc75374cc3));
    }
    return (uint32_t)(h ^ h >> 32);
}

int32_t km_csv_levels_find(km_csv_levels *levels, km_csv_level *level) {
    level->hash = hash_of(level);
    if (levels->n_slots == 0 || levels->only_new) {
        return -1;
    }
    levels->n_lookups++;
    uint64_t wrap = (uint64_t)levels->n_slots - 1;
    for (uint64_t s = level->hash & wrap;; s = (s + 1) & wrap) {
        int32_t code = levels->slots[s].code;
        if (code < 0) {
            return -1;
        }
        if (levels->slots[s].hash == level->hash &&
            km_csv_level_same(&levels->items[code], level)) {
            return code;
        }
    }
}

static void place(km_csv_levels *levels, uint32_t hash, int32_t code) {
    uint64_t wrap = (uint64_t)levels->n_slots - 1;
    uint64_t s = hash & wrap;
    while (levels->slots[s].code >= 0) {
        s = (s + 1) & wrap;
    }
    levels->slots[s] = (km_csv_level_slot){hash, code};
}

static int grow_items(km_csv_levels *levels) {
    if (levels->capacity > INT32_MAX / 2) {
        return 0;
    }
    int32_t capacity = levels->capacity > 0 ? 2 * levels->capacity : 64;
    km_csv_level *items = km_allocate_array(&levels->allocator, capacity, sizeof *items);
    if (items == NULL) {
        return 0;
    }
    if (levels->n > 0) {
        memcpy(items, levels->items, (size_t)levels->n * sizeof *items);
    }
    km_release(&levels->allocator, levels->items);
    levels->items = items;
    levels->capacity = capacity;
    return 1;
}

static int grow_slots(km_csv_levels *levels) {
    int64_t n_slots = levels->n_slots > 0 ? 2 * levels->n_slots : 128;
    km_csv_level_slot *slots = km_allocate_array(&levels->allocator, n_slots, sizeof *slots);
    if (slots == NULL) {
        return 0;
    }
    km_release(&levels->allocator, levels->slots);
    levels->slots = slots;
    levels->n_slots = n_slots;
    memset(slots, 0xff, (size_t)n_slots * sizeof *slots); /* every code is -1 */
    for (int32_t i = 0; i < levels->n; i++) {
        place(levels, levels->items[i].hash, i);
    }
    return 1;
}

/* After so many strings it shows whether nearly all of them are new. */
enum { JUDGED_LEVELS = 1024 };

int32_t km_csv_levels_add(km_csv_levels *levels, const km_csv_level *level) {
    if ((levels->n == levels->capacity && !grow_items(levels)) ||
        (!levels->only_new && 2 * (int64_t)levels->n >= levels->n_slots && !grow_slots(levels))) {
        return -1;
    }
    levels->items[levels->n] = *level;
    if (!levels->only_new) {
        place(levels, level->hash, levels->n);
        levels->only_new =
            levels->n == JUDGED_LEVELS && levels->n_lookups < JUDGED_LEVELS + JUDGED_LEVELS / 8;
    }
    return levels->n++;
}
