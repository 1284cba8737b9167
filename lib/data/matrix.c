/* Reading matrices of any dtype and stride as feature-major blocks of doubles. */
#include "base/ahead.h"
#include "base/parallel.h"
#include "data/tiles.h"

#include <math.h>

kmseg_matrix kmseg_matrix_view(const void *values, kmseg_dtype dtype, int64_t n_rows,
                               int64_t n_cols) {
    return (kmseg_matrix){values, dtype, n_rows, n_cols, n_cols, 1};
}

static inline double element(const kmseg_matrix *m, int64_t i, int64_t j) {
    int64_t at = i * m->row_stride + j * m->col_stride;
    return m->dtype == KMSEG_FLOAT32 ? (double)((const float *)m->values)[at]
                                     : ((const double *)m->values)[at];
}

void km_matrix_gather(const kmseg_matrix *matrix, const int64_t *rows, int32_t n, double *out) {
    for (int32_t r = 0; r < KM_TILE_ROWS; r++) {
        int64_t row = rows[r < n ? r : n - 1];
        for (int64_t j = 0; j < matrix->n_cols; j++) {
            out[j * KM_TILE_ROWS + r] = element(matrix, row, j);
        }
    }
}

void km_matrix_block(const km_kernels *kernels, const kmseg_matrix *matrix, int64_t first,
                     int32_t n, double *out) {
    int64_t at = first * matrix->row_stride, next = at + KM_TILE_ROWS * matrix->row_stride;
    size_t tile = (size_t)KM_TILE_ROWS * (size_t)matrix->n_cols;
    if (n < KM_TILE_ROWS || matrix->col_stride != 1) {
        int64_t rows[KM_TILE_ROWS];
        for (int32_t r = 0; r < n; r++) {
            rows[r] = first + r;
        }
        km_matrix_gather(matrix, rows, n, out);
    } else if (matrix->dtype == KMSEG_FLOAT32) {
        km_ask_ahead((const float *)matrix->values + next, tile * sizeof(float));
        kernels->block_f32((const float *)matrix->values + at, matrix->row_stride,
                           (int32_t)matrix->n_cols, out);
    } else {
        km_ask_ahead((const double *)matrix->values + next, tile * sizeof(double));
        kernels->block_f64((const double *)matrix->values + at, matrix->row_stride,
                           (int32_t)matrix->n_cols, out);
    }
}

const char *kmseg_dtype_name(kmseg_dtype dtype) {
    switch (dtype) {
    case KMSEG_AUTO: return "auto";
    case KMSEG_FLOAT32: return "float32";
    case KMSEG_FLOAT64: return "float64";
    case KMSEG_INT16: return "int16";
    }
    return "";
}

kmseg_status km_dtype_check(kmseg_context *ctx, kmseg_dtype dtype, const char *what) {
    if (dtype != KMSEG_FLOAT32 && dtype != KMSEG_FLOAT64) {
        return km_fail(ctx, KMSEG_E_ARGUMENT,
                       "dtype of the %s is %d; it needs to be float32 or float64", what,
                       (int)dtype);
    }
    return KMSEG_OK;
}

typedef struct check_job {
    const kmseg_matrix *matrix;
    _Atomic int64_t first_bad_row; /* lowest row with a bad value, or n_rows */
} check_job;

static int64_t first_bad_column(const kmseg_matrix *m, int64_t row) {
    for (int64_t j = 0; j < m->n_cols; j++) {
        if (!(fabs(element(m, row, j)) <= KM_LARGEST_SAMPLE)) {
            return j;
        }
    }
    return -1;
}

/* Whether all values of a range of rows are good; asked of rows that lie side by side alone, where it
 * takes no time, 0 of others. */
static int are_good(const kmseg_matrix *m, int64_t first, int64_t end) {
    int bad = m->col_stride != 1 || m->row_stride != m->n_cols;
    int64_t from = first * m->n_cols, to = bad ? from : end * m->n_cols;
    if (m->dtype == KMSEG_FLOAT32) {
        const float *values = m->values;
        for (int64_t i = from; i < to; i++) {
            bad |= !(fabsf(values[i]) < INFINITY); /* floats are below the limit */
        }
    } else {
        const double *values = m->values;
        for (int64_t i = from; i < to; i++) {
            bad |= !(fabs(values[i]) <= KM_LARGEST_SAMPLE);
        }
    }
    return !bad;
}

static void check_chunk(void *argument, int64_t chunk, int32_t thread) {
    (void)thread;
    check_job *job = argument;
    int64_t end = (chunk + 1) * KM_CHUNK_ROWS;
    end = end < job->matrix->n_rows ? end : job->matrix->n_rows;
    if (are_good(job->matrix, chunk * KM_CHUNK_ROWS, end)) {
        return;
    }
    for (int64_t i = chunk * KM_CHUNK_ROWS; i < end; i++) {
        if (first_bad_column(job->matrix, i) >= 0) {
            int64_t seen = atomic_load(&job->first_bad_row);
            while (i < seen && !atomic_compare_exchange_weak(&job->first_bad_row, &seen, i)) {
            }
            return;
        }
    }
}

kmseg_status km_centroids_check(kmseg_context *ctx, const double *centroids, int64_t n_clusters,
                                int64_t n_features, const char *what) {
    for (int64_t i = 0; i < n_clusters * n_features; i++) {
        if (!(fabs(centroids[i]) <= KM_LARGEST_SAMPLE)) {
            return km_fail(ctx, KMSEG_E_ARGUMENT,
                           "%s: value in row %lld, column %lld (from 0) is %g; it needs to be "
                           "finite and at most 1e150 in size",
                           what, (long long)(i / n_features), (long long)(i % n_features),
                           centroids[i]);
        }
    }
    return KMSEG_OK;
}

kmseg_status km_matrix_check(kmseg_context *ctx, const kmseg_matrix *matrix, const char *what) {
    check_job job = {.matrix = matrix};
    atomic_init(&job.first_bad_row, matrix->n_rows);
    KM_TRY(km_parallel(ctx, km_chunks(matrix->n_rows, KM_CHUNK_ROWS), check_chunk, &job));
    int64_t row = atomic_load(&job.first_bad_row);
    if (row == matrix->n_rows) {
        return KMSEG_OK;
    }
    int64_t column = first_bad_column(matrix, row);
    return km_fail(ctx, KMSEG_E_DATA,
                   "%s: value in row %lld, column %lld (from 0) is %g; it needs to be finite and "
                   "at most 1e150 in size",
                   what, (long long)row, (long long)column, element(matrix, row, column));
}
