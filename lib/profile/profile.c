/* The kmseg_profile object, and making it step by step. */
#include "profile/profile.h"

#include "base/parallel.h"
#include "data/table.h"

#include <stdatomic.h>
#include <string.h>

static const kmseg_option rows[] = {
    {.name = "value",
     .offset = offsetof(kmseg_profile_options, value),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "COLUMN",
     .help = "column whose sum is the value of a segment; \"\" for none (found by name)"},
    {.name = "max_traits",
     .offset = offsetof(kmseg_profile_options, max_traits),
     .type = KMSEG_OPTION_INT32,
     .minimum = 0,
     .maximum = 1000,
     .default_number = 5,
     .metavar = "N",
     .help = "distinguishing features shown per segment, at most"},
    {.name = "profile_columns",
     .offset = offsetof(kmseg_profile_options, profile_columns),
     .type = KMSEG_OPTION_TEXT,
     .metavar = "LIST",
     .help = "columns to profile besides those clustered on, separated by commas (every column)"},
    {.name = "rule_depth",
     .offset = offsetof(kmseg_profile_options, rule_depth),
     .type = KMSEG_OPTION_INT32,
     .minimum = 0,
     .maximum = 8,
     .default_number = 4,
     .metavar = "N",
     .help = "conditions in a rule, at most, more where the number of segments needs them; 0: no "
             "rules"},
};

static const kmseg_option_table option_table = {
    .name = "profile",
    .struct_size = sizeof(kmseg_profile_options),
    .n_options = sizeof rows / sizeof *rows,
    .options = rows,
};

const kmseg_option_table *kmseg_profile_option_table(void) { return &option_table; }

void kmseg_profile_options_init(kmseg_profile_options *options) {
    kmseg_options_init(&option_table, options);
}

km_profile *km_profile_new(kmseg_context *ctx) {
    km_profile *object = km_allocate(&ctx->allocator, sizeof *object);
    if (object != NULL) {
        memset(object, 0, sizeof *object);
        object->shown.struct_size = sizeof object->shown;
        km_arena_init(&object->arena, &ctx->allocator);
    }
    return object;
}

void kmseg_profile_free(kmseg_profile *profile) {
    if (profile != NULL) {
        km_profile *object = (km_profile *)profile;
        kmseg_allocator allocator = object->arena.allocator;
        km_arena_free(&object->arena);
        km_release(&allocator, object);
    }
}

enum { COUNT_ROWS = 8 * KM_CHUNK_ROWS };

typedef struct count_loop {
    const km_profiling *p;
    int64_t n_table;
    int64_t *sizes;            /* per thread: COUNT_SIDE x n_segments */
    _Atomic int64_t first_bad; /* sample whose row or label is not there */
} count_loop;

/* Samples next to each other are counted apart: often they are of one segment, whose count would have to
 * wait for the one before. */
enum { COUNT_SIDE = 4 };

static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    count_loop *loop = argument;
    const km_profiling *p = loop->p;
    const int64_t k = p->n_segments, n_table = loop->n_table;
    int64_t *sizes = loop->sizes + (int64_t)thread * COUNT_SIDE * k;
    int64_t end = (chunk + 1) * COUNT_ROWS < p->n_rows ? (chunk + 1) * COUNT_ROWS : p->n_rows;
    for (int64_t i = chunk * COUNT_ROWS; i < end; i++) {
        int64_t r = km_profiling_row(p, i), label = p->labels[i];
        if (r >= 0 && r < n_table && label >= 0 && label < k) {
            sizes[i % COUNT_SIDE * k + label]++;
            continue;
        }
        int64_t first = atomic_load(&loop->first_bad);
        while (i < first && !atomic_compare_exchange_weak(&loop->first_bad, &first, i)) {
        }
    }
}

static kmseg_status check(const km_profiling *p) {
    if (p->n_segments < 1) {
        return km_fail(p->ctx, KMSEG_E_ARGUMENT, "n_segments is %d; it needs to be at least 1",
                       p->n_segments);
    }
    int64_t n_table = kmseg_table_n_rows(p->table);
    if (p->n_rows < 1 || (p->rows == NULL && p->n_rows > n_table)) {
        return km_fail(p->ctx, KMSEG_E_ARGUMENT,
                       "n_rows is %lld; it needs to be between 1 and the %lld rows of the table",
                       (long long)p->n_rows, (long long)n_table);
    }
    return KMSEG_OK;
}

/* Samples of each segment, all of which are looked at. */
static kmseg_status count_samples(km_profiling *p) {
    int64_t k = p->n_segments, n_counts = (int64_t)kmseg_context_threads(p->ctx) * COUNT_SIDE;
    count_loop loop = {.p = p, .n_table = kmseg_table_n_rows(p->table)};
    atomic_init(&loop.first_bad, INT64_MAX);
    loop.sizes = km_arena_array(&p->scratch, n_counts * k, sizeof *loop.sizes);
    if (loop.sizes == NULL) {
        return km_fail_memory(p->ctx, "the sizes of segments");
    }
    KM_TRY(km_parallel(p->ctx, km_chunks(p->n_rows, COUNT_ROWS), count_chunk, &loop));
    int64_t bad = atomic_load(&loop.first_bad);
    if (bad != INT64_MAX) {
        return km_fail(p->ctx, KMSEG_E_ARGUMENT,
                       "sample %lld is row %lld of %lld with label %d; rows are counted from 0 "
                       "and labels need to be below %d",
                       (long long)bad, (long long)km_profiling_row(p, bad), (long long)loop.n_table,
                       p->labels[bad], p->n_segments);
    }
    for (int64_t i = 0; i < n_counts * k; i++) {
        p->sizes[i % k] += loop.sizes[i];
    }
    return KMSEG_OK;
}

static kmseg_status count_sizes(km_profiling *p) {
    double *shares = km_arena_array(p->arena, p->n_segments, sizeof *shares);
    p->sizes = km_arena_array(p->arena, p->n_segments, sizeof *p->sizes);
    if (shares == NULL || p->sizes == NULL) {
        return km_fail_memory(p->ctx, "the sizes of segments");
    }
    KM_TRY(count_samples(p));
    for (int32_t s = 0; s < p->n_segments; s++) {
        shares[s] = (double)p->sizes[s] / (double)p->n_rows;
    }
    p->out->n_rows = p->n_rows;
    p->out->n_segments = p->n_segments;
    p->out->sizes = p->sizes;
    p->out->size_shares = shares;
    return KMSEG_OK;
}

static kmseg_status profile_all(km_profiling *p) {
    KM_TRY(check(p));
    KM_TRY(count_sizes(p));
    KM_TRY(km_profile_values(p));
    KM_TRY(km_profile_columns(p));
    KM_TRY(km_profile_traits(p));
    return km_profile_names(p);
}

/* Segments by their numbers, where there is nothing to name them by. */
static kmseg_status profile_sizes(km_profiling *p) {
    KM_TRY(check(p));
    KM_TRY(count_sizes(p));
    KM_TRY(km_profile_values(p));
    const char **names = km_arena_array(p->arena, p->n_segments, sizeof *names);
    p->out->n_traits = km_arena_array(p->arena, p->n_segments, sizeof *p->out->n_traits);
    int ok = names != NULL && p->out->n_traits != NULL;
    for (int32_t s = 0; ok && s < p->n_segments; s++) {
        names[s] = km_arena_format(p->arena, "Segment %d", s + 1);
        ok = names[s] != NULL;
    }
    p->out->names = names;
    return ok ? KMSEG_OK : km_fail_memory(p->ctx, "the names of segments");
}

/* Makes the profile of p, which is filled but for its memory. */
static kmseg_status make(km_profiling *p, kmseg_status (*profile)(km_profiling *p),
                         kmseg_profile **out) {
    *out = NULL;
    KM_TRY(kmseg_options_check(p->ctx, &option_table, p->options));
    km_profile *object = km_profile_new(p->ctx);
    if (object == NULL) {
        return km_fail_memory(p->ctx, "a profile");
    }
    p->arena = &object->arena;
    p->out = &object->shown;
    km_arena_init(&p->scratch, &p->ctx->allocator);
    kmseg_status status = profile(p);
    km_arena_free(&p->scratch);
    if (status != KMSEG_OK) {
        kmseg_profile_free(&object->shown);
        return status;
    }
    *out = &object->shown;
    return KMSEG_OK;
}

kmseg_status km_profile_make(kmseg_context *ctx, const kmseg_table *table, const int64_t *samples,
                             int64_t n_rows, const int32_t *labels, int32_t n_segments,
                             const kmseg_prepare *prepare, const kmseg_profile_options *options,
                             const km_known_moments *known, kmseg_profile **out) {
    km_profiling p = {.ctx = ctx,
                      .table = table,
                      .rows = samples,
                      .n_rows = n_rows,
                      .labels = labels,
                      .n_segments = n_segments,
                      .prepare = prepare,
                      .options = options,
                      .known = known};
    return make(&p, profile_all, out);
}

kmseg_status km_profile_sizes(kmseg_context *ctx, const kmseg_table *table, const int64_t *samples,
                              int64_t n_rows, const int32_t *labels, int32_t n_segments,
                              const kmseg_profile_options *options, kmseg_profile **out) {
    km_profiling p = {.ctx = ctx,
                      .table = table,
                      .rows = samples,
                      .n_rows = n_rows,
                      .labels = labels,
                      .n_segments = n_segments,
                      .options = options};
    return make(&p, profile_sizes, out);
}

kmseg_status kmseg_profile_new(kmseg_context *ctx, const kmseg_table *table, const int64_t *samples,
                               int64_t n_rows, const int32_t *labels, int32_t n_segments,
                               const kmseg_prepare *prepare, const kmseg_profile_options *options,
                               kmseg_profile **out) {
    kmseg_profile_options defaults;
    kmseg_profile_options_init(&defaults);
    return km_profile_make(ctx, table, samples, n_rows, labels, n_segments, prepare,
                           options != NULL ? options : &defaults, NULL, out);
}
