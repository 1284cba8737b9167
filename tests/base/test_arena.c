#include "base/arena.h"
#include "support/support.h"

#include <stdint.h>
#include <string.h>

static int is_aligned(const void *block, uintptr_t alignment) {
    return (uintptr_t)block % alignment == 0;
}

Test(arena, blocks_are_aligned_and_do_not_overlap)
{
    kmseg_allocator allocator = km_default_allocator();
    km_arena arena;
    km_arena_init(&arena, &allocator);
    enum { N = 3000 };
    static unsigned char *blocks[N];
    static size_t sizes[N];
    for (int i = 0; i < N; i++) {
        /* Small ones, ones around the size of a shared block's quarter, and large ones. */
        sizes[i] = i % 100 == 99 ? (size_t)16000 + (size_t)i : (size_t)(i * 37 % 211);
        blocks[i] = km_arena_take(&arena, sizes[i]);
        cr_assert_not_null(blocks[i]);
        cr_assert(is_aligned(blocks[i], sizes[i] >= 64 ? 64 : 16), "block %d", i);
        memset(blocks[i], i & 0xff, sizes[i]);
    }
    for (int i = 0; i < N; i++) {
        for (size_t b = 0; b < sizes[i]; b++) {
            cr_assert(blocks[i][b] == (i & 0xff), "byte %zu of block %d was overwritten", b, i);
        }
    }
    km_arena_free(&arena);
}

Test(arena, a_large_block_leaves_the_room_of_the_shared_one_in_use)
{
    test_memory memory = {0};
    kmseg_allocator allocator = test_allocator(&memory);
    km_arena arena;
    km_arena_init(&arena, &allocator);
    cr_assert_not_null(km_arena_take(&arena, 32));
    cr_assert_not_null(km_arena_take(&arena, 1 << 20));
    cr_assert_not_null(km_arena_take(&arena, 32));
    cr_assert(memory.n_requests == 2, "%lld requests", (long long)memory.n_requests);
    km_arena_free(&arena);
}

Test(arena, a_large_block_may_come_first)
{
    kmseg_allocator allocator = km_default_allocator();
    km_arena arena;
    km_arena_init(&arena, &allocator);
    char *large = km_arena_take(&arena, 100001);
    char *small = km_arena_take(&arena, 40);
    cr_assert(large != NULL && small != NULL);
    memset(large, 1, 100001);
    memset(small, 2, 40);
    cr_assert(large[100000] == 1 && small[0] == 2);
    km_arena_free(&arena);
}

Test(arena, sizes_that_overflow_get_nothing)
{
    kmseg_allocator allocator = km_default_allocator();
    km_arena arena;
    km_arena_init(&arena, &allocator);
    cr_assert_null(km_arena_take(&arena, SIZE_MAX));
    cr_assert_null(km_arena_take(&arena, SIZE_MAX / 2 + 1));
    cr_assert_null(km_arena_array(&arena, INT64_MAX, 8));
    cr_assert_null(km_arena_array(&arena, -1, 8));
    cr_assert_null(km_arena_copy(&arena, "", INT64_MAX, 16));
    cr_assert_null(km_allocate_array(&allocator, INT64_MAX / 2, 8));
    cr_assert_null(km_allocate_array(&allocator, -1, 1));
    /* and the arena still works */
    cr_assert_not_null(km_arena_take(&arena, 8));
    km_arena_free(&arena);
}

Test(arena, arrays_are_cleared_and_copies_are_equal)
{
    kmseg_allocator allocator = km_default_allocator();
    km_arena arena;
    km_arena_init(&arena, &allocator);
    memset(km_arena_take(&arena, 500), 0xff, 500);
    km_arena_free(&arena); /* the next blocks may get the same, dirty, memory */
    const unsigned char *zeros = km_arena_array(&arena, 500, 3);
    for (int i = 0; i < 1500; i++) {
        cr_assert(zeros[i] == 0);
    }
    const int32_t numbers[3] = {7, -1, 9};
    cr_assert_arr_eq(km_arena_copy(&arena, numbers, 3, sizeof *numbers), numbers, sizeof numbers);
    cr_assert_not_null(km_arena_copy(&arena, NULL, 0, 8));
    cr_assert_str_eq(km_arena_text(&arena, "customer"), "customer");
    cr_assert_str_eq(km_arena_text_n(&arena, "customer", 4), "cust");
    cr_assert_str_eq(km_arena_format(&arena, "%d of %s", 3, "five"), "3 of five");
    km_arena_free(&arena);
}

Test(arena, when_memory_runs_out_at_any_request_nothing_is_lost)
{
    for (int64_t n = 1;; n++) {
        test_memory memory = {.fail_at = n};
        kmseg_allocator allocator = test_allocator(&memory);
        km_arena arena;
        km_arena_init(&arena, &allocator);
        int failed = 0;
        for (int i = 0; i < 40; i++) {
            failed += km_arena_take(&arena, i % 4 == 0 ? (size_t)70000 : (size_t)9000) == NULL;
        }
        km_arena_free(&arena);
        cr_assert(memory.n_held == 0, "%lld blocks held", (long long)memory.n_held);
        if (memory.n_requests < n) {
            cr_assert(n > 10 && failed == 0);
            break;
        }
        cr_assert(failed == 1, "request %lld failed %d takes", (long long)n, failed);
    }
}

Test(arena, a_context_uses_the_allocator_it_is_given)
{
    test_memory memory = {0};
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.allocator = test_allocator(&memory);
    options.n_threads = 1;
    kmseg_context *ctx;
    cr_assert(kmseg_context_new(&options, &ctx) == KMSEG_OK);
    cr_assert(memory.n_held == 1);
    kmseg_table *table;
    OK(ctx, kmseg_table_new(ctx, 10, &table));
    cr_assert(memory.n_held > 1);
    kmseg_context_free(ctx);
    kmseg_table_free(table); /* objects outlive their context */
    cr_assert(memory.n_held == 0);
    memory = (test_memory){.fail_at = 1};
    cr_assert(kmseg_context_new(&options, &ctx) == KMSEG_E_MEMORY);
    cr_assert_null(ctx);
}
