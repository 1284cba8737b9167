/* Makes a table with an installed libkmseg and finds a column in it again. */
#include <kmseg/kmseg.h>

#include <stdio.h>

int main(void) {
    static const double spend[3] = {10, 20, 30};
    kmseg_context *ctx;
    if (kmseg_context_new(NULL, &ctx) != KMSEG_OK) {
        return 1;
    }
    kmseg_table *table;
    if (kmseg_table_new(ctx, 3, &table) != KMSEG_OK ||
        kmseg_table_add_numbers(ctx, table, "spend", spend) != KMSEG_OK) {
        fprintf(stderr, "%s\n", kmseg_last_error(ctx));
        return 1;
    }
    int found = kmseg_table_find(table, "spend") == 0;
    printf("kmseg %s\n", kmseg_version());
    kmseg_table_free(table);
    kmseg_context_free(ctx);
    return found ? 0 : 1;
}
