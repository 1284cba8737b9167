/* From an order log to one row per customer. */
#ifndef KMSEG_CUSTOMER_H
#define KMSEG_CUSTOMER_H

#include <kmseg/option.h>
#include <kmseg/table.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_features_options {
    size_t struct_size;
    /* Names of the columns; NULL: found by the usual names (kmseg_features_find_columns), "": none. */
    const char *customer; /* required */
    const char *date;     /* required */
    const char *order;    /* none: lines of one customer and time are one order */
    const char *amount;   /* value of a line; none: quantity times price, or price */
    const char *quantity;
    const char *price; /* per unit, as charged */
    const char *product;
    const char *category;
    const char *channel;
    const char *discount;       /* amount that was taken off a line, of any sign */
    const char *reference_date; /* NULL: the day after the last order */
    const char *since;          /* leave out lines before this date; NULL: none */
    const char *until;          /* leave out lines on or after this date; NULL: none */
    const char *returns; /* "drop": returns only count in return_rate; "net": they reduce spend */
    int32_t drop_duplicates; /* 1: of lines that are equal in every column one is kept */
    double max_amount;       /* lines of a larger absolute value are out of range; 0: no limit */
    const char *date_order;  /* how 9/12/2011 is read: "day_first", "month_first", or "auto": as the
                                other dates (13/12/2011) say */
    const char
        *only; /* features to build, "recency,monetary", by kmseg_feature_info(); columns that
                         none of them needs are not read. NULL: all */
    const char *buyer; /* who ordered, where a customer is an account of several */
    const char *join;  /* columns that other files add to the lines, a request a line, as
                          kmseg_join_request_read() has them: "contacts.csv:contact_id" */
    const char
        *zero_price; /* "drop": lines worth nothing are left out; "keep": they are orders too */
} kmseg_features_options;

KMSEG_API const kmseg_option_table *kmseg_features_option_table(void);
KMSEG_API void kmseg_features_options_init(kmseg_features_options *options);

/* What cleaning did, rule by rule in this order; a line is counted under the first that rejects it. */
typedef enum kmseg_clean_rule {
    KMSEG_CLEAN_MISSING_ID = 0,
    KMSEG_CLEAN_UNPARSABLE, /* date or value (amount, else quantity and price) missing, unreadable or
                               outside the years 1 to 9999 */
    KMSEG_CLEAN_DUPLICATE,  /* equal to an earlier line in every column; off by default */
    KMSEG_CLEAN_RETURN, /* negative amount or quantity, or an order id marked as cancelled: C and
                               digits where most ids are digits */
    KMSEG_CLEAN_ZERO_PRICE, /* worth less than a millionth */
    KMSEG_CLEAN_OUT_OF_RANGE,
    KMSEG_CLEAN_OUTSIDE_PERIOD, /* before since, on or after until */
    KMSEG_CLEAN_FUTURE_DATE,    /* on or after the reference date that the user gave */
    KMSEG_N_CLEAN_RULES
} kmseg_clean_rule;

/** Name of a rule, "missing_id"; and what it does in a line of English. NULL out of range. */
KMSEG_API const char *kmseg_clean_rule_name(int32_t rule);
KMSEG_API const char *kmseg_clean_rule_help(int32_t rule);

#define KMSEG_N_GAP_QUANTILES   5
#define KMSEG_N_GAP_PERCENTILES 101

#define KMSEG_MOST_ORDER_JOINS 4

/* A file that was joined to the lines of a log. */
typedef struct kmseg_order_join {
    char file[64], key[64], from_key[64];
    int64_t n_lines, n_matched, n_from, n_from_unmatched;
} kmseg_order_join;

typedef struct kmseg_features_report {
    int64_t n_lines; /* read */
    int64_t n_kept;  /* lines that count */
    int64_t n_rejected[KMSEG_N_CLEAN_RULES];
    int64_t n_returns_netted; /* returns "net": lines kept as negative amounts */
    int64_t n_orders;
    int64_t n_customers;
    double total_amount;             /* of the kept lines */
    int64_t first_order, last_order; /* seconds since 1970-01-01 */
    int64_t reference_date;
    int64_t n_gaps; /* between successive order days of a customer, all customers together */
    double gap_quantiles[KMSEG_N_GAP_QUANTILES]; /* 40, 50, 80, 90, 95 %, in days (type 7); NaN when
                                                    there is no gap */
    double gap_percentiles[KMSEG_N_GAP_PERCENTILES]; /* P0, P1, ... P100 of the same */
    char customer[64], date[64], order[64], amount[64], quantity[64], price[64], product[64],
        category[64], channel[64], discount[64], buyer[64]; /* the columns used; "" for none */
    int32_t n_joins;
    kmseg_order_join joins[KMSEG_MOST_ORDER_JOINS];
} kmseg_features_report;

/**
 * Finds the columns of an order log by the usual names (customer_id, CustomerID, household_id, ...;
 * case and punctuation do not matter) and writes them into the NULL fields of options. The names
 * are borrowed from the table. KMSEG_E_NOT_FOUND when customer, date or any value is not there; the
 * message lists the columns that are, and the option that names one.
 */
KMSEG_API kmseg_status kmseg_features_find_columns(kmseg_context *ctx, const kmseg_table *columns,
                                                   kmseg_features_options *options);

/**
 * Builds one row per customer from an order log, in ascending order of customer id (numerically
 * when all ids are whole numbers), so that permuting the lines changes nothing.
 *
 * orders      one row per order line; the customer, order, product, category and channel columns
 *             may be TEXT or NUMBER, the date column TIME or TEXT
 * out         customer_id (TEXT) and the features of kmseg_feature_info(), with units and roles:
 *             recency, frequency, monetary are FEATUREs, the others DESCRIBE; those whose column
 *             is not there are left out, and what is undefined for a customer is missing
 * out_report  NULL: not wanted
 *
 * Days are calendar days: recency is the difference of two dates, whatever the time of day (so it
 * is at least 1), and days between orders are those between successive distinct days with an order.
 * The time of an order is that of its earliest line. Amounts are summed exactly, in millionths.
 * A return that is netted counts in monetary and trend_spend, not as an order; a customer who has
 * nothing but returns is left out.
 *
 * Cost O(lines log lines of one customer). KMSEG_E_DATA when no line is left after cleaning.
 */
KMSEG_API kmseg_status kmseg_customer_features(kmseg_context *ctx, const kmseg_table *orders,
                                               const kmseg_features_options *options,
                                               kmseg_table **out,
                                               kmseg_features_report *out_report);

/**
 * Reads an order log (CSV, .csv.gz or HDF5) and what options->join adds to its lines, finds its
 * columns and builds features: what `kmseg features` does.
 *
 * rejected_path  CSV file for the rejected lines: their columns, then `line` (from 1, the header
 *                included) and `rule`; NULL: none
 */
KMSEG_API kmseg_status kmseg_features_from_file(kmseg_context *ctx, const char *path,
                                                const kmseg_features_options *options,
                                                const char *rejected_path, kmseg_table **out,
                                                kmseg_features_report *out_report);

/**
 * Customers from either kind of file: a table that has every column of needs is read as it is, an
 * order log is built to features with options. What `kmseg rfm` and its kin read.
 *
 * needs       n_needs names of columns; a file that has them all is a customer table
 * options     for an order log
 * out_is_log  1: it was an order log, and out_report (NULL: not wanted) is filled
 *
 * KMSEG_E_NOT_FOUND when the file is neither; the message says what each would need.
 */
KMSEG_API kmseg_status kmseg_customers_from_file(kmseg_context *ctx, const char *path,
                                                 const char *const *needs, int32_t n_needs,
                                                 const kmseg_features_options *options,
                                                 kmseg_table **out, int *out_is_log,
                                                 kmseg_features_report *out_report);

/** Name, unit ("" for money and times) and meaning of feature i = 0, 1, ...; 0 behind the last. A
 * name that ends in capitals stands for a family: category_share_NAME. */
KMSEG_API int kmseg_feature_info(int32_t i, const char **name, const char **unit,
                                 const char **help);

KMSEG_END_DECLS

#endif
