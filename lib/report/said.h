/* What steps on the way to segments say of themselves, in the making. A failed allocation of jansson's ends
 * in NULL, which km_said_give() turns into KMSEG_E_MEMORY. */
#ifndef KM_REPORT_SAID_H
#define KM_REPORT_SAID_H

#include "base/context.h"

#include <kmseg/source.h>
#include <kmseg/steps.h>
#include <kmseg/version.h>

#include <jansson.h>
#include <stdlib.h>

json_t *km_said_real(double value);     /* null unless finite */
json_t *km_said_text(const char *text); /* any bytes */
json_t *km_said_date(int64_t seconds);
json_t *km_said_numbers(const double *values, int64_t n); /* NULL: null */
json_t *km_said_sentences(const kmseg_sentences *sentences);
json_t *km_said_group(const kmseg_value_group *group);
json_t *km_said_groups(const kmseg_value_group *groups, int32_t n);

/* What later commands want to know of a log: n gaps and their percentiles. */
json_t *km_said_gaps(const kmseg_features_report *report);
/* What cleaning left out, rule by rule. */
json_t *km_said_rejected(const kmseg_features_report *report);
/* What was joined to the lines of a log, as "joins" of root; nothing for none. */
void km_said_order_joins(json_t *root, const kmseg_features_report *report);

/* The name of a file without its folder: results do not say where they were made. */
const char *km_said_name(const char *path);

/* Version, input, and what is known of where it comes from. */
json_t *km_said_input(const kmseg_origin *origin);

/* Releases root; out is freed with kmseg_string_free(). */
kmseg_status km_said_give(kmseg_context *ctx, json_t *root, char **out);

#endif
