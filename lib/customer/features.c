/* Features of customers from their grouped lines.
 *
 * A customer's numbers come from integers that are summed or sorted, so they depend neither on the
 * order of the lines nor on threads. */
#include "customer/features.h"

#include "base/parallel.h"

#include <math.h>
#include <string.h>

enum { LINES_PER_CHUNK = 1 << 15, AHEAD = 24 };

/* What one pass over a customer's lines gives. */
typedef struct tally {
    int64_t n_runs, n_sales, n_returns; /* runs of sales; lines */
    int64_t n_products, n_categories;
    km_int128 spend, sales, items, discounts; /* sales: spend without returns */
    km_int128 category[KM_MOST_SHARES], channel[KM_MOST_SHARES];
} tally;

static int reserve(km_features *b, km_feature_scratch *s, int64_t n) {
    if (n <= s->capacity) {
        return 1;
    }
    int64_t capacity = 2 * s->capacity > n ? 2 * s->capacity : n;
    km_pair *orders = km_allocate_array(&b->ctx->allocator, 2 * capacity, sizeof *orders);
    if (orders == NULL) {
        return 0;
    }
    km_release(&b->ctx->allocator, s->orders);
    s->orders = orders;
    s->spare = orders + capacity;
    s->capacity = capacity;
    return 1;
}

/* Marks of the levels that a customer has had, one array per thread, made when it is first used. */
static int reserve_seen(km_features *b, const km_codes *codes, int32_t **seen) {
    if (codes->codes == NULL || *seen != NULL) {
        return 1;
    }
    *seen = km_allocate_array(&b->ctx->allocator, codes->n_levels, sizeof **seen);
    if (*seen != NULL) {
        memset(*seen, 0xff, (size_t)codes->n_levels * sizeof **seen);
    }
    return *seen != NULL;
}

static int64_t count_new(const km_codes *codes, int32_t *seen, int64_t line, int32_t row) {
    if (codes->codes == NULL || codes->codes[line] < 0 || seen[codes->codes[line]] == row) {
        return 0;
    }
    seen[codes->codes[line]] = row;
    return 1;
}

static void add_share(const km_family *f, const km_codes *codes, int64_t line, int64_t value,
                      km_int128 *sums) {
    if (f->slot != NULL && codes->codes[line] >= 0 && f->slot[codes->codes[line]] >= 0) {
        sums[f->slot[codes->codes[line]]] += value;
    }
}

/* Lines without an order id belong to the order of their time. */
static uint64_t order_key(const km_order_log *log, int64_t line) {
    if (log->order_key != NULL) {
        return log->order_key[line];
    }
    if (log->order.codes != NULL && log->order.codes[line] >= 0) {
        return (uint64_t)log->order.codes[line];
    }
    return (UINT64_C(1) << 63 | (uint64_t)INT32_MAX) + (uint64_t)log->time[line];
}

/* A log is in order of time, so the lines of a customer lie far apart in every column: ask for those
 * some lines ahead, or each is waited for. */
static void prefetch(const km_features *b, const km_order_log *log, int64_t line) {
    __builtin_prefetch(&log->value[line]);
    __builtin_prefetch(&log->state[line]);
    __builtin_prefetch(&log->time[line]);
    const km_codes *codes[] = {&log->order, &log->product, &log->category, &log->channel};
    for (int i = 0; i < 4; i++) {
        if (codes[i]->codes != NULL) {
            __builtin_prefetch(&codes[i]->codes[line]);
        }
    }
    if (b->single[KM_BASKET_ITEMS] != NULL && log->quantity != NULL) {
        __builtin_prefetch(&log->quantity[line]);
    }
    if (log->discount != NULL) {
        __builtin_prefetch(&log->discount[line]);
    }
}

/* Items and discounts of a line, or of the lines of a run. */
static int64_t items_of(const km_order_log *log, int64_t line) {
    if (log->items != NULL) {
        return log->items[line];
    }
    return km_items(log->quantity[line]);
}

static int64_t discounts_of(const km_order_log *log, int64_t line) {
    if (log->discount_sum != NULL) {
        return log->discount_sum[line];
    }
    return km_discount(log->discount[line]);
}

/* Sums a customer's lines; its sales go to s->orders as (order, time). */
static void tally_lines(const km_features *b, km_feature_scratch *s, int32_t group, tally *t) {
    const km_order_log *log = s->log;
    int64_t n_lines = log->start[log->n_customers];
    memset(t, 0, sizeof *t);
    for (int64_t i = log->start[group]; i < log->start[group + 1]; i++) {
        if (i + AHEAD < n_lines) {
            prefetch(b, log, log->lines[i + AHEAD]);
        }
        int64_t line = log->lines[i], value = log->value[line];
        int64_t n_merged = log->n_merged != NULL ? log->n_merged[line] : 1;
        t->spend += value; /* 0 for a return that was dropped */
        if (log->state[line] != KM_LINE_SALE) {
            t->n_returns += n_merged;
            continue;
        }
        s->orders[t->n_runs++] = (km_pair){order_key(log, line), log->time[line]};
        t->n_sales += n_merged;
        t->sales += value;
        t->items += b->single[KM_BASKET_ITEMS] != NULL ? items_of(log, line) : 0;
        t->discounts += log->has_discount ? discounts_of(log, line) : 0;
        t->n_products += count_new(&log->product, s->product_seen, line, group);
        t->n_categories += count_new(&log->category, s->category_seen, line, group);
        add_share(&b->category, &log->category, line, value, t->category);
        add_share(&b->channel, &log->channel, line, value, t->channel);
    }
}

/* Merges sales into orders: s->orders becomes their times, ascending. Returns their number. */
static int64_t merge_orders(km_feature_scratch *s, int64_t n_sales) {
    km_sort_pairs(s->orders, s->spare, n_sales);
    int64_t n = 0;
    for (int64_t i = 0; i < n_sales; i++) {
        if (i > 0 && s->orders[i].key == s->orders[i - 1].key) {
            int64_t time = s->orders[i].value;
            s->spare[n - 1].value = time < s->spare[n - 1].value ? time : s->spare[n - 1].value;
        } else {
            s->spare[n++] = s->orders[i];
        }
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t time = s->spare[i].value;
        s->orders[i] = (km_pair){(uint64_t)time ^ UINT64_C(1) << 63, time};
    }
    km_sort_pairs(s->orders, s->spare, n);
    return n;
}

static double difference_over_sum(double last, double first) {
    double sum = fabs(last) + fabs(first);
    return sum > 0 ? (last - first) / sum : NAN;
}

/* Spend of the last half of the time from first to last order against the first half; what lies
 * exactly in the middle counts half in each, which cancels above the line. */
static double trend_of_spend(const km_order_log *log, int64_t group, int64_t first_day,
                             int64_t last_day) {
    if (first_day == last_day) {
        return NAN;
    }
    km_int128 halves[3] = {0}; /* before, in and behind the middle */
    for (int64_t i = log->start[group]; i < log->start[group + 1]; i++) {
        int64_t line = log->lines[i];
        int64_t twice = 2 * km_day_of(log->time[line]) - first_day - last_day;
        halves[twice < 0 ? 0 : twice == 0 ? 1 : 2] += log->value[line];
    }
    return difference_over_sum(km_from_micro(2 * halves[2] + halves[1]),
                               km_from_micro(2 * halves[0] + halves[1]));
}

static void set(const km_features *b, km_feature_index feature, int32_t row, double value) {
    if (b->single[feature] != NULL) {
        b->single[feature][row] = value;
    }
}

/* Features of the gaps between distinct order days; s->orders holds the times of n orders. */
static void write_gaps(const km_features *b, km_feature_scratch *s, int64_t n, int32_t row) {
    km_pair *gaps = s->orders;
    int64_t previous = km_day_of(s->orders[0].value), first = previous, n_gaps = 0;
    for (int64_t i = 1; i < n; i++) {
        int64_t day = km_day_of(s->orders[i].value);
        if (day != previous) {
            gaps[n_gaps++] = (km_pair){(uint64_t)(day - previous), day - previous};
            atomic_fetch_add_explicit(&b->gap_counts[day - previous], 1, memory_order_relaxed);
            previous = day;
        }
    }
    set(b, KM_ORDER_DAYS, row, (double)(n_gaps + 1));
    double mean = NAN, median = NAN, trend = NAN;
    if (n_gaps > 0) {
        mean = (double)(previous - first) / (double)n_gaps;
    }
    if (n_gaps > 1) {
        int64_t half = n_gaps / 2, early = 0, late = 0; /* the middle one of an odd number is out */
        for (int64_t i = 0; i < half; i++) {
            early += gaps[i].value;
            late += gaps[n_gaps - 1 - i].value;
        }
        trend = difference_over_sum((double)late, (double)early);
    }
    if (n_gaps > 0 && b->single[KM_GAP_MEDIAN] != NULL) {
        km_sort_pairs(gaps, s->spare, n_gaps);
        int64_t below = (n_gaps - 1) / 2, above = n_gaps / 2;
        median = 0.5 * (double)(gaps[below].value + gaps[above].value);
    }
    set(b, KM_GAP_MEAN, row, mean);
    set(b, KM_GAP_MEDIAN, row, median);
    set(b, KM_TREND_GAP, row, trend);
}

/* Shares of orders per weekday and band of hours. */
static void write_times(const km_features *b, const km_feature_scratch *s, int64_t n, int32_t row) {
    int64_t on_day[KM_N_WEEKDAYS] = {0}, in_band[KM_N_BANDS] = {0};
    for (int64_t i = 0; i < n; i++) {
        int64_t time = s->orders[i].value, day = km_day_of(time);
        on_day[km_weekday(day)]++;
        in_band[km_band(time, day)]++;
    }
    for (int d = 0; d < KM_N_WEEKDAYS; d++) {
        if (b->weekday.out[d] != NULL) {
            b->weekday.out[d][row] = (double)on_day[d] / (double)n;
        }
    }
    for (int h = 0; h < KM_N_BANDS; h++) {
        if (b->hours.out[h] != NULL) {
            b->hours.out[h][row] = (double)in_band[h] / (double)n;
        }
    }
}

/* Spend per buyer: s->orders as (buyer, value) of the sales of which one is known. */
static void write_buyers(const km_features *b, km_feature_scratch *s, int32_t group, int32_t row) {
    const km_order_log *log = s->log;
    int64_t n = 0, n_buyers = 0;
    for (int64_t i = log->start[group]; i < log->start[group + 1]; i++) {
        int64_t line = log->lines[i];
        if (log->state[line] == KM_LINE_SALE && log->buyer.codes[line] >= 0) {
            s->orders[n++] = (km_pair){(uint64_t)log->buyer.codes[line], log->value[line]};
        }
    }
    km_sort_pairs(s->orders, s->spare, n);
    km_int128 total = 0, most = 0, own = 0;
    for (int64_t i = 0; i < n; i++) {
        int begins = i == 0 || s->orders[i].key != s->orders[i - 1].key;
        own = begins ? s->orders[i].value : own + s->orders[i].value;
        n_buyers += begins;
        total += s->orders[i].value;
        most = own > most ? own : most;
    }
    set(b, KM_N_BUYERS, row, n > 0 ? (double)n_buyers : NAN);
    set(b, KM_MAIN_BUYER_SHARE, row, total > 0 ? km_from_micro(most) / km_from_micro(total) : NAN);
}

static void write_customer(km_features *b, km_feature_scratch *s, int32_t group, int32_t row) {
    const km_order_log *log = s->log;
    tally t;
    if (log->buyer.codes != NULL) {
        write_buyers(b, s, group, row); /* first: it uses the room of the orders */
    }
    tally_lines(b, s, group, &t);
    int64_t n = merge_orders(s, t.n_runs);
    int64_t first = s->orders[0].value, last = s->orders[n - 1].value;
    double orders = (double)n, spend = km_from_micro(t.spend);
    set(b, KM_RECENCY, row, (double)(log->reference_day - km_day_of(last)));
    set(b, KM_FREQUENCY, row, orders);
    set(b, KM_MONETARY, row, spend);
    set(b, KM_MEAN_ORDER_VALUE, row, spend / orders);
    set(b, KM_TENURE, row, (double)(log->reference_day - km_day_of(first)));
    if (log->wanted[KM_TREND_SPEND]) {
        set(b, KM_TREND_SPEND, row, trend_of_spend(log, group, km_day_of(first), km_day_of(last)));
    }
    set(b, KM_BASKET_LINES, row, (double)t.n_sales / orders);
    set(b, KM_BASKET_ITEMS, row, km_from_micro(t.items) / orders);
    set(b, KM_N_PRODUCTS, row, (double)t.n_products);
    set(b, KM_N_CATEGORIES, row, (double)t.n_categories);
    set(b, KM_RETURN_RATE, row, (double)t.n_returns / (double)(t.n_sales + t.n_returns));
    set(b, KM_DISCOUNT_SHARE, row,
        km_from_micro(t.discounts) / km_from_micro(t.sales + t.discounts));
    for (int i = 0; i < b->category.n; i++) {
        b->category.out[i][row] = km_from_micro(t.category[i]) / km_from_micro(t.sales);
    }
    for (int i = 0; i < b->channel.n; i++) {
        b->channel.out[i][row] = km_from_micro(t.channel[i]) / km_from_micro(t.sales);
    }
    if (b->first_order != NULL) {
        b->first_order[row] = first;
    }
    if (b->last_order != NULL) {
        b->last_order[row] = last;
    }
    if (log->wanted[KM_WEEKDAY_SHARE] || log->wanted[KM_HOURS_SHARE]) {
        write_times(b, s, n, row);
    }
    write_gaps(b, s, n, row); /* last: it uses up the orders */
    atomic_fetch_add_explicit(&b->n_orders, n, memory_order_relaxed);
}

int km_features_write(km_features *b, km_feature_scratch *s, int32_t group, int32_t row) {
    const km_order_log *log = s->log;
    if (!reserve_seen(b, &log->product, &s->product_seen) ||
        !reserve_seen(b, &log->category, &s->category_seen) ||
        !reserve(b, s, log->start[group + 1] - log->start[group])) {
        return 0;
    }
    write_customer(b, s, group, row);
    return 1;
}

static void write_chunk(void *argument, int64_t chunk, int32_t thread) {
    km_features *b = argument;
    km_feature_scratch *s = &b->scratch[thread];
    s->log = b->log;
    int64_t first = b->chunk_start[chunk], end = b->chunk_start[chunk + 1];
    for (int64_t row = first; row < end; row++) {
        if (!km_features_write(b, s, (int32_t)row, (int32_t)row)) {
            atomic_store(&b->out_of_memory, 1);
            return;
        }
    }
    km_progress_step(b->ctx, b->log->start[end] - b->log->start[first], thread == 0);
}

/* Cuts the customers into chunks of about equally many lines. */
static int64_t cut_chunks(km_features *b, km_arena *arena) {
    const km_order_log *log = b->log;
    int64_t most = km_chunks(log->start[log->n_customers], LINES_PER_CHUNK) + 1;
    b->chunk_start = km_arena_array(arena, most + 1, sizeof *b->chunk_start);
    if (b->chunk_start == NULL) {
        return -1;
    }
    int64_t n = 0, lines = 0;
    for (int64_t row = 0; row < log->n_customers; row++) {
        lines += log->start[row + 1] - log->start[row];
        if (lines >= LINES_PER_CHUNK || row == log->n_customers - 1) {
            b->chunk_start[++n] = row + 1;
            lines = 0;
        }
    }
    return n;
}

static kmseg_status fill(kmseg_context *ctx, km_features *b, km_arena *arena) {
    int64_t n_chunks = cut_chunks(b, arena);
    if (n_chunks < 0) {
        return km_fail_memory(ctx, "customer features");
    }
    km_progress_begin(ctx, "features", b->log->start[b->log->n_customers]);
    kmseg_status status = km_parallel(ctx, n_chunks, write_chunk, b);
    km_progress_end(ctx);
    if (status == KMSEG_OK && atomic_load(&b->out_of_memory)) {
        status = km_fail_memory(ctx, "customer features");
    }
    return status;
}

/* The k-th smallest gap, from 0. */
static double gap_at(const km_features *b, int64_t k) {
    int64_t days = 0;
    for (int64_t below = b->gap_counts[0]; below <= k; below += b->gap_counts[days]) {
        days++;
    }
    return (double)days;
}

/* A type-7 quantile from counts; the place among the gaps is found in whole numbers. */
static double gap_quantile(const km_features *b, int64_t n_gaps, int percent) {
    if (n_gaps == 0) {
        return NAN;
    }
    int64_t hundredths = percent * (n_gaps - 1), below = hundredths / 100;
    int64_t above = below + 1 < n_gaps ? below + 1 : below;
    double low = gap_at(b, below), high = gap_at(b, above);
    return low + (double)(hundredths % 100) / 100 * (high - low);
}

static void report_gaps(const km_features *b, kmseg_features_report *report) {
    static const int percents[KMSEG_N_GAP_QUANTILES] = {40, 50, 80, 90, 95};
    for (int64_t days = 0; days < b->n_days; days++) {
        report->n_gaps += b->gap_counts[days];
    }
    for (int q = 0; q < KMSEG_N_GAP_QUANTILES; q++) {
        report->gap_quantiles[q] = gap_quantile(b, report->n_gaps, percents[q]);
    }
    for (int p = 0; p < KMSEG_N_GAP_PERCENTILES; p++) {
        report->gap_percentiles[p] = gap_quantile(b, report->n_gaps, p);
    }
}

kmseg_status km_features_begin(km_features *b, kmseg_context *ctx, km_order_log *log,
                               kmseg_table *table) {
    *b = (km_features){.ctx = ctx, .log = log};
    KM_TRY(km_features_add_columns(ctx, b, table, &log->arena));
    b->n_days = km_day_of(log->last_order) - km_day_of(log->first_order) + 1;
    b->gap_counts = km_arena_array(&log->arena, b->n_days, sizeof *b->gap_counts);
    b->scratch = km_arena_array(&log->arena, kmseg_context_threads(ctx), sizeof *b->scratch);
    return b->gap_counts != NULL && b->scratch != NULL ? KMSEG_OK
                                                       : km_fail_memory(ctx, "customer features");
}

void km_features_report(const km_features *b, kmseg_table *table, kmseg_features_report *report) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        km_table_count_missing(table, i);
    }
    report->n_orders = b->n_orders;
    report_gaps(b, report);
}

void km_features_free(km_features *b) {
    for (int32_t i = 0; b->scratch != NULL && i < kmseg_context_threads(b->ctx); i++) {
        km_release(&b->ctx->allocator, b->scratch[i].orders);
        km_release(&b->ctx->allocator, b->scratch[i].product_seen);
        km_release(&b->ctx->allocator, b->scratch[i].category_seen);
    }
}

kmseg_status km_log_features(kmseg_context *ctx, km_order_log *log, kmseg_features_report *report,
                             kmseg_table **out) {
    *out = NULL;
    kmseg_table *table;
    km_features b;
    KM_TRY(kmseg_table_new(ctx, log->n_customers, &table));
    kmseg_status status = km_features_begin(&b, ctx, log, table);
    if (status == KMSEG_OK) {
        status = fill(ctx, &b, &log->arena);
    }
    km_features_free(&b);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    km_features_report(&b, table, report);
    *out = table;
    return KMSEG_OK;
}
