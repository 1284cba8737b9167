#include "prepare/tables.h"
#include "support/failing.h"

static kmseg_status run(kmseg_context *ctx, void *argument) {
    kmseg_prepare_options options = prepare_options();
    options.weights = "x=2";
    options.transform = "auto,x=log1p";
    options.impute = "drop";
    kmseg_prepare *prepare, *copy = NULL;
    kmseg_status status = kmseg_prepare_fit(ctx, argument, &options, &prepare);
    cr_assert_eq(status == KMSEG_OK, prepare != NULL);
    if (status == KMSEG_OK) {
        status = kmseg_prepare_copy(ctx, prepare, &copy);
        cr_assert_eq(status == KMSEG_OK, copy != NULL);
    }
    if (status == KMSEG_OK) {
        kmseg_prepared *prepared;
        status = kmseg_prepare_apply(ctx, copy, argument, &prepared);
        cr_assert_eq(status == KMSEG_OK, prepared != NULL);
        kmseg_prepared_free(prepared);
    }
    kmseg_prepare_free(copy);
    kmseg_prepare_free(prepare);
    return status;
}

Test(prepare_memory, every_refused_request_is_a_clean_failure)
{
    kmseg_context *ctx = test_context(1, NULL);
    enum { N = 9000 }; /* larger than the blocks of an arena */
    static double x[N], y[N], id[N];
    static const char *t[N];
    for (int i = 0; i < N; i++) {
        x[i] = i % 7 == 0 ? (double)NAN : i * i % 1000;
        y[i] = i % 2;
        id[i] = N - i;
        t[i] = i % 3 == 0 ? "one" : i % 3 == 1 ? "two" : "three";
    }
    kmseg_table *table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "customer_id", id));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "y", y));
    OK(ctx, kmseg_table_add_texts(ctx, table, "t", t));
    fails_cleanly(run, table);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static kmseg_status run_mixed(kmseg_context *ctx, void *argument) {
    kmseg_prepare_options options = prepare_options();
    options.transform = "left=yeo-johnson,right=quantile-normal";
    options.winsorise = "right=0.1";
    options.impute = "left=constant:0+indicator,home=constant,size=median+indicator";
    options.group = "g=left,size;h=tags";
    options.order = "ring=inner<outer";
    kmseg_prepare *prepare, *copy = NULL;
    kmseg_prepared *prepared = NULL;
    kmseg_status status = kmseg_prepare_fit(ctx, argument, &options, &prepare);
    if (status == KMSEG_OK) {
        status = kmseg_prepare_copy(ctx, prepare, &copy);
    }
    if (status == KMSEG_OK) {
        status = kmseg_prepare_apply(ctx, copy, argument, &prepared);
    }
    kmseg_prepared_free(prepared);
    kmseg_prepare_free(copy);
    kmseg_prepare_free(prepare);
    return status;
}

Test(prepare_memory, every_refused_request_of_mixed_columns_is_a_clean_failure)
{
    kmseg_context *ctx = test_context(1, NULL);
    enum { N = 60 };
    double left[N], right[N];
    const char *size[N], *tags[N], *home[N], *ring[N];
    static const char *const sizes[] = {"small", "medium", "large", NULL};
    static const char *const tag[] = {"a;b", "b;c", "c", "a", NULL, "a;b;c"};
    for (int i = 0; i < N; i++) {
        left[i] = i % 9 == 0 ? (double)NAN : 5 - exp(i / 20.0);
        right[i] = i * i;
        size[i] = sizes[(i / 3) % 4];
        tags[i] = tag[i % 6];
        home[i] = i % 5 == 0 ? NULL : i % 2 ? "own" : "rent";
        ring[i] = i % 2 ? "inner" : "outer";
    }
    kmseg_table *table = table_of(ctx, N);
    OK(ctx, kmseg_table_add_numbers(ctx, table, "left", left));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "right", right));
    OK(ctx, kmseg_table_add_texts(ctx, table, "size", size));
    OK(ctx, kmseg_table_add_texts(ctx, table, "tags", tags));
    OK(ctx, kmseg_table_add_texts(ctx, table, "home", home));
    OK(ctx, kmseg_table_add_texts(ctx, table, "ring", ring));
    fails_cleanly(run_mixed, table);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
