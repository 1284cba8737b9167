/* Functions that the likelihoods need. */
#ifndef KM_CLV_SPECIAL_H
#define KM_CLV_SPECIAL_H

/* ln of the gamma function, z > 0. Unlike lgamma() it writes no global variable. */
double km_log_gamma(double z);

/* Its derivative. */
double km_digamma(double z);

/* A sum that keeps what each addition rounds off (Neumaier 1974). */
typedef struct km_sum {
    double sum, rest;
} km_sum;

static inline void km_sum_add(km_sum *s, double value) {
    double sum = s->sum + value;
    double large = s->sum, small = value;
    if (large < 0 ? -large < (small < 0 ? -small : small) : large < (small < 0 ? -small : small)) {
        large = value;
        small = s->sum;
    }
    s->rest += (large - sum) + small;
    s->sum = sum;
}
static inline double km_sum_value(km_sum s) { return s.sum + s.rest; }

#endif
