/* The grid of RFM codes: what it has, what is refused, and text that means harm. */
#include "support/failing.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static kmseg_status parse(kmseg_context *ctx, const char *text, int32_t bins) {
    kmseg_rfm_grid *grid;
    kmseg_status status = kmseg_rfm_grid_parse(ctx, text, strlen(text), "grid.txt", bins, &grid);
    cr_assert((grid != NULL) == (status == KMSEG_OK));
    kmseg_rfm_grid_free(grid);
    return status;
}

/* What a table gets through a grid: the segment of one customer of each of two. */
static void segments_are(kmseg_context *ctx, const char *text, const char *low, const char *high) {
    const double up[] = {1, 2}, down[] = {2, 1};
    kmseg_table *table;
    kmseg_rfm_grid *grid;
    kmseg_rfm *rfm;
    kmseg_rfm_options options;
    kmseg_rfm_options_init(&options);
    options.bins = 2;
    OK(ctx, kmseg_rfm_grid_parse(ctx, text, strlen(text), "grid.txt", 2, &grid));
    OK(ctx, kmseg_table_new(ctx, 2, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "recency", down));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "frequency", up));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", up));
    OK(ctx, kmseg_rfm_new(ctx, table, NULL, &options, grid, &rfm));
    const kmseg_column *c = kmseg_table_column(table, kmseg_table_find(table, "rfm_segment"));
    cr_assert_str_eq(c->levels[c->codes[0]], low);
    cr_assert_str_eq(c->levels[c->codes[1]], high);
    kmseg_rfm_free(rfm);
    kmseg_table_free(table);
    kmseg_rfm_grid_free(grid);
}

Test(grid, the_built_in_one_has_every_code_once)
{
    kmseg_context *ctx = test_context(1, NULL);
    OK(ctx, parse(ctx, kmseg_rfm_grid_text(), 5));
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, kmseg_rfm_grid_text(), 6), "missing: 116, 126");
    kmseg_context_free(ctx);
}

Test(grid, stars_comments_commas_and_further_lines_are_read)
{
    kmseg_context *ctx = test_context(1, NULL);
    segments_are(ctx, "# mine\n\n  The best : 22*, 212 # and\r\nRest:1**\nThe best: 211", "Rest",
                 "The best");
    segments_are(ctx, "All: ***\n", "All", "All");
    segments_are(ctx, "Can't lose: 1**\nGrün: 2**", "Can't lose", "Grün");
    kmseg_context_free(ctx);
}

Test(grid, missing_and_double_codes_are_named)
{
    kmseg_context *ctx = test_context(1, NULL);
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "A: 1** 211\nB: 22*\n", 2), "grid.txt", "missing: 212");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "A: ***\nB: 111\nC: 222 111\n", 2), "there twice",
          "111 (lines 1 and 2)", "222 (lines 1 and 3)", "111 (lines 1 and 3)");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "A: 111\nB: 111\n", 2), "111 (lines 1 and 2)",
          "missing: 112, 121");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "", 5), "missing: 111, 112", "and 113 more");
    kmseg_context_free(ctx);
}

Test(grid, faults_have_line_and_column)
{
    kmseg_context *ctx = test_context(1, NULL);
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "# a\nChampions 555\n", 5), "line 2, column 14", "colon");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "Champions: 555 556\n", 5), "line 1, column 16",
          "scores from 1 to 5");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "A: 12\n", 2), "line 1, column 4");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "A: 1111\n", 2), "line 1, column 4");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, " : 111\n", 2), "line 1, column 2", "name");
    FAILS(ctx, KMSEG_E_FORMAT, parse(ctx, "a\tb: 111\n", 2), "line 1, column 2", "control");
    FAILS(ctx, KMSEG_E_ARGUMENT, parse(ctx, "A: ***\n", 1), "bins is 1");
    FAILS(ctx, KMSEG_E_ARGUMENT, parse(ctx, "A: ***\n", 10), "bins is 10");
    kmseg_context_free(ctx);
}

Test(grid, files_are_read_and_refused_by_name)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_rfm_grid *grid;
    OK(ctx, kmseg_rfm_grid_read(ctx, test_write("grid.txt", kmseg_rfm_grid_text()), 5, &grid));
    kmseg_rfm_grid_free(grid);
    FAILS(ctx, KMSEG_E_IO, kmseg_rfm_grid_read(ctx, test_path("none.txt"), 5, &grid), "none.txt");
    FAILS(ctx, KMSEG_E_IO, kmseg_rfm_grid_read(ctx, test_folder(), 5, &grid), "cannot read");
    char *large = malloc((1 << 20) + 2);
    memset(large, '#', (1 << 20) + 1);
    large[(1 << 20) + 1] = '\0';
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_rfm_grid_read(ctx, test_write("large.txt", large), 5, &grid),
          "large.txt", "1 MiB");
    free(large);
    kmseg_context_free(ctx);
}

/* Any bytes: a grid or a message of one line. */
Test(grid, text_that_means_harm_does_none)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *good = kmseg_rfm_grid_text();
    size_t length = strlen(good);
    uint64_t state = 7;
    for (int round = 0; round < 3000; round++) {
        char *text = malloc(length);
        memcpy(text, good, length);
        for (int i = 0; i < 1 + round % 5; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            text[(state >> 20) % length] =
                round % 2 != 0 ? (char)(state >> 56) : "*5: \n#,\t\0"[(state >> 56) % 9];
        }
        kmseg_rfm_grid *grid;
        kmseg_status status = kmseg_rfm_grid_parse(ctx, text, length - (size_t)(round % 100),
                                                   "grid.txt", 2 + round % 8, &grid);
        cr_assert((status == KMSEG_OK) == (grid != NULL));
        cr_assert(status == KMSEG_OK || (kmseg_last_error(ctx)[0] != '\0' &&
                                         strchr(kmseg_last_error(ctx), '\n') == NULL));
        kmseg_rfm_grid_free(grid);
        free(text);
    }
    kmseg_context_free(ctx);
}

static kmseg_status parse_built_in(kmseg_context *ctx, void *argument) {
    (void)argument;
    kmseg_rfm_grid *grid;
    const char *text = kmseg_rfm_grid_text();
    kmseg_status status = kmseg_rfm_grid_parse(ctx, text, strlen(text), "grid.txt", 5, &grid);
    kmseg_rfm_grid_free(grid);
    return status;
}

Test(memory, any_request_may_be_refused)
{ fails_cleanly(parse_built_in, NULL); }
