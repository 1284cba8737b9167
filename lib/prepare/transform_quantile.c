/* Numbers by their place among those of the fit: a share from 0 to 1, or the standard normal
 * number that has this share below it. The stored quantiles (type 7) are joined by straight
 * lines; a value that several of them equal gets the middle of their shares. */
#include "data/quantile.h"
#include "prepare/fit.h"
#include "prepare/transform.h"

#include <math.h>
#include <string.h>

/* Where knot i of n_knots lies among n ordered values. */
static double knot_position(int32_t i, int32_t n_knots, int64_t n) {
    return (double)i * (double)(n - 1) / (n_knots - 1);
}

typedef struct placing {
    double *values;
    int64_t n;
    int32_t n_knots;
} placing;

/* Puts the order statistics below knots a <= i < b in their places, halving the knots, so that each
 * value is looked at once per halving. All of these lie in values[first..end). */
static void place(const placing *p, int32_t a, int32_t b, int64_t first, int64_t end) {
    if (a >= b) {
        return;
    }
    int32_t middle = a + (b - a) / 2;
    int64_t k = (int64_t)floor(knot_position(middle, p->n_knots, p->n));
    km_select(p->values + first, end - first, k - first);
    place(p, a, middle, first, k);
    place(p, middle + 1, b, k + 1, end);
}

/* n_knots is at most n, so that no two knots have the same order statistic below them. */
static void fill_knots(double *values, int64_t n, double *knots, int32_t n_knots) {
    place(&(placing){values, n, n_knots}, 0, n_knots, 0, n);
    for (int32_t i = 0; i < n_knots; i++) {
        double position = knot_position(i, n_knots, n);
        int64_t k = (int64_t)floor(position);
        double part = position - (double)k;
        knots[i] = values[k] + 0.0;
        if (part > 0) {
            int64_t next = (int64_t)floor(knot_position(i + 1, n_knots, n));
            double above = values[k + 1];
            for (int64_t r = k + 2; r <= next; r++) {
                above = values[r] < above ? values[r] : above;
            }
            knots[i] = fmin(knots[i] * (1 - part) + above * part, above);
        }
    }
}

kmseg_status km_quantile_fit(const km_transform_values *from, kmseg_prepare_column *out) {
    km_fit *fit = from->fit;
    int32_t n_knots = from->n < KM_QUANTILE_KNOTS ? (int32_t)from->n : KM_QUANTILE_KNOTS;
    double *knots = km_arena_array(fit->arena, n_knots, sizeof *knots);
    if (knots == NULL) {
        return km_fail_memory(fit->ctx, "the quantiles of a column");
    }
    memcpy(fit->transformed, from->values, (size_t)from->n * sizeof *from->values);
    fill_knots(fit->transformed, from->n, knots, n_knots);
    out->knots = knots;
    out->n_knots = n_knots;
    return KMSEG_OK;
}

/* The first knot that is not below x. */
static int32_t first_not_below(const kmseg_prepare_column *column, double x) {
    int32_t low = 0, high = column->n_knots;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (column->knots[middle] < x) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

double km_quantile_uniform(const kmseg_prepare_column *column, double x) {
    int32_t n = column->n_knots;
    if (n < 2) {
        return x;
    }
    int32_t first = first_not_below(column, x);
    if (first == n) {
        return 1;
    }
    if (column->knots[first] > x) {
        if (first == 0) {
            return 0;
        }
        double below = column->knots[first - 1];
        double part = (x / 2 - below / 2) / (column->knots[first] / 2 - below / 2);
        return (first - 1 + part) / (n - 1);
    }
    int32_t last = first_not_below(column, nextafter(x, INFINITY)) - 1;
    return (first + last) / 2.0 / (n - 1);
}

double km_quantile_uniform_inverse(const kmseg_prepare_column *column, double p) {
    int32_t n = column->n_knots;
    if (n < 2) {
        return p;
    }
    double position = fmin(fmax(p, 0), 1) * (n - 1);
    int32_t i = (int32_t)fmin(floor(position), n - 2);
    double part = position - i;
    return column->knots[i] * (1 - part) + column->knots[i + 1] * part;
}

static double normal_below(double z) { return erfc(-z * sqrt(0.5)) / 2; }

/* The number with that share of a standard normal distribution below it: a first guess to three
 * digits (Abramowitz and Stegun 26.2.23), then Halley's steps, each of which triples the digits. */
static double normal_quantile(double p) {
    double tail = p < 0.5 ? p : 1 - p;
    double t = sqrt(-2 * log(tail));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    z = -z;
    for (int step = 0; step < 3; step++) {
        double error = (normal_below(z) - tail) * sqrt(2 * M_PI) * exp(z * z / 2);
        z -= error / (1 + z * error / 2);
    }
    return p < 0.5 ? z : -z;
}

/* The ends lie half a step inside, where a number is still finite. */
double km_quantile_normal(const kmseg_prepare_column *column, double x) {
    if (column->n_knots < 2) {
        return x;
    }
    double edge = 0.5 / (column->n_knots - 1);
    return normal_quantile(fmin(fmax(km_quantile_uniform(column, x), edge), 1 - edge));
}

double km_quantile_normal_inverse(const kmseg_prepare_column *column, double z) {
    return column->n_knots < 2 ? z : km_quantile_uniform_inverse(column, normal_below(z));
}
