/* The columns of a summary table. */
#ifndef KM_CLV_COLUMNS_H
#define KM_CLV_COLUMNS_H

#include "data/table.h"

#include <kmseg/clv.h>

/* Positions; -1: none. */
typedef struct km_summary_columns {
    int32_t id, x, t_x, T, mean_spend, holdout;
} km_summary_columns;

/* 1 for a table of kmseg features, which has other numbers under names of a summary. */
int km_is_customer_table(const kmseg_table *table);

/* Finds the columns that options or the usual names say. KMSEG_E_NOT_FOUND where x, t_x or T is not
 * there or a named one is not. id: see kmseg_clv(). */
kmseg_status km_summary_find(kmseg_context *ctx, const kmseg_table *table, const char *id,
                             const kmseg_clv_options *options, km_summary_columns *out);

#endif
