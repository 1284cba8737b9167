/* Made-up customers of a shop who buy, spend and leave as the models have it. */
#ifndef KMSEG_TEST_SHOP_H
#define KMSEG_TEST_SHOP_H

#include "base/rng.h"
#include "support/support.h"

#include <math.h>
#include <stdlib.h>

/* Gamma by Marsaglia and Tsang 2000, for a shape below 1 by their boost. */
static inline double draw_gamma(km_random *random, double shape) {
    if (shape < 1) {
        double u = 1 - km_next_uniform(random);
        return draw_gamma(random, shape + 1) * pow(u, 1 / shape);
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double normal = km_next_normal(random), v = 1 + c * normal;
        if (v > 0) {
            v = v * v * v;
            if (log(1 - km_next_uniform(random)) < 0.5 * normal * normal + d - d * v + d * log(v)) {
                return d * v;
            }
        }
    }
}

static inline double draw_beta(km_random *random, double a, double b) {
    double x = draw_gamma(random, a), y = draw_gamma(random, b);
    return x / (x + y);
}

typedef struct shop {
    int64_t n;
    double *x, *t_x, *T, *m, *later; /* later: purchases in the 26 weeks after T */
} shop;

static const double truth[4] = {0.6, 5, 0.9, 2.5};
static const double spend_truth[3] = {6, 4, 16};

static inline void draw_customer(shop *s, int64_t i, uint64_t seed) {
    km_random random = {seed, 0, KM_STAGE_TEST, (uint32_t)i};
    double rate = draw_gamma(&random, truth[0]) / truth[1];
    double leaves = draw_beta(&random, truth[2], truth[3]);
    double nu = draw_gamma(&random, spend_truth[1]) / spend_truth[2], spent = 0;
    double T = 26 + (double)(i % 27), time = 0;
    s->x[i] = s->t_x[i] = s->later[i] = 0;
    for (;;) {
        time += -log(1 - km_next_uniform(&random)) / rate;
        if (time > T + 26) {
            break;
        }
        if (time <= T) {
            s->x[i] += 1;
            s->t_x[i] = time;
            spent += draw_gamma(&random, spend_truth[0]) / nu;
        } else {
            s->later[i] += 1;
        }
        if (km_next_uniform(&random) < leaves) {
            break;
        }
    }
    s->T[i] = T;
    s->m[i] = s->x[i] > 0 ? spent / s->x[i] : NAN;
}

static inline shop draw_shop(int64_t n, uint64_t seed) {
    double *room = malloc((size_t)(5 * n) * sizeof *room);
    cr_assert_not_null(room);
    shop s = {n, room, room + n, room + 2 * n, room + 3 * n, room + 4 * n};
    for (int64_t i = 0; i < n; i++) {
        draw_customer(&s, i, seed);
    }
    return s;
}

#endif
