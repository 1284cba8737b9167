#include "support/support.h"

#include <string.h>

/* A table of no rows with the given columns. */
static kmseg_table *columns(kmseg_context *ctx, const char *const *names) {
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 0, &table));
    for (; *names != NULL; names++) {
        OK(ctx, kmseg_table_add_numbers(ctx, table, *names, NULL));
    }
    return table;
}

static kmseg_features_options defaults(void) {
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    return options;
}

static int is(const char *found, const char *expect) {
    return expect == NULL ? found == NULL : found != NULL && strcmp(found, expect) == 0;
}

Test(columns, the_columns_of_many_shops_are_found)
{
    static const struct {
        const char *names[12];
        const char *customer, *date, *order, *amount, *quantity, *price;
    } logs[] = {
        {{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
          "CustomerID", "Country"},
         "CustomerID",
         "InvoiceDate",
         "InvoiceNo",
         NULL,
         "Quantity",
         "UnitPrice"},
        {{"Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"},
         "Customer ID",
         "InvoiceDate",
         "Invoice",
         NULL,
         "Quantity",
         "Price"},
        {{"household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value",
          "retail_disc", "week", "transaction_timestamp"},
         "household_id",
         "transaction_timestamp",
         "basket_id",
         "sales_value",
         "quantity",
         NULL},
        {{"customer_id", "date", "number_of_cds", "dollar_value"},
         "customer_id",
         "date",
         NULL,
         "dollar_value",
         "number_of_cds",
         NULL},
        {{"user_id", "order_id", "created_at", "total_price"},
         "user_id",
         "created_at",
         "order_id",
         "total_price",
         NULL,
         NULL},
        {{"客户编号", "订单号", "下单时间", "金额", "数量", "单价"},
         "客户编号",
         "下单时间",
         "订单号",
         "金额",
         "数量",
         "单价"},
        {{"CLIENT-ID", "Order.Date", "order number", "QTY", "item price"},
         "CLIENT-ID",
         "Order.Date",
         "order number",
         NULL,
         "QTY",
         "item price"},
    };
    kmseg_context *ctx = test_context(1, NULL);
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        kmseg_table *table = columns(ctx, logs[i].names);
        kmseg_features_options found = defaults();
        OK(ctx, kmseg_features_find_columns(ctx, table, &found));
        cr_assert(is(found.customer, logs[i].customer), "log %zu: customer %s", i, found.customer);
        cr_assert(is(found.date, logs[i].date), "log %zu: date %s", i, found.date);
        cr_assert(is(found.order, logs[i].order), "log %zu: order %s", i, found.order);
        cr_assert(is(found.amount, logs[i].amount), "log %zu: amount %s", i, found.amount);
        cr_assert(is(found.quantity, logs[i].quantity), "log %zu: quantity %s", i, found.quantity);
        cr_assert(is(found.price, logs[i].price), "log %zu: price %s", i, found.price);
        kmseg_table_free(table);
    }
    kmseg_context_free(ctx);
}

Test(columns, what_the_user_names_stays_and_serves_no_second_purpose)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *names[] = {"customer_id", "user_id", "date", "amount", "order_id", NULL};
    kmseg_table *table = columns(ctx, names);
    kmseg_features_options found = defaults();
    found.customer = "user_id";
    found.order = "";
    OK(ctx, kmseg_features_find_columns(ctx, table, &found));
    cr_assert_str_eq(found.customer, "user_id");
    cr_assert_str_eq(found.order, "", "\"\" is none, although there is one");
    kmseg_table_free(table);
    const char *few[] = {"customer", "date", "order_date", "total", NULL};
    table = columns(ctx, few);
    found = defaults();
    found.price = "total"; /* so it is not the amount */
    OK(ctx, kmseg_features_find_columns(ctx, table, &found));
    cr_assert_null(found.amount);
    cr_assert_str_eq(found.date, "order_date", "the surer name wins");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(columns, a_missing_column_is_an_error_that_lists_the_columns_and_the_option)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *no_customer[] = {"date", "amount", "colour", NULL};
    const char *no_date[] = {"customer", "amount", "colour", NULL};
    const char *no_value[] = {"customer", "date", "quantity", NULL};
    kmseg_table *table = columns(ctx, no_customer);
    kmseg_features_options found = defaults();
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_features_find_columns(ctx, table, &found), "--customer",
          "date, amount, colour");
    cr_assert_null(found.date, "options stay as they were");
    kmseg_table_free(table);
    table = columns(ctx, no_date);
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_features_find_columns(ctx, table, &found), "--date",
          "colour");
    kmseg_table_free(table);
    table = columns(ctx, no_value);
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_features_find_columns(ctx, table, &found), "--amount",
          "--quantity", "--price");
    found.amount = "amuont";
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_features_find_columns(ctx, table, &found), "--amount",
          "amuont", "customer, date, quantity");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(columns, a_column_of_the_wrong_type_is_refused)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table, *out;
    OK(ctx, kmseg_table_new(ctx, 1, &table));
    const double one[] = {1};
    const char *text[] = {"a"};
    OK(ctx, kmseg_table_add_texts(ctx, table, "customer", text));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "date", one));
    OK(ctx, kmseg_table_add_texts(ctx, table, "amount", text));
    kmseg_features_options options = defaults();
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_customer_features(ctx, table, &options, &out, NULL), "amount",
          "text", "numbers");
    options.amount = "date";
    options.date = "date";
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_customer_features(ctx, table, &options, &out, NULL), "date",
          "numbers", "dates");
    cr_assert_null(out);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static double mean_gap(kmseg_context *ctx, const kmseg_table *table, const char *date_order,
                       kmseg_features_report *report) {
    kmseg_features_options options = defaults();
    options.date_order = date_order;
    kmseg_table *out;
    OK(ctx, kmseg_customer_features(ctx, table, &options, &out, report));
    double gap = kmseg_table_column(out, kmseg_table_find(out, "gap_mean"))->numbers[0];
    kmseg_table_free(out);
    return gap;
}

Test(columns, dates_that_are_text_are_read_in_the_order_of_day_and_month_that_holds)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table, *out;
    kmseg_features_report report;
    OK(ctx, kmseg_table_new(ctx, 3, &table));
    const char *customers[] = {"a", "a", "a"}, *dates[] = {"1/2/2024", "3/2/2024", "soon"};
    const double amounts[] = {1, 2, 3};
    OK(ctx, kmseg_table_add_texts(ctx, table, "customer", customers));
    OK(ctx, kmseg_table_add_texts(ctx, table, "date", dates));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "amount", amounts));
    cr_assert_eq(mean_gap(ctx, table, "day_first", &report), 2);
    cr_assert_eq(report.n_rejected[KMSEG_CLEAN_UNPARSABLE], 1);
    /* 2 January and 2 March 2024 */
    cr_assert_eq(mean_gap(ctx, table, "month_first", &report), 60);
    kmseg_features_options options = defaults();
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_customer_features(ctx, table, &options, &out, NULL),
          "1/2/2024", "date", "--date-order");
    kmseg_table_free(table);

    dates[2] = "13/2/2024";
    OK(ctx, kmseg_table_new(ctx, 3, &table));
    OK(ctx, kmseg_table_add_texts(ctx, table, "customer", customers));
    OK(ctx, kmseg_table_add_texts(ctx, table, "date", dates));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "amount", amounts));
    cr_assert_eq(mean_gap(ctx, table, "auto", &report), 6, "1, 3 and 13 February");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
