/* Segments for the CRM: files that its bulk import takes. docs/export.md has the rules of each. */
#ifndef KMSEG_CRM_H
#define KMSEG_CRM_H

#include <kmseg/option.h>
#include <kmseg/pipeline.h>
#include <kmseg/privacy.h>

KMSEG_BEGIN_DECLS

/* What a row says of a customer, in the order of the columns. */
typedef enum kmseg_crm_field {
    KMSEG_CRM_ID = 0,
    KMSEG_CRM_SEGMENT = 1, /* from 1 */
    KMSEG_CRM_NAME = 2,    /* of the segment */
    KMSEG_CRM_TIER = 3,
    KMSEG_CRM_STAGE = 4, /* of the lifecycle */
    KMSEG_CRM_CLV = 5,
    KMSEG_CRM_RISK = 6,   /* of churn, 0 to 1 */
    KMSEG_CRM_ACTION = 7, /* what is done with the segment */
    KMSEG_N_CRM_FIELDS = 8
} kmseg_crm_field;

typedef struct kmseg_crm_options {
    size_t struct_size;
    const char *format;  /* a name in the registry "crm_formats" */
    const char *headers; /* own names of columns, lines of "tier=Value_Tier__c"; nothing behind the
                            '=' leaves the column out; NULL: those of the format */
    int64_t max_rows;    /* of a file, its header not counted; 0: as the format says */
    int64_t max_size;    /* bytes of a file; 0: as the format says */
    /* Columns of the customers; NULL: by their usual names (tier, lifecycle, clv, churn_risk) */
    const char *id, *tier, *stage, *clv, *risk;
    const kmseg_key *key; /* pseudonyms in place of ids; NULL: ids as they are. Not in the table */
    int32_t drop_ids;     /* 1: no ids, rows in the order of their values. Not in the table */
} kmseg_crm_options;

KMSEG_API const kmseg_option_table *kmseg_crm_option_table(void);
KMSEG_API void kmseg_crm_options_init(kmseg_crm_options *options);

typedef struct kmseg_crm_report {
    size_t struct_size;
    int64_t n_rows, n_bytes;
    int32_t n_files;
    int32_t n_columns;
    kmseg_crm_field fields[KMSEG_N_CRM_FIELDS]; /* n_columns */
    int64_t n_neutralised;         /* cells that begin with a sign of formulas: they got a ' */
    int64_t n_matched;             /* customers of the result that have a row in customers */
    int64_t n_customers;           /* rows of customers; 0 without them */
    int64_t n_customers_unmatched; /* of these, not in the result and so not exported */
    /* Of a table of a database */
    int32_t was_there;  /* 1: its rows are replaced; 0: it is made */
    int64_t n_replaced; /* rows that it had */
} kmseg_crm_report;

/* A table of a database that rows go to. */
typedef struct kmseg_crm_table {
    size_t struct_size;
    const char *name; /* segments, crm.segments, or crm."a name.with dots"; each part is taken as
                               it is, quoted, so that it can be nothing but a name */
    const char *connection; /* as of kmseg_source_define_odbc() */
    int32_t dry_run;        /* 1: looks whether it could be written, and writes nothing */
} kmseg_crm_table;

/** Name of a field: "id", "segment", "name", "tier", "stage", "clv", "risk", "action". */
KMSEG_API const char *kmseg_crm_field_name(kmseg_crm_field field);

/** The header of a field in a format; NULL for an unknown format. */
KMSEG_API const char *kmseg_crm_header(const char *format, kmseg_crm_field field);

/** Rows and bytes that a file of a format has at most; 0: any number, or an unknown format. */
KMSEG_API int64_t kmseg_crm_max_rows(const char *format);
KMSEG_API int64_t kmseg_crm_max_size(const char *format);

/** Path of file i of n, from 0: path itself where n is 1, else with a number before its ending:
 * segments-001.csv. 0 when it does not fit. */
KMSEG_API int kmseg_crm_file_name(const char *path, int32_t i, int32_t n, char *out,
                                  size_t capacity);

/**
 * Names of the columns of customers that an export reads, of which values are not looked at (no rows will
 * do): the id, and tier, stage, clv and risk where they are there or named. So a file of many columns can be
 * read in part (kmseg_csv_options.select). Returns how many, 0 where no column names the customer; the names are
 * those of customers or options.
 */
KMSEG_API int32_t kmseg_crm_columns(const kmseg_table *customers, const kmseg_crm_options *options,
                                    const char *out_names[KMSEG_N_CRM_FIELDS]);

/**
 * Writes one row per customer of a result, with the columns that are known: tier, stage, clv and risk
 * where customers has them, action where the result has plans with actions. Beside the rows goes a
 * mapping, path with .mapping.csv in place of .csv, that says what each column is; for Salesforce an
 * .sdl file of Data Loader too.
 *
 * customers  any table with one row per customer; rows are matched by id, as text; NULL: none
 * path       "-" is standard output, without a mapping, and only where one file holds all
 *
 * UTF-8, RFC 4180 quoting; encoding mark, line ends and limits are the format's. A text that a
 * spreadsheet would take for a formula gets an apostrophe in front: one that begins, perhaps behind
 * apostrophes, with = + - @, their wide forms, tab, return or line feed. Taking one apostrophe from
 * such texts gives back what was there. Numbers have all their digits and are never changed; ids are
 * numbers when every one of them is a decimal number.
 *
 * All files appear, or none does: they are written under other names (mode 0600), synced, and renamed
 * at the end. The bytes do not depend on threads.
 *
 * KMSEG_E_NOT_FOUND for a column that was named and is not there, or when customers has no id;
 * KMSEG_E_DATA when no id of the result is in customers, an id is there twice, or a column is of the
 * wrong type; KMSEG_E_ARGUMENT for headers that cannot be read, are unknown or equal, and for limits
 * that not even one row keeps. Cost O(rows).
 */
KMSEG_API kmseg_status kmseg_crm_write(kmseg_context *ctx, const kmseg_result *result,
                                       const kmseg_table *customers,
                                       const kmseg_crm_options *options, const char *path,
                                       kmseg_crm_report *out_report);

/**
 * Writes the same rows into a table of a database through ODBC, in one transaction: all of them are
 * there at its end, or the table is as it was, also when it is cancelled or the process is killed.
 *
 * A table that is not there is made: id BIGINT where every id is a whole number as kmseg writes it,
 * else text; segment BIGINT; clv and risk DOUBLE PRECISION; the others text. Of one that is there with
 * exactly these columns, of such types, in any order, all rows are replaced. Columns are called as the
 * format and headers say; nothing is neutralised, what is unknown is NULL. n_bytes, n_files and
 * n_neutralised of the report stay 0.
 *
 * Where making a table ends a transaction (MySQL, MariaDB), one that was made is dropped again after
 * a failure; a process that is killed leaves it there, empty.
 *
 * KMSEG_E_FORMAT for a table of other columns or types, and for what the database refuses;
 * KMSEG_E_UNSUPPORTED without unixODBC, or where the database has no transactions; KMSEG_E_ARGUMENT
 * for a name that none is; KMSEG_E_IO when there is no connection; else as kmseg_crm_write(). Secrets
 * of the connection string are in no message.
 */
KMSEG_API kmseg_status kmseg_crm_write_table(kmseg_context *ctx, const kmseg_result *result,
                                             const kmseg_table *customers,
                                             const kmseg_crm_options *options,
                                             const kmseg_crm_table *table,
                                             kmseg_crm_report *out_report);

KMSEG_END_DECLS

#endif
