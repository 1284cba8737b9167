/* The gap statistic: inertia against that of uniform data.
 *
 * Tibshirani's W_k, the sum over clusters of all pairwise squared distances over twice the size, is
 * the inertia. References are drawn in the coordinates of their box: k-means sees distances alone, so
 * they need not be turned back. */
#include "base/each.h"
#include "base/rng.h"
#include "choose/choose.h"

#include <math.h>
#include <string.h>

typedef struct gap_job {
    const km_sample *sample;
    km_box box;
    int32_t k_max;
    const kmseg_fit_options *fit;
    const kmseg_choose_options *options;
    double *logs; /* (n_references + 1) x k_max; the first are those of the sample */
} gap_job;

static void draw_reference(const gap_job *job, int64_t reference, double *values) {
    int64_t d = job->sample->n_features;
    for (int64_t i = 0; i < job->sample->n * d; i++) {
        double u =
            km_random_uniform(job->fit->seed, KM_STAGE_REFERENCE, (uint64_t)i, (uint32_t)reference);
        values[i] = job->box.low[i % d] + u * (job->box.high[i % d] - job->box.low[i % d]);
    }
}

static kmseg_status measure(kmseg_context *ctx, gap_job *job, int64_t i, const double *values) {
    const km_sample *sample = job->sample;
    /* Starts of a reference have random numbers of their own, beyond those of its values. */
    uint64_t seed = km_random_u64(job->fit->seed, KM_STAGE_REFERENCE, UINT64_MAX, (uint32_t)i);
    kmseg_sweep_result *sweep;
    KM_TRY(km_sample_sweep(ctx, values, sample->weights, sample->n, sample->n_features, 1,
                           job->k_max, job->fit, job->options, seed, &sweep));
    for (int32_t k = 0; k < job->k_max; k++) {
        job->logs[i * job->k_max + k] = log(sweep->models[k]->inertia);
    }
    kmseg_sweep_free(sweep);
    return KMSEG_OK;
}

/* Piece 0 is the sample itself. */
static kmseg_status one_data_set(kmseg_context *ctx, void *argument, int64_t i) {
    gap_job *job = argument;
    if (i == 0) {
        return measure(ctx, job, i, job->sample->values);
    }
    int64_t n = job->sample->n * job->sample->n_features;
    double *values = km_allocate_array(&ctx->allocator, n, sizeof *values);
    if (values == NULL) {
        return km_fail_memory(ctx, "a reference of the gap statistic");
    }
    draw_reference(job, i, values);
    kmseg_status status = measure(ctx, job, i, values);
    km_release(&ctx->allocator, values);
    return status;
}

static void conclude(const gap_job *job, kmseg_gap *out) {
    int32_t n = job->options->n_references;
    for (int32_t k = 0; k < job->k_max; k++) {
        const double *logs = job->logs + k;
        double sum = 0, squares = 0;
        for (int32_t b = 1; b <= n; b++) {
            sum += logs[(int64_t)b * job->k_max];
        }
        double mean = sum / n;
        for (int32_t b = 1; b <= n; b++) {
            double away = logs[(int64_t)b * job->k_max] - mean;
            squares += away * away;
        }
        out[k] = (kmseg_gap){.n_clusters = k + 1,
                             .log_inertia = logs[0],
                             .expected = mean,
                             .gap = mean - logs[0],
                             .error = sqrt(squares / n) * sqrt(1 + 1.0 / n)};
    }
}

static kmseg_status gap(kmseg_context *ctx, gap_job *job, km_arena *arena, kmseg_gap *out) {
    int along_axes = strcmp(job->options->reference, "principal") == 0;
    int64_t n = job->options->n_references + 1;
    KM_TRY(km_box_of(ctx, job->sample, along_axes, arena, &job->box));
    double largest = 0;
    for (int32_t j = 0; j < job->sample->n_features; j++) {
        largest = fmax(largest, job->box.high[j] - job->box.low[j]);
    }
    if (!(largest > 0)) {
        return km_fail(ctx, KMSEG_E_DATA,
                       "all rows are equal; a gap statistic needs some that differ");
    }
    job->logs = km_arena_array(arena, n * job->k_max, sizeof *job->logs);
    if (job->logs == NULL) {
        return km_fail_memory(ctx, "the gap statistic");
    }
    km_progress_begin(ctx, "gap statistic", n);
    kmseg_status status = km_each(ctx, n, one_data_set, job);
    km_progress_end(ctx);
    if (status == KMSEG_OK) {
        conclude(job, out);
    }
    return status;
}

kmseg_status kmseg_gap_statistic(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t k_max,
                                 const kmseg_fit_options *fit, const kmseg_choose_options *options,
                                 kmseg_gap *out, int32_t *out_n) {
    *out_n = 0;
    KM_TRY(km_choose_check(ctx, fit, options));
    if (k_max < 1 || options->n_references < 1) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "a gap statistic of %d clusters and %d references; both need to be at least "
                       "1",
                       k_max, options->n_references);
    }
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_sample sample;
    kmseg_status status =
        km_sample_draw(ctx, tiles, options->choose_samples, fit->seed, &arena, &sample);
    if (status == KMSEG_OK) {
        int32_t most = sample.n > k_max ? k_max : sample.n > 1 ? (int32_t)sample.n - 1 : 1;
        gap_job job = {.sample = &sample, .k_max = most, .fit = fit, .options = options};
        status = gap(ctx, &job, &arena, out);
        *out_n = status == KMSEG_OK ? most : 0;
    }
    km_arena_free(&arena);
    return status;
}

int32_t kmseg_gap_choice(const kmseg_gap *gaps, int32_t n) {
    for (int32_t k = 0; k + 1 < n; k++) {
        if (gaps[k].gap >= gaps[k + 1].gap - gaps[k + 1].error) {
            return gaps[k].n_clusters;
        }
    }
    return 0;
}
