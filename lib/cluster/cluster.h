/* Inside of the cluster layer: initialisers and algorithms, each a row in its registry. */
#ifndef KM_CLUSTER_CLUSTER_H
#define KM_CLUSTER_CLUSTER_H

#include "base/registry.h"
#include "cluster/pass.h"

#include <kmseg/cluster.h>

typedef struct km_pools km_pools;

/* What an initialiser or algorithm works on. */
typedef struct km_fit_job {
    const kmseg_tiles *tiles;
    const kmseg_fit_options *options;
    int32_t restart;      /* from 0; keys the random numbers */
    double progress_from; /* restarts' worth of work that was done before */
    km_pools *pools;      /* what restarts over the same samples share (cluster/draws.h); or NULL */
} km_fit_job;

/* Shows how far the work is: progress_from + share restarts; it only grows. The first centroids take
 * KM_INIT_SHARE of a restart. */
#define KM_INIT_SHARE 0.25
void km_fit_progress(kmseg_context *ctx, const km_fit_job *job, double share);

typedef struct km_initialiser {
    km_named named;
    /* Fills centroids, n_clusters x n_features in the samples' units, each a sample of positive
     * weight or a given point. */
    kmseg_status (*run)(kmseg_context *ctx, const km_fit_job *job, double *centroids);
    int nested;   /* the first of a seeding for many clusters are the seeding for fewer */
    int is_drawn; /* random: they may as well be drawn from samples that stand for all */
} km_initialiser;

/* One climb from its first centroids to a local optimum: a restart of a fit. Several of them over the
 * same tiles go up together, a pass at a time. */
typedef enum km_climb_stage {
    KM_CLIMB_ITERATE, /* the next pass is an iteration's */
    KM_CLIMB_LABEL,   /* the next pass only gives the labels of the final centroids */
    KM_CLIMB_DONE
} km_climb_stage;

typedef struct km_climb {
    int32_t restart;
    int32_t max_iter;
    km_pass pass;
    double *centroids; /* n_clusters x n_features: in the start, out the result */
    double *history;   /* max_iter */
    int32_t n_iter;
    km_climb_stage stage;
    kmseg_stop_reason stop_reason;
    double threshold;         /* of the squared shift */
    int races;                /* it may be given up (race.c) */
    int is_given_up;          /* it was, and is KM_CLIMB_DONE: its labels are of no use */
    double bar;               /* inertia of the best that came before; or infinity */
    double *next;             /* n_clusters x n_features */
    km_int128 *sums, *totals; /* copies for filling empty clusters */
} km_climb;

/* Takes memory from both arenas as km_pass_init() does. */
kmseg_status km_climb_init(kmseg_context *ctx, km_workspace *workspace,
                           const kmseg_fit_options *options, int32_t n_clusters, int32_t restart,
                           km_arena *arena, km_arena *labels, km_climb *out);

/* What follows a pass: better centroids, or the end. */
kmseg_status km_climb_step(kmseg_context *ctx, km_climb *climb);

/* Gives up climbs that race and fall behind others of as many clusters, or behind their bar. */
void km_race(km_climb *const *climbs, int32_t n);

/* Inertia of a climb's labels with its centroids, from the sums and so without a pass; off by at most
 * KM_INERTIA_DOUBT of the samples' whole sum of squares. */
#define KM_INERTIA_DOUBT 1e-12
double km_climb_inertia(const km_climb *climb);

/* Whether climbs keep bounds that spare rows: never, when it pays, from the second pass on. */
typedef enum km_bounded { KM_BOUNDED_NEVER, KM_BOUNDED_PAYING, KM_BOUNDED_ALWAYS } km_bounded;

typedef struct km_algorithm {
    km_named named;
    /* Takes n climbs over the same tiles from their first centroids to their ends; labels, sums and
     * totals are left in their passes. When cancelled, KMSEG_E_CANCELLED; climbs that are
     * KM_CLIMB_DONE are whole. */
    kmseg_status (*run)(kmseg_context *ctx, const km_fit_job *job, km_climb *const *climbs,
                        int32_t n);
    int exact; /* gives the labels of Lloyd from the same start */
    km_bounded bounded;
} km_algorithm;

const km_initialiser *km_initialiser_find(const char *name);
const km_algorithm *km_algorithm_find(const char *name);

/* Rows for the registries "initialisers" and "algorithms"; NULL behind the last. */
const km_named *km_initialiser_at(int32_t i);
const km_named *km_algorithm_at(int32_t i);

kmseg_status km_init_plus_plus(kmseg_context *ctx, const km_fit_job *job, double *centroids);
kmseg_status km_init_parallel(kmseg_context *ctx, const km_fit_job *job, double *centroids);
kmseg_status km_init_random(kmseg_context *ctx, const km_fit_job *job, double *centroids);
kmseg_status km_init_given(kmseg_context *ctx, const km_fit_job *job, double *centroids);
kmseg_status km_lloyd(kmseg_context *ctx, const km_fit_job *job, km_climb *const *climbs,
                      int32_t n);

kmseg_status km_minibatch(kmseg_context *ctx, const km_fit_job *job, km_climb *const *climbs,
                          int32_t n);

/* What a model is made of. */
typedef struct km_model_parts {
    km_climb *climb;  /* is not used any more */
    km_arena *labels; /* of the climb; empty afterwards */
    double inertia;
    int64_t n_rechecked;
    int32_t n_coreset, n_given_up;
    double seconds_init, seconds_iterate, seconds_finish;
} km_model_parts;

/* A model of its own, by copying all but the labels, whose memory it takes over. */
kmseg_status km_model_new(kmseg_context *ctx, const km_model_parts *parts, kmseg_model **out);

/* Checks options, and that there are samples enough for n_clusters. */
kmseg_status km_fit_check(kmseg_context *ctx, const kmseg_tiles *tiles,
                          const kmseg_fit_options *options, int32_t n_clusters);

/* Memory that nobody minds, for the labels of restarts that run together. */
#define KM_FREE_BYTES (INT64_C(64) << 20)

typedef struct km_search_job {
    const kmseg_tiles *tiles;
    const kmseg_fit_options *options; /* n_clusters aside */
    const int32_t *ks;                /* n_k numbers of clusters, ascending */
    int32_t n_k;
    int64_t memory_limit; /* bytes of labels that climbs may take together */
} km_search_job;

/* The best of n_init restarts for each number of clusters, to out. Frees nothing of out; on failure every
 * one is NULL (split.c). */
kmseg_status km_search(kmseg_context *ctx, const km_search_job *job, kmseg_model **out);

/* The same of samples that are all clustered by themselves, on a coreset first or not. */
kmseg_status km_search_samples(kmseg_context *ctx, const km_search_job *job, int from_coreset,
                               kmseg_model **out);

/* Moves the farthest samples into clusters that have none: sums and totals are changed as if those
 * samples had been labelled so. Returns the number of clusters filled in *out_filled. */
kmseg_status km_fill_empty(kmseg_context *ctx, const km_pass *pass, const double *centroids,
                           km_int128 *sums, km_int128 *totals, int32_t *out_filled);

#endif
