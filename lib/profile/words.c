/* Columns in words that people use. */
#include "profile/profile.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* What kmseg features and kmseg clv call their columns, and what a reader of a report does. Only with the unit
 * that features gives, since another table may mean something else by the name. */
static const struct {
    const char *column, *unit, *words;
} labels[] = {
    {"mean_order_value", "", "spend per order"},
    {"order_days", "days", "days with an order"},
    {"gap_mean", "days", "days between orders"},
    {"gap_median", "days", "days between orders"},
    {"trend_spend", "-1 to 1", "spend trend (-1 to 1)"},
    {"trend_gap", "-1 to 1", "slowing of orders (-1 to 1)"},
    {"basket_lines", "lines", "lines per order"},
    {"basket_items", "items", "items per order"},
    {"n_products", "products", "different products"},
    {"n_categories", "categories", "different categories"},
    {"n_buyers", "buyers", "different buyers"},
    {"main_buyer_share", "share", "spend of the main buyer"},
    {"return_rate", "share", "returned lines"},
    {"discount_share", "share", "discount"},
    {"hours_share_night", "share", "orders at night"},
    {"clv", "", "lifetime value"},
    {"p_alive", "share", "chance of still being a customer"},
    {"churn_risk", "share", "risk of no purchase"},
    {"expected_purchases", "purchases", "purchases to expect"},
    {"expected_spend", "", "spend to expect per purchase"},
};

/* Families of columns: what stands before the rest of the name. */
static const struct {
    const char *prefix, *words;
    int capital;
} families[] = {
    {"hours_share_", "orders in the ", 0},
    {"weekday_share_", "orders on ", 1},
    {"category_share_", "spend on ", 0},
    {"channel_share_", "spend through ", 0},
};

/* Columns that say the same as a better known one. */
static const struct {
    const char *column, *twin;
} twins[] = {
    {"order_days", "frequency"}, {"gap_mean", "gap_median"},    {"r_score", "recency"},
    {"f_score", "frequency"},    {"m_score", "monetary"},       {"rfm_code", "rfm_segment"},
    {"tier_rank", "tier"},       {"tier_share_before", "tier"}, {"lifecycle_reason", "lifecycle"},
};

const char *km_better_known(const char *column) {
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
        if (strcmp(column, twins[i].column) == 0) {
            return twins[i].twin;
        }
    }
    return NULL;
}

static int is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static int is_lower(char c) { return c >= 'a' && c <= 'z'; }

/* "annual_spend" and "AnnualSpend" as "annual spend"; ASCII alone, whatever the locale. */
static void spell(const char *name, char *out, size_t capacity) {
    size_t used = 0;
    for (size_t i = 0; name[i] != '\0' && used + 3 < capacity; i++) {
        char c = name[i];
        int begins = is_upper(c) && i > 0 && is_lower(name[i - 1]);
        if (begins) {
            out[used++] = ' ';
        }
        /* TotalCharges is two words, VIP and KPIs are not. */
        int is_word =
            is_upper(c) && is_lower(name[i + 1]) && (i == 0 || begins || name[i - 1] == '_');
        out[used++] = c == '_' || (unsigned char)c < 0x20 ? ' '
                      : is_word                           ? (char)(c - 'A' + 'a')
                                                          : c;
    }
    while (used > 0 && ((unsigned char)out[used - 1] & 0xc0) == 0x80 && used + 4 >= capacity) {
        used--; /* cut inside a character: without it */
    }
    out[used] = '\0';
}

int km_column_words(const kmseg_profile_column *column, char *out, size_t capacity) {
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        if (strcmp(column->name, labels[i].column) == 0 &&
            strcmp(column->unit, labels[i].unit) == 0) {
            snprintf(out, capacity, "%s", labels[i].words);
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        size_t length = strlen(families[i].prefix);
        if (strncmp(column->name, families[i].prefix, length) == 0 && km_is_share(column)) {
            char rest[64];
            snprintf(rest, sizeof rest, "%.60s", column->name + length);
            if (families[i].capital && is_lower(rest[0])) {
                rest[0] = (char)(rest[0] - 'a' + 'A');
            }
            snprintf(out, capacity, "%s%s", families[i].words, rest);
            return 1;
        }
    }
    spell(column->name, out, capacity);
    return 0;
}

int km_is_share(const kmseg_profile_column *column) {
    return column->type == KMSEG_COLUMN_NUMBER &&
           (column->is_flag || strcmp(column->unit, "share") == 0);
}
