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

typedef struct km_order_log {
    km_arena arena; /* what is not borrowed from the table */
    uint8_t wanted[KM_N_FEATURES];
    int64_t n_lines;
    km_codes customer, order, product, category, channel, buyer;
    const int64_t *time;
    const double *amount, *quantity, *price, *discount; /* NULL: no such column */
    int64_t *value;                                     /* of each line, in millionths */
    uint8_t *state;
    int64_t reference_day;
    int64_t first_order, last_order; /* of the sales, seconds */

    int64_t n_customers; /* with a sale */
    int32_t *customers;  /* n_customers codes, ascending by id: the rows of the result */

    /* Sales and returns grouped by row; in a group in the order of the log. */
    int64_t *start; /* n_customers + 1 */
    uint32_t *lines;
} km_order_log;

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

/* The customer table of a grouped log. */
kmseg_status km_log_features(kmseg_context *ctx, km_order_log *log, kmseg_features_report *report,
                             kmseg_table **out);

/* Everything above; out_state (n_lines verdicts, from the context's allocator) may be NULL. */
kmseg_status km_features_build(kmseg_context *ctx, const kmseg_table *orders,
                               const kmseg_features_options *options, kmseg_table **out,
                               kmseg_features_report *out_report, uint8_t **out_state);

/* Writes the names of the columns that options name into the report. */
void km_report_columns(const kmseg_features_options *options, kmseg_features_report *report);

/* The columns that a file has and those that options->join adds, as a table of no rows. */
kmseg_status km_order_columns(kmseg_context *ctx, const char *path,
                              const kmseg_features_options *options, kmseg_table **out);

/* Reads from a file the columns that options name, or all of its own where whole lines matter, and
 * joins to them; the report gets the joins. */
kmseg_status km_read_orders(kmseg_context *ctx, const char *path,
                            const kmseg_features_options *options, int all_columns,
                            kmseg_table **out, kmseg_features_report *report);

#endif
