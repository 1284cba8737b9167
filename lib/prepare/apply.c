/* Applying a fitted encoding to a table, and taking centroids back to their own units. */
#include "base/parallel.h"
#include "data/table.h"
#include "prepare/encoder.h"
#include "prepare/object.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

typedef struct prepared_object {
    kmseg_prepared shown;
    km_arena arena;
} prepared_object;

typedef struct apply_loop {
    const kmseg_prepare *prepare;
    const km_source *sources; /* one per fitted column */
    const int64_t *rows;
    int64_t n_rows;
    float *singles;
    double *doubles;
    _Atomic int64_t n_unseen;
    atomic_int is_infinite;
} apply_loop;

static kmseg_status bind_columns(kmseg_context *ctx, const kmseg_prepare *prepare,
                                 const kmseg_table *table, km_arena *scratch, km_source *out) {
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        if (kmseg_table_find(table, prepare->columns[c].name) < 0) {
            return km_table_fail_no_column(ctx, table, prepare->columns[c].name);
        }
    }
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        const kmseg_column *from = kmseg_table_column(table, kmseg_table_find(table, column->name));
        KM_TRY(km_encoder_of(column)->bind(ctx, scratch, column, from, &out[c]));
    }
    return KMSEG_OK;
}

static double number_at(const km_source *source, int64_t r) {
    if (source->numbers != NULL) {
        return source->numbers[r];
    }
    return source->codes[r] >= 0 ? source->level_numbers[source->codes[r]] : (double)NAN;
}

static int is_missing(const kmseg_prepare_column *column, const km_source *source, int64_t r) {
    return column->type == KMSEG_COLUMN_NUMBER ? isnan(number_at(source, r)) : source->codes[r] < 0;
}

static int is_dropped(const kmseg_prepare_column *column) {
    return strcmp(column->impute, "drop") == 0;
}

/* 1 when every cell of the fitted columns is there. */
static int is_complete(const kmseg_prepare *prepare, const kmseg_table *table,
                       const km_source *sources) {
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        const kmseg_prepare_column *column = &prepare->columns[c];
        const kmseg_column *from = kmseg_table_column(table, kmseg_table_find(table, column->name));
        int text_of_numbers = column->type == KMSEG_COLUMN_NUMBER && sources[c].numbers == NULL;
        if (from->n_missing > 0 || text_of_numbers) {
            return 0;
        }
    }
    return 1;
}

/* Rows in which something is missing: counted, and left out where the fit dropped such rows. */
static kmseg_status keep_rows(kmseg_context *ctx, const kmseg_prepare *prepare,
                              const km_source *sources, int64_t n_rows, prepared_object *object,
                              int64_t *out_n) {
    int drop = 0;
    for (int32_t c = 0; c < prepare->n_columns; c++) {
        drop |= is_dropped(&prepare->columns[c]);
    }
    int64_t *rows = drop ? km_arena_array(&object->arena, n_rows, sizeof *rows) : NULL;
    if (drop && rows == NULL) {
        return km_fail_memory(ctx, "the rows that are kept");
    }
    int64_t n = 0;
    for (int64_t r = 0; r < n_rows; r++) {
        int missing = 0, dropped = 0;
        for (int32_t c = 0; c < prepare->n_columns && !dropped; c++) {
            int here = is_missing(&prepare->columns[c], &sources[c], r);
            missing |= here;
            dropped |= here && is_dropped(&prepare->columns[c]);
        }
        if (drop && !dropped) {
            rows[n] = r;
        }
        n += !dropped;
        object->shown.n_missing_rows += missing;
    }
    object->shown.rows = n < n_rows ? rows : NULL;
    *out_n = n;
    return KMSEG_OK;
}

/* Whether the cells of n rows were missing, in the last output of a column. */
static void put_indicator(const kmseg_prepare_column *column, const km_source *source,
                          const int64_t *rows, int64_t first, int64_t n, km_target *target) {
    int64_t output = column->first_output + column->n_outputs - 1;
    for (int64_t i = 0; i < n; i++) {
        int64_t r = rows != NULL ? rows[first + i] : first + i;
        km_put(target, i, output,
               is_missing(column, source, r) ? column->indicator * column->weight : 0);
    }
}

static void apply_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    apply_loop *loop = argument;
    int64_t first = chunk * KM_CHUNK_ROWS;
    int64_t n = loop->n_rows - first < KM_CHUNK_ROWS ? loop->n_rows - first : KM_CHUNK_ROWS;
    km_target target = {.n_outputs = loop->prepare->n_outputs};
    if (loop->doubles != NULL) {
        target.doubles = loop->doubles + first * target.n_outputs;
    } else {
        target.singles = loop->singles + first * target.n_outputs;
    }
    for (int32_t c = 0; c < loop->prepare->n_columns; c++) {
        const kmseg_prepare_column *column = &loop->prepare->columns[c];
        km_encoder_of(column)->encode(column, &loop->sources[c], loop->rows, first, n, &target);
        if (column->indicator > 0) {
            put_indicator(column, &loop->sources[c], loop->rows, first, n, &target);
        }
    }
    atomic_fetch_add(&loop->n_unseen, target.n_unseen);
    if (target.is_infinite) {
        atomic_store(&loop->is_infinite, 1);
    }
}

/* Names the first value, by row and then column, that did not become a finite number. */
static kmseg_status fail_infinite(kmseg_context *ctx, const apply_loop *loop) {
    const kmseg_prepare *prepare = loop->prepare;
    for (int64_t i = 0; i < loop->n_rows; i++) {
        for (int32_t c = 0; c < prepare->n_columns; c++) {
            const kmseg_prepare_column *column = &prepare->columns[c];
            int64_t at = i * prepare->n_outputs + column->first_output;
            double value = loop->doubles != NULL ? loop->doubles[at] : (double)loop->singles[at];
            if (isfinite(value)) {
                continue;
            }
            int64_t r = loop->rows != NULL ? loop->rows[i] : i;
            int given =
                column->type == KMSEG_COLUMN_NUMBER && isinf(number_at(&loop->sources[c], r));
            return km_fail(ctx, KMSEG_E_DATA,
                           given
                               ? "column %s is infinite in row %lld; it needs to be a finite "
                                 "number or missing"
                               : "column %s in row %lld is too large once scaled; it needs to fit "
                                 "the precision of the prepared numbers",
                           column->name, (long long)r + 1);
        }
    }
    return km_fail(ctx, KMSEG_E_INTERNAL, "a prepared value was infinite and is not any more");
}

static kmseg_status fill(kmseg_context *ctx, apply_loop *loop, prepared_object *object) {
    const kmseg_prepare *prepare = loop->prepare;
    int is_single = prepare->dtype == KMSEG_FLOAT32;
    size_t bytes, size = is_single ? sizeof(float) : sizeof(double);
    void *values = NULL;
    if (!__builtin_mul_overflow((size_t)loop->n_rows * size, (size_t)prepare->n_outputs, &bytes)) {
        values = km_arena_take(&object->arena, bytes);
    }
    if (values == NULL) {
        return km_fail_memory(ctx, "the prepared values");
    }
    loop->singles = is_single ? values : NULL;
    loop->doubles = is_single ? NULL : values;
    KM_TRY(km_parallel(ctx, km_chunks(loop->n_rows, KM_CHUNK_ROWS), apply_chunk, loop));
    if (atomic_load(&loop->is_infinite)) {
        return fail_infinite(ctx, loop);
    }
    object->shown.matrix = (kmseg_matrix){
        values, prepare->dtype, loop->n_rows, prepare->n_outputs, prepare->n_outputs, 1};
    object->shown.n_unseen = atomic_load(&loop->n_unseen);
    return KMSEG_OK;
}

static kmseg_status apply(kmseg_context *ctx, const kmseg_prepare *prepare,
                          const kmseg_table *table, km_arena *scratch, prepared_object *object) {
    km_source *sources = km_arena_array(scratch, prepare->n_columns, sizeof *sources);
    if (sources == NULL) {
        return km_fail_memory(ctx, "the columns of a table");
    }
    KM_TRY(bind_columns(ctx, prepare, table, scratch, sources));
    apply_loop loop = {.prepare = prepare, .sources = sources};
    loop.n_rows = kmseg_table_n_rows(table);
    if (!is_complete(prepare, table, sources)) {
        KM_TRY(keep_rows(ctx, prepare, sources, loop.n_rows, object, &loop.n_rows));
    }
    loop.rows = object->shown.rows;
    return fill(ctx, &loop, object);
}

kmseg_status kmseg_prepare_apply(kmseg_context *ctx, const kmseg_prepare *prepare,
                                 const kmseg_table *table, kmseg_prepared **out) {
    *out = NULL;
    prepared_object *object = km_allocate(&ctx->allocator, sizeof *object);
    if (object == NULL) {
        return km_fail_memory(ctx, "the prepared values");
    }
    memset(object, 0, sizeof *object);
    km_arena_init(&object->arena, &ctx->allocator);
    km_arena scratch;
    km_arena_init(&scratch, &ctx->allocator);
    kmseg_status status = apply(ctx, prepare, table, &scratch, object);
    km_arena_free(&scratch);
    if (status != KMSEG_OK) {
        kmseg_prepared_free(&object->shown);
        return status;
    }
    *out = &object->shown;
    return KMSEG_OK;
}

void kmseg_prepared_free(kmseg_prepared *prepared) {
    if (prepared != NULL) {
        prepared_object *object = (prepared_object *)prepared;
        kmseg_allocator allocator = object->arena.allocator;
        km_arena_free(&object->arena);
        km_release(&allocator, object);
    }
}

kmseg_status kmseg_prepare_invert(kmseg_context *ctx, const kmseg_prepare *prepare,
                                  const double *centroids, int32_t n_clusters, double *out_raw) {
    if (n_clusters < 1) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "n_clusters is %d; it needs to be at least 1",
                       n_clusters);
    }
    for (int32_t k = 0; k < n_clusters; k++) {
        for (int32_t c = 0; c < prepare->n_columns; c++) {
            const kmseg_prepare_column *column = &prepare->columns[c];
            int64_t at = (int64_t)k * prepare->n_outputs + column->first_output;
            km_encoder_of(column)->invert(column, centroids + at, out_raw + at);
            if (column->indicator > 0) {
                int64_t last = at + column->n_outputs - 1;
                double share = centroids[last] / (column->indicator * column->weight);
                out_raw[last] = fmin(fmax(share, 0), 1);
            }
        }
    }
    return KMSEG_OK;
}
