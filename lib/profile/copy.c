/* A kmseg_profile from a struct that came from elsewhere, such as a file: nothing in it is taken on
 * trust, so that whoever reads a profile may. */
#include "profile/profile.h"

#include <math.h>
#include <string.h>

/* All of it or nothing. */
static kmseg_status check_distribution(kmseg_context *ctx, const kmseg_profile *from,
                                       const kmseg_profile_column *c) {
    int n_parts = (c->quantiles != NULL) + (c->segment_quantiles != NULL) + (c->bin_edges != NULL) +
                  (c->segment_bins != NULL) + (c->n_bins != 0);
    int whole = n_parts == 0 || (n_parts == 5 && c->n_bins >= 1 && c->n_bins <= 1000);
    for (int32_t b = 0; whole && b < c->n_bins; b++) {
        whole =
            isfinite(c->bin_edges[b]) && isfinite(c->bin_edges[b + 1]) &&
            (b == 0 ? c->bin_edges[1] >= c->bin_edges[0] : c->bin_edges[b + 1] > c->bin_edges[b]);
    }
    for (int64_t i = 0; whole && i < (int64_t)from->n_segments * c->n_bins; i++) {
        whole = c->segment_bins[i] >= 0 && c->segment_bins[i] <= from->n_rows;
    }
    return whole ? KMSEG_OK
                 : km_fail(ctx, KMSEG_E_FORMAT,
                           "column %s of the profile has quantiles or a histogram that do not fit",
                           c->name);
}

static kmseg_status check_column(kmseg_context *ctx, const kmseg_profile *from, int32_t i) {
    const kmseg_profile_column *c = &from->columns[i];
    if (c->name == NULL || c->name[0] == '\0' || c->segment_missing == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT, "column %d of the profile has no name or no counts", i);
    }
    if (c->type == KMSEG_COLUMN_NUMBER) {
        if (c->n_levels != 0 || c->segment_means == NULL || c->segment_medians == NULL) {
            return km_fail(ctx, KMSEG_E_FORMAT, "column %s of the profile has no means", c->name);
        }
        return check_distribution(ctx, from, c);
    }
    int whole = c->type == KMSEG_COLUMN_TEXT && c->n_levels > 0 && c->levels != NULL &&
                c->level_shares != NULL && c->segment_shares != NULL;
    for (int32_t l = 0; whole && l < c->n_levels; l++) {
        whole = c->levels[l] != NULL;
    }
    return whole ? KMSEG_OK
                 : km_fail(ctx, KMSEG_E_FORMAT,
                           "column %s of the profile has a type, levels or shares that do not fit",
                           c->name);
}

static kmseg_status check_segment(kmseg_context *ctx, const kmseg_profile *from, int32_t s) {
    if (from->sizes[s] < 0 || from->sizes[s] > from->n_rows || !isfinite(from->size_shares[s]) ||
        !isfinite(from->values[s]) || !isfinite(from->value_shares[s]) || from->names[s] == NULL) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "segment %d of the profile needs a name, a size and finite shares", s);
    }
    if (from->n_traits[s] < 0 || from->n_traits[s] > from->max_traits) {
        return km_fail(ctx, KMSEG_E_FORMAT, "segment %d of the profile has %d traits of at most %d",
                       s, from->n_traits[s], from->max_traits);
    }
    for (int32_t t = 0; t < from->n_traits[s]; t++) {
        const kmseg_trait *trait = &from->traits[(int64_t)s * from->max_traits + t];
        int ok = trait->column >= 0 && trait->column < from->n_columns;
        if (ok && from->columns[trait->column].type == KMSEG_COLUMN_TEXT) {
            ok = trait->level >= 0 && trait->level < from->columns[trait->column].n_levels;
        } else if (ok) {
            ok = trait->level == -1;
        }
        if (!ok) {
            return km_fail(ctx, KMSEG_E_FORMAT,
                           "trait %d of segment %d is about column %d and level %d, which are not "
                           "there",
                           t, s, trait->column, trait->level);
        }
    }
    return KMSEG_OK;
}

static kmseg_status check(kmseg_context *ctx, const kmseg_profile *from) {
    if (from->struct_size != sizeof *from) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "struct_size of the profile is %zu; it needs to be %zu", from->struct_size,
                       sizeof *from);
    }
    if (from->n_segments < 1 || from->n_rows < 0 || from->n_columns < 0 || from->max_traits < 0 ||
        from->sizes == NULL || from->size_shares == NULL || from->value_column == NULL ||
        from->values == NULL || from->value_shares == NULL || from->n_traits == NULL ||
        from->names == NULL || (from->n_columns > 0 && from->columns == NULL) ||
        (from->max_traits > 0 && from->traits == NULL)) {
        return km_fail(ctx, KMSEG_E_FORMAT,
                       "a profile of %d segments and %d columns with parts missing",
                       from->n_segments, from->n_columns);
    }
    for (int32_t i = 0; i < from->n_columns; i++) {
        KM_TRY(check_column(ctx, from, i));
    }
    int64_t n_rows = 0;
    for (int32_t s = 0; s < from->n_segments; s++) {
        KM_TRY(check_segment(ctx, from, s));
        n_rows += from->sizes[s];
        if (n_rows > from->n_rows) {
            break; /* before it could overflow */
        }
    }
    return n_rows == from->n_rows
               ? KMSEG_OK
               : km_fail(ctx, KMSEG_E_FORMAT, "the sizes of segments do not add up to %lld rows",
                         (long long)from->n_rows);
}

/* Copies n texts; NULL when out of memory. */
static const char *const *copy_texts(km_arena *arena, const char *const *from, int32_t n) {
    const char **to = km_arena_array(arena, n, sizeof *to);
    for (int32_t i = 0; to != NULL && i < n; i++) {
        to[i] = km_arena_text(arena, from[i]);
        to = to[i] != NULL ? to : NULL;
    }
    return to;
}

static int copy_distribution(km_arena *arena, const kmseg_profile_column *from, int32_t n_segments,
                             kmseg_profile_column *to) {
    int64_t k = n_segments, n_bins = from->n_bins;
    to->quantiles = km_arena_copy(arena, from->quantiles, KMSEG_N_QUANTILES, sizeof(double));
    to->segment_quantiles =
        km_arena_copy(arena, from->segment_quantiles, k * KMSEG_N_QUANTILES, sizeof(double));
    to->bin_edges = km_arena_copy(arena, from->bin_edges, n_bins + 1, sizeof(double));
    to->segment_bins = km_arena_copy(arena, from->segment_bins, k * n_bins, sizeof(int64_t));
    return to->quantiles != NULL && to->segment_quantiles != NULL && to->bin_edges != NULL &&
           to->segment_bins != NULL;
}

static int copy_column(km_arena *arena, const kmseg_profile_column *from, int32_t n_segments,
                       kmseg_profile_column *to) {
    *to = *from;
    to->name = km_arena_text(arena, from->name);
    to->unit = km_arena_text(arena, from->unit != NULL ? from->unit : "");
    to->segment_missing = km_arena_copy(arena, from->segment_missing, n_segments, sizeof(int64_t));
    int ok = to->name != NULL && to->unit != NULL && to->segment_missing != NULL;
    if (from->type == KMSEG_COLUMN_NUMBER) {
        to->levels = NULL;
        to->level_shares = NULL;
        to->segment_shares = NULL;
        to->segment_means = km_arena_copy(arena, from->segment_means, n_segments, sizeof(double));
        to->segment_medians =
            km_arena_copy(arena, from->segment_medians, n_segments, sizeof(double));
        return ok && to->segment_means != NULL && to->segment_medians != NULL &&
               (from->n_bins == 0 || copy_distribution(arena, from, n_segments, to));
    }
    to->quantiles = to->segment_quantiles = to->bin_edges = NULL;
    to->segment_bins = NULL;
    to->n_bins = 0;
    int64_t n_cells = (int64_t)n_segments * from->n_levels;
    to->segment_means = NULL;
    to->segment_medians = NULL;
    to->levels = copy_texts(arena, from->levels, from->n_levels);
    to->level_shares = km_arena_copy(arena, from->level_shares, from->n_levels, sizeof(double));
    to->segment_shares = km_arena_copy(arena, from->segment_shares, n_cells, sizeof(double));
    return ok && to->levels != NULL && to->level_shares != NULL && to->segment_shares != NULL;
}

static int copy_all(km_arena *arena, const kmseg_profile *from, kmseg_profile *to) {
    int32_t n = from->n_segments;
    *to = *from;
    kmseg_profile_column *columns = km_arena_array(arena, from->n_columns, sizeof *columns);
    for (int32_t i = 0; columns != NULL && i < from->n_columns; i++) {
        if (!copy_column(arena, &from->columns[i], n, &columns[i])) {
            return 0;
        }
    }
    kmseg_trait *traits = km_arena_array(arena, (int64_t)n * from->max_traits, sizeof *traits);
    for (int32_t s = 0; traits != NULL && s < n; s++) {
        if (from->n_traits[s] > 0) { /* what is behind the last trait of a segment is not read */
            int64_t at = (int64_t)s * from->max_traits;
            memcpy(traits + at, from->traits + at, (size_t)from->n_traits[s] * sizeof *traits);
        }
    }
    to->columns = columns;
    to->traits = traits;
    to->sizes = km_arena_copy(arena, from->sizes, n, sizeof *from->sizes);
    to->size_shares = km_arena_copy(arena, from->size_shares, n, sizeof(double));
    to->value_column = km_arena_text(arena, from->value_column);
    to->values = km_arena_copy(arena, from->values, n, sizeof(double));
    to->value_shares = km_arena_copy(arena, from->value_shares, n, sizeof(double));
    to->n_traits = km_arena_copy(arena, from->n_traits, n, sizeof *from->n_traits);
    to->names = copy_texts(arena, from->names, n);
    return columns != NULL && traits != NULL && to->sizes != NULL && to->size_shares != NULL &&
           to->value_column != NULL && to->values != NULL && to->value_shares != NULL &&
           to->n_traits != NULL && to->names != NULL;
}

kmseg_status kmseg_profile_copy(kmseg_context *ctx, const kmseg_profile *from,
                                kmseg_profile **out) {
    *out = NULL;
    KM_TRY(check(ctx, from));
    km_profile *object = km_profile_new(ctx);
    if (object == NULL || !copy_all(&object->arena, from, &object->shown)) {
        kmseg_profile_free(object != NULL ? &object->shown : NULL);
        return km_fail_memory(ctx, "a profile");
    }
    *out = &object->shown;
    return KMSEG_OK;
}
