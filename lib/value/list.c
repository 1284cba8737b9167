/* Customers of a list who have no order: rows that are added to a customer table. */
#include "base/text.h"
#include "data/dictionary.h"
#include "value/value.h"

#include <kmseg/source.h>

#include <math.h>
#include <string.h>

enum { ID_CAPACITY = 64 };

/* An id as text; NULL where it is missing. */
static const char *id_text(const kmseg_column *column, int64_t r, char room[ID_CAPACITY]) {
    switch (column->type) {
    case KMSEG_COLUMN_TEXT: return column->codes[r] >= 0 ? column->levels[column->codes[r]] : NULL;
    case KMSEG_COLUMN_NUMBER:
        km_format_double(column->numbers[r], room, ID_CAPACITY);
        return isnan(column->numbers[r]) ? NULL : room;
    case KMSEG_COLUMN_TIME:
        if (column->times[r] == KMSEG_TIME_MISSING) {
            return NULL;
        }
        kmseg_time_format(column->times[r], room, ID_CAPACITY);
        return room;
    }
    return NULL;
}

typedef struct joining {
    kmseg_context *ctx;
    const kmseg_table *customers, *list;
    int32_t id, list_id; /* columns */
    km_arena scratch;
    km_dictionary known; /* ids of the customers, then of the list */
    int32_t n_customers; /* distinct ids of the customers: codes below it */
    uint8_t *listed;     /* of those */
    kmseg_list_report report;
    const char **added; /* ids that are new, distinct, in order of id */
} joining;

static kmseg_status find_list_column(joining *j, const char *name) {
    KM_TRY(km_id_column(j->ctx, j->list, name, &j->list_id));
    if (j->list_id < 0 && kmseg_table_n_columns(j->list) == 1) {
        j->list_id = 0;
    }
    if (j->list_id < 0) {
        char names[600];
        km_table_names(j->list, names, sizeof names);
        return km_fail(j->ctx, KMSEG_E_NOT_FOUND,
                       "no column of the list looks like the customer; name it. The columns are %s",
                       names);
    }
    return KMSEG_OK;
}

/* Adds the ids of a column to the dictionary; calls see() with the code of each. */
static kmseg_status add_ids(joining *j, const kmseg_column *column, int64_t *n_missing,
                            void (*see)(joining *j, int32_t code)) {
    char room[ID_CAPACITY];
    for (int64_t r = 0; r < column->n_rows; r++) {
        const char *text = id_text(column, r, room);
        int32_t code = text != NULL ? km_dictionary_add(&j->known, text, strlen(text)) : -1;
        if (text != NULL && code < 0) {
            return km_fail_memory(j->ctx, "a list of customers");
        }
        *n_missing += text == NULL;
        if (code >= 0 && see != NULL) {
            see(j, code);
        }
    }
    return KMSEG_OK;
}

static void see_listed(joining *j, int32_t code) {
    if (code < j->n_customers && !j->listed[code]) {
        j->listed[code] = 1;
        j->report.n_known++;
    }
}

/* New ids are behind the known ones in the dictionary; sorted through a table of their own. */
static kmseg_status sort_added(joining *j) {
    int64_t n = j->known.n - j->n_customers;
    const char *const *texts = j->known.texts + j->n_customers;
    kmseg_table *table;
    j->report.n_added = n;
    j->added = km_arena_array(&j->scratch, n, sizeof *j->added);
    int64_t *order = km_arena_array(&j->scratch, n, sizeof *order);
    if (j->added == NULL || order == NULL) {
        return km_fail_memory(j->ctx, "a list of customers");
    }
    KM_TRY(kmseg_table_new(j->ctx, n, &table));
    kmseg_status status = kmseg_table_add_texts(j->ctx, table, "id", texts);
    if (status == KMSEG_OK) {
        status = km_order_by_id(j->ctx, table, 0, order);
    }
    for (int64_t i = 0; status == KMSEG_OK && i < n; i++) {
        j->added[i] = texts[order[i]];
    }
    kmseg_table_free(table);
    return status;
}

static kmseg_status compare(joining *j) {
    const kmseg_column *ids = kmseg_table_column(j->customers, j->id);
    const kmseg_column *list = kmseg_table_column(j->list, j->list_id);
    int64_t n_without_id = 0;
    KM_TRY(add_ids(j, ids, &n_without_id, NULL));
    j->n_customers = j->known.n;
    j->listed = km_arena_array(&j->scratch, j->n_customers, sizeof *j->listed);
    if (j->listed == NULL) {
        return km_fail_memory(j->ctx, "a list of customers");
    }
    j->report.n_rows = list->n_rows;
    KM_TRY(add_ids(j, list, &j->report.n_missing, see_listed));
    char room[ID_CAPACITY];
    for (int64_t r = 0; r < ids->n_rows; r++) {
        const char *text = id_text(ids, r, room);
        int32_t code = text != NULL ? km_dictionary_find(&j->known, text, strlen(text)) : -1;
        j->report.n_unlisted += code < 0 || !j->listed[code];
    }
    return sort_added(j);
}

/* Ids of the new rows, in a column that is still ours to fill. */
static kmseg_status name_rows(joining *j, kmseg_table *table) {
    const kmseg_column *column = kmseg_table_column(table, j->id);
    int64_t first = j->customers->n_rows, n = j->report.n_added;
    if (column->type == KMSEG_COLUMN_NUMBER) {
        double *numbers = (double *)(void *)column->numbers;
        for (int64_t i = 0; i < n; i++) {
            if (!km_parse_double(j->added[i], &numbers[first + i])) {
                return km_fail(j->ctx, KMSEG_E_DATA,
                               "customers are named by numbers, and the list has \"%s\"",
                               j->added[i]);
            }
        }
    } else if (column->type == KMSEG_COLUMN_TEXT) {
        int32_t n_levels = column->n_levels;
        if (n > INT32_MAX - n_levels) {
            return km_fail(j->ctx, KMSEG_E_DATA, "more than 2^31 customers");
        }
        const char **levels = km_arena_array(&j->scratch, n_levels + n, sizeof *levels);
        int32_t *codes = (int32_t *)(void *)column->codes;
        for (int32_t i = 0; levels != NULL && i < n_levels; i++) {
            levels[i] = column->levels[i];
        }
        for (int64_t i = 0; levels != NULL && i < n; i++) {
            levels[n_levels + i] = km_arena_text(&table->arena, j->added[i]);
            codes[first + i] = n_levels + (int32_t)i;
            levels = levels[n_levels + i] != NULL ? levels : NULL;
        }
        if (levels == NULL) {
            return km_fail_memory(j->ctx, "a list of customers");
        }
        KM_TRY(km_table_set_levels(j->ctx, table, j->id, n_levels + (int32_t)n, levels));
    } else {
        return km_fail(j->ctx, KMSEG_E_DATA, "column %s holds times; it needs to name customers",
                       column->name);
    }
    km_table_count_missing(table, j->id);
    return KMSEG_OK;
}

static void set_zero(const joining *j, kmseg_table *table, const char *name) {
    int32_t i = name != NULL ? kmseg_table_find(table, name) : -1;
    const kmseg_column *column = i >= 0 ? kmseg_table_column(table, i) : NULL;
    if (column != NULL && column->type == KMSEG_COLUMN_NUMBER) {
        double *numbers = (double *)(void *)column->numbers;
        for (int64_t r = j->customers->n_rows; r < table->n_rows; r++) {
            numbers[r] = 0;
        }
        km_table_count_missing(table, i);
    }
}

static kmseg_status extend(joining *j, const kmseg_value_columns *columns, kmseg_table **out) {
    int64_t n_old = j->customers->n_rows, n = n_old + j->report.n_added;
    int64_t *from = km_arena_array(&j->scratch, n, sizeof *from);
    if (from == NULL) {
        return km_fail_memory(j->ctx, "a list of customers");
    }
    for (int64_t r = 0; r < n; r++) {
        from[r] = r < n_old ? r : -1;
    }
    KM_TRY(km_table_take_rows(j->ctx, j->customers, from, n, out));
    KM_TRY(name_rows(j, *out));
    set_zero(j, *out, columns->frequency);
    set_zero(j, *out, columns->monetary);
    if (j->customers->params != NULL) { /* what is known of their orders still holds */
        (*out)->params = km_arena_text(&(*out)->arena, j->customers->params);
        KM_TRY((*out)->params != NULL ? KMSEG_OK : km_fail_memory(j->ctx, "a list"));
    }
    return KMSEG_OK;
}

static kmseg_status join(joining *j, const kmseg_value_columns *columns, const char *column,
                         kmseg_table **out) {
    KM_TRY(km_id_column(j->ctx, j->customers, columns->id, &j->id));
    if (j->id < 0) {
        return km_fail(j->ctx, KMSEG_E_NOT_FOUND,
                       "the customers have no column that looks like their id; name it with "
                       "--id-column");
    }
    KM_TRY(find_list_column(j, column));
    KM_TRY(compare(j));
    return extend(j, columns, out);
}

kmseg_status kmseg_customers_add_list(kmseg_context *ctx, const kmseg_table *customers,
                                      const kmseg_value_columns *columns, const kmseg_table *list,
                                      const char *column, kmseg_table **out,
                                      kmseg_list_report *out_report) {
    *out = NULL;
    kmseg_value_columns default_columns;
    kmseg_value_columns_init(&default_columns);
    columns = columns != NULL ? columns : &default_columns;
    joining j = {.ctx = ctx, .customers = customers, .list = list};
    km_arena_init(&j.scratch, &ctx->allocator);
    kmseg_status status = km_fail_memory(ctx, "a list of customers");
    if (km_dictionary_init(&j.known, &j.scratch, &ctx->allocator)) {
        status = join(&j, columns, column, out);
        km_dictionary_free(&j.known);
    }
    km_arena_free(&j.scratch);
    if (status != KMSEG_OK) {
        kmseg_table_free(*out);
        *out = NULL;
        return status;
    }
    if (out_report != NULL) {
        *out_report = j.report;
    }
    return KMSEG_OK;
}
