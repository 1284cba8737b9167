/* Summaries of columns, over all rows and per segment. */
#include "base/ahead.h"
#include "base/parallel.h"
#include "data/moments.h"
#include "data/table.h"
#include "data/tags.h"
#include "profile/profile.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With n - 1. */
static double sample_deviation(const km_moments *moments, int64_t n) {
    return n > 1 ? moments->deviation * sqrt((double)n / (double)(n - 1)) : 0;
}

/* ---- numbers ---- */

/* The finite values of a column and their segments, in the order of the rows. */
typedef struct filled {
    const double *values;
    const int32_t *labels;
    int64_t n;
} filled;

/* Sums of values per segment, exact. */
typedef struct sum_loop {
    const filled *from;
    const double *values;
    km_fixed fixed;
    int32_t n_segments;
    km_int128 *sums; /* per thread: SUM_SIDE x n_segments */
} sum_loop;

/* Rows next to each other go to sums of their own: often they are of one segment, whose sum would have to
 * wait for the one before. */
enum { SUM_ROWS = 8 * KM_CHUNK_ROWS, SUM_SIDE = 4 };

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    const sum_loop *loop = argument;
    const int32_t *labels = loop->from->labels;
    const int64_t k = loop->n_segments;
    const km_fixed fixed = loop->fixed;
    km_int128 *sums = loop->sums + thread * SUM_SIDE * k;
    int64_t i = chunk * SUM_ROWS, end = (chunk + 1) * SUM_ROWS;
    end = end < loop->from->n ? end : loop->from->n;
    for (; end - i >= SUM_SIDE; i += SUM_SIDE) {
        for (int side = 0; side < SUM_SIDE; side++) {
            sums[side * k + labels[i + side]] += km_fixed_of(fixed, loop->values[i + side]);
        }
    }
    for (; i < end; i++) {
        sums[labels[i]] += km_fixed_of(fixed, loop->values[i]);
    }
}

/* Mean of values, which are of the rows of from, in each segment; NaN where counts is 0. */
static kmseg_status segment_means(km_profiling *p, const filled *from, const double *values,
                                  double magnitude, const int64_t *counts, double *out) {
    int32_t n_sums = kmseg_context_threads(p->ctx) * SUM_SIDE, k = p->n_segments;
    sum_loop loop = {from, values, km_fixed_for(magnitude), k, NULL};
    loop.sums = km_allocate_array(&p->ctx->allocator, (int64_t)n_sums * k, sizeof *loop.sums);
    if (loop.sums == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    memset(loop.sums, 0, (size_t)n_sums * (size_t)k * sizeof *loop.sums);
    kmseg_status status = km_parallel(p->ctx, km_chunks(from->n, SUM_ROWS), sum_chunk, &loop);
    for (int32_t s = 0; s < k && status == KMSEG_OK; s++) {
        km_int128 sum = 0;
        for (int32_t t = 0; t < n_sums; t++) {
            sum += loop.sums[(int64_t)t * k + s];
        }
        out[s] = counts[s] > 0 ? km_int128_double(sum) / (double)counts[s] / loop.fixed.scale
                               : (double)NAN;
    }
    km_release(&p->ctx->allocator, loop.sums);
    return status;
}

/* Room for n_rows numbers that is made when it is first needed. */
static void *reserve(km_profiling *p, void **block, size_t size) {
    if (*block == NULL) {
        *block = km_arena_take(&p->scratch, (size_t)p->n_rows * size);
    }
    return *block;
}

typedef struct finite_loop {
    const double *values;
    int64_t n;
    atomic_int found; /* one that is not */
} finite_loop;

static void finite_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    finite_loop *loop = argument;
    enum { BLOCK = KM_AHEAD / sizeof(double) };
    int64_t end = (chunk + 1) * SUM_ROWS < loop->n ? (chunk + 1) * SUM_ROWS : loop->n;
    int found = 0;
    for (int64_t first = chunk * SUM_ROWS; first < end; first += BLOCK) {
        km_ask_ahead(loop->values + first + BLOCK, KM_AHEAD);
        int64_t some = end - first < BLOCK ? end - first : BLOCK;
        for (int64_t i = first; i < first + some; i++) {
            found |= loop->values[i] - loop->values[i] != 0; /* NaN, where it is not finite */
        }
    }
    if (found) {
        atomic_store(&loop->found, 1);
    }
}

static kmseg_status all_finite(kmseg_context *ctx, const double *values, int64_t n, int *out) {
    finite_loop loop = {.values = values, .n = n};
    KM_TRY(km_parallel(ctx, km_chunks(n, SUM_ROWS), finite_chunk, &loop));
    *out = !atomic_load(&loop.found);
    return KMSEG_OK;
}

/* Moments of a column of which every row is profiled, where they are known; or NULL. */
static const km_moments *known_moments(const km_profiling *p, const kmseg_column *column) {
    int64_t at = column - kmseg_table_column(p->table, 0);
    int is_known = p->known != NULL && p->rows == NULL && p->n_rows == column->n_rows &&
                   p->known->are_known[at];
    return is_known ? &p->known->columns[at] : NULL;
}

/* A column without gaps is read where it is; of others the finite values are moved together. */
static kmseg_status find_present(km_profiling *p, const kmseg_column *column, int64_t *counts,
                                 filled *out) {
    int whole = p->rows == NULL && column->n_missing == 0;
    if (whole && known_moments(p, column) == NULL) {
        KM_TRY(all_finite(p->ctx, column->numbers, p->n_rows, &whole));
    }
    if (whole) {
        *out = (filled){column->numbers, p->labels, p->n_rows};
        memcpy(counts, p->sizes, (size_t)p->n_segments * sizeof *counts);
        return KMSEG_OK;
    }
    double *values = reserve(p, &p->gathered, sizeof *values);
    int32_t *labels = reserve(p, &p->gathered_labels, sizeof *labels);
    if (values == NULL || labels == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    int64_t n = 0;
    for (int64_t i = 0; i < p->n_rows; i++) {
        double x = column->numbers[km_profiling_row(p, i)];
        if (isfinite(x)) {
            values[n] = x;
            labels[n++] = p->labels[i];
            counts[p->labels[i]]++;
        }
    }
    *out = (filled){values, labels, n};
    return KMSEG_OK;
}

static int holds_only_flags(const double *values, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (values[i] != 0 && values[i] != 1) {
            return 0;
        }
    }
    return 1;
}

/* Differences of the drawn-in values where those are less skewed, kept only where the means in the
 * column's own unit say the same. */
static void compare_numbers(const km_profiling *p, const double *means, const double *drawn_means,
                            const km_moments *raw, const km_moments *drawn, int64_t n,
                            double *out) {
    double deviation = sample_deviation(drawn, n);
    for (int32_t s = 0; s < p->n_segments; s++) {
        double difference = (drawn_means[s] - drawn->mean) / deviation;
        double own = means[s] - raw->mean;
        out[s] = isfinite(difference) && difference * own > 0 ? difference : 0;
    }
}

typedef struct draw_loop {
    const double *values;
    double *out;
    int64_t n;
} draw_loop;

static void draw_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const draw_loop *loop = argument;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < (end < loop->n ? end : loop->n); i++) {
        loop->out[i] = km_signed_log1p(loop->values[i] + 0.0);
    }
}

/* Makes a strongly skewed column less so where log1p does: *out_values is it then, else NULL. */
static kmseg_status draw_in(km_profiling *p, const filled *from, const km_moments *raw,
                            km_moments *drawn, const double **out_values) {
    *drawn = *raw;
    *out_values = NULL;
    if (fabs(raw->skew) <= KM_STRONG_SKEW) {
        return KMSEG_OK;
    }
    draw_loop loop = {from->values, reserve(p, &p->drawn, sizeof(double)), from->n};
    if (loop.out == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    KM_TRY(km_parallel(p->ctx, km_chunks(from->n, KM_CHUNK_ROWS), draw_chunk, &loop));
    km_moments candidate;
    KM_TRY(km_moments_of(p->ctx, loop.out, from->n, &candidate));
    if (fabs(candidate.skew) < fabs(raw->skew)) {
        *drawn = candidate;
        *out_values = loop.out;
    }
    return KMSEG_OK;
}

static double largest(const km_moments *moments) {
    return fmax(fabs(moments->minimum), fabs(moments->maximum));
}

static kmseg_status summarise_numbers(km_profiling *p, const kmseg_column *column, int64_t *out_n,
                                      kmseg_profile_column *out, km_contrast *contrast) {
    double *means = km_arena_array(p->arena, p->n_segments, sizeof *means);
    double *medians = km_arena_array(p->arena, p->n_segments, sizeof *medians);
    double *drawn_means = km_arena_array(&p->scratch, p->n_segments, sizeof *drawn_means);
    contrast->differences = km_arena_array(&p->scratch, p->n_segments, sizeof(double));
    if (means == NULL || medians == NULL || drawn_means == NULL || contrast->differences == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    filled from;
    KM_TRY(find_present(p, column, contrast->present, &from));
    *out_n = from.n;
    if (from.n == 0) {
        return KMSEG_OK;
    }
    km_moments raw, drawn;
    const double *drawn_values;
    const km_moments *known = known_moments(p, column);
    if (known != NULL) {
        raw = *known;
    } else {
        KM_TRY(km_moments_of(p->ctx, from.values, from.n, &raw));
    }
    KM_TRY(draw_in(p, &from, &raw, &drawn, &drawn_values));
    KM_TRY(segment_means(p, &from, from.values, largest(&raw), contrast->present, means));
    memcpy(drawn_means, means, (size_t)p->n_segments * sizeof *means);
    if (drawn_values != NULL) {
        KM_TRY(
            segment_means(p, &from, drawn_values, largest(&drawn), contrast->present, drawn_means));
    }
    KM_TRY(km_profile_distribution(p, from.values, from.labels, from.n, contrast->present, medians,
                                   out));
    out->is_flag = holds_only_flags(from.values, from.n);
    out->mean = raw.mean;
    out->deviation = sample_deviation(&raw, from.n);
    out->segment_means = means;
    out->segment_medians = medians;
    compare_numbers(p, means, drawn_means, &raw, &drawn, from.n, contrast->differences);
    return KMSEG_OK;
}

/* ---- text ---- */

typedef struct present_level {
    const char *name;
    int32_t code;
} present_level;

static int by_name(const void *a, const void *b) {
    return strcmp(((const present_level *)a)->name, ((const present_level *)b)->name);
}

/* Levels that a labelled row has, by name; position[code] is where they are, -1 for the others.
 * 0 levels when there are too many. */
static kmseg_status find_levels(km_profiling *p, const kmseg_column *column, int32_t *position,
                                kmseg_profile_column *out) {
    present_level found[KM_PROFILE_LEVELS];
    int32_t n = 0;
    memset(position, 0xff, (size_t)column->n_levels * sizeof *position);
    for (int64_t i = 0; i < p->n_rows; i++) {
        int32_t code = column->codes[km_profiling_row(p, i)];
        if (code < 0 || position[code] >= 0) {
            continue;
        }
        if (n == KM_PROFILE_LEVELS) {
            return KMSEG_OK;
        }
        position[code] = n;
        found[n++] = (present_level){column->levels[code], code};
    }
    qsort(found, (size_t)n, sizeof *found, by_name);
    const char **names = km_arena_array(p->arena, n, sizeof *names);
    for (int32_t l = 0; names != NULL && l < n; l++) {
        names[l] = km_arena_text(p->arena, found[l].name);
        position[found[l].code] = l;
        names = names[l] != NULL ? names : NULL;
    }
    if (names == NULL) {
        return km_fail_memory(p->ctx, "the levels of a column");
    }
    out->levels = names;
    out->n_levels = n;
    return KMSEG_OK;
}

/* Shares of counts (n_segments x n_levels) among the n rows present, and how they differ. */
static kmseg_status take_shares(km_profiling *p, const int64_t *counts, int64_t n,
                                kmseg_profile_column *out, km_contrast *contrast) {
    int32_t n_levels = out->n_levels;
    int64_t n_cells = (int64_t)p->n_segments * n_levels;
    double *shares = km_arena_array(p->arena, n_cells, sizeof *shares);
    double *overall = km_arena_array(p->arena, n_levels, sizeof *overall);
    contrast->differences = km_arena_array(&p->scratch, n_cells, sizeof(double));
    if (shares == NULL || overall == NULL || contrast->differences == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    for (int32_t l = 0; l < n_levels; l++) {
        int64_t count = 0;
        for (int32_t s = 0; s < p->n_segments; s++) {
            count += counts[(int64_t)s * n_levels + l];
        }
        overall[l] = (double)count / (double)n;
    }
    for (int64_t cell = 0; cell < n_cells; cell++) {
        int64_t present = contrast->present[cell / n_levels];
        double all = overall[cell % n_levels];
        shares[cell] = present > 0 ? (double)counts[cell] / (double)present : (double)NAN;
        double difference = (shares[cell] - all) / sqrt(all * (1 - all));
        contrast->differences[cell] = isfinite(difference) ? difference : 0;
    }
    out->segment_shares = shares;
    out->level_shares = overall;
    return KMSEG_OK;
}

static int64_t *new_counts(km_profiling *p, int32_t n_levels) {
    return km_arena_array(&p->scratch, (int64_t)p->n_segments * n_levels, sizeof(int64_t));
}

static kmseg_status count_levels(km_profiling *p, const kmseg_column *column,
                                 const int32_t *position, int64_t *out_n, kmseg_profile_column *out,
                                 km_contrast *contrast) {
    int64_t *counts = new_counts(p, out->n_levels);
    if (counts == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    for (int64_t i = 0; i < p->n_rows; i++) {
        int32_t code = column->codes[km_profiling_row(p, i)];
        if (code >= 0) {
            counts[(int64_t)p->labels[i] * out->n_levels + position[code]]++;
            contrast->present[p->labels[i]]++;
            ++*out_n;
        }
    }
    return take_shares(p, counts, *out_n, out, contrast);
}

/* ---- cells of several tags: a tag is a level, and a row may have several or none ---- */

/* Counts the tags of the rows, by their place in tags->names. */
static void count_tags(const km_profiling *p, const kmseg_column *column, const km_tags *tags,
                       int64_t *counts) {
    for (int64_t i = 0; i < p->n_rows; i++) {
        int32_t code = column->codes[km_profiling_row(p, i)];
        int64_t *own = counts + (int64_t)p->labels[i] * tags->n_names;
        for (int64_t t = code >= 0 ? tags->starts[code] : 0;
             code >= 0 && t < tags->starts[code + 1]; t++) {
            own[tags->tags[t]]++;
        }
    }
}

/* The tags that a labelled row has, in byte order, as the levels of out; counts of these to to. */
static kmseg_status keep_tags(km_profiling *p, const km_tags *tags, const int64_t *counts,
                              kmseg_profile_column *out, int64_t *to) {
    present_level found[KM_PROFILE_LEVELS];
    int32_t n = 0;
    for (int32_t t = 0; t < tags->n_names; t++) {
        int64_t count = 0;
        for (int32_t s = 0; s < p->n_segments; s++) {
            count += counts[(int64_t)s * tags->n_names + t];
        }
        if (count > 0 && n == KM_PROFILE_LEVELS) {
            return KMSEG_OK;
        }
        if (count > 0) {
            found[n++] = (present_level){tags->names[t], t};
        }
    }
    qsort(found, (size_t)n, sizeof *found, by_name);
    const char **names = km_arena_array(p->arena, n, sizeof *names);
    for (int32_t l = 0; names != NULL && l < n; l++) {
        names[l] = km_arena_text(p->arena, found[l].name);
        for (int32_t s = 0; s < p->n_segments; s++) {
            to[(int64_t)s * n + l] = counts[(int64_t)s * tags->n_names + found[l].code];
        }
        names = names[l] != NULL ? names : NULL;
    }
    if (names == NULL) {
        return km_fail_memory(p->ctx, "the tags of a column");
    }
    out->levels = names;
    out->n_levels = n;
    return KMSEG_OK;
}

/* As the fit took it, an empty cell has no tag: shares are of all rows of a segment. */
static kmseg_status summarise_tags(km_profiling *p, const kmseg_column *column, int64_t *out_n,
                                   kmseg_profile_column *out, km_contrast *contrast) {
    km_tags tags;
    if (!km_tags_split(&p->scratch, column->levels, column->n_levels, &tags)) {
        return km_fail_memory(p->ctx, "the tags of a column");
    }
    if (tags.n_names == 0) {
        return KMSEG_OK;
    }
    int64_t *counts = new_counts(p, tags.n_names), *kept = new_counts(p, tags.n_names);
    if (counts == NULL || kept == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    count_tags(p, column, &tags, counts);
    KM_TRY(keep_tags(p, &tags, counts, out, kept));
    if (out->n_levels == 0) {
        return KMSEG_OK;
    }
    memcpy(contrast->present, p->sizes, (size_t)p->n_segments * sizeof *contrast->present);
    *out_n = p->n_rows;
    return take_shares(p, kept, p->n_rows, out, contrast);
}

static kmseg_status summarise_text(km_profiling *p, const kmseg_column *column, int64_t *out_n,
                                   kmseg_profile_column *out, km_contrast *contrast) {
    int32_t *position = km_allocate_array(&p->ctx->allocator, column->n_levels, sizeof *position);
    if (position == NULL) {
        return km_fail_memory(p->ctx, "the levels of a column");
    }
    kmseg_status status = find_levels(p, column, position, out);
    if (status == KMSEG_OK && out->n_levels > 0) {
        status = count_levels(p, column, position, out_n, out, contrast);
    }
    km_release(&p->ctx->allocator, position);
    return status;
}

/* ---- both ---- */

/* How a column was prepared; NULL: it was not clustered on. */
static const kmseg_prepare_column *prepared(const kmseg_prepare *prepare, const char *name) {
    for (int32_t c = 0; prepare != NULL && c < prepare->n_columns; c++) {
        if (strcmp(prepare->columns[c].name, name) == 0) {
            return &prepare->columns[c];
        }
    }
    return NULL;
}

/* Length of the first name of a list "a, b,c", from *at on without spaces around it; *at moves to the
 * name, *next behind its comma. */
static size_t first_name(const char **at, const char **next) {
    *at += strspn(*at, " ,");
    size_t length = strcspn(*at, ",");
    *next = *at + length;
    while (length > 0 && (*at)[length - 1] == ' ') {
        length--;
    }
    return length;
}

static int is_listed(const kmseg_profile_options *options, const char *name) {
    if (options->profile_columns == NULL) {
        return 1;
    }
    size_t length;
    for (const char *at = options->profile_columns, *next; (length = first_name(&at, &next)) > 0;
         at = next) {
        if (strlen(name) == length && memcmp(at, name, length) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Every name in the list is a column. */
static kmseg_status check_list(const km_profiling *p) {
    size_t length;
    for (const char *at = p->options->profile_columns, *next;
         at != NULL && (length = first_name(&at, &next)) > 0; at = next) {
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : 0), at);
        if (kmseg_table_find(p->table, name) < 0) {
            kmseg_status status = km_table_fail_no_column(p->ctx, p->table, name);
            return km_fail_prefix(p->ctx, status, "profile_columns");
        }
    }
    return KMSEG_OK;
}

/* *out_n becomes the number of rows with a value; 0 for a column that is not profiled. */
static kmseg_status summarise(km_profiling *p, const kmseg_column *column, int64_t *out_n,
                              kmseg_profile_column *out, km_contrast *contrast) {
    *out_n = 0;
    *out = (kmseg_profile_column){.type = column->type};
    *contrast = (km_contrast){0};
    if (column->role == KMSEG_ROLE_ID || column->type == KMSEG_COLUMN_TIME ||
        (p->prepare != NULL && strcmp(p->prepare->id, column->name) == 0) ||
        !(prepared(p->prepare, column->name) != NULL || is_listed(p->options, column->name))) {
        return KMSEG_OK;
    }
    int64_t *missing = km_arena_array(p->arena, p->n_segments, sizeof *missing);
    contrast->present = km_arena_array(&p->scratch, p->n_segments, sizeof *contrast->present);
    out->name = km_arena_text(p->arena, column->name);
    out->unit = km_arena_text(p->arena, column->unit);
    if (missing == NULL || contrast->present == NULL || out->name == NULL || out->unit == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    const kmseg_prepare_column *how = prepared(p->prepare, column->name);
    out->clustered = how != NULL;
    int has_tags = how != NULL && strcmp(how->scale, "multihot") == 0;
    KM_TRY(column->type == KMSEG_COLUMN_NUMBER ? summarise_numbers(p, column, out_n, out, contrast)
           : has_tags                          ? summarise_tags(p, column, out_n, out, contrast)
                                               : summarise_text(p, column, out_n, out, contrast));
    for (int32_t s = 0; s < p->n_segments; s++) {
        missing[s] = p->sizes[s] - contrast->present[s];
    }
    out->segment_missing = missing;
    return KMSEG_OK;
}

kmseg_status km_profile_columns(km_profiling *p) {
    int32_t n_table = kmseg_table_n_columns(p->table), n = 0;
    p->columns = km_arena_array(p->arena, n_table, sizeof *p->columns);
    p->contrasts = km_arena_array(&p->scratch, n_table, sizeof *p->contrasts);
    if (p->columns == NULL || p->contrasts == NULL) {
        return km_fail_memory(p->ctx, "a profile");
    }
    KM_TRY(check_list(p));
    for (int32_t i = 0; i < n_table; i++) {
        int64_t n_present;
        KM_TRY(summarise(p, kmseg_table_column(p->table, i), &n_present, &p->columns[n],
                         &p->contrasts[n]));
        n += n_present > 0;
    }
    p->out->n_columns = n;
    p->out->columns = p->columns;
    return KMSEG_OK;
}
