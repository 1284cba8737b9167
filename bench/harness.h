/* Timing that can be trusted on a shared machine: warm-up, repeated runs, median and spread, and the
 * machine's own peaks measured in the same process. Prints a table for people and, with --json FILE,
 * a JSON line per figure. */
#ifndef KMSEG_BENCH_HARNESS_H
#define KMSEG_BENCH_HARNESS_H

#include <kmseg/kmseg.h>

typedef struct bench_time {
    double min, median, max; /* seconds */
    int runs;
} bench_time;

/* Reads --json FILE and --quick (fewer runs); pins the process to its first CPU when pin is 1. Other
 * arguments end the program with a message. */
void bench_start(int argc, char **argv, const char *title, int pin);
int bench_quick(void);
void bench_end(void);

double bench_clock(void);

/* Times fn(argument) after one call that does not count; before(argument), when given, runs untimed
 * ahead of each call. */
bench_time bench_run(void (*fn)(void *), void (*before)(void *), void *argument, int runs);

/* Peaks of one core: float32 multiply-adds (2 flops each) and bytes read per second. */
double bench_peak_flops(void);
double bench_peak_bytes(void);

/* A heading of the table. */
void bench_heading(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One figure: name, its time, and notes such as "12.3 GB/s". */
void bench_line(const char *name, bench_time time, const char *note, ...)
    __attribute__((format(printf, 3, 4)));

/* A figure that is not a time, such as a ratio. */
void bench_value(const char *name, double value, const char *unit);

/* A context of n threads (0: all); ends the program when it cannot be made. */
kmseg_context *bench_context(int32_t n_threads);

/* Ends the program with a message when status is a failure. */
void bench_ok(kmseg_context *ctx, kmseg_status status);

/* Memory that must be there, 64-byte aligned. */
void *bench_memory(size_t bytes);

#endif
