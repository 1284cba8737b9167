#include "h5/dataset.h"

#include "base/parallel.h"
#include "h5/pack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Deflate, the strongest filter in common use, cannot shrink more than 1032 : 1. */
#define LARGEST_RATIO 1100
/* What a dataset may claim without having it in the file (unwritten values are zeros). */
#define FREE_BYTES ((uint64_t)1 << 20)
/* Chunks and steps of reading and writing. */
#define CHUNK_BYTES ((int64_t)1 << 20)
#define STEP_BYTES  ((int64_t)4 << 20)
/* Datasets up to here are compact; HDF5 allows up to 65,520 bytes. */
#define COMPACT_BYTES 16384

static hid_t file_type(km_h5_type type) {
    return type == KM_H5_INT32   ? H5T_STD_I32LE
           : type == KM_H5_INT64 ? H5T_STD_I64LE
                                 : H5T_IEEE_F64LE;
}

static hid_t memory_type(km_h5_type type) {
    return type == KM_H5_INT32   ? H5T_NATIVE_INT32
           : type == KM_H5_INT64 ? H5T_NATIVE_INT64
                                 : H5T_NATIVE_DOUBLE;
}

static const char *type_name(km_h5_type type) {
    return type == KM_H5_INT32 ? "int32" : type == KM_H5_INT64 ? "int64" : "float64";
}

/* Creation properties; chunked only where that pays. */
static hid_t creation_of(km_h5_storage storage, int rank, const hsize_t shape[2], size_t size) {
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(creation, 0);
    hsize_t row_bytes = size * (rank == 2 ? shape[1] : 1);
    if (shape[0] * row_bytes <= COMPACT_BYTES) {
        H5Pset_layout(creation, H5D_COMPACT);
    } else if (storage == KM_H5_PACKED) {
        hsize_t rows = (hsize_t)CHUNK_BYTES / row_bytes;
        rows = rows < 1 ? 1 : rows > shape[0] ? shape[0] : rows;
        hsize_t chunk[2] = {rows, rank == 2 ? shape[1] : 0};
        H5Pset_chunk(creation, rank, chunk);
        H5Pset_shuffle(creation);
        H5Pset_deflate(creation, KM_H5_DEFLATE);
    }
    return creation;
}

hid_t km_h5_dataset_create(km_h5_file *file, const char *path, hid_t type, km_h5_storage storage,
                           int rank, const hsize_t shape[2]) {
    hid_t creation = creation_of(storage, rank, shape, H5Tget_size(type));
    hid_t space = H5Screate_simple(rank, shape, NULL);
    hid_t id = H5Dcreate2(file->id, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (id < 0) {
        km_h5_fail(file, "cannot write dataset %s", path);
    }
    H5Sclose(space);
    H5Pclose(creation);
    return id;
}

int64_t km_h5_step_rows(hid_t id, int64_t rows, int64_t row_bytes) {
    int64_t step = STEP_BYTES / (row_bytes > 0 ? row_bytes : 1);
    hid_t creation = H5Dget_create_plist(id);
    if (H5Pget_layout(creation) == H5D_CHUNKED) {
        hsize_t chunk[H5S_MAX_RANK];
        H5Pget_chunk(creation, H5S_MAX_RANK, chunk);
        step = step / (int64_t)chunk[0] * (int64_t)chunk[0];
        step = step < (int64_t)chunk[0] ? (int64_t)chunk[0] : step;
    }
    H5Pclose(creation);
    step = step < rows ? step : rows;
    return step > 0 ? step : 1;
}

/* Moves rows [first, first + rows) between file and memory. */
static kmseg_status move_rows(km_h5_file *file, hid_t id, const char *path, hid_t type, int rank,
                              hsize_t columns, int64_t first, int64_t rows, void *values) {
    hsize_t start[2] = {(hsize_t)first, 0}, count[2] = {(hsize_t)rows, columns};
    hid_t in_file = H5Dget_space(id), in_memory = H5Screate_simple(rank, count, NULL);
    herr_t result = H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL);
    if (result >= 0 && file->writing) {
        result = H5Dwrite(id, type, in_memory, in_file, H5P_DEFAULT, values);
    } else if (result >= 0) {
        result = H5Dread(id, type, in_memory, in_file, H5P_DEFAULT, values);
    }
    kmseg_status status = KMSEG_OK;
    if (result < 0 || file->io.error != 0) {
        status = km_h5_fail(file, "cannot %s dataset %s", file->writing ? "write" : "read", path);
    }
    H5Sclose(in_memory);
    H5Sclose(in_file);
    return status;
}

/* Chunks that lie in the file as they are in memory, but packed; 0: they do not. */
static int is_packed(hid_t id, hid_t type, int rank, hsize_t columns, km_h5_chunking *out) {
    hid_t creation = H5Dget_create_plist(id), in_file = H5Dget_type(id);
    hsize_t chunk[H5S_MAX_RANK] = {0};
    int packed = H5Pget_layout(creation) == H5D_CHUNKED && H5Tequal(type, in_file) > 0 &&
                 H5Pget_chunk(creation, H5S_MAX_RANK, chunk) == rank;
    *out = (km_h5_chunking){.rows = chunk[0], .element = H5Tget_size(in_file)};
    out->row_bytes = out->element * (rank == 2 ? columns : 1);
    H5Tclose(in_file);
    H5Pclose(creation);
    return packed;
}

void km_h5_dataset_write(km_h5_file *file, hid_t id, const char *path, hid_t type, int rank,
                         hsize_t columns, int64_t first, int64_t rows, const void *values) {
    if (km_cancelled(file->ctx)) {
        file->status = km_fail_cancelled(file->ctx);
        return;
    }
    km_h5_chunking chunking;
    if (is_packed(id, type, rank, columns, &chunking)) {
        km_h5_write_packed(file, id, path, &chunking, first, rows, values);
    } else {
        move_rows(file, id, path, type, rank, columns, first, rows, (void *)(uintptr_t)values);
    }
}

/* Bytes between memory and a place in the file, past HDF5, by all threads. */
typedef struct direct_move {
    km_h5_file *file;
    char *values;
    off_t offset;
    int64_t bytes;
    atomic_int error;
} direct_move;

static void move_piece(void *argument, int64_t chunk, int32_t thread) {
    direct_move *move = argument;
    int64_t at = chunk * STEP_BYTES;
    int64_t end = at + STEP_BYTES < move->bytes ? at + STEP_BYTES : move->bytes;
    int fd = move->file->io.fd, writing = move->file->writing;
    km_progress_step(move->file->ctx, end - at, thread == 0);
    while (at < end && atomic_load(&move->error) == 0) {
        size_t size = (size_t)(end - at);
        ssize_t done = writing ? pwrite(fd, move->values + at, size, move->offset + at)
                               : pread(fd, move->values + at, size, move->offset + at);
        if (done <= 0 && !(done < 0 && errno == EINTR)) {
            atomic_store(&move->error, done < 0 ? errno : writing ? ENOSPC : EIO);
        }
        at += done > 0 ? done : 0;
    }
}

/* Where the values lie in the file just as memory has them, or HADDR_UNDEF. */
static haddr_t direct_offset(hid_t id, hid_t type) {
    hid_t creation = H5Dget_create_plist(id), in_file = H5Dget_type(id);
    int direct = H5Pget_layout(creation) == H5D_CONTIGUOUS && H5Pget_nfilters(creation) == 0 &&
                 H5Tequal(in_file, type) > 0;
    H5Tclose(in_file);
    H5Pclose(creation);
    return direct ? H5Dget_offset(id) : HADDR_UNDEF;
}

/* Writes what is behind the first done bytes, which HDF5 has written and so given the dataset its place in
 * the file; 0 where it does not lie there as in memory. */
static int write_direct(km_h5_file *file, hid_t id, const char *path, hid_t type,
                        const void *values, int64_t done, int64_t bytes) {
    haddr_t offset = done < bytes ? direct_offset(id, type) : HADDR_UNDEF;
    if (offset == HADDR_UNDEF || file->status != KMSEG_OK) {
        return 0;
    }
    direct_move move = {.file = file,
                        .values = (char *)(uintptr_t)values + done,
                        .offset = (off_t)offset + done,
                        .bytes = bytes - done};
    file->status = km_parallel(file->ctx, km_chunks(move.bytes, STEP_BYTES), move_piece, &move);
    int error = atomic_load(&move.error);
    if (file->status == KMSEG_OK && error != 0) {
        file->io.error = file->io.error != 0 ? file->io.error : error;
        file->status = km_h5_fail(file, "cannot write dataset %s", path);
    }
    return 1;
}

void km_h5_put(km_h5_file *file, const char *path, km_h5_type type, km_h5_storage storage,
               int64_t rows, int64_t columns, const void *values) {
    if (file->status != KMSEG_OK) {
        return;
    }
    int rank = columns > 0 ? 2 : 1;
    hsize_t shape[2] = {(hsize_t)rows, (hsize_t)columns};
    hid_t id = km_h5_dataset_create(file, path, file_type(type), storage, rank, shape);
    if (id < 0) {
        return;
    }
    int64_t row_bytes = (int64_t)H5Tget_size(memory_type(type)) * (columns > 0 ? columns : 1);
    int64_t step = km_h5_step_rows(id, rows, row_bytes);
    for (int64_t r = 0; r < rows && file->status == KMSEG_OK; r += step) {
        int64_t n = rows - r < step ? rows - r : step;
        km_h5_dataset_write(file, id, path, memory_type(type), rank, shape[1], r, n,
                            (const char *)values + r * row_bytes);
        km_progress_step(file->ctx, n * row_bytes, 1);
        if (r == 0 && write_direct(file, id, path, memory_type(type), values, n * row_bytes,
                                   rows * row_bytes)) {
            break;
        }
    }
    H5Dclose(id);
}

/* Values that are claimed must be there: checked before anything is allocated for them. */
static kmseg_status check_size(km_h5_file *file, const km_h5_dataset *dataset, const char *path) {
    uint64_t n = 1, bytes = 0, chunk_bytes = 0, size = H5Tget_size(dataset->type);
    int fits = 1;
    for (int i = 0; i < dataset->rank; i++) {
        fits = fits && !__builtin_mul_overflow(n, (uint64_t)dataset->shape[i], &n);
    }
    fits = fits && !__builtin_mul_overflow(n, size > 16 ? size : 16, &bytes) && bytes <= INT64_MAX;
    hid_t creation = H5Dget_create_plist(dataset->id);
    H5D_layout_t layout = H5Pget_layout(creation);
    int elsewhere = layout == H5D_VIRTUAL || H5Pget_external_count(creation) > 0;
    if (layout == H5D_CHUNKED) {
        hsize_t chunk[H5S_MAX_RANK];
        H5Pget_chunk(creation, H5S_MAX_RANK, chunk);
        chunk_bytes = size;
        for (int i = 0; i < dataset->rank; i++) {
            fits = fits && !__builtin_mul_overflow(chunk_bytes, (uint64_t)chunk[i], &chunk_bytes);
        }
    }
    H5Pclose(creation);
    if (elsewhere) {
        return km_h5_fault(
            file, KMSEG_E_FORMAT,
            "dataset %s keeps its values in other files; they need to be in this one", path);
    }
    uint64_t stored = H5Dget_storage_size(dataset->id);
    haddr_t offset = layout == H5D_CONTIGUOUS ? H5Dget_offset(dataset->id) : 0;
    uint64_t last = layout != H5D_COMPACT && offset != HADDR_UNDEF ? offset + stored : stored;
    uint64_t limit = stored > FREE_BYTES ? stored : FREE_BYTES;
    if (!fits || last > (uint64_t)file->size || bytes / LARGEST_RATIO > limit ||
        chunk_bytes / LARGEST_RATIO > limit) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "dataset %s claims %llu values, but the file has only %lld bytes, %llu "
                           "of them for it",
                           path, (unsigned long long)n, (long long)file->size,
                           (unsigned long long)stored);
    }
    return KMSEG_OK;
}

/* HDF5 comes with gzip and szip; what else compresses needs a plugin. */
static kmseg_status check_filters(km_h5_file *file, const km_h5_dataset *dataset,
                                  const char *path) {
    kmseg_status status = KMSEG_OK;
    hid_t creation = H5Dget_create_plist(dataset->id);
    int n = H5Pget_nfilters(creation);
    for (int i = 0; i < n && status == KMSEG_OK; i++) {
        unsigned flags, config;
        size_t n_values = 0;
        char name[64] = "";
        H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &n_values, NULL,
                                             sizeof name, name, &config);
        if (filter < 0 || H5Zfilter_avail(filter) <= 0) {
            status = km_h5_fault(file, KMSEG_E_UNSUPPORTED,
                                 "dataset %s is compressed by filter %d (%.40s), which this HDF5 "
                                 "does not have; write it with gzip or plain",
                                 path, (int)filter, name);
        }
    }
    H5Pclose(creation);
    return status;
}

kmseg_status km_h5_dataset_open(km_h5_file *file, const char *path, km_h5_dataset *out) {
    *out = (km_h5_dataset){.id = -1, .type = -1, .space = -1};
    if (!km_h5_exists(file, path)) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "dataset %s is missing", path);
    }
    out->id = H5Dopen2(file->id, path, H5P_DEFAULT);
    out->type = out->id >= 0 ? H5Dget_type(out->id) : -1;
    out->space = out->type >= 0 ? H5Dget_space(out->id) : -1;
    if (out->space < 0) {
        kmseg_status status = km_h5_fail(file, "cannot read dataset %s", path);
        km_h5_dataset_close(out);
        return status;
    }
    out->rank = H5Sget_simple_extent_ndims(out->space);
    kmseg_status status;
    if (H5Sget_simple_extent_type(out->space) == H5S_NULL || out->rank > 2) {
        status = km_h5_fault(file, KMSEG_E_FORMAT, "dataset %s needs to have at most 2 dimensions",
                             path);
    } else {
        H5Sget_simple_extent_dims(out->space, out->shape, NULL);
        status = check_size(file, out, path);
    }
    if (status == KMSEG_OK) {
        status = check_filters(file, out, path);
    }
    if (status != KMSEG_OK) {
        km_h5_dataset_close(out);
    }
    return status;
}

void km_h5_dataset_close(km_h5_dataset *dataset) {
    if (dataset->space >= 0) {
        H5Sclose(dataset->space);
    }
    if (dataset->type >= 0) {
        H5Tclose(dataset->type);
    }
    if (dataset->id >= 0) {
        H5Dclose(dataset->id);
    }
    *dataset = (km_h5_dataset){.id = -1, .type = -1, .space = -1};
}

kmseg_status km_h5_dataset_read(km_h5_file *file, const km_h5_dataset *dataset, const char *path,
                                hid_t type, int64_t first, int64_t rows, void *values) {
    return move_rows(file, dataset->id, path, type, dataset->rank, dataset->shape[1], first, rows,
                     values);
}

kmseg_status km_h5_dataset_read_all(km_h5_file *file, const km_h5_dataset *dataset,
                                    const char *path, hid_t type, size_t size, void *values) {
    int64_t rows = (int64_t)dataset->shape[0];
    int64_t row_bytes = (int64_t)(size * (dataset->rank == 2 ? dataset->shape[1] : 1));
    if (rows == 0 || row_bytes == 0) {
        return KMSEG_OK;
    }
    haddr_t offset = direct_offset(dataset->id, type);
    if (offset != HADDR_UNDEF) {
        direct_move read = {
            .file = file, .values = values, .offset = (off_t)offset, .bytes = rows * row_bytes};
        KM_TRY(km_parallel(file->ctx, km_chunks(read.bytes, STEP_BYTES), move_piece, &read));
        int error = atomic_load(&read.error);
        return error == 0 ? KMSEG_OK
                          : km_h5_fault(file, KMSEG_E_IO, "cannot read dataset %s: %s", path,
                                        strerror(error));
    }
    int64_t step = km_h5_step_rows(dataset->id, rows, row_bytes);
    for (int64_t r = 0; r < rows; r += step) {
        int64_t n = rows - r < step ? rows - r : step;
        if (km_cancelled(file->ctx)) {
            return km_fail_cancelled(file->ctx);
        }
        KM_TRY(km_h5_dataset_read(file, dataset, path, type, r, n, (char *)values + r * row_bytes));
        km_progress_step(file->ctx, n * row_bytes, 1);
    }
    return KMSEG_OK;
}

static kmseg_status check_shape(km_h5_file *file, const km_h5_dataset *dataset, const char *path,
                                int64_t rows, int64_t columns) {
    int rank = columns > 0 ? 2 : 1;
    if (dataset->rank == rank && dataset->shape[0] == (hsize_t)rows &&
        (rank == 1 || dataset->shape[1] == (hsize_t)columns)) {
        return KMSEG_OK;
    }
    char found[64], expected[64];
    snprintf(found, sizeof found, dataset->rank == 2 ? "%llu x %llu" : "%llu",
             (unsigned long long)dataset->shape[0], (unsigned long long)dataset->shape[1]);
    snprintf(expected, sizeof expected, rank == 2 ? "%lld x %lld" : "%lld", (long long)rows,
             (long long)columns);
    return km_h5_fault(file, KMSEG_E_FORMAT, "dataset %s has shape %s; it needs to be %s", path,
                       found, expected);
}

static kmseg_status get_open(km_h5_file *file, const km_h5_dataset *dataset, const char *path,
                             km_h5_type type, int64_t rows, int64_t columns, void *values) {
    if (H5Tequal(dataset->type, file_type(type)) <= 0) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "dataset %s needs to hold %s", path,
                           type_name(type));
    }
    KM_TRY(check_shape(file, dataset, path, rows, columns));
    return km_h5_dataset_read_all(file, dataset, path, memory_type(type),
                                  H5Tget_size(memory_type(type)), values);
}

kmseg_status km_h5_get(km_h5_file *file, const char *path, km_h5_type type, int64_t rows,
                       int64_t columns, void *values) {
    km_h5_dataset dataset;
    KM_TRY(km_h5_dataset_open(file, path, &dataset));
    kmseg_status status = get_open(file, &dataset, path, type, rows, columns, values);
    km_h5_dataset_close(&dataset);
    return status;
}

kmseg_status km_h5_rows(km_h5_file *file, const char *path, int64_t *out) {
    km_h5_dataset dataset;
    KM_TRY(km_h5_dataset_open(file, path, &dataset));
    *out = (int64_t)dataset.shape[0];
    kmseg_status status = check_shape(file, &dataset, path, *out, 0);
    km_h5_dataset_close(&dataset);
    return status;
}

kmseg_status km_h5_get_new(km_h5_file *file, const char *path, km_h5_type type, int64_t rows,
                           int64_t columns, km_arena *arena, void *out) {
    /* The shape is checked first: nothing is allocated on the word of a damaged number. */
    km_h5_dataset dataset;
    KM_TRY(km_h5_dataset_open(file, path, &dataset));
    kmseg_status status = check_shape(file, &dataset, path, rows, columns);
    if (status == KMSEG_OK) {
        size_t size = H5Tget_size(memory_type(type));
        void *values = km_arena_array(arena, rows * (columns > 0 ? columns : 1), size);
        if (values == NULL) {
            status = km_fail_memory(file->ctx, path);
        } else {
            status = get_open(file, &dataset, path, type, rows, columns, values);
            *(void **)out = values;
        }
    }
    km_h5_dataset_close(&dataset);
    return status;
}

kmseg_status km_h5_get_names(km_h5_file *file, const char *path, km_arena *arena, int32_t *out_n,
                             const char *const **out) {
    H5G_info_t info;
    if (H5Gget_info_by_name(file->id, path, &info, H5P_DEFAULT) < 0) {
        return km_h5_fail(file, "cannot read group %s", path);
    }
    int32_t n = info.nlinks < INT32_MAX ? (int32_t)info.nlinks : INT32_MAX;
    const char **names = km_arena_array(arena, n, sizeof *names);
    if (names == NULL) {
        return km_fail_memory(file->ctx, path);
    }
    for (int32_t i = 0; i < n; i++) {
        char name[256];
        ssize_t length = H5Lget_name_by_idx(file->id, path, H5_INDEX_NAME, H5_ITER_INC, (hsize_t)i,
                                            name, sizeof name, H5P_DEFAULT);
        if (length < 0) {
            return km_h5_fail(file, "cannot read group %s", path);
        }
        if (length >= (ssize_t)sizeof name) {
            return km_h5_fault(file, KMSEG_E_FORMAT, "group %s has a name of %lld bytes", path,
                               (long long)length);
        }
        names[i] = km_arena_text(arena, name);
        if (names[i] == NULL) {
            return km_fail_memory(file->ctx, path);
        }
    }
    *out_n = n;
    *out = names;
    return KMSEG_OK;
}

static kmseg_status check_group(km_h5_file *file, const char *path, int depth) {
    H5G_info_t info;
    if (H5Gget_info_by_name(file->id, path, &info, H5P_DEFAULT) < 0) {
        return km_h5_fail(file, "cannot read group %s", path);
    }
    for (hsize_t i = 0; i < info.nlinks; i++) {
        char name[256], child[1024];
        if (H5Lget_name_by_idx(file->id, path, H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name,
                               H5P_DEFAULT) < 0) {
            return km_h5_fail(file, "cannot read group %s", path);
        }
        int length = snprintf(child, sizeof child, "%s/%s", depth == 0 ? "" : path, name);
        if (length >= (int)sizeof child) {
            return km_h5_fault(file, KMSEG_E_FORMAT, "a path longer than %zu bytes", sizeof child);
        }
        hid_t object = H5Oopen(file->id, child, H5P_DEFAULT);
        if (object < 0) {
            return km_h5_fail(file, "cannot read %s", child);
        }
        int is_group = H5Iget_type(object) == H5I_GROUP;
        H5Oclose(object);
        if (is_group && depth < 8) {
            KM_TRY(check_group(file, child, depth + 1));
        } else if (!is_group) {
            km_h5_dataset dataset;
            KM_TRY(km_h5_dataset_open(file, child, &dataset));
            km_h5_dataset_close(&dataset);
        }
    }
    return KMSEG_OK;
}

kmseg_status km_h5_check_all(km_h5_file *file) { return check_group(file, "/", 0); }
