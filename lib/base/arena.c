#include "base/arena.h"

#include "base/blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of this size are shared by small requests; larger requests get a block of their own. */
#define ARENA_BLOCK ((size_t)64 * 1024)
#define ALIGNMENT   ((size_t)64)

struct km_arena_block {
    km_arena_block *next;
    size_t used, capacity;
    char padding[40]; /* the bytes behind the header start 64-byte aligned */
};
_Static_assert(sizeof(km_arena_block) == 64, "data of an arena block must start aligned");

static void *default_allocate(void *user, size_t size, size_t alignment) {
    (void)user;
    void *block = size >= KM_BLOCK_LEAST ? km_block_take(size) : NULL;
    if (block == NULL && posix_memalign(&block, alignment, size) != 0) {
        return NULL;
    }
    return block;
}

static void default_release(void *user, void *block) {
    (void)user;
    if (!km_block_give(block)) {
        free(block);
    }
}

kmseg_allocator km_default_allocator(void) {
    return (kmseg_allocator){default_allocate, default_release, NULL};
}

void *km_allocate(const kmseg_allocator *allocator, size_t size) {
    return allocator->allocate(allocator->user, size > 0 ? size : 1, ALIGNMENT);
}

void *km_allocate_array(const kmseg_allocator *allocator, int64_t n, size_t size) {
    size_t bytes;
    if (n < 0 || __builtin_mul_overflow((size_t)n, size, &bytes)) {
        return NULL;
    }
    return km_allocate(allocator, bytes);
}

void km_release(const kmseg_allocator *allocator, void *block) {
    if (block != NULL) {
        allocator->release(allocator->user, block);
    }
}

void km_arena_init(km_arena *arena, const kmseg_allocator *allocator) {
    arena->allocator = *allocator;
    arena->blocks = NULL;
}

static km_arena_block *add_block(km_arena *arena, size_t size) {
    int own = size > ARENA_BLOCK / 4;
    size_t capacity = own ? size : ARENA_BLOCK;
    km_arena_block *block = km_allocate(&arena->allocator, sizeof(km_arena_block) + capacity);
    if (block == NULL) {
        return NULL;
    }
    block->used = 0;
    block->capacity = capacity;
    /* A block of one large request goes behind the first, which may still have room. */
    if (own && arena->blocks != NULL) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *km_arena_take(km_arena *arena, size_t size) {
    size_t align = size >= ALIGNMENT ? ALIGNMENT : 16;
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    km_arena_block *block = arena->blocks;
    size_t start = block != NULL ? (block->used + align - 1) & ~(align - 1) : 0;
    if (block == NULL || start > block->capacity || block->capacity - start < size) {
        block = add_block(arena, size);
        if (block == NULL) {
            return NULL;
        }
        start = 0;
    }
    block->used = start + size;
    return (char *)(block + 1) + start;
}

void *km_arena_array(km_arena *arena, int64_t n, size_t size) {
    size_t bytes;
    if (n < 0 || __builtin_mul_overflow((size_t)n, size, &bytes)) {
        return NULL;
    }
    void *array = km_arena_take(arena, bytes);
    if (array != NULL) {
        memset(array, 0, bytes);
    }
    return array;
}

void *km_arena_copy(km_arena *arena, const void *from, int64_t n, size_t size) {
    size_t bytes;
    if (n < 0 || __builtin_mul_overflow((size_t)n, size, &bytes)) {
        return NULL;
    }
    void *to = km_arena_take(arena, bytes);
    if (to != NULL && bytes > 0) {
        memcpy(to, from, bytes);
    }
    return to;
}

char *km_arena_text_n(km_arena *arena, const char *text, size_t length) {
    char *copy = km_arena_take(arena, length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

char *km_arena_text(km_arena *arena, const char *text) {
    return km_arena_text_n(arena, text, strlen(text));
}

char *km_arena_format(km_arena *arena, const char *format, ...) {
    va_list first, second;
    va_start(first, format);
    va_copy(second, first);
    int length = vsnprintf(NULL, 0, format, first);
    char *text = length < 0 ? NULL : km_arena_take(arena, (size_t)length + 1);
    if (text != NULL) {
        vsnprintf(text, (size_t)length + 1, format, second);
    }
    va_end(second);
    va_end(first);
    return text;
}

/* A block of one large request is full with it. */
void km_arena_give(km_arena *arena, const void *taken) {
    for (km_arena_block **at = &arena->blocks; taken != NULL && *at != NULL; at = &(*at)->next) {
        km_arena_block *block = *at;
        if ((const void *)(block + 1) == taken && block->used == block->capacity &&
            block->capacity > ARENA_BLOCK) {
            *at = block->next;
            km_release(&arena->allocator, block);
            return;
        }
    }
}

void km_arena_free(km_arena *arena) {
    km_arena_block *block = arena->blocks;
    while (block != NULL) {
        km_arena_block *next = block->next;
        km_release(&arena->allocator, block);
        block = next;
    }
    arena->blocks = NULL;
}
