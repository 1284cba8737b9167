/* How a fitted column turns cells into outputs. A new encoding is one file and one row in
 * encoder.c. */
#ifndef KM_PREPARE_ENCODER_H
#define KM_PREPARE_ENCODER_H

#include "base/registry.h"
#include "prepare/fit.h"

/* A column of a table as the encoder of a fitted column reads it. */
typedef struct km_source {
    const double *numbers;   /* by row, or NULL: level_numbers[codes[row]] */
    const int32_t *codes;    /* by row; -1 is missing */
    double *level_numbers;   /* a number column that came as text */
    const int32_t *position; /* by code, or by tag: output that is on, or -1 for one not known */
    const int64_t *starts; /* tags: code c has position[starts[c]] up to position[starts[c + 1]] */
} km_source;

/* Rows of outputs being written; one per chunk. */
typedef struct km_target {
    float *singles; /* row-major, n_outputs wide, first row of the chunk; one of the two */
    double *doubles;
    int64_t n_outputs;
    int64_t n_unseen;
    int is_infinite; /* a value left the range of the type */
} km_target;

static inline void km_put(km_target *target, int64_t i, int64_t output, double value) {
    int64_t at = i * target->n_outputs + output;
    if (target->doubles != NULL) {
        target->doubles[at] = value;
        target->is_infinite |= !isfinite(value);
    } else {
        target->singles[at] = (float)value;
        target->is_infinite |= !isfinite((float)value);
    }
}

typedef struct km_encoder {
    km_named named;
    kmseg_column_type type; /* of the columns that it encodes */
    int has_level_scale;   /* level_scale is in units of the pooled deviation until that is known */
    int has_level_outputs; /* an output per level */
    /* Fits one column: everything but name, unit, type, weight and position. */
    kmseg_status (*fit)(km_fit *fit, int32_t column, kmseg_prepare_column *out);
    /* KMSEG_E_FORMAT when a column read from a file could not have been fitted. */
    kmseg_status (*check)(kmseg_context *ctx, const kmseg_prepare_column *column);
    /* Makes a table's column readable; KMSEG_E_FORMAT when it is of another kind. */
    kmseg_status (*bind)(kmseg_context *ctx, km_arena *scratch, const kmseg_prepare_column *column,
                         const kmseg_column *from, km_source *out);
    /* Encodes n rows of the table: first, first + 1, ... or those listed. */
    void (*encode)(const kmseg_prepare_column *column, const km_source *source, const int64_t *rows,
                   int64_t first, int64_t n, km_target *target);
    /* Outputs of one row back to the column's own units. */
    void (*invert)(const kmseg_prepare_column *column, const double *outputs, double *out);
    /* Variance of all its outputs together, before weight; deviation is that of its transformed
     * values. */
    double (*variance)(const kmseg_prepare_column *column, double deviation);
} km_encoder;

extern const km_encoder km_encode_number, km_encode_onehot, km_encode_ordinal, km_encode_multihot;
extern const km_registry km_encoders;

/* The row of that name, or NULL. */
const km_encoder *km_encoder_find(const char *name);

/* Outputs of a column without the one that says where it was missing. */
static inline int32_t km_own_outputs(const kmseg_prepare_column *column) {
    return column->n_outputs - (column->indicator > 0);
}

/* The encoder of a fitted column, or NULL. */
const km_encoder *km_encoder_of(const kmseg_prepare_column *column);

#endif
