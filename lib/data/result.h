/* Inside of a result: who makes one (a run, a store) fills the public fields. */
#ifndef KM_DATA_RESULT_H
#define KM_DATA_RESULT_H

#include "base/context.h"

#include <kmseg/pipeline.h>

/* The arena owns every pointer of the result but prepare, profile and rules, which own themselves. */
typedef struct km_result {
    kmseg_result result; /* first: a kmseg_result * is the km_result * */
    km_arena arena;
} km_result;

/* An empty result: struct_size is set, the scores are NaN, every pointer is NULL. Freed at any
 * stage of filling by kmseg_result_free(&result->result). */
kmseg_status km_result_new(kmseg_context *ctx, km_result **out);

#endif
