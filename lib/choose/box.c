/* The box around a sample that references are drawn from. */
#include "choose/choose.h"
#include "data/eigen.h"

/* Products of the features' differences from their means, summed over the sample. */
static void scatter(const km_sample *sample, double *means, double *out) {
    int32_t d = sample->n_features;
    double total = 0;
    for (int64_t i = 0; i < sample->n; i++) {
        double weight = sample->weights != NULL ? sample->weights[i] : 1;
        total += weight;
        for (int32_t j = 0; j < d; j++) {
            means[j] += weight * (sample->values[i * d + j] - sample->values[j]);
        }
    }
    for (int32_t j = 0; j < d; j++) {
        means[j] = sample->values[j] + means[j] / total;
    }
    for (int64_t i = 0; i < sample->n; i++) {
        double weight = sample->weights != NULL ? sample->weights[i] : 1;
        const double *x = sample->values + i * d;
        for (int32_t j = 0; j < d; j++) {
            double away = weight * (x[j] - means[j]);
            for (int32_t l = 0; l <= j; l++) {
                out[(int64_t)j * d + l] += away * (x[l] - means[l]);
            }
        }
    }
    for (int32_t j = 0; j < d; j++) {
        for (int32_t l = 0; l < j; l++) {
            out[(int64_t)l * d + j] = out[(int64_t)j * d + l];
        }
    }
}

/* Extremes of the sample along each of the axes, which are the columns of vectors; NULL: along the
 * features. */
static void extremes(const km_sample *sample, const double *means, const double *vectors,
                     km_box *box) {
    int32_t d = sample->n_features;
    for (int64_t i = 0; i < sample->n; i++) {
        const double *x = sample->values + i * d;
        for (int32_t a = 0; a < d; a++) {
            double at = vectors == NULL ? x[a] : 0;
            for (int32_t j = 0; vectors != NULL && j < d; j++) {
                at += (x[j] - means[j]) * vectors[(int64_t)j * d + a];
            }
            box->low[a] = i == 0 || at < box->low[a] ? at : box->low[a];
            box->high[a] = i == 0 || at > box->high[a] ? at : box->high[a];
        }
    }
}

kmseg_status km_box_of(kmseg_context *ctx, const km_sample *sample, int along_axes, km_arena *arena,
                       km_box *out) {
    int32_t d = sample->n_features;
    int turn = along_axes && d > 1 && d <= KM_MOST_AXES;
    int64_t square = turn ? (int64_t)d * d : 0;
    out->low = km_arena_array(arena, d, sizeof *out->low);
    out->high = km_arena_array(arena, d, sizeof *out->high);
    double *means = km_arena_array(arena, d, sizeof *means);
    double *products = km_arena_array(arena, square, sizeof *products);
    double *vectors = km_arena_array(arena, square, sizeof *vectors);
    if (out->low == NULL || out->high == NULL || means == NULL || products == NULL ||
        vectors == NULL) {
        return km_fail_memory(ctx, "a box");
    }
    if (turn) {
        scatter(sample, means, products);
        km_eigenvectors(products, d, vectors);
    }
    extremes(sample, means, turn ? vectors : NULL, out);
    return KMSEG_OK;
}
