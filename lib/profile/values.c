/* The value of a segment: the sum of one column. */
#include "base/text.h"
#include "data/moments.h"
#include "data/table.h"
#include "profile/profile.h"

#include <math.h>

/* In order of preference; case and punctuation do not matter. */
static const char *const usual[] = {
    "monetary",
    "revenue",
    "total_revenue",
    "total_spend",
    "total_spent",
    "total_spending",
    "spend",
    "spending",
    "sales",
    "total_sales",
    "total_amount",
    "amount",
    "total_charges",
    "annual_spend",
    "annual_spending",
    "annual_revenue",
    "annual_sales",
    "yearly_spend",
    "turnover",
    "gmv",
    "purchases",
    "total_value",
    "order_value",
    "ltv",
    "clv",
    "cltv",
    "lifetime_value",
    "customer_lifetime_value",
    "customer_value",
    "value",
    "monthly_charges",
};

static int32_t find_usual(const kmseg_table *table) {
    for (size_t u = 0; u < sizeof usual / sizeof *usual; u++) {
        for (int32_t i = 0; i < kmseg_table_n_columns(table); i++) {
            const kmseg_column *column = kmseg_table_column(table, i);
            if (column->type == KMSEG_COLUMN_NUMBER && column->n_missing < column->n_rows &&
                km_same_name(column->name, usual[u])) {
                return i;
            }
        }
    }
    return -1;
}

static kmseg_status find_value(const km_profiling *p, int32_t *out) {
    const char *wanted = p->options->value;
    *out = wanted == NULL ? find_usual(p->table) : -1;
    if (wanted == NULL || wanted[0] == '\0') {
        return KMSEG_OK;
    }
    *out = kmseg_table_find(p->table, wanted);
    if (*out < 0) {
        kmseg_status status = km_table_fail_no_column(p->ctx, p->table, wanted);
        return km_fail_prefix(p->ctx, status, "value");
    }
    if (kmseg_table_column(p->table, *out)->type != KMSEG_COLUMN_NUMBER) {
        return km_fail(p->ctx, KMSEG_E_DATA, "value: column %s is not a column of numbers", wanted);
    }
    return KMSEG_OK;
}

static kmseg_status sum_values(km_profiling *p, const kmseg_column *column, double *values,
                               double *shares) {
    km_int128 *sums = km_arena_array(&p->scratch, p->n_segments, sizeof *sums);
    if (sums == NULL) {
        return km_fail_memory(p->ctx, "the values of segments");
    }
    double largest = 0;
    for (int64_t i = 0; i < p->n_rows; i++) {
        double x = fabs(column->numbers[km_profiling_row(p, i)]);
        largest = isfinite(x) && x > largest ? x : largest;
    }
    km_fixed fixed = km_fixed_for(largest);
    km_int128 total = 0;
    for (int64_t i = 0; i < p->n_rows; i++) {
        double x = column->numbers[km_profiling_row(p, i)];
        int64_t part = isfinite(x) ? km_fixed_of(fixed, x) : 0;
        sums[p->labels[i]] += part;
        total += part;
    }
    for (int32_t s = 0; s < p->n_segments; s++) {
        values[s] = km_fixed_sum(fixed, sums[s]);
        shares[s] = total > 0 ? km_int128_double(sums[s]) / km_int128_double(total) : 0;
    }
    return KMSEG_OK;
}

kmseg_status km_profile_values(km_profiling *p) {
    int32_t i;
    KM_TRY(find_value(p, &i));
    const kmseg_column *column = i >= 0 ? kmseg_table_column(p->table, i) : NULL;
    double *values = km_arena_array(p->arena, p->n_segments, sizeof *values);
    double *shares = km_arena_array(p->arena, p->n_segments, sizeof *shares);
    p->out->value_column = km_arena_text(p->arena, column != NULL ? column->name : "");
    p->out->values = values;
    p->out->value_shares = shares;
    if (values == NULL || shares == NULL || p->out->value_column == NULL) {
        return km_fail_memory(p->ctx, "the values of segments");
    }
    return column != NULL ? sum_values(p, column, values, shares) : KMSEG_OK;
}
