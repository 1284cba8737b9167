/* Greedy k-means++: each further centroid is the best of some candidates, drawn with probability
 * proportional to weight times squared distance to the nearest centroid so far. The centroid c (from 0)
 * has 3 + round(ln(c + 1)) candidates, whatever n_clusters is, so that the first centroids of a seeding
 * are the seeding for fewer clusters.
 *
 * Sources: Arthur & Vassilvitskii 2007 (k-means++); the greedy variant is the one of their section
 * 5. scikit-learn draws 2 + floor(ln n_clusters) candidates for each, about as many in the mean. */
#include "cluster/draws.h"

#include <math.h>

static int32_t trials_for(int32_t c) {
    int32_t trials = 3 + (int32_t)(log((double)c + 1) + 0.5);
    return trials < KM_MOST_TRIALS ? trials : KM_MOST_TRIALS;
}

/* One more centroid. Where every sample sits on one already, any sample will do. */
static kmseg_status choose_next(kmseg_context *ctx, km_draws *draws, km_random *random) {
    km_seeding *s = draws->seeding;
    int64_t rows[KM_MOST_TRIALS];
    int32_t n = km_seeding_total(s) > 0 ? trials_for(s->n_chosen) : 1;
    KM_TRY(km_draws_next(ctx, draws, random, rows, n));
    return km_seeding_add_best(ctx, s, rows, n);
}

static kmseg_status seed(kmseg_context *ctx, const km_fit_job *job, km_draws *draws) {
    km_seeding *s = draws->seeding;
    int64_t first;
    for (int32_t c = 0; c < s->capacity; c++) {
        /* The numbers of a centroid do not depend on how many those before have used. */
        km_random random = km_init_random_numbers(job);
        random.position += (uint64_t)c * 2 * KM_MOST_TRIALS;
        if (c == 0) {
            KM_TRY(km_draws_next(ctx, draws, &random, &first, 1));
            KM_TRY(km_seeding_add(ctx, s, &first, 1));
        } else {
            KM_TRY(choose_next(ctx, draws, &random));
        }
        km_fit_progress(ctx, job, KM_INIT_SHARE * s->n_chosen / s->capacity);
    }
    return KMSEG_OK;
}

kmseg_status km_init_plus_plus(kmseg_context *ctx, const km_fit_job *job, double *centroids) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_seeding s;
    km_draws draws;
    kmseg_status status = km_seeding_init(ctx, job->tiles, job->options->n_clusters, &arena, &s);
    if (status == KMSEG_OK) {
        km_draws_init(ctx, job, &s, &draws);
        status = seed(ctx, job, &draws);
        km_draws_end(&draws);
    }
    for (int64_t c = 0; c < s.n_chosen; c++) {
        km_tiles_row(job->tiles, s.chosen[c], centroids + c * job->tiles->n_features);
    }
    km_seeding_end(&s);
    km_arena_free(&arena);
    return status;
}
