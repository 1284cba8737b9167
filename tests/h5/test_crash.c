/* Whatever happens while a file is written: the old file is whole or the new one is, and nothing
 * is left beside it. */
#include "support/support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every number of the table is value; long enough that writing takes a while. */
static kmseg_table *filled(kmseg_context *ctx, int64_t n_rows, double value) {
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, n_rows, &table));
    double *x = malloc((size_t)n_rows * sizeof *x);
    const char **texts = malloc((size_t)n_rows * sizeof *texts);
    char text[32];
    snprintf(text, sizeof text, "value %g", value);
    for (int64_t i = 0; i < n_rows; i++) {
        x[i] = value;
        texts[i] = text;
    }
    OK(ctx, kmseg_table_add_numbers(ctx, table, "x", x));
    OK(ctx, kmseg_table_add_numbers(ctx, table, "y", x));
    OK(ctx, kmseg_table_add_texts(ctx, table, "t", texts));
    free(texts);
    free(x);
    return table;
}

/* The value that a whole file holds; fails when the file is not whole. */
static double value_in(kmseg_context *ctx, const char *path) {
    kmseg_table *table;
    OK(ctx, kmseg_table_load(ctx, path, &table));
    const kmseg_column *x = kmseg_table_column(table, 0), *y = kmseg_table_column(table, 1);
    double value = x->numbers[0];
    for (int64_t i = 0; i < x->n_rows; i++) {
        cr_assert(x->numbers[i] == value && y->numbers[i] == value, "row %lld is of another table",
                  (long long)i);
    }
    kmseg_table_free(table);
    return value;
}

/* Names in a folder that are not the given one. */
static int others(const char *folder, const char *name) {
    DIR *dir = opendir(folder);
    cr_assert_not_null(dir);
    int n = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
             strcmp(entry->d_name, name) != 0;
    }
    closedir(dir);
    return n;
}

static void limit_file_size(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {bytes, RLIM_INFINITY};
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* A limit on the size of files fails a different write each time, from the first to the last; a disk
 * that is full does the same. */
Test(crash, whichever_write_fails_the_old_file_stays_and_nothing_else)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *old = filled(ctx, 100, 1), *new = filled(ctx, 5000, 2);
    const char *path = test_path("table.h5");
    OK(ctx, kmseg_table_save(ctx, new, NULL, path));
    struct stat info;
    cr_assert(stat(path, &info) == 0);
    OK(ctx, kmseg_table_save(ctx, old, NULL, path));
    int failed = 0;
    for (off_t limit = 0; limit < info.st_size; limit += limit < 6000 ? 97 : 997) {
        limit_file_size((rlim_t)limit);
        kmseg_status status = kmseg_table_save(ctx, new, NULL, path);
        limit_file_size(RLIM_INFINITY);
        cr_assert_eq(status, KMSEG_E_IO, "limit %lld: %s", (long long)limit, kmseg_last_error(ctx));
        cr_assert(strstr(kmseg_last_error(ctx), path) != NULL, "%s", kmseg_last_error(ctx));
        cr_assert(strstr(kmseg_last_error(ctx), "too large") != NULL, "%s", kmseg_last_error(ctx));
        cr_assert_eq(value_in(ctx, path), 1);
        cr_assert_eq(others(test_folder(), "table.h5"), 0);
        failed++;
    }
    cr_assert(failed > 100);
    OK(ctx, kmseg_table_save(ctx, new, NULL, path));
    cr_assert_eq(value_in(ctx, path), 2);
    kmseg_table_free(old);
    kmseg_table_free(new);
    kmseg_context_free(ctx);
}

/* Columns of 12 MB: what is behind their first steps is written by all threads, past HDF5. */
Test(crash, a_write_that_fails_in_the_middle_of_a_long_column_is_named)
{
    kmseg_context *ctx = test_context(3, NULL);
    kmseg_table *old = filled(ctx, 100, 1), *new = filled(ctx, 1500000, 2);
    const char *path = test_path("table.h5");
    OK(ctx, kmseg_table_save(ctx, old, NULL, path));
    for (rlim_t limit = (rlim_t)3 << 20; limit < 24000000; limit += (rlim_t)3 << 20) {
        limit_file_size(limit);
        kmseg_status status = kmseg_table_save(ctx, new, NULL, path);
        limit_file_size(RLIM_INFINITY);
        cr_assert_eq(status, KMSEG_E_IO, "limit %lld: %s", (long long)limit, kmseg_last_error(ctx));
        cr_assert(strstr(kmseg_last_error(ctx), "too large") != NULL, "%s", kmseg_last_error(ctx));
        cr_assert_eq(value_in(ctx, path), 1);
        cr_assert_eq(others(test_folder(), "table.h5"), 0);
    }
    OK(ctx, kmseg_table_save(ctx, new, NULL, path));
    cr_assert_eq(value_in(ctx, path), 2);
    kmseg_table_free(old);
    kmseg_table_free(new);
    kmseg_context_free(ctx);
}

Test(crash, a_full_disk_is_named_and_leaves_the_old_file)
{
    const char *folder = test_path("disk");
    cr_assert(mkdir(folder, 0700) == 0);
    if (mount("tmpfs", folder, "tmpfs", 0, "size=256k") != 0) {
        cr_skip_test("a file system of its own needs the right to mount");
    }
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_table *old = filled(ctx, 100, 1), *new = filled(ctx, 200000, 2);
    const char *path = test_path("disk/table.h5");
    OK(ctx, kmseg_table_save(ctx, old, NULL, path));
    kmseg_status status = kmseg_table_save(ctx, new, NULL, path);
    double value = value_in(ctx, path);
    int left = others(folder, "table.h5");
    umount2(folder, MNT_DETACH);
    cr_assert_eq(status, KMSEG_E_IO);
    cr_assert(strstr(kmseg_last_error(ctx), "table.h5: the disk is full") != NULL, "%s",
              kmseg_last_error(ctx));
    cr_assert_eq(value, 1);
    cr_assert_eq(left, 0);
    kmseg_table_free(old);
    kmseg_table_free(new);
    kmseg_context_free(ctx);
}

static void save_for_ever(const char *path) {
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *tables[2] = {filled(ctx, 40000, 1), filled(ctx, 60000, 2)};
    for (int i = 0;; i++) {
        if (kmseg_table_save(ctx, tables[i % 2], NULL, path) != KMSEG_OK) {
            _exit(1);
        }
    }
}

Test(crash, after_kill_9_at_any_moment_the_file_is_whole)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *path = test_path("table.h5");
    kmseg_table *table = filled(ctx, 40000, 1);
    OK(ctx, kmseg_table_save(ctx, table, NULL, path));
    int seen[3] = {0};
    for (int i = 0; i < 60; i++) {
        pid_t child = fork();
        cr_assert(child >= 0);
        if (child == 0) {
            save_for_ever(path);
        }
        usleep((useconds_t)(5000 + 1777 * i));
        kill(child, SIGKILL);
        int status;
        cr_assert(waitpid(child, &status, 0) == child);
        cr_assert(WIFSIGNALED(status), "a save failed");
        seen[(int)value_in(ctx, path)]++;
    }
    cr_assert(seen[1] > 0 && seen[2] > 0, "killed too early to see both: %d %d", seen[1], seen[2]);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(crash, a_cancelled_save_leaves_the_old_file)
{
    kmseg_context *ctx = test_context(1, NULL);
    const char *path = test_path("table.h5");
    kmseg_table *old = filled(ctx, 100, 1), *new = filled(ctx, 100, 2);
    OK(ctx, kmseg_table_save(ctx, old, NULL, path));
    kmseg_cancel(ctx);
    cr_assert_eq(kmseg_table_save(ctx, new, NULL, path), KMSEG_E_CANCELLED);
    kmseg_cancel_clear(ctx);
    cr_assert_eq(value_in(ctx, path), 1);
    cr_assert_eq(others(test_folder(), "table.h5"), 0);
    kmseg_table_free(old);
    kmseg_table_free(new);
    kmseg_context_free(ctx);
}

Test(crash, what_cannot_be_written_to_is_named)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = filled(ctx, 10, 1);
    FAILS(ctx, KMSEG_E_IO, kmseg_table_save(ctx, table, NULL, test_path("no/such/table.h5")),
          "no/such/table.h5", "no/such does not exist");
    FAILS(ctx, KMSEG_E_IO, kmseg_table_save(ctx, table, NULL, test_folder()), test_folder(),
          "it is a folder");
    FAILS(ctx, KMSEG_E_IO, kmseg_table_save(ctx, table, NULL, "/dev/null"), "not a plain file");
    const char *file = test_write("plain", "text");
    FAILS(ctx, KMSEG_E_IO, kmseg_table_save(ctx, table, NULL, test_path("plain/table.h5")),
          "is not a folder");
    cr_assert(access(file, F_OK) == 0);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}

Test(crash, a_folder_without_permission_is_named)
{
    const char *folder = test_path("locked");
    cr_assert(mkdir(folder, 0500) == 0);
    if (geteuid() == 0) { /* root may write anywhere, so be somebody else */
        cr_assert(chmod(test_folder(), 0755) == 0);
        cr_assert(chmod(folder, 0555) == 0);
        cr_assert(seteuid(65534) == 0);
    }
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = filled(ctx, 10, 1);
    FAILS(ctx, KMSEG_E_IO, kmseg_table_save(ctx, table, NULL, test_path("locked/table.h5")),
          "locked/table.h5", "ermission denied");
    kmseg_table_free(table);
    kmseg_context_free(ctx);
    if (getuid() == 0) {
        cr_assert(seteuid(0) == 0);
    }
}

Test(crash, files_can_be_read_by_their_owner_only)
{
    kmseg_context *ctx = test_context(1, NULL);
    kmseg_table *table = filled(ctx, 10, 1);
    umask(0);
    OK(ctx, kmseg_table_save(ctx, table, NULL, test_path("table.h5")));
    struct stat info;
    cr_assert(stat(test_path("table.h5"), &info) == 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    kmseg_table_free(table);
    kmseg_context_free(ctx);
}
