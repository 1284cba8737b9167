/* Every index of many labellings of the same samples, with what they share done once. */
#include "evaluate/evaluate.h"

#include <kmseg/evaluate.h>

#include <math.h>

/* The indices that need one labelling at a time. A cluster with weight has samples. */
static kmseg_status one_labelling(kmseg_context *ctx, const kmseg_tiles *tiles,
                                  const km_labelling *labelling, km_arena *arena,
                                  kmseg_indices *out) {
    const km_clusters *clusters = &labelling->clusters;
    km_spreads spreads;
    if (clusters->n_nonempty < 2) {
        return KMSEG_OK;
    }
    KM_TRY(km_silhouette_simplified(ctx, tiles, labelling, arena, &out->silhouette_simplified, NULL,
                                    &spreads));
    if (clusters->n_weighted >= 2) {
        out->calinski_harabasz = km_calinski_harabasz(tiles, clusters, spreads.within);
        out->davies_bouldin = km_davies_bouldin(tiles, clusters, spreads.distances);
    }
    return KMSEG_OK;
}

/* Silhouettes of all labellings that have one. */
static kmseg_status silhouettes(kmseg_context *ctx, const kmseg_tiles *tiles,
                                const km_labelling *all, int32_t n, int64_t n_sampled,
                                uint64_t seed, km_arena *arena, kmseg_indices *out) {
    km_labelling *some = km_arena_array(arena, n, sizeof *some);
    int32_t *positions = km_arena_array(arena, n, sizeof *positions), n_some = 0;
    double *means = km_arena_array(arena, n, sizeof *means);
    double *errors = km_arena_array(arena, n, sizeof *errors);
    if (some == NULL || positions == NULL || means == NULL || errors == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    for (int32_t l = 0; l < n; l++) {
        if (all[l].clusters.n_nonempty >= 2) {
            positions[n_some] = l;
            some[n_some++] = all[l];
        }
    }
    if (n_some == 0) {
        return KMSEG_OK;
    }
    KM_TRY(km_silhouettes(ctx, tiles, some, n_some, n_sampled, seed, arena, means, errors, NULL));
    for (int32_t s = 0; s < n_some; s++) {
        out[positions[s]].silhouette = means[s];
        out[positions[s]].silhouette_error = errors[s];
    }
    return KMSEG_OK;
}

static kmseg_status evaluate(kmseg_context *ctx, const kmseg_tiles *tiles,
                             const kmseg_labelling *labellings, const km_clusters *clusters,
                             int32_t n, int64_t n_sampled, uint64_t seed, km_arena *arena,
                             kmseg_indices *out) {
    km_labelling *measured = km_arena_array(arena, n, sizeof *measured);
    if (measured == NULL) {
        return km_fail_memory(ctx, "the indices of clusterings");
    }
    for (int32_t l = 0; l < n; l++) {
        if (clusters != NULL && clusters[l].n_clusters > 0) {
            measured[l] = (km_labelling){labellings[l].labels, clusters[l]};
        } else {
            KM_TRY(km_labelling_measure(ctx, tiles, labellings[l].labels, labellings[l].n_clusters,
                                        arena, &measured[l]));
        }
        KM_TRY(one_labelling(ctx, tiles, &measured[l], arena, &out[l]));
    }
    return silhouettes(ctx, tiles, measured, n, n_sampled, seed, arena, out);
}

kmseg_status km_evaluate(kmseg_context *ctx, const kmseg_tiles *tiles,
                         const kmseg_labelling *labellings, const km_clusters *clusters,
                         int32_t n_labellings, int64_t n_sampled, uint64_t seed,
                         kmseg_indices *out) {
    for (int32_t l = 0; l < n_labellings; l++) {
        out[l] = (kmseg_indices){.silhouette = NAN,
                                 .silhouette_error = 0,
                                 .silhouette_simplified = NAN,
                                 .calinski_harabasz = NAN,
                                 .davies_bouldin = NAN};
    }
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status =
        evaluate(ctx, tiles, labellings, clusters, n_labellings, n_sampled, seed, &arena, out);
    km_arena_free(&arena);
    return status;
}

kmseg_status kmseg_evaluate(kmseg_context *ctx, const kmseg_tiles *tiles,
                            const kmseg_labelling *labellings, int32_t n_labellings,
                            int64_t n_sampled, uint64_t seed, kmseg_indices *out) {
    return km_evaluate(ctx, tiles, labellings, NULL, n_labellings, n_sampled, seed, out);
}
