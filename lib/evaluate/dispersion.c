/* Indices of spread within and between clusters: Calinski-Harabasz and Davies-Bouldin. Samples count
 * by their weights. */
#include "base/parallel.h"
#include "data/own_distances.h"
#include "evaluate/evaluate.h"

#include <kmseg/evaluate.h>

#include <math.h>

static double calinski_harabasz(const kmseg_tiles *tiles, const km_clusters *clusters,
                                double within) {
    double between = 0;
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        for (int32_t j = 0; j < tiles->n_features; j++) {
            double away = clusters->means[(int64_t)c * tiles->n_features + j] - tiles->means[j];
            between += clusters->weights[c] * away * away;
        }
    }
    /* Whole weights are numbers of samples; of others only the ratios mean something. */
    double n = tiles->weights_whole ? km_tiles_weight_value(tiles, tiles->weight_sum)
                                    : (double)tiles->n_weighted;
    double k = clusters->n_weighted;
    return within > 0 ? (between / (k - 1)) / (within / (n - k)) : INFINITY;
}

/* Weighted mean distance of each cluster's samples to its mean, and the weighted sum of their squares. */
static kmseg_status spreads(kmseg_context *ctx, const kmseg_tiles *tiles,
                            const km_labelling *labelling, km_arena *arena, double *out,
                            double *out_within) {
    const km_clusters *clusters = &labelling->clusters;
    int64_t k = clusters->n_clusters, n_parts = km_chunks(tiles->n_samples, KM_SPREAD_ROWS);
    double *sums = km_arena_array(arena, n_parts * k, sizeof *sums);
    if (sums == NULL) {
        return km_fail_memory(ctx, "the spreads of clusters");
    }
    KM_TRY(km_own_spreads(ctx, tiles, labelling->labels, clusters->n_clusters, clusters->means,
                          sums, out_within));
    for (int64_t c = 0; c < k; c++) {
        for (int64_t p = 0; p < n_parts; p++) {
            out[c] += sums[p * k + c];
        }
        double weight = clusters->weights[c];
        out[c] = weight > 0 ? out[c] / weight : 0;
    }
    return KMSEG_OK;
}

/* The worst ratio of a cluster with any other; 0 for pairs that coincide with no spread. */
static double worst_ratio(const km_clusters *clusters, const double *spread, int64_t d, int32_t c) {
    double worst = 0;
    for (int32_t o = 0; o < clusters->n_clusters; o++) {
        if (o == c || !(clusters->weights[o] > 0)) {
            continue;
        }
        double square = 0;
        for (int64_t j = 0; j < d; j++) {
            double away = clusters->means[c * d + j] - clusters->means[o * d + j];
            square += away * away;
        }
        double sum = spread[c] + spread[o];
        worst = fmax(worst, sum > 0 ? sum / sqrt(square) : 0);
    }
    return worst;
}

static double davies_bouldin(const kmseg_tiles *tiles, const km_clusters *clusters,
                             const double *spread) {
    double sum = 0;
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        sum += clusters->weights[c] > 0 ? worst_ratio(clusters, spread, tiles->n_features, c) : 0;
    }
    return sum / clusters->n_weighted;
}

static kmseg_status measure(kmseg_context *ctx, const kmseg_tiles *tiles,
                            const km_labelling *labelling, km_arena *arena,
                            double *out_calinski_harabasz, double *out_davies_bouldin) {
    const km_clusters *clusters = &labelling->clusters;
    double within = 0;
    if (out_davies_bouldin != NULL) {
        double *spread = km_arena_array(arena, clusters->n_clusters, sizeof *spread);
        if (spread == NULL) {
            return km_fail_memory(ctx, "the spreads of clusters");
        }
        KM_TRY(spreads(ctx, tiles, labelling, arena, spread, &within));
        *out_davies_bouldin = davies_bouldin(tiles, clusters, spread);
    } else {
        km_own_labels labels = {.wide = labelling->labels};
        KM_TRY(km_own_distances(ctx, tiles, labels, clusters->means, NULL, &within));
    }
    if (out_calinski_harabasz != NULL) {
        *out_calinski_harabasz = calinski_harabasz(tiles, clusters, within);
    }
    return KMSEG_OK;
}

kmseg_status km_dispersion(kmseg_context *ctx, const kmseg_tiles *tiles,
                           const km_labelling *labelling, double *out_calinski_harabasz,
                           double *out_davies_bouldin) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status =
        measure(ctx, tiles, labelling, &arena, out_calinski_harabasz, out_davies_bouldin);
    km_arena_free(&arena);
    return status;
}

/* Measures the clusters, then one of the indices. */
static kmseg_status measured(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                             int32_t n_clusters, const char *index, double *out_calinski_harabasz,
                             double *out_davies_bouldin) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_labelling labelling;
    kmseg_status status = km_labelling_measure(ctx, tiles, labels, n_clusters, &arena, &labelling);
    if (status == KMSEG_OK) {
        status = km_clusters_need_two(ctx, labelling.clusters.n_weighted, index);
    }
    if (status == KMSEG_OK) {
        status = km_dispersion(ctx, tiles, &labelling, out_calinski_harabasz, out_davies_bouldin);
    }
    km_arena_free(&arena);
    return status;
}

kmseg_status kmseg_calinski_harabasz(kmseg_context *ctx, const kmseg_tiles *tiles,
                                     const int32_t *labels, int32_t n_clusters, double *out) {
    return measured(ctx, tiles, labels, n_clusters, "Calinski-Harabasz index", out, NULL);
}

kmseg_status kmseg_davies_bouldin(kmseg_context *ctx, const kmseg_tiles *tiles,
                                  const int32_t *labels, int32_t n_clusters, double *out) {
    return measured(ctx, tiles, labels, n_clusters, "Davies-Bouldin index", NULL, out);
}
