#include "cluster/distinct.h"

#include "base/parallel.h"
#include "cluster/contents.h"
#include "cluster/coreset.h"
#include "cluster/model.h"
#include "data/draw_rows.h"

#include <stdatomic.h>

/* Of fewer samples, a fit takes no time. */
enum { LEAST_SAMPLES = 8192 };

/* With fewer equal samples to each different one, finding them takes what it saves; where a coreset would
 * save as well, that is less. */
enum { LEAST_EQUAL = 8, LEAST_EQUAL_CORESET = 32 };

/* Whether there may be so few is seen from about so many, were they all different. */
enum { LOOKED_AT = 2048 };

typedef struct finding {
    const kmseg_tiles *tiles;
    const km_kernels *kernels;
    uint64_t below;      /* samples of a hash up to this are gathered */
    int64_t most;        /* different ones */
    km_contents *tables; /* per thread */
    km_arena *arenas;    /* of the tables */
    double *blocks;      /* per thread: a tile, feature by feature */
    int32_t *threads;    /* n_chunks: who did it */
    int32_t *which;      /* n_samples: the entry in that thread's table; or NULL */
    int32_t **places;    /* per thread: which of all its entries are */
} finding;

/* Rows of a chunk, or of none once a table is overfull. */
static void find_chunk(void *argument, int64_t chunk, int32_t thread) {
    finding *f = argument;
    const kmseg_tiles *tiles = f->tiles;
    km_contents *table = &f->tables[thread];
    double *block = f->blocks + (int64_t)thread * tiles->n_features * KM_TILE_ROWS;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < tiles->n_samples ? end : tiles->n_samples;
    f->threads[chunk] = thread;
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end && !table->is_full;
         first += KM_TILE_ROWS) {
        int32_t n = end - first < KM_TILE_ROWS ? (int32_t)(end - first) : KM_TILE_ROWS;
        uint64_t hashes[KM_TILE_ROWS];
        km_hash_contents(f->kernels, tiles, first, n, block, hashes);
        for (int32_t r = 0; r < n; r++) {
            if (hashes[r] <= f->below) {
                int32_t at = km_contents_add(table, hashes[r], first + r, 0,
                                             km_tiles_whole_weight(tiles, first + r));
                if (f->which != NULL) {
                    f->which[first + r] = at;
                }
            }
        }
    }
}

static kmseg_status start(kmseg_context *ctx, finding *f, km_arena *arena) {
    int64_t n_threads = ctx->n_threads;
    int64_t n_chunks = km_chunks(f->tiles->n_samples, KM_CHUNK_ROWS);
    f->tables = km_arena_array(arena, n_threads, sizeof *f->tables);
    f->arenas = km_arena_array(arena, n_threads, sizeof *f->arenas);
    f->blocks =
        km_arena_array(arena, n_threads * f->tiles->n_features * KM_TILE_ROWS, sizeof *f->blocks);
    f->threads = km_arena_array(arena, n_chunks, sizeof *f->threads);
    f->places = km_arena_array(arena, n_threads, sizeof(int32_t *));
    if (f->tables == NULL || f->arenas == NULL || f->blocks == NULL || f->threads == NULL ||
        f->places == NULL) {
        return km_fail_memory(ctx, "samples that are equal");
    }
    for (int64_t t = 0; t < n_threads; t++) {
        km_arena_init(&f->arenas[t], &ctx->allocator);
        km_contents_init(&f->tables[t], &f->arenas[t], f->most);
    }
    return KMSEG_OK;
}

static void empty(kmseg_context *ctx, const finding *f) {
    for (int32_t t = 0; f->arenas != NULL && t < ctx->n_threads; t++) {
        km_arena_free(&f->arenas[t]);
    }
}

/* The different ones of those gathered, in memory of arena; *out_n -1: more than the most. */
static kmseg_status find(kmseg_context *ctx, finding *f, km_arena *arena, km_content **out,
                         int64_t *out_n) {
    KM_TRY(km_parallel(ctx, km_chunks(f->tiles->n_samples, KM_CHUNK_ROWS), find_chunk, f));
    int failed = 0;
    *out_n = -1;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        if (f->tables[t].is_full) {
            return KMSEG_OK;
        }
        failed = failed || f->tables[t].has_failed;
    }
    *out = failed ? NULL : km_contents_merge(f->tables, ctx->n_threads, arena, out_n);
    if (*out == NULL) {
        return km_fail_memory(ctx, "samples that are equal");
    }
    *out_n = *out_n > f->most ? -1 : *out_n;
    return KMSEG_OK;
}

/* Different samples that there may be. */
static int64_t most_of(const kmseg_tiles *tiles, const kmseg_fit_options *options) {
    int large = km_coreset_is_small(tiles, options);
    return tiles->n_samples / (large ? LEAST_EQUAL_CORESET : LEAST_EQUAL);
}

/* Whether the different samples are at most about so many, by those of the lowest hashes. */
static kmseg_status are_few(kmseg_context *ctx, const kmseg_tiles *tiles, int64_t most, int *out) {
    double share = (double)LOOKED_AT / (double)tiles->n_samples;
    finding f = {
        .tiles = tiles,
        .kernels = ctx->kernels,
        .below = (uint64_t)(share * 0x1p64),
        .most = (int64_t)(share * (double)most),
    };
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_content *contents;
    int64_t n = -1;
    kmseg_status status = start(ctx, &f, &arena);
    if (status == KMSEG_OK) {
        status = find(ctx, &f, &arena, &contents, &n);
    }
    empty(ctx, &f);
    km_arena_free(&arena);
    *out = n >= 0;
    return status;
}

/* Where each entry of each thread's table is among all, which are in the order of their keys. */
static kmseg_status place_entries(kmseg_context *ctx, finding *f, const km_content *all, int64_t n,
                                  km_arena *arena) {
    km_contents index;
    km_contents_init(&index, arena, n);
    for (int64_t i = 0; i < n; i++) {
        (void)km_contents_add(&index, all[i].key, 0, 0, 0);
    }
    int failed = index.has_failed;
    for (int32_t t = 0; !failed && t < ctx->n_threads; t++) {
        const km_contents *table = &f->tables[t];
        f->places[t] = km_arena_take(arena, (size_t)(table->n + 1) * sizeof **f->places);
        failed = f->places[t] == NULL;
        for (int64_t i = 0; !failed && i < table->n; i++) {
            f->places[t][i] = km_contents_find(&index, table->entries[i].key);
        }
    }
    return failed ? km_fail_memory(ctx, "samples that are equal") : KMSEG_OK;
}

/* From entries of a thread to those of all. */
static void place_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const finding *f = argument;
    const int32_t *places = f->places[f->threads[chunk]];
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < f->tiles->n_samples ? end : f->tiles->n_samples;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end; i++) {
        f->which[i] = places[f->which[i]];
    }
}

/* The different samples, as rows with weights. */
static kmseg_status take(kmseg_context *ctx, const kmseg_tiles *tiles, const km_content *contents,
                         int64_t n, km_arena *arena, km_distinct *out) {
    km_weighted_row *rows = km_arena_array(arena, n, sizeof *rows);
    if (rows == NULL) {
        return km_fail_memory(ctx, "samples that are equal");
    }
    for (int64_t i = 0; i < n; i++) {
        rows[i] =
            (km_weighted_row){contents[i].row, km_tiles_weight_value(tiles, contents[i].amount)};
    }
    return km_subset_make(ctx, tiles, rows, n, &out->samples);
}

typedef struct checking {
    const kmseg_matrix *samples, *different;
    const int32_t *which;
    atomic_int differ;
} checking;

static int are_equal(const kmseg_matrix *a, int64_t row_a, const kmseg_matrix *b, int64_t row_b) {
    int equal = 1;
    if (a->dtype == KMSEG_FLOAT32) {
        const float *x = (const float *)a->values + row_a * a->row_stride;
        const float *y = (const float *)b->values + row_b * b->row_stride;
        for (int64_t j = 0; j < a->n_cols; j++) {
            equal &= x[j] == y[j];
        }
    } else {
        const double *x = (const double *)a->values + row_a * a->row_stride;
        const double *y = (const double *)b->values + row_b * b->row_stride;
        for (int64_t j = 0; j < a->n_cols; j++) {
            equal &= x[j] == y[j];
        }
    }
    return equal;
}

static void check_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    checking *c = argument;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < c->samples->n_rows ? end : c->samples->n_rows;
    int equal = 1;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end; i++) {
        equal &= are_equal(c->samples, i, c->different, c->which[i]);
    }
    if (!equal) {
        atomic_store(&c->differ, 1);
    }
}

/* Samples of one hash are of one value, or none are taken together: two that only share it would get one
 * label. */
static kmseg_status check(kmseg_context *ctx, const kmseg_tiles *tiles, km_distinct *distinct) {
    checking c = {
        .samples = &tiles->samples,
        .different = &distinct->samples.tiles->samples,
        .which = distinct->which,
    };
    atomic_init(&c.differ, 0);
    KM_TRY(km_parallel(ctx, km_chunks(tiles->n_samples, KM_CHUNK_ROWS), check_chunk, &c));
    if (atomic_load(&c.differ)) {
        km_subset_end(&distinct->samples);
    }
    return KMSEG_OK;
}

/* All different samples, if they are as few as they seem. */
static kmseg_status make(kmseg_context *ctx, finding *f, km_arena *arena, km_distinct *out) {
    km_content *contents;
    int64_t n;
    KM_TRY(start(ctx, f, arena));
    KM_TRY(find(ctx, f, arena, &contents, &n));
    if (n < 0) {
        return KMSEG_OK;
    }
    KM_TRY(place_entries(ctx, f, contents, n, arena));
    KM_TRY(km_parallel(ctx, km_chunks(f->tiles->n_samples, KM_CHUNK_ROWS), place_chunk, f));
    KM_TRY(take(ctx, f->tiles, contents, n, arena, out));
    return check(ctx, f->tiles, out);
}

kmseg_status km_distinct_make(kmseg_context *ctx, const kmseg_tiles *tiles,
                              const kmseg_fit_options *options, km_distinct *out) {
    *out = (km_distinct){.samples = {.allocator = ctx->allocator}};
    if (options->coreset_size == 0 || tiles->n_samples < LEAST_SAMPLES ||
        !km_initialiser_find(options->init)->is_drawn ||
        !km_algorithm_find(options->algorithm)->exact) {
        return KMSEG_OK;
    }
    int few;
    int64_t most = most_of(tiles, options);
    KM_TRY(are_few(ctx, tiles, most, &few));
    if (!few) {
        return KMSEG_OK;
    }
    finding f = {
        .tiles = tiles,
        .kernels = ctx->kernels,
        .below = UINT64_MAX,
        .most = most,
        .which = km_allocate_array(&ctx->allocator, tiles->n_samples, sizeof *f.which),
    };
    if (f.which == NULL) {
        return km_fail_memory(ctx, "samples that are equal");
    }
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    out->which = f.which;
    kmseg_status status = make(ctx, &f, &arena, out);
    empty(ctx, &f);
    km_arena_free(&arena);
    if (status != KMSEG_OK || out->samples.tiles == NULL) {
        km_distinct_end(out);
    }
    return status;
}

void km_distinct_end(km_distinct *distinct) {
    km_release(&distinct->samples.allocator, distinct->which);
    distinct->which = NULL;
    km_subset_end(&distinct->samples);
}
