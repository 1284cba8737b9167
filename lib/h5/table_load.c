/* Reading tables: files of ours here, other people's planned in foreign.c. */
#include "h5/table.h"
#include "h5/table_file.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

km_h5_column *km_h5_plan_add(km_h5_plan *plan, const char *path) {
    if (plan->n == plan->capacity) {
        int32_t capacity = plan->capacity > 0 ? 2 * plan->capacity : 64;
        km_h5_column *columns = km_arena_array(&plan->arena, capacity, sizeof *columns);
        if (columns == NULL) {
            return NULL;
        }
        if (plan->n > 0) {
            memcpy(columns, plan->columns, (size_t)plan->n * sizeof *columns);
        }
        plan->columns = columns;
        plan->capacity = capacity;
    }
    km_h5_column *column = &plan->columns[plan->n];
    *column =
        (km_h5_column){.path = km_arena_text(&plan->arena, path), .unit = "", .matrix_column = -1};
    if (column->path == NULL) {
        return NULL;
    }
    plan->n++;
    return column;
}

static kmseg_status read_type(km_h5_file *file, km_h5_column *column) {
    char type[32], role[32];
    KM_TRY(km_h5_get_short_text(file, column->path, "type", type, sizeof type));
    KM_TRY(km_h5_get_short_text(file, column->path, "role", role, sizeof role));
    int known = 0;
    for (int32_t t = KMSEG_COLUMN_NUMBER; t <= KMSEG_COLUMN_TIME; t++) {
        if (strcmp(type, km_h5_column_type_name((kmseg_column_type)t)) == 0) {
            column->type = (kmseg_column_type)t;
            known |= 1;
        }
    }
    for (int32_t r = KMSEG_ROLE_UNKNOWN; r <= KMSEG_ROLE_DESCRIBE; r++) {
        if (strcmp(role, km_h5_column_role_name((kmseg_column_role)r)) == 0) {
            column->role = (kmseg_column_role)r;
            known |= 2;
        }
    }
    if (known != 3) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "column %s has the unknown type \"%s\" or role \"%s\"", column->path,
                           type, role);
    }
    return KMSEG_OK;
}

static int by_order(const void *a, const void *b) {
    int64_t x = ((const km_h5_column *)a)->order, y = ((const km_h5_column *)b)->order;
    return x < y ? -1 : x > y;
}

static kmseg_status plan_column(km_h5_file *file, const char *name, km_h5_plan *plan) {
    char path[300];
    snprintf(path, sizeof path, "/columns/%s", name);
    km_h5_column *column = km_h5_plan_add(plan, path);
    snprintf(path, sizeof path, "/levels/%s", name);
    const char *levels = column != NULL ? km_arena_text(&plan->arena, path) : NULL;
    if (levels == NULL) {
        return km_fail_memory(file->ctx, "the columns of a table");
    }
    KM_TRY(km_h5_get_text(file, column->path, "name", &plan->arena, &column->name));
    KM_TRY(km_h5_get_text(file, column->path, "unit", &plan->arena, &column->unit));
    KM_TRY(km_h5_get_int(file, column->path, "position", 0, INT32_MAX, &column->order));
    KM_TRY(read_type(file, column));
    column->levels = column->type == KMSEG_COLUMN_TEXT ? levels : NULL;
    return KMSEG_OK;
}

static kmseg_status plan_own(km_h5_file *file, km_h5_plan *plan) {
    KM_TRY(km_h5_check_format(file, "kmseg-table"));
    int64_t n_columns;
    KM_TRY(km_h5_get_int(file, "/", "n_rows", 0, INT64_MAX / 16, &plan->n_rows));
    KM_TRY(km_h5_get_int(file, "/", "n_columns", 0, INT32_MAX, &n_columns));
    H5G_info_t group;
    if (!km_h5_exists(file, "/columns") ||
        H5Gget_info_by_name(file->id, "/columns", &group, H5P_DEFAULT) < 0) {
        return km_h5_fail(file, "group /columns is missing");
    }
    if (group.nlinks != (hsize_t)n_columns) {
        return km_h5_fault(file, KMSEG_E_FORMAT,
                           "group /columns has %lld datasets; n_columns says %lld",
                           (long long)group.nlinks, (long long)n_columns);
    }
    for (hsize_t i = 0; i < group.nlinks; i++) {
        char name[256];
        if (H5Lget_name_by_idx(file->id, "/columns", H5_INDEX_NAME, H5_ITER_INC, i, name,
                               sizeof name, H5P_DEFAULT) < 0) {
            return km_h5_fail(file, "cannot read group /columns");
        }
        KM_TRY(plan_column(file, name, plan));
    }
    if (plan->n > 1) {
        qsort(plan->columns, (size_t)plan->n, sizeof *plan->columns, by_order);
    }
    return KMSEG_OK;
}

kmseg_status km_h5_check_numbers(km_h5_file *file, kmseg_table *table, int32_t i) {
    kmseg_column *column = &table->columns[i];
    int64_t missing = 0,
            infinite = 0; /* sums without branches, which a compiler makes vectors of */
    for (int64_t r = 0; r < column->n_rows; r++) {
        missing += column->numbers[r] != column->numbers[r];
        infinite += fabs(column->numbers[r]) > DBL_MAX;
    }
    column->n_missing = missing;
    for (int64_t r = 0; infinite > 0; r++) {
        if (isinf(column->numbers[r])) {
            return km_h5_fault(
                file, KMSEG_E_FORMAT,
                "column %s is infinite in row %lld; it needs to be finite or missing", column->name,
                (long long)r + 1);
        }
    }
    return KMSEG_OK;
}

static kmseg_status read_levels(km_h5_file *file, const km_h5_column *from, kmseg_table *table,
                                const int32_t *codes) {
    int64_t n;
    const char *const *levels;
    KM_TRY(km_h5_rows(file, from->levels, &n));
    if (n > INT32_MAX) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "%s has %lld values", from->levels, (long long)n);
    }
    for (int64_t r = 0; r < table->n_rows; r++) {
        if (codes[r] < -1 || codes[r] >= n) {
            return km_h5_fault(
                file, KMSEG_E_FORMAT,
                "code %d in row %lld of column %s; it needs to be between -1 and %lld", codes[r],
                (long long)r + 1, from->name, (long long)n - 1);
        }
    }
    KM_TRY(km_h5_get_texts(file, from->levels, n, &table->arena, &levels));
    KM_TRY(km_table_set_levels(file->ctx, table, table->n_columns - 1, (int32_t)n, levels));
    km_table_count_missing(table, table->n_columns - 1);
    return KMSEG_OK;
}

static kmseg_status read_own(km_h5_file *file, const km_h5_column *from, kmseg_table *table) {
    /* The shape is looked at before memory is asked for. */
    int64_t n;
    KM_TRY(km_h5_rows(file, from->path, &n));
    if (n != table->n_rows) {
        return km_h5_fault(file, KMSEG_E_FORMAT, "dataset %s has %lld values; n_rows is %lld",
                           from->path, (long long)n, (long long)table->n_rows);
    }
    int32_t *codes = NULL;
    int64_t *times = NULL;
    double *numbers = NULL;
    switch (from->type) {
    case KMSEG_COLUMN_TEXT:
        KM_TRY(km_table_add_code_column(file->ctx, table, from->name, &codes));
        KM_TRY(km_h5_get(file, from->path, KM_H5_INT32, n, 0, codes));
        return read_levels(file, from, table, codes);
    case KMSEG_COLUMN_TIME:
        KM_TRY(km_table_add_time_column(file->ctx, table, from->name, &times));
        KM_TRY(km_h5_get(file, from->path, KM_H5_INT64, n, 0, times));
        km_table_count_missing(table, table->n_columns - 1);
        return KMSEG_OK;
    case KMSEG_COLUMN_NUMBER: break;
    }
    KM_TRY(km_table_add_number_column(file->ctx, table, from->name, &numbers));
    KM_TRY(km_h5_get(file, from->path, KM_H5_FLOAT64, n, 0, numbers));
    return km_h5_check_numbers(file, table, table->n_columns - 1);
}

/* A column of no rows. */
static kmseg_status describe_only(km_h5_file *file, const km_h5_column *from, kmseg_table *table) {
    static const double none = 0;
    static const int64_t no_time = 0;
    static const int32_t no_code = 0;
    switch (from->type) {
    case KMSEG_COLUMN_TEXT:
        return kmseg_table_add_codes(file->ctx, table, from->name, &no_code, 0, NULL);
    case KMSEG_COLUMN_TIME: return kmseg_table_add_times(file->ctx, table, from->name, &no_time);
    case KMSEG_COLUMN_NUMBER: break;
    }
    return kmseg_table_add_numbers(file->ctx, table, from->name, &none);
}

/* Reads column i of the plan, or all columns of the matrix that it begins; moves i on. */
static kmseg_status read_next(km_h5_file *file, const km_h5_plan *plan, int rows, int32_t *i,
                              kmseg_table *table) {
    const km_h5_column *from = &plan->columns[*i];
    int32_t n = 1;
    kmseg_status status;
    if (!rows) {
        status = describe_only(file, from, table);
    } else if (from->matrix_column >= 0) {
        while (*i + n < plan->n && plan->columns[*i + n].matrix_column >= 0) {
            n++;
        }
        status = km_h5_read_matrix(file, plan, *i, n, table);
    } else if (plan->own) {
        status = read_own(file, from, table);
    } else {
        status = km_h5_read_foreign(file, from, table);
    }
    *i += n;
    KM_TRY(status);
    return kmseg_table_describe(file->ctx, table, table->n_columns - 1, from->role, from->unit);
}

static int selected(const char *name, int32_t n_select, const char *const *select) {
    int found = n_select == 0;
    for (int32_t i = 0; i < n_select && !found; i++) {
        found = strcmp(name, select[i]) == 0;
    }
    return found;
}

/* KMSEG_E_NOT_FOUND for a column that the plan does not have; the message says which it has. */
static kmseg_status fail_no_column(km_h5_file *file, const km_h5_plan *plan, const char *name) {
    kmseg_table *names;
    KM_TRY(kmseg_table_new(file->ctx, 0, &names));
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < plan->n && status == KMSEG_OK; i++) {
        status = describe_only(file, &plan->columns[i], names);
    }
    if (status == KMSEG_OK) {
        status = km_table_fail_no_column(file->ctx, names, name);
        km_fail_prefix(file->ctx, status, "%s", file->path);
    }
    kmseg_table_free(names);
    return status;
}

/* Keeps the selected columns of the plan, in their order in the file. */
static kmseg_status apply_select(km_h5_file *file, km_h5_plan *plan, int32_t n_select,
                                 const char *const *select) {
    for (int32_t s = 0; s < n_select; s++) {
        int found = 0;
        for (int32_t i = 0; i < plan->n; i++) {
            found |= strcmp(plan->columns[i].name, select[s]) == 0;
        }
        if (!found) {
            return fail_no_column(file, plan, select[s]);
        }
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < plan->n; i++) {
        if (selected(plan->columns[i].name, n_select, select)) {
            plan->columns[kept++] = plan->columns[i];
        }
    }
    plan->n = kept;
    return KMSEG_OK;
}

static kmseg_status load(km_h5_file *file, km_h5_plan *plan, int32_t n_select,
                         const char *const *select, int rows, kmseg_table **out) {
    kmseg_file_kind kind;
    KM_TRY(km_h5_kind(file, &kind));
    plan->own = kind != KMSEG_FILE_HDF5;
    KM_TRY(plan->own ? plan_own(file, plan) : km_h5_plan_foreign(file, plan));
    KM_TRY(apply_select(file, plan, n_select, select));
    KM_TRY(kmseg_table_new(file->ctx, rows ? plan->n_rows : 0, out));
    km_progress_begin(file->ctx, "read", plan->n_rows * plan->n * 8);
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < plan->n && status == KMSEG_OK;) {
        status = read_next(file, plan, rows, &i, *out);
    }
    km_progress_end(file->ctx);
    if (status == KMSEG_OK && rows && plan->own && km_h5_exists(file, "/params")) {
        status = km_h5_get_long_text(file, "/params", &(*out)->arena, &(*out)->params);
    }
    if (status == KMSEG_E_ARGUMENT) { /* a name is empty, or there twice: no fault of the caller */
        status = km_fail_prefix(file->ctx, KMSEG_E_FORMAT, "%s", file->path);
    }
    if (status != KMSEG_OK) {
        kmseg_table_free(*out);
        *out = NULL;
    }
    return status;
}

kmseg_status km_h5_table_load(kmseg_context *ctx, const char *path, int32_t n_select,
                              const char *const *select, int rows, kmseg_table **out) {
    *out = NULL;
    km_h5_file file;
    KM_TRY(km_h5_open(ctx, path, &file));
    km_h5_plan plan = {.n = 0};
    km_arena_init(&plan.arena, &ctx->allocator);
    kmseg_status status = load(&file, &plan, n_select, select, rows, out);
    km_arena_free(&plan.arena);
    km_h5_close(&file);
    return status;
}

kmseg_status kmseg_table_load(kmseg_context *ctx, const char *path, kmseg_table **out) {
    return km_h5_table_load(ctx, path, 0, NULL, 1, out);
}
