/* A file of customers or of their orders: told apart by its columns. */
#include "customer/orders.h"

#include <kmseg/source.h>

#include <stdio.h>
#include <string.h>

/* The first needed column that the table lacks; NULL: it has all. */
static const char *first_lacking(const kmseg_table *columns, const char *const *needs,
                                 int32_t n_needs) {
    for (int32_t i = 0; i < n_needs; i++) {
        if (kmseg_table_find(columns, needs[i]) < 0) {
            return needs[i];
        }
    }
    return NULL;
}

/* Neither kind: says both. A file with some of the needed columns was meant as a customer table. */
static kmseg_status fail_neither(kmseg_context *ctx, const char *path, const kmseg_table *columns,
                                 const char *const *needs, int32_t n_needs, const char *lacking) {
    int some = 0;
    for (int32_t i = 0; i < n_needs; i++) {
        some |= kmseg_table_find(columns, needs[i]) >= 0;
    }
    if (some) {
        return km_fail_prefix(ctx, km_table_fail_no_column(ctx, columns, lacking), "%s", path);
    }
    return km_fail_prefix(ctx, KMSEG_E_NOT_FOUND,
                          "%s is no customer table, which needs a column %s; as an order log", path,
                          lacking);
}

static kmseg_status read_either(kmseg_context *ctx, const char *path, const kmseg_table *columns,
                                const char *const *needs, int32_t n_needs,
                                const kmseg_features_options *options, kmseg_table **out,
                                int *out_is_log, kmseg_features_report *out_report) {
    const char *lacking = first_lacking(columns, needs, n_needs);
    if (lacking == NULL && options->join != NULL && options->join[0] != '\0') {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "%s is a table of customers; --join adds columns to the lines of an order "
                       "log",
                       path);
    }
    if (lacking == NULL) {
        return kmseg_source_read(ctx, path, NULL, out);
    }
    kmseg_features_options found = *options;
    kmseg_table *with_joined;
    KM_TRY(km_order_columns(ctx, path, options, &with_joined));
    kmseg_status status = kmseg_features_find_columns(ctx, with_joined, &found);
    kmseg_table_free(with_joined);
    if (status != KMSEG_OK) {
        return fail_neither(ctx, path, columns, needs, n_needs, lacking);
    }
    *out_is_log = 1;
    return kmseg_features_from_file(ctx, path, options, NULL, out, out_report);
}

kmseg_status kmseg_customers_from_file(kmseg_context *ctx, const char *path,
                                       const char *const *needs, int32_t n_needs,
                                       const kmseg_features_options *options, kmseg_table **out,
                                       int *out_is_log, kmseg_features_report *out_report) {
    *out = NULL;
    *out_is_log = 0;
    kmseg_table *columns;
    KM_TRY(kmseg_options_check(ctx, kmseg_features_option_table(), options));
    KM_TRY(kmseg_source_columns(ctx, path, NULL, &columns));
    kmseg_status status =
        read_either(ctx, path, columns, needs, n_needs, options, out, out_is_log, out_report);
    kmseg_table_free(columns);
    return status;
}
