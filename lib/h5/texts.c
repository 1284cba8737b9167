/* Datasets of strings. Fixed-length strings are one block that compresses and reads fast; where one
 * long string would pad all others, strings of variable length take less. */
#include "base/arena.h"
#include "base/parallel.h"
#include "h5/dataset.h"

#include <string.h>

static hid_t text_type(size_t size) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    H5Tset_cset(type, H5T_CSET_UTF8);
    H5Tset_strpad(type, size == H5T_VARIABLE ? H5T_STR_NULLTERM : H5T_STR_NULLPAD);
    return type;
}

/* Padding up to here is fine; beyond, up to three quarters of all may be padding. */
#define PADDING_BYTES ((size_t)64 << 20)

/* Strings looked at together by a thread. */
enum { TEXT_ROWS = 16384 };

typedef struct text_loop {
    const char *const *texts;
    int64_t n;
    size_t *longest, *totals; /* per thread */
    char *block;              /* n strings of size bytes each, padded with zeros */
    size_t size;
} text_loop;

static int64_t end_of_texts(const text_loop *loop, int64_t chunk) {
    int64_t end = (chunk + 1) * TEXT_ROWS;
    return end < loop->n ? end : loop->n;
}

static void measure_texts(void *argument, int64_t chunk, int32_t thread) {
    const text_loop *loop = argument;
    size_t longest = 1, total = 0;
    for (int64_t i = chunk * TEXT_ROWS; i < end_of_texts(loop, chunk); i++) {
        size_t length = strlen(loop->texts[i]);
        longest = length > longest ? length : longest;
        total += length;
    }
    loop->longest[thread] = longest > loop->longest[thread] ? longest : loop->longest[thread];
    loop->totals[thread] += total;
}

static void pad_texts(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    const text_loop *loop = argument;
    for (int64_t i = chunk * TEXT_ROWS; i < end_of_texts(loop, chunk); i++) {
        char *to = loop->block + (size_t)i * loop->size;
        size_t length = strlen(loop->texts[i]);
        memcpy(to, loop->texts[i], length);
        memset(to + length, 0, loop->size - length);
    }
}

/* The longest string where fixed length is worth it, else H5T_VARIABLE. */
static kmseg_status text_size(kmseg_context *ctx, int64_t n, const char *const *texts,
                              km_arena *arena, size_t *out) {
    text_loop loop = {.texts = texts, .n = n};
    loop.longest = km_arena_array(arena, ctx->n_threads, sizeof *loop.longest);
    loop.totals = km_arena_array(arena, ctx->n_threads, sizeof *loop.totals);
    if (loop.longest == NULL || loop.totals == NULL) {
        return km_fail_memory(ctx, "texts");
    }
    KM_TRY(km_parallel(ctx, km_chunks(n, TEXT_ROWS), measure_texts, &loop));
    size_t longest = 1, total = 0, padded;
    for (int32_t t = 0; t < ctx->n_threads; t++) {
        longest = loop.longest[t] > longest ? loop.longest[t] : longest;
        total += loop.totals[t];
    }
    int is_padding = __builtin_mul_overflow((size_t)n, longest, &padded) ||
                     padded / 4 > total + PADDING_BYTES / 4;
    *out = is_padding ? H5T_VARIABLE : longest;
    return KMSEG_OK;
}

/* Rows [first, first + rows), padded to fixed size in block where that is not NULL. */
static void put_step(km_h5_file *file, hid_t id, const char *path, hid_t type, int64_t first,
                     int64_t rows, const char *const *texts, char *block) {
    const void *from = texts + first;
    if (block != NULL) {
        text_loop loop = {
            .texts = texts + first, .n = rows, .block = block, .size = H5Tget_size(type)};
        file->status = km_parallel(file->ctx, km_chunks(rows, TEXT_ROWS), pad_texts, &loop);
        from = block;
    }
    if (file->status == KMSEG_OK) {
        km_h5_dataset_write(file, id, path, type, 1, 0, first, rows, from);
    }
}

static void put_all(km_h5_file *file, const char *path, int64_t n, const char *const *texts,
                    km_arena *arena) {
    size_t size = 1;
    file->status = text_size(file->ctx, n, texts, arena, &size);
    if (file->status != KMSEG_OK) {
        return;
    }
    int fixed = size != H5T_VARIABLE;
    hid_t type = text_type(size);
    hsize_t shape[2] = {(hsize_t)n, 0};
    hid_t id = km_h5_dataset_create(file, path, type, fixed ? KM_H5_PACKED : KM_H5_PLAIN, 1, shape);
    int64_t step = id >= 0 ? km_h5_step_rows(id, n, (int64_t)H5Tget_size(type)) : 1;
    char *block = fixed ? km_arena_take(arena, (size_t)step * size) : NULL;
    if (fixed && block == NULL && file->status == KMSEG_OK) {
        file->status = km_fail_memory(file->ctx, path);
    }
    for (int64_t first = 0; first < n && file->status == KMSEG_OK; first += step) {
        int64_t rows = n - first < step ? n - first : step;
        put_step(file, id, path, type, first, rows, texts, block);
        km_progress_step(file->ctx, rows * (int64_t)(fixed ? size : sizeof(char *)), 1);
    }
    if (id >= 0) {
        H5Dclose(id);
    }
    H5Tclose(type);
}

void km_h5_put_texts(km_h5_file *file, const char *path, int64_t n, const char *const *texts) {
    if (file->status != KMSEG_OK) {
        return;
    }
    km_arena arena;
    km_arena_init(&arena, &file->ctx->allocator);
    put_all(file, path, n, texts, &arena);
    km_arena_free(&arena);
}

/* Hands out the strings of one step. */
static kmseg_status give(const char *block, int64_t first, int64_t rows, size_t size, int variable,
                         H5T_str_t padding, km_h5_text_fn fn, void *argument) {
    for (int64_t i = 0; i < rows; i++) {
        const char *text = block + (size_t)i * size;
        size_t length;
        if (variable) {
            memcpy(&text, text, sizeof text);
            text = text != NULL ? text : "";
            length = strlen(text);
        } else {
            length = strnlen(text, size);
            while (padding == H5T_STR_SPACEPAD && length > 0 && text[length - 1] == ' ') {
                length--;
            }
        }
        KM_TRY(fn(argument, first + i, text, length));
    }
    return KMSEG_OK;
}

static kmseg_status read_step(km_h5_file *file, const km_h5_dataset *dataset, const char *path,
                              int64_t first, int64_t rows, char *block, km_h5_text_fn fn,
                              void *argument) {
    KM_TRY(km_h5_dataset_read(file, dataset, path, dataset->type, first, rows, block));
    int variable = H5Tis_variable_str(dataset->type) > 0;
    kmseg_status status = give(block, first, rows, H5Tget_size(dataset->type), variable,
                               H5Tget_strpad(dataset->type), fn, argument);
    if (variable) {
        hsize_t count = (hsize_t)rows;
        hid_t space = H5Screate_simple(1, &count, NULL);
        H5Dvlen_reclaim(dataset->type, space, H5P_DEFAULT, block);
        H5Sclose(space);
    }
    return status;
}

kmseg_status km_h5_dataset_texts(km_h5_file *file, const km_h5_dataset *dataset, const char *path,
                                 km_h5_text_fn fn, void *argument) {
    if (dataset->rank != 1 || H5Tget_class(dataset->type) != H5T_STRING) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "dataset %s needs to be a list of strings", path);
    }
    int64_t n = (int64_t)dataset->shape[0], size = (int64_t)H5Tget_size(dataset->type);
    int64_t step = km_h5_step_rows(dataset->id, n, size);
    char *block = km_allocate_array(&file->ctx->allocator, step, (size_t)size);
    if (block == NULL) {
        return km_fail_memory(file->ctx, path);
    }
    kmseg_status status = KMSEG_OK;
    for (int64_t first = 0; first < n && status == KMSEG_OK; first += step) {
        int64_t rows = n - first < step ? n - first : step;
        status = km_cancelled(file->ctx)
                     ? km_fail_cancelled(file->ctx)
                     : read_step(file, dataset, path, first, rows, block, fn, argument);
        km_progress_step(file->ctx, rows * size, 1);
    }
    km_release(&file->ctx->allocator, block);
    return status;
}

/* Strings that follow each other in blocks of an arena. */
typedef struct collector {
    kmseg_context *ctx;
    km_arena *arena;
    const char **texts;
    char *next, *end;
} collector;

static kmseg_status collect(void *argument, int64_t i, const char *text, size_t length) {
    collector *c = argument;
    if ((size_t)(c->end - c->next) <= length) {
        size_t size = length + 1 > 32768 ? length + 1 : 32768;
        c->next = km_arena_take(c->arena, size);
        if (c->next == NULL) {
            c->end = NULL;
            return km_fail_memory(c->ctx, "texts");
        }
        c->end = c->next + size;
    }
    memcpy(c->next, text, length);
    c->next[length] = '\0';
    c->texts[i] = c->next;
    c->next += length + 1;
    return KMSEG_OK;
}

kmseg_status km_h5_get_texts(km_h5_file *file, const char *path, int64_t n, km_arena *arena,
                             const char *const **out) {
    km_h5_dataset dataset;
    KM_TRY(km_h5_dataset_open(file, path, &dataset));
    kmseg_status status = KMSEG_OK;
    collector c = {.ctx = file->ctx, .arena = arena};
    if (dataset.rank != 1 || dataset.shape[0] != (hsize_t)n) {
        status = km_h5_fault(file, KMSEG_E_FORMAT, "dataset %s needs to be %lld strings", path,
                             (long long)n);
    } else {
        c.texts = km_arena_array(arena, n, sizeof *c.texts);
        status = c.texts == NULL ? km_fail_memory(file->ctx, path)
                                 : km_h5_dataset_texts(file, &dataset, path, collect, &c);
    }
    *out = c.texts;
    km_h5_dataset_close(&dataset);
    return status;
}

void km_h5_put_long_text(km_h5_file *file, const char *path, const char *text) {
    if (file->status != KMSEG_OK) {
        return;
    }
    hid_t type = text_type(text[0] != '\0' ? strlen(text) : 1);
    hid_t space = H5Screate(H5S_SCALAR), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, 0);
    hid_t id = H5Dcreate2(file->id, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (id < 0 || H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0) {
        km_h5_fail(file, "cannot write dataset %s", path);
    }
    if (id >= 0) {
        H5Dclose(id);
    }
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
}

static kmseg_status read_long_text(km_h5_file *file, const km_h5_dataset *dataset, const char *path,
                                   km_arena *arena, const char **out) {
    size_t size = H5Tget_size(dataset->type);
    if (dataset->rank != 0 || H5Tget_class(dataset->type) != H5T_STRING ||
        H5Tis_variable_str(dataset->type) > 0) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "dataset %s needs to be one string", path);
    }
    char *text = km_arena_take(arena, size + 1);
    if (text == NULL) {
        return km_fail_memory(file->ctx, path);
    }
    text[size] = '\0';
    *out = text;
    return H5Dread(dataset->id, dataset->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0
               ? km_h5_fail(file, "cannot read dataset %s", path)
               : KMSEG_OK;
}

kmseg_status km_h5_get_long_text(km_h5_file *file, const char *path, km_arena *arena,
                                 const char **out) {
    km_h5_dataset dataset;
    KM_TRY(km_h5_dataset_open(file, path, &dataset));
    kmseg_status status = read_long_text(file, &dataset, path, arena, out);
    km_h5_dataset_close(&dataset);
    return status;
}
