/* Groups, datasets and attributes of a file of ours, each checked for type, shape and size.
 *
 * Writers return nothing: the first failure stays in the file, every later write does nothing, and
 * km_h5_commit() reports it. Readers return a status and name what is missing or not as it needs to
 * be. Strings are UTF-8. */
#ifndef KM_H5_DATASET_H
#define KM_H5_DATASET_H

#include "h5/file.h"

typedef enum km_h5_type { KM_H5_INT32, KM_H5_INT64, KM_H5_FLOAT64 } km_h5_type;

/* How the values of a dataset lie in the file. */
typedef enum km_h5_storage {
    KM_H5_PLAIN,  /* contiguous: read back at the speed of the disk */
    KM_H5_PACKED, /* chunks near 1 MiB, shuffled, gzip level 1; by all threads */
} km_h5_storage;  /* small datasets are compact either way: in the header, under its checksum */

void km_h5_put_group(km_h5_file *file, const char *path);

/* Scalar attributes of the object at path: fixed-length UTF-8, int64, float64. */
void km_h5_put_text(km_h5_file *file, const char *path, const char *name, const char *value);
void km_h5_put_int(km_h5_file *file, const char *path, const char *name, int64_t value);
void km_h5_put_double(km_h5_file *file, const char *path, const char *name, double value);

/* A dataset of rank 1 (columns 0) or 2: rows x columns, row-major. */
void km_h5_put(km_h5_file *file, const char *path, km_h5_type type, km_h5_storage storage,
               int64_t rows, int64_t columns, const void *values);

/* A dataset of n strings: of fixed length, padded with zeros, unless the padding is both large and
 * most of it; then of variable length. */
void km_h5_put_texts(km_h5_file *file, const char *path, int64_t n, const char *const *texts);

/* A scalar dataset of one string of any length, and its reading. */
void km_h5_put_long_text(km_h5_file *file, const char *path, const char *text);
kmseg_status km_h5_get_long_text(km_h5_file *file, const char *path, km_arena *arena,
                                 const char **out);

/* 1 when there is an object of that path (hard links only). */
int km_h5_exists(km_h5_file *file, const char *path);

/* Names of what is in a group, in byte order; KMSEG_E_FORMAT where one is longer than 255 bytes. */
kmseg_status km_h5_get_names(km_h5_file *file, const char *path, km_arena *arena, int32_t *out_n,
                             const char *const **out);

/* 1 when the object at path has that attribute. */
int km_h5_has(km_h5_file *file, const char *path, const char *name);

kmseg_status km_h5_get_short_text(km_h5_file *file, const char *path, const char *name, char *out,
                                  size_t capacity);
kmseg_status km_h5_get_text(km_h5_file *file, const char *path, const char *name, km_arena *arena,
                            const char **out);
/* Between minimum and maximum, both inclusive. */
kmseg_status km_h5_get_int(km_h5_file *file, const char *path, const char *name, int64_t minimum,
                           int64_t maximum, int64_t *out);
kmseg_status km_h5_get_double(km_h5_file *file, const char *path, const char *name, double *out);

/* An attribute of exactly n strings; copies go to the arena. */
kmseg_status km_h5_get_text_list(km_h5_file *file, const char *path, const char *name, int64_t n,
                                 km_arena *arena, const char **out);

/* Rows of a dataset of rank 1; KMSEG_E_FORMAT when it is missing or of another rank. */
kmseg_status km_h5_rows(km_h5_file *file, const char *path, int64_t *out);

/* Reads a whole dataset of exactly that type and shape (columns 0: rank 1) into values. */
kmseg_status km_h5_get(km_h5_file *file, const char *path, km_h5_type type, int64_t rows,
                       int64_t columns, void *values);

/* The same into memory of the arena. */
kmseg_status km_h5_get_new(km_h5_file *file, const char *path, km_h5_type type, int64_t rows,
                           int64_t columns, km_arena *arena, void *out);

/* n strings into memory of the arena. */
kmseg_status km_h5_get_texts(km_h5_file *file, const char *path, int64_t n, km_arena *arena,
                             const char *const **out);

/* The steps of reading, for datasets of other people's files. */

/* A dataset that has been opened and found plausible: its size in memory fits what is in the file,
 * so that a few bytes cannot ask for a huge block. */
typedef struct km_h5_dataset {
    hid_t id, type, space;
    int rank;
    hsize_t shape[2];
} km_h5_dataset;

kmseg_status km_h5_dataset_open(km_h5_file *file, const char *path, km_h5_dataset *out);
void km_h5_dataset_close(km_h5_dataset *dataset);

/* Values of that memory type, from rows [first, first + rows). */
kmseg_status km_h5_dataset_read(km_h5_file *file, const km_h5_dataset *dataset, const char *path,
                                hid_t type, int64_t first, int64_t rows, void *values);

/* Rows to read or write at once: whole chunks, so that none is handled twice. */
int64_t km_h5_step_rows(hid_t id, int64_t rows, int64_t row_bytes);

/* All values, which are float64 in the order of this machine: straight from the file where they lie
 * there as they are, by all threads; else through HDF5. Steps the progress by bytes. */
kmseg_status km_h5_dataset_read_all(km_h5_file *file, const km_h5_dataset *dataset,
                                    const char *path, hid_t type, size_t size, void *values);

/* Calls fn for n strings in order, text valid during the call, length without padding. */
typedef kmseg_status (*km_h5_text_fn)(void *argument, int64_t i, const char *text, size_t length);
kmseg_status km_h5_dataset_texts(km_h5_file *file, const km_h5_dataset *dataset, const char *path,
                                 km_h5_text_fn fn, void *argument);

/* The steps of writing: a new dataset, negative on failure, and some of its rows. */
hid_t km_h5_dataset_create(km_h5_file *file, const char *path, hid_t type, km_h5_storage storage,
                           int rank, const hsize_t shape[2]);
void km_h5_dataset_write(km_h5_file *file, hid_t id, const char *path, hid_t type, int rank,
                         hsize_t columns, int64_t first, int64_t rows, const void *values);

/* Opens every dataset of the file and checks that its values are in the file. */
kmseg_status km_h5_check_all(km_h5_file *file);

#endif
