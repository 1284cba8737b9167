/* What follows from the parameters of a BG/NBD model (Fader, Hardie, Lee 2005).
 *
 * The expectation. The paper has, for a customer who has not left, with A = r + x, B = b + x,
 * C = a + b + x - 1, z = t / (alpha + T + t) and w = 1 - z,
 *
 *     E = C / (a - 1) [1 - w^A 2F1(A, B; C; z)],
 *
 * which is 0 / 0 at a = 1, has a pole at C = 0, and cancels near both. The same by what it means:
 * while nobody leaves, purchases in t are negative binomial, P(k) = w^A (A)_k z^k / k!; of k of them,
 * the (j + 1)-th happens when none of the j before was the last, which has the chance
 * E[(1 - p)^j] = (B)_j / (C + 1)_j for p from Beta(a, B). So
 *
 *     E = sum over k of P(k) e_k,   e_k = sum over j < k of (B)_j / (C + 1)_j.
 *
 * Expanding 2F1 and w^-A in powers of z gives the paper's form term by term: C / (a - 1) times
 * 1 - (B)_k / (C)_k is e_k. Every term is positive and nothing is divided by a - 1 or C: it is exact
 * to rounding for all parameters. About (A z + 40) / w terms are summed; dividing by the sum of the
 * P(k), which is 1, makes w^A unnecessary, which can be too small for a double. */
#include "clv/models.h"
#include "clv/special.h"

#include <math.h>

double km_bgnbd_expected_alive(const kmseg_bgnbd *model, double x, double T, double t) {
    double z = t / (model->alpha + T + t);
    double first = model->r + x, second = model->b + x, third = model->a + model->b + x;
    if (!(z > 0)) {
        return z == 0 ? 0 : NAN;
    }
    const double large = 0x1p500, enough = 1e-17;
    double term = 1, chance = 1, purchases = 0, total = 1, expected = 0;
    for (int64_t i = 0; i < INT64_C(1000000000); i++) {
        double k = (double)i;
        double ratio = (first + k) / (k + 1) * z;
        term *= ratio;
        purchases += chance;
        chance *= (second + k) / (third + k);
        total += term;
        expected += term * purchases;
        /* The terms behind are below term (purchases + i) bound^i, i = 1, 2, ... */
        double bound = ratio > z ? ratio : z, gap = 1 - bound;
        if (bound < 1 && term * (purchases + 1) < enough * gap * gap * expected) {
            break;
        }
        if (term > large) {
            term /= large;
            total /= large;
            expected /= large;
        }
    }
    return expected / total;
}

double kmseg_bgnbd_alive(const kmseg_bgnbd *model, double x, double t_x, double T) {
    if (!(x > 0)) {
        return x == 0 ? 1 : NAN;
    }
    double odds = log(model->a / (model->b + x - 1)) +
                  (model->r + x) * log1p((T - t_x) / (model->alpha + t_x));
    return 1 / (1 + exp(odds));
}

double kmseg_bgnbd_expected(const kmseg_bgnbd *model, double x, double t_x, double T, double t) {
    return kmseg_bgnbd_alive(model, x, t_x, T) * km_bgnbd_expected_alive(model, x, T, t);
}

double kmseg_bgnbd_no_purchase(const kmseg_bgnbd *model, double x, double t_x, double T, double t) {
    double silent = exp(-(model->r + x) * log1p(t / (model->alpha + T)));
    return 1 - kmseg_bgnbd_alive(model, x, t_x, T) * (1 - silent);
}

double kmseg_bgnbd_new_expected(const kmseg_bgnbd *model, double t) {
    return km_bgnbd_expected_alive(model, 0, 0, t);
}

/* Either all x purchases happen and the customer is still one, or the x-th is the last of more that
 * would have been: P(k >= x) of the negative binomial, here 1 less the chances below x. */
double kmseg_bgnbd_new_probability(const kmseg_bgnbd *model, int64_t x, double t) {
    if (x < 0) {
        return 0;
    }
    double z = t / (model->alpha + t), n = (double)x;
    km_sum below = {0};
    double term = exp(-model->r * log1p(t / model->alpha));
    for (int64_t k = 0; k < x; k++) {
        km_sum_add(&below, term);
        term *= (model->r + (double)k) / (double)(k + 1) * z;
    }
    double a = model->a, b = model->b;
    double stays =
        km_log_gamma(b + n) + km_log_gamma(a + b) - km_log_gamma(b) - km_log_gamma(a + b + n);
    double probability = exp(stays) * term;
    if (x > 0) { /* B(a + 1, b + x - 1) / B(a, b) */
        double last = stays + log(a / (b + n - 1));
        probability += exp(last) * fmax(0, 1 - km_sum_value(below));
    }
    return probability;
}
