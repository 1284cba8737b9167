/* An order log as runs: lines that follow one another with the same customer, order, time and verdict
 * are one. A log has a line per product, most of them six or so of an order in a row, and what counts
 * for a customer are sums over lines: a run is 32 bytes for what took 45 a line.
 *
 * Runs are dealt to parts by a hash of their customer as they come, so that a part, which a core's
 * cache holds, has all runs of its customers. */
#ifndef KM_CUSTOMER_RUNS_H
#define KM_CUSTOMER_RUNS_H

#include "customer/orders.h"
#include "data/pieces.h"

/* A string as a word. Up to eight bytes are themselves, zeros behind them; of longer ones a hash under
 * a byte that is in no UTF-8 text. */
#define KM_KEY_LONG ((uint64_t)0xff << 56)
#define KM_KEY_TIME ((uint64_t)0xfe << 56) /* an order without an id: its time */

static inline int km_key_is_long(uint64_t key) { return key >> 56 == 0xff; }

uint64_t km_long_key(const km_level *level);

static inline uint64_t km_key_of(const km_level *level) {
    return level->length <= 8 ? level->head[0] : km_long_key(level);
}

/* Where the text of a long string is. */
typedef struct km_text_at {
    const char *text;
    uint64_t length;
} km_text_at;

typedef struct km_run {
    uint64_t customer, order;         /* keys */
    km_text_at customer_at, order_at; /* of those that are long */
    int64_t time, value, items, discount;
    uint32_t n_lines;
    uint8_t state;
} km_run;

/* As words: customer, order, value, KM_RUN_WHEN; then items and discount, where the log has either;
 * then km_text_at of a long customer and of a long order. Once its part has numbered them, the first
 * is the number of the customer, a long order has the number of its text for a hash, and no text
 * follows. */
enum { KM_RUN_FIXED = 4 };

/* Time 39 bits (from KM_FIRST_SECOND), state 2, lines 23. */
#define KM_RUN_MOST_LINES ((UINT32_C(1) << 23) - 1)

static inline uint64_t km_run_when(const km_run *run) {
    uint64_t state = run->state == KM_LINE_SALE ? 0 : run->state == KM_LINE_NETTED ? 1 : 2;
    return (uint64_t)(run->time - KM_FIRST_SECOND) | state << 39 | (uint64_t)run->n_lines << 41;
}

static inline int64_t km_when_time(uint64_t when) {
    return (int64_t)(when & ((UINT64_C(1) << 39) - 1)) + KM_FIRST_SECOND;
}
static inline uint8_t km_when_state(uint64_t when) {
    static const uint8_t states[4] = {KM_LINE_SALE, KM_LINE_NETTED, KMSEG_CLEAN_RETURN};
    return states[when >> 39 & 3];
}
static inline uint32_t km_when_lines(uint64_t when) { return (uint32_t)(when >> 41); }

enum { KM_RUN_BLOCK_WORDS = 2046 };

typedef struct km_run_block {
    struct km_run_block *next; /* of the part and the thread */
    uint32_t n_words, n_runs;
    uint64_t words[KM_RUN_BLOCK_WORDS];
} km_run_block;

/* The runs of one thread, in parts. */
typedef struct km_runs {
    kmseg_allocator allocator;
    km_run_block **parts; /* 2^bits of them, the block in use first */
    void *slabs;          /* what blocks are cut from */
    size_t slab_size, slab_used;
    int bits, has_items, has_discount;
} km_runs;

/* 0 when out of memory, here and below; km_runs_free() after failure too. */
int km_runs_init(km_runs *runs, const kmseg_allocator *allocator, int bits);
int km_runs_add(km_runs *runs, const km_run *run);
void km_runs_free(km_runs *runs);

/* Different strings, numbered as they come. */
typedef struct km_id {
    uint64_t key;
    km_text_at at; /* when it is long */
} km_id;

typedef struct km_ids {
    kmseg_allocator allocator;
    km_id *items;
    int32_t *slots;      /* -1: empty */
    uint32_t n, n_slots; /* a power of two; half of it are items at most */
} km_ids;

void km_ids_init(km_ids *ids, const kmseg_allocator *allocator);
void km_ids_clear(km_ids *ids);
int32_t km_ids_number(km_ids *ids, uint64_t key, const uint64_t *at); /* -1: out of memory */
void km_ids_free(km_ids *ids);

static inline uint64_t km_key_hash(uint64_t key) { return key * UINT64_C(0x9e3779b97f4a7c15); }

#endif
