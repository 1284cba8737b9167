#include "prepare/encoder.h"

#include <string.h>

static const km_encoder *const rows[] = {&km_encode_number, &km_encode_onehot, &km_encode_ordinal,
                                         &km_encode_multihot};

enum { N_ROWS = sizeof rows / sizeof *rows };

static const km_named *get(int32_t i) { return i >= 0 && i < N_ROWS ? &rows[i]->named : NULL; }

const km_registry km_encoders = {"encoders", get};

const km_encoder *km_encoder_find(const char *name) {
    for (int32_t i = 0; i < N_ROWS; i++) {
        if (strcmp(rows[i]->named.name, name) == 0) {
            return rows[i];
        }
    }
    return NULL;
}

/* A text column keeps the name of its encoder where a number keeps that of its scale. */
const km_encoder *km_encoder_of(const kmseg_prepare_column *column) {
    if (column->type == KMSEG_COLUMN_NUMBER) {
        return &km_encode_number;
    }
    const km_encoder *found = column->scale != NULL ? km_encoder_find(column->scale) : NULL;
    return found != NULL && found->type == column->type ? found : NULL;
}
