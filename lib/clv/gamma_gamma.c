/* The Gamma-Gamma model of spend (Fader and Hardie, note 025).
 *
 * What depends on x alone is summed over distinct x, and what is linear in p once and for all, so
 * that a customer costs one logarithm per evaluation. Customers are sorted by x, then m. */
#include "base/parallel.h"
#include "clv/maximise.h"
#include "clv/models.h"
#include "clv/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { P, Q, GAMMA, N_PARAMETERS };

typedef struct chunk_sums {
    km_sum logs, logs_by_x, per,
        per_by_x; /* of ln(gamma + m x) and 1 / (gamma + m x), and times x */
} chunk_sums;

typedef struct likelihood {
    int64_t n, n_x;
    double *x, *spend; /* sorted; spend is m x, in all repeat purchases */
    double *x_values, *x_counts;
    double sum_log_m, sum_x_log_spend;
    double mean, correlation;
    double gamma; /* of the evaluation */
    chunk_sums *chunks;
} likelihood;

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    likelihood *self = argument;
    int64_t from = chunk * KM_CHUNK_ROWS, to = from + KM_CHUNK_ROWS;
    to = to < self->n ? to : self->n;
    chunk_sums sums;
    memset(&sums, 0, sizeof sums);
    for (int64_t i = from; i < to; i++) {
        double x = self->x[i], whole = self->gamma + self->spend[i], log_whole = log(whole);
        km_sum_add(&sums.logs, log_whole);
        km_sum_add(&sums.logs_by_x, x * log_whole);
        km_sum_add(&sums.per, 1 / whole);
        km_sum_add(&sums.per_by_x, x / whole);
    }
    self->chunks[chunk] = sums;
}

static void merge(km_sum *into, km_sum sum) {
    km_sum_add(into, sum.sum);
    km_sum_add(into, sum.rest);
}

static chunk_sums merge_chunks(const likelihood *self) {
    chunk_sums all;
    memset(&all, 0, sizeof all);
    for (int64_t c = 0; c < km_chunks(self->n, KM_CHUNK_ROWS); c++) {
        merge(&all.logs, self->chunks[c].logs);
        merge(&all.logs_by_x, self->chunks[c].logs_by_x);
        merge(&all.per, self->chunks[c].per);
        merge(&all.per_by_x, self->chunks[c].per_by_x);
    }
    return all;
}

static kmseg_status evaluate(kmseg_context *ctx, void *argument, const double *parameters,
                             double *out_value, double *out_gradient) {
    likelihood *self = argument;
    double p = parameters[P], q = parameters[Q], gamma = parameters[GAMMA], n = (double)self->n;
    self->gamma = gamma;
    KM_TRY(km_parallel(ctx, km_chunks(self->n, KM_CHUNK_ROWS), sum_chunk, self));
    chunk_sums all = merge_chunks(self);
    km_sum value = {0}, by_p = {0}, by_q = {0};
    double gamma_q = km_log_gamma(q), psi_q = km_digamma(q), log_gamma = log(gamma);
    for (int64_t i = 0; i < self->n_x; i++) {
        double x = self->x_values[i], count = self->x_counts[i];
        double psi = km_digamma(p * x + q);
        km_sum_add(&value, count * (km_log_gamma(p * x + q) - km_log_gamma(p * x)));
        km_sum_add(&by_p, count * x * (psi - km_digamma(p * x)));
        km_sum_add(&by_q, count * psi);
    }
    km_sum_add(&value, n * (q * log_gamma - gamma_q));
    km_sum_add(&value, p * self->sum_x_log_spend);
    km_sum_add(&value, -self->sum_log_m);
    km_sum_add(&value, -p * km_sum_value(all.logs_by_x));
    km_sum_add(&value, -q * km_sum_value(all.logs));
    km_sum_add(&by_p, self->sum_x_log_spend);
    km_sum_add(&by_p, -km_sum_value(all.logs_by_x));
    km_sum_add(&by_q, n * (log_gamma - psi_q));
    km_sum_add(&by_q, -km_sum_value(all.logs));
    *out_value = km_sum_value(value);
    out_gradient[P] = km_sum_value(by_p);
    out_gradient[Q] = km_sum_value(by_q);
    out_gradient[GAMMA] =
        n * q / gamma - p * km_sum_value(all.per_by_x) - q * km_sum_value(all.per);
    return KMSEG_OK;
}

static const km_parameter parameters[N_PARAMETERS] = {
    {"p", "what one customer spends varies without measure",
     "each customer always spends the same"},
    {"q", "what customers spend varies without measure", "all customers spend the same on average"},
    {"gamma", "what customers spend varies without measure",
     "all customers spend the same on average"},
};

/* Pearson's correlation of x and m, in two passes. */
static double correlate(const likelihood *self, double mean_x, double mean_m) {
    km_sum xx = {0}, xm = {0}, mm = {0};
    for (int64_t i = 0; i < self->n; i++) {
        double dx = self->x[i] - mean_x, dm = self->spend[i] / self->x[i] - mean_m;
        km_sum_add(&xx, dx * dx);
        km_sum_add(&xm, dx * dm);
        km_sum_add(&mm, dm * dm);
    }
    double spread = sqrt(km_sum_value(xx)) * sqrt(km_sum_value(mm));
    return spread > 0 ? km_sum_value(xm) / spread : 0;
}

static int is_spender(double x, double m) { return x > 0 && m > 0 && isfinite(m); }

/* The customers that count, sorted by m and then x. */
static kmseg_status collect(kmseg_context *ctx, int64_t n, const double *x, const double *m,
                            km_arena *arena, likelihood *self) {
    int64_t *order = km_arena_take(arena, (size_t)n * sizeof *order);
    if (order == NULL) {
        return km_fail_memory(ctx, "the Gamma-Gamma model");
    }
    for (int64_t i = 0; i < n; i++) {
        if (is_spender(x[i], m[i])) {
            order[self->n++] = i;
        }
    }
    KM_TRY(km_sort_rows(ctx, self->n, m, order));
    KM_TRY(km_sort_rows(ctx, self->n, x, order));
    self->x = km_arena_take(arena, (size_t)self->n * sizeof *self->x);
    self->spend = km_arena_take(arena, (size_t)self->n * sizeof *self->spend);
    self->x_values = km_arena_take(arena, (size_t)self->n * sizeof *self->x_values);
    self->x_counts = km_arena_array(arena, self->n, sizeof *self->x_counts);
    self->chunks =
        km_arena_take(arena, (size_t)km_chunks(self->n, KM_CHUNK_ROWS) * sizeof *self->chunks);
    if (self->x == NULL || self->spend == NULL || self->x_values == NULL ||
        self->x_counts == NULL || self->chunks == NULL) {
        return km_fail_memory(ctx, "the Gamma-Gamma model");
    }
    for (int64_t i = 0; i < self->n; i++) {
        self->x[i] = x[order[i]];
        self->spend[i] = x[order[i]] * m[order[i]];
    }
    return KMSEG_OK;
}

/* The sums that no evaluation changes; the smallest and the largest mean spend. */
static void summarise(likelihood *self, double *smallest, double *largest) {
    km_sum sum_x = {0}, sum_m = {0}, log_m = {0}, x_log = {0};
    *smallest = INFINITY;
    *largest = 0;
    for (int64_t i = 0; i < self->n; i++) {
        double x = self->x[i], m = self->spend[i] / x;
        if (i == 0 || x != self->x[i - 1]) {
            self->x_values[self->n_x++] = x;
        }
        self->x_counts[self->n_x - 1] += 1;
        km_sum_add(&sum_x, x);
        km_sum_add(&sum_m, m);
        km_sum_add(&log_m, log(m));
        km_sum_add(&x_log, x * log(self->spend[i]));
        *smallest = m < *smallest ? m : *smallest;
        *largest = m > *largest ? m : *largest;
    }
    self->sum_log_m = km_sum_value(log_m);
    self->sum_x_log_spend = km_sum_value(x_log);
    self->mean = km_sum_value(sum_m) / (double)self->n;
    self->correlation = correlate(self, km_sum_value(sum_x) / (double)self->n, self->mean);
}

static kmseg_status check(kmseg_context *ctx, likelihood *self) {
    if (self->n < N_PARAMETERS) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "the Gamma-Gamma model cannot be fitted: %lld customers have a repeat "
                       "purchase with a mean spend above 0, it needs 3; fit purchases alone with "
                       "--no-spend",
                       (long long)self->n);
    }
    double smallest, largest;
    summarise(self, &smallest, &largest);
    if (largest - smallest <= 1e-9 * largest) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "the Gamma-Gamma model cannot be fitted: all %lld repeat buyers spend the "
                       "same, %.6g; it is what every purchase is worth, so fit purchases alone "
                       "with --no-spend and multiply",
                       (long long)self->n, self->mean);
    }
    return KMSEG_OK;
}

static kmseg_status fit(kmseg_context *ctx, likelihood *self, kmseg_gamma_gamma *out) {
    double m = self->mean;
    km_likelihood search = {
        .what = "the Gamma-Gamma model",
        .n = N_PARAMETERS,
        .parameters = parameters,
        .scales = {1, 1, m},
        .n_starts = 2,
        .starts = {{4, 3, m / 2}, {1, 2, m}},
        .n_samples = (double)self->n,
        .evaluate = evaluate,
        .self = self,
    };
    km_maximum top;
    kmseg_status status = km_maximise(ctx, &search, &top);
    if (status == KMSEG_E_DATA) {
        char why[KM_MESSAGE_CAPACITY];
        snprintf(why, sizeof why, "%s", kmseg_last_error(ctx));
        return km_fail(ctx, status, "%s; or fit purchases alone with --no-spend", why);
    }
    KM_TRY(status);
    out->p = top.parameters[P];
    out->q = top.parameters[Q];
    out->gamma = top.parameters[GAMMA];
    if (out->q <= 1) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "the Gamma-Gamma model does not suit: q is %.3g, and for q <= 1 the mean "
                       "spend of the population is infinite, so no value could be expected of a "
                       "customer; leave out extreme orders (--max-amount), or fit purchases alone "
                       "with --no-spend",
                       out->q);
    }
    for (int i = 0; i < N_PARAMETERS; i++) {
        out->standard_errors[i] = sqrt(top.covariance[N_PARAMETERS * i + i]);
    }
    memcpy(out->covariance, top.covariance, sizeof out->covariance);
    out->log_likelihood = top.value;
    out->n_customers = self->n;
    out->mean_spend = out->p * out->gamma / (out->q - 1);
    out->correlation = self->correlation;
    out->n_evaluations = top.n_evaluations;
    return KMSEG_OK;
}

kmseg_status kmseg_gamma_gamma_fit(kmseg_context *ctx, int64_t n, const double *x, const double *m,
                                   kmseg_gamma_gamma *out) {
    memset(out, 0, sizeof *out);
    likelihood self = {0};
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    kmseg_status status = collect(ctx, n, x, m, &arena, &self);
    if (status == KMSEG_OK) {
        status = check(ctx, &self);
    }
    if (status == KMSEG_OK) {
        status = fit(ctx, &self, out);
    }
    km_arena_free(&arena);
    if (status != KMSEG_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

double kmseg_gamma_gamma_expected(const kmseg_gamma_gamma *model, double x, double m) {
    double spent = x > 0 && m > 0 ? m * x : 0;
    double purchases = spent > 0 ? x : 0;
    return model->p * (model->gamma + spent) / (model->p * purchases + model->q - 1);
}
