/* The choice of a number of segments, as text, JSON or a drawing. */
#ifndef KM_REPORT_CHOICE_H
#define KM_REPORT_CHOICE_H

#include "base/text.h"

#include <kmseg/report.h>

void km_choice_text(const kmseg_choice *choice, const kmseg_report_options *options,
                    km_string *out);
/* Silhouette and gap over the numbers of segments, of blocks, each where it fits
 * width. 0 when there is none. */
int km_choice_plot(const kmseg_choice *choice, int width, km_string *out);
void km_choice_json(const kmseg_choice *choice, const kmseg_report_options *options,
                    km_string *out);
void km_choice_svg(const kmseg_choice *choice, const kmseg_report_options *options, km_string *out);

/* What is drawn over the numbers of segments, and what the tables show. */
enum { KM_CURVES = 6 };
typedef struct km_curve {
    const char *name, *reading;
    const char *index; /* of its vote, or NULL */
    double (*value)(const kmseg_choice_row *row);
    double (*error)(const kmseg_choice_row *row); /* NULL: none */
} km_curve;
const km_curve *km_curve_at(int32_t i);

/* The vote of that name; NULL: none has it. */
const kmseg_vote *km_vote_of(const kmseg_choice *choice, const char *index);

#endif
