/* Trees of very many rows: grown on some of them, measured on all. */
#include "base/ahead.h"
#include "base/parallel.h"
#include "profile/tree.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 8 * KM_CHUNK_ROWS, BLOCK = 256 };

/* ---- a sample ---- */

/* Rows whose content hashes low, so that their order has no part in which they are. */
typedef struct sample_loop {
    const km_raw_column *raw;
    int32_t n_columns;
    const int64_t *rows;
    int64_t n;
    uint64_t below;
    uint8_t *taken; /* n */
} sample_loop;

static uint64_t mix(uint64_t hash, uint64_t bits) {
    hash = (hash ^ bits) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 28);
}

static uint64_t bits_at(const km_raw_column *raw, int64_t row) {
    if (raw->kind == KM_RAW_TAGS) { /* ascending, however the cell has them */
        const int64_t *range = raw->starts + raw->codes[row] + 1;
        uint64_t hash = 0;
        for (int64_t t = range[0]; t < range[1]; t++) {
            hash = mix(hash, (uint64_t)raw->tags[t] + 1);
        }
        return hash;
    }
    if (raw->kind != KM_RAW_NUMBER) {
        return (uint64_t)km_raw_level(raw, row);
    }
    union {
        double number;
        uint64_t bits;
    } u = {km_raw_number(raw, row) + 0.0}; /* -0 is 0 */
    return u.bits;
}

/* Numbers of rows in order, without asking of each row what its column is. */
static void mix_numbers(const km_raw_column *raw, int64_t first, int64_t n, uint64_t *hashes) {
    const double *numbers = raw->numbers + first, fill = raw->fill;
    km_ask_ahead(numbers + n, (size_t)n * sizeof *numbers);
    for (int64_t i = 0; i < n; i++) {
        union {
            double number;
            uint64_t bits;
        } u = {(numbers[i] - numbers[i] == 0 ? numbers[i] : fill) + 0.0};
        hashes[i] = mix(hashes[i], u.bits);
    }
}

/* Column by column: the hashes of a block are in the cache, and none waits for another. */
static void sample_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const sample_loop *loop = argument;
    int64_t end = (chunk + 1) * ROWS < loop->n ? (chunk + 1) * ROWS : loop->n;
    for (int64_t first = chunk * ROWS; first < end; first += BLOCK) {
        uint64_t hashes[BLOCK] = {0};
        int64_t some = end - first < BLOCK ? end - first : BLOCK;
        for (int32_t c = 0; c < loop->n_columns; c++) {
            if (loop->rows == NULL && loop->raw[c].kind == KM_RAW_NUMBER) {
                mix_numbers(&loop->raw[c], first, some, hashes);
                continue;
            }
            for (int64_t i = 0; i < some; i++) {
                int64_t row = loop->rows != NULL ? loop->rows[first + i] : first + i;
                hashes[i] = mix(hashes[i], bits_at(&loop->raw[c], row));
            }
        }
        for (int64_t i = 0; i < some; i++) {
            loop->taken[first + i] = mix(hashes[i], 0) < loop->below;
        }
    }
}

/* Whether at least n_wanted of the rows differ. seen: n_slots zeros, a power of two above n_wanted. */
static int are_different(const sample_loop *loop, const int64_t *sample, int64_t n,
                         int64_t n_wanted, uint64_t *seen, uint64_t n_slots) {
    int64_t different = 0;
    for (int64_t i = 0; i < n && different < n_wanted; i++) {
        uint64_t hash = 0;
        int64_t row = loop->rows != NULL ? loop->rows[sample[i]] : sample[i];
        for (int32_t c = 0; c < loop->n_columns; c++) {
            hash = mix(hash, bits_at(&loop->raw[c], row));
        }
        hash += hash == 0; /* which is a free slot */
        uint64_t at = mix(hash, 0) >> 16 & (n_slots - 1);
        while (seen[at] != 0 && seen[at] != hash) {
            at = (at + 1) & (n_slots - 1);
        }
        different += seen[at] == 0;
        seen[at] = hash;
    }
    return different >= n_wanted;
}

kmseg_status km_tree_sample(kmseg_context *ctx, const km_raw_column *raw, int32_t n_columns,
                            const int64_t *rows, int64_t n_rows, int64_t n_wanted,
                            int64_t n_different, km_arena *arena, int64_t **out, int64_t *out_n) {
    sample_loop loop = {.raw = raw, .n_columns = n_columns, .rows = rows, .n = n_rows};
    *out = NULL;
    *out_n = n_rows;
    loop.below = (uint64_t)(ldexp((double)n_wanted, 64) / (double)n_rows);
    loop.taken = km_arena_take(arena, (size_t)n_rows);
    if (loop.taken == NULL) {
        return km_fail_memory(ctx, "the rules of segments");
    }
    KM_TRY(km_parallel(ctx, km_chunks(n_rows, ROWS), sample_chunk, &loop));
    int64_t n = 0;
    for (int64_t i = 0; i < n_rows; i++) {
        n += loop.taken[i];
    }
    if (n < n_different || n > 4 * n_wanted) {
        return KMSEG_OK; /* rows repeat too much */
    }
    int64_t *sample = km_arena_take(arena, (size_t)n * sizeof *sample);
    int64_t n_slots = 1;
    while (n_slots < 2 * n_different) {
        n_slots *= 2;
    }
    uint64_t *seen = km_arena_array(arena, n_slots, sizeof *seen);
    if (sample == NULL || seen == NULL) {
        return km_fail_memory(ctx, "the rules of segments");
    }
    n = 0;
    for (int64_t i = 0; i < n_rows; i++) {
        if (loop.taken[i]) {
            sample[n++] = i;
        }
    }
    if (!are_different(&loop, sample, n, n_different, seen, (uint64_t)n_slots)) {
        return KMSEG_OK;
    }
    *out = sample;
    *out_n = n;
    return KMSEG_OK;
}

/* ---- all rows through the tree ---- */

typedef struct count_loop {
    const km_tree *tree;
    const km_raw_column *raw;
    const int64_t *rows;
    const int32_t *labels;
    const int64_t *weights;
    int64_t n;
    int32_t depth;
    struct number_node *numbers; /* n_nodes, where all questions are about numbers; or NULL */
    int64_t *counts;             /* per thread: n_nodes x n_segments */
} count_loop;

/* A node as rows in order pass it: without a branch, a leaf leads to itself. */
typedef struct number_node {
    const double *values;
    double fill, threshold;
    int32_t next[2]; /* no, yes */
} number_node;

/* NULL where a question is about a level. */
static number_node *number_nodes(const km_tree *tree, const km_raw_column *raw) {
    number_node *nodes = km_arena_take(tree->arena, (size_t)tree->n_nodes * sizeof *nodes);
    for (int32_t at = 0; at < tree->n_nodes && nodes != NULL; at++) {
        const kmseg_tree_node *node = &tree->nodes[at].shown;
        int is_leaf = node->column < 0;
        const km_raw_column *column = &raw[is_leaf ? tree->nodes[0].shown.column : node->column];
        if (tree->nodes[0].shown.column < 0 || column->kind != KM_RAW_NUMBER) {
            return NULL;
        }
        nodes[at] = (number_node){.values = column->numbers,
                                  .fill = column->fill,
                                  .threshold = node->threshold,
                                  .next = {is_leaf ? at : node->no, is_leaf ? at : node->yes}};
    }
    return nodes;
}

static void pass_numbers(const count_loop *loop, int64_t first, int64_t n, int32_t *at) {
    const number_node *nodes = loop->numbers;
    for (int32_t depth = 0; depth < loop->depth; depth++) {
        for (int64_t i = 0; i < n; i++) {
            const number_node *node = &nodes[at[i]];
            double x = node->values[first + i];
            x = x - x == 0 ? x : node->fill;
            at[i] = node->next[x <= node->threshold];
        }
    }
}

static void pass_any(const count_loop *loop, int64_t first, int64_t n, int32_t *at) {
    for (int32_t depth = 0; depth < loop->depth; depth++) {
        for (int64_t i = 0; i < n; i++) {
            const kmseg_tree_node *node = &loop->tree->nodes[at[i]].shown;
            int64_t row = loop->rows != NULL ? loop->rows[first + i] : first + i;
            if (node->column >= 0) {
                int yes = km_raw_answer(&loop->raw[node->column], node, row);
                at[i] = yes ? node->yes : node->no;
            }
        }
    }
}

/* A question for all rows of a block at a time: one by one, every row would wait for its last answer. */
static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    const count_loop *loop = argument;
    const km_tree *tree = loop->tree;
    int64_t *counts = loop->counts + (int64_t)thread * tree->n_nodes * tree->n_segments;
    int64_t end = (chunk + 1) * ROWS < loop->n ? (chunk + 1) * ROWS : loop->n;
    for (int64_t first = chunk * ROWS; first < end; first += BLOCK) {
        int32_t at[BLOCK] = {0};
        int64_t some = end - first < BLOCK ? end - first : BLOCK;
        if (loop->numbers != NULL) {
            pass_numbers(loop, first, some, at);
        } else {
            pass_any(loop, first, some, at);
        }
        for (int64_t i = 0; i < some; i++) {
            counts[(int64_t)at[i] * tree->n_segments + loop->labels[first + i]] +=
                loop->weights != NULL ? loop->weights[first + i] : 1;
        }
    }
}

/* Children stand behind their parents. */
static void sum_up(km_tree *tree, const int64_t *leaves) {
    int32_t k = tree->n_segments;
    for (int32_t at = tree->n_nodes - 1; at >= 0; at--) {
        km_tree_node *node = &tree->nodes[at];
        node->total = 0;
        for (int32_t s = 0; s < k; s++) {
            node->counts[s] = node->shown.column < 0 ? leaves[(int64_t)at * k + s]
                                                     : tree->nodes[node->shown.yes].counts[s] +
                                                           tree->nodes[node->shown.no].counts[s];
            node->total += node->counts[s];
        }
    }
    tree->total = tree->nodes[0].total;
}

kmseg_status km_tree_recount(km_tree *tree, const km_raw_column *raw, const int64_t *rows,
                             int64_t n_rows, const int32_t *labels, const int64_t *weights) {
    kmseg_context *ctx = tree->ctx;
    int64_t n_cells = (int64_t)tree->n_nodes * tree->n_segments;
    count_loop loop = {
        .tree = tree,
        .raw = raw,
        .rows = rows,
        .labels = labels,
        .weights = weights,
        .n = n_rows,
        .counts = km_arena_array(tree->arena, ctx->n_threads * n_cells, sizeof *loop.counts)};
    if (loop.counts == NULL) {
        return km_fail_memory(ctx, "the rules of segments");
    }
    loop.numbers = rows == NULL ? number_nodes(tree, raw) : NULL;
    for (int32_t at = 0; at < tree->n_nodes; at++) {
        int32_t depth = tree->nodes[at].depth;
        loop.depth = depth > loop.depth ? depth : loop.depth;
    }
    KM_TRY(km_parallel(ctx, km_chunks(n_rows, ROWS), count_chunk, &loop));
    for (int32_t thread = 1; thread < ctx->n_threads; thread++) {
        for (int64_t i = 0; i < n_cells; i++) {
            loop.counts[i] += loop.counts[thread * n_cells + i];
        }
    }
    sum_up(tree, loop.counts);
    return KMSEG_OK;
}
