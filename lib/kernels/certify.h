/* When is the nearest centroid that an inexact kernel found certain?
 *
 * For a sample x let t = s (x - m), with the tiles' centre m and scale s; for a centroid c let
 * q = s (c - m), K = |q|; let N >= |t| for every sample of the tile. The exact score
 *
 *     S(c) = |q|^2 / 2 - t . q  =  (|t - q|^2 - |t|^2) / 2
 *
 * orders centroids by distance. A kernel computes S'(c) in arithmetic of unit roundoff u from a
 * rounded tile, a rounded centroid and a rounded |q|^2 / 2:
 *
 *   - d multiply-subtracts in any order, fused or not, lose at most (d + 1) u (K^2/2 + N K), up to
 *     terms in u^2 (Higham 2002, ch. 3; |t| . |q| <= N K by Cauchy and Schwarz);
 *   - rounding t and q loses 2 u N K; rounding K^2/2, itself summed in float64, loses
 *     (d + 3) u K^2/2 when u is that of float64, else less;
 *   - underflow loses at most 2^-120 per operation, flushed or not (values are scaled to at most 1).
 *
 * The label that stands is the one that float64 gives from the canonical values, D(c) = sum over j of
 * (x_j - c_j)^2 in that order. In units of the score D is off by (d + 3) 2^-53 (K + N)^2 / 2, and by
 * (d + 1) s^2 2^-1073 where squares underflow. With g = (2 d + 8) u, generous enough for the terms in
 * u^2, the sum of all is
 *
 *     E(K) = g (K^2/2 + N K) + (d + 3) 2^-53 (K + N)^2 / 2 + underflow.
 *
 * Were all K alike, a margin of 2 E would settle the row. One far centroid must not make every other
 * decision doubtful, though: where K > 4 N, S(c) >= K^2/2 - N K >= K^2/4 > 0, so E(K) <= 7 g S(c),
 * relative to the score itself. So with K' = min(largest K, 4 N) a row is certain when
 *
 *     second' - best' > 2 E(K') + 16 g max(second', 0),
 *
 * the last term being needed only when some K > 4 N. Centroids beyond 2^40 in scaled units, where
 * float32 could overflow, settle nothing, nor do so many features that g is no small number (2^18 in
 * float32): every row is decided in float64. */
#ifndef KM_KERNELS_CERTIFY_H
#define KM_KERNELS_CERTIFY_H

#include <math.h>
#include <stdint.h>

typedef struct km_certificate {
    double unit;       /* g */
    double exact_unit; /* (d + 3) 2^-53 / 2 */
    double underflow;
    double largest; /* K of the farthest centroid, rounded up; infinity settles nothing */
    double slope;   /* 16 g, applied when some centroid is far from some tile */
} km_certificate;

/* roundoff is 2^-24 for float32 kernels, 2^-53 for float64 ones; scale is the tiles'. */
static inline km_certificate km_certificate_new(int32_t n_features, double roundoff, double scale,
                                                double largest_norm) {
    double d = n_features;
    km_certificate certificate;
    certificate.unit = (2 * d + 8) * roundoff;
    certificate.exact_unit = (d + 3) * 0x1p-54;
    certificate.underflow = (d + 4) * 0x1p-120 + (d + 1) * (scale * scale) * 0x1p-1073;
    int sound = largest_norm <= 0x1p40 && certificate.unit < 0x1p-5;
    certificate.largest = sound ? largest_norm * (1 + 1e-6) : INFINITY;
    certificate.slope = 16 * certificate.unit;
    return certificate;
}

/* What the margin of a row of a tile of norm N must exceed; infinity: nothing is certain. */
static inline double km_certificate_limit(const km_certificate *certificate, double norm) {
    if (isinf(certificate->largest) || isinf(certificate->underflow)) {
        return INFINITY;
    }
    double k = certificate->largest < 4 * norm ? certificate->largest : 4 * norm;
    double error = certificate->unit * (k * k / 2 + norm * k) +
                   certificate->exact_unit * (k + norm) * (k + norm) + certificate->underflow;
    return 2 * error;
}

#endif
