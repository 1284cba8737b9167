#include "base/parallel.h"
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_CHUNKS = 1000 };

typedef struct count {
    atomic_int calls[N_CHUNKS];
    int32_t n_threads;
    kmseg_context *ctx;
    int64_t cancel_at; /* -1: never */
} count;

static void count_chunk(void *argument, int64_t chunk, int32_t thread) {
    count *c = argument;
    atomic_fetch_add(&c->calls[chunk], 1);
    if (thread < 0 || thread >= c->n_threads) {
        abort();
    }
    if (chunk == c->cancel_at) {
        kmseg_cancel(c->ctx);
    }
}

static count *new_count(kmseg_context *ctx) {
    count *c = calloc(1, sizeof *c);
    c->ctx = ctx;
    c->n_threads = kmseg_context_threads(ctx);
    c->cancel_at = -1;
    return c;
}

Test(parallel, every_chunk_runs_once_on_any_number_of_threads)
{
    const int32_t threads[] = {1, 2, 3, 7};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        kmseg_context *ctx = test_context(threads[t], NULL);
        for (int64_t n = 0; n <= N_CHUNKS; n += 1 + n * 9) {
            count *c = new_count(ctx);
            OK(ctx, km_parallel(ctx, n, count_chunk, c));
            for (int64_t i = 0; i < N_CHUNKS; i++) {
                cr_assert(atomic_load(&c->calls[i]) == (i < n), "chunk %lld of %lld", (long long)i,
                          (long long)n);
            }
            free(c);
        }
        kmseg_context_free(ctx);
    }
}

Test(parallel, chunks_cover_all_rows)
{
    cr_assert(km_chunks(0, 64) == 0);
    cr_assert(km_chunks(1, 64) == 1);
    cr_assert(km_chunks(64, 64) == 1);
    cr_assert(km_chunks(65, 64) == 2);
}

Test(parallel, after_a_cancel_no_chunk_begins)
{
    kmseg_context *ctx = test_context(1, NULL);
    count *c = new_count(ctx);
    c->cancel_at = 10;
    FAILS(ctx, KMSEG_E_CANCELLED, km_parallel(ctx, N_CHUNKS, count_chunk, c), "cancelled");
    for (int i = 0; i < N_CHUNKS; i++) {
        cr_assert(atomic_load(&c->calls[i]) == (i <= 10), "chunk %d", i);
    }
    free(c);
    kmseg_context_free(ctx);
}

Test(parallel, a_cancel_lasts_until_it_is_cleared)
{
    kmseg_context *ctx = test_context(3, NULL);
    count *c = new_count(ctx);
    kmseg_cancel(ctx);
    FAILS(ctx, KMSEG_E_CANCELLED, km_parallel(ctx, N_CHUNKS, count_chunk, c), "cancelled");
    for (int i = 0; i < N_CHUNKS; i++) {
        cr_assert(atomic_load(&c->calls[i]) == 0);
    }
    kmseg_cancel_clear(ctx);
    OK(ctx, km_parallel(ctx, N_CHUNKS, count_chunk, c));
    free(c);
    kmseg_context_free(ctx);
}

/* In the child of a fork, libgomp would wait for threads that do not exist there. */
Test(parallel, the_child_of_a_fork_finishes)
{
    kmseg_context *ctx = test_context(4, NULL);
    count *c = new_count(ctx);
    OK(ctx, km_parallel(ctx, N_CHUNKS, count_chunk, c));
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        alarm(60); /* a hang ends as a signal, which the parent reports */
        kmseg_status status = km_parallel(ctx, N_CHUNKS, count_chunk, c);
        int twice = 1;
        for (int i = 0; i < N_CHUNKS; i++) {
            twice = twice && atomic_load(&c->calls[i]) == 2;
        }
        kmseg_context *own;
        kmseg_status made = kmseg_context_new(NULL, &own);
        _exit(status == KMSEG_OK && twice && made == KMSEG_OK ? 0 : 1);
    }
    int how;
    cr_assert(waitpid(child, &how, 0) == child);
    cr_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0, "the child ended with status %x",
              (unsigned)how);
    OK(ctx, km_parallel(ctx, N_CHUNKS, count_chunk, c)); /* and the parent goes on */
    free(c);
    kmseg_context_free(ctx);
}

typedef struct seen {
    int64_t last, total;
    int calls, falls;
    char stage[32];
} seen;

static void watch(void *user, const char *stage, int64_t done, int64_t total) {
    seen *s = user;
    s->falls += s->calls > 0 && done < s->last;
    s->last = done;
    s->total = total;
    s->calls++;
    snprintf(s->stage, sizeof s->stage, "%s", stage);
}

static void step(void *argument, int64_t chunk, int32_t thread) {
    (void)chunk;
    km_progress_step(argument, 1, thread == 0);
}

Test(parallel, progress_rises_to_the_total_on_the_callers_thread)
{
    seen s = {0};
    kmseg_context *ctx = test_context(3, NULL);
    kmseg_context_set_progress(ctx, watch, &s);
    km_progress_begin(ctx, "cluster", N_CHUNKS);
    OK(ctx, km_parallel(ctx, N_CHUNKS, step, ctx));
    km_progress_end(ctx);
    cr_assert(s.last == N_CHUNKS && s.total == N_CHUNKS && s.falls == 0 && s.calls >= 2);
    cr_assert_str_eq(s.stage, "cluster");
    kmseg_context_free(ctx);
}

Test(parallel, a_context_refuses_what_it_cannot_be)
{
    kmseg_context_options options;
    kmseg_context *ctx;
    kmseg_context_options_init(&options);
    options.n_threads = -1;
    cr_assert(kmseg_context_new(&options, &ctx) == KMSEG_E_ARGUMENT && ctx == NULL);
    kmseg_context_options_init(&options);
    options.struct_size = 4;
    cr_assert(kmseg_context_new(&options, &ctx) == KMSEG_E_ARGUMENT && ctx == NULL);
    kmseg_context_options_init(&options);
    options.kernels = "abacus";
    cr_assert(kmseg_context_new(&options, &ctx) == KMSEG_E_NOT_FOUND && ctx == NULL);
    kmseg_context_free(NULL);
    cr_assert_str_eq(kmseg_last_error(NULL), "");
}
