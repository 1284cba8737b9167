#include "base/parallel.h"
#include "support/support.h"

#include <dirent.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
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

/* Chunks 0 and 1 meet: each waits until the other has begun, on another thread. */
typedef struct meeting {
    atomic_int begun;
    atomic_int alone; /* chunks that nobody came to */
    int32_t n;
} meeting;

static void meet(void *argument, int64_t chunk, int32_t thread) {
    meeting *m = argument;
    (void)chunk, (void)thread;
    atomic_fetch_add(&m->begun, 1);
    double end = km_clock() + 20;
    while (atomic_load(&m->begun) < m->n) {
        if (km_clock() > end) {
            atomic_fetch_add(&m->alone, 1);
            return;
        }
        usleep(100);
    }
}

/* As many chunks as there are threads: all of them take part. */
static int chunks_meet(kmseg_context *ctx) {
    meeting m = {.n = kmseg_context_threads(ctx)};
    return km_parallel(ctx, m.n, meet, &m) == KMSEG_OK && atomic_load(&m.alone) == 0;
}

Test(parallel, chunks_run_at_the_same_time)
{
    kmseg_context *ctx = test_context(2, NULL);
    for (int i = 0; i < 50; i++) {
        cr_assert(chunks_meet(ctx));
        usleep(i % 2 == 0 ? 0 : 2000); /* members still spin, or sleep */
    }
    kmseg_context_free(ctx);
}

static void add_chunk(void *argument, int64_t chunk, int32_t thread) {
    int64_t *sums = argument; /* of threads, a cache line each */
    sums[(int64_t)thread * 8] += chunk + 1;
}

Test(parallel, many_short_loops_lose_nothing)
{
    enum { MOST = 7 };
    kmseg_context *ctx = test_context(MOST, NULL);
    for (int64_t i = 0; i < 20000; i++) {
        int64_t n = 1 + i % 13, sums[MOST * 8] = {0}, sum = 0;
        OK(ctx, km_parallel(ctx, n, add_chunk, sums));
        for (int t = 0; t < MOST; t++) {
            sum += sums[t * 8];
        }
        cr_assert(sum == n * (n + 1) / 2, "loop %lld of %lld chunks", (long long)i, (long long)n);
    }
    kmseg_context_free(ctx);
}

static int count_threads(void) {
    DIR *folder = opendir("/proc/self/task");
    cr_assert_not_null(folder);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        n += entry->d_name[0] != '.';
    }
    closedir(folder);
    return n;
}

Test(parallel, threads_end_with_their_context)
{
    kmseg_context *keep = test_context(2, NULL);
    int before = count_threads();
    kmseg_context *ctx = test_context(5, NULL);
    cr_assert_eq(count_threads(), before + 4);
    kmseg_context_free(ctx);
    cr_assert_eq(count_threads(), before);
    cr_assert(chunks_meet(keep));
    kmseg_context_free(keep);
}

/* Whether every fact of the child held is its exit status. */
static void expect_from_child(int (*facts)(void *argument), void *argument) {
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        alarm(60); /* a hang ends as a signal, which the parent reports */
        _exit(facts(argument) ? 0 : 1);
    }
    int how;
    cr_assert(waitpid(child, &how, 0) == child);
    cr_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0, "the child ended with status %x",
              (unsigned)how);
}

/* The team's threads do not exist in the child: the context starts others. */
static int fork_facts(void *argument) {
    kmseg_context *ctx = argument, *own = NULL;
    int met = chunks_meet(ctx) && chunks_meet(ctx);
    int automatic = kmseg_context_new(NULL, &own) == KMSEG_OK && kmseg_context_threads(own) == 1;
    kmseg_context_free(own);
    kmseg_context_free(ctx);
    return met && automatic;
}

Test(parallel, the_child_of_a_fork_has_threads_where_it_asks_for_them)
{
    kmseg_context *ctx = test_context(4, NULL);
    cr_assert(chunks_meet(ctx));
    expect_from_child(fork_facts, ctx);
    cr_assert(chunks_meet(ctx)); /* and the parent goes on */
    kmseg_context_free(ctx);
}

/* libgomp itself would hang here. */
Test(parallel, a_fork_after_a_team_of_openmp_does_no_harm)
{
    int n = 0;
#pragma omp parallel num_threads(3) reduction(+ : n)
    n += 1;
    cr_assert_eq(n, 3);
    kmseg_context *ctx = test_context(4, NULL);
    /* All are there: a thread that is just starting holds a lock of the address sanitizer, which nobody
     * would give back in the child. */
    cr_assert(chunks_meet(ctx));
    expect_from_child(fork_facts, ctx);
    kmseg_context_free(ctx);
}

typedef struct inner {
    kmseg_context *ctx;
    atomic_int others; /* chunks that other threads than the caller's ran */
} inner;

static void count_others(void *argument, int64_t chunk, int32_t thread) {
    inner *in = argument;
    (void)chunk;
    atomic_fetch_add(&in->others, thread != 0);
    usleep(thread == 0 ? 200 : 0); /* others would have come by then */
}

static void loop_inside(void *argument, int64_t chunk, int32_t thread) {
    inner *in = argument;
    (void)thread;
    if (chunk == 0) {
        OK(in->ctx, km_parallel(in->ctx, 100, count_others, in));
    }
}

Test(parallel, threads_that_nobody_asked_for_give_way_to_those_at_work)
{
    kmseg_context *automatic = test_context(0, NULL);
    kmseg_context *asked = test_context(kmseg_context_threads(automatic) + 1, NULL);
    inner in = {.ctx = automatic};
    OK(asked, km_parallel(asked, 100, loop_inside, &in));
    cr_assert_eq(atomic_load(&in.others), 0);
    kmseg_context_free(automatic);
    kmseg_context_free(asked);
}

Test(parallel, inside_a_parallel_region_of_openmp_one_thread_is_enough)
{
    inner in = {.ctx = test_context(0, NULL)};
    int32_t threads = 0;
#pragma omp parallel num_threads(2)
#pragma omp single
    {
        kmseg_context *made_inside = test_context(0, NULL);
        threads = kmseg_context_threads(made_inside);
        kmseg_context_free(made_inside);
        OK(in.ctx, km_parallel(in.ctx, 100, count_others, &in));
    }
    cr_assert_eq(threads, 1);
    cr_assert_eq(atomic_load(&in.others), 0);
    kmseg_context_free(in.ctx);
}

Test(parallel, openmp_told_to_use_one_thread_speaks_for_us_too)
{
    int before = omp_get_max_threads();
    omp_set_num_threads(1);
    kmseg_context *ctx = test_context(0, NULL);
    cr_assert_eq(kmseg_context_threads(ctx), 1);
    kmseg_context_free(ctx);
    omp_set_num_threads(before);
    ctx = test_context(2, NULL);
    cr_assert_eq(kmseg_context_threads(ctx), 2);
    kmseg_context_free(ctx);
}

typedef struct guests {
    cpu_set_t masks[8];
    int blocked[8]; /* is SIGINT? */
    atomic_int begun;
    int32_t n;
} guests;

/* As many chunks as threads, each waiting for the others, so that every thread has one. */
static void look(void *argument, int64_t chunk, int32_t thread) {
    guests *g = argument;
    (void)chunk;
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    g->blocked[thread] = sigismember(&mask, SIGINT);
    sched_getaffinity(0, sizeof g->masks[thread], &g->masks[thread]);
    atomic_fetch_add(&g->begun, 1);
    for (double end = km_clock() + 20; atomic_load(&g->begun) < g->n && km_clock() < end;) {
        usleep(100);
    }
}

static void look_at(int32_t n_threads, guests *out) {
    kmseg_context *ctx = test_context(n_threads, NULL);
    memset(out, 0, sizeof *out);
    out->n = n_threads;
    OK(ctx, km_parallel(ctx, n_threads, look, out));
    cr_assert_eq(atomic_load(&out->begun), n_threads);
    kmseg_context_free(ctx);
}

Test(parallel, the_callers_thread_is_left_as_it_was)
{
    unsetenv("OMP_PROC_BIND");
    cpu_set_t before, after;
    sched_getaffinity(0, sizeof before, &before);
    int cpus = CPU_COUNT(&before);
    guests g;
    setenv("KMSEG_PIN", "1", 1);
    look_at(cpus < 8 ? cpus : 8, &g);
    sched_getaffinity(0, sizeof after, &after);
    cr_assert(CPU_EQUAL(&before, &after) && CPU_EQUAL(&before, &g.masks[0]));
    cr_assert(!g.blocked[0]);
    for (int t = 1; t < g.n; t++) { /* a CPU each, and no signals */
        cr_assert_eq(CPU_COUNT(&g.masks[t]), 1);
        cr_assert(g.blocked[t]);
        for (int other = 1; other < t; other++) {
            cr_assert(!CPU_EQUAL(&g.masks[t], &g.masks[other]));
        }
    }
    setenv("KMSEG_PIN", "0", 1);
    look_at(3, &g);
    for (int t = 0; t < g.n; t++) {
        cr_assert(CPU_EQUAL(&before, &g.masks[t]));
    }
    unsetenv("KMSEG_PIN");
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
    options.n_threads = 4097;
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
