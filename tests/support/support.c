#include "support/support.h"

#include <ftw.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

kmseg_context *test_context(int32_t n_threads, const char *kernels) {
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.n_threads = n_threads;
    options.kernels = kernels;
    kmseg_context *ctx;
    kmseg_status status = kmseg_context_new(&options, &ctx);
    cr_assert(status == KMSEG_OK, "no context: %s", kmseg_status_text(status));
    return ctx;
}

/* Paths live until the process ends; the list keeps them in sight of the leak sanitizer. */
typedef struct kept_path {
    struct kept_path *next;
    char text[];
} kept_path;
static kept_path *kept_paths;

static char *joined(const char *folder, const char *name) {
    size_t size = strlen(folder) + strlen(name) + 2;
    kept_path *path = malloc(sizeof *path + size);
    cr_assert_not_null(path);
    path->next = kept_paths;
    kept_paths = path;
    snprintf(path->text, size, "%s/%s", folder, name);
    return path->text;
}

const char *test_dataset(const char *relative_path) {
    const char *folder = getenv("KMSEG_DATASETS");
    char *path =
        joined(folder != NULL ? folder : KMSEG_SOURCE_DIR "/../shared/datasets", relative_path);
    return access(path, R_OK) == 0 ? path : NULL;
}

static char folder_path[64];

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw) {
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_folder(void) { nftw(folder_path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

const char *test_folder(void) {
    if (folder_path[0] == '\0') {
        snprintf(folder_path, sizeof folder_path, "/tmp/kmseg-test-XXXXXX");
        cr_assert_not_null(mkdtemp(folder_path));
        atexit(remove_folder);
    }
    return folder_path;
}

const char *test_path(const char *name) { return joined(test_folder(), name); }

const char *test_write(const char *name, const char *content) {
    const char *path = test_path(name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert(fwrite(content, 1, strlen(content), file) == strlen(content));
    cr_assert(fclose(file) == 0);
    return path;
}

static void *counted_allocate(void *user, size_t size, size_t alignment) {
    test_memory *memory = user;
    memory->n_requests++;
    void *block = NULL;
    if (memory->n_requests == memory->fail_at || posix_memalign(&block, alignment, size) != 0) {
        return NULL;
    }
    memory->n_held++;
    return block;
}

static void counted_release(void *user, void *block) {
    test_memory *memory = user;
    memory->n_held--;
    free(block);
}

kmseg_allocator test_allocator(test_memory *memory) {
    return (kmseg_allocator){counted_allocate, counted_release, memory};
}

void test_decimal_comma(void) {
    char command[512];
    snprintf(command, sizeof command, "sh '%s/tests/support/comma_locale.sh' '%s'",
             KMSEG_SOURCE_DIR, test_folder());
    cr_assert(system(command) == 0, "%s failed", command);
    setenv("LOCPATH", test_folder(), 1);
    cr_assert_not_null(setlocale(LC_NUMERIC, "comma"));
    cr_assert_str_eq(localeconv()->decimal_point, ",");
}
