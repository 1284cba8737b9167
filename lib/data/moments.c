#include "data/moments.h"

#include "base/parallel.h"

#include <math.h>

typedef struct partial {
    km_int128 first, second; /* sums of what the pass sums */
    double minimum, maximum;
} partial;

typedef struct pass {
    const double *values;
    int64_t n;
    km_fixed fixed; /* first sums */
    double scale;   /* central sums: u = (x - mean) * scale lies in [-1, 1] */
    double scaled_mean;
    partial *partials; /* one per chunk */
} pass;

enum { CHUNK = 4 * KM_CHUNK_ROWS };

static int64_t chunk_end(const pass *p, int64_t chunk) {
    return (chunk + 1) * CHUNK < p->n ? (chunk + 1) * CHUNK : p->n;
}

static void find_range(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const pass *p = argument;
    double minimum = p->values[chunk * CHUNK], maximum = minimum;
    for (int64_t i = chunk * CHUNK; i < chunk_end(p, chunk); i++) {
        double x = p->values[i];
        minimum = x < minimum ? x : minimum;
        maximum = x > maximum ? x : maximum;
    }
    p->partials[chunk].minimum = minimum;
    p->partials[chunk].maximum = maximum;
}

static void sum_values(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const pass *p = argument;
    km_int128 sum = 0;
    for (int64_t i = chunk * CHUNK; i < chunk_end(p, chunk); i++) {
        sum += km_fixed_of(p->fixed, p->values[i]);
    }
    p->partials[chunk].first = sum;
}

static void sum_central(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const pass *p = argument;
    km_int128 squares = 0, cubes = 0;
    for (int64_t i = chunk * CHUNK; i < chunk_end(p, chunk); i++) {
        double u = p->values[i] * p->scale - p->scaled_mean;
        double square = u * u;
        squares += (int64_t)(square * 0x1p62);
        cubes += (int64_t)(square * u * 0x1p62);
    }
    p->partials[chunk].first = squares;
    p->partials[chunk].second = cubes;
}

/* Largest power of two that brings the range into [-1, 1], with a bit to spare for rounding. */
static double scale_of_range(double minimum, double maximum) {
    int exponent;
    (void)frexp(maximum / 2 - minimum / 2, &exponent); /* half the range < 2^exponent */
    int power = -exponent - 2;
    return ldexp(1, power < 1023 ? power : 1023);
}

static kmseg_status run_passes(kmseg_context *ctx, pass *p, km_moments *out) {
    int64_t n_chunks = km_chunks(p->n, CHUNK);
    double n = (double)p->n;
    KM_TRY(km_parallel(ctx, n_chunks, find_range, p));
    out->minimum = p->partials[0].minimum;
    out->maximum = p->partials[0].maximum;
    for (int64_t c = 1; c < n_chunks; c++) {
        out->minimum = fmin(out->minimum, p->partials[c].minimum);
        out->maximum = fmax(out->maximum, p->partials[c].maximum);
    }
    out->deviation = 0;
    out->skew = 0;
    if (out->minimum == out->maximum) {
        out->mean = out->minimum + 0.0; /* never -0 */
        return KMSEG_OK;
    }
    p->fixed = km_fixed_for(fmax(fabs(out->minimum), fabs(out->maximum)));
    KM_TRY(km_parallel(ctx, n_chunks, sum_values, p));
    km_int128 sum = 0;
    for (int64_t c = 0; c < n_chunks; c++) {
        sum += p->partials[c].first;
    }
    out->mean = km_int128_double(sum) / n / p->fixed.scale;

    p->scale = scale_of_range(out->minimum, out->maximum);
    p->scaled_mean = out->mean * p->scale;
    KM_TRY(km_parallel(ctx, n_chunks, sum_central, p));
    km_int128 squares = 0, cubes = 0;
    for (int64_t c = 0; c < n_chunks; c++) {
        squares += p->partials[c].first;
        cubes += p->partials[c].second;
    }
    double variance = km_int128_double(squares) / 0x1p62 / n;
    double deviation = sqrt(variance);
    out->deviation = deviation / p->scale;
    if (deviation > 0) {
        out->skew = km_int128_double(cubes) / 0x1p62 / n / (variance * deviation);
    }
    return KMSEG_OK;
}

kmseg_status km_moments_of(kmseg_context *ctx, const double *values, int64_t n, km_moments *out) {
    pass p = {.values = values, .n = n};
    p.partials = km_allocate_array(&ctx->allocator, km_chunks(n, CHUNK), sizeof *p.partials);
    if (p.partials == NULL) {
        return km_fail_memory(ctx, "the moments of a column");
    }
    kmseg_status status = run_passes(ctx, &p, out);
    km_release(&ctx->allocator, p.partials);
    return status;
}
