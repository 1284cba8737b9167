/* The columns of an export: fields that are known, their headers, and the texts of their cells, which
 * are made once and copied into every row. */
#include "crm/crm.h"

#include "data/table.h"

#include <math.h>
#include <string.h>

/* Names of columns of customers in order of preference: those that kmseg tier, lifecycle and clv
 * write, then usual ones. */
static const char *const tier_names[] = {"tier", "value_tier", "customer_tier", NULL};
static const char *const stage_names[] = {"lifecycle", "stage", "lifecycle_stage", NULL};
static const char *const clv_names[] = {"clv", "customer_lifetime_value", "lifetime_value", NULL};
static const char *const risk_names[] = {"churn_risk", "risk", "churn_probability", NULL};

/* Own headers: "field=name" a line. */
typedef struct headers {
    const char *own[KMSEG_N_CRM_FIELDS]; /* NULL: that of the format; "": left out */
} headers;

static int field_of(const char *name, size_t length) {
    for (int f = 0; f < KMSEG_N_CRM_FIELDS; f++) {
        const char *known = kmseg_crm_field_name((kmseg_crm_field)f);
        if (strlen(known) == length && strncmp(known, name, length) == 0) {
            return f;
        }
    }
    return -1;
}

static kmseg_status read_header(km_crm *crm, const char *line, size_t length, headers *out) {
    const char *equals = memchr(line, '=', length);
    int field = equals != NULL ? field_of(line, (size_t)(equals - line)) : -1;
    if (field < 0) {
        return km_fail(crm->ctx, KMSEG_E_ARGUMENT,
                       "headers has \"%.*s\"; it needs a field and a name, such as "
                       "tier=Customer_Tier__c; fields are id, segment, name, tier, stage, clv, "
                       "risk, action",
                       (int)(length < 80 ? length : 80), line);
    }
    out->own[field] =
        km_arena_text_n(&crm->arena, equals + 1, length - (size_t)(equals + 1 - line));
    return out->own[field] != NULL ? KMSEG_OK : km_fail_memory(crm->ctx, "headers");
}

static kmseg_status read_headers(km_crm *crm, headers *out) {
    memset(out, 0, sizeof *out);
    for (const char *at = crm->options->headers; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        if (length > 0) {
            KM_TRY(read_header(crm, at, length, out));
        }
        at += length + (at[length] == '\n');
    }
    return KMSEG_OK;
}

/* Adds a column unless its header is empty. */
static km_crm_column *add(km_crm *crm, const headers *own, kmseg_crm_field field,
                          const char *from) {
    const char *header = own->own[field] != NULL ? own->own[field] : crm->format->headers[field];
    if (header[0] == '\0') {
        return NULL;
    }
    km_crm_column *column = &crm->columns[crm->n_columns++];
    *column = (km_crm_column){.field = field, .header = header, .from = from};
    return column;
}

/* Cells of texts, with the separator before them. */
static kmseg_status make_cells(km_crm *crm, km_crm_column *column, const char *const *texts,
                               int32_t n, int is_number) {
    km_crm_cell *cells = km_arena_array(&crm->arena, (int64_t)n + 1, sizeof *cells);
    int64_t *marked = km_arena_array(&crm->arena, (int64_t)n + 1, sizeof *marked);
    km_string text;
    km_string_init(&text, &crm->ctx->allocator);
    for (int32_t i = -1; i < n && cells != NULL && marked != NULL; i++) {
        text.length = 0;
        km_string_add_n(&text, ",", column != &crm->columns[0]);
        if (i >= 0 && texts[i][0] != '\0') {
            km_crm_add_text(&text, texts[i], is_number, &marked[i + 1]);
        }
        char *copy = km_arena_array(&crm->arena, (int64_t)text.length + KM_CRM_CELL_PAD, 1);
        if (copy == NULL || text.failed) {
            cells = NULL;
            break;
        }
        if (text.length > 0) {
            memcpy(copy, text.data, text.length);
        }
        cells[i + 1] = (km_crm_cell){copy, text.length};
    }
    km_string_free(&text);
    column->cells = cells;
    column->marked = marked;
    column->texts = texts;
    column->n_cells = n;
    return cells != NULL && marked != NULL ? KMSEG_OK : km_fail_memory(crm->ctx, "cells");
}

/* What a segment is called, its number, and its action: a cell for each label. */
static kmseg_status add_of_segment(km_crm *crm, const headers *own, kmseg_crm_field field) {
    const kmseg_result *result = crm->result;
    km_crm_column *column = add(crm, own, field, "segments");
    if (column == NULL) {
        return KMSEG_OK;
    }
    const char **texts = km_arena_array(&crm->arena, result->n_segments, sizeof *texts);
    for (int32_t s = 0; s < result->n_segments && texts != NULL; s++) {
        texts[s] = field == KMSEG_CRM_NAME     ? kmseg_segment_name(result, s)
                   : field == KMSEG_CRM_ACTION ? result->plans[s].action
                                               : km_arena_format(&crm->arena, "%d", s + 1);
        texts = texts[s] != NULL ? texts : NULL;
    }
    if (texts == NULL) {
        return km_fail_memory(crm->ctx, "cells");
    }
    column->is_number = field == KMSEG_CRM_SEGMENT;
    column->codes = result->labels;
    return make_cells(crm, column, texts, result->n_segments, column->is_number);
}

static int32_t find_usual(const kmseg_table *table, const char *const *usual) {
    int32_t at = -1;
    for (; *usual != NULL && at < 0; usual++) {
        at = kmseg_table_find(table, *usual);
    }
    return at;
}

int32_t kmseg_crm_columns(const kmseg_table *customers, const kmseg_crm_options *options,
                          const char *out_names[KMSEG_N_CRM_FIELDS]) {
    const struct {
        const char *named;
        const char *const *usual;
    } fields[] = {{options->tier, tier_names},
                  {options->stage, stage_names},
                  {options->clv, clv_names},
                  {options->risk, risk_names}};
    int32_t id = options->id == NULL ? kmseg_table_id_column(customers) : -1, n = 0;
    if (options->id != NULL || id >= 0) {
        out_names[n++] =
            options->id != NULL ? options->id : kmseg_table_column(customers, id)->name;
    }
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        int32_t at = fields[f].named == NULL ? find_usual(customers, fields[f].usual) : -1;
        if (fields[f].named != NULL || at >= 0) {
            out_names[n++] =
                fields[f].named != NULL ? fields[f].named : kmseg_table_column(customers, at)->name;
        }
    }
    return n;
}

/* The column of customers that was named, or the first that is called as usual; -1: none. */
static kmseg_status find(const km_crm *crm, const char *named, const char *const *usual,
                         int32_t *out) {
    *out = -1;
    if (crm->customers == NULL) {
        return named == NULL
                   ? KMSEG_OK
                   : km_fail(crm->ctx, KMSEG_E_ARGUMENT,
                             "column %s is asked for, and there is no table of customers", named);
    }
    if (named != NULL) {
        *out = kmseg_table_find(crm->customers, named);
        return *out >= 0 ? KMSEG_OK : km_table_fail_no_column(crm->ctx, crm->customers, named);
    }
    *out = find_usual(crm->customers, usual);
    return KMSEG_OK;
}

static kmseg_status add_of_customers(km_crm *crm, const headers *own, kmseg_crm_field field,
                                     const char *named, const char *const *usual,
                                     int needs_number) {
    int32_t at;
    KM_TRY(find(crm, named, usual, &at));
    const kmseg_column *from = at >= 0 ? kmseg_table_column(crm->customers, at) : NULL;
    km_crm_column *column = from != NULL ? add(crm, own, field, from->name) : NULL;
    if (column == NULL) {
        return KMSEG_OK;
    }
    if (from->type == KMSEG_COLUMN_TIME || (needs_number && from->type == KMSEG_COLUMN_TEXT)) {
        return km_fail(crm->ctx, KMSEG_E_DATA,
                       "column %s of the customers holds %s; exported as %s it needs to hold %s",
                       from->name, from->type == KMSEG_COLUMN_TIME ? "dates" : "text",
                       kmseg_crm_field_name(field), needs_number ? "numbers" : "text or numbers");
    }
    column->is_customers = 1;
    column->is_number = from->type == KMSEG_COLUMN_NUMBER;
    column->numbers = from->numbers;
    column->codes = from->codes;
    return from->type == KMSEG_COLUMN_TEXT
               ? make_cells(crm, column, from->levels, from->n_levels, 0)
               : KMSEG_OK;
}

static int has_actions(const kmseg_result *result) {
    int has = 0;
    for (int32_t s = 0; s < result->n_segments && result->plans != NULL; s++) {
        has |= result->plans[s].action[0] != '\0';
    }
    return has;
}

static kmseg_status check_headers(const km_crm *crm) {
    for (int32_t i = 0; i < crm->n_columns; i++) {
        for (int32_t j = 0; j < i; j++) {
            if (strcmp(crm->columns[i].header, crm->columns[j].header) == 0) {
                return km_fail(crm->ctx, KMSEG_E_ARGUMENT,
                               "the columns of %s and %s are both called %s",
                               kmseg_crm_field_name(crm->columns[j].field),
                               kmseg_crm_field_name(crm->columns[i].field), crm->columns[i].header);
            }
        }
    }
    return crm->n_columns > 0 ? KMSEG_OK
                              : km_fail(crm->ctx, KMSEG_E_ARGUMENT, "no column is left to export");
}

/* A decimal number, as a column of numbers would be written. */
static int is_decimal(const char *text) {
    size_t digits;
    text += *text == '-';
    digits = strspn(text, "0123456789");
    text += digits;
    if (digits > 0 && *text == '.') {
        digits = strspn(text + 1, "0123456789");
        text += 1 + digits;
    }
    if (digits > 0 && (*text == 'e' || *text == 'E')) {
        text += 1 + (text[1] == '-' || text[1] == '+');
        digits = strspn(text, "0123456789");
        text += digits;
    }
    return digits > 0 && *text == '\0';
}

/* Only a minus makes a difference, so all are looked at only when there is one. */
static int are_numbers(const kmseg_result *result) {
    int64_t n = result->n_samples, i = 0;
    while (i < n && result->ids[i][0] != '-') {
        i++;
    }
    if (i == n) {
        return 0;
    }
    for (i = 0; i < n && is_decimal(result->ids[i]); i++) {
    }
    return i == n;
}

kmseg_status km_crm_find_columns(km_crm *crm) {
    const kmseg_crm_options *o = crm->options;
    headers own;
    KM_TRY(read_headers(crm, &own));
    if (!o->drop_ids) {
        km_crm_column *id = add(crm, &own, KMSEG_CRM_ID, "segments");
        crm->ids_are_numbers = o->key == NULL && are_numbers(crm->result);
        if (id != NULL) {
            id->is_number = crm->ids_are_numbers;
        }
    }
    KM_TRY(add_of_segment(crm, &own, KMSEG_CRM_SEGMENT));
    KM_TRY(add_of_segment(crm, &own, KMSEG_CRM_NAME));
    KM_TRY(add_of_customers(crm, &own, KMSEG_CRM_TIER, o->tier, tier_names, 0));
    KM_TRY(add_of_customers(crm, &own, KMSEG_CRM_STAGE, o->stage, stage_names, 0));
    KM_TRY(add_of_customers(crm, &own, KMSEG_CRM_CLV, o->clv, clv_names, 1));
    KM_TRY(add_of_customers(crm, &own, KMSEG_CRM_RISK, o->risk, risk_names, 0));
    if (has_actions(crm->result)) {
        KM_TRY(add_of_segment(crm, &own, KMSEG_CRM_ACTION));
    }
    return check_headers(crm);
}
