#include "support/support.h"

#include <stdio.h>
#include <string.h>

/* Orders of 200 made-up customers under the name "orders". */
static kmseg_table *some_orders(kmseg_context *ctx) {
    kmseg_generate_options options;
    kmseg_generate_options_init(&options);
    options.what = "orders";
    options.n_customers = 200;
    options.seed = 7;
    kmseg_table *orders;
    OK(ctx, kmseg_generate(ctx, &options, &orders, NULL));
    OK(ctx, kmseg_source_define_table(ctx, "orders", orders));
    return orders;
}

static kmseg_run_options few(void) {
    kmseg_run_options options;
    kmseg_run_options_init(&options);
    options.k_min = options.k_max = 3;
    return options;
}

static void note(void *user, const kmseg_run_step *step) {
    char *names = user;
    snprintf(names + strlen(names), 300 - strlen(names), "%s%s ", step->name,
             step->is_left_out ? "-" : "");
}

static const kmseg_column *column(const kmseg_table *table, const char *name) {
    return kmseg_table_column(table, kmseg_table_find(table, name));
}

Test(run, orders_become_segments_with_all_that_describes_them)
{
    kmseg_context *ctx = test_context(0, NULL);
    kmseg_table *orders = some_orders(ctx);
    kmseg_run_options options = few();
    kmseg_run_result *run;
    char names[300] = "";
    OK(ctx, kmseg_run(ctx, "orders", &options, note, names, &run));
    cr_assert_str_eq(names, "features rfm lifecycle tier clv fit ");
    cr_assert(run->is_log);
    cr_assert_eq(run->n_steps, 6);
    cr_assert_null(run->choice);
    cr_assert_eq(run->result->n_segments, 3);
    cr_assert_eq(run->result->n_samples, kmseg_table_n_rows(run->customers));
    static const char *const added[] = {"recency", "rfm_segment", "lifecycle", "tier", "clv"};
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        cr_assert_not_null(column(run->customers, added[i]), "%s", added[i]);
    }
    static const char *const kept[] = {"features", "rfm", "lifecycle", "tier", "clv"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        cr_assert_not_null(kmseg_result_report(run->result, kept[i]), "%s", kept[i]);
    }
    cr_assert_not_null(strstr(run->params, "days_between_orders"));
    kmseg_run_free(run);
    kmseg_table_free(orders);
    kmseg_context_free(ctx);
}

Test(run, a_run_is_what_its_steps_are_one_after_the_other)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *orders = some_orders(ctx), *customers;
    kmseg_run_options options = few();
    options.skip = "rfm, lifecycle,tier,clv";
    kmseg_run_result *run;
    OK(ctx, kmseg_run(ctx, "orders", &options, NULL, NULL, &run));
    OK(ctx, kmseg_customer_features(ctx, orders, &options.features, &customers, NULL));
    kmseg_segment_options segment = options.segment;
    segment.fit.n_clusters = 3;
    kmseg_result *result;
    OK(ctx, kmseg_segment(ctx, customers, &segment, &result));
    cr_assert_eq(run->n_steps, 2);
    cr_assert_eq(result->n_samples, run->result->n_samples);
    cr_assert_eq(memcmp(result->labels, run->result->labels,
                        (size_t)result->n_samples * sizeof *result->labels),
                 0);
    kmseg_result_free(result);
    kmseg_table_free(customers);
    kmseg_run_free(run);
    kmseg_table_free(orders);
    kmseg_context_free(ctx);
}

Test(run, a_table_of_customers_is_joined_and_says_what_it_cannot_give)
{
    enum { N = 40 };
    kmseg_context *ctx = test_context(1, NULL);
    static char ids[N][8];
    const char *id[N], *town[N];
    double spend[N], visits[N];
    for (int i = 0; i < N; i++) {
        snprintf(ids[i], sizeof ids[i], "m%d", i);
        id[i] = ids[i];
        town[i] = i % 2 ? "A" : "B";
        spend[i] = i < 20 ? i : 1000 + i;
        visits[i] = i < 20 ? 1 + i % 3 : 30 + i % 3;
    }
    kmseg_table *customers, *towns;
    OK(ctx, kmseg_table_new(ctx, N, &customers));
    OK(ctx, kmseg_table_add_texts(ctx, customers, "member", id));
    OK(ctx, kmseg_table_add_numbers(ctx, customers, "spend", spend));
    OK(ctx, kmseg_table_add_numbers(ctx, customers, "visits", visits));
    OK(ctx, kmseg_table_new(ctx, N - 1, &towns));
    OK(ctx, kmseg_table_add_texts(ctx, towns, "member", id));
    OK(ctx, kmseg_table_add_texts(ctx, towns, "town", town));
    OK(ctx, kmseg_source_define_table(ctx, "members", customers));
    OK(ctx, kmseg_source_define_table(ctx, "towns", towns));
    kmseg_run_options options = few();
    options.k_min = options.k_max = 2;
    options.join = "towns:member";
    options.columns.id = "member";
    options.segment.prepare.id = "member";
    kmseg_run_result *run;
    char names[300] = "";
    OK(ctx, kmseg_run(ctx, "members", &options, note, names, &run));
    cr_assert_str_eq(names, "customers rfm- lifecycle- tier- clv- join fit ");
    cr_assert_not_null(strstr(run->steps[5].text, "towns has 39 of 40 customers"), "%s",
                       run->steps[5].text);
    cr_assert_eq(column(run->customers, "town")->n_missing, 1);
    cr_assert_not_null(strstr(run->result->params, "towns:member (left)"));
    for (int i = 0; i < N; i++) { /* two groups that anyone sees */
        cr_assert_eq(run->result->labels[i], i < 20);
    }
    kmseg_run_free(run);
    kmseg_table_free(customers);
    kmseg_table_free(towns);
    kmseg_context_free(ctx);
}

Test(run, a_number_of_segments_is_chosen_from_a_range)
{
    kmseg_context *ctx = test_context(0, NULL);
    kmseg_table *orders = some_orders(ctx);
    kmseg_run_options options = few();
    options.k_min = 2;
    options.k_max = 4;
    options.skip = "rfm,lifecycle,tier,clv";
    kmseg_run_result *run;
    OK(ctx, kmseg_run(ctx, "orders", &options, NULL, NULL, &run));
    cr_assert_not_null(run->choice);
    cr_assert_eq(run->n_steps, 3);
    cr_assert_str_eq(run->steps[1].name, "choose-k");
    char taken[40];
    snprintf(taken, sizeof taken, "\"taken\": %d", run->result->n_requested);
    cr_assert_not_null(strstr(kmseg_result_report(run->result, "choice"), taken));
    kmseg_run_free(run);
    kmseg_table_free(orders);
    kmseg_context_free(ctx);
}

Test(run, options_of_every_step_are_set_by_name)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_run_options options;
    kmseg_run_options_init(&options);
    OK(ctx, kmseg_run_set(ctx, &options, "k_min", "4"));
    OK(ctx, kmseg_run_set(ctx, &options, "k_max", "4"));
    OK(ctx, kmseg_run_set(ctx, &options, "returns", "net"));
    OK(ctx, kmseg_run_set(ctx, &options, "seed", "9"));
    OK(ctx, kmseg_run_set(ctx, &options, "months", "6"));
    OK(ctx, kmseg_run_set(ctx, &options, "bins", "4"));
    OK(ctx, kmseg_run_set(ctx, &options, "warn-days", "30"));
    cr_assert_eq(options.k_max, 4);
    cr_assert_str_eq(options.features.returns, "net");
    cr_assert_eq(options.segment.fit.seed, 9);
    cr_assert_eq(options.clv.months, 6);
    cr_assert_eq(options.rfm.bins, 4);
    cr_assert_eq(options.lifecycle.warn_days, 30);
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_run_set(ctx, &options, "n_clusters", "4"), "n_clusters");
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_run_set(ctx, &options, "moths", "4"), "moths");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_run_set(ctx, &options, "months", "many"), "months");
    int n = 0;
    for (const kmseg_option *a; (a = kmseg_run_option(n)) != NULL; n++) {
        for (int i = 0; i < n; i++) {
            cr_assert_neq(strcmp(a->name, kmseg_run_option(i)->name), 0, "%s twice", a->name);
        }
    }
    cr_assert_gt(n, 60);
    cr_assert_null(kmseg_run_option(-1));
    kmseg_context_free(ctx);
}

Test(run, what_cannot_be_is_refused_and_leaves_nothing)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *orders = some_orders(ctx);
    kmseg_run_options options = few();
    kmseg_run_result *run;
    options.k_max = 2;
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_run(ctx, "orders", &options, NULL, NULL, &run), "k_max");
    cr_assert_null(run);
    options = few();
    options.skip = "rfm,report";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_run(ctx, "orders", &options, NULL, NULL, &run), "report");
    options = few();
    options.join = ":member";
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_run(ctx, "orders", &options, NULL, NULL, &run), "join");
    options = few();
    options.features.customer = "nobody";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_run(ctx, "orders", &options, NULL, NULL, &run), "nobody");
    options = few();
    options.k_min = options.k_max = 5000;
    FAILS(ctx, KMSEG_E_DATA, kmseg_run(ctx, "orders", &options, NULL, NULL, &run), "orders: ");
    FAILS(ctx, KMSEG_E_IO, kmseg_run(ctx, "/no/such", &options, NULL, NULL, &run), "/no/such");
    options = few();
    kmseg_cancel(ctx);
    FAILS(ctx, KMSEG_E_CANCELLED, kmseg_run(ctx, "orders", &options, NULL, NULL, &run), "");
    cr_assert_null(run);
    kmseg_table_free(orders);
    kmseg_context_free(ctx);
}
