/* The formats of files that tables are read from. */
#ifndef KM_SOURCE_SOURCE_H
#define KM_SOURCE_SOURCE_H

#include "base/registry.h"
#include "source/csv_input.h"

#include <kmseg/source.h>

/* One format. The first whose is_it() says 1 is that of a file. */
typedef struct km_source {
    km_named named;
    int (*is_it)(const km_input *input); /* by the content, cheaply */
    kmseg_status (*read)(kmseg_context *ctx, const char *path, const km_input *input,
                         const kmseg_csv_options *options, kmseg_table **out);
    /* A table without rows. *out_whole is 0 when the input was cut before all columns were seen. */
    kmseg_status (*columns)(kmseg_context *ctx, const char *path, const km_input *input,
                            const kmseg_csv_options *options, kmseg_table **out, int *out_whole);
    /* Lines of rows, see kmseg_source_lines(); NULL: the format has none. */
    kmseg_status (*lines)(kmseg_context *ctx, const char *path, const km_input *input,
                          const kmseg_csv_options *options, const int64_t *rows, int64_t n_rows,
                          int64_t *out_lines);
} km_source;

extern const km_registry km_sources;

/* 1 when a file is read as CSV. */
int km_source_is_csv(const km_input *input);

#endif
