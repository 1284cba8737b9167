/* From runs in parts to customers. */
#ifndef KM_CUSTOMER_PARTS_H
#define KM_CUSTOMER_PARTS_H

#include "customer/features.h"
#include "customer/runs.h"

/* What is known of lines when they have been read. */
typedef struct km_read_totals {
    int64_t n_lines, n_rejected[KMSEG_N_CLEAN_RULES];
    int64_t first_sale, last_sale; /* seconds */
    km_times_seen seen;
} km_read_totals;

void km_add_totals(km_read_totals *to, const km_read_totals *from);

/* The customer table of the runs of all threads. log has what is wanted, reference day and times of
 * the sales; report the counts of lines. */
kmseg_status km_parts_features(kmseg_context *ctx, km_order_log *log, const km_runs *runs,
                               kmseg_table **out, kmseg_features_report *report);

#endif
