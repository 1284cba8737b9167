/* Customers of equal x, t_x and T, merged: the likelihood and the predictions know no difference
 * between them. */
#ifndef KM_CLV_TRIPLES_H
#define KM_CLV_TRIPLES_H

#include "base/context.h"

typedef struct km_triples {
    km_arena arena;
    int64_t n_customers, n;
    double *x, *t_x, *T; /* of each triple, ascending by x, then T, then t_x */
    int64_t *first;      /* n + 1: where its customers begin in order */
    int64_t *order;      /* rows of the customers */
    int64_t *pair;       /* which x and T it has */
    int64_t n_pairs;
    int64_t *pair_first; /* n_pairs: first triple of a pair x and T */
    int64_t n_x;
    double *x_values, *x_counts; /* distinct x and how many customers have it */
} km_triples;

/* x, t_x and T >= 0. */
kmseg_status km_triples_make(kmseg_context *ctx, int64_t n, const double *x, const double *t_x,
                             const double *T, km_triples *out);
void km_triples_free(km_triples *triples);

/* Sorts order, n rows, by their values >= 0, ascending; equal values keep their order. */
kmseg_status km_sort_rows(kmseg_context *ctx, int64_t n, const double *values, int64_t *order);

static inline double km_triples_count(const km_triples *t, int64_t i) {
    return (double)(t->first[i + 1] - t->first[i]);
}

#endif
