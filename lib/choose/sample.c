/* Gap statistic and stability need dozens of fits. Fits of some thousand rows tell as much as fits of
 * all, so a sample stands for all. */
#include "choose/choose.h"
#include "data/draw_rows.h"

#include <string.h>

kmseg_status km_choose_check(kmseg_context *ctx, const kmseg_fit_options *fit,
                             const kmseg_choose_options *options) {
    KM_TRY(kmseg_options_check(ctx, kmseg_choose_option_table(), options));
    KM_TRY(kmseg_options_check(ctx, kmseg_fit_option_table(), fit));
    if (strcmp(fit->init, "given") == 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "init is \"given\", which is for one number of clusters; choosing a number "
                       "needs another");
    }
    return KMSEG_OK;
}

static kmseg_status fill(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t *rows, int64_t n,
                         km_arena *arena, km_sample *out) {
    int32_t d = tiles->n_features;
    double *values = km_arena_array(arena, n * d, sizeof *values), *weights = NULL;
    if (tiles->weights != NULL) {
        weights = km_arena_array(arena, n, sizeof *weights);
    }
    if (values == NULL || (tiles->weights != NULL && weights == NULL)) {
        return km_fail_memory(ctx, "a sample");
    }
    for (int64_t i = 0; i < n; i++) {
        km_tiles_row(tiles, rows[i], values + i * d);
        if (weights != NULL) {
            weights[i] = tiles->weights[rows[i]];
        }
    }
    *out = (km_sample){.n = n, .n_features = d, .rows = rows, .values = values, .weights = weights};
    return KMSEG_OK;
}

kmseg_status km_sample_draw(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t n_wanted,
                            uint64_t seed, km_arena *arena, km_sample *out) {
    int64_t n = n_wanted < tiles->n_samples ? n_wanted : tiles->n_samples;
    int64_t *rows = km_arena_array(arena, n, sizeof *rows);
    if (rows == NULL) {
        return km_fail_memory(ctx, "a sample");
    }
    KM_TRY(km_draw_rows(ctx, tiles, n, 1, seed, KM_STAGE_SAMPLE, rows, &n, NULL));
    return fill(ctx, tiles, rows, n, arena, out);
}

kmseg_status km_sample_sweep(kmseg_context *ctx, const double *values, const double *weights,
                             int64_t n, int32_t n_features, int32_t k_min, int32_t k_max,
                             const kmseg_fit_options *fit, const kmseg_choose_options *options,
                             uint64_t seed, kmseg_sweep_result **out) {
    *out = NULL;
    kmseg_fit_options one = *fit;
    one.n_init = options->choose_init;
    one.seed = seed;
    kmseg_matrix matrix = kmseg_matrix_view(values, KMSEG_FLOAT64, n, n_features);
    kmseg_tiles *tiles;
    KM_TRY(kmseg_tiles_new(ctx, &matrix, weights, NULL, &tiles));
    kmseg_status status = kmseg_sweep(ctx, tiles, k_min, k_max, &one, out);
    kmseg_tiles_free(tiles);
    if (status == KMSEG_OK && (*out)->models[0]->stop_reason == KMSEG_STOP_CANCELLED) {
        kmseg_sweep_free(*out);
        *out = NULL;
        status = km_fail_cancelled(ctx);
    }
    return status;
}
