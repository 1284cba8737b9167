/* Tables and results in HDF5 files: docs/file-format.md says what is where. */
#ifndef KMSEG_STORE_H
#define KMSEG_STORE_H

#include <kmseg/pipeline.h>

KMSEG_BEGIN_DECLS

#define KMSEG_FORMAT_VERSION 2

typedef enum kmseg_file_kind {
    KMSEG_FILE_TABLE = 1,  /* a table that kmseg wrote */
    KMSEG_FILE_RESULT = 2, /* segments */
    KMSEG_FILE_HDF5 = 3,   /* HDF5 of someone else */
    KMSEG_FILE_OTHER = 4   /* not HDF5 */
} kmseg_file_kind;

/** What kind of file it is, told by its content. KMSEG_E_IO when it cannot be read. */
KMSEG_API kmseg_status kmseg_file_kind_of(kmseg_context *ctx, const char *path,
                                          kmseg_file_kind *out);

/**
 * Writes a table. Crash-safe: a temporary file in the same folder (mode 0600) is written, closed,
 * reopened, verified, synced and renamed; on any failure the old file stays as it was.
 * attributes_json  JSON object kept as the dataset /params, or NULL
 */
KMSEG_API kmseg_status kmseg_table_save(kmseg_context *ctx, const kmseg_table *table,
                                        const char *attributes_json, const char *path);

/** Reads a table from HDF5; see kmseg_source_read() for what other files may look like. */
KMSEG_API kmseg_status kmseg_table_load(kmseg_context *ctx, const char *path, kmseg_table **out);

/** Writes a result, crash-safe like kmseg_table_save(). */
KMSEG_API kmseg_status kmseg_result_save(kmseg_context *ctx, const kmseg_result *result,
                                         const char *path);

/** Reads a result. KMSEG_E_FORMAT names what is missing, damaged or from a newer version. */
KMSEG_API kmseg_status kmseg_result_load(kmseg_context *ctx, const char *path, kmseg_result **out);

KMSEG_END_DECLS

#endif
