/* Any bytes are rules and a grid, or a message. The first byte chooses the number of scores; rules
 * that were read are applied to a small table of every type of column. */
#include "input.h"

#include <math.h>

static kmseg_table *small_table(kmseg_context *ctx) {
    const double age[] = {1, 20, NAN};
    const int64_t joined[] = {0, 1704067200, KMSEG_TIME_MISSING};
    const char *channel[] = {"web", "shop", NULL};
    kmseg_table *table;
    if (kmseg_table_new(ctx, 3, &table) != KMSEG_OK ||
        kmseg_table_add_numbers(ctx, table, "age", age) != KMSEG_OK ||
        kmseg_table_add_times(ctx, table, "joined", joined) != KMSEG_OK ||
        kmseg_table_add_texts(ctx, table, "channel", channel) != KMSEG_OK) {
        abort();
    }
    return table;
}

static void apply(kmseg_context *ctx, const kmseg_rules *rules) {
    kmseg_table *table = small_table(ctx);
    kmseg_classings *classings = NULL;
    if (kmseg_rules_apply(ctx, rules, table, NULL, &classings) != KMSEG_OK) {
        check_failure(ctx, classings);
        if (kmseg_table_n_columns(table) != 3) {
            abort();
        }
    }
    kmseg_classings_free(classings);
    kmseg_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) {
        return 0;
    }
    kmseg_context *ctx = shared_context();
    const char *text = (const char *)data + 1;
    kmseg_rules *rules = NULL;
    if (kmseg_rules_parse(ctx, text, size - 1, "rules.txt", &rules) == KMSEG_OK) {
        apply(ctx, rules);
    } else {
        check_failure(ctx, rules);
    }
    kmseg_rules_free(rules);
    kmseg_rfm_grid *grid = NULL;
    if (kmseg_rfm_grid_parse(ctx, text, size - 1, "grid.txt", data[0] % 12, &grid) != KMSEG_OK) {
        check_failure(ctx, grid);
    }
    kmseg_rfm_grid_free(grid);
    return 0;
}
