#include "data/dictionary.h"

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    km_arena arena;
    km_dictionary dictionary;
} fixture;

static void begin(fixture *f) {
    kmseg_allocator allocator = km_default_allocator();
    km_arena_init(&f->arena, &allocator);
    cr_assert(km_dictionary_init(&f->dictionary, &f->arena, &allocator));
}

static void end(fixture *f) {
    km_dictionary_free(&f->dictionary);
    km_arena_free(&f->arena);
}

Test(dictionary, a_million_strings_are_numbered_in_order_of_first_appearance)
{
    fixture f;
    begin(&f);
    enum { N = 1000000 };
    char text[32];
    for (int32_t i = 0; i < N; i++) {
        int length = snprintf(text, sizeof text, "customer %d", i);
        cr_assert(km_dictionary_add(&f.dictionary, text, (size_t)length) == i);
    }
    for (int32_t i = N - 1; i >= 0; i -= 7) {
        int length = snprintf(text, sizeof text, "customer %d", i);
        cr_assert(km_dictionary_find(&f.dictionary, text, (size_t)length) == i);
        cr_assert(km_dictionary_add(&f.dictionary, text, (size_t)length) == i);
        cr_assert_str_eq(f.dictionary.texts[i], text);
    }
    cr_assert(f.dictionary.n == N);
    cr_assert(km_dictionary_find(&f.dictionary, "customer 1000000", 16) == -1);
    end(&f);
}

Test(dictionary, strings_that_differ_in_any_byte_or_in_length_are_distinct)
{
    fixture f;
    begin(&f);
    const struct {
        const char *text;
        size_t length;
    } texts[] = {{"", 0},
                 {"a", 1},
                 {"a\0", 2},
                 {"\0a", 2},
                 {"\0", 1},
                 {"\0\0", 2},
                 {"12345678", 8},
                 {"1234567", 7},
                 {"12345678\0", 9},
                 {"123456789", 9},
                 {"1234567812345678", 16},
                 {"A", 1}};
    const int32_t n = sizeof texts / sizeof *texts;
    for (int32_t i = 0; i < n; i++) {
        cr_assert(km_dictionary_find(&f.dictionary, texts[i].text, texts[i].length) == -1);
        cr_assert(km_dictionary_add(&f.dictionary, texts[i].text, texts[i].length) == i, "%d", i);
    }
    for (int32_t i = 0; i < n; i++) {
        cr_assert(km_dictionary_find(&f.dictionary, texts[i].text, texts[i].length) == i);
        cr_assert(f.dictionary.lengths[i] == texts[i].length);
        cr_assert(memcmp(f.dictionary.texts[i], texts[i].text, texts[i].length) == 0);
    }
    end(&f);
}

/* The mixing step of the dictionary, from which strings of one and the same hash are made: after
 * eight bytes a the state is mix(start ^ a), so a second word b' = b ^ mix(start ^ a) ^
 * mix(start ^ a') behind a' ends in the state of a followed by b. */
static uint64_t mix(uint64_t h) {
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ (h >> 32);
}

Test(dictionary, strings_of_the_same_hash_are_told_apart)
{
    fixture f;
    begin(&f);
    const uint64_t start = UINT64_C(0x9e3779b97f4a7c15) ^ 16;
    enum { N = 2000 };
    uint64_t pairs[N][2];
    for (uint64_t i = 0; i < N; i++) {
        pairs[i][0] = i * UINT64_C(0x123456789abcdef1);
        pairs[i][1] = UINT64_C(0xfeedface) ^ mix(start) ^ mix(start ^ pairs[i][0]);
        cr_assert(km_dictionary_add(&f.dictionary, (const char *)pairs[i], 16) == (int32_t)i);
    }
    /* all in slots behind one another, so the hashes really are the same */
    uint64_t hash = 0;
    for (uint64_t s = 0; s < f.dictionary.n_slots; s++) {
        if (f.dictionary.slots[s].code == 0) {
            hash = f.dictionary.slots[s].hash;
        }
    }
    for (uint64_t s = 0; s < f.dictionary.n_slots; s++) {
        cr_assert(f.dictionary.slots[s].code < 0 || f.dictionary.slots[s].hash == hash);
    }
    for (int32_t i = 0; i < N; i++) {
        cr_assert(km_dictionary_find(&f.dictionary, (const char *)pairs[i], 16) == i);
    }
    end(&f);
}

Test(dictionary, when_memory_runs_out_at_any_request_nothing_is_lost)
{
    for (int64_t fail_at = 1;; fail_at++) {
        test_memory memory = {.fail_at = fail_at};
        kmseg_allocator allocator = test_allocator(&memory);
        km_arena arena;
        km_arena_init(&arena, &allocator);
        km_dictionary dictionary;
        int32_t last = -1;
        if (km_dictionary_init(&dictionary, &arena, &allocator)) {
            char text[32];
            for (int32_t i = 0; i < 5000; i++) {
                int length = snprintf(text, sizeof text, "a string of some length %d", i);
                last = km_dictionary_add(&dictionary, text, (size_t)length);
                if (last < 0) {
                    break;
                }
            }
        }
        km_dictionary_free(&dictionary);
        km_arena_free(&arena);
        cr_assert(memory.n_held == 0);
        if (memory.n_requests < fail_at) {
            cr_assert(last == 4999 && fail_at > 10);
            break;
        }
        cr_assert(last == -1);
    }
}
