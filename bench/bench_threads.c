/* What a short parallel loop costs with the library's own team and with OpenMP, alone and beside
 * processes that compute. Each case runs in a process of its own, because OpenMP reads how to wait
 * when it is loaded, and because its threads spin beside whatever is measured next. */
#include "base/parallel.h"
#include "harness.h"

#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNKS = 32, LOOPS = 2000 };

typedef struct work {
    int64_t steps;      /* of a chunk */
    double sums[64][8]; /* of threads, a cache line each */
} work;

static void step(void *argument, int64_t chunk, int32_t thread) {
    work *w = argument;
    double x = 1.0 + (double)chunk;
    for (int64_t i = 0; i < w->steps; i++) {
        x = x * 0.999 + 0.001;
    }
    w->sums[thread][0] += x;
}

static void run_openmp(work *w, int32_t n_threads) {
#pragma omp parallel for num_threads(n_threads) schedule(dynamic, 1)
    for (int64_t c = 0; c < CHUNKS; c++) {
        step(w, c, omp_get_thread_num());
    }
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One case: writes the median of a loop as min, and the mean over all loops as max. Between loops the
 * caller works alone for a while, as a fit does. */
static void measure(int own, int32_t n_threads) {
    enum { GAP_STEPS = 7400, CHUNK_STEPS = 2220 }; /* some 20 us and 6 us */
    work w = {.steps = 0};
    double times[LOOPS], sum = 0;
    kmseg_context *ctx = bench_context(own ? n_threads : 1);
    for (int i = -100; i < LOOPS; i++) {
        w.steps = GAP_STEPS;
        step(&w, 0, 0);
        w.steps = CHUNK_STEPS;
        double start = bench_clock();
        if (own) {
            bench_ok(ctx, km_parallel(ctx, CHUNKS, step, &w));
        } else {
            run_openmp(&w, n_threads);
        }
        if (i >= 0) {
            times[i] = bench_clock() - start;
            sum += times[i];
        }
    }
    kmseg_context_free(ctx);
    qsort(times, LOOPS, sizeof *times, by_size);
    bench_time time = {times[LOOPS / 2], 0, sum / LOOPS, LOOPS};
    fwrite(&time, sizeof time, 1, stdout);
}

typedef struct kind {
    const char *name;
    int own;
    const char *wait_policy; /* of OpenMP; NULL: its default */
} kind;

/* Processes that do nothing but compute, at our own priority. */
static void start_load(int n, pid_t *out) {
    for (int i = 0; i < n; i++) {
        out[i] = fork();
        if (out[i] == 0) {
            for (volatile int64_t x = 0;; x = x + 1) {
            }
        }
    }
}

static void end_load(int n, const pid_t *load) {
    for (int i = 0; i < n; i++) {
        if (load[i] > 0) {
            kill(load[i], SIGKILL);
            waitpid(load[i], NULL, 0);
        }
    }
}

/* Runs measure() in a process of its own and takes over its median. */
static bench_time run_case(const kind *k, const char *n_threads) {
    bench_time time = {0};
    int ends[2];
    if (pipe(ends) != 0) {
        return time;
    }
    pid_t child = fork();
    if (child == 0) {
        if (k->wait_policy != NULL) {
            setenv("OMP_WAIT_POLICY", k->wait_policy, 1);
        }
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "bench_threads", "--case", k->own ? "1" : "0", n_threads, NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    if (from == NULL || fread(&time, sizeof time, 1, from) != 1) {
        fprintf(stderr, "bench: a case of %s threads failed\n", n_threads);
        exit(1);
    }
    fclose(from);
    waitpid(child, NULL, 0);
    return time;
}

static void compare(int n_load) {
    const kind kinds[] = {
        {"own team", 1, NULL},
        {"OpenMP", 0, NULL},
        {"OpenMP, OMP_WAIT_POLICY=passive", 0, "passive"},
    };
    const char *threads[] = {"1", "2", "4"};
    enum { MOST_LOAD = 2, TRIALS = 5 };
    pid_t load[MOST_LOAD];
    start_load(n_load, load);
    for (size_t t = 0; t < 3; t++) {
        bench_heading("32 chunks of 6 us, %s threads, %d processes beside", threads[t], n_load);
        bench_time all[3][TRIALS];
        for (int trial = 0; trial < TRIALS; trial++) {
            for (size_t k = 0; k < 3; k++) {
                all[k][trial] = run_case(&kinds[k], threads[t]);
            }
        }
        for (size_t k = 0; k < 3; k++) {
            double means[TRIALS];
            for (int trial = 0; trial < TRIALS; trial++) {
                means[trial] = all[k][trial].max;
            }
            qsort(all[k], TRIALS, sizeof all[k][0], by_size); /* by the first member */
            qsort(means, TRIALS, sizeof *means, by_size);
            bench_time middle = all[k][TRIALS / 2];
            bench_line(kinds[k].name,
                       (bench_time){all[k][0].min, middle.min, all[k][TRIALS - 1].min, TRIALS},
                       "mean over %d loops %.3f ms", LOOPS, 1e3 * means[TRIALS / 2]);
        }
    }
    end_load(n_load, load);
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--case") == 0) {
        measure(atoi(argv[2]), atoi(argv[3]));
        return 0;
    }
    bench_start(argc, argv, "threads", 0);
    compare(0);
    compare(1);
    bench_end();
    return 0;
}
