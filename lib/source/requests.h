/* Columns and types that a table of a typed source is asked for. */
#ifndef KM_SOURCE_REQUESTS_H
#define KM_SOURCE_REQUESTS_H

#include "base/context.h"

#include <kmseg/source.h>

/* KMSEG_E_NOT_FOUND when a selected or requested column is not in the table. */
kmseg_status km_requests_check(kmseg_context *ctx, const kmseg_table *table,
                               const kmseg_csv_options *options);

/* Gives columns the requested types, then leaves those that were not selected out. */
kmseg_status km_requests_apply(kmseg_context *ctx, kmseg_table *table,
                               const kmseg_csv_options *options);

#endif
