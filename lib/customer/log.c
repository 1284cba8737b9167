/* An order log as arrays: the columns that options name, ids and categories as codes. */
#include "customer/orders.h"

#include "base/text.h"
#include "data/dictionary.h"

#include <kmseg/source.h>

#include <math.h>
#include <string.h>

int km_is_blank(const char *text, size_t length) {
    static const char *const blanks[] = {"", "na", "n/a", "nan", "null", "none"};
    enum { LONGEST = 4 };
    char letters[LONGEST + 2]; /* spaces and the like do not matter */
    size_t n = 0;
    for (size_t i = 0; i < length && n <= LONGEST; i++) {
        if (strchr(" _-.", text[i]) == NULL) {
            letters[n++] = text[i];
        }
    }
    letters[n] = '\0';
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        if (km_same_name(letters, blanks[i])) {
            return 1;
        }
    }
    return 0;
}

/* Codes of a TEXT column, borrowed unless a level stands for missing. */
static kmseg_status text_codes(kmseg_context *ctx, km_order_log *log, const kmseg_column *column,
                               km_codes *out) {
    *out = (km_codes){column->codes, column->n_levels, column->levels};
    uint8_t *blank = NULL;
    for (int32_t level = 0; level < column->n_levels; level++) {
        if (km_is_blank(column->levels[level], strlen(column->levels[level]))) {
            if (blank == NULL) {
                blank = km_arena_array(&log->arena, column->n_levels, 1);
                if (blank == NULL) {
                    return km_fail_memory(ctx, "an order log");
                }
            }
            blank[level] = 1;
        }
    }
    if (blank == NULL) {
        return KMSEG_OK;
    }
    int32_t *codes = km_arena_copy(&log->arena, column->codes, log->n_lines, sizeof *codes);
    if (codes == NULL) {
        return km_fail_memory(ctx, "an order log");
    }
    for (int64_t r = 0; r < log->n_lines; r++) {
        codes[r] = codes[r] >= 0 && blank[codes[r]] ? -1 : codes[r];
    }
    out->codes = codes;
    return KMSEG_OK;
}

/* Codes of a NUMBER column: ids are written as whole numbers, 17850 and not 17850.0. */
static kmseg_status number_codes(kmseg_context *ctx, km_order_log *log, const kmseg_column *column,
                                 km_codes *out) {
    int32_t *codes = km_arena_take(&log->arena, (size_t)log->n_lines * sizeof *codes);
    km_dictionary dictionary;
    if (codes == NULL || !km_dictionary_init(&dictionary, &log->arena, &ctx->allocator)) {
        return km_fail_memory(ctx, "an order log");
    }
    kmseg_status status = KMSEG_OK;
    for (int64_t r = 0; r < log->n_lines && status == KMSEG_OK; r++) {
        double value = column->numbers[r];
        if (isnan(value)) {
            codes[r] = -1;
        } else if (r > 0 && value == column->numbers[r - 1]) {
            codes[r] = codes[r - 1];
        } else {
            char text[32];
            size_t length = km_format_double(value, text, sizeof text);
            codes[r] = km_dictionary_add(&dictionary, text, length);
            if (codes[r] < 0) {
                status = km_fail_memory(ctx, "an order log");
            }
        }
    }
    *out = (km_codes){codes, dictionary.n, NULL};
    out->levels = km_arena_copy(&log->arena, dictionary.texts, dictionary.n, sizeof(char *));
    km_dictionary_free(&dictionary);
    if (status == KMSEG_OK && out->levels == NULL) {
        status = km_fail_memory(ctx, "an order log");
    }
    return status;
}

static const kmseg_column *named(const kmseg_table *table, const char *name) {
    return name != NULL && name[0] != '\0'
               ? kmseg_table_column(table, kmseg_table_find(table, name))
               : NULL;
}

static kmseg_status open_codes(kmseg_context *ctx, km_order_log *log, const kmseg_table *table,
                               const char *name, km_codes *out) {
    const kmseg_column *column = named(table, name);
    *out = (km_codes){NULL, 0, NULL};
    if (column == NULL) {
        return KMSEG_OK;
    }
    switch (column->type) {
    case KMSEG_COLUMN_TEXT: return text_codes(ctx, log, column, out);
    case KMSEG_COLUMN_NUMBER: return number_codes(ctx, log, column, out);
    case KMSEG_COLUMN_TIME: break;
    }
    return km_fail(ctx, KMSEG_E_FORMAT, "column %s holds dates; it needs to hold text or numbers",
                   name);
}

static kmseg_status open_numbers(kmseg_context *ctx, const kmseg_table *table, const char *name,
                                 const double **out) {
    const kmseg_column *column = named(table, name);
    *out = NULL;
    if (column == NULL) {
        return KMSEG_OK;
    }
    if (column->type != KMSEG_COLUMN_NUMBER) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s holds %s; it needs to hold numbers", name,
                       column->type == KMSEG_COLUMN_TEXT ? "text" : "dates");
    }
    *out = column->numbers;
    return KMSEG_OK;
}

/* Reads every level as a date, KMSEG_TIME_MISSING where it is none. Returns how many are not. */
static int64_t read_levels(kmseg_context *ctx, const kmseg_column *column, int day_first,
                           int64_t *out) {
    int64_t n_bad = 0;
    for (int32_t level = 0; level < column->n_levels; level++) {
        if (kmseg_time_parse(ctx, column->levels[level], day_first, &out[level]) != KMSEG_OK) {
            out[level] = KMSEG_TIME_MISSING;
            n_bad++;
        }
    }
    return n_bad;
}

/* The order of day and month in which more of the levels are dates. */
static kmseg_status settle_order(kmseg_context *ctx, const kmseg_column *column, int64_t *times,
                                 int64_t *other) {
    int64_t month_first_bad = read_levels(ctx, column, 0, times);
    int64_t day_first_bad = read_levels(ctx, column, 1, other);
    if (day_first_bad < month_first_bad) {
        memcpy(times, other, (size_t)column->n_levels * sizeof *times);
    }
    for (int32_t level = 0; day_first_bad == month_first_bad && level < column->n_levels; level++) {
        if (times[level] != other[level]) {
            return km_fail(ctx, KMSEG_E_FORMAT,
                           "%s in column %s may have the day or the month first; say which with "
                           "--date-order",
                           column->levels[level], column->name);
        }
    }
    return KMSEG_OK;
}

/* Dates that came as text are read level by level. */
static kmseg_status open_time(kmseg_context *ctx, km_order_log *log, const kmseg_table *table,
                              const kmseg_features_options *options) {
    const kmseg_column *column = named(table, options->date);
    if (column->type == KMSEG_COLUMN_TIME) {
        log->time = column->times;
        return KMSEG_OK;
    }
    if (column->type != KMSEG_COLUMN_TEXT) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %s holds numbers; it needs to hold dates",
                       options->date);
    }
    int64_t *levels = km_arena_array(&log->arena, 2 * (int64_t)column->n_levels, sizeof *levels);
    int64_t *time = km_arena_take(&log->arena, (size_t)log->n_lines * sizeof *time);
    if (levels == NULL || time == NULL) {
        return km_fail_memory(ctx, "an order log");
    }
    if (strcmp(options->date_order, "auto") == 0) {
        KM_TRY(settle_order(ctx, column, levels, levels + column->n_levels));
    } else {
        read_levels(ctx, column, strcmp(options->date_order, "day_first") == 0, levels);
    }
    for (int64_t r = 0; r < log->n_lines; r++) {
        time[r] = column->codes[r] >= 0 ? levels[column->codes[r]] : KMSEG_TIME_MISSING;
    }
    log->time = time;
    return KMSEG_OK;
}

kmseg_status km_log_open(kmseg_context *ctx, const kmseg_table *table,
                         const kmseg_features_options *options, km_order_log *log) {
    memset(log, 0, sizeof *log);
    km_arena_init(&log->arena, &ctx->allocator);
    log->n_lines = table->n_rows;
    if (log->n_lines >= (int64_t)UINT32_MAX) {
        return km_fail(ctx, KMSEG_E_UNSUPPORTED,
                       "the log has %lld lines; it needs to have fewer than 2^32",
                       (long long)log->n_lines);
    }
    KM_TRY(open_codes(ctx, log, table, options->customer, &log->customer));
    KM_TRY(open_codes(ctx, log, table, options->order, &log->order));
    KM_TRY(open_codes(ctx, log, table, options->product, &log->product));
    KM_TRY(open_codes(ctx, log, table, options->category, &log->category));
    KM_TRY(open_codes(ctx, log, table, options->channel, &log->channel));
    KM_TRY(open_codes(ctx, log, table, options->buyer, &log->buyer));
    KM_TRY(open_numbers(ctx, table, options->amount, &log->amount));
    KM_TRY(open_numbers(ctx, table, options->quantity, &log->quantity));
    KM_TRY(open_numbers(ctx, table, options->price, &log->price));
    KM_TRY(open_numbers(ctx, table, options->discount, &log->discount));
    KM_TRY(open_time(ctx, log, table, options));
    log->has_quantity = log->quantity != NULL;
    log->has_discount = log->discount != NULL;
    log->value = km_arena_take(&log->arena, (size_t)log->n_lines * sizeof *log->value);
    log->state = km_arena_array(&log->arena, log->n_lines, 1);
    if (log->value == NULL || log->state == NULL) {
        return km_fail_memory(ctx, "an order log");
    }
    return KMSEG_OK;
}

void km_log_free(km_order_log *log) { km_arena_free(&log->arena); }
