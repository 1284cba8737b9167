#include "prepare/encoder.h"

#include <string.h>

static const km_encoder *const rows[] = {&km_encode_number, &km_encode_onehot};

enum { N_ROWS = sizeof rows / sizeof *rows };

static const km_named *get(int32_t i) { return i >= 0 && i < N_ROWS ? &rows[i]->named : NULL; }

const km_registry km_encoders = {"encoders", get};

/* A text column keeps the name of its encoder where a number keeps that of its scale. */
const km_encoder *km_encoder_of(const kmseg_prepare_column *column) {
    if (column->type == KMSEG_COLUMN_NUMBER) {
        return &km_encode_number;
    }
    for (int32_t i = 0; i < N_ROWS; i++) {
        if (rows[i]->type == column->type && column->scale != NULL &&
            strcmp(rows[i]->named.name, column->scale) == 0) {
            return rows[i];
        }
    }
    return NULL;
}
