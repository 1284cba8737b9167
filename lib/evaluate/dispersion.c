/* Indices of spread within and between clusters: Calinski-Harabasz and Davies-Bouldin. Samples count
 * by their weights. */
#include "base/parallel.h"
#include "data/own_distances.h"
#include "evaluate/evaluate.h"

#include <kmseg/evaluate.h>

#include <math.h>

double km_calinski_harabasz(const kmseg_tiles *tiles, const km_clusters *clusters, double within) {
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

void km_spreads_conclude(const km_clusters *clusters, const double *sums, int64_t n_parts,
                         km_spreads *out) {
    int64_t k = clusters->n_clusters;
    for (int64_t c = 0; c < k; c++) {
        double sum = 0, weight = clusters->weights[c];
        for (int64_t p = 0; p < n_parts; p++) {
            sum += sums[p * k + c];
        }
        out->distances[c] = weight > 0 ? sum / weight : 0;
    }
}

static kmseg_status measure_spreads(kmseg_context *ctx, const kmseg_tiles *tiles,
                                    const km_labelling *labelling, km_arena *arena,
                                    km_spreads *out) {
    const km_clusters *clusters = &labelling->clusters;
    int64_t k = clusters->n_clusters, n_parts = km_chunks(tiles->n_samples, KM_SPREAD_ROWS);
    double *sums = km_arena_array(arena, n_parts * k, sizeof *sums);
    out->distances = km_arena_array(arena, k, sizeof *out->distances);
    if (sums == NULL || out->distances == NULL) {
        return km_fail_memory(ctx, "the spreads of clusters");
    }
    KM_TRY(km_own_spreads(ctx, tiles, labelling->labels, clusters->n_clusters, clusters->means,
                          sums, &out->within));
    km_spreads_conclude(clusters, sums, n_parts, out);
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

double km_davies_bouldin(const kmseg_tiles *tiles, const km_clusters *clusters,
                         const double *distances) {
    double sum = 0;
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        sum +=
            clusters->weights[c] > 0 ? worst_ratio(clusters, distances, tiles->n_features, c) : 0;
    }
    return sum / clusters->n_weighted;
}

/* One of the indices, of measured clusters. */
typedef kmseg_status index_of(kmseg_context *ctx, const kmseg_tiles *tiles,
                              const km_labelling *labelling, km_arena *arena, double *out);

static kmseg_status find_calinski_harabasz(kmseg_context *ctx, const kmseg_tiles *tiles,
                                           const km_labelling *labelling, km_arena *arena,
                                           double *out) {
    km_own_labels labels = {.wide = labelling->labels};
    double within;
    (void)arena;
    KM_TRY(km_own_distances(ctx, tiles, labels, labelling->clusters.means, NULL, &within));
    *out = km_calinski_harabasz(tiles, &labelling->clusters, within);
    return KMSEG_OK;
}

static kmseg_status find_davies_bouldin(kmseg_context *ctx, const kmseg_tiles *tiles,
                                        const km_labelling *labelling, km_arena *arena,
                                        double *out) {
    km_spreads spreads;
    KM_TRY(measure_spreads(ctx, tiles, labelling, arena, &spreads));
    *out = km_davies_bouldin(tiles, &labelling->clusters, spreads.distances);
    return KMSEG_OK;
}

/* Measures the clusters, then the index. */
static kmseg_status measured(kmseg_context *ctx, const kmseg_tiles *tiles, const int32_t *labels,
                             int32_t n_clusters, const char *name, index_of *index, double *out) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_labelling labelling;
    kmseg_status status = km_labelling_measure(ctx, tiles, labels, n_clusters, &arena, &labelling);
    if (status == KMSEG_OK) {
        status = km_clusters_need_two(ctx, labelling.clusters.n_weighted, name);
    }
    if (status == KMSEG_OK) {
        status = index(ctx, tiles, &labelling, &arena, out);
    }
    km_arena_free(&arena);
    return status;
}

kmseg_status kmseg_calinski_harabasz(kmseg_context *ctx, const kmseg_tiles *tiles,
                                     const int32_t *labels, int32_t n_clusters, double *out) {
    return measured(ctx, tiles, labels, n_clusters, "Calinski-Harabasz index",
                    find_calinski_harabasz, out);
}

kmseg_status kmseg_davies_bouldin(kmseg_context *ctx, const kmseg_tiles *tiles,
                                  const int32_t *labels, int32_t n_clusters, double *out) {
    return measured(ctx, tiles, labels, n_clusters, "Davies-Bouldin index", find_davies_bouldin,
                    out);
}
