/* Predictions of every customer. What lies ahead of one who has not left depends on x and T alone,
 * and whether they have on x, t_x and T: both are computed once per distinct value. */
#include "base/parallel.h"
#include "clv/models.h"

#include <math.h>

enum { PAIRS_PER_CHUNK = 64, TRIPLES_PER_CHUNK = 1024 };

/* Of a customer who has not left. */
typedef struct ahead {
    double purchases, silent; /* expected within the horizon; chance of none */
    double discounted;        /* purchases of the months, discounted */
} ahead;

typedef struct prediction {
    kmseg_context *ctx;
    const km_triples *triples;
    const kmseg_bgnbd *model;
    const kmseg_gamma_gamma *spend; /* or NULL */
    const double *m;
    const km_outlook *outlook;
    ahead *pairs;
    km_predictions *out;
} prediction;

/* Discounted purchases: those of month i count 1 / (1 + d)^i. */
static double discounted(const prediction *job, double x, double T) {
    const km_outlook *o = job->outlook;
    double sum = 0, before = 0, factor = 1;
    for (int32_t i = 1; i <= o->months; i++) {
        double purchases = km_bgnbd_expected_alive(job->model, x, T, i * o->month);
        factor /= 1 + o->discount_rate;
        sum += (purchases - before) * factor;
        before = purchases;
    }
    return sum;
}

static void look_ahead(void *argument, int64_t chunk, int32_t thread) {
    prediction *job = argument;
    const km_triples *t = job->triples;
    int64_t from = chunk * PAIRS_PER_CHUNK, to = from + PAIRS_PER_CHUNK;
    to = to < t->n_pairs ? to : t->n_pairs;
    for (int64_t i = from; i < to; i++) {
        double x = t->x[t->pair_first[i]], T = t->T[t->pair_first[i]];
        ahead *a = &job->pairs[i];
        a->purchases = km_bgnbd_expected_alive(job->model, x, T, job->outlook->horizon);
        a->silent =
            exp(-(job->model->r + x) * log1p(job->outlook->horizon / (job->model->alpha + T)));
        a->discounted = job->spend != NULL ? discounted(job, x, T) : 0;
    }
    km_progress_step(job->ctx, to - from, thread == 0);
}

static void predict_triples(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    prediction *job = argument;
    const km_triples *t = job->triples;
    km_predictions *out = job->out;
    int64_t from = chunk * TRIPLES_PER_CHUNK, to = from + TRIPLES_PER_CHUNK;
    to = to < t->n ? to : t->n;
    for (int64_t i = from; i < to; i++) {
        const ahead *a = &job->pairs[t->pair[i]];
        double alive = kmseg_bgnbd_alive(job->model, t->x[i], t->t_x[i], t->T[i]);
        for (int64_t c = t->first[i]; c < t->first[i + 1]; c++) {
            int64_t row = t->order[c];
            out->alive[row] = alive;
            out->expected[row] = alive * a->purchases;
            out->churn_risk[row] = 1 - alive * (1 - a->silent);
            if (job->spend != NULL) {
                out->spend[row] = kmseg_gamma_gamma_expected(job->spend, t->x[i], job->m[row]);
                out->clv[row] = out->spend[row] * alive * a->discounted;
            }
        }
    }
}

kmseg_status km_clv_predict(kmseg_context *ctx, const km_triples *triples, const kmseg_bgnbd *model,
                            const kmseg_gamma_gamma *spend, const double *m,
                            const km_outlook *outlook, km_predictions *out) {
    prediction job = {.ctx = ctx,
                      .triples = triples,
                      .model = model,
                      .spend = spend,
                      .m = m,
                      .outlook = outlook,
                      .out = out};
    job.pairs = km_allocate_array(&ctx->allocator, triples->n_pairs, sizeof *job.pairs);
    if (job.pairs == NULL) {
        return km_fail_memory(ctx, "predictions");
    }
    km_progress_begin(ctx, "predictions", triples->n_pairs);
    kmseg_status status =
        km_parallel(ctx, km_chunks(triples->n_pairs, PAIRS_PER_CHUNK), look_ahead, &job);
    km_progress_end(ctx);
    if (status == KMSEG_OK) {
        status = km_parallel(ctx, km_chunks(triples->n, TRIPLES_PER_CHUNK), predict_triples, &job);
    }
    km_release(&ctx->allocator, job.pairs);
    return status;
}
