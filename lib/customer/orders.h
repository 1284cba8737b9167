/* The inside of an order log on its way to customers: found columns, then lines with a verdict,
 * then lines grouped by customer, then features. */
#ifndef KM_CUSTOMER_ORDERS_H
#define KM_CUSTOMER_ORDERS_H

#include "base/context.h"
#include "base/registry.h"
#include "base/sums.h"
#include "data/sort.h"
#include "data/table.h"

#include <kmseg/customer.h>
#include <kmseg/source.h>

#define KM_DAY INT64_C(86400)

static inline int64_t km_day_of(int64_t seconds) {
    return seconds >= 0 ? seconds / KM_DAY : -((-seconds + KM_DAY - 1) / KM_DAY);
}

/* Amounts and quantities are summed as whole millionths: 0.1 ten times is 1, in any order. */
#define KM_MICRO         1e6
#define KM_LARGEST_VALUE 9e12 /* below 2^63 millionths */

static inline int64_t km_micro(double value) {
    double micro = value * KM_MICRO;
    return fabs(micro) <= 0x1p51 ? km_round(micro) : (int64_t)llrint(micro);
}
static inline double km_from_micro(km_int128 sum) { return km_int128_double(sum) / KM_MICRO; }

/* What a line counts in the sums of items and discounts, NaN being missing. */
static inline int64_t km_items(double quantity) { return km_micro(isnan(quantity) ? 1 : quantity); }
static inline int64_t km_discount(double discount) {
    return isnan(discount) ? 0 : km_micro(fabs(discount));
}

/* One feature or family of features. */
typedef struct km_feature {
    km_named named;
    const char *unit;
    kmseg_column_role role;
} km_feature;

typedef enum km_feature_index {
    KM_RECENCY,
    KM_FREQUENCY,
    KM_MONETARY,
    KM_MEAN_ORDER_VALUE,
    KM_TENURE,
    KM_ORDER_DAYS,
    KM_GAP_MEAN,
    KM_GAP_MEDIAN,
    KM_TREND_SPEND,
    KM_TREND_GAP,
    KM_BASKET_LINES,
    KM_BASKET_ITEMS,
    KM_N_PRODUCTS,
    KM_N_CATEGORIES,
    KM_N_BUYERS,
    KM_MAIN_BUYER_SHARE,
    KM_RETURN_RATE,
    KM_DISCOUNT_SHARE,
    KM_N_SINGLE, /* features of one column end here; each family below has one per level */
    KM_WEEKDAY_SHARE = KM_N_SINGLE,
    KM_HOURS_SHARE,
    KM_CATEGORY_SHARE,
    KM_CHANNEL_SHARE,
    KM_FIRST_ORDER, /* times */
    KM_LAST_ORDER,
    KM_N_FEATURES
} km_feature_index;

const km_feature *km_feature_at(int32_t i);

/* "features" and "clean_rules". */
extern const km_registry km_feature_registry, km_clean_rule_registry;

enum { KM_N_WEEKDAYS = 7, KM_N_BANDS = 4 };

/* Weekday from Monday, 0; day 0 was a Thursday. */
static inline int km_weekday(int64_t day) { return (int)(((day + 3) % 7 + 7) % 7); }

/* Band of six hours from midnight. */
static inline int km_band(int64_t seconds, int64_t day) {
    return (int)((seconds - day * KM_DAY) / (6 * 3600));
}

/* Distinct values of a column, as codes; codes is NULL when there is no such column. */
typedef struct km_codes {
    const int32_t *codes; /* -1: missing */
    int32_t n_levels;
    const char *const *levels;
} km_codes;

/* What became of a line: below KMSEG_N_CLEAN_RULES the rule that rejected it. */
enum {
    KM_LINE_RETURN_OUTSIDE = 253, /* rejected as a return, and of no use for the return rate */
    KM_LINE_NETTED = 254,         /* a return that counts as a negative amount */
    KM_LINE_SALE = 255
};

/* When there are sales at all: which shares of orders can be had. */
typedef struct km_times_seen {
    int known, on_day[KM_N_WEEKDAYS], in_band[KM_N_BANDS];
    int has_times; /* of the day */
} km_times_seen;

typedef struct km_order_log {
    km_arena arena; /* what is not borrowed from the table */
    uint8_t wanted[KM_N_FEATURES];
    int64_t n_lines;
    km_codes customer, order, product, category, channel, buyer;
    const int64_t *time;
    const double *amount, *quantity, *price, *discount; /* NULL: no such column */
    int64_t *value;                                     /* of each line, in millionths */
    uint8_t *state;
    int has_quantity, has_discount;
    km_times_seen seen; /* where known */

    /* Of a log of runs, each of them several lines as one (runs.h); else NULL. */
    const uint32_t *n_merged;            /* lines of each */
    const uint64_t *order_key;           /* equal for the same order, of a customer at least */
    const int64_t *items, *discount_sum; /* of the lines, in millionths */

    int64_t reference_day;
    int64_t first_order, last_order; /* of the sales, seconds */

    int64_t n_customers; /* with a sale */
    int32_t *customers;  /* n_customers codes, ascending by id: the rows of the result */

    /* Sales and returns grouped by row; in a group in the order of the log. */
    int64_t *start; /* n_customers + 1 */
    uint32_t *lines;
} km_order_log;

static inline void km_see_time(km_times_seen *seen, int64_t seconds) {
    int64_t day = km_day_of(seconds);
    seen->on_day[km_weekday(day)] = 1;
    seen->in_band[km_band(seconds, day)] = 1;
    seen->has_times |= seconds != day * KM_DAY;
}

/* The days of which a time can be, as seconds; lines of others are rejected. */
#define KM_FIRST_SECOND INT64_C(-62135596800) /* 0001-01-01 */
#define KM_END_SECOND   INT64_C(253402300800) /* 10000-01-01 */

/* The rules by which lines are judged. */
typedef struct km_cleaning {
    const uint8_t *cancelled; /* order.n_levels: 1 for ids that mark a cancellation; or NULL */
    int64_t since, until, future;
    double limit;
    int net, mark_duplicates, keep_free;
} km_cleaning;

/* The rules that options name, without the cancelled orders; *reference_day is INT64_MAX where it is
 * up to the log. */
kmseg_status km_cleaning_begin(kmseg_context *ctx, const kmseg_features_options *options,
                               km_cleaning *out, int64_t *reference_day);

/* Fills value and state of the lines from..to, and adds the rejected ones of each rule. */
void km_judge_lines(const km_cleaning *rules, km_order_log *log, int64_t from, int64_t to,
                    int64_t n_rejected[KMSEG_N_CLEAN_RULES]);

/* 1 for "0042", 0 for "" and for others. */
int km_all_digits(const char *text, size_t length);

/* 1 for ids like C536379, by which shops mark a cancellation. */
int km_is_cancellation(const char *id, size_t length);

/* 1 for what stands for a missing id: "", N/A, null, ... */
int km_is_blank(const char *text, size_t length);

/* Which features options->only names, all of them where it is NULL; columns that none of these needs
 * become none in options. KMSEG_E_ARGUMENT for a name that is no feature. */
kmseg_status km_features_choose(kmseg_context *ctx, kmseg_features_options *options,
                                uint8_t wanted[KM_N_FEATURES]);

/* Points the log at the columns that options name. */
kmseg_status km_log_open(kmseg_context *ctx, const kmseg_table *table,
                         const kmseg_features_options *options, km_order_log *log);
void km_log_free(km_order_log *log);

/* Judges every line: fills value, state and the counts of the report. */
kmseg_status km_log_clean(kmseg_context *ctx, const kmseg_table *table,
                          const kmseg_features_options *options, km_order_log *log,
                          kmseg_features_report *report);

/* Sets state to 1 for every line that equals an earlier one in every column of the table, else 0. */
kmseg_status km_log_mark_duplicates(kmseg_context *ctx, const kmseg_table *table,
                                    km_order_log *log);

/* Groups the lines by customer and sorts the customers by id. */
kmseg_status km_log_group(kmseg_context *ctx, km_order_log *log, kmseg_features_report *report);

/* The rest of the grouping, when the customers are known (codes in any order in log->customers) and
 * first_order and last_order are: reference day, report, order of the customers. KMSEG_E_DATA when
 * there is none. */
kmseg_status km_log_settle(kmseg_context *ctx, km_order_log *log, kmseg_features_report *report);

/* The customer table of a grouped log. */
kmseg_status km_log_features(kmseg_context *ctx, km_order_log *log, kmseg_features_report *report,
                             kmseg_table **out);

/* From a file to the customer table without a table of its lines, where that is possible: *out is NULL
 * where it is not, and then nothing has been said of the log. options name the columns, chosen by
 * wanted. */
kmseg_status km_features_from_pieces(kmseg_context *ctx, const char *path,
                                     const kmseg_features_options *options,
                                     const uint8_t wanted[KM_N_FEATURES], kmseg_table **out,
                                     kmseg_features_report *report);

/* Everything above; out_state (n_lines verdicts, from the context's allocator) may be NULL. */
kmseg_status km_features_build(kmseg_context *ctx, const kmseg_table *orders,
                               const kmseg_features_options *options, kmseg_table **out,
                               kmseg_features_report *out_report, uint8_t **out_state);

/* Writes the names of the columns that options name into the report. */
void km_report_columns(const kmseg_features_options *options, kmseg_features_report *report);

/* The columns that a file has and those that options->join adds, as a table of no rows. */
kmseg_status km_order_columns(kmseg_context *ctx, const char *path,
                              const kmseg_features_options *options, kmseg_table **out);

/* How the columns that options name are read from a file, each under its type; requests and select
 * have room for KM_ORDER_COLUMNS. */
enum { KM_ORDER_COLUMNS = 11 };
void km_order_requests(const kmseg_features_options *options, kmseg_column_request *requests,
                       const char **select, kmseg_csv_options *out);

/* Reads from a file the columns that options name, or all of its own where whole lines matter, and
 * joins to them; the report gets the joins. */
kmseg_status km_read_orders(kmseg_context *ctx, const char *path,
                            const kmseg_features_options *options, int all_columns,
                            kmseg_table **out, kmseg_features_report *report);

#endif
