/* From a file with an order log to customers: what `kmseg features` does. */
#include "customer/orders.h"

#include <kmseg/source.h>

#include <stdio.h>
#include <string.h>

/* Adds a column under a name that is free. */
static const char *free_name(const kmseg_table *table, const char *name, char buffer[64]) {
    snprintf(buffer, 64, "%s", name);
    for (int i = 2; kmseg_table_find(table, buffer) >= 0; i++) {
        snprintf(buffer, 64, "%s_%d", name, i);
    }
    return buffer;
}

/* Line and rule of each, behind the columns that the file has. */
static kmseg_status describe_rejected(kmseg_context *ctx, kmseg_table *rejected,
                                      const int64_t *rows, const int64_t *at,
                                      const uint8_t *state) {
    char name[64];
    double *lines;
    int32_t *rules;
    KM_TRY(km_table_add_number_column(ctx, rejected, free_name(rejected, "line", name), &lines));
    KM_TRY(km_table_add_code_column(ctx, rejected, free_name(rejected, "rule", name), &rules));
    const char *names[KMSEG_N_CLEAN_RULES];
    for (int32_t rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        names[rule] = kmseg_clean_rule_name(rule);
    }
    for (int64_t i = 0; i < rejected->n_rows; i++) {
        uint8_t rule = state[rows[i]];
        lines[i] = (double)at[i];
        rules[i] = rule == KM_LINE_RETURN_OUTSIDE ? KMSEG_CLEAN_RETURN : rule;
    }
    return km_table_set_levels(ctx, rejected, rejected->n_columns - 1, KMSEG_N_CLEAN_RULES, names);
}

static kmseg_status write_rejected(kmseg_context *ctx, const kmseg_table *orders,
                                   const uint8_t *state, const char *orders_path,
                                   const char *path) {
    int64_t n = 0;
    for (int64_t r = 0; r < orders->n_rows; r++) {
        n += state[r] < KM_LINE_NETTED;
    }
    int64_t *rows = km_allocate_array(&ctx->allocator, 2 * n, sizeof *rows);
    if (rows == NULL) {
        return km_fail_memory(ctx, "the rejected lines");
    }
    int64_t *lines = rows + n;
    int64_t i = 0;
    for (int64_t r = 0; r < orders->n_rows; r++) {
        if (state[r] < KM_LINE_NETTED) {
            rows[i++] = r;
        }
    }
    kmseg_table *rejected = NULL;
    kmseg_status status = kmseg_source_lines(ctx, orders_path, NULL, rows, n, lines);
    if (status == KMSEG_OK) {
        status = km_table_take_rows(ctx, orders, rows, n, &rejected);
    }
    if (status == KMSEG_OK) {
        status = describe_rejected(ctx, rejected, rows, lines, state);
    }
    if (status == KMSEG_OK) {
        status = kmseg_csv_write(ctx, rejected, path);
    }
    kmseg_table_free(rejected);
    km_release(&ctx->allocator, rows);
    return status;
}

static kmseg_status build(kmseg_context *ctx, const char *path, const kmseg_table *columns,
                          const kmseg_features_options *options, const char *rejected_path,
                          kmseg_table **out, kmseg_features_report *report) {
    kmseg_features_options found = *options;
    kmseg_status status = kmseg_features_find_columns(ctx, columns, &found);
    if (status != KMSEG_OK) {
        return km_fail_prefix(ctx, status, "%s", path);
    }
    uint8_t wanted[KM_N_FEATURES];
    KM_TRY(km_features_choose(ctx, &found, wanted));
    if (rejected_path == NULL) {
        /* What else fails there fails below again, which says what is wrong. */
        status = km_features_from_pieces(ctx, path, &found, wanted, out, report);
        if (*out != NULL || status == KMSEG_E_CANCELLED || status == KMSEG_E_MEMORY) {
            return status;
        }
    }
    kmseg_table *orders = NULL;
    kmseg_features_report joins; /* of which only these */
    KM_TRY(km_read_orders(ctx, path, &found, options->drop_duplicates || rejected_path != NULL,
                          &orders, &joins));
    uint8_t *state = NULL;
    kmseg_table *table = NULL;
    status = km_features_build(ctx, orders, &found, &table, report,
                               rejected_path != NULL ? &state : NULL);
    report->n_joins = joins.n_joins;
    memcpy(report->joins, joins.joins, sizeof joins.joins);
    if (status != KMSEG_OK) {
        status = km_fail_prefix(ctx, status, "%s", path);
    } else if (rejected_path != NULL) {
        status = write_rejected(ctx, orders, state, path, rejected_path);
    }
    km_release(&ctx->allocator, state);
    kmseg_table_free(orders);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    *out = table;
    return KMSEG_OK;
}

kmseg_status kmseg_features_from_file(kmseg_context *ctx, const char *path,
                                      const kmseg_features_options *options,
                                      const char *rejected_path, kmseg_table **out,
                                      kmseg_features_report *out_report) {
    *out = NULL;
    KM_TRY(kmseg_options_check(ctx, kmseg_features_option_table(), options));
    kmseg_table *columns;
    kmseg_features_report report;
    KM_TRY(km_order_columns(ctx, path, options, &columns));
    kmseg_status status = build(ctx, path, columns, options, rejected_path, out, &report);
    kmseg_table_free(columns);
    if (status == KMSEG_OK && out_report != NULL) {
        *out_report = report;
    }
    return status;
}
