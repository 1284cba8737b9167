/* DuckDB: reads Parquet and JSON, and runs SQL over files. Its library is loaded when it is first
 * needed, so that kmseg runs without it. */
#ifndef KM_SOURCE_DUCKDB_H
#define KM_SOURCE_DUCKDB_H

#include "base/context.h"

#include <kmseg/source.h>

/* What kmseg calls of DuckDB's C API (libduckdb 1.0 or later). The declarations are here and not in
 * its header, because that is in no package: the library comes alone. All of these are in the part of
 * the API that DuckDB keeps stable since 1.0. Handles are pointers to what only the library knows. */
typedef void *km_duckdb_handle;

typedef struct km_duckdb_result {
    uint64_t unused[3];
    void *unused_columns, *unused_error, *data;
} km_duckdb_result;

typedef union km_duckdb_string {
    struct {
        uint32_t length;
        char prefix[4];
        const char *text;
    } pointer;
    struct {
        uint32_t length; /* up to 12 */
        char text[12];
    } inlined;
} km_duckdb_string;

typedef struct km_duckdb_hugeint {
    uint64_t lower;
    int64_t upper;
} km_duckdb_hugeint;

typedef struct km_duckdb {
    const char *(*library_version)(void);
    void (*release)(void *block);
    int (*create_config)(km_duckdb_handle *config);
    int (*set_config)(km_duckdb_handle config, const char *name, const char *value);
    void (*destroy_config)(km_duckdb_handle *config);
    int (*open_ext)(const char *path, km_duckdb_handle *database, km_duckdb_handle config,
                    char **error);
    void (*close)(km_duckdb_handle *database);
    int (*connect)(km_duckdb_handle database, km_duckdb_handle *connection);
    void (*disconnect)(km_duckdb_handle *connection);
    void (*interrupt)(km_duckdb_handle connection);
    int (*prepare)(km_duckdb_handle connection, const char *sql, km_duckdb_handle *statement);
    const char *(*prepare_error)(km_duckdb_handle statement);
    void (*destroy_prepare)(km_duckdb_handle *statement);
    int (*pending_prepared)(km_duckdb_handle statement, km_duckdb_handle *pending);
    const char *(*pending_error)(km_duckdb_handle pending);
    int (*pending_execute_task)(km_duckdb_handle pending);
    int (*execute_pending)(km_duckdb_handle pending, km_duckdb_result *result);
    void (*destroy_pending)(km_duckdb_handle *pending);
    const char *(*result_error)(km_duckdb_result *result);
    void (*destroy_result)(km_duckdb_result *result);
    uint64_t (*column_count)(km_duckdb_result *result);
    const char *(*column_name)(km_duckdb_result *result, uint64_t column);
    int (*column_type)(km_duckdb_result *result, uint64_t column);
    km_duckdb_handle (*column_logical_type)(km_duckdb_result *result, uint64_t column);
    uint8_t (*decimal_scale)(km_duckdb_handle type);
    void (*destroy_logical_type)(km_duckdb_handle *type);
    km_duckdb_handle (*fetch_chunk)(km_duckdb_result result);
    void (*destroy_data_chunk)(km_duckdb_handle *chunk);
    uint64_t (*data_chunk_get_size)(km_duckdb_handle chunk);
    km_duckdb_handle (*data_chunk_get_vector)(km_duckdb_handle chunk, uint64_t column);
    const void *(*vector_get_data)(km_duckdb_handle vector);
    const uint64_t *(*vector_get_validity)(km_duckdb_handle vector);
} km_duckdb;

/* The library, loaded once for the process: from $KMSEG_DUCKDB, else from where the system's loader
 * and npm put it. KMSEG_E_UNSUPPORTED, with how to install it, when it is not there. */
kmseg_status km_duckdb_get(kmseg_context *ctx, const km_duckdb **out);

/* The rows of what stands behind FROM. Without rows: names and types of the columns alone.
 *
 * what       what messages call it
 * n_threads  of DuckDB; with one the result of a query that groups or joins has one order
 * options    select, requests, max_rows and lenient count; NULL: everything as it is */
kmseg_status km_duckdb_read(kmseg_context *ctx, const char *what, const char *from,
                            int32_t n_threads, int with_rows, const kmseg_csv_options *options,
                            kmseg_table **out);

#endif
