/* Rules of more customers than a tree is grown on. */
#include "base/rng.h"
#include "prepare/tables.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

enum { N = 600000, K = 3 };

static kmseg_context *ctx;
static void setup(void) { ctx = test_context(2, NULL); }
static void teardown(void) { kmseg_context_free(ctx); }
TestSuite(rules_of_many, .init = setup, .fini = teardown);

typedef struct rows {
    double recency[N], spend[N], weights[N];
    int32_t labels[N];
} rows;

/* Three boxes; one label in ten is drawn anew, so that at best 1 - 2/3 * 0.1 can be told. */
static rows *draw(void) {
    rows *r = malloc(sizeof *r);
    km_random random = {.seed = 5, .stage = KM_STAGE_TEST};
    for (int i = 0; i < N; i++) {
        r->recency[i] = 365 * km_next_uniform(&random);
        r->spend[i] = exp(8 * km_next_uniform(&random));
        r->weights[i] = (double)km_next_below(&random, 4);
        r->labels[i] = r->recency[i] > 200 ? 2 : r->spend[i] > 100;
        if (km_next_below(&random, 10) == 0) {
            r->labels[i] = (int32_t)km_next_below(&random, K);
        }
    }
    return r;
}

static rows *reorder(const rows *from) {
    rows *to = malloc(sizeof *to);
    for (int i = 0; i < N; i++) {
        int64_t at = (int64_t)i * 48271 % N; /* 48271 is prime: every row once */
        to->recency[i] = from->recency[at];
        to->spend[i] = from->spend[at];
        to->weights[i] = from->weights[at];
        to->labels[i] = from->labels[at];
    }
    return to;
}

static kmseg_tree *rules_of(const rows *r, const double *weights, kmseg_table **out_table,
                            kmseg_prepare **out_prepare) {
    kmseg_tree *rules;
    *out_table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, *out_table, "recency", r->recency));
    OK(ctx, kmseg_table_add_numbers(ctx, *out_table, "spend", r->spend));
    OK(ctx, kmseg_prepare_fit(ctx, *out_table, NULL, out_prepare));
    OK(ctx,
       kmseg_tree_new(ctx, *out_table, NULL, N, r->labels, weights, K, *out_prepare, 3, &rules));
    return rules;
}

/* What the nodes say is what walking every customer through them counts. */
static void check_counts(const rows *r, const double *weights, const kmseg_tree *rules,
                         const kmseg_prepare *prepare, const kmseg_table *table) {
    int32_t *nodes = malloc(N * sizeof *nodes);
    double total = 0, right = 0, of[K] = {0}, here[16] = {0}, hits[16] = {0};
    OK(ctx, kmseg_tree_apply(ctx, rules, prepare, table, nodes));
    for (int i = 0; i < N; i++) {
        double weight = weights != NULL ? weights[i] : 1;
        int is_right = rules->nodes[nodes[i]].segment == r->labels[i];
        total += weight;
        of[r->labels[i]] += weight;
        here[nodes[i]] += weight;
        hits[nodes[i]] += is_right ? weight : 0;
        right += is_right ? weight : 0;
    }
    cr_assert_eq(rules->fidelity, right / total);
    for (int32_t l = 0; l < rules->n_rules; l++) {
        const kmseg_tree_rule *rule = &rules->rules[l];
        cr_assert_eq(rule->precision, hits[rule->node] / here[rule->node]);
        cr_assert_eq(rule->coverage, hits[rule->node] / of[rule->segment]);
        cr_assert_eq(rules->nodes[rule->node].share, here[rule->node] / total);
    }
    free(nodes);
}

Test(rules_of_many, are_measured_on_all_customers_and_do_not_depend_on_their_order)
{
    rows *r = draw(), *other = reorder(r);
    for (int weighted = 0; weighted < 2; weighted++) {
        kmseg_table *table, *other_table;
        kmseg_prepare *prepare, *other_prepare;
        const double *weights = weighted ? r->weights : NULL;
        kmseg_tree *rules = rules_of(r, weights, &table, &prepare);
        cr_assert_eq(rules->n_rules, 3);
        cr_assert_float_eq(rules->fidelity, 1 - 2.0 / 30, 0.002);
        check_counts(r, weights, rules, prepare, table);

        kmseg_tree *again =
            rules_of(other, weighted ? other->weights : NULL, &other_table, &other_prepare);
        cr_assert_eq(again->n_nodes, rules->n_nodes);
        cr_assert_eq(again->fidelity, rules->fidelity);
        for (int32_t l = 0; l < rules->n_rules; l++) {
            cr_assert_str_eq(again->rules[l].text, rules->rules[l].text);
            cr_assert_eq(again->rules[l].coverage, rules->rules[l].coverage);
        }
        kmseg_tree_free(rules);
        kmseg_tree_free(again);
        kmseg_prepare_free(prepare);
        kmseg_prepare_free(other_prepare);
        kmseg_table_free(table);
        kmseg_table_free(other_table);
    }
    free(r);
    free(other);
}

/* A choice of rows by what is in them would be a few of 48 kinds of customers, or none. */
Test(rules_of_many, few_kinds_of_customers_are_all_looked_at)
{
    rows *r = draw();
    for (int i = 0; i < N; i++) {
        r->recency[i] = 30 * floor(r->recency[i] / 30);   /* 0, 30, ... 360 */
        r->spend[i] = pow(10, floor(log10(r->spend[i]))); /* 1, 10, 100, 1000 */
        r->labels[i] = r->recency[i] > 200 ? 2 : r->spend[i] > 10;
    }
    kmseg_table *table;
    kmseg_prepare *prepare;
    kmseg_tree *rules = rules_of(r, NULL, &table, &prepare);
    cr_assert_eq(rules->fidelity, 1);
    cr_assert_str_eq(rules->rules[2].text, "recency > 200");
    kmseg_tree_free(rules);
    kmseg_prepare_free(prepare);
    kmseg_table_free(table);
    free(r);
}
