/* Every score of clusterings. One that the data do not define is NaN: a fact about the data, not a
 * failure of the run. */
#include "pipeline/pipeline.h"

#include <math.h>
#include <string.h>

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

/* Sum of squares around the mean: the inertia if all samples were one segment. */
static kmseg_status total_squares(km_run_state *run, double *out) {
    const kmseg_matrix *matrix = &run->prepared->matrix;
    const kmseg_allocator *allocator = &run->ctx->allocator;
    double *mean = km_allocate_array(allocator, matrix->n_cols, sizeof *mean);
    int32_t *labels = km_allocate_array(allocator, matrix->n_rows, sizeof *labels);
    kmseg_status status = KMSEG_OK;
    if (mean == NULL || labels == NULL) {
        status = km_fail_memory(run->ctx, "the variance explained");
    } else {
        memset(labels, 0, (size_t)matrix->n_rows * sizeof *labels);
        mean_of(run, mean);
        status = kmseg_inertia(run->ctx, run->tiles, labels, mean, 1, out);
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

kmseg_status km_score(km_run_state *run, const kmseg_labelling *clusterings, const double *inertias,
                      int32_t n, kmseg_scores *out) {
    kmseg_context *ctx = run->ctx;
    const kmseg_segment_options *options = run->options;
    int64_t n_sampled =
        silhouette_samples(options->silhouette_samples, run->prepared->matrix.n_rows);
    double total = 0;
    KM_TRY(total_squares(run, &total));
    kmseg_indices *indices = km_allocate_array(&ctx->allocator, n, sizeof *indices);
    if (indices == NULL) {
        return km_fail_memory(ctx, "scores");
    }
    kmseg_status status =
        kmseg_evaluate(ctx, run->tiles, clusterings, n, n_sampled, options->fit.seed, indices);
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        out[i] = (kmseg_scores){.inertia = inertias[i],
                                .explained = total > 0 ? 1 - inertias[i] / total : NAN,
                                .silhouette = indices[i].silhouette,
                                .silhouette_error = indices[i].silhouette_error,
                                .silhouette_samples = n_sampled,
                                .silhouette_simplified = indices[i].silhouette_simplified,
                                .calinski_harabasz = indices[i].calinski_harabasz,
                                .davies_bouldin = indices[i].davies_bouldin};
    }
    km_release(&ctx->allocator, indices);
    return status;
}
