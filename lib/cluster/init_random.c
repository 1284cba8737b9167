/* Samples drawn one after another without replacement, by weight. */
#include "base/parallel.h"
#include "cluster/draw.h"

#include <assert.h>

km_int128 km_draw_position(km_int128 total, uint64_t random) {
    uint64_t high = (uint64_t)((km_uint128)total >> 64), low = (uint64_t)total;
    km_uint128 product = (km_uint128)low * random;
    return (km_int128)((km_uint128)high * random + (product >> 64));
}

/* Weights left to draw from, by chunk of samples. */
typedef struct urn {
    const kmseg_tiles *tiles;
    km_int128 *chunks;
    int64_t n_chunks;
    km_int128 total;
    char *is_drawn; /* n_samples */
    int64_t *drawn; /* rows, in order of the draw */
    int32_t n_drawn;
} urn;

static void draw(urn *u, uint64_t random) {
    km_int128 position = km_draw_position(u->total, random);
    int64_t chunk = 0;
    while (chunk < u->n_chunks - 1 && position >= u->chunks[chunk]) {
        position -= u->chunks[chunk++];
    }
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < u->tiles->n_samples ? end : u->tiles->n_samples;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end; i++) {
        km_int128 weight = u->is_drawn[i] ? 0 : km_tiles_whole_weight(u->tiles, i);
        if (position < weight) {
            u->chunks[chunk] -= weight;
            u->total -= weight;
            u->is_drawn[i] = 1;
            u->drawn[u->n_drawn++] = i;
            return;
        }
        position -= weight;
    }
}

kmseg_status km_init_random(kmseg_context *ctx, const km_fit_job *job, double *centroids) {
    const kmseg_tiles *tiles = job->tiles;
    int32_t k = job->options->n_clusters;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    urn u = {.tiles = tiles, .n_chunks = km_chunks(tiles->n_samples, KM_CHUNK_ROWS)};
    u.chunks = km_arena_array(&arena, u.n_chunks, sizeof *u.chunks);
    u.is_drawn = km_arena_array(&arena, tiles->n_samples, sizeof *u.is_drawn);
    u.drawn = km_arena_array(&arena, k, sizeof *u.drawn);
    if (u.chunks == NULL || u.is_drawn == NULL || u.drawn == NULL) {
        km_arena_free(&arena);
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int64_t i = 0; i < tiles->n_samples; i++) {
        u.chunks[i / KM_CHUNK_ROWS] += km_tiles_whole_weight(tiles, i);
    }
    u.total = tiles->weight_sum;
    km_random random = km_init_random_numbers(job);
    for (int32_t c = 0; c < k && u.total > 0; c++) {
        draw(&u, km_next_u64(&random));
    }
    assert(u.n_drawn > 0); /* tiles have a positive weight */
    for (int32_t c = 0; c < k; c++) {
        /* Weights too small to draw from can leave fewer than k samples; the first is repeated then. */
        km_tiles_row(tiles, u.drawn[c < u.n_drawn ? c : 0],
                     centroids + (int64_t)c * tiles->n_features);
    }
    km_arena_free(&arena);
    return KMSEG_OK;
}
