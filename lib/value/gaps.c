/* Days between orders where the single ones are not known, but each customer's mean.
 *
 * Customer i has w_i gaps, one less than days with an order, of mean m_i. Buying at random at a rate of
 * one's own, as the models of purchases take it (see docs/clv.md), makes the gaps of one customer
 * exponential about that mean, and those of all together a mixture of exponentials. Its percentile p is
 * the t at which
 *
 *     sum w_i (1 - exp(-t / m_i)) = p / 100 sum w_i.
 *
 * The plain percentile of the m_i is no answer: means vary less than what they are means of. */
#include "value/gaps.h"

#include <math.h>
#include <stdlib.h>

/* Gaps of equal mean. */
typedef struct rhythm {
    double mean, weight;
} rhythm;

static int by_mean(const void *a, const void *b) {
    const rhythm *x = a, *y = b;
    int order = (x->mean > y->mean) - (x->mean < y->mean);
    return order != 0 ? order : (x->weight > y->weight) - (x->weight < y->weight);
}

typedef struct gap_columns {
    const double *mean, *median, *tenure, *recency, *days;
} gap_columns;

static double mean_gap(const gap_columns *c, int64_t r) {
    if (c->mean != NULL) {
        return c->mean[r];
    }
    return c->tenure != NULL ? (c->tenure[r] - c->recency[r]) / (c->days[r] - 1)
                             : c->median[r] / 0.69314718055994531; /* ln 2 */
}

static const char *find_columns(const kmseg_table *table, const kmseg_value_columns *names,
                                gap_columns *out) {
    out->days = km_number_column_or_null(table, "order_days");
    if (out->days == NULL) {
        out->days = km_number_column_or_null(table, names->frequency);
    }
    out->mean = km_number_column_or_null(table, "gap_mean");
    if (out->days == NULL || out->mean != NULL) {
        return out->days != NULL ? "gap_mean" : NULL;
    }
    out->recency = km_number_column_or_null(table, names->recency);
    out->tenure = out->recency != NULL ? km_number_column_or_null(table, "tenure") : NULL;
    if (out->tenure != NULL) {
        return "tenure, recency and orders";
    }
    out->median = km_number_column_or_null(table, "gap_median");
    return out->median != NULL ? "gap_median" : NULL;
}

/* Share of all gaps that are at most t. */
static double share_below(const rhythm *rhythms, int64_t n, double total, double t) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) { /* in ascending order, whatever that of the rows */
        sum += rhythms[i].weight * -expm1(-t / rhythms[i].mean);
    }
    return sum / total;
}

/* To a thousandth of a day, or of its own size. */
static double percentile(const rhythm *rhythms, int64_t n, double total, int32_t percent) {
    double low = 0, high = 1, p = percent < 100 ? percent / 100.0 : 1 - 1e-6;
    while (share_below(rhythms, n, total, high) < p && high < 1e12) {
        low = high;
        high *= 2;
    }
    while (high - low > 1e-3 * fmax(1, low * 1e-3)) {
        double middle = low + (high - low) / 2;
        *(share_below(rhythms, n, total, middle) < p ? &low : &high) = middle;
    }
    return fmax(1, rint(low + (high - low) / 2));
}

kmseg_status km_gaps_estimate(kmseg_context *ctx, km_arena *scratch, const kmseg_table *table,
                              const kmseg_value_columns *names, const int32_t *percents,
                              int n_percents, km_gaps *out) {
    *out = (km_gaps){0};
    gap_columns columns = {0};
    out->from = find_columns(table, names, &columns);
    if (out->from == NULL) {
        return KMSEG_OK;
    }
    rhythm *rhythms = km_arena_array(scratch, table->n_rows, sizeof *rhythms);
    if (rhythms == NULL) {
        return km_fail_memory(ctx, "the days between orders");
    }
    int64_t n = 0, n_distinct = 0;
    for (int64_t r = 0; r < table->n_rows; r++) {
        double mean = columns.days[r] > 1 ? mean_gap(&columns, r) : NAN;
        if (mean > 0 && mean < 1e9 && columns.days[r] < 1e9) {
            rhythms[n++] = (rhythm){mean, columns.days[r] - 1};
        }
    }
    if (n > 1) {
        qsort(rhythms, (size_t)n, sizeof *rhythms, by_mean);
    }
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
        total += rhythms[i].weight;
        if (n_distinct > 0 && rhythms[n_distinct - 1].mean == rhythms[i].mean) {
            rhythms[n_distinct - 1].weight += rhythms[i].weight;
        } else {
            rhythms[n_distinct++] = rhythms[i];
        }
    }
    out->n_gaps = (int64_t)rint(total);
    for (int p = 0; p < n_percents && out->n_gaps > 0; p++) {
        out->days[p] = percentile(rhythms, n_distinct, total, percents[p]);
    }
    return KMSEG_OK;
}
