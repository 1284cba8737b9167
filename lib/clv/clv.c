/* From a summary to lifetime values: both fits, and predictions as columns. */
#include "clv/columns.h"
#include "clv/models.h"
#include "clv/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct valuation {
    kmseg_context *ctx;
    const kmseg_table *summary;
    const kmseg_clv_options *options;
    km_summary_columns columns;
    int64_t n;
    const double *x, *t_x, *T, *m; /* m: NULL where spend is not wanted or not there */
    kmseg_clv_report *report;
} valuation;

static kmseg_status open_numbers(kmseg_context *ctx, const kmseg_table *table, int32_t i,
                                 const double **out) {
    const kmseg_column *column = kmseg_table_column(table, i);
    if (column->type != KMSEG_COLUMN_NUMBER) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s holds %s; it needs to hold numbers",
                       column->name, column->type == KMSEG_COLUMN_TEXT ? "text" : "dates");
    }
    *out = column->numbers;
    return KMSEG_OK;
}

static void copy_name(char to[64], const kmseg_table *table, int32_t i) {
    snprintf(to, 64, "%s", i >= 0 ? kmseg_table_column(table, i)->name : "");
}

static kmseg_status open_summary(valuation *v) {
    kmseg_context *ctx = v->ctx;
    const kmseg_table *table = v->summary;
    const km_summary_columns *c = &v->columns;
    KM_TRY(open_numbers(ctx, table, c->x, &v->x));
    KM_TRY(open_numbers(ctx, table, c->t_x, &v->t_x));
    KM_TRY(open_numbers(ctx, table, c->T, &v->T));
    if (v->options->spend && c->mean_spend >= 0) {
        KM_TRY(open_numbers(ctx, table, c->mean_spend, &v->m));
    }
    copy_name(v->report->id, table, c->id);
    copy_name(v->report->x, table, c->x);
    copy_name(v->report->t_x, table, c->t_x);
    copy_name(v->report->age, table, c->T);
    copy_name(v->report->mean_spend, table, v->m != NULL ? c->mean_spend : -1);
    v->n = table->n_rows;
    if (v->n < v->options->min_customers) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "there are %lld customers; parameters from so few say little, so it needs "
                       "%lld (--min-customers)",
                       (long long)v->n, (long long)v->options->min_customers);
    }
    return km_clv_check(ctx, v->n, v->x, v->t_x, v->T);
}

static kmseg_status copy_column(kmseg_context *ctx, kmseg_table *out, const kmseg_column *from,
                                const char *name, kmseg_column_role role, const char *unit) {
    switch (from->type) {
    case KMSEG_COLUMN_NUMBER: KM_TRY(kmseg_table_add_numbers(ctx, out, name, from->numbers)); break;
    case KMSEG_COLUMN_TEXT:
        KM_TRY(kmseg_table_add_codes(ctx, out, name, from->codes, from->n_levels, from->levels));
        break;
    case KMSEG_COLUMN_TIME: KM_TRY(kmseg_table_add_times(ctx, out, name, from->times)); break;
    }
    return kmseg_table_describe(ctx, out, kmseg_table_n_columns(out) - 1, role, unit);
}

/* The id under its own name, the rest under theirs. */
static kmseg_status copy_summary(const valuation *v, kmseg_table *out) {
    const km_summary_columns *c = &v->columns;
    const char *unit = v->options->unit;
    const struct {
        int32_t column;
        const char *name, *unit;
    } known[] = {{c->x, "x", "purchases"},
                 {c->t_x, "t_x", unit},
                 {c->T, "T", unit},
                 {c->mean_spend, "mean_spend", ""}};
    if (c->id >= 0) {
        const kmseg_column *id = kmseg_table_column(v->summary, c->id);
        KM_TRY(copy_column(v->ctx, out, id, id->name, KMSEG_ROLE_ID, ""));
    }
    for (int i = 0; i < 4; i++) {
        if (known[i].column >= 0) {
            KM_TRY(copy_column(v->ctx, out, kmseg_table_column(v->summary, known[i].column),
                               known[i].name, KMSEG_ROLE_DESCRIBE, known[i].unit));
        }
    }
    return KMSEG_OK;
}

static kmseg_status add_column(const valuation *v, kmseg_table *out, const char *name,
                               const char *unit, kmseg_column_role role, double **values) {
    KM_TRY(km_table_add_number_column(v->ctx, out, name, values));
    return kmseg_table_describe(v->ctx, out, kmseg_table_n_columns(out) - 1, role, unit);
}

static kmseg_status add_columns(const valuation *v, kmseg_table *out, km_predictions *to) {
    KM_TRY(add_column(v, out, "p_alive", "share", KMSEG_ROLE_DESCRIBE, &to->alive));
    KM_TRY(add_column(v, out, "churn_risk", "share", KMSEG_ROLE_FEATURE, &to->churn_risk));
    KM_TRY(
        add_column(v, out, "expected_purchases", "purchases", KMSEG_ROLE_FEATURE, &to->expected));
    if (v->report->has_spend) {
        KM_TRY(add_column(v, out, "expected_spend", "", KMSEG_ROLE_FEATURE, &to->spend));
        KM_TRY(add_column(v, out, "clv", "", KMSEG_ROLE_DESCRIBE, &to->clv));
    }
    return KMSEG_OK;
}

static double sum(int64_t n, const double *values) {
    km_sum s = {0};
    for (int64_t i = 0; i < n; i++) {
        km_sum_add(&s, values[i]);
    }
    return km_sum_value(s);
}

static kmseg_status predict(valuation *v, const km_triples *triples, kmseg_table *out) {
    kmseg_clv_report *report = v->report;
    km_predictions to = {0};
    KM_TRY(copy_summary(v, out));
    KM_TRY(add_columns(v, out, &to));
    km_outlook outlook = {.horizon = report->horizon,
                          .month = report->month,
                          .months = v->options->months,
                          .discount_rate = v->options->discount_rate};
    KM_TRY(km_clv_predict(v->ctx, triples, &report->purchases,
                          report->has_spend ? &report->spend : NULL, v->m, &outlook, &to));
    report->mean_alive = sum(v->n, to.alive) / (double)v->n;
    report->total_purchases = sum(v->n, to.expected);
    report->total_clv = report->has_spend ? sum(v->n, to.clv) : NAN;
    if (report->has_holdout) {
        const kmseg_column *actual = kmseg_table_column(v->summary, v->columns.holdout);
        km_clv_compare(v->n, v->x, actual->numbers, to.expected, &report->holdout);
        KM_TRY(copy_column(v->ctx, out, actual, "holdout_purchases", KMSEG_ROLE_DESCRIBE,
                           "purchases"));
    }
    for (int32_t i = 0; i < kmseg_table_n_columns(out); i++) {
        km_table_count_missing(out, i);
    }
    return KMSEG_OK;
}

static kmseg_status fit(valuation *v, const km_triples *triples) {
    kmseg_clv_report *report = v->report;
    km_progress_begin(v->ctx, "models", 2);
    kmseg_status status = km_bgnbd_fit_triples(v->ctx, triples, &report->purchases);
    if (status == KMSEG_OK) {
        km_progress_reach(v->ctx, 1);
    }
    if (status == KMSEG_OK && v->m != NULL) {
        status = kmseg_gamma_gamma_fit(v->ctx, v->n, v->x, v->m, &report->spend);
        report->has_spend = status == KMSEG_OK;
        report->n_left_out_spend = report->purchases.n_repeaters - report->spend.n_customers;
    }
    km_progress_end(v->ctx);
    return status;
}

static kmseg_status fit_and_predict(valuation *v, kmseg_table *out) {
    km_triples triples;
    KM_TRY(km_triples_make(v->ctx, v->n, v->x, v->t_x, v->T, &triples));
    kmseg_status status = fit(v, &triples);
    if (status == KMSEG_OK) {
        status = predict(v, &triples, out);
    }
    km_triples_free(&triples);
    return status;
}

/* Days of the unit, month and horizon in it. */
static void set_times(const valuation *v) {
    kmseg_clv_report *report = v->report;
    const kmseg_clv_options *options = v->options;
    report->unit_days = strcmp(options->unit, "weeks") == 0 ? 7 : 1;
    report->month = 365.25 / 12 / report->unit_days;
    report->horizon = report->has_holdout    ? report->holdout.length
                      : options->horizon > 0 ? options->horizon
                                             : options->months * report->month;
}

static kmseg_status value_customers(valuation *v, const char *id, kmseg_table **out) {
    kmseg_context *ctx = v->ctx;
    KM_TRY(kmseg_options_check(ctx, kmseg_clv_option_table(), v->options));
    KM_TRY(km_summary_find(ctx, v->summary, id, v->options, &v->columns));
    v->report->has_holdout = v->options->holdout != NULL;
    if (v->report->has_holdout && (v->columns.holdout < 0 || !(v->report->holdout.length > 0))) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "--holdout needs an order log: a summary does not say what came after");
    }
    KM_TRY(open_summary(v));
    set_times(v);
    kmseg_table *table;
    KM_TRY(kmseg_table_new(ctx, v->n, &table));
    kmseg_status status = fit_and_predict(v, table);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    *out = table;
    return KMSEG_OK;
}

kmseg_status kmseg_clv(kmseg_context *ctx, const kmseg_table *summary, const char *id,
                       const kmseg_clv_options *options, kmseg_table **out,
                       kmseg_clv_report *out_report) {
    *out = NULL;
    kmseg_clv_report report = {0};
    if (out_report != NULL) {
        report = *out_report;
    }
    valuation v = {.ctx = ctx, .summary = summary, .options = options, .report = &report};
    KM_TRY(value_customers(&v, id, out));
    if (out_report != NULL) {
        *out_report = report;
    }
    return KMSEG_OK;
}
