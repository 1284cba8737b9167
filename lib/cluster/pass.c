#include "cluster/worker.h"

#include <math.h>
#include <string.h>

static int make_worker(km_arena *arena, int64_t k, int64_t d, size_t size, km_worker *w) {
    w->nearest = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->nearest);
    w->doubtful = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->doubtful);
    w->block = km_arena_array(arena, d * KM_TILE_ROWS, sizeof *w->block);
    w->row = km_arena_array(arena, d, sizeof *w->row);
    w->squares = km_arena_array(arena, km_sum_stride(k), sizeof *w->squares);
    w->scratch = km_arena_array(arena, k * KM_TILE_ROWS, size);
    return w->row != NULL && w->squares != NULL && w->nearest != NULL && w->doubtful != NULL &&
           w->block != NULL && w->scratch != NULL;
}

/* What 16-bit tiles need besides. */
static int make_worker_i16(km_arena *arena, int64_t k, int64_t n_pairs, km_worker *w) {
    w->limits = km_arena_array(arena, KM_CHUNK_TILES, sizeof *w->limits);
    w->best = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->best);
    w->second = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->second);
    w->margins = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->margins);
    w->near = km_arena_array(arena, k, sizeof *w->near);
    w->dense = km_arena_array(arena, n_pairs * KM_CHUNK_ROWS, sizeof *w->dense);
    w->dense_labels = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->dense_labels);
    w->dense_nearest = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->dense_nearest);
    w->dense_changed = km_arena_array(arena, KM_CHUNK_TILES, sizeof *w->dense_changed);
    w->dense_uncertain = km_arena_array(arena, KM_CHUNK_TILES, sizeof *w->dense_uncertain);
    w->positions = km_arena_array(arena, KM_CHUNK_ROWS, sizeof *w->positions);
    return w->limits != NULL && w->best != NULL && w->second != NULL && w->margins != NULL &&
           w->near != NULL && w->dense != NULL && w->dense_labels != NULL &&
           w->dense_nearest != NULL && w->dense_changed != NULL && w->dense_uncertain != NULL &&
           w->positions != NULL;
}

/* Samples that can be read in whole eights of features without reading behind the last one. */
static int64_t count_whole_eights(const kmseg_tiles *tiles) {
    int64_t n = tiles->n_samples, d = tiles->n_features, stride = tiles->samples.row_stride;
    int64_t behind = km_sum_stride(d) - d;
    if (behind == 0) {
        return n;
    }
    if (stride < d) {
        return 0;
    }
    int64_t short_rows = (behind + stride - 1) / stride;
    return short_rows < n ? n - short_rows : 0;
}

/* A copy of n numbers with zeros up to a whole eight. */
static double *in_eights(km_arena *arena, const double *values, int64_t n) {
    double *out = km_arena_array(arena, km_sum_stride(n), sizeof *out);
    if (out != NULL) {
        memcpy(out, values, (size_t)n * sizeof *out);
    }
    return out;
}

/* The largest of some figures of each chunk's tiles; returns the largest of all. */
static float most_of_chunks(const float *of_tiles, int64_t n_tiles, float *out) {
    float most = 0;
    for (int64_t t = 0; t < n_tiles; t++) {
        float *chunk = &out[t / KM_CHUNK_TILES];
        *chunk = of_tiles[t] > *chunk ? of_tiles[t] : *chunk;
        most = of_tiles[t] > most ? of_tiles[t] : most;
    }
    return most;
}

kmseg_status km_workspace_init(kmseg_context *ctx, const kmseg_tiles *tiles, int32_t most_clusters,
                               km_arena *arena, km_workspace *out) {
    int64_t d = tiles->n_features, n_chunks = km_chunks(tiles->n_samples, KM_CHUNK_ROWS);
    *out = (km_workspace){
        .tiles = tiles,
        .kernels = ctx->kernels,
        .n_threads = ctx->n_threads,
        .most_clusters = most_clusters,
        .n_whole_eights = count_whole_eights(tiles),
        .centre = in_eights(arena, tiles->centre, d),
        .unit = in_eights(arena, tiles->sum_scale, d),
        .norms = km_arena_array(arena, n_chunks, sizeof *out->norms),
        .residuals = km_arena_array(arena, n_chunks, sizeof *out->residuals),
        .workers = km_arena_array(arena, ctx->n_threads, sizeof *out->workers),
    };
    int ok = out->centre != NULL && out->unit != NULL && out->workers != NULL &&
             out->norms != NULL && out->residuals != NULL;
    if (ok) {
        out->most_norm = (double)most_of_chunks(tiles->norms, tiles->n_tiles, out->norms);
    }
    if (ok && tiles->dtype == KMSEG_INT16) {
        most_of_chunks(tiles->residuals, tiles->n_tiles, out->residuals);
    }
    if (tiles->sum_fine != NULL) {
        out->fine = in_eights(arena, tiles->sum_fine, d);
        ok = ok && out->fine != NULL;
    }
    for (int32_t t = 0; ok && t < ctx->n_threads; t++) {
        ok = make_worker(arena, most_clusters, d, km_element_size(tiles->dtype), &out->workers[t]);
        if (ok && tiles->dtype == KMSEG_INT16) {
            ok = make_worker_i16(arena, most_clusters, (d + 1) / 2, &out->workers[t]);
        }
    }
    return ok ? KMSEG_OK : km_fail_memory(ctx, "a clustering");
}

static int make_part(km_arena *arena, const kmseg_tiles *tiles, int64_t k, km_pass_part *part) {
    int64_t d = tiles->n_features, stride = km_sum_stride(d);
    part->sums = km_arena_array(arena, k * stride, sizeof *part->sums);
    part->counts = km_arena_array(arena, k, sizeof *part->counts);
    part->wide_sums = km_arena_array(arena, k * d, sizeof *part->wide_sums);
    int ok = part->sums != NULL && part->counts != NULL && part->wide_sums != NULL;
    if (tiles->sum_fine != NULL) {
        part->fine = km_arena_array(arena, k * stride, sizeof *part->fine);
        ok = ok && part->fine != NULL;
    }
    if (tiles->weights != NULL) {
        part->totals = km_arena_array(arena, k, sizeof *part->totals);
        ok = ok && part->totals != NULL;
    }
    return ok;
}

/* Room for the centroids as the kernels want them. */
static int make_packed(km_arena *arena, km_pass *pass) {
    const kmseg_tiles *tiles = pass->tiles;
    int64_t k = pass->n_clusters, d = tiles->n_features;
    if (tiles->dtype == KMSEG_INT16) {
        km_quantised *q = &pass->quantised;
        q->pairs = km_arena_array(arena, k * km_pairs(tiles->n_features), sizeof *q->pairs);
        q->half_norms = km_arena_array(arena, k, sizeof *q->half_norms);
        pass->norms = km_arena_array(arena, k, sizeof *pass->norms);
        pass->scratch = km_arena_array(
            arena, km_quantise_scratch(pass->n_clusters, tiles->n_features), sizeof *pass->scratch);
        const km_kernels *kernels = pass->workspace->kernels;
        int64_t bytes = kernels->plane_bytes != NULL
                            ? kernels->plane_bytes(pass->n_clusters, tiles->n_features)
                            : 0;
        if (bytes > 0) {
            q->planes = km_arena_array(arena, bytes, 1);
            if (q->planes == NULL) {
                return 0;
            }
        }
        return q->pairs != NULL && q->half_norms != NULL && pass->norms != NULL &&
               pass->scratch != NULL;
    }
    size_t size = km_element_size(tiles->dtype);
    pass->packed = km_arena_array(arena, k * d, size);
    pass->half_norms = km_arena_array(arena, k, size);
    return pass->packed != NULL && pass->half_norms != NULL;
}

kmseg_status km_pass_init(kmseg_context *ctx, km_workspace *workspace, int32_t n_clusters,
                          km_arena *arena, km_arena *labels, km_pass *out) {
    const kmseg_tiles *tiles = workspace->tiles;
    int64_t k = n_clusters, d = tiles->n_features;
    size_t label_bytes = (size_t)(tiles->n_tiles * KM_TILE_ROWS) * sizeof(int32_t);
    *out = (km_pass){
        .workspace = workspace,
        .tiles = tiles,
        .n_clusters = n_clusters,
        .labels = km_arena_take(labels, label_bytes),
        .sums = km_arena_array(arena, k * d, sizeof *out->sums),
        .totals = km_arena_array(arena, k, sizeof *out->totals),
        .scaled = km_arena_array(arena, k * d, sizeof *out->scaled),
        .columns = km_arena_array(arena, km_sum_stride(k) * d, sizeof *out->columns),
        .parts = km_arena_array(arena, workspace->n_threads, sizeof *out->parts),
    };
    int ok = out->labels != NULL && out->sums != NULL && out->totals != NULL &&
             out->scaled != NULL && out->columns != NULL && out->parts != NULL &&
             make_packed(arena, out);
    for (int32_t t = 0; ok && t < workspace->n_threads; t++) {
        ok = make_part(arena, tiles, k, &out->parts[t]);
    }
    if (!ok) {
        return km_fail_memory(ctx, "a clustering");
    }
    km_pass_reset(out);
    return KMSEG_OK;
}

kmseg_status km_pass_bound(kmseg_context *ctx, km_pass *pass, km_arena *arena) {
    if (pass->tiles->dtype != KMSEG_INT16 || pass->n_clusters < 2) {
        return KMSEG_OK;
    }
    km_bounds *bounds = km_arena_array(arena, 1, sizeof *bounds);
    /* Labels have room for 32 bits and take 16: behind them nothing is needed before they are widened. */
    uint16_t *keys = pass->labels + pass->tiles->n_tiles * KM_TILE_ROWS;
    if (bounds == NULL || !km_bounds_init(bounds, pass->tiles, pass->n_clusters, keys, arena)) {
        return km_fail_memory(ctx, "bounds");
    }
    pass->bounds = bounds;
    return KMSEG_OK;
}

void km_pass_unbind(km_pass *pass) { pass->bounds = NULL; }

void km_pass_reset(km_pass *pass) {
    if (pass->bounds != NULL) {
        km_bounds_reset(pass->bounds);
    }
    size_t n = (size_t)(pass->tiles->n_tiles * KM_TILE_ROWS);
    memset(pass->labels, 0xff, n * sizeof *pass->labels); /* KM_NO_LABEL */
    size_t k = (size_t)pass->n_clusters;
    memset(pass->sums, 0, k * (size_t)pass->tiles->n_features * sizeof *pass->sums);
    memset(pass->totals, 0, k * sizeof *pass->totals);
}

/* Centroids as the kernels of float tiles want them, and how far their scores can be trusted. */
static void pack_floats(km_pass *pass) {
    const kmseg_tiles *tiles = pass->tiles;
    int32_t k = pass->n_clusters, d = tiles->n_features;
    double farthest = 0;
    for (int32_t c = 0; c < k; c++) {
        double square = 0;
        for (int32_t j = 0; j < d; j++) {
            double value = pass->scaled[(int64_t)c * d + j];
            square += value * value;
        }
        farthest = square > farthest ? square : farthest;
        if (tiles->dtype == KMSEG_FLOAT32) {
            ((float *)pass->half_norms)[c] = (float)(square / 2);
        } else {
            ((double *)pass->half_norms)[c] = square / 2;
        }
    }
    double roundoff = tiles->dtype == KMSEG_FLOAT32 ? 0x1p-24 : 0x1p-53;
    km_pack(pass->scaled, k, d, pass->workspace->kernels->group, km_element_size(tiles->dtype),
            pass->packed);
    pass->certificate = km_certificate_new(d, roundoff, tiles->scale, sqrt(farthest));
}

/* Centroids as the kernels of 16-bit tiles want them. */
static void quantise(km_pass *pass) {
    const kmseg_tiles *tiles = pass->tiles;
    int32_t k = pass->n_clusters, d = tiles->n_features;
    km_quantise quantise = {
        .centroids = pass->scaled,
        .n_clusters = k,
        .n_features = d,
        .scale = tiles->scale,
        .norm = pass->workspace->most_norm,
        .group = pass->workspace->kernels->group_i16,
        .kernels = pass->workspace->kernels,
        .norms = pass->norms,
        .scratch = pass->scratch,
    };
    km_quantise_centroids(&quantise, &pass->quantised);
    pass->cap = INFINITY;
    for (int32_t c = 0; c < k; c++) {
        if (pass->quantised.half_norms[c] == KM_WORST_SCORE) {
            double square = 0;
            for (int32_t j = 0; j < d; j++) {
                double value = pass->scaled[(int64_t)c * d + j];
                square += value * value;
            }
            double nearest = fmax(0, sqrt(square) * (1 - 1e-9) - pass->workspace->most_norm);
            pass->cap = fmin(pass->cap, nearest * nearest);
        }
    }
}

void km_pass_aim(km_pass *pass, const double *centroids) {
    const kmseg_tiles *tiles = pass->tiles;
    int32_t k = pass->n_clusters, d = tiles->n_features;
    for (int64_t i = 0; i < (int64_t)k * d; i++) {
        pass->scaled[i] = (centroids[i] - tiles->centre[i % d]) * tiles->scale;
    }
    pass->centroids = centroids;
    int64_t stride = km_sum_stride(k);
    for (int64_t i = 0; i < (int64_t)k * d; i++) {
        pass->columns[i % d * stride + i / d] = centroids[i];
    }
    if (tiles->dtype != KMSEG_INT16) {
        pack_floats(pass);
        return;
    }
    quantise(pass);
    if (pass->bounds != NULL) {
        km_bounds_aim(pass->bounds, tiles, pass->scaled, k);
    }
}

/* Takes over what one thread did. */
static void take_part(km_pass *pass, km_pass_part *part) {
    int64_t k = pass->n_clusters, kd = k * pass->tiles->n_features;
    if (part->n_changed > 0) {
        km_pass_fold(pass, part);
        for (int64_t i = 0; i < kd; i++) {
            pass->sums[i] += part->wide_sums[i];
            part->wide_sums[i] = 0;
        }
        for (int64_t c = 0; c < k; c++) {
            if (part->totals != NULL) {
                pass->totals[c] += part->totals[c];
                part->totals[c] = 0;
            } else {
                pass->totals[c] += part->counts[c];
            }
            part->counts[c] = 0;
        }
    }
    pass->n_changed += part->n_changed;
    pass->n_rechecked += part->n_rechecked;
    pass->n_assigned += part->n_assigned;
    part->n_changed = part->n_rechecked = part->n_assigned = 0;
}

typedef struct round_job {
    km_pass *const *passes;
    int32_t n;
} round_job;

static void round_chunk(void *argument, int64_t chunk, int32_t thread) {
    const round_job *job = argument;
    for (int32_t i = 0; i < job->n; i++) {
        km_pass_chunk(job->passes[i], chunk, thread);
    }
}

kmseg_status km_pass_run_all(kmseg_context *ctx, km_pass *const *passes, int32_t n) {
    if (n == 0) {
        return KMSEG_OK;
    }
    round_job job = {passes, n};
    int64_t n_chunks = km_chunks(passes[0]->tiles->n_samples, KM_CHUNK_ROWS);
    kmseg_status status = km_parallel(ctx, n_chunks, round_chunk, &job);
    for (int32_t i = 0; i < n; i++) {
        int64_t assigned_before = passes[i]->n_assigned;
        passes[i]->n_changed = 0;
        for (int32_t t = 0; t < passes[i]->workspace->n_threads; t++) {
            take_part(passes[i], &passes[i]->parts[t]);
        }
        if (passes[i]->bounds != NULL) {
            km_bounds_news news = {
                .n_rows = passes[i]->tiles->n_samples,
                .n_changed = passes[i]->n_changed,
                .n_assigned = passes[i]->n_assigned - assigned_before,
                .n_clusters = passes[i]->n_clusters,
                .n_features = passes[i]->tiles->n_features,
                .n_together = n,
            };
            km_bounds_judge(passes[i]->bounds, &news);
        }
    }
    return status;
}

kmseg_status km_pass_run(kmseg_context *ctx, km_pass *pass, const double *centroids) {
    km_pass_aim(pass, centroids);
    return km_pass_run_all(ctx, &pass, 1);
}

void km_pass_means(const km_pass *pass, const km_int128 *sums, const km_int128 *totals,
                   double *out) {
    const kmseg_tiles *tiles = pass->tiles;
    int32_t d = tiles->n_features;
    for (int32_t c = 0; c < pass->n_clusters; c++) {
        if (totals[c] <= 0) {
            continue;
        }
        for (int32_t j = 0; j < d; j++) {
            int64_t at = (int64_t)c * d + j;
            out[at] = km_tiles_mean(tiles, j, sums[at], totals[c]);
        }
    }
}
