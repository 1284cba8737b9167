/* The tree that tells segments apart, and its rules in words. */
#include "base/rng.h"
#include "prepare/tables.h"
#include "profile/tree.h"
#include "support/failing.h"

#include <math.h>
#include <string.h>

static kmseg_context *ctx;
static void setup(void) { ctx = test_context(2, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }
TestSuite(rules, .init = setup, .fini = teardown);

static kmseg_prepare *prepare_of(const kmseg_table *table) {
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, NULL, &prepare));
    return prepare;
}

static kmseg_tree *rules_of(const kmseg_table *table, const kmseg_prepare *prepare,
                            const int32_t *labels, const double *weights, int32_t k,
                            int32_t depth) {
    kmseg_tree *rules;
    OK(ctx, kmseg_tree_new(ctx, table, NULL, kmseg_table_n_rows(table), labels, weights, k, prepare,
                           depth, &rules));
    return rules;
}

/* x 1 to 8 with labels 0 0 0 1 0 1 1 1. A cut's score is the sum over both parts of counts squared
 * over their total: at 3 it is 9/3 + (1 + 16)/5 = 6.4, at 4 (9 + 1)/4 twice = 5, at 5 6.4 again, and
 * the lower threshold is kept. Of 4 to 8 the best cut is at 5 and gives {4, 5} with one of each and
 * {6, 7, 8}: told right as before, so it is taken back. */
Test(rules, of_eight_customers_are_those_worked_by_hand)
{
    kmseg_table *table = table_of(ctx, 8);
    NUMBERS(ctx, table, "x", 1, 2, 3, 4, 5, 6, 7, 8);
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_FEATURE, "days"));
    const int32_t labels[8] = {0, 0, 0, 1, 0, 1, 1, 1};
    kmseg_prepare *prepare = prepare_of(table);
    kmseg_tree *rules = rules_of(table, prepare, labels, NULL, 2, 2);
    cr_assert_eq(rules->n_nodes, 3);
    cr_assert_eq(rules->nodes[0].column, 0);
    cr_assert_eq(rules->nodes[0].threshold, 3);
    cr_assert_eq(rules->n_rules, 2);
    cr_assert_str_eq(rules->rules[0].text, "x <= 3 days");
    cr_assert_eq(rules->rules[0].segment, 0);
    cr_assert_eq(rules->rules[0].precision, 1);
    cr_assert_eq(rules->rules[0].coverage, 0.75);
    cr_assert_str_eq(rules->rules[1].text, "x > 3 days");
    cr_assert_eq(rules->rules[1].precision, 0.8);
    cr_assert_eq(rules->rules[1].coverage, 1);
    cr_assert_eq(rules->fidelity, 7.0 / 8);
    cr_assert_eq(rules->guess, 0.5);
    kmseg_tree_free(rules);

    /* With weight 8 on the fifth, 4 more than all others of segment 0 and 1 in its part, a cut at 5
     * has (11^2 + 1)/12 + 9/3 = 13.17 and one at 3 has 3 + (64 + 16)/12 = 9.67. */
    const double weights[8] = {1, 1, 1, 1, 8, 1, 1, 1};
    rules = rules_of(table, prepare, labels, weights, 2, 2);
    cr_assert_eq(rules->nodes[0].threshold, 5);
    cr_assert_eq(rules->rules[0].precision, 11.0 / 12);
    cr_assert_eq(rules->fidelity, 14.0 / 15);
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(rules, a_category_is_asked_about_against_the_rest)
{
    kmseg_table *table = table_of(ctx, 9);
    TEXTS(ctx, table, "plan", "gold", "basic", "plus", "gold", "basic", "plus", "gold", NULL,
          "plus");
    NUMBERS(ctx, table, "noise", 1, 2, 3, 3, 2, 1, 2, 1, 3);
    const int32_t labels[9] = {0, 1, 1, 0, 1, 1, 0, 0, 1}; /* a missing plan is filled with gold */
    kmseg_prepare *prepare = prepare_of(table);
    kmseg_tree *rules = rules_of(table, prepare, labels, NULL, 2, 3);
    cr_assert_eq(rules->fidelity, 1);
    cr_assert_eq(rules->n_rules, 2);
    cr_assert_str_eq(rules->rules[0].text, "plan = gold");
    cr_assert_str_eq(rules->rules[1].text, "plan is not gold");
    int32_t leaves[9];
    OK(ctx, kmseg_tree_apply(ctx, rules, prepare, table, leaves));
    for (int i = 0; i < 9; i++) {
        cr_assert_eq(rules->nodes[leaves[i]].segment, labels[i]);
    }
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

enum { PLANTED = 100000 };

/* Boxes with sides along the axes: segments by recency, then spend, then plan. */
static int32_t box(double recency, double spend, int plan) {
    if (recency <= 33) {
        return spend > 492 ? 0 : 1;
    }
    return plan == 1 ? 2 : recency > 200 ? 3 : 4;
}

typedef struct planted {
    double recency[PLANTED], spend[PLANTED], noise[PLANTED];
    const char *plan[PLANTED];
    int32_t labels[PLANTED];
} planted;

static const char *const plans[] = {"basic", "gold", "plus"};

static planted *plant(uint64_t seed) {
    planted *p = malloc(sizeof *p);
    km_random random = {.seed = seed, .stage = KM_STAGE_TEST};
    for (int i = 0; i < PLANTED; i++) {
        int plan = (int)km_next_below(&random, 3);
        p->recency[i] = (double)km_next_below(&random, 365) + 1;
        p->spend[i] = exp(3 + 5 * km_next_uniform(&random)); /* skewed, all different */
        p->noise[i] = km_next_uniform(&random);
        p->plan[i] = plans[plan];
        p->labels[i] = box(p->recency[i], p->spend[i], plan);
    }
    return p;
}

static kmseg_table *table_of_planted(const planted *p, int64_t n) {
    kmseg_table *table = table_of(ctx, n);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "recency", p->recency));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", p->spend));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "noise", p->noise));
    OK(ctx, kmseg_table_add_texts(ctx, table, "plan", p->plan));
    return table;
}

/* Of many rows cuts are first tried at quantiles of a sample; the boundary is found all the same. */
Test(rules, boxes_along_the_axes_are_found_exactly)
{
    planted *p = plant(7);
    const int64_t sizes[] = {400, 5000, PLANTED};
    for (int i = 0; i < 3; i++) {
        kmseg_table *table = table_of_planted(p, sizes[i]);
        kmseg_prepare *prepare = prepare_of(table);
        kmseg_tree *rules = rules_of(table, prepare, p->labels, NULL, 5, 5);
        cr_assert_eq(rules->fidelity, 1, "%lld rows: %.17g", (long long)sizes[i], rules->fidelity);
        if (sizes[i] == PLANTED) { /* rows enough that 33, 200 and nearly 492 are there */
            cr_assert_eq(rules->n_rules,
                         7); /* plan is the best first question, so 0 and 1 have two */
            cr_assert_str_eq(rules->rules[4].text, "plan = gold and recency > 33");
            cr_assert_str_eq(rules->rules[5].text, "plan is not gold and recency > 200");
            cr_assert_str_eq(rules->rules[6].text, "plan is not gold and recency > 33 and <= 200");
            double below = 0, above = INFINITY;
            for (int r = 0; r < PLANTED; r++) {
                int is_recent = p->recency[r] <= 33 && strcmp(p->plan[r], "gold") != 0;
                below = is_recent && p->spend[r] <= 492 ? fmax(below, p->spend[r]) : below;
                above = is_recent && p->spend[r] > 492 ? fmin(above, p->spend[r]) : above;
            }
            double threshold = NAN;
            for (int32_t node = 0; node < rules->n_nodes; node++) { /* the last: not of gold */
                threshold =
                    rules->nodes[node].column == 1 ? rules->nodes[node].threshold : threshold;
            }
            cr_assert(threshold >= below && threshold < above);
        }
        kmseg_tree_free(rules);
        kmseg_prepare_free(prepare);
        kmseg_table_free(table);
    }
    free(p);
}

static void same_rules(const kmseg_tree *a, const kmseg_tree *b) {
    cr_assert_eq(a->n_nodes, b->n_nodes);
    for (int32_t i = 0; i < a->n_nodes; i++) {
        const kmseg_tree_node *x = &a->nodes[i], *y = &b->nodes[i];
        cr_assert(x->column == y->column && x->level == y->level && x->yes == y->yes &&
                  x->no == y->no && x->segment == y->segment && x->share == y->share &&
                  x->precision == y->precision && x->coverage == y->coverage);
        cr_assert(memcmp(&x->threshold, &y->threshold, sizeof x->threshold) == 0 ||
                  (isnan(x->threshold) && isnan(y->threshold)));
    }
    cr_assert_eq(a->fidelity, b->fidelity);
    for (int32_t r = 0; r < a->n_rules; r++) {
        cr_assert_str_eq(a->rules[r].text, b->rules[r].text);
    }
}

/* Labels that no tree tells: overlapping, so that every choice hangs on exact counts. */
Test(rules, rows_in_another_order_and_threads_change_nothing)
{
    planted *p = plant(11), *q = malloc(sizeof *q);
    for (int i = 0; i < PLANTED; i++) {
        p->labels[i] =
            (p->noise[i] * 7 + log(p->spend[i]) > 8) + 2 * (p->recency[i] > 100 * p->noise[i]);
    }
    for (int i = 0; i < PLANTED; i++) {
        int from = (int)((int64_t)i * 48271 % PLANTED); /* 48271 is prime: every row once */
        q->recency[i] = p->recency[from];
        q->spend[i] = p->spend[from];
        q->noise[i] = p->noise[from];
        q->plan[i] = p->plan[from];
        q->labels[i] = p->labels[from];
    }
    kmseg_context *before = ctx;
    kmseg_tree *first = NULL;
    for (int32_t threads = 1; threads <= 3; threads += 2) {
        ctx = test_context(threads, NULL);
        for (int i = 0; i < 2; i++) {
            const planted *from = i == 0 ? p : q;
            kmseg_table *table = table_of_planted(from, PLANTED);
            kmseg_prepare *prepare = prepare_of(table);
            kmseg_tree *rules = rules_of(table, prepare, from->labels, NULL, 4, 4);
            if (first == NULL) {
                first = rules;
                cr_assert_gt(rules->n_rules, 4);
                cr_assert_gt(rules->fidelity, rules->guess);
            } else {
                same_rules(first, rules);
                kmseg_tree_free(rules);
            }
            kmseg_prepare_free(prepare);
            kmseg_table_free(table);
        }
        kmseg_context_free(ctx);
    }
    ctx = before;
    kmseg_tree_free(first);
    free(p);
    free(q);
}

Test(rules, what_the_leaves_say_is_what_applying_them_counts)
{
    enum { N = 5000, K = 4 };
    planted *p = plant(13);
    for (int i = 0; i < N; i++) {
        p->labels[i] =
            (p->noise[i] * 7 + log(p->spend[i]) > 8) + 2 * (p->recency[i] > 100 * p->noise[i]);
        if (i % 17 == 0) {
            p->spend[i] = NAN;
            p->plan[i] = NULL;
        }
    }
    kmseg_table *table = table_of_planted(p, N);
    kmseg_prepare *prepare = prepare_of(table);
    kmseg_tree *rules = rules_of(table, prepare, p->labels, NULL, K, 4), *copy;
    int32_t leaves[N];
    OK(ctx, kmseg_tree_apply(ctx, rules, prepare, table, leaves));
    int sizes[K] = {0}, right = 0;
    for (int i = 0; i < N; i++) {
        sizes[p->labels[i]]++;
        right += rules->nodes[leaves[i]].segment == p->labels[i];
    }
    cr_assert_eq(rules->fidelity, right / (double)N);
    for (int32_t r = 0; r < rules->n_rules; r++) {
        int here = 0, hits = 0;
        for (int i = 0; i < N; i++) {
            here += leaves[i] == rules->rules[r].node;
            hits += leaves[i] == rules->rules[r].node && p->labels[i] == rules->rules[r].segment;
        }
        cr_assert_eq(rules->rules[r].precision, hits / (double)here);
        cr_assert_eq(rules->rules[r].coverage, hits / (double)sizes[rules->rules[r].segment]);
    }
    OK(ctx, kmseg_tree_copy(ctx, rules, prepare, &copy));
    same_rules(rules, copy);
    kmseg_tree_free(copy);
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
    free(p);
}

Test(rules, a_small_segment_keeps_its_rule)
{
    enum { N = 2000 };
    double x[N], y[N];
    int32_t labels[N];
    for (int i = 0; i < N; i++) {
        x[i] = i % 500;
        y[i] = i % 7;
        labels[i] = i < 4 ? 2 : x[i] > 250; /* 4 of 2,000: fewer than a leaf may have, else */
        y[i] = i < 4 ? 100 + i : y[i];
    }
    kmseg_table *table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "y", y));
    kmseg_prepare *prepare = prepare_of(table);
    kmseg_tree *rules = rules_of(table, prepare, labels, NULL, 3, 4);
    cr_assert_eq(rules->fidelity, 1);
    cr_assert_eq(rules->rules[rules->n_rules - 1].segment, 2);
    cr_assert_str_eq(rules->rules[rules->n_rules - 1].text, "x <= 250 and y > 50");
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(rules, one_segment_is_every_customer_and_alike_rows_are_not_told_apart)
{
    kmseg_table *table = table_of(ctx, 6);
    NUMBERS(ctx, table, "x", 1, 1, 1, 2, 2, 2);
    kmseg_prepare *prepare = prepare_of(table);
    const int32_t one[6] = {0}, mixed[6] = {0, 1, 0, 0, 1, 0};
    kmseg_tree *rules = rules_of(table, prepare, one, NULL, 1, 4);
    cr_assert_eq(rules->n_rules, 1);
    cr_assert_str_eq(rules->rules[0].text, "every customer");
    cr_assert_eq(rules->fidelity, 1);
    kmseg_tree_free(rules);
    rules = rules_of(table, prepare, mixed, NULL, 2, 4);
    cr_assert_eq(rules->n_nodes, 1);
    cr_assert_eq(rules->fidelity, 4.0 / 6);
    cr_assert_eq(rules->guess, 4.0 / 6);
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

Test(rules, thresholds_are_the_roundest_numbers_there_are)
{
    cr_assert_eq(km_round_between(33, 34), 33);
    cr_assert_eq(km_round_between(33, 41), 40);
    cr_assert_eq(km_round_between(491.97, 512.3), 500);
    cr_assert_eq(km_round_between(0.1234, 0.1239), 0.1236);
    cr_assert_eq(km_round_between(-3, 4), 0);
    cr_assert_eq(km_round_between(-0.004, -0.002), -0.003);
    cr_assert_eq(km_round_between(0, 1), 0);
    cr_assert_eq(km_round_between(-1e308, 1e308), -1e308);
    km_random random = {.seed = 5, .stage = KM_STAGE_TEST};
    for (int i = 0; i < 100000; i++) {
        double low = ldexp(km_next_uniform(&random) - 0.5, (int)km_next_below(&random, 200) - 100);
        double high = i % 3 == 0 ? nextafter(low, INFINITY)
                                 : low + fabs(low) * ldexp(km_next_uniform(&random), -(i % 40));
        if (low < high) {
            double t = km_round_between(low, high);
            cr_assert(t >= low && t < high, "%.17g not in [%.17g, %.17g)", t, low, high);
        }
    }
}

Test(rules, what_cannot_be_is_refused)
{
    kmseg_table *table = table_of(ctx, 4);
    NUMBERS(ctx, table, "x", 1, 2, 3, 4);
    kmseg_prepare *prepare = prepare_of(table);
    const int32_t labels[4] = {0, 0, 1, 1}, high[4] = {0, 0, 2, 1};
    const double negative[4] = {1, -1, 1, 1}, none[4] = {0};
    kmseg_tree *rules;
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_tree_new(ctx, table, NULL, 4, labels, NULL, 2, prepare, 9, &rules), "depth");
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_tree_new(ctx, table, NULL, 4, high, NULL, 2, prepare, 3, &rules), "label 2");
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_tree_new(ctx, table, NULL, 5, labels, NULL, 2, prepare, 3, &rules), "rows");
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_tree_new(ctx, table, NULL, 4, labels, negative, 2, prepare, 3, &rules),
          "weight 1 is -1");
    FAILS(ctx, KMSEG_E_ARGUMENT,
          kmseg_tree_new(ctx, table, NULL, 4, labels, none, 2, prepare, 3, &rules),
          "every weight is 0");
    kmseg_table *other = table_of(ctx, 4);
    NUMBERS(ctx, other, "z", 1, 2, 3, 4);
    FAILS(ctx, KMSEG_E_NOT_FOUND,
          kmseg_tree_new(ctx, other, NULL, 4, labels, NULL, 2, prepare, 3, &rules), "no column x");
    cr_assert_null(rules);

    rules = rules_of(table, prepare, labels, NULL, 2, 3);
    kmseg_tree bad = *rules, *copy;
    kmseg_tree_node nodes[3];
    memcpy(nodes, rules->nodes, sizeof nodes);
    bad.nodes = nodes;
    nodes[0].yes = 2; /* two questions lead to one node */
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_tree_copy(ctx, &bad, prepare, &copy), "no tree");
    nodes[0].yes = 0; /* a circle */
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_tree_copy(ctx, &bad, prepare, &copy), "no tree");
    cr_assert_null(copy);
    kmseg_tree_free(rules);
    kmseg_table_free(other);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

/* A chain of questions deeper than a tree may be. */
Test(rules, a_tree_deeper_than_any_is_refused)
{
    enum { DEEP = 21 };
    kmseg_table *table = table_of(ctx, 4);
    NUMBERS(ctx, table, "x", 1, 2, 3, 4);
    kmseg_prepare *prepare = prepare_of(table);
    kmseg_tree_node nodes[DEEP];
    for (int32_t i = 0; i < DEEP; i++) {
        int is_leaf = i % 2 == 1 || i == DEEP - 1;
        nodes[i] = (kmseg_tree_node){.column = is_leaf ? -1 : 0,
                                     .level = -1,
                                     .threshold = 2,
                                     .yes = is_leaf ? -1 : i + 1,
                                     .no = is_leaf ? -1 : i + 2};
    }
    kmseg_tree deep = {
        .struct_size = sizeof deep, .n_segments = 1, .n_nodes = DEEP, .nodes = nodes};
    kmseg_tree *copy;
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_tree_copy(ctx, &deep, prepare, &copy), "no tree");
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

static kmseg_status grow_once(kmseg_context *failing, void *argument) {
    const planted *p = argument;
    enum { N = 500 };
    kmseg_table *table;
    kmseg_prepare *prepare = NULL;
    kmseg_tree *rules = NULL;
    kmseg_status status = kmseg_table_new(failing, N, &table);
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(failing, table, "recency", p->recency);
    }
    if (status == KMSEG_OK) {
        status = kmseg_table_add_texts(failing, table, "plan", p->plan);
    }
    if (status == KMSEG_OK) {
        status = kmseg_prepare_fit(failing, table, NULL, &prepare);
    }
    if (status == KMSEG_OK) {
        status =
            kmseg_tree_new(failing, table, NULL, N, p->labels, p->noise, 5, prepare, 3, &rules);
    }
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
    return status;
}

Test(rules, running_out_of_memory_is_a_clean_failure)
{
    planted *p = plant(3);
    fails_cleanly(grow_once, p);
    free(p);
}

/* Cells of tags, in any order and with spaces; labels 0 where there is music but not sport. Of 12
 * customers 6 have music (4 of them of segment 0) and 4 have sport. Asked about music the parts are
 * {4, 2} and {0, 6}: (16 + 4) / 6 + 36 / 6 = 9.33. About sport they are {0, 4} and {4, 4}: 4 + 32 / 8 =
 * 8, about travel {2, 4} and {2, 4}: (4 + 16) / 6 twice = 6.67; so music is first, then sport. */
static kmseg_table *table_of_tags(kmseg_context *context) {
    kmseg_table *table = table_of(context, 12);
    TEXTS(context, table, "likes", "music", "travel; music", "music;travel", " music ",
          "sport;music", "music|sport;travel", "travel", "travel", "sport;travel", "travel;sport",
          NULL, "");
    return table;
}

static const int32_t tag_labels[12] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};

static kmseg_prepare *prepare_tags(kmseg_context *context, const kmseg_table *table) {
    kmseg_prepare_options options;
    kmseg_prepare_options_init(&options);
    options.encode = "likes=multihot";
    options.min_level_count = 1;
    kmseg_prepare *prepare = NULL;
    return kmseg_prepare_fit(context, table, &options, &prepare) == KMSEG_OK ? prepare : NULL;
}

Test(rules, tags_are_asked_about_one_by_one)
{
    kmseg_table *table = table_of_tags(ctx);
    kmseg_prepare *prepare = prepare_tags(ctx, table);
    cr_assert_not_null(prepare, "%s", kmseg_last_error(ctx));
    kmseg_tree *rules = rules_of(table, prepare, tag_labels, NULL, 2, 3);
    cr_assert_eq(rules->n_nodes, 5);
    cr_assert_str_eq(prepare->columns[0].levels[rules->nodes[0].level], "music");
    cr_assert(isnan(rules->nodes[0].threshold));
    cr_assert_eq(rules->fidelity, 1);
    cr_assert_eq(rules->n_rules, 3);
    cr_assert_str_eq(rules->rules[0].text, "likes has music and has not sport");
    cr_assert_eq(rules->rules[0].coverage, 1);
    cr_assert_str_eq(rules->rules[1].text, "likes has not music");
    cr_assert_eq(rules->rules[1].coverage, 6.0 / 8);
    cr_assert_str_eq(rules->rules[2].text, "likes has music and sport");
    cr_assert_eq(rules->rules[2].coverage, 2.0 / 8);
    kmseg_tree *copy;
    OK(ctx, kmseg_tree_copy(ctx, rules, prepare, &copy));
    same_rules(rules, copy);
    kmseg_tree_free(copy);

    /* Other rows, with a tag that the fit did not see, which counts for nothing. */
    kmseg_table *more = table_of(ctx, 5);
    TEXTS(ctx, more, "likes", "chess; music", "chess", "sport;chess;music", NULL, "music;music");
    const int32_t expected[5] = {0, 1, 1, 1, 0};
    int32_t leaves[5];
    OK(ctx, kmseg_tree_apply(ctx, rules, prepare, more, leaves));
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(rules->nodes[leaves[i]].segment, expected[i], "%d", i);
    }
    kmseg_table_free(more);

    more = table_of(ctx, 2); /* as numbers these are no tag that is known */
    NUMBERS(ctx, more, "likes", 7, NAN);
    OK(ctx, kmseg_tree_apply(ctx, rules, prepare, more, leaves));
    cr_assert(rules->nodes[leaves[0]].segment == 1 && leaves[0] == leaves[1]);
    kmseg_table_free(more);

    kmseg_tree_node nodes[5];
    memcpy(nodes, rules->nodes, sizeof nodes);
    nodes[0].level = prepare->columns[0].n_levels;
    kmseg_tree hostile = *rules;
    hostile.nodes = nodes;
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_tree_copy(ctx, &hostile, prepare, &copy), "tree");
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

/* Empty cells take the tag they are filled with; rare ones are the one tag "other", however many of
 * them a cell has. Labels 0: has that tag. */
Test(rules, tags_are_those_the_prepare_step_makes)
{
    enum { N = 200 };
    const char *cells[N];
    int32_t labels[N];
    for (int i = 0; i < N; i++) {
        cells[i] = i % 4 == 0 ? "music" : i % 4 == 1 ? "music;sport" : i % 4 == 2 ? "sport" : NULL;
        labels[i] = i % 4 == 2;
    }
    kmseg_table *table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_texts(ctx, table, "likes", cells));
    kmseg_prepare_options options;
    kmseg_prepare_options_init(&options);
    options.encode = "likes=multihot";
    options.impute = "constant:music";
    kmseg_prepare *prepare;
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    kmseg_tree *rules = rules_of(table, prepare, labels, NULL, 2, 2);
    cr_assert_eq(rules->fidelity, 1);
    cr_assert_str_eq(rules->rules[0].text, "likes has music");
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);

    for (int i = 0; i < N; i++) {
        cells[i] = i < 40 ? (i % 2 ? "tennis;chess" : "go;chess;music")
                          : (i % 2 ? "music" : "sport;music");
        labels[i] = i < 40 ? 0 : 1;
    }
    table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_texts(ctx, table, "likes", cells));
    kmseg_prepare_options_init(&options);
    options.encode = "likes=multihot";
    options.min_level_count = 50;
    OK(ctx, kmseg_prepare_fit(ctx, table, &options, &prepare));
    cr_assert_geq(prepare->columns[0].other_level, 0);
    rules = rules_of(table, prepare, labels, NULL, 2, 2);
    cr_assert_eq(rules->fidelity, 1);
    cr_assert_str_eq(rules->rules[0].text, "likes has other");
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
}

static kmseg_status grow_tags_once(kmseg_context *context, void *argument) {
    kmseg_table *table = argument;
    kmseg_prepare *prepare = prepare_tags(context, table);
    kmseg_tree *rules = NULL;
    if (prepare == NULL) {
        return KMSEG_E_MEMORY;
    }
    kmseg_status status =
        kmseg_tree_new(context, table, NULL, 12, tag_labels, NULL, 2, prepare, 3, &rules);
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    return status;
}

Test(rules, of_tags_run_out_of_memory_cleanly)
{
    kmseg_table *table = table_of_tags(ctx);
    fails_cleanly(grow_tags_once, table);
    kmseg_table_free(table);
}
