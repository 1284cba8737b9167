/* How good a clustering is: validity indices, and agreement between two clusterings. */
#ifndef KMSEG_EVALUATE_H
#define KMSEG_EVALUATE_H

#include <kmseg/tiles.h>

KMSEG_BEGIN_DECLS

/**
 * Mean silhouette of a clustering, from -1 to 1; higher is better.
 *
 * tiles        n_samples x n_features, borrowed
 * labels       n_samples values in [0, n_clusters)
 * out_mean     one number
 * out_samples  n_samples numbers, or NULL
 *
 * A sample alone in its cluster counts as 0. Cost O(n_samples² n_features).
 * KMSEG_E_DATA when fewer than two clusters have samples.
 * Source: Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7.
 */
KMSEG_API kmseg_status kmseg_silhouette(kmseg_context *ctx, const kmseg_tiles *tiles,
                                        const int32_t *labels, int32_t n_clusters, double *out_mean,
                                        double *out_samples);

/**
 * Silhouette of n_sampled samples drawn without replacement by seed. out_mean is their mean,
 * out_standard_error its standard error (NULL: not wanted). With n_sampled >= n_samples it is the exact
 * silhouette.
 *
 * Each is compared with all samples, or, of more than 20,000, with the R = max(20,000, n_sampled) that
 * were drawn first, the n_sampled among them: mean distances to clusters are means over these, without
 * bias, and a cluster with fewer than 64 there is joined by others of its samples until it has 64 or all.
 * The standard error is that of both drawings: s / sqrt(n_sampled) of the silhouettes, with the finite
 * population correction, and a jackknife over eight groups of the R.
 *
 * Which samples are drawn depends on the seed and on what samples hold, not on their order.
 * Cost O(n_sampled min(n_samples, R) n_features + n_samples n_features).
 */
KMSEG_API kmseg_status kmseg_silhouette_sampled(kmseg_context *ctx, const kmseg_tiles *tiles,
                                                const int32_t *labels, int32_t n_clusters,
                                                int64_t n_sampled, uint64_t seed, double *out_mean,
                                                double *out_standard_error);

/**
 * Silhouette with distances to centroids (the means of the clusters) in place of mean distances
 * to samples: a is the distance to the own centroid, b to the nearest other one.
 * Cost O(n_samples n_clusters n_features).
 * Source: Hruschka et al. 2006, doi:10.1016/j.ins.2005.07.015.
 */
KMSEG_API kmseg_status kmseg_silhouette_simplified(kmseg_context *ctx, const kmseg_tiles *tiles,
                                                   const int32_t *labels, int32_t n_clusters,
                                                   double *out_mean, double *out_samples);

/**
 * Ratio of between- to within-cluster dispersion, each by its degrees of freedom; higher is
 * better. Clusters without weight do not count. Infinity when every sample sits on its mean. A whole
 * weight counts as so many samples; of other weights only the ratios matter.
 * Cost O(n_samples n_features). Source: Calinski & Harabasz 1974, doi:10.1080/03610927408827101.
 */
KMSEG_API kmseg_status kmseg_calinski_harabasz(kmseg_context *ctx, const kmseg_tiles *tiles,
                                               const int32_t *labels, int32_t n_clusters,
                                               double *out);

/**
 * Mean over clusters of the worst ratio of spreads to centroid distance; lower is better.
 * Clusters without weight do not count. Infinity when two clusters share a mean, but not one point.
 * Cost O(n_samples n_features + n_clusters² n_features).
 * Source: Davies & Bouldin 1979, doi:10.1109/TPAMI.1979.4766909.
 */
KMSEG_API kmseg_status kmseg_davies_bouldin(kmseg_context *ctx, const kmseg_tiles *tiles,
                                            const int32_t *labels, int32_t n_clusters, double *out);

/**
 * Weighted sum of squared distances of the samples to the given centroids of their labels.
 * centroids is n_clusters x n_features. Float64, the same bits for any number of threads.
 */
KMSEG_API kmseg_status kmseg_inertia(kmseg_context *ctx, const kmseg_tiles *tiles,
                                     const int32_t *labels, const double *centroids,
                                     int32_t n_clusters, double *out);

/** Labels of samples: n_samples values in [0, n_clusters), borrowed. */
typedef struct kmseg_labelling {
    const int32_t *labels;
    int32_t n_clusters;
} kmseg_labelling;

/** Each as the function of its name gives it; NaN where it is not defined, as for one cluster. */
typedef struct kmseg_indices {
    double silhouette;
    double silhouette_error; /* standard error; 0 when computed on all samples */
    double silhouette_simplified;
    double calinski_harabasz;
    double davies_bouldin;
} kmseg_indices;

/**
 * All indices of several labellings of the same samples, n_labellings of them to out. Distances
 * between samples are found once for all labellings, so that many cost little more than one.
 * n_sampled and seed are those of kmseg_silhouette_sampled().
 */
KMSEG_API kmseg_status kmseg_evaluate(kmseg_context *ctx, const kmseg_tiles *tiles,
                                      const kmseg_labelling *labellings, int32_t n_labellings,
                                      int64_t n_sampled, uint64_t seed, kmseg_indices *out);

/**
 * Agreement of two labellings of the same n_samples samples, corrected for chance: 1 the same
 * partition, about 0 unrelated. Labels are any integers >= 0.
 * Source: Hubert & Arabie 1985, doi:10.1007/BF01908075.
 */
KMSEG_API kmseg_status kmseg_adjusted_rand(kmseg_context *ctx, int64_t n_samples, const int32_t *a,
                                           const int32_t *b, double *out);

KMSEG_END_DECLS

#endif
