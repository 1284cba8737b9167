/* How the values of a column are spread, over all rows and per segment: quantiles, and a histogram
 * whose bins end at the deciles of all rows. */
#include "base/parallel.h"
#include "data/quantile.h"
#include "profile/profile.h"

#include <math.h>
#include <string.h>

enum { TENTHS = 10, ROWS = 8 * KM_CHUNK_ROWS };

static const double shown[KMSEG_N_QUANTILES] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 1};
enum { MEDIAN = 3 };

/* Those, and the deciles that are not among them. */
static const double of_all[] = {0,   0.05, 0.25, 0.5, 0.75, 0.95, 1,  0.1,
                                0.2, 0.3,  0.4,  0.6, 0.7,  0.8,  0.9};
enum { N_OF_ALL = sizeof of_all / sizeof *of_all };
static const int deciles[TENTHS + 1] = {0, 7, 8, 9, 10, MEDIAN, 11, 12, 13, 14, 6};

double kmseg_profile_probability(int32_t i) {
    return i >= 0 && i < KMSEG_N_QUANTILES ? shown[i] : (double)NAN;
}

typedef struct bin_loop {
    const double *values;
    const int32_t *labels;
    int64_t n;
    int32_t n_segments, n_bins;
    const double *edges;
    int64_t *counts; /* per thread: n_segments x n_bins */
} bin_loop;

static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    const bin_loop *loop = argument;
    int64_t *counts = loop->counts + (int64_t)thread * loop->n_segments * loop->n_bins;
    double inner[TENTHS]; /* upper edges but the last; no value is above the rest */
    for (int32_t b = 0; b < TENTHS; b++) {
        inner[b] = b < loop->n_bins - 1 ? loop->edges[b + 1] : INFINITY;
    }
    int64_t end = (chunk + 1) * ROWS < loop->n ? (chunk + 1) * ROWS : loop->n;
    for (int64_t i = chunk * ROWS; i < end; i++) {
        int32_t bin = 0;
        for (int32_t b = 0; b < TENTHS; b++) {
            bin += loop->values[i] > inner[b];
        }
        counts[loop->labels[i] * loop->n_bins + bin]++;
    }
}

static kmseg_status count_bins(km_profiling *p, const double *values, const int32_t *labels,
                               int64_t n, kmseg_profile_column *out) {
    int32_t threads = kmseg_context_threads(p->ctx);
    int64_t cells = (int64_t)p->n_segments * out->n_bins;
    int64_t *counts = km_arena_array(p->arena, cells, sizeof *counts);
    bin_loop loop = {values, labels, n, p->n_segments, out->n_bins, out->bin_edges, NULL};
    loop.counts = km_allocate_array(&p->ctx->allocator, threads * cells, sizeof *loop.counts);
    if (counts == NULL || loop.counts == NULL) {
        km_release(&p->ctx->allocator, loop.counts);
        return km_fail_memory(p->ctx, "the distribution of a column");
    }
    memset(loop.counts, 0, (size_t)threads * (size_t)cells * sizeof *loop.counts);
    kmseg_status status = km_parallel(p->ctx, km_chunks(n, ROWS), count_chunk, &loop);
    for (int64_t cell = 0; cell < threads * cells; cell++) {
        counts[cell % cells] += loop.counts[cell];
    }
    out->segment_bins = counts;
    km_release(&p->ctx->allocator, loop.counts);
    return status;
}

/* Deciles that differ; a tenth or more of equal values at the lower end is a bin of its own. */
static int32_t choose_edges(const double *all, double *edges) {
    int32_t n = 0;
    edges[0] = all[deciles[0]];
    for (int t = 1; t <= TENTHS; t++) {
        double edge = all[deciles[t]];
        if (n == 0 || edge > edges[n]) {
            edges[++n] = edge;
        }
    }
    return n;
}

kmseg_status km_profile_distribution(km_profiling *p, const double *values, const int32_t *labels,
                                     int64_t n, double *medians, kmseg_profile_column *out) {
    int32_t k = p->n_segments;
    double *quantiles = km_arena_array(p->arena, KMSEG_N_QUANTILES, sizeof *quantiles);
    double *of_segments = km_arena_array(p->arena, (int64_t)k * KMSEG_N_QUANTILES, sizeof(double));
    double *edges = km_arena_array(p->arena, TENTHS + 1, sizeof *edges);
    double all[N_OF_ALL];
    if (quantiles == NULL || of_segments == NULL || edges == NULL) {
        return km_fail_memory(p->ctx, "the distribution of a column");
    }
    KM_TRY(km_group_quantiles_of(p->ctx, values, labels, n, k,
                                 (km_probabilities){shown, KMSEG_N_QUANTILES},
                                 (km_probabilities){of_all, N_OF_ALL}, of_segments, all));
    memcpy(quantiles, all, sizeof shown);
    for (int32_t s = 0; s < k; s++) {
        medians[s] = of_segments[s * KMSEG_N_QUANTILES + MEDIAN];
    }
    out->median = all[MEDIAN];
    out->quantiles = quantiles;
    out->segment_quantiles = of_segments;
    out->bin_edges = edges;
    out->n_bins = choose_edges(all, edges);
    return count_bins(p, values, labels, n, out);
}
