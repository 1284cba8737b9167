/* A table as a stream of Arrow: one batch, which owns what it holds. */
#include "data/table.h"

#include <kmseg/arrow.h>

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { MOST_BUFFERS = 3 };

typedef struct column_out {
    const char *name, *format;
    const void *buffers[MOST_BUFFERS];
    int64_t n_buffers, n_missing;
} column_out;

/* What a stream, its schemas and its arrays share; the last of them that is released frees it. */
typedef struct shared_out {
    km_arena arena;
    atomic_int n_users;
    int64_t n_rows, n_columns;
    column_out *columns;
    int is_read; /* the batch was given out */
} shared_out;

/* A schema with all that hangs on it, or an array likewise; children may be moved out and released on
 * their own. */
typedef struct schema_out {
    shared_out *shared;
    kmseg_allocator allocator;
    struct ArrowSchema *children, **pointers;
} schema_out;

typedef struct array_out {
    shared_out *shared;
    kmseg_allocator allocator;
    struct ArrowArray *children, **pointers;
    const void *none[1]; /* rows have no buffer of missing ones */
} array_out;

static void leave(shared_out *shared) {
    if (atomic_fetch_sub(&shared->n_users, 1) == 1) {
        kmseg_allocator allocator = shared->arena.allocator;
        km_arena_free(&shared->arena);
        km_release(&allocator, shared);
    }
}

static shared_out *join(shared_out *shared) {
    atomic_fetch_add(&shared->n_users, 1);
    return shared;
}

/* ---- schemas ---- */

static void release_child_schema(struct ArrowSchema *schema) {
    leave(schema->private_data);
    schema->release = NULL;
}

static void release_schema(struct ArrowSchema *schema) {
    schema_out *out = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
    }
    km_release(&out->allocator, out->children);
    km_release(&out->allocator, out->pointers);
    leave(out->shared);
    kmseg_allocator allocator = out->allocator;
    km_release(&allocator, out);
    schema->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *schema) {
    shared_out *shared = stream->private_data;
    const kmseg_allocator allocator = shared->arena.allocator;
    schema_out *out = km_allocate(&allocator, sizeof *out);
    struct ArrowSchema *children =
        km_allocate_array(&allocator, shared->n_columns, sizeof *children);
    struct ArrowSchema **pointers =
        km_allocate_array(&allocator, shared->n_columns, sizeof(struct ArrowSchema *));
    if (out == NULL || children == NULL || pointers == NULL) {
        km_release(&allocator, out);
        km_release(&allocator, children);
        km_release(&allocator, pointers);
        return ENOMEM;
    }
    *out = (schema_out){join(shared), allocator, children, pointers};
    for (int64_t i = 0; i < shared->n_columns; i++) {
        children[i] = (struct ArrowSchema){.format = shared->columns[i].format,
                                           .name = shared->columns[i].name,
                                           .flags = ARROW_FLAG_NULLABLE,
                                           .release = release_child_schema,
                                           .private_data = join(shared)};
        pointers[i] = &children[i];
    }
    *schema = (struct ArrowSchema){.format = "+s",
                                   .name = "",
                                   .n_children = shared->n_columns,
                                   .children = pointers,
                                   .release = release_schema,
                                   .private_data = out};
    return 0;
}

/* ---- arrays ---- */

static void release_child_array(struct ArrowArray *array) {
    leave(array->private_data);
    array->release = NULL;
}

static void release_array(struct ArrowArray *array) {
    array_out *out = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
    }
    km_release(&out->allocator, out->children);
    km_release(&out->allocator, out->pointers);
    leave(out->shared);
    kmseg_allocator allocator = out->allocator;
    km_release(&allocator, out);
    array->release = NULL;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *array) {
    shared_out *shared = stream->private_data;
    const kmseg_allocator allocator = shared->arena.allocator;
    *array = (struct ArrowArray){0};
    if (shared->is_read) {
        return 0;
    }
    array_out *out = km_allocate(&allocator, sizeof *out);
    struct ArrowArray *children =
        km_allocate_array(&allocator, shared->n_columns, sizeof *children);
    struct ArrowArray **pointers =
        km_allocate_array(&allocator, shared->n_columns, sizeof(struct ArrowArray *));
    if (out == NULL || children == NULL || pointers == NULL) {
        km_release(&allocator, out);
        km_release(&allocator, children);
        km_release(&allocator, pointers);
        return ENOMEM;
    }
    shared->is_read = 1;
    *out = (array_out){join(shared), allocator, children, pointers, {NULL}};
    for (int64_t i = 0; i < shared->n_columns; i++) {
        column_out *column = &shared->columns[i];
        children[i] = (struct ArrowArray){.length = shared->n_rows,
                                          .null_count = column->n_missing,
                                          .n_buffers = column->n_buffers,
                                          .buffers = column->buffers,
                                          .release = release_child_array,
                                          .private_data = join(shared)};
        pointers[i] = &children[i];
    }
    *array = (struct ArrowArray){.length = shared->n_rows,
                                 .n_buffers = 1,
                                 .buffers = out->none,
                                 .n_children = shared->n_columns,
                                 .children = pointers,
                                 .release = release_array,
                                 .private_data = out};
    return 0;
}

/* ---- the stream ---- */

static const char *last_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "out of memory"; /* nothing else can fail */
}

static void release_stream(struct ArrowArrayStream *stream) {
    leave(stream->private_data);
    stream->release = NULL;
}

static int is_missing(const kmseg_column *column, int64_t row) {
    return column->numbers != NULL ? isnan(column->numbers[row])
           : column->times != NULL ? column->times[row] == KMSEG_TIME_MISSING
                                   : column->codes != NULL && column->codes[row] < 0;
}

/* Bits of the rows that have a value; NULL where all have one. 0 when out of memory. */
static int add_present(km_arena *arena, const kmseg_column *column, const void **out) {
    *out = NULL;
    if (column->n_missing == 0) {
        return 1;
    }
    uint8_t *bits = km_arena_array(arena, column->n_rows / 8 + 1, 1);
    for (int64_t r = 0; bits != NULL && r < column->n_rows; r++) {
        if (!is_missing(column, r)) {
            bits[r / 8] |= (uint8_t)(1 << (r % 8));
        }
    }
    *out = bits;
    return bits != NULL;
}

/* Offsets and bytes of the texts. */
static int add_texts(km_arena *arena, const kmseg_column *column, column_out *out) {
    int64_t *offsets = km_arena_array(arena, column->n_rows + 1, sizeof *offsets);
    int64_t *lengths = km_arena_array(arena, column->n_levels + 1, sizeof *lengths);
    if (offsets == NULL || lengths == NULL) {
        return 0;
    }
    for (int32_t l = 0; l < column->n_levels; l++) {
        lengths[l] = (int64_t)strlen(column->levels[l]);
    }
    for (int64_t r = 0; r < column->n_rows; r++) {
        int32_t code = column->codes[r];
        offsets[r + 1] = offsets[r] + (code >= 0 ? lengths[code] : 0);
    }
    char *bytes = km_arena_take(arena, (size_t)offsets[column->n_rows] + 1);
    for (int64_t r = 0; bytes != NULL && r < column->n_rows; r++) {
        int32_t code = column->codes[r];
        if (code >= 0) {
            memcpy(bytes + offsets[r], column->levels[code], (size_t)lengths[code]);
        }
    }
    out->buffers[1] = offsets;
    out->buffers[2] = bytes;
    return bytes != NULL;
}

static int add_column(km_arena *arena, const kmseg_column *column, column_out *out) {
    *out = (column_out){.name = km_arena_text(arena, column->name),
                        .format = column->numbers != NULL ? "g"
                                  : column->times != NULL ? "tss:"
                                                          : "U",
                        .n_buffers = column->codes != NULL ? 3 : 2,
                        .n_missing = column->n_missing};
    if (out->name == NULL || !add_present(arena, column, &out->buffers[0])) {
        return 0;
    }
    if (column->codes != NULL) {
        return add_texts(arena, column, out);
    }
    out->buffers[1] =
        column->numbers != NULL
            ? km_arena_copy(arena, column->numbers, column->n_rows, sizeof *column->numbers)
            : km_arena_copy(arena, column->times, column->n_rows, sizeof *column->times);
    return out->buffers[1] != NULL;
}

kmseg_status kmseg_table_to_arrow(kmseg_context *ctx, const kmseg_table *table,
                                  struct ArrowArrayStream *out) {
    *out = (struct ArrowArrayStream){0};
    shared_out *shared = km_allocate(&ctx->allocator, sizeof *shared);
    if (shared == NULL) {
        return km_fail_memory(ctx, "an Arrow stream");
    }
    memset(shared, 0, sizeof *shared);
    km_arena_init(&shared->arena, &ctx->allocator);
    atomic_init(&shared->n_users, 1);
    shared->n_rows = table->n_rows;
    shared->n_columns = table->n_columns;
    shared->columns = km_arena_array(&shared->arena, table->n_columns, sizeof *shared->columns);
    int done = shared->columns != NULL;
    for (int32_t i = 0; i < table->n_columns && done; i++) {
        done = add_column(&shared->arena, &table->columns[i], &shared->columns[i]);
    }
    if (!done) {
        leave(shared);
        return km_fail_memory(ctx, "an Arrow stream");
    }
    *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = last_error,
                                     .release = release_stream,
                                     .private_data = shared};
    return KMSEG_OK;
}
