/* The kmseg_profile object, and making it step by step. */
#include "profile/profile.h"

#include "data/table.h"

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
    for (int64_t i = 0; i < p->n_rows; i++) {
        int64_t r = km_profiling_row(p, i);
        if (r < 0 || r >= n_table || p->labels[i] < 0 || p->labels[i] >= p->n_segments) {
            return km_fail(p->ctx, KMSEG_E_ARGUMENT,
                           "sample %lld is row %lld of %lld with label %d; rows are counted from 0 "
                           "and labels need to be below %d",
                           (long long)i, (long long)r, (long long)n_table, p->labels[i],
                           p->n_segments);
        }
    }
    return KMSEG_OK;
}

static kmseg_status count_sizes(km_profiling *p) {
    double *shares = km_arena_array(p->arena, p->n_segments, sizeof *shares);
    p->sizes = km_arena_array(p->arena, p->n_segments, sizeof *p->sizes);
    if (shares == NULL || p->sizes == NULL) {
        return km_fail_memory(p->ctx, "the sizes of segments");
    }
    for (int64_t i = 0; i < p->n_rows; i++) {
        p->sizes[p->labels[i]]++;
    }
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
