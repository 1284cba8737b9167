/* One pass over all samples: nearest centroid of each, certified, and the exact sums of the
 * clusters brought up to date by the samples that changed. */
#ifndef KM_CLUSTER_PASS_H
#define KM_CLUSTER_PASS_H

#include "data/tiles.h"
#include "kernels/certify.h"
#include "kernels/kernels.h"

typedef struct km_pass_worker km_pass_worker;

typedef struct km_pass {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    int32_t n_clusters;
    int32_t *labels;     /* n_tiles x 64; -1 before the first pass */
    km_int128 *sums;     /* n_clusters x n_features, about the tiles' centre, in their sum_scale */
    km_int128 *totals;   /* n_clusters whole weights */
    int64_t n_changed;   /* labels that changed in the last pass */
    int64_t n_rechecked; /* rows decided in float64, over all passes */

    const double *centroids; /* of the running pass */
    double *scaled;          /* n_clusters x n_features, centred and scaled */
    void *packed, *half_norms;
    double *centre_rows, *unit_rows; /* of every value of a tile, or NULL; see km_move */
    km_certificate certificate;
    km_pass_worker *workers;
} km_pass;

/* Takes all memory from arena; the pass ends with it. */
kmseg_status km_pass_init(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t n_clusters,
                          km_arena *arena, km_pass *out);

/* Forgets all labels and sums. */
void km_pass_reset(km_pass *pass);

/* Labels become those nearest to centroids (n_clusters x n_features, in the samples' units, finite);
 * sums, totals, n_changed and n_rechecked follow. */
kmseg_status km_pass_run(kmseg_context *ctx, km_pass *pass, const double *centroids);

/* Mean of each cluster from given sums and totals; a cluster of total 0 keeps what out holds. */
void km_pass_means(const km_pass *pass, const km_int128 *sums, const km_int128 *totals,
                   double *out);

#endif
