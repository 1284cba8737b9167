#include "support/support.h"

#include <math.h>
#include <string.h>

static const char *hdf5_table(kmseg_context *ctx) {
    const double amounts[] = {1.5, (double)NAN, 3};
    const int64_t days[] = {0, 86400, KMSEG_TIME_MISSING};
    const char *codes[] = {"007", NULL, "12"};
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 3, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "amount", amounts));
    OK(ctx, kmseg_table_add_times(ctx, table, "day", days));
    OK(ctx, kmseg_table_add_texts(ctx, table, "code", codes));
    const char *path = test_path("table.dat");
    OK(ctx, kmseg_table_save(ctx, table, NULL, path));
    kmseg_table_free(table);
    return path;
}

Test(source, the_format_is_told_by_content)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table;
    OK(ctx, kmseg_source_read(ctx, hdf5_table(ctx), NULL, &table));
    cr_assert_eq(kmseg_table_n_rows(table), 3);
    cr_assert_eq(kmseg_table_column(table, 0)->numbers[2], 3);
    kmseg_table_free(table);
    OK(ctx, kmseg_source_read(ctx, test_write("x.h5", "a,b\n1,2\n"), NULL, &table));
    cr_assert_eq(kmseg_table_n_rows(table), 1);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(source, columns_are_listed_without_rows)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table;
    OK(ctx, kmseg_source_columns(ctx, hdf5_table(ctx), NULL, &table));
    cr_assert_eq(kmseg_table_n_rows(table), 0);
    cr_assert_eq(kmseg_table_n_columns(table), 3);
    cr_assert_eq(kmseg_table_column(table, 1)->type, KMSEG_COLUMN_TIME);
    kmseg_table_free(table);
    OK(ctx, kmseg_source_columns(ctx, test_write("x.csv", "a;b;c\nonly,ragged\n"), NULL, &table));
    cr_assert_eq(kmseg_table_n_rows(table), 0);
    cr_assert_eq(kmseg_table_find(table, "c"), 2);
    kmseg_table_free(table);
    FAILS(ctx, KMSEG_E_IO, kmseg_source_columns(ctx, "no/such", NULL, &table), "no/such");
    cr_assert_null(table);
    kmseg_context_free(ctx);
}

Test(source, selection_and_requests_apply_to_hdf5_too)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *path = hdf5_table(ctx);
    kmseg_csv_options options;
    kmseg_csv_options_init(&options);
    const char *select[] = {"code", "amount"};
    const kmseg_column_request requests[] = {{"code", KMSEG_COLUMN_NUMBER},
                                             {"amount", KMSEG_COLUMN_TEXT}};
    options.select = select;
    options.n_select = 2;
    options.requests = requests;
    options.n_requests = 2;
    kmseg_table *table;
    OK(ctx, kmseg_source_read(ctx, path, &options, &table));
    cr_assert_eq(kmseg_table_n_columns(table), 2);
    const kmseg_column *amount = kmseg_table_column(table, 0), *code = kmseg_table_column(table, 1);
    cr_assert_str_eq(amount->name, "amount");
    cr_assert_eq(amount->type, KMSEG_COLUMN_TEXT);
    cr_assert_str_eq(amount->levels[amount->codes[0]], "1.5");
    cr_assert_eq(amount->codes[1], -1);
    cr_assert_eq(amount->n_missing, 1);
    cr_assert_eq(code->type, KMSEG_COLUMN_NUMBER);
    cr_assert_eq(code->numbers[0], 7);
    cr_assert(isnan(code->numbers[1]));
    cr_assert_eq(code->n_missing, 1);
    kmseg_table_free(table);

    const kmseg_column_request time = {"code", KMSEG_COLUMN_TIME};
    options.requests = &time;
    options.n_requests = 1;
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_source_read(ctx, path, &options, &table), "table.dat",
          "row 1, column code", "\"007\" is not a date");
    cr_assert_null(table);
    select[0] = "cod";
    options.n_requests = 0;
    FAILS(ctx, KMSEG_E_NOT_FOUND, kmseg_source_read(ctx, path, &options, &table), "table.dat",
          "no column cod", "did you mean code");
    kmseg_context_free(ctx);
}

Test(source, rows_are_found_again_by_their_lines)
{
    kmseg_context *ctx = test_context(1, NULL);
    /* Line 1 is empty, 2 the header; rows at 3, 4 (to 6), 8, 9 (to 10), 11, 12. */
    const char *path = test_write("lines.csv", "\na,b\n"
                                               "1,x\n"
                                               "2,\"two\nlines\r\nand a third\"\n"
                                               "\n"
                                               "3,5\" pipe\r\n"
                                               "\"4\",\"and \"\"\rso on\"\"\"\r"
                                               "5,y\n"
                                               "6,no line end");
    const int64_t rows[] = {0, 1, 2, 3, 3, 4, 5}, expected[] = {3, 4, 8, 9, 9, 11, 12};
    int64_t lines[7];
    OK(ctx, kmseg_source_lines(ctx, path, NULL, rows, 7, lines));
    cr_assert_arr_eq(lines, expected, sizeof lines);
    OK(ctx, kmseg_source_lines(ctx, path, NULL, rows + 5, 2, lines));
    cr_assert_arr_eq(lines, expected + 5, 2 * sizeof *lines);
    OK(ctx, kmseg_source_lines(ctx, path, NULL, rows, 0, lines));
    const int64_t beyond = 6;
    FAILS(ctx, KMSEG_E_DATA, kmseg_source_lines(ctx, path, NULL, &beyond, 1, lines), "lines.csv",
          "6 rows", "no row 7");
    OK(ctx, kmseg_source_lines(ctx, hdf5_table(ctx), NULL, rows, 3, lines));
    cr_assert_eq(lines[2], 3);
    kmseg_context_free(ctx);
}

/* In a file of one column an empty line is a row. */
Test(source, lines_of_one_column_and_of_carriage_returns_alone)
{
    kmseg_context *ctx = test_context(1, NULL);
    const int64_t rows[] = {0, 1, 2}, expected[] = {2, 3, 4};
    const char *texts[] = {"a\n1\n\n3\n", "a\r1\r\r3\r", "a\r\n1\r\n\r\n3"};
    for (size_t i = 0; i < 3; i++) {
        int64_t lines[3];
        OK(ctx, kmseg_source_lines(ctx, test_write("one.csv", texts[i]), NULL, rows, 3, lines));
        cr_assert_arr_eq(lines, expected, sizeof lines);
    }
    kmseg_context_free(ctx);
}
