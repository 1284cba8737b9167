/* kmseg_table_save() and kmseg_table_load(): what goes in comes out, and what is damaged is named. */
#include "h5/table.h"
#include "support/support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static kmseg_table *example(kmseg_context *ctx) {
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 4, &table));
    const char *ids[] = {"7", "12", "", "é"};
    const char *country[] = {"France", NULL, "France", "日本"};
    double monetary[] = {1.5, NAN, -0.0, 1e300};
    int64_t first[] = {0, KMSEG_TIME_MISSING, -86400, 1323388800};
    OK(ctx, kmseg_table_add_texts(ctx, table, "customer_id", ids));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "monetary", monetary));
    OK(ctx, kmseg_table_add_texts(ctx, table, "a/b", country));
    OK(ctx, kmseg_table_add_times(ctx, table, ".", first));
    OK(ctx, kmseg_table_describe(ctx, table, 0, KMSEG_ROLE_ID, NULL));
    OK(ctx, kmseg_table_describe(ctx, table, 1, KMSEG_ROLE_FEATURE, "£"));
    OK(ctx, kmseg_table_describe(ctx, table, 2, KMSEG_ROLE_DESCRIBE, ""));
    return table;
}

static void same_column(const kmseg_column *a, const kmseg_column *b) {
    cr_assert_str_eq(a->name, b->name);
    cr_assert_str_eq(a->unit, b->unit);
    cr_assert_eq(a->type, b->type);
    cr_assert_eq(a->role, b->role);
    cr_assert_eq(a->n_rows, b->n_rows);
    cr_assert_eq(a->n_missing, b->n_missing, "%s", a->name);
    size_t n = (size_t)a->n_rows;
    if (a->type == KMSEG_COLUMN_NUMBER) {
        cr_assert(memcmp(a->numbers, b->numbers, n * sizeof(double)) == 0);
    } else if (a->type == KMSEG_COLUMN_TIME) {
        cr_assert(memcmp(a->times, b->times, n * sizeof(int64_t)) == 0);
    } else {
        cr_assert(memcmp(a->codes, b->codes, n * sizeof(int32_t)) == 0);
        cr_assert_eq(a->n_levels, b->n_levels);
        for (int32_t i = 0; i < a->n_levels; i++) {
            cr_assert_str_eq(a->levels[i], b->levels[i]);
        }
    }
}

static void same_table(const kmseg_table *a, const kmseg_table *b) {
    cr_assert_eq(kmseg_table_n_rows(a), kmseg_table_n_rows(b));
    cr_assert_eq(kmseg_table_n_columns(a), kmseg_table_n_columns(b));
    for (int32_t i = 0; i < kmseg_table_n_columns(a); i++) {
        same_column(kmseg_table_column(a, i), kmseg_table_column(b, i));
    }
}

static void comes_back(kmseg_context *ctx, const kmseg_table *table, const char *name) {
    kmseg_table *back;
    const char *path = test_path(name);
    OK(ctx, kmseg_table_save(ctx, table, NULL, path));
    OK(ctx, kmseg_table_load(ctx, path, &back));
    same_table(table, back);
    kmseg_table_free(back);
}

Test(table_file, every_type_role_unit_and_awkward_name_comes_back)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = example(ctx);
    comes_back(ctx, table, "table.h5");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(table_file, tables_without_rows_or_without_columns_come_back)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 0, &table));
    comes_back(ctx, table, "none.h5");
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", (const double[]){0}));
    OK(ctx, kmseg_table_add_texts(ctx, table, "t", (const char *const[]){NULL}));
    comes_back(ctx, table, "no_rows.h5");
    kmseg_table_free(table);
    OK(ctx, kmseg_table_new(ctx, 3, &table));
    comes_back(ctx, table, "no_columns.h5");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(table_file, columns_keep_their_order_when_there_are_many)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 1, &table));
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, i % 3 == 0 ? "column_%d" : "x%d", 300 - i);
        OK(ctx, kmseg_table_add_numbers(ctx, table, name, (const double[]){i}));
    }
    comes_back(ctx, table, "many.h5");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Long enough for several pieces read by several threads, and for chunks of strings. */
Test(table_file, long_columns_come_back_for_any_number_of_threads)
{
    enum { N = 1200000 };
    kmseg_context *ctx = test_context(1, NULL), *three = test_context(3, NULL);
    kmseg_table *table, *back;
    OK(ctx, kmseg_table_new(ctx, N, &table));
    double *x = malloc(N * sizeof *x);
    char *text = malloc(N * 10);
    const char **ids = malloc(N * sizeof *ids);
    for (int i = 0; i < N; i++) {
        x[i] = i % 7 == 0 ? NAN : 1.0 / i;
        snprintf(text + 10 * i, 10, "c%d", i);
        ids[i] = text + 10 * i;
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    OK(ctx, kmseg_table_add_texts(ctx, table, "id", ids));
    comes_back(ctx, table, "long.h5");
    OK(three, kmseg_table_load(three, test_path("long.h5"), &back));
    same_table(table, back);
    kmseg_table_free(back);
    kmseg_table_free(table);
    free(x);
    free(text);
    free(ids);
    kmseg_context_free(ctx);
    kmseg_context_free(three);
}

Test(table_file, the_same_table_gives_the_same_bytes)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = example(ctx);
    const char *paths[] = {test_path("one.h5"), test_path("two.h5")};
    char *bytes[2];
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        OK(ctx, kmseg_table_save(ctx, table, "{}", paths[i]));
        FILE *file = fopen(paths[i], "rb");
        bytes[i] = malloc(1 << 20);
        size[i] = fread(bytes[i], 1, 1 << 20, file);
        fclose(file);
        usleep(1100000); /* a time of writing would differ */
    }
    cr_assert_eq(size[0], size[1]);
    cr_assert(memcmp(bytes[0], bytes[1], size[0]) == 0);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(table_file, kinds_of_file_are_told_by_content)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = example(ctx);
    kmseg_file_kind kind;
    OK(ctx, kmseg_table_save(ctx, table, NULL, test_path("table.csv")));
    OK(ctx, kmseg_file_kind_of(ctx, test_path("table.csv"), &kind));
    cr_assert_eq(kind, KMSEG_FILE_TABLE);
    OK(ctx, kmseg_file_kind_of(ctx, test_write("text.h5", "a,b\n1,2\n"), &kind));
    cr_assert_eq(kind, KMSEG_FILE_OTHER);
    OK(ctx, kmseg_file_kind_of(ctx, test_write("empty.h5", ""), &kind));
    cr_assert_eq(kind, KMSEG_FILE_OTHER);
    OK(ctx, kmseg_file_kind_of(ctx, test_write("signature.h5", "\x89HDF\r\n\x1a\n"), &kind));
    cr_assert_eq(kind, KMSEG_FILE_HDF5);
    FAILS(ctx, KMSEG_E_IO, kmseg_file_kind_of(ctx, test_path("nothing"), &kind), "nothing",
          "No such file");
    FAILS(ctx, KMSEG_E_IO, kmseg_file_kind_of(ctx, test_folder(), &kind), "folder");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(table_file, infinities_are_refused_by_column_and_row)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 3, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "spend", (const double[]){1, NAN, -INFINITY}));
    FAILS(ctx, KMSEG_E_DATA, kmseg_table_save(ctx, table, NULL, test_path("inf.h5")), "spend",
          "row 3");
    cr_assert(access(test_path("inf.h5"), F_OK) != 0);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static size_t read_whole(const char *path, unsigned char *bytes, size_t capacity) {
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    size_t size = fread(bytes, 1, capacity, file);
    fclose(file);
    return size;
}

static void write_whole(const char *path, const unsigned char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert(fwrite(bytes, 1, size, file) == size);
    cr_assert(fclose(file) == 0);
}

/* Small tables lie under checksums from end to end; a byte that no reader looks at may change. */
Test(table_file, a_changed_byte_is_found_or_does_not_matter)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = example(ctx), *back;
    const char *path = test_path("table.h5"), *bad = test_path("bad.h5");
    OK(ctx, kmseg_table_save(ctx, table, "{\"seed\":1}", path));
    unsigned char bytes[65536];
    size_t size = read_whole(path, bytes, sizeof bytes);
    int found = 0;
    for (size_t i = 0; i < size; i += 3) {
        bytes[i] ^= 0x41;
        write_whole(bad, bytes, size);
        bytes[i] ^= 0x41;
        kmseg_status status = kmseg_table_load(ctx, bad, &back);
        if (status == KMSEG_OK) {
            same_table(table, back);
            kmseg_table_free(back);
        } else {
            cr_assert_eq(status, KMSEG_E_FORMAT, "byte %zu: %s", i, kmseg_last_error(ctx));
            cr_assert_null(back);
            cr_assert(strstr(kmseg_last_error(ctx), bad) != NULL, "%s", kmseg_last_error(ctx));
            found++;
        }
    }
    cr_assert(found > (int)size / 8, "%d of %zu", found, size / 3);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(table_file, a_truncated_file_is_refused_wherever_it_was_cut)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = example(ctx), *back;
    const char *path = test_path("table.h5"), *bad = test_path("bad.h5");
    OK(ctx, kmseg_table_save(ctx, table, NULL, path));
    unsigned char bytes[65536];
    size_t size = read_whole(path, bytes, sizeof bytes);
    for (size_t i = 0; i < size; i += 31) {
        write_whole(bad, bytes, i);
        cr_assert_eq(kmseg_table_load(ctx, bad, &back), KMSEG_E_FORMAT, "%zu bytes", i);
        cr_assert_null(back);
    }
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(table_file, what_is_not_hdf5_is_refused_by_name)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *back;
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_table_load(ctx, test_write("text.h5", "a,b\n1,2\n"), &back),
          "text.h5 is not an HDF5 file");
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_table_load(ctx, test_write("empty.h5", ""), &back),
          "empty.h5 is not an HDF5 file");
    FAILS(ctx, KMSEG_E_IO, kmseg_table_load(ctx, test_path("missing.h5"), &back), "missing.h5",
          "No such file");
    FAILS(ctx, KMSEG_E_FORMAT, kmseg_table_load(ctx, test_folder(), &back), "not an HDF5 file");
    kmseg_context_free(ctx);
}

Test(table_file, some_columns_or_their_names_alone_can_be_read)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = example(ctx), *back;
    const char *path = test_path("table.h5"), *two[] = {"a/b", "monetary"}, *wrong[] = {"monetery"};
    OK(ctx, kmseg_table_save(ctx, table, NULL, path));
    OK(ctx, km_h5_table_load(ctx, path, 2, two, 1, &back));
    cr_assert_eq(kmseg_table_n_columns(back), 2);
    same_column(kmseg_table_column(table, 1), kmseg_table_column(back, 0));
    same_column(kmseg_table_column(table, 2), kmseg_table_column(back, 1));
    kmseg_table_free(back);
    OK(ctx, km_h5_table_load(ctx, path, 0, NULL, 0, &back));
    cr_assert_eq(kmseg_table_n_rows(back), 0);
    for (int32_t i = 0; i < 4; i++) {
        const kmseg_column *a = kmseg_table_column(table, i), *b = kmseg_table_column(back, i);
        cr_assert_str_eq(a->name, b->name);
        cr_assert(a->type == b->type && a->role == b->role && strcmp(a->unit, b->unit) == 0);
    }
    kmseg_table_free(back);
    FAILS(ctx, KMSEG_E_NOT_FOUND, km_h5_table_load(ctx, path, 1, wrong, 1, &back), path,
          "did you mean monetary?", "a/b");
    cr_assert_null(back);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
