/* What the steps on the way to segments say of themselves, as JSON: what their commands print with --json,
 * what a result keeps (kmseg_result_add_report()) and its report reads. */
#ifndef KMSEG_STEPS_H
#define KMSEG_STEPS_H

#include <kmseg/clv.h>
#include <kmseg/customer.h>
#include <kmseg/rules.h>
#include <kmseg/value.h>

KMSEG_BEGIN_DECLS

/** Where customers come from. Borrowed. */
typedef struct kmseg_origin {
    const char *input; /* their file; its folder is not told */
    const kmseg_features_report
        *orders; /* of the log that they were made from; NULL: they were a table */
    const kmseg_table *customers;
} kmseg_origin;

/**
 * The days between orders that kmseg_lifecycle_new() wants: those of the log, or those that a table of
 * kmseg's keeps of its own log.
 *
 * out  KMSEG_N_GAP_PERCENTILES days, P0 to P100
 *
 * Returns how many gaps they come from; 0: not known, and out holds nothing.
 */
KMSEG_API int64_t kmseg_origin_gaps(const kmseg_origin *origin, double *out);

/* Each gives a UTF-8 text in out, to be freed with kmseg_string_free(); KMSEG_E_MEMORY is all that can
 * fail. input is the name of the file as messages have it. */

KMSEG_API kmseg_status kmseg_features_json(kmseg_context *ctx, const kmseg_features_report *report,
                                           const char *input, char **out);

KMSEG_API kmseg_status kmseg_clv_json(kmseg_context *ctx, const kmseg_clv_options *options,
                                      const kmseg_clv_report *report, const char *input,
                                      char **out);

KMSEG_API kmseg_status kmseg_rfm_json(kmseg_context *ctx, const kmseg_rfm *rfm,
                                      const kmseg_origin *origin, char **out);

KMSEG_API kmseg_status kmseg_tier_json(kmseg_context *ctx, const kmseg_tier *tier,
                                       const kmseg_tier_options *options,
                                       const kmseg_origin *origin, char **out);

/** list  what became of a list of customers; NULL: there was none */
KMSEG_API kmseg_status kmseg_lifecycle_json(kmseg_context *ctx, const kmseg_lifecycle *lifecycle,
                                            const kmseg_lifecycle_options *options,
                                            const kmseg_list_report *list,
                                            const kmseg_origin *origin, char **out);

KMSEG_API kmseg_status kmseg_rules_json(kmseg_context *ctx, const kmseg_classings *classings,
                                        const kmseg_origin *origin, char **out);

KMSEG_END_DECLS

#endif
