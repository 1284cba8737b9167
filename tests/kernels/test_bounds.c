/* The kernels that spare rows from being assigned again, every set against plain loops. */
#include "base/rng.h"
#include "kernels/kernels.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { TILES = 5, ROWS = TILES * KM_LANES, MOST_K = 300, MOST_PAIRS = 9 };

static uint32_t draw(int64_t i, uint32_t stream, uint32_t below) {
    return (uint32_t)(km_random_u64(31, KM_STAGE_TEST, (uint64_t)i, stream) % below);
}

/* Keys near the losses, equal to some of them, at both ends, and ones that lie. */
static void make_keys(int32_t k, km_label *labels, uint16_t *keys, uint16_t *losses) {
    for (int32_t c = 0; c < MOST_K + KM_LOSSES_AT_LEAST; c++) {
        losses[c] = (uint16_t)(c % 7 == 0 ? 0 : c % 11 == 0 ? UINT16_MAX : draw(c, 1, 60000));
    }
    for (int32_t i = 0; i < ROWS; i++) {
        labels[i] = (km_label)draw(i, 2, (uint32_t)k);
        int32_t key = losses[labels[i]] + (int32_t)draw(i, 3, 5) - 2;
        key = i % 5 == 0 ? (int32_t)draw(i, 4, UINT16_MAX + 1) : i / KM_LANES == 3 ? 0 : key;
        keys[i] = (uint16_t)(key < 0 ? 0 : key > UINT16_MAX ? UINT16_MAX : key);
    }
}

static void check_filter(const km_kernels *kernels, int32_t k) {
    static km_label labels[ROWS];
    static uint16_t keys[ROWS], losses[MOST_K + KM_LOSSES_AT_LEAST];
    uint64_t rows[TILES];
    /* The fourth tile is said to need no look: it has lost less than its key, which stays. */
    const float before[TILES] = {-1, 1000, 12, 1001, -INFINITY};
    float tile_keys[TILES];
    memcpy(tile_keys, before, sizeof before);
    make_keys(k, labels, keys, losses);
    km_filter filter = {.n_tiles = TILES,
                        .n_clusters = k,
                        .labels = labels,
                        .keys = keys,
                        .losses = losses,
                        .lost_most = 1000,
                        .tile_keys = tile_keys,
                        .rows = rows};
    kernels->filter(&filter);
    for (int32_t t = 0; t < TILES; t++) {
        if (before[t] > 1000) {
            cr_assert(rows[t] == 0 && tile_keys[t] == before[t], "k %d, tile %d", k, t);
            continue;
        }
        uint16_t lowest = UINT16_MAX;
        for (int32_t r = 0; r < KM_LANES; r++) {
            int32_t i = t * KM_LANES + r, left = keys[i] - losses[labels[i]];
            lowest = left > 0 && left < lowest ? (uint16_t)left : lowest;
            cr_assert_eq((int)(rows[t] >> r & 1), left <= 0, "k %d, row %d: %d", k, i, left);
        }
        /* No more than the steps that are left to the row nearest to its loss, less one, behind 1000. */
        cr_assert(tile_keys[t] <= 1000 + lowest - 1 && tile_keys[t] > 999.8F + lowest - 1,
                  "k %d, tile %d: %g", k, t, (double)tile_keys[t]);
    }
}

Test(bounds, rows_whose_key_does_not_exceed_the_loss_are_looked_at)
{
    const int32_t ks[] = {1, 2, 31, 32, 33, 64, 65, MOST_K};
    for (int32_t s = 0; km_kernels_at(s) != NULL; s++) {
        for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
            if (kmseg_kernels_available(kmseg_kernels_name(s))) {
                check_filter(km_kernels_at(s), ks[i]);
            }
        }
    }
}

/* Rows x and two centroids; scores are those of km_assign_i16 with one unit a step: c . c / 2 - x . c. */
static void check_margins(const km_kernels *kernels, int32_t n_pairs) {
    static _Alignas(64) int16_t tiles[TILES * MOST_PAIRS * 2 * KM_LANES];
    static int32_t best[ROWS], second[ROWS];
    static uint16_t out[ROWS];
    static double true_margin[ROWS];
    int16_t c[2][2 * MOST_PAIRS];
    const int32_t d = 2 * n_pairs, zero = 1 << 30;
    for (int32_t j = 0; j < d; j++) {
        c[0][j] = (int16_t)((int)draw(j, 5, 2000) - 1000);
        c[1][j] = (int16_t)((int)draw(j, 6, 2000) - 1000);
    }
    for (int32_t i = 0; i < ROWS; i++) {
        int32_t score[2] = {0, 0};
        double square[2] = {0, 0};
        for (int32_t j = 0; j < d; j++) {
            int32_t x = (int32_t)draw((int64_t)i * d + j, 7, 2000) - 1000;
            tiles[((i / KM_LANES * n_pairs + j / 2) * KM_LANES + i % KM_LANES) * 2 + j % 2] =
                (int16_t)x;
            for (int m = 0; m < 2; m++) {
                score[m] += c[m][j] * c[m][j] - 2 * x * c[m][j];
                square[m] += (double)(x - c[m][j]) * (x - c[m][j]);
            }
        }
        int first = score[1] < score[0];
        best[i] = zero + score[first]; /* per_unit 1 */
        second[i] = zero + score[!first];
        true_margin[i] = sqrt(square[!first]) - sqrt(square[first]);
    }
    km_margins margins = {.tiles = tiles,
                          .n_tiles = TILES,
                          .n_pairs = n_pairs,
                          .best = best,
                          .second = second,
                          .zero = zero,
                          .per_unit = 1,
                          .doubt = 2,
                          .doubts = 2,
                          .cap = INFINITY,
                          .slack = 0.5f,
                          .typical = (float)(500 * sqrt(d)),
                          .steps = 16,
                          .out = out};
    kernels->margins(&margins);
    double near_enough = 0;
    for (int32_t i = 0; i < ROWS; i++) {
        cr_assert(out[i] == 0 || out[i] / 16.0 <= true_margin[i] - 0.5, "row %d: %d steps of %g", i,
                  out[i], true_margin[i]);
        near_enough += out[i] / 16.0 >= 0.5 * (true_margin[i] - 0.5) - 1;
    }
    cr_assert_geq(near_enough, 0.9 * ROWS); /* they say something */
    margins.cap = 0;                        /* the second is not known to be farther than that */
    kernels->margins(&margins);
    for (int32_t i = 0; i < ROWS; i++) {
        cr_assert_eq(out[i], 0);
    }
    margins.cap = INFINITY;
    margins.steps = 1e9f; /* more than there are */
    kernels->margins(&margins);
    for (int32_t i = 0; i < ROWS; i++) {
        cr_assert(out[i] == UINT16_MAX || true_margin[i] < 10, "row %d: %d, %g", i, out[i],
                  true_margin[i]);
    }
}

Test(bounds, margins_are_never_more_than_the_difference_of_the_distances)
{
    for (int32_t s = 0; km_kernels_at(s) != NULL; s++) {
        for (int32_t n_pairs = 1; n_pairs <= MOST_PAIRS; n_pairs++) {
            if (kmseg_kernels_available(kmseg_kernels_name(s))) {
                check_margins(km_kernels_at(s), n_pairs);
            }
        }
    }
}

/* A row's key is its margin plus what its label has lost: 10 + 3 = 13; 65,530 + 9 is more than there is,
 * 65,535; without a margin it is 0, whatever its label has lost. */
static void check_keys(const km_kernels *kernels, int32_t n_clusters) {
    static km_label labels[ROWS];
    static uint16_t losses[KM_LOSSES_AT_LEAST + MOST_K], steps[ROWS], out[ROWS];
    uint16_t least[TILES];
    for (int32_t c = 0; c < n_clusters; c++) {
        losses[c] = (uint16_t)(c == 1 ? 3 : c == 2 ? 9 : draw(c, 8, 3000));
    }
    for (int32_t i = 0; i < ROWS; i++) {
        labels[i] = (km_label)draw(i, 9, (uint32_t)n_clusters);
        steps[i] = (uint16_t)(draw(i, 10, 8) == 0 ? 0 : draw(i, 11, 1 << 16));
    }
    labels[0] = 1, steps[0] = 10;
    labels[ROWS - 1] = 2, steps[ROWS - 1] = 65530;
    for (int32_t i = KM_LANES; i < 2 * KM_LANES; i++) {
        steps[i] = (uint16_t)(700 + i); /* a tile of which every row has a margin */
    }
    km_keys keys = {.n_tiles = TILES,
                    .n_clusters = n_clusters,
                    .labels = labels,
                    .losses = losses,
                    .steps = steps,
                    .out = out,
                    .least = least};
    kernels->keys(&keys);
    cr_assert_eq(out[0], 13);
    cr_assert_eq(out[ROWS - 1], UINT16_MAX);
    cr_assert_eq(least[1], 700 + KM_LANES);
    for (int32_t t = 0; t < TILES; t++) {
        int32_t lowest = UINT16_MAX;
        for (int32_t i = t * KM_LANES; i < (t + 1) * KM_LANES; i++) {
            int32_t key = steps[i] + losses[labels[i]];
            key = steps[i] == 0 ? 0 : key > UINT16_MAX ? UINT16_MAX : key;
            cr_assert_eq(out[i], key, "%s k %d: row %d", kernels->named.name, n_clusters, i);
            lowest = steps[i] < lowest ? steps[i] : lowest;
        }
        cr_assert_eq(least[t], lowest);
    }
}

Test(bounds, a_key_is_the_margin_and_what_the_label_has_lost)
{
    const int32_t ks[] = {3, 31, 32, 33, 64, 65, MOST_K};
    for (int32_t s = 0; km_kernels_at(s) != NULL; s++) {
        for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
            if (kmseg_kernels_available(kmseg_kernels_name(s))) {
                check_keys(km_kernels_at(s), ks[i]);
            }
        }
    }
}

Test(bounds, rows_are_laid_out_densely_in_their_order)
{
    static int32_t tiles[TILES * MOST_PAIRS * KM_LANES], out[TILES * MOST_PAIRS * KM_LANES];
    static km_label labels[ROWS], out_labels[ROWS];
    static uint16_t positions[ROWS];
    uint64_t rows[TILES] = {0, ~UINT64_C(0), 1, UINT64_C(1) << 63, 0x00f0120000000a05};
    for (int32_t i = 0; i < TILES * MOST_PAIRS * KM_LANES; i++) {
        tiles[i] = i;
    }
    for (int32_t i = 0; i < ROWS; i++) {
        labels[i] = (km_label)(1000 + i);
    }
    for (int32_t s = 0; km_kernels_at(s) != NULL; s++) {
        for (int32_t p = 1; p <= MOST_PAIRS && kmseg_kernels_available(kmseg_kernels_name(s));
             p++) {
            km_compact compact = {.tiles = tiles,
                                  .n_tiles = TILES,
                                  .n_pairs = p,
                                  .rows = rows,
                                  .labels = labels,
                                  .out = out,
                                  .out_labels = out_labels,
                                  .positions = positions};
            int32_t n = km_kernels_at(s)->compact(&compact), at = 0;
            for (int32_t i = 0; i < ROWS; i++) {
                if ((rows[i / KM_LANES] >> (i % KM_LANES) & 1) == 0) {
                    continue;
                }
                cr_assert_eq(positions[at], i);
                cr_assert_eq(out_labels[at], labels[i]);
                for (int32_t m = 0; m < p; m++) {
                    cr_assert_eq(out[(at / KM_LANES * p + m) * KM_LANES + at % KM_LANES],
                                 tiles[(i / KM_LANES * p + m) * KM_LANES + i % KM_LANES]);
                }
                at++;
            }
            cr_assert_eq(n, at);
        }
    }
}
