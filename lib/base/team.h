/* Threads of the library's own that wait for loops to help with. */
#ifndef KM_BASE_TEAM_H
#define KM_BASE_TEAM_H

#include <kmseg/context.h>

#include <stdatomic.h>

typedef struct km_team km_team;

/* One step of a loop: thread is in [0, n_threads), 0 being the caller's. */
typedef void (*km_chunk_fn)(void *argument, int64_t chunk, int32_t thread);

/* A team of n_threads, of which the caller's is one; fewer where the system gives no more. They live
 * until the team is freed, asleep but for the microseconds after a loop. NULL when out of memory. */
km_team *km_team_new(const kmseg_allocator *allocator, int32_t n_threads);

/* Ends the threads; NULL is fine. In the child of a fork there are none, and only memory is freed. */
void km_team_free(km_team *team);

/* 0 in the child of a fork, where the team's threads do not exist. */
int km_team_alive(const km_team *team);

/* Calls fn for each chunk in [0, n_chunks), each once, on at most n_threads of the team, until *stop
 * is not 0. Returns when no call is running. Begun by one thread at a time. */
void km_team_run(km_team *team, int32_t n_threads, int64_t n_chunks, km_chunk_fn fn, void *argument,
                 const atomic_int *stop);

#endif
