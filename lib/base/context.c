/* Messages, progress and cancellation. Contexts are made in kernels/context_new.c, because making
 * one chooses kernels. */
#include "base/context.h"

#include <kmseg/version.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#undef km_fail /* see __clang_analyzer__ in context.h */
#undef km_fail_prefix
#undef km_fail_memory
#undef km_fail_cancelled

const char *kmseg_version(void) { return KMSEG_VERSION; }

const char *kmseg_last_error(const kmseg_context *ctx) { return ctx != NULL ? ctx->message : ""; }

/* A message is one line whatever the names in it hold. */
static void flatten(char *message) {
    for (char *c = message; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = ' ';
        }
    }
}

kmseg_status km_fail(kmseg_context *ctx, kmseg_status status, const char *format, ...) {
    if (ctx != NULL) {
        char text[KM_MESSAGE_CAPACITY]; /* an argument may be the old message */
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        memcpy(ctx->message, text, sizeof text);
        flatten(ctx->message);
    }
    return status;
}

kmseg_status km_fail_prefix(kmseg_context *ctx, kmseg_status status, const char *format, ...) {
    if (ctx != NULL) {
        char prefix[KM_MESSAGE_CAPACITY / 2];
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(prefix, sizeof prefix, format, arguments);
        va_end(arguments);
        return km_fail(ctx, status, "%s: %s", prefix, ctx->message);
    }
    return status;
}

kmseg_status km_fail_memory(kmseg_context *ctx, const char *what) {
    return km_fail(ctx, KMSEG_E_MEMORY, "out of memory for %s", what);
}

kmseg_status km_fail_cancelled(kmseg_context *ctx) {
    return km_fail(ctx, KMSEG_E_CANCELLED, "cancelled");
}

int32_t kmseg_context_threads(const kmseg_context *ctx) { return ctx->n_threads; }

void kmseg_context_set_progress(kmseg_context *ctx, kmseg_progress_fn progress, void *user) {
    ctx->progress = progress;
    ctx->progress_user = user;
}

void kmseg_cancel(kmseg_context *ctx) {
    atomic_store_explicit(&ctx->cancelled, 1, memory_order_relaxed);
}

void kmseg_cancel_clear(kmseg_context *ctx) {
    atomic_store_explicit(&ctx->cancelled, 0, memory_order_relaxed);
}

void km_progress_begin(kmseg_context *ctx, const char *stage, int64_t total) {
    ctx->stage = stage;
    ctx->stage_total = total;
    atomic_store_explicit(&ctx->stage_done, 0, memory_order_relaxed);
    if (ctx->progress != NULL) {
        ctx->progress(ctx->progress_user, stage, 0, total);
    }
}

void km_progress_step(kmseg_context *ctx, int64_t amount, int is_caller_thread) {
    if (ctx->progress == NULL || ctx->stage == NULL) {
        return;
    }
    int64_t done =
        atomic_fetch_add_explicit(&ctx->stage_done, amount, memory_order_relaxed) + amount;
    if (is_caller_thread) {
        ctx->progress(ctx->progress_user, ctx->stage, done, ctx->stage_total);
    }
}

void km_progress_reach(kmseg_context *ctx, int64_t done) {
    int64_t amount = done - atomic_load_explicit(&ctx->stage_done, memory_order_relaxed);
    if (amount > 0) {
        km_progress_step(ctx, amount, 1);
    }
}

void km_progress_end(kmseg_context *ctx) {
    if (ctx->progress != NULL && ctx->stage != NULL) {
        ctx->progress(ctx->progress_user, ctx->stage, ctx->stage_total, ctx->stage_total);
    }
    ctx->stage = NULL;
}

double km_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
