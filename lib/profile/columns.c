/* Summaries of columns, over all rows and per segment. */
#include "base/parallel.h"
#include "data/moments.h"
#include "data/quantile.h"
#include "profile/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* With n - 1. */
static double sample_deviation(const km_moments *moments, int64_t n) {
    return n > 1 ? moments->deviation * sqrt((double)n / (double)(n - 1)) : 0;
}

/* ---- numbers ---- */

typedef struct number_loop {
    double *grouped;      /* values, segment after segment */
    const double *drawn;  /* the same through log1p, or NULL */
    const int64_t *begin; /* n_segments + 1 */
    km_fixed fixed, fixed_drawn;
    double *means, *medians, *drawn_means;
} number_loop;

static double mean_of(const double *values, int64_t n, km_fixed fixed) {
    km_int128 sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += km_fixed_of(fixed, values[i]);
    }
    return n > 0 ? km_int128_double(sum) / (double)n / fixed.scale : (double)NAN;
}

static void summarise_segment(void *argument, int64_t segment, int32_t thread) {
    (void)thread;
    const number_loop *loop = argument;
    int64_t first = loop->begin[segment], n = loop->begin[segment + 1] - first;
    loop->means[segment] = mean_of(loop->grouped + first, n, loop->fixed);
    loop->drawn_means[segment] = loop->drawn != NULL
                                     ? mean_of(loop->drawn + first, n, loop->fixed_drawn)
                                     : loop->means[segment];
    loop->medians[segment] = n > 0 ? km_quantile(loop->grouped + first, n, 0.5) : (double)NAN;
}

/* Puts the finite values into p->grouped, segment after segment; begin gets their bounds. */
static int64_t group_values(km_profiling *p, const kmseg_column *column, int64_t *begin,
                            int64_t *cursor) {
    memset(begin, 0, (size_t)(p->n_segments + 1) * sizeof *begin);
    for (int64_t i = 0; i < p->n_rows; i++) {
        begin[p->labels[i] + 1] += isfinite(column->numbers[km_profiling_row(p, i)]) ? 1 : 0;
    }
    for (int32_t s = 0; s < p->n_segments; s++) {
        begin[s + 1] += begin[s];
        cursor[s] = begin[s];
    }
    for (int64_t i = 0; i < p->n_rows; i++) {
        double x = column->numbers[km_profiling_row(p, i)];
        if (isfinite(x)) {
            p->grouped[cursor[p->labels[i]]++] = x + 0.0;
        }
    }
    return begin[p->n_segments];
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
static void compare_numbers(const km_profiling *p, const number_loop *loop, const km_moments *raw,
                            const km_moments *drawn, int64_t n, double *out) {
    double deviation = sample_deviation(drawn, n);
    for (int32_t s = 0; s < p->n_segments; s++) {
        double difference = (loop->drawn_means[s] - drawn->mean) / deviation;
        double own = loop->means[s] - raw->mean;
        out[s] = isfinite(difference) && difference * own > 0 ? difference : 0;
    }
}

/* Into p->drawn where that makes a strongly skewed column less so. */
static kmseg_status draw_in(km_profiling *p, int64_t n, const km_moments *raw, km_moments *drawn,
                            int *out_used) {
    *drawn = *raw;
    *out_used = 0;
    if (fabs(raw->skew) <= KM_STRONG_SKEW) {
        return KMSEG_OK;
    }
    for (int64_t i = 0; i < n; i++) {
        p->drawn[i] = km_signed_log1p(p->grouped[i]);
    }
    km_moments candidate;
    KM_TRY(km_moments_of(p->ctx, p->drawn, n, &candidate));
    if (fabs(candidate.skew) < fabs(raw->skew)) {
        *drawn = candidate;
        *out_used = 1;
    }
    return KMSEG_OK;
}

static double largest(const km_moments *moments) {
    return fmax(fabs(moments->minimum), fabs(moments->maximum));
}

static kmseg_status summarise_numbers(km_profiling *p, const kmseg_column *column, int64_t *out_n,
                                      kmseg_profile_column *out, km_contrast *contrast) {
    int64_t *begin = km_arena_array(&p->scratch, (int64_t)p->n_segments + 1, sizeof *begin);
    int64_t *cursor = km_arena_array(&p->scratch, p->n_segments, sizeof *cursor);
    double *means = km_arena_array(p->arena, p->n_segments, sizeof *means);
    double *medians = km_arena_array(p->arena, p->n_segments, sizeof *medians);
    double *drawn_means = km_arena_array(&p->scratch, p->n_segments, sizeof *drawn_means);
    contrast->differences = km_arena_array(&p->scratch, p->n_segments, sizeof(double));
    if (begin == NULL || cursor == NULL || means == NULL || medians == NULL ||
        drawn_means == NULL || contrast->differences == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    int64_t n = group_values(p, column, begin, cursor);
    *out_n = n;
    if (n == 0) {
        return KMSEG_OK;
    }
    km_moments raw, drawn;
    int is_drawn;
    KM_TRY(km_moments_of(p->ctx, p->grouped, n, &raw));
    KM_TRY(draw_in(p, n, &raw, &drawn, &is_drawn));
    out->is_flag = holds_only_flags(p->grouped, n);
    number_loop loop = {p->grouped,
                        is_drawn ? p->drawn : NULL,
                        begin,
                        km_fixed_for(largest(&raw)),
                        km_fixed_for(largest(&drawn)),
                        means,
                        medians,
                        drawn_means};
    KM_TRY(km_parallel(p->ctx, p->n_segments, summarise_segment, &loop));
    out->mean = raw.mean;
    out->median = km_quantile(p->grouped, n, 0.5); /* moves values between segments: last */
    out->deviation = sample_deviation(&raw, n);
    out->segment_means = means;
    out->segment_medians = medians;
    for (int32_t s = 0; s < p->n_segments; s++) {
        contrast->present[s] = begin[s + 1] - begin[s];
    }
    compare_numbers(p, &loop, &raw, &drawn, n, contrast->differences);
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

static kmseg_status count_levels(km_profiling *p, const kmseg_column *column,
                                 const int32_t *position, int64_t *out_n, kmseg_profile_column *out,
                                 km_contrast *contrast) {
    int32_t n_levels = out->n_levels;
    int64_t n_cells = (int64_t)p->n_segments * n_levels;
    int64_t *counts = km_arena_array(&p->scratch, n_cells, sizeof *counts);
    double *shares = km_arena_array(p->arena, n_cells, sizeof *shares);
    double *overall = km_arena_array(p->arena, n_levels, sizeof *overall);
    contrast->differences = km_arena_array(&p->scratch, n_cells, sizeof(double));
    if (counts == NULL || shares == NULL || overall == NULL || contrast->differences == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    for (int64_t i = 0; i < p->n_rows; i++) {
        int32_t code = column->codes[km_profiling_row(p, i)];
        if (code >= 0) {
            counts[(int64_t)p->labels[i] * n_levels + position[code]]++;
            contrast->present[p->labels[i]]++;
            ++*out_n;
        }
    }
    for (int32_t l = 0; l < n_levels; l++) {
        int64_t count = 0;
        for (int32_t s = 0; s < p->n_segments; s++) {
            count += counts[(int64_t)s * n_levels + l];
        }
        overall[l] = (double)count / (double)*out_n;
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

static int is_clustered(const kmseg_prepare *prepare, const char *name) {
    for (int32_t c = 0; prepare != NULL && c < prepare->n_columns; c++) {
        if (strcmp(prepare->columns[c].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* *out_n becomes the number of rows with a value; 0 for a column that is not profiled. */
static kmseg_status summarise(km_profiling *p, const kmseg_column *column, int64_t *out_n,
                              kmseg_profile_column *out, km_contrast *contrast) {
    *out_n = 0;
    *out = (kmseg_profile_column){.type = column->type};
    *contrast = (km_contrast){0};
    if (column->role == KMSEG_ROLE_ID || column->type == KMSEG_COLUMN_TIME ||
        (p->prepare != NULL && strcmp(p->prepare->id, column->name) == 0)) {
        return KMSEG_OK;
    }
    int64_t *missing = km_arena_array(p->arena, p->n_segments, sizeof *missing);
    contrast->present = km_arena_array(&p->scratch, p->n_segments, sizeof *contrast->present);
    out->name = km_arena_text(p->arena, column->name);
    out->unit = km_arena_text(p->arena, column->unit);
    if (missing == NULL || contrast->present == NULL || out->name == NULL || out->unit == NULL) {
        return km_fail_memory(p->ctx, "the profile of a column");
    }
    out->clustered = is_clustered(p->prepare, column->name);
    KM_TRY(column->type == KMSEG_COLUMN_NUMBER ? summarise_numbers(p, column, out_n, out, contrast)
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
