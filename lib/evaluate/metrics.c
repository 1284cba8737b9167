/* The registry of scores. */
#include "evaluate/evaluate.h"

static const km_named metrics[] = {
    {"inertia", "weighted sum of squared distances to the own centroid; lower is tighter"},
    {"explained", "share of the total sum of squares that lies between segments, 0 to 1"},
    {"silhouette", "how much nearer customers are to their own segment than to the next, -1 to 1"},
    {"silhouette_simplified", "the same with distances to centroids, in one pass"},
    {"calinski_harabasz", "between- to within-segment dispersion; higher is better"},
    {"davies_bouldin", "mean worst ratio of spread to separation; lower is better"},
    {"adjusted_rand", "agreement of two labellings beyond chance; 1 is the same partition"},
};

const km_named *km_metric_at(int32_t i) {
    return i >= 0 && i < (int32_t)(sizeof metrics / sizeof *metrics) ? &metrics[i] : NULL;
}
