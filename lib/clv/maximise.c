/* NLopt finds the hill, Newton's method the top of it.
 *
 * The search is over the logarithms of the parameters, which keeps them positive and makes the
 * likelihood rounder. NLopt's SLSQP (Kraft 1994) uses the gradient and stops when nothing is gained;
 * Nelder-Mead steps in where it gives up. Newton steps from there leave a result that does not
 * depend on how the top was reached, and the Hessian that they need gives the standard errors. Of
 * NLopt's algorithms only ones under the MIT and BSD licences are used. */
#include "clv/maximise.h"

#include <math.h>
#include <nlopt.h>
#include <string.h>

enum { MOST_SLSQP = 400, MOST_SIMPLEX = 4000, MOST_NEWTON = 30 };

typedef struct search {
    kmseg_context *ctx;
    const km_likelihood *likelihood;
    kmseg_status status;
    nlopt_opt running; /* NULL outside NLopt */
    int32_t n_evaluations;
    double best[KM_MOST_PARAMETERS], best_value; /* logarithms over scale */
} search;

static double parameter_at(const km_likelihood *l, int i, double log_ratio) {
    return l->scales[i] * exp(log_ratio);
}

/* Value and, unless NULL, gradient at logarithms u. */
static double evaluate(search *s, const double *u, double *gradient) {
    const km_likelihood *l = s->likelihood;
    double parameters[KM_MOST_PARAMETERS], value = -INFINITY, slopes[KM_MOST_PARAMETERS];
    for (int i = 0; i < l->n; i++) {
        parameters[i] = parameter_at(l, i, u[i]);
    }
    if (s->status == KMSEG_OK && km_cancelled(s->ctx)) {
        s->status = km_fail_cancelled(s->ctx);
    }
    if (s->status == KMSEG_OK) {
        s->n_evaluations++;
        s->status = l->evaluate(s->ctx, l->self, parameters, &value, slopes);
    }
    if (s->status != KMSEG_OK) {
        if (s->running != NULL) {
            nlopt_force_stop(s->running);
        }
        memset(slopes, 0, sizeof slopes);
        value = -INFINITY;
    }
    for (int i = 0; gradient != NULL && i < l->n; i++) {
        gradient[i] = slopes[i] * parameters[i];
    }
    if (value > s->best_value) {
        s->best_value = value;
        memcpy(s->best, u, (size_t)l->n * sizeof *u);
    }
    return value;
}

/* NLopt's view: the mean over the samples, so that its tolerances mean the same for any number. */
static double objective(unsigned n, const double *u, double *gradient, void *argument) {
    search *s = argument;
    double value = evaluate(s, u, gradient) / s->likelihood->n_samples;
    for (unsigned i = 0; gradient != NULL && i < n; i++) {
        gradient[i] /= s->likelihood->n_samples;
    }
    return value;
}

/* One climb; 1 when the algorithm ended as it should. */
static int climb(search *s, nlopt_algorithm algorithm, int most, double *u) {
    nlopt_opt opt = nlopt_create(algorithm, (unsigned)s->likelihood->n);
    if (opt == NULL) {
        s->status = km_fail_memory(s->ctx, "the maximum of a likelihood");
        return 0;
    }
    nlopt_set_max_objective(opt, objective, s);
    nlopt_set_lower_bounds1(opt, -KM_LOG_REACH);
    nlopt_set_upper_bounds1(opt, KM_LOG_REACH);
    nlopt_set_ftol_rel(opt, 1e-13);
    nlopt_set_xtol_rel(opt, 1e-9);
    nlopt_set_maxeval(opt, most);
    double value;
    s->running = opt;
    nlopt_result result = nlopt_optimize(opt, u, &value);
    s->running = NULL;
    nlopt_destroy(opt);
    return result > 0 || result == NLOPT_ROUNDOFF_LIMITED;
}

/* From every start; 1 when each climb ended as it should. */
static int climb_all(search *s) {
    const km_likelihood *l = s->likelihood;
    int good = 1;
    for (int start = 0; start < l->n_starts && s->status == KMSEG_OK; start++) {
        double u[KM_MOST_PARAMETERS];
        for (int i = 0; i < l->n; i++) {
            double ratio = log(l->starts[start][i] / l->scales[i]);
            u[i] = fmin(fmax(ratio, -KM_LOG_REACH), KM_LOG_REACH);
        }
        good &= climb(s, NLOPT_LD_SLSQP, MOST_SLSQP, u);
    }
    return good;
}

/* Minus the Hessian at u, from central differences of the gradient, symmetric. */
static void curvature(search *s, const double *u, double *out) {
    const double step = 1e-4; /* its error is about step^2, that of rounding 1e-12 / step */
    int n = s->likelihood->n;
    for (int i = 0; i < n; i++) {
        double moved[KM_MOST_PARAMETERS], above[KM_MOST_PARAMETERS] = {0};
        double below[KM_MOST_PARAMETERS] = {0};
        memcpy(moved, u, (size_t)n * sizeof *u);
        moved[i] = u[i] + step;
        (void)evaluate(s, moved, above);
        moved[i] = u[i] - step;
        (void)evaluate(s, moved, below);
        for (int j = 0; j < n; j++) {
            out[n * i + j] = (below[j] - above[j]) / (2 * step);
        }
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            double mean = 0.5 * (out[n * i + j] + out[n * j + i]);
            out[n * i + j] = out[n * j + i] = mean;
        }
    }
}

/* Inverts a positive definite matrix by Cholesky's L L'; 0 when it is none. */
static int invert(const double *matrix, int n, double *out) {
    double lower[KM_MOST_PARAMETERS * KM_MOST_PARAMETERS] = {0};
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = matrix[n * i + j];
            for (int k = 0; k < j; k++) {
                sum -= lower[n * i + k] * lower[n * j + k];
            }
            if (i == j && !(sum > 1e-12 * fabs(matrix[n * i + i]))) {
                return 0;
            }
            lower[n * i + j] = i == j ? sqrt(sum) : sum / lower[n * j + j];
        }
    }
    for (int c = 0; c < n; c++) {
        double y[KM_MOST_PARAMETERS] = {0};
        for (int i = 0; i < n; i++) {
            double sum = i == c;
            for (int k = 0; k < i; k++) {
                sum -= lower[n * i + k] * y[k];
            }
            y[i] = sum / lower[n * i + i];
        }
        for (int i = n - 1; i >= 0; i--) {
            double sum = y[i];
            for (int k = i + 1; k < n; k++) {
                sum -= lower[n * k + i] * out[n * k + c];
            }
            out[n * i + c] = sum / lower[n * i + i];
        }
    }
    return 1;
}

/* A step that would leave the hill is shortened; it ends when a step moves nothing that counts. */
static int polish(search *s, double *u, double *inverse) {
    int n = s->likelihood->n;
    for (int round = 0; round < MOST_NEWTON && s->status == KMSEG_OK; round++) {
        double bend[KM_MOST_PARAMETERS * KM_MOST_PARAMETERS], gradient[KM_MOST_PARAMETERS] = {0};
        double value = evaluate(s, u, gradient);
        curvature(s, u, bend);
        if (s->status != KMSEG_OK || !invert(bend, n, inverse)) {
            return 0;
        }
        double largest = 0, step[KM_MOST_PARAMETERS], gain = 0;
        for (int i = 0; i < n; i++) {
            step[i] = 0;
            for (int j = 0; j < n; j++) {
                step[i] += inverse[n * i + j] * gradient[j];
            }
            gain += step[i] * gradient[i];
            largest = fmax(largest, fabs(step[i]));
        }
        /* gain is twice what the step promises: far below what one customer adds, it is the top. */
        if (largest < 1e-8 || gain < 1e-11) {
            return 1;
        }
        double share = largest > 1 ? 1 / largest : 1;
        double moved[KM_MOST_PARAMETERS];
        do {
            for (int i = 0; i < n; i++) {
                moved[i] = u[i] + share * step[i];
            }
            share *= 0.5;
        } while (evaluate(s, moved, NULL) < value - 1e-9 * fabs(value) && share > 1e-6);
        memcpy(u, moved, (size_t)n * sizeof *u);
    }
    return 0;
}

/* The parameter that is within a hundredth of its limit; -1: none. */
static int at_limit(const km_likelihood *l, const double *u) {
    for (int i = 0; i < l->n; i++) {
        if (fabs(u[i]) > KM_LOG_REACH - 0.01) {
            return i;
        }
    }
    return -1;
}

static const char what_to_do[] =
    "observe the customers for longer, or take in more of them or those of more months";

static kmseg_status fail_limit(kmseg_context *ctx, const km_likelihood *l, int i, double u) {
    const km_parameter *p = &l->parameters[i];
    return km_fail(ctx, KMSEG_E_DATA,
                   "%s cannot be fitted: its likelihood grows until %s is at the %s limit of the "
                   "search, %.3g (%s); %s",
                   l->what, p->name, u < 0 ? "lower" : "upper", parameter_at(l, i, u),
                   u < 0 ? p->low : p->high, what_to_do);
}

kmseg_status km_maximise(kmseg_context *ctx, const km_likelihood *l, km_maximum *out) {
    /* Standard errors of a logarithm beyond which a parameter is not known within a factor of 150. */
    const double vague = 5;
    search s = {.ctx = ctx, .likelihood = l, .best_value = -INFINITY};
    memset(out, 0, sizeof *out);
    out->culprit = -1;
    int good = climb_all(&s);
    if (s.status != KMSEG_OK) {
        return s.status;
    }
    if (!isfinite(s.best_value)) {
        return km_fail(ctx, KMSEG_E_DATA, "%s cannot be fitted: its likelihood is nowhere finite",
                       l->what);
    }
    double u[KM_MOST_PARAMETERS], inverse[KM_MOST_PARAMETERS * KM_MOST_PARAMETERS] = {0};
    memcpy(u, s.best, sizeof u);
    int limit = at_limit(l, u);
    int top = limit < 0 && polish(&s, u, inverse);
    if (limit < 0 && !top && !good && s.status == KMSEG_OK) { /* a climb broke off on the way */
        memcpy(u, s.best, sizeof u);
        (void)climb(&s, NLOPT_LN_NELDERMEAD, MOST_SIMPLEX, u);
        memcpy(u, s.best, sizeof u);
        limit = at_limit(l, u);
        top = limit < 0 && polish(&s, u, inverse);
    }
    if (s.status != KMSEG_OK) {
        return s.status;
    }
    limit = limit < 0 ? at_limit(l, u) : limit;
    out->value = s.best_value;
    out->n_evaluations = s.n_evaluations;
    if (limit >= 0) {
        out->culprit = limit;
        return fail_limit(ctx, l, limit, u[limit]);
    }
    for (int i = 0; i < l->n; i++) {
        out->parameters[i] = parameter_at(l, i, u[i]);
        out->log_errors[i] = top ? sqrt(inverse[l->n * i + i]) : INFINITY;
        if (!(out->log_errors[i] < vague)) {
            out->culprit = i;
            return km_fail(ctx, KMSEG_E_DATA,
                           "%s cannot be fitted: these customers do not determine its parameter "
                           "%s (about %.3g); %s",
                           l->what, l->parameters[i].name, out->parameters[i], what_to_do);
        }
    }
    /* At the top the derivatives vanish, so the covariance of the logarithms scales. */
    for (int i = 0; i < l->n; i++) {
        for (int j = 0; j < l->n; j++) {
            out->covariance[l->n * i + j] =
                inverse[l->n * i + j] * out->parameters[i] * out->parameters[j];
        }
    }
    out->value = evaluate(&s, u, NULL);
    out->n_evaluations = s.n_evaluations;
    return s.status;
}
