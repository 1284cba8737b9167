/* An allocator that refuses the nth request and counts what is not given back. */
#ifndef KMSEG_TEST_FAILING_H
#define KMSEG_TEST_FAILING_H

#include "support/support.h"

#include <stdatomic.h>
#include <stdlib.h>

typedef struct failing {
    _Atomic int64_t requests, live;
    int64_t refuse; /* which request, from 0; -1: none */
} failing;

static inline void *failing_allocate(void *user, size_t size, size_t alignment) {
    failing *f = user;
    void *block = NULL;
    if (atomic_fetch_add(&f->requests, 1) == f->refuse ||
        posix_memalign(&block, alignment, size) != 0) {
        return NULL;
    }
    atomic_fetch_add(&f->live, 1);
    return block;
}

static inline void failing_release(void *user, void *block) {
    failing *f = user;
    atomic_fetch_sub(&f->live, 1);
    free(block);
}

/* A context of one thread on that allocator. */
static inline kmseg_context *failing_context(failing *f) {
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.n_threads = 1;
    options.allocator = (kmseg_allocator){failing_allocate, failing_release, f};
    kmseg_context *ctx;
    cr_assert_eq(kmseg_context_new(&options, &ctx), KMSEG_OK);
    return ctx;
}

/* Runs work(ctx, argument), which frees all that it made, with every request refused in turn: it
 * returns KMSEG_E_MEMORY each time, leaks nothing, and at last KMSEG_OK. */
static inline void fails_cleanly(kmseg_status (*work)(kmseg_context *ctx, void *argument),
                                 void *argument) {
    for (int64_t n = 0;; n++) {
        failing f = {.refuse = -1};
        kmseg_context *ctx = failing_context(&f);
        int64_t live = f.live;
        f.refuse = f.requests + n;
        kmseg_status status = work(ctx, argument);
        cr_assert_eq(f.live, live, "%lld blocks leak when request %lld fails",
                     (long long)(f.live - live), (long long)n);
        int refused = f.requests > f.refuse;
        cr_assert_eq(status, refused ? KMSEG_E_MEMORY : KMSEG_OK, "request %lld: %s", (long long)n,
                     kmseg_last_error(ctx));
        kmseg_context_free(ctx);
        if (!refused) {
            cr_assert_gt(n, 0);
            return;
        }
    }
}

#endif
