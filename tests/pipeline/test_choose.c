#include "choose/choose.h"
#include "choose/planted.h"
#include "pipeline/customers.h"
#include "report/choice.h"
#include "report/display.h"
#include "support/failing.h"
#include "support/iris.h"

#include <math.h>
#include <stdio.h>

/* A table of d columns, clustered on as they are. */
static kmseg_table *table_of(kmseg_context *ctx, const double *x, int64_t n, int32_t d) {
    static double column[4000];
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n, &table));
    for (int32_t j = 0; j < d; j++) {
        char name[16];
        snprintf(name, sizeof name, "x%d", j);
        for (int64_t i = 0; i < n; i++) {
            column[i] = x[i * d + j];
        }
        OK(ctx, kmseg_table_add_numbers(ctx, table, name, column));
    }
    return table;
}

static kmseg_segment_options raw(void) {
    kmseg_segment_options options = test_options(1);
    options.prepare.scale = "none";
    options.prepare.transform = "none";
    return options;
}

static kmseg_choice *choose(kmseg_context *ctx, const double *x, int64_t n, int32_t d,
                            int32_t k_min, int32_t k_max) {
    kmseg_table *table = table_of(ctx, x, n, d);
    kmseg_segment_options options = raw();
    options.fit.n_init = 10;
    kmseg_choice *choice;
    OK(ctx, kmseg_choose_k(ctx, table, &options, NULL, k_min, k_max, &choice));
    kmseg_table_free(table);
    return choice;
}

/* Groups of unequal size, several numbers of features. */
Test(choose, planted_groups_are_found_and_every_one_comes_back)
{
    static double x[1200 * 8];
    kmseg_context *ctx = test_context(2, NULL);
    for (int32_t d = 2; d <= 8; d *= 2) {
        for (int32_t k = 2; k <= d + 1 && k < 7; k++) {
            test_planted(x, NULL, 1200, d, k, 12, (uint64_t)k);
            kmseg_choice *choice = choose(ctx, x, 1200, d, 2, 9);
            cr_assert_eq(choice->recommended, k, "%d groups of %d features: %d", k, d,
                         choice->recommended);
            cr_assert_eq(choice->closest, 0);
            const kmseg_choice_row *row = &choice->rows[k - 2];
            cr_assert_geq(row->n_votes, 3);
            cr_assert_gt(row->stability, 0.95);
            int64_t parts = (int64_t)k * (k + 1) / 2;
            cr_assert_leq(llabs(row->segment_sizes[0] - 1200 * k / parts), 12);
            cr_assert_leq(llabs(row->segment_sizes[k - 1] - 1200 / parts), 12);
            kmseg_choice_free(choice);
        }
    }
    kmseg_context_free(ctx);
}

/* Uniform samples, one round cloud, one long cloud, and one with a tail. */
Test(choose, one_cloud_has_no_clear_number)
{
    enum { N = 1500 };
    static double x[N * 5];
    kmseg_context *ctx = test_context(2, NULL);
    for (int shape = 0; shape < 4; shape++) {
        for (int32_t d = 2; d <= 5; d += 3) {
            test_uniform(x, N, d, 7);
            for (int64_t i = 0; i < (int64_t)N * d && shape > 0; i++) {
                double normal = km_random_normal(7, KM_STAGE_TEST, (uint64_t)i, 3);
                x[i] = shape == 1   ? normal
                       : shape == 2 ? (i % d == 0 ? 5 : 1) * normal
                                    : -log(1 - x[i]);
            }
            kmseg_choice *choice = choose(ctx, x, N, d, 2, 8);
            cr_assert_eq(choice->recommended, 0, "shape %d, %d features: %d", shape, d,
                         choice->recommended);
            cr_assert_eq(choice->votes[0].n_clusters, 1, "the gap statistic says one group");
            cr_assert_not_null(strstr(choice->reasons[0], "one cloud"));
            kmseg_choice_free(choice);
        }
    }
    kmseg_context_free(ctx);
}

/* Reference numbers for k = 3; silhouette and Davies-Bouldin favour 2, as everybody finds, because
 * two of the species overlap; Calinski-Harabasz and the knee 3. */
Test(choose, iris_has_two_or_three_groups_and_that_is_said)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_choice *choice = choose(ctx, iris, 150, 4, 2, 15);
    const kmseg_scores *three = &choice->rows[1].sweep.scores;
    cr_assert_float_eq(three->inertia, 78.851441426, 1e-9);
    cr_assert_float_eq(three->calinski_harabasz, 561.627756630, 1e-8);
    cr_assert_float_eq(three->davies_bouldin, 0.661971547, 1e-9);
    cr_assert_float_eq(three->silhouette, 0.552819012, 1e-9);
    cr_assert_float_eq(three->silhouette_simplified, 0.666385556, 1e-9);
    const char *const names[] = {"gap", "silhouette", "calinski_harabasz", "davies_bouldin",
                                 "knee"};
    const int32_t favoured[] = {5, 2, 3, 2, 3}; /* the gap of other seeds: 4 */
    for (int i = 0; i < KMSEG_VOTES; i++) {
        cr_assert_str_eq(choice->votes[i].index, names[i]);
        cr_assert_eq(choice->votes[i].n_clusters, favoured[i], "%s: %d", names[i],
                     choice->votes[i].n_clusters);
    }
    cr_assert_eq(choice->recommended, 0);
    cr_assert_eq(choice->closest, 2);
    cr_assert(choice->rows[0].n_votes == 2 && choice->rows[1].n_votes == 2);
    cr_assert_eq(choice->n_gaps, 16);
    cr_assert_gt(choice->rows[0].stability, 0.95);
    cr_assert_lt(choice->rows[9].stability, 0.75);
    kmseg_choice_free(choice);
    kmseg_context_free(ctx);
}

/* The number at the upper end is believed when the gap statistic, which looks one further, agrees. */
Test(choose, the_end_of_the_range_needs_the_gap_statistic)
{
    static double x[600 * 3];
    kmseg_context *ctx = test_context(2, NULL);
    test_planted(x, NULL, 600, 3, 4, 12, 1);
    kmseg_choice *choice = choose(ctx, x, 600, 3, 2, 4);
    cr_assert_eq(choice->recommended, 4);
    kmseg_choice_free(choice);
    choice = choose(ctx, x, 600, 3, 2, 3);
    cr_assert_eq(choice->recommended, 0, "%d", choice->recommended);
    cr_assert_eq(choice->votes[0].n_clusters, 0);
    cr_assert_not_null(strstr(choice->votes[2].reason, "end of the range"));
    kmseg_choice_free(choice);
    choice = choose(ctx, x, 600, 3, 4, 4);
    cr_assert_eq(choice->n_rows, 1);
    cr_assert_eq(choice->recommended, 4);
    kmseg_choice_free(choice);
    kmseg_context_free(ctx);
}

/* Three groups equally far apart: for two segments the gap is hardly higher than for one, within the
 * error of so few rows, so the rule alone would stop at 1. */
Test(choose, groups_equally_far_apart_are_not_taken_for_one_cloud)
{
    static double x[140 * 2];
    kmseg_context *ctx = test_context(2, NULL);
    int stopped = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        test_planted(x, NULL, 140, 2, 1, 0, seed);
        for (int64_t i = 0; i < 140; i++) {
            int group = i % 7 < 4 ? 0 : i % 7 < 6 ? 1 : 2;
            x[2 * i] += group == 1 ? 10 : group == 2 ? 5 : 0;
            x[2 * i + 1] += group == 2 ? 9 : 0;
        }
        kmseg_table *table = table_of(ctx, x, 140, 2);
        kmseg_segment_options options = test_options(1);
        options.prepare.transform = "none";
        kmseg_choice *choice;
        OK(ctx, kmseg_choose_k(ctx, table, &options, NULL, 2, 6, &choice));
        kmseg_table_free(table);
        stopped += kmseg_gap_choice(choice->gaps, choice->n_gaps) == 1;
        cr_assert_eq(choice->votes[0].n_clusters, 3);
        cr_assert_eq(choice->recommended, 3, "seed %d: %d", (int)seed, choice->recommended);
        kmseg_choice_free(choice);
    }
    cr_assert_gt(stopped, 0, "there is nothing to be seen here");
    kmseg_context_free(ctx);
}

/* 8 of 1,208 samples far from everything: a group that no campaign is for. */
Test(choose, a_tiny_segment_is_not_recommended)
{
    enum { N = 1208 };
    static double x[N * 2];
    kmseg_context *ctx = test_context(2, NULL);
    test_planted(x, NULL, N, 2, 2, 12, 1);
    for (int64_t i = 1200; i < N; i++) {
        x[2 * i] = 6 + x[2 * i] / 10;
        x[2 * i + 1] = 40;
    }
    kmseg_table *table = table_of(ctx, x, N, 2);
    kmseg_segment_options options = raw();
    kmseg_choose_options choosing;
    kmseg_choose_options_init(&choosing);
    choosing.min_share = 0;
    kmseg_choice *choice;
    OK(ctx, kmseg_choose_k(ctx, table, &options, &choosing, 2, 6, &choice));
    cr_assert_eq(choice->recommended, 3, "%d", choice->recommended);
    kmseg_choice_free(choice);
    choosing.min_share = 0.01;
    OK(ctx, kmseg_choose_k(ctx, table, &options, &choosing, 2, 6, &choice));
    cr_assert_eq(choice->recommended, 0, "%d", choice->recommended);
    int said = 0;
    for (int32_t i = 0; i < choice->n_reasons; i++) {
        said |= strstr(choice->reasons[i], "8 customers, 0.7 %, fewer than the 1") != NULL;
    }
    cr_assert(said);
    kmseg_choice_free(choice);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Four groups that fill half of a long range: neither part can be left out without saying so. */
Test(choose, what_is_left_out_is_not_decided_upon)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(1);
    kmseg_choose_options choosing;
    kmseg_choose_options_init(&choosing);
    choosing.n_references = choosing.n_bootstraps = 0;
    kmseg_choice *choice;
    OK(ctx, kmseg_choose_k(ctx, table, &options, &choosing, 2, 6, &choice));
    cr_assert_eq(choice->recommended, 0);
    cr_assert_eq(choice->n_gaps, 0);
    cr_assert(isnan(choice->rows[0].gap) && isnan(choice->rows[0].stability));
    cr_assert_not_null(strstr(choice->reasons[0], "without the gap statistic"));
    kmseg_choice_free(choice);
    choosing.n_references = 20;
    OK(ctx, kmseg_choose_k(ctx, table, &options, &choosing, 2, 6, &choice));
    cr_assert_eq(choice->recommended, 4, "%d", choice->recommended);
    kmseg_choice_free(choice);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static char *json_of(kmseg_context *ctx, kmseg_table *table, int plot) {
    kmseg_segment_options options = test_options(1);
    kmseg_choice *choice;
    OK(ctx, kmseg_choose_k(ctx, table, &options, NULL, 2, 6, &choice));
    choice->seconds_prepare = choice->seconds_fit = choice->seconds_scores = 0;
    choice->seconds_gap = choice->seconds_stability = 0;
    char *text;
    OK(ctx, kmseg_report_choice(ctx, choice, plot ? "svg" : "json", NULL, &text));
    kmseg_choice_free(choice);
    return text;
}

Test(choose, threads_change_no_byte_and_the_order_of_rows_no_verdict)
{
    kmseg_context *first_ctx = test_context(1, NULL);
    kmseg_table *table = test_customers(first_ctx, 0);
    char *first = json_of(first_ctx, table, 0), *drawing = json_of(first_ctx, table, 1);
    for (int32_t threads = 2; threads < 4; threads++) {
        kmseg_context *ctx = test_context(threads, NULL);
        char *text = json_of(ctx, table, 0), *plot = json_of(ctx, table, 1);
        cr_assert_str_eq(text, first);
        cr_assert_str_eq(plot, drawing);
        kmseg_string_free(text);
        kmseg_string_free(plot);
        kmseg_context_free(ctx);
    }
    kmseg_segment_options options = test_options(1);
    kmseg_choice *one, *other;
    OK(first_ctx, kmseg_choose_k(first_ctx, table, &options, NULL, 2, 6, &one));
    for (int order = 1; order < 3; order++) {
        kmseg_table *turned = test_customers(first_ctx, order);
        OK(first_ctx, kmseg_choose_k(first_ctx, turned, &options, NULL, 2, 6, &other));
        cr_assert_eq(one->recommended, other->recommended);
        cr_assert_eq(memcmp(one->gaps, other->gaps, (size_t)one->n_gaps * sizeof *one->gaps), 0,
                     "the gap statistic to the last bit");
        const kmseg_choice_row *a = &one->rows[2], *b = &other->rows[2];
        cr_assert_eq(memcmp(a->segment_stabilities, b->segment_stabilities, 4 * sizeof(double)), 0);
        kmseg_choice_free(other);
        kmseg_table_free(turned);
    }
    kmseg_choice_free(one);
    kmseg_string_free(first);
    kmseg_string_free(drawing);
    kmseg_table_free(table);
    kmseg_context_free(first_ctx);
}

Test(choose, reports_fit_the_page_and_are_well_formed)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_choice *choice = choose(ctx, iris, 150, 4, 1, 15);
    for (int32_t width = 40; width <= 120; width += 20) {
        kmseg_report_options options;
        kmseg_report_options_init(&options);
        options.width = width;
        char *text;
        OK(ctx, kmseg_report_choice(ctx, choice, "text", &options, &text));
        int table = 0;
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            table |= strstr(line, "favoured by") != NULL;
            cr_assert(km_text_width(line) <= width || width < 80, "%d: %s", width, line);
        }
        cr_assert(table);
        kmseg_string_free(text);
    }
    char *svg;
    OK(ctx, kmseg_report_choice(ctx, choice, "svg", NULL, &svg));
    cr_assert_eq(strncmp(svg, "<svg ", 5), 0);
    cr_assert_str_eq(svg + strlen(svg) - 7, "</svg>\n");
    cr_assert_null(strstr(svg, "nan"));
    cr_assert_null(strstr(svg, "inf"));
    int paths = 0;
    for (char *at = svg; (at = strstr(at, "<path")) != NULL; at++) {
        paths++;
    }
    cr_assert_eq(paths, 6);
    kmseg_string_free(svg);
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_report_choice(ctx, choice, "png", NULL, &svg), "png",
          "svg");
    kmseg_choice_free(choice);
    kmseg_context_free(ctx);
}

Test(choose, bad_options_are_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = test_customers(ctx, 0);
    kmseg_segment_options options = test_options(1);
    kmseg_choose_options choosing;
    kmseg_choose_options_init(&choosing);
    kmseg_choice *choice;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_choose_k(ctx, table, &options, NULL, 4, 3, &choice),
          "4 to 3");
    FAILS(ctx, KMSEG_E_DATA, kmseg_choose_k(ctx, table, &options, NULL, 2, TEST_ROWS + 1, &choice),
          "100 usable rows");
    choosing.min_share = 2;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_choose_k(ctx, table, &options, &choosing, 2, 3, &choice),
          "min_share");
    options.fit.init = "given";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_choose_k(ctx, table, &options, NULL, 2, 3, &choice),
          "given");
    options.fit.init = "random";
    kmseg_cancel(ctx);
    cr_assert_eq(kmseg_choose_k(ctx, table, &options, NULL, 2, 3, &choice), KMSEG_E_CANCELLED);
    cr_assert_null(choice);
    kmseg_choice_free(NULL);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static kmseg_status chosen(kmseg_context *ctx, void *argument) {
    kmseg_segment_options options = test_options(1);
    options.fit.n_init = 1;
    kmseg_choose_options choosing;
    kmseg_choose_options_init(&choosing);
    choosing.n_references = choosing.n_bootstraps = 2;
    choosing.choose_init = 1;
    kmseg_choice *choice;
    kmseg_status status = kmseg_choose_k(ctx, argument, &options, &choosing, 2, 3, &choice);
    static const char *const formats[] = {"text", "json", "svg"};
    for (int f = 0; f < 3 && status == KMSEG_OK; f++) {
        char *text;
        status = kmseg_report_choice(ctx, choice, formats[f], NULL, &text);
        kmseg_string_free(text);
    }
    kmseg_choice_free(choice);
    return status;
}

Test(choose, out_of_memory_anywhere_is_reported_and_leaks_nothing)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = test_customers(ctx, 0);
    fails_cleanly(chosen, table);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static void check_drawing(const kmseg_choice *choice, int width, const char *expected) {
    kmseg_context *ctx = test_context(1, NULL);
    km_string out;
    km_string_init(&out, &ctx->allocator);
    km_choice_plot(choice, width, &out);
    const char *drawn = out.data != NULL ? out.data : "";
    cr_assert(strcmp(drawn, expected) == 0, "%s", drawn);
    km_string_free(&out);
    kmseg_context_free(ctx);
}

/* Silhouettes 0.8, 0.4, -0.1 over 5 rows of 8 eighths from 0: 40, 20 = 2 rows and 4 eighths, none.
 * Gaps 1, 1.2, 1.39 with one eighth below the least, (1.39 - 1) / 39 = 0.01 each: 1, 21 = 2 rows and
 * 5 eighths, 40. */
Test(choose, bars_of_the_drawing_are_those_worked_by_hand)
{
    kmseg_choice_row rows[3] = {{.gap = 1}, {.gap = 1.2}, {.gap = 1.39}};
    const double silhouettes[3] = {0.8, 0.4, -0.1};
    for (int i = 0; i < 3; i++) {
        rows[i].sweep.n_clusters = 9 + i;
        rows[i].sweep.scores.silhouette = silhouettes[i];
    }
    kmseg_choice choice = {.n_rows = 3, .rows = rows};
    choice.votes[0] = (kmseg_vote){.index = "gap", .n_clusters = 11};
    for (int i = 1; i < KMSEG_VOTES; i++) {
        choice.votes[i] = (kmseg_vote){.index = "silhouette"}; /* favours none */
    }
    check_drawing(&choice, 100,
                  "\n"
                  "        silhouette          gap statistic: 11\n"
                  " 0.800 │██           1.390 │      ██\n"
                  "       │██                 │      ██\n"
                  "       │██ ▄▄              │   ▅▅ ██\n"
                  "       │██ ██              │   ██ ██\n"
                  " 0.000 │██ ██        1.000 │▁▁ ██ ██\n"
                  "       └────────           └────────\n"
                  "     k   9 10 11         k   9 10 11\n");
    rows[0].gap = rows[1].gap = rows[2].gap = NAN;
    check_drawing(&choice, 40,
                  "\n"
                  "        silhouette\n"
                  " 0.800 │██\n"
                  "       │██\n"
                  "       │██ ▄▄\n"
                  "       │██ ██\n"
                  " 0.000 │██ ██\n"
                  "       └────────\n"
                  "     k   9 10 11\n");
    choice.n_rows = 2;
    check_drawing(&choice, 100, "");
}

/* 60 numbers: a column each, and every fifth is named. */
Test(choose, a_drawing_of_many_numbers_stays_within_its_width)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_choice_row rows[60] = {{.gap = 0}};
    kmseg_choice choice = {.n_rows = 60, .rows = rows};
    for (int i = 0; i < KMSEG_VOTES; i++) {
        choice.votes[i].index = "";
    }
    for (int i = 0; i < 60; i++) {
        rows[i].sweep.n_clusters = i + 2;
        rows[i].sweep.scores.silhouette = 1.0 / (i + 2);
        rows[i].gap = i;
    }
    km_string out;
    km_string_init(&out, &ctx->allocator);
    km_choice_plot(&choice, 70, &out);
    cr_assert_not_null(strstr(out.data, "\n     k     5   10   15   20   25   30"));
    cr_assert_not_null(strstr(out.data, "gap statistic"));
    for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        cr_assert_leq(km_text_width(line), 70);
    }
    km_string_free(&out);
    km_string_init(&out, &ctx->allocator);
    km_choice_plot(&choice, 60, &out); /* too narrow for any */
    cr_assert_eq(out.length, 0);
    km_string_free(&out);
    kmseg_context_free(ctx);
}
