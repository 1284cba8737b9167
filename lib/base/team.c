/* Every member has one word of state, on which it sleeps and by which the caller calls it:
 *
 *   IDLE -> CALLED             caller: a loop begins
 *   ASLEEP -> CALLED           the same, and wakes it
 *   CALLED -> RUNNING -> IDLE  member: takes part, is done
 *   CALLED -> IDLE             caller: all chunks are done before the member has come; a loop never
 *                              waits for a thread that the system does not run
 *   RUNNING -> AWAITED -> IDLE caller sleeps until the member is done, which wakes it
 *   IDLE -> ASLEEP             member: nothing came for a while
 *
 * Waiting begins with a short spin: loops of a fit follow each other within microseconds, and waking
 * a thread takes longer than that. It is short, because whoever spins on a busy machine takes the
 * time of the thread that it waits for.
 *
 * Each thread has a share of the chunks, the same ones in each loop of that size, so that what it
 * reads is in its own caches and, where the memory was first written by such a loop, in the memory
 * next to it. A thread that is done with its share takes chunks from the others'. */
#include "base/team.h"

#include "base/arena.h"
#include "base/cpus.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { IDLE, ASLEEP, CALLED, RUNNING, AWAITED, QUIT };

enum { SPIN_NANOSECONDS = 50000 };

typedef struct member {
    _Alignas(64) atomic_uint state;
    int32_t number;
    int32_t place; /* where it is bound, or would be */
    km_team *team;
    pthread_t thread;
    _Alignas(64) _Atomic int64_t next; /* of its share of the chunks */
    int64_t end;
} member;

struct km_team {
    kmseg_allocator allocator;
    pid_t process;
    int64_t spin_nanoseconds;
    int32_t n_threads;
    int32_t n_places; /* 0: threads are not bound */
    km_cpu_set *places;
    /* The running loop. */
    int32_t n_shares;
    km_chunk_fn fn;
    void *argument;
    const atomic_int *stop;
    member members[]; /* n_threads; 0 is the caller */
};

static void sleep_while(atomic_uint *word, unsigned value) {
    while (atomic_load_explicit(word, memory_order_acquire) == value) {
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
    }
}

static void wake(atomic_uint *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void pause_a_moment(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory"); /* yield is over at once on most cores */
#endif
}

/* Spins while *word is value; 0 when that lasted too long. */
static int spin_while(const km_team *team, atomic_uint *word, unsigned value) {
    if (atomic_load_explicit(word, memory_order_acquire) != value) {
        return 1;
    }
    for (int64_t end = nanoseconds() + team->spin_nanoseconds; nanoseconds() < end;) {
        for (int i = 0; i < 8; i++) {
            pause_a_moment();
            if (atomic_load_explicit(word, memory_order_acquire) != value) {
                return 1;
            }
        }
    }
    return 0;
}

static void run_share(const km_team *team, member *share, int32_t thread) {
    for (;;) {
        int64_t chunk = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
        if (chunk >= share->end || atomic_load_explicit(team->stop, memory_order_relaxed) != 0) {
            return;
        }
        team->fn(team->argument, chunk, thread);
    }
}

/* Its own share first, then what is left of the others'. */
static void take_part(km_team *team, int32_t thread) {
    for (int32_t i = 0; i < team->n_shares; i++) {
        member *share = &team->members[(thread + i) % team->n_shares];
        if (atomic_load_explicit(&share->next, memory_order_relaxed) < share->end) {
            run_share(team, share, thread);
        }
    }
}

static void *serve(void *argument) {
    member *self = argument;
    for (;;) {
        unsigned state = IDLE;
        if (!spin_while(self->team, &self->state, IDLE) &&
            atomic_compare_exchange_strong(&self->state, &state, ASLEEP)) {
            sleep_while(&self->state, ASLEEP);
        }
        state = CALLED;
        if (atomic_compare_exchange_strong(&self->state, &state, RUNNING)) {
            take_part(self->team, self->number);
            if (atomic_exchange(&self->state, IDLE) == AWAITED) {
                wake(&self->state);
            }
        } else if (state == QUIT) {
            return NULL;
        }
    }
}

static void call(member *m, unsigned what) {
    if (atomic_exchange(&m->state, what) == ASLEEP) {
        wake(&m->state);
    }
}

static void await(const km_team *team, member *m) {
    unsigned state = CALLED;
    if (atomic_compare_exchange_strong(&m->state, &state, IDLE) ||
        spin_while(team, &m->state, RUNNING)) {
        return;
    }
    state = RUNNING;
    if (atomic_compare_exchange_strong(&m->state, &state, AWAITED)) {
        sleep_while(&m->state, AWAITED);
    }
}

static void bind(const km_team *team, const member *m) {
    const km_cpu_set *set = &team->places[m->place];
    pthread_setaffinity_np(m->thread, sizeof *set, set->parts);
}

/* The caller's thread stays as free as it was, so where members are bound, the one that is bound to
 * where the caller now is goes to where the caller was. */
static void make_way(km_team *team) {
    int cpu = sched_getcpu();
    member *caller = &team->members[0];
    if (team->n_places == 0 || cpu < 0 ||
        CPU_ISSET_S((size_t)cpu, sizeof *team->places, team->places[caller->place].parts)) {
        return;
    }
    for (int32_t i = 1; i < team->n_threads; i++) {
        member *m = &team->members[i];
        if (CPU_ISSET_S((size_t)cpu, sizeof *team->places, team->places[m->place].parts)) {
            int32_t place = m->place;
            m->place = caller->place;
            caller->place = place;
            bind(team, m);
            return;
        }
    }
}

void km_team_run(km_team *team, int32_t n_threads, int64_t n_chunks, km_chunk_fn fn, void *argument,
                 const atomic_int *stop) {
    n_threads = n_threads < team->n_threads ? n_threads : team->n_threads;
    n_threads = n_threads < n_chunks ? n_threads : (int32_t)n_chunks;
    team->fn = fn;
    team->argument = argument;
    team->stop = stop;
    team->n_shares = n_threads;
    for (int32_t i = 0; i < n_threads; i++) {
        member *m = &team->members[i];
        m->end = n_chunks * (i + 1) / n_threads;
        atomic_store_explicit(&m->next, n_chunks * i / n_threads, memory_order_relaxed);
    }
    make_way(team);
    for (int32_t i = 1; i < n_threads; i++) {
        call(&team->members[i], CALLED);
    }
    take_part(team, 0);
    for (int32_t i = 1; i < n_threads; i++) {
        await(team, &team->members[i]);
    }
}

/* Signals are the caller's business: members block them all. */
static int32_t start_members(km_team *team, int32_t n_threads) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int32_t n = 1;
    for (; n < n_threads; n++) {
        member *m = &team->members[n];
        m->number = n;
        m->team = team;
        atomic_init(&m->state, IDLE);
        atomic_init(&m->next, 0);
        if (pthread_create(&m->thread, NULL, serve, m) != 0) {
            break;
        }
        char name[16];
        snprintf(name, sizeof name, "kmseg %d", n % 1000);
        pthread_setname_np(m->thread, name);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n;
}

static void bind_members(km_team *team) {
    for (int32_t i = 0; team->n_places > 0 && i < team->n_threads; i++) {
        team->members[i].place = i % team->n_places;
        if (i > 0) {
            bind(team, &team->members[i]);
        }
    }
}

km_team *km_team_new(const kmseg_allocator *allocator, int32_t n_threads) {
    size_t size = sizeof(km_team) + (size_t)n_threads * sizeof(member);
    km_team *team = km_allocate(allocator, size + (size_t)n_threads * sizeof(km_cpu_set));
    if (team == NULL) {
        return NULL;
    }
    memset(team, 0, size);
    team->allocator = *allocator;
    team->process = getpid();
    team->places = (km_cpu_set *)(void *)((char *)team + size);
    team->n_places = km_cpus_places(team->places, n_threads);
    km_cpu_set allowed;
    team->spin_nanoseconds = n_threads <= km_cpus_allowed(&allowed) ? SPIN_NANOSECONDS : 0;
    team->n_threads = start_members(team, n_threads);
    bind_members(team);
    return team;
}

int km_team_alive(const km_team *team) { return team->process == getpid(); }

void km_team_free(km_team *team) {
    if (team == NULL) {
        return;
    }
    for (int32_t i = 1; i < team->n_threads && km_team_alive(team); i++) {
        call(&team->members[i], QUIT);
        pthread_join(team->members[i].thread, NULL);
    }
    kmseg_allocator allocator = team->allocator;
    km_release(&allocator, team);
}
