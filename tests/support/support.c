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

kmseg_tiles *test_tiles(kmseg_context *ctx, const double *values, int64_t n, int64_t d,
                        const double *sample_weight) {
    kmseg_matrix matrix = kmseg_matrix_view(values, KMSEG_FLOAT64, n, d);
    kmseg_tiles *tiles;
    OK(ctx, kmseg_tiles_new(ctx, &matrix, sample_weight, NULL, &tiles));
    return tiles;
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

static int same_bytes(const void *a, const void *b, size_t n) {
    return (a == NULL) == (b == NULL) && (a == NULL || memcmp(a, b, n) == 0);
}

static const char *word_at(const kmseg_column *column, int64_t row) {
    return column->codes[row] < 0 ? "" : column->levels[column->codes[row]];
}

static int same_words(const kmseg_column *a, const kmseg_column *b) {
    for (int64_t r = 0; a->codes != NULL && r < a->n_rows; r++) {
        if ((a->codes[r] < 0) != (b->codes[r] < 0) || strcmp(word_at(a, r), word_at(b, r)) != 0) {
            return 0;
        }
    }
    return 1;
}

static int same_levels(const kmseg_column *a, const kmseg_column *b) {
    for (int32_t l = 0; l < a->n_levels && l < b->n_levels; l++) {
        if (strcmp(a->levels[l], b->levels[l]) != 0) {
            return 0;
        }
    }
    return a->n_levels == b->n_levels;
}

const char *test_column_difference(const kmseg_column *a, const kmseg_column *b, int same_codes) {
    if (a->type != b->type || a->n_rows != b->n_rows || a->n_missing != b->n_missing) {
        return "the type, or how many values there are";
    }
    size_t n = (size_t)a->n_rows;
    if (!same_bytes(a->numbers, b->numbers, n * sizeof *a->numbers) ||
        !same_bytes(a->times, b->times, n * sizeof *a->times) || !same_words(a, b)) {
        return "values";
    }
    int same =
        !same_codes || (same_levels(a, b) && same_bytes(a->codes, b->codes, n * sizeof *a->codes));
    return same ? NULL : "levels";
}

const char *test_table_difference(const kmseg_table *a, const kmseg_table *b, int same_codes) {
    if (kmseg_table_n_rows(a) != kmseg_table_n_rows(b) ||
        kmseg_table_n_columns(a) != kmseg_table_n_columns(b)) {
        return "how many rows or columns there are";
    }
    for (int32_t i = 0; i < kmseg_table_n_columns(a); i++) {
        const kmseg_column *x = kmseg_table_column(a, i), *y = kmseg_table_column(b, i);
        if (strcmp(x->name, y->name) != 0 || test_column_difference(x, y, same_codes) != NULL) {
            return x->name;
        }
    }
    return NULL;
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
