/* Every score of a result, each on its own: one that is not defined is NaN and fails nothing. */
#include "pipeline/pipeline.h"

#include <math.h>
#include <string.h>

/* A score that the data do not define is a fact about the data, not a failure of the run. */
static kmseg_status defined(kmseg_status status, double *score) {
    if (status == KMSEG_E_DATA) {
        *score = NAN;
        return KMSEG_OK;
    }
    return status;
}

static double element(const kmseg_matrix *matrix, int64_t i, int64_t j) {
    int64_t at = i * matrix->row_stride + j * matrix->col_stride;
    return matrix->dtype == KMSEG_FLOAT32 ? (double)((const float *)matrix->values)[at]
                                          : ((const double *)matrix->values)[at];
}

/* Weighted mean of the samples. */
static void mean_of(const km_run_state *run, double *mean) {
    const kmseg_matrix *matrix = &run->prepared->matrix;
    double total = 0;
    memset(mean, 0, (size_t)matrix->n_cols * sizeof *mean);
    for (int64_t i = 0; i < matrix->n_rows; i++) {
        double weight = run->weights != NULL ? run->weights[i] : 1;
        total += weight;
        for (int64_t j = 0; j < matrix->n_cols; j++) {
            mean[j] += weight * element(matrix, i, j);
        }
    }
    for (int64_t j = 0; j < matrix->n_cols; j++) {
        mean[j] /= total;
    }
}

/* 1 - inertia / total sum of squares: as if all samples were one segment. */
static kmseg_status explained(km_run_state *run, double *out) {
    const kmseg_result *result = &run->result->result;
    const kmseg_allocator *allocator = &run->ctx->allocator;
    double *mean = km_allocate_array(allocator, result->n_outputs, sizeof *mean);
    int32_t *labels = km_allocate_array(allocator, result->n_samples, sizeof *labels);
    kmseg_status status = KMSEG_OK;
    if (mean == NULL || labels == NULL) {
        status = km_fail_memory(run->ctx, "the variance explained");
    } else {
        memset(labels, 0, (size_t)result->n_samples * sizeof *labels);
        mean_of(run, mean);
        double total = 0;
        status = kmseg_inertia(run->ctx, run->tiles, labels, mean, 1, &total);
        *out = total > 0 ? 1 - result->inertia / total : NAN;
    }
    km_release(allocator, mean);
    km_release(allocator, labels);
    return status;
}

/* Each sampled row is compared with all rows, so a fixed number of samples would take most of the
 * time of a run from some hundred thousand rows on. 200 samples still give a standard error of
 * about 0.01. */
static int64_t silhouette_samples(int64_t asked, int64_t n_rows) {
    enum { FEWEST = 200, MOST = 10000 };
    const int64_t distances = 100000000;
    int64_t n = asked;
    if (n == 0) {
        n = distances / n_rows;
        n = n > MOST ? MOST : n < FEWEST ? FEWEST : n;
    }
    return n < n_rows ? n : n_rows;
}

kmseg_status km_score_segments(km_run_state *run) {
    kmseg_context *ctx = run->ctx;
    const kmseg_result *result = &run->result->result;
    const kmseg_segment_options *options = run->options;
    kmseg_scores *scores = &run->result->result.scores;
    int32_t k = result->n_segments;
    scores->inertia = result->inertia;
    scores->silhouette_samples = silhouette_samples(options->silhouette_samples, result->n_samples);
    scores->silhouette_error = 0;
    KM_TRY(explained(run, &scores->explained));
    if (k < 2) {
        return KMSEG_OK; /* km_result_new() made every other score NaN */
    }
    KM_TRY(defined(kmseg_silhouette_sampled(ctx, run->tiles, result->labels, k,
                                            scores->silhouette_samples, options->fit.seed,
                                            &scores->silhouette, &scores->silhouette_error),
                   &scores->silhouette));
    KM_TRY(defined(kmseg_silhouette_simplified(ctx, run->tiles, result->labels, k,
                                               &scores->silhouette_simplified, NULL),
                   &scores->silhouette_simplified));
    KM_TRY(defined(
        kmseg_calinski_harabasz(ctx, run->tiles, result->labels, k, &scores->calinski_harabasz),
        &scores->calinski_harabasz));
    return defined(
        kmseg_davies_bouldin(ctx, run->tiles, result->labels, k, &scores->davies_bouldin),
        &scores->davies_bouldin);
}
