/* What the reports for people share. */
#ifndef KM_REPORT_PAGE_H
#define KM_REPORT_PAGE_H

#include "base/text.h"

#include <kmseg/report.h>

/* One report in the making. */
typedef struct km_page {
    const kmseg_result *result;
    const kmseg_profile *profile;
    km_string *out;
    int width, colour;
    int32_t n_features; /* columns of the profile that were clustered on */
} km_page;

km_page km_page_of(const kmseg_result *result, const kmseg_report_options *options, km_string *out);

void km_page_heading(const km_page *page, const char *text);
void km_page_title(const km_page *page);

/* The table of segments: sizes, values, and the mean of each feature. */
void km_page_segments(const km_page *page);

/* A trait, with its last number and "(all: ...)" on one line. */
void km_page_trait(const km_page *page, km_string *out, int32_t segment, int32_t t);

/* A rule and how good it is, from column indent on, and a line end. */
void km_page_rule(const km_page *page, const kmseg_tree_rule *rule, int indent);

/* How good all rules are together. */
void km_page_fidelity(const km_page *page);

#endif
