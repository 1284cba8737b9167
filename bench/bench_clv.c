/* Seconds that a million customers take from a summary to lifetime values, fits included. */
#include "base/rng.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>

enum { N = 1000000, DAYS = 730 };

static double exponential(km_random *random) { return -log(1 - km_next_uniform(random)); }

/* A customer with rates from Gamma(1, 40), leaving by Beta(1, 2.5), and spend of mean 4 / Gamma(4):
 * distributions that need nothing but logarithms. Purchases of a day merge where whole is 1. */
static void draw(int64_t i, int whole, double *x, double *t_x, double *T, double *m) {
    km_random random = {1, 0, KM_STAGE_TEST, (uint32_t)i};
    double rate = exponential(&random) / 40;
    double leaves = 1 - pow(1 - km_next_uniform(&random), 1 / 2.5);
    double level = 0, spent = 0, time = 0;
    for (int k = 0; k < 4; k++) {
        level += exponential(&random) / 40;
    }
    *x = *t_x = 0;
    *T = 30 + (DAYS - 30) * km_next_uniform(&random);
    *T = whole ? floor(*T) : *T;
    for (;;) {
        time += exponential(&random) / rate;
        if (time > *T) {
            break;
        }
        double day = whole ? floor(time) : time;
        if (day > *t_x) {
            *x += 1;
            *t_x = day;
            spent += exponential(&random) / level;
        }
        if (km_next_uniform(&random) < leaves) {
            break;
        }
    }
    *m = *x > 0 ? spent / *x : NAN;
}

static kmseg_table *draw_all(kmseg_context *ctx, int whole) {
    double *room = bench_memory(4 * (size_t)N * sizeof *room);
    for (int64_t i = 0; i < N; i++) {
        draw(i, whole, room + i, room + N + i, room + 2 * N + i, room + 3 * N + i);
    }
    static const char *const names[] = {"x", "t_x", "T", "mean_spend"};
    kmseg_table *table;
    bench_ok(ctx, kmseg_table_new(ctx, N, &table));
    for (int c = 0; c < 4; c++) {
        bench_ok(ctx, kmseg_table_add_numbers(ctx, table, names[c], room + c * (int64_t)N));
    }
    free(room);
    return table;
}

typedef struct valuation {
    kmseg_context *ctx;
    const kmseg_table *summary;
    kmseg_clv_report report;
} valuation;

static void value_once(void *argument) {
    valuation *v = argument;
    kmseg_clv_options options;
    kmseg_clv_options_init(&options);
    options.unit = "days";
    v->report = (kmseg_clv_report){0};
    kmseg_table *out;
    bench_ok(v->ctx, kmseg_clv(v->ctx, v->summary, "", &options, &out, &v->report));
    kmseg_table_free(out);
}

static void measure(const char *name, int whole, int32_t threads) {
    valuation v = {.ctx = bench_context(threads)};
    kmseg_table *summary = draw_all(v.ctx, whole);
    v.summary = summary;
    bench_time time = bench_run(value_once, NULL, &v, bench_quick() ? 3 : 5);
    bench_line(name, time, "%lld distinct, %d and %d evaluations",
               (long long)v.report.purchases.n_distinct, v.report.purchases.n_evaluations,
               v.report.spend.n_evaluations);
    kmseg_table_free(summary);
    kmseg_context_free(v.ctx);
}

int main(int argc, char **argv) {
    bench_start(argc, argv, "Lifetime value of a million customers", 0);
    bench_heading("Fits and predictions, a year ahead");
    measure("times in whole days, one thread", 1, 1);
    measure("times in whole days, all threads", 1, 0);
    measure("no two customers alike, one thread", 0, 1);
    measure("no two customers alike, all threads", 0, 0);
    bench_end();
    return 0;
}
