/* When bounds are kept: what passes cost decides, no result depends on it. */
#include "cluster/bounds.h"
#include "support/support.h"

enum { N = 6400, D = 32, K = 64 };

static kmseg_tiles *tiles_of(kmseg_context *ctx) {
    static double x[N * D];
    for (int64_t i = 0; i < N * D; i++) {
        x[i] = (double)(i * 7919 % 10007);
    }
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, N, D);
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles));
    return tiles;
}

static km_bounds_news news(double changed, double assigned) {
    return (km_bounds_news){.n_rows = N,
                            .n_changed = (int64_t)(changed * N),
                            .n_assigned = (int64_t)(assigned * N),
                            .n_clusters = K,
                            .n_features = D,
                            .n_together = 1};
}

static void judge(km_bounds *bounds, double changed, double assigned) {
    km_bounds_news n = news(changed, assigned);
    km_bounds_judge(bounds, &n);
}

/* 64 centroids of 32 features: a row of a whole pass takes w = 64 (32 / 2 + 2) / 70 = 16.5 ns, one that is looked
 * at .6 + .03 32 = 1.56 and one that is not spared 1.2 w + 3 + .2 32 = 29.1, so .511 of the rows may be. At first
 * 30 rows are taken to be not spared for each that changes, and keys are made when that is below .8 of it:
 * from .8 .511 / 30 = .0136 of the rows on. */
Test(bounds, are_made_when_few_labels_change_and_dropped_when_they_spare_too_little)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = tiles_of(ctx);
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    static uint16_t keys[N];
    km_bounds bounds;
    cr_assert(km_bounds_init(&bounds, tiles, K, keys, &arena));
    judge(&bounds, 1, 1);
    cr_assert(!bounds.making && !bounds.on);
    judge(&bounds, 0.014, 1);
    cr_assert(!bounds.making && !bounds.on, "too many labels change");
    judge(&bounds, 0.013, 1);
    cr_assert(bounds.making && !bounds.on);
    judge(&bounds, 0.011, 1);
    cr_assert(!bounds.making && bounds.on);
    judge(&bounds, 0.010, 0.50);
    cr_assert(bounds.on, "they pay");
    judge(&bounds, 0.010, 0.52);
    cr_assert(!bounds.on && !bounds.making, "they do not");
    /* 49.2 and 51.2 rows for each that changed were learned: 30, 34.8, 38.9; so not before
     * .8 .511 / 38.9 = .0105, and after a pause of two passes. */
    judge(&bounds, 0.0100, 1);
    judge(&bounds, 0.0100, 1);
    judge(&bounds, 0.0110, 1);
    cr_assert(!bounds.making);
    judge(&bounds, 0.0100, 1);
    cr_assert(bounds.making);
    km_arena_free(&arena);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Of 8 centroids and 8 features reading the tiles, (2 8 + 2) / 20 = .9 ns, is all that a pass takes, .84 a row that
 * is looked at and 5.4 one that is not spared: .011 of them may be. */
Test(bounds, are_hardly_ever_made_of_few_centroids)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_tiles *tiles = tiles_of(ctx);
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    static uint16_t keys[N];
    km_bounds bounds;
    cr_assert(km_bounds_init(&bounds, tiles, 8, keys, &arena));
    km_bounds_news of_few = news(0.001, 1);
    of_few.n_clusters = of_few.n_features = 8;
    km_bounds_judge(&bounds, &of_few);
    cr_assert(!bounds.making && !bounds.on);
    of_few.n_changed = 1; /* .00016 of the rows, times 30: below .8 .011 */
    km_bounds_judge(&bounds, &of_few);
    cr_assert(bounds.making);
    km_arena_free(&arena);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}
