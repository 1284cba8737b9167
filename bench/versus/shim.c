/* kmseg for bench/versus, which calls it from Python: flat functions over the public headers, so that
 * the structs are the compiler's business. What a peer is given, this is given: a row-major float32
 * matrix; the time runs from there to labels and centroids, tiles built and freed included. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#define VERSUS_API __attribute__((visibility("default")))

/* bench/versus/kmseg_ctypes.py has the same three structs, field by field. */
typedef struct versus_job {
    const float *values; /* n_samples x n_features */
    int64_t n_samples;
    int32_t n_features, n_clusters;
    const double *start; /* n_clusters x n_features, or NULL: drawn by k-means++ */
    int32_t n_init, max_iter;
    double tol;
    uint64_t seed;
    int32_t tile_dtype;    /* of kmseg_tiles_options; 0: the library's choice */
    const char *algorithm; /* NULL: the library's choice */
    int32_t coreset_size;  /* below 0: the library's choice */
} versus_job;

typedef struct versus_info {
    double seconds;       /* all of it */
    double seconds_tiles; /* parts of it: building tiles, */
    double seconds_init;  /* choosing first centroids, */
    double seconds_iterate;
    double seconds_finish;
    int32_t n_iter;
    int32_t stop_reason;
    double inertia;
    double first_inertia; /* of the first labels with their own means */
    int64_t n_rechecked;
} versus_info;

VERSUS_API kmseg_context *versus_context(int32_t n_threads, const char *kernels) {
    kmseg_context_options options;
    kmseg_context_options_init(&options);
    options.n_threads = n_threads;
    options.kernels = kernels;
    kmseg_context *ctx = NULL;
    return kmseg_context_new(&options, &ctx) == KMSEG_OK ? ctx : NULL;
}

VERSUS_API void versus_context_free(kmseg_context *ctx) { kmseg_context_free(ctx); }
VERSUS_API const char *versus_error(const kmseg_context *ctx) { return kmseg_last_error(ctx); }
VERSUS_API const char *versus_kernels(const kmseg_context *ctx) {
    return kmseg_context_kernels(ctx);
}
VERSUS_API const char *versus_version(void) { return kmseg_version(); }
VERSUS_API const char *versus_kernels_name(int32_t i) { return kmseg_kernels_name(i); }
VERSUS_API int32_t versus_kernels_available(const char *name) {
    return kmseg_kernels_available(name);
}
VERSUS_API double versus_peak_flops(void) { return bench_peak_flops(); }
VERSUS_API double versus_peak_bytes(void) { return bench_peak_bytes(); }

static kmseg_status make_tiles(kmseg_context *ctx, const versus_job *job, kmseg_tiles **out) {
    kmseg_matrix matrix =
        kmseg_matrix_view(job->values, KMSEG_FLOAT32, job->n_samples, job->n_features);
    kmseg_tiles_options options;
    kmseg_tiles_options_init(&options);
    if (job->tile_dtype != 0) {
        options.dtype = (kmseg_dtype)job->tile_dtype;
    }
    return kmseg_tiles_new(ctx, &matrix, NULL, &options, out);
}

static void set_options(const versus_job *job, kmseg_fit_options *options) {
    kmseg_fit_options_init(options);
    options->n_clusters = job->n_clusters;
    options->n_init = job->n_init;
    options->max_iter = job->max_iter;
    options->tol = job->tol;
    options->seed = job->seed;
    if (job->algorithm != NULL) {
        options->algorithm = job->algorithm;
    }
    if (job->coreset_size >= 0) {
        options->coreset_size = job->coreset_size;
    }
    if (job->start != NULL) {
        options->init = "given";
        options->init_centroids = job->start;
    }
}

/* One fit. The model holds labels and centroids; free it with versus_model_free(). */
VERSUS_API int32_t versus_fit(kmseg_context *ctx, const versus_job *job, versus_info *info,
                              kmseg_model **out) {
    kmseg_fit_options options;
    set_options(job, &options);
    memset(info, 0, sizeof *info);
    *out = NULL;
    double begin = bench_clock();
    kmseg_tiles *tiles = NULL;
    kmseg_status status = make_tiles(ctx, job, &tiles);
    info->seconds_tiles = bench_clock() - begin;
    if (status == KMSEG_OK) {
        status = kmseg_fit(ctx, tiles, &options, out);
    }
    kmseg_tiles_free(tiles);
    info->seconds = bench_clock() - begin;
    if (status == KMSEG_OK) {
        const kmseg_model *model = *out;
        info->seconds_init = model->seconds_init;
        info->seconds_iterate = model->seconds_iterate;
        info->seconds_finish = model->seconds_finish;
        info->n_iter = model->n_iter;
        info->stop_reason = (int32_t)model->stop_reason;
        info->inertia = model->inertia;
        info->first_inertia = model->history[0];
        info->n_rechecked = model->n_rechecked;
    }
    return (int32_t)status;
}

VERSUS_API const int32_t *versus_labels(const kmseg_model *model) { return model->labels; }
VERSUS_API const double *versus_centroids(const kmseg_model *model) { return model->centroids; }
VERSUS_API void versus_model_free(kmseg_model *model) { kmseg_model_free(model); }

/* Every k from the job's n_clusters to last_k, n_init restarts each. inertias has a number per k;
 * n_iter is that of the kept restarts together. */
VERSUS_API int32_t versus_sweep(kmseg_context *ctx, const versus_job *job, int32_t last_k,
                                double *inertias, versus_info *info) {
    kmseg_fit_options options;
    set_options(job, &options);
    memset(info, 0, sizeof *info);
    double begin = bench_clock();
    kmseg_tiles *tiles = NULL;
    kmseg_sweep_result *result = NULL;
    kmseg_status status = make_tiles(ctx, job, &tiles);
    info->seconds_tiles = bench_clock() - begin;
    if (status == KMSEG_OK) {
        status = kmseg_sweep(ctx, tiles, job->n_clusters, last_k, &options, &result);
    }
    kmseg_tiles_free(tiles);
    info->seconds = bench_clock() - begin;
    for (int32_t i = 0; result != NULL && i < result->n_models; i++) {
        inertias[i] = result->models[i]->inertia;
        info->n_iter += result->models[i]->n_iter;
    }
    kmseg_sweep_free(result);
    return (int32_t)status;
}
