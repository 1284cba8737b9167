/* The maximum of a log-likelihood over positive parameters, and how sharp it is. */
#ifndef KM_CLV_MAXIMISE_H
#define KM_CLV_MAXIMISE_H

#include "base/context.h"

enum { KM_MOST_PARAMETERS = 4, KM_MOST_STARTS = 4 };

/* A parameter is looked for between its scale times exp(-KM_LOG_REACH) and times exp(KM_LOG_REACH). */
#define KM_LOG_REACH 14.0

typedef struct km_parameter {
    const char *name;
    const char *low, *high; /* what it means that it runs to its lower or upper limit */
} km_parameter;

typedef struct km_likelihood {
    const char *what; /* "the BG/NBD model" */
    int n;
    const km_parameter *parameters;
    double scales[KM_MOST_PARAMETERS];
    int n_starts;
    double starts[KM_MOST_STARTS][KM_MOST_PARAMETERS]; /* parameters, not their logarithms */
    double n_samples; /* the likelihood is a sum of so many terms: scales the search */
    /* Log-likelihood and its derivatives by the parameters. */
    kmseg_status (*evaluate)(kmseg_context *ctx, void *self, const double *parameters,
                             double *out_value, double *out_gradient);
    void *self;
} km_likelihood;

typedef struct km_maximum {
    double parameters[KM_MOST_PARAMETERS];
    double value;
    double covariance[KM_MOST_PARAMETERS * KM_MOST_PARAMETERS]; /* n x n, of the parameters */
    double log_errors[KM_MOST_PARAMETERS]; /* standard errors of the logarithms */
    int32_t n_evaluations;
    int culprit; /* the parameter at its limit, or that is not determined; -1: none */
} km_maximum;

/* KMSEG_E_DATA where there is no maximum inside the limits, with the reason; then out has the culprit,
 * the highest value that was found, and the evaluations. */
kmseg_status km_maximise(kmseg_context *ctx, const km_likelihood *likelihood, km_maximum *out);

#endif
