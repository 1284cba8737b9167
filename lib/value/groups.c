/* How many customers a class has, and what they are worth. */
#include "value/value.h"

#include <math.h>
#include <string.h>

void km_signed_add(km_signed_sum *sum, double value) {
    if (isfinite(value)) {
        km_exact_add(value < 0 ? &sum->minus : &sum->plus, fabs(value));
        sum->n++;
    }
}

double km_signed_value(const km_signed_sum *sum) {
    return km_exact_value(&sum->plus) - km_exact_value(&sum->minus);
}

/* Sums of one group. */
typedef struct tally {
    int64_t n;
    km_signed_sum recency, frequency, monetary;
} tally;

static double mean_of(const km_signed_sum *sum) {
    return sum->n > 0 ? km_signed_value(sum) / (double)sum->n : NAN;
}

static double total_of(const km_signed_sum *sum, const double *column) {
    return column != NULL ? km_signed_value(sum) : NAN;
}

static void add(tally *t, int64_t row, const double *recency, const double *frequency,
                const double *monetary) {
    t->n++;
    if (recency != NULL) {
        km_signed_add(&t->recency, recency[row]);
    }
    if (frequency != NULL) {
        km_signed_add(&t->frequency, frequency[row]);
    }
    if (monetary != NULL) {
        km_signed_add(&t->monetary, monetary[row]);
    }
}

kmseg_status km_value_groups(kmseg_context *ctx, const kmseg_table *table,
                             const kmseg_value_columns *columns, const int32_t *codes,
                             int32_t n_groups, const char *const *names, kmseg_value_group *out,
                             kmseg_value_group *all) {
    const double *recency = km_number_column_or_null(table, columns->recency);
    const double *frequency = km_number_column_or_null(table, columns->frequency);
    const double *monetary = km_number_column_or_null(table, columns->monetary);
    size_t size = ((size_t)n_groups + 1) * sizeof(tally);
    tally *tallies = km_allocate(&ctx->allocator, size);
    if (tallies == NULL) {
        return km_fail_memory(ctx, "the sums of groups");
    }
    memset(tallies, 0, size);
    for (int64_t r = 0; r < kmseg_table_n_rows(table); r++) {
        if (codes[r] >= 0) {
            add(&tallies[codes[r]], r, recency, frequency, monetary);
            add(&tallies[n_groups], r, recency, frequency, monetary);
        }
    }
    int64_t n = tallies[n_groups].n;
    double total = total_of(&tallies[n_groups].monetary, monetary);
    for (int32_t g = 0; g <= n_groups; g++) {
        const tally *t = &tallies[g];
        double revenue = total_of(&t->monetary, monetary);
        *(g < n_groups ? &out[g] : all) = (kmseg_value_group){
            .name = g < n_groups ? names[g] : "all",
            .n_customers = t->n,
            .share = n > 0 ? (double)t->n / (double)n : NAN,
            .orders = total_of(&t->frequency, frequency),
            .revenue = revenue,
            .revenue_share = total > 0 ? revenue / total : NAN,
            .mean_recency = mean_of(&t->recency),
            .mean_frequency = mean_of(&t->frequency),
            .mean_monetary = mean_of(&t->monetary),
        };
    }
    km_release(&ctx->allocator, tallies);
    return KMSEG_OK;
}
