/* Quantiles and histograms of number columns, in /profile; later runs compare new data with them. */
#include "store/layout.h"

#include <math.h>
#include <stdio.h>

/* The number columns side by side; text ones are NaN in the quantiles and have no bins. */
typedef struct spreads {
    double *quantiles;         /* n_columns x KMSEG_N_QUANTILES */
    double *segment_quantiles; /* in a file KMSEG_N_QUANTILES matrices of n_columns x n_segments, in
                                  memory n_columns matrices of n_segments x KMSEG_N_QUANTILES */
    km_bin_row *bins;          /* of all columns */
    int64_t *counts;           /* n_bins x n_segments */
    int64_t n_bins;
    int64_t n_columns;
} spreads;

enum { Q = KMSEG_N_QUANTILES };

/* Where quantile q of column c in segment s is. */
static int64_t place(const spreads *all, int64_t q, int64_t c, int64_t s, int64_t k) {
    return (q * all->n_columns + c) * k + s;
}

/* "q05" of the probability 0.05. */
static void path_of(int32_t q, char *out, size_t capacity) {
    snprintf(out, capacity, "/profile/quantiles/q%02.0f", 100 * kmseg_profile_probability(q));
}

static int make(km_arena *arena, int64_t n_columns, int64_t n_bins, int64_t k, spreads *to) {
    *to = (spreads){.quantiles = km_arena_array(arena, n_columns * Q, sizeof(double)),
                    .segment_quantiles = km_arena_array(arena, n_columns * k * Q, sizeof(double)),
                    .bins = km_arena_array(arena, n_bins, sizeof(km_bin_row)),
                    .counts = km_arena_array(arena, n_bins * k, sizeof(int64_t)),
                    .n_bins = n_bins,
                    .n_columns = n_columns};
    return to->quantiles != NULL && to->segment_quantiles != NULL && to->bins != NULL &&
           to->counts != NULL;
}

static void fill_column(const kmseg_profile_column *column, int32_t c, int64_t k, int64_t *next,
                        spreads *to) {
    for (int64_t i = 0; i < Q; i++) {
        to->quantiles[c * Q + i] = column->n_bins > 0 ? column->quantiles[i] : (double)NAN;
    }
    for (int64_t i = 0; i < k * Q; i++) {
        to->segment_quantiles[place(to, i % Q, c, i / Q, k)] =
            column->n_bins > 0 ? column->segment_quantiles[i] : (double)NAN;
    }
    for (int32_t b = 0; b < column->n_bins; b++, ++*next) {
        to->bins[*next] = (km_bin_row){c, column->bin_edges[b], column->bin_edges[b + 1]};
        for (int64_t s = 0; s < k; s++) {
            to->counts[*next * k + s] = column->segment_bins[s * column->n_bins + b];
        }
    }
}

void km_store_put_distributions(km_h5_file *file, km_arena *arena, const kmseg_profile *profile) {
    int64_t k = profile->n_segments, n_bins = 0, next = 0;
    for (int32_t c = 0; c < profile->n_columns; c++) {
        n_bins += profile->columns[c].n_bins;
    }
    spreads all;
    if (!make(arena, profile->n_columns, n_bins, k, &all)) {
        file->status =
            file->status == KMSEG_OK ? km_fail_memory(file->ctx, "a profile") : file->status;
        return;
    }
    for (int32_t c = 0; c < profile->n_columns; c++) {
        fill_column(&profile->columns[c], c, k, &next, &all);
    }
    double probabilities[Q];
    for (int32_t i = 0; i < Q; i++) {
        probabilities[i] = kmseg_profile_probability(i);
    }
    km_h5_put_group(file, "/profile/quantiles");
    km_h5_put(file, "/profile/quantiles/probability", KM_H5_FLOAT64, KM_H5_PLAIN, Q, 0,
              probabilities);
    km_h5_put(file, "/profile/quantiles/all", KM_H5_FLOAT64, KM_H5_PLAIN, profile->n_columns, Q,
              all.quantiles);
    for (int32_t q = 0; q < Q; q++) {
        char path[64];
        path_of(q, path, sizeof path);
        km_h5_put(file, path, KM_H5_FLOAT64, KM_H5_PLAIN, profile->n_columns, k,
                  all.segment_quantiles + place(&all, q, 0, 0, k));
    }
    km_fields_put_rows(file, &km_layout_profile_bins, n_bins, all.bins);
    km_h5_put(file, "/profile/bin_counts", KM_H5_INT64, KM_H5_PLAIN, n_bins, k, all.counts);
}

/* Bins of column c begin at row *next. */
static kmseg_status get_bins(km_h5_file *file, km_arena *arena, const spreads *from, int32_t c,
                             int64_t k, int64_t *next, kmseg_profile_column *column) {
    int64_t n = 0;
    while (*next + n < from->n_bins && from->bins[*next + n].column == c) {
        n++;
    }
    double *edges = km_arena_array(arena, n + 1, sizeof *edges);
    int64_t *counts = km_arena_array(arena, n * k, sizeof *counts);
    if (edges == NULL || counts == NULL) {
        return km_fail_memory(file->ctx, "a profile");
    }
    for (int64_t b = 0; b < n; b++, ++*next) {
        const km_bin_row *row = &from->bins[*next];
        if (b > 0 && row->low != edges[b]) {
            return km_h5_fault(
                file, KMSEG_E_FORMAT,
                "row %lld of /profile/bins begins at %g; it needs to begin where the "
                "bin before it ends",
                (long long)*next, row->low);
        }
        edges[b] = row->low;
        edges[b + 1] = row->high;
        for (int64_t s = 0; s < k; s++) {
            counts[s * n + b] = from->counts[*next * k + s];
        }
    }
    if (n > 0 && n <= INT32_MAX) {
        column->quantiles = from->quantiles + (int64_t)c * Q;
        column->segment_quantiles = from->segment_quantiles + c * k * Q;
        column->bin_edges = edges;
        column->segment_bins = counts;
        column->n_bins = (int32_t)n;
    }
    return KMSEG_OK;
}

static kmseg_status check_probabilities(km_h5_file *file) {
    double probabilities[Q];
    KM_TRY(km_h5_get(file, "/profile/quantiles/probability", KM_H5_FLOAT64, Q, 0, probabilities));
    for (int32_t q = 0; q < Q; q++) {
        if (probabilities[q] != kmseg_profile_probability(q)) {
            return km_h5_fault(
                file, KMSEG_E_FORMAT,
                "value %d of /profile/quantiles/probability is %g; it needs to be %g", q,
                probabilities[q], kmseg_profile_probability(q));
        }
    }
    return KMSEG_OK;
}

kmseg_status km_store_get_distributions(km_h5_file *file, km_arena *arena, int32_t n_columns,
                                        int64_t n_segments, kmseg_profile_column *columns) {
    if (!km_h5_exists(file, "/profile/bins") && !km_h5_exists(file, "/profile/quantiles")) {
        return KMSEG_OK;
    }
    KM_TRY(check_probabilities(file));
    spreads all = {.n_columns = n_columns};
    const double *by_quantile[Q];
    int64_t next = 0, k = n_segments;
    KM_TRY(km_fields_get_rows(file, &km_layout_profile_bins, arena, &all.n_bins, &all.bins));
    KM_TRY(km_h5_get_new(file, "/profile/quantiles/all", KM_H5_FLOAT64, n_columns, Q, arena,
                         &all.quantiles));
    for (int32_t q = 0; q < Q; q++) {
        char path[64];
        path_of(q, path, sizeof path);
        KM_TRY(km_h5_get_new(file, path, KM_H5_FLOAT64, n_columns, k, arena, &by_quantile[q]));
    }
    KM_TRY(
        km_h5_get_new(file, "/profile/bin_counts", KM_H5_INT64, all.n_bins, k, arena, &all.counts));
    all.segment_quantiles = km_arena_array(arena, (int64_t)n_columns * k * Q, sizeof(double));
    if (all.segment_quantiles == NULL) {
        return km_fail_memory(file->ctx, "a profile");
    }
    for (int32_t c = 0; c < n_columns; c++) {
        for (int64_t i = 0; i < k * Q; i++) {
            all.segment_quantiles[c * k * Q + i] = by_quantile[i % Q][c * k + i / Q];
        }
        KM_TRY(get_bins(file, arena, &all, c, k, &next, &columns[c]));
    }
    return next == all.n_bins ? KMSEG_OK
                              : km_h5_fault(file, KMSEG_E_FORMAT,
                                            "/profile/bins has bins of columns that have none");
}
