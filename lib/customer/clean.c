/* Cleaning: every line gets a verdict, by the first rule that rejects it. */
#include "customer/orders.h"

#include "base/parallel.h"

#include <kmseg/source.h>

#include <math.h>
#include <string.h>

enum { LINES_PER_CHUNK = 1 << 16 };

typedef struct cleaning {
    km_cleaning rules;
    km_order_log *log;
    _Atomic int64_t n_rejected[KMSEG_N_CLEAN_RULES];
} cleaning;

int km_all_digits(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
    }
    return length > 0;
}

int km_is_cancellation(const char *id, size_t length) {
    return length > 0 && (id[0] == 'C' || id[0] == 'c') && km_all_digits(id + 1, length - 1);
}

/* Shops mark a cancellation by a C before the number; only where ids are numbers otherwise. */
static kmseg_status find_cancelled(kmseg_context *ctx, km_order_log *log, km_cleaning *rules) {
    const km_codes *order = &log->order;
    if (order->codes == NULL) {
        return KMSEG_OK;
    }
    uint8_t *cancelled = km_arena_array(&log->arena, order->n_levels, 1);
    if (cancelled == NULL) {
        return km_fail_memory(ctx, "an order log");
    }
    int64_t n_digits = 0;
    for (int32_t level = 0; level < order->n_levels; level++) {
        const char *id = order->levels[level];
        size_t length = strlen(id);
        n_digits += km_all_digits(id, length);
        cancelled[level] = (uint8_t)km_is_cancellation(id, length);
    }
    rules->cancelled = 2 * n_digits > order->n_levels ? cancelled : NULL;
    return KMSEG_OK;
}

/* Value of a line in its currency; NaN when it has none. */
static double line_value(const km_order_log *log, int64_t r) {
    if (log->amount != NULL) {
        return log->amount[r];
    }
    return log->quantity != NULL ? log->quantity[r] * log->price[r] : log->price[r];
}

static int too_large(const double *column, int64_t r) {
    return column != NULL && fabs(column[r]) > KM_LARGEST_VALUE;
}

static int outside(const km_cleaning *rules, int64_t time) {
    return time < rules->since || time >= rules->until || time >= rules->future;
}

static uint8_t judge(const km_cleaning *rules, km_order_log *log, int64_t r) {
    int64_t time = log->time[r];
    double value = line_value(log, r);
    log->value[r] = 0;
    if (log->customer.codes[r] < 0) {
        return KMSEG_CLEAN_MISSING_ID;
    }
    if (time < KM_FIRST_SECOND || time >= KM_END_SECOND ||
        !isfinite(value)) { /* missing is below */
        return KMSEG_CLEAN_UNPARSABLE;
    }
    if (rules->mark_duplicates && log->state[r] != 0) {
        return KMSEG_CLEAN_DUPLICATE;
    }
    int is_return = value < 0 || (log->quantity != NULL && log->quantity[r] < 0) ||
                    (rules->cancelled != NULL && log->order.codes[r] >= 0 &&
                     rules->cancelled[log->order.codes[r]]);
    if (is_return && !rules->net) {
        return outside(rules, time) ? KM_LINE_RETURN_OUTSIDE : KMSEG_CLEAN_RETURN;
    }
    int out_of_range =
        fabs(value) > rules->limit || too_large(log->quantity, r) || too_large(log->discount, r);
    int64_t micro = out_of_range ? 0 : km_micro(is_return ? -fabs(value) : value);
    if (micro == 0 && !out_of_range && !rules->keep_free) {
        return KMSEG_CLEAN_ZERO_PRICE;
    }
    if (out_of_range) {
        return KMSEG_CLEAN_OUT_OF_RANGE;
    }
    if (time < rules->since || time >= rules->until) {
        return KMSEG_CLEAN_OUTSIDE_PERIOD;
    }
    if (time >= rules->future) {
        return KMSEG_CLEAN_FUTURE_DATE;
    }
    log->value[r] = micro;
    return is_return ? KM_LINE_NETTED : KM_LINE_SALE;
}

void km_judge_lines(const km_cleaning *rules, km_order_log *log, int64_t from, int64_t to,
                    int64_t n_rejected[KMSEG_N_CLEAN_RULES]) {
    for (int64_t r = from; r < to; r++) {
        uint8_t state = judge(rules, log, r);
        log->state[r] = state;
        if (state < KM_LINE_NETTED) {
            n_rejected[state == KM_LINE_RETURN_OUTSIDE ? KMSEG_CLEAN_RETURN : state]++;
        }
    }
}

static void judge_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    cleaning *job = argument;
    km_order_log *log = job->log;
    int64_t n_rejected[KMSEG_N_CLEAN_RULES] = {0};
    int64_t end = (chunk + 1) * LINES_PER_CHUNK;
    end = end < log->n_lines ? end : log->n_lines;
    km_judge_lines(&job->rules, log, chunk * LINES_PER_CHUNK, end, n_rejected);
    for (int rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        atomic_fetch_add(&job->n_rejected[rule], n_rejected[rule]);
    }
}

static kmseg_status read_date(kmseg_context *ctx, const kmseg_features_options *options,
                              const char *name, const char *text, int64_t none, int64_t *out) {
    *out = none;
    if (text == NULL || text[0] == '\0') {
        return KMSEG_OK;
    }
    kmseg_status status =
        kmseg_time_parse(ctx, text, strcmp(options->date_order, "day_first") == 0, out);
    return status == KMSEG_OK ? status : km_fail_prefix(ctx, status, "%s", name);
}

kmseg_status km_cleaning_begin(kmseg_context *ctx, const kmseg_features_options *options,
                               km_cleaning *out, int64_t *reference_day) {
    *out = (km_cleaning){.cancelled = NULL};
    KM_TRY(read_date(ctx, options, "since", options->since, INT64_MIN, &out->since));
    KM_TRY(read_date(ctx, options, "until", options->until, INT64_MAX, &out->until));
    KM_TRY(read_date(ctx, options, "reference_date", options->reference_date, INT64_MAX,
                     &out->future));
    *reference_day = INT64_MAX;
    if (out->future != INT64_MAX) { /* a date: its time of day does not count */
        *reference_day = km_day_of(out->future);
        out->future = *reference_day * KM_DAY;
    }
    out->limit = options->max_amount > 0 ? options->max_amount : KM_LARGEST_VALUE;
    out->net = strcmp(options->returns, "net") == 0;
    out->mark_duplicates = options->drop_duplicates;
    out->keep_free = strcmp(options->zero_price, "keep") == 0;
    return KMSEG_OK;
}

kmseg_status km_log_clean(kmseg_context *ctx, const kmseg_table *table,
                          const kmseg_features_options *options, km_order_log *log,
                          kmseg_features_report *report) {
    cleaning job = {.log = log};
    KM_TRY(km_cleaning_begin(ctx, options, &job.rules, &log->reference_day));
    KM_TRY(find_cancelled(ctx, log, &job.rules));
    if (job.rules.mark_duplicates) {
        KM_TRY(km_log_mark_duplicates(ctx, table, log));
    }
    KM_TRY(km_parallel(ctx, km_chunks(log->n_lines, LINES_PER_CHUNK), judge_chunk, &job));
    report->n_lines = log->n_lines;
    for (int rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        report->n_rejected[rule] = job.n_rejected[rule];
    }
    return KMSEG_OK;
}
