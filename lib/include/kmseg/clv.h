/* Customer lifetime value: who is still a customer, how often they will buy, what they will spend.
 *
 * Purchases follow the BG/NBD model, spend per purchase the Gamma-Gamma model; docs/clv.md has every
 * formula with its source. What is known of a customer is
 *   x     repeat purchases: days with a purchase after the first such day, a whole number up to 1e6
 *   t_x   time from the first purchase to the last, 0 where x is 0
 *   T     time from the first purchase to the end of the observation, the customer's age
 *   m     mean spend per repeat purchase, the first purchase left out
 * Times are in one unit throughout, weeks or days, and so are the parameters that depend on it. */
#ifndef KMSEG_CLV_H
#define KMSEG_CLV_H

#include <kmseg/customer.h>
#include <kmseg/option.h>
#include <kmseg/table.h>

KMSEG_BEGIN_DECLS

/* BG/NBD: a customer buys at a rate from Gamma(r, alpha) for as long as they are one, and after each
 * purchase leaves for good with a chance from Beta(a, b). All four are above 0; alpha is a time. */
typedef struct kmseg_bgnbd {
    double r, alpha, a, b;
    int32_t nobody_leaves; /* 1: the NBD model, to which BG/NBD goes as a goes to 0; a is 0 and b is
                              1, without errors, so that every function holds of it as well */
    double standard_errors[4]; /* of r, alpha, a, b */
    double covariance[16];     /* 4 x 4, the inverse of the negative Hessian */
    double log_likelihood;
    int64_t n_customers;
    int64_t n_repeaters;   /* x > 0 */
    int64_t n_purchases;   /* sum of x */
    int64_t n_distinct;    /* triples x, t_x, T */
    int32_t n_evaluations; /* of the likelihood */
} kmseg_bgnbd;

/* Gamma-Gamma: what customers spend per purchase varies about a mean of their own; those means vary
 * with p, q and gamma, an amount. */
typedef struct kmseg_gamma_gamma {
    double p, q, gamma;
    double standard_errors[3]; /* of p, q, gamma */
    double covariance[9];      /* 3 x 3 */
    double log_likelihood;
    int64_t n_customers; /* with a repeat purchase and a mean spend above 0 */
    double mean_spend;   /* of the population, p gamma / (q - 1) */
    double correlation;  /* of x and m (Pearson); the model takes it to be 0 */
    int32_t n_evaluations;
} kmseg_gamma_gamma;

/**
 * Fits the BG/NBD model by maximum likelihood.
 *
 * n        customers
 * x, t_x, T  n values each, see above
 * out      parameters with their standard errors
 *
 * The likelihood runs over the distinct triples, sorted and with compensated sums, so neither the
 * order of the customers nor the number of threads changes a bit. NLopt (SLSQP, and Nelder-Mead
 * where that fails) climbs from several starts over log parameters; Newton steps end it. Where a or b
 * is not to be found because nobody seems to leave, the NBD model is fitted: see nobody_leaves.
 *
 * KMSEG_E_DATA, with the reason and what to do: a value that cannot be, nobody bought again, the
 * likelihood has no maximum inside its limits, or does not determine a parameter.
 * Cost O(n log n + distinct triples x evaluations), mostly below 100 evaluations.
 * Source: Fader, Hardie, Lee 2005, doi:10.1287/mksc.1040.0098.
 */
KMSEG_API kmseg_status kmseg_bgnbd_fit(kmseg_context *ctx, int64_t n, const double *x,
                                       const double *t_x, const double *T, kmseg_bgnbd *out);

/** Probability that a customer has not left, at the end of the observation. 1 where x is 0: only
 * after a purchase does anybody leave. */
KMSEG_API double kmseg_bgnbd_alive(const kmseg_bgnbd *model, double x, double t_x, double T);

/** Purchases to expect of a customer in the time t after the observation. Exact also at a = 1. */
KMSEG_API double kmseg_bgnbd_expected(const kmseg_bgnbd *model, double x, double t_x, double T,
                                      double t);

/** Probability that a customer makes no purchase in the time t after the observation. */
KMSEG_API double kmseg_bgnbd_no_purchase(const kmseg_bgnbd *model, double x, double t_x, double T,
                                         double t);

/** E[X(t)], repeat purchases of a new customer to expect in the time t after the first purchase. */
KMSEG_API double kmseg_bgnbd_new_expected(const kmseg_bgnbd *model, double t);

/** P(X(t) = x), the probability that a new customer makes x repeat purchases in the time t. */
KMSEG_API double kmseg_bgnbd_new_probability(const kmseg_bgnbd *model, int64_t x, double t);

/**
 * Fits the Gamma-Gamma model by maximum likelihood, as kmseg_bgnbd_fit() does.
 *
 * x, m  n values each; customers with x = 0, or whose m is missing (NaN) or not above 0, are left
 *       out
 *
 * KMSEG_E_DATA: fewer than 3 such customers, all spend the same, q <= 1 (then the mean spend of the
 * population is infinite), or the likelihood has no maximum inside its limits.
 * Source: Fader, Hardie 2013, "The Gamma-Gamma Model of Monetary Value", note 025 of brucehardie.com.
 */
KMSEG_API kmseg_status kmseg_gamma_gamma_fit(kmseg_context *ctx, int64_t n, const double *x,
                                             const double *m, kmseg_gamma_gamma *out);

/** E[M], the mean spend per purchase to expect of a customer; that of the population where x is 0 or m
 * is missing or not above 0. */
KMSEG_API double kmseg_gamma_gamma_expected(const kmseg_gamma_gamma *model, double x, double m);

/* Correlation of purchases and spend, of either sign, from which on independence is not believed. */
#define KMSEG_CLV_CORRELATED 0.2

typedef struct kmseg_clv_options {
    size_t struct_size;
    const char *unit;     /* of t_x, T and the parameters: "weeks" or "days" */
    int32_t months;       /* periods that CLV sums over, each a month of 365.25 / 12 days */
    double discount_rate; /* per month: 0.01 is 1 % */
    double horizon; /* units that expected purchases and churn risk look ahead; 0: the months */
    const char *holdout; /* a date: fit on what is before, compare with what comes after; or NULL */
    int32_t spend;       /* 0: purchases only, no Gamma-Gamma model */
    int64_t min_customers; /* fewer are refused */
    const char *input;     /* "orders", "summary" (columns x, t_x, T), or "auto": as columns say */
    /* Columns of a summary; NULL: by the usual names. */
    const char *x, *t_x, *age, *mean_spend;
} kmseg_clv_options;

KMSEG_API const kmseg_option_table *kmseg_clv_option_table(void);
KMSEG_API void kmseg_clv_options_init(kmseg_clv_options *options);

/* x is 0, 1, ... 6, and 7 or more. */
#define KMSEG_N_HOLDOUT_ROWS 8

typedef struct kmseg_clv_holdout {
    int64_t start, end; /* first and last day, seconds since 1970-01-01 */
    double length;      /* in units */
    struct {
        int64_t n_customers;
        double actual, predicted; /* mean purchases per customer; NaN for no customer */
    } rows[KMSEG_N_HOLDOUT_ROWS];
    double actual, predicted; /* purchases of all customers */
    double correlation;       /* of predicted and actual over the customers */
    double mean_absolute_error;
    double bias; /* predicted less actual, mean per customer */
} kmseg_clv_holdout;

typedef struct kmseg_clv_report {
    kmseg_features_report orders;               /* what cleaning did; n_lines 0 for a summary */
    int64_t observation_start, observation_end; /* first and last day; 0 for a summary */
    char id[64], x[64], t_x[64], age[64], mean_spend[64]; /* columns of a summary; "" for none */
    kmseg_bgnbd purchases;
    int32_t has_spend;
    kmseg_gamma_gamma spend;
    int64_t n_left_out_spend; /* repeat buyers whose mean spend is missing or not above 0 */
    double unit_days;         /* 7 or 1 */
    double horizon, month;    /* in units */
    double mean_alive;        /* of all customers */
    double total_purchases;   /* expected of all customers over the horizon */
    double total_clv;
    int32_t has_holdout;
    kmseg_clv_holdout holdout;
} kmseg_clv_report;

/**
 * What the models need to know of each customer, from an order log.
 *
 * orders      one row per order line, cleaned as kmseg_customer_features() does
 * cleaning    columns and rules; product, category, channel, discount and only do not matter
 * options     unit and holdout
 * out         customer_id (TEXT), x, t_x, T, mean_spend (missing where x is 0) and, with a holdout,
 *             holdout_purchases; in ascending order of customer id
 * out_report  orders, observation and holdout days are filled; may be NULL
 *
 * Purchases of one day are one. The observation ends the day before the reference date where that
 * is given, else the day before --until where the log goes on behind it, else with the last order.
 * Customers without a purchase before the holdout are left out. Returns that are netted reduce what
 * was spent on repeat purchases unless they are of the day of the first.
 */
KMSEG_API kmseg_status kmseg_clv_summary(kmseg_context *ctx, const kmseg_table *orders,
                                         const kmseg_features_options *cleaning,
                                         const kmseg_clv_options *options, kmseg_table **out,
                                         kmseg_clv_report *out_report);

/**
 * Fits both models to a summary table and predicts for each of its customers.
 *
 * summary     one row per customer: x, t_x, T and, optionally, mean spend and an id
 * id          column with the customer; NULL: by the usual names, "": none
 * out         the id, x, t_x, T, mean_spend, and
 *               p_alive             probability of not having left
 *               churn_risk          probability of no purchase within the horizon
 *               expected_purchases  within the horizon
 *               expected_spend      per purchase
 *               clv                 discounted value of the purchases of the coming months
 *             with a holdout also holdout_purchases, and expected_purchases are those of its length
 * out_report  may be NULL; else zero, or as kmseg_clv_summary() left it: what that filled stays
 *
 * Predictions depend on distinct values and run in parallel. KMSEG_E_DATA as the fits say, and for
 * fewer customers than options ask for.
 */
KMSEG_API kmseg_status kmseg_clv(kmseg_context *ctx, const kmseg_table *summary, const char *id,
                                 const kmseg_clv_options *options, kmseg_table **out,
                                 kmseg_clv_report *out_report);

/** Reads a file, an order log or a summary, and does all of the above: what `kmseg clv` does. */
KMSEG_API kmseg_status kmseg_clv_from_file(kmseg_context *ctx, const char *path,
                                           const kmseg_features_options *cleaning,
                                           const kmseg_clv_options *options, kmseg_table **out,
                                           kmseg_clv_report *out_report);

KMSEG_END_DECLS

#endif
