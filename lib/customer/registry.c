/* What features there are, what cleaning rules, and the options. */
#include "customer/orders.h"

#define ROLE KMSEG_ROLE_DESCRIBE

static const km_feature features[KM_N_FEATURES] = {
    [KM_RECENCY] = {{"recency", "days from the day of the last order to the reference date"},
                    "days",
                    KMSEG_ROLE_FEATURE},
    [KM_FREQUENCY] = {{"frequency", "distinct orders"}, "orders", KMSEG_ROLE_FEATURE},
    [KM_MONETARY] = {{"monetary", "amount spent in all, in the currency of the log"},
                     "",
                     KMSEG_ROLE_FEATURE},
    [KM_MEAN_ORDER_VALUE] = {{"mean_order_value", "monetary divided by frequency"}, "", ROLE},
    [KM_TENURE] = {{"tenure", "days from the day of the first order to the reference date"},
                   "days",
                   ROLE},
    [KM_ORDER_DAYS] = {{"order_days", "distinct days with an order"}, "days", ROLE},
    [KM_GAP_MEAN] = {{"gap_mean", "mean days between successive order days; missing for one day"},
                     "days",
                     ROLE},
    [KM_GAP_MEDIAN] = {{"gap_median",
                        "median days between successive order days; missing for one day"},
                       "days",
                       ROLE},
    [KM_TREND_SPEND] = {{"trend_spend",
                         "spend of the last half of the time from first to last order less that of "
                         "the first half, over their sum: -1 falling to 1 rising; missing for one "
                         "order day"},
                        "-1 to 1",
                        ROLE},
    [KM_TREND_GAP] = {{"trend_gap", "mean of the last half of the gaps less that of the first "
                                    "half, over their sum: positive is slowing down; missing "
                                    "below two gaps"},
                      "-1 to 1",
                      ROLE},
    [KM_BASKET_LINES] = {{"basket_lines", "lines per order"}, "lines", ROLE},
    [KM_BASKET_ITEMS] = {{"basket_items", "quantity per order"}, "items", ROLE},
    [KM_N_PRODUCTS] = {{"n_products", "distinct products bought"}, "products", ROLE},
    [KM_N_CATEGORIES] = {{"n_categories", "distinct categories bought"}, "categories", ROLE},
    [KM_N_BUYERS] = {{"n_buyers", "distinct buyers who ordered for the customer"}, "buyers", ROLE},
    [KM_MAIN_BUYER_SHARE] = {{"main_buyer_share",
                              "share of spend of the buyer who spent most; what depends on one "
                              "person"},
                             "share",
                             ROLE},
    [KM_RETURN_RATE] = {{"return_rate", "share of the customer's lines that are returns"},
                        "share",
                        ROLE},
    [KM_DISCOUNT_SHARE] = {{"discount_share", "discounts over spend before discounts"},
                           "share",
                           ROLE},
    [KM_WEEKDAY_SHARE] = {{"weekday_share_DAY", "share of orders on a day of the week that occurs"},
                          "share",
                          ROLE},
    [KM_HOURS_SHARE] = {{"hours_share_BAND", "share of orders in hours 0-6 (night), 6-12 "
                                             "(morning), 12-18 (afternoon), 18-24 (evening), where "
                                             "the log has times of day"},
                        "share",
                        ROLE},
    [KM_CATEGORY_SHARE] = {{"category_share_NAME",
                            "share of spend in each of the eight categories of most spend"},
                           "share",
                           ROLE},
    [KM_CHANNEL_SHARE] = {{"channel_share_NAME",
                           "share of spend in each of the eight channels of most spend"},
                          "share",
                          ROLE},
    [KM_FIRST_ORDER] = {{"first_order", "time of the first order"}, "", ROLE},
    [KM_LAST_ORDER] = {{"last_order", "time of the last order"}, "", ROLE},
};

const km_feature *km_feature_at(int32_t i) {
    return i >= 0 && i < KM_N_FEATURES ? &features[i] : NULL;
}

static const km_named *feature_row(int32_t i) {
    const km_feature *feature = km_feature_at(i);
    return feature != NULL ? &feature->named : NULL;
}

const km_registry km_feature_registry = {"features", feature_row};

int kmseg_feature_info(int32_t i, const char **name, const char **unit, const char **help) {
    const km_feature *feature = km_feature_at(i);
    if (feature == NULL) {
        return 0;
    }
    *name = feature->named.name;
    *unit = feature->unit;
    *help = feature->named.help;
    return 1;
}

static const km_named clean_rules[KMSEG_N_CLEAN_RULES] = {
    [KMSEG_CLEAN_MISSING_ID] = {"missing_id", "no customer"},
    [KMSEG_CLEAN_UNPARSABLE] = {"unparsable", "no date or no value, or one that cannot be read"},
    [KMSEG_CLEAN_DUPLICATE] = {"duplicate", "equal to an earlier line in every column; an option"},
    [KMSEG_CLEAN_RETURN] = {"return", "negative amount or quantity, or an order id like C536379"},
    [KMSEG_CLEAN_ZERO_PRICE] = {"zero_price", "worth nothing"},
    [KMSEG_CLEAN_OUT_OF_RANGE] = {"out_of_range", "an amount above the limit"},
    [KMSEG_CLEAN_OUTSIDE_PERIOD] = {"outside_period", "before since, or on or after until"},
    [KMSEG_CLEAN_FUTURE_DATE] = {"future_date", "on or after the reference date that was given"},
};

static const km_named *clean_rule_row(int32_t i) {
    return i >= 0 && i < KMSEG_N_CLEAN_RULES ? &clean_rules[i] : NULL;
}

const km_registry km_clean_rule_registry = {"clean_rules", clean_rule_row};

const char *kmseg_clean_rule_name(int32_t rule) {
    const km_named *row = clean_rule_row(rule);
    return row != NULL ? row->name : NULL;
}

const char *kmseg_clean_rule_help(int32_t rule) {
    const km_named *row = clean_rule_row(rule);
    return row != NULL ? row->help : NULL;
}

#define OFFSET(field) offsetof(kmseg_features_options, field)
#define COLUMN(field, help)                                                                        \
    { #field, KMSEG_OPTION_TEXT, OFFSET(field), 0, 0, 0, NULL, NULL, NULL, NULL, "COLUMN", help, 0 }

static const kmseg_option rows[] = {
    COLUMN(customer, "column that names the customer"),
    COLUMN(date, "column with the date or time of the order"),
    COLUMN(order,
           "column that names the order; without one, lines of one customer and time are one "
           "order"),
    COLUMN(amount, "column with the value of a line; without one, quantity times price"),
    COLUMN(quantity, "column with the number of items of a line"),
    COLUMN(price, "column with the price per item"),
    COLUMN(product, "column with the product"),
    COLUMN(category, "column with the category of the product"),
    COLUMN(channel, "column with the sales channel"),
    COLUMN(discount, "column with the amount that was taken off a line"),
    COLUMN(buyer, "column with the person who ordered, where a customer is an account of several"),
    {"join", KMSEG_OPTION_TEXT, OFFSET(join), 0, 0, 0, NULL, "\n", NULL, NULL, "FILE:KEY",
     "columns that another file adds to the lines, such as the account of a buyer or the category "
     "of a product; FILE:A=B where the key is A in the log and B in the file; can be repeated",
     0},
    {"reference_date", KMSEG_OPTION_TEXT, OFFSET(reference_date), 0, 0, 0, NULL, NULL, NULL, NULL,
     "DATE",
     "recency and tenure are whole calendar days to this date; default: the day after the "
     "last order",
     0},
    {"since", KMSEG_OPTION_TEXT, OFFSET(since), 0, 0, 0, NULL, NULL, NULL, NULL, "DATE",
     "leave out lines before this date", 0},
    {"until", KMSEG_OPTION_TEXT, OFFSET(until), 0, 0, 0, NULL, NULL, NULL, NULL, "DATE",
     "leave out lines on or after this date", 0},
    {"returns", KMSEG_OPTION_CHOICE, OFFSET(returns), 0, 0, 0, "drop", "drop|net", NULL, NULL,
     "HOW", "drop: returns only count in return_rate; net: they also reduce spend", 0},
    {"drop_duplicates", KMSEG_OPTION_BOOL, OFFSET(drop_duplicates), 0, 1, 0, NULL, NULL, NULL, NULL,
     NULL, "leave out lines that equal an earlier one in every column", 0},
    {"max_amount", KMSEG_OPTION_DOUBLE, OFFSET(max_amount), 0, KM_LARGEST_VALUE, 0, NULL, NULL,
     NULL, NULL, "X", "leave out lines of a larger absolute value; 0: no limit", 0},
    {"date_order", KMSEG_OPTION_CHOICE, OFFSET(date_order), 0, 0, 0, "auto",
     "auto|day_first|month_first", NULL, NULL, "ORDER",
     "how 9/12/2011 is read; auto: as the other dates say", 0},
    {"only", KMSEG_OPTION_TEXT, OFFSET(only), 0, 0, 0, NULL, NULL, NULL, NULL, "FEATURES",
     "build these features alone, such as recency,frequency,monetary (see kmseg list features); "
     "columns that none of them needs are not read",
     0},
    {"zero_price", KMSEG_OPTION_CHOICE, OFFSET(zero_price), 0, 0, 0, "drop", "drop|keep", NULL,
     NULL, "HOW", "drop: lines worth nothing are left out; keep: they count as orders", 0},
};

static const kmseg_option_table table_of_options = {"features", sizeof(kmseg_features_options),
                                                    sizeof rows / sizeof *rows, rows};

const kmseg_option_table *kmseg_features_option_table(void) { return &table_of_options; }

void kmseg_features_options_init(kmseg_features_options *options) {
    kmseg_options_init(&table_of_options, options);
}
