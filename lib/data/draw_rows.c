/* Equal rows need to be told apart, or a sample would hold all of them or none: they are counted, in
 * buckets of hashes that are small enough for a table in the cache. */
#include "data/draw_rows.h"

#include "base/parallel.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_ROWS = 16 * KM_CHUNK_ROWS,
    BUCKET_ROWS = 2048, /* of a bucket, about */
    MOST_BUCKET_BITS = 12
};

/* A row and its hash, later its random number. */
typedef struct entry {
    uint64_t number;
    int64_t row;
} entry;

/* How many rows of a hash have been seen; n 0: the slot is free. */
typedef struct slot {
    uint64_t hash;
    uint32_t n;
} slot;

typedef struct draw_job {
    const kmseg_tiles *tiles;
    int weighted;
    uint64_t seed;
    km_stage stage;
    int32_t bucket_bits;
    int64_t n_buckets, n_blocks, n_slots;
    const km_kernels *kernels;
    double *blocks;    /* per thread: a tile of rows, feature by feature */
    uint64_t *hashes;  /* n_samples */
    uint64_t *numbers; /* n_samples, or NULL */
    int64_t *starts;   /* n_blocks x n_buckets: counts, then where a block's rows go */
    int64_t *bounds;   /* n_buckets + 1 */
    entry *entries;
    slot *slots;    /* per thread: n_slots */
    entry *sorted;  /* to order all rows: n_samples */
    int64_t *order; /* the same */
} draw_job;

/* The finaliser of SplitMix64 (Steele et al. 2014, doi:10.1145/2714064.2660195). */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t add_number(uint64_t hash, double value) {
    union {
        double number;
        uint64_t bits;
    } u = {value + 0.0}; /* -0 is 0 */
    return mix(hash + u.bits + UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t km_hash_values(uint64_t hash, const double *values, int32_t n) {
    for (int32_t j = 0; j < n; j++) {
        hash = add_number(hash, values[j]);
    }
    return hash;
}

static int counts(const draw_job *job, int64_t row) {
    return !job->weighted || km_tiles_weight(job->tiles, row) > 0;
}

/* Without buckets, a shift by 64 would be undefined. */
static int64_t bucket_of(const draw_job *job, uint64_t hash) {
    return job->bucket_bits > 0 ? (int64_t)(hash >> (64 - job->bucket_bits)) : 0;
}

static int64_t block_end(const draw_job *job, int64_t block) {
    int64_t end = (block + 1) * BLOCK_ROWS;
    return end < job->tiles->n_samples ? end : job->tiles->n_samples;
}

/* Goes on from the hashes that are in out. */
static void hash_values(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t first,
                        int32_t n, double *block, uint64_t *out) {
    km_tiles_block(kernels, tiles, first, n, block);
    for (int32_t j = 0; j < tiles->n_features; j++) {
        kernels->hash(block + (int64_t)j * KM_TILE_ROWS, out);
    }
}

void km_hash_rows(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t first, int32_t n,
                  double *block, uint64_t *out) {
    double weights[KM_TILE_ROWS];
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        weights[r] = km_tiles_weight(tiles, first + (r < n ? r : n - 1));
    }
    memset(out, 0, KM_TILE_ROWS * sizeof *out);
    kernels->hash(weights, out);
    hash_values(kernels, tiles, first, n, block, out);
}

void km_hash_contents(const km_kernels *kernels, const kmseg_tiles *tiles, int64_t first, int32_t n,
                      double *block, uint64_t *out) {
    memset(out, 0, KM_TILE_ROWS * sizeof *out);
    hash_values(kernels, tiles, first, n, block, out);
}

static void hash_block(void *argument, int64_t block, int32_t thread) {
    draw_job *job = argument;
    double *room = job->blocks + (int64_t)thread * job->tiles->n_features * KM_TILE_ROWS;
    int64_t *sizes = job->starts + block * job->n_buckets, end = block_end(job, block);
    for (int64_t first = block * BLOCK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
        uint64_t hashes[KM_TILE_ROWS];
        km_hash_rows(job->kernels, job->tiles, first, n, room, hashes);
        memcpy(job->hashes + first, hashes, (size_t)n * sizeof *hashes);
        for (int64_t i = first; i < first + n; i++) {
            sizes[bucket_of(job, job->hashes[i])] += counts(job, i);
        }
    }
}

/* From counts to positions, bucket by bucket. Returns the number of rows. */
static int64_t place_blocks(draw_job *job) {
    int64_t at = 0;
    for (int64_t bucket = 0; bucket < job->n_buckets; bucket++) {
        job->bounds[bucket] = at;
        for (int64_t block = 0; block < job->n_blocks; block++) {
            int64_t *start = &job->starts[block * job->n_buckets + bucket], size = *start;
            *start = at;
            at += size;
        }
    }
    job->bounds[job->n_buckets] = at;
    return at;
}

static void scatter_block(void *argument, int64_t block, int32_t thread) {
    (void)thread;
    draw_job *job = argument;
    int64_t *starts = job->starts + block * job->n_buckets, end = block_end(job, block);
    for (int64_t i = block * BLOCK_ROWS; i < end; i++) {
        if (counts(job, i)) {
            job->entries[starts[bucket_of(job, job->hashes[i])]++] = (entry){job->hashes[i], i};
        }
    }
}

/* Which of its equals a row is, from 0. */
static uint32_t occurrence(slot *slots, int64_t n_slots, uint64_t hash) {
    int64_t at = (int64_t)(hash & (uint64_t)(n_slots - 1));
    while (slots[at].n > 0 && slots[at].hash != hash) {
        at = (at + 1) & (n_slots - 1);
    }
    slots[at].hash = hash;
    return slots[at].n++;
}

/* A power of two, so that at most half of the slots are taken. */
static int64_t slots_for(int64_t n_rows) {
    int64_t n = 1;
    while (n < 2 * n_rows) {
        n *= 2;
    }
    return n;
}

static void number_bucket(void *argument, int64_t bucket, int32_t thread) {
    draw_job *job = argument;
    slot *slots = job->slots + thread * job->n_slots;
    int64_t n_slots = slots_for(job->bounds[bucket + 1] - job->bounds[bucket]);
    memset(slots, 0, (size_t)n_slots * sizeof *slots);
    for (int64_t e = job->bounds[bucket]; e < job->bounds[bucket + 1]; e++) {
        uint64_t hash = job->entries[e].number;
        job->entries[e].number =
            km_random_u64(job->seed, job->stage, hash, occurrence(slots, n_slots, hash));
        if (job->numbers != NULL) {
            job->numbers[job->entries[e].row] = job->entries[e].number;
        }
    }
}

static int by_number(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->number != y->number) {
        return x->number < y->number ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Moves the entries of numbers up to limit to the front; as many as there are, at least n_wanted. */
static int64_t keep_lowest(entry *entries, int64_t n, int64_t n_wanted) {
    double share = (double)n_wanted / (double)n, most = share + 8 * sqrt(share / (double)n);
    while (most < 1) {
        uint64_t limit = (uint64_t)(most * 0x1p64);
        int64_t kept = 0;
        for (int64_t i = 0; i < n; i++) {
            if (entries[i].number <= limit) {
                entry found = entries[i];
                entries[i] = entries[kept];
                entries[kept++] = found;
            }
        }
        if (kept >= n_wanted) {
            return kept;
        }
        most *= 2;
    }
    return n;
}

static int64_t largest_bucket(const draw_job *job) {
    int64_t largest = 1;
    for (int64_t b = 0; b < job->n_buckets; b++) {
        int64_t size = job->bounds[b + 1] - job->bounds[b];
        largest = size > largest ? size : largest;
    }
    return largest;
}

/* Entries of all rows that count, bucket by bucket; *out_n of them. */
static kmseg_status fill_buckets(kmseg_context *ctx, draw_job *job, km_arena *arena,
                                 int64_t *out_n) {
    const kmseg_tiles *tiles = job->tiles;
    while (job->bucket_bits < MOST_BUCKET_BITS &&
           tiles->n_samples >> job->bucket_bits > BUCKET_ROWS) {
        job->bucket_bits++;
    }
    job->n_buckets = INT64_C(1) << job->bucket_bits;
    job->n_blocks = km_chunks(tiles->n_samples, BLOCK_ROWS);
    job->kernels = ctx->kernels;
    job->blocks = km_arena_array(arena, (int64_t)ctx->n_threads * tiles->n_features * KM_TILE_ROWS,
                                 sizeof *job->blocks);
    job->hashes = km_arena_take(arena, (size_t)tiles->n_samples * sizeof *job->hashes);
    job->starts = km_arena_array(arena, job->n_blocks * job->n_buckets, sizeof *job->starts);
    job->bounds = km_arena_array(arena, job->n_buckets + 1, sizeof *job->bounds);
    job->entries = km_arena_take(arena, (size_t)tiles->n_samples * sizeof *job->entries);
    if (job->blocks == NULL || job->hashes == NULL || job->starts == NULL || job->bounds == NULL ||
        job->entries == NULL) {
        return km_fail_memory(ctx, "a sample of rows");
    }
    KM_TRY(km_parallel(ctx, job->n_blocks, hash_block, job));
    *out_n = place_blocks(job);
    return km_parallel(ctx, job->n_blocks, scatter_block, job);
}

static kmseg_status draw(kmseg_context *ctx, draw_job *job, km_arena *arena, int64_t n_wanted,
                         int64_t *out, int64_t *out_n) {
    int64_t n;
    KM_TRY(fill_buckets(ctx, job, arena, &n));
    job->n_slots = slots_for(largest_bucket(job));
    job->slots = km_arena_take(arena, (size_t)(ctx->n_threads * job->n_slots) * sizeof(slot));
    if (job->slots == NULL) {
        return km_fail_memory(ctx, "a sample of rows");
    }
    KM_TRY(km_parallel(ctx, job->n_buckets, number_bucket, job));
    *out_n = n_wanted < n ? n_wanted : n;
    int64_t kept = *out_n > 0 ? keep_lowest(job->entries, n, *out_n) : 0;
    qsort(job->entries, (size_t)kept, sizeof *job->entries, by_number);
    for (int64_t i = 0; i < *out_n; i++) {
        out[i] = job->entries[i].row;
    }
    return KMSEG_OK;
}

kmseg_status km_draw_rows(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t n_wanted,
                          int weighted, uint64_t seed, km_stage stage, int64_t *out, int64_t *out_n,
                          uint64_t *numbers) {
    draw_job job = {
        .tiles = tiles, .weighted = weighted, .seed = seed, .stage = stage, .numbers = numbers};
    if (numbers == NULL) {
        int done;
        KM_TRY(km_draw_few(ctx, tiles, n_wanted, weighted, seed, stage, out, &done));
        if (done) {
            *out_n = n_wanted;
            return KMSEG_OK;
        }
    }
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = draw(ctx, &job, &arena, n_wanted, out, out_n);
    km_arena_free(&arena);
    return status;
}

/* A bucket in the order of its hashes: on their next bits to where they about belong, then one by one. */
static void sort_bucket(void *argument, int64_t bucket, int32_t thread) {
    draw_job *job = argument;
    enum { BITS = 11, PARTS = 1 << BITS };
    int64_t starts[PARTS + 1] = {0}, first = job->bounds[bucket],
                           n = job->bounds[bucket + 1] - first;
    entry *from = job->entries + first, *to = job->sorted + first;
    int32_t shift = 64 - job->bucket_bits - BITS;
    (void)thread;
    for (int64_t e = 0; e < n; e++) {
        starts[(from[e].number >> shift & (PARTS - 1)) + 1]++;
    }
    for (int32_t p = 0; p < PARTS; p++) {
        starts[p + 1] += starts[p];
    }
    for (int64_t e = 0; e < n; e++) {
        to[starts[from[e].number >> shift & (PARTS - 1)]++] = from[e];
    }
    for (int64_t begin = 0, p = 0; p < PARTS; begin = starts[p++]) {
        if (starts[p] - begin > 32) {
            qsort(to + begin, (size_t)(starts[p] - begin), sizeof *to, by_number);
            continue;
        }
        for (int64_t e = begin + 1; e < starts[p]; e++) {
            entry moving = to[e];
            int64_t at = e;
            for (; at > begin && by_number(&moving, &to[at - 1]) < 0; at--) {
                to[at] = to[at - 1];
            }
            to[at] = moving;
        }
    }
    for (int64_t e = 0; e < n; e++) {
        job->order[first + e] = to[e].row;
    }
}

static kmseg_status order(kmseg_context *ctx, draw_job *job, km_arena *arena) {
    int64_t n;
    job->sorted = km_arena_take(arena, (size_t)job->tiles->n_samples * sizeof *job->sorted);
    if (job->sorted == NULL) {
        return km_fail_memory(ctx, "an order of rows");
    }
    KM_TRY(fill_buckets(ctx, job, arena, &n));
    return km_parallel(ctx, job->n_buckets, sort_bucket, job);
}

kmseg_status km_order_rows(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t *out) {
    draw_job job = {.tiles = tiles, .order = out};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = order(ctx, &job, &arena);
    km_arena_free(&arena);
    return status;
}
