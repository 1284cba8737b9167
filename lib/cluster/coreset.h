/* A coreset: some ten thousand samples with weights that stand for all. Restarts climb on it first, so
 * that on all samples they have but the last part of the way to go.
 *
 * Samples are taken as for a pool (cluster/draws.h), which is a lightweight coreset: sums over it of
 * anything that grows with the square of a distance are near those over all samples, those far out
 * included. Its samples are in the order of what is in them, so the order of the rows changes nothing.
 * docs/decisions/0012 has the reasons and what was measured. */
#ifndef KM_CLUSTER_CORESET_H
#define KM_CLUSTER_CORESET_H

#include "cluster/cluster.h"
#include "cluster/subset.h"

/* Whether a coreset has few samples beside all. */
int km_coreset_is_small(const kmseg_tiles *tiles, const kmseg_fit_options *options);

/* Whether restarts of k clusters begin on a coreset. */
int km_coreset_pays(const kmseg_tiles *tiles, const kmseg_fit_options *options, int32_t k);

/* The coreset of a seed: weights are whole numbers that add up to no particular sum. It has no tiles where
 * samples so few do not stand for all. Cost: a pass over all samples. */
kmseg_status km_coreset_make(kmseg_context *ctx, const kmseg_tiles *tiles,
                             const kmseg_fit_options *options, km_subset *out);

#endif
