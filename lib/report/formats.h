/* Registry "report_formats": how a result becomes text. A format is one file and one row in
 * report.c. */
#ifndef KM_REPORT_FORMATS_H
#define KM_REPORT_FORMATS_H

#include "base/registry.h"
#include "base/text.h"

#include <kmseg/report.h>

typedef struct km_report_format {
    km_named named;
    /* Appends the report to out; out of memory is seen by the caller in out->failed. */
    void (*write)(const kmseg_result *result, const kmseg_report_options *options, km_string *out);
    int needs_profile;
} km_report_format;

extern const km_registry km_report_formats;

void km_report_text(const kmseg_result *result, const kmseg_report_options *options,
                    km_string *out);
void km_report_profile(const kmseg_result *result, const kmseg_report_options *options,
                       km_string *out);
void km_report_json(const kmseg_result *result, const kmseg_report_options *options,
                    km_string *out);

void km_report_html(const kmseg_result *result, const kmseg_report_options *options,
                    km_string *out);
void km_report_markdown(const kmseg_result *result, const kmseg_report_options *options,
                        km_string *out);
void km_report_document(const kmseg_result *result, const kmseg_report_options *options,
                        km_string *out);

/* Hands text over to the caller as a string that kmseg_string_free() frees; frees text. */
kmseg_status km_report_own(kmseg_context *ctx, km_string *text, char **out);

/* KMSEG_E_NOT_FOUND: no such format, and which there are. */
kmseg_status km_report_fail_format(kmseg_context *ctx, const char *format);

#endif
