/* Clusters six customers into two segments with an installed libkmseg. */
#include <kmseg/kmseg.h>

#include <stdio.h>

static const double spend_and_orders[6][2] = {{10, 1}, {12, 1}, {11, 2}, {90, 8}, {95, 9}, {91, 9}};

static kmseg_status segment(kmseg_context *ctx) {
    kmseg_matrix samples = kmseg_matrix_view(spend_and_orders, KMSEG_FLOAT64, 6, 2);
    kmseg_tiles *tiles;
    kmseg_status status = kmseg_tiles_new(ctx, &samples, NULL, NULL, &tiles);
    if (status != KMSEG_OK) {
        return status;
    }
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = 2;
    kmseg_model *model;
    status = kmseg_fit(ctx, tiles, &options, &model);
    kmseg_tiles_free(tiles);
    if (status != KMSEG_OK) {
        return status;
    }
    /* By hand: the centroids are (11, 4/3) and (92, 26/3), the squared distances sum to 2 + 2/3
     * and 14 + 2/3. */
    printf("kmseg %s: inertia %.4f\n", kmseg_version(), model->inertia);
    if (model->inertia < 17.3333 || model->inertia > 17.3334 ||
        model->labels[0] == model->labels[5]) {
        status = KMSEG_E_INTERNAL;
    }
    kmseg_model_free(model);
    return status;
}

int main(void) {
    kmseg_context *ctx;
    kmseg_status status = kmseg_context_new(NULL, &ctx);
    if (status != KMSEG_OK) {
        fprintf(stderr, "%s\n", kmseg_status_text(status));
        return 1;
    }
    status = segment(ctx);
    if (status != KMSEG_OK) {
        fprintf(stderr, "%s: %s\n", kmseg_status_text(status), kmseg_last_error(ctx));
    }
    kmseg_context_free(ctx);
    return status == KMSEG_OK ? 0 : 1;
}
