/* Which row of the customers each customer of a result is. */
#include "crm/crm.h"

#include "base/decimal.h"
#include "data/dictionary.h"
#include "data/result.h"
#include "data/table.h"

#include <math.h>
#include <string.h>

enum { ROOM = 64 };

/* The id of a row as text, or NULL where it is missing; as kmseg_segment() keeps ids. */
static const char *id_at(const kmseg_column *column, int64_t row, char room[ROOM]) {
    if (column->type == KMSEG_COLUMN_TEXT) {
        return column->codes[row] >= 0 ? column->levels[column->codes[row]] : NULL;
    }
    if (isnan(column->numbers[row])) {
        return NULL;
    }
    km_format_double(column->numbers[row] + 0.0, room, ROOM);
    return room;
}

/* Mostly both are from one table and in its order. */
static int is_same_order(const km_crm *crm, const kmseg_column *id) {
    int64_t n = crm->result->n_samples;
    if (n != kmseg_table_n_rows(crm->customers)) {
        return 0;
    }
    for (int64_t i = 0; i < n; i++) {
        char room[ROOM];
        const char *text = id_at(id, i, room);
        if (text == NULL || strcmp(text, crm->result->ids[i]) != 0) {
            return 0;
        }
    }
    return 1;
}

static kmseg_status fail_none(const km_crm *crm, const kmseg_column *id) {
    char room[ROOM];
    const char *other = NULL;
    for (int64_t i = 0; i < id->n_rows && other == NULL; i++) {
        other = id_at(id, i, room);
    }
    int own = kmseg_is_pseudonym(crm->result->ids[0]);
    int theirs = other != NULL && kmseg_is_pseudonym(other);
    return km_fail(crm->ctx, KMSEG_E_DATA,
                   "no customer of the segments is in column %s of the customers%s", id->name,
                   own && theirs ? ": both hold pseudonyms, of different keys"
                   : own         ? ": the segments hold pseudonyms and the customers do not"
                   : theirs      ? ": the customers hold pseudonyms and the segments do not"
                                 : "; is it the column that names the customer?");
}

/* Rows of the customers by their id; KMSEG_E_DATA when one has two. */
static kmseg_status index_rows(km_crm *crm, const kmseg_column *id, km_dictionary *index,
                               int64_t *row_of) {
    for (int64_t r = 0; r < id->n_rows; r++) {
        char room[ROOM];
        const char *text = id_at(id, r, room);
        int32_t before = index->n;
        int32_t code = text != NULL ? km_dictionary_add(index, text, strlen(text)) : 0;
        if (text == NULL) {
            continue;
        }
        if (code < 0) {
            return km_fail_memory(crm->ctx, "the ids of customers");
        }
        if (code < before) {
            return km_fail(crm->ctx, KMSEG_E_DATA,
                           "%s %s is in rows %lld and %lld of the customers; one row per customer "
                           "is needed",
                           id->name, text, (long long)row_of[code] + 1, (long long)r + 1);
        }
        row_of[code] = r;
    }
    return KMSEG_OK;
}

static kmseg_status look_up(km_crm *crm, const kmseg_column *id) {
    int64_t n = crm->result->n_samples;
    km_arena scratch;
    km_dictionary index;
    km_arena_init(&scratch, &crm->ctx->allocator);
    int64_t *match = km_arena_array(&crm->arena, n, sizeof *match);
    int64_t *row_of = km_arena_array(&scratch, id->n_rows, sizeof *row_of);
    kmseg_status status = match != NULL && row_of != NULL &&
                                  km_dictionary_init(&index, &scratch, &crm->ctx->allocator)
                              ? KMSEG_OK
                              : km_fail_memory(crm->ctx, "the ids of customers");
    if (status == KMSEG_OK) {
        status = index_rows(crm, id, &index, row_of);
        for (int64_t i = 0; i < n && status == KMSEG_OK; i++) {
            const char *text = crm->result->ids[i];
            int32_t code = km_dictionary_find(&index, text, strlen(text));
            match[i] = code >= 0 ? row_of[code] : -1;
            crm->report->n_matched += code >= 0;
        }
        km_dictionary_free(&index);
    }
    km_arena_free(&scratch);
    crm->match = match;
    return status;
}

kmseg_status km_crm_match(km_crm *crm) {
    const char *name = crm->options->id;
    if (crm->customers == NULL) {
        return KMSEG_OK;
    }
    if (!km_result_has_ids(crm->result)) { /* row numbers would match other customers */
        return km_fail(crm->ctx, KMSEG_E_DATA,
                       "the segments do not say which customer is which: the fit had no column of "
                       "ids, or they were left out; no table can be matched to them");
    }
    int32_t at = name != NULL ? kmseg_table_find(crm->customers, name)
                              : kmseg_table_id_column(crm->customers);
    if (at < 0) {
        char names[300];
        km_table_names(crm->customers, names, sizeof names);
        return name != NULL ? km_table_fail_no_column(crm->ctx, crm->customers, name)
                            : km_fail(crm->ctx, KMSEG_E_NOT_FOUND,
                                      "no column names the customer; the columns are %s", names);
    }
    const kmseg_column *id = kmseg_table_column(crm->customers, at);
    if (id->type == KMSEG_COLUMN_TIME) {
        return km_fail(crm->ctx, KMSEG_E_DATA, "%s is a column of dates; an id is text or a number",
                       id->name);
    }
    crm->report->n_customers = id->n_rows;
    if (is_same_order(crm, id)) {
        crm->report->n_matched = id->n_rows;
        return KMSEG_OK;
    }
    KM_TRY(look_up(crm, id));
    crm->report->n_customers_unmatched = id->n_rows - crm->report->n_matched;
    return crm->report->n_matched > 0 ? KMSEG_OK : fail_none(crm, id);
}
