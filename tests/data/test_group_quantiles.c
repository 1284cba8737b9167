#include "base/rng.h"
#include "data/quantile.h"
#include "support/failing.h"

#include <math.h>
#include <string.h>

enum { N = 100000, GROUPS = 5, N_SHAPES = 8 };

static double values[N], sorted[N];
static int32_t labels[N];

/* Shapes that a histogram finds easy, hard and useless. */
static double shaped(int shape, km_random *random) {
    double u = km_next_uniform(random);
    switch (shape) {
    case 0: return u * 100 - 50;
    case 1: return floor(u * 4);
    case 2: return exp(u * 1400 - 700) * (km_next_below(random, 2) != 0 ? 1 : -1);
    case 3: return 7.25;
    case 4: return u < 0.3 ? (double)NAN : u < 0.4 ? INFINITY : u < 0.5 ? -INFINITY : u;
    case 5: return u < 1e-4 ? 1e308 : u > 0.9999 ? -1e308 : u;
    case 6: return -log(1 - u) * (u < 0.01 ? 1e6 : 1);                     /* steps, and far ones */
    default: return u < 0.3 ? -0.0 : u < 0.6 ? 0 : floor(u * 100) / 8 - 9; /* ties */
    }
}

static double expected(int32_t group, double p) {
    int64_t n = 0;
    for (int i = 0; i < N; i++) {
        if (isfinite(values[i]) && (group < 0 || labels[i] == group)) {
            sorted[n++] = values[i];
        }
    }
    return n > 0 ? km_quantile(sorted, n, p) : (double)NAN;
}

static void check(kmseg_context *ctx, int64_t n, double p) {
    double found[GROUPS], all, alone, same;
    OK(ctx, km_group_quantiles(ctx, values, labels, n, GROUPS, p, found, &all));
    for (int32_t g = 0; g < GROUPS; g++) {
        double right = expected(g, p);
        cr_assert(found[g] == right || (isnan(found[g]) && isnan(right)), "group %d: %g, not %g", g,
                  found[g], right);
    }
    double right = expected(-1, p);
    cr_assert(all == right || (isnan(all) && isnan(right)), "all: %g, not %g", all, right);
    OK(ctx, km_group_quantiles(ctx, values, NULL, n, 1, p, &alone, &same));
    cr_assert(memcmp(&alone, &all, sizeof all) == 0 && memcmp(&same, &all, sizeof all) == 0);
}

Test(group_quantiles, are_those_of_each_group_sorted_whatever_its_shape_and_the_threads)
{
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        kmseg_context *ctx = test_context(threads, NULL);
        for (int shape = 0; shape < N_SHAPES; shape++) {
            km_random random = {.seed = 3, .stage = KM_STAGE_TEST};
            for (int i = 0; i < N; i++) {
                values[i] = shaped(shape, &random);
                labels[i] = i % 7 == 0 ? 1 : i % 3 == 0 ? 3 : i == 5 ? 4 : 0; /* 2 is empty */
            }
            const double probabilities[] = {0, 0.25, 0.5, 0.99, 1};
            for (int p = 0; p < 5; p++) {
                check(ctx, N, probabilities[p]);
            }
        }
        kmseg_context_free(ctx);
    }
}

Test(group_quantiles, count_what_each_group_has_up_to_a_quantile_of_all)
{
    const double probabilities[] = {0, 0.1, 0.37, 0.5, 0.9, 1};
    const km_probabilities of = {probabilities, 6};
    kmseg_context *ctx = test_context(2, NULL);
    for (int shape = 0; shape < N_SHAPES; shape++) {
        km_random random = {.seed = 5, .stage = KM_STAGE_TEST};
        double of_groups[6 * GROUPS], of_all[6];
        int64_t up_to[6 * GROUPS];
        for (int i = 0; i < N; i++) {
            values[i] = shaped(shape, &random);
            labels[i] = i % 7 == 0 ? 1 : i % 3 == 0 ? 3 : i == 5 ? 4 : 0;
        }
        km_quantiles out = {of_groups, of_all, up_to};
        OK(ctx, km_group_quantiles_of(ctx, values, labels, N, GROUPS, of, of, &out));
        for (int p = 0; p < 6; p++) {
            cr_assert_eq(of_all[p], expected(-1, probabilities[p]));
            int64_t counts[GROUPS] = {0};
            for (int i = 0; i < N; i++) {
                counts[labels[i]] += isfinite(values[i]) && values[i] <= of_all[p];
            }
            for (int32_t g = 0; g < GROUPS; g++) {
                double right = expected(g, probabilities[p]), found = of_groups[g * 6 + p];
                cr_assert(found == right || (isnan(found) && isnan(right)));
                cr_assert_eq(up_to[p * GROUPS + g], counts[g], "shape %d, group %d: %lld, not %lld",
                             shape, g, (long long)up_to[p * GROUPS + g], (long long)counts[g]);
            }
        }
    }
    kmseg_context_free(ctx);
}

static kmseg_status quantiles(kmseg_context *ctx, void *argument) {
    (void)argument;
    double found[GROUPS], all;
    memset(labels, 0, sizeof labels);
    return km_group_quantiles(ctx, values, labels, 50000, GROUPS, 0.5, found, &all);
}

Test(group_quantiles, fail_cleanly_without_memory)
{ fails_cleanly(quantiles, NULL); }
