/* Clusters without samples get the samples that are farthest from their centroids, one each. */
#include "cluster/cluster.h"
#include "data/own_distances.h"

#include <math.h>

/* Whether row a comes before row b by its values. x: room for two rows. */
static int is_lower(const kmseg_tiles *tiles, int64_t a, int64_t b, double *x) {
    int32_t d = tiles->n_features;
    km_tiles_row(tiles, a, x);
    km_tiles_row(tiles, b, x + d);
    for (int32_t j = 0; j < d; j++) {
        if (x[j] != x[d + j]) {
            return x[j] < x[d + j];
        }
    }
    return km_tiles_weight(tiles, a) < km_tiles_weight(tiles, b);
}

/* The farthest sample of positive weight whose cluster keeps others; lowest values first among equally
 * far ones, so that their order changes nothing; -1 when none is away from its centroid. */
static int64_t farthest(const km_pass *pass, const double *squares, const km_int128 *totals,
                        double *x) {
    const kmseg_tiles *tiles = pass->tiles;
    int64_t best = -1;
    double most = 0;
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        if (squares[i] > most || (best >= 0 && squares[i] == most && is_lower(tiles, i, best, x))) {
            km_int128 weight = km_tiles_whole_weight(tiles, i);
            if (weight > 0 && totals[pass->labels[i]] > weight) {
                most = squares[i];
                best = i;
            }
        }
    }
    return best;
}

kmseg_status km_fill_empty(kmseg_context *ctx, const km_pass *pass, const double *centroids,
                           km_int128 *sums, km_int128 *totals, int32_t *out_filled) {
    const kmseg_tiles *tiles = pass->tiles;
    int32_t d = tiles->n_features;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    double *squares = km_arena_array(&arena, tiles->n_samples, sizeof *squares);
    double *x = km_arena_array(&arena, (int64_t)2 * d, sizeof *x);
    kmseg_status status = KMSEG_OK;
    *out_filled = 0;
    if (squares == NULL || x == NULL) {
        status = km_fail_memory(ctx, "distances");
    } else {
        status = km_own_distances(ctx, tiles, (km_own_labels){.narrow = pass->labels}, centroids,
                                  squares, NULL);
    }
    for (int32_t c = 0; c < pass->n_clusters && status == KMSEG_OK; c++) {
        if (totals[c] != 0) {
            continue;
        }
        int64_t row = farthest(pass, squares, totals, x);
        if (row < 0) {
            break;
        }
        int32_t from = pass->labels[row];
        km_tiles_row(tiles, row, x);
        for (int32_t j = 0; j < d; j++) {
            km_int128 whole = km_tiles_whole(tiles, j, x[j], km_tiles_weight(tiles, row));
            sums[(int64_t)from * d + j] -= whole;
            sums[(int64_t)c * d + j] = whole;
        }
        totals[from] -= km_tiles_whole_weight(tiles, row);
        totals[c] = km_tiles_whole_weight(tiles, row);
        squares[row] = 0;
        (*out_filled)++;
    }
    km_arena_free(&arena);
    return status;
}
