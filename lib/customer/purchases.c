/* From a grouped order log to what the models of lifetime value need to know of each customer. */
#include "base/parallel.h"
#include "customer/orders.h"

#include <kmseg/clv.h>
#include <kmseg/source.h>

#include <math.h>
#include <string.h>

enum { CUSTOMERS_PER_CHUNK = 1024 };

typedef struct room {
    km_pair *days, *spare;
    int64_t capacity;
} room;

/* What is known of a customer at the end of the observation. */
typedef struct history {
    int64_t first, last; /* days */
    int64_t days, later; /* distinct days with a purchase, up to the end and behind it */
    km_int128 repeat_spend;
} history;

typedef struct purchases {
    kmseg_context *ctx;
    const km_order_log *log;
    int64_t end; /* last day of the observation */
    history *histories;
    room *rooms; /* of each thread */
    atomic_int out_of_memory;
} purchases;

static int reserve(purchases *p, room *s, int64_t n) {
    if (n <= s->capacity) {
        return 1;
    }
    int64_t capacity = 2 * s->capacity > n ? 2 * s->capacity : n;
    km_pair *days = km_allocate_array(&p->ctx->allocator, 2 * capacity, sizeof *days);
    if (days == NULL) {
        return 0;
    }
    km_release(&p->ctx->allocator, s->days);
    *s = (room){days, days + capacity, capacity};
    return 1;
}

/* Lines of days that have a purchase, and spend after the first of them. */
static history summarise(const purchases *p, room *s, int64_t row) {
    const km_order_log *log = p->log;
    history h = {.first = INT64_MAX};
    int64_t n = 0;
    for (int64_t i = log->start[row]; i < log->start[row + 1]; i++) {
        int64_t line = log->lines[i];
        if (log->state[line] == KM_LINE_SALE) {
            int64_t day = km_day_of(log->time[line]);
            h.first = day < h.first ? day : h.first;
            s->days[n++] = (km_pair){(uint64_t)day ^ UINT64_C(1) << 63, day};
        }
    }
    km_sort_pairs(s->days, s->spare, n);
    for (int64_t i = 0; i < n; i++) {
        int64_t day = s->days[i].value;
        if (i > 0 && day == s->days[i - 1].value) {
            continue;
        }
        if (day <= p->end) {
            h.days++;
            h.last = day;
        } else {
            h.later++;
        }
    }
    for (int64_t i = log->start[row]; i < log->start[row + 1]; i++) {
        int64_t line = log->lines[i], day = km_day_of(log->time[line]);
        if (day > h.first && day <= p->end) {
            h.repeat_spend += log->value[line]; /* 0 for a return that was dropped */
        }
    }
    return h;
}

static void summarise_chunk(void *argument, int64_t chunk, int32_t thread) {
    purchases *p = argument;
    int64_t from = chunk * CUSTOMERS_PER_CHUNK, to = from + CUSTOMERS_PER_CHUNK;
    to = to < p->log->n_customers ? to : p->log->n_customers;
    for (int64_t row = from; row < to; row++) {
        if (!reserve(p, &p->rooms[thread], p->log->start[row + 1] - p->log->start[row])) {
            atomic_store(&p->out_of_memory, 1);
            return;
        }
        p->histories[row] = summarise(p, &p->rooms[thread], row);
    }
    km_progress_step(p->ctx, to - from, thread == 0);
}

static kmseg_status summarise_all(purchases *p, km_arena *arena) {
    int32_t threads = kmseg_context_threads(p->ctx);
    p->histories = km_arena_take(arena, (size_t)p->log->n_customers * sizeof *p->histories);
    p->rooms = km_arena_array(arena, threads, sizeof *p->rooms);
    if (p->histories == NULL || p->rooms == NULL) {
        return km_fail_memory(p->ctx, "purchases of customers");
    }
    km_progress_begin(p->ctx, "purchases", p->log->n_customers);
    kmseg_status status = km_parallel(p->ctx, km_chunks(p->log->n_customers, CUSTOMERS_PER_CHUNK),
                                      summarise_chunk, p);
    km_progress_end(p->ctx);
    for (int32_t i = 0; i < threads; i++) {
        km_release(&p->ctx->allocator, p->rooms[i].days);
    }
    if (status == KMSEG_OK && atomic_load(&p->out_of_memory)) {
        status = km_fail_memory(p->ctx, "purchases of customers");
    }
    return status;
}

static kmseg_status add_ids(kmseg_context *ctx, const purchases *p, kmseg_table *table) {
    int32_t *codes;
    KM_TRY(km_table_add_code_column(ctx, table, "customer_id", &codes));
    const char **levels = km_arena_array(&table->arena, table->n_rows, sizeof *levels);
    int32_t n = 0;
    for (int64_t row = 0; levels != NULL && row < p->log->n_customers; row++) {
        if (p->histories[row].days > 0) {
            codes[n] = n;
            levels[n] =
                km_arena_text(&table->arena, p->log->customer.levels[p->log->customers[row]]);
            levels = levels[n] != NULL ? levels : NULL;
            n++;
        }
    }
    if (levels == NULL) {
        return km_fail_memory(ctx, "customer ids");
    }
    KM_TRY(km_table_set_levels(ctx, table, 0, n, levels));
    return kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_ID, NULL);
}

static kmseg_status add_column(kmseg_context *ctx, kmseg_table *table, const char *name,
                               const char *unit, double **out) {
    KM_TRY(km_table_add_number_column(ctx, table, name, out));
    return kmseg_table_describe(ctx, table, table->n_columns - 1, KMSEG_ROLE_DESCRIBE, unit);
}

static kmseg_status fill(kmseg_context *ctx, const purchases *p, const kmseg_clv_options *options,
                         kmseg_table *table) {
    double unit = strcmp(options->unit, "weeks") == 0 ? 7 : 1;
    double *x, *t_x, *T, *spend, *holdout = NULL;
    KM_TRY(add_ids(ctx, p, table));
    KM_TRY(add_column(ctx, table, "x", "purchases", &x));
    KM_TRY(add_column(ctx, table, "t_x", options->unit, &t_x));
    KM_TRY(add_column(ctx, table, "T", options->unit, &T));
    KM_TRY(add_column(ctx, table, "mean_spend", "", &spend));
    if (options->holdout != NULL) {
        KM_TRY(add_column(ctx, table, "holdout_purchases", "purchases", &holdout));
    }
    int64_t n = 0;
    for (int64_t row = 0; row < p->log->n_customers; row++) {
        const history *h = &p->histories[row];
        if (h->days == 0) {
            continue;
        }
        double repeats = (double)(h->days - 1);
        x[n] = repeats;
        t_x[n] = (double)(h->last - h->first) / unit;
        T[n] = (double)(p->end - h->first) / unit;
        spend[n] = repeats > 0 ? km_from_micro(h->repeat_spend) / repeats : NAN;
        if (holdout != NULL) {
            holdout[n] = (double)h->later;
        }
        n++;
    }
    for (int32_t i = 0; i < table->n_columns; i++) {
        km_table_count_missing(table, i);
    }
    return KMSEG_OK;
}

static kmseg_status make_table(kmseg_context *ctx, const purchases *p,
                               const kmseg_clv_options *options, kmseg_table **out) {
    int64_t n = 0;
    for (int64_t row = 0; row < p->log->n_customers; row++) {
        n += p->histories[row].days > 0;
    }
    if (n == 0) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "no order is before the holdout of %s; choose a later date",
                       options->holdout);
    }
    kmseg_table *table;
    KM_TRY(kmseg_table_new(ctx, n, &table));
    kmseg_status status = fill(ctx, p, options, table);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    *out = table;
    return KMSEG_OK;
}

/* The day that a date names, or the first whole day behind it. */
static kmseg_status read_day(kmseg_context *ctx, const char *name, const char *text,
                             const char *date_order, int64_t *out) {
    int64_t seconds;
    kmseg_status status =
        kmseg_time_parse(ctx, text, strcmp(date_order, "day_first") == 0, &seconds);
    if (status != KMSEG_OK) {
        return km_fail_prefix(ctx, status, "--%s", name);
    }
    *out = -km_day_of(-seconds);
    return KMSEG_OK;
}

/* Last day that the log tells about: a customer without an order until then had none. */
static kmseg_status find_end(kmseg_context *ctx, const km_order_log *log,
                             const kmseg_features_options *cleaning, int64_t *out) {
    *out = log->reference_day - 1;
    if (cleaning->reference_date != NULL || cleaning->until == NULL || cleaning->until[0] == '\0') {
        return KMSEG_OK;
    }
    int64_t until = 0, last = log->last_order;
    KM_TRY(read_day(ctx, "until", cleaning->until, cleaning->date_order, &until));
    for (int64_t r = 0; r < log->n_lines; r++) {
        last = log->time[r] > last ? log->time[r] : last;
    }
    *out = until - 1 < km_day_of(last) ? until - 1 : km_day_of(last);
    return KMSEG_OK;
}

static kmseg_status summary(kmseg_context *ctx, km_order_log *log,
                            const kmseg_features_options *cleaning,
                            const kmseg_clv_options *options, kmseg_table **out,
                            kmseg_clv_report *report) {
    purchases p = {.ctx = ctx, .log = log};
    int64_t end;
    KM_TRY(find_end(ctx, log, cleaning, &end));
    p.end = end;
    if (options->holdout != NULL) {
        int64_t start = 0;
        KM_TRY(read_day(ctx, "holdout", options->holdout, cleaning->date_order, &start));
        if (start > end) {
            return km_fail(ctx, KMSEG_E_DATA,
                           "the log ends before the holdout of %s begins; choose an earlier date",
                           options->holdout);
        }
        p.end = start - 1;
        report->has_holdout = 1;
        report->holdout.start = start * KM_DAY;
        report->holdout.end = end * KM_DAY;
        report->holdout.length =
            (double)(end - p.end) / (strcmp(options->unit, "weeks") == 0 ? 7 : 1);
    }
    report->observation_start = km_day_of(log->first_order) * KM_DAY;
    report->observation_end = p.end * KM_DAY;
    KM_TRY(summarise_all(&p, &log->arena));
    return make_table(ctx, &p, options, out);
}

kmseg_status kmseg_clv_summary(kmseg_context *ctx, const kmseg_table *orders,
                               const kmseg_features_options *cleaning,
                               const kmseg_clv_options *options, kmseg_table **out,
                               kmseg_clv_report *out_report) {
    *out = NULL;
    kmseg_clv_report report = {0};
    KM_TRY(kmseg_options_check(ctx, kmseg_features_option_table(), cleaning));
    KM_TRY(kmseg_options_check(ctx, kmseg_clv_option_table(), options));
    kmseg_features_options found = *cleaning;
    found.product = found.category = found.channel = found.discount = found.buyer = "";
    KM_TRY(kmseg_features_find_columns(ctx, orders, &found));
    km_report_columns(&found, &report.orders);
    km_order_log log;
    kmseg_status status = km_log_open(ctx, orders, &found, &log);
    if (status == KMSEG_OK) {
        status = km_log_clean(ctx, orders, &found, &log, &report.orders);
    }
    if (status == KMSEG_OK) {
        status = km_log_group(ctx, &log, &report.orders);
    }
    if (status == KMSEG_OK) {
        status = summary(ctx, &log, &found, options, out, &report);
    }
    km_log_free(&log);
    if (status == KMSEG_OK && out_report != NULL) {
        *out_report = report;
    }
    return status;
}
