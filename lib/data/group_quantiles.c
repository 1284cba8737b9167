/* Quantiles of groups of rows without sorting or moving them: a histogram of every group says in
 * which bin a quantile lies, and only what is in those bins is looked at again. */
#include "base/parallel.h"
#include "data/quantile.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 8 * KM_CHUNK_ROWS, MOST_BINS = 4096, FEWEST_BINS = 64, MOST_COUNTS = 1 << 15 };

typedef struct job {
    const double *values;
    const int32_t *labels; /* NULL: one group */
    int64_t n;
    int32_t n_groups, n_bins;
    double minimum, scale;   /* bin of x: (x / 2 - minimum / 2) * scale */
    double *minima, *maxima; /* per chunk */
    int64_t *counts;         /* per thread: n_bins x n_groups */
    int32_t *slots; /* n_bins x n_groups: where its values are collected, -1: they are not */
    _Atomic int64_t *cursors; /* one per slot */
    double *collected;
} job;

static int64_t chunk_end(const job *q, int64_t chunk) {
    return (chunk + 1) * CHUNK < q->n ? (chunk + 1) * CHUNK : q->n;
}

static void find_range(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    job *q = argument;
    double minimum = INFINITY, maximum = -INFINITY;
    for (int64_t i = chunk * CHUNK; i < chunk_end(q, chunk); i++) {
        double x = q->values[i];
        minimum = x < minimum && x > -INFINITY ? x : minimum;
        maximum = x > maximum && x < INFINITY ? x : maximum;
    }
    q->minima[chunk] = minimum;
    q->maxima[chunk] = maximum;
}

/* Ascends with x, so that a bin holds what is between its neighbours. */
static inline int64_t cell_of(const job *q, int64_t i) {
    double at = (q->values[i] * 0.5 - q->minimum * 0.5) * q->scale;
    int64_t bin = at < (double)q->n_bins ? (int64_t)at : q->n_bins - 1;
    return bin * q->n_groups + (q->labels != NULL ? q->labels[i] : 0);
}

static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    job *q = argument;
    int64_t *counts = q->counts + (int64_t)thread * q->n_bins * q->n_groups;
    for (int64_t i = chunk * CHUNK; i < chunk_end(q, chunk); i++) {
        if (isfinite(q->values[i])) {
            counts[cell_of(q, i)]++;
        }
    }
}

static void collect_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    job *q = argument;
    for (int64_t i = chunk * CHUNK; i < chunk_end(q, chunk); i++) {
        if (isfinite(q->values[i])) {
            int32_t slot = q->slots[cell_of(q, i)];
            if (slot >= 0) {
                q->collected[atomic_fetch_add_explicit(&q->cursors[slot], 1,
                                                       memory_order_relaxed)] = q->values[i];
            }
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
    for (int64_t bin = 0; bin < q->n_bins; bin++) {
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
    for (int64_t cell = 0; cell < (int64_t)q->n_bins * q->n_groups; cell++) {
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
    int64_t n_chunks = km_chunks(q->n, CHUNK), cells = (int64_t)q->n_bins * q->n_groups;
    q->minima = km_arena_array(arena, n_chunks, sizeof *q->minima);
    q->maxima = km_arena_array(arena, n_chunks, sizeof *q->maxima);
    q->counts = km_arena_array(arena, ctx->n_threads * cells, sizeof *q->counts);
    q->slots = km_arena_take(arena, (size_t)cells * sizeof *q->slots);
    if (q->minima == NULL || q->maxima == NULL || q->counts == NULL || q->slots == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    memset(q->slots, 0xff, (size_t)cells * sizeof *q->slots);
    KM_TRY(km_parallel(ctx, n_chunks, find_range, q));
    q->minimum = INFINITY;
    double maximum = -INFINITY;
    for (int64_t c = 0; c < n_chunks; c++) {
        q->minimum = fmin(q->minimum, q->minima[c]);
        maximum = fmax(maximum, q->maxima[c]);
    }
    q->scale = (double)q->n_bins / (maximum * 0.5 - q->minimum * 0.5);
    q->scale = isfinite(q->scale) ? q->scale : 0; /* all in one bin */
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
    for (int64_t cell = 0; cell < (int64_t)q->n_bins * q->n_groups; cell++) {
        wanted += q->slots[cell] >= 0;
    }
    int64_t *begin = km_arena_array(arena, wanted + 1, sizeof *begin);
    q->cursors = km_arena_array(arena, wanted, sizeof *q->cursors);
    if (begin == NULL || q->cursors == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    int32_t n = number_slots(q, begin);
    q->collected = km_arena_take(arena, (size_t)begin[n] * sizeof *q->collected);
    if (q->collected == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    for (int32_t slot = 0; slot < n; slot++) {
        atomic_init(&q->cursors[slot], begin[slot]);
    }
    *out_begin = begin;
    return km_parallel(ctx, km_chunks(q->n, CHUNK), collect_chunk, q);
}

static kmseg_status find_all(kmseg_context *ctx, job *q, double p, km_arena *arena,
                             double *out_groups, double *out_all) {
    KM_TRY(count_all(ctx, q, arena));
    place *places = km_arena_array(arena, (int64_t)q->n_groups + 1, sizeof *places);
    int *found = km_arena_array(arena, (int64_t)q->n_groups + 1, sizeof *found);
    if (places == NULL || found == NULL) {
        return km_fail_memory(ctx, "quantiles");
    }
    place *all = &places[q->n_groups];
    for (int32_t g = 0; g < q->n_groups; g++) {
        found[g] = find_place(q, g, p, &places[g]);
        if (found[g]) {
            want(q, &places[g], g);
        }
    }
    int found_all = out_all != NULL && find_place(q, -1, p, all);
    if (found_all) {
        want(q, all, -1);
    }
    int64_t *begin = NULL;
    KM_TRY(collect(ctx, q, arena, &begin));
    for (int32_t g = 0; g < q->n_groups; g++) {
        out_groups[g] = found[g] ? quantile_at(q, begin, &places[g], g) : (double)NAN;
    }
    if (out_all != NULL) { /* last: selecting there mixes the bins of groups */
        *out_all = found_all ? quantile_at(q, begin, all, -1) : (double)NAN;
    }
    return KMSEG_OK;
}

kmseg_status km_group_quantiles(kmseg_context *ctx, const double *values, const int32_t *labels,
                                int64_t n, int32_t n_groups, double p, double *out_groups,
                                double *out_all) {
    int32_t n_bins = MOST_COUNTS / n_groups;
    n_bins = n_bins > MOST_BINS ? MOST_BINS : n_bins < FEWEST_BINS ? FEWEST_BINS : n_bins;
    job q = {.values = values, .labels = labels, .n = n, .n_groups = n_groups, .n_bins = n_bins};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = find_all(ctx, &q, p, &arena, out_groups, out_all);
    km_arena_free(&arena);
    return status;
}
