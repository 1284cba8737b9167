#include "base/query.h"

#include <sodium.h>
#include <string.h>

static char *copy_text(kmseg_context *ctx, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = km_allocate(&ctx->allocator, size);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

/* A query may hold credentials too: those of a secret or of an attached database. */
static void erase(kmseg_context *ctx, char *text) {
    if (text != NULL) {
        sodium_memzero(text, strlen(text));
    }
    km_release(&ctx->allocator, text);
}

static void release(kmseg_context *ctx, km_query *query) {
    km_release(&ctx->allocator, query->name);
    erase(ctx, query->sql);
    erase(ctx, query->connection);
    km_release(&ctx->allocator, query);
}

/* Takes the one of that name out of the list. */
static void forget(kmseg_context *ctx, const char *name) {
    for (km_query **at = &ctx->queries; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->name, name) == 0) {
            km_query *old = *at;
            *at = old->next;
            release(ctx, old);
            return;
        }
    }
}

static kmseg_status define(kmseg_context *ctx, const char *name, const char *sql,
                           const char *connection, const struct kmseg_table *table) {
    km_query *query = km_allocate(&ctx->allocator, sizeof *query);
    if (query == NULL) {
        return km_fail_memory(ctx, "a query");
    }
    query->name = copy_text(ctx, name);
    query->sql = sql != NULL ? copy_text(ctx, sql) : NULL;
    query->connection = connection != NULL ? copy_text(ctx, connection) : NULL;
    query->table = table;
    if (query->name == NULL || (sql != NULL && query->sql == NULL) ||
        (connection != NULL && query->connection == NULL)) {
        release(ctx, query);
        return km_fail_memory(ctx, "a query");
    }
    forget(ctx, name);
    query->next = ctx->queries;
    ctx->queries = query;
    return KMSEG_OK;
}

kmseg_status km_query_define(kmseg_context *ctx, const char *name, const char *sql,
                             const char *connection) {
    return define(ctx, name, sql, connection, NULL);
}

kmseg_status km_query_define_table(kmseg_context *ctx, const char *name,
                                   const struct kmseg_table *table) {
    if (table == NULL) {
        forget(ctx, name);
        return KMSEG_OK;
    }
    return define(ctx, name, NULL, NULL, table);
}

const km_query *km_query_find(const kmseg_context *ctx, const char *name) {
    for (const km_query *query = ctx->queries; query != NULL && name != NULL; query = query->next) {
        if (strcmp(query->name, name) == 0) {
            return query;
        }
    }
    return NULL;
}

void km_query_forget(kmseg_context *ctx) {
    while (ctx->queries != NULL) {
        km_query *query = ctx->queries;
        ctx->queries = query->next;
        release(ctx, query);
    }
}
