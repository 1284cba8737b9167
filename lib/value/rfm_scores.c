/* From values to scores: edges, ntile, nested, cuts. */
#include "value/rfm.h"

#include <math.h>
#include <string.h>

/* 1 + the number of edges below the value; recency the other way round. NaN edges, of an empty cell,
 * are below nothing. */
static uint8_t score_of(const km_scoring *s, int dimension, const double *edges, double value) {
    int32_t below = 0;
    for (int32_t e = 0; e < s->bins - 1; e++) {
        below += edges[e] < value;
    }
    return (uint8_t)(dimension == KM_RECENCY_AT ? s->bins - below : 1 + below);
}

/* Type-7 quantiles of the n numbers in room, which are reordered. */
static void find_edges(const km_scoring *s, int64_t n, double *out) {
    for (int32_t e = 1; e < s->bins; e++) {
        out[e - 1] = n > 0 ? km_quantile_at(s->room, n, e, s->bins) : NAN;
    }
}

static double *new_edges(const km_scoring *s, int64_t n_sets) {
    return km_arena_array(&s->result->arena, n_sets * (s->bins - 1), sizeof(double));
}

static kmseg_status score_by_edges(km_scoring *s, int dimension) {
    double *edges = new_edges(s, 1);
    if (edges == NULL) {
        return km_fail_memory(s->ctx, "RFM scores");
    }
    memcpy(s->room, s->values[dimension], (size_t)s->n * sizeof *s->room);
    find_edges(s, s->n, edges);
    for (int64_t i = 0; i < s->n; i++) {
        s->scores[dimension][i] = score_of(s, dimension, edges, s->values[dimension][i]);
    }
    s->result->shown.dimensions[dimension].edges = edges;
    return KMSEG_OK;
}

/* Customers in ascending order of value, recency descending, so that the best come last; the first
 * n mod bins bins have one more. */
static kmseg_status score_by_rank(km_scoring *s, int dimension) {
    int64_t *order = km_arena_array(s->scratch, s->n, sizeof *order), n = 0;
    if (order == NULL) {
        return km_fail_memory(s->ctx, "RFM scores");
    }
    for (int64_t i = 0; i < s->n; i++) {
        order[i] = i; /* in order of id */
    }
    KM_TRY(km_order_by_value(s->ctx, s->values[dimension], dimension == KM_RECENCY_AT, order, s->n,
                             &n));
    int64_t size = s->n / s->bins, larger = s->n % s->bins, at = 0;
    for (int32_t bin = 0; bin < s->bins; bin++) {
        for (int64_t end = at + size + (bin < larger); at < end; at++) {
            s->scores[dimension][order[at]] = (uint8_t)(bin + 1);
        }
    }
    return KMSEG_OK;
}

/* Cell of a customer among the n_cells of nested scores so far. */
static int64_t cell_of(const km_scoring *s, int dimension, int64_t i) {
    int64_t cell = s->scores[KM_RECENCY_AT][i] - 1;
    return dimension == KM_FREQUENCY_AT ? cell : cell * s->bins + s->scores[KM_FREQUENCY_AT][i] - 1;
}

/* Edges of each cell on its own: values are gathered by cell, one cell behind the other. */
static kmseg_status score_in_cells(km_scoring *s, int dimension, int64_t n_cells,
                                   const double **out_edges) {
    double *edges = new_edges(s, n_cells), *room = s->room;
    int64_t *start = km_arena_array(s->scratch, n_cells + 1, sizeof *start);
    int64_t *fill = km_arena_array(s->scratch, n_cells, sizeof *fill);
    if (edges == NULL || start == NULL || fill == NULL) {
        return km_fail_memory(s->ctx, "RFM scores");
    }
    for (int64_t i = 0; i < s->n; i++) {
        start[cell_of(s, dimension, i) + 1]++;
    }
    for (int64_t c = 0; c < n_cells; c++) {
        start[c + 1] += start[c];
        fill[c] = start[c];
    }
    for (int64_t i = 0; i < s->n; i++) {
        room[fill[cell_of(s, dimension, i)]++] = s->values[dimension][i];
    }
    for (int64_t c = 0; c < n_cells; c++) {
        s->room = room + start[c];
        find_edges(s, start[c + 1] - start[c], edges + c * (s->bins - 1));
    }
    s->room = room;
    for (int64_t i = 0; i < s->n; i++) {
        const double *own = edges + cell_of(s, dimension, i) * (s->bins - 1);
        s->scores[dimension][i] = score_of(s, dimension, own, s->values[dimension][i]);
    }
    *out_edges = edges;
    return KMSEG_OK;
}

static kmseg_status score_nested(km_scoring *s) {
    kmseg_rfm *shown = &s->result->shown;
    KM_TRY(score_by_edges(s, KM_RECENCY_AT));
    KM_TRY(score_in_cells(s, KM_FREQUENCY_AT, s->bins, &shown->nested_frequency));
    return score_in_cells(s, KM_MONETARY_AT, (int64_t)s->bins * s->bins, &shown->nested_monetary);
}

static kmseg_status score_by_cuts(km_scoring *s, int dimension) {
    const char *const lists[3] = {s->options->recency_cuts, s->options->frequency_cuts,
                                  s->options->monetary_cuts};
    static const char *const names[3] = {"recency_cuts", "frequency_cuts", "monetary_cuts"};
    double *edges = new_edges(s, 1);
    int32_t n = 0;
    if (edges == NULL) {
        return km_fail_memory(s->ctx, "RFM scores");
    }
    if (lists[dimension] == NULL) {
        return km_fail(s->ctx, KMSEG_E_ARGUMENT,
                       "scoring is cuts, which needs %s: %d ascending numbers with commas between "
                       "them",
                       names[dimension], s->bins - 1);
    }
    KM_TRY(km_read_numbers(s->ctx, names[dimension], lists[dimension], s->bins - 1, edges, &n));
    if (n != s->bins - 1) {
        return km_fail(s->ctx, KMSEG_E_ARGUMENT,
                       "%s is \"%s\", %d number%s; %d scores need %d, one between each two scores",
                       names[dimension], lists[dimension], n, n == 1 ? "" : "s", s->bins,
                       s->bins - 1);
    }
    for (int64_t i = 0; i < s->n; i++) {
        s->scores[dimension][i] = score_of(s, dimension, edges, s->values[dimension][i]);
    }
    s->result->shown.dimensions[dimension].edges = edges;
    return KMSEG_OK;
}

kmseg_status km_rfm_score(km_scoring *s) {
    const char *scoring = s->options->scoring;
    if (strcmp(scoring, "nested") == 0) {
        return score_nested(s);
    }
    kmseg_status (*rule)(km_scoring *, int) = strcmp(scoring, "ntile") == 0  ? score_by_rank
                                              : strcmp(scoring, "cuts") == 0 ? score_by_cuts
                                                                             : score_by_edges;
    for (int d = 0; d < 3; d++) {
        KM_TRY(rule(s, d));
    }
    return KMSEG_OK;
}
