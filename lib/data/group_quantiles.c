/* Quantiles of groups of rows without sorting or moving them: a histogram of every group says in
 * which bin a quantile lies, and only what is in those bins is looked at again. The bins lie between
 * values of a few rows, so that they hold about as much each, however skewed the values are; which
 * rows those are has no part in the result. */
#include "base/parallel.h"
#include "data/quantile.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK = 8 * KM_CHUNK_ROWS,
    SAMPLE = 4096,
    BINS = 256 /* as the kernel has it */
};

typedef struct job {
    const struct km_kernels *kernels;
    const double *values;
    const int32_t *labels; /* NULL: one group */
    int64_t n;
    int32_t n_groups;
    double upper[BINS]; /* of each bin, included; ascending, infinity at the end */
    uint8_t *bins;      /* n: of each value */
    int64_t *counts;    /* per thread: BINS x n_groups */
    int32_t *slots;     /* BINS x n_groups: where its values are collected, -1: they are not */
    int32_t n_slots;
    _Atomic int64_t *cursors; /* one per slot */
    int64_t *next;            /* per thread: one per slot */
    double *collected;
} job;

static int64_t chunk_end(const job *q, int64_t chunk) {
    return (chunk + 1) * CHUNK < q->n ? (chunk + 1) * CHUNK : q->n;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Bins between every so many values of a sample of rows. */
static void place_bins(job *q) {
    double sample[SAMPLE];
    int32_t n = 0;
    int64_t step = q->n > SAMPLE ? q->n / SAMPLE : 1;
    for (int64_t i = 0; i < q->n && n < SAMPLE; i += step) {
        if (isfinite(q->values[i])) {
            sample[n++] = q->values[i];
        }
    }
    qsort(sample, (size_t)n, sizeof *sample, by_value);
    int32_t used = 0;
    for (int32_t b = 1; b < BINS && n > 0; b++) {
        double upper = sample[(int64_t)b * n / BINS];
        if (used == 0 || upper > q->upper[used - 1]) {
            q->upper[used++] = upper;
        }
    }
    for (; used < BINS; used++) {
        q->upper[used] = INFINITY;
    }
}

/* The bin of row i in its group. */
static inline int64_t cell_of(const job *q, int64_t i) {
    return (int64_t)q->bins[i] * q->n_groups + (q->labels != NULL ? q->labels[i] : 0);
}

/* Bins of the values from first on; of KM_LANES, or of as many as there are. */
static void find_bins(job *q, int64_t first, int64_t n) {
    double copy[KM_LANES];
    uint8_t bins[KM_LANES];
    if (n >= KM_LANES) {
        q->kernels->bins(q->upper, q->values + first, q->bins + first);
        return;
    }
    for (int64_t r = 0; r < KM_LANES; r++) {
        copy[r] = r < n ? q->values[first + r] : 0;
    }
    q->kernels->bins(q->upper, copy, bins);
    memcpy(q->bins + first, bins, (size_t)n);
}

static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    job *q = argument;
    int64_t *counts = q->counts + (int64_t)thread * BINS * q->n_groups;
    for (int64_t first = chunk * CHUNK, end = chunk_end(q, chunk); first < end;) {
        int64_t next = first + KM_LANES < end ? first + KM_LANES : end;
        find_bins(q, first, next - first);
        for (; first < next; first++) {
            counts[cell_of(q, first)] += isfinite(q->values[first]) != 0;
        }
    }
}

/* Where the value of row i goes, or -1. */
static inline int32_t slot_of(const job *q, int64_t i) {
    return isfinite(q->values[i]) ? q->slots[cell_of(q, i)] : -1;
}

/* Counts first, so that a chunk asks for its places in a slot once. */
static void collect_chunk(void *argument, int64_t chunk, int32_t thread) {
    job *q = argument;
    int64_t *next = q->next + (int64_t)thread * q->n_slots;
    memset(next, 0, (size_t)q->n_slots * sizeof *next);
    for (int64_t i = chunk * CHUNK; i < chunk_end(q, chunk); i++) {
        int32_t slot = slot_of(q, i);
        if (slot >= 0) {
            next[slot]++;
        }
    }
    for (int32_t slot = 0; slot < q->n_slots; slot++) {
        int64_t count = next[slot];
        next[slot] =
            count == 0 ? 0
                       : atomic_fetch_add_explicit(&q->cursors[slot], count, memory_order_relaxed);
    }
    for (int64_t i = chunk * CHUNK; i < chunk_end(q, chunk); i++) {
        int32_t slot = slot_of(q, i);
        if (slot >= 0) {
            q->collected[next[slot]++] = q->values[i];
        }
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
    for (int64_t bin = 0; bin < BINS; bin++) {
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

static void want(const job *q, const place *at, int32_t g) {
    for (int e = 0; e < 2; e++) {
        for (int32_t i = 0; i < q->n_groups; i++) {
            if (g < 0 || g == i) {
                q->slots[at->bin[e] * q->n_groups + i] = 0;
            }
        }
    }
}

/* Numbers the slots that are wanted, bin after bin, so that those of all groups lie together.
 * begin[slot] is where a slot's values go, begin[n] how many there are. */
static int32_t number_slots(const job *q, int64_t *begin) {
    int32_t n = 0;
    int64_t at = 0;
    for (int64_t cell = 0; cell < (int64_t)BINS * q->n_groups; cell++) {
        if (q->slots[cell] >= 0) {
            begin[n] = at;
            at += q->counts[cell];
            q->slots[cell] = n++;
        }
    }
    begin[n] = at;
    return n;
}

/* From what was collected; reorders it inside the bins. */
static double quantile_at(const job *q, const int64_t *begin, const place *at, int32_t g) {
    double statistic[2];
    for (int e = 0; e < 2; e++) {
        const int32_t *slots = q->slots + at->bin[e] * q->n_groups;
        int64_t first = begin[slots[g >= 0 ? g : 0]];
        int64_t end = begin[slots[g >= 0 ? g : q->n_groups - 1] + 1];
        statistic[e] = km_select(q->collected + first, end - first, at->rank[e] - at->below[e]);
    }
    if (at->rank[1] == at->rank[0]) {
        return statistic[0];
    }
    double step = statistic[1] - statistic[0];
    return isinf(step) ? statistic[0] * (1 - at->part) + statistic[1] * at->part
                       : statistic[0] + step * at->part;
}

static kmseg_status count_all(kmseg_context *ctx, job *q, km_arena *arena) {
    int64_t n_chunks = km_chunks(q->n, CHUNK), cells = (int64_t)BINS * q->n_groups;
    q->counts = km_arena_array(arena, ctx->n_threads * cells, sizeof *q->counts);
    q->slots = km_arena_take(arena, (size_t)cells * sizeof *q->slots);
    q->bins = km_arena_take(arena, (size_t)q->n);
    if (q->counts == NULL || q->slots == NULL || q->bins == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    memset(q->slots, 0xff, (size_t)cells * sizeof *q->slots);
    place_bins(q);
    KM_TRY(km_parallel(ctx, n_chunks, count_chunk, q));
    for (int32_t t = 1; t < ctx->n_threads; t++) {
        for (int64_t cell = 0; cell < cells; cell++) {
            q->counts[cell] += q->counts[t * cells + cell];
        }
    }
    return KMSEG_OK;
}

static kmseg_status collect(kmseg_context *ctx, job *q, km_arena *arena, int64_t **out_begin) {
    int64_t wanted = 0;
    for (int64_t cell = 0; cell < (int64_t)BINS * q->n_groups; cell++) {
        wanted += q->slots[cell] >= 0;
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
    if (q->collected == NULL || q->next == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    for (int32_t slot = 0; slot < n; slot++) {
        atomic_init(&q->cursors[slot], begin[slot]);
    }
    *out_begin = begin;
    return km_parallel(ctx, km_chunks(q->n, CHUNK), collect_chunk, q);
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
                             km_probabilities of_all, km_arena *arena, double *out_groups,
                             double *out_all) {
    KM_TRY(count_all(ctx, q, arena));
    int32_t n_groups = out_groups != NULL ? q->n_groups : 0;
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
    if (out_all != NULL) {
        find_places(q, -1, of_all, all, &found[n_groups]);
    }
    int64_t *begin = NULL;
    KM_TRY(collect(ctx, q, arena, &begin));
    for (int32_t g = 0; g < n_groups; g++) {
        take_quantiles(q, begin, g, of_groups.n, &places[(int64_t)g * of_groups.n], found[g],
                       out_groups + (int64_t)g * of_groups.n);
    }
    if (out_all != NULL) { /* last: selecting there mixes the bins of groups */
        take_quantiles(q, begin, -1, of_all.n, all, found[n_groups], out_all);
    }
    return KMSEG_OK;
}

kmseg_status km_group_quantiles_of(kmseg_context *ctx, const double *values, const int32_t *labels,
                                   int64_t n, int32_t n_groups, km_probabilities of_groups,
                                   km_probabilities of_all, double *out_groups, double *out_all) {
    job q = {
        .kernels = ctx->kernels, .values = values, .labels = labels, .n = n, .n_groups = n_groups};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = find_all(ctx, &q, of_groups, of_all, &arena, out_groups, out_all);
    km_arena_free(&arena);
    return status;
}

kmseg_status km_group_quantiles(kmseg_context *ctx, const double *values, const int32_t *labels,
                                int64_t n, int32_t n_groups, double p, double *out_groups,
                                double *out_all) {
    km_probabilities one = {&p, 1};
    return km_group_quantiles_of(ctx, values, labels, n, n_groups, one, one, out_groups, out_all);
}
