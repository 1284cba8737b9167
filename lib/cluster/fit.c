/* A fit: checks around a search for one number of clusters. */
#include "cluster/cluster.h"

kmseg_status km_fit_check(kmseg_context *ctx, const kmseg_tiles *tiles,
                          const kmseg_fit_options *options, int32_t n_clusters) {
    KM_TRY(kmseg_options_check(ctx, kmseg_fit_option_table(), options));
    if (n_clusters > tiles->n_weighted) {
        return km_fail(
            ctx, KMSEG_E_DATA,
            "n_clusters is %d, but there are only %lld samples%s; it needs to be at most "
            "that",
            n_clusters, (long long)tiles->n_weighted,
            tiles->weights != NULL ? " of positive weight" : "");
    }
    return KMSEG_OK;
}

kmseg_status kmseg_fit(kmseg_context *ctx, const kmseg_tiles *tiles,
                       const kmseg_fit_options *options, kmseg_model **out) {
    *out = NULL;
    KM_TRY(km_fit_check(ctx, tiles, options, options->n_clusters));
    int64_t samples = tiles->n_samples * tiles->n_features * (int64_t)sizeof(float);
    km_search_job job = {.tiles = tiles,
                         .options = options,
                         .ks = &options->n_clusters,
                         .n_k = 1,
                         .memory_limit = KM_FREE_BYTES + samples / 16};
    return km_search(ctx, &job, out);
}
