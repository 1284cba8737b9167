/* Matrices as callers have them, and tiles: the same samples laid out for the kernels. */
#ifndef KMSEG_TILES_H
#define KMSEG_TILES_H

#include <kmseg/context.h>

KMSEG_BEGIN_DECLS

typedef enum kmseg_dtype {
    KMSEG_AUTO = 0, /* of tiles only: what the samples suit */
    KMSEG_FLOAT32 = 1,
    KMSEG_FLOAT64 = 2,
    KMSEG_INT16 = 3 /* of tiles only: 16-bit fixed point, about a centre */
} kmseg_dtype;

/** "auto", "float32", "float64" or "int16"; "" for anything else. */
KMSEG_API const char *kmseg_dtype_name(kmseg_dtype dtype);

/** A view of n_rows x n_cols numbers; element (i, j) is values[i * row_stride + j * col_stride]. */
typedef struct kmseg_matrix {
    const void *values; /* float or double, by dtype; borrowed */
    kmseg_dtype dtype;
    int64_t n_rows;
    int64_t n_cols;
    int64_t row_stride; /* in elements; n_cols for a dense row-major matrix */
    int64_t col_stride; /* in elements; 1 for a dense row-major matrix */
} kmseg_matrix;

/** A dense row-major matrix. */
KMSEG_API kmseg_matrix kmseg_matrix_view(const void *values, kmseg_dtype dtype, int64_t n_rows,
                                         int64_t n_cols);

/**
 * Samples ready for the kernels: tiles of 64 rows, feature-major inside a tile, centred on a value
 * near each feature's mean and scaled by one number. The tiles keep the samples as given
 * beside them (the canonical values): every doubtful decision is made on those, in float64.
 */
typedef struct kmseg_tiles kmseg_tiles;

typedef struct kmseg_tiles_options {
    size_t struct_size;
    kmseg_dtype dtype; /* of the tiles. No result depends on it */
} kmseg_tiles_options;

KMSEG_API void kmseg_tiles_options_init(kmseg_tiles_options *options);

/**
 * Builds tiles from samples.
 *
 * samples        n_samples x n_features, finite; borrowed until the tiles are freed when its
 *                col_stride is 1, else copied
 * sample_weight  n_samples values >= 0 with a positive sum, copied; NULL: every weight is 1
 * options        NULL for the defaults
 *
 * Cost O(n_samples n_features); memory 2 (int16), 4 (float32) or 8 bytes per value beyond the samples.
 * KMSEG_E_DATA names the first NaN or infinity by row and column (from 0) and bad weights.
 */
KMSEG_API kmseg_status kmseg_tiles_new(kmseg_context *ctx, const kmseg_matrix *samples,
                                       const double *sample_weight,
                                       const kmseg_tiles_options *options, kmseg_tiles **out);

KMSEG_API void kmseg_tiles_free(kmseg_tiles *tiles);

KMSEG_API int64_t kmseg_tiles_n_samples(const kmseg_tiles *tiles);
KMSEG_API int32_t kmseg_tiles_n_features(const kmseg_tiles *tiles);

/** What the tiles are made of: what was asked for, or what the library has chosen. */
KMSEG_API kmseg_dtype kmseg_tiles_dtype(const kmseg_tiles *tiles);

KMSEG_END_DECLS

#endif
