/* When bounds are kept: what passes cost decides, no result depends on it. */
#include "cluster/bounds.h"
#include "support/support.h"

enum { N = 6400, D = 32, K = 64 };

/* Bounds of k centroids that nothing is known of yet. */
typedef struct scene {
    kmseg_context *ctx;
    kmseg_tiles *tiles;
    km_arena arena;
    km_bounds bounds;
} scene;

static void begin(scene *s, int32_t k) {
    static double x[N * D];
    static uint16_t keys[N];
    for (int64_t i = 0; i < N * D; i++) {
        x[i] = (double)(i * 7919 % 10007);
    }
    s->ctx = test_context(1, NULL);
    s->tiles = test_tiles(s->ctx, x, N, D, NULL);
    km_arena_init(&s->arena, &s->ctx->allocator);
    cr_assert(km_bounds_init(&s->bounds, s->tiles, k, keys, &s->arena));
}

static void end(scene *s) {
    km_arena_free(&s->arena);
    kmseg_tiles_free(s->tiles);
    kmseg_context_free(s->ctx);
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
    scene s;
    begin(&s, K);
    judge(&s.bounds, 1, 1);
    cr_assert(!s.bounds.making && !s.bounds.on);
    judge(&s.bounds, 0.014, 1);
    cr_assert(!s.bounds.making && !s.bounds.on, "too many labels change");
    judge(&s.bounds, 0.013, 1);
    cr_assert(s.bounds.making && !s.bounds.on);
    judge(&s.bounds, 0.011, 1);
    cr_assert(!s.bounds.making && s.bounds.on);
    judge(&s.bounds, 0.010, 0.50);
    cr_assert(s.bounds.on, "they pay");
    judge(&s.bounds, 0.010, 0.52);
    cr_assert(!s.bounds.on && !s.bounds.making, "they do not");
    /* 49.2 and 51.2 rows for each that changed were learned: 30, 34.8, 38.9; so not before
     * .8 .511 / 38.9 = .0105, and after a pause of two passes. */
    judge(&s.bounds, 0.0100, 1);
    judge(&s.bounds, 0.0100, 1);
    judge(&s.bounds, 0.0110, 1);
    cr_assert(!s.bounds.making);
    judge(&s.bounds, 0.0100, 1);
    cr_assert(s.bounds.making);
    end(&s);
}

/* Of 8 centroids and 8 features reading the tiles, (2 8 + 2) / 20 = .9 ns, is all that a pass takes, .84 a row that
 * is looked at and 5.4 one that is not spared: .011 of them may be. */
Test(bounds, are_hardly_ever_made_of_few_centroids)
{
    scene s;
    begin(&s, 8);
    km_bounds_news of_few = news(0.001, 1);
    of_few.n_clusters = of_few.n_features = 8;
    km_bounds_judge(&s.bounds, &of_few);
    cr_assert(!s.bounds.making && !s.bounds.on);
    of_few.n_changed = 1; /* .00016 of the rows, times 30: below .8 .011 */
    km_bounds_judge(&s.bounds, &of_few);
    cr_assert(s.bounds.making);
    end(&s);
}
