#include "base/blocks.h"
#include "base/rng.h"
#include "support/support.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

/* Every page of a block holds the block's number and the page's. */
static void mark(uint64_t *block, size_t size, uint64_t number) {
    for (size_t page = 0; page < size / 4096; page++) {
        block[page * 512] = number << 32 | page;
    }
}

static void check(const uint64_t *block, size_t size, uint64_t number) {
    for (size_t page = 0; page < size / 4096; page++) {
        cr_assert(block[page * 512] == (number << 32 | page), "page %zu of block %d", page,
                  (int)number);
    }
}

static void skip_without_blocks(void) {
    void *block = km_block_take(1);
    if (block == NULL) {
        cr_skip_test("blocks are not kept in this build");
    }
    cr_assert(km_block_give(block));
}

Test(blocks, what_is_in_a_block_stays_while_others_come_and_go)
{
    skip_without_blocks();
    enum { SLOTS = 12 };
    uint64_t *blocks[SLOTS] = {NULL};
    size_t sizes[SLOTS], in_use = 0, most = 0;
    kmseg_memory_keep(SIZE_MAX);
    for (uint64_t step = 0; step < 400; step++) {
        uint64_t random = km_random_u64(1, KM_STAGE_SAMPLE, step, 0);
        size_t slot = random % SLOTS;
        if (blocks[slot] != NULL) {
            check(blocks[slot], sizes[slot], slot);
            cr_assert(km_block_give(blocks[slot]));
            cr_assert_not(km_block_give(blocks[slot]), "given back twice");
            blocks[slot] = NULL;
            in_use -= sizes[slot];
        } else {
            /* 1 to 32 huge pages; sizes that are no multiple of one count as the next */
            sizes[slot] = (1 + (random >> 8) % 32) * 2 * MIB;
            blocks[slot] = km_block_take(sizes[slot] - (random >> 16) % 4096);
            cr_assert_not_null(blocks[slot]);
            cr_assert((uintptr_t)blocks[slot] % (2 * MIB) == 0);
            mark(blocks[slot], sizes[slot], slot);
            in_use += sizes[slot];
            most = in_use > most ? in_use : most;
        }
        /* Free pages are used before new ones, however they lie: never more than the largest need. */
        cr_assert(in_use + km_blocks_kept() <= most + 2 * MIB, "step %d", (int)step);
    }
    for (size_t slot = 0; slot < SLOTS; slot++) {
        if (blocks[slot] != NULL) {
            check(blocks[slot], sizes[slot], slot);
            cr_assert(km_block_give(blocks[slot]));
        }
    }
    kmseg_memory_keep(0);
    cr_assert(km_blocks_kept() == 0);
}

Test(blocks, no_more_is_kept_than_was_said)
{
    skip_without_blocks();
    kmseg_memory_keep(20 * MIB);
    char *first = km_block_take(16 * MIB), *second = km_block_take(16 * MIB);
    memset(first, 1, 16 * MIB);
    memset(second, 2, 16 * MIB);
    cr_assert(km_block_give(first));
    cr_assert(km_blocks_kept() == 16 * MIB);
    cr_assert(second[0] == 2 && second[16 * MIB - 1] == 2);
    cr_assert(km_block_give(second));
    cr_assert(km_blocks_kept() == 20 * MIB);
    kmseg_memory_keep(6 * MIB);
    cr_assert(km_blocks_kept() == 6 * MIB);
    char *all = km_block_take(40 * MIB); /* what is kept and 34 MiB more */
    cr_assert(km_blocks_kept() == 0);
    memset(all, 3, 40 * MIB);
    cr_assert(km_block_give(all));
    kmseg_memory_keep(0);
    cr_assert(km_blocks_kept() == 0);
}

Test(blocks, what_is_not_theirs_is_left_alone)
{
    skip_without_blocks();
    cr_assert_not(km_block_give((void *)(uintptr_t)(4 * MIB)));
    char *block = km_block_take(12 * MIB);
    cr_assert_not(km_block_give(block + 4 * MIB)); /* inside, not its beginning */
    cr_assert_not(km_block_give(block + 64));
    cr_assert(km_block_give(block));
    cr_assert_null(km_block_take(0));
    cr_assert_null(km_block_take(SIZE_MAX));
    cr_assert_null(km_block_take(SIZE_MAX / 4)); /* more than there are addresses */
}

Test(blocks, a_child_of_a_fork_has_the_blocks_and_may_ask_for_more)
{
    skip_without_blocks();
    char *block = km_block_take(8 * MIB);
    memset(block, 7, 8 * MIB);
    pid_t child = fork();
    if (child == 0) {
        int is_right = block[8 * MIB - 1] == 7;
        memset(block, 9, 8 * MIB);
        char *more = km_block_take(8 * MIB);
        is_right = is_right && more != NULL && km_block_give(more) && km_block_give(block);
        _exit(is_right ? 0 : 1);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert(block[0] == 7 && block[8 * MIB - 1] == 7);
    cr_assert(km_block_give(block));
}
