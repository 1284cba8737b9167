/* Finding the driver manager, connections, messages without secrets. */
#include "source/odbc.h"

#include "base/text.h"
#include "source/symbols.h"

#include <ctype.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SYMBOL(field)                                                                              \
    { "SQL" #field, offsetof(km_odbc, field) }

static const km_symbol symbols[] = {
    SYMBOL(AllocHandle),   SYMBOL(FreeHandle),     SYMBOL(SetEnvAttr),    SYMBOL(SetConnectAttr),
    SYMBOL(SetStmtAttr),   SYMBOL(DriverConnectW), SYMBOL(Disconnect),    SYMBOL(EndTran),
    SYMBOL(GetInfoW),      SYMBOL(GetDiagRecW),    SYMBOL(PrepareW),      SYMBOL(Execute),
    SYMBOL(ExecDirectW),   SYMBOL(FreeStmt),       SYMBOL(NumResultCols), SYMBOL(DescribeColW),
    SYMBOL(ColAttributeW), SYMBOL(BindCol),        SYMBOL(Fetch),         SYMBOL(BindParameter),
    SYMBOL(RowCount),
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static km_odbc loaded; /* AllocHandle is set when all is */

#define INSTALL                                                                                    \
    "on Debian: apt-get install unixodbc odbc-postgresql, or the driver of your database"

static kmseg_status load(kmseg_context *ctx) {
    void *library = dlopen("libodbc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return km_fail(
            ctx, KMSEG_E_UNSUPPORTED,
            "databases are read through unixODBC, whose libodbc.so.2 is not here; " INSTALL);
    }
    km_odbc found;
    const char *missing =
        km_symbols_find(library, symbols, sizeof symbols / sizeof *symbols, &found);
    if (missing != NULL) {
        dlclose(library);
        return km_fail(ctx, KMSEG_E_UNSUPPORTED,
                       "the libodbc.so.2 that is here has no %s; " INSTALL, missing);
    }
    loaded = found;
    return KMSEG_OK;
}

kmseg_status km_odbc_get(kmseg_context *ctx, const km_odbc **out) {
    pthread_mutex_lock(&lock);
    kmseg_status status = loaded.AllocHandle != NULL ? KMSEG_OK : load(ctx);
    pthread_mutex_unlock(&lock);
    *out = status == KMSEG_OK ? &loaded : NULL;
    return status;
}

/* ---- text ---- */

int32_t km_odbc_widen(const char *text, km_odbc_char *out) {
    int32_t n = 0;
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        int more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : *at >= 0xc0 ? 1 : 0;
        uint32_t code = more == 3   ? *at & 0x07u
                        : more == 2 ? *at & 0x0fu
                        : more == 1 ? *at & 0x1fu
                                    : *at;
        at++;
        for (int i = 0; i < more && (*at & 0xc0) == 0x80; i++) {
            code = code << 6 | (*at++ & 0x3fu);
        }
        if (code >= 0x10000) {
            out[n++] = (km_odbc_char)(0xd800 + ((code - 0x10000) >> 10 & 0x3ff));
            code = 0xdc00 + (code & 0x3ff);
        }
        out[n++] = (km_odbc_char)code;
    }
    out[n] = 0;
    return n;
}

km_odbc_char *km_odbc_wide(kmseg_context *ctx, const char *text, int32_t *out_n) {
    size_t length = strlen(text);
    km_odbc_char *out = km_allocate_array(&ctx->allocator, (int64_t)length + 1, sizeof *out);
    if (out != NULL) {
        *out_n = km_odbc_widen(text, out);
    }
    return out;
}

size_t km_odbc_narrow(const km_odbc_char *text, size_t n, char *out) {
    size_t length = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t code = text[i];
        if (code >= 0xd800 && code < 0xdc00 && i + 1 < n && text[i + 1] >= 0xdc00 &&
            text[i + 1] < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (text[++i] - 0xdc00u);
        } else if (code >= 0xd800 && code < 0xe000) {
            code = 0xfffd; /* half of a pair */
        }
        if (code < 0x80) {
            out[length++] = (char)code;
        } else if (code < 0x800) {
            out[length++] = (char)(0xc0 | code >> 6);
            out[length++] = (char)(0x80 | (code & 0x3f));
        } else {
            if (code < 0x10000) {
                out[length++] = (char)(0xe0 | code >> 12);
            } else {
                out[length++] = (char)(0xf0 | code >> 18);
                out[length++] = (char)(0x80 | (code >> 12 & 0x3f));
            }
            out[length++] = (char)(0x80 | (code >> 6 & 0x3f));
            out[length++] = (char)(0x80 | (code & 0x3f));
        }
    }
    out[length] = '\0';
    return length;
}

/* ---- secrets ---- */

static int is_secret(const char *key, size_t n) {
    static const char *const parts[] = {"pwd", "pass", "secret", "token", "key"};
    char lower[32];
    for (size_t i = 0; i < n && i + 1 < sizeof lower; i++) {
        lower[i] = (char)tolower((unsigned char)key[i]);
    }
    lower[n + 1 < sizeof lower ? n : sizeof lower - 1] = '\0';
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strstr(lower, parts[i]) != NULL) {
            return 1;
        }
    }
    return 0;
}

static void hide_value(const char *value, size_t n, char *message) {
    char *at = message;
    while (n > 0 && (at = memmem(at, strlen(at), value, n)) != NULL) {
        size_t rest = strlen(at + n);
        size_t stars = n < 3 ? n : 3;
        memset(at, '*', stars);
        memmove(at + stars, at + n, rest + 1);
        at += stars;
    }
}

/* The next KEY=VALUE; of string; braces keep a ';' in a value. NULL at the end. */
static const char *next_pair(const char *at, const char **key, size_t *n_key, const char **value,
                             size_t *n_value) {
    at += strspn(at, "; \t\r\n");
    if (*at == '\0') {
        return NULL;
    }
    *key = at;
    *n_key = strcspn(at, "=;");
    at += *n_key;
    *value = at;
    *n_value = 0;
    if (*at != '=') {
        return at;
    }
    at += 1 + strspn(at + 1, " \t");
    if (*at == '{') {
        const char *end = at + 1;
        while (*end != '\0' && (*end != '}' || end[1] == '}')) {
            end += *end == '}' ? 2 : 1;
        }
        *value = at + 1;
        *n_value = (size_t)(end - at - 1);
        return *end == '}' ? end + 1 : end;
    }
    *value = at;
    *n_value = strcspn(at, ";");
    at += *n_value;
    while (*n_value > 0 && isspace((unsigned char)(*value)[*n_value - 1])) {
        --*n_value;
    }
    return at;
}

void km_odbc_hide(const char *connection, char *message) {
    const char *key, *value;
    size_t n_key, n_value;
    for (const char *at = connection;
         (at = next_pair(at, &key, &n_key, &value, &n_value)) != NULL;) {
        if (is_secret(key, n_key)) {
            hide_value(value, n_value, message);
        }
    }
}

int kmseg_odbc_has_secret(const char *connection) {
    const char *key, *value;
    size_t n_key, n_value;
    for (const char *at = connection;
         (at = next_pair(at, &key, &n_key, &value, &n_value)) != NULL;) {
        if (n_value > 0 && is_secret(key, n_key)) {
            return 1;
        }
    }
    return 0;
}

/* ---- connections ---- */

kmseg_status km_odbc_fail(const km_odbc_connection *c, kmseg_status status, int16_t type,
                          km_odbc_handle handle) {
    enum { CAPACITY = 500 };
    km_odbc_char state[6] = {0}, wide[CAPACITY];
    char text[3 * CAPACITY + 1] = "";
    int32_t native;
    int16_t n = 0;
    if (handle != NULL &&
        KM_ODBC_OK(c->odbc->GetDiagRecW(type, handle, 1, state, &native, wide, CAPACITY, &n))) {
        size_t length = n < 0 ? 0 : n < CAPACITY ? (size_t)n : CAPACITY - 1;
        km_odbc_narrow(wide, length, text);
    }
    for (char *t = text; *t != '\0'; t++) {
        *t = (unsigned char)*t < 0x20 ? ' ' : *t;
    }
    km_odbc_hide(c->text, text);
    return km_fail(c->ctx, status, "%s: %s", c->what, text[0] != '\0' ? text : "ODBC failed");
}

static kmseg_status connect_driver(km_odbc_connection *c) {
    int32_t n;
    int16_t n_out;
    km_odbc_char *wide = km_odbc_wide(c->ctx, c->text, &n), out[1024];
    if (wide == NULL) {
        return km_fail_memory(c->ctx, "a connection");
    }
    int16_t code = n > INT16_MAX ? -1
                                 : c->odbc->DriverConnectW(c->connection, NULL, wide, (int16_t)n,
                                                           out, 1024, &n_out, 0);
    sodium_memzero(wide, (size_t)n * sizeof *wide);
    sodium_memzero(out, sizeof out); /* the string again, completed */
    km_release(&c->ctx->allocator, wide);
    return KM_ODBC_OK(code) ? KMSEG_OK
                            : km_odbc_fail(c, KMSEG_E_IO, KM_ODBC_CONNECTION, c->connection);
}

static void *number(intptr_t value) { return (void *)value; }

const char *km_odbc_info_text(const km_odbc_connection *c, uint16_t what, char out[200]) {
    km_odbc_char wide[64];
    int16_t bytes = 0;
    out[0] = '\0';
    if (KM_ODBC_OK(c->odbc->GetInfoW(c->connection, what, wide, sizeof wide, &bytes))) {
        km_odbc_narrow(wide, bytes > 0 && bytes < (int16_t)sizeof wide ? (size_t)bytes / 2 : 0,
                       out);
    }
    return out;
}

int32_t km_odbc_info_number(const km_odbc_connection *c, uint16_t what) {
    uint16_t number = 0;
    return KM_ODBC_OK(c->odbc->GetInfoW(c->connection, what, &number, sizeof number, NULL)) ? number
                                                                                            : -1;
}

/* Times with a zone are to come in UTC. */
static kmseg_status settle_zone(const km_odbc_connection *c) {
    char name[200];
    return strcmp(km_odbc_info_text(c, KM_ODBC_INFO_DBMS, name), "PostgreSQL") == 0
               ? km_odbc_execute(c, "SET TIME ZONE 'UTC'")
               : KMSEG_OK;
}

kmseg_status km_odbc_open(kmseg_context *ctx, const char *what, const char *text,
                          km_odbc_connection *c) {
    enum { ODBC_VERSION = 200, LOGIN_TIMEOUT = 103, AUTOCOMMIT = 102 };
    *c = (km_odbc_connection){.ctx = ctx, .text = text, .what = what};
    KM_TRY(km_odbc_get(ctx, &c->odbc));
    const km_odbc *o = c->odbc;
    if (!KM_ODBC_OK(o->AllocHandle(KM_ODBC_ENVIRONMENT, NULL, &c->environment)) ||
        !KM_ODBC_OK(o->SetEnvAttr(c->environment, ODBC_VERSION, number(3), 0)) ||
        !KM_ODBC_OK(o->AllocHandle(KM_ODBC_CONNECTION, c->environment, &c->connection))) {
        return km_odbc_fail(c, KMSEG_E_IO, KM_ODBC_ENVIRONMENT, c->environment);
    }
    (void)o->SetConnectAttr(c->connection, LOGIN_TIMEOUT, number(30), 0);
    KM_TRY(connect_driver(c));
    if (!KM_ODBC_OK(o->SetConnectAttr(c->connection, AUTOCOMMIT, number(0), 0)) ||
        !KM_ODBC_OK(o->AllocHandle(KM_ODBC_STATEMENT, c->connection, &c->statement))) {
        return km_odbc_fail(c, KMSEG_E_IO, KM_ODBC_CONNECTION, c->connection);
    }
    return settle_zone(c);
}

void km_odbc_close(km_odbc_connection *c) {
    const km_odbc *o = c->odbc;
    if (o == NULL) {
        return;
    }
    if (c->statement != NULL) {
        o->FreeHandle(KM_ODBC_STATEMENT, c->statement);
    }
    if (c->connection != NULL) {
        o->EndTran(KM_ODBC_CONNECTION, c->connection, 1);
        o->Disconnect(c->connection);
        o->FreeHandle(KM_ODBC_CONNECTION, c->connection);
    }
    if (c->environment != NULL) {
        o->FreeHandle(KM_ODBC_ENVIRONMENT, c->environment);
    }
}

kmseg_status km_odbc_execute(const km_odbc_connection *c, const char *sql) {
    int32_t n;
    km_odbc_char *wide = km_odbc_wide(c->ctx, sql, &n);
    if (wide == NULL) {
        return km_fail_memory(c->ctx, "a query");
    }
    int16_t code = c->odbc->ExecDirectW(c->statement, wide, n);
    km_release(&c->ctx->allocator, wide);
    if (!KM_ODBC_OK(code) && code != KM_ODBC_NO_DATA) {
        return km_odbc_fail(c, KMSEG_E_FORMAT, KM_ODBC_STATEMENT, c->statement);
    }
    c->odbc->FreeStmt(c->statement, 0);
    return KMSEG_OK;
}

kmseg_status km_odbc_prepare(const km_odbc_connection *c, const char *sql) {
    int32_t n;
    km_odbc_char *wide = km_odbc_wide(c->ctx, sql, &n);
    if (wide == NULL) {
        return km_fail_memory(c->ctx, "a query");
    }
    int16_t code = c->odbc->PrepareW(c->statement, wide, n);
    km_release(&c->ctx->allocator, wide);
    return KM_ODBC_OK(code) ? KMSEG_OK
                            : km_odbc_fail(c, KMSEG_E_FORMAT, KM_ODBC_STATEMENT, c->statement);
}

kmseg_status km_odbc_end(const km_odbc_connection *c, int commit) {
    return KM_ODBC_OK(c->odbc->EndTran(KM_ODBC_CONNECTION, c->connection, (int16_t)!commit))
               ? KMSEG_OK
               : km_odbc_fail(c, KMSEG_E_IO, KM_ODBC_CONNECTION, c->connection);
}

const char *km_odbc_state(const km_odbc_connection *c, char out[8]) {
    km_odbc_char state[6] = {0}, message[8];
    int32_t native;
    int16_t n = 0;
    out[0] = '\0';
    if (KM_ODBC_OK(c->odbc->GetDiagRecW(KM_ODBC_STATEMENT, c->statement, 1, state, &native, message,
                                        8, &n))) {
        for (int i = 0; i < 6; i++) {
            out[i] = state[i] < 128 ? (char)state[i] : '?';
        }
    }
    return out;
}
