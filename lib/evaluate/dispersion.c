/* Indices of spread within and between clusters: Calinski-Harabasz and Davies-Bouldin. Samples count
 * by their weights. */
#include "data/own_distances.h"
#include "evaluate/evaluate.h"

#include <kmseg/evaluate.h>

#include <math.h>

kmseg_status kmseg_calinski_harabasz(kmseg_context *ctx, const kmseg_tiles *tiles,
                                     const int32_t *labels, int32_t n_clusters, double *out) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_clusters clusters;
    double within = 0;
    kmseg_status status = km_clusters_measure(ctx, tiles, labels, n_clusters, &arena, &clusters);
    if (status == KMSEG_OK) {
        status = km_clusters_need_two(ctx, clusters.n_weighted, "Calinski-Harabasz index");
    }
    if (status == KMSEG_OK) {
        status = km_own_distances(ctx, tiles, (km_own_labels){.wide = labels}, clusters.means, NULL,
                                  &within);
    }
    if (status == KMSEG_OK) {
        double between = 0;
        for (int32_t c = 0; c < n_clusters; c++) {
            for (int32_t j = 0; j < tiles->n_features; j++) {
                double away = clusters.means[(int64_t)c * tiles->n_features + j] - tiles->means[j];
                between += clusters.weights[c] * away * away;
            }
        }
        /* Whole weights are numbers of samples; of others only the ratios mean something. */
        double n = tiles->weights_whole ? km_tiles_weight_value(tiles, tiles->weight_sum)
                                        : (double)tiles->n_weighted;
        double k = clusters.n_weighted;
        *out = within > 0 ? (between / (k - 1)) / (within / (n - k)) : INFINITY;
    }
    km_arena_free(&arena);
    return status;
}

/* Weighted mean distance of each cluster's samples to its mean. */
static kmseg_status spreads(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                            const km_clusters *clusters, km_arena *arena, double *out) {
    double *squares = km_arena_array(arena, tiles->n_samples, sizeof *squares);
    if (squares == NULL) {
        return km_fail_memory(ctx, "distances");
    }
    KM_TRY(km_own_distances(ctx, tiles, (km_own_labels){.wide = labels}, clusters->means, squares,
                            NULL));
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        out[labels[i]] += sqrt(squares[i]) * km_tiles_weight(tiles, i);
    }
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        out[c] = clusters->weights[c] > 0 ? out[c] / clusters->weights[c] : 0;
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

kmseg_status kmseg_davies_bouldin(kmseg_context *ctx, const kmseg_tiles *tiles,
                                  const int32_t *labels, int32_t n_clusters, double *out) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_clusters clusters;
    kmseg_status status = km_clusters_measure(ctx, tiles, labels, n_clusters, &arena, &clusters);
    if (status == KMSEG_OK) {
        status = km_clusters_need_two(ctx, clusters.n_weighted, "Davies-Bouldin index");
    }
    double *spread = km_arena_array(&arena, n_clusters, sizeof *spread);
    if (status == KMSEG_OK && spread == NULL) {
        status = km_fail_memory(ctx, "the spreads of clusters");
    }
    if (status == KMSEG_OK) {
        status = spreads(ctx, tiles, labels, &clusters, &arena, spread);
    }
    if (status == KMSEG_OK) {
        double sum = 0;
        for (int32_t c = 0; c < n_clusters; c++) {
            sum +=
                clusters.weights[c] > 0 ? worst_ratio(&clusters, spread, tiles->n_features, c) : 0;
        }
        *out = sum / clusters.n_weighted;
    }
    km_arena_free(&arena);
    return status;
}
