/* A look at a table before anything is decided: its columns, what a fit would do with each, and what
 * their skew would do to segments. */
#include "data/moments.h"
#include "data/quantile.h"
#include "pipeline/pipeline.h"

#include <kmseg/inspect.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 100000, RESTARTS = 3, MOST_ITERATIONS = 50 };

typedef struct km_inspection {
    kmseg_inspection shown; /* first: a kmseg_inspection * is the km_inspection * */
    km_arena arena;
} km_inspection;

typedef struct looking {
    kmseg_context *ctx;
    const kmseg_table *table;
    const kmseg_prepare_options *options;
    km_inspection *to;
    kmseg_inspect_column *columns;
    double *values; /* room for a column */
} looking;

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Type 7, of sorted values. */
static double quantile_of(const double *sorted, int64_t n, double p) {
    double position = p * (double)(n - 1);
    int64_t k = (int64_t)floor(position);
    double part = position - (double)k;
    return part > 0 ? sorted[k] * (1 - part) + sorted[k + 1] * part : sorted[k];
}

static void count_sorted(const double *sorted, int64_t n, kmseg_inspect_column *out) {
    double low = quantile_of(sorted, n, 0.25), high = quantile_of(sorted, n, 0.75);
    double reach = 3 * (high - low);
    out->median = quantile_of(sorted, n, 0.5);
    for (int64_t i = 0; i < n; i++) {
        out->n_distinct += i == 0 || sorted[i] != sorted[i - 1];
        out->n_outliers += reach > 0 && (sorted[i] < low - reach || sorted[i] > high + reach);
    }
}

static kmseg_status look_at_numbers(looking *look, const kmseg_column *column,
                                    kmseg_inspect_column *out) {
    out->mean = out->median = out->minimum = out->maximum = out->skew = (double)NAN;
    int64_t n = 0;
    for (int64_t r = 0; r < column->n_rows; r++) {
        if (isfinite(column->numbers[r])) {
            look->values[n++] = column->numbers[r] + 0.0;
        }
    }
    if (n == 0) {
        return KMSEG_OK;
    }
    km_moments moments;
    KM_TRY(km_moments_of(look->ctx, look->values, n, &moments));
    out->mean = moments.mean;
    out->minimum = moments.minimum;
    out->maximum = moments.maximum;
    out->skew = moments.skew;
    qsort(look->values, (size_t)n, sizeof *look->values, by_value);
    count_sorted(look->values, n, out);
    return KMSEG_OK;
}

static kmseg_status look_at_texts(looking *look, const kmseg_column *column,
                                  kmseg_inspect_column *out) {
    int64_t *counts = km_allocate_array(&look->ctx->allocator, column->n_levels, sizeof *counts);
    if (counts == NULL) {
        return km_fail_memory(look->ctx, "the levels of a column");
    }
    memset(counts, 0, (size_t)column->n_levels * sizeof *counts);
    for (int64_t r = 0; r < column->n_rows; r++) {
        if (column->codes[r] >= 0) {
            counts[column->codes[r]]++;
        }
    }
    int64_t present = column->n_rows - column->n_missing;
    int64_t fewest =
        look->options->min_level_count > 0 ? look->options->min_level_count : (present + 99) / 100;
    for (int32_t l = 0; l < column->n_levels; l++) {
        out->n_distinct += counts[l] > 0;
        int rare = counts[l] > 0 && counts[l] < fewest;
        out->n_rare += rare;
        out->n_rare_rows += rare ? counts[l] : 0;
    }
    km_release(&look->ctx->allocator, counts);
    return KMSEG_OK;
}

static void look_at_times(looking *look, const kmseg_column *column, kmseg_inspect_column *out) {
    int64_t n = 0;
    for (int64_t r = 0; r < column->n_rows; r++) {
        if (column->times[r] != KMSEG_TIME_MISSING) {
            look->values[n++] = (double)column->times[r]; /* exact for 285 million years */
        }
    }
    if (n > 0) {
        qsort(look->values, (size_t)n, sizeof *look->values, by_value);
    }
    for (int64_t i = 0; i < n; i++) {
        out->n_distinct += i == 0 || look->values[i] != look->values[i - 1];
    }
}

static kmseg_status look_at_column(looking *look, const kmseg_column *column,
                                   kmseg_inspect_column *out) {
    km_arena *arena = &look->to->arena;
    out->name = km_arena_text(arena, column->name);
    out->unit = km_arena_text(arena, column->unit);
    out->type = column->type;
    out->n_missing = column->n_missing;
    out->transform = out->encoding = "";
    if (out->name == NULL || out->unit == NULL) {
        return km_fail_memory(look->ctx, "an inspection");
    }
    if (column->type == KMSEG_COLUMN_NUMBER) {
        return look_at_numbers(look, column, out);
    }
    if (column->type == KMSEG_COLUMN_TEXT) {
        return look_at_texts(look, column, out);
    }
    look_at_times(look, column, out);
    return KMSEG_OK;
}

/* What a note says of a column: behind "NAME: ". NULL when it is about something else. */
static const char *about(const char *note, const char *name) {
    size_t n = strlen(name);
    return strncmp(note, name, n) == 0 && strncmp(note + n, ": ", 2) == 0 ? note + n + 2 : NULL;
}

static kmseg_status take_notes(looking *look, const kmseg_prepare *prepare,
                               kmseg_inspect_column *column) {
    km_arena *arena = &look->to->arena;
    const char **notes = km_arena_array(arena, prepare->n_notes, sizeof *notes);
    if (notes == NULL) {
        return km_fail_memory(look->ctx, "an inspection");
    }
    for (int32_t i = 0; i < prepare->n_notes; i++) {
        const char *said = about(prepare->notes[i], column->name);
        if (said != NULL) {
            notes[column->n_notes] = km_arena_text(arena, said);
            if (notes[column->n_notes++] == NULL) {
                return km_fail_memory(look->ctx, "an inspection");
            }
        }
    }
    column->notes = notes;
    return KMSEG_OK;
}

/* Variance of one output, in row order. */
static double variance_of(const kmseg_matrix *matrix, int64_t output) {
    double mean = 0, sum = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t r = 0; r < matrix->n_rows; r++) {
            int64_t at = r * matrix->row_stride + output * matrix->col_stride;
            double x = matrix->dtype == KMSEG_FLOAT64 ? ((const double *)matrix->values)[at]
                                                      : (double)((const float *)matrix->values)[at];
            mean += pass == 0 ? x / (double)matrix->n_rows : 0;
            sum += pass == 1 ? (x - mean) * (x - mean) : 0;
        }
    }
    return sum;
}

static kmseg_status take_plan(looking *look, const kmseg_prepare *prepare,
                              const kmseg_matrix *matrix) {
    double all = 0;
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        const kmseg_prepare_column *from = &prepare->columns[c];
        kmseg_inspect_column *to = &look->columns[kmseg_table_find(look->table, from->name)];
        to->is_used = 1;
        to->transform = from->type == KMSEG_COLUMN_NUMBER
                            ? km_arena_text(&look->to->arena, from->transform)
                            : "";
        to->encoding = km_arena_text(&look->to->arena, from->scale);
        to->n_outputs = from->n_outputs;
        if (to->transform == NULL || to->encoding == NULL) {
            return km_fail_memory(look->ctx, "an inspection");
        }
        for (int32_t o = 0; o < from->n_outputs; o++) {
            to->share += variance_of(matrix, from->first_output + o);
        }
        all += to->share;
    }
    for (int32_t i = 0; i < look->to->shown.n_columns; i++) {
        look->columns[i].share /= all > 0 ? all : 1;
        KM_TRY(take_notes(look, prepare, &look->columns[i]));
    }
    look->to->shown.id = km_arena_text(&look->to->arena, prepare->id);
    return look->to->shown.id != NULL ? KMSEG_OK : km_fail_memory(look->ctx, "an inspection");
}

/* Share of the rows in the largest of n_clusters clusters. */
static kmseg_status largest_share(kmseg_context *ctx, const kmseg_matrix *all, int32_t n_clusters,
                                  double *out) {
    kmseg_matrix samples = *all;
    int64_t step = (all->n_rows + MOST_ROWS - 1) / MOST_ROWS;
    samples.n_rows = (all->n_rows + step - 1) / step;
    samples.row_stride *= step;
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = n_clusters;
    options.n_init = RESTARTS;
    options.max_iter = MOST_ITERATIONS;
    kmseg_tiles *tiles = NULL;
    kmseg_model *model = NULL;
    kmseg_status status = kmseg_tiles_new(ctx, &samples, NULL, NULL, &tiles);
    if (status == KMSEG_OK) {
        status = kmseg_fit(ctx, tiles, &options, &model);
    }
    int64_t most = 0;
    for (int32_t c = 0; status == KMSEG_OK && c < n_clusters; c++) {
        most = model->cluster_sizes[c] > most ? model->cluster_sizes[c] : most;
    }
    *out = (double)most / (double)samples.n_rows;
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    return status;
}

/* The same with the values as they are: which columns are used does not depend on transforms. */
static kmseg_status raw_share(looking *look, int32_t n_clusters, double *out) {
    kmseg_prepare_options options = *look->options;
    options.transform = "none";
    options.winsorise = "0";
    kmseg_prepare *prepare = NULL;
    kmseg_prepared *prepared = NULL;
    kmseg_status status = kmseg_prepare_fit(look->ctx, look->table, &options, &prepare);
    if (status == KMSEG_OK) {
        status = kmseg_prepare_apply(look->ctx, prepare, look->table, &prepared);
    }
    if (status == KMSEG_OK) {
        status = largest_share(look->ctx, &prepared->matrix, n_clusters, out);
    }
    kmseg_prepared_free(prepared);
    kmseg_prepare_free(prepare);
    return status;
}

static kmseg_status try_fits(looking *look, const kmseg_matrix *matrix, int32_t n_clusters) {
    kmseg_inspection *shown = &look->to->shown;
    if (matrix->n_rows < n_clusters) {
        return KMSEG_OK;
    }
    KM_TRY(largest_share(look->ctx, matrix, n_clusters, &shown->suggested_share));
    KM_TRY(raw_share(look, n_clusters, &shown->raw_share));
    int64_t step = (matrix->n_rows + MOST_ROWS - 1) / MOST_ROWS;
    shown->n_tried = (matrix->n_rows + step - 1) / step;
    shown->n_clusters = n_clusters;
    return KMSEG_OK;
}

static kmseg_status plan(looking *look, int32_t n_clusters) {
    kmseg_prepare *prepare = NULL;
    kmseg_prepared *prepared = NULL;
    kmseg_status status = kmseg_prepare_fit(look->ctx, look->table, look->options, &prepare);
    if (status == KMSEG_OK) {
        status = kmseg_prepare_apply(look->ctx, prepare, look->table, &prepared);
    }
    if (status == KMSEG_E_DATA || status == KMSEG_E_FORMAT) { /* of the table: no reason to stop */
        look->to->shown.problem = km_arena_text(&look->to->arena, kmseg_last_error(look->ctx));
        status =
            look->to->shown.problem != NULL ? KMSEG_OK : km_fail_memory(look->ctx, "an inspection");
    } else if (status == KMSEG_OK) {
        status = take_plan(look, prepare, &prepared->matrix);
        if (status == KMSEG_OK) {
            status = try_fits(look, &prepared->matrix, n_clusters);
        }
    }
    kmseg_prepared_free(prepared);
    kmseg_prepare_free(prepare);
    return status;
}

static kmseg_status look_at_all(looking *look, int32_t n_clusters) {
    kmseg_inspection *shown = &look->to->shown;
    shown->n_rows = kmseg_table_n_rows(look->table);
    shown->n_columns = kmseg_table_n_columns(look->table);
    shown->id = shown->problem = "";
    look->columns = km_arena_array(&look->to->arena, shown->n_columns, sizeof *look->columns);
    if (look->columns == NULL) {
        return km_fail_memory(look->ctx, "an inspection");
    }
    shown->columns = look->columns;
    for (int32_t i = 0; i < shown->n_columns; i++) {
        KM_TRY(look_at_column(look, kmseg_table_column(look->table, i), &look->columns[i]));
    }
    return plan(look, n_clusters);
}

kmseg_status kmseg_inspect(kmseg_context *ctx, const kmseg_table *table,
                           const kmseg_prepare_options *options, int32_t n_clusters,
                           kmseg_inspection **out) {
    *out = NULL;
    kmseg_prepare_options defaults;
    kmseg_prepare_options_init(&defaults);
    looking look = {.ctx = ctx, .table = table, .options = options != NULL ? options : &defaults};
    KM_TRY(kmseg_options_check(ctx, kmseg_prepare_option_table(), look.options));
    if (n_clusters < 1) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "n_clusters is %d; it needs to be at least 1",
                       n_clusters);
    }
    look.to = km_allocate(&ctx->allocator, sizeof *look.to);
    look.values =
        km_allocate_array(&ctx->allocator, kmseg_table_n_rows(table), sizeof *look.values);
    kmseg_status status = KMSEG_OK;
    if (look.to != NULL) {
        memset(look.to, 0, sizeof *look.to);
        look.to->shown.struct_size = sizeof look.to->shown;
        km_arena_init(&look.to->arena, &ctx->allocator);
    }
    if (look.to == NULL || look.values == NULL) {
        status = km_fail_memory(ctx, "an inspection");
    } else {
        status = look_at_all(&look, n_clusters);
    }
    km_release(&ctx->allocator, look.values);
    if (status != KMSEG_OK) {
        kmseg_inspection_free(look.to != NULL ? &look.to->shown : NULL);
        return status;
    }
    *out = &look.to->shown;
    return KMSEG_OK;
}

void kmseg_inspection_free(kmseg_inspection *inspection) {
    if (inspection != NULL) {
        km_inspection *owner = (km_inspection *)(void *)inspection;
        kmseg_allocator allocator = owner->arena.allocator;
        km_arena_free(&owner->arena);
        km_release(&allocator, owner);
    }
}
