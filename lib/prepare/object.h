/* The object behind a kmseg_prepare. */
#ifndef KM_PREPARE_OBJECT_H
#define KM_PREPARE_OBJECT_H

#include "base/context.h"

#include <kmseg/prepare.h>

/* Outputs that an encoding may have; more would only mean that ids were encoded. */
#define KM_MAX_OUTPUTS 65536

typedef struct km_prepare {
    kmseg_prepare shown; /* first, so that a pointer to it is one to the object */
    km_arena arena;
} km_prepare;

/* An empty object with its arena, or NULL. */
km_prepare *km_prepare_new(kmseg_context *ctx);

/* Names of outputs, "monetary" or "country=France", in arena; NULL when out of memory. */
const char *const *km_output_names(km_arena *arena, const kmseg_prepare *prepare);

#endif
