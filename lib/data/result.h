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

/* 1 when the ids of a result say which customer each is: not row numbers of a fit without a column of
 * ids, and not what kmseg_result_protect() left in place of ids. */
int km_result_has_ids(const kmseg_result *result);

/* KMSEG_E_DATA, with what to do about it, when the result was made without the profile that what
 * ("a report") needs. */
kmseg_status km_need_profile(kmseg_context *ctx, const kmseg_result *result, const char *what);

/* 1 when name may be that of a stored report: a to z, 0 to 9 and _, a letter first, 1 to 64 bytes. */
int km_report_name_is_good(const char *name);

/* 1 when text is a JSON object. */
int km_is_json_object(const char *text);

#endif
