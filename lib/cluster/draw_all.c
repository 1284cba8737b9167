/* Draws from all samples, in an order of their contents.
 *
 * The running sum goes over 4,096 buckets by the hash of the content, whose sums are whole numbers. Of the
 * buckets that are drawn the samples are then gathered by their content. */
#include "cluster/draws.h"
#include "cluster/seeding_worker.h"
#include "data/draw_rows.h"

enum { BUCKET_BITS = 12, BUCKETS = 1 << BUCKET_BITS, MOST_DRAWS = 2 * KM_MOST_TRIALS };

typedef struct drawing {
    km_seeding *seeding;
    int by_square;
    km_taking *takings; /* per thread */
    km_int128 *sums;    /* per thread: BUCKETS */
    uint64_t drawn[BUCKETS / 64];
    km_contents *tables; /* per thread */
    double *rows;        /* per thread: n_features */
} drawing;

static int64_t bucket_of(uint32_t hash) { return hash >> (32 - BUCKET_BITS); }

static km_int128 mass_of(const drawing *d, int64_t place) {
    const km_seeding *s = d->seeding;
    int64_t row = km_seeding_place_row(s, place);
    if (!d->by_square) {
        return km_tiles_whole_weight(s->tiles, row);
    }
    return s->grid.is_used ? km_grid_distance(s, place) : km_seeding_distance(s, row);
}

/* Calls for every sample of a chunk of tiles: its place, and its bucket. */
static void for_samples(drawing *d, int64_t chunk, int32_t thread,
                        void (*fn)(drawing *, int32_t thread, int64_t place, int64_t bucket)) {
    const int64_t per_chunk = KM_CHUNK_ROWS / KM_TILE_ROWS;
    km_taking *taking = &d->takings[thread];
    int64_t end = (chunk + 1) * per_chunk, n = km_seeding_tiles(d->seeding);
    end = end < n ? end : n;
    uint64_t rows;
    for (int64_t t = chunk * per_chunk; (rows = km_taking_next(taking, &t, end, thread)) != 0;
         t++) {
        for (; rows != 0; rows &= rows - 1) {
            int r = __builtin_ctzll(rows);
            fn(d, thread, t * KM_TILE_ROWS + r, bucket_of(taking->hashes[r]));
        }
    }
}

static void sum_one(drawing *d, int32_t thread, int64_t place, int64_t bucket) {
    d->sums[(int64_t)thread * BUCKETS + bucket] += mass_of(d, place);
}

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    for_samples(argument, chunk, thread, sum_one);
}

static void gather_one(drawing *d, int32_t thread, int64_t place, int64_t bucket) {
    km_int128 mass = 0;
    if ((d->drawn[bucket / 64] >> bucket % 64 & 1) == 0 || (mass = mass_of(d, place)) == 0) {
        return;
    }
    const kmseg_tiles *tiles = d->seeding->tiles;
    int64_t row = km_seeding_place_row(d->seeding, place);
    double *values = d->rows + (int64_t)thread * tiles->n_features;
    km_tiles_row(tiles, row, values);
    /* By bucket first. */
    uint64_t key = km_hash_values(0, values, tiles->n_features) >> BUCKET_BITS |
                   (uint64_t)bucket << (64 - BUCKET_BITS);
    km_contents_add(&d->tables[thread], key, row, 0, mass);
}

static void gather_chunk(void *argument, int64_t chunk, int32_t thread) {
    for_samples(argument, chunk, thread, gather_one);
}

/* The entry of a bucket at a position of the running sum in it. */
static int64_t row_in(const km_content *all, int64_t n, int64_t bucket, km_int128 position) {
    int64_t low = 0, high = n;
    while (low < high) { /* first entry of the bucket */
        int64_t middle = (low + high) / 2;
        if (all[middle].key >> (64 - BUCKET_BITS) < (uint64_t)bucket) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low < n - 1 && position >= all[low].amount) {
        position -= all[low++].amount;
    }
    return all[low].row;
}

static kmseg_status allocate(kmseg_context *ctx, drawing *d, km_arena *arena) {
    int64_t n = ctx->n_threads;
    d->takings = km_arena_array(arena, n, sizeof *d->takings);
    d->sums = km_arena_array(arena, n * BUCKETS, sizeof *d->sums);
    d->tables = km_arena_array(arena, n, sizeof *d->tables);
    d->rows = km_arena_array(arena, n * d->seeding->tiles->n_features, sizeof *d->rows);
    return d->takings != NULL && d->sums != NULL && d->tables != NULL && d->rows != NULL
               ? KMSEG_OK
               : km_fail_memory(ctx, "the first centroids");
}

/* Buckets of n draws and positions in them. */
static void draw_buckets(drawing *d, int32_t n_threads, km_random *random, int32_t n,
                         int64_t *buckets, km_int128 *positions) {
    km_int128 total = 0;
    for (int64_t b = 0; b < BUCKETS; b++) {
        for (int64_t t = 1; t < n_threads; t++) {
            d->sums[b] += d->sums[t * BUCKETS + b];
        }
        total += d->sums[b];
    }
    for (int32_t i = 0; i < n; i++) {
        km_int128 position = km_draw_position(total, km_next_u64(random));
        int64_t b = 0;
        while (b < BUCKETS - 1 && position >= d->sums[b]) {
            position -= d->sums[b++];
        }
        d->drawn[b / 64] |= UINT64_C(1) << b % 64;
        buckets[i] = b;
        positions[i] = position;
    }
}

static kmseg_status draw(kmseg_context *ctx, drawing *d, km_random *random, int64_t *rows,
                         int32_t n, km_arena *arenas, km_arena *scratch) {
    int64_t chunks = km_chunks(km_seeding_tiles(d->seeding), KM_CHUNK_ROWS / KM_TILE_ROWS);
    int64_t buckets[MOST_DRAWS], n_all;
    km_int128 positions[MOST_DRAWS];
    KM_TRY(km_parallel(ctx, chunks, sum_chunk, d));
    draw_buckets(d, ctx->n_threads, random, n, buckets, positions);
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        km_contents_init(&d->tables[t], &arenas[t], INT64_MAX);
    }
    KM_TRY(km_parallel(ctx, chunks, gather_chunk, d));
    int failed = 0;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        failed = failed || d->tables[t].has_failed;
    }
    km_content *all = km_contents_merge(d->tables, ctx->n_threads, scratch, &n_all);
    if (failed || all == NULL) {
        return km_fail_memory(ctx, "the first centroids");
    }
    for (int32_t i = 0; i < n; i++) {
        rows[i] = row_in(all, n_all, buckets[i], positions[i]);
    }
    return KMSEG_OK;
}

kmseg_status km_draw_from_all(kmseg_context *ctx, km_seeding *s, uint64_t seed, km_random *random,
                              int64_t *rows, int32_t n) {
    drawing d = {.seeding = s, .by_square = s->n_chosen > 0 && km_seeding_total(s) > 0};
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    km_arena *arenas = km_arena_array(&scratch, ctx->n_threads, sizeof *arenas);
    kmseg_status status =
        arenas != NULL ? allocate(ctx, &d, &scratch) : km_fail_memory(ctx, "the first centroids");
    for (int32_t t = 0; arenas != NULL && t < ctx->n_threads; t++) {
        km_arena_init(&arenas[t], &ctx->allocator);
        if (status == KMSEG_OK) {
            km_taking_start(&d.takings[t], s, seed, 0);
            d.takings[t].all = 1;
        }
    }
    if (status == KMSEG_OK && s->grid.is_used) {
        status = km_grid_settle(ctx, s);
    }
    if (status == KMSEG_OK) {
        status = draw(ctx, &d, random, rows, n, arenas, &scratch);
    }
    for (int32_t t = 0; arenas != NULL && t < ctx->n_threads; t++) {
        km_arena_free(&arenas[t]);
    }
    km_arena_free(&scratch);
    return status;
}
