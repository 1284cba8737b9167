/* Samples drawn without replacement, by weight: the lowest of exponential numbers, each with its weight as
 * the rate (Efraimidis & Spirakis 2006, doi:10.1016/j.ipl.2005.11.003). A sample's number is one of what is
 * in it and how many equal ones came before, so the order of the samples changes nothing. */
#include "cluster/draw.h"
#include "data/draw_rows.h"

#include <assert.h>
#include <math.h>

km_int128 km_draw_position(km_int128 total, uint64_t random) {
    uint64_t high = (uint64_t)((km_uint128)total >> 64), low = (uint64_t)total;
    km_uint128 product = (km_uint128)low * random;
    return (km_int128)((km_uint128)high * random + (product >> 64));
}

typedef struct ticket {
    double time;
    uint64_t number;
    int64_t row;
} ticket;

static int is_before(const ticket *a, const ticket *b) {
    return a->time != b->time ? a->time < b->time : a->number < b->number;
}

/* Puts a ticket among the n lowest so far, ascending, of at most k. Returns how many there are then. */
static int32_t insert(ticket *lowest, int32_t n, int32_t k, ticket new) {
    if (n == k && !is_before(&new, &lowest[n - 1])) {
        return n;
    }
    int32_t at = n < k ? n : n - 1;
    for (; at > 0 && is_before(&new, &lowest[at - 1]); at--) {
        lowest[at] = lowest[at - 1];
    }
    lowest[at] = new;
    return n < k ? n + 1 : n;
}

static kmseg_status draw(kmseg_context *ctx, const km_fit_job *job, km_arena *arena, ticket **out,
                         int32_t *out_n) {
    const kmseg_tiles *tiles = job->tiles;
    int32_t k = job->options->n_clusters;
    uint64_t *numbers = km_arena_array(arena, tiles->n_samples, sizeof *numbers);
    *out = km_arena_array(arena, k, sizeof **out);
    if (numbers == NULL || *out == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    km_random random = km_init_random_numbers(job);
    int64_t none, n_none;
    KM_TRY(km_draw_rows(ctx, tiles, 0, 1, km_next_u64(&random), KM_STAGE_INIT, &none, &n_none,
                        numbers));
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        double weight = km_tiles_weight(tiles, i);
        if (weight > 0) {
            double share = ((double)(numbers[i] >> 11) + 1) * 0x1p-53; /* in (0, 1] */
            double time = tiles->weights != NULL ? -log(share) / weight : share;
            *out_n = insert(*out, *out_n, k, (ticket){time, numbers[i], i});
        }
    }
    return KMSEG_OK;
}

kmseg_status km_init_random(kmseg_context *ctx, const km_fit_job *job, double *centroids) {
    km_arena arena;
    ticket *drawn = NULL;
    int32_t n = 0;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = draw(ctx, job, &arena, &drawn, &n);
    assert(status != KMSEG_OK || n > 0); /* km_fit_check */
    /* Of a coreset there may be fewer samples than clusters, where few differ: then some come again. */
    for (int32_t c = 0; status == KMSEG_OK && c < job->options->n_clusters; c++) {
        km_tiles_row(job->tiles, drawn[c % n].row, centroids + (int64_t)c * job->tiles->n_features);
    }
    km_arena_free(&arena);
    return status;
}
