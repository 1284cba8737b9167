#include "data/dictionary.h"

#include <string.h>

static uint64_t mix(uint64_t h) {
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ (h >> 32);
}

/* Eight bytes at a time: most ids and category names are shorter than 16. */
static uint64_t hash_bytes(const char *text, size_t length) {
    uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ length;
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, text, 8);
        h = mix(h ^ word);
        text += 8;
        length -= 8;
    }
    uint64_t tail = 0;
    memcpy(&tail, text, length);
    return mix(h ^ tail);
}

static int grow_slots(km_dictionary *d, uint64_t n_slots) {
    km_dictionary_slot *slots =
        km_allocate_array(&d->allocator, (int64_t)n_slots, sizeof(km_dictionary_slot));
    if (slots == NULL) {
        return 0;
    }
    for (uint64_t i = 0; i < n_slots; i++) {
        slots[i].code = -1;
    }
    for (uint64_t i = 0; i < d->n_slots; i++) {
        if (d->slots[i].code >= 0) {
            uint64_t s = d->slots[i].hash & (n_slots - 1);
            while (slots[s].code >= 0) {
                s = (s + 1) & (n_slots - 1);
            }
            slots[s] = d->slots[i];
        }
    }
    km_release(&d->allocator, d->slots);
    d->slots = slots;
    d->n_slots = n_slots;
    return 1;
}

static int grow_texts(km_dictionary *d) {
    if (d->capacity > INT32_MAX / 2) {
        return 0;
    }
    int32_t capacity = d->capacity > 0 ? 2 * d->capacity : 64;
    const char **texts = km_allocate_array(&d->allocator, capacity, sizeof *texts);
    uint32_t *lengths = km_allocate_array(&d->allocator, capacity, sizeof *lengths);
    if (texts == NULL || lengths == NULL) {
        km_release(&d->allocator, texts);
        km_release(&d->allocator, lengths);
        return 0;
    }
    if (d->n > 0) {
        memcpy(texts, d->texts, (size_t)d->n * sizeof *texts);
        memcpy(lengths, d->lengths, (size_t)d->n * sizeof *lengths);
    }
    km_release(&d->allocator, d->texts);
    km_release(&d->allocator, d->lengths);
    d->texts = texts;
    d->lengths = lengths;
    d->capacity = capacity;
    return 1;
}

int km_dictionary_init(km_dictionary *d, km_arena *arena, const kmseg_allocator *allocator) {
    memset(d, 0, sizeof *d);
    d->arena = arena;
    d->allocator = *allocator;
    return grow_slots(d, 64);
}

static uint64_t find_slot(const km_dictionary *d, uint64_t hash, const char *text, size_t length) {
    uint64_t s = hash & (d->n_slots - 1);
    while (d->slots[s].code >= 0) {
        int32_t code = d->slots[s].code;
        if (d->slots[s].hash == hash && d->lengths[code] == length &&
            memcmp(d->texts[code], text, length) == 0) {
            break;
        }
        s = (s + 1) & (d->n_slots - 1);
    }
    return s;
}

int32_t km_dictionary_find(const km_dictionary *d, const char *text, size_t length) {
    return d->slots[find_slot(d, hash_bytes(text, length), text, length)].code;
}

int32_t km_dictionary_add(km_dictionary *d, const char *text, size_t length) {
    uint64_t hash = hash_bytes(text, length);
    uint64_t s = find_slot(d, hash, text, length);
    if (d->slots[s].code >= 0) {
        return d->slots[s].code;
    }
    if (length > UINT32_MAX || (d->n == d->capacity && !grow_texts(d))) {
        return -1;
    }
    char *copy = km_arena_text_n(d->arena, text, length);
    if (copy == NULL) {
        return -1;
    }
    d->texts[d->n] = copy;
    d->lengths[d->n] = (uint32_t)length;
    d->slots[s].hash = hash;
    d->slots[s].code = d->n++;
    if ((uint64_t)d->n * 2 > d->n_slots && !grow_slots(d, 2 * d->n_slots)) {
        return -1;
    }
    return d->n - 1;
}

void km_dictionary_free(km_dictionary *d) {
    km_release(&d->allocator, d->slots);
    km_release(&d->allocator, d->texts);
    km_release(&d->allocator, d->lengths);
    memset(d, 0, sizeof *d);
}
