#include "kernels/planes.h"

#include <string.h>

/* Tenths of nanoseconds for 16 rows, measured (Xeon with AMX and VNNI): products of bytes take steps of
 * 16 centroids and 64 features, whole ones, after rows were split; those of 16 bits what there is. In fits, where
 * rows come from memory, both take as long at 32 features and 64 centroids. */
static int pays(int32_t n_clusters, int32_t n_features) {
    int64_t n_blocks = (n_clusters + KM_PLANE_SIDE - 1) / KM_PLANE_SIDE;
    int64_t with = n_blocks * (200 + 330 * km_plane_depths(n_features)) + 150 + 4 * n_features;
    int64_t without = (110 + (int64_t)n_features * 15) * n_clusters / KM_PLANE_SIDE;
    return with < without;
}

int64_t km_plane_bytes(int32_t n_clusters, int32_t n_features) {
    if (n_features > KM_PLANE_MOST_FEATURES || !pays(n_clusters, n_features)) {
        return 0;
    }
    int64_t n_blocks = (n_clusters + KM_PLANE_SIDE - 1) / KM_PLANE_SIDE;
    return n_blocks * km_plane_block_bytes(n_features);
}

/* -p of a centroid's feature. */
static int32_t value_of(const km_quantised *q, int32_t group, int32_t c, int32_t feature) {
    int32_t n_pairs = km_pairs(q->n_features), first = c / group * group;
    int32_t width = q->n_clusters - first < group ? q->n_clusters - first : group;
    int32_t pair = q->pairs[(int64_t)first * n_pairs + (int64_t)(feature / 2) * width + c - first];
    return feature % 2 == 0 ? (int16_t)(pair & 0xffff) : pair >> 16;
}

/* One centroid to its line of every operand of a block. */
static void split(const km_quantised *q, int32_t group, int32_t c, int8_t *block) {
    static const int8_t order[4] = {0, 2, 1, 3};
    int8_t *line = block + (ptrdiff_t)(c % KM_PLANE_SIDE * KM_PLANE_DEPTH);
    for (int32_t j = 0; j < q->n_features; j++) {
        int32_t value = value_of(q, group, c, j), high = (value + 128) >> 8;
        int32_t at = j % KM_PLANE_DEPTH / 4 * 4 + order[j % 4];
        int8_t *operand = line + (ptrdiff_t)(j / KM_PLANE_DEPTH * 2) * KM_PLANE_OPERAND;
        operand[at] = (int8_t)high;
        operand[KM_PLANE_OPERAND + at] = (int8_t)(value - 256 * high);
    }
    int8_t *starts = line + km_plane_block_bytes(q->n_features) - KM_PLANE_OPERAND;
    for (size_t r = 0; r < KM_PLANE_SIDE; r++) {
        memcpy(starts + r * sizeof(int32_t), &q->half_norms[c], sizeof(int32_t));
    }
}

void km_split_centroids(const km_quantised *q, int32_t group, int8_t *out) {
    int64_t bytes = km_plane_block_bytes(q->n_features);
    int32_t n_blocks = (q->n_clusters + KM_PLANE_SIDE - 1) / KM_PLANE_SIDE;
    memset(out, 0, (size_t)(n_blocks * bytes));
    for (int32_t c = 0; c < n_blocks * KM_PLANE_SIDE; c++) {
        int8_t *block = out + c / KM_PLANE_SIDE * bytes;
        if (c < q->n_clusters) {
            split(q, group, c, block);
        } else {
            int32_t *starts = (int32_t *)(void *)(block + bytes - KM_PLANE_OPERAND);
            for (int32_t r = 0; r < KM_PLANE_SIDE; r++) {
                starts[c % KM_PLANE_SIDE * KM_PLANE_SIDE + r] = KM_WORST_SCORE;
            }
        }
    }
}
