/* Quantiles of groups of rows without sorting or moving them: a histogram of every group says in
 * which bin a quantile lies, and only what is in those bins is looked at again. Which bins there are has
 * no part in the result. */
#include "base/parallel.h"
#include "data/quantile.h"
#include "data/value_bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 8 * KM_CHUNK_ROWS };
_Static_assert(CHUNK <= UINT16_MAX + 1, "a row of a chunk is counted in 16 bits");

/* Counters of a thread that stay in its cache. */
enum { MOST_CELLS = 8192 };

typedef struct job {
    const struct km_kernels *kernels;
    const double *values;
    const int32_t *labels; /* NULL: one group */
    int64_t n;
    int32_t n_groups;
    km_value_bins bins;
    uint16_t *bin_of; /* n */
    int64_t n_cells;  /* bins x n_groups, bin by bin, and those of values that are not finite */
    int64_t *counts;  /* per thread: n_cells */
    int32_t *slots;   /* n_cells: where its values are collected, -1: they are not */
    uint8_t *wanted;  /* n_cells: it has a slot */
    int32_t n_slots;
    _Atomic int64_t *cursors; /* one per slot */
    int64_t *next;            /* per thread: one per slot */
    uint16_t *found;          /* per thread: rows of a chunk that are collected */
    double *collected;
    double *room; /* of one bin, all groups */
} job;

static int64_t chunk_end(const job *q, int64_t chunk) {
    return (chunk + 1) * CHUNK < q->n ? (chunk + 1) * CHUNK : q->n;
}

/* The bin of row i in its group. */
static inline int64_t cell_of(const job *q, int64_t i) {
    return (int64_t)q->bin_of[i] * q->n_groups + (q->labels != NULL ? q->labels[i] : 0);
}

static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    job *q = argument;
    int64_t *counts = q->counts + (int64_t)thread * q->n_cells;
    int64_t first = chunk * CHUNK, end = chunk_end(q, chunk);
    km_value_bins_find(&q->bins, q->kernels, q->values + first, end - first, q->bin_of + first);
    const uint16_t *bins = q->bin_of;
    const int32_t *labels = q->labels, n_groups = q->n_groups;
    for (int64_t i = first; i < end && labels == NULL; i++) {
        counts[bins[i]]++;
    }
    for (int64_t i = first; i < end && labels != NULL; i++) {
        counts[(int64_t)bins[i] * n_groups + labels[i]]++;
    }
}

/* Rows of a chunk that are in a slot, to found; without a branch that a CPU would have to guess. */
static int32_t find_wanted(const job *q, int64_t first, int64_t end, uint16_t *restrict found) {
    const uint16_t *restrict bins = q->bin_of + first;
    const uint8_t *restrict wanted = q->wanted;
    const int32_t *restrict labels = q->labels != NULL ? q->labels + first : NULL;
    const int32_t n_groups = q->n_groups, n_rows = (int32_t)(end - first);
    int32_t n = 0;
    for (int32_t i = 0; i < n_rows && labels == NULL; i++) {
        found[n] = (uint16_t)i;
        n += wanted[bins[i]];
    }
    for (int32_t i = 0; i < n_rows && labels != NULL; i++) {
        found[n] = (uint16_t)i;
        n += wanted[(int64_t)bins[i] * n_groups + labels[i]];
    }
    return n;
}

/* Counts first, so that a chunk asks for its places in a slot once. */
static void collect_chunk(void *argument, int64_t chunk, int32_t thread) {
    job *q = argument;
    int64_t *next = q->next + (int64_t)thread * q->n_slots, first = chunk * CHUNK;
    uint16_t *found = q->found + (int64_t)thread * CHUNK;
    memset(next, 0, (size_t)q->n_slots * sizeof *next);
    int32_t n = find_wanted(q, first, chunk_end(q, chunk), found);
    for (int32_t f = 0; f < n; f++) {
        next[q->slots[cell_of(q, first + found[f])]]++;
    }
    for (int32_t slot = 0; slot < q->n_slots; slot++) {
        int64_t count = next[slot];
        next[slot] =
            count == 0 ? 0
                       : atomic_fetch_add_explicit(&q->cursors[slot], count, memory_order_relaxed);
    }
    for (int32_t f = 0; f < n; f++) {
        int64_t i = first + found[f];
        q->collected[next[q->slots[cell_of(q, i)]]++] = q->values[i];
    }
}

/* The two order statistics that a quantile lies between, and where. */
typedef struct place {
    int64_t rank[2]; /* in the group; the second is the first where nothing is to interpolate */
    int64_t bin[2];
    int64_t below[2]; /* of the group, in lower bins */
    double part;
} place;

/* counts of group g; g < 0: of all groups together. */
static int64_t count_at(const job *q, int64_t bin, int32_t g) {
    const int64_t *counts = q->counts + bin * q->n_groups;
    if (g >= 0) {
        return counts[g];
    }
    int64_t sum = 0;
    for (int32_t i = 0; i < q->n_groups; i++) {
        sum += counts[i];
    }
    return sum;
}

/* 0 when the group is empty. */
static int find_place(const job *q, int32_t g, double p, place *out) {
    int64_t n = 0, below = 0;
    for (int64_t bin = 0; bin < q->bins.n; bin++) {
        n += count_at(q, bin, g);
    }
    if (n == 0) {
        return 0;
    }
    double position = p * (double)(n - 1);
    out->rank[0] = (int64_t)floor(position);
    out->part = position - (double)out->rank[0];
    out->rank[1] = out->rank[0] + (out->part > 0 && out->rank[0] + 1 < n);
    for (int64_t bin = 0, found = 0; found < 2; bin++) {
        int64_t count = count_at(q, bin, g);
        for (; found < 2 && out->rank[found] < below + count; found++) {
            out->bin[found] = bin;
            out->below[found] = below;
        }
        below += count;
    }
    return 1;
}

/* A bin of one value needs no look. */
static void want(const job *q, const place *at, int32_t g) {
    for (int e = 0; e < 2; e++) {
        if (!isnan(km_value_bins_only(&q->bins, at->bin[e]))) {
            continue;
        }
        for (int32_t i = 0; i < q->n_groups; i++) {
            if (g < 0 || g == i) {
                q->wanted[at->bin[e] * q->n_groups + i] = 1;
            }
        }
    }
}

/* Numbers the slots that are wanted, bin after bin, so that those of all groups lie together.
 * begin[slot] is where a slot's values go, begin[n] how many there are. */
static int32_t number_slots(const job *q, int64_t *begin) {
    int32_t n = 0;
    int64_t at = 0;
    for (int64_t cell = 0; cell < q->n_cells; cell++) {
        q->slots[cell] = q->wanted[cell] ? n : -1;
        if (q->wanted[cell]) {
            begin[n++] = at;
            at += q->counts[cell];
        }
    }
    begin[n] = at;
    return n;
}

/* What was collected of a bin: of group g, or for g < 0 of all, which are together in a place of their
 * own, so that those of a group stay with each other. */
static double *values_at(const job *q, const int64_t *begin, int64_t bin, int32_t g,
                         int64_t *out_n) {
    const int32_t *slots = q->slots + bin * q->n_groups;
    int64_t first = begin[slots[g >= 0 ? g : 0]];
    *out_n = begin[slots[g >= 0 ? g : q->n_groups - 1] + 1] - first;
    if (g >= 0 || q->n_groups == 1) {
        return q->collected + first;
    }
    memcpy(q->room, q->collected + first, (size_t)*out_n * sizeof *q->room);
    return q->room;
}

/* From what was collected; reorders it inside the bins of a group. */
static double quantile_at(const job *q, const int64_t *begin, const place *at, int32_t g) {
    double statistic[2];
    double *values = NULL;
    int64_t n = 0;
    for (int e = 0; e < 2; e++) {
        statistic[e] = km_value_bins_only(&q->bins, at->bin[e]);
        if (!isnan(statistic[e])) {
            continue;
        }
        if (e == 0 || values == NULL || at->bin[1] != at->bin[0]) {
            values = values_at(q, begin, at->bin[e], g, &n);
        }
        statistic[e] = e == 1 && at->rank[1] == at->rank[0]
                           ? statistic[0]
                           : km_select(values, n, at->rank[e] - at->below[e]);
    }
    if (at->rank[1] == at->rank[0]) {
        return statistic[0];
    }
    double step = statistic[1] - statistic[0];
    return isinf(step) ? statistic[0] * (1 - at->part) + statistic[1] * at->part
                       : statistic[0] + step * at->part;
}

/* How many values of group g are at most limit, which lies between the two order statistics of a place
 * of all groups: all of the bins below, and some of those that were collected for it. */
static int64_t count_up_to(const job *q, const int64_t *begin, const place *at, double limit,
                           int32_t g) {
    int64_t count = 0;
    for (int64_t bin = 0; bin < at->bin[0]; bin++) {
        count += count_at(q, bin, g);
    }
    for (int e = 0; e < (at->bin[1] != at->bin[0] ? 2 : 1); e++) {
        double only = km_value_bins_only(&q->bins, at->bin[e]);
        if (!isnan(only)) {
            count += only <= limit ? count_at(q, at->bin[e], g) : 0;
            continue;
        }
        int32_t slot = q->slots[at->bin[e] * q->n_groups + g];
        for (int64_t i = begin[slot]; i < begin[slot + 1]; i++) {
            count += q->collected[i] <= limit;
        }
    }
    return count;
}

static kmseg_status count_all(kmseg_context *ctx, job *q, km_arena *arena) {
    int32_t n_wanted = KM_MOST_BINS;
    while (n_wanted > KM_LEAST_BINS && (int64_t)n_wanted * q->n_groups > MOST_CELLS) {
        n_wanted /= 2;
    }
    km_value_bins_place(&q->bins, q->values, q->n, n_wanted);
    int64_t n_chunks = km_chunks(q->n, CHUNK), cells = ((int64_t)q->bins.n + 1) * q->n_groups;
    q->n_cells = cells;
    q->counts = km_arena_array(arena, ctx->n_threads * cells, sizeof *q->counts);
    q->slots = km_arena_array(arena, cells, sizeof *q->slots);
    q->wanted = km_arena_array(arena, cells, sizeof *q->wanted);
    q->bin_of = km_arena_take(arena, (size_t)q->n * sizeof *q->bin_of);
    if (q->counts == NULL || q->slots == NULL || q->wanted == NULL || q->bin_of == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    KM_TRY(km_parallel(ctx, n_chunks, count_chunk, q));
    for (int32_t t = 1; t < ctx->n_threads; t++) {
        for (int64_t cell = 0; cell < cells; cell++) {
            q->counts[cell] += q->counts[t * cells + cell];
        }
    }
    return KMSEG_OK;
}

static int64_t largest_bin(const job *q) {
    int64_t largest = 0;
    for (int64_t bin = 0; bin < q->bins.n; bin++) {
        int64_t count = count_at(q, bin, -1);
        largest = q->wanted[bin * q->n_groups] && count > largest ? count : largest;
    }
    return largest;
}

/* has_all: quantiles of all groups together are wanted. */
static kmseg_status collect(kmseg_context *ctx, job *q, km_arena *arena, int has_all,
                            int64_t **out_begin) {
    int64_t wanted = 0;
    for (int64_t cell = 0; cell < q->n_cells; cell++) {
        wanted += q->wanted[cell];
    }
    int64_t *begin = km_arena_array(arena, wanted + 1, sizeof *begin);
    q->cursors = km_arena_array(arena, wanted, sizeof *q->cursors);
    if (begin == NULL || q->cursors == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    int32_t n = number_slots(q, begin);
    q->n_slots = n;
    q->collected = km_arena_take(arena, (size_t)begin[n] * sizeof *q->collected);
    q->next = km_arena_take(arena, (size_t)ctx->n_threads * (size_t)n * sizeof *q->next);
    q->found = km_arena_take(arena, (size_t)ctx->n_threads * CHUNK * sizeof *q->found);
    q->room = has_all && q->n_groups > 1
                  ? km_arena_take(arena, (size_t)largest_bin(q) * sizeof *q->room)
                  : q->collected;
    if (q->collected == NULL || q->next == NULL || q->found == NULL || q->room == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    for (int32_t slot = 0; slot < n; slot++) {
        atomic_init(&q->cursors[slot], begin[slot]);
    }
    *out_begin = begin;
    return n > 0 ? km_parallel(ctx, km_chunks(q->n, CHUNK), collect_chunk, q) : KMSEG_OK;
}

/* Where the quantiles of group g are, and that the bins there are wanted. */
static void find_places(const job *q, int32_t g, km_probabilities of, place *places, int *found) {
    *found = 0;
    for (int32_t i = 0; i < of.n; i++) {
        *found = find_place(q, g, of.values[i], &places[i]);
        if (*found) {
            want(q, &places[i], g);
        }
    }
}

static void take_quantiles(job *q, const int64_t *begin, int32_t g, int32_t n, const place *places,
                           int found, double *out) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = found ? quantile_at(q, begin, &places[i], g) : (double)NAN;
    }
}

static kmseg_status find_all(kmseg_context *ctx, job *q, km_probabilities of_groups,
                             km_probabilities of_all, km_arena *arena, km_quantiles *out) {
    KM_TRY(count_all(ctx, q, arena));
    int32_t n_groups = out->of_groups != NULL ? q->n_groups : 0;
    int64_t n_of_groups = (int64_t)n_groups * of_groups.n;
    place *places = km_arena_array(arena, n_of_groups + of_all.n, sizeof *places);
    int *found = km_arena_array(arena, (int64_t)n_groups + 1, sizeof *found);
    if (places == NULL || found == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    place *all = &places[n_of_groups];
    for (int32_t g = 0; g < n_groups; g++) {
        find_places(q, g, of_groups, &places[(int64_t)g * of_groups.n], &found[g]);
    }
    if (out->of_all != NULL) {
        find_places(q, -1, of_all, all, &found[n_groups]);
    }
    int64_t *begin = NULL;
    KM_TRY(collect(ctx, q, arena, out->of_all != NULL, &begin));
    for (int32_t g = 0; g < n_groups; g++) {
        take_quantiles(q, begin, g, of_groups.n, &places[(int64_t)g * of_groups.n], found[g],
                       out->of_groups + (int64_t)g * of_groups.n);
    }
    if (out->of_all == NULL) {
        return KMSEG_OK;
    }
    take_quantiles(q, begin, -1, of_all.n, all, found[n_groups], out->of_all);
    for (int64_t at = 0; out->up_to != NULL && at < (int64_t)of_all.n * q->n_groups; at++) {
        int64_t i = at / q->n_groups;
        out->up_to[at] = found[n_groups] ? count_up_to(q, begin, &all[i], out->of_all[i],
                                                       (int32_t)(at % q->n_groups))
                                         : 0;
    }
    return KMSEG_OK;
}

kmseg_status km_group_quantiles_of(kmseg_context *ctx, const double *values, const int32_t *labels,
                                   int64_t n, int32_t n_groups, km_probabilities of_groups,
                                   km_probabilities of_all, km_quantiles *out) {
    job q = {
        .kernels = ctx->kernels, .values = values, .labels = labels, .n = n, .n_groups = n_groups};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = find_all(ctx, &q, of_groups, of_all, &arena, out);
    km_arena_free(&arena);
    return status;
}

kmseg_status km_group_quantiles(kmseg_context *ctx, const double *values, const int32_t *labels,
                                int64_t n, int32_t n_groups, double p, double *out_groups,
                                double *out_all) {
    km_probabilities one = {&p, 1};
    km_quantiles out = {.of_groups = out_groups, .of_all = out_all};
    return km_group_quantiles_of(ctx, values, labels, n, n_groups, one, one, &out);
}
