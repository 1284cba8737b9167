/* Blocks are made of pieces, ranges of pages. Pages of pieces that are free are moved to where a new
 * block needs them (mremap moves the entries of page tables, not what is in the pages), so that
 * nothing is kept that could not be used, and a process never holds more than its largest need. */
#include "base/blocks.h"

#include <kmseg/context.h>

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || !defined(__linux__)
#define KM_BLOCKS 0 /* the sanitizer knows what is freed only of its own malloc */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KM_BLOCKS 0
#endif
#endif
#ifndef KM_BLOCKS
#define KM_BLOCKS 1
#endif

#define DEFAULT_KEPT ((size_t)256 << 20)

#if KM_BLOCKS

#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

typedef struct piece {
    char *begin;
    size_t size;
    void *block;      /* that it belongs to, NULL: free */
    uint64_t mapping; /* pieces side by side of one mapping can become one again */
} piece;

static struct {
    pthread_mutex_t lock;
    piece *pieces; /* by address */
    size_t n, capacity;
    size_t kept, most_kept;
    uint64_t n_mappings;
} heap = {.lock = PTHREAD_MUTEX_INITIALIZER, .most_kept = DEFAULT_KEPT};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void lock_heap(void) { (void)pthread_mutex_lock(&heap.lock); }
static void unlock_heap(void) { (void)pthread_mutex_unlock(&heap.lock); }

/* A child of a fork has the blocks of its parent, and nobody in the middle of changing them. */
static void watch_forks(void) { (void)pthread_atfork(lock_heap, unlock_heap, unlock_heap); }

static void enter(void) {
    (void)pthread_once(&once, watch_forks);
    lock_heap();
}

/* Room for that many pieces more. */
static int reserve(size_t n_more) {
    if (heap.n + n_more <= heap.capacity) {
        return 1;
    }
    size_t capacity = 2 * heap.capacity + n_more + 16;
    piece *pieces = realloc(heap.pieces, capacity * sizeof *pieces);
    if (pieces == NULL) {
        return 0;
    }
    heap.pieces = pieces;
    heap.capacity = capacity;
    return 1;
}

/* The first piece at or behind an address. */
static size_t find_piece(const char *begin) {
    size_t low = 0, high = heap.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (heap.pieces[middle].begin < begin) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void insert(piece new) {
    size_t at = find_piece(new.begin);
    memmove(&heap.pieces[at + 1], &heap.pieces[at], (heap.n - at) * sizeof *heap.pieces);
    heap.pieces[at] = new;
    heap.n++;
    heap.kept += new.block == NULL ? new.size : 0;
}

static void drop(size_t at) {
    heap.kept -= heap.pieces[at].block == NULL ? heap.pieces[at].size : 0;
    heap.n--;
    memmove(&heap.pieces[at], &heap.pieces[at + 1], (heap.n - at) * sizeof *heap.pieces);
}

/* Cuts the first size bytes off a free piece; drops it when that is all of it. */
static piece cut_off(size_t at, size_t size) {
    piece cut = heap.pieces[at];
    cut.size = size;
    heap.kept -= size;
    heap.pieces[at].begin += size;
    heap.pieces[at].size -= size;
    if (heap.pieces[at].size == 0) {
        drop(at);
    }
    return cut;
}

/* The smallest free piece that is large enough, else the largest free one; heap.n: none is free. */
static size_t choose_free(size_t size) {
    size_t best = heap.n;
    for (size_t i = 0; i < heap.n; i++) {
        const piece *one = &heap.pieces[i];
        if (one->block != NULL) {
            continue;
        }
        if (best == heap.n) {
            best = i;
            continue;
        }
        size_t so_far = heap.pieces[best].size;
        int is_better =
            so_far < size ? one->size > so_far : one->size >= size && one->size < so_far;
        best = is_better ? i : best;
    }
    return best;
}

/* Addresses without memory, aligned to a huge page. */
static char *reserve_addresses(size_t size) {
    char *all =
        mmap(NULL, size + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) {
        return NULL;
    }
    size_t before = (HUGE_PAGE - (uintptr_t)all % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0) {
        (void)munmap(all, before);
    }
    if (before < HUGE_PAGE) {
        (void)munmap(all + before + size, HUGE_PAGE - before);
    }
    return all + before;
}

/* Memory at the addresses: of the system. */
static int map_new(char *begin, size_t size, void *block) {
    void *mapped =
        mmap(begin, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (mapped == MAP_FAILED) {
        return 0;
    }
    (void)madvise(begin, size, MADV_HUGEPAGE); /* advice: a refusal costs nothing */
    insert((piece){begin, size, block, ++heap.n_mappings});
    return 1;
}

/* Memory at the addresses: up to size bytes of free piece i. Returns how many, 0 on failure. */
static size_t move_free(size_t i, char *to, size_t size, void *block) {
    size_t part = heap.pieces[i].size < size ? heap.pieces[i].size : size;
    void *moved = mremap(heap.pieces[i].begin, part, part, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    if (moved == MAP_FAILED) {
        return 0;
    }
    (void)cut_off(i, part);
    insert((piece){to, part, block, ++heap.n_mappings});
    return part;
}

/* Free pieces next to each other, of one mapping, become one. */
static void join_free(void) {
    size_t to = 0;
    for (size_t i = 1; i < heap.n; i++) {
        piece *last = &heap.pieces[to], *one = &heap.pieces[i];
        if (last->block == NULL && one->block == NULL && last->mapping == one->mapping &&
            last->begin + last->size == one->begin) {
            last->size += one->size;
        } else {
            heap.pieces[++to] = *one;
        }
    }
    heap.n = heap.n > 0 ? to + 1 : 0;
}

/* Gives pages to the system until no more are kept than should be. */
static void trim(void) {
    for (size_t i = heap.n; i-- > 0 && heap.kept > heap.most_kept;) {
        piece *one = &heap.pieces[i];
        if (one->block != NULL) {
            continue;
        }
        size_t excess = heap.kept - heap.most_kept;
        excess = (excess + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
        size_t part = one->size < excess ? one->size : excess;
        if (munmap(one->begin + one->size - part, part) != 0) {
            continue; /* too many mappings: it stays, and is used again */
        }
        one->size -= part;
        heap.kept -= part;
        if (one->size == 0) {
            drop(i);
        }
    }
}

static void free_block(const void *block) {
    for (size_t i = 0; i < heap.n; i++) {
        if (heap.pieces[i].block == block) {
            heap.pieces[i].block = NULL;
            heap.kept += heap.pieces[i].size;
        }
    }
    join_free();
    trim();
}

/* Puts free pages, and new ones where they do not suffice, next to each other. */
static void *gather(size_t size) {
    char *block = reserve_addresses(size);
    size_t at = 0;
    while (block != NULL && at < size) {
        size_t i = choose_free(size - at), part = 0;
        if (reserve(1)) {
            part = i < heap.n ? move_free(i, block + at, size - at, block)
                   : map_new(block + at, size - at, block) ? size - at
                                                           : 0;
        }
        if (part == 0) {
            (void)munmap(block + at, size - at);
            free_block(block);
            block = NULL;
        }
        at += part;
    }
    return block;
}

static void *take(size_t size) {
    size_t i = choose_free(size);
    if (i == heap.n || heap.pieces[i].size < size) {
        return gather(size);
    }
    if (!reserve(1)) {
        return NULL;
    }
    piece cut = cut_off(i, size);
    cut.block = cut.begin;
    insert(cut);
    return cut.begin;
}

void *km_block_take(size_t size) {
    if (size == 0 || size > SIZE_MAX / 2) {
        return NULL;
    }
    enter();
    void *block = take((size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    unlock_heap();
    return block;
}

int km_block_give(void *block) {
    if ((uintptr_t)block % HUGE_PAGE != 0) {
        return 0;
    }
    enter();
    size_t i = find_piece(block);
    int is_ours = i < heap.n && heap.pieces[i].begin == block && heap.pieces[i].block == block;
    if (is_ours) {
        free_block(block);
    }
    unlock_heap();
    return is_ours;
}

size_t km_blocks_kept(void) {
    enter();
    size_t kept = heap.kept;
    unlock_heap();
    return kept;
}

void kmseg_memory_keep(size_t most) {
    enter();
    heap.most_kept = most;
    trim();
    unlock_heap();
}

#else

void *km_block_take(size_t size) {
    (void)size;
    return NULL;
}

int km_block_give(void *block) {
    (void)block;
    return 0;
}

size_t km_blocks_kept(void) { return 0; }

void kmseg_memory_keep(size_t most) { (void)most; }

#endif
