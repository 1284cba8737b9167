"""Lloyd's algorithm in float64 by numpy, and measures of what any fit reached. Slow and plain: what
the others are compared with."""

import numpy as np

BLOCK_ROWS = 1 << 16


def blocks(x):
    for first in range(0, len(x), BLOCK_ROWS):
        yield slice(first, min(first + BLOCK_ROWS, len(x)))


def nearest(x, centroids):
    """(labels, squared distance to the own centroid less that to the second nearest), both of
    float64 about the mean of the centroids; the lowest index wins a tie."""
    centre = centroids.mean(axis=0)
    moved = centroids - centre
    half_norms = 0.5 * (moved * moved).sum(axis=1)
    labels, margins = np.empty(len(x), dtype=np.int32), np.empty(len(x))
    for rows in blocks(x):
        scores = half_norms - (x[rows].astype(np.float64) - centre) @ moved.T
        labels[rows] = scores.argmin(axis=1)
        if len(centroids) > 1:
            two = np.partition(scores, 1, axis=1)
            margins[rows] = 2 * (two[:, 1] - two[:, 0])
        else:
            margins[rows] = np.inf
    return labels, margins


def means(x, labels, k, empty):
    """Mean of each cluster; a cluster without samples keeps its row of empty."""
    centre = x[:1].astype(np.float64)
    sums, sizes = np.zeros((k, x.shape[1])), np.zeros(k)
    for rows in blocks(x):
        moved = x[rows].astype(np.float64) - centre
        for j in range(x.shape[1]):
            sums[:, j] += np.bincount(labels[rows], weights=moved[:, j], minlength=k)
        sizes += np.bincount(labels[rows], minlength=k)
    return np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None] + centre, empty)


def inertia(x, labels, centroids):
    total = 0.0
    centroids = np.asarray(centroids, dtype=np.float64)
    for rows in blocks(x):
        away = x[rows].astype(np.float64) - centroids[labels[rows]]
        total += float(np.einsum("ij,ij->", away, away))
    return total


def lloyd(x, start, max_iter):
    """(labels, centroids, number of iterations): updates until no label changes, then labels."""
    centroids = np.array(start, dtype=np.float64)
    labels = None
    for i in range(max_iter):
        now, _ = nearest(x, centroids)
        if labels is not None and np.array_equal(now, labels):
            return now, centroids, i + 1
        labels = now
        centroids = means(x, labels, len(centroids), centroids)
    return nearest(x, centroids)[0], centroids, max_iter
