#include "source/csv_levels.h"

#include "base/sums.h"

void km_csv_levels_init(km_csv_levels *levels, const kmseg_allocator *allocator) {
    memset(levels, 0, sizeof *levels);
    levels->allocator = *allocator;
    levels->last = -1;
}

void km_csv_levels_close(km_csv_levels *levels) {
    km_release(&levels->allocator, levels->slots);
    levels->slots = NULL;
    levels->n_slots = 0;
}

void km_csv_levels_free(km_csv_levels *levels) {
    km_csv_levels_close(levels);
    km_release(&levels->allocator, levels->items);
    km_release(&levels->allocator, levels->to);
    kmseg_allocator allocator = levels->allocator; /* outlives the clearing */
    km_csv_levels_init(levels, &allocator);
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

static int32_t find_hashed(const km_csv_levels *levels, const km_csv_level *level) {
    if (levels->n_slots == 0) {
        return -1;
    }
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

int32_t km_csv_levels_find(const km_csv_levels *levels, km_csv_level *level) {
    level->hash = hash_of(level);
    return find_hashed(levels, level);
}

static void place(km_csv_levels *levels, uint32_t hash, int32_t code) {
    uint64_t wrap = (uint64_t)levels->n_slots - 1;
    uint64_t s = hash & wrap;
    while (levels->slots[s].code >= 0) {
        s = (s + 1) & wrap;
    }
    levels->slots[s] = (km_csv_level_slot){hash, code};
}

static int grow(km_csv_levels *levels) {
    if (levels->capacity > INT32_MAX / 2) {
        return 0;
    }
    int32_t capacity = levels->capacity > 0 ? 2 * levels->capacity : 64;
    km_csv_level *items = km_allocate_array(&levels->allocator, capacity, sizeof *items);
    km_csv_level_slot *slots =
        km_allocate_array(&levels->allocator, 2 * (int64_t)capacity, sizeof *slots);
    if (items == NULL || slots == NULL) {
        km_release(&levels->allocator, items);
        km_release(&levels->allocator, slots);
        return 0;
    }
    if (levels->n > 0) {
        memcpy(items, levels->items, (size_t)levels->n * sizeof *items);
    }
    km_release(&levels->allocator, levels->items);
    km_release(&levels->allocator, levels->slots);
    levels->items = items;
    levels->capacity = capacity;
    levels->slots = slots;
    levels->n_slots = 2 * (int64_t)capacity;
    memset(slots, 0xff, (size_t)levels->n_slots * sizeof *slots); /* every code is -1 */
    for (int32_t i = 0; i < levels->n; i++) {
        place(levels, items[i].hash, i);
    }
    return 1;
}

int32_t km_csv_levels_add(km_csv_levels *levels, const km_csv_level *level) {
    if (levels->n == levels->capacity && !grow(levels)) {
        return -1;
    }
    levels->items[levels->n] = *level;
    place(levels, level->hash, levels->n);
    return levels->n++;
}

/* Asks the memory for what the lookup of a level will read: its slot, and a little later, when that
 * has come, the level it points to. */
static inline void look_ahead(const km_csv_levels *levels, const km_csv_level *soon,
                              const km_csv_level *sooner) {
    uint64_t wrap = (uint64_t)levels->n_slots - 1;
    __builtin_prefetch(&levels->slots[soon->hash & wrap]);
    int32_t code = levels->slots[sooner->hash & wrap].code;
    if (code >= 0) {
        __builtin_prefetch(&levels->items[code]);
    }
}

int km_csv_levels_merge(km_csv_levels *all, const km_csv_levels *part, const int32_t *chosen,
                        int32_t n) {
    enum { SOON = 16, SOONER = 8 };
    for (int32_t i = 0; i < n; i++) {
        if (i + SOON < n && all->n_slots > 0) {
            look_ahead(all, &part->items[chosen[i + SOON]], &part->items[chosen[i + SOONER]]);
        }
        const km_csv_level *level = &part->items[chosen[i]];
        int32_t code = find_hashed(all, level);
        if (code < 0) {
            code = km_csv_levels_add(all, level);
            if (code < 0) {
                return 0;
            }
            code = ~code;
        }
        part->to[chosen[i]] = code;
    }
    return 1;
}
