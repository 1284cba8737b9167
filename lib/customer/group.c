/* Lines grouped by customer, and customers in order of their id. */
#include "base/parallel.h"
#include "customer/orders.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Lines are counted and scattered in parts, each by one thread: a part knows where the lines of each
 * customer go, because it knows how many of theirs are in the parts before. */
typedef struct part {
    int64_t from, to;    /* lines */
    uint32_t *at;        /* per code: lines of the part, then where the next one goes */
    int64_t first, last; /* times of sales */
    km_int128 total;
    int64_t n_kept, n_netted;
    int64_t n_outside; /* netted returns of those who bought nothing */
} part;

typedef struct grouping {
    km_order_log *log;
    part *parts;
    int32_t n_parts;
    atomic_uchar *has_sale; /* per code */
} grouping;

/* As many parts as threads, unless their counts would take more room than the lines. */
static kmseg_status cut_parts(kmseg_context *ctx, const km_order_log *log, km_arena *arena,
                              grouping *g) {
    int64_t n_codes = log->customer.n_levels, most = log->n_lines / (n_codes > 0 ? n_codes : 1);
    int64_t n = ctx->n_threads < most ? ctx->n_threads : most;
    g->n_parts = n > 1 ? (int32_t)n : 1;
    g->parts = km_arena_array(arena, g->n_parts, sizeof *g->parts);
    g->has_sale = km_arena_array(arena, n_codes, sizeof *g->has_sale);
    if (g->parts == NULL || g->has_sale == NULL) {
        return km_fail_memory(ctx, "grouping orders by customer");
    }
    for (int32_t p = 0; p < g->n_parts; p++) {
        part *one = &g->parts[p];
        *one = (part){.from = log->n_lines * p / g->n_parts,
                      .to = log->n_lines * (p + 1) / g->n_parts,
                      .first = INT64_MAX,
                      .last = INT64_MIN};
        one->at = km_arena_array(arena, n_codes, sizeof *one->at);
        if (one->at == NULL) {
            return km_fail_memory(ctx, "grouping orders by customer");
        }
    }
    return KMSEG_OK;
}

static void find_sales(void *argument, int64_t p, int32_t thread) {
    (void)thread;
    const grouping *g = argument;
    const km_order_log *log = g->log;
    part *one = &g->parts[p];
    for (int64_t r = one->from; r < one->to; r++) {
        if (log->state[r] == KM_LINE_SALE) {
            atomic_store_explicit(&g->has_sale[log->customer.codes[r]], 1, memory_order_relaxed);
            one->first = log->time[r] < one->first ? log->time[r] : one->first;
            one->last = log->time[r] > one->last ? log->time[r] : one->last;
        }
    }
}

static int is_grouped(uint8_t state) {
    return state == KM_LINE_SALE || state == KM_LINE_NETTED || state == KMSEG_CLEAN_RETURN;
}

/* A customer needs a sale: what others returned is rejected after all. */
static void count_lines(void *argument, int64_t p, int32_t thread) {
    (void)thread;
    const grouping *g = argument;
    km_order_log *log = g->log;
    part *one = &g->parts[p];
    for (int64_t r = one->from; r < one->to; r++) {
        uint8_t state = log->state[r];
        if (!is_grouped(state)) {
            continue;
        }
        int32_t code = log->customer.codes[r];
        if (!atomic_load_explicit(&g->has_sale[code], memory_order_relaxed)) {
            one->n_outside += state == KM_LINE_NETTED;
            log->state[r] = KM_LINE_RETURN_OUTSIDE;
            continue;
        }
        one->at[code]++;
        one->total += log->value[r];
        one->n_kept += state != KMSEG_CLEAN_RETURN;
        one->n_netted += state == KM_LINE_NETTED;
    }
}

static void sum_up(const grouping *g, kmseg_features_report *report) {
    km_order_log *log = g->log;
    km_int128 total = 0;
    log->first_order = INT64_MAX;
    log->last_order = INT64_MIN;
    for (int32_t p = 0; p < g->n_parts; p++) {
        const part *one = &g->parts[p];
        total += one->total;
        report->n_kept += one->n_kept;
        report->n_returns_netted += one->n_netted;
        report->n_rejected[KMSEG_CLEAN_RETURN] += one->n_outside;
        log->first_order = one->first < log->first_order ? one->first : log->first_order;
        log->last_order = one->last > log->last_order ? one->last : log->last_order;
    }
    for (int32_t c = 0; c < log->customer.n_levels; c++) {
        log->n_customers += atomic_load_explicit(&g->has_sale[c], memory_order_relaxed);
    }
    report->total_amount = km_from_micro(total);
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

static kmseg_status sort_customers(kmseg_context *ctx, km_order_log *log) {
    int64_t n = log->n_customers;
    km_pair *pairs = km_allocate_array(&ctx->allocator, 2 * n, sizeof *pairs);
    if (pairs == NULL) {
        return km_fail_memory(ctx, "sorting customers");
    }
    int numbers = are_numbers(log);
    for (int64_t i = 0; i < n; i++) {
        int32_t c = log->customers[i];
        pairs[i] = (km_pair){sort_key(log->customer.levels[c], numbers), c};
    }
    km_sort_pairs(pairs, pairs + n, n);
    for (int64_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && pairs[to].key == pairs[from].key; to++) {
        }
        sort_run(log, pairs + from, pairs + n, to - from, numbers);
    }
    for (int64_t i = 0; i < n; i++) {
        log->customers[i] = (int32_t)pairs[i].value;
    }
    km_release(&ctx->allocator, pairs);
    return KMSEG_OK;
}

static void scatter_part(void *argument, int64_t p, int32_t thread) {
    (void)thread;
    const grouping *g = argument;
    const km_order_log *log = g->log;
    const part *one = &g->parts[p];
    for (int64_t r = one->from; r < one->to; r++) {
        if (is_grouped(log->state[r])) {
            log->lines[one->at[log->customer.codes[r]]++] = (uint32_t)r;
        }
    }
}

/* Counting sort of the lines by customer; there are fewer than 2^32 (they are numbered so). */
static kmseg_status scatter_lines(kmseg_context *ctx, const grouping *g) {
    km_order_log *log = g->log;
    log->start = km_arena_array(&log->arena, log->n_customers + 1, sizeof *log->start);
    if (log->start == NULL) {
        return km_fail_memory(ctx, "grouping orders by customer");
    }
    int64_t n = 0;
    for (int64_t row = 0; row < log->n_customers; row++) {
        int32_t code = log->customers[row];
        for (int32_t p = 0; p < g->n_parts; p++) {
            uint32_t count = g->parts[p].at[code];
            g->parts[p].at[code] = (uint32_t)n;
            n += count;
        }
        log->start[row + 1] = n;
    }
    log->lines = km_arena_take(&log->arena, (size_t)n * sizeof *log->lines);
    if (log->lines == NULL) {
        return km_fail_memory(ctx, "grouping orders by customer");
    }
    return km_parallel(ctx, g->n_parts, scatter_part, (void *)g);
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

kmseg_status km_log_settle(kmseg_context *ctx, km_order_log *log, kmseg_features_report *report) {
    report->first_order = log->first_order;
    report->last_order = log->last_order;
    if (log->n_customers == 0) {
        return fail_empty(ctx, report);
    }
    if (log->reference_day == INT64_MAX) {
        log->reference_day = km_day_of(log->last_order) + 1;
    }
    report->reference_date = log->reference_day * KM_DAY;
    report->n_customers = log->n_customers;
    return sort_customers(ctx, log);
}

/* The codes of those who bought something. */
static kmseg_status list_customers(kmseg_context *ctx, const grouping *g) {
    km_order_log *log = g->log;
    log->customers = km_arena_take(&log->arena, (size_t)log->n_customers * sizeof *log->customers);
    if (log->customers == NULL) {
        return km_fail_memory(ctx, "sorting customers");
    }
    int64_t n = 0;
    for (int32_t c = 0; c < log->customer.n_levels; c++) {
        if (atomic_load_explicit(&g->has_sale[c], memory_order_relaxed)) {
            log->customers[n++] = c;
        }
    }
    return KMSEG_OK;
}

static kmseg_status group(kmseg_context *ctx, grouping *g, kmseg_features_report *report) {
    km_order_log *log = g->log;
    KM_TRY(km_parallel(ctx, g->n_parts, find_sales, g));
    KM_TRY(km_parallel(ctx, g->n_parts, count_lines, g));
    sum_up(g, report);
    KM_TRY(list_customers(ctx, g));
    KM_TRY(km_log_settle(ctx, log, report));
    return scatter_lines(ctx, g);
}

kmseg_status km_log_group(kmseg_context *ctx, km_order_log *log, kmseg_features_report *report) {
    grouping g = {.log = log};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = cut_parts(ctx, log, &arena, &g);
    if (status == KMSEG_OK) {
        status = group(ctx, &g, report);
    }
    km_arena_free(&arena);
    return status;
}
