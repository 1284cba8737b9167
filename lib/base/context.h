/* Inside of the context, and how the rest of the library reports failure and progress. */
#ifndef KM_BASE_CONTEXT_H
#define KM_BASE_CONTEXT_H

#include "base/arena.h"

#include <stdatomic.h>

#define KM_MESSAGE_CAPACITY 1024

struct km_kernels;
struct km_query;
struct km_team;

struct kmseg_context {
    kmseg_allocator allocator;
    int32_t n_threads;
    int32_t threads_given; /* by the caller; else other loops of the process are given way */
    struct km_team *team;  /* NULL with one thread */
    const struct km_kernels *kernels; /* set when the context is made, see kernels/kernels.h */
    struct km_query *queries;         /* what has a name in place of a path, see base/query.h */
    kmseg_progress_fn progress;
    void *progress_user;
    const char *stage; /* of the progress that is shown */
    int64_t stage_total;
    _Atomic int64_t stage_done;
    atomic_int cancelled;
    char message[KM_MESSAGE_CAPACITY];
};

/* Sets the message and returns status. One line: what it is, what it needs to be, where. */
kmseg_status km_fail(kmseg_context *ctx, kmseg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* KMSEG_E_MEMORY with a message that names what the memory was for. */
kmseg_status km_fail_memory(kmseg_context *ctx, const char *what);

/* KMSEG_E_CANCELLED with its message. */
kmseg_status km_fail_cancelled(kmseg_context *ctx);

/* Puts "prefix: " before the current message. */
kmseg_status km_fail_prefix(kmseg_context *ctx, kmseg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__
/* The analyzer reads one file at a time; this tells it that failing never returns KMSEG_OK. */
#define km_fail(ctx, status, ...)        (km_fail(ctx, status, __VA_ARGS__), (status))
#define km_fail_prefix(ctx, status, ...) (km_fail_prefix(ctx, status, __VA_ARGS__), (status))
#define km_fail_memory(ctx, what)        (km_fail_memory(ctx, what), KMSEG_E_MEMORY)
#define km_fail_cancelled(ctx)           (km_fail_cancelled(ctx), KMSEG_E_CANCELLED)
#endif

static inline int km_cancelled(const kmseg_context *ctx) {
    return atomic_load_explicit(&ctx->cancelled, memory_order_relaxed);
}

/* Progress of a stage: begin, then step from any thread; shown from the caller's thread only. */
void km_progress_begin(kmseg_context *ctx, const char *stage, int64_t total);
void km_progress_step(kmseg_context *ctx, int64_t amount, int is_caller_thread);
void km_progress_end(kmseg_context *ctx);

/* From the caller's thread, for stages that know where they are: steps forward to done. */
void km_progress_reach(kmseg_context *ctx, int64_t done);

/* Seconds on a clock that only goes forward. */
double km_clock(void);

/* For functions that return kmseg_status: passes a failure on. */
#define KM_TRY(call)                                                                               \
    do {                                                                                           \
        kmseg_status km_try_status = (call);                                                       \
        if (km_try_status != KMSEG_OK) {                                                           \
            return km_try_status;                                                                  \
        }                                                                                          \
    } while (0)

#endif
