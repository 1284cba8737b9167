/* How the values of a column are spread, over all rows and per segment: quantiles, and a histogram
 * whose bins end at the deciles of all rows. */
#include "data/quantile.h"
#include "profile/profile.h"

#include <math.h>
#include <string.h>

enum { TENTHS = 10 };

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

/* Deciles that differ; a tenth or more of equal values at the lower end is a bin of its own. places:
 * which of all each edge is. */
static int32_t choose_edges(const double *all, double *edges, int32_t *places) {
    int32_t n = 0;
    edges[0] = all[deciles[0]];
    for (int t = 1; t <= TENTHS; t++) {
        double edge = all[deciles[t]];
        if (n == 0 || edge > edges[n]) {
            edges[++n] = edge;
            places[n] = deciles[t];
        }
    }
    return n;
}

/* How many of a segment's sizes values are in each bin: what is up to an edge without what is up to the
 * one before, and no value is above the last. */
static void take_bins(int32_t n_segments, const int64_t *sizes, const int64_t *up_to,
                      const int32_t *places, int32_t n_bins, int64_t *out) {
    for (int32_t s = 0; s < n_segments; s++) {
        int64_t before = 0;
        for (int32_t b = 0; b < n_bins; b++) {
            int64_t end =
                b < n_bins - 1 ? up_to[(int64_t)places[b + 1] * n_segments + s] : sizes[s];
            out[(int64_t)s * n_bins + b] = end - before;
            before = end;
        }
    }
}

kmseg_status km_profile_distribution(km_profiling *p, const double *values, const int32_t *labels,
                                     int64_t n, const int64_t *sizes, double *medians,
                                     kmseg_profile_column *out) {
    int32_t k = p->n_segments, places[TENTHS + 1];
    double *quantiles = km_arena_array(p->arena, KMSEG_N_QUANTILES, sizeof *quantiles);
    double *of_segments = km_arena_array(p->arena, (int64_t)k * KMSEG_N_QUANTILES, sizeof(double));
    double *edges = km_arena_array(p->arena, TENTHS + 1, sizeof *edges);
    int64_t *up_to = km_arena_array(&p->scratch, (int64_t)N_OF_ALL * k, sizeof *up_to);
    double all[N_OF_ALL];
    if (quantiles == NULL || of_segments == NULL || edges == NULL || up_to == NULL) {
        return km_fail_memory(p->ctx, "the distribution of a column");
    }
    km_quantiles found = {of_segments, all, up_to};
    KM_TRY(km_group_quantiles_of(p->ctx, values, labels, n, k,
                                 (km_probabilities){shown, KMSEG_N_QUANTILES},
                                 (km_probabilities){of_all, N_OF_ALL}, &found));
    memcpy(quantiles, all, sizeof shown);
    for (int32_t s = 0; s < k; s++) {
        medians[s] = of_segments[s * KMSEG_N_QUANTILES + MEDIAN];
    }
    out->median = all[MEDIAN];
    out->quantiles = quantiles;
    out->segment_quantiles = of_segments;
    out->bin_edges = edges;
    out->n_bins = choose_edges(all, edges, places);
    int64_t *counts = km_arena_array(p->arena, (int64_t)k * out->n_bins, sizeof *counts);
    if (counts == NULL) {
        return km_fail_memory(p->ctx, "the distribution of a column");
    }
    take_bins(k, sizes, up_to, places, out->n_bins, counts);
    out->segment_bins = counts;
    return KMSEG_OK;
}
