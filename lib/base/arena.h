/* Memory: the context's allocator, plain blocks from it, and arenas that are freed as a whole. */
#ifndef KM_BASE_ARENA_H
#define KM_BASE_ARENA_H

#include <kmseg/context.h>

#include <stdarg.h>

/* Block of size bytes (0 gives a valid block), 64-byte aligned, not cleared; NULL when there is
 * none. Freed by km_release() with the same allocator. */
void *km_allocate(const kmseg_allocator *allocator, size_t size);

/* n elements of size bytes, with overflow checked. */
void *km_allocate_array(const kmseg_allocator *allocator, int64_t n, size_t size);

/* NULL is fine. */
void km_release(const kmseg_allocator *allocator, void *block);

/* The C library's allocator, used where a context names none. */
kmseg_allocator km_default_allocator(void);

/* An arena owns every block taken from it. It is not thread-safe. */
typedef struct km_arena_block km_arena_block;
typedef struct km_arena {
    kmseg_allocator allocator;
    km_arena_block *blocks;
} km_arena;

void km_arena_init(km_arena *arena, const kmseg_allocator *allocator);

/* size bytes, 64-byte aligned when size >= 64, else 16-byte aligned; not cleared. */
void *km_arena_take(km_arena *arena, size_t size);

/* n elements of size bytes, cleared. */
void *km_arena_array(km_arena *arena, int64_t n, size_t size);

/* Copies of a string, of length bytes of one, and a formatted string; NULL when out of memory. */
char *km_arena_text(km_arena *arena, const char *text);
char *km_arena_text_n(km_arena *arena, const char *text, size_t length);
char *km_arena_format(km_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A copy of n elements. */
void *km_arena_copy(km_arena *arena, const void *from, int64_t n, size_t size);

/* Gives back what one large request got, so that its memory can be used again before the arena ends; a
 * small one stays until then. NULL is fine. */
void km_arena_give(km_arena *arena, const void *taken);

/* Frees everything; the arena can be used again. */
void km_arena_free(km_arena *arena);

#endif
