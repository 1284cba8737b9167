/* Cleaning: every line gets a verdict, by the first rule that rejects it. */
#include "customer/orders.h"

#include "base/parallel.h"

#include <kmseg/source.h>

#include <math.h>
#include <string.h>

enum { LINES_PER_CHUNK = 1 << 16 };

#define FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01 */
#define END_SECOND   INT64_C(253402300800) /* 10000-01-01 */

typedef struct cleaning {
    km_order_log *log;
    const uint8_t *cancelled; /* order.n_levels: 1 for ids that mark a cancellation; or NULL */
    int64_t since, until, future;
    double limit;
    int net, mark_duplicates, keep_free;
    _Atomic int64_t n_rejected[KMSEG_N_CLEAN_RULES];
} cleaning;

static int all_digits(const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return 0;
        }
    }
    return *text != '\0';
}

/* Shops mark a cancellation by a C before the number; only where ids are numbers otherwise. */
static kmseg_status find_cancelled(kmseg_context *ctx, km_order_log *log, cleaning *job) {
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
        n_digits += all_digits(id);
        cancelled[level] = (id[0] == 'C' || id[0] == 'c') && all_digits(id + 1);
    }
    job->cancelled = 2 * n_digits > order->n_levels ? cancelled : NULL;
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

static int outside(const cleaning *job, int64_t time) {
    return time < job->since || time >= job->until || time >= job->future;
}

static uint8_t judge(const cleaning *job, int64_t r) {
    km_order_log *log = job->log;
    int64_t time = log->time[r];
    double value = line_value(log, r);
    log->value[r] = 0;
    if (log->customer.codes[r] < 0) {
        return KMSEG_CLEAN_MISSING_ID;
    }
    if (time < FIRST_SECOND || time >= END_SECOND || !isfinite(value)) { /* missing is below */
        return KMSEG_CLEAN_UNPARSABLE;
    }
    if (job->mark_duplicates && log->state[r] != 0) {
        return KMSEG_CLEAN_DUPLICATE;
    }
    int is_return =
        value < 0 || (log->quantity != NULL && log->quantity[r] < 0) ||
        (job->cancelled != NULL && log->order.codes[r] >= 0 && job->cancelled[log->order.codes[r]]);
    if (is_return && !job->net) {
        return outside(job, time) ? KM_LINE_RETURN_OUTSIDE : KMSEG_CLEAN_RETURN;
    }
    int out_of_range =
        fabs(value) > job->limit || too_large(log->quantity, r) || too_large(log->discount, r);
    int64_t micro = out_of_range ? 0 : km_micro(is_return ? -fabs(value) : value);
    if (micro == 0 && !out_of_range && !job->keep_free) {
        return KMSEG_CLEAN_ZERO_PRICE;
    }
    if (out_of_range) {
        return KMSEG_CLEAN_OUT_OF_RANGE;
    }
    if (time < job->since || time >= job->until) {
        return KMSEG_CLEAN_OUTSIDE_PERIOD;
    }
    if (time >= job->future) {
        return KMSEG_CLEAN_FUTURE_DATE;
    }
    log->value[r] = micro;
    return is_return ? KM_LINE_NETTED : KM_LINE_SALE;
}

static void judge_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    cleaning *job = argument;
    km_order_log *log = job->log;
    int64_t n_rejected[KMSEG_N_CLEAN_RULES] = {0};
    int64_t end = (chunk + 1) * LINES_PER_CHUNK;
    end = end < log->n_lines ? end : log->n_lines;
    for (int64_t r = chunk * LINES_PER_CHUNK; r < end; r++) {
        uint8_t state = judge(job, r);
        log->state[r] = state;
        if (state < KM_LINE_NETTED) {
            n_rejected[state == KM_LINE_RETURN_OUTSIDE ? KMSEG_CLEAN_RETURN : state]++;
        }
    }
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

kmseg_status km_log_clean(kmseg_context *ctx, const kmseg_table *table,
                          const kmseg_features_options *options, km_order_log *log,
                          kmseg_features_report *report) {
    cleaning job = {.log = log};
    KM_TRY(read_date(ctx, options, "since", options->since, INT64_MIN, &job.since));
    KM_TRY(read_date(ctx, options, "until", options->until, INT64_MAX, &job.until));
    KM_TRY(
        read_date(ctx, options, "reference_date", options->reference_date, INT64_MAX, &job.future));
    log->reference_day = INT64_MAX;
    if (job.future != INT64_MAX) { /* a date: its time of day does not count */
        log->reference_day = km_day_of(job.future);
        job.future = log->reference_day * KM_DAY;
    }
    job.limit = options->max_amount > 0 ? options->max_amount : KM_LARGEST_VALUE;
    job.net = strcmp(options->returns, "net") == 0;
    job.mark_duplicates = options->drop_duplicates;
    job.keep_free = strcmp(options->zero_price, "keep") == 0;
    KM_TRY(find_cancelled(ctx, log, &job));
    if (job.mark_duplicates) {
        KM_TRY(km_log_mark_duplicates(ctx, table, log));
    }
    KM_TRY(km_parallel(ctx, km_chunks(log->n_lines, LINES_PER_CHUNK), judge_chunk, &job));
    report->n_lines = log->n_lines;
    for (int rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        report->n_rejected[rule] = job.n_rejected[rule];
    }
    return KMSEG_OK;
}
