/* Making a context: its allocator, its threads, and the kernels that this CPU can run. */
#include "base/context.h"
#include "base/cpus.h"
#include "base/query.h"
#include "base/team.h"
#include "kernels/kernels.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_THREADS = 4096 };

void kmseg_context_options_init(kmseg_context_options *options) {
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

/* The last row that this CPU can run: rows are listed slowest first. */
static const km_kernels *best_kernels(void) {
    const km_kernels *best = km_kernels_at(0);
    for (int32_t i = 1; km_kernels_at(i) != NULL; i++) {
        best = km_kernels_at(i)->available() ? km_kernels_at(i) : best;
    }
    return best;
}

static kmseg_status choose_kernels(const char *name, const km_kernels **out) {
    if (name == NULL || name[0] == '\0') {
        name = getenv("KMSEG_KERNELS");
    }
    if (name == NULL || name[0] == '\0' || strcmp(name, "auto") == 0) {
        *out = best_kernels();
        return KMSEG_OK;
    }
    *out = km_kernels_find(name);
    if (*out == NULL) {
        return KMSEG_E_NOT_FOUND;
    }
    return (*out)->available() ? KMSEG_OK : KMSEG_E_UNSUPPORTED;
}

kmseg_status kmseg_context_new(const kmseg_context_options *options, kmseg_context **out) {
    *out = NULL;
    kmseg_context_options defaults;
    kmseg_context_options_init(&defaults);
    if (options == NULL) {
        options = &defaults;
    }
    if (options->struct_size != sizeof defaults || options->n_threads < 0 ||
        options->n_threads > MOST_THREADS ||
        (options->allocator.allocate == NULL) != (options->allocator.release == NULL)) {
        return KMSEG_E_ARGUMENT;
    }
    const km_kernels *kernels;
    KM_TRY(choose_kernels(options->kernels, &kernels));
    kmseg_allocator allocator =
        options->allocator.allocate != NULL ? options->allocator : km_default_allocator();
    kmseg_context *ctx = km_allocate(&allocator, sizeof *ctx);
    if (ctx == NULL) {
        return KMSEG_E_MEMORY;
    }
    memset(ctx, 0, sizeof *ctx);
    ctx->allocator = allocator;
    ctx->kernels = kernels;
    ctx->threads_given = options->n_threads > 0;
    ctx->n_threads = ctx->threads_given ? options->n_threads : km_cpus_default_threads();
    ctx->progress = options->progress;
    ctx->progress_user = options->progress_user;
    atomic_init(&ctx->stage_done, 0);
    atomic_init(&ctx->cancelled, 0);
    if (ctx->n_threads > 1) {
        ctx->team = km_team_new(&allocator, ctx->n_threads);
        if (ctx->team == NULL) {
            km_release(&allocator, ctx);
            return KMSEG_E_MEMORY;
        }
    }
    km_kernels_warm(kernels);
    *out = ctx;
    return KMSEG_OK;
}

void kmseg_context_free(kmseg_context *ctx) {
    if (ctx != NULL) {
        kmseg_allocator allocator = ctx->allocator;
        km_query_forget(ctx);
        km_team_free(ctx->team);
        km_release(&allocator, ctx);
    }
}

const char *kmseg_context_kernels(const kmseg_context *ctx) { return ctx->kernels->named.name; }
