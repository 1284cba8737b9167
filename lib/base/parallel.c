#include "base/parallel.h"

#include "base/cpus.h"

#include <omp.h>

/* Threads of the process that are in loops of ours, callers and members. */
static atomic_int n_busy;

/* In the child of a fork the team's threads do not exist: where the caller has asked for threads, the
 * child starts its own, else it is taken for a worker among others. */
static void follow_fork(kmseg_context *ctx) {
    if (!km_team_alive(ctx->team)) {
        km_team_free(ctx->team);
        ctx->team = ctx->threads_given ? km_team_new(&ctx->allocator, ctx->n_threads) : NULL;
    }
}

/* Threads for a loop. Those that nobody asked for are left to the loops of other contexts and, in a
 * parallel region of OpenMP, to that. */
static int32_t threads_for(const kmseg_context *ctx) {
    if (ctx->threads_given) {
        return ctx->n_threads;
    }
    if (omp_in_parallel()) {
        return 1;
    }
    int32_t left = ctx->n_threads - atomic_load_explicit(&n_busy, memory_order_relaxed);
    return left > 1 ? left : 1;
}

kmseg_status km_parallel(kmseg_context *ctx, int64_t n_chunks, km_chunk_fn fn, void *argument) {
    if (ctx->team != NULL) {
        follow_fork(ctx);
    }
    int32_t threads = ctx->team != NULL && n_chunks > 1 ? threads_for(ctx) : 1;
    atomic_fetch_add_explicit(&n_busy, threads, memory_order_relaxed);
    if (threads > 1) {
        km_team_run(ctx->team, threads, n_chunks, fn, argument, &ctx->cancelled);
    } else {
        for (int64_t c = 0; c < n_chunks && !km_cancelled(ctx); c++) {
            fn(argument, c, 0);
        }
    }
    atomic_fetch_sub_explicit(&n_busy, threads, memory_order_relaxed);
    return km_cancelled(ctx) ? km_fail_cancelled(ctx) : KMSEG_OK;
}
