/* What benchmarks share: the fastest of several runs, and what this machine can do at best. */
#ifndef KMSEG_BENCH_HARNESS_H
#define KMSEG_BENCH_HARNESS_H

#include <kmseg/kmseg.h>

/* A context with n threads (0: all); ends the program with a message when it cannot be made. */
kmseg_context *bench_context(int32_t n_threads);

/* Ends the program with the context's message unless status is KMSEG_OK. */
void bench_check(kmseg_context *ctx, kmseg_status status);

/* Seconds of the fastest of n runs. */
double bench_best(void (*run)(void *argument), void *argument, int n);

/* Bytes per second that one core reads from memory. */
double bench_read_bandwidth(void);

#endif
