/* Every score of clusterings. One that the data do not define is NaN: a fact about the data, not a
 * failure of the run. */
#include "cluster/model.h"
#include "data/tiles.h"
#include "pipeline/pipeline.h"

#include <math.h>
#include <string.h>

double km_total_squares(const kmseg_tiles *tiles) {
    double total = 0;
    for (int32_t j = 0; j < tiles->n_features; j++) {
        total += tiles->squares[j];
    }
    return total;
}

/* As many as 10^8 distances allow; each sampled row is compared with 20,000 rows at most, so 5,000 at
 * least, whose standard error is about 0.004. */
static int64_t silhouette_samples(int64_t asked, int64_t n_rows) {
    enum { FEWEST = 5000, MOST = 10000 };
    const int64_t distances = 100000000;
    int64_t n = asked;
    if (n == 0) {
        n = distances / n_rows;
        n = n > MOST ? MOST : n < FEWEST ? FEWEST : n;
    }
    return n < n_rows ? n : n_rows;
}

kmseg_status km_model_clusters(kmseg_context *ctx, const kmseg_model *model, const int32_t *order,
                               km_arena *arena, km_clusters *out) {
    int64_t d = model->n_features;
    const double *means = km_model_means(model);
    *out = (km_clusters){.n_clusters = model->n_clusters};
    out->sizes = km_arena_array(arena, model->n_clusters, sizeof *out->sizes);
    out->weights = km_arena_array(arena, model->n_clusters, sizeof *out->weights);
    out->means = km_arena_array(arena, model->n_clusters * d, sizeof *out->means);
    if (out->sizes == NULL || out->weights == NULL || out->means == NULL) {
        return km_fail_memory(ctx, "the means of clusters");
    }
    for (int32_t c = 0; c < model->n_clusters; c++) {
        int64_t from = order != NULL ? order[c] : c;
        out->sizes[c] = model->cluster_sizes[from];
        out->weights[c] = model->cluster_weights[from];
        out->n_nonempty += out->sizes[c] > 0;
        out->n_weighted += out->weights[c] > 0;
        memcpy(out->means + c * d, means + from * d, (size_t)d * sizeof *means);
    }
    return KMSEG_OK;
}

void km_score_inertia(const km_run_state *run, double inertia, kmseg_scores *out) {
    double total = km_total_squares(run->tiles);
    *out = (kmseg_scores){.inertia = inertia,
                          .explained = total > 0 ? 1 - inertia / total : NAN,
                          .silhouette = NAN,
                          .silhouette_simplified = NAN,
                          .calinski_harabasz = NAN,
                          .davies_bouldin = NAN};
}

kmseg_status km_score(km_run_state *run, const kmseg_labelling *clusterings,
                      const km_clusters *clusters, const double *inertias, int32_t n,
                      kmseg_scores *out) {
    kmseg_context *ctx = run->ctx;
    const kmseg_segment_options *options = run->options;
    int64_t n_sampled =
        silhouette_samples(options->silhouette_samples, run->prepared->matrix.n_rows);
    kmseg_indices *indices = km_allocate_array(&ctx->allocator, n, sizeof *indices);
    if (indices == NULL) {
        return km_fail_memory(ctx, "scores");
    }
    kmseg_status status = km_evaluate(ctx, run->tiles, clusterings, clusters, n, n_sampled,
                                      options->fit.seed, indices);
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        km_score_inertia(run, inertias[i], &out[i]);
        out[i].silhouette = indices[i].silhouette;
        out[i].silhouette_error = indices[i].silhouette_error;
        out[i].silhouette_samples = n_sampled;
        out[i].silhouette_simplified = indices[i].silhouette_simplified;
        out[i].calinski_harabasz = indices[i].calinski_harabasz;
        out[i].davies_bouldin = indices[i].davies_bouldin;
    }
    km_release(&ctx->allocator, indices);
    return status;
}
