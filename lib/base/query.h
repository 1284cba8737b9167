/* Queries and tables that a context knows by name; whoever reads a table by path reads these by name. */
#ifndef KM_BASE_QUERY_H
#define KM_BASE_QUERY_H

#include "base/context.h"

typedef struct km_query {
    struct km_query *next;
    char *name, *sql;
    char *connection;                /* of ODBC, with credentials; NULL: DuckDB runs it */
    const struct kmseg_table *table; /* borrowed; NULL: it is a query */
} km_query;

/* Takes the place of a query of that name. Texts are copied. */
kmseg_status km_query_define(kmseg_context *ctx, const char *name, const char *sql,
                             const char *connection);

/* The same for a table; sql is NULL then. NULL in place of a table forgets the name. */
kmseg_status km_query_define_table(kmseg_context *ctx, const char *name,
                                   const struct kmseg_table *table);

/* The query of that name, or NULL. */
const km_query *km_query_find(const kmseg_context *ctx, const char *name);

/* Forgets all; what may hold credentials is overwritten. */
void km_query_forget(kmseg_context *ctx);

#endif
