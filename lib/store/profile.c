/* What each segment looks like, in /profile. */
#include "store/layout.h"

#include <math.h>
#include <string.h>

/* The profile's columns side by side: rows of n_segments. */
typedef struct matrices {
    double *means, *medians; /* n_columns x n_segments, NaN for TEXT */
    int64_t *missing;        /* n_columns x n_segments */
    double *level_shares;    /* levels of all columns x n_segments */
    km_level_row *levels;    /* of all columns */
    int64_t n_levels;
} matrices;

static kmseg_status make_matrices(km_h5_file *file, km_arena *arena, int64_t n_columns,
                                  int64_t n_levels, int64_t k, matrices *m) {
    *m = (matrices){.means = km_arena_array(arena, n_columns * k, sizeof(double)),
                    .medians = km_arena_array(arena, n_columns * k, sizeof(double)),
                    .missing = km_arena_array(arena, n_columns * k, sizeof(int64_t)),
                    .level_shares = km_arena_array(arena, n_levels * k, sizeof(double)),
                    .levels = km_arena_array(arena, n_levels, sizeof(km_level_row)),
                    .n_levels = n_levels};
    return m->means != NULL && m->medians != NULL && m->missing != NULL &&
                   m->level_shares != NULL && m->levels != NULL
               ? KMSEG_OK
               : km_fail_memory(file->ctx, "a profile");
}

static kmseg_status fill_matrices(km_h5_file *file, km_arena *arena, const kmseg_profile *profile,
                                  matrices *m) {
    int64_t k = profile->n_segments, n_levels = 0;
    for (int32_t c = 0; c < profile->n_columns; c++) {
        n_levels +=
            profile->columns[c].type == KMSEG_COLUMN_TEXT ? profile->columns[c].n_levels : 0;
    }
    KM_TRY(make_matrices(file, arena, profile->n_columns, n_levels, k, m));
    int64_t next = 0;
    for (int32_t c = 0; c < profile->n_columns; c++) {
        const kmseg_profile_column *column = &profile->columns[c];
        for (int64_t s = 0; s < k; s++) {
            int is_number = column->type == KMSEG_COLUMN_NUMBER;
            m->means[c * k + s] = is_number ? column->segment_means[s] : NAN;
            m->medians[c * k + s] = is_number ? column->segment_medians[s] : NAN;
            m->missing[c * k + s] = column->segment_missing[s];
        }
        for (int32_t l = 0; column->type == KMSEG_COLUMN_TEXT && l < column->n_levels; l++) {
            m->levels[next] = (km_level_row){c, column->levels[l], column->level_shares[l]};
            for (int64_t s = 0; s < k; s++) {
                m->level_shares[next * k + s] = column->segment_shares[s * column->n_levels + l];
            }
            next++;
        }
    }
    return KMSEG_OK;
}

static kmseg_status fill_segments(km_h5_file *file, km_arena *arena, const kmseg_profile *profile,
                                  km_segment_row **out_segments, km_trait_row **out_traits,
                                  int64_t *out_n_traits) {
    int64_t n_traits = 0;
    for (int32_t s = 0; s < profile->n_segments; s++) {
        n_traits += profile->n_traits[s];
    }
    km_segment_row *segments = km_arena_array(arena, profile->n_segments, sizeof *segments);
    km_trait_row *traits = km_arena_array(arena, n_traits, sizeof *traits), *trait = traits;
    if (segments == NULL || traits == NULL) {
        return km_fail_memory(file->ctx, "a profile");
    }
    for (int32_t s = 0; s < profile->n_segments; s++) {
        segments[s] = (km_segment_row){.name = profile->names[s],
                                       .size = profile->sizes[s],
                                       .size_share = profile->size_shares[s],
                                       .value = profile->values[s],
                                       .value_share = profile->value_shares[s]};
        for (int32_t t = 0; t < profile->n_traits[s]; t++) {
            *trait++ = (km_trait_row){s, profile->traits[(int64_t)s * profile->max_traits + t]};
        }
    }
    *out_segments = segments;
    *out_traits = traits;
    *out_n_traits = n_traits;
    return KMSEG_OK;
}

static kmseg_status put(km_h5_file *file, km_arena *arena, const kmseg_profile *profile) {
    matrices m;
    km_segment_row *segments = NULL;
    km_trait_row *traits = NULL;
    int64_t n_traits = 0, k = profile->n_segments;
    KM_TRY(fill_matrices(file, arena, profile, &m));
    KM_TRY(fill_segments(file, arena, profile, &segments, &traits, &n_traits));
    km_h5_put_group(file, "/profile");
    km_fields_put(file, &km_layout_profile, profile);
    km_fields_put_rows(file, &km_layout_profile_segments, k, segments);
    km_fields_put_rows(file, &km_layout_profile_columns, profile->n_columns, profile->columns);
    km_fields_put_rows(file, &km_layout_profile_levels, m.n_levels, m.levels);
    km_fields_put_rows(file, &km_layout_profile_traits, n_traits, traits);
    km_h5_put(file, "/profile/means", KM_H5_FLOAT64, KM_H5_PLAIN, profile->n_columns, k, m.means);
    km_h5_put(file, "/profile/medians", KM_H5_FLOAT64, KM_H5_PLAIN, profile->n_columns, k,
              m.medians);
    km_h5_put(file, "/profile/missing", KM_H5_INT64, KM_H5_PLAIN, profile->n_columns, k, m.missing);
    km_h5_put(file, "/profile/level_shares", KM_H5_FLOAT64, KM_H5_PLAIN, m.n_levels, k,
              m.level_shares);
    km_store_put_distributions(file, arena, profile);
    return file->status;
}

void km_store_put_profile(km_h5_file *file, const kmseg_profile *profile) {
    km_arena arena;
    km_arena_init(&arena, &file->ctx->allocator);
    kmseg_status status = put(file, &arena, profile);
    if (file->status == KMSEG_OK) {
        file->status = status;
    }
    km_arena_free(&arena);
}

static kmseg_status get_segments(km_h5_file *file, km_arena *arena, kmseg_profile *profile) {
    km_segment_row *rows;
    int64_t k;
    KM_TRY(km_fields_get_rows(file, &km_layout_profile_segments, arena, &k, &rows));
    int64_t *sizes = km_arena_array(arena, k, sizeof *sizes);
    double *numbers = km_arena_array(arena, 3 * k, sizeof *numbers);
    const char **names = km_arena_array(arena, k, sizeof *names);
    if (sizes == NULL || numbers == NULL || names == NULL) {
        return km_fail_memory(file->ctx, "a profile");
    }
    for (int64_t s = 0; s < k; s++) {
        sizes[s] = rows[s].size;
        names[s] = rows[s].name;
        numbers[s] = rows[s].size_share;
        numbers[k + s] = rows[s].value;
        numbers[2 * k + s] = rows[s].value_share;
    }
    if (k < 1 || k > INT32_MAX) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "/profile/segments has %lld rows", (long long)k);
    }
    profile->n_segments = (int32_t)k;
    profile->sizes = sizes;
    profile->size_shares = numbers;
    profile->values = numbers + k;
    profile->value_shares = numbers + 2 * k;
    profile->names = names;
    return KMSEG_OK;
}

/* Levels of column c begin at row *next. */
static kmseg_status get_column(km_h5_file *file, km_arena *arena, const matrices *m, int64_t k,
                               int32_t c, int64_t *next, kmseg_profile_column *column) {
    int32_t n = column->type == KMSEG_COLUMN_TEXT ? column->n_levels : 0;
    if (n < 0 || n > m->n_levels - *next) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "/profile/levels ends before column %s",
                           column->name);
    }
    const char **levels = km_arena_array(arena, n, sizeof *levels);
    double *shares = km_arena_array(arena, n, sizeof *shares);
    double *of_segments = km_arena_array(arena, n * k, sizeof *of_segments);
    if (levels == NULL || shares == NULL || of_segments == NULL) {
        return km_fail_memory(file->ctx, "a profile");
    }
    for (int32_t l = 0; l < n; l++, ++*next) {
        if (m->levels[*next].column != c) {
            return km_h5_fault(file, KMSEG_E_FORMAT,
                               "column %s needs to have %d rows in /profile/levels", column->name,
                               n);
        }
        levels[l] = m->levels[*next].name;
        shares[l] = m->levels[*next].share;
        for (int64_t s = 0; s < k; s++) {
            of_segments[s * n + l] = m->level_shares[*next * k + s];
        }
    }
    column->n_levels = n;
    column->levels = levels;
    column->level_shares = shares;
    column->segment_shares = of_segments;
    column->segment_means = m->means + c * k;
    column->segment_medians = m->medians + c * k;
    column->segment_missing = m->missing + c * k;
    return KMSEG_OK;
}

static kmseg_status get_columns(km_h5_file *file, km_arena *arena, kmseg_profile *profile) {
    kmseg_profile_column *columns;
    matrices m = {0};
    int64_t n, k = profile->n_segments, next = 0;
    KM_TRY(km_fields_get_rows(file, &km_layout_profile_columns, arena, &n, &columns));
    KM_TRY(km_fields_get_rows(file, &km_layout_profile_levels, arena, &m.n_levels, &m.levels));
    KM_TRY(km_h5_get_new(file, "/profile/means", KM_H5_FLOAT64, n, k, arena, &m.means));
    KM_TRY(km_h5_get_new(file, "/profile/medians", KM_H5_FLOAT64, n, k, arena, &m.medians));
    KM_TRY(km_h5_get_new(file, "/profile/missing", KM_H5_INT64, n, k, arena, &m.missing));
    KM_TRY(km_h5_get_new(file, "/profile/level_shares", KM_H5_FLOAT64, m.n_levels, k, arena,
                         &m.level_shares));
    if (n > INT32_MAX) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "/profile has %lld columns", (long long)n);
    }
    for (int32_t c = 0; c < n; c++) {
        KM_TRY(get_column(file, arena, &m, k, c, &next, &columns[c]));
    }
    KM_TRY(km_store_get_distributions(file, arena, (int32_t)n, k, columns));
    profile->n_columns = (int32_t)n;
    profile->columns = columns;
    return next == m.n_levels ? KMSEG_OK
                              : km_h5_fault(file, KMSEG_E_FORMAT,
                                            "/profile/levels has levels of columns that have none");
}

/* Numbers of traits per segment, and the largest; kmseg_profile_copy() checks what they are about. */
static kmseg_status count_traits(km_h5_file *file, const kmseg_profile *profile,
                                 const km_trait_row *rows, int64_t n, int32_t *counts,
                                 int64_t *out_largest) {
    *out_largest = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t s = rows[i].segment;
        if (s < 0 || s >= profile->n_segments || counts[s] >= profile->max_traits) {
            return km_h5_fault(
                file, KMSEG_E_FORMAT,
                "row %lld of /profile/traits is of segment %d, which is not there or "
                "has %d traits already",
                (long long)i, s, profile->max_traits);
        }
        counts[s]++;
        *out_largest = counts[s] > *out_largest ? counts[s] : *out_largest;
    }
    return KMSEG_OK;
}

static kmseg_status get_traits(km_h5_file *file, km_arena *arena, kmseg_profile *profile) {
    km_trait_row *rows;
    int64_t n, k = profile->n_segments, most = profile->max_traits, largest;
    KM_TRY(km_fields_get_rows(file, &km_layout_profile_traits, arena, &n, &rows));
    int32_t *counts = km_arena_array(arena, k, sizeof *counts);
    if (counts == NULL) {
        return km_fail_memory(file->ctx, "a profile");
    }
    KM_TRY(count_traits(file, profile, rows, n, counts, &largest));
    /* No large block on the word of an attribute. */
    if (most < 0 || most > 1000000 / k) {
        most = largest;
    }
    kmseg_trait *traits = km_arena_array(arena, k * most, sizeof *traits);
    if (traits == NULL) {
        return km_fail_memory(file->ctx, "a profile");
    }
    memset(counts, 0, (size_t)k * sizeof *counts);
    for (int64_t i = 0; i < n; i++) {
        traits[rows[i].segment * most + counts[rows[i].segment]++] = rows[i].trait;
    }
    profile->n_traits = counts;
    profile->traits = traits;
    profile->max_traits = (int32_t)most;
    return KMSEG_OK;
}

static kmseg_status get(km_h5_file *file, km_arena *arena, kmseg_profile *profile) {
    KM_TRY(km_fields_get(file, &km_layout_profile, arena, profile));
    KM_TRY(get_segments(file, arena, profile));
    KM_TRY(get_columns(file, arena, profile));
    return get_traits(file, arena, profile);
}

kmseg_status km_store_get_profile(km_h5_file *file, kmseg_profile **out) {
    kmseg_profile profile;
    memset(&profile, 0, sizeof profile);
    profile.struct_size = sizeof profile;
    km_arena arena;
    km_arena_init(&arena, &file->ctx->allocator);
    kmseg_status status = get(file, &arena, &profile);
    if (status == KMSEG_OK) {
        status = kmseg_profile_copy(file->ctx, &profile, out);
        if (status != KMSEG_OK) {
            km_fail_prefix(file->ctx, status, "%s: /profile", file->path);
        }
    }
    km_arena_free(&arena);
    return status;
}
