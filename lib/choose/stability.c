/* Which clusters come back when other samples are clustered? (Hennig's bootstrap.)
 *
 * Rows that a bootstrap has drawn several times weigh so much in its fit, and count once where the
 * clusters are compared. */
#include "base/each.h"
#include "base/rng.h"
#include "choose/choose.h"

#include <math.h>
#include <string.h>

typedef struct stability_job {
    const km_sample *sample;
    const kmseg_labelling *labellings;
    int32_t n_labellings;
    int32_t k_min, k_max;
    int64_t n_clusters; /* of all labellings together */
    const kmseg_fit_options *fit;
    const kmseg_choose_options *options;
    double *jaccards; /* n_bootstraps x n_clusters; NaN: no row of it was drawn */
} stability_job;

/* A bootstrap in the making: m distinct rows of the sample. */
typedef struct bootstrap {
    int64_t m;
    int64_t *rows;   /* m positions in the sample */
    double *values;  /* m x n_features */
    double *weights; /* m */
    int64_t *shared; /* k_max x k_max: rows of each pair of clusters */
    int64_t *sizes;  /* k_max: of the new clusters */
} bootstrap;

static kmseg_status draw(kmseg_context *ctx, const stability_job *job, int64_t b, km_arena *arena,
                         bootstrap *out) {
    const km_sample *sample = job->sample;
    int64_t n = sample->n, d = sample->n_features, k = job->k_max;
    out->weights = km_arena_array(arena, n, sizeof *out->weights);
    out->rows = km_arena_array(arena, n, sizeof *out->rows);
    out->values = km_arena_array(arena, n * d, sizeof *out->values);
    out->shared = km_arena_array(arena, k * k, sizeof *out->shared);
    out->sizes = km_arena_array(arena, k, sizeof *out->sizes);
    if (out->weights == NULL || out->rows == NULL || out->values == NULL || out->shared == NULL ||
        out->sizes == NULL) {
        return km_fail_memory(ctx, "a bootstrap");
    }
    km_random random = {
        .seed = job->fit->seed, .stage = KM_STAGE_BOOTSTRAP, .substream = (uint32_t)b};
    for (int64_t i = 0; i < n; i++) {
        out->weights[km_next_below(&random, (uint64_t)n)]++;
    }
    for (int64_t i = 0; i < n; i++) {
        if (out->weights[i] > 0) {
            double weight = sample->weights != NULL ? sample->weights[i] : 1;
            memcpy(out->values + out->m * d, sample->values + i * d, (size_t)d * sizeof(double));
            out->rows[out->m] = i;
            out->weights[out->m++] = out->weights[i] * weight;
        }
    }
    return KMSEG_OK;
}

/* The best Jaccard similarity of each cluster with any of the new ones. */
static void compare(const stability_job *job, const bootstrap *drawn,
                    const kmseg_labelling *labelling, const kmseg_model *model, double *out) {
    int64_t k = labelling->n_clusters, fresh = model->n_clusters;
    memset(drawn->shared, 0, (size_t)(k * fresh) * sizeof *drawn->shared);
    memset(drawn->sizes, 0, (size_t)fresh * sizeof *drawn->sizes);
    for (int64_t i = 0; i < drawn->m; i++) {
        int32_t old = labelling->labels[job->sample->rows[drawn->rows[i]]];
        drawn->shared[old * fresh + model->labels[i]]++;
        drawn->sizes[model->labels[i]]++;
    }
    for (int64_t c = 0; c < k; c++) {
        int64_t size = 0;
        double best = 0;
        for (int64_t f = 0; f < fresh; f++) {
            size += drawn->shared[c * fresh + f];
        }
        for (int64_t f = 0; f < fresh && size > 0; f++) {
            int64_t both = drawn->shared[c * fresh + f];
            best = fmax(best, (double)both / (double)(size + drawn->sizes[f] - both));
        }
        out[c] = size > 0 ? best : NAN;
    }
}

static kmseg_status refit(kmseg_context *ctx, const stability_job *job, int64_t b,
                          const bootstrap *drawn, double *out) {
    int32_t k_max = drawn->m < job->k_max ? (int32_t)drawn->m : job->k_max;
    int32_t k_min = k_max < job->k_min ? k_max : job->k_min;
    uint64_t seed = km_random_u64(job->fit->seed, KM_STAGE_BOOTSTRAP, UINT64_MAX, (uint32_t)b);
    kmseg_sweep_result *sweep;
    KM_TRY(km_sample_sweep(ctx, drawn->values, drawn->weights, drawn->m, job->sample->n_features,
                           k_min, k_max, job->fit, job->options, seed, &sweep));
    for (int32_t l = 0; l < job->n_labellings; l++) {
        int32_t k = job->labellings[l].n_clusters;
        compare(job, drawn, &job->labellings[l], sweep->models[(k < k_max ? k : k_max) - k_min],
                out);
        out += k;
    }
    kmseg_sweep_free(sweep);
    return KMSEG_OK;
}

static kmseg_status one_bootstrap(kmseg_context *ctx, void *argument, int64_t b) {
    stability_job *job = argument;
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    bootstrap drawn = {0};
    kmseg_status status = draw(ctx, job, b, &arena, &drawn);
    if (status == KMSEG_OK) {
        status = refit(ctx, job, b, &drawn, job->jaccards + b * job->n_clusters);
    }
    km_arena_free(&arena);
    return status;
}

static void conclude(const stability_job *job, double *out) {
    for (int64_t c = 0; c < job->n_clusters; c++) {
        double sum = 0;
        int32_t n = 0;
        for (int32_t b = 0; b < job->options->n_bootstraps; b++) {
            double jaccard = job->jaccards[b * job->n_clusters + c];
            if (!isnan(jaccard)) {
                sum += jaccard;
                n++;
            }
        }
        out[c] = n > 0 ? sum / n : NAN;
    }
}

static kmseg_status stability(kmseg_context *ctx, stability_job *job, km_arena *arena,
                              double *out) {
    int64_t n = job->options->n_bootstraps;
    job->jaccards = km_arena_array(arena, n * job->n_clusters, sizeof *job->jaccards);
    if (job->jaccards == NULL) {
        return km_fail_memory(ctx, "the stability of clusters");
    }
    km_progress_begin(ctx, "stability", n);
    kmseg_status status = km_each(ctx, n, one_bootstrap, job);
    km_progress_end(ctx);
    if (status == KMSEG_OK) {
        conclude(job, out);
    }
    return status;
}

static kmseg_status check(kmseg_context *ctx, const kmseg_tiles *tiles, stability_job *job) {
    KM_TRY(km_choose_check(ctx, job->fit, job->options));
    if (job->n_labellings < 1 || job->options->n_bootstraps < 1) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "a stability of %d labellings by %d bootstraps; both need to be at least 1",
                       job->n_labellings, job->options->n_bootstraps);
    }
    job->k_min = INT32_MAX;
    for (int32_t l = 0; l < job->n_labellings; l++) {
        const kmseg_labelling *labelling = &job->labellings[l];
        for (int64_t i = 0; i < tiles->n_samples; i++) {
            if (labelling->labels[i] < 0 || labelling->labels[i] >= labelling->n_clusters) {
                return km_fail(ctx, KMSEG_E_ARGUMENT,
                               "label %d in row %lld (from 0); it needs to be between 0 and %d",
                               labelling->labels[i], (long long)i, labelling->n_clusters - 1);
            }
        }
        job->n_clusters += labelling->n_clusters;
        job->k_min = labelling->n_clusters < job->k_min ? labelling->n_clusters : job->k_min;
        job->k_max = labelling->n_clusters > job->k_max ? labelling->n_clusters : job->k_max;
    }
    return KMSEG_OK;
}

kmseg_status kmseg_stability(kmseg_context *ctx, const kmseg_tiles *tiles,
                             const kmseg_labelling *labellings, int32_t n_labellings,
                             const kmseg_fit_options *fit, const kmseg_choose_options *options,
                             double *out) {
    stability_job job = {
        .labellings = labellings, .n_labellings = n_labellings, .fit = fit, .options = options};
    KM_TRY(check(ctx, tiles, &job));
    km_arena arena;
    km_arena_init(&arena, &ctx->allocator);
    km_sample sample;
    kmseg_status status =
        km_sample_draw(ctx, tiles, options->choose_samples, fit->seed, &arena, &sample);
    if (status == KMSEG_OK) {
        job.sample = &sample;
        status = stability(ctx, &job, &arena, out);
    }
    km_arena_free(&arena);
    return status;
}

const char *kmseg_stability_word(double jaccard) {
    return isnan(jaccard)    ? ""
           : jaccard >= 0.85 ? "stable"
           : jaccard >= 0.75 ? "valid"
           : jaccard >= 0.6  ? "pattern"
                             : "unstable";
}
