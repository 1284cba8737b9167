/* The NBD model: purchases at a rate from Gamma(r, alpha), and nobody leaves (Ehrenberg 1959; Fader and
 * Hardie 2013, note 012 of brucehardie.com). It is what BG/NBD becomes as a goes to 0, and with a = 0
 * the functions of BG/NBD are its own: of a customer with x purchases in T, whatever t_x,
 *
 *     ln L = ln G(r + x) - ln G(r) + r ln alpha - (r + x) ln(alpha + T)   (G: the gamma function)
 *     E[purchases in t] = (r + x) t / (alpha + T)
 *     P(none in t) = ((alpha + T) / (alpha + T + t))^(r + x)
 *
 * The likelihood is of the same data as that of BG/NBD, so the two compare. */
#include "clv/maximise.h"
#include "clv/models.h"
#include "clv/special.h"

#include <math.h>
#include <string.h>

enum { R, ALPHA, N_PARAMETERS };

typedef struct likelihood {
    const km_triples *triples;
    double *counts; /* customers of each pair x and T */
} likelihood;

static kmseg_status evaluate(kmseg_context *ctx, void *argument, const double *parameters,
                             double *out_value, double *out_gradient) {
    (void)ctx;
    const likelihood *self = argument;
    const km_triples *t = self->triples;
    double r = parameters[R], alpha = parameters[ALPHA], log_alpha = log(alpha);
    double gamma_r = km_log_gamma(r), psi_r = km_digamma(r);
    km_sum value = {0}, by_r = {0}, by_alpha = {0};
    for (int64_t i = 0; i < t->n_x; i++) {
        double x = t->x_values[i], count = t->x_counts[i];
        double more = x > 0 ? km_log_gamma(r + x) - gamma_r : 0;
        km_sum_add(&value, count * (r * log_alpha + more));
        km_sum_add(&by_r, count * (log_alpha + (x > 0 ? km_digamma(r + x) - psi_r : 0)));
        km_sum_add(&by_alpha, count * r / alpha);
    }
    for (int64_t i = 0; i < t->n_pairs; i++) {
        double x = t->x[t->pair_first[i]], T = t->T[t->pair_first[i]], count = self->counts[i];
        double log_T = log(alpha + T);
        km_sum_add(&value, -count * (r + x) * log_T);
        km_sum_add(&by_r, -count * log_T);
        km_sum_add(&by_alpha, -count * (r + x) / (alpha + T));
    }
    *out_value = km_sum_value(value);
    out_gradient[R] = km_sum_value(by_r);
    out_gradient[ALPHA] = km_sum_value(by_alpha);
    return KMSEG_OK;
}

static const km_parameter parameters[N_PARAMETERS] = {
    {"r", "almost nobody buys again", "all customers buy at the same rate"},
    {"alpha", "almost nobody buys again", "all customers buy at the same rate"},
};

static kmseg_status maximise(kmseg_context *ctx, likelihood *self, kmseg_bgnbd *out) {
    const km_triples *t = self->triples;
    km_likelihood search = {.what = "the NBD model",
                            .n = N_PARAMETERS,
                            .parameters = parameters,
                            .n_samples = (double)t->n_customers,
                            .n_starts = 3,
                            .evaluate = evaluate,
                            .self = self};
    km_sum purchases = {0}, time = {0};
    for (int64_t i = 0; i < t->n_pairs; i++) {
        self->counts[i] = 0;
    }
    for (int64_t i = 0; i < t->n; i++) {
        double count = km_triples_count(t, i);
        self->counts[t->pair[i]] += count;
        km_sum_add(&purchases, count * t->x[i]);
        km_sum_add(&time, count * t->T[i]);
    }
    double rate = km_sum_value(purchases) / km_sum_value(time);
    search.scales[R] = 1;
    search.scales[ALPHA] = km_sum_value(time) / (double)t->n_customers;
    for (int i = 0; i < search.n_starts; i++) { /* of the mean rate of the data */
        static const double shapes[] = {0.5, 1, 2};
        search.starts[i][R] = shapes[i];
        search.starts[i][ALPHA] = shapes[i] / rate;
    }
    km_maximum top;
    KM_TRY(km_maximise(ctx, &search, &top));
    out->nobody_leaves = 1;
    out->r = top.parameters[R];
    out->alpha = top.parameters[ALPHA];
    out->a = 0;
    out->b = 1;
    memset(out->standard_errors, 0, sizeof out->standard_errors);
    memset(out->covariance, 0, sizeof out->covariance);
    for (int i = 0; i < N_PARAMETERS; i++) {
        out->standard_errors[i] = sqrt(top.covariance[N_PARAMETERS * i + i]);
        for (int j = 0; j < N_PARAMETERS; j++) {
            out->covariance[4 * i + j] = top.covariance[N_PARAMETERS * i + j];
        }
    }
    out->log_likelihood = top.value;
    out->n_evaluations += top.n_evaluations;
    return KMSEG_OK;
}

kmseg_status km_nbd_fit_triples(kmseg_context *ctx, const km_triples *triples, kmseg_bgnbd *out) {
    likelihood self = {.triples = triples};
    self.counts = km_allocate_array(&ctx->allocator, triples->n_pairs, sizeof *self.counts);
    if (self.counts == NULL) {
        return km_fail_memory(ctx, "the NBD model");
    }
    kmseg_status status = maximise(ctx, &self, out);
    km_release(&ctx->allocator, self.counts);
    return status;
}
