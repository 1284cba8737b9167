/* Work that meets every request for memory refused, one after the other. */
#ifndef KMSEG_TEST_FAILING_H
#define KMSEG_TEST_FAILING_H

#include "support/support.h"

/* Runs work(ctx, argument), which frees all that it made, with every request refused in turn: it
 * returns KMSEG_E_MEMORY each time, leaks nothing, and at last KMSEG_OK. */
static inline void fails_cleanly(kmseg_status (*work)(kmseg_context *ctx, void *argument),
                                 void *argument) {
    for (int64_t n = 1;; n++) {
        test_memory memory = {0};
        kmseg_context_options options;
        kmseg_context_options_init(&options);
        options.n_threads = 1;
        options.allocator = test_allocator(&memory);
        kmseg_context *ctx;
        cr_assert_eq(kmseg_context_new(&options, &ctx), KMSEG_OK);
        int64_t held = memory.n_held;
        memory.fail_at = memory.n_requests + n;
        kmseg_status status = work(ctx, argument);
        cr_assert_eq(memory.n_held, held, "%lld blocks leak when request %lld fails",
                     (long long)(memory.n_held - held), (long long)n);
        int refused = memory.n_requests >= memory.fail_at;
        cr_assert_eq(status, refused ? KMSEG_E_MEMORY : KMSEG_OK, "request %lld: %s", (long long)n,
                     kmseg_last_error(ctx));
        kmseg_context_free(ctx);
        if (!refused) {
            cr_assert_gt(n, 1);
            return;
        }
    }
}

#endif
