/* Between the fits and the predictions. */
#ifndef KM_CLV_MODELS_H
#define KM_CLV_MODELS_H

#include "clv/triples.h"

#include <kmseg/clv.h>

/* The fit over triples that are there already. */
kmseg_status km_bgnbd_fit_triples(kmseg_context *ctx, const km_triples *triples, kmseg_bgnbd *out);

/* Of the model in which nobody leaves; what out says of the data stays, evaluations are added. */
kmseg_status km_nbd_fit_triples(kmseg_context *ctx, const km_triples *triples, kmseg_bgnbd *out);

/* Purchases to expect in the time t of a customer who has not left; t_x does not matter to it. */
double km_bgnbd_expected_alive(const kmseg_bgnbd *model, double x, double T, double t);

/* KMSEG_E_DATA for values that no customer can have, with the row. */
kmseg_status km_clv_check(kmseg_context *ctx, int64_t n, const double *x, const double *t_x,
                          const double *T);

/* What is predicted of each customer, in the order of the rows. */
typedef struct km_predictions {
    double *alive, *churn_risk, *expected;
    double *spend, *clv; /* NULL without a Gamma-Gamma model */
} km_predictions;

typedef struct km_outlook {
    double horizon, month; /* in units */
    int32_t months;
    double discount_rate;
} km_outlook;

/* m: n_customers mean spends, NaN where there is none; not read without spend. */
kmseg_status km_clv_predict(kmseg_context *ctx, const km_triples *triples, const kmseg_bgnbd *model,
                            const kmseg_gamma_gamma *spend, const double *m,
                            const km_outlook *outlook, km_predictions *out);

/* Predicted against actual; x, actual and predicted have n values. */
void km_clv_compare(int64_t n, const double *x, const double *actual, const double *predicted,
                    kmseg_clv_holdout *out);

#endif
