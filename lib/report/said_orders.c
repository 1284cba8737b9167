/* What features and clv say of themselves. */
#include "report/said.h"

#include <math.h>

kmseg_status kmseg_features_json(kmseg_context *ctx, const kmseg_features_report *report,
                                 const char *input, char **out) {
    const struct {
        const char *what, *name;
    } used[] = {
        {"customer", report->customer}, {"date", report->date},
        {"order", report->order},       {"amount", report->amount},
        {"quantity", report->quantity}, {"price", report->price},
        {"product", report->product},   {"category", report->category},
        {"channel", report->channel},   {"discount", report->discount},
        {"buyer", report->buyer},
    };
    json_t *root = json_object(), *columns = json_object();
    json_object_set_new(root, "kmseg_version", json_string(kmseg_version()));
    json_object_set_new(root, "input", km_said_text(km_said_name(input)));
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        if (used[i].name[0] != '\0') {
            json_object_set_new(columns, used[i].what, km_said_text(used[i].name));
        }
    }
    json_object_set_new(root, "columns", columns);
    km_said_order_joins(root, report);
    json_object_set_new(root, "n_lines", json_integer(report->n_lines));
    json_object_set_new(root, "rejected", km_said_rejected(report));
    json_object_set_new(root, "n_kept", json_integer(report->n_kept));
    json_object_set_new(root, "n_returns_netted", json_integer(report->n_returns_netted));
    json_object_set_new(root, "n_orders", json_integer(report->n_orders));
    json_object_set_new(root, "n_customers", json_integer(report->n_customers));
    json_object_set_new(root, "total_amount", km_said_real(report->total_amount));
    json_object_set_new(root, "first_order", km_said_date(report->first_order));
    json_object_set_new(root, "last_order", km_said_date(report->last_order));
    json_object_set_new(root, "reference_date", km_said_date(report->reference_date));
    json_object_set_new(root, "days_between_orders", km_said_gaps(report));
    return km_said_give(ctx, root, out);
}

static json_t *parameter_json(double value, double error) {
    json_t *json = json_object();
    json_object_set_new(json, "value", km_said_real(value));
    json_object_set_new(json, "standard_error", km_said_real(error));
    return json;
}

static const char *model_name(const kmseg_bgnbd *m) { return m->nobody_leaves ? "NBD" : "BG/NBD"; }

static json_t *purchases_json(const kmseg_clv_report *report) {
    const kmseg_bgnbd *m = &report->purchases;
    json_t *json = json_object(), *parameters = json_object();
    json_object_set_new(json, "model", json_string(model_name(m)));
    json_object_set_new(parameters, "r", parameter_json(m->r, m->standard_errors[0]));
    json_object_set_new(parameters, "alpha", parameter_json(m->alpha, m->standard_errors[1]));
    if (!m->nobody_leaves) {
        json_object_set_new(parameters, "a", parameter_json(m->a, m->standard_errors[2]));
        json_object_set_new(parameters, "b", parameter_json(m->b, m->standard_errors[3]));
    }
    json_object_set_new(json, "parameters", parameters);
    json_object_set_new(json, "log_likelihood", km_said_real(m->log_likelihood));
    json_object_set_new(json, "n_customers", json_integer(m->n_customers));
    json_object_set_new(json, "n_repeat_buyers", json_integer(m->n_repeaters));
    json_object_set_new(json, "n_repeat_purchases", json_integer(m->n_purchases));
    json_object_set_new(json, "n_distinct", json_integer(m->n_distinct));
    json_object_set_new(json, "n_evaluations", json_integer(m->n_evaluations));
    return json;
}

static json_t *spend_json(const kmseg_clv_report *report) {
    const kmseg_gamma_gamma *m = &report->spend;
    if (!report->has_spend) {
        return json_null();
    }
    json_t *json = json_object(), *parameters = json_object();
    json_object_set_new(json, "model", json_string("Gamma-Gamma"));
    json_object_set_new(parameters, "p", parameter_json(m->p, m->standard_errors[0]));
    json_object_set_new(parameters, "q", parameter_json(m->q, m->standard_errors[1]));
    json_object_set_new(parameters, "gamma", parameter_json(m->gamma, m->standard_errors[2]));
    json_object_set_new(json, "parameters", parameters);
    json_object_set_new(json, "log_likelihood", km_said_real(m->log_likelihood));
    json_object_set_new(json, "n_customers", json_integer(m->n_customers));
    json_object_set_new(json, "n_left_out", json_integer(report->n_left_out_spend));
    json_object_set_new(json, "mean_spend", km_said_real(m->mean_spend));
    json_object_set_new(json, "correlation", km_said_real(m->correlation));
    json_object_set_new(json, "correlated",
                        json_boolean(fabs(m->correlation) > KMSEG_CLV_CORRELATED));
    json_object_set_new(json, "n_evaluations", json_integer(m->n_evaluations));
    return json;
}

/* Months after the first purchase at which a new customer is looked at. */
static const double ages[] = {1, 3, 6, 12, 24};
enum { N_AGES = sizeof ages / sizeof *ages };

static json_t *new_customer_json(const kmseg_clv_report *report) {
    json_t *rows = json_array();
    for (int i = 0; i < N_AGES; i++) {
        double t = ages[i] * report->month;
        json_t *row = json_object();
        json_object_set_new(row, "months", km_said_real(ages[i]));
        json_object_set_new(row, "t", km_said_real(t));
        json_object_set_new(row, "expected_purchases",
                            km_said_real(kmseg_bgnbd_new_expected(&report->purchases, t)));
        json_object_set_new(row, "p_no_purchase",
                            km_said_real(kmseg_bgnbd_new_probability(&report->purchases, 0, t)));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *holdout_json(const kmseg_clv_report *report) {
    const kmseg_clv_holdout *h = &report->holdout;
    if (!report->has_holdout) {
        return json_null();
    }
    json_t *json = json_object(), *rows = json_array();
    json_object_set_new(json, "start", km_said_date(h->start));
    json_object_set_new(json, "end", km_said_date(h->end));
    json_object_set_new(json, "length", km_said_real(h->length));
    for (int i = 0; i < KMSEG_N_HOLDOUT_ROWS; i++) {
        json_t *row = json_object();
        json_object_set_new(row, "x", json_integer(i));
        json_object_set_new(row, "and_more", json_boolean(i == KMSEG_N_HOLDOUT_ROWS - 1));
        json_object_set_new(row, "n_customers", json_integer(h->rows[i].n_customers));
        json_object_set_new(row, "actual", km_said_real(h->rows[i].actual));
        json_object_set_new(row, "predicted", km_said_real(h->rows[i].predicted));
        json_array_append_new(rows, row);
    }
    json_object_set_new(json, "by_x", rows);
    json_object_set_new(json, "actual", km_said_real(h->actual));
    json_object_set_new(json, "predicted", km_said_real(h->predicted));
    json_object_set_new(json, "correlation", km_said_real(h->correlation));
    json_object_set_new(json, "mean_absolute_error", km_said_real(h->mean_absolute_error));
    json_object_set_new(json, "bias", km_said_real(h->bias));
    return json;
}

static void add_orders(json_t *root, const kmseg_clv_report *report) {
    const kmseg_features_report *orders = &report->orders;
    json_t *json = json_object();
    json_object_set_new(json, "n_lines", json_integer(orders->n_lines));
    json_object_set_new(json, "n_kept", json_integer(orders->n_kept));
    json_object_set_new(json, "rejected", km_said_rejected(orders));
    km_said_order_joins(json, orders);
    json_object_set_new(json, "observation_start", km_said_date(report->observation_start));
    json_object_set_new(json, "observation_end", km_said_date(report->observation_end));
    json_object_set_new(root, "orders", json);
}

kmseg_status kmseg_clv_json(kmseg_context *ctx, const kmseg_clv_options *options,
                            const kmseg_clv_report *report, const char *input, char **out) {
    json_t *root = json_object();
    json_object_set_new(root, "kmseg_version", json_string(kmseg_version()));
    json_object_set_new(root, "input", km_said_text(input));
    if (report->orders.n_lines > 0) {
        add_orders(root, report);
    }
    json_object_set_new(root, "unit", json_string(options->unit));
    json_object_set_new(root, "horizon", km_said_real(report->horizon));
    json_object_set_new(root, "months", json_integer(options->months));
    json_object_set_new(root, "discount_rate", km_said_real(options->discount_rate));
    json_object_set_new(root, "purchases", purchases_json(report));
    json_object_set_new(root, "spend", spend_json(report));
    json_object_set_new(root, "new_customer", new_customer_json(report));
    json_object_set_new(root, "mean_p_alive", km_said_real(report->mean_alive));
    json_object_set_new(root, "total_expected_purchases", km_said_real(report->total_purchases));
    json_object_set_new(root, "total_clv", km_said_real(report->total_clv));
    json_object_set_new(root, "holdout", holdout_json(report));
    return km_said_give(ctx, root, out);
}
