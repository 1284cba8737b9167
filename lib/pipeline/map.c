/* The map: principal components of the prepared rows, and some customers on them.
 *
 * Customers are drawn by the hash of their id, so neither their order nor threads change the map; they
 * are prepared once more, which gives the values of the fit bit for bit, and keeps the samples
 * themselves from being held until the ids are there. */
#include "base/parallel.h"
#include "base/rng.h"
#include "data/eigen.h"
#include "data/table.h"
#include "kernels/kernels.h"
#include "pipeline/pipeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 50000, LEAST_ROWS = 2000, MOST_POINTS = 2000, MOST_PRODUCTS = 400000000 };

/* A customer that may be drawn; those of the lowest numbers are. */
typedef struct ticket {
    uint64_t number;
    int64_t sample;
} ticket;

typedef struct draw_job {
    const km_kernels *kernels;
    const char *const *ids;
    int64_t n_samples;
    uint64_t seed, limit; /* numbers up to it are kept */
    ticket *tickets;
    int64_t capacity, n; /* n may pass the capacity: then the limit was too high */
} draw_job;

/* FNV-1a (Fowler, Noll, Vo); Philox behind it spreads what it leaves alike. */
static uint64_t hash_text(const char *text) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        hash = (hash ^ *c) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void draw_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    draw_job *job = argument;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < job->n_samples ? end : job->n_samples;
    for (int64_t first = chunk * KM_CHUNK_ROWS; first < end; first += KM_LANES) {
        int64_t n = end - first < KM_LANES ? end - first : KM_LANES;
        uint64_t hashes[KM_LANES] = {0}, numbers[KM_LANES];
        for (int64_t i = 0; i < n; i++) {
            hashes[i] = hash_text(job->ids[first + i]);
        }
        job->kernels->numbers(job->seed, KM_STAGE_MAP, hashes, numbers);
        for (int64_t i = 0; i < n; i++) {
            if (numbers[i] > job->limit) {
                continue;
            }
            int64_t at = __atomic_fetch_add(&job->n, 1, __ATOMIC_RELAXED);
            if (at < job->capacity) {
                job->tickets[at] = (ticket){numbers[i], first + i};
            }
        }
    }
}

static int by_number(const void *a, const void *b) {
    const ticket *x = a, *y = b;
    if (x->number != y->number) {
        return x->number < y->number ? -1 : 1;
    }
    return x->sample < y->sample ? -1 : x->sample > y->sample;
}

/* The samples of the lowest numbers, lowest first, at most n_wanted, to job->tickets[0 .. *out_n]. */
static kmseg_status draw(kmseg_context *ctx, const kmseg_result *result, uint64_t seed,
                         int64_t n_wanted, km_arena *arena, draw_job *job, int64_t *out_n) {
    int64_t n = result->n_samples;
    *job = (draw_job){.kernels = ctx->kernels,
                      .ids = result->ids,
                      .n_samples = n,
                      .seed = seed,
                      .limit = UINT64_MAX};
    /* As many as wanted come below a limit 8 standard deviations higher, and no more than as many again
     * above it. */
    double spread = 8 * sqrt((double)n_wanted), share = ((double)n_wanted + spread) / (double)n;
    job->capacity = n_wanted + 2 * (int64_t)spread;
    if (share < 1 && job->capacity < n) {
        job->limit = (uint64_t)(share * 0x1p64);
    } else {
        job->capacity = n;
    }
    job->tickets = km_arena_take(arena, (size_t)job->capacity * sizeof *job->tickets);
    if (job->tickets == NULL) {
        return km_fail_memory(ctx, "a map");
    }
    KM_TRY(km_parallel(ctx, km_chunks(n, KM_CHUNK_ROWS), draw_chunk, job));
    job->n = job->n <= job->capacity ? job->n : 0; /* ids made to collide get no map */
    qsort(job->tickets, (size_t)job->n, sizeof *job->tickets, by_number);
    *out_n = job->n < n_wanted ? job->n : n_wanted;
    return KMSEG_OK;
}

/* One map in the making, of n drawn customers. */
typedef struct map_job {
    km_run_state *run;
    int64_t n;
    int32_t d, n_axes;
    const int64_t *samples; /* n positions in the samples */
    const double *values;   /* n x d prepared values */
    double *centre, *explained, *loadings;
} map_job;

static double weight_of(const map_job *job, int64_t i) {
    return job->run->weights != NULL ? job->run->weights[job->samples[i]] : 1;
}

static void find_centre(map_job *job, double *out_total) {
    double total = 0;
    for (int64_t i = 0; i < job->n; i++) {
        total += weight_of(job, i);
    }
    for (int64_t i = 0; i < job->n && total > 0; i++) {
        double share = weight_of(job, i) / total;
        for (int32_t j = 0; j < job->d; j++) {
            job->centre[j] += share * job->values[i * job->d + j];
        }
    }
    *out_total = total;
}

static void covariance(const map_job *job, double total, double *away, double *out) {
    int32_t d = job->d;
    for (int64_t i = 0; i < job->n; i++) {
        double share = weight_of(job, i) / total;
        for (int32_t j = 0; j < d; j++) {
            away[j] = job->values[i * d + j] - job->centre[j];
        }
        for (int32_t j = 0; j < d; j++) {
            double scaled = share * away[j];
            double *row = out + (int64_t)j * d;
            for (int32_t l = 0; l <= j; l++) {
                row[l] += scaled * away[l];
            }
        }
    }
    for (int32_t j = 0; j < d; j++) {
        for (int32_t l = 0; l < j; l++) {
            out[(int64_t)l * d + j] = out[(int64_t)j * d + l];
        }
    }
}

/* The axes of the largest eigenvalues, the sign by the loading of largest size, the first of equals. */
static void take_axes(map_job *job, const double *matrix, const double *vectors, double trace) {
    int32_t d = job->d, taken[2] = {-1, -1};
    for (int32_t a = 0; a < job->n_axes && a < d; a++) {
        for (int32_t j = 0; j < d; j++) {
            int is_free = j != taken[0];
            if (is_free && (taken[a] < 0 || matrix[(int64_t)j * d + j] >
                                                matrix[(int64_t)taken[a] * d + taken[a]])) {
                taken[a] = j;
            }
        }
        int32_t at = taken[a] < 0 ? 0 : taken[a], largest = 0;
        for (int32_t j = 1; j < d; j++) {
            if (fabs(vectors[(int64_t)j * d + at]) > fabs(vectors[(int64_t)largest * d + at])) {
                largest = j;
            }
        }
        double sign = vectors[(int64_t)largest * d + at] < 0 ? -1 : 1;
        for (int32_t j = 0; j < d; j++) {
            job->loadings[j * job->n_axes + a] = sign * vectors[(int64_t)j * d + at];
        }
        double share = matrix[(int64_t)at * d + at] / trace;
        job->explained[a] = share > 0 ? share : 0;
    }
}

/* Returns 0 where the drawn customers are all alike, which have no axes. */
static int find_axes(map_job *job, double *matrix, double *vectors, double *away) {
    double total, trace = 0;
    find_centre(job, &total);
    if (total > 0) {
        covariance(job, total, away, matrix);
    }
    for (int32_t j = 0; j < job->d; j++) {
        trace += matrix[(int64_t)j * job->d + j];
    }
    if (!(trace > 0)) {
        return 0;
    }
    km_eigenvectors(matrix, job->d, vectors);
    take_axes(job, matrix, vectors, trace);
    return 1;
}

/* Where n rows of d values lie. */
static void place(const map_job *job, const double *rows, int64_t n, double *out) {
    for (int64_t i = 0; i < n; i++) {
        for (int32_t a = 0; a < job->n_axes; a++) {
            double at = 0;
            for (int32_t j = 0; j < job->d; j++) {
                at += (rows[i * job->d + j] - job->centre[j]) * job->loadings[j * job->n_axes + a];
            }
            out[i * job->n_axes + a] = at;
        }
    }
}

/* Prepared values of the drawn customers as doubles. */
static kmseg_status prepare_drawn(km_run_state *run, const int64_t *rows, const int64_t *samples,
                                  int64_t n, km_arena *arena, const double **out) {
    kmseg_context *ctx = run->ctx;
    int32_t d = run->result->result.n_outputs;
    int64_t *wanted = km_arena_array(arena, n, sizeof *wanted);
    double *values = km_arena_array(arena, n * d, sizeof *values);
    if (wanted == NULL || values == NULL) {
        return km_fail_memory(ctx, "a map");
    }
    for (int64_t i = 0; i < n; i++) {
        wanted[i] = rows != NULL ? rows[samples[i]] : samples[i];
    }
    kmseg_table *drawn = NULL;
    kmseg_prepared *prepared = NULL;
    kmseg_status status = km_table_take_rows(ctx, run->table, wanted, n, &drawn);
    if (status == KMSEG_OK) {
        status = kmseg_prepare_apply(ctx, run->result->result.prepare, drawn, &prepared);
    }
    if (status == KMSEG_OK) {
        const kmseg_matrix *matrix = &prepared->matrix;
        for (int64_t i = 0; i < matrix->n_rows && i < n; i++) {
            for (int32_t j = 0; j < d; j++) {
                int64_t at = i * matrix->row_stride + j * matrix->col_stride;
                values[i * d + j] = matrix->dtype == KMSEG_FLOAT32
                                        ? (double)((const float *)matrix->values)[at]
                                        : ((const double *)matrix->values)[at];
            }
        }
        *out = values;
    }
    kmseg_prepared_free(prepared);
    kmseg_table_free(drawn);
    return status;
}

/* Takes what the map keeps from the arena of the result. */
static kmseg_status finish(map_job *job) {
    km_result *owner = job->run->result;
    kmseg_result *result = &owner->result;
    int64_t n_points = job->n < MOST_POINTS ? job->n : MOST_POINTS;
    kmseg_map *map = km_arena_array(&owner->arena, 1, sizeof *map);
    double *centroids =
        km_arena_array(&owner->arena, (int64_t)result->n_segments * job->n_axes, sizeof *centroids);
    double *points = km_arena_array(&owner->arena, n_points * job->n_axes, sizeof *points);
    int32_t *labels = km_arena_array(&owner->arena, n_points, sizeof *labels);
    if (map == NULL || centroids == NULL || points == NULL || labels == NULL) {
        return km_fail_memory(job->run->ctx, "a map");
    }
    place(job, result->centroids, result->n_segments, centroids);
    place(job, job->values, n_points, points);
    for (int64_t i = 0; i < n_points; i++) {
        labels[i] = result->labels[job->samples[i]];
    }
    *map = (kmseg_map){.n_axes = job->n_axes,
                       .explained = job->explained,
                       .centre = job->centre,
                       .loadings = job->loadings,
                       .centroids = centroids,
                       .n_points = n_points,
                       .points = points,
                       .labels = labels};
    result->map = map;
    return KMSEG_OK;
}

static kmseg_status make(km_run_state *run, const int64_t *rows, km_arena *arena) {
    kmseg_result *result = &run->result->result;
    km_arena *kept = &run->result->arena;
    int32_t d = result->n_outputs;
    int64_t square = (int64_t)d * d, n_wanted = MOST_PRODUCTS / square;
    n_wanted = n_wanted > MOST_ROWS ? MOST_ROWS : n_wanted < LEAST_ROWS ? LEAST_ROWS : n_wanted;
    draw_job drawn;
    map_job job = {.run = run, .d = d, .n_axes = d > 1 ? 2 : 1};
    KM_TRY(draw(run->ctx, result, run->options->fit.seed, n_wanted, arena, &drawn, &job.n));
    int64_t *samples = km_arena_array(arena, job.n, sizeof *samples);
    double *matrix = km_arena_array(arena, square, sizeof *matrix);
    double *vectors = km_arena_array(arena, square, sizeof *vectors);
    double *away = km_arena_array(arena, d, sizeof *away);
    job.centre = km_arena_array(kept, d, sizeof *job.centre);
    job.explained = km_arena_array(kept, job.n_axes, sizeof *job.explained);
    job.loadings = km_arena_array(kept, (int64_t)d * job.n_axes, sizeof *job.loadings);
    if (samples == NULL || matrix == NULL || vectors == NULL || away == NULL ||
        job.centre == NULL || job.explained == NULL || job.loadings == NULL) {
        return km_fail_memory(run->ctx, "a map");
    }
    for (int64_t i = 0; i < job.n; i++) {
        samples[i] = drawn.tickets[i].sample;
    }
    job.samples = samples;
    KM_TRY(prepare_drawn(run, rows, samples, job.n, arena, &job.values));
    return find_axes(&job, matrix, vectors, away) ? finish(&job) : KMSEG_OK;
}

kmseg_status km_make_map(km_run_state *run, const int64_t *rows) {
    if (run->result->result.n_outputs > KM_MOST_AXES) {
        return KMSEG_OK;
    }
    km_arena arena;
    km_arena_init(&arena, &run->ctx->allocator);
    kmseg_status status = make(run, rows, &arena);
    km_arena_free(&arena);
    return status;
}
