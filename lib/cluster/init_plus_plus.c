/* Greedy k-means++: each further centroid is the best of some candidates, drawn with probability
 * proportional to weight times squared distance to the nearest centroid so far. The centroid c (from 0)
 * has 3 + round(ln(c + 1)) candidates, whatever n_clusters is, so that the first centroids of a seeding
 * are the seeding for fewer clusters.
 *
 * Sources: Arthur & Vassilvitskii 2007 (k-means++); the greedy variant is the one of their section
 * 5. scikit-learn draws 2 + floor(ln n_clusters) candidates for each, about as many in the mean. */
#include "cluster/draw.h"
#include "cluster/seeding.h"

#include <math.h>

static int32_t trials_for(int32_t c) {
    int32_t trials = 3 + (int32_t)(log((double)c + 1) + 0.5);
    return trials < KM_MOST_TRIALS ? trials : KM_MOST_TRIALS;
}

int64_t km_draw_by_weight(const kmseg_tiles *tiles, uint64_t random) {
    km_int128 position = km_draw_position(tiles->weight_sum, random);
    if (tiles->weights == NULL) {
        return (int64_t)position;
    }
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        km_int128 weight = km_tiles_whole_weight(tiles, i);
        if (position < weight) {
            return i;
        }
        position -= weight;
    }
    return tiles->n_samples - 1;
}

/* One more centroid. Where every sample sits on one already, any sample will do. */
static kmseg_status choose_next(kmseg_context *ctx, km_seeding *s, km_random *random) {
    int64_t rows[KM_MOST_TRIALS];
    int32_t n = trials_for(s->n_chosen);
    km_int128 total = km_seeding_total(s);
    for (int32_t t = 0; t < n; t++) {
        uint64_t bits = km_next_u64(random);
        rows[t] = total > 0 ? km_seeding_row_at(s, km_draw_position(total, bits))
                            : km_draw_by_weight(s->tiles, bits);
    }
    return km_seeding_add_best(ctx, s, rows, total > 0 ? n : 1);
}

static kmseg_status seed(kmseg_context *ctx, const km_fit_job *job, km_seeding *s) {
    km_random random = km_init_random_numbers(job);
    int64_t first = km_draw_by_weight(s->tiles, km_next_u64(&random));
    KM_TRY(km_seeding_add(ctx, s, &first, 1));
    while (s->n_chosen < s->capacity) {
        KM_TRY(choose_next(ctx, s, &random));
        km_fit_progress(ctx, job, KM_INIT_SHARE * s->n_chosen / s->capacity);
    }
    return KMSEG_OK;
}

kmseg_status km_init_plus_plus(kmseg_context *ctx, const km_fit_job *job, double *centroids) {
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_seeding s;
    kmseg_status status = km_seeding_init(ctx, job->tiles, job->options->n_clusters, &arena, &s);
    if (status == KMSEG_OK) {
        status = seed(ctx, job, &s);
    }
    for (int64_t c = 0; c < s.n_chosen; c++) {
        km_tiles_row(job->tiles, s.chosen[c], centroids + c * job->tiles->n_features);
    }
    km_seeding_end(&s);
    km_arena_free(&arena);
    return status;
}
