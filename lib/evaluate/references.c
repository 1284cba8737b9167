/* Which rows stand for which clusters in a sampled silhouette.
 *
 * One sample of rows serves all labellings: distances, in which the time goes, are found once. Of each
 * cluster it holds about the same share, so a mean distance to a cluster is a mean over its rows in the
 * sample, without bias. A cluster of few rows may have none there; it is represented by further rows of
 * its own, which count for that cluster alone. Which ones follows from what the rows hold. */
#include "data/draw_rows.h"
#include "evaluate/evaluate.h"

#include <stdlib.h>
#include <string.h>

enum { GROUPS = 8 };

/* A row that stands for a small cluster. */
typedef struct member {
    uint64_t number;
    int64_t row;
} member;

/* A growing list of rows that stand for one cluster of one labelling. */
typedef struct extras {
    int64_t n, capacity;
    int64_t *rows;
    int32_t *labellings;
} extras;

static int by_number(const void *a, const void *b) {
    const member *x = a, *y = b;
    if (x->number != y->number) {
        return x->number < y->number ? -1 : 1;
    }
    return x->row < y->row ? -1 : x->row > y->row;
}

static int64_t wanted_of(int64_t size) {
    return size < KM_LEAST_REFERENCES ? size : KM_LEAST_REFERENCES;
}

/* The number of every row, which only small clusters need: made for the first of them. */
typedef struct numbering {
    const kmseg_tiles *tiles;
    uint64_t seed;
    uint64_t *numbers; /* n_samples, or NULL: not made yet */
} numbering;

static kmseg_status number_rows(kmseg_context *ctx, numbering *of, km_arena *arena) {
    int64_t none, n_none;
    if (of->numbers != NULL) {
        return KMSEG_OK;
    }
    of->numbers = km_arena_take(arena, (size_t)of->tiles->n_samples * sizeof *of->numbers);
    return of->numbers != NULL ? km_draw_rows(ctx, of->tiles, 0, 0, of->seed, KM_STAGE_SILHOUETTE,
                                              &none, &n_none, of->numbers)
                               : km_fail_memory(ctx, "silhouettes");
}

/* Rows of the small clusters of a labelling: those that first does not have yet. */
static kmseg_status add_small(kmseg_context *ctx, const km_labelling *labelling, int32_t l,
                              numbering *rows, const int64_t *counts, km_arena *arena,
                              extras *out) {
    const km_clusters *clusters = &labelling->clusters;
    int64_t *starts = km_arena_array(arena, (int64_t)clusters->n_clusters + 1, sizeof *starts);
    int64_t *fills = km_arena_array(arena, clusters->n_clusters, sizeof *fills), n = 0;
    if (starts == NULL || fills == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        starts[c] = n;
        n += counts[c] < wanted_of(clusters->sizes[c]) ? clusters->sizes[c] : 0;
    }
    starts[clusters->n_clusters] = n;
    if (n == 0) {
        return KMSEG_OK;
    }
    KM_TRY(number_rows(ctx, rows, arena));
    member *members = km_arena_array(arena, n, sizeof *members);
    if (members == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    for (int64_t i = 0; i < rows->tiles->n_samples; i++) {
        int32_t c = labelling->labels[i];
        if (starts[c + 1] > starts[c]) {
            members[starts[c] + fills[c]++] = (member){rows->numbers[i], i};
        }
    }
    for (int32_t c = 0; c < clusters->n_clusters; c++) {
        if (starts[c + 1] > starts[c]) {
            qsort(members + starts[c], (size_t)fills[c], sizeof *members, by_number);
            for (int64_t i = counts[c]; i < wanted_of(clusters->sizes[c]); i++) {
                out->rows[out->n] = members[starts[c] + i].row;
                out->labellings[out->n++] = l;
            }
        }
    }
    return KMSEG_OK;
}

/* Slots of the first rows, which stand for the clusters they are in. Counts in total, not by group. */
static kmseg_status use_first(kmseg_context *ctx, const km_labelling *labelling,
                              const int64_t *first, int64_t n, km_arena *arena, int64_t **counts) {
    *counts = km_arena_array(arena, labelling->clusters.n_clusters, sizeof **counts);
    if (*counts == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    for (int64_t i = 0; i < n; i++) {
        (*counts)[labelling->labels[first[i]]]++;
    }
    return KMSEG_OK;
}

static kmseg_status fill_use(kmseg_context *ctx, const km_labelling *labelling, int32_t l,
                             const int64_t *rows, int64_t n, int64_t n_first, const extras *further,
                             km_arena *arena, km_reference_use *out) {
    int32_t k = labelling->clusters.n_clusters;
    out->slots = km_arena_array(arena, n, sizeof *out->slots);
    out->counts = km_arena_array(arena, (int64_t)GROUPS * k, sizeof *out->counts);
    if (out->slots == NULL || out->counts == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    for (int64_t i = 0; i < n; i++) {
        int counts = i < n_first || further->labellings[i - n_first] == l;
        out->slots[i] = counts ? labelling->labels[rows[i]] : k;
        if (counts) {
            out->counts[i % GROUPS * k + out->slots[i]]++;
        }
    }
    return KMSEG_OK;
}

kmseg_status km_references_choose(kmseg_context *ctx, const kmseg_tiles *tiles,
                                  const km_labelling *labellings, int32_t n_labellings,
                                  uint64_t seed, const int64_t *first, int64_t n, km_arena *arena,
                                  km_references *out) {
    extras further = {0};
    numbering numbered = {.tiles = tiles, .seed = seed};
    for (int32_t l = 0; l < n_labellings; l++) {
        further.capacity += (int64_t)labellings[l].clusters.n_clusters * KM_LEAST_REFERENCES;
    }
    further.rows = km_arena_array(arena, further.capacity, sizeof *further.rows);
    further.labellings = km_arena_array(arena, further.capacity, sizeof *further.labellings);
    km_reference_use *uses = km_arena_array(arena, n_labellings, sizeof *uses);
    if (further.rows == NULL || further.labellings == NULL || uses == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    for (int32_t l = 0; l < n_labellings; l++) {
        int64_t *counts;
        KM_TRY(use_first(ctx, &labellings[l], first, n, arena, &counts));
        KM_TRY(add_small(ctx, &labellings[l], l, &numbered, counts, arena, &further));
    }
    int64_t *rows = km_arena_array(arena, n + further.n, sizeof *rows);
    if (rows == NULL) {
        return km_fail_memory(ctx, "silhouettes");
    }
    memcpy(rows, first, (size_t)n * sizeof *rows);
    for (int64_t i = 0; i < further.n; i++) {
        rows[n + i] = further.rows[i];
    }
    for (int32_t l = 0; l < n_labellings; l++) {
        KM_TRY(fill_use(ctx, &labellings[l], l, rows, n + further.n, n, &further, arena, &uses[l]));
    }
    *out = (km_references){.n = n + further.n, .n_groups = GROUPS, .rows = rows, .uses = uses};
    return KMSEG_OK;
}
