/* One pass over all samples: nearest centroid of each, certified, and the exact sums of the
 * clusters brought up to date by the samples that changed. Passes of several fits over the same
 * tiles run together, chunk by chunk, so that memory is read once for all of them. */
#ifndef KM_CLUSTER_PASS_H
#define KM_CLUSTER_PASS_H

#include "cluster/bounds.h"
#include "data/tiles.h"
#include "kernels/certify.h"
#include "kernels/kernels.h"
#include "kernels/quantise.h"

/* What the threads work in, shared by all passes over the same tiles. */
typedef struct km_worker km_worker;
typedef struct km_workspace {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    int32_t n_threads;
    int32_t most_clusters;        /* of a pass */
    double *centre, *unit, *fine; /* sum_stride each, as km_move wants them; fine may be NULL */
    double most_norm;             /* of the tiles' norms */
    float *norms, *residuals;     /* of each chunk the largest of its tiles */
    int64_t n_whole_eights;       /* samples behind which may be read; see km_move */
    km_worker *workers;
} km_workspace;

/* What one thread has changed in the sums of one pass. */
typedef struct km_pass_part {
    int64_t *sums;        /* n_clusters x sum_stride; fits 64 bits for KM_CHUNK_ROWS rows */
    int64_t *fine;        /* the same of what rounding lost, where the tiles sum that too */
    int64_t *counts;      /* n_clusters: rows */
    int64_t n_pending;    /* rows in sums */
    km_int128 *wide_sums; /* n_clusters x n_features: what sums held before */
    km_int128 *totals;    /* n_clusters whole weights, where there are weights */
    int64_t n_changed, n_rechecked, n_assigned;
} km_pass_part;

typedef struct km_pass {
    km_workspace *workspace;
    const kmseg_tiles *tiles;
    int32_t n_clusters;
    km_label *labels;    /* n_tiles x 64; KM_NO_LABEL before the first pass */
    km_int128 *sums;     /* n_clusters x n_features, about the tiles' centre, in their sum_unit */
    km_int128 *totals;   /* n_clusters whole weights */
    int64_t n_changed;   /* labels that changed in the last pass */
    int64_t n_rechecked; /* rows decided in float64, over all passes */
    int64_t n_assigned;  /* rows that bounds did not spare, over all passes; of 16-bit tiles */

    const double *centroids; /* of the running pass */
    double *scaled;          /* n_clusters x n_features, centred and scaled */
    double *columns;         /* n_features x sum_stride of n_clusters: the same centroids */
    void *packed, *half_norms;
    km_certificate certificate; /* of float tiles */
    km_quantised quantised;     /* of 16-bit tiles */
    double cap;                 /* no centroid that quantising leaves out is nearer to a row of
                                   16-bit tiles: squared, in units of the tiles */
    double *norms, *scratch;    /* of quantising */
    km_bounds *bounds;          /* of 16-bit tiles, or NULL */
    km_pass_part *parts;        /* n_threads */
} km_pass;

/* For passes of at most most_clusters; all memory comes from arena. */
kmseg_status km_workspace_init(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t most_clusters,
                               km_arena *arena, km_workspace *out);

/* Takes the labels' memory from `labels`, where there is room for them as int32_t, and all else from
 * arena; the pass ends with either. */
kmseg_status km_pass_init(kmseg_context *ctx, km_workspace *workspace, int32_t n_clusters,
                          km_arena *arena, km_arena *labels, km_pass *out);

/* Lets bounds spare rows from being assigned again, from when it pays on; no label depends on it. Only
 * 16-bit tiles have them. Their keys lie behind the labels; what is small comes from arena. */
kmseg_status km_pass_bound(kmseg_context *ctx, km_pass *pass, km_arena *arena);

/* The arena of the bounds is about to be freed. */
void km_pass_unbind(km_pass *pass);

/* Bytes that a pass with bounds takes per sample. */
#define KM_PASS_SAMPLE_BYTES ((int64_t)(sizeof(km_label) + sizeof(uint16_t)))

/* Forgets all labels and sums. */
void km_pass_reset(km_pass *pass);

/* The centroids (n_clusters x n_features, in the samples' units, finite) of the next pass; they stay
 * the caller's and in place. */
void km_pass_aim(km_pass *pass, const double *centroids);

/* Runs n passes over the same tiles, each aimed: labels become those nearest to its centroids; sums,
 * totals, n_changed and n_rechecked follow, also after a cancellation. */
kmseg_status km_pass_run_all(kmseg_context *ctx, km_pass *const *passes, int32_t n);

/* One pass. */
kmseg_status km_pass_run(kmseg_context *ctx, km_pass *pass, const double *centroids);

/* Mean of each cluster from given sums and totals; a cluster of total 0 keeps what out holds. */
void km_pass_means(const km_pass *pass, const km_int128 *sums, const km_int128 *totals,
                   double *out);

/* Labels and sums of one chunk, by one thread (chunk.c). */
void km_pass_chunk(km_pass *pass, int64_t chunk, int32_t thread);

/* Takes what a thread has summed in 64 bits over to its wide sums (chunk.c). */
void km_pass_fold(const km_pass *pass, km_pass_part *part);

#endif
