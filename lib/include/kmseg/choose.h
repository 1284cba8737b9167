/* How many segments? The gap statistic, stability under resampling, the knee of a curve, and a
 * recommendation from these and the validity indices, which may be that there is no clear number. */
#ifndef KMSEG_CHOOSE_H
#define KMSEG_CHOOSE_H

#include <kmseg/cluster.h>
#include <kmseg/evaluate.h>
#include <kmseg/pipeline.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_choose_options {
    size_t struct_size;
    int32_t n_references;   /* uniform data sets that the gap statistic compares with; 0: no gap */
    const char *reference;  /* "principal": their box lies along the principal axes of the data;
                               "box": along the features */
    int32_t n_bootstraps;   /* resamples that the stability is the mean of; 0: no stability */
    int64_t choose_samples; /* rows that gap and stability look at, at most */
    int32_t choose_init;    /* restarts of each of their fits */
    double min_share;       /* share of the rows below which a segment is too small to recommend */
} kmseg_choose_options;

KMSEG_API const kmseg_option_table *kmseg_choose_option_table(void);
KMSEG_API void kmseg_choose_options_init(kmseg_choose_options *options);

/** The gap statistic for one number of clusters. */
typedef struct kmseg_gap {
    int32_t n_clusters;
    double
        log_inertia; /* natural logarithm of the inertia of the sample; -infinity where it is 0 */
    double expected; /* mean of the same over the references */
    double gap;      /* expected - log_inertia */
    double error;    /* s_k: deviation over the references (by B) times sqrt(1 + 1/B) */
} kmseg_gap;

/**
 * Gap statistic for 1 to k_max clusters: how much tighter the samples cluster than uniform ones do.
 *
 * It looks at a sample of the rows of positive weight (kmseg_choose_options.choose_samples), which
 * depends on the seed and on what the rows hold, not on their order; so does the result. A reference
 * has as many rows, drawn uniformly from a box around the sample, with the weights of the sample. All
 * are clustered with fit's options, choose_init restarts each.
 *
 * fit     n_clusters and n_init have no effect; init may not be "given"
 * out     k_max values, by n_clusters from 1; *out_n of them are filled: fewer where the sample has
 *         no more than k_max rows
 *
 * Principal axes are those of the sample; with more than 256 features the box lies along the features.
 * Cost: n_references + 1 sweeps of the sample. KMSEG_E_DATA when all rows are equal.
 * Source: Tibshirani, Walther & Hastie 2001, doi:10.1111/1467-9868.00293.
 */
KMSEG_API kmseg_status kmseg_gap_statistic(kmseg_context *ctx, const kmseg_tiles *tiles,
                                           int32_t k_max, const kmseg_fit_options *fit,
                                           const kmseg_choose_options *options, kmseg_gap *out,
                                           int32_t *out_n);

/**
 * The number of clusters that the gap statistic gives: the smallest k with
 * gap(k) >= gap(k + 1) - error(k + 1). 0 where none of the n values, by n_clusters from 1, is.
 */
KMSEG_API int32_t kmseg_gap_choice(const kmseg_gap *gaps, int32_t n);

/**
 * Stability of every cluster of several labellings: how well it comes back when other samples of the
 * same customers are clustered. Samples are drawn as for kmseg_gap_statistic(), then n_bootstraps
 * times with replacement from those; each bootstrap is clustered for every number of clusters, and a
 * cluster's Jaccard similarity with the most similar new cluster, on the distinct rows drawn, is
 * averaged over the bootstraps.
 *
 * labellings  of all samples, each of 1 or more clusters
 * out         the clusters of the first labelling, then of the second, ...: from 0 to 1; NaN for a
 *             cluster that has no row in any bootstrap
 *
 * Hennig's reading: 0.85 and more is stable, 0.75 valid, 0.6 a pattern whose members are doubtful;
 * below, it should not be trusted.
 * Cost: n_bootstraps sweeps of the sample. Source: Hennig 2007, doi:10.1016/j.csda.2006.11.025.
 */
KMSEG_API kmseg_status kmseg_stability(kmseg_context *ctx, const kmseg_tiles *tiles,
                                       const kmseg_labelling *labellings, int32_t n_labellings,
                                       const kmseg_fit_options *fit,
                                       const kmseg_choose_options *options, double *out);

/** "stable", "valid", "pattern" or "unstable", by Hennig's limits; "" for NaN. */
KMSEG_API const char *kmseg_stability_word(double jaccard);

/**
 * The knee of a falling curve that gets flatter, by kneedle without smoothing: the first point whose
 * height above the straight line between the ends (both axes scaled to 0..1) is a local maximum, and
 * falls by more than sensitivity times the mean step in x before the next one.
 *
 * x       n values, ascending
 * y       n values
 * out     position of the knee, from 0; -1: there is none
 *
 * KMSEG_E_ARGUMENT unless x ascends and all values are finite. Source: Satopaa et al. 2011,
 * doi:10.1109/ICDCSW.2011.20.
 */
KMSEG_API kmseg_status kmseg_knee(kmseg_context *ctx, const double *x, const double *y, int32_t n,
                                  double sensitivity, int32_t *out);

/** What there is to say about one number of segments. */
typedef struct kmseg_choice_row {
    kmseg_sweep_row sweep;
    double gap, gap_error;             /* NaN where it was not computed */
    double stability;                  /* of the least stable segment; NaN likewise */
    double stability_mean;             /* over customers: by the sizes of the segments */
    int32_t n_votes;                   /* indices that favour this number */
    const int64_t *segment_sizes;      /* n_segments, largest first */
    const double *segment_stabilities; /* n_segments, in the same order */
} kmseg_choice_row;

/** What an index favours. */
typedef struct kmseg_vote {
    const char *index;  /* "gap", "silhouette", "calinski_harabasz", "davies_bouldin", "knee" */
    int32_t n_clusters; /* 0: none */
    const char *reason; /* one sentence */
} kmseg_vote;

enum { KMSEG_VOTES = 5 };

/** The evidence on every number of segments, and what follows from it. Owned; every pointer too. */
typedef struct kmseg_choice {
    size_t struct_size;
    int64_t n_samples;
    int64_t n_table_rows; /* rows of the input, those left out included */
    int64_t n_looked_at;  /* rows that gap and stability looked at */
    int32_t n_rows;
    const kmseg_choice_row *rows; /* by n_clusters, ascending */
    int32_t n_gaps;
    const kmseg_gap *gaps; /* by n_clusters from 1, to one more than the last row has */
    kmseg_vote votes[KMSEG_VOTES];
    int32_t recommended; /* number of segments; 0: there is no clear one */
    int32_t closest;     /* where there is none: what has most in its favour; 0: nothing has */
    int32_t n_reasons;
    const char *const *reasons; /* sentences */
    kmseg_prepare *prepare;
    double seconds_prepare, seconds_fit, seconds_scores, seconds_gap, seconds_stability;
} kmseg_choice;

/**
 * Prepares a table, fits and scores every number of clusters from k_min to k_max as
 * kmseg_sweep_table() does, adds the gap statistic and the stability of every segment, and recommends
 * a number of segments or none.
 *
 * Five indices are asked which number they favour: the gap statistic (by kmseg_gap_choice(), which is
 * asked again from there on where a later number's gap is higher by log(4/3) than both the gap of the
 * number before it and that of the choice so far: groups equally far apart make such a step, and the
 * rule stops before it), silhouette (none below 0.25),
 * Calinski-Harabasz, Davies-Bouldin, and the knee of log inertia over log k (a straight line where
 * there are no groups). A best at the upper end of the range counts only where the gap statistic says
 * the same. A number is recommended when the gap statistic and two others favour it, or all four
 * others while the gap statistic does not say 1; and every segment comes back with a mean Jaccard
 * similarity of at least 0.75, and none is smaller than options->min_share of the customers. Without a
 * gap statistic nothing is recommended; without a stability that condition falls away.
 *
 * segment  as for kmseg_sweep_table(); NULL options: the defaults
 */
KMSEG_API kmseg_status kmseg_choose_k(kmseg_context *ctx, const kmseg_table *table,
                                      const kmseg_segment_options *segment,
                                      const kmseg_choose_options *options, int32_t k_min,
                                      int32_t k_max, kmseg_choice **out);

KMSEG_API void kmseg_choice_free(kmseg_choice *choice);

KMSEG_END_DECLS

#endif
