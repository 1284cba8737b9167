/* Rows into a table of a database, in one transaction: the table has all of them or is as it was. */
#ifndef KM_SOURCE_ODBC_WRITE_H
#define KM_SOURCE_ODBC_WRITE_H

#include "source/odbc.h"

#include "base/text.h"

typedef enum km_odbc_kind {
    KM_ODBC_TEXT = 0,
    KM_ODBC_INTEGER = 1,
    KM_ODBC_NUMBER = 2
} km_odbc_kind;

/* A column to write. */
typedef struct km_odbc_field {
    const char *name;
    km_odbc_kind kind;
    int has_text;  /* integers: cells have the text too, and a table that is there may want it */
    int32_t bytes; /* of the longest text in UTF-8 */
} km_odbc_field;

/* text for KM_ODBC_TEXT, integer for KM_ODBC_INTEGER, number for KM_ODBC_NUMBER. */
typedef struct km_odbc_cell {
    const char *text;
    int64_t integer;
    double number;
    int is_missing; /* NULL */
} km_odbc_cell;

typedef struct km_odbc_rows {
    const char *table; /* name, schema.name or catalog.schema.name; "..." around a part with dots */
    int32_t n_fields;
    km_odbc_field *fields; /* kind may become KM_ODBC_TEXT where has_text */
    int64_t n_rows;
    void (*cell)(void *user, int64_t row, int32_t field, km_odbc_cell *out);
    void *user;
    int is_dry; /* looks, and writes nothing */
    /* What was found. */
    int was_there;      /* the table */
    int64_t n_replaced; /* its rows */
} km_odbc_rows;

/* Makes the table where there is none; replaces all rows of one whose columns are exactly these, and
 * refuses any other (KMSEG_E_FORMAT). Whatever fails, also km_cancelled(), takes everything back. */
kmseg_status km_odbc_write(kmseg_context *ctx, const char *what, const char *connection,
                           km_odbc_rows *rows);

/* What of SQL differs between databases. */
typedef struct km_odbc_dialect {
    const char *dbms;        /* how its name begins */
    const char *text;        /* a type for any text */
    int32_t most_parameters; /* of an INSERT of several rows; 0: a row each, sent as an array */
    int32_t most_rows;
} km_odbc_dialect;

/* The table that is written to. */
typedef struct km_odbc_table {
    const km_odbc_connection *c;
    km_odbc_rows *rows;
    const km_odbc_dialect *dialect;
    char quote[200];
    km_string name; /* quoted */
} km_odbc_table;

/* odbc_name.c: finds the dialect and the name; the names of all columns are looked at too. */
kmseg_status km_odbc_table_name(km_odbc_table *table);
/* Adds a name in quotes, so that it can be nothing but a name, whatever is in it. */
kmseg_status km_odbc_quote(const km_odbc_table *table, km_string *out, const char *name);

/* odbc_table.c */
/* Whether it is there, and with which columns; sets rows->was_there and the kinds of fields. */
kmseg_status km_odbc_table_look(km_odbc_table *table);
kmseg_status km_odbc_table_create(km_odbc_table *table);
kmseg_status km_odbc_table_count(const km_odbc_table *table, int64_t *out);
/* Runs statement, the name of the table and rest; *out_rows, how many rows it changed, may be NULL. */
kmseg_status km_odbc_table_run(const km_odbc_table *table, const char *statement, const char *rest,
                               int64_t *out_rows);
/* INSERT of n rows of parameters. */
kmseg_status km_odbc_table_prepare(const km_odbc_table *table, int64_t n);

#endif
