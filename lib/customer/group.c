/* Lines grouped by customer, and customers in order of their id. */
#include "customer/orders.h"

#include <stdio.h>
#include <string.h>

/* Counts lines per customer code. A customer needs a sale: what others returned is rejected after
 * all. */
static kmseg_status count_lines(kmseg_context *ctx, km_order_log *log, uint32_t *counts,
                                kmseg_features_report *report) {
    int32_t n_codes = log->customer.n_levels;
    uint8_t *has_sale = km_arena_array(&log->arena, n_codes, 1);
    if (has_sale == NULL) {
        return km_fail_memory(ctx, "grouping orders by customer");
    }
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (int64_t r = 0; r < log->n_lines; r++) {
        if (log->state[r] == KM_LINE_SALE) {
            has_sale[log->customer.codes[r]] = 1;
            first = log->time[r] < first ? log->time[r] : first;
            last = log->time[r] > last ? log->time[r] : last;
        }
    }
    km_int128 total = 0;
    for (int64_t r = 0; r < log->n_lines; r++) {
        uint8_t state = log->state[r];
        int is_kept = state == KM_LINE_SALE || state == KM_LINE_NETTED;
        if (!is_kept && state != KMSEG_CLEAN_RETURN) {
            continue;
        }
        if (!has_sale[log->customer.codes[r]]) {
            report->n_rejected[KMSEG_CLEAN_RETURN] += state == KM_LINE_NETTED;
            log->state[r] = KM_LINE_RETURN_OUTSIDE;
            continue;
        }
        counts[log->customer.codes[r]]++;
        total += log->value[r];
        report->n_kept += is_kept;
        report->n_returns_netted += state == KM_LINE_NETTED;
    }
    for (int32_t c = 0; c < n_codes; c++) {
        log->n_customers += has_sale[c];
    }
    report->total_amount = km_from_micro(total);
    report->first_order = log->first_order = first;
    report->last_order = log->last_order = last;
    return KMSEG_OK;
}

static const char *behind_zeros(const char *id) {
    while (*id == '0' && id[1] != '\0') {
        id++;
    }
    return id;
}

/* 1 when every customer id is a whole number. */
static int are_numbers(const km_order_log *log) {
    for (int64_t i = 0; i < log->n_customers; i++) {
        const char *id = log->customer.levels[log->customers[i]];
        if (id[strspn(id, "0123456789")] != '\0') { /* no id is empty */
            return 0;
        }
    }
    return 1;
}

/* A key that orders ids as far as it tells them apart. */
static uint64_t sort_key(const char *id, int numbers) {
    uint64_t key = 0;
    if (numbers) {
        id = behind_zeros(id);
        if (strlen(id) > 18) {
            return UINT64_MAX;
        }
        for (; *id != '\0'; id++) {
            key = 10 * key + (uint64_t)(*id - '0');
        }
        return key;
    }
    for (int i = 0; i < 8; i++) {
        key = key << 8 | (unsigned char)*id;
        id += *id != '\0';
    }
    return key;
}

static int compare_ids(const char *a, const char *b, int numbers) {
    if (numbers) {
        const char *x = behind_zeros(a), *y = behind_zeros(b);
        size_t n = strlen(x), m = strlen(y);
        if (n != m) {
            return n < m ? -1 : 1;
        }
        int order = strcmp(x, y);
        if (order != 0) {
            return order;
        }
    }
    return strcmp(a, b);
}

/* Insertion sort of a run of equal keys by the whole id; bottom-up merge for long runs, which only
 * ids with a common beginning of eight bytes have. */
static void sort_run(const km_order_log *log, km_pair *run, km_pair *scratch, int64_t n,
                     int numbers) {
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t i = 0; i < n; i += 2 * width) {
            int64_t middle = i + width < n ? i + width : n;
            int64_t end = i + 2 * width < n ? i + 2 * width : n;
            int64_t left = i, right = middle;
            for (int64_t k = i; k < end; k++) {
                int take_right = right < end &&
                                 (left == middle ||
                                  compare_ids(log->customer.levels[run[right].value],
                                              log->customer.levels[run[left].value], numbers) < 0);
                scratch[k] = take_right ? run[right++] : run[left++];
            }
        }
        memcpy(run, scratch, (size_t)n * sizeof *run);
    }
}

static kmseg_status sort_customers(kmseg_context *ctx, km_order_log *log, const uint32_t *counts) {
    int64_t n = log->n_customers;
    log->customers = km_arena_take(&log->arena, (size_t)n * sizeof *log->customers);
    km_pair *pairs = km_allocate_array(&ctx->allocator, 2 * n, sizeof *pairs);
    if (log->customers == NULL || pairs == NULL) {
        km_release(&ctx->allocator, pairs);
        return km_fail_memory(ctx, "sorting customers");
    }
    int64_t i = 0;
    for (int32_t c = 0; c < log->customer.n_levels; c++) {
        if (counts[c] > 0) {
            log->customers[i++] = c;
        }
    }
    int numbers = are_numbers(log);
    for (i = 0; i < n; i++) {
        int32_t c = log->customers[i];
        pairs[i] = (km_pair){sort_key(log->customer.levels[c], numbers), c};
    }
    km_sort_pairs(pairs, pairs + n, n);
    for (int64_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && pairs[to].key == pairs[from].key; to++) {
        }
        sort_run(log, pairs + from, pairs + n, to - from, numbers);
    }
    for (i = 0; i < n; i++) {
        log->customers[i] = (int32_t)pairs[i].value;
    }
    km_release(&ctx->allocator, pairs);
    return KMSEG_OK;
}

/* Counting sort of the lines by row; counts become the rows of the codes. */
static kmseg_status scatter_lines(kmseg_context *ctx, km_order_log *log, uint32_t *counts) {
    log->start = km_arena_array(&log->arena, log->n_customers + 1, sizeof *log->start);
    if (log->start == NULL) {
        return km_fail_memory(ctx, "grouping orders by customer");
    }
    for (int64_t row = 0; row < log->n_customers; row++) {
        int32_t code = log->customers[row];
        log->start[row + 1] = log->start[row] + counts[code];
        counts[code] = (uint32_t)row;
    }
    int64_t n = log->start[log->n_customers];
    log->lines = km_arena_take(&log->arena, (size_t)n * sizeof *log->lines);
    if (log->lines == NULL) {
        return km_fail_memory(ctx, "grouping orders by customer");
    }
    for (int64_t r = 0; r < log->n_lines; r++) {
        uint8_t state = log->state[r];
        if (state == KM_LINE_SALE || state == KM_LINE_NETTED || state == KMSEG_CLEAN_RETURN) {
            log->lines[log->start[counts[log->customer.codes[r]]]++] = (uint32_t)r;
        }
    }
    memmove(log->start + 1, log->start, (size_t)log->n_customers * sizeof *log->start);
    log->start[0] = 0;
    return KMSEG_OK;
}

/* "12 missing_id, 3 return": why nothing is left. */
static kmseg_status fail_empty(kmseg_context *ctx, const kmseg_features_report *report) {
    char why[400] = "";
    for (int32_t rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        if (report->n_rejected[rule] > 0) {
            size_t used = strlen(why);
            snprintf(why + used, sizeof why - used, "%s%lld %s", used > 0 ? ", " : "",
                     (long long)report->n_rejected[rule], kmseg_clean_rule_name(rule));
        }
    }
    return km_fail(ctx, KMSEG_E_DATA, "no order is left of %lld lines after cleaning%s%s",
                   (long long)report->n_lines, why[0] != '\0' ? ": " : "", why);
}

static kmseg_status group(kmseg_context *ctx, km_order_log *log, uint32_t *counts,
                          kmseg_features_report *report) {
    KM_TRY(count_lines(ctx, log, counts, report));
    if (log->n_customers == 0) {
        return fail_empty(ctx, report);
    }
    if (log->reference_day == INT64_MAX) {
        log->reference_day = km_day_of(log->last_order) + 1;
    }
    report->reference_date = log->reference_day * KM_DAY;
    report->n_customers = log->n_customers;
    KM_TRY(sort_customers(ctx, log, counts));
    return scatter_lines(ctx, log, counts);
}

kmseg_status km_log_group(kmseg_context *ctx, km_order_log *log, kmseg_features_report *report) {
    uint32_t *counts = km_allocate_array(&ctx->allocator, log->customer.n_levels, sizeof *counts);
    if (counts == NULL) {
        return km_fail_memory(ctx, "grouping orders by customer");
    }
    memset(counts, 0, (size_t)log->customer.n_levels * sizeof *counts);
    kmseg_status status = group(ctx, log, counts, report);
    km_release(&ctx->allocator, counts);
    return status;
}
