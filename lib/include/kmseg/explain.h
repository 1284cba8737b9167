/* Why one customer is in a segment and not in the next. */
#ifndef KMSEG_EXPLAIN_H
#define KMSEG_EXPLAIN_H

#include <kmseg/pipeline.h>

KMSEG_BEGIN_DECLS

/** What one column says for the segment over the runner-up; pointers are the explanation's. */
typedef struct kmseg_contribution {
    const char *column;
    const char *unit;
    kmseg_column_type type;
    int32_t is_filled; /* 1: missing, and filled in as at the fit */
    double value;      /* NUMBER: the customer's, filled where missing; own unit */
    const char *level; /* TEXT: the customer's, as the fit took it; "" for one it did not see */
    double own,
        runner_up; /* NUMBER: at the two centroids, own unit; TEXT: shares of the level there */
    double contribution; /* squared distance to the runner-up's centroid less that to the own, in
                              the column's outputs; below 0: it speaks for the runner-up */
} kmseg_contribution;

/** One customer. Owned; every pointer too. Numbers that are not known are NaN. */
typedef struct kmseg_explanation {
    size_t struct_size;
    const char *id;
    int32_t segment;   /* -1: left out, because something is missing */
    int32_t runner_up; /* the second nearest; -1: there is none, or it is not known */
    double distance;   /* to the own centroid, in prepared units */
    double runner_up_distance;
    double margin; /* the sum of the contributions, added in their order: the difference of the
                           squared distances */
    double radius; /* of the segment; farther is outlying */
    int32_t is_outlying;
    int32_t n_contributions;                 /* 0 without a table, and with one segment */
    const kmseg_contribution *contributions; /* largest first, whatever the sign; then by column */
    int32_t rule_segment; /* what the rule that is true of the customer gives; -1: not known */
    double rule_precision;
    const char *rule; /* "": not known */
} kmseg_explanation;

/**
 * Explains one customer. With a table the customer is prepared and assigned as kmseg_assign() does
 * it, new or not; without one (NULL) the stored segment and distance are given back, and the rest is
 * not known, because a result does not hold the columns of its customers.
 *
 * customer  id as text, as the result's ids are; the row number from 1 where there is no id column
 *
 * KMSEG_E_NOT_FOUND: no such customer. KMSEG_E_DATA: more than one row of the table has that id.
 * Cost O(rows of the table).
 */
KMSEG_API kmseg_status kmseg_explain(kmseg_context *ctx, const kmseg_result *result,
                                     const kmseg_table *table, const char *customer,
                                     kmseg_explanation **out);

KMSEG_API void kmseg_explanation_free(kmseg_explanation *explanation);

KMSEG_END_DECLS

#endif
