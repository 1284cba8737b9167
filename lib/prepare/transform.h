/* Registry "transforms": what is done to a number before it is scaled. */
#ifndef KM_PREPARE_TRANSFORM_H
#define KM_PREPARE_TRANSFORM_H

#include "base/registry.h"
#include "prepare/scale.h"

#include <kmseg/prepare.h>

struct km_fit;

/* What a transform with parameters is fitted to. */
typedef struct km_transform_values {
    struct km_fit *fit;
    const double *values; /* n >= 1 finite numbers */
    int64_t n;
    const km_moments *moments; /* of the values */
} km_transform_values;

/* Both directions get the fitted column, for transforms that have parameters in it. */
typedef struct km_transform {
    km_named named;
    int keeps;   /* forward and inverse change nothing */
    int n_knots; /* quantiles that it needs at most; 0: none */
    /* Sets the parameters in out; NULL: there are none. May use fit->transformed. */
    kmseg_status (*fit)(const km_transform_values *from, kmseg_prepare_column *out);
    double (*forward)(const kmseg_prepare_column *column, double x);
    double (*inverse)(const kmseg_prepare_column *column, double y);
} km_transform;

extern const km_registry km_transforms;

/* The row of that name, or NULL. */
const km_transform *km_transform_find(const char *name);

/* Transforms n values into fit->transformed, with their moments. */
kmseg_status km_transform_all(struct km_fit *fit, const km_transform *transform,
                              const double *values, int64_t n, const kmseg_prepare_column *column,
                              km_moments *out);

/* transform_power.c */
kmseg_status km_yeo_johnson_fit(const km_transform_values *from, kmseg_prepare_column *out);
double km_yeo_johnson(const kmseg_prepare_column *column, double x);
double km_yeo_johnson_inverse(const kmseg_prepare_column *column, double y);

/* transform_quantile.c */
enum { KM_QUANTILE_KNOTS = 257 };
kmseg_status km_quantile_fit(const km_transform_values *from, kmseg_prepare_column *out);
double km_quantile_uniform(const kmseg_prepare_column *column, double x);
double km_quantile_uniform_inverse(const kmseg_prepare_column *column, double p);
double km_quantile_normal(const kmseg_prepare_column *column, double x);
double km_quantile_normal_inverse(const kmseg_prepare_column *column, double z);

#endif
