/* Tables from HDF5 files, for the layers above, which know nothing of HDF5. */
#ifndef KM_H5_TABLE_H
#define KM_H5_TABLE_H

#include "base/context.h"

#include <kmseg/table.h>

/* kmseg_table_load() of some columns, in their order in the file. n_select 0: all. rows 0: only
 * their names, types, roles and units, as a table of no rows, without reading any. KMSEG_E_NOT_FOUND
 * for a selected column that is not there. */
kmseg_status km_h5_table_load(kmseg_context *ctx, const char *path, int32_t n_select,
                              const char *const *select, int rows, kmseg_table **out);

#endif
