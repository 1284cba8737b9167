/* k-means: fit, predict, and the model they share. */
#ifndef KMSEG_CLUSTER_H
#define KMSEG_CLUSTER_H

#include <kmseg/option.h>
#include <kmseg/tiles.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_fit_options {
    size_t struct_size;
    int32_t n_clusters;    /* k >= 1 */
    int32_t n_init;        /* restarts; the one with the lowest inertia is kept */
    int32_t max_iter;      /* iterations of one restart at most */
    double tol;            /* stop when the squared shift of all centroids together is at
                                       most tol times the mean variance of the features */
    uint64_t seed;         /* of all random numbers */
    const char *init;      /* "k-means++", "random" or "given" */
    const char *algorithm; /* "auto", "lloyd", "hamerly", or "minibatch", which is not exact */
    const double
        *init_centroids; /* n_clusters x n_features for init "given", borrowed; else NULL */
    int32_t batch_size;  /* samples in a batch of the algorithm "minibatch" */
    int32_t
        coreset_size; /* of at least 8 times as many samples, about so many that stand for all are
                             clustered first, each restart beginning on all samples where it ended
                             there, and a restart that falls behind another one is given up; equal
                             samples are clustered as one with the sum of their weights, where those
                             that differ are few; 0: every restart begins and ends on all samples,
                             each by itself */
} kmseg_fit_options;

/** Name, bounds, default and help of every fit option (init_centroids has no row). */
KMSEG_API const kmseg_option_table *kmseg_fit_option_table(void);

KMSEG_API void kmseg_fit_options_init(kmseg_fit_options *options);

typedef enum kmseg_stop_reason {
    KMSEG_STOP_LABELS = 1,    /* no label changed: a local optimum */
    KMSEG_STOP_TOL = 2,       /* the centroids moved less than tol */
    KMSEG_STOP_MAX_ITER = 3,  /* max_iter was reached */
    KMSEG_STOP_CANCELLED = 4, /* kmseg_cancel() was called; the model is the best so far */
    KMSEG_STOP_STALLED = 5    /* minibatch: the inertia of the batches fell no more */
} kmseg_stop_reason;

/** One English clause for a stop reason; never NULL. */
KMSEG_API const char *kmseg_stop_reason_text(kmseg_stop_reason reason);

/** The result of a fit. Every pointer is owned by the model; free it with kmseg_model_free(). */
typedef struct kmseg_model {
    size_t struct_size;
    int32_t n_clusters;
    int32_t n_features;
    int64_t n_samples;
    const double *centroids;       /* n_clusters x n_features, in the units of the samples */
    const int32_t *labels;         /* n_samples values in [0, n_clusters) */
    const double *cluster_weights; /* n_clusters sums of sample weights */
    const int64_t *cluster_sizes;  /* n_clusters numbers of samples */
    double inertia;                /* weighted sum of squared distances to the own centroid */
    int32_t n_iter;                /* of the kept restart */
    int32_t n_nonempty;            /* clusters with at least one sample; fewer than n_clusters when
                                      there are fewer distinct samples */
    int32_t best_init;             /* which restart was kept, from 0 */
    kmseg_stop_reason stop_reason; /* of the kept restart */
    const double *history;         /* n_iter values: inertia of each iteration's labels with their
                                      own means, to 1e-15 of the samples' whole sum of squares */
    int64_t n_rechecked;           /* decisions made again in float64, over all restarts */
    double seconds_init;           /* wall time over all restarts, by phase; of a sweep, an equal
                                      share of it */
    double seconds_iterate;
    double seconds_finish;
    int32_t
        n_coreset; /* samples that stood for all while restarts were begun; 0: they began on all */
    int32_t n_given_up; /* restarts that fell behind and did not come to their end */
    int32_t n_distinct; /* different samples, where equal ones were clustered as one with the sum of
                           their weights; 0: each was clustered by itself */
} kmseg_model;

/**
 * Clusters samples by k-means. The labels are those of Lloyd's algorithm in float64; they and the
 * centroids are the same bytes for any number of threads, any kernels and any tile dtype.
 * The algorithm "minibatch" is not exact: it ends near what Lloyd's finds, all else being true of it
 * too; an iteration of it is as many batches as have n_samples samples, and history has estimates.
 * Samples of weight 0 get a label but never become or move a centroid.
 *
 * Cost O(n_init n_iter n_samples n_clusters n_features).
 * KMSEG_E_ARGUMENT for options out of bounds, KMSEG_E_DATA when n_clusters exceeds the number of
 * samples of positive weight. When cancelled after some restart has come to its end, returns
 * KMSEG_OK with the best of those and stop_reason KMSEG_STOP_CANCELLED, else KMSEG_E_CANCELLED.
 */
KMSEG_API kmseg_status kmseg_fit(kmseg_context *ctx, const kmseg_tiles *tiles,
                                 const kmseg_fit_options *options, kmseg_model **out);

KMSEG_API void kmseg_model_free(kmseg_model *model);

/** The best fit for each of several numbers of clusters. */
typedef struct kmseg_sweep_result {
    size_t struct_size;
    int32_t n_models;
    kmseg_model *const *models; /* by n_clusters, ascending; owned, like all they hold */
} kmseg_sweep_result;

/**
 * Fits every number of clusters from k_min to k_max, options->n_init restarts each, at once: every
 * tile is sent through all of them while it is in the cache. Each model is, to the byte, what
 * kmseg_fit() gives for that number, options->n_clusters aside.
 *
 * Memory: 2 bytes per sample and running restart; they run in batches that take as much as the
 * samples do. KMSEG_E_ARGUMENT unless 1 <= k_min <= k_max, or for init "given"; else as kmseg_fit(). Cancelled
 * before each number of clusters has a restart that came to its end, KMSEG_E_CANCELLED.
 */
KMSEG_API kmseg_status kmseg_sweep(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t k_min,
                                   int32_t k_max, const kmseg_fit_options *options,
                                   kmseg_sweep_result **out);

KMSEG_API void kmseg_sweep_free(kmseg_sweep_result *result);

/**
 * Nearest centroid of each sample, in float64 and by lowest index on ties, exactly as the fit
 * decides.
 *
 * samples              n_samples x n_features, finite
 * centroids            n_clusters x n_features
 * out_labels           n_samples
 * out_distances        n_samples distances to the own centroid, or NULL
 * out_runner_up        n_samples second nearest centroids (-1 when n_clusters is 1), or NULL
 * out_runner_distances n_samples distances to it (infinity when n_clusters is 1), or NULL
 */
KMSEG_API kmseg_status kmseg_predict(kmseg_context *ctx, const kmseg_matrix *samples,
                                     const double *centroids, int32_t n_clusters,
                                     int32_t *out_labels, double *out_distances,
                                     int32_t *out_runner_up, double *out_runner_distances);

KMSEG_END_DECLS

#endif
