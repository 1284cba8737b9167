/* Tables in HDF5 files that kmseg did not write: what h5py, MATLAB, R and Julia users save. */
#include "data/dictionary.h"
#include "h5/table_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Whole numbers up to here are exact as double. */
#define LARGEST_EXACT (INT64_C(1) << 53)

static int is_number(hid_t type) {
    H5T_class_t class = H5Tget_class(type);
    return class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM;
}

static kmseg_status set_rows(km_h5_file *file, const char *path, int64_t rows, km_h5_plan *plan) {
    if (plan->n > 0 && rows != plan->n_rows) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "datasets %s and %s have %lld and %lld rows; all datasets in the root "
                           "need to have as many",
                           plan->columns[0].path, path, (long long)plan->n_rows, (long long)rows);
    }
    plan->n_rows = rows;
    return KMSEG_OK;
}

static kmseg_status plan_vector(km_h5_file *file, const char *path, const km_h5_dataset *dataset,
                                km_h5_plan *plan) {
    KM_TRY(set_rows(file, path, (int64_t)dataset->shape[0], plan));
    km_h5_column *column = km_h5_plan_add(plan, path);
    if (column == NULL) {
        return km_fail_memory(file->ctx, "the columns of a table");
    }
    column->name = column->path + 1;
    column->type = is_number(dataset->type) ? KMSEG_COLUMN_NUMBER : KMSEG_COLUMN_TEXT;
    return KMSEG_OK;
}

/* Names from an attribute "columns" of the dataset, else c1, c2, ... */
static kmseg_status matrix_names(km_h5_file *file, const char *path, const km_h5_dataset *dataset,
                                 km_h5_plan *plan, const char **out) {
    int64_t n = (int64_t)dataset->shape[1];
    for (int64_t j = 0; j < n; j++) {
        out[j] = km_arena_format(&plan->arena, "c%lld", (long long)j + 1);
        if (out[j] == NULL) {
            return km_fail_memory(file->ctx, "names of columns");
        }
    }
    if (H5Aexists(dataset->id, "columns") <= 0) {
        return KMSEG_OK;
    }
    return km_h5_get_text_list(file, path, "columns", n, &plan->arena, out);
}

static kmseg_status plan_matrix(km_h5_file *file, const char *path, const km_h5_dataset *dataset,
                                km_h5_plan *plan) {
    KM_TRY(set_rows(file, path, (int64_t)dataset->shape[0], plan));
    for (int32_t i = 0; i < plan->n; i++) {
        if (plan->columns[i].matrix_column >= 0) {
            return km_h5_fault(file, KMSEG_E_FORMAT,
                               "%s and %s have two dimensions; only one dataset may",
                               plan->columns[i].path, path);
        }
    }
    if (!is_number(dataset->type) || dataset->shape[1] > 1000000) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "dataset %s needs to hold numbers in at most 1000000 columns", path);
    }
    int64_t n = (int64_t)dataset->shape[1];
    const char **out = km_arena_array(&plan->arena, n, sizeof *out);
    if (out == NULL) {
        return km_fail_memory(file->ctx, "names of columns");
    }
    KM_TRY(matrix_names(file, path, dataset, plan, out));
    for (int64_t j = 0; j < n; j++) {
        km_h5_column *column = km_h5_plan_add(plan, path);
        if (column == NULL) {
            return km_fail_memory(file->ctx, "the columns of a table");
        }
        column->name = out[j];
        column->type = KMSEG_COLUMN_NUMBER;
        column->matrix_column = j;
    }
    return KMSEG_OK;
}

/* Numbers and strings of one or two dimensions are columns; groups, scalars and cubes are not. */
static kmseg_status plan_object(km_h5_file *file, const char *path, km_h5_plan *plan) {
    if (!km_h5_exists(file, path)) {
        return KMSEG_OK; /* a link to elsewhere */
    }
    hid_t object = H5Oopen(file->id, path, H5P_DEFAULT);
    if (object < 0) {
        return km_h5_fail(file, "cannot read %s", path);
    }
    int rank = 0;
    if (H5Iget_type(object) == H5I_DATASET) {
        hid_t space = H5Dget_space(object);
        rank = H5Sget_simple_extent_ndims(space);
        H5Sclose(space);
    }
    H5Oclose(object);
    if (rank < 1 || rank > 2) {
        return KMSEG_OK;
    }
    km_h5_dataset dataset;
    KM_TRY(km_h5_dataset_open(file, path, &dataset));
    kmseg_status status;
    if (!is_number(dataset.type) && H5Tget_class(dataset.type) != H5T_STRING) {
        status = km_h5_fault(file, KMSEG_E_FORMAT,
                             "dataset %s holds neither numbers nor strings; store each column of a "
                             "table as a dataset of its own",
                             path);
    } else {
        status = dataset.rank == 2 ? plan_matrix(file, path, &dataset, plan)
                                   : plan_vector(file, path, &dataset, plan);
    }
    km_h5_dataset_close(&dataset);
    return status;
}

kmseg_status km_h5_plan_foreign(km_h5_file *file, km_h5_plan *plan) {
    if (km_h5_has(file, "/", "PYTABLES_FORMAT_VERSION")) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "written by pandas or PyTables, whose layout kmseg does not read; save "
                           "each column with h5py, or all as CSV");
    }
    H5G_info_t group;
    if (H5Gget_info(file->id, &group) < 0) {
        return km_h5_fail(file, "cannot read the root");
    }
    for (hsize_t i = 0; i < group.nlinks; i++) {
        char path[1026] = "/";
        ssize_t length = H5Lget_name_by_idx(file->id, "/", H5_INDEX_NAME, H5_ITER_INC, i, path + 1,
                                            sizeof path - 1, H5P_DEFAULT);
        if (length < 0) {
            return km_h5_fail(file, "cannot read the root");
        }
        KM_TRY(plan_object(file, path, plan));
    }
    if (plan->n == 0) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "no table here: it needs datasets of one dimension in the root, or one "
                           "of two");
    }
    return KMSEG_OK;
}

/* Whole numbers that a double cannot hold are ids, so they become text. */
static kmseg_status read_large_integers(km_h5_file *file, const km_h5_column *from,
                                        const int64_t *values, int is_signed, kmseg_table *table) {
    int32_t *codes;
    KM_TRY(km_table_add_code_column(file->ctx, table, from->name, &codes));
    km_dictionary dictionary;
    if (!km_dictionary_init(&dictionary, &table->arena, &file->ctx->allocator)) {
        return km_fail_memory(file->ctx, from->name);
    }
    kmseg_status status = KMSEG_OK;
    for (int64_t r = 0; r < table->n_rows && status == KMSEG_OK; r++) {
        char text[24];
        int length = is_signed ? snprintf(text, sizeof text, "%" PRId64, values[r])
                               : snprintf(text, sizeof text, "%" PRIu64, (uint64_t)values[r]);
        codes[r] = km_dictionary_add(&dictionary, text, (size_t)length);
        status = codes[r] < 0 ? km_fail_memory(file->ctx, from->name) : KMSEG_OK;
    }
    if (status == KMSEG_OK) {
        status = km_table_set_levels(file->ctx, table, table->n_columns - 1, dictionary.n,
                                     dictionary.texts);
    }
    km_dictionary_free(&dictionary);
    return status;
}

static kmseg_status read_integers(km_h5_file *file, const km_h5_dataset *dataset,
                                  const km_h5_column *from, kmseg_table *table) {
    int is_signed = H5Tget_sign(dataset->type) != H5T_SGN_NONE;
    int64_t *values = km_allocate_array(&file->ctx->allocator, table->n_rows, sizeof *values);
    if (values == NULL) {
        return km_fail_memory(file->ctx, from->name);
    }
    kmseg_status status = km_h5_dataset_read_all(
        file, dataset, from->path, is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64, 8, values);
    int exact = 1;
    for (int64_t r = 0; r < table->n_rows && status == KMSEG_OK; r++) {
        exact &= values[r] <= LARGEST_EXACT && values[r] >= (is_signed ? -LARGEST_EXACT : 0);
    }
    if (status == KMSEG_OK && !exact) {
        status = read_large_integers(file, from, values, is_signed, table);
    } else if (status == KMSEG_OK) {
        double *numbers;
        status = km_table_add_number_column(file->ctx, table, from->name, &numbers);
        for (int64_t r = 0; r < table->n_rows && status == KMSEG_OK; r++) {
            numbers[r] = (double)values[r];
        }
    }
    km_release(&file->ctx->allocator, values);
    return status;
}

typedef struct text_column {
    kmseg_context *ctx;
    km_dictionary dictionary;
    int32_t *codes;
} text_column;

/* An empty string is a missing value: HDF5 has no other way to say so. */
static kmseg_status add_text(void *argument, int64_t i, const char *text, size_t length) {
    text_column *to = argument;
    to->codes[i] = length > 0 ? km_dictionary_add(&to->dictionary, text, length) : -1;
    return length > 0 && to->codes[i] < 0 ? km_fail_memory(to->ctx, "a text column") : KMSEG_OK;
}

static kmseg_status read_texts(km_h5_file *file, const km_h5_dataset *dataset,
                               const km_h5_column *from, kmseg_table *table) {
    text_column to = {.ctx = file->ctx};
    KM_TRY(km_table_add_code_column(file->ctx, table, from->name, &to.codes));
    if (!km_dictionary_init(&to.dictionary, &table->arena, &file->ctx->allocator)) {
        return km_fail_memory(file->ctx, from->name);
    }
    kmseg_status status = km_h5_dataset_texts(file, dataset, from->path, add_text, &to);
    if (status == KMSEG_OK) {
        status = km_table_set_levels(file->ctx, table, table->n_columns - 1, to.dictionary.n,
                                     to.dictionary.texts);
    }
    km_dictionary_free(&to.dictionary);
    if (status == KMSEG_OK) {
        km_table_count_missing(table, table->n_columns - 1);
    }
    return status;
}

kmseg_status km_h5_read_foreign(km_h5_file *file, const km_h5_column *from, kmseg_table *table) {
    km_h5_dataset dataset;
    KM_TRY(km_h5_dataset_open(file, from->path, &dataset));
    kmseg_status status;
    H5T_class_t class = H5Tget_class(dataset.type);
    if (dataset.shape[0] != (hsize_t)table->n_rows) {
        status = km_h5_fault(file, KMSEG_E_IO, "dataset %s changed while it was read", from->path);
    } else if (class == H5T_STRING) {
        status = read_texts(file, &dataset, from, table);
    } else if (class == H5T_INTEGER && H5Tget_size(dataset.type) >= 8) {
        status = read_integers(file, &dataset, from, table);
    } else {
        double *numbers;
        status = km_table_add_number_column(file->ctx, table, from->name, &numbers);
        if (status == KMSEG_OK) {
            status = km_h5_dataset_read_all(file, &dataset, from->path, H5T_NATIVE_DOUBLE,
                                            sizeof *numbers, numbers);
        }
        if (status == KMSEG_OK) {
            status = km_h5_check_numbers(file, table, table->n_columns - 1);
        }
    }
    km_h5_dataset_close(&dataset);
    return status;
}

/* Rows of the matrix come in steps and go to the columns. */
static kmseg_status read_matrix_rows(km_h5_file *file, const km_h5_dataset *dataset,
                                     const km_h5_column *from, int32_t n, double *const *columns) {
    int64_t rows = (int64_t)dataset->shape[0], width = (int64_t)dataset->shape[1];
    int64_t step = km_h5_step_rows(dataset->id, rows, width * 8);
    double *block = km_allocate_array(&file->ctx->allocator, step * width, sizeof *block);
    if (block == NULL) {
        return km_fail_memory(file->ctx, from->path);
    }
    kmseg_status status = KMSEG_OK;
    for (int64_t first = 0; first < rows && status == KMSEG_OK; first += step) {
        int64_t some = rows - first < step ? rows - first : step;
        status = km_cancelled(file->ctx)
                     ? km_fail_cancelled(file->ctx)
                     : km_h5_dataset_read(file, dataset, from->path, H5T_NATIVE_DOUBLE, first, some,
                                          block);
        for (int32_t j = 0; j < n && status == KMSEG_OK; j++) {
            const double *value = block + from[j].matrix_column;
            for (int64_t r = 0; r < some; r++) {
                columns[j][first + r] = value[r * width];
            }
        }
        km_progress_step(file->ctx, some * width * 8, 1);
    }
    km_release(&file->ctx->allocator, block);
    return status;
}

kmseg_status km_h5_read_matrix(km_h5_file *file, const km_h5_plan *plan, int32_t first, int32_t n,
                               kmseg_table *table) {
    km_h5_dataset dataset;
    const km_h5_column *from = &plan->columns[first];
    double **columns = km_allocate_array(&file->ctx->allocator, n, sizeof *columns);
    if (columns == NULL) {
        return km_fail_memory(file->ctx, from->path);
    }
    int32_t position = table->n_columns;
    kmseg_status status = KMSEG_OK;
    for (int32_t j = 0; j < n && status == KMSEG_OK; j++) {
        status = km_table_add_number_column(file->ctx, table, from[j].name, &columns[j]);
    }
    if (status == KMSEG_OK) {
        status = km_h5_dataset_open(file, from->path, &dataset);
    }
    if (status == KMSEG_OK) {
        status =
            dataset.shape[0] == (hsize_t)table->n_rows
                ? read_matrix_rows(file, &dataset, from, n, columns)
                : km_h5_fault(file, KMSEG_E_IO, "dataset %s changed while it was read", from->path);
        km_h5_dataset_close(&dataset);
    }
    for (int32_t j = 0; j < n && status == KMSEG_OK; j++) {
        status = km_h5_check_numbers(file, table, position + j);
    }
    km_release(&file->ctx->allocator, columns);
    return status;
}
