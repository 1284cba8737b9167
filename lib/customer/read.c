/* Reading the columns of an order log that matter, its own and those that files joined to its lines
 * add: the account of a buyer, the category of a product. */
#include "customer/orders.h"

#include <kmseg/join.h>
#include <kmseg/source.h>

#include <string.h>

enum { MOST_COLUMNS = KM_ORDER_COLUMNS + KMSEG_MOST_ORDER_JOINS };

/* Columns of one file, each under a type, once. */
typedef struct wishes {
    kmseg_column_request requests[MOST_COLUMNS];
    const char *select[MOST_COLUMNS];
    int32_t n;
} wishes;

/* among: the columns that the file has; NULL: not asked. but: these are read elsewhere; or NULL. */
static void wish(wishes *w, const kmseg_table *among, const kmseg_table *but, const char *name,
                 kmseg_column_type type) {
    for (int32_t i = 0; i < w->n; i++) {
        if (name != NULL && strcmp(name, w->select[i]) == 0) {
            return;
        }
    }
    if (name != NULL && name[0] != '\0' && (among == NULL || kmseg_table_find(among, name) >= 0) &&
        (but == NULL || kmseg_table_find(but, name) < 0)) {
        w->requests[w->n] = (kmseg_column_request){name, type};
        w->select[w->n++] = name;
    }
}

static void wish_all(wishes *w, const kmseg_table *among, const kmseg_table *but,
                     const kmseg_features_options *options) {
    const char *const texts[] = {options->customer, options->order,    options->buyer,
                                 options->product,  options->category, options->channel};
    const char *const numbers[] = {options->amount, options->quantity, options->price,
                                   options->discount};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        wish(w, among, but, texts[i], KMSEG_COLUMN_TEXT);
    }
    wish(w, among, but, options->date, KMSEG_COLUMN_TIME);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        wish(w, among, but, numbers[i], KMSEG_COLUMN_NUMBER);
    }
}

static kmseg_csv_options how_to_read(const wishes *w, const kmseg_features_options *options) {
    kmseg_csv_options csv;
    kmseg_csv_options_init(&csv);
    csv.lenient = 1;
    csv.date_order = options->date_order;
    csv.n_requests = w->n;
    csv.requests = w->requests;
    csv.n_select = w->n;
    csv.select = w->select;
    return csv;
}

void km_order_requests(const kmseg_features_options *options, kmseg_column_request *requests,
                       const char **select, kmseg_csv_options *out) {
    wishes w = {.n = 0};
    wish_all(&w, NULL, NULL, options);
    *out = how_to_read(&w, options);
    memcpy(requests, w.requests, (size_t)w.n * sizeof *requests);
    memcpy((void *)select, (const void *)w.select, (size_t)w.n * sizeof *select);
    out->requests = requests;
    out->select = select;
}

static kmseg_status read_wishes(kmseg_context *ctx, const char *path, const wishes *w,
                                const kmseg_features_options *options, int all_columns,
                                kmseg_table **out) {
    kmseg_csv_options csv = how_to_read(w, options);
    csv.n_select = all_columns ? 0 : w->n;
    return kmseg_source_read(ctx, path, &csv, out);
}

/* ---- joined files ---- */

/* One file that is joined: its request, its columns, the two keys. */
typedef struct joined {
    kmseg_join_request asked;
    kmseg_table *columns;
    const char *key, *from_key;
} joined;

static kmseg_status fail_key(kmseg_context *ctx, const joined *j, const kmseg_table *columns,
                             const char *key) {
    kmseg_status status = km_table_fail_no_column(ctx, columns, key);
    return km_fail_prefix(ctx, status, "--join %s", j->asked.path);
}

/* The keys that were named, or the only name that both have. */
static kmseg_status find_keys(kmseg_context *ctx, const kmseg_table *own, joined *j) {
    j->from_key = j->asked.from_key[0] != '\0' ? j->asked.from_key : NULL;
    j->key = j->asked.key[0] != '\0' ? j->asked.key : j->from_key;
    int n = 0;
    for (int32_t i = 0; i < kmseg_table_n_columns(j->columns) && j->from_key == NULL; i++) {
        const char *name = kmseg_table_column(j->columns, i)->name;
        if (kmseg_table_find(own, name) >= 0) {
            j->key = name;
            n++;
        }
    }
    if (j->from_key == NULL && n != 1) {
        return km_fail(ctx, KMSEG_E_NOT_FOUND,
                       "--join %s: %s columns of it and of the orders have the same name; name the "
                       "key, as in --join %s:KEY",
                       j->asked.path, n > 1 ? "several" : "no", j->asked.path);
    }
    j->from_key = j->from_key != NULL ? j->from_key : j->key;
    if (kmseg_table_find(j->columns, j->from_key) < 0) {
        return fail_key(ctx, j, j->columns, j->from_key);
    }
    return kmseg_table_find(own, j->key) < 0 ? fail_key(ctx, j, own, j->key) : KMSEG_OK;
}

static void free_joined(joined *all, int32_t n) {
    for (int32_t i = 0; i < n; i++) {
        kmseg_table_free(all[i].columns);
    }
}

static kmseg_status open_one(kmseg_context *ctx, const kmseg_table *own, const char *text,
                             size_t length, joined *j) {
    if (!kmseg_join_request_read(text, length, &j->asked)) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "--join needs a file and its key, such as contacts.csv:contact_id");
    }
    KM_TRY(kmseg_source_columns(ctx, j->asked.path, NULL, &j->columns));
    return find_keys(ctx, own, j);
}

/* Of every request of options the file's columns and keys; on failure all is freed. */
static kmseg_status open_joined(kmseg_context *ctx, const kmseg_table *own,
                                const kmseg_features_options *options, joined *all, int32_t *out) {
    int32_t n = 0;
    kmseg_status status = KMSEG_OK;
    for (const char *at = options->join; status == KMSEG_OK && at != NULL && *at != '\0';) {
        size_t length = strcspn(at, "\n");
        if (n == KMSEG_MOST_ORDER_JOINS) {
            status = km_fail(ctx, KMSEG_E_ARGUMENT, "--join: at most %d files can be joined",
                             KMSEG_MOST_ORDER_JOINS);
            break;
        }
        all[n].columns = NULL;
        status = open_one(ctx, own, at, length, &all[n]);
        n++;
        at += length + (at[length] == '\n');
    }
    if (status != KMSEG_OK) {
        free_joined(all, n);
        n = 0;
    }
    *out = n;
    return status;
}

static int has_joins(const kmseg_features_options *options) {
    return options->join != NULL && options->join[0] != '\0';
}

/* Names alone: what a file adds to a table of no rows; its key is there under the other's name. */
static kmseg_status add_names(kmseg_context *ctx, const joined *j, kmseg_table *to) {
    for (int32_t i = 0; i < kmseg_table_n_columns(j->columns); i++) {
        const char *name = kmseg_table_column(j->columns, i)->name;
        if (kmseg_table_find(to, name) < 0 && strcmp(name, j->from_key) != 0) {
            double *none;
            KM_TRY(km_table_add_number_column(ctx, to, name, &none));
        }
    }
    return KMSEG_OK;
}

kmseg_status km_order_columns(kmseg_context *ctx, const char *path,
                              const kmseg_features_options *options, kmseg_table **out) {
    *out = NULL;
    kmseg_table *columns;
    KM_TRY(kmseg_source_columns(ctx, path, NULL, &columns));
    if (!has_joins(options)) {
        *out = columns;
        return KMSEG_OK;
    }
    joined all[KMSEG_MOST_ORDER_JOINS];
    int32_t n = 0;
    kmseg_status status = open_joined(ctx, columns, options, all, &n);
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        status = add_names(ctx, &all[i], columns);
    }
    free_joined(all, n);
    if (status != KMSEG_OK) {
        kmseg_table_free(columns);
        return status;
    }
    *out = columns;
    return KMSEG_OK;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void copy_name(char to[64], const char *name) {
    size_t length = strnlen(name, 63);
    memcpy(to, name, length);
    to[length] = '\0';
}

static void tell(const joined *j, const kmseg_join_counts *counts, kmseg_features_report *report) {
    kmseg_order_join *to = &report->joins[report->n_joins++];
    copy_name(to->file, base_name(j->asked.path));
    copy_name(to->key, j->key);
    copy_name(to->from_key, j->from_key);
    to->n_lines = counts->n_rows;
    to->n_matched = counts->n_matched;
    to->n_from = counts->n_from;
    to->n_from_unmatched = counts->n_from_unmatched;
}

/* Reads of one file the columns that are wanted and that nothing before it has, and joins them. */
static kmseg_status join_one(kmseg_context *ctx, const joined *j,
                             const kmseg_features_options *options, kmseg_table **orders,
                             kmseg_features_report *report) {
    wishes w = {.n = 0};
    wish_all(&w, j->columns, *orders, options);
    if (w.n == 0) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "--join %s: no column of it is used to build customers from orders; columns "
                       "that describe customers are joined where segments are made (kmseg fit "
                       "--join)",
                       j->asked.path);
    }
    wish(&w, NULL, NULL, j->from_key, KMSEG_COLUMN_TEXT);
    kmseg_table *from = NULL, *wider = NULL;
    KM_TRY(read_wishes(ctx, j->asked.path, &w, options, 0, &from));
    kmseg_join_options join;
    kmseg_join_options_init(&join);
    join.key = j->key;
    join.from_key = j->from_key;
    join.from_name = base_name(j->asked.path);
    kmseg_join_counts counts;
    kmseg_status status = kmseg_table_join(ctx, *orders, from, &join, &wider, &counts);
    if (status == KMSEG_OK) {
        tell(j, &counts, report);
        kmseg_table_free(*orders);
        *orders = wider;
    }
    kmseg_table_free(from);
    return status;
}

static kmseg_status read_joined(kmseg_context *ctx, const char *path, const kmseg_table *own,
                                const kmseg_features_options *options, int all_columns,
                                kmseg_table **orders, kmseg_features_report *report) {
    joined all[KMSEG_MOST_ORDER_JOINS];
    int32_t n = 0;
    KM_TRY(open_joined(ctx, own, options, all, &n));
    wishes w = {.n = 0};
    wish_all(&w, own, NULL, options);
    for (int32_t i = 0; i < n; i++) {
        wish(&w, own, NULL, all[i].key, KMSEG_COLUMN_TEXT);
    }
    kmseg_status status = read_wishes(ctx, path, &w, options, all_columns, orders);
    for (int32_t i = 0; i < n && status == KMSEG_OK; i++) {
        status = join_one(ctx, &all[i], options, orders, report);
    }
    free_joined(all, n);
    return status;
}

kmseg_status km_read_orders(kmseg_context *ctx, const char *path,
                            const kmseg_features_options *options, int all_columns,
                            kmseg_table **out, kmseg_features_report *report) {
    *out = NULL;
    report->n_joins = 0;
    if (!has_joins(options)) {
        wishes w = {.n = 0};
        wish_all(&w, NULL, NULL, options);
        return read_wishes(ctx, path, &w, options, all_columns, out);
    }
    kmseg_table *own, *orders = NULL;
    KM_TRY(kmseg_source_columns(ctx, path, NULL, &own));
    kmseg_status status = read_joined(ctx, path, own, options, all_columns, &orders, report);
    kmseg_table_free(own);
    if (status != KMSEG_OK) {
        kmseg_table_free(orders);
        return status;
    }
    *out = orders;
    return KMSEG_OK;
}
