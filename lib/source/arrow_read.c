/* From a stream of Arrow to a table, a batch of rows and a column at a time. */
#include "source/arrow_values.h"
#include "source/csv_scan.h"
#include "source/requests.h"

#include <errno.h>
#include <string.h>

/* 0001-01-01 and the last second of the year 9999. */
#define FIRST_SECOND INT64_C(-62135596800)
#define LAST_SECOND  INT64_C(253402300799)

enum { MOST_COLUMNS = 1000000 };

typedef struct arrow_column {
    int64_t child; /* of the rows */
    const char *name;
    km_arrow_type type; /* of the values, not of their codes */
    int is_coded;
    km_arrow_kind code_kind;
} arrow_column;

typedef struct arrow_reader {
    kmseg_context *ctx;
    const char *what;
    const kmseg_csv_options *options;
    struct ArrowSchema schema;
    km_builder builder;
    arrow_column *columns; /* of the builder */
    int64_t n_rows;
    int32_t *codes; /* of the texts of a dictionary in the builder; -1: not seen yet */
} arrow_reader;

/* ---- the columns ---- */

static kmseg_status fail_stream(const arrow_reader *r, struct ArrowArrayStream *stream, int error) {
    const char *message = stream->get_last_error != NULL ? stream->get_last_error(stream) : NULL;
    return km_fail(r->ctx, error == ENOMEM ? KMSEG_E_MEMORY : KMSEG_E_IO,
                   "%s: the Arrow stream failed: %.600s", r->what,
                   message != NULL && message[0] != '\0' ? message : strerror(error));
}

static int is_wanted(const kmseg_csv_options *options, const char *name) {
    if (options == NULL || options->n_select == 0) {
        return 1;
    }
    for (int32_t i = 0; i < options->n_select; i++) {
        if (strcmp(options->select[i], name) == 0) {
            return 1;
        }
    }
    for (int32_t i = 0; i < options->n_requests; i++) {
        if (strcmp(options->requests[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_code(km_arrow_kind kind) { return kind >= KM_ARROW_INT8 && kind <= KM_ARROW_UINT64; }

static kmseg_status plan_column(arrow_reader *r, int64_t child) {
    const struct ArrowSchema *schema = r->schema.children[child];
    arrow_column column = {.child = child};
    const char *name = schema->name != NULL ? schema->name : "";
    if (name[0] != '\0' && !is_wanted(r->options, name)) {
        return KMSEG_OK;
    }
    const char *advice;
    const char *format = schema->format;
    km_arrow_type codes;
    if (schema->dictionary != NULL) {
        column.is_coded = 1;
        if (!km_arrow_type_read(format, &codes, &advice) || !is_code(codes.kind)) {
            return km_fail(r->ctx, KMSEG_E_FORMAT, "%s: column %s has codes that are no integers",
                           r->what, name);
        }
        column.code_kind = codes.kind;
        format = schema->dictionary->format;
        if (schema->dictionary->dictionary != NULL) {
            return km_fail(r->ctx, KMSEG_E_FORMAT,
                           "%s: column %s has a dictionary of codes; decode it first", r->what,
                           name);
        }
    }
    if (!km_arrow_type_read(format, &column.type, &advice)) {
        return km_fail(r->ctx, KMSEG_E_FORMAT, "%s: column %s (Arrow format %.40s) %s", r->what,
                       name, format != NULL ? format : "none", advice);
    }
    int32_t i = r->builder.n_columns;
    KM_TRY(km_builder_add(&r->builder, name, column.type.cells));
    column.name = r->builder.columns[i].name;
    r->columns[i] = column;
    return KMSEG_OK;
}

static kmseg_status plan_columns(arrow_reader *r) {
    const struct ArrowSchema *rows = &r->schema;
    if (rows->format == NULL || strcmp(rows->format, "+s") != 0) {
        return km_fail(
            r->ctx, KMSEG_E_FORMAT,
            "%s: the Arrow stream has one column (format %.40s); it needs to have rows of "
            "columns",
            r->what, rows->format != NULL ? rows->format : "none");
    }
    if (rows->n_children < 0 || rows->n_children > MOST_COLUMNS ||
        (rows->n_children > 0 && rows->children == NULL)) {
        return km_fail(r->ctx, KMSEG_E_FORMAT, "%s: the Arrow stream has %lld columns", r->what,
                       (long long)rows->n_children);
    }
    r->columns = km_allocate_array(&r->ctx->allocator, rows->n_children, sizeof *r->columns);
    if (r->columns == NULL) {
        return km_fail_memory(r->ctx, "the columns of a table");
    }
    KM_TRY(km_builder_init(r->ctx, (int32_t)rows->n_children, &r->builder));
    for (int64_t i = 0; i < rows->n_children; i++) {
        if (rows->children[i] == NULL) {
            return km_fail(r->ctx, KMSEG_E_FORMAT, "%s: column %lld has no schema", r->what,
                           (long long)i + 1);
        }
        KM_TRY(plan_column(r, i));
    }
    return KMSEG_OK;
}

/* ---- a batch ---- */

static kmseg_status fail_array(const arrow_reader *r, const char *name, const char *why) {
    return km_fail(r->ctx, KMSEG_E_FORMAT, "%s: column %s: %s", r->what, name, why);
}

/* What does not contradict itself: counts, and buffers where there are values. */
static kmseg_status check_array(const arrow_reader *r, const char *name,
                                const struct ArrowArray *array, int n_buffers, int64_t n_rows) {
    int64_t end;
    if (array->length < n_rows || array->offset < 0 ||
        __builtin_add_overflow(array->offset, array->length, &end) || end >= INT64_MAX / 16) {
        return fail_array(r, name, "its Arrow array has fewer values than the batch has rows");
    }
    if (array->n_buffers < n_buffers || (n_buffers > 0 && array->buffers == NULL)) {
        return fail_array(r, name, "its Arrow array lacks buffers");
    }
    if (n_buffers == 0) {
        return KMSEG_OK;
    }
    if (array->length > 0 && array->buffers[1] == NULL) {
        return fail_array(r, name, "its Arrow array has no values");
    }
    if (array->null_count > 0 && array->buffers[0] == NULL) {
        return fail_array(r, name, "its Arrow array does not say which values are missing");
    }
    return KMSEG_OK;
}

static kmseg_status open_values(const arrow_reader *r, const arrow_column *column,
                                const struct ArrowArray *batch, km_arrow_values *out) {
    const struct ArrowArray *array = batch->children[column->child];
    int64_t end = batch->offset + batch->length;
    if (array == NULL) {
        return fail_array(r, column->name, "it has no Arrow array");
    }
    KM_TRY(check_array(r, column->name, array, column->is_coded ? 2 : column->type.n_buffers, end));
    *out = (km_arrow_values){.type = &column->type, .array = array};
    out->offset = array->offset + batch->offset;
    out->present = array->n_buffers > 0 && array->null_count != 0 ? array->buffers[0] : NULL;
    if (column->is_coded) {
        const struct ArrowArray *dictionary = array->dictionary;
        if (dictionary == NULL) {
            return fail_array(r, column->name, "its Arrow array has no dictionary");
        }
        KM_TRY(check_array(r, column->name, dictionary, column->type.n_buffers, 0));
        out->coded = array;
        out->code_kind = column->code_kind;
        out->array = dictionary;
        out->dictionary_present = dictionary->n_buffers > 0 && dictionary->null_count != 0
                                      ? dictionary->buffers[0]
                                      : NULL;
    }
    return KMSEG_OK;
}

static kmseg_status put_time(const arrow_reader *r, int32_t column, int64_t row, int64_t value,
                             int64_t per_second) {
    if (value == INT64_MIN) { /* NumPy's NaT */
        return KMSEG_OK;
    }
    int64_t seconds = value / per_second - (value % per_second < 0);
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND) {
        return km_fail(r->ctx, KMSEG_E_FORMAT,
                       "%s: column %s, row %lld: the time is outside of the years 1 to 9999",
                       r->what, r->builder.columns[column].name, (long long)row + 1);
    }
    km_builder_time(&r->builder, column, row, seconds);
    return KMSEG_OK;
}

static kmseg_status put_decimal(arrow_reader *r, int32_t column, int64_t row,
                                const km_arrow_values *values, int64_t at) {
    km_int128 whole;
    double number;
    if (values->type->scale == 0 && km_arrow_whole(values, at, &whole)) {
        return km_builder_integer(&r->builder, column, row, whole);
    }
    if (values->type->scale != 0 && km_arrow_decimal(values, at, &number)) {
        return km_builder_number(&r->builder, column, row, number);
    }
    return km_fail(r->ctx, KMSEG_E_FORMAT,
                   "%s: column %s, row %lld: the decimal is beyond 128 bits", r->what,
                   r->builder.columns[column].name, (long long)row + 1);
}

/* A text; of a dictionary each is looked up once, not once a row. */
static kmseg_status put_text(arrow_reader *r, int32_t column, int64_t row,
                             const km_arrow_values *values, int64_t at) {
    km_cell *cell = km_builder_cell(&r->builder, column, row);
    int32_t *known = r->codes != NULL ? &r->codes[at - values->array->offset] : NULL;
    if (known != NULL && *known >= 0) {
        cell->value = *known;
        return KMSEG_OK;
    }
    char room[40];
    const char *text = room;
    size_t length = 0;
    if (values->type->kind == KM_ARROW_TIME32 || values->type->kind == KM_ARROW_TIME64) {
        if (!km_arrow_time_of_day(values, at, room, sizeof room)) {
            return fail_array(r, r->builder.columns[column].name, "a time of day is beyond a day");
        }
        length = strlen(room);
    } else if (!km_arrow_text(values, at, &text, &length)) {
        return fail_array(r, r->builder.columns[column].name,
                          "an offset of its Arrow array points outside of the texts");
    } else if (!km_utf8_valid(text, length)) {
        return km_fail(r->ctx, KMSEG_E_FORMAT,
                       "%s: column %s, row %lld: the text is not UTF-8, or has a zero byte in it",
                       r->what, r->builder.columns[column].name, (long long)row + 1);
    }
    KM_TRY(km_builder_text(&r->builder, column, row, text, length));
    if (known != NULL) {
        *known = (int32_t)cell->value;
    }
    return KMSEG_OK;
}

/* Rows of one type of values: at is where the value of row is in data. */
#define EACH_VALUE(ctype, call)                                                                    \
    for (int64_t i = 0; i < n && status == KMSEG_OK; i++) {                                        \
        int64_t at = km_arrow_at(values, i), row = first + i;                                      \
        if (at >= 0) {                                                                             \
            ctype value; /* wherever in memory it lies */                                          \
            memcpy(&value, (const char *)data + at * (int64_t)sizeof value, sizeof value);         \
            status = (call);                                                                       \
        } else if (at == KM_ARROW_NO_SUCH_CODE) {                                                  \
            status = fail_array(r, b->columns[column].name, "a code is not in its dictionary");    \
        }                                                                                          \
    }                                                                                              \
    break

/* The same for values that are not of one size. */
#define EACH_PLACE(call)                                                                           \
    for (int64_t i = 0; i < n && status == KMSEG_OK; i++) {                                        \
        int64_t at = km_arrow_at(values, i), row = first + i;                                      \
        if (at >= 0) {                                                                             \
            status = (call);                                                                       \
        } else if (at == KM_ARROW_NO_SUCH_CODE) {                                                  \
            status = fail_array(r, b->columns[column].name, "a code is not in its dictionary");    \
        }                                                                                          \
    }                                                                                              \
    break

static kmseg_status fill(arrow_reader *r, int32_t column, const km_arrow_values *values,
                         int64_t n) {
    km_builder *b = &r->builder;
    const void *data = values->type->kind != KM_ARROW_NULL ? values->array->buffers[1] : NULL;
    int64_t first = r->n_rows, unit = values->type->per_second;
    kmseg_status status = KMSEG_OK;
    switch (values->type->kind) {
    case KM_ARROW_NULL: break;
    case KM_ARROW_BOOL:
        EACH_PLACE(
            km_builder_number(b, column, row, ((const uint8_t *)data)[at / 8] >> (at % 8) & 1));
    case KM_ARROW_INT8: EACH_VALUE(int8_t, km_builder_number(b, column, row, value));
    case KM_ARROW_UINT8: EACH_VALUE(uint8_t, km_builder_number(b, column, row, value));
    case KM_ARROW_INT16: EACH_VALUE(int16_t, km_builder_number(b, column, row, value));
    case KM_ARROW_UINT16: EACH_VALUE(uint16_t, km_builder_number(b, column, row, value));
    case KM_ARROW_INT32: EACH_VALUE(int32_t, km_builder_number(b, column, row, value));
    case KM_ARROW_UINT32: EACH_VALUE(uint32_t, km_builder_number(b, column, row, value));
    case KM_ARROW_INT64: EACH_VALUE(int64_t, km_builder_integer(b, column, row, value));
    case KM_ARROW_UINT64: EACH_VALUE(uint64_t, km_builder_integer(b, column, row, value));
    case KM_ARROW_FLOAT16:
        EACH_VALUE(uint16_t, km_builder_number(b, column, row, km_arrow_half(value)));
    case KM_ARROW_FLOAT32: EACH_VALUE(float, km_builder_number(b, column, row, (double)value));
    case KM_ARROW_FLOAT64: EACH_VALUE(double, km_builder_number(b, column, row, value));
    case KM_ARROW_DECIMAL: EACH_PLACE(put_decimal(r, column, row, values, at));
    case KM_ARROW_UTF8:
    case KM_ARROW_LARGE_UTF8:
    case KM_ARROW_UTF8_VIEW:
    case KM_ARROW_TIME32:
    case KM_ARROW_TIME64: EACH_PLACE(put_text(r, column, row, values, at));
    case KM_ARROW_DATE32: EACH_VALUE(int32_t, put_time(r, column, row, (int64_t)value * 86400, 1));
    case KM_ARROW_INSTANT: EACH_VALUE(int64_t, put_time(r, column, row, value, unit));
    }
    return status;
}

static kmseg_status fill_column(arrow_reader *r, int32_t column, const struct ArrowArray *batch,
                                int64_t n) {
    km_arrow_values values;
    KM_TRY(open_values(r, &r->columns[column], batch, &values));
    if (values.coded != NULL && values.type->cells == KM_CELLS_TEXT && values.array->length > 0) {
        r->codes = km_allocate_array(&r->ctx->allocator, values.array->length, sizeof *r->codes);
        if (r->codes == NULL) {
            return km_fail_memory(r->ctx, "the texts of a column");
        }
        memset(r->codes, 0xff, (size_t)values.array->length * sizeof *r->codes);
    }
    kmseg_status status = fill(r, column, &values, n);
    km_release(&r->ctx->allocator, r->codes);
    r->codes = NULL;
    return status;
}

/* Rows that are missing as a whole have no value in any column. */
static kmseg_status check_batch(const arrow_reader *r, const struct ArrowArray *batch) {
    int64_t end;
    if (batch->length < 0 || batch->offset < 0 ||
        __builtin_add_overflow(batch->offset, batch->length, &end) ||
        batch->n_children != r->schema.n_children ||
        (batch->n_children > 0 && batch->children == NULL)) {
        return km_fail(r->ctx, KMSEG_E_FORMAT,
                       "%s: a batch of the Arrow stream is not what its schema says", r->what);
    }
    if (batch->null_count > 0) {
        return km_fail(r->ctx, KMSEG_E_FORMAT,
                       "%s: rows are missing as a whole (null in place of a row); leave them out",
                       r->what);
    }
    return KMSEG_OK;
}

static kmseg_status read_batch(arrow_reader *r, const struct ArrowArray *batch) {
    KM_TRY(check_batch(r, batch));
    int64_t n = batch->length;
    if (r->options != NULL && r->options->max_rows > 0 && n > r->options->max_rows - r->n_rows) {
        n = r->options->max_rows - r->n_rows;
    }
    if (n > INT64_MAX / 16 - r->n_rows) {
        return km_fail_memory(r->ctx, "a table");
    }
    KM_TRY(km_cancelled(r->ctx) ? km_fail_cancelled(r->ctx)
                                : km_builder_reserve(&r->builder, r->n_rows + n));
    for (int32_t i = 0; i < r->builder.n_columns; i++) {
        KM_TRY(fill_column(r, i, batch, n));
    }
    r->n_rows += n;
    return KMSEG_OK;
}

static int is_full(const arrow_reader *r) {
    return r->options != NULL && r->options->max_rows > 0 && r->n_rows >= r->options->max_rows;
}

static kmseg_status read_batches(arrow_reader *r, struct ArrowArrayStream *stream) {
    while (!is_full(r)) {
        struct ArrowArray batch = {0};
        int error = stream->get_next(stream, &batch);
        if (error != 0) {
            return fail_stream(r, stream, error);
        }
        if (batch.release == NULL) {
            break;
        }
        kmseg_status status = read_batch(r, &batch);
        batch.release(&batch);
        KM_TRY(status);
    }
    return r->n_rows > 0 ? KMSEG_OK
                         : km_fail(r->ctx, KMSEG_E_DATA, "%s: there are no rows", r->what);
}

/* ---- all of it ---- */

static kmseg_status read_all(arrow_reader *r, struct ArrowArrayStream *stream, kmseg_table **out) {
    int error = stream->get_schema(stream, &r->schema);
    if (error != 0) {
        r->schema.release = NULL;
        return fail_stream(r, stream, error);
    }
    KM_TRY(plan_columns(r));
    KM_TRY(read_batches(r, stream));
    kmseg_status status = km_builder_finish(&r->builder, r->n_rows, out);
    if (status == KMSEG_OK && r->options != NULL) {
        status = km_requests_apply(r->ctx, *out, r->options);
        if (status != KMSEG_OK) {
            kmseg_table_free(*out);
            *out = NULL;
        }
    }
    return status != KMSEG_OK ? km_fail_prefix(r->ctx, status, "%s", r->what) : KMSEG_OK;
}

kmseg_status kmseg_table_from_arrow(kmseg_context *ctx, struct ArrowArrayStream *stream,
                                    const char *what, const kmseg_csv_options *options,
                                    kmseg_table **out) {
    *out = NULL;
    if (stream == NULL || stream->release == NULL) {
        return km_fail(ctx, KMSEG_E_ARGUMENT, "%s: the Arrow stream has been read already", what);
    }
    arrow_reader r = {.ctx = ctx, .what = what, .options = options};
    kmseg_status status = read_all(&r, stream, out);
    if (r.builder.ctx != NULL) {
        km_builder_free(&r.builder);
    }
    km_release(&ctx->allocator, r.columns);
    if (r.schema.release != NULL) {
        r.schema.release(&r.schema);
    }
    stream->release(stream);
    return status;
}
