/* Numbers: impute, winsorise, transform, centre, scale, weight. */
#include "base/ahead.h"
#include "base/parallel.h"
#include "base/text.h"
#include "data/moments.h"
#include "data/quantile.h"
#include "prepare/encoder.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows looked at together. */
enum { GATHER_ROWS = 8 * KM_CHUNK_ROWS };

typedef struct gather_loop {
    const km_fit *fit;
    const double *numbers;
    double *out;
    int64_t *counts;                /* per chunk: values that are there; then where they go */
    _Atomic int64_t first_infinite; /* row of the fit; INT64_MAX: none */
} gather_loop;

static int64_t gather_end(const gather_loop *loop, int64_t chunk) {
    int64_t end = (chunk + 1) * GATHER_ROWS;
    return end < loop->fit->n_rows ? end : loop->fit->n_rows;
}

/* Values that are there, and whether one is infinite, of rows that lie side by side. */
static int64_t count_there(const double *x, int64_t n, int *out_infinite) {
    int64_t n_missing = 0, n_infinite = 0;
    enum { EIGHT = 8 };
    for (int64_t i = 0; i < n; i += EIGHT) {
        km_ask_ahead((const char *)(x + i) + KM_AHEAD, EIGHT * sizeof *x);
        for (int64_t j = i; j < (n - i < EIGHT ? n : i + EIGHT); j++) {
            n_missing += x[j] != x[j];
            n_infinite += fabs(x[j]) > DBL_MAX;
        }
    }
    *out_infinite = n_infinite > 0;
    return n - n_missing;
}

static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    gather_loop *loop = argument;
    int64_t begin = chunk * GATHER_ROWS, end = gather_end(loop, chunk), n = 0, infinite = INT64_MAX;
    if (loop->fit->rows == NULL) {
        int is_infinite;
        loop->counts[chunk] = count_there(loop->numbers + begin, end - begin, &is_infinite);
        if (!is_infinite) {
            return;
        }
    }
    for (int64_t i = begin; i < end; i++) {
        double x = loop->numbers[km_fit_row(loop->fit, i)];
        n += !isnan(x);
        if (isinf(x) && infinite == INT64_MAX) {
            infinite = i;
        }
    }
    loop->counts[chunk] = n;
    int64_t first = atomic_load(&loop->first_infinite);
    while (infinite < first &&
           !atomic_compare_exchange_weak(&loop->first_infinite, &first, infinite)) {
    }
}

static void move_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const gather_loop *loop = argument;
    double *out = loop->out + loop->counts[chunk];
    for (int64_t i = chunk * GATHER_ROWS; i < gather_end(loop, chunk); i++) {
        double x = loop->numbers[km_fit_row(loop->fit, i)];
        if (!isnan(x)) {
            *out++ = x + 0.0; /* -0 becomes 0 */
        }
    }
}

static kmseg_status fail_infinite(const km_fit *fit, const kmseg_column *column, int64_t row) {
    return km_fail(fit->ctx, KMSEG_E_DATA,
                   "column %s is infinite in row %lld; it needs to be a finite number or missing",
                   column->name, (long long)row + 1);
}

/* The values of the rows of the fit that are there: *out_n of them at *out_values, which is the
 * column itself where none is missing; that one may have infinite values. */
static kmseg_status gather(km_fit *fit, const kmseg_column *column, const double **out_values,
                           int64_t *out_n) {
    int64_t n_chunks = km_chunks(fit->n_rows, GATHER_ROWS), n = 0;
    gather_loop loop = {.fit = fit, .numbers = column->numbers, .out = fit->values};
    if (fit->rows == NULL && column->n_missing == 0) {
        *out_n = fit->n_rows;
        *out_values = column->numbers;
        return KMSEG_OK;
    }
    atomic_init(&loop.first_infinite, INT64_MAX);
    loop.counts = km_arena_array(&fit->scratch, n_chunks, sizeof *loop.counts);
    if (loop.counts == NULL) {
        return km_fail_memory(fit->ctx, "the columns of a fit");
    }
    KM_TRY(km_parallel(fit->ctx, n_chunks, count_chunk, &loop));
    if (atomic_load(&loop.first_infinite) != INT64_MAX) {
        return fail_infinite(fit, column, km_fit_row(fit, atomic_load(&loop.first_infinite)));
    }
    for (int64_t c = 0; c < n_chunks; c++) {
        int64_t count = loop.counts[c];
        loop.counts[c] = n;
        n += count;
    }
    *out_n = n;
    *out_values = fit->values;
    return km_parallel(fit->ctx, n_chunks, move_chunk, &loop);
}

/* Two values at most. */
static int is_binary(const double *values, int64_t n, const km_moments *moments) {
    for (int64_t i = 0; i < n; i++) {
        if (values[i] != moments->minimum && values[i] != moments->maximum) {
            return 0;
        }
    }
    return 1;
}

/* What one transform makes of the values, where auto tries it: it is taken when it draws the skew
 * in. */
static kmseg_status try_transform(km_fit *fit, const km_transform *candidate,
                                  const km_transform_values *from, kmseg_prepare_column *out,
                                  km_moments *moments, int *out_taken) {
    km_moments after;
    if (candidate->fit != NULL) {
        KM_TRY(candidate->fit(from, out));
    }
    KM_TRY(km_transform_all(fit, candidate, from->values, from->n, out, &after));
    *out_taken = fabs(after.skew) < fabs(from->moments->skew);
    if (*out_taken) {
        char before[32], now[32], parameter[32] = "";
        km_format_rounded(from->moments->skew, 2, before, sizeof before);
        km_format_rounded(after.skew, 2, now, sizeof now);
        km_format_rounded(out->parameter, 2, parameter, sizeof parameter);
        km_note(&fit->notes, "%s: %s%s%s%s, which takes its skew from %s to %s", out->name,
                candidate->named.name, candidate->fit != NULL ? " (lambda " : "",
                candidate->fit != NULL ? parameter : "", candidate->fit != NULL ? ")" : "", before,
                now);
        *moments = after;
    } else {
        out->parameter = 0;
    }
    return KMSEG_OK;
}

/* A transform with parameters that was asked for. */
static kmseg_status use_transform(km_fit *fit, const km_transform *wanted,
                                  const km_transform_values *from, kmseg_prepare_column *out,
                                  km_moments *moments) {
    if (wanted->fit != NULL) {
        KM_TRY(wanted->fit(from, out));
    }
    if (strcmp(wanted->named.name, "yeo-johnson") == 0) {
        char lambda[32];
        km_format_rounded(out->parameter, 3, lambda, sizeof lambda);
        km_note(&fit->notes, "%s: yeo-johnson with lambda %s", out->name, lambda);
    }
    return km_transform_all(fit, wanted, from->values, from->n, out, moments);
}

/* More than a few values on both sides of 0: sign(x) log(1 + |x|) is steep there, so it would push them
 * apart, and make two groups of one. */
static int lies_about_zero(const double *values, int64_t n, const km_moments *moments) {
    int64_t negative = 0;
    for (int64_t i = 0; moments->minimum < 0 && i < n; i++) {
        negative += values[i] < 0;
    }
    return negative > n / 20 && n - negative > n / 20;
}

/* Leaves the moments of the transformed values in *moments and, where the scale looks at those, them
 * in fit->transformed. */
static kmseg_status choose_transform(km_fit *fit, const km_transform *wanted, int binary,
                                     const double *values, int64_t n, kmseg_prepare_column *out,
                                     km_moments *moments) {
    static const char *const candidates[] = {"log1p", "yeo-johnson"};
    const km_transform *none = km_transform_find("none");
    const km_transform *chosen = wanted != NULL ? wanted : none;
    const km_moments raw = *moments;
    const km_transform_values from = {fit, values, n, &raw};
    int tries = wanted == NULL && !binary && fabs(raw.skew) > KM_STRONG_SKEW;
    size_t first = tries && lies_about_zero(values, n, &raw) ? 1 : 0;
    for (size_t c = first; tries && c < sizeof candidates / sizeof *candidates; c++) {
        const km_transform *candidate = km_transform_find(candidates[c]);
        int taken;
        KM_TRY(try_transform(fit, candidate, &from, out, moments, &taken));
        if (taken) {
            chosen = candidate;
            break;
        }
    }
    out->transform = chosen->named.name;
    if (chosen == none) {
        if (km_scale_find(fit->options->scale)->needs_values) {
            memcpy(fit->transformed, values, (size_t)n * sizeof *values);
        }
        return KMSEG_OK;
    }
    return wanted != NULL ? use_transform(fit, chosen, &from, out, moments) : KMSEG_OK;
}

static kmseg_status scale_number(km_fit *fit, int binary, int64_t n, kmseg_prepare_column *out,
                                 const km_moments *moments) {
    const km_scale *scale = km_scale_find(fit->options->scale);
    if (binary && strcmp(scale->named.name, "none") != 0) {
        scale = km_scale_find("binary");
        km_note(&fit->notes,
                "%s: two values; a difference counts as one standard deviation, as between two "
                "levels of text",
                out->name);
    }
    out->scale = scale->named.name;
    return km_fit_scale(fit, scale, n, moments, out);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The most frequent value, the smallest of them. */
static double mode_of(km_fit *fit, const double *values, int64_t n) {
    double *sorted = fit->transformed;
    memcpy(sorted, values, (size_t)n * sizeof *values);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    double mode = sorted[0];
    int64_t most = 0;
    for (int64_t i = 0; i < n;) {
        int64_t first = i;
        while (i < n && sorted[i] == sorted[first]) {
            i++;
        }
        if (i - first > most) {
            most = i - first;
            mode = sorted[first];
        }
    }
    return mode + 0.0;
}

static kmseg_status fit_fill(km_fit *fit, const km_impute *impute, int binary, const double *values,
                             int64_t n, kmseg_prepare_column *out) {
    const char *what = "the median ";
    out->fill = out->median;
    if (binary) {
        /* The median of an even split is neither value; the lower stands for it. */
        out->fill =
            out->mean - out->minimum > out->maximum - out->mean ? out->maximum : out->minimum;
    }
    if (strcmp(impute->how, "mode") == 0) {
        what = "the most frequent, ";
        out->fill = out->n_missing > 0 ? mode_of(fit, values, n) : out->fill;
    } else if (strcmp(impute->how, "constant") == 0) {
        what = "";
        out->fill = 0;
        if (impute->value != NULL &&
            (!km_parse_double(impute->value, &out->fill) || !isfinite(out->fill))) {
            return km_fail(fit->ctx, KMSEG_E_ARGUMENT,
                           "impute: \"%s\" is to be put where %s is missing; that is a column of "
                           "numbers, so it needs to be a number",
                           impute->value, out->name);
        }
    }
    if (out->n_missing > 0 && strcmp(impute->how, "drop") != 0) {
        char fill[32], missing[64];
        km_format_rounded(out->fill, 6, fill, sizeof fill);
        km_format_number((double)out->n_missing, 0, missing, sizeof missing);
        km_note(&fit->notes, "%s: %s missing values replaced by %s%s", out->name, missing, what,
                fill);
    }
    return KMSEG_OK;
}

/* Moves what lies beyond the quantiles of probability p and 1 - p to them: in fit->values, which
 * *values becomes. */
static kmseg_status winsorise(km_fit *fit, double p, const double **values, int64_t n,
                              kmseg_prepare_column *out, km_moments *moments) {
    KM_TRY(km_group_quantiles(fit->ctx, *values, NULL, n, 1, p, &out->lower, NULL));
    KM_TRY(km_group_quantiles(fit->ctx, *values, NULL, n, 1, 1 - p, &out->upper, NULL));
    int64_t n_moved = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = (*values)[i];
        n_moved += x < out->lower || x > out->upper;
        fit->values[i] = fmin(fmax(x, out->lower), out->upper);
    }
    *values = fit->values;
    char low[32], high[32];
    km_format_rounded(out->lower, 4, low, sizeof low);
    km_format_rounded(out->upper, 4, high, sizeof high);
    if (out->lower == out->upper) {
        return km_fail(fit->ctx, KMSEG_E_DATA,
                       "winsorise leaves one value of column %s, %s; take less of it", out->name,
                       low);
    }
    km_note(&fit->notes, "%s: winsorised to %s to %s, which moves %lld values", out->name, low,
            high, (long long)n_moved);
    return km_moments_of(fit->ctx, *values, n, moments);
}

static kmseg_status fit_number(km_fit *fit, int32_t i, kmseg_prepare_column *out) {
    const km_settings *settings = &fit->settings[i];
    const kmseg_column *column = kmseg_table_column(fit->table, i);
    int64_t n = 0;
    const double *values = NULL;
    KM_TRY(gather(fit, column, &values, &n));
    km_moments moments;
    KM_TRY(km_moments_of(fit->ctx, values, n, &moments));
    for (int64_t r = 0; isnan(moments.mean) && r < n; r++) { /* of a column without gaps */
        KM_TRY(isinf(values[r]) ? fail_infinite(fit, column, r) : KMSEG_OK);
    }
    if (fit->known != NULL && values == column->numbers) {
        fit->known->columns[i] = moments;
        fit->known->are_known[i] = 1;
    }
    out->mean = moments.mean;
    out->minimum = moments.minimum;
    out->maximum = moments.maximum;
    out->skew = moments.skew;
    KM_TRY(km_group_quantiles(fit->ctx, values, NULL, n, 1, 0.5, &out->median, NULL));
    out->fill_level = -1;
    out->other_level = -1;
    out->n_outputs = 1;
    int binary = is_binary(values, n, &moments);
    KM_TRY(fit_fill(fit, &settings->impute, binary, values, n, out));
    if (settings->winsorise > 0 && !binary) {
        KM_TRY(winsorise(fit, settings->winsorise, &values, n, out, &moments));
        binary = is_binary(values, n, &moments);
    }
    KM_TRY(choose_transform(fit, settings->transform, binary, values, n, out, &moments));
    KM_TRY(scale_number(fit, binary, n, out, &moments));
    fit->deviations[i] = moments.deviation;
    return KMSEG_OK;
}

static kmseg_status check_knots(kmseg_context *ctx, const kmseg_prepare_column *c) {
    const km_transform *transform = km_transform_find(c->transform);
    if (c->n_knots != 0 && (transform->n_knots == 0 || c->n_knots < 2 || c->knots == NULL)) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s has %d quantiles for the transform %s",
                       c->name, c->n_knots, c->transform);
    }
    for (int32_t i = 0; i < c->n_knots; i++) {
        if (!isfinite(c->knots[i]) || (i > 0 && c->knots[i] < c->knots[i - 1])) {
            return km_fail(ctx, KMSEG_E_FORMAT,
                           "column %s: its quantiles need to be finite and ascending", c->name);
        }
    }
    if (transform->n_knots > 0 && c->n_knots == 0) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s has no quantiles; the transform %s needs some", c->name,
                       c->transform);
    }
    return KMSEG_OK;
}

static kmseg_status check_number(kmseg_context *ctx, const kmseg_prepare_column *c) {
    if (c->transform == NULL || km_transform_find(c->transform) == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s has the unknown transform \"%s\"", c->name,
                       c->transform != NULL ? c->transform : "");
    }
    if (c->scale == NULL || km_scale_find(c->scale) == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s has the unknown scale \"%s\"", c->name,
                       c->scale != NULL ? c->scale : "");
    }
    if (!isfinite(c->fill) || !isfinite(c->centre) || !(c->spread > 0) || !isfinite(c->spread)) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s: fill and centre need to be finite and spread positive", c->name);
    }
    int is_winsorised = !isnan(c->lower) || !isnan(c->upper);
    if ((is_winsorised && !(c->lower <= c->upper)) || !isfinite(c->parameter)) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s: lower needs to be below upper, and parameter finite", c->name);
    }
    if (km_own_outputs(c) != 1) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s has %d outputs; a number has 1", c->name,
                       km_own_outputs(c));
    }
    return check_knots(ctx, c);
}

static kmseg_status fail_text(kmseg_context *ctx, const kmseg_column *from, int32_t level) {
    for (int64_t r = 0; r < from->n_rows; r++) {
        if (from->codes[r] == level) {
            return km_fail(ctx, KMSEG_E_FORMAT,
                           "column %s: \"%s\" in row %lld is not a number; the segments were made "
                           "from numbers",
                           from->name, from->levels[level], (long long)r + 1);
        }
    }
    return KMSEG_OK; /* a level that no row has */
}

/* A text column whose every value is a number, or which has no value, is read as numbers. */
static kmseg_status bind_number(kmseg_context *ctx, km_arena *scratch,
                                const kmseg_prepare_column *column, const kmseg_column *from,
                                km_source *out) {
    (void)column;
    if (from->type == KMSEG_COLUMN_NUMBER) {
        out->numbers = from->numbers;
        return KMSEG_OK;
    }
    if (from->type != KMSEG_COLUMN_TEXT) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "column %s is a column of dates; the segments were made from numbers",
                       from->name);
    }
    out->codes = from->codes;
    out->level_numbers = km_arena_array(scratch, from->n_levels, sizeof *out->level_numbers);
    if (out->level_numbers == NULL) {
        return km_fail_memory(ctx, "the numbers of a text column");
    }
    /* Levels stand in order of first appearance, so the first bad one is in the first bad row. */
    for (int32_t i = 0; i < from->n_levels; i++) {
        if (!km_parse_double(from->levels[i], &out->level_numbers[i])) {
            KM_TRY(fail_text(ctx, from, i));
        }
    }
    return KMSEG_OK;
}

static double cell(const km_source *source, int64_t r) {
    if (source->numbers != NULL) {
        return source->numbers[r];
    }
    return source->codes[r] >= 0 ? source->level_numbers[source->codes[r]] : (double)NAN;
}

/* Rows encoded together: their cells are worked on step by step in a block that stays in the cache. */
enum { ENCODE_ROWS = 512 };

/* Cells with their gaps filled and the transform applied, centred, scaled and weighted. */
static void encode_block(const kmseg_prepare_column *column, const km_transform *transform,
                         const km_source *source, const int64_t *rows, int64_t first, int64_t n,
                         double *y) {
    if (source->numbers != NULL && rows == NULL) {
        km_ask_ahead(source->numbers + first + n, (size_t)n * sizeof *y);
        for (int64_t i = 0; i < n; i++) {
            double x = source->numbers[first + i] + 0.0;
            y[i] = x == x ? x : column->fill;
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            double x = cell(source, rows != NULL ? rows[first + i] : first + i) + 0.0;
            y[i] = x == x ? x : column->fill;
        }
    }
    if (!isnan(column->lower)) {
        for (int64_t i = 0; i < n; i++) {
            y[i] = y[i] < column->lower   ? column->lower
                   : y[i] > column->upper ? column->upper
                                          : y[i];
        }
    }
    if (!transform->keeps) {
        for (int64_t i = 0; i < n; i++) {
            y[i] = transform->forward(column, y[i]);
        }
    }
    const double centre = column->centre, spread = column->spread, weight = column->weight;
    for (int64_t i = 0; i < n; i++) {
        y[i] = (y[i] - centre) / spread * weight;
    }
}

static void encode(const kmseg_prepare_column *column, const km_source *source, const int64_t *rows,
                   int64_t first, int64_t n, km_target *target) {
    const km_transform *transform = km_transform_find(column->transform);
    double y[ENCODE_ROWS];
    for (int64_t done = 0; done < n; done += ENCODE_ROWS) {
        int64_t part = n - done < ENCODE_ROWS ? n - done : ENCODE_ROWS;
        encode_block(column, transform, source, rows, first + done, part, y);
        for (int64_t i = 0; i < part; i++) {
            km_put(target, done + i, column->first_output, y[i]);
        }
    }
}

static void invert(const kmseg_prepare_column *column, const double *outputs, double *out) {
    const km_transform *transform = km_transform_find(column->transform);
    *out = transform->inverse(column, *outputs / column->weight * column->spread + column->centre);
}

static double variance(const kmseg_prepare_column *column, double deviation) {
    return deviation / column->spread * (deviation / column->spread);
}

const km_encoder km_encode_number = {
    .named = {"number", "impute, transform, centre and scale"},
    .type = KMSEG_COLUMN_NUMBER,
    .fit = fit_number,
    .check = check_number,
    .bind = bind_number,
    .encode = encode,
    .invert = invert,
    .variance = variance,
};
