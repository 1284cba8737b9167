#include "base/parallel.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

/* libgomp cannot be used in the child of a fork once the parent has run a team: the child hangs
 * waiting for threads that do not exist there. */
static atomic_int team_has_run;
static atomic_int forked_after_team;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;

static void note_fork_in_child(void) {
    if (atomic_load(&team_has_run)) {
        atomic_store(&forked_after_team, 1);
    }
}

static void watch_forks(void) { pthread_atfork(NULL, NULL, note_fork_in_child); }

int32_t km_available_cpus(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        return CPU_COUNT(&set);
    }
    return 1;
}

static int32_t team_size(const kmseg_context *ctx, int64_t n_chunks) {
    if (atomic_load(&forked_after_team)) {
        return 1;
    }
    return ctx->n_threads < n_chunks ? ctx->n_threads : (int32_t)n_chunks;
}

kmseg_status km_parallel(kmseg_context *ctx, int64_t n_chunks, km_chunk_fn fn, void *argument) {
    if (n_chunks <= 0) {
        return KMSEG_OK;
    }
    int32_t threads = team_size(ctx, n_chunks);
    if (threads <= 1) {
        for (int64_t c = 0; c < n_chunks && !km_cancelled(ctx); c++) {
            fn(argument, c, 0);
        }
    } else {
        pthread_once(&watch_once, watch_forks);
        atomic_store(&team_has_run, 1);
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
        for (int64_t c = 0; c < n_chunks; c++) {
            if (!km_cancelled(ctx)) {
                fn(argument, c, omp_get_thread_num());
            }
        }
    }
    return km_cancelled(ctx) ? km_fail_cancelled(ctx) : KMSEG_OK;
}

void km_parallel_warm(const kmseg_context *ctx) {
    int32_t threads = team_size(ctx, ctx->n_threads);
    if (threads > 1) {
        pthread_once(&watch_once, watch_forks);
        atomic_store(&team_has_run, 1);
        int started = 0;
#pragma omp parallel num_threads(threads) reduction(+ : started)
        started += 1;
        (void)started;
    }
}
