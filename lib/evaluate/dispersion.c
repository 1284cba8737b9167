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

typedef struct spread_job {
    const kmseg_tiles *tiles;
    const km_labelling *labelling;
    const double *squares; /* n_samples */
    double *sums;          /* n_parts x n_clusters */
} spread_job;

/* Rows whose distances are added up one after the other; fixed, so that no sum depends on threads. */
enum { PART_ROWS = 16 * KM_CHUNK_ROWS };

static void spread_part(void *argument, int64_t part, int32_t thread) {
    (void)thread;
    spread_job *job = argument;
    double *sums = job->sums + part * job->labelling->clusters.n_clusters;
    int64_t end = (part + 1) * PART_ROWS;
    end = end < job->tiles->n_samples ? end : job->tiles->n_samples;
    for (int64_t i = part * PART_ROWS; i < end; i++) {
        sums[job->labelling->labels[i]] += sqrt(job->squares[i]) * km_tiles_weight(job->tiles, i);
    }
}

/* Weighted mean distance of each cluster's samples to its mean, from their squares. */
static kmseg_status spreads(kmseg_context *ctx, spread_job *job, km_arena *arena, double *out) {
    int64_t k = job->labelling->clusters.n_clusters;
    int64_t n_parts = km_chunks(job->tiles->n_samples, PART_ROWS);
    job->sums = km_arena_array(arena, n_parts * k, sizeof *job->sums);
    if (job->sums == NULL) {
        return km_fail_memory(ctx, "the spreads of clusters");
    }
    KM_TRY(km_parallel(ctx, n_parts, spread_part, job));
    for (int64_t c = 0; c < k; c++) {
        for (int64_t p = 0; p < n_parts; p++) {
            out[c] += job->sums[p * k + c];
        }
        double weight = job->labelling->clusters.weights[c];
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

kmseg_status km_dispersion(kmseg_context *ctx, const kmseg_tiles *tiles,
                           const km_labelling *labelling, double *out_calinski_harabasz,
                           double *out_davies_bouldin) {
    const km_clusters *clusters = &labelling->clusters;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    double within = 0, *spread = NULL, *squares = NULL;
    kmseg_status status = KMSEG_OK;
    if (out_davies_bouldin != NULL) {
        spread = km_arena_array(&arena, clusters->n_clusters, sizeof *spread);
        squares = km_arena_array(&arena, tiles->n_samples, sizeof *squares);
        status = spread != NULL && squares != NULL ? KMSEG_OK
                                                   : km_fail_memory(ctx, "the spreads of clusters");
    }
    if (status == KMSEG_OK) {
        km_own_labels labels = {.wide = labelling->labels};
        status = km_own_distances(ctx, tiles, labels, clusters->means, squares,
                                  out_calinski_harabasz != NULL ? &within : NULL);
    }
    if (status == KMSEG_OK && out_calinski_harabasz != NULL) {
        *out_calinski_harabasz = calinski_harabasz(tiles, clusters, within);
    }
    if (status == KMSEG_OK && out_davies_bouldin != NULL) {
        spread_job job = {.tiles = tiles, .labelling = labelling, .squares = squares};
        status = spreads(ctx, &job, &arena, spread);
    }
    if (status == KMSEG_OK && out_davies_bouldin != NULL) {
        *out_davies_bouldin = davies_bouldin(tiles, clusters, spread);
    }
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
