/* Pools: samples that stand for all. */
#include "cluster/draws.h"
#include "data/draw_rows.h"

#include <math.h>

/* Samples wanted in the pool of level 0; with at most four times as many different ones, all are. */
enum { WANTED = 2048 };

typedef struct gathering {
    km_taking *takings; /* per thread */
    km_contents *tables;
    double *rows; /* per thread: n_features */
} gathering;

void km_pools_init(kmseg_context *ctx, km_pools *pools) {
    *pools = (km_pools){0};
    km_arena_init(&pools->arena, &ctx->allocator);
}

void km_pools_end(km_pools *pools) { km_arena_free(&pools->arena); }

/* The key of a content; samples of one content that are taken with another chance, having another
 * weight, are apart. */
static uint64_t key_of(const km_seeding *s, double *row, int64_t at, int32_t chance) {
    km_tiles_row(s->tiles, at, row);
    return km_hash_values((uint64_t)chance, row, s->tiles->n_features);
}

static void gather_chunk(void *argument, int64_t chunk, int32_t thread) {
    gathering *g = argument;
    km_taking *taking = &g->takings[thread];
    km_contents *table = &g->tables[thread];
    const km_seeding *s = taking->seeding;
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    int64_t end = (chunk + 1) * per_chunk, n = km_seeding_tiles(s);
    end = end < n ? end : n;
    uint64_t rows;
    for (int64_t t = chunk * per_chunk;
         !table->is_full && (rows = km_taking_next(taking, &t, end, thread)) != 0; t++) {
        for (; rows != 0; rows &= rows - 1) {
            int r = __builtin_ctzll(rows);
            int64_t row = km_seeding_place_row(s, t * KM_TILE_ROWS + r);
            int32_t chance = taking->all ? 0 : taking->chances[r];
            km_int128 weight = km_tiles_whole_weight(s->tiles, row);
            if (weight > 0) {
                double *values = g->rows + (int64_t)thread * s->tiles->n_features;
                km_contents_add(table, key_of(s, values, row, chance), row, chance, weight);
            }
        }
    }
}

/* Rows that stand for all; *out_n -1: there are more different ones than most. */
static kmseg_status gather(kmseg_context *ctx, km_seeding *s, const km_taking *taking, int64_t most,
                           km_arena *scratch, km_content **out, int64_t *out_n) {
    gathering g = {
        .takings = km_arena_array(scratch, ctx->n_threads, sizeof *g.takings),
        .tables = km_arena_array(scratch, ctx->n_threads, sizeof *g.tables),
        .rows =
            km_arena_array(scratch, (int64_t)ctx->n_threads * s->tiles->n_features, sizeof *g.rows),
    };
    km_arena *arenas = km_arena_array(scratch, ctx->n_threads, sizeof *arenas);
    *out_n = 0;
    if (g.takings == NULL || g.tables == NULL || g.rows == NULL || arenas == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        g.takings[t] = *taking;
        km_arena_init(&arenas[t], &ctx->allocator);
        km_contents_init(&g.tables[t], &arenas[t], most);
    }
    kmseg_status status = km_parallel(
        ctx, km_chunks(km_seeding_tiles(s), KM_CHUNK_ROWS / KM_TILE_ROWS), gather_chunk, &g);
    int full = 0, failed = 0;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        full = full || g.tables[t].is_full;
        failed = failed || g.tables[t].has_failed;
    }
    if (status == KMSEG_OK && !full && !failed) {
        *out = km_contents_merge(g.tables, ctx->n_threads, scratch, out_n);
        failed = *out == NULL;
    }
    *out_n = full || *out_n > most ? -1 : *out_n;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        km_arena_free(&arenas[t]);
    }
    return status == KMSEG_OK && failed ? km_fail_memory(ctx, "the first centroids") : status;
}

/* What a content counts. */
static double weight_of(const kmseg_tiles *tiles, const km_content *content) {
    double weight = km_tiles_weight_value(tiles, content->amount);
    return content->chance > 0 ? weight / ldexp(content->chance, -31) : weight;
}

static kmseg_status keep(kmseg_context *ctx, km_pools *pools, const kmseg_tiles *tiles,
                         const km_content *contents, int64_t n, km_pool *out) {
    int64_t size = (int64_t)tiles->n_features * KM_TILE_ROWS;
    out->n = n;
    out->rows = km_arena_array(&pools->arena, n, sizeof *out->rows);
    out->weights = km_arena_array(&pools->arena, n, sizeof *out->weights);
    out->blocks =
        km_arena_array(&pools->arena, km_chunks(n, KM_TILE_ROWS) * size, sizeof *out->blocks);
    if (out->rows == NULL || out->weights == NULL || out->blocks == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int64_t i = 0; i < n; i++) {
        out->rows[i] = contents[i].row;
        out->weights[i] = weight_of(tiles, &contents[i]);
    }
    for (int64_t i = 0; i < n; i += KM_TILE_ROWS) {
        int32_t here = n - i < KM_TILE_ROWS ? (int32_t)(n - i) : KM_TILE_ROWS;
        km_tiles_gather(tiles, out->rows + i, here, out->blocks + i / KM_TILE_ROWS * size);
    }
    out->is_made = 1;
    return KMSEG_OK;
}

/* Whether contents that are few for how much they weigh were met or missed. */
static int is_lumpy(const kmseg_tiles *tiles, const km_content *contents, int64_t n) {
    double all = km_tiles_weight_value(tiles, tiles->weight_sum), sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += weight_of(tiles, &contents[i]);
    }
    return !(fabs(sum - all) <= all / 8);
}

/* Some wanted samples that stand for all, or all different ones where those are few; *is_all then. Samples
 * that do not stand for all well are *is_lumpy. */
static kmseg_status take(kmseg_context *ctx, km_seeding *s, uint64_t seed, int64_t wanted,
                         km_arena *scratch, km_content **out, int64_t *out_n, int *is_all,
                         int *lumpy) {
    const kmseg_tiles *tiles = s->tiles;
    int64_t n = -1;
    km_taking taking;
    km_content *contents = NULL;
    km_taking_start(&taking, s, seed, (double)wanted);
    *lumpy = 0;
    *is_all = tiles->n_weighted <= 4 * wanted;
    if (!*is_all) {
        KM_TRY(gather(ctx, s, &taking, 4 * wanted, scratch, &contents, &n));
        *lumpy = n < 0 || is_lumpy(tiles, contents, n);
        *is_all = *lumpy;
    }
    if (*is_all) { /* few different samples may be all there are */
        km_content *all;
        int64_t n_all;
        taking.all = 1;
        KM_TRY(gather(ctx, s, &taking, 4 * wanted, scratch, &all, &n_all));
        *is_all = n_all >= 0;
        contents = n_all >= 0 ? all : contents;
        n = n_all >= 0 ? n_all : n;
    }
    *out = contents;
    *out_n = n > 0 ? n : 0;
    return KMSEG_OK;
}

static kmseg_status make(kmseg_context *ctx, km_pools *pools, km_seeding *s, uint64_t seed,
                         int32_t level, km_arena *scratch, km_pool *out) {
    km_content *contents;
    int64_t n;
    int lumpy;
    KM_TRY(take(ctx, s, seed, (int64_t)WANTED << (2 * level), scratch, &contents, &n, &out->is_all,
                &lumpy));
    return keep(ctx, pools, s->tiles, contents, n, out);
}

static kmseg_status take_weighted(kmseg_context *ctx, km_seeding *s, uint64_t seed, int64_t wanted,
                                  km_arena *scratch, km_weighted_row **out, int64_t *out_n) {
    km_content *contents;
    int64_t n;
    int is_all, lumpy;
    KM_TRY(take(ctx, s, seed, wanted, scratch, &contents, &n, &is_all, &lumpy));
    if (lumpy && !is_all) {
        return KMSEG_OK;
    }
    *out = km_arena_array(scratch, n, sizeof **out);
    if (*out == NULL) {
        return km_fail_memory(ctx, "a coreset");
    }
    for (int64_t i = 0; i < n; i++) {
        (*out)[i] = (km_weighted_row){contents[i].row, weight_of(s->tiles, &contents[i])};
    }
    *out_n = n;
    return KMSEG_OK;
}

kmseg_status km_pool_take(kmseg_context *ctx, const kmseg_tiles *tiles, uint64_t seed,
                          int64_t wanted, km_arena *arena, km_weighted_row **out, int64_t *out_n) {
    *out = NULL;
    *out_n = 0;
    km_seeding s;
    kmseg_status status = km_seeding_init(ctx, tiles, 1, arena, &s);
    if (status == KMSEG_OK) {
        status = take_weighted(ctx, &s, seed, wanted, arena, out, out_n);
    }
    km_seeding_end(&s);
    return status;
}

kmseg_status km_pool_get(kmseg_context *ctx, km_pools *pools, km_seeding *s, uint64_t seed,
                         int32_t level, km_pool **out) {
    for (int32_t l = 0; l <= level; l++) {
        if (pools->levels[l].is_made && pools->levels[l].is_all) {
            level = l;
        }
    }
    *out = &pools->levels[level];
    if ((*out)->is_made) {
        return KMSEG_OK;
    }
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    kmseg_status status = make(ctx, pools, s, seed, level, &scratch, *out);
    km_arena_free(&scratch);
    return status;
}

kmseg_status km_pools_numbers(kmseg_context *ctx, km_pools *pools, const kmseg_tiles *tiles,
                              uint64_t seed, const uint64_t **out) {
    if (pools->numbers == NULL) {
        int64_t none, n_none;
        pools->numbers =
            km_arena_take(&pools->arena, (size_t)tiles->n_samples * sizeof *pools->numbers);
        if (pools->numbers == NULL) {
            return km_fail_memory(ctx, "the first centroids");
        }
        KM_TRY(km_draw_rows(ctx, tiles, 0, 1, seed, KM_STAGE_POOL, &none, &n_none, pools->numbers));
    }
    *out = pools->numbers;
    return KMSEG_OK;
}
