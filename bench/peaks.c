/* What one core can do at most: multiply-adds on registers, and reading memory. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 2000000, CHAINS = 10 };

/* Ten independent chains of multiply-adds keep every unit busy; each is a variable of its own, and the
 * empty asm pins it to a register, so that the compiler can neither spill it nor work it out. */
#define STEP(v, FMADD, PIN)                                                                        \
    v = FMADD(v, a, b);                                                                            \
    __asm__ volatile("" : PIN(v))
#define CHAINS_OF(V, SET1, FMADD, PIN)                                                             \
    V a = SET1(0.999999f), b = SET1(1e-6f);                                                        \
    V v0 = a, v1 = a, v2 = a, v3 = a, v4 = a, v5 = a, v6 = a, v7 = a, v8 = a, v9 = a;              \
    for (int s = 0; s < STEPS; s++) {                                                              \
        STEP(v0, FMADD, PIN);                                                                      \
        STEP(v1, FMADD, PIN);                                                                      \
        STEP(v2, FMADD, PIN);                                                                      \
        STEP(v3, FMADD, PIN);                                                                      \
        STEP(v4, FMADD, PIN);                                                                      \
        STEP(v5, FMADD, PIN);                                                                      \
        STEP(v6, FMADD, PIN);                                                                      \
        STEP(v7, FMADD, PIN);                                                                      \
        STEP(v8, FMADD, PIN);                                                                      \
        STEP(v9, FMADD, PIN);                                                                      \
    }                                                                                              \
    V sum = v0 + v1 + v2 + v3 + v4 + v5 + v6 + v7 + v8 + v9;                                       \
    return sum[0]

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static float chains_512(void) {
    CHAINS_OF(__m512, _mm512_set1_ps, _mm512_fmadd_ps, "+v");
}
__attribute__((target("avx2,fma"))) static float chains_256(void) {
    CHAINS_OF(__m256, _mm256_set1_ps, _mm256_fmadd_ps, "+x");
}
#define ANY_REGISTER "+x"
#else
#define ANY_REGISTER "+w"
#endif

typedef float v4f __attribute__((vector_size(16)));
static inline v4f set4(float x) { return (v4f){x, x, x, x}; }
static inline v4f multiply_add4(v4f a, v4f b, v4f c) { return a * b + c; }
static float chains_128(void) { CHAINS_OF(v4f, set4, multiply_add4, ANY_REGISTER); }

static volatile float sink;

static void run_chains(void *argument) {
    int lanes = *(int *)argument;
#if defined(__x86_64__)
    sink = lanes == 16 ? chains_512() : lanes == 8 ? chains_256() : chains_128();
#else
    (void)lanes;
    sink = chains_128();
#endif
}

double bench_peak_flops(void) {
    int lanes = 4;
#if defined(__x86_64__)
    lanes = __builtin_cpu_supports("avx512f") ? 16 : __builtin_cpu_supports("avx2") ? 8 : 4;
#endif
    bench_time time = bench_run(run_chains, NULL, &lanes, 15);
    return 2.0 * lanes * CHAINS * (double)STEPS / time.min;
}

static const int64_t BYTES = INT64_C(256) << 20;
static volatile uint64_t whole_sink;

static void read_all(void *argument) {
    const uint64_t *words = argument;
    uint64_t sum[8] = {0};
    for (int64_t i = 0; i < BYTES / 8; i += 8) {
        for (int l = 0; l < 8; l++) {
            sum[l] += words[i + l];
        }
    }
    for (int l = 0; l < 8; l++) {
        whole_sink += sum[l];
    }
}

double bench_peak_bytes(void) {
    void *memory = bench_memory((size_t)BYTES);
    memset(memory, 1, (size_t)BYTES);
    bench_time time = bench_run(read_all, NULL, memory, 9);
    free(memory);
    return (double)BYTES / time.min;
}
