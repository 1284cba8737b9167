/* kmseg_result_save() and kmseg_result_load(). */
#include "data/result.h"

#include "store/layout.h"

#include <kmseg/store.h>
#include <math.h>

static int64_t result_bytes(const kmseg_result *result) {
    return result->n_samples * (int64_t)(sizeof(int32_t) + sizeof(double) + 8);
}

static void put_result(km_h5_file *file, const kmseg_result *result) {
    int64_t n = result->n_samples, k = result->n_segments, d = result->n_outputs;
    km_fields_put(file, &km_layout_result, result);
    km_h5_put_group(file, "/scores");
    km_fields_put(file, &km_layout_scores, &result->scores);
    km_fields_put_rows(file, &km_layout_merges, result->n_merges, result->merges);
    km_fields_put(file, &km_layout_merged, result);
    km_h5_put(file, "/centroids", KM_H5_FLOAT64, KM_H5_PLAIN, k, d, result->centroids);
    km_h5_put(file, "/centroids_raw", KM_H5_FLOAT64, KM_H5_PLAIN, k, d, result->centroids_raw);
    km_h5_put(file, "/labels", KM_H5_INT32, KM_H5_PACKED, n, 0, result->labels);
    km_h5_put(file, "/distances", KM_H5_FLOAT64, KM_H5_PLAIN, n, 0, result->distances);
    km_h5_put(file, "/radii", KM_H5_FLOAT64, KM_H5_PLAIN, k, 0, result->radii);
    km_h5_put_texts(file, "/ids", n, result->ids);
    km_h5_put(file, "/history", KM_H5_FLOAT64, KM_H5_PLAIN, result->n_iter, 0, result->history);
    km_h5_put_long_text(file, "/params", result->params);
    km_store_put_prepare(file, result->prepare);
    km_store_put_profile(file, result->profile);
    if (result->typical != NULL) {
        km_h5_put_int(file, "/", "n_typical", result->n_typical);
        km_h5_put(file, "/typical", KM_H5_INT64, KM_H5_PLAIN, k, result->n_typical,
                  result->typical);
    }
    if (result->plans != NULL) {
        km_fields_put_rows(file, &km_layout_plans, k, result->plans);
    }
    if (result->rules != NULL) {
        km_store_put_rules(file, result->rules);
    }
    km_store_put_map(file, result);
    km_store_put_reports(file, result);
}

kmseg_status kmseg_result_save(kmseg_context *ctx, const kmseg_result *result, const char *path) {
    km_h5_file file;
    KM_TRY(km_h5_create(ctx, path, "kmseg-result", &file));
    km_progress_begin(ctx, "write", result_bytes(result));
    put_result(&file, result);
    kmseg_status status = km_h5_commit(&file, KMSEG_OK);
    km_progress_end(ctx);
    return status;
}

static kmseg_status check_labels(km_h5_file *file, const kmseg_result *result) {
    for (int64_t i = 0; i < result->n_samples; i++) {
        if (result->labels[i] < 0 || result->labels[i] >= result->n_segments) {
            return km_h5_fault(file, KMSEG_E_FORMAT,
                               "label %d in row %lld of /labels; it needs to be between 0 and %d",
                               result->labels[i], (long long)i, result->n_segments - 1);
        }
    }
    return KMSEG_OK;
}

static kmseg_status check_finite(km_h5_file *file, const char *path, const double *values,
                                 int64_t n, double minimum) {
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(values[i]) || values[i] < minimum) {
            return km_h5_fault(file, KMSEG_E_FORMAT, "value %lld of %s needs to be finite%s",
                               (long long)i, path, minimum >= 0 ? " and not negative" : "");
        }
    }
    return KMSEG_OK;
}

static kmseg_status check_counts(km_h5_file *file, const kmseg_result *result) {
    if (result->n_samples < 1 || result->n_segments < 1 || result->n_outputs < 1 ||
        result->n_iter < 0 || result->n_segments > result->n_samples) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "%lld samples, %d segments of %d outputs and %d iterations cannot be",
                           (long long)result->n_samples, result->n_segments, result->n_outputs,
                           result->n_iter);
    }
    return KMSEG_OK;
}

static kmseg_status get_arrays(km_h5_file *file, km_result *to) {
    kmseg_result *result = &to->result;
    km_arena *arena = &to->arena;
    int64_t n = result->n_samples, k = result->n_segments, d = result->n_outputs;
    KM_TRY(km_h5_get_new(file, "/centroids", KM_H5_FLOAT64, k, d, arena, &result->centroids));
    KM_TRY(
        km_h5_get_new(file, "/centroids_raw", KM_H5_FLOAT64, k, d, arena, &result->centroids_raw));
    KM_TRY(km_h5_get_new(file, "/labels", KM_H5_INT32, n, 0, arena, &result->labels));
    KM_TRY(km_h5_get_new(file, "/distances", KM_H5_FLOAT64, n, 0, arena, &result->distances));
    KM_TRY(km_h5_get_new(file, "/radii", KM_H5_FLOAT64, k, 0, arena, &result->radii));
    KM_TRY(
        km_h5_get_new(file, "/history", KM_H5_FLOAT64, result->n_iter, 0, arena, &result->history));
    KM_TRY(km_h5_get_texts(file, "/ids", n, arena, &result->ids));
    KM_TRY(km_h5_get_long_text(file, "/params", arena, &result->params));
    KM_TRY(check_labels(file, result));
    KM_TRY(check_finite(file, "/centroids", result->centroids, k * d, -INFINITY));
    KM_TRY(check_finite(file, "/radii", result->radii, k, 0));
    return check_finite(file, "/distances", result->distances, n, 0);
}

/* Files that were made before segments were merged have none. */
static kmseg_status get_merges(km_h5_file *file, km_result *to) {
    kmseg_result *result = &to->result;
    int64_t n = 0;
    if (file->version < 2 && !km_h5_exists(file, "/merges")) {
        return KMSEG_OK;
    }
    KM_TRY(km_fields_get(file, &km_layout_merged, &to->arena, result));
    KM_TRY(km_fields_get_rows(file, &km_layout_merges, &to->arena, &n, &result->merges));
    for (int64_t i = 0; i < n; i++) {
        const kmseg_merge *merge = &result->merges[i];
        if (merge->segment < -1 || merge->segment >= result->n_segments || n >= INT32_MAX) {
            return km_h5_fault(file, KMSEG_E_FORMAT,
                               "value %lld of /merges/segment is %d; it needs to be a segment or "
                               "-1",
                               (long long)i, merge->segment);
        }
    }
    result->n_merges = (int32_t)n;
    return KMSEG_OK;
}

/* What is stored in two places needs to agree. */
static kmseg_status check_parts(km_h5_file *file, const kmseg_result *result) {
    if (result->prepare->n_outputs != result->n_outputs) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "/prepare has %d outputs; n_outputs is %d",
                           result->prepare->n_outputs, result->n_outputs);
    }
    if (result->profile->n_segments != result->n_segments) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "/profile has %d segments; n_segments is %d",
                           result->profile->n_segments, result->n_segments);
    }
    return KMSEG_OK;
}

static kmseg_status get_plans(km_h5_file *file, km_result *to) {
    kmseg_plan *plans;
    int64_t n;
    KM_TRY(km_fields_get_rows(file, &km_layout_plans, &to->arena, &n, &plans));
    if (n != to->result.n_segments) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "/plans has %lld rows; n_segments is %d",
                           (long long)n, to->result.n_segments);
    }
    for (int64_t s = 0; s < n; s++) {
        double share = plans[s].budget_share;
        if (!isnan(share) && !(share >= 0 && share <= 1)) {
            return km_h5_fault(file, KMSEG_E_FORMAT,
                               "value %lld of /plans/budget_share needs to be from 0 to 1",
                               (long long)s);
        }
    }
    to->result.plans = plans;
    return KMSEG_OK;
}

/* Files of before 0.2 have neither, and a run may have been asked for no rules. */
static kmseg_status get_explanations(km_h5_file *file, km_result *to) {
    kmseg_result *result = &to->result;
    if (km_h5_exists(file, "/typical")) {
        int64_t n;
        KM_TRY(km_h5_get_int(file, "/", "n_typical", 1, 1000, &n));
        KM_TRY(km_h5_get_new(file, "/typical", KM_H5_INT64, result->n_segments, n, &to->arena,
                             &result->typical));
        result->n_typical = (int32_t)n;
        for (int64_t i = 0; i < n * result->n_segments; i++) {
            int64_t sample = result->typical[i];
            if (sample < -1 || sample >= result->n_samples) {
                return km_h5_fault(file, KMSEG_E_FORMAT,
                                   "%lld in /typical; it needs to be a row of /ids, or -1",
                                   (long long)sample);
            }
        }
    }
    if (km_h5_exists(file, "/plans")) {
        KM_TRY(get_plans(file, to));
    }
    return km_h5_exists(file, "/rules")
               ? km_store_get_rules(file, result->prepare, result->n_segments, &result->rules)
               : KMSEG_OK;
}

static kmseg_status get_result(km_h5_file *file, km_result *to) {
    kmseg_result *result = &to->result;
    KM_TRY(km_h5_check_format(file, "kmseg-result"));
    KM_TRY(km_fields_get(file, &km_layout_result, &to->arena, result));
    KM_TRY(check_counts(file, result));
    KM_TRY(km_fields_get(file, &km_layout_scores, &to->arena, &result->scores));
    KM_TRY(get_arrays(file, to));
    KM_TRY(get_merges(file, to));
    KM_TRY(km_store_get_prepare(file, &result->prepare));
    KM_TRY(km_store_get_profile(file, &result->profile));
    KM_TRY(check_parts(file, result));
    KM_TRY(km_store_get_map(file, &to->arena, result));
    KM_TRY(km_store_get_reports(file, result));
    return get_explanations(file, to);
}

kmseg_status kmseg_result_load(kmseg_context *ctx, const char *path, kmseg_result **out) {
    *out = NULL;
    km_h5_file file;
    KM_TRY(km_h5_open(ctx, path, &file));
    km_result *result;
    kmseg_status status = km_result_new(ctx, &result);
    if (status == KMSEG_OK) {
        km_progress_begin(ctx, "read", file.size);
        status = get_result(&file, result);
        km_progress_end(ctx);
        if (status == KMSEG_OK) {
            *out = &result->result;
        } else {
            kmseg_result_free(&result->result);
        }
    }
    km_h5_close(&file);
    return status;
}
