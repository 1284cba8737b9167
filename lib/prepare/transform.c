#include "prepare/transform.h"

#include "base/parallel.h"
#include "data/moments.h"
#include "prepare/fit.h"

#include <math.h>
#include <string.h>

static double keep(const kmseg_prepare_column *column, double x) {
    (void)column;
    return x;
}

static double signed_log1p(const kmseg_prepare_column *column, double x) {
    (void)column;
    return km_signed_log1p(x);
}

static double signed_expm1(const kmseg_prepare_column *column, double y) {
    (void)column;
    return copysign(expm1(fabs(y)), y);
}

static const km_transform rows[] = {
    {.named = {"none", "the number as it is"}, .keeps = 1, .forward = keep, .inverse = keep},
    {.named = {"log1p", "sign(x) log(1 + |x|): draws in long tails, keeps 0 and the sign"},
     .forward = signed_log1p,
     .inverse = signed_expm1},
    {.named = {"yeo-johnson", "a power of 1 + |x|, of maximum likelihood: evens out either tail"},
     .fit = km_yeo_johnson_fit,
     .forward = km_yeo_johnson,
     .inverse = km_yeo_johnson_inverse},
    {.named = {"quantile-uniform", "the share of customers below it: only the order counts"},
     .n_knots = KM_QUANTILE_KNOTS,
     .fit = km_quantile_fit,
     .forward = km_quantile_uniform,
     .inverse = km_quantile_uniform_inverse},
    {.named = {"quantile-normal", "that share as the normal distribution has it"},
     .n_knots = KM_QUANTILE_KNOTS,
     .fit = km_quantile_fit,
     .forward = km_quantile_normal,
     .inverse = km_quantile_normal_inverse},
};

enum { N_ROWS = sizeof rows / sizeof *rows };

static const km_named *get(int32_t i) { return i >= 0 && i < N_ROWS ? &rows[i].named : NULL; }

const km_registry km_transforms = {"transforms", get};

const km_transform *km_transform_find(const char *name) {
    for (int32_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i].named.name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

typedef struct forward_loop {
    const km_transform *transform;
    const kmseg_prepare_column *column;
    const double *values;
    double *out;
    int64_t n;
} forward_loop;

static void forward_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const forward_loop *loop = argument;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < (end < loop->n ? end : loop->n); i++) {
        loop->out[i] = loop->transform->forward(loop->column, loop->values[i] + 0.0);
    }
}

kmseg_status km_transform_all(km_fit *fit, const km_transform *transform, const double *values,
                              int64_t n, const kmseg_prepare_column *column, km_moments *out) {
    forward_loop loop = {transform, column, values, fit->transformed, n};
    KM_TRY(km_parallel(fit->ctx, km_chunks(n, KM_CHUNK_ROWS), forward_chunk, &loop));
    return km_moments_of(fit->ctx, fit->transformed, n, out);
}
