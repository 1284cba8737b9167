#include "harness.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static FILE *json;
static int quick;
static char title_text[64], heading_text[160];

double bench_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void pin_to_first_cpu(void) {
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return;
    }
    for (size_t c = 0; c < CPU_SETSIZE; c++) {
        if (CPU_ISSET(c, &allowed)) {
            CPU_SET(c, &one);
            break;
        }
    }
    if (sched_setaffinity(0, sizeof one, &one) != 0) {
        fprintf(stderr, "bench: could not pin to one CPU\n");
    }
}

static void cpu_name(char *out, size_t capacity) {
    snprintf(out, capacity, "unknown CPU");
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            value[strcspn(value, "\n")] = '\0';
            snprintf(out, capacity, "%s", value + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

void bench_start(int argc, char **argv, const char *title, int pin) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            quick = 1;
        } else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
            json = fopen(argv[++i], "a");
            if (json == NULL) {
                fprintf(stderr, "bench: cannot write %s\n", argv[i]);
                exit(1);
            }
        } else {
            fprintf(stderr, "usage: %s [--quick] [--json FILE]\n", argv[0]);
            exit(2);
        }
    }
    if (pin) {
        pin_to_first_cpu();
    }
    char cpu[200];
    cpu_name(cpu, sizeof cpu);
    snprintf(title_text, sizeof title_text, "%s", title);
    printf("\n%s: kmseg %s, %s%s\n", title, kmseg_version(), cpu, pin ? ", one core" : "");
    if (json != NULL) {
        fprintf(json, "{\"bench\": \"%s\", \"version\": \"%s\", \"cpu\": \"%s\", \"pinned\": %s}\n",
                title, kmseg_version(), cpu, pin ? "true" : "false");
    }
}

int bench_quick(void) { return quick; }

void bench_end(void) {
    if (json != NULL && fclose(json) != 0) {
        fprintf(stderr, "bench: writing the JSON lines failed\n");
        exit(1);
    }
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bench_time bench_run(void (*fn)(void *), void (*before)(void *), void *argument, int runs) {
    enum { MOST = 101 };
    double seconds[MOST];
    runs = quick && runs > 3 ? 3 : runs;
    runs = runs > MOST ? MOST : runs;
    for (int r = -1; r < runs; r++) {
        if (before != NULL) {
            before(argument);
        }
        double start = bench_clock();
        fn(argument);
        if (r >= 0) {
            seconds[r] = bench_clock() - start;
        }
    }
    qsort(seconds, (size_t)runs, sizeof *seconds, by_size);
    return (bench_time){seconds[0], seconds[runs / 2], seconds[runs - 1], runs};
}

void bench_heading(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(heading_text, sizeof heading_text, format, arguments);
    va_end(arguments);
    printf("\n%s\n", heading_text);
}

void bench_line(const char *name, bench_time time, const char *note, ...) {
    char text[200];
    va_list arguments;
    va_start(arguments, note);
    vsnprintf(text, sizeof text, note, arguments);
    va_end(arguments);
    printf("  %-34s %10.3f ms  (%.3f to %.3f, %d runs)  %s\n", name, 1e3 * time.median,
           1e3 * time.min, 1e3 * time.max, time.runs, text);
    fflush(stdout);
    if (json != NULL) {
        fprintf(json,
                "{\"bench\": \"%s\", \"case\": \"%s\", \"name\": \"%s\", \"median_s\": %.9g, "
                "\"min_s\": %.9g, \"max_s\": %.9g, \"runs\": %d, \"note\": \"%s\"}\n",
                title_text, heading_text, name, time.median, time.min, time.max, time.runs, text);
    }
}

void bench_value(const char *name, double value, const char *unit) {
    printf("  %-34s %10.3f %s\n", name, value, unit);
    fflush(stdout);
    if (json != NULL) {
        fprintf(json,
                "{\"bench\": \"%s\", \"case\": \"%s\", \"name\": \"%s\", \"value\": %.9g, "
                "\"unit\": \"%s\"}\n",
                title_text, heading_text, name, value, unit);
    }
}

kmseg_context *bench_context(int32_t n_threads) {
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.n_threads = n_threads;
    kmseg_context *ctx;
    bench_ok(NULL, kmseg_context_new(&options, &ctx));
    return ctx;
}

void bench_ok(kmseg_context *ctx, kmseg_status status) {
    if (status != KMSEG_OK) {
        fprintf(stderr, "bench: %s (%s)\n", kmseg_last_error(ctx), kmseg_status_text(status));
        exit(1);
    }
}

void *bench_memory(size_t bytes) {
    const size_t huge_page = (size_t)2 << 20;
    void *block = NULL;
    if (posix_memalign(&block, bytes > huge_page ? huge_page : 64, bytes > 0 ? bytes : 64) != 0) {
        fprintf(stderr, "bench: no memory for %zu bytes\n", bytes);
        exit(1);
    }
    if (bytes > huge_page) {
        (void)madvise(block, bytes, MADV_HUGEPAGE); /* as the library's own, to compare alike */
    }
    return block;
}
