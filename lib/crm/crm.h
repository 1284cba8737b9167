/* Inside of the exports. Registry "crm_formats": a CRM is one row in formats.c. */
#ifndef KM_CRM_CRM_H
#define KM_CRM_CRM_H

#include "base/registry.h"
#include "base/text.h"

#include <kmseg/crm.h>

typedef struct km_crm_format {
    km_named named;
    const char *headers[KMSEG_N_CRM_FIELDS];
    int bom;              /* 1: files begin with the mark of UTF-8 */
    const char *line_end; /* "\n" or "\r\n" */
    int64_t max_rows;     /* without the header; 0: any number */
    int64_t max_size;     /* bytes; 0: any number */
    int is_sdl;           /* 1: a mapping for Salesforce's Data Loader too */
} km_crm_format;

extern const km_registry km_crm_formats;

/* The format of that name, or NULL. */
const km_crm_format *km_crm_format_find(const char *name);

/* A text as a cell, with its apostrophe where it needs one (counted) and in quotes where it needs
 * them; is_number: a sign before digits is no formula. */
void km_crm_add_text(km_string *line, const char *text, int is_number, int64_t *n_neutralised);

/* A spreadsheet would take it for a formula. */
int km_crm_is_formula(const char *text);

/* A column of the export. */
typedef struct km_crm_cell {
    const char *text; /* readable for CELL_PAD bytes */
    size_t length;
} km_crm_cell;

enum { KM_CRM_CELL_PAD = 32 };

typedef struct km_crm_column {
    kmseg_crm_field field;
    const char *header;
    const char *from; /* what it was called where it came from */
    int is_customers; /* 1: rows are those of customers, by match */
    int is_number;
    const int32_t *codes;     /* into cells, -1: missing */
    int32_t n_cells;          /* without the one of missing */
    const km_crm_cell *cells; /* n_cells + 1, the first is that of missing: separator and text */
    const char *const *texts; /* n_cells, as they are */
    int64_t *marked;          /* n_cells + 1: 1 where the cell got an apostrophe */
    const double *numbers;
} km_crm_column;

typedef struct km_crm {
    kmseg_context *ctx;
    const kmseg_result *result;
    const kmseg_table *customers; /* or NULL */
    const kmseg_crm_options *options;
    const km_crm_format *format;
    km_arena arena;
    kmseg_crm_report *report;
    int32_t n_columns;
    km_crm_column columns[KMSEG_N_CRM_FIELDS];
    const char *const *ids; /* n_samples, pseudonyms where they were asked for */
    int ids_are_numbers;
    const int64_t *match; /* by sample: row of customers, or -1; NULL: the same row */
    const int64_t *order; /* of the samples; NULL: as they are */
} km_crm;

/* columns.c: which there are, and their cells. */
kmseg_status km_crm_find_columns(km_crm *crm);
/* match.c */
kmseg_status km_crm_match(km_crm *crm);
/* ids.c: pseudonyms or none, and the order of rows that goes with it. */
kmseg_status km_crm_hide_ids(km_crm *crm);
/* write.c */
kmseg_status km_crm_write_files(km_crm *crm, const char *path);
/* database.c */
kmseg_status km_crm_write_rows(km_crm *crm, const kmseg_crm_table *table);
/* mapping.c: the mappings as text. */
void km_crm_mapping(const km_crm *crm, km_string *out);
void km_crm_sdl(const km_crm *crm, km_string *out);

#endif
