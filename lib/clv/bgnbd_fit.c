/* The likelihood of the BG/NBD model (Fader, Hardie, Lee 2005, equation 6 in the form of Hardie's
 * note 004): A1 and A2 depend on x alone and are summed over distinct x, A3 and A4 over distinct
 * triples. Chunks are merged in their order, with compensated sums. */
#include "base/parallel.h"
#include "clv/maximise.h"
#include "clv/models.h"
#include "clv/special.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { R, ALPHA, A, B, N_PARAMETERS };

typedef struct chunk_sums {
    km_sum value, by_r, by_alpha, by_a, by_b;
} chunk_sums;

typedef struct likelihood {
    const km_triples *triples;
    double parameters[N_PARAMETERS];
    chunk_sums *chunks;
} likelihood;

static chunk_sums sum_triples(const km_triples *t, const double *parameters, int64_t from,
                              int64_t to) {
    double r = parameters[R], alpha = parameters[ALPHA], a = parameters[A], b = parameters[B];
    double last_T = -1, log_T = 0, log_a = log(a);
    chunk_sums sums;
    memset(&sums, 0, sizeof sums);
    for (int64_t i = from; i < to; i++) {
        double x = t->x[i], count = km_triples_count(t, i), by_last = 0, more = 0;
        double rate = r + x, log_last = 0, per_T = 1 / (alpha + t->T[i]), per_last = 0;
        if (t->T[i] != last_T) {
            last_T = t->T[i];
            log_T = log(alpha + last_T);
        }
        if (x > 0) { /* ln(e^A3 + e^A4) = A3 + ln(1 + odds); by_last = e^A4 / (e^A3 + e^A4) */
            log_last = log(alpha + t->t_x[i]);
            per_last = 1 / (alpha + t->t_x[i]);
            double odds = log_a - log(b + x - 1) + rate * (log_T - log_last);
            double small = exp(-fabs(odds));
            more = (odds > 0 ? odds : 0) + log1p(small);
            by_last = odds > 0 ? 1 / (1 + small) : small / (1 + small);
            km_sum_add(&sums.by_a, count * by_last / a);
            km_sum_add(&sums.by_b, -count * by_last / (b + x - 1));
        }
        double by_T = 1 - by_last;
        km_sum_add(&sums.value, count * (more - rate * log_T));
        km_sum_add(&sums.by_r, -count * (by_T * log_T + by_last * log_last));
        km_sum_add(&sums.by_alpha, -count * rate * (by_T * per_T + by_last * per_last));
    }
    return sums;
}

static void sum_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    likelihood *self = argument;
    int64_t from = chunk * KM_CHUNK_ROWS, to = from + KM_CHUNK_ROWS;
    to = to < self->triples->n ? to : self->triples->n;
    self->chunks[chunk] = sum_triples(self->triples, self->parameters, from, to);
}

/* A1 and A2. */
static void sum_x(const likelihood *self, km_sum *value, km_sum *gradient) {
    const double *p = self->parameters;
    double r = p[R], a = p[A], b = p[B], log_alpha = log(p[ALPHA]);
    double gamma_r = km_log_gamma(r), gamma_b = km_log_gamma(b), gamma_ab = km_log_gamma(a + b);
    double psi_r = km_digamma(r), psi_b = km_digamma(b), psi_ab = km_digamma(a + b);
    for (int64_t i = 0; i < self->triples->n_x; i++) {
        double x = self->triples->x_values[i], count = self->triples->x_counts[i];
        double first = r * log_alpha, by_r = log_alpha, second = 0, by_a = 0, by_b = 0;
        if (x > 0) {
            first += km_log_gamma(r + x) - gamma_r;
            by_r += km_digamma(r + x) - psi_r;
            second = gamma_ab + km_log_gamma(b + x) - gamma_b - km_log_gamma(a + b + x);
            by_a = psi_ab - km_digamma(a + b + x);
            by_b = by_a + km_digamma(b + x) - psi_b;
        }
        km_sum_add(value, count * (first + second));
        km_sum_add(&gradient[R], count * by_r);
        km_sum_add(&gradient[ALPHA], count * r / p[ALPHA]);
        km_sum_add(&gradient[A], count * by_a);
        km_sum_add(&gradient[B], count * by_b);
    }
}

static void merge(km_sum *into, km_sum sum) {
    km_sum_add(into, sum.sum);
    km_sum_add(into, sum.rest);
}

static kmseg_status evaluate(kmseg_context *ctx, void *argument, const double *parameters,
                             double *out_value, double *out_gradient) {
    likelihood *self = argument;
    memcpy(self->parameters, parameters, sizeof self->parameters);
    int64_t n_chunks = km_chunks(self->triples->n, KM_CHUNK_ROWS);
    KM_TRY(km_parallel(ctx, n_chunks, sum_chunk, self));
    km_sum value = {0}, gradient[N_PARAMETERS];
    memset(gradient, 0, sizeof gradient);
    sum_x(self, &value, gradient);
    for (int64_t c = 0; c < n_chunks; c++) {
        merge(&value, self->chunks[c].value);
        merge(&gradient[R], self->chunks[c].by_r);
        merge(&gradient[ALPHA], self->chunks[c].by_alpha);
        merge(&gradient[A], self->chunks[c].by_a);
        merge(&gradient[B], self->chunks[c].by_b);
    }
    *out_value = km_sum_value(value);
    for (int i = 0; i < N_PARAMETERS; i++) {
        out_gradient[i] = km_sum_value(gradient[i]);
    }
    return KMSEG_OK;
}

static const km_parameter parameters[N_PARAMETERS] = {
    {"r", "almost nobody buys again", "all customers buy at the same rate"},
    {"alpha", "almost nobody buys again", "all customers buy at the same rate"},
    {"a", "nobody seems to leave", "all customers leave with the same chance"},
    {"b", "all customers seem to leave at once", "nobody seems to leave"},
};

/* Starts have the mean purchase rate of the data, and customers that leave seldom, sometimes, often. */
static void prepare(const km_triples *t, kmseg_bgnbd *out, km_likelihood *search) {
    km_sum purchases = {0}, time = {0};
    for (int64_t i = 0; i < t->n; i++) {
        km_sum_add(&purchases, km_triples_count(t, i) * t->x[i]);
        km_sum_add(&time, km_triples_count(t, i) * t->T[i]);
    }
    for (int64_t i = 0; i < t->n_x; i++) {
        out->n_repeaters += t->x_values[i] > 0 ? (int64_t)t->x_counts[i] : 0;
    }
    out->n_customers = t->n_customers;
    out->n_purchases = (int64_t)km_sum_value(purchases);
    out->n_distinct = t->n;
    double n = (double)t->n_customers, mean_time = km_sum_value(time) / n;
    double rate = km_sum_value(purchases) / km_sum_value(time);
    double scales[N_PARAMETERS] = {1, mean_time, 1, 1};
    double starts[3][N_PARAMETERS] = {
        {0.5, 0.5 / rate, 0.5, 2}, {1, 0.5 / rate, 1, 1}, {0.2, 0.1 / rate, 0.1, 3}};
    memcpy(search->scales, scales, sizeof scales);
    memcpy(search->starts, starts, sizeof starts);
    search->n_starts = 3;
    search->n_samples = n;
}

/* Where a or b is not to be found: the model without them, when it explains the customers as well. Else
 * it is something else, and the reason that was given stays. */
static kmseg_status fit_nobody_leaves(kmseg_context *ctx, const km_triples *triples,
                                      const km_maximum *top, kmseg_bgnbd *out) {
    const double as_well = 0.01; /* the likelihood of BG/NBD nears that of NBD as a nears 0 */
    char reason[600];
    snprintf(reason, sizeof reason, "%s", kmseg_last_error(ctx));
    kmseg_bgnbd nbd = *out;
    kmseg_status status = km_nbd_fit_triples(ctx, triples, &nbd);
    if (status == KMSEG_OK && nbd.log_likelihood >= top->value - as_well) {
        *out = nbd;
        return KMSEG_OK;
    }
    return status == KMSEG_OK || status == KMSEG_E_DATA ? km_fail(ctx, KMSEG_E_DATA, "%s", reason)
                                                        : status;
}

static kmseg_status fit(kmseg_context *ctx, likelihood *self, kmseg_bgnbd *out) {
    km_likelihood search = {.what = "the BG/NBD model",
                            .n = N_PARAMETERS,
                            .parameters = parameters,
                            .evaluate = evaluate,
                            .self = self};
    prepare(self->triples, out, &search);
    if (out->n_repeaters == 0) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "the BG/NBD model cannot be fitted: none of %lld customers bought on a "
                       "second day; it needs repeat purchases, so observe the customers for longer",
                       (long long)out->n_customers);
    }
    km_maximum top;
    kmseg_status status = km_maximise(ctx, &search, &top);
    out->n_evaluations = top.n_evaluations;
    if (status == KMSEG_E_DATA && (top.culprit == A || top.culprit == B)) {
        return fit_nobody_leaves(ctx, self->triples, &top, out);
    }
    KM_TRY(status);
    out->r = top.parameters[R];
    out->alpha = top.parameters[ALPHA];
    out->a = top.parameters[A];
    out->b = top.parameters[B];
    for (int i = 0; i < N_PARAMETERS; i++) {
        out->standard_errors[i] = sqrt(top.covariance[N_PARAMETERS * i + i]);
    }
    memcpy(out->covariance, top.covariance, sizeof out->covariance);
    out->log_likelihood = top.value;
    return KMSEG_OK;
}

kmseg_status km_bgnbd_fit_triples(kmseg_context *ctx, const km_triples *triples, kmseg_bgnbd *out) {
    memset(out, 0, sizeof *out);
    likelihood self = {.triples = triples};
    self.chunks = km_allocate_array(&ctx->allocator, km_chunks(triples->n, KM_CHUNK_ROWS),
                                    sizeof *self.chunks);
    if (self.chunks == NULL) {
        return km_fail_memory(ctx, "the BG/NBD model");
    }
    kmseg_status status = fit(ctx, &self, out);
    km_release(&ctx->allocator, self.chunks);
    return status;
}

kmseg_status km_clv_check(kmseg_context *ctx, int64_t n, const double *x, const double *t_x,
                          const double *T) {
    const double most = 1e6, longest = 1e9; /* purchases, and units of time */
    for (int64_t i = 0; i < n; i++) {
        const char *wrong = NULL;
        if (!(x[i] >= 0 && x[i] <= most) || floor(x[i]) != x[i]) {
            wrong = "x needs to be a whole number of repeat purchases, 0 to a million";
        } else if (!(T[i] >= 0 && T[i] <= longest)) {
            wrong = "T needs to be a time, 0 or more";
        } else if (!(t_x[i] >= 0 && t_x[i] <= T[i])) {
            wrong = "t_x needs to lie between 0 and T";
        } else if (x[i] == 0 && t_x[i] != 0) {
            wrong = "t_x needs to be 0 where x is 0: it counts from the first purchase";
        } else if (x[i] > 0 && t_x[i] == 0) {
            wrong = "t_x needs to be above 0 where x is: it is the time from the first purchase to "
                    "the last, not the time since the last";
        }
        if (wrong != NULL) {
            return km_fail(ctx, KMSEG_E_DATA, "row %lld has x %.6g, t_x %.6g, T %.6g; %s",
                           (long long)(i + 1), x[i], t_x[i], T[i], wrong);
        }
    }
    return KMSEG_OK;
}

kmseg_status kmseg_bgnbd_fit(kmseg_context *ctx, int64_t n, const double *x, const double *t_x,
                             const double *T, kmseg_bgnbd *out) {
    memset(out, 0, sizeof *out);
    if (n < 1) {
        return km_fail(ctx, KMSEG_E_DATA, "the BG/NBD model cannot be fitted to no customer");
    }
    KM_TRY(km_clv_check(ctx, n, x, t_x, T));
    km_triples triples;
    KM_TRY(km_triples_make(ctx, n, x, t_x, T, &triples));
    kmseg_status status = km_bgnbd_fit_triples(ctx, &triples, out);
    km_triples_free(&triples);
    if (status != KMSEG_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}
