/* From a customer table to the numbers that are clustered; fitted once, applied to new rows. */
#ifndef KMSEG_PREPARE_H
#define KMSEG_PREPARE_H

#include <kmseg/option.h>
#include <kmseg/table.h>
#include <kmseg/tiles.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_prepare_options {
    size_t struct_size;
    const char *id;        /* column that names the customer; NULL: found; "": there is none */
    const char *include;   /* names separated by commas: exactly these; NULL: chosen by role where
                                the table has FEATURE columns, else by type and content */
    const char *exclude;   /* names separated by commas, or NULL */
    const char *weights;   /* "name=2,other=0.5": factor on a column's outputs; 0 leaves it out;
                                the name of a group: what all its columns count together */
    const char *group;     /* "demographic=age,income;behavioural=spend,visits": columns that
                                count together as one column of the group's weight; NULL: none */
    const char *encode;    /* text: "auto", "onehot", "ordinal", "multihot", or "name=ordinal,...":
                                auto recognises bands and rating scales (ordinal), and cells of
                                several tags (multihot) */
    const char *order;     /* "size=small<medium<large;age=..": levels of ordinal columns, lowest
                                first; NULL: recognised */
    const char *transform; /* a name in the registry "transforms", "auto", or "name=log1p,...":
                                auto takes log1p where |skew| is above 1 and log1p makes it
                                smaller, else yeo-johnson where that does */
    const char *winsorise; /* "0.01" or "name=0.01,...": numbers beyond the quantiles of that
                                probability and of 1 less it are moved to them; "0": none are */
    const char *scale;     /* "zscore" (by n, as scikit-learn), "minmax", "robust",
                                "none" */
    const char *impute;    /* "median", "mode", "constant", "constant:VALUE" or "drop", each but
                                drop also with "+indicator"; for all or "name=mode,..." */
    int32_t max_levels;    /* text columns with more distinct values are left out */
    int32_t min_level_count; /* levels with fewer customers are pooled as "other"; 0: those
                                with fewer than 1 in 100 */
    const char *precision;   /* "float64", "float32": of the prepared values */
} kmseg_prepare_options;

KMSEG_API const kmseg_option_table *kmseg_prepare_option_table(void);
KMSEG_API void kmseg_prepare_options_init(kmseg_prepare_options *options);

/** How one column of the table becomes numbers; pointers are owned by the kmseg_prepare. */
typedef struct kmseg_prepare_column {
    const char *name;
    const char *unit;
    kmseg_column_type type;     /* NUMBER or TEXT */
    const char *transform;      /* NUMBER: name in the registry "transforms" */
    const char *scale;          /* NUMBER: name in the registry "scales" ("binary" for a column
                                   of two values unless scale is "none"); TEXT: name in the registry
                                   "encoders": "onehot", "ordinal" or "multihot" */
    const char *impute;         /* missing cells: "median", "mode", "constant" or "drop" */
    double fill;                /* NUMBER: imputed where missing, in the column's own unit */
    double centre, spread;      /* NUMBER: (transformed - centre) / spread; ordinal: (place -
                                   centre) / spread, the lowest level at place 1 */
    double lower, upper;        /* NUMBER: winsorised to these, own unit; NaN: it is not */
    double parameter;           /* NUMBER: lambda of "yeo-johnson", else 0 */
    int32_t n_knots;            /* NUMBER: quantiles of a quantile transform, else 0 */
    const double *knots;        /* own unit, ascending: of probability i / (n_knots - 1) */
    const char *group;          /* name of its group, or "" */
    double weight;              /* positive; multiplies every output of the column; that of its
                                   group is in it */
    int32_t fill_level;         /* TEXT: level used where missing, the most frequent (ordinal: the
                                   median); -1: all outputs 0 */
    int32_t n_levels;           /* TEXT: levels, "other" included where levels were pooled */
    const char *const *levels;  /* TEXT: in byte order, "other" last; ordinal: lowest first;
                                   multihot: tags */
    const double *level_shares; /* TEXT: share of the fitted rows at each level, or with each tag */
    double level_scale;         /* TEXT: value of a one-hot output that is on, before weight: s /
                                   sqrt(2) with s the pooled deviation of the scaled numbers, 1 for
                                   z-scores, so that a mismatch lies s away; so do the two values of
                                   a "binary" number. multihot: likewise, and less where its tags
                                   would together have more variance than one */
    int32_t other_level;        /* TEXT: the level that pools rare levels, and takes levels that the
                                   fit did not see; -1: none, and those give outputs of 0 (ordinal:
                                   the place of fill_level) */
    double indicator;           /* value of the last output where the cell was missing, 0 elsewhere,
                                   before weight; 0: there is no such output */
    int32_t first_output;       /* position of its first output */
    int32_t n_outputs;
    int64_t n_missing;                           /* in the fitted table */
    double mean, median, minimum, maximum, skew; /* NUMBER: of the fitted column, own unit */
} kmseg_prepare_column;

typedef struct kmseg_prepare {
    size_t struct_size;
    const char *id; /* name of the id column, or "" */
    int32_t n_columns;
    const kmseg_prepare_column *columns;
    int32_t n_outputs;               /* features after encoding */
    const char *const *output_names; /* "monetary", "country=France", "age=missing" */
    const char *impute;              /* of the columns that the options do not name */
    kmseg_dtype dtype;
    int32_t n_notes; /* what was decided and why, one sentence each */
    const char *const *notes;
} kmseg_prepare;

/**
 * Chooses columns and fits their encoding. Statistics are exact sums and order statistics: they do
 * not change by a bit with the number of threads or the order of the rows.
 *
 * options  NULL for the defaults
 *
 * KMSEG_E_NOT_FOUND for a column that is not there (the message lists those that are);
 * KMSEG_E_DATA when no usable column is left, when all rows are equal, when there are fewer than
 * two rows, when ids repeat or are missing, or when a value is infinite; KMSEG_E_ARGUMENT for
 * options that contradict each other. Cost O(rows columns).
 */
KMSEG_API kmseg_status kmseg_prepare_fit(kmseg_context *ctx, const kmseg_table *table,
                                         const kmseg_prepare_options *options, kmseg_prepare **out);

KMSEG_API void kmseg_prepare_free(kmseg_prepare *prepare);

/**
 * Makes a kmseg_prepare from a copy of the given struct: how a store gives back what it saved.
 * KMSEG_E_FORMAT for a struct that no fit could have made; output_names are made anew.
 */
KMSEG_API kmseg_status kmseg_prepare_copy(kmseg_context *ctx, const kmseg_prepare *from,
                                          kmseg_prepare **out);

/** Prepared values; owned, free with kmseg_prepared_free(). */
typedef struct kmseg_prepared {
    kmseg_matrix matrix;    /* n_rows x n_outputs */
    const int64_t *rows;    /* n_rows positions in the table; NULL: all rows in order */
    int64_t n_missing_rows; /* rows in which something is missing, those left out included */
    int64_t n_unseen;       /* cells with a level (multihot: a tag) that the fit did not see, where
                               no level "other" could take it: it adds nothing to the outputs, and
                               an ordinal column is filled as where it is missing */
} kmseg_prepared;

/**
 * Applies a fitted encoding. On the table it was fitted on it gives the fitted values again, bit
 * for bit. KMSEG_E_NOT_FOUND names a column that is missing, KMSEG_E_FORMAT one of another type.
 */
KMSEG_API kmseg_status kmseg_prepare_apply(kmseg_context *ctx, const kmseg_prepare *prepare,
                                           const kmseg_table *table, kmseg_prepared **out);

KMSEG_API void kmseg_prepared_free(kmseg_prepared *prepared);

/**
 * Takes centroids (n_clusters x n_outputs) back to the columns' own units: numbers through scale
 * and transform (so a log1p column gives a typical, geometric value), one-hot outputs to shares in
 * [0, 1].
 * out_raw is n_clusters x n_outputs.
 */
KMSEG_API kmseg_status kmseg_prepare_invert(kmseg_context *ctx, const kmseg_prepare *prepare,
                                            const double *centroids, int32_t n_clusters,
                                            double *out_raw);

KMSEG_END_DECLS

#endif
