#include "clv/columns.h"

#include "base/text.h"

#include <string.h>

/* Names in the literature and its tools; case and punctuation do not matter. "recency" is t_x there,
 * not the days since the last order as in a customer table, so T has to be there too. */
static const char *const id_names[] = {"customer_id", "customer", "cust_id",   "cust", "id",
                                       "client_id",   "user_id",  "member_id", NULL};
static const char *const x_names[] = {"x", "repeat_purchases", "frequency", "n_repeat", NULL};
static const char *const t_x_names[] = {"t_x", "recency", NULL};
static const char *const T_names[] = {"T", "T_cal", "customer_age", "age", NULL};
static const char *const spend_names[] = {"mean_spend", "zbar", "m_x", "m", "monetary_value", NULL};

static int32_t find_usual(const kmseg_table *table, const char *const *names) {
    for (; *names != NULL; names++) {
        for (int32_t i = 0; i < table->n_columns; i++) {
            if (km_same_name(table->columns[i].name, *names)) {
                return i;
            }
        }
    }
    return -1;
}

/* name: NULL: by the usual ones, "": none. */
static kmseg_status find(kmseg_context *ctx, const kmseg_table *table, const char *option,
                         const char *name, const char *const *names, int32_t *out) {
    *out = -1;
    if (name == NULL) {
        *out = find_usual(table, names);
    } else if (name[0] != '\0') {
        *out = kmseg_table_find(table, name);
        if (*out < 0) {
            return km_fail_prefix(ctx, km_table_fail_no_column(ctx, table, name), "--%s", option);
        }
    }
    return KMSEG_OK;
}

int km_is_customer_table(const kmseg_table *table) {
    return kmseg_table_find(table, "recency") >= 0 && kmseg_table_find(table, "frequency") >= 0 &&
           kmseg_table_find(table, "monetary") >= 0;
}

kmseg_status km_summary_find(kmseg_context *ctx, const kmseg_table *table, const char *id,
                             const kmseg_clv_options *options, km_summary_columns *out) {
    KM_TRY(find(ctx, table, "customer", id, id_names, &out->id));
    KM_TRY(find(ctx, table, "x", options->x, x_names, &out->x));
    KM_TRY(find(ctx, table, "t-x", options->t_x, t_x_names, &out->t_x));
    KM_TRY(find(ctx, table, "age", options->age, T_names, &out->T));
    KM_TRY(find(ctx, table, "mean-spend", options->mean_spend, spend_names, &out->mean_spend));
    out->holdout = kmseg_table_find(table, "holdout_purchases");
    const struct {
        int32_t column;
        const char *what, *option;
    } needed[] = {{out->x, "repeat purchases (x)", "x"},
                  {out->t_x, "the time from first to last purchase (t_x)", "t-x"},
                  {out->T, "the time from first purchase to the end (T)", "age"}};
    if (out->T < 0 && options->age == NULL && km_is_customer_table(table)) {
        return km_fail(ctx, KMSEG_E_NOT_FOUND,
                       "this is a customer table as kmseg features writes it; what was spent on "
                       "repeat purchases is not in it, so give the order log itself");
    }
    for (int i = 0; i < 3; i++) {
        if (needed[i].column < 0) {
            char names[600];
            km_table_names(table, names, sizeof names);
            return km_fail(ctx, KMSEG_E_NOT_FOUND,
                           "no column with %s found; name it with --%s. The columns are %s",
                           needed[i].what, needed[i].option, names);
        }
    }
    return KMSEG_OK;
}
