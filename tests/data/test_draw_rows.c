#include "data/draw_rows.h"
#include "support/failing.h"

#include <math.h>

/* Drawn 500 times, 20 of 100: each row about 100 times, with a deviation of sqrt(500 .2 .8) = 9. Five
 * pairs of rows are equal. */
Test(draw_rows, every_row_is_as_likely_and_none_comes_twice)
{
    enum { N = 100, M = 20, TIMES = 500 };
    kmseg_context *ctx = test_context(1, NULL);
    double x[N];
    int64_t rows[M], n, counts[N] = {0};
    for (int i = 0; i < N; i++) {
        x[i] = i < 10 ? i / 2 : i * i;
    }
    kmseg_tiles *tiles = test_tiles(ctx, x, N, 1, NULL);
    for (uint64_t seed = 0; seed < TIMES; seed++) {
        int taken[N] = {0};
        OK(ctx, km_draw_rows(ctx, tiles, M, 0, seed, KM_STAGE_SAMPLE, rows, &n, NULL));
        cr_assert_eq(n, M);
        for (int i = 0; i < M; i++) {
            cr_assert(rows[i] >= 0 && rows[i] < N && taken[rows[i]]++ == 0);
            counts[rows[i]]++;
        }
    }
    for (int i = 0; i < N; i++) {
        int64_t both = i < 10 ? (counts[i] + counts[i ^ 1]) / 2 : counts[i];
        cr_assert(llabs(both - 100) < 5 * 9, "row %d: %lld times", i, (long long)both);
    }
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Nine in ten rows hold the same, which would fill one bucket. */
Test(draw_rows, equal_rows_are_drawn_in_proportion)
{
    enum { N = 50000, M = 5000 };
    static double x[N];
    static int64_t rows[M];
    for (int32_t threads = 1; threads < 4; threads++) {
        kmseg_context *ctx = test_context(threads, NULL);
        for (int i = 0; i < N; i++) {
            x[i] = i % 10 == 0 ? i : -1;
        }
        kmseg_tiles *tiles = test_tiles(ctx, x, N, 1, NULL);
        int64_t n, same = 0;
        OK(ctx, km_draw_rows(ctx, tiles, M, 0, 3, KM_STAGE_SAMPLE, rows, &n, NULL));
        for (int i = 0; i < M; i++) {
            same += x[rows[i]] == -1;
        }
        cr_assert(llabs(same - 4500) < 5 * 21, "%lld", (long long)same); /* sqrt(5000 .9 .1) = 21 */
        kmseg_tiles_free(tiles);
        kmseg_context_free(ctx);
    }
}

Test(draw_rows, the_order_of_the_rows_changes_no_value)
{
    enum { N = 10007, D = 2, M = 1500, STEP = 4000 };
    static double x[N * D], turned[N * D];
    static int64_t a[M], b[M];
    kmseg_context *ctx = test_context(2, NULL);
    for (int64_t i = 0; i < N; i++) {
        for (int64_t j = 0; j < D; j++) {
            double value =
                floor(20 * km_random_uniform(1, KM_STAGE_TEST, (uint64_t)(i * D + j), 0));
            x[i * D + j] = value;
            turned[i * STEP % N * D + j] = value == 0 && i % 2 ? -0.0 : value;
        }
    }
    kmseg_tiles *one = test_tiles(ctx, x, N, D, NULL), *other = test_tiles(ctx, turned, N, D, NULL);
    int64_t n, m;
    OK(ctx, km_draw_rows(ctx, one, M, 0, 8, KM_STAGE_SAMPLE, a, &n, NULL));
    OK(ctx, km_draw_rows(ctx, other, M, 0, 8, KM_STAGE_SAMPLE, b, &m, NULL));
    cr_assert(n == M && m == M);
    for (int i = 0; i < M; i++) {
        cr_assert(x[a[i] * D] == turned[b[i] * D] && x[a[i] * D + 1] == turned[b[i] * D + 1]);
    }
    OK(ctx, km_draw_rows(ctx, one, M, 0, 9, KM_STAGE_SAMPLE, b, &m, NULL));
    cr_assert_neq(memcmp(a, b, sizeof a), 0, "another seed draws others");
    kmseg_tiles_free(one);
    kmseg_tiles_free(other);
    kmseg_context_free(ctx);
}

/* Where few are wanted there is another way; numbers of all rows are asked for to take the long one. */
Test(draw_rows, few_of_many_are_those_of_the_lowest_numbers)
{
    enum { N = 100003, M = 700 };
    static double x[N], weights[N];
    static uint64_t numbers[N];
    for (int repeats = 0; repeats < 4; repeats++) { /* none, some, many, nearly all */
        for (int i = 0; i < N; i++) {
            x[i] = repeats == 0   ? i
                   : repeats == 1 ? (i % 50 == 0 ? i / 1000 : i)
                   : repeats == 2 ? i / 2
                                  : i % 10;
            weights[i] = i % 3;
        }
        for (int32_t threads = 1; threads < 4; threads += 2) {
            for (int weighted = 0; weighted < 2; weighted++) {
                kmseg_context *ctx = test_context(threads, NULL);
                kmseg_tiles *tiles = test_tiles(ctx, x, N, 1, weighted ? weights : NULL);
                int64_t few[M], all[M], n, m;
                OK(ctx, km_draw_rows(ctx, tiles, M, weighted, 3, KM_STAGE_SAMPLE, few, &n, NULL));
                OK(ctx,
                   km_draw_rows(ctx, tiles, M, weighted, 3, KM_STAGE_SAMPLE, all, &m, numbers));
                cr_assert(n == M && m == M);
                cr_assert_arr_eq(few, all, sizeof all, "%d repeats, %d threads", repeats, threads);
                int done;
                OK(ctx, km_draw_few(ctx, tiles, M, weighted, 3, KM_STAGE_SAMPLE, few, &done));
                cr_assert_eq(done, repeats < 2 ||
                                       (repeats == 2 && weighted)); /* equals differ in weight */
                kmseg_tiles_free(tiles);
                kmseg_context_free(ctx);
            }
        }
    }
}

Test(draw_rows, all_rows_and_rows_of_weight)
{
    enum { N = 9 };
    kmseg_context *ctx = test_context(1, NULL);
    const double x[N] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, weights[N] = {1, 0, 1, 0, 2, 0, 1, 0, 0};
    int64_t rows[N], n;
    kmseg_tiles *tiles = test_tiles(ctx, x, N, 1, weights);
    OK(ctx, km_draw_rows(ctx, tiles, 50, 0, 8, KM_STAGE_SAMPLE, rows, &n, NULL));
    cr_assert_eq(n, N);
    OK(ctx, km_draw_rows(ctx, tiles, N, 1, 8, KM_STAGE_SAMPLE, rows, &n, NULL));
    cr_assert_eq(n, 4);
    for (int i = 0; i < 4; i++) {
        cr_assert_gt(weights[rows[i]], 0);
    }
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

static kmseg_status drawn(kmseg_context *ctx, void *argument) {
    (void)argument;
    const double x[] = {1, 2, 3};
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, 3, 1);
    kmseg_tiles *tiles;
    int64_t rows[2], n;
    kmseg_status status = kmseg_tiles_new(ctx, &matrix, NULL, NULL, &tiles);
    if (status == KMSEG_OK) {
        status = km_draw_rows(ctx, tiles, 2, 0, 1, KM_STAGE_SAMPLE, rows, &n, NULL);
    }
    kmseg_tiles_free(tiles);
    return status;
}

Test(draw_rows, every_refused_request_for_memory_fails_cleanly)
{ fails_cleanly(drawn, NULL); }
