/* Why one customer is in a segment: the same steps as for all, of one row, looked at column by
 * column. */
#include "base/text.h"
#include "data/table.h"
#include "data/tiles.h"
#include "pipeline/pipeline.h"
#include "profile/tree.h"

#include <kmseg/explain.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct km_explanation {
    kmseg_explanation shown; /* first */
    km_arena arena;
} km_explanation;

/* One explanation in the making. */
typedef struct work {
    kmseg_context *ctx;
    const kmseg_result *result;
    kmseg_table *row;         /* the customer's */
    kmseg_prepared *prepared; /* likewise */
    km_explanation *out;
} work;

static kmseg_status fail_unknown(kmseg_context *ctx, const char *customer, int64_t n,
                                 const char *where) {
    return km_fail(ctx, KMSEG_E_NOT_FOUND, "no customer %.100s among the %lld of the %s", customer,
                   (long long)n, where);
}

/* ---- from the result alone ---- */

static kmseg_status recall(work *w, const char *customer) {
    const kmseg_result *result = w->result;
    kmseg_explanation *out = &w->out->shown;
    for (int64_t i = 0; i < result->n_samples; i++) {
        if (strcmp(result->ids[i], customer) == 0) {
            out->segment = result->labels[i];
            out->distance = result->distances[i];
            out->radius = result->radii[out->segment];
            out->is_outlying = out->distance > out->radius;
            return KMSEG_OK;
        }
    }
    return fail_unknown(w->ctx, customer, result->n_samples, "fit");
}

/* ---- from a table ---- */

static int is_customer(const kmseg_column *ids, int64_t row, const char *customer) {
    char text[32];
    switch (ids->type) {
    case KMSEG_COLUMN_TEXT:
        return ids->codes[row] >= 0 && strcmp(ids->levels[ids->codes[row]], customer) == 0;
    case KMSEG_COLUMN_NUMBER:
        km_format_double(ids->numbers[row], text, sizeof text);
        return !isnan(ids->numbers[row]) && strcmp(text, customer) == 0;
    case KMSEG_COLUMN_TIME:
        kmseg_time_format(ids->times[row], text, sizeof text);
        return ids->times[row] != KMSEG_TIME_MISSING && strcmp(text, customer) == 0;
    }
    return 0;
}

static kmseg_status find_row(work *w, const kmseg_table *table, const char *customer,
                             int64_t *out) {
    const char *id = w->result->prepare->id;
    int64_t n = kmseg_table_n_rows(table);
    int32_t at = id[0] != '\0' ? kmseg_table_find(table, id) : -1;
    *out = -1;
    if (id[0] != '\0' && at < 0) {
        return km_table_fail_no_column(w->ctx, table, id);
    }
    if (at < 0) {
        int64_t number;
        *out = km_parse_int64(customer, &number) && number >= 1 && number <= n ? number - 1 : -1;
    }
    for (int64_t row = 0; row < n && at >= 0; row++) {
        if (!is_customer(kmseg_table_column(table, at), row, customer)) {
            continue;
        }
        if (*out >= 0) {
            return km_fail(
                w->ctx, KMSEG_E_DATA,
                "customer %.100s is in rows %lld and %lld; there needs to be one row per "
                "customer",
                customer, (long long)*out + 1, (long long)row + 1);
        }
        *out = row;
    }
    return *out >= 0 ? KMSEG_OK : fail_unknown(w->ctx, customer, n, "table");
}

/* Tags of a cell: those whose outputs are on. */
static const char *tags_of(km_arena *arena, const kmseg_prepare_column *column,
                           const double *values) {
    const char *tags = "";
    for (int32_t l = 0; l < column->n_levels && tags != NULL; l++) {
        if (values[(int64_t)(column->first_output + l) * KM_TILE_ROWS] != 0) {
            tags = km_arena_format(arena, "%s%s%s", tags, tags[0] != '\0' ? "; " : "",
                                   column->levels[l]);
        }
    }
    return tags;
}

/* The value of a column, and the output at which the centroids say the same; -1: there is none. */
static int32_t value_of(work *w, const kmseg_prepare_column *column, const km_raw_column *raw,
                        const double *values, kmseg_contribution *to) {
    int32_t level;
    switch (raw->kind) {
    case KM_RAW_NUMBER: to->value = km_raw_number(raw, 0); return column->first_output;
    case KM_RAW_TAGS: to->level = tags_of(&w->out->arena, column, values); return -1;
    case KM_RAW_LEVEL:
    case KM_RAW_ORDERED: break;
    }
    level = km_raw_level(raw, 0);
    to->level = km_arena_text(&w->out->arena, level < raw->n_levels ? column->levels[level] : "");
    return raw->kind == KM_RAW_LEVEL && level < raw->n_levels ? column->first_output + level : -1;
}

static kmseg_status describe(work *w, int32_t c, const km_raw_column *raw, const double *values,
                             kmseg_contribution *to) {
    const kmseg_result *result = w->result;
    const kmseg_prepare_column *column = &result->prepare->columns[c];
    const kmseg_explanation *out = &w->out->shown;
    const kmseg_column *from = kmseg_table_column(w->row, kmseg_table_find(w->row, column->name));
    to->type = column->type;
    to->column = km_arena_text(&w->out->arena, column->name);
    to->unit = km_arena_text(&w->out->arena, column->unit);
    to->level = "";
    to->value = to->own = to->runner_up = NAN;
    to->is_filled = from->n_missing > 0;
    int32_t output = value_of(w, column, raw, values, to);
    if (output >= 0) {
        to->own = result->centroids_raw[(int64_t)out->segment * result->n_outputs + output];
        to->runner_up = result->centroids_raw[(int64_t)out->runner_up * result->n_outputs + output];
    }
    return to->column != NULL && to->unit != NULL && to->level != NULL
               ? KMSEG_OK
               : km_fail_memory(w->ctx, "an explanation");
}

/* Sum over the outputs of a column. */
static double contribution_of(const work *w, const kmseg_prepare_column *column,
                              const double *values) {
    const kmseg_result *result = w->result;
    const kmseg_explanation *out = &w->out->shown;
    const double *own = result->centroids + (int64_t)out->segment * result->n_outputs;
    const double *other = result->centroids + (int64_t)out->runner_up * result->n_outputs;
    double sum = 0;
    for (int32_t j = column->first_output; j < column->first_output + column->n_outputs; j++) {
        double x = values[(int64_t)j * KM_TILE_ROWS];
        sum += (x - other[j]) * (x - other[j]) - (x - own[j]) * (x - own[j]);
    }
    return sum;
}

static int by_size(const void *a, const void *b) {
    const kmseg_contribution *x = a, *y = b;
    double p = fabs(x->contribution), q = fabs(y->contribution);
    return p != q ? (p < q) - (p > q) : strcmp(x->column, y->column);
}

static kmseg_status contribute(work *w) {
    const kmseg_prepare *prepare = w->result->prepare;
    kmseg_explanation *out = &w->out->shown;
    const int64_t first = 0;
    kmseg_contribution *all = km_arena_array(&w->out->arena, prepare->n_columns, sizeof *all);
    double *values = km_allocate_array(&w->ctx->allocator,
                                       (int64_t)prepare->n_outputs * KM_TILE_ROWS, sizeof *values);
    kmseg_status status =
        all != NULL && values != NULL ? KMSEG_OK : km_fail_memory(w->ctx, "an explanation");
    km_raw_column *raw = NULL;
    if (status == KMSEG_OK) {
        status = km_raw_columns(w->ctx, prepare, w->row, &w->out->arena, &raw);
    }
    if (status == KMSEG_OK) {
        km_matrix_gather(&w->prepared->matrix, &first, 1, values);
    }
    for (int32_t c = 0; c < prepare->n_columns && status == KMSEG_OK; c++) {
        status = describe(w, c, &raw[c], values, &all[c]);
        all[c].contribution = contribution_of(w, &prepare->columns[c], values);
    }
    km_release(&w->ctx->allocator, values);
    KM_TRY(status);
    qsort(all, (size_t)prepare->n_columns, sizeof *all, by_size);
    out->margin = 0;
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        out->margin += all[c].contribution;
    }
    out->contributions = all;
    out->n_contributions = prepare->n_columns;
    return KMSEG_OK;
}

static kmseg_status find_rule(work *w) {
    const kmseg_tree *rules = w->result->rules;
    kmseg_explanation *out = &w->out->shown;
    int32_t leaf = 0;
    if (rules == NULL) {
        return KMSEG_OK;
    }
    KM_TRY(kmseg_tree_apply(w->ctx, rules, w->result->prepare, w->row, &leaf));
    for (int32_t r = 0; r < rules->n_rules; r++) {
        if (rules->rules[r].node == leaf) {
            out->rule = km_arena_text(&w->out->arena, rules->rules[r].text);
            out->rule_segment = rules->rules[r].segment;
            out->rule_precision = rules->rules[r].precision;
        }
    }
    return out->rule != NULL ? KMSEG_OK : km_fail_memory(w->ctx, "an explanation");
}

static kmseg_status decide(work *w, const kmseg_table *table, const char *customer) {
    const kmseg_result *result = w->result;
    kmseg_explanation *out = &w->out->shown;
    int64_t row;
    KM_TRY(find_row(w, table, customer, &row));
    KM_TRY(km_table_take_rows(w->ctx, table, &row, 1, &w->row));
    KM_TRY(kmseg_prepare_apply(w->ctx, result->prepare, w->row, &w->prepared));
    if (w->prepared->matrix.n_rows == 0) {
        return KMSEG_OK; /* left out */
    }
    KM_TRY(kmseg_predict(w->ctx, &w->prepared->matrix, result->centroids, result->n_segments,
                         &out->segment, &out->distance, &out->runner_up, &out->runner_up_distance));
    out->radius = result->radii[out->segment];
    out->is_outlying = out->distance > out->radius;
    if (out->runner_up >= 0) {
        KM_TRY(contribute(w));
    } else {
        out->runner_up_distance = NAN;
    }
    return find_rule(w);
}

static kmseg_status make(kmseg_context *ctx, const char *customer, km_explanation **out) {
    km_explanation *made = km_allocate(&ctx->allocator, sizeof *made);
    *out = made;
    if (made == NULL) {
        return km_fail_memory(ctx, "an explanation");
    }
    *made = (km_explanation){.shown = {.struct_size = sizeof made->shown,
                                       .segment = -1,
                                       .runner_up = -1,
                                       .distance = NAN,
                                       .runner_up_distance = NAN,
                                       .margin = NAN,
                                       .radius = NAN,
                                       .rule_segment = -1,
                                       .rule_precision = NAN,
                                       .rule = ""}};
    km_arena_init(&made->arena, &ctx->allocator);
    made->shown.id = km_arena_text(&made->arena, customer);
    return made->shown.id != NULL ? KMSEG_OK : km_fail_memory(ctx, "an explanation");
}

kmseg_status kmseg_explain(kmseg_context *ctx, const kmseg_result *result, const kmseg_table *table,
                           const char *customer, kmseg_explanation **out) {
    *out = NULL;
    work w = {.ctx = ctx, .result = result};
    kmseg_status status = make(ctx, customer, &w.out);
    if (status == KMSEG_OK) {
        status = table != NULL ? decide(&w, table, customer) : recall(&w, customer);
    }
    kmseg_prepared_free(w.prepared);
    kmseg_table_free(w.row);
    if (status != KMSEG_OK) {
        kmseg_explanation_free(w.out != NULL ? &w.out->shown : NULL);
        return status;
    }
    *out = &w.out->shown;
    return KMSEG_OK;
}

void kmseg_explanation_free(kmseg_explanation *explanation) {
    if (explanation != NULL) {
        km_explanation *owner = (km_explanation *)(void *)explanation;
        kmseg_allocator allocator = owner->arena.allocator;
        km_arena_free(&owner->arena);
        km_release(&allocator, owner);
    }
}
