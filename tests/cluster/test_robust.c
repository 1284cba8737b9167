/* What a fit does when memory runs out, when it is cancelled, in a child process and beside another
 * fit. */
#include "base/rng.h"
#include "support/failing.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 10000, D = 3, K = 6 };

static double x[N * D], weights[N];

static void make_samples(void) {
    for (int64_t i = 0; i < N * D; i++) {
        x[i] = km_random_normal(21, KM_STAGE_TEST, (uint64_t)i, 0);
    }
    for (int64_t i = 0; i < N; i++) {
        weights[i] = i % 5 ? km_random_uniform(21, KM_STAGE_TEST, (uint64_t)i, 1) : 0;
    }
}

static kmseg_fit_options few_iterations(void) {
    kmseg_fit_options options;
    kmseg_fit_options_init(&options);
    options.n_clusters = K;
    options.n_init = 3;
    options.max_iter = 4;
    return options;
}

/* Restarts go on together, but not all to the same iteration. */
static kmseg_fit_options until_settled(void) {
    kmseg_fit_options options = few_iterations();
    options.max_iter = 300;
    options.tol = 0;
    return options;
}

static kmseg_status tiles_of_samples(kmseg_context *ctx, const double *sample_weight,
                                     kmseg_tiles **out) {
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, N, D);
    return kmseg_tiles_new(ctx, &matrix, sample_weight, NULL, out);
}

static kmseg_model *fit_with(kmseg_context *ctx, kmseg_fit_options options) {
    kmseg_tiles *tiles;
    OK(ctx, tiles_of_samples(ctx, NULL, &tiles));
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    kmseg_tiles_free(tiles);
    return model;
}

static kmseg_model *fit(kmseg_context *ctx) { return fit_with(ctx, few_iterations()); }

static void assert_equal(const kmseg_model *a, const kmseg_model *b) {
    cr_assert_arr_eq(a->labels, b->labels, N * sizeof *a->labels);
    cr_assert_arr_eq(a->centroids, b->centroids, K * D * sizeof *a->centroids);
    cr_assert_eq(a->inertia, b->inertia);
}

/* Everything that clusters and scores, from columns (which are copied) and weights. */
static kmseg_status fit_and_predict(kmseg_context *ctx, void *init) {
    kmseg_matrix columns = {x, KMSEG_FLOAT64, 200, D, 1, 200};
    kmseg_tiles *tiles = NULL;
    kmseg_model *model = NULL;
    kmseg_fit_options options = few_iterations();
    double far[K * D] = {0};
    far[K * D - 1] = 1e6; /* its cluster is empty, and filled */
    options.init = init;
    options.init_centroids = strcmp(init, "given") == 0 ? far : NULL;
    int32_t labels[200];
    kmseg_status status = kmseg_tiles_new(ctx, &columns, weights, NULL, &tiles);
    cr_assert((tiles == NULL) == (status != KMSEG_OK));
    if (status == KMSEG_OK) {
        status = kmseg_fit(ctx, tiles, &options, &model);
        cr_assert((model == NULL) == (status != KMSEG_OK));
    }
    if (status == KMSEG_OK) {
        status = kmseg_predict(ctx, &columns, model->centroids, K, labels, NULL, NULL, NULL);
    }
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    return status;
}

Test(memory, a_fit_survives_every_refused_request)
{
    make_samples();
    const char *const inits[] = {"k-means++", "random", "given"};
    for (size_t i = 0; i < 3; i++) {
        fails_cleanly(fit_and_predict, (void *)(uintptr_t)inits[i]);
    }
}

/* Restarts that do not run on all samples one by one. */
typedef struct shortcut {
    const double *sample_weight;
    int32_t coreset_size;
    int is_coreset; /* else different samples */
} shortcut;

static kmseg_status fit_shortcut(kmseg_context *ctx, void *argument) {
    const shortcut *how = argument;
    kmseg_tiles *tiles = NULL;
    kmseg_model *model = NULL;
    kmseg_fit_options options = few_iterations();
    options.coreset_size = how->coreset_size;
    kmseg_status status = tiles_of_samples(ctx, how->sample_weight, &tiles);
    if (status == KMSEG_OK) {
        status = kmseg_fit(ctx, tiles, &options, &model);
        cr_assert((model == NULL) == (status != KMSEG_OK));
        cr_assert(model == NULL || (model->n_coreset > 0) == how->is_coreset);
        cr_assert(model == NULL || (model->n_distinct > 0) == !how->is_coreset);
    }
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    return status;
}

Test(memory, a_fit_from_a_coreset_survives_every_refused_request)
{
    make_samples();
    fails_cleanly(fit_shortcut, &(shortcut){weights, 64 * K, 1});
}

/* make_samples() and this leave at most 1000 different ones of N. */
static void make_equals(void) {
    make_samples();
    for (int64_t i = 0; i < N * D; i++) {
        x[i] = nearbyint(2 * fmin(fmax(x[i], -2), 2));
    }
}

Test(memory, a_fit_of_different_samples_survives_every_refused_request)
{
    make_equals();
    fails_cleanly(fit_shortcut, &(shortcut){NULL, 1 << 16, 0});
    fails_cleanly(fit_shortcut, &(shortcut){weights, 1 << 16, 0});
}

typedef struct shown {
    int64_t last, total;
    int32_t calls;
} shown;

static void note_progress(void *user, const char *stage, int64_t done, int64_t total) {
    shown *s = user;
    cr_assert_str_eq(stage, "clustering");
    cr_assert(done >= s->last && done <= total);
    cr_assert(s->total == 0 || s->total == total);
    *s = (shown){done, total, s->calls + 1};
}

Test(progress, of_a_single_restart_is_shown_for_every_centroid_and_iteration)
{
    make_samples();
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_tiles *tiles;
    OK(ctx, tiles_of_samples(ctx, NULL, &tiles));
    shown s = {0};
    kmseg_context_set_progress(ctx, note_progress, &s);
    kmseg_fit_options options = few_iterations();
    options.n_init = 1;
    options.max_iter = 20;
    kmseg_model *model;
    OK(ctx, kmseg_fit(ctx, tiles, &options, &model));
    cr_assert_geq(s.calls, K + model->n_iter);
    cr_assert_eq(s.last, s.total);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Cancels after so many calls of the progress function. */
typedef struct cancelling {
    kmseg_context *ctx;
    int32_t calls, cancel_at;
} cancelling;

static void count_and_cancel(void *user, const char *stage, int64_t done, int64_t total) {
    (void)stage;
    (void)done;
    (void)total;
    cancelling *c = user;
    if (c->calls++ == c->cancel_at) {
        kmseg_cancel(c->ctx);
    }
}

static kmseg_fit_options from_coreset(void) {
    kmseg_fit_options options = until_settled();
    options.coreset_size = 64 * K;
    return options;
}

/* Cancelled at every point where progress is shown, a fit gives nothing or a whole model, and the
 * context works again afterwards. */
static void cancel_everywhere(kmseg_fit_options (*which)(void)) {
    test_memory memory = {0};
    kmseg_context_options context_options;
    kmseg_context_options_init(&context_options);
    context_options.n_threads = 1;
    context_options.allocator = test_allocator(&memory);
    cancelling c = {0};
    context_options.progress = count_and_cancel;
    context_options.progress_user = &c;
    OK(NULL, kmseg_context_new(&context_options, &c.ctx));
    c.cancel_at = -1;
    kmseg_model *whole = fit_with(c.ctx, which());
    int32_t n_calls = c.calls, n_partial = 0;
    kmseg_tiles *tiles;
    OK(c.ctx, tiles_of_samples(c.ctx, NULL, &tiles));
    int64_t held = memory.n_held;
    for (int32_t at = 0; at < n_calls; at++) {
        c.calls = 0;
        c.cancel_at = at;
        kmseg_fit_options options = which();
        kmseg_model *model;
        kmseg_status status = kmseg_fit(c.ctx, tiles, &options, &model);
        if (status == KMSEG_OK && model->stop_reason == KMSEG_STOP_CANCELLED) {
            n_partial++;
            double inertia;
            kmseg_cancel_clear(c.ctx);
            OK(c.ctx, kmseg_inertia(c.ctx, tiles, model->labels, model->centroids, K, &inertia));
            cr_assert_eq(inertia, model->inertia);
            cr_assert(inertia >= whole->inertia);
        } else if (status == KMSEG_OK) { /* after the last restart */
            assert_equal(model, whole);
        } else {
            cr_assert_eq(status, KMSEG_E_CANCELLED);
            cr_assert_null(model);
        }
        kmseg_model_free(model);
        cr_assert_eq(memory.n_held, held, "cancelled at call %d", at);
        kmseg_cancel_clear(c.ctx);
    }
    cr_assert_gt(n_partial, 0);
    c.cancel_at = -1;
    kmseg_model *again = fit_with(c.ctx, which());
    assert_equal(again, whole);
    kmseg_model_free(again);
    kmseg_model_free(whole);
    kmseg_tiles_free(tiles);
    kmseg_context_free(c.ctx);
    cr_assert_eq(memory.n_held, 0);
}

Test(cancel, from_the_progress_function_leaves_nothing_or_a_whole_model)
{
    make_samples();
    cancel_everywhere(until_settled);
}

Test(cancel, on_a_coreset_or_behind_it_leaves_nothing_or_a_whole_model)
{
    make_samples();
    cancel_everywhere(from_coreset);
}

Test(cancel, on_different_samples_leaves_nothing_or_a_whole_model)
{
    make_equals();
    cancel_everywhere(until_settled);
}

Test(cancel, before_a_call_every_function_says_so)
{
    make_samples();
    kmseg_context *ctx = test_context(2, NULL);
    kmseg_model *model = fit(ctx);
    kmseg_tiles *tiles, *none;
    OK(ctx, tiles_of_samples(ctx, NULL, &tiles));
    kmseg_cancel(ctx);
    kmseg_fit_options options = few_iterations();
    kmseg_model *no_model;
    double value;
    kmseg_matrix matrix = kmseg_matrix_view(x, KMSEG_FLOAT64, N, D);
    int32_t *labels = malloc(N * sizeof *labels);
    FAILS(ctx, KMSEG_E_CANCELLED, tiles_of_samples(ctx, NULL, &none), "cancelled");
    cr_assert_null(none);
    FAILS(ctx, KMSEG_E_CANCELLED, kmseg_fit(ctx, tiles, &options, &no_model), "cancelled");
    cr_assert_null(no_model);
    FAILS(ctx, KMSEG_E_CANCELLED,
          kmseg_predict(ctx, &matrix, model->centroids, K, labels, NULL, NULL, NULL), "cancelled");
    FAILS(ctx, KMSEG_E_CANCELLED, kmseg_silhouette(ctx, tiles, model->labels, K, &value, NULL),
          "cancelled");
    free(labels);
    kmseg_cancel_clear(ctx);
    kmseg_model *again = fit(ctx);
    assert_equal(again, model);
    kmseg_model_free(again);
    kmseg_model_free(model);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* Asks another thread's fit to stop, over and over, at any time. */
static void *cancel_now_and_then(void *argument) {
    for (int i = 0; i < 200; i++) {
        usleep(500);
        kmseg_cancel(argument);
    }
    return NULL;
}

Test(cancel, from_another_thread_leaves_nothing_or_a_whole_model)
{
    make_samples();
    kmseg_context *ctx = test_context(3, NULL);
    kmseg_model *whole = fit(ctx);
    kmseg_tiles *tiles;
    OK(ctx, tiles_of_samples(ctx, NULL, &tiles));
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, cancel_now_and_then, ctx), 0);
    for (int i = 0; i < 100; i++) {
        kmseg_fit_options options = few_iterations();
        kmseg_model *model;
        kmseg_status status = kmseg_fit(ctx, tiles, &options, &model);
        kmseg_cancel_clear(ctx);
        cr_assert(status == KMSEG_OK || status == KMSEG_E_CANCELLED);
        cr_assert((model == NULL) == (status != KMSEG_OK));
        if (model != NULL && model->stop_reason != KMSEG_STOP_CANCELLED) {
            assert_equal(model, whole);
        }
        kmseg_model_free(model);
    }
    pthread_join(thread, NULL);
    kmseg_model_free(whole);
    kmseg_tiles_free(tiles);
    kmseg_context_free(ctx);
}

/* libgomp's threads do not exist in a child. */
Test(process, a_child_of_a_process_that_has_fitted_fits_as_well, .timeout = 60)
{
    make_samples();
    kmseg_context *ctx = test_context(4, NULL);
    kmseg_model *model = fit(ctx);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        alarm(30);
        kmseg_context *own = test_context(4, NULL);
        kmseg_model *first = fit(ctx), *second = fit(own);
        int same = memcmp(first->labels, model->labels, N * sizeof *model->labels) == 0 &&
                   memcmp(second->labels, model->labels, N * sizeof *model->labels) == 0;
        _exit(same ? 0 : 1);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
    kmseg_model_free(model);
    kmseg_context_free(ctx);
}

typedef struct side {
    const char *kernels;
    kmseg_model *model;
} side;

static void *fit_ten_times(void *argument) {
    side *s = argument;
    kmseg_context *ctx = test_context(3, s->kernels);
    for (int i = 0; i < 10; i++) {
        kmseg_model_free(s->model);
        s->model = fit(ctx);
    }
    kmseg_context_free(ctx);
    return NULL;
}

Test(process, two_threads_with_a_context_each_do_not_meet, .timeout = 120)
{
    make_samples();
    for (int32_t i = 0; kmseg_kernels_name(i) != NULL; i++) {
        if (!kmseg_kernels_available(kmseg_kernels_name(i))) {
            continue;
        }
        side sides[2] = {{kmseg_kernels_name(i), NULL}, {NULL, NULL}};
        pthread_t threads[2];
        for (int t = 0; t < 2; t++) {
            cr_assert_eq(pthread_create(&threads[t], NULL, fit_ten_times, &sides[t]), 0);
        }
        for (int t = 0; t < 2; t++) {
            pthread_join(threads[t], NULL);
        }
        assert_equal(sides[0].model, sides[1].model);
        kmseg_model_free(sides[0].model);
        kmseg_model_free(sides[1].model);
    }
}

/* More threads than chunks, and than CPUs. */
Test(process, any_number_of_threads_will_do)
{
    make_samples();
    kmseg_context *one = test_context(1, NULL), *many = test_context(50, NULL);
    kmseg_model *a = fit(one), *b = fit(many);
    assert_equal(a, b);
    kmseg_model_free(a);
    kmseg_model_free(b);
    kmseg_context_free(one);
    kmseg_context_free(many);
}
