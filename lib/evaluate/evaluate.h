/* What the indices share. */
#ifndef KM_EVALUATE_EVALUATE_H
#define KM_EVALUATE_EVALUATE_H

#include "base/registry.h"
#include "data/tiles.h"

#include <kmseg/evaluate.h>

/* Row of the registry "metrics"; NULL behind the last. */
const km_named *km_metric_at(int32_t i);

/* KMSEG_E_ARGUMENT for the first label outside [0, n_clusters). */
kmseg_status km_labels_check(kmseg_context *ctx, const int32_t *labels, int64_t n_samples,
                             int32_t n_clusters);

/* Clusters of a labelling. */
typedef struct km_clusters {
    int32_t n_clusters;
    int32_t n_nonempty; /* with at least one sample */
    int32_t n_weighted; /* with a sample of positive weight */
    int64_t *sizes;     /* n_clusters numbers of samples */
    double *weights;    /* n_clusters sums of weights */
    double *means;      /* n_clusters x n_features weighted means; the mean of all samples where a
                            cluster has no weight */
} km_clusters;

/* Checks labels and measures their clusters, exactly; all memory from arena. */
kmseg_status km_clusters_measure(kmseg_context *ctx, const kmseg_tiles *tiles,
                                 const int32_t *labels, int32_t n_clusters, km_arena *arena,
                                 km_clusters *out);

/* Labels of the samples and the clusters that they make. */
typedef struct km_labelling {
    const int32_t *labels; /* n_samples */
    km_clusters clusters;
} km_labelling;

kmseg_status km_labelling_measure(kmseg_context *ctx, const kmseg_tiles *tiles,
                                  const int32_t *labels, int32_t n_clusters, km_arena *arena,
                                  km_labelling *out);

/* KMSEG_E_DATA unless n, the clusters that count for the index, is at least two. */
kmseg_status km_clusters_need_two(kmseg_context *ctx, int32_t n, const char *index);

/* Rows that stand for all others when silhouettes are computed on a sample of many rows. */
typedef struct km_references {
    int64_t n;
    int32_t
        n_groups; /* equal parts, for the error that comes of them; 1: the rows are all there are */
    const int64_t *rows;                 /* n */
    const struct km_reference_use *uses; /* n_labellings */
} km_references;

typedef struct km_reference_use {
    int32_t *slots;  /* n: the cluster that a row stands for; n_clusters: none */
    int64_t *counts; /* n_groups x n_clusters: rows that stand for a cluster */
} km_reference_use;

/* With more rows than that, samples are compared with so many, or with as many as there are samples. */
#define KM_MOST_REFERENCES 20000

/* first, the first n of rows in the order of their numbers (see km_draw_rows()), and beyond them as many of
 * each small cluster as it takes to have KM_LEAST_REFERENCES of it, or all its rows. */
#define KM_LEAST_REFERENCES 64
kmseg_status km_references_choose(kmseg_context *ctx, const kmseg_tiles *tiles,
                                  const km_labelling *labellings, int32_t n_labellings,
                                  uint64_t seed, const int64_t *first, int64_t n, km_arena *arena,
                                  km_references *out);

/* What follows needs labellings of two clusters at least: with samples for the silhouettes, of positive
 * weight for the dispersions. */

/* Mean silhouette and standard error of n_labellings labellings, on n_sampled samples drawn by seed;
 * out_samples NULL or n_labellings x n_sampled. */
kmseg_status km_silhouettes(kmseg_context *ctx, const kmseg_tiles *tiles,
                            const km_labelling *labellings, int32_t n_labellings, int64_t n_sampled,
                            uint64_t seed, km_arena *arena, double *out_mean, double *out_error,
                            double *out_samples);

/* How far samples lie from the means of their clusters. */
typedef struct km_spreads {
    double *distances; /* n_clusters weighted means; 0 of a cluster without weight */
    double within;     /* weighted sum of squares */
} km_spreads;

/* Simplified silhouettes measure all distances to means, so the spreads come with them, where
 * out_spreads is not NULL: in memory from arena. out_samples NULL or n_samples. */
kmseg_status km_silhouette_simplified(kmseg_context *ctx, const kmseg_tiles *tiles,
                                      const km_labelling *labelling, km_arena *arena,
                                      double *out_mean, double *out_samples,
                                      km_spreads *out_spreads);

/* The mean distances from sums of parts of KM_SPREAD_ROWS rows, n_parts x n_clusters. */
void km_spreads_conclude(const km_clusters *clusters, const double *sums, int64_t n_parts,
                         km_spreads *out);

double km_calinski_harabasz(const kmseg_tiles *tiles, const km_clusters *clusters, double within);
double km_davies_bouldin(const kmseg_tiles *tiles, const km_clusters *clusters,
                         const double *distances);

/* All indices of labellings whose clusters are known: clusters[l] as km_clusters_measure() has them, or
 * with n_clusters 0 where they are to be measured; NULL: all are. */
kmseg_status km_evaluate(kmseg_context *ctx, const kmseg_tiles *tiles,
                         const kmseg_labelling *labellings, const km_clusters *clusters,
                         int32_t n_labellings, int64_t n_sampled, uint64_t seed,
                         kmseg_indices *out);

#endif
