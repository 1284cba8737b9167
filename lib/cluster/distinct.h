/* Equal samples taken as one, with the sum of their weights.
 *
 * Answers of a survey, scores from 1 to 5 or counts of visits make many samples and few that differ.
 * Lloyd's algorithm on those that differ, each with its weight, is Lloyd's on all samples: the same labels
 * for the same centroids, and the same means but for how a sum of whole numbers is rounded. So restarts
 * run on them from their first centroids to their end, and all samples only take over the labels.
 * docs/decisions/0014 has what it takes and saves. */
#ifndef KM_CLUSTER_DISTINCT_H
#define KM_CLUSTER_DISTINCT_H

#include "cluster/cluster.h"
#include "cluster/subset.h"

typedef struct km_distinct {
    km_subset
        samples; /* the different ones, in an order of what is in them, each with the sum of their
                          weights, be it 0; no tiles: not taken together */
    int32_t *which; /* n_samples: which of them each sample is */
} km_distinct;

/* Takes equal samples together where that pays: whether it does depends on what is in the samples and on
 * the options, not on n_clusters. Cost where it does not: hashes of a part of the samples. */
kmseg_status km_distinct_make(kmseg_context *ctx, const kmseg_tiles *tiles,
                              const kmseg_fit_options *options, km_distinct *out);
void km_distinct_end(km_distinct *distinct);

#endif
