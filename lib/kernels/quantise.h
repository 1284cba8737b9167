/* Centroids for the 16-bit kernels, and when the nearest centroid that these found is certain.
 *
 * In units of the tiles let t = s (x - m) be a sample with the tiles' centre m and scale s, q the
 * integers of its tile, N >= |t| and >= |q|, rho >= |t - q|, and b = s (c - m) a centroid. The exact
 * score
 *
 *     T(c) = |b|^2 / 2 - t . b  =  (|t - b|^2 - |t|^2) / 2
 *
 * orders centroids by distance. With a scale u, the integers p = round(u b), of which rounding takes
 * delta = p - u b, and h = bias + round(u |b|^2 / 2), a kernel computes, exactly,
 *
 *     S(c) = h - q . p  =  bias + u T(c) + eta + u (t - q) . b - q . delta,   |eta| <= 1/2.
 *
 * So the difference of two scores is off by no more than
 *
 *     E = N |delta_a - delta_b| + rho u |b_a - b_b| + 1,
 *
 * where the norms are those of the centroids at hand: of the pairs where these are few, of the
 * farthest from their mean where they are many.
 *
 * The label that stands is the one that float64 gives from the canonical values, D(c) = sum over j of
 * (x_j - c_j)^2 in that order, which is off by (d + 3) 2^-53 of itself, and by (d + 1) s^2 2^-1074
 * where squares underflow. b, p and h are themselves computed in float64: b is within 2^-52 of itself,
 * which costs 2^-52 (K + N)^2 in each T with K >= |b|, h within (d + 6) 2^-52 u K^2, and delta within
 * 2^-53 u K. With all that, a row is certain when its
 *
 *     second best - best > E + u ((8 d + 64) 2^-53 (K + N)^2 + underflow).
 *
 * Scores must fit. u is the largest for which |p_j| <= 127 * 257, so that p_j is two bytes with their
 * signs, and every S(c) of a row inside is between
 * KM_LEAST_SCORE and KM_WORST_SCORE: T(c) is between |b|^2 / 2 - N |b| and |b|^2 / 2 + N |b|, and
 * |q . delta| <= N sqrt(d) / 2. (Sums on the way may wrap; only the result must fit.)
 *
 * One far centroid would make u small and every decision doubtful. But a centroid with |b| > 2 N + |b'|
 * for another one, b', is never nearest, as |t - b| >= |b| - N > N + |b'| >= |t - b'|; with a margin for
 * the roundings above, float64 agrees. Such a centroid is left out: its p is 0 and its score is
 * KM_WORST_SCORE, above all others. When only one is left, it is the nearest of all rows inside. */
#ifndef KM_KERNELS_QUANTISE_H
#define KM_KERNELS_QUANTISE_H

#include "kernels/kernels.h"

typedef struct km_quantised {
    int32_t n_clusters, n_features;
    int32_t *pairs;      /* packed -p for km_assign_i16: n_clusters x km_pairs(n_features) */
    int32_t *half_norms; /* n_clusters: h */
    int8_t *planes;      /* pairs and half_norms as in planes.h, or NULL */
    double unit;         /* u: scores are bias + unit * T; 0: they say nothing */
    double bias;
    double rounding; /* largest |delta_a - delta_b| */
    double apart;    /* u times the largest |b_a - b_b| */
    double farthest; /* K of those not left out */
    double exact;    /* u (8 d + 64) 2^-53 */
    double rest;     /* what does not depend on the tile; infinity: nothing is certain */
} km_quantised;

/* What quantising is asked. */
typedef struct km_quantise {
    const double
        *centroids; /* n_clusters x n_features: (c - centre) * scale, computed in float64 */
    int32_t n_clusters, n_features;
    double scale;  /* of the tiles */
    double norm;   /* N of all tiles */
    int32_t group; /* of the kernels: km_kernels.group_i16 */
    const km_kernels *kernels;
    double *norms;   /* scratch: n_clusters */
    double *scratch; /* km_quantise_scratch() */
} km_quantise;

/* Doubles of scratch, zeros at first. */
int64_t km_quantise_scratch(int32_t n_clusters, int32_t n_features);

/* pairs, half_norms and planes of out are the caller's memory. */
void km_quantise_centroids(const km_quantise *in, km_quantised *out);

/* Margin that the rows of a tile of that norm and residual (rho) need; INT32_MAX: none is certain.
 * Asked for every tile in every pass, so without a call. */
static inline int32_t km_quantised_limit(const km_quantised *quantised, double norm,
                                         double residual) {
    double reach = norm + quantised->farthest;
    double limit = norm * quantised->rounding + residual * quantised->apart +
                   quantised->exact * reach * reach + quantised->rest;
    limit = limit * (1 + 0x1p-20) + 1; /* the next whole number, or the one behind */
    return (int32_t)(limit < INT32_MAX ? limit : INT32_MAX);
}

#endif
