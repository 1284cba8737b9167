/* The rows of an export as those of a table of a database. */
#include "crm/crm.h"

#include "source/odbc_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A whole number as kmseg writes it, so that nothing is lost as a number: not 00042, +1 or -0. */
static int is_whole(const char *text) {
    const char *digits = text + (text[0] == '-');
    size_t n = strlen(digits);
    return n > 0 && n <= 18 && strspn(digits, "0123456789") == n &&
           (digits[0] != '0' || strcmp(text, "0") == 0);
}

/* What the ids hold: their kind, and the longest. */
static void look_at_ids(const km_crm *crm, km_odbc_field *field) {
    size_t longest = 0;
    int are_whole = 1;
    for (int64_t i = 0; i < crm->result->n_samples; i++) {
        size_t n = strlen(crm->ids[i]);
        longest = n > longest ? n : longest;
        are_whole = are_whole && is_whole(crm->ids[i]);
    }
    field->kind = are_whole ? KM_ODBC_INTEGER : KM_ODBC_TEXT;
    field->has_text = 1;
    field->bytes = longest < INT32_MAX / 4 ? (int32_t)longest : INT32_MAX / 4;
}

static void look_at_column(const km_crm *crm, const km_crm_column *column, km_odbc_field *field) {
    field->name = column->header;
    if (column->field == KMSEG_CRM_ID) {
        look_at_ids(crm, field);
        return;
    }
    field->kind = column->field == KMSEG_CRM_SEGMENT ? KM_ODBC_INTEGER
                  : column->numbers != NULL          ? KM_ODBC_NUMBER
                                                     : KM_ODBC_TEXT;
    for (int32_t i = 0; i < column->n_cells; i++) {
        size_t n = strlen(column->texts[i]);
        field->bytes = n > (size_t)field->bytes && n < INT32_MAX / 4 ? (int32_t)n : field->bytes;
    }
}

typedef struct rows {
    const km_crm *crm;
    const km_odbc_field *fields;
} rows;

static void cell(void *user, int64_t row, int32_t field, km_odbc_cell *out) {
    const rows *r = user;
    const km_crm *crm = r->crm;
    const km_crm_column *column = &crm->columns[field];
    int64_t sample = crm->order != NULL ? crm->order[row] : row;
    if (column->field == KMSEG_CRM_ID) {
        out->text = crm->ids[sample];
        if (r->fields[field].kind == KM_ODBC_INTEGER) {
            out->integer = strtoll(out->text, NULL, 10);
        }
        return;
    }
    if (column->is_customers && crm->match != NULL) {
        sample = crm->match[sample];
    }
    if (column->numbers != NULL) {
        out->number = sample >= 0 ? column->numbers[sample] : (double)NAN;
        out->is_missing = isnan(out->number);
        return;
    }
    int32_t code = sample >= 0 ? column->codes[sample] : -1;
    out->integer = code + 1; /* of a segment */
    out->text = code >= 0 ? column->texts[code] : NULL;
    out->is_missing = code < 0 || (column->field == KMSEG_CRM_ACTION && out->text[0] == '\0');
}

kmseg_status km_crm_write_rows(km_crm *crm, const kmseg_crm_table *table) {
    km_odbc_field fields[KMSEG_N_CRM_FIELDS] = {0};
    rows user = {.crm = crm, .fields = fields};
    km_odbc_rows all = {.table = table->name,
                        .n_fields = crm->n_columns,
                        .fields = fields,
                        .n_rows = crm->result->n_samples,
                        .cell = cell,
                        .user = &user,
                        .is_dry = table->dry_run};
    for (int32_t i = 0; i < crm->n_columns; i++) {
        look_at_column(crm, &crm->columns[i], &fields[i]);
    }
    char *what = km_arena_format(&crm->arena, "table %.200s", table->name);
    if (what == NULL) {
        return km_fail_memory(crm->ctx, "an export");
    }
    KM_TRY(km_odbc_write(crm->ctx, what, table->connection, &all));
    crm->report->was_there = all.was_there;
    crm->report->n_replaced = all.n_replaced;
    crm->report->n_rows = crm->result->n_samples;
    return KMSEG_OK;
}
