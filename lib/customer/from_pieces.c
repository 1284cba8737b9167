/* From a file to customers without a table of its lines: pieces of it are judged and become runs as
 * they are parsed, by all threads. What cannot be decided piece by piece is left to the way by a
 * table: joined columns, duplicates, codes of products and categories.
 *
 * Whether ids like C536379 are cancellations depends on all ids of the log. Pieces are read again from
 * the first on when one is seen, now counting ids; the verdict is taken for what it was in the piece
 * with that id, and has to be that of the log in the end. */
#include "customer/cancelled.h"
#include "customer/parts.h"

#include <stdatomic.h>
#include <string.h>

/* Of text a part; its runs are a fourth to a half of that, seldom more. */
#define PART_BYTES ((int64_t)1 << 22)

enum { MOST_PART_BITS = 10, MOST_ROLES = 7 };

typedef struct where {
    int32_t customer, order, time, amount, quantity, price, discount;
} where;

/* One thread on its way through pieces. */
typedef struct reader {
    km_order_log log; /* the columns of the piece */
    km_read_totals totals;
    km_runs runs;
    km_cleaning rules; /* with the cancellations of the piece */
    km_id_counts ids;
    uint8_t *cancelled; /* ids of the piece */
    int64_t capacity, n_cancelled;
} reader;

/* What is known of ids that look like cancellations. */
typedef enum id_rule { NONE_SEEN, NO_CANCELLATIONS, CANCELLATIONS } id_rule;

typedef struct reading {
    kmseg_context *ctx;
    km_cleaning rules;
    where at;
    reader *readers; /* of each thread */
    int see_times;
    id_rule rule;     /* that lines are judged by */
    atomic_int found; /* the rule of a piece that has such ids */
    atomic_int out_of_memory;
} reading;

static int is_given(const char *name) { return name != NULL && name[0] != '\0'; }

/* Looks up a column that is optional; 0 when it is of another type. */
static int find(const km_pieces *pieces, const char *name, int32_t *out) {
    *out = is_given(name) ? km_pieces_find(pieces, name) : -1;
    return *out >= 0 || !is_given(name);
}

static int find_all(const km_pieces *pieces, const kmseg_features_options *o, where *at) {
    return find(pieces, o->customer, &at->customer) && find(pieces, o->order, &at->order) &&
           find(pieces, o->date, &at->time) && find(pieces, o->amount, &at->amount) &&
           find(pieces, o->quantity, &at->quantity) && find(pieces, o->price, &at->price) &&
           find(pieces, o->discount, &at->discount);
}

/* What a piece cannot decide. */
static int suits(const kmseg_features_options *o) {
    return !o->drop_duplicates && !is_given(o->join) && !is_given(o->product) &&
           !is_given(o->category) && !is_given(o->channel) && !is_given(o->buyer);
}

static const double *numbers_of(const km_piece *piece, int32_t i) {
    return i >= 0 ? piece->columns[i].numbers : NULL;
}

/* Columns of a type other than the wanted one are NULL: a name may have been given to two. */
static int point_at(const reading *r, const km_piece *piece, km_order_log *log) {
    const where *at = &r->at;
    log->n_lines = piece->n_rows;
    log->customer.codes = piece->columns[at->customer].codes;
    log->order.codes = at->order >= 0 ? piece->columns[at->order].codes : NULL;
    log->time = piece->columns[at->time].times;
    log->amount = numbers_of(piece, at->amount);
    log->quantity = numbers_of(piece, at->quantity);
    log->price = numbers_of(piece, at->price);
    log->discount = numbers_of(piece, at->discount);
    return log->customer.codes != NULL && (at->order < 0 || log->order.codes != NULL) &&
           log->time != NULL && (at->amount < 0 || log->amount != NULL) &&
           (at->quantity < 0 || log->quantity != NULL) && (at->price < 0 || log->price != NULL) &&
           (at->discount < 0 || log->discount != NULL);
}

static int may_be_blank(const km_level *level) {
    return level->length == 0 || level->text[0] < '0' || level->text[0] > '9';
}

/* Ids that stand for missing become missing. */
static void clear_blanks(const km_piece_column *column, int64_t n_rows) {
    int any = 0;
    for (int32_t i = 0; i < column->n_levels; i++) {
        const km_level *level = &column->levels[i];
        any |= may_be_blank(level) && km_is_blank(level->text, level->length);
    }
    for (int64_t r = 0; any && r < n_rows; r++) {
        const km_level *level = column->codes[r] >= 0 ? &column->levels[column->codes[r]] : NULL;
        if (level != NULL && may_be_blank(level) && km_is_blank(level->text, level->length)) {
            column->codes[r] = -1;
        }
    }
}

/* Whether there are ids like C536379 in a piece, and what they are by the ids of this piece. */
static id_rule rule_of(const km_piece_column *column) {
    int64_t n_digits = 0, n_cancelled = 0;
    for (int32_t i = 0; i < column->n_levels; i++) {
        const km_level *id = &column->levels[i];
        n_cancelled += id->length > 0 && (id->text[0] | 0x20) == 'c' &&
                       km_is_cancellation(id->text, id->length);
    }
    for (int32_t i = 0; i < column->n_levels && n_cancelled > 0; i++) {
        n_digits += km_all_digits(column->levels[i].text, column->levels[i].length);
    }
    return n_cancelled == 0                  ? NONE_SEEN
           : 2 * n_digits > column->n_levels ? CANCELLATIONS
                                             : NO_CANCELLATIONS;
}

/* Room for the values and verdicts of a piece. */
static int reserve(const reading *r, reader *one, int64_t n) {
    if (n <= one->capacity) {
        return 1;
    }
    const kmseg_allocator *allocator = &r->ctx->allocator;
    km_release(allocator, one->log.value);
    km_release(allocator, one->log.state);
    one->log.value = km_allocate_array(allocator, n, sizeof *one->log.value);
    one->log.state = km_allocate_array(allocator, n, sizeof *one->log.state);
    one->capacity = one->log.value != NULL && one->log.state != NULL ? n : 0;
    return one->capacity > 0;
}

static km_text_at text_of(const km_level *level) {
    return (km_text_at){level->text, level->length};
}

/* The run of one line. */
static km_run run_of(const reading *r, const reader *one, const km_piece *piece, int64_t row) {
    const km_order_log *log = &one->log;
    const km_level *customer = &piece->columns[r->at.customer].levels[log->customer.codes[row]];
    km_run run = {.customer = km_key_of(customer),
                  .customer_at = text_of(customer),
                  .time = log->time[row],
                  .value = log->value[row],
                  .n_lines = 1,
                  .state = log->state[row]};
    if (log->order.codes != NULL && log->order.codes[row] >= 0) {
        const km_level *order = &piece->columns[r->at.order].levels[log->order.codes[row]];
        run.order = km_key_of(order);
        run.order_at = text_of(order);
    } else {
        run.order = KM_KEY_TIME | (uint64_t)(run.time - KM_FIRST_SECOND);
    }
    run.items = one->runs.has_items ? km_items(log->quantity[row]) : 0;
    run.discount = one->runs.has_discount ? km_discount(log->discount[row]) : 0;
    return run;
}

/* Adds a line to a run; 0 when a sum would not fit. */
static inline int extend(const reader *one, km_run *run, int64_t row) {
    const km_order_log *log = &one->log;
    int64_t value, items = 0, discount = 0;
    if (run->n_lines == KM_RUN_MOST_LINES ||
        __builtin_add_overflow(run->value, log->value[row], &value) ||
        (one->runs.has_items &&
         __builtin_add_overflow(run->items, km_items(log->quantity[row]), &items)) ||
        (one->runs.has_discount &&
         __builtin_add_overflow(run->discount, km_discount(log->discount[row]), &discount))) {
        return 0;
    }
    run->value = value;
    run->items = items;
    run->discount = discount;
    run->n_lines++;
    return 1;
}

static void see_sale(const reading *r, km_read_totals *totals, int64_t time) {
    totals->first_sale = time < totals->first_sale ? time : totals->first_sale;
    totals->last_sale = time > totals->last_sale ? time : totals->last_sale;
    if (r->see_times) {
        km_see_time(&totals->seen, time);
    }
}

static inline int is_kept(uint8_t state) {
    return state == KM_LINE_SALE || state == KM_LINE_NETTED || state == KMSEG_CLEAN_RETURN;
}

static inline int same_run(const km_order_log *log, int64_t a, int64_t b) {
    return log->customer.codes[a] == log->customer.codes[b] && log->time[a] == log->time[b] &&
           log->state[a] == log->state[b] &&
           (log->order.codes == NULL || log->order.codes[a] == log->order.codes[b]);
}

/* The judged lines of a piece as runs. */
static int add_runs(const reading *r, reader *one, const km_piece *piece) {
    const km_order_log *log = &one->log;
    km_run run = {.n_lines = 0};
    int64_t last = -1; /* line of the run */
    for (int64_t row = 0; row < piece->n_rows; row++) {
        if (!is_kept(log->state[row])) {
            continue;
        }
        if (last >= 0 && same_run(log, last, row) && extend(one, &run, row)) {
            continue;
        }
        if (last >= 0 && !km_runs_add(&one->runs, &run)) {
            return 0;
        }
        run = run_of(r, one, piece, row);
        last = row;
        if (run.state == KM_LINE_SALE) {
            see_sale(r, &one->totals, run.time);
        }
    }
    return last < 0 || km_runs_add(&one->runs, &run);
}

/* 0, for a piece that is not taken. */
static int out_of_memory(reading *r) {
    atomic_store(&r->out_of_memory, 1);
    return 0;
}

/* Looks at the ids of the orders of a piece; 0 when it is not to be taken. */
static int judge_ids(reading *r, reader *one, const km_piece_column *column) {
    if (r->rule == NONE_SEEN) {
        id_rule rule = rule_of(column);
        if (rule != NONE_SEEN) {
            atomic_store(&r->found, (int)rule);
        }
        return rule == NONE_SEEN;
    }
    if (column->n_levels > one->n_cancelled) {
        km_release(&r->ctx->allocator, one->cancelled);
        one->cancelled = km_allocate(&r->ctx->allocator, (size_t)column->n_levels);
        one->n_cancelled = one->cancelled != NULL ? column->n_levels : 0;
        if (one->cancelled == NULL) {
            return out_of_memory(r);
        }
    }
    km_id_counts_add(&one->ids, column, one->cancelled);
    one->rules.cancelled = r->rule == CANCELLATIONS ? one->cancelled : NULL;
    return 1;
}

static int take_piece(void *user, const km_piece *piece, int32_t thread) {
    reading *r = user;
    reader *one = &r->readers[thread];
    if (!point_at(r, piece, &one->log)) {
        return 0;
    }
    if (!reserve(r, one, piece->n_rows)) {
        return out_of_memory(r);
    }
    clear_blanks(&piece->columns[r->at.customer], piece->n_rows);
    if (r->at.order >= 0) {
        if (!judge_ids(r, one, &piece->columns[r->at.order])) {
            return 0;
        }
        clear_blanks(&piece->columns[r->at.order], piece->n_rows);
    }
    one->totals.n_lines += piece->n_rows;
    km_judge_lines(&one->rules, &one->log, 0, piece->n_rows, one->totals.n_rejected);
    return add_runs(r, one, piece) || out_of_memory(r);
}

/* So many parts that the runs of one fit the cache. */
static int part_bits(int64_t bytes) {
    int bits = 0;
    while (bits < MOST_PART_BITS && bytes >> bits > PART_BYTES) {
        bits++;
    }
    return bits;
}

static kmseg_status begin(reading *r, const km_pieces *pieces, const uint8_t wanted[KM_N_FEATURES],
                          km_arena *arena) {
    int32_t n = kmseg_context_threads(r->ctx);
    r->see_times = wanted[KM_WEEKDAY_SHARE] || wanted[KM_HOURS_SHARE];
    r->readers = km_arena_array(arena, n, sizeof *r->readers);
    int fine = r->readers != NULL;
    for (int32_t t = 0; t < n && fine; t++) {
        reader *one = &r->readers[t];
        one->totals.first_sale = INT64_MAX;
        one->totals.last_sale = INT64_MIN;
        fine = km_runs_init(&one->runs, &r->ctx->allocator, part_bits(km_pieces_size(pieces)));
        fine = fine && (r->rule == NONE_SEEN ||
                        km_id_counts_init(&one->ids, &r->ctx->allocator, km_pieces_size(pieces)));
        one->rules = r->rules;
        one->runs.has_items = r->at.quantity >= 0 && wanted[KM_BASKET_ITEMS];
        one->runs.has_discount = r->at.discount >= 0;
    }
    return fine ? KMSEG_OK : km_fail_memory(r->ctx, "an order log");
}

/* What all threads have read, put together. */
static kmseg_status join_readers(const reading *r, km_order_log *log, km_arena *arena,
                                 km_read_totals *totals, km_runs **out) {
    int32_t n = kmseg_context_threads(r->ctx);
    *totals = (km_read_totals){.first_sale = INT64_MAX, .last_sale = INT64_MIN};
    *out = km_arena_array(arena, n, sizeof **out);
    if (*out == NULL) {
        return km_fail_memory(r->ctx, "an order log");
    }
    for (int32_t t = 0; t < n; t++) {
        (*out)[t] = r->readers[t].runs;
        km_add_totals(totals, &r->readers[t].totals);
    }
    log->has_quantity = r->at.quantity >= 0;
    log->has_discount = r->at.discount >= 0;
    log->first_order = totals->first_sale;
    log->last_order = totals->last_sale;
    log->seen = totals->seen;
    log->seen.known = 1;
    return KMSEG_OK;
}

static void end(reading *r) {
    const kmseg_allocator *allocator = &r->ctx->allocator;
    for (int32_t t = 0; r->readers != NULL && t < kmseg_context_threads(r->ctx); t++) {
        km_runs_free(&r->readers[t].runs);
        km_release(allocator, r->readers[t].log.value);
        km_release(allocator, r->readers[t].log.state);
        km_release(allocator, r->readers[t].cancelled);
        km_id_counts_free(&r->readers[t].ids);
    }
    r->readers = NULL;
}

/* 1 when all ids say what was taken for the rule. */
static int rule_holds(const reading *r) {
    if (r->rule == NONE_SEEN) {
        return 1;
    }
    for (int32_t t = 1; t < kmseg_context_threads(r->ctx); t++) {
        km_id_counts_join(&r->readers[0].ids, &r->readers[t].ids);
    }
    return km_most_are_digits(&r->readers[0].ids) == (r->rule == CANCELLATIONS);
}

/* Reads all pieces by r->rule; *whole is 0 when that cannot be. */
static kmseg_status read_pieces(reading *r, km_pieces *pieces, km_order_log *log, int *whole) {
    KM_TRY(begin(r, pieces, log->wanted, &log->arena));
    KM_TRY(km_pieces_each(pieces, take_piece, r, whole));
    if (atomic_load(&r->out_of_memory)) {
        return km_fail_memory(r->ctx, "an order log");
    }
    *whole = *whole && rule_holds(r);
    return KMSEG_OK;
}

static kmseg_status build(reading *r, km_pieces *pieces, const kmseg_features_options *options,
                          km_order_log *log, kmseg_table **out, kmseg_features_report *report) {
    int whole = 0;
    if (!find_all(pieces, options, &r->at)) {
        return KMSEG_OK;
    }
    KM_TRY(km_cleaning_begin(r->ctx, options, &r->rules, &log->reference_day));
    KM_TRY(read_pieces(r, pieces, log, &whole));
    if (atomic_load(&r->found) != NONE_SEEN) {
        end(r);
        r->rule = (id_rule)atomic_load(&r->found);
        KM_TRY(read_pieces(r, pieces, log, &whole));
    }
    if (!whole) {
        return KMSEG_OK;
    }
    km_read_totals totals;
    km_runs *runs;
    KM_TRY(join_readers(r, log, &log->arena, &totals, &runs));
    km_report_columns(options, report);
    report->n_lines = totals.n_lines;
    memcpy(report->n_rejected, totals.n_rejected, sizeof totals.n_rejected);
    return km_parts_features(r->ctx, log, runs, out, report);
}

kmseg_status km_features_from_pieces(kmseg_context *ctx, const char *path,
                                     const kmseg_features_options *options,
                                     const uint8_t wanted[KM_N_FEATURES], kmseg_table **out,
                                     kmseg_features_report *report) {
    *out = NULL;
    memset(report, 0, sizeof *report);
    if (!suits(options)) {
        return KMSEG_OK;
    }
    kmseg_column_request requests[KM_ORDER_COLUMNS];
    const char *select[KM_ORDER_COLUMNS];
    kmseg_csv_options csv;
    km_order_requests(options, requests, select, &csv);
    km_pieces *pieces = NULL;
    KM_TRY(km_pieces_open(ctx, path, &csv, &pieces));
    if (pieces == NULL) {
        return KMSEG_OK;
    }
    reading r = {.ctx = ctx};
    km_order_log log = {.n_lines = 0};
    km_arena_init(&log.arena, &ctx->allocator);
    memcpy(log.wanted, wanted, sizeof log.wanted);
    kmseg_status status = build(&r, pieces, options, &log, out, report);
    end(&r);
    km_log_free(&log);
    km_pieces_close(pieces);
    return status;
}
