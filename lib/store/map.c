/* Where segments lie, in /map, and what commands said on the way to a result, in /reports. */
#include "data/result.h"
#include "store/layout.h"

#include <math.h>
#include <stdio.h>

void km_store_put_map(km_h5_file *file, const kmseg_result *result) {
    const kmseg_map *map = result->map;
    if (map == NULL) {
        return;
    }
    int64_t a = map->n_axes, d = result->n_outputs;
    km_h5_put_group(file, "/map");
    km_h5_put_int(file, "/map", "n_axes", a);
    km_h5_put_int(file, "/map", "n_points", map->n_points);
    km_h5_put(file, "/map/explained", KM_H5_FLOAT64, KM_H5_PLAIN, a, 0, map->explained);
    km_h5_put(file, "/map/centre", KM_H5_FLOAT64, KM_H5_PLAIN, d, 0, map->centre);
    km_h5_put(file, "/map/loadings", KM_H5_FLOAT64, KM_H5_PLAIN, d, a, map->loadings);
    km_h5_put(file, "/map/centroids", KM_H5_FLOAT64, KM_H5_PLAIN, result->n_segments, a,
              map->centroids);
    km_h5_put(file, "/map/points", KM_H5_FLOAT64, KM_H5_PLAIN, map->n_points, a, map->points);
    km_h5_put(file, "/map/labels", KM_H5_INT32, KM_H5_PLAIN, map->n_points, 0, map->labels);
}

static kmseg_status check_finite(km_h5_file *file, const char *path, const double *values,
                                 int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return km_h5_fault(file, KMSEG_E_FORMAT, "value %lld of %s needs to be finite",
                               (long long)i, path);
        }
    }
    return KMSEG_OK;
}

/* A dataset of /map, finite. */
static kmseg_status get_places(km_h5_file *file, const char *path, int64_t rows, int64_t columns,
                               km_arena *arena, const double **out) {
    double *values;
    KM_TRY(km_h5_get_new(file, path, KM_H5_FLOAT64, rows, columns, arena, &values));
    *out = values;
    return check_finite(file, path, values, rows * (columns > 0 ? columns : 1));
}

kmseg_status km_store_get_map(km_h5_file *file, km_arena *arena, kmseg_result *result) {
    if (!km_h5_exists(file, "/map")) {
        return KMSEG_OK;
    }
    int64_t a, n, d = result->n_outputs;
    kmseg_map *map = km_arena_array(arena, 1, sizeof *map);
    if (map == NULL) {
        return km_fail_memory(file->ctx, "a map");
    }
    KM_TRY(km_h5_get_int(file, "/map", "n_axes", 1, 2, &a));
    KM_TRY(km_h5_get_int(file, "/map", "n_points", 0, result->n_samples, &n));
    KM_TRY(get_places(file, "/map/explained", a, 0, arena, &map->explained));
    KM_TRY(get_places(file, "/map/centre", d, 0, arena, &map->centre));
    KM_TRY(get_places(file, "/map/loadings", d, a, arena, &map->loadings));
    KM_TRY(get_places(file, "/map/centroids", result->n_segments, a, arena, &map->centroids));
    KM_TRY(get_places(file, "/map/points", n, a, arena, &map->points));
    KM_TRY(km_h5_get_new(file, "/map/labels", KM_H5_INT32, n, 0, arena, &map->labels));
    for (int64_t i = 0; i < n; i++) {
        if (map->labels[i] < 0 || map->labels[i] >= result->n_segments) {
            return km_h5_fault(file, KMSEG_E_FORMAT,
                               "label %d in row %lld of /map/labels; it needs to be between 0 and "
                               "%d",
                               map->labels[i], (long long)i, result->n_segments - 1);
        }
    }
    map->n_axes = (int32_t)a;
    map->n_points = n;
    result->map = map;
    return KMSEG_OK;
}

enum { PATH = 300 };

void km_store_put_reports(km_h5_file *file, const kmseg_result *result) {
    if (result->n_reports > 0) {
        km_h5_put_group(file, "/reports");
    }
    for (int32_t i = 0; i < result->n_reports; i++) {
        char path[PATH];
        snprintf(path, sizeof path, "/reports/%s", result->reports[i].name);
        km_h5_put_long_text(file, path, result->reports[i].json);
    }
}

static kmseg_status get_reports(km_h5_file *file, km_arena *arena, kmseg_result *result) {
    int32_t n;
    const char *const *names;
    KM_TRY(km_h5_get_names(file, "/reports", arena, &n, &names));
    for (int32_t i = 0; i < n; i++) {
        char path[PATH];
        const char *json;
        snprintf(path, sizeof path, "/reports/%s", names[i]);
        KM_TRY(km_h5_get_long_text(file, path, arena, &json));
        kmseg_status status = kmseg_result_add_report(file->ctx, result, names[i], json);
        if (status == KMSEG_E_ARGUMENT || status == KMSEG_E_FORMAT) {
            return km_h5_fault(file, KMSEG_E_FORMAT, "%s needs to be a JSON object", path);
        }
        KM_TRY(status);
    }
    return KMSEG_OK;
}

kmseg_status km_store_get_reports(km_h5_file *file, kmseg_result *result) {
    if (!km_h5_exists(file, "/reports")) {
        return KMSEG_OK;
    }
    km_arena arena;
    km_arena_init(&arena, &file->ctx->allocator);
    kmseg_status status = get_reports(file, &arena, result);
    km_arena_free(&arena);
    return status;
}
