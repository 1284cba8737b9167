/* Names of tables and columns: whatever the user writes can be nothing but a name, and that name. */
#include "source/odbc_write.h"

#include <ctype.h>
#include <string.h>

/* The last is for all others. libpq refuses to hear of more than 7,498 parameters of a statement; from 100
 * rows on more of them are not faster. */
static const km_odbc_dialect dialects[] = {
    {"PostgreSQL", "TEXT", 3000, 300},
    {"SQLite", "TEXT", 900, 300},
    {"MariaDB", "TEXT CHARACTER SET utf8mb4", 30000, 1000},
    {"MySQL", "TEXT CHARACTER SET utf8mb4", 30000, 1000},
    {"Microsoft SQL Server", "NVARCHAR(4000)", 2000, 900},
    {"", "VARCHAR(1000)", 0, 1000},
};

kmseg_status km_odbc_quote(const km_odbc_table *t, km_string *out, const char *name) {
    size_t quote = strlen(t->quote);
    size_t n = strlen(name);
    int is_plain = n > 0 && !isdigit((unsigned char)name[0]);
    for (size_t i = 0; i < n; i++) {
        is_plain &= isalnum((unsigned char)name[i]) || name[i] == '_';
    }
    if (quote != 1 || t->quote[0] == ' ') {
        if (!is_plain) {
            return km_fail(t->c->ctx, KMSEG_E_ARGUMENT,
                           "%s: this database's driver quotes no names; \"%.*s\" needs to be of "
                           "letters, digits and _",
                           t->c->what, (int)n, name);
        }
        km_string_add_n(out, name, n);
        return KMSEG_OK;
    }
    km_string_add(out, t->quote);
    for (size_t i = 0; i < n; i++) {
        km_string_add_n(out, name + i, 1);
        km_string_add_n(out, t->quote, name[i] == t->quote[0]);
    }
    km_string_add(out, t->quote);
    return KMSEG_OK;
}

/* PostgreSQL cuts longer names and goes on with another table. */
static kmseg_status check_length(const km_odbc_table *t, uint16_t what, const char *name) {
    size_t n = strlen(name);
    int32_t most = km_odbc_info_number(t->c, what);
    return most <= 0 || n <= (size_t)most
               ? KMSEG_OK
               : km_fail(t->c->ctx, KMSEG_E_ARGUMENT,
                         "%s: the name \"%.*s\" is longer than the %d bytes that this database "
                         "keeps of one",
                         t->c->what, (int)n, name, most);
}

static int is_ascii(const char *name) {
    while ((unsigned char)*name < 0x80 && *name != '\0') {
        name++;
    }
    return *name == '\0';
}

/* Where a driver knows no Unicode the driver manager puts other signs for some, and another table would
 * be written to: the name has to come back as it went. */
static kmseg_status check_encoding(const km_odbc_table *t, const char *name) {
    km_odbc_char wide[512];
    char back[3 * 512 + 1] = "";
    int16_t n = 0, type, digits, nullable;
    uint64_t size;
    if (is_ascii(name)) {
        return KMSEG_OK;
    }
    km_string sql;
    km_string_init(&sql, &t->c->ctx->allocator);
    km_string_add(&sql, "SELECT 1 AS ");
    kmseg_status status = km_odbc_quote(t, &sql, name);
    if (status == KMSEG_OK) {
        status =
            sql.failed ? km_fail_memory(t->c->ctx, "a statement") : km_odbc_prepare(t->c, sql.data);
    }
    km_string_free(&sql);
    if (status == KMSEG_OK &&
        KM_ODBC_OK(t->c->odbc->DescribeColW(t->c->statement, 1, wide, 512, &n, &type, &size,
                                            &digits, &nullable))) {
        km_odbc_narrow(wide, n > 0 && n < 512 ? (size_t)n : 0, back);
    }
    t->c->odbc->FreeStmt(t->c->statement, 0);
    KM_TRY(status);
    return strcmp(name, back) == 0
               ? KMSEG_OK
               : km_fail(
                     t->c->ctx, KMSEG_E_ARGUMENT,
                     "%s: this database's driver makes \"%s\" of the name \"%s\"; give it a name "
                     "of ASCII signs",
                     t->c->what, back, name);
}

/* One part of the name, whose text is collected in part. */
static const char *read_part(const char *at, km_string *part) {
    if (*at != '"') {
        size_t n = strcspn(at, ".");
        km_string_add_n(part, at, n);
        return at + n;
    }
    for (at++; *at != '\0'; at++) {
        if (*at == '"' && *++at != '"') {
            return at;
        }
        km_string_add_n(part, at, 1);
    }
    return NULL; /* no closing quote */
}

static kmseg_status add_part(km_odbc_table *t, const km_string *part) {
    KM_TRY(check_length(t, KM_ODBC_INFO_TABLE_LENGTH, part->data));
    KM_TRY(check_encoding(t, part->data));
    km_string_add(&t->name, t->name.length > 0 ? "." : "");
    KM_TRY(km_odbc_quote(t, &t->name, part->data));
    return t->name.failed ? km_fail_memory(t->c->ctx, "a name") : KMSEG_OK;
}

/* schema.name as "schema"."name" */
static kmseg_status quote_table(km_odbc_table *t) {
    const char *at = t->rows->table;
    kmseg_status status = KMSEG_OK;
    km_string part;
    km_string_init(&part, &t->c->ctx->allocator);
    for (int n = 1; status == KMSEG_OK && at != NULL; n++) {
        part.length = 0;
        at = read_part(at, &part);
        if (part.failed) {
            status = km_fail_memory(t->c->ctx, "a name");
        } else if (at == NULL || part.length == 0 || n > 3 || (*at != '.' && *at != '\0')) {
            status = km_fail(t->c->ctx, KMSEG_E_ARGUMENT,
                             "the name of a table is like segments, crm.segments or "
                             "crm.\"a name.with dots\"; \"%.200s\" is not",
                             t->rows->table);
        } else {
            status = add_part(t, &part);
            at = *at == '.' ? at + 1 : NULL;
        }
    }
    km_string_free(&part);
    return status;
}

kmseg_status km_odbc_table_name(km_odbc_table *t) {
    char name[200];
    km_odbc_info_text(t->c, KM_ODBC_INFO_QUOTE, t->quote);
    km_odbc_info_text(t->c, KM_ODBC_INFO_DBMS, name);
    t->dialect = dialects;
    while (strncmp(name, t->dialect->dbms, strlen(t->dialect->dbms)) != 0) {
        t->dialect++;
    }
    for (int32_t i = 0; i < t->rows->n_fields; i++) {
        const char *field = t->rows->fields[i].name;
        KM_TRY(check_length(t, KM_ODBC_INFO_COLUMN_LENGTH, field));
        KM_TRY(check_encoding(t, field));
    }
    return quote_table(t);
}
