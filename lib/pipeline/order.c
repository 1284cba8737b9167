/* From the clusters of a model to segments that people can refer to: numbered by value, none
 * empty, with labels that kmseg_predict() gives again. */
#include "cluster/model.h"
#include "data/moments.h"
#include "data/quantile.h"
#include "pipeline/pipeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RADIUS_PERCENT = 99 };

/* What a cluster is ordered by. */
typedef struct rank {
    double value; /* mean of the value column; 0 where there is none */
    int64_t size;
    const double *centroid;
    int32_t n_features;
    int32_t cluster;
} rank;

static int by_value(const void *a, const void *b) {
    const rank *x = a, *y = b;
    if (x->value != y->value) {
        return x->value > y->value ? -1 : 1;
    }
    if (x->size != y->size) {
        return x->size > y->size ? -1 : 1;
    }
    for (int32_t j = 0; j < x->n_features; j++) {
        if (x->centroid[j] != y->centroid[j]) {
            return x->centroid[j] > y->centroid[j] ? -1 : 1;
        }
    }
    return x->cluster < y->cluster ? -1 : x->cluster > y->cluster;
}

/* Sums of the value column over the samples of each cluster that have one, in fixed point, so that the
 * order of the samples changes nothing. */
static void sum_values(const km_run_state *run, const double *numbers, rank *ranks, km_int128 *sums,
                       int64_t *counts) {
    const kmseg_model *model = run->model;
    const int64_t *rows = run->prepared->rows;
    double largest = 0;
    for (int64_t i = 0; i < model->n_samples; i++) {
        largest = fmax(largest, fabs(numbers[rows != NULL ? rows[i] : i])); /* not of NaN */
    }
    km_fixed fixed = km_fixed_for(largest);
    for (int64_t i = 0; i < model->n_samples; i++) {
        double number = numbers[rows != NULL ? rows[i] : i];
        if (!isnan(number)) {
            sums[model->labels[i]] += km_fixed_of(fixed, number);
            counts[model->labels[i]]++;
        }
    }
    for (int32_t c = 0; c < model->n_clusters; c++) {
        ranks[c].value =
            counts[c] > 0 ? km_fixed_sum(fixed, sums[c]) / (double)counts[c] : -INFINITY;
    }
}

/* Mean of the value column of each cluster. */
static kmseg_status mean_values(km_run_state *run, int32_t value, rank *ranks) {
    if (value < 0) {
        return KMSEG_OK;
    }
    km_arena arena;
    km_arena_init(&arena, &run->ctx->allocator);
    int64_t *counts = km_arena_array(&arena, run->model->n_clusters, sizeof *counts);
    km_int128 *sums = km_arena_array(&arena, run->model->n_clusters, sizeof *sums);
    int ok = counts != NULL && sums != NULL;
    if (ok) {
        sum_values(run, kmseg_table_column(run->table, value)->numbers, ranks, sums, counts);
    }
    km_arena_free(&arena);
    return ok ? KMSEG_OK : km_fail_memory(run->ctx, "the values of segments");
}

static kmseg_status rank_clusters(km_run_state *run, int32_t value, rank *ranks) {
    const kmseg_model *model = run->model;
    memset(ranks, 0, (size_t)model->n_clusters * sizeof *ranks);
    KM_TRY(mean_values(run, value, ranks));
    for (int32_t c = 0; c < model->n_clusters; c++) {
        ranks[c].size = model->cluster_sizes[c];
        ranks[c].centroid = model->centroids + (int64_t)c * model->n_features;
        ranks[c].n_features = model->n_features;
        ranks[c].cluster = c;
    }
    qsort(ranks, (size_t)model->n_clusters, sizeof *ranks, by_value);
    return KMSEG_OK;
}

/* The centroids of clusters that have samples, in order of rank. Returns how many. */
static int32_t take_centroids(const km_run_state *run, const rank *ranks, double *centroids) {
    int32_t n = 0;
    for (int32_t c = 0; c < run->model->n_clusters; c++) {
        if (ranks[c].size > 0) {
            memcpy(centroids + (int64_t)n * run->model->n_features, ranks[c].centroid,
                   (size_t)run->model->n_features * sizeof *centroids);
            n++;
        }
    }
    return n;
}

/* A tie between two centroids goes to the lower number, so a new order can leave a cluster without
 * samples: then its centroid goes too. No other label changes by that. Returns 1 when one went. */
static int drop_empty(kmseg_result *result, double *centroids, int32_t *labels, int32_t *map) {
    int32_t n = result->n_segments, kept = 0;
    memset(map, 0, (size_t)n * sizeof *map);
    for (int64_t i = 0; i < result->n_samples; i++) {
        map[labels[i]] = 1;
    }
    for (int32_t s = 0; s < n; s++) {
        if (map[s] != 0) {
            memmove(centroids + (int64_t)kept * result->n_outputs,
                    centroids + (int64_t)s * result->n_outputs,
                    (size_t)result->n_outputs * sizeof *centroids);
            map[s] = kept++;
        }
    }
    for (int64_t i = 0; i < result->n_samples && kept < n; i++) {
        labels[i] = map[labels[i]];
    }
    result->n_segments = kept;
    return kept < n;
}

/* Inertia and clusters of the result: the model's unless a tie changed a label. map is scratch. */
static kmseg_status measure_segments(km_run_state *run, const rank *ranks, int32_t *map) {
    kmseg_result *result = &run->result->result;
    const kmseg_model *model = run->model;
    int same = result->n_segments == model->n_clusters;
    for (int32_t c = 0; c < model->n_clusters; c++) {
        map[c] = ranks[c].cluster;
    }
    for (int64_t i = 0; i < result->n_samples && same; i++) {
        same = map[result->labels[i]] == model->labels[i];
    }
    if (!same) {
        return kmseg_inertia(run->ctx, run->tiles, result->labels, result->centroids,
                             result->n_segments, &result->inertia);
    }
    result->inertia = model->inertia;
    return km_model_clusters(run->ctx, model, map, &run->result->arena, &run->clusters);
}

static kmseg_status order(km_run_state *run, int32_t value, rank *ranks) {
    kmseg_result *result = &run->result->result;
    km_arena *arena = &run->result->arena;
    const kmseg_model *model = run->model;
    result->n_samples = model->n_samples;
    result->n_outputs = model->n_features;
    result->n_requested = run->options->fit.n_clusters;
    int64_t n_values = (int64_t)model->n_clusters * model->n_features;
    double *centroids = km_arena_array(arena, n_values, sizeof *centroids);
    double *raw = km_arena_array(arena, n_values, sizeof *raw);
    double *radii = km_arena_array(arena, model->n_clusters, sizeof *radii);
    int32_t *map = km_arena_array(arena, model->n_clusters, sizeof *map);
    int32_t *labels = km_arena_take(arena, (size_t)model->n_samples * sizeof *labels);
    double *distances = km_arena_take(arena, (size_t)model->n_samples * sizeof *distances);
    if (centroids == NULL || raw == NULL || radii == NULL || map == NULL || labels == NULL ||
        distances == NULL) {
        return km_fail_memory(run->ctx, "a result");
    }
    KM_TRY(rank_clusters(run, value, ranks));
    result->n_segments = take_centroids(run, ranks, centroids);
    KM_TRY(
        km_predict_samples(run->ctx, run->tiles, centroids, result->n_segments, labels, distances));
    (void)drop_empty(result, centroids, labels, map);
    result->centroids = centroids;
    result->centroids_raw = raw;
    result->labels = labels;
    result->distances = distances;
    result->radii = radii;
    KM_TRY(kmseg_prepare_invert(run->ctx, result->prepare, centroids, result->n_segments, raw));
    KM_TRY(measure_segments(run, ranks, map));
    /* Beyond P99 of the distances in its segment a new customer is outlying. */
    return km_group_quantiles(run->ctx, distances, labels, result->n_samples, result->n_segments,
                              RADIUS_PERCENT / 100.0, radii, NULL);
}

kmseg_status km_order_segments(km_run_state *run, int32_t value) {
    rank *ranks = km_allocate_array(&run->ctx->allocator, run->model->n_clusters, sizeof *ranks);
    if (ranks == NULL) {
        return km_fail_memory(run->ctx, "the order of segments");
    }
    kmseg_status status = order(run, value, ranks);
    km_release(&run->ctx->allocator, ranks);
    return status;
}
