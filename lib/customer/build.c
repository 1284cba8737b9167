/* From an order log to customers, from a table and from a file. */
#include "customer/orders.h"

#include <kmseg/source.h>

#include <stdio.h>
#include <string.h>

static void copy_name(char to[64], const char *name) {
    snprintf(to, 64, "%s", name != NULL ? name : "");
}

void km_report_columns(const kmseg_features_options *options, kmseg_features_report *report) {
    copy_name(report->customer, options->customer);
    copy_name(report->date, options->date);
    copy_name(report->order, options->order);
    copy_name(report->amount, options->amount);
    copy_name(report->quantity, options->quantity);
    copy_name(report->price, options->price);
    copy_name(report->product, options->product);
    copy_name(report->category, options->category);
    copy_name(report->channel, options->channel);
    copy_name(report->discount, options->discount);
    copy_name(report->buyer, options->buyer);
}

static kmseg_status build(kmseg_context *ctx, const kmseg_table *orders,
                          const kmseg_features_options *options,
                          const uint8_t wanted[KM_N_FEATURES], km_order_log *log, kmseg_table **out,
                          kmseg_features_report *report) {
    KM_TRY(km_log_open(ctx, orders, options, log));
    memcpy(log->wanted, wanted, sizeof log->wanted);
    KM_TRY(km_log_clean(ctx, orders, options, log, report));
    KM_TRY(km_log_group(ctx, log, report));
    return km_log_features(ctx, log, report, out);
}

kmseg_status km_features_build(kmseg_context *ctx, const kmseg_table *orders,
                               const kmseg_features_options *options, kmseg_table **out,
                               kmseg_features_report *out_report, uint8_t **out_state) {
    *out = NULL;
    kmseg_features_report report = {0};
    KM_TRY(kmseg_options_check(ctx, kmseg_features_option_table(), options));
    kmseg_features_options found = *options;
    KM_TRY(kmseg_features_find_columns(ctx, orders, &found));
    km_order_log log;
    uint8_t wanted[KM_N_FEATURES];
    KM_TRY(km_features_choose(ctx, &found, wanted));
    km_report_columns(&found, &report);
    kmseg_table *table = NULL;
    kmseg_status status = build(ctx, orders, &found, wanted, &log, &table, &report);
    if (status == KMSEG_OK && out_state != NULL) {
        *out_state = km_allocate(&ctx->allocator, (size_t)log.n_lines);
        if (*out_state != NULL) {
            memcpy(*out_state, log.state, (size_t)log.n_lines);
        } else {
            status = km_fail_memory(ctx, "the rejected lines");
        }
    }
    km_log_free(&log);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    *out = table;
    if (out_report != NULL) {
        *out_report = report;
    }
    return KMSEG_OK;
}

kmseg_status kmseg_customer_features(kmseg_context *ctx, const kmseg_table *orders,
                                     const kmseg_features_options *options, kmseg_table **out,
                                     kmseg_features_report *out_report) {
    return km_features_build(ctx, orders, options, out, out_report, NULL);
}
