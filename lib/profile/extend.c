/* Two profiles of the same customers in the same segments as one. */
#include "profile/profile.h"

#include <math.h>
#include <string.h>

/* The stronger of the next traits of both, n_left and n_right of them; traits of equal strength: that
 * of the left profile. */
static int32_t merge_traits(const kmseg_trait *left, int32_t n_left, const kmseg_trait *right,
                            int32_t n_right, int32_t shift, int32_t most, kmseg_trait *out) {
    int32_t n = 0, l = 0, r = 0;
    while (n < most && (l < n_left || r < n_right)) {
        if (r == n_right || (l < n_left && fabs(left[l].difference) >= fabs(right[r].difference))) {
            out[n++] = left[l++];
        } else {
            out[n] = right[r++];
            out[n++].column += shift;
        }
    }
    return n;
}

kmseg_status km_profile_extend(kmseg_context *ctx, const kmseg_profile *profile,
                               const kmseg_profile *more, kmseg_profile **out) {
    *out = NULL;
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    int32_t n = profile->n_segments, most = profile->max_traits;
    int32_t n_columns = profile->n_columns + more->n_columns;
    kmseg_profile_column *columns = km_arena_array(&scratch, n_columns, sizeof *columns);
    kmseg_trait *traits = km_arena_array(&scratch, (int64_t)n * most, sizeof *traits);
    int32_t *n_traits = km_arena_array(&scratch, n, sizeof *n_traits);
    kmseg_status status = KMSEG_OK;
    if (columns == NULL || traits == NULL || n_traits == NULL) {
        status = km_fail_memory(ctx, "a profile");
    } else {
        for (int32_t c = 0; c < n_columns; c++) {
            columns[c] = c < profile->n_columns ? profile->columns[c]
                                                : more->columns[c - profile->n_columns];
        }
        for (int32_t s = 0; s < n; s++) {
            n_traits[s] =
                merge_traits(profile->traits + (int64_t)s * most, profile->n_traits[s],
                             more->traits + (int64_t)s * more->max_traits, more->n_traits[s],
                             profile->n_columns, most, traits + (int64_t)s * most);
        }
        kmseg_profile both = *profile;
        both.n_columns = n_columns;
        both.columns = columns;
        both.traits = traits;
        both.n_traits = n_traits;
        status = kmseg_profile_copy(ctx, &both, out);
    }
    km_arena_free(&scratch);
    return status;
}
