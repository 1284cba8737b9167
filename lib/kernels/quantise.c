#include "kernels/quantise.h"

#include "kernels/planes.h"

#include <math.h>
#include <string.h>

/* Up to so many centroids, distances between them are looked at pair by pair. */
enum { FEW = 64 };

/* Parts of scores that are kept free at both ends. */
static const double ROOM = 64;

/* The largest number that is 256 high + low, both from -128 to 127. */
static const double MOST = 256 * 127 + 127;

/* Norm of a centroid that is left out. */
static const double OUT = -1;

int64_t km_quantise_scratch(int32_t n_clusters, int32_t n_features) {
    int64_t stride = km_sum_stride(n_clusters);
    int64_t few = ((int64_t)n_clusters + stride) * n_features + stride;
    return n_clusters <= FEW ? few : n_features;
}

static double norm_of(const double *v, int32_t n) {
    double square = 0;
    for (int32_t j = 0; j < n; j++) {
        square += v[j] * v[j];
    }
    return sqrt(square) * (1 + (n + 4) * 0x1p-52);
}

/* What underflowing squares of canonical values take from a difference of two T. */
static double underflow_of(const km_quantise *in) {
    return (in->n_features + 4) * (in->scale * in->scale) * 0x1p-1073;
}

/* Norms of the centroids, OUT for those that can never be nearest; returns how many are left. */
static int32_t leave_out_far(const km_quantise *in) {
    double least = INFINITY;
    for (int32_t c = 0; c < in->n_clusters; c++) {
        in->norms[c] = norm_of(in->centroids + (int64_t)c * in->n_features, in->n_features);
        least = in->norms[c] < least ? in->norms[c] : least;
    }
    double reach = (2 * in->norm + least) * (1 + (in->n_features + 16) * 0x1p-50) + 1e-3;
    int32_t left = 0;
    for (int32_t c = 0; c < in->n_clusters; c++) {
        int far = in->norms[c] > reach && underflow_of(in) < 0x1p-40;
        in->norms[c] = far ? OUT : in->norms[c];
        left += !far;
    }
    return left;
}

/* The largest unit for which everything fits, and the bias; 0 where there is none. */
static double choose_unit(const km_quantise *in, km_quantised *out) {
    double low = INFINITY, high = -INFINITY, largest = 0;
    out->farthest = 0;
    for (int32_t c = 0; c < in->n_clusters; c++) {
        double norm = in->norms[c];
        if (norm == OUT) {
            continue;
        }
        for (int32_t j = 0; j < in->n_features; j++) {
            largest = fmax(largest, fabs(in->centroids[(int64_t)c * in->n_features + j]));
        }
        low = fmin(low, norm * norm / 2 - norm * in->norm);
        high = fmax(high, norm * norm / 2 + norm * in->norm);
        out->farthest = fmax(out->farthest, norm);
    }
    double lost = in->norm * sqrt(in->n_features) / 2 + ROOM;
    double range = (double)KM_WORST_SCORE - KM_LEAST_SCORE - 2 * lost;
    if (!(out->farthest < 0x1p80) || !(range > 0)) {
        return 0;
    }
    double unit = fmin(0x1p80, MOST / largest); /* infinity where all are the centre */
    if (high > low) {
        unit = fmin(unit, range / (high - low) * (1 - 0x1p-40));
    }
    out->bias = KM_LEAST_SCORE + ceil(lost) - floor(unit * low);
    return unit * high < 0x1p48 ? unit : 0; /* beyond, h is no exact number */
}

static double rounded_away(double value, double unit) { return rint(value * unit) - value * unit; }

/* Largest squared distance of two of these points that are not left out: by columns, so that lanes are
 * points. scratch: what km_quantise_scratch() says, less the points. */
static double largest_square(const km_quantise *in, const double *points, double *scratch) {
    int64_t d = in->n_features, stride = km_sum_stride(in->n_clusters);
    double *columns = scratch, *squares = scratch + stride * d, largest = 0;
    for (int64_t c = 0; c < in->n_clusters; c++) {
        for (int64_t j = 0; j < d; j++) {
            columns[j * stride + c] = points[c * d + j];
        }
    }
    for (int64_t a = 0; a < in->n_clusters; a++) {
        if (in->norms[a] == OUT) {
            continue;
        }
        in->kernels->row_distances(points + a * d, in->n_features, columns, stride, squares);
        for (int64_t b = 0; b < a; b++) {
            largest = in->norms[b] != OUT && squares[b] > largest ? squares[b] : largest;
        }
    }
    return largest;
}

/* Largest distance of two centroids, and of what rounding takes from them, pair by pair. */
static void measure_pairs(const km_quantise *in, km_quantised *out) {
    int64_t n = (int64_t)in->n_clusters * in->n_features;
    double *lost = in->scratch, *scratch = in->scratch + n;
    for (int64_t i = 0; i < n; i++) {
        lost[i] = rounded_away(in->centroids[i], out->unit);
    }
    out->apart = sqrt(largest_square(in, in->centroids, scratch)) * out->unit;
    out->rounding = sqrt(largest_square(in, lost, scratch));
}

/* The same for many: twice the largest distance from their mean. */
static void measure_from_mean(const km_quantise *in, int32_t left, km_quantised *out) {
    int32_t d = in->n_features;
    double *middle = in->scratch;
    memset(middle, 0, (size_t)d * sizeof *middle);
    for (int32_t c = 0; c < in->n_clusters; c++) {
        for (int32_t j = 0; in->norms[c] != OUT && j < d; j++) {
            middle[j] += in->centroids[(int64_t)c * d + j] / left;
        }
    }
    double apart = 0, rounding = 0;
    for (int32_t c = 0; c < in->n_clusters; c++) {
        double away = 0, lost = 0;
        for (int32_t j = 0; in->norms[c] != OUT && j < d; j++) {
            double value = in->centroids[(int64_t)c * d + j];
            double rest = rounded_away(value, out->unit);
            away += (value - middle[j]) * (value - middle[j]);
            lost += rest * rest;
        }
        apart = fmax(apart, away);
        rounding = fmax(rounding, lost);
    }
    out->apart = 2 * sqrt(apart) * out->unit;
    out->rounding = 2 * sqrt(rounding);
}

/* -p, two features to a number, as the kernels read them; and h. */
static void pack(const km_quantise *in, km_quantised *out) {
    int32_t k = in->n_clusters, d = in->n_features, n_pairs = km_pairs(d);
    int64_t at = 0;
    for (int32_t c = 0; c < k; c += in->group) {
        int32_t width = k - c < in->group ? k - c : in->group;
        for (int32_t p = 0; p < n_pairs; p++) {
            for (int32_t m = 0; m < width; m++, at++) {
                const double *b = in->centroids + (int64_t)(c + m) * d + (ptrdiff_t)2 * p;
                double unit = in->norms[c + m] == OUT ? 0 : -out->unit;
                int32_t low = (int32_t)rint(b[0] * unit);
                int32_t high = 2 * p + 1 < d ? (int32_t)rint(b[1] * unit) : 0;
                uint32_t bits = ((uint32_t)low & 0xffff) | (uint32_t)high << 16;
                memcpy(&out->pairs[at], &bits, sizeof bits);
            }
        }
    }
    for (int32_t c = 0; c < k; c++) {
        double norm = in->norms[c];
        double half = out->bias + rint(out->unit * (norm * norm / 2));
        out->half_norms[c] = norm == OUT ? KM_WORST_SCORE : (int32_t)half;
    }
}

/* Same score for all rows: `score` where a centroid is left, the worst where not. */
static void say_nothing(const km_quantise *in, km_quantised *out, int32_t score, double rest) {
    for (int32_t c = 0; c < in->n_clusters; c++) {
        out->half_norms[c] = in->norms[c] == OUT ? KM_WORST_SCORE : score;
    }
    size_t n = (size_t)in->n_clusters * (size_t)km_pairs(in->n_features);
    memset(out->pairs, 0, n * sizeof *out->pairs);
    out->unit = out->bias = out->rounding = out->apart = out->farthest = out->exact = 0;
    out->rest = rest;
}

static void quantise(const km_quantise *in, km_quantised *out) {
    int32_t left = leave_out_far(in);
    if (left == 1) {
        say_nothing(in, out, KM_LEAST_SCORE, 0);
        return;
    }
    out->unit = choose_unit(in, out);
    if (!(out->unit > 0)) {
        say_nothing(in, out, KM_WORST_SCORE, INFINITY);
        return;
    }
    pack(in, out);
    if (in->n_clusters <= FEW) {
        measure_pairs(in, out);
    } else {
        measure_from_mean(in, left, out);
    }
    out->exact = out->unit * (8 * in->n_features + 64) * 0x1p-53;
    out->rest = 2 + out->unit * underflow_of(in);
}

void km_quantise_centroids(const km_quantise *in, km_quantised *out) {
    out->n_clusters = in->n_clusters;
    out->n_features = in->n_features;
    quantise(in, out);
    if (out->planes != NULL) {
        km_split_centroids(out, in->group, out->planes);
    }
}
