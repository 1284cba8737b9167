/* From a file to lifetime values: what `kmseg clv` does. */
#include "clv/columns.h"
#include "customer/orders.h"

#include <kmseg/clv.h>
#include <kmseg/source.h>

#include <string.h>

/* 1 where the file is read as a summary: also where that is refused with a better reason. */
static int is_summary(kmseg_context *ctx, const kmseg_table *columns,
                      const kmseg_clv_options *options) {
    km_summary_columns found;
    if (strcmp(options->input, "auto") != 0) {
        return strcmp(options->input, "summary") == 0;
    }
    return km_is_customer_table(columns) ||
           km_summary_find(ctx, columns, "", options, &found) == KMSEG_OK;
}

static kmseg_status read_summary(kmseg_context *ctx, const char *path, const kmseg_table *columns,
                                 const char *id, const kmseg_clv_options *options,
                                 kmseg_table **out) {
    km_summary_columns c;
    KM_TRY(km_summary_find(ctx, columns, id, options, &c));
    const int32_t wanted[] = {c.id, c.x, c.t_x, c.T, c.mean_spend};
    enum { MOST = sizeof wanted / sizeof *wanted };
    kmseg_column_request requests[MOST];
    const char *select[MOST];
    kmseg_csv_options csv;
    kmseg_csv_options_init(&csv);
    for (int i = 0; i < MOST; i++) {
        if (wanted[i] < 0) {
            continue;
        }
        const char *name = kmseg_table_column(columns, wanted[i])->name;
        select[csv.n_select++] = name;
        kmseg_column_type type = i == 0 ? KMSEG_COLUMN_TEXT : KMSEG_COLUMN_NUMBER;
        requests[csv.n_requests++] = (kmseg_column_request){name, type};
    }
    csv.select = select;
    csv.requests = requests;
    return kmseg_source_read(ctx, path, &csv, out);
}

static kmseg_status summarise_orders(kmseg_context *ctx, const char *path,
                                     const kmseg_features_options *cleaning,
                                     const kmseg_clv_options *options, kmseg_table **out,
                                     kmseg_clv_report *report) {
    kmseg_features_options found = *cleaning;
    kmseg_table *with_joined, *orders = NULL;
    kmseg_features_report joins; /* of which only these */
    found.product = found.category = found.channel = found.discount = found.buyer = "";
    KM_TRY(km_order_columns(ctx, path, cleaning, &with_joined));
    kmseg_status status = kmseg_features_find_columns(ctx, with_joined, &found);
    if (status == KMSEG_OK) {
        status = km_read_orders(ctx, path, &found, found.drop_duplicates, &orders, &joins);
    }
    if (status == KMSEG_OK) {
        status = kmseg_clv_summary(ctx, orders, &found, options, out, report);
    }
    if (status == KMSEG_OK) {
        report->orders.n_joins = joins.n_joins;
        memcpy(report->orders.joins, joins.joins, sizeof joins.joins);
    }
    kmseg_table_free(orders);
    kmseg_table_free(with_joined);
    return status;
}

static kmseg_status value_file(kmseg_context *ctx, const char *path, const kmseg_table *columns,
                               const kmseg_features_options *cleaning,
                               const kmseg_clv_options *options, kmseg_table **out,
                               kmseg_clv_report *report) {
    kmseg_table *summary = NULL;
    const char *id = cleaning->customer;
    kmseg_status status;
    if (is_summary(ctx, columns, options)) {
        if (cleaning->join != NULL && cleaning->join[0] != '\0') {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "%s is a summary of customers; --join adds columns to the lines of an "
                           "order log",
                           path);
        }
        status = read_summary(ctx, path, columns, id, options, &summary);
    } else {
        status = summarise_orders(ctx, path, cleaning, options, &summary, report);
        id = "customer_id";
    }
    if (status == KMSEG_OK) {
        status = kmseg_clv(ctx, summary, id, options, out, report);
    }
    kmseg_table_free(summary);
    return status;
}

kmseg_status kmseg_clv_from_file(kmseg_context *ctx, const char *path,
                                 const kmseg_features_options *cleaning,
                                 const kmseg_clv_options *options, kmseg_table **out,
                                 kmseg_clv_report *out_report) {
    *out = NULL;
    KM_TRY(kmseg_options_check(ctx, kmseg_features_option_table(), cleaning));
    KM_TRY(kmseg_options_check(ctx, kmseg_clv_option_table(), options));
    kmseg_table *columns;
    kmseg_clv_report report = {0};
    KM_TRY(kmseg_source_columns(ctx, path, NULL, &columns));
    kmseg_status status = value_file(ctx, path, columns, cleaning, options, out, &report);
    kmseg_table_free(columns);
    if (status == KMSEG_E_DATA || status == KMSEG_E_NOT_FOUND) {
        return km_fail_prefix(ctx, status, "%s", path);
    }
    if (status == KMSEG_OK && out_report != NULL) {
        *out_report = report;
    }
    return status;
}
