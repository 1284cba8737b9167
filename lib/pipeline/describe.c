/* Segments over columns that were not there at the fit. */
#include "data/result.h"
#include "data/table.h"
#include "profile/profile.h"

#include <kmseg/join.h>
#include <kmseg/privacy.h>

#include <stdio.h>
#include <string.h>

typedef struct describing {
    kmseg_context *ctx;
    kmseg_result *result;
    const kmseg_table *from;
    const char *from_name;
    kmseg_join_options join;
    kmseg_table *customers, *joined; /* ids alone, and with the columns of from */
    kmseg_description said;
} describing;

static int is_known(const kmseg_profile *profile, const char *name) {
    for (int32_t c = 0; c < profile->n_columns; c++) {
        if (strcmp(profile->columns[c].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static kmseg_status list_customers(describing *d) {
    const kmseg_result *result = d->result;
    if (!km_result_has_ids(result)) {
        return km_fail(d->ctx, KMSEG_E_DATA,
                       "the segments do not say which customer is which: the fit had no column of "
                       "ids, or they were left out; fit with one (--id COLUMN) to match other "
                       "tables");
    }
    KM_TRY(kmseg_table_new(d->ctx, result->n_samples, &d->customers));
    KM_TRY(kmseg_table_add_texts(d->ctx, d->customers, result->prepare->id, result->ids));
    return kmseg_table_describe(d->ctx, d->customers, 0, KMSEG_ROLE_ID, "");
}

static kmseg_status find_key(describing *d) {
    d->join.key = d->result->prepare->id;
    d->join.inner = 0;
    if (d->join.from_key != NULL) {
        return KMSEG_OK;
    }
    int32_t at = kmseg_table_find(d->from, d->join.key);
    at = at >= 0 ? at : kmseg_table_id_column(d->from);
    if (at < 0) {
        char names[300];
        km_table_names(d->from, names, sizeof names);
        return km_fail(d->ctx, KMSEG_E_NOT_FOUND,
                       "no column of %s is %s or has another usual name of a customer; name the "
                       "one that says which customer it is (it has %s)",
                       d->from_name, d->join.key, names);
    }
    d->join.from_key = d->from->columns[at].name;
    return KMSEG_OK;
}

/* Pseudonyms match nothing but pseudonyms of the same key, which is worth saying. */
static kmseg_status explain(const describing *d, kmseg_status status) {
    int32_t at = d->join.from_key != NULL ? kmseg_table_find(d->from, d->join.from_key) : -1;
    const kmseg_column *key = at >= 0 ? &d->from->columns[at] : NULL;
    int theirs = key != NULL && key->type == KMSEG_COLUMN_TEXT && key->n_levels > 0 &&
                 kmseg_is_pseudonym(key->levels[0]);
    int own = d->result->n_samples > 0 && kmseg_is_pseudonym(d->result->ids[0]);
    if (status == KMSEG_E_DATA && own != theirs) {
        return km_fail(d->ctx, KMSEG_E_DATA,
                       "no customer of the segments is in %s: %s hold pseudonyms and %s does not; "
                       "kmseg protect makes those of a table, with the same key",
                       d->from_name, own ? "the segments" : "its rows",
                       own ? "the table" : "the file of segments");
    }
    return status;
}

/* The joined table without the columns that the profile has: they would be there twice. */
static void leave_known(describing *d) {
    kmseg_table *table = d->joined;
    int32_t kept = 0;
    for (int32_t c = 0; c < table->n_columns; c++) {
        int known = c > 0 && is_known(d->result->profile, table->columns[c].name);
        d->said.n_known += known;
        if (!known) {
            table->columns[kept++] = table->columns[c];
        }
    }
    table->n_columns = kept;
}

static kmseg_status fail_nothing(const describing *d) {
    return km_fail(d->ctx, KMSEG_E_DATA,
                   d->said.n_known > 0 && d->said.n_left_out == 0
                       ? "%s has no column that the segments are not profiled by already"
                       : "%s has no further column that can be profiled: ids, dates, and texts of "
                         "more than 200 different values are not",
                   d->from_name);
}

static kmseg_status widen(describing *d) {
    kmseg_result *result = d->result;
    kmseg_profile_options options;
    kmseg_profile *more = NULL, *both = NULL;
    kmseg_profile_options_init(&options);
    options.value = "";
    options.max_traits = result->profile->max_traits;
    leave_known(d);
    KM_TRY(kmseg_profile_new(d->ctx, d->joined, NULL, result->n_samples, result->labels,
                             result->n_segments, NULL, &options, &more));
    d->said.n_profiled = more->n_columns;
    d->said.n_left_out = d->joined->n_columns - 1 - more->n_columns;
    kmseg_status status = more->n_columns > 0
                              ? km_profile_extend(d->ctx, result->profile, more, &both)
                              : fail_nothing(d);
    kmseg_profile_free(more);
    if (status == KMSEG_OK) {
        kmseg_profile_free(result->profile);
        result->profile = both;
    }
    return status;
}

static kmseg_status describe(describing *d) {
    KM_TRY(km_need_profile(d->ctx, d->result, "describing segments by more columns"));
    KM_TRY(list_customers(d));
    KM_TRY(find_key(d));
    kmseg_status status =
        kmseg_table_join(d->ctx, d->customers, d->from, &d->join, &d->joined, &d->said.join);
    if (status != KMSEG_OK) {
        return explain(d, status);
    }
    d->said.join.key = d->result->prepare->id;
    return widen(d);
}

kmseg_status kmseg_result_describe(kmseg_context *ctx, kmseg_result *result,
                                   const kmseg_table *from, const kmseg_join_options *options,
                                   kmseg_description *out) {
    describing d = {.ctx = ctx, .result = result, .from = from};
    kmseg_join_options_init(&d.join);
    d.join = options != NULL ? *options : d.join;
    d.from_name = d.join.from_name != NULL ? d.join.from_name : "the other table";
    kmseg_status status = describe(&d);
    kmseg_table_free(d.customers);
    kmseg_table_free(d.joined);
    if (status == KMSEG_OK && out != NULL) {
        *out = d.said;
    }
    return status;
}
