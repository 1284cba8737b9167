/* What tests share. Every test program includes this first. */
#ifndef KMSEG_TEST_SUPPORT_H
#define KMSEG_TEST_SUPPORT_H

#include <criterion/criterion.h>
#include <kmseg/kmseg.h>

/* A context with n threads (0: all) and kernels of a name (NULL: the default); fails the test when
 * it cannot be made. */
kmseg_context *test_context(int32_t n_threads, const char *kernels);

/* Tiles of n x d samples; sample_weight NULL: 1 each. */
kmseg_tiles *test_tiles(kmseg_context *ctx, const double *values, int64_t n, int64_t d,
                        const double *sample_weight);

/* Fails the test with the context's message unless status is KMSEG_OK. */
#define OK(ctx, call)                                                                              \
    do {                                                                                           \
        kmseg_status test_status = (call);                                                         \
        cr_assert(test_status == KMSEG_OK, "%s: %s (%s)", #call, kmseg_status_text(test_status),   \
                  kmseg_last_error(ctx));                                                          \
    } while (0)

/* The call fails with that status, and the message contains every one of the given fragments. */
#define FAILS(ctx, expected, call, ...)                                                            \
    do {                                                                                           \
        kmseg_status test_status = (call);                                                         \
        cr_assert(test_status == (expected), "%s: %s (%s)", #call, kmseg_status_text(test_status), \
                  kmseg_last_error(ctx));                                                          \
        const char *test_fragments[] = {__VA_ARGS__};                                              \
        for (size_t test_i = 0; test_i < sizeof test_fragments / sizeof *test_fragments; test_i++) \
            cr_assert(strstr(kmseg_last_error(ctx), test_fragments[test_i]) != NULL,               \
                      "no \"%s\" in: %s", test_fragments[test_i], kmseg_last_error(ctx));          \
    } while (0)

/* Path of a file in the shared data sets, or NULL where they are absent: then call
 * TEST_SKIP_WITHOUT. $KMSEG_DATASETS, else ../shared/datasets beside the source tree. */
const char *test_dataset(const char *relative_path);

#define TEST_SKIP_WITHOUT(path, what)                                                              \
    do {                                                                                           \
        if ((path) == NULL)                                                                        \
            cr_skip_test("data set " what " is not here; set KMSEG_DATASETS to its folder");       \
    } while (0)

/* A fresh folder for this test's files, removed with its content when the process ends. */
const char *test_folder(void);

/* test_folder()/name; valid until the process ends. */
const char *test_path(const char *name);

/* Writes a file there and returns its path. */
const char *test_write(const char *name, const char *content);

/* Memory that is counted, and that can be made to run out. */
typedef struct test_memory {
    int64_t fail_at; /* which request gets nothing, from 1; 0: none */
    int64_t n_requests;
    int64_t n_held; /* blocks that are not released */
} test_memory;

/* An allocator over that memory, for a context of one thread. */
kmseg_allocator test_allocator(test_memory *memory);

/* NULL where two columns, or tables, hold the same to the byte, else what differs. The same words may be
 * numbered otherwise unless same_codes. */
const char *test_column_difference(const kmseg_column *a, const kmseg_column *b, int same_codes);
const char *test_table_difference(const kmseg_table *a, const kmseg_table *b, int same_codes);

/* Sets LC_NUMERIC to a locale whose decimal point is a comma. */
void test_decimal_comma(void);

#endif
