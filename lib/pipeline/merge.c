/* Segments that are too small to be of use are merged.
 *
 * Merging alone would leave customers whose nearest centroid is not that of their segment, and who
 * would get another one from kmseg_assign(). So the customers are clustered again from the merged
 * centroids, which can only lower the inertia; should that leave a small segment, it is merged too.
 * Every round has fewer clusters, so there is an end. */
#include "base/text.h"
#include "data/tiles.h"
#include "evaluate/evaluate.h"
#include "pipeline/pipeline.h"

#include <math.h>
#include <string.h>

/* Clusters that are left, and how large they need to be. */
typedef struct merging {
    km_run_state *run;
    double least;
    int by_weight;
    int32_t n; /* clusters that are left */
    int64_t d;
    int64_t *sizes;  /* n */
    double *weights; /* n */
    double *means;   /* n x d */
} merging;

/* What can be had: customers, or the sum of their weights. */
static double total_of(const km_run_state *run, int by_weight) {
    int64_t n = run->prepared->matrix.n_rows;
    double total = 0;
    for (int64_t i = 0; by_weight && run->weights != NULL && i < n; i++) {
        total += run->weights[i];
    }
    return by_weight && run->weights != NULL ? total : (double)n;
}

kmseg_status km_min_size(const km_run_state *run, double *out) {
    const char *text = run->options->min_size;
    *out = 0;
    if (text == NULL) {
        return KMSEG_OK;
    }
    char digits[40] = "";
    size_t length = strlen(text);
    int share = length > 0 && text[length - 1] == '%';
    length -= (size_t)share;
    if (length < sizeof digits) {
        memcpy(digits, text, length);
        digits[length] = '\0';
    }
    double value = 0;
    if (!km_parse_double(digits, &value) || !(value >= 0) || isinf(value)) {
        return km_fail(run->ctx, KMSEG_E_ARGUMENT,
                       "min_size is \"%s\"; it needs to be a number, such as 50, or a share, such "
                       "as 2%%",
                       text);
    }
    int by_weight = strcmp(run->options->min_size_by, "weight") == 0;
    double total = total_of(run, by_weight);
    *out = share ? value / 100 * total : value;
    if (*out > total) {
        return km_fail(run->ctx, KMSEG_E_ARGUMENT,
                       "min_size is %s and all %s %g; it needs to be at most that", text,
                       by_weight ? "weights add up to" : "customers are", total);
    }
    return KMSEG_OK;
}

static double size_of(const merging *m, int32_t c) {
    return m->by_weight ? m->weights[c] : (double)m->sizes[c];
}

/* By how much the inertia rises when two clusters become one. */
static double ward(const merging *m, int32_t a, int32_t b) {
    double square = 0, both = m->weights[a] + m->weights[b];
    for (int64_t j = 0; j < m->d; j++) {
        double away = m->means[a * m->d + j] - m->means[b * m->d + j];
        square += away * away;
    }
    return both > 0 ? m->weights[a] * m->weights[b] / both * square : 0;
}

/* The cheapest pair of a cluster that is too small and any other; 0: there is none. */
static int find_pair(const merging *m, int32_t *small, int32_t *other, double *cost) {
    int found = 0;
    for (int32_t a = 0; a < m->n; a++) {
        if (size_of(m, a) >= m->least) {
            continue;
        }
        for (int32_t b = 0; b < m->n; b++) {
            double rise = a != b ? ward(m, a, b) : INFINITY;
            if (a != b && (!found || rise < *cost)) {
                *small = a;
                *other = b;
                *cost = rise;
                found = 1;
            }
        }
    }
    return found;
}

/* Cluster b becomes both, and the last takes the place of a. */
static void join_pair(merging *m, int32_t a, int32_t b) {
    double both = m->weights[a] + m->weights[b];
    for (int64_t j = 0; j < m->d && both > 0; j++) {
        double *to = &m->means[b * m->d + j];
        *to += (m->means[a * m->d + j] - *to) * (m->weights[a] / both);
    }
    m->weights[b] = both;
    m->sizes[b] += m->sizes[a];
    int32_t last = --m->n;
    m->weights[a] = m->weights[last];
    m->sizes[a] = m->sizes[last];
    memmove(m->means + a * m->d, m->means + last * m->d, (size_t)m->d * sizeof *m->means);
    km_run_state *run = m->run;
    for (int32_t i = 0; i < run->n_merges; i++) {
        int32_t *cluster = &run->merges[i].segment;
        *cluster = *cluster == a ? b : *cluster;
        *cluster = *cluster == last ? a : *cluster;
    }
}

/* Returns 1 when something was merged. */
static int merge_pairs(merging *m) {
    km_run_state *run = m->run;
    int32_t small = 0, other = 0, before = run->n_merges;
    double cost = 0;
    while (m->n > 1 && find_pair(m, &small, &other, &cost)) {
        run->merges[run->n_merges++] = (kmseg_merge){.size = m->sizes[small],
                                                     .into_size = m->sizes[other],
                                                     .weight = m->weights[small],
                                                     .into_weight = m->weights[other],
                                                     .cost = cost,
                                                     .segment = small};
        join_pair(m, small, other);
    }
    return run->n_merges > before;
}

/* Clusters of the model that have samples; those that have none are no segments. */
static kmseg_status measure(merging *m, km_arena *arena, const kmseg_model *model) {
    km_clusters clusters;
    KM_TRY(km_model_clusters(m->run->ctx, model, NULL, arena, &clusters));
    int32_t n = 0;
    for (int32_t c = 0; c < clusters.n_clusters; c++) {
        if (clusters.sizes[c] > 0) {
            clusters.sizes[n] = clusters.sizes[c];
            clusters.weights[n] = clusters.weights[c];
            memmove(clusters.means + n * m->d, clusters.means + c * m->d,
                    (size_t)m->d * sizeof *clusters.means);
            for (int32_t i = 0; i < m->run->n_merges; i++) {
                int32_t *cluster = &m->run->merges[i].segment;
                *cluster = *cluster == c ? n : *cluster;
            }
            n++;
        }
    }
    m->n = n;
    m->sizes = clusters.sizes;
    m->weights = clusters.weights;
    m->means = clusters.means;
    return KMSEG_OK;
}

static kmseg_status cluster_again(merging *m) {
    km_run_state *run = m->run;
    kmseg_fit_options options = run->options->fit;
    kmseg_model *model;
    options.init = "given";
    options.init_centroids = m->means;
    options.n_clusters = m->n;
    KM_TRY(kmseg_fit(run->ctx, run->tiles, &options, &model));
    kmseg_model_free(run->model);
    run->model = model;
    return model->stop_reason == KMSEG_STOP_CANCELLED ? km_fail_cancelled(run->ctx) : KMSEG_OK;
}

static kmseg_status merge_rounds(merging *m) {
    km_run_state *run = m->run;
    int merged = 1;
    while (merged) {
        km_arena arena;
        km_arena_init(&arena, &run->ctx->allocator);
        kmseg_status status = measure(m, &arena, run->model);
        merged = status == KMSEG_OK && merge_pairs(m);
        if (merged) {
            status = cluster_again(m);
        }
        km_arena_free(&arena);
        KM_TRY(status);
    }
    return KMSEG_OK;
}

kmseg_status km_merge_small(km_run_state *run) {
    const kmseg_segment_options *options = run->options;
    if (options->min_size == NULL) {
        return KMSEG_OK;
    }
    merging m = {.run = run,
                 .d = run->model->n_features,
                 .by_weight = strcmp(options->min_size_by, "weight") == 0};
    KM_TRY(km_min_size(run, &m.least));
    run->merges = km_arena_array(&run->result->arena, run->model->n_clusters, sizeof *run->merges);
    if (run->merges == NULL) {
        return km_fail_memory(run->ctx, "the merging of segments");
    }
    return merge_rounds(&m);
}

/* The cluster that is at a position among those that have samples. */
static int64_t cluster_at(const kmseg_model *model, int32_t position) {
    int64_t c = 0;
    for (; model->cluster_sizes[c] == 0 || position > 0; c++) {
        position -= model->cluster_sizes[c] > 0;
    }
    return c;
}

void km_describe_merges(km_run_state *run) {
    kmseg_result *result = &run->result->result;
    const kmseg_model *model = run->model;
    size_t bytes = (size_t)model->n_features * sizeof(double);
    for (int32_t i = 0; i < run->n_merges; i++) {
        const double *centroid =
            model->centroids + cluster_at(model, run->merges[i].segment) * model->n_features;
        run->merges[i].segment = -1;
        for (int32_t s = 0; s < result->n_segments; s++) {
            const double *other = result->centroids + (int64_t)s * result->n_outputs;
            if (memcmp(centroid, other, bytes) == 0) {
                run->merges[i].segment = s;
            }
        }
    }
    result->merges = run->merges;
    result->n_merges = run->n_merges;
}
