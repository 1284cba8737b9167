/* Registry "transforms": what is done to a number before it is scaled. */
#ifndef KM_PREPARE_TRANSFORM_H
#define KM_PREPARE_TRANSFORM_H

#include "base/registry.h"

#include <kmseg/prepare.h>

/* Both directions get the fitted column, for transforms that have parameters in it. */
typedef struct km_transform {
    km_named named;
    int keeps; /* forward and inverse change nothing */
    double (*forward)(const kmseg_prepare_column *column, double x);
    double (*inverse)(const kmseg_prepare_column *column, double y);
} km_transform;

extern const km_registry km_transforms;

/* The row of that name, or NULL. */
const km_transform *km_transform_find(const char *name);

#endif
