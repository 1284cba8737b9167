/* ODBC: databases, reached through unixODBC's driver manager, which is loaded when it is first needed. */
#ifndef KM_SOURCE_ODBC_H
#define KM_SOURCE_ODBC_H

#include "base/context.h"

#include <kmseg/source.h>

typedef void *km_odbc_handle;
typedef uint16_t km_odbc_char; /* UTF-16, which all drivers have */

/* What kmseg calls of ODBC 3 (ISO/IEC 9075-3); declared here so that nothing is needed to build. */
typedef struct km_odbc {
    int16_t (*AllocHandle)(int16_t type, km_odbc_handle from, km_odbc_handle *out);
    int16_t (*FreeHandle)(int16_t type, km_odbc_handle handle);
    int16_t (*SetEnvAttr)(km_odbc_handle environment, int32_t attribute, void *value,
                          int32_t length);
    int16_t (*SetConnectAttr)(km_odbc_handle connection, int32_t attribute, void *value,
                              int32_t length);
    int16_t (*SetStmtAttr)(km_odbc_handle statement, int32_t attribute, void *value,
                           int32_t length);
    int16_t (*DriverConnectW)(km_odbc_handle connection, void *window, km_odbc_char *in,
                              int16_t n_in, km_odbc_char *out, int16_t capacity, int16_t *n_out,
                              uint16_t how);
    int16_t (*Disconnect)(km_odbc_handle connection);
    int16_t (*EndTran)(int16_t type, km_odbc_handle handle, int16_t how);
    int16_t (*GetInfoW)(km_odbc_handle connection, uint16_t what, void *out, int16_t capacity,
                        int16_t *n_out);
    int16_t (*GetDiagRecW)(int16_t type, km_odbc_handle handle, int16_t record, km_odbc_char *state,
                           int32_t *native, km_odbc_char *message, int16_t capacity,
                           int16_t *n_out);
    int16_t (*PrepareW)(km_odbc_handle statement, km_odbc_char *text, int32_t n);
    int16_t (*Execute)(km_odbc_handle statement);
    int16_t (*ExecDirectW)(km_odbc_handle statement, km_odbc_char *text, int32_t n);
    int16_t (*FreeStmt)(km_odbc_handle statement, uint16_t what);
    int16_t (*NumResultCols)(km_odbc_handle statement, int16_t *out);
    int16_t (*DescribeColW)(km_odbc_handle statement, uint16_t column, km_odbc_char *name,
                            int16_t capacity, int16_t *n_name, int16_t *type, uint64_t *size,
                            int16_t *digits, int16_t *nullable);
    int16_t (*ColAttributeW)(km_odbc_handle statement, uint16_t column, uint16_t what, void *out,
                             int16_t capacity, int16_t *n_out, int64_t *number);
    int16_t (*BindCol)(km_odbc_handle statement, uint16_t column, int16_t type, void *values,
                       int64_t size, int64_t *lengths);
    int16_t (*Fetch)(km_odbc_handle statement);
    int16_t (*BindParameter)(km_odbc_handle statement, uint16_t parameter, int16_t direction,
                             int16_t c_type, int16_t type, uint64_t size, int16_t digits,
                             void *values, int64_t capacity, int64_t *lengths);
    int16_t (*RowCount)(km_odbc_handle statement, int64_t *out);
} km_odbc;

/* Types of SQL as ODBC numbers them. */
enum {
    KM_SQL_CHAR = 1,
    KM_SQL_NUMERIC = 2,
    KM_SQL_DECIMAL = 3,
    KM_SQL_INTEGER = 4,
    KM_SQL_SMALLINT = 5,
    KM_SQL_FLOAT = 6,
    KM_SQL_REAL = 7,
    KM_SQL_DOUBLE = 8,
    KM_SQL_VARCHAR = 12,
    KM_SQL_DATE = 91,
    KM_SQL_TIMESTAMP = 93,
    KM_SQL_LONGVARCHAR = -1,
    KM_SQL_BINARY = -2,
    KM_SQL_VARBINARY = -3,
    KM_SQL_LONGVARBINARY = -4,
    KM_SQL_BIGINT = -5,
    KM_SQL_TINYINT = -6,
    KM_SQL_BIT = -7,
    KM_SQL_WCHAR = -8,
    KM_SQL_WVARCHAR = -9,
    KM_SQL_WLONGVARCHAR = -10
};

/* Types of C. */
enum { KM_C_CHAR = 1, KM_C_DOUBLE = 8, KM_C_TIMESTAMP = 93, KM_C_WCHAR = -8, KM_C_BIGINT = -25 };

/* The driver manager, loaded once. KMSEG_E_UNSUPPORTED, with how to install it, where it is not. */
kmseg_status km_odbc_get(kmseg_context *ctx, const km_odbc **out);

/* A connection in a transaction of its own, which km_odbc_close() rolls back. */
typedef struct km_odbc_connection {
    kmseg_context *ctx;
    const km_odbc *odbc;
    const char *text; /* the connection string; borrowed */
    const char *what; /* what messages call what is done with it */
    km_odbc_handle environment, connection, statement;
} km_odbc_connection;

/* km_odbc_close() is safe after failure. */
kmseg_status km_odbc_open(kmseg_context *ctx, const char *what, const char *text,
                          km_odbc_connection *c);
void km_odbc_close(km_odbc_connection *c);

/* The driver's message of a call that failed, without any password of the connection string. */
kmseg_status km_odbc_fail(const km_odbc_connection *c, kmseg_status status, int16_t type,
                          km_odbc_handle handle);

/* Runs a statement that has no result. */
kmseg_status km_odbc_execute(const km_odbc_connection *c, const char *sql);
/* Makes a statement ready to be run. */
kmseg_status km_odbc_prepare(const km_odbc_connection *c, const char *sql);

/* Commits what was done since the connection was opened or this was last called, or takes it back. */
kmseg_status km_odbc_end(const km_odbc_connection *c, int commit);

/* A text and a number that the driver tells of its database (SQLGetInfo); "" and -1 where it does not. */
enum {
    KM_ODBC_INFO_DBMS = 17,
    KM_ODBC_INFO_QUOTE = 29,
    KM_ODBC_INFO_COLUMN_LENGTH = 30,
    KM_ODBC_INFO_TABLE_LENGTH = 35,
    KM_ODBC_INFO_TRANSACTIONS = 46
};
const char *km_odbc_info_text(const km_odbc_connection *c, uint16_t what, char out[200]);
int32_t km_odbc_info_number(const km_odbc_connection *c, uint16_t what);

/* The five signs of SQLSTATE of the statement's last failure or warning; "" without one. */
const char *km_odbc_state(const km_odbc_connection *c, char out[8]);

/* UTF-8 as UTF-16, terminated, from the context's allocator; NULL when out of memory. */
km_odbc_char *km_odbc_wide(kmseg_context *ctx, const char *text, int32_t *out_n);
/* The same into out, which has room for a unit per byte of text and one more; returns their number. */
int32_t km_odbc_widen(const char *text, km_odbc_char *out);
/* n units of UTF-16 as UTF-8, terminated; out has room for 3 n + 1. Returns the length. */
size_t km_odbc_narrow(const km_odbc_char *text, size_t n, char *out);

/* Every value of the string whose key says that it is a secret becomes *** in message. */
void km_odbc_hide(const char *connection, char *message);

/* The rows of a query; without rows, names and types of its columns. */
kmseg_status km_odbc_read(kmseg_context *ctx, const char *what, const char *sql,
                          const char *connection, int with_rows, const kmseg_csv_options *options,
                          kmseg_table **out);

#define KM_ODBC_OK(code) ((code) == 0 || (code) == 1)

enum {
    KM_ODBC_ENVIRONMENT = 1,
    KM_ODBC_CONNECTION = 2,
    KM_ODBC_STATEMENT = 3,
    KM_ODBC_NO_DATA = 100
};

#endif
