#include "data/moments.h"

#include "base/ahead.h"
#include "base/parallel.h"
#include "kernels/kernels.h"

#include <math.h>

typedef struct partial {
    km_int128 first, second; /* sums of what the pass sums */
    double minimum, maximum;
} partial;

typedef struct pass {
    const struct km_kernels *kernels;
    const double *values;
    int64_t n;
    double unit;  /* first sums: values are less than 2^KM_SUM_BITS of it */
    double scale; /* central sums: u = (x - mean) * scale lies in [-1, 1] */
    double scaled_mean;
    partial *partials; /* one per chunk */
} pass;

enum { CHUNK = 4 * KM_CHUNK_ROWS };

/* u^2 and u^3 are at most 1. */
#define CENTRAL_UNIT 0x1p50

static int64_t chunk_end(const pass *p, int64_t chunk) {
    return (chunk + 1) * CHUNK < p->n ? (chunk + 1) * CHUNK : p->n;
}

/* Values first to first + 63 of a chunk that ends at end: themselves, or, where there are fewer, a copy
 * that is filled up. */
static const double *lanes(const pass *p, int64_t first, int64_t end, double rest, double *copy) {
    if (end - first >= KM_LANES) {
        km_ask_ahead((const char *)(p->values + first) + KM_AHEAD, KM_LANES * sizeof *copy);
        return p->values + first;
    }
    for (int64_t r = 0; r < KM_LANES; r++) {
        copy[r] = r < end - first ? p->values[first + r] : rest;
    }
    return copy;
}

static void find_range(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const pass *p = argument;
    int64_t first = chunk * CHUNK, end = chunk_end(p, chunk);
    double minimum = p->values[first], maximum = minimum, copy[KM_LANES];
    for (; first < end; first += KM_LANES) {
        p->kernels->widen(lanes(p, first, end, minimum, copy), &minimum, &maximum);
    }
    p->partials[chunk].minimum = minimum;
    p->partials[chunk].maximum = maximum;
}

static km_int128 add_wide(const pass *p, km_int128 sum, const double *x, double unit) {
    km_wide more;
    p->kernels->sum_wide(x, unit, &more.high, &more.low);
    return sum + km_wide_fold(more);
}

static void sum_values(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const pass *p = argument;
    int64_t end = chunk_end(p, chunk);
    double copy[KM_LANES];
    km_int128 sum = 0;
    for (int64_t first = chunk * CHUNK; first < end; first += KM_LANES) {
        sum = add_wide(p, sum, lanes(p, first, end, 0, copy), p->unit);
    }
    p->partials[chunk].first = sum;
}

static void sum_central(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const pass *p = argument;
    int64_t end = chunk_end(p, chunk);
    double copy[KM_LANES], squares[KM_LANES], cubes[KM_LANES];
    km_int128 second = 0, third = 0;
    for (int64_t first = chunk * CHUNK; first < end; first += KM_LANES) {
        const double *x = lanes(p, first, end, 0, copy);
        for (int r = 0; r < KM_LANES; r++) {
            double u = x[r] * p->scale - p->scaled_mean;
            squares[r] = u * u;
            cubes[r] = squares[r] * u;
        }
        for (int64_t r = end - first; r < KM_LANES; r++) {
            squares[r] = cubes[r] = 0;
        }
        second = add_wide(p, second, squares, CENTRAL_UNIT);
        third = add_wide(p, third, cubes, CENTRAL_UNIT);
    }
    p->partials[chunk].first = second;
    p->partials[chunk].second = third;
}

/* A sum of those, in units of 1. */
static double in_ones(km_int128 sum, double unit) { return km_int128_double(sum) / 0x1p40 / unit; }

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
    if (isinf(out->minimum) || isinf(out->maximum)) {
        out->mean = out->deviation = out->skew = NAN;
        return KMSEG_OK;
    }
    out->deviation = 0;
    out->skew = 0;
    if (out->minimum == out->maximum) {
        out->mean = out->minimum + 0.0; /* never -0 */
        return KMSEG_OK;
    }
    p->unit = ldexp(1, km_sum_power(fmax(fabs(out->minimum), fabs(out->maximum))));
    KM_TRY(km_parallel(ctx, n_chunks, sum_values, p));
    km_int128 sum = 0;
    for (int64_t c = 0; c < n_chunks; c++) {
        sum += p->partials[c].first;
    }
    out->mean = km_int128_double(sum) / 0x1p40 / n / p->unit;

    p->scale = scale_of_range(out->minimum, out->maximum);
    p->scaled_mean = out->mean * p->scale;
    KM_TRY(km_parallel(ctx, n_chunks, sum_central, p));
    km_int128 squares = 0, cubes = 0;
    for (int64_t c = 0; c < n_chunks; c++) {
        squares += p->partials[c].first;
        cubes += p->partials[c].second;
    }
    double variance = in_ones(squares, CENTRAL_UNIT) / n;
    double deviation = sqrt(variance);
    out->deviation = deviation / p->scale;
    if (deviation > 0) {
        out->skew = in_ones(cubes, CENTRAL_UNIT) / n / (variance * deviation);
    }
    return KMSEG_OK;
}

kmseg_status km_moments_of(kmseg_context *ctx, const double *values, int64_t n, km_moments *out) {
    pass p = {.kernels = ctx->kernels, .values = values, .n = n};
    p.partials = km_allocate_array(&ctx->allocator, km_chunks(n, CHUNK), sizeof *p.partials);
    if (p.partials == NULL) {
        return km_fail_memory(ctx, "the moments of a column");
    }
    kmseg_status status = run_passes(ctx, &p, out);
    km_release(&ctx->allocator, p.partials);
    return status;
}
