#include "harness.h"

#include "base/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

kmseg_context *bench_context(int32_t n_threads) {
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.n_threads = n_threads;
    kmseg_context *ctx;
    kmseg_status status = kmseg_context_new(&options, &ctx);
    if (status != KMSEG_OK) {
        fprintf(stderr, "no context: %s\n", kmseg_status_text(status));
        exit(1);
    }
    return ctx;
}

void bench_check(kmseg_context *ctx, kmseg_status status) {
    if (status != KMSEG_OK) {
        fprintf(stderr, "%s: %s\n", kmseg_status_text(status), kmseg_last_error(ctx));
        exit(1);
    }
}

double bench_best(void (*run)(void *argument), void *argument, int n) {
    double best = 1e300;
    for (int i = 0; i < n; i++) {
        double start = km_clock();
        run(argument);
        double seconds = km_clock() - start;
        best = seconds < best ? seconds : best;
    }
    return best;
}

typedef struct block {
    uint64_t *words;
    size_t n;
    uint64_t sum;
} block;

static void sum_words(void *argument) {
    block *b = argument;
    uint64_t sums[8] = {0};
    for (size_t i = 0; i < b->n; i += 8) {
        for (size_t j = 0; j < 8; j++) {
            sums[j] += b->words[i + j];
        }
    }
    for (size_t j = 0; j < 8; j++) {
        b->sum += sums[j];
    }
}

double bench_read_bandwidth(void) {
    block b = {.n = (size_t)32 << 20}; /* 256 MiB */
    b.words = malloc(b.n * sizeof *b.words);
    if (b.words == NULL) {
        return 0;
    }
    memset(b.words, 1, b.n * sizeof *b.words);
    double seconds = bench_best(sum_words, &b, 7);
    if (b.sum == 1) {
        puts(""); /* the sum is used */
    }
    free(b.words);
    return (double)(b.n * sizeof *b.words) / seconds;
}
