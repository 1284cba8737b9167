/* Files that are joined to the lines of an order log. */
#include "support/failing.h"

#include <kmseg/customer.h>

#include <stdio.h>
#include <string.h>

static char orders[300], join[700];

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static void setup(void) {
    char contacts[300];
    snprintf(orders, sizeof orders, "%s", test_path("joined_orders.csv"));
    snprintf(contacts, sizeof contacts, "%s", test_path("joined_contacts.csv"));
    put(orders, "order_id,contact_id,date,amount\n1,c1,2024-01-01,10\n2,c2,2024-01-05,40\n"
                "3,c1,2024-02-01,20\n4,c3,2024-01-10,5\n5,c9,2024-01-11,7\n");
    put(contacts, "contact_id,account_id\nc1,A\nc2,A\nc3,B\nc4,B\n");
    snprintf(join, sizeof join, "%s:contact_id", contacts);
}
TestSuite(joined_log, .init = setup);

static kmseg_status build(kmseg_context *ctx, void *argument) {
    kmseg_table **out = argument;
    kmseg_features_options options;
    kmseg_features_options_init(&options);
    options.join = join;
    kmseg_table *table;
    kmseg_status status = kmseg_features_from_file(ctx, orders, &options, NULL, &table, NULL);
    if (out != NULL) {
        *out = table;
    } else {
        kmseg_table_free(table);
    }
    return status;
}

/* A: c1 10 + 20, c2 40 of 70; B: c3 alone. */
Test(joined_log, buyers_of_an_account_are_counted_and_the_main_one_has_a_share)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table;
    OK(ctx, build(ctx, &table));
    cr_assert_eq(kmseg_table_n_rows(table), 2);
    const double *buyers = kmseg_table_column(table, kmseg_table_find(table, "n_buyers"))->numbers;
    const double *main_share =
        kmseg_table_column(table, kmseg_table_find(table, "main_buyer_share"))->numbers;
    cr_assert(buyers[0] == 2 && buyers[1] == 1);
    cr_assert(main_share[0] == 40.0 / 70.0 && main_share[1] == 1);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(joined_log, every_refused_request_is_a_clean_failure)
{ fails_cleanly(build, NULL); }
