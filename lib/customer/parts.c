/* Every part is gone through twice, by one thread each time: first its customers are found, which
 * then are put in order with those of all parts, and then its runs are grouped and become features. */
#include "customer/parts.h"

#include "base/parallel.h"

#include <stdatomic.h>
#include <string.h>

/* A customer of a part. */
typedef struct customer {
    km_id id;
    uint32_t n_runs;
    int32_t row; /* in the result; -1: has bought nothing */
} customer;

/* What is summed of a customer before it is known whether there is a sale. */
typedef struct sums {
    int64_t n_kept, n_netted;
    uint32_t n_runs;
    int has_sale;
    km_int128 value;
} sums;

typedef struct part {
    customer *customers;
    int64_t n_customers, n_with_sale, n_runs;
    int64_t first; /* those with a sale in the parts before */
    int64_t n_kept, n_netted, n_outside;
    km_int128 value;
} part;

/* What a thread needs for a part; the arrays of the log are those of its runs by customer. */
typedef struct room {
    km_ids customers, orders;
    sums *sums;
    int64_t n_sums, n_next; /* room for so many */
    km_order_log log;
    int64_t *time, *items, *discount_sum, *next;
    uint64_t *order_key;
    uint32_t *n_merged;
    int32_t *rows;              /* of each group */
    int64_t n_groups, capacity; /* there is room for */
} room;

typedef struct building {
    kmseg_context *ctx;
    km_order_log *log;
    const km_runs *runs; /* of each thread */
    int32_t n_threads;
    part *parts;
    int64_t n_parts;
    room *rooms;
    km_features features;
    atomic_int failed;
} building;

void km_add_totals(km_read_totals *to, const km_read_totals *from) {
    to->n_lines += from->n_lines;
    for (int rule = 0; rule < KMSEG_N_CLEAN_RULES; rule++) {
        to->n_rejected[rule] += from->n_rejected[rule];
    }
    to->first_sale = from->first_sale < to->first_sale ? from->first_sale : to->first_sale;
    to->last_sale = from->last_sale > to->last_sale ? from->last_sale : to->last_sale;
    for (int d = 0; d < KM_N_WEEKDAYS; d++) {
        to->seen.on_day[d] |= from->seen.on_day[d];
    }
    for (int h = 0; h < KM_N_BANDS; h++) {
        to->seen.in_band[h] |= from->seen.in_band[h];
    }
    to->seen.has_times |= from->seen.has_times;
}

/* An array of n elements in place of another; *fine becomes 0 when there is no memory. */
static void *renewed(const building *b, void *array, int64_t n, size_t size, int *fine) {
    km_release(&b->ctx->allocator, array);
    array = km_allocate_array(&b->ctx->allocator, n, size);
    *fine &= array != NULL;
    return array;
}

/* ---- customers of a part ---- */

/* Room for the sums of one customer more, cleared. */
static int add_sums(const building *b, room *s, int32_t number) {
    if (number >= s->n_sums) {
        int64_t n = s->n_sums > 0 ? 2 * s->n_sums : 1024;
        sums *more = km_allocate_array(&b->ctx->allocator, n, sizeof *more);
        if (more == NULL) {
            return 0;
        }
        if (s->n_sums > 0) {
            memcpy(more, s->sums, (size_t)s->n_sums * sizeof *more);
        }
        km_release(&b->ctx->allocator, s->sums);
        s->sums = more;
        s->n_sums = n;
    }
    s->sums[number] = (sums){.n_kept = 0};
    return 1;
}

static inline void add_run(sums *to, const uint64_t *run) {
    uint8_t state = km_when_state(run[3]);
    uint32_t n = km_when_lines(run[3]);
    to->n_runs++;
    to->n_kept += state != KMSEG_CLEAN_RETURN ? n : 0;
    to->n_netted += state == KM_LINE_NETTED ? n : 0;
    to->has_sale |= state == KM_LINE_SALE;
    to->value += (int64_t)run[2];
}

/* Numbers the customers and the long orders of a block; what it has moves to where there were texts. */
static int number_block(const building *b, room *s, km_run_block *block, int n_words) {
    const uint64_t *from = block->words;
    uint64_t *to = block->words;
    for (uint32_t i = 0; i < block->n_runs; i++) {
        const uint64_t *text = from + n_words;
        uint64_t order = from[1];
        uint32_t n_before = s->customers.n;
        int32_t number = km_ids_number(&s->customers, from[0], text);
        text += km_key_is_long(from[0]) ? sizeof(km_text_at) / sizeof *text : 0;
        if (number < 0 || (s->customers.n > n_before && !add_sums(b, s, number))) {
            return 0;
        }
        if (km_key_is_long(order)) {
            int32_t n = km_ids_number(&s->orders, order, text);
            text += sizeof(km_text_at) / sizeof *text;
            order = KM_KEY_LONG | (uint64_t)n;
            if (n < 0) {
                return 0;
            }
        }
        add_run(&s->sums[number], from);
        memmove(to, from, (size_t)n_words * sizeof *to);
        to[0] = (uint64_t)number;
        to[1] = order;
        to += n_words;
        from = text;
    }
    return 1;
}

static int words_of(const km_runs *runs) {
    return KM_RUN_FIXED + (runs->has_items != 0) + (runs->has_discount != 0);
}

static int list_customers(const building *b, const room *s, part *one) {
    one->n_customers = s->customers.n;
    one->customers =
        km_allocate_array(&b->ctx->allocator, one->n_customers, sizeof *one->customers);
    if (one->customers == NULL) {
        return 0;
    }
    for (int64_t i = 0; i < one->n_customers; i++) {
        const sums *of = &s->sums[i];
        one->customers[i] = (customer){s->customers.items[i], of->n_runs, of->has_sale ? 0 : -1};
        if (of->has_sale) {
            one->n_with_sale++;
            one->n_runs += of->n_runs;
            one->n_kept += of->n_kept;
            one->n_netted += of->n_netted;
            one->value += of->value;
        } else {
            one->n_outside += of->n_netted;
        }
    }
    return 1;
}

static void find_customers(void *argument, int64_t index, int32_t thread) {
    building *b = argument;
    room *s = &b->rooms[thread];
    int fine = 1;
    km_ids_clear(&s->customers);
    km_ids_clear(&s->orders);
    for (int32_t t = 0; t < b->n_threads; t++) {
        for (km_run_block *block = b->runs[t].parts[index]; block != NULL && fine;
             block = block->next) {
            fine = number_block(b, s, block, words_of(&b->runs[t]));
        }
    }
    if (!fine || !list_customers(b, s, &b->parts[index])) {
        atomic_store(&b->failed, 1);
    }
}

/* ---- customers of all parts ---- */

static const char *name_of(const km_id *id, km_arena *arena) {
    if (km_key_is_long(id->key)) {
        return km_arena_text_n(arena, id->at.text, id->at.length);
    }
    char text[9] = "";
    memcpy(text, &id->key, sizeof id->key);
    return km_arena_text(arena, text);
}

static void sum_up(building *b, kmseg_features_report *report) {
    km_order_log *log = b->log;
    km_int128 value = 0;
    for (int64_t p = 0; p < b->n_parts; p++) {
        part *one = &b->parts[p];
        one->first = log->n_customers;
        log->n_customers += one->n_with_sale;
        report->n_kept += one->n_kept;
        report->n_returns_netted += one->n_netted;
        report->n_rejected[KMSEG_CLEAN_RETURN] += one->n_outside;
        value += one->value;
    }
    report->total_amount = km_from_micro(value);
}

/* Names those with a sale and puts them in order: their rows. */
static kmseg_status order_customers(building *b, kmseg_features_report *report) {
    km_order_log *log = b->log;
    km_arena *arena = &log->arena;
    int64_t n = log->n_customers;
    const char **names = km_arena_array(arena, n, sizeof *names);
    int32_t *rows = km_arena_array(arena, n, sizeof *rows);
    log->customers = km_arena_array(arena, n, sizeof *log->customers);
    if (n > INT32_MAX / 2 || names == NULL || rows == NULL || log->customers == NULL) {
        return km_fail_memory(b->ctx, "sorting customers");
    }
    int32_t code = 0;
    for (int64_t p = 0; p < b->n_parts; p++) {
        for (int64_t i = 0; i < b->parts[p].n_customers; i++) {
            if (b->parts[p].customers[i].row < 0) {
                continue;
            }
            log->customers[code] = code;
            names[code] = name_of(&b->parts[p].customers[i].id, arena);
            if (names[code++] == NULL) {
                return km_fail_memory(b->ctx, "sorting customers");
            }
        }
    }
    log->customer.levels = names;
    log->customer.n_levels = code;
    KM_TRY(km_log_settle(b->ctx, log, report));
    for (int64_t row = 0; row < n; row++) {
        rows[log->customers[row]] = (int32_t)row;
    }
    for (int64_t p = 0; p < b->n_parts; p++) {
        for (int64_t i = 0; i < b->parts[p].n_customers; i++) {
            customer *one = &b->parts[p].customers[i];
            one->row = one->row >= 0 ? *rows++ : -1;
        }
    }
    return KMSEG_OK;
}

/* ---- features of a part ---- */

static int reserve_groups(const building *b, room *s, const part *one) {
    int fine = 1;
    if (one->n_with_sale + 1 > s->n_groups) {
        int64_t n = s->n_groups = one->n_with_sale + one->n_with_sale / 4 + 1;
        s->log.start = renewed(b, s->log.start, n, sizeof *s->log.start, &fine);
        s->rows = renewed(b, s->rows, n, sizeof *s->rows, &fine);
    }
    if (one->n_customers > s->n_next) {
        s->n_next = one->n_customers + one->n_customers / 4;
        s->next = renewed(b, s->next, s->n_next, sizeof *s->next, &fine);
    }
    return fine;
}

static int reserve_runs(const building *b, room *s, int64_t n) {
    km_order_log *log = &s->log;
    int fine = 1;
    if (n <= s->capacity) {
        return 1;
    }
    n += n / 4;
    s->capacity = n;
    s->time = renewed(b, s->time, n, sizeof *s->time, &fine);
    s->items = renewed(b, s->items, n, sizeof *s->items, &fine);
    s->discount_sum = renewed(b, s->discount_sum, n, sizeof *s->discount_sum, &fine);
    s->order_key = renewed(b, s->order_key, n, sizeof *s->order_key, &fine);
    s->n_merged = renewed(b, s->n_merged, n, sizeof *s->n_merged, &fine);
    log->value = renewed(b, log->value, n, sizeof *log->value, &fine);
    log->state = renewed(b, log->state, n, sizeof *log->state, &fine);
    log->lines = renewed(b, log->lines, n, sizeof *log->lines, &fine);
    for (int64_t i = 0; fine && i < n; i++) {
        log->lines[i] = (uint32_t)i; /* they are in groups as they lie */
    }
    return fine;
}

/* Where the runs of each customer begin, and the groups of those with a sale. */
static void open_groups(room *s, const part *one) {
    int64_t at = 0, group = 0;
    for (int64_t i = 0; i < one->n_customers; i++) {
        const customer *of = &one->customers[i];
        s->next[i] = of->row >= 0 ? at : -1;
        if (of->row >= 0) {
            s->rows[group] = of->row;
            s->log.start[group++] = at;
            at += of->n_runs;
        }
    }
    s->log.start[group] = at;
    s->log.n_customers = group;
}

static void scatter_block(room *s, const km_runs *runs, const km_run_block *block) {
    const uint64_t *run = block->words;
    int n_words = words_of(runs);
    for (uint32_t i = 0; i < block->n_runs; i++, run += n_words) {
        int64_t at = s->next[run[0]];
        if (at < 0) {
            continue;
        }
        s->next[run[0]] = at + 1;
        s->order_key[at] = run[1];
        s->log.value[at] = (int64_t)run[2];
        s->time[at] = km_when_time(run[3]);
        s->log.state[at] = km_when_state(run[3]);
        s->n_merged[at] = km_when_lines(run[3]);
        s->items[at] = runs->has_items ? (int64_t)run[KM_RUN_FIXED] : 0;
        s->discount_sum[at] = runs->has_discount ? (int64_t)run[n_words - 1] : 0;
    }
}

/* The log of a part; its customers are groups. */
static void open_log(const building *b, room *s) {
    s->log.has_quantity = b->log->has_quantity;
    s->log.has_discount = b->log->has_discount;
    s->log.reference_day = b->log->reference_day;
    memcpy(s->log.wanted, b->log->wanted, sizeof s->log.wanted);
    s->log.time = s->time;
    s->log.order_key = s->order_key;
    s->log.n_merged = s->n_merged;
    s->log.items = s->items;
    s->log.discount_sum = s->discount_sum;
}

static void write_part(void *argument, int64_t index, int32_t thread) {
    building *b = argument;
    room *s = &b->rooms[thread];
    const part *one = &b->parts[index];
    int fine = reserve_groups(b, s, one) && reserve_runs(b, s, one->n_runs);
    if (fine) {
        open_groups(s, one);
        open_log(b, s);
        for (int32_t t = 0; t < b->n_threads; t++) {
            for (const km_run_block *k = b->runs[t].parts[index]; k != NULL; k = k->next) {
                scatter_block(s, &b->runs[t], k);
            }
        }
        km_feature_scratch *scratch = &b->features.scratch[thread];
        scratch->log = &s->log;
        for (int64_t g = 0; g < s->log.n_customers && fine; g++) {
            fine = km_features_write(&b->features, scratch, (int32_t)g, s->rows[g]);
        }
    }
    if (!fine) {
        atomic_store(&b->failed, 1);
    }
    km_progress_step(b->ctx, one->n_with_sale, thread == 0);
}

/* ---- all of it ---- */

static kmseg_status begin(building *b, km_arena *arena) {
    b->parts = km_arena_array(arena, b->n_parts, sizeof *b->parts);
    b->rooms = km_arena_array(arena, b->n_threads, sizeof *b->rooms);
    if (b->parts == NULL || b->rooms == NULL) {
        return km_fail_memory(b->ctx, "grouping orders by customer");
    }
    for (int32_t t = 0; t < b->n_threads; t++) {
        km_ids_init(&b->rooms[t].customers, &b->ctx->allocator);
        km_ids_init(&b->rooms[t].orders, &b->ctx->allocator);
    }
    return KMSEG_OK;
}

static void end(building *b) {
    const kmseg_allocator *a = &b->ctx->allocator;
    for (int64_t p = 0; b->parts != NULL && p < b->n_parts; p++) {
        km_release(a, b->parts[p].customers);
    }
    for (int32_t t = 0; b->rooms != NULL && t < b->n_threads; t++) {
        room *s = &b->rooms[t];
        void *blocks[] = {s->sums,      s->next,         s->rows,      s->log.start,
                          s->log.value, s->log.state,    s->log.lines, s->time,
                          s->items,     s->discount_sum, s->order_key, s->n_merged};
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
            km_release(a, blocks[i]);
        }
        km_ids_free(&s->customers);
        km_ids_free(&s->orders);
    }
}

static kmseg_status check(const building *b, kmseg_status status) {
    return status == KMSEG_OK && atomic_load(&b->failed)
               ? km_fail_memory(b->ctx, "grouping orders by customer")
               : status;
}

static kmseg_status fill(building *b, kmseg_table *table) {
    KM_TRY(km_features_begin(&b->features, b->ctx, b->log, table));
    km_progress_begin(b->ctx, "features", b->log->n_customers);
    kmseg_status status = check(b, km_parallel(b->ctx, b->n_parts, write_part, b));
    km_progress_end(b->ctx);
    return status;
}

static kmseg_status build(building *b, kmseg_table **out, kmseg_features_report *report) {
    KM_TRY(begin(b, &b->log->arena));
    KM_TRY(check(b, km_parallel(b->ctx, b->n_parts, find_customers, b)));
    sum_up(b, report);
    KM_TRY(order_customers(b, report));
    kmseg_table *table;
    KM_TRY(kmseg_table_new(b->ctx, b->log->n_customers, &table));
    kmseg_status status = fill(b, table);
    km_features_free(&b->features);
    if (status != KMSEG_OK) {
        kmseg_table_free(table);
        return status;
    }
    km_features_report(&b->features, table, report);
    *out = table;
    return KMSEG_OK;
}

kmseg_status km_parts_features(kmseg_context *ctx, km_order_log *log, const km_runs *runs,
                               kmseg_table **out, kmseg_features_report *report) {
    *out = NULL;
    building b = {.ctx = ctx,
                  .log = log,
                  .runs = runs,
                  .n_threads = kmseg_context_threads(ctx),
                  .n_parts = INT64_C(1) << runs[0].bits};
    kmseg_status status = build(&b, out, report);
    end(&b);
    return status;
}
