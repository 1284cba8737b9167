#include "base/each.h"

#include "base/parallel.h"

#include <string.h>

typedef struct own_context {
    kmseg_context ctx; /* of one thread */
    const kmseg_context *caller;
    int64_t failed_at; /* the lowest piece that failed here; -1: none has */
    kmseg_status status;
    char message[KM_MESSAGE_CAPACITY];
} own_context;

typedef struct each_job {
    kmseg_context *ctx;
    own_context *own; /* n_threads */
    km_each_fn fn;
    void *argument;
} each_job;

/* Progress inside of a piece is not shown: it is when a request to stop is seen. */
static void follow_cancel(void *user, const char *stage, int64_t done, int64_t total) {
    (void)stage;
    (void)done;
    (void)total;
    own_context *own = user;
    if (km_cancelled(own->caller)) {
        kmseg_cancel(&own->ctx);
    }
}

static void do_piece(void *argument, int64_t i, int32_t thread) {
    each_job *job = argument;
    own_context *own = &job->own[thread];
    kmseg_status status = job->fn(&own->ctx, job->argument, i);
    if (status != KMSEG_OK && (own->failed_at < 0 || i < own->failed_at)) {
        own->failed_at = i;
        own->status = status;
        memcpy(own->message, own->ctx.message, sizeof own->message);
    }
    km_progress_step(job->ctx, 1, thread == 0);
}

static void begin(kmseg_context *ctx, own_context *own) {
    memset(own, 0, sizeof *own);
    own->ctx.allocator = ctx->allocator;
    own->ctx.n_threads = 1;
    own->ctx.threads_given = 1;
    own->ctx.kernels = ctx->kernels;
    own->ctx.progress = follow_cancel;
    own->ctx.progress_user = own;
    atomic_init(&own->ctx.stage_done, 0);
    atomic_init(&own->ctx.cancelled, 0);
    own->caller = ctx;
    own->failed_at = -1;
}

kmseg_status km_each(kmseg_context *ctx, int64_t n, km_each_fn fn, void *argument) {
    each_job job = {.ctx = ctx, .fn = fn, .argument = argument};
    job.own = km_allocate_array(&ctx->allocator, ctx->n_threads, sizeof *job.own);
    if (job.own == NULL) {
        return km_fail_memory(ctx, "the contexts of threads");
    }
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        begin(ctx, &job.own[t]);
    }
    kmseg_status status = km_parallel(ctx, n, do_piece, &job);
    int64_t failed_at = -1;
    for (int32_t t = 0; t < ctx->n_threads && status == KMSEG_OK; t++) {
        const own_context *own = &job.own[t];
        if (own->failed_at >= 0 && (failed_at < 0 || own->failed_at < failed_at)) {
            failed_at = own->failed_at;
        }
    }
    for (int32_t t = 0; t < ctx->n_threads && failed_at >= 0; t++) {
        if (job.own[t].failed_at == failed_at) {
            status = km_fail(ctx, job.own[t].status, "%s", job.own[t].message);
        }
    }
    km_release(&ctx->allocator, job.own);
    return status;
}
