#include "base/rng.h"
#include "support/failing.h"
#include "support/support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void read_file(const char *path, char *out, size_t capacity) {
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    out[fread(out, 1, capacity - 1, file)] = '\0';
    fclose(file);
}

static int n_files(const char *folder) {
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(dir);
    return n;
}

static kmseg_table *small_table(kmseg_context *ctx) {
    const double numbers[] = {1, -2.5, (double)NAN, 0.1};
    const int64_t times[] = {0, KMSEG_TIME_MISSING, 1323435000, 86400};
    const char *texts[] = {"plain", "a, \"b\"\nc", NULL, ""};
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 4, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "n", numbers));
    OK(ctx, kmseg_table_add_times(ctx, table, "when, where", times));
    OK(ctx, kmseg_table_add_texts(ctx, table, "t", texts));
    return table;
}

static const char small_text[] = "n,\"when, where\",t\n"
                                 "1,1970-01-01,plain\n"
                                 "-2.5,,\"a, \"\"b\"\"\nc\"\n"
                                 ",2011-12-09 12:50:00,\n"
                                 "0.1,1970-01-02,\"\"\n";

Test(csv_write, a_small_table_is_written_as_expected)
{
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *table = small_table(ctx);
    const char *path = test_path("out.csv");
    OK(ctx, kmseg_csv_write(ctx, table, path));
    char text[1000];
    read_file(path, text, sizeof text);
    cr_assert_str_eq(text, small_text);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(n_files(test_folder()), 1);
    OK(ctx, kmseg_csv_write(ctx, table, path)); /* over the old one */
    cr_assert_eq(n_files(test_folder()), 1);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(csv_write, a_dash_is_standard_output)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = small_table(ctx);
    const char *path = test_path("stdout.txt");
    fflush(stdout);
    int old = dup(STDOUT_FILENO);
    cr_assert_not_null(freopen(path, "wb", stdout));
    printf("before\n");
    OK(ctx, kmseg_csv_write(ctx, table, "-"));
    fflush(stdout);
    dup2(old, STDOUT_FILENO);
    char text[1000];
    read_file(path, text, sizeof text);
    cr_assert_eq(strncmp(text, "before\n", 7), 0);
    cr_assert_str_eq(text + 7, small_text);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

/* Bits of numbers, strings, missing cells and times survive, with types found again. */
Test(csv_write, what_is_written_reads_back_the_same)
{
    enum { N = 30000 };
    kmseg_context *ctx = test_context(3, NULL);
    km_random random = {.seed = 6, .stage = KM_STAGE_TEST};
    double *wild = malloc(N * sizeof *wild), *tame = malloc(N * sizeof *tame);
    int64_t *times = malloc(N * sizeof *times);
    const char **texts = malloc(N * sizeof *texts);
    static const char *const levels[] = {"x",      "NA",   "",      " ",       " lead",
                                         "trail ", "a\"b", "c,d",   "e\r\nf",  "\xc3\xa4",
                                         "\"",     "0012", "\ttab", "5\" pipe"};
    for (int i = 0; i < N; i++) {
        uint64_t bits = km_next_u64(&random);
        memcpy(&wild[i], &bits, sizeof bits);
        wild[i] = isfinite(wild[i]) ? wild[i] : (double)NAN;
        tame[i] = (double)(int64_t)(bits % 2000001) / 100 - 10000;
        times[i] = (int64_t)(bits % 315000000000) - 62135596800 + (i % 2 == 0) * 7;
        texts[i] = bits % 15 == 14 ? NULL : levels[bits % 15];
    }
    const double special[] = {0.0,
                              -0.0,
                              1e15,
                              1234567890123456,
                              9007199254740992,
                              1e22,
                              1e23,
                              5e-324,
                              1.7976931348623157e308,
                              0.1,
                              1.0 / 3,
                              123456789012345,
                              999999999.5};
    memcpy(wild, special, sizeof special);
    texts[0] = "x";
    times[0] = KMSEG_TIME_MISSING;
    kmseg_table *table, *back;
    OK(ctx, kmseg_table_new(ctx, N, &table));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "wild", wild));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "tame", tame));
    OK(ctx, kmseg_table_add_times(ctx, table, " time", times));
    OK(ctx, kmseg_table_add_texts(ctx, table, "text\"s", texts));
    OK(ctx, kmseg_csv_write(ctx, table, test_path("t.csv")));
    OK(ctx, kmseg_csv_read(ctx, test_path("t.csv"), NULL, &back, NULL));
    cr_assert_eq(kmseg_table_n_rows(back), N);
    for (int32_t c = 0; c < 4; c++) {
        const kmseg_column *x = kmseg_table_column(table, c), *y = kmseg_table_column(back, c);
        cr_assert_str_eq(x->name, y->name);
        cr_assert_eq(x->type, y->type, "%s", x->name);
        cr_assert_eq(x->n_missing, y->n_missing, "%s", x->name);
    }
    const kmseg_column *y = kmseg_table_column(back, 0);
    for (int i = 0; i < N; i++) {
        cr_assert((isnan(wild[i]) && isnan(y->numbers[i])) ||
                      memcmp(&wild[i], &y->numbers[i], sizeof(double)) == 0,
                  "%a became %a", wild[i], y->numbers[i]);
        const kmseg_column *t = kmseg_table_column(back, 3);
        cr_assert(texts[i] == NULL ? t->codes[i] < 0
                                   : strcmp(texts[i], t->levels[t->codes[i]]) == 0);
    }
    cr_assert_arr_eq(kmseg_table_column(back, 1)->numbers, tame, N * sizeof *tame);
    cr_assert_arr_eq(kmseg_table_column(back, 2)->times, times, N * sizeof *times);
    kmseg_table_free(table);
    kmseg_table_free(back);
    free(wild);
    free(tame);
    free(times);
    free(texts);
    kmseg_context_free(ctx);
}

Test(csv_write, the_bytes_do_not_depend_on_threads_or_locale)
{
    enum { N = 20000 };
    double *numbers = malloc(N * sizeof *numbers);
    for (int i = 0; i < N; i++) {
        numbers[i] = i / 7.0;
    }
    test_decimal_comma();
    char *texts[2];
    for (int t = 0; t < 2; t++) {
        kmseg_context *ctx = test_context(t == 0 ? 1 : 4, NULL);
        kmseg_table *table;
        OK(ctx, kmseg_table_new(ctx, N, &table));
        OK(ctx, kmseg_table_add_numbers(ctx, table, "n", numbers));
        OK(ctx, kmseg_csv_write(ctx, table, test_path("n.csv")));
        texts[t] = malloc(N * 24);
        read_file(test_path("n.csv"), texts[t], N * 24);
        kmseg_table_free(table);
        kmseg_context_free(ctx);
    }
    cr_assert_str_eq(texts[0], texts[1]);
    cr_assert_null(strchr(texts[0], ','));
    free(texts[0]);
    free(texts[1]);
    free(numbers);
}

Test(csv_write, failures_leave_the_old_file_and_nothing_else)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = small_table(ctx), *none;
    const char *path = test_write("out.csv", "old");
    kmseg_cancel(ctx);
    FAILS(ctx, KMSEG_E_CANCELLED, kmseg_csv_write(ctx, table, path), "cancelled");
    kmseg_cancel_clear(ctx);
    char text[100];
    read_file(path, text, sizeof text);
    cr_assert_str_eq(text, "old");
    cr_assert_eq(n_files(test_folder()), 1);
    FAILS(ctx, KMSEG_E_IO, kmseg_csv_write(ctx, table, "no/such/out.csv"), "no/such/out.csv",
          "folder no/such does not exist");
    FAILS(ctx, KMSEG_E_IO, kmseg_csv_write(ctx, table, test_folder()), "is a folder");
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_csv_write(ctx, table, ""), "empty");
    FAILS(ctx, KMSEG_E_IO, kmseg_csv_write(ctx, table, "/dev/full"), "/dev/full",
          "the disk is full");
    OK(ctx, kmseg_table_new(ctx, 3, &none));
    FAILS(ctx, KMSEG_E_ARGUMENT, kmseg_csv_write(ctx, none, path), "without columns");
    kmseg_table_free(none);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

static kmseg_status write_small(kmseg_context *ctx, void *path) {
    const double numbers[] = {1, 2};
    kmseg_table *table;
    kmseg_status status = kmseg_table_new(ctx, 2, &table);
    if (status == KMSEG_OK) {
        status = kmseg_table_add_numbers(ctx, table, "n", numbers);
    }
    if (status == KMSEG_OK) {
        status = kmseg_csv_write(ctx, table, path);
    }
    kmseg_table_free(table);
    return status;
}

Test(csv_write, every_refused_request_for_memory_fails_cleanly)
{
    fails_cleanly(write_small, (char *)(uintptr_t)test_path("m.csv"));
    cr_assert_eq(n_files(test_folder()), 1);
}
