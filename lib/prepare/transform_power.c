/* The power transform of Yeo and Johnson 2000 (Biometrika 87, 954-959), with lambda of maximum
 * likelihood.
 *
 * For x >= 0 it is ((1 + x)^lambda - 1) / lambda, for x < 0 it is -((1 - x)^(2 - lambda) - 1) /
 * (2 - lambda), and the logarithm where an exponent is 0; expm1 and log1p keep its digits there.
 * With s the deviation of the transformed values the log-likelihood of n of them is, but for a
 * constant,
 *
 *     -n log s + (lambda - 1) sum sign(x) log(1 + |x|)
 *
 * Where powers overflow, or bring all values so close that s is only rounding, a lambda is out of
 * the question. The best of a coarse grid is refined by golden sections, which needs no
 * derivative and stays between its neighbours. */
#include "prepare/fit.h"
#include "prepare/transform.h"

#include <math.h>

enum { LOWEST = -5, HIGHEST = 7 }; /* lambdas that are looked at */

/* How far apart lambdas are told: a millionth of it moves no customer. */
static const double tolerance = 1e-6;

static double power(double log1p_x, double exponent) {
    return exponent == 0 ? log1p_x : expm1(exponent * log1p_x) / exponent;
}

/* A y beyond what any x gives is taken for the last that some x does. */
static double root(double y, double exponent) {
    double inside = fmax(exponent * y, -1 + 1e-15);
    return expm1(exponent == 0 ? y : log1p(inside) / exponent);
}

double km_yeo_johnson(const kmseg_prepare_column *column, double x) {
    return x >= 0 ? power(log1p(x), column->parameter) : -power(log1p(-x), 2 - column->parameter);
}

double km_yeo_johnson_inverse(const kmseg_prepare_column *column, double y) {
    return y >= 0 ? root(y, column->parameter) : -root(-y, 2 - column->parameter);
}

typedef struct search {
    const km_transform_values *from;
    const km_transform *transform;
    double mean_log; /* of sign(x) log(1 + |x|) */
} search;

/* *out is the log-likelihood of lambda by value, -INFINITY where it is out of the question. */
static kmseg_status likelihood(const search *s, double lambda, double *out) {
    kmseg_prepare_column column = {.parameter = lambda};
    const km_moments *raw = s->from->moments;
    *out = -INFINITY;
    double low = km_yeo_johnson(&column, raw->minimum);
    double high = km_yeo_johnson(&column, raw->maximum);
    if (!isfinite(low) || !isfinite(high)) {
        return KMSEG_OK;
    }
    km_moments moments;
    KM_TRY(km_transform_all(s->from->fit, s->transform, s->from->values, s->from->n, &column,
                            &moments));
    if (moments.deviation > 1e-9 * fmax(fabs(low), fabs(high)) && isfinite(moments.deviation)) {
        *out = -log(moments.deviation) + (lambda - 1) * s->mean_log;
    }
    return KMSEG_OK;
}

static kmseg_status refine(const search *s, double low, double high, double *out) {
    const double section = (sqrt(5) - 1) / 2;
    double a = high - section * (high - low), b = low + section * (high - low);
    double at_a, at_b;
    KM_TRY(likelihood(s, a, &at_a));
    KM_TRY(likelihood(s, b, &at_b));
    while (high - low > tolerance) {
        if (at_a >= at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - section * (high - low);
            KM_TRY(likelihood(s, a, &at_a));
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + section * (high - low);
            KM_TRY(likelihood(s, b, &at_b));
        }
    }
    *out = (low + high) / 2;
    return KMSEG_OK;
}

kmseg_status km_yeo_johnson_fit(const km_transform_values *from, kmseg_prepare_column *out) {
    search s = {.from = from, .transform = km_transform_find("yeo-johnson")};
    km_moments logs;
    KM_TRY(
        km_transform_all(from->fit, km_transform_find("log1p"), from->values, from->n, out, &logs));
    s.mean_log = logs.mean;
    double best = -INFINITY, at = 1;
    for (int lambda = LOWEST; lambda <= HIGHEST; lambda++) {
        double value;
        KM_TRY(likelihood(&s, lambda, &value));
        if (value > best) {
            best = value;
            at = lambda;
        }
    }
    out->parameter = 1; /* as it is, where no power will do */
    if (best > -INFINITY) {
        KM_TRY(refine(&s, at - 1, at + 1, &out->parameter));
    }
    return KMSEG_OK;
}
