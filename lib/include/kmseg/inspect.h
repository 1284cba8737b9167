/* What is in a customer table, and what a fit would make of it. */
#ifndef KMSEG_INSPECT_H
#define KMSEG_INSPECT_H

#include <kmseg/prepare.h>

KMSEG_BEGIN_DECLS

/** One column of the table; every pointer is owned by the kmseg_inspection. */
typedef struct kmseg_inspect_column {
    const char *name, *unit;
    kmseg_column_type type;
    int64_t n_missing;
    int64_t n_distinct; /* of the values that are there */
    /* NUMBER, NaN where there is no value; skew is the third central moment over deviation^3. */
    double mean, median, minimum, maximum, skew;
    int64_t n_outliers;    /* NUMBER: more than three times the distance between the quartiles below
                               the lower or above the upper one (Tukey 1977, "far out"); 0 where the
                               quartiles are equal */
    int32_t n_rare;        /* TEXT: levels of fewer rows than a fit keeps apart */
    int64_t n_rare_rows;   /* TEXT: rows with those */
    int32_t is_used;       /* 1: a fit would cluster on it */
    const char *transform; /* NUMBER that is used: the transform that is suggested, else "" */
    const char *encoding;  /* used: its scale or encoding, else "" */
    int32_t n_outputs;     /* used: features that it becomes */
    double share;          /* used: of what all features together count in distances, 0 to 1 */
    int32_t n_notes;       /* what a fit would say of it, the name left off */
    const char *const *notes;
} kmseg_inspect_column;

/** A table looked at. Owned; free with kmseg_inspection_free(). */
typedef struct kmseg_inspection {
    size_t struct_size;
    int64_t n_rows;
    const char *id; /* column that names the customer, or "" */
    int32_t n_columns;
    const kmseg_inspect_column *columns;
    const char *problem;    /* why a fit would fail, or "" */
    int32_t n_clusters;     /* of the two trial fits; 0: there were none */
    int64_t n_tried;        /* rows that they used */
    double raw_share;       /* of rows in the largest cluster, without any transform */
    double suggested_share; /* and with those suggested */
} kmseg_inspection;

/**
 * Looks at every column, fits the prepare step as kmseg_segment() would, and clusters twice: as
 * suggested, and with every transform "none" and nothing winsorised. Raw values with long tails put
 * nearly all customers into one giant cluster beside a few of the extreme ones; the two shares show
 * how far the suggestion mends that. Both fits use the same rows: every s-th, at most 100,000, three
 * restarts each.
 *
 * options     of the prepare step; NULL for the defaults
 * n_clusters  of the two fits, at least 1
 *
 * A table that a fit would refuse is looked at all the same: problem says why. KMSEG_E_ARGUMENT for
 * options that are. Cost O(rows log(rows) columns) and that of the fits.
 */
KMSEG_API kmseg_status kmseg_inspect(kmseg_context *ctx, const kmseg_table *table,
                                     const kmseg_prepare_options *options, int32_t n_clusters,
                                     kmseg_inspection **out);

KMSEG_API void kmseg_inspection_free(kmseg_inspection *inspection);

KMSEG_END_DECLS

#endif
