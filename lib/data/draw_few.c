/* Few of very many rows by their numbers, without a number for every row in memory. A row's number
 * follows from its hash and from how many rows of that hash come before it; nearly always there are none.
 * So a first pass takes all rows for different, and marks their hashes in a table of bits. A row whose bit
 * is there already may repeat another: it leaves a mark, by other bits of its hash, in a second and
 * smaller table. A second pass finds the rows of those marks, and only they are counted. The tables are
 * small, because what is looked up anywhere in one costs a walk through tables of pages. */
#include "base/parallel.h"
#include "data/draw_rows.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    FEWEST_ROWS = 1 << 16,
    LEAST_SHARE = 32,  /* one row in so many may be wanted */
    MOST_REPEATED = 4, /* one in so many may be marked twice */
    BITS_A_ROW = 4,
    WORD_BITS = 64
};

typedef struct few_row {
    uint64_t hash, number;
    int64_t row;
} few_row;

typedef struct few_job {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    int weighted;
    uint64_t seed;
    km_stage stage;
    uint64_t limit; /* rows of numbers up to it are taken */
    double *blocks; /* per thread */
    _Atomic uint64_t *seen, *again;
    int32_t shift; /* of a hash to its bit in seen */
    uint64_t mask; /* of a hash for its bit in again */
    few_row *taken;
    int64_t capacity;
    _Atomic int64_t n_taken; /* may pass the capacity: then too many were */
    _Atomic int64_t n_again; /* rows whose mark another row had made */
    few_row *repeated;       /* rows with a bit in again */
    int64_t most_repeated;
    _Atomic int64_t n_repeated; /* may pass that */
} few_job;

static int counts(const few_job *job, int64_t row) {
    return !job->weighted || km_tiles_weight(job->tiles, row) > 0;
}

static uint64_t bit_of(uint64_t mark) { return UINT64_C(1) << (mark % WORD_BITS); }

/* Sets a bit; 1 when it was there. */
static int set_mark(_Atomic uint64_t *table, uint64_t mark) {
    uint64_t bit = bit_of(mark);
    return (atomic_fetch_or_explicit(&table[mark / WORD_BITS], bit, memory_order_relaxed) & bit) !=
           0;
}

static int32_t rows_of(int64_t first, int64_t end) {
    return end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
}

/* Hashes of the tile of rows from first on, whose bits are asked for: they lie anywhere, so this is done
 * a tile ahead. */
static void hash_rows(const few_job *job, int64_t first, int64_t end, int32_t thread, int is_second,
                      uint64_t *hashes) {
    int64_t room = (int64_t)job->tiles->n_features * KM_TILE_ROWS;
    int32_t n = first < end ? rows_of(first, end) : 0;
    if (n == 0) {
        return;
    }
    km_hash_rows(job->kernels, job->tiles, first, n, job->blocks + thread * room, hashes);
    for (int32_t r = 0; r < n; r++) {
        if (is_second) {
            __builtin_prefetch((const void *)&job->again[(hashes[r] & job->mask) / WORD_BITS]);
        } else {
            __builtin_prefetch((const void *)&job->seen[(hashes[r] >> job->shift) / WORD_BITS], 1);
        }
    }
}

static int64_t chunk_end(const few_job *job, int64_t chunk) {
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    return end < job->tiles->n_samples ? end : job->tiles->n_samples;
}

static void mark_chunk(void *argument, int64_t chunk, int32_t thread) {
    few_job *job = argument;
    int64_t end = chunk_end(job, chunk), n_again = 0;
    uint64_t tiles[2][KM_TILE_ROWS];
    int turn = 0;
    hash_rows(job, chunk * KM_CHUNK_ROWS, end, thread, 0, tiles[turn]);
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = rows_of(first, end);
        uint64_t *hashes = tiles[turn], numbers[KM_TILE_ROWS];
        turn = !turn;
        hash_rows(job, first + KM_TILE_ROWS, end, thread, 0, tiles[turn]);
        job->kernels->numbers(job->seed, job->stage, hashes, numbers);
        for (int32_t r = 0; r < n; r++) {
            if (!counts(job, first + r)) {
                continue;
            }
            if (set_mark(job->seen, hashes[r] >> job->shift)) {
                (void)set_mark(job->again, hashes[r] & job->mask);
                n_again++;
            }
            if (numbers[r] <= job->limit) {
                int64_t at = atomic_fetch_add(&job->n_taken, 1);
                if (at < job->capacity) {
                    job->taken[at] = (few_row){hashes[r], numbers[r], first + r};
                }
            }
        }
    }
    atomic_fetch_add(&job->n_again, n_again);
}

static void repeated_chunk(void *argument, int64_t chunk, int32_t thread) {
    few_job *job = argument;
    int64_t end = chunk_end(job, chunk);
    uint64_t tiles[2][KM_TILE_ROWS];
    int turn = 0;
    hash_rows(job, chunk * KM_CHUNK_ROWS, end, thread, 1, tiles[turn]);
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_TILE_ROWS) {
        int32_t n = rows_of(first, end), found = 0, rows[KM_TILE_ROWS] = {0};
        uint64_t *hashes = tiles[turn];
        turn = !turn;
        hash_rows(job, first + KM_TILE_ROWS, end, thread, 1, tiles[turn]);
        for (int32_t r = 0; r < n; r++) {
            uint64_t mark = hashes[r] & job->mask;
            uint64_t word =
                atomic_load_explicit(&job->again[mark / WORD_BITS], memory_order_relaxed);
            rows[found] = r;
            found += (word & bit_of(mark)) != 0 && counts(job, first + r);
        }
        int64_t at = found > 0 ? atomic_fetch_add(&job->n_repeated, found) : 0;
        for (int32_t f = 0; f < found && at + found <= job->most_repeated; f++) {
            job->repeated[at + f] = (few_row){hashes[rows[f]], 0, first + rows[f]};
        }
    }
}

/* Leaves rows of which another may have the same hash still, by its bits in another mix; how many. seen
 * and again have 1 << bits bits each. */
static int64_t sift(few_row *rows, int64_t n, int32_t bits, uint64_t *seen, uint64_t *again) {
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    for (int64_t i = 0; i < n; i++) {
        uint64_t mark = rows[i].hash * odd >> (64 - bits), at = mark / WORD_BITS;
        again[at] |= seen[at] & bit_of(mark);
        seen[at] |= bit_of(mark);
    }
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t mark = rows[i].hash * odd >> (64 - bits);
        if ((again[mark / WORD_BITS] & bit_of(mark)) != 0) {
            rows[kept++] = rows[i];
        }
    }
    return kept;
}

static int by_hash(const void *a, const void *b) {
    const few_row *x = a, *y = b;
    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

static int by_number(const void *a, const void *b) {
    const few_row *x = a, *y = b;
    if (x->number != y->number) {
        return x->number < y->number ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Of the rows taken for the first of their hash only the first; n of them are left, by number. */
static int64_t keep_first(few_row *taken, int64_t n) {
    qsort(taken, (size_t)n, sizeof *taken, by_number);
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (kept == 0 || taken[kept - 1].hash != taken[i].hash) {
            taken[kept++] = taken[i];
        }
    }
    return kept;
}

/* Numbers of the rows behind the first of their hash; those up to the limit are taken. */
static void take_repeated(few_job *job, few_row *rows, int64_t n, int64_t *n_taken) {
    qsort(rows, (size_t)n, sizeof *rows, by_hash);
    uint32_t before = 0;
    for (int64_t i = 0; i < n; i++) {
        before = i > 0 && rows[i].hash == rows[i - 1].hash ? before + 1 : 0;
        if (before == 0) {
            continue;
        }
        rows[i].number = km_random_u64(job->seed, job->stage, rows[i].hash, before);
        if (rows[i].number <= job->limit && (*n_taken)++ < job->capacity) {
            job->taken[*n_taken - 1] = rows[i];
        }
    }
}

static int32_t bits_for(int64_t n_rows) {
    int32_t bits = 7;
    while (INT64_C(1) << bits < BITS_A_ROW * n_rows) {
        bits++;
    }
    return bits;
}

static int64_t words_of(int32_t bits) { return (INT64_C(1) << bits) / WORD_BITS; }

/* Rows of which an earlier one holds the same, to what is taken; *n_taken passes the capacity when there
 * are too many. */
static kmseg_status find_repeated(kmseg_context *ctx, few_job *job, km_arena *arena,
                                  int64_t *n_taken) {
    int64_t n_samples = job->tiles->n_samples;
    job->most_repeated = 2 * atomic_load(&job->n_again) + n_samples / 16;
    job->repeated = km_arena_take(arena, (size_t)job->most_repeated * sizeof *job->repeated);
    if (job->repeated == NULL) {
        return km_fail_memory(ctx, "a sample of rows");
    }
    KM_TRY(km_parallel(ctx, km_chunks(n_samples, KM_CHUNK_ROWS), repeated_chunk, job));
    int64_t n = atomic_load(&job->n_repeated);
    if (n > job->most_repeated) {
        *n_taken = job->capacity + 1;
        return KMSEG_OK;
    }
    int32_t bits = bits_for(n);
    uint64_t *seen = km_arena_array(arena, words_of(bits), sizeof *seen);
    uint64_t *again = km_arena_array(arena, words_of(bits), sizeof *again);
    if (seen == NULL || again == NULL) {
        return km_fail_memory(ctx, "a sample of rows");
    }
    take_repeated(job, job->repeated, sift(job->repeated, n, bits, seen, again), n_taken);
    return KMSEG_OK;
}

static int64_t count_rows(const few_job *job) {
    int64_t n = job->tiles->n_samples;
    for (int64_t i = 0; i < job->tiles->n_samples && job->weighted; i++) {
        n -= !counts(job, i);
    }
    return n;
}

static kmseg_status draw(kmseg_context *ctx, few_job *job, km_arena *arena, int64_t n_wanted,
                         int64_t *out, int *out_done) {
    const kmseg_tiles *tiles = job->tiles;
    int64_t n = count_rows(job);
    if (n < FEWEST_ROWS || n_wanted > n / LEAST_SHARE || n_wanted < 1) {
        return KMSEG_OK;
    }
    /* Eight standard deviations more than are wanted, and as many again may come. */
    double share = (double)n_wanted / (double)n, more = 8 * sqrt(share / (double)n);
    job->limit = (uint64_t)((share + more) * 0x1p64);
    job->capacity = n_wanted + (int64_t)(2 * more * (double)n) + 64;
    int32_t bits = bits_for(n);
    job->shift = 64 - bits;
    job->mask = (UINT64_C(1) << (bits - 1)) - 1;
    job->taken = km_arena_take(arena, (size_t)job->capacity * sizeof *job->taken);
    job->seen = km_arena_array(arena, words_of(bits), sizeof *job->seen);
    job->again = km_arena_array(arena, words_of(bits - 1), sizeof *job->again);
    job->blocks = km_arena_array(arena, (int64_t)ctx->n_threads * tiles->n_features * KM_TILE_ROWS,
                                 sizeof *job->blocks);
    if (job->taken == NULL || job->seen == NULL || job->again == NULL || job->blocks == NULL) {
        return km_fail_memory(ctx, "a sample of rows");
    }
    KM_TRY(km_parallel(ctx, km_chunks(tiles->n_samples, KM_CHUNK_ROWS), mark_chunk, job));
    int64_t n_taken = atomic_load(&job->n_taken), n_again = atomic_load(&job->n_again);
    if (n_taken > job->capacity || n_again > n / MOST_REPEATED) {
        return KMSEG_OK; /* rows repeat much */
    }
    n_taken = keep_first(job->taken, n_taken);
    if (n_again > 0) {
        KM_TRY(find_repeated(ctx, job, arena, &n_taken));
    }
    if (n_taken > job->capacity || n_taken < n_wanted) {
        return KMSEG_OK;
    }
    qsort(job->taken, (size_t)n_taken, sizeof *job->taken, by_number);
    for (int64_t i = 0; i < n_wanted; i++) {
        out[i] = job->taken[i].row;
    }
    *out_done = 1;
    return KMSEG_OK;
}

kmseg_status km_draw_few(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t n_wanted,
                         int weighted, uint64_t seed, km_stage stage, int64_t *out, int *out_done) {
    few_job job = {.tiles = tiles,
                   .kernels = ctx->kernels,
                   .weighted = weighted,
                   .seed = seed,
                   .stage = stage};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    *out_done = 0;
    kmseg_status status = draw(ctx, &job, &arena, n_wanted, out, out_done);
    km_arena_free(&arena);
    return status;
}
