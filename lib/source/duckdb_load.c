/* Finding libduckdb and what is called of it. */
#include "source/duckdb.h"
#include "source/symbols.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__aarch64__)
#define NPM_PACKAGE "@duckdb/node-bindings-linux-arm64"
#else
#define NPM_PACKAGE "@duckdb/node-bindings-linux-x64"
#endif
#define NPM_FILE "node_modules/" NPM_PACKAGE "/libduckdb.so"
#define INSTALL  "npm install -g --prefix ~/.local " NPM_PACKAGE

#define SYMBOL(field)                                                                              \
    { "duckdb_" #field, offsetof(km_duckdb, field) }

static const km_symbol symbols[] = {
    SYMBOL(library_version),
    {"duckdb_free", offsetof(km_duckdb, release)},
    SYMBOL(create_config),
    SYMBOL(set_config),
    SYMBOL(destroy_config),
    SYMBOL(open_ext),
    SYMBOL(close),
    SYMBOL(connect),
    SYMBOL(disconnect),
    SYMBOL(interrupt),
    SYMBOL(prepare),
    SYMBOL(prepare_error),
    SYMBOL(destroy_prepare),
    SYMBOL(pending_prepared),
    SYMBOL(pending_error),
    SYMBOL(pending_execute_task),
    SYMBOL(execute_pending),
    SYMBOL(destroy_pending),
    SYMBOL(result_error),
    SYMBOL(destroy_result),
    SYMBOL(column_count),
    SYMBOL(column_name),
    SYMBOL(column_type),
    SYMBOL(column_logical_type),
    SYMBOL(decimal_scale),
    SYMBOL(destroy_logical_type),
    SYMBOL(fetch_chunk),
    SYMBOL(destroy_data_chunk),
    SYMBOL(data_chunk_get_size),
    SYMBOL(data_chunk_get_vector),
    SYMBOL(vector_get_data),
    SYMBOL(vector_get_validity),
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static km_duckdb loaded; /* library_version is set when all is */

/* Never from the working folder: it may be that of someone else's files. */
static void *open_usual(void) {
    static const char *const places[] = {
        "libduckdb.so", /* where the system's loader looks */
        "/usr/local/lib/" NPM_FILE,
        "/usr/lib/" NPM_FILE,
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        void *library = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
        if (library != NULL) {
            return library;
        }
    }
    const char *home = secure_getenv("HOME");
    char path[4096];
    if (home == NULL || home[0] != '/' ||
        snprintf(path, sizeof path, "%s/.local/lib/" NPM_FILE, home) >= (int)sizeof path) {
        return NULL;
    }
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

static kmseg_status open_library(kmseg_context *ctx, void **out) {
    const char *path = secure_getenv("KMSEG_DUCKDB");
    if (path == NULL || path[0] == '\0') {
        *out = open_usual();
        return *out != NULL
                   ? KMSEG_OK
                   : km_fail(ctx, KMSEG_E_UNSUPPORTED,
                             "Parquet, JSON and SQL are read through DuckDB, whose libduckdb.so is "
                             "not here. Install it with: " INSTALL
                             "; or name it in the environment variable KMSEG_DUCKDB");
    }
    *out = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*out == NULL) {
        const char *reason = dlerror();
        const char *behind = reason != NULL ? strrchr(reason, ':') : NULL;
        return km_fail(ctx, KMSEG_E_UNSUPPORTED,
                       "the environment variable KMSEG_DUCKDB is %s, which cannot be loaded:%s; it "
                       "needs to be the path of libduckdb.so. To install it: " INSTALL,
                       path, behind != NULL ? behind + 1 : " no reason given");
    }
    return KMSEG_OK;
}

static kmseg_status load(kmseg_context *ctx) {
    void *library;
    KM_TRY(open_library(ctx, &library));
    km_duckdb found;
    const char *missing =
        km_symbols_find(library, symbols, sizeof symbols / sizeof *symbols, &found);
    if (missing != NULL) {
        dlclose(library);
        return km_fail(ctx, KMSEG_E_UNSUPPORTED,
                       "the libduckdb.so that is here has no %s; kmseg needs DuckDB 1.0 or "
                       "later: " INSTALL,
                       missing);
    }
    const char *version = found.library_version();
    if (version == NULL || version[0] != 'v' || strtol(version + 1, NULL, 10) < 1) {
        kmseg_status status = km_fail(
            ctx, KMSEG_E_UNSUPPORTED,
            "the libduckdb.so that is here is version %s; kmseg needs 1.0 or later: " INSTALL,
            version != NULL ? version : "unknown");
        dlclose(library);
        return status;
    }
    loaded = found; /* the library stays until the process ends */
    return KMSEG_OK;
}

kmseg_status km_duckdb_get(kmseg_context *ctx, const km_duckdb **out) {
    pthread_mutex_lock(&lock);
    kmseg_status status = loaded.library_version != NULL ? KMSEG_OK : load(ctx);
    pthread_mutex_unlock(&lock);
    *out = status == KMSEG_OK ? &loaded : NULL;
    return status;
}
