/* What was predicted of a holdout against what happened in it. */
#include "clv/models.h"
#include "clv/special.h"

#include <math.h>
#include <string.h>

static double correlate(int64_t n, const double *a, const double *b, double mean_a, double mean_b) {
    km_sum aa = {0}, ab = {0}, bb = {0};
    for (int64_t i = 0; i < n; i++) {
        double da = a[i] - mean_a, db = b[i] - mean_b;
        km_sum_add(&aa, da * da);
        km_sum_add(&ab, da * db);
        km_sum_add(&bb, db * db);
    }
    double spread = sqrt(km_sum_value(aa)) * sqrt(km_sum_value(bb));
    return spread > 0 ? km_sum_value(ab) / spread : NAN;
}

void km_clv_compare(int64_t n, const double *x, const double *actual, const double *predicted,
                    kmseg_clv_holdout *out) {
    km_sum by_row[KMSEG_N_HOLDOUT_ROWS][2], off = {0};
    memset(by_row, 0, sizeof by_row);
    memset(out->rows, 0, sizeof out->rows);
    for (int64_t i = 0; i < n; i++) {
        int row = x[i] < KMSEG_N_HOLDOUT_ROWS - 1 ? (int)x[i] : KMSEG_N_HOLDOUT_ROWS - 1;
        out->rows[row].n_customers++;
        km_sum_add(&by_row[row][0], actual[i]);
        km_sum_add(&by_row[row][1], predicted[i]);
        km_sum_add(&off, fabs(predicted[i] - actual[i]));
    }
    km_sum all[2];
    memset(all, 0, sizeof all);
    for (int row = 0; row < KMSEG_N_HOLDOUT_ROWS; row++) {
        double customers = (double)out->rows[row].n_customers;
        double sums[2] = {km_sum_value(by_row[row][0]), km_sum_value(by_row[row][1])};
        out->rows[row].actual = customers > 0 ? sums[0] / customers : NAN;
        out->rows[row].predicted = customers > 0 ? sums[1] / customers : NAN;
        km_sum_add(&all[0], sums[0]);
        km_sum_add(&all[1], sums[1]);
    }
    double count = (double)n;
    out->actual = km_sum_value(all[0]);
    out->predicted = km_sum_value(all[1]);
    out->mean_absolute_error = km_sum_value(off) / count;
    out->bias = (out->predicted - out->actual) / count;
    out->correlation = correlate(n, actual, predicted, out->actual / count, out->predicted / count);
}
