/* New customers into the segments of a result: the same prepare step, the same decision. */
#include "pipeline/pipeline.h"

#include <math.h>
#include <string.h>

typedef struct km_assignment {
    kmseg_assignment assignment; /* first: a kmseg_assignment * is the km_assignment * */
    km_arena arena;
} km_assignment;

/* Arrays of one value per row of the table. */
typedef struct rows_out {
    int32_t *labels, *runner_up;
    double *distances, *margins;
    uint8_t *outlying;
} rows_out;

static kmseg_status new_assignment(kmseg_context *ctx, int64_t n_rows, km_assignment **out,
                                   rows_out *rows) {
    km_assignment *made = km_allocate(&ctx->allocator, sizeof *made);
    if (made == NULL) {
        return km_fail_memory(ctx, "an assignment");
    }
    memset(made, 0, sizeof *made);
    *out = made;
    km_arena *arena = &made->arena;
    km_arena_init(arena, &ctx->allocator);
    rows->labels = km_arena_array(arena, n_rows, sizeof *rows->labels);
    rows->runner_up = km_arena_array(arena, n_rows, sizeof *rows->runner_up);
    rows->distances = km_arena_array(arena, n_rows, sizeof *rows->distances);
    rows->margins = km_arena_array(arena, n_rows, sizeof *rows->margins);
    rows->outlying = km_arena_array(arena, n_rows, sizeof *rows->outlying);
    made->assignment = (kmseg_assignment){.n_rows = n_rows,
                                          .labels = rows->labels,
                                          .distances = rows->distances,
                                          .runner_up = rows->runner_up,
                                          .margins = rows->margins,
                                          .outlying = rows->outlying};
    return rows->labels != NULL && rows->runner_up != NULL && rows->distances != NULL &&
                   rows->margins != NULL && rows->outlying != NULL
               ? KMSEG_OK
               : km_fail_memory(ctx, "an assignment");
}

/* Rows that "drop" leaves out have no segment. */
static void leave_out_all(rows_out *rows, int64_t n_rows) {
    for (int64_t i = 0; i < n_rows; i++) {
        rows->labels[i] = rows->runner_up[i] = -1;
        rows->distances[i] = rows->margins[i] = NAN;
    }
}

/* Spreads the decisions of n samples, which stand at the front, over the rows they came from; from
 * the last one on, because a row is never before its sample. */
static void spread(rows_out *rows, const int64_t *positions, int64_t n, int64_t n_rows) {
    int64_t sample = n - 1;
    for (int64_t row = n_rows - 1; row >= 0 && positions != NULL; row--) {
        int here = sample >= 0 && positions[sample] == row;
        rows->labels[row] = here ? rows->labels[sample] : -1;
        rows->runner_up[row] = here ? rows->runner_up[sample] : -1;
        rows->distances[row] = here ? rows->distances[sample] : NAN;
        rows->margins[row] = here ? rows->margins[sample] : NAN;
        sample -= here;
    }
}

static kmseg_status decide(kmseg_context *ctx, const kmseg_result *result,
                           const kmseg_prepared *prepared, km_assignment *made, rows_out *rows) {
    int64_t n = prepared->matrix.n_rows;
    made->assignment.n_imputed = prepared->n_missing_rows - (made->assignment.n_rows - n);
    made->assignment.n_unseen = prepared->n_unseen;
    if (n == 0) {
        leave_out_all(rows, made->assignment.n_rows);
        return KMSEG_OK;
    }
    KM_TRY(kmseg_predict(ctx, &prepared->matrix, result->centroids, result->n_segments,
                         rows->labels, rows->distances, rows->runner_up, rows->margins));
    spread(rows, prepared->rows, n, made->assignment.n_rows);
    for (int64_t i = 0; i < made->assignment.n_rows; i++) {
        int has_next = rows->runner_up[i] >= 0;
        rows->margins[i] = has_next ? rows->margins[i] - rows->distances[i] : NAN;
        rows->outlying[i] =
            rows->labels[i] >= 0 && rows->distances[i] > result->radii[rows->labels[i]];
    }
    return KMSEG_OK;
}

kmseg_status kmseg_assign(kmseg_context *ctx, const kmseg_result *result, const kmseg_table *table,
                          kmseg_assignment **out) {
    *out = NULL;
    kmseg_prepared *prepared = NULL;
    km_assignment *made = NULL;
    rows_out rows = {0};
    kmseg_status status = kmseg_prepare_apply(ctx, result->prepare, table, &prepared);
    if (status == KMSEG_OK) {
        status = new_assignment(ctx, kmseg_table_n_rows(table), &made, &rows);
    }
    if (status == KMSEG_OK) {
        status = decide(ctx, result, prepared, made, &rows);
    }
    if (status == KMSEG_OK) {
        const char *id = result->prepare->id;
        int32_t column = id[0] != '\0' ? kmseg_table_find(table, id) : -1;
        status = km_row_ids(ctx, table, column, NULL, kmseg_table_n_rows(table), &made->arena,
                            &made->assignment.ids);
    }
    kmseg_prepared_free(prepared);
    if (status != KMSEG_OK) {
        kmseg_assignment_free(made != NULL ? &made->assignment : NULL);
        return status;
    }
    *out = &made->assignment;
    return KMSEG_OK;
}

void kmseg_assignment_free(kmseg_assignment *assignment) {
    if (assignment != NULL) {
        km_assignment *owner = (km_assignment *)(void *)assignment;
        kmseg_allocator allocator = owner->arena.allocator;
        km_arena_free(&owner->arena);
        km_release(&allocator, owner);
    }
}
