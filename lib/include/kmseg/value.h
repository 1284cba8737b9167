/* What customers are worth and where they stand: RFM scores, value tiers,
 * lifecycle.
 *
 * Each function reads columns of a customer table, adds columns of its own to it, and returns what
 * there is to say about the whole: thresholds, counts, groups, and every convention in words. No
 * result depends on the order of the rows: where equal values must be told apart, the customer id
 * decides. On failure no column is added. */
#ifndef KMSEG_VALUE_H
#define KMSEG_VALUE_H

#include <kmseg/option.h>
#include <kmseg/table.h>

KMSEG_BEGIN_DECLS

/** Which columns of a customer table are which. The defaults are those of kmseg_customer_features(). */
typedef struct kmseg_value_columns {
    size_t struct_size;
    const char *id;        /* NULL: the column whose role it is, else found by the usual names */
    const char *recency;   /* days since the last order; low is good */
    const char *frequency; /* number of orders */
    const char *monetary;  /* spend in all */
} kmseg_value_columns;

KMSEG_API const kmseg_option_table *kmseg_value_columns_option_table(void);
KMSEG_API void kmseg_value_columns_init(kmseg_value_columns *columns);

/** One class of customers and what it is worth. Sums and means are those of the customers that have
 * a value; NaN where the table has no such column or no customer of the class has a value. */
typedef struct kmseg_value_group {
    const char *name;
    int64_t n_customers;
    double share;                  /* of the customers that have a class */
    double orders;                 /* sum of the frequency column */
    double revenue, revenue_share; /* sum of the monetary column, and its share */
    double mean_recency, mean_frequency, mean_monetary;
} kmseg_value_group;

/** Sentences for people: what a number means, or what to look at. Owned by the result. */
typedef struct kmseg_sentences {
    int32_t n;
    const char *const *texts;
} kmseg_sentences;

/* RFM */

#define KMSEG_RFM_LEAST_BINS 2
#define KMSEG_RFM_MOST_BINS  9 /* so that a score is one digit */

typedef struct kmseg_rfm_options {
    size_t struct_size;
    const char *scoring;      /* "edges", "ntile", "nested" or "cuts", see kmseg_rfm_new() */
    int32_t bins;             /* scores run from 1 to bins */
    const char *monetary_as;  /* what is scored: "total", or "mean": total per order */
    const char *recency_cuts; /* "cuts": bins - 1 ascending numbers each, "30,60,90,180" */
    const char *frequency_cuts;
    const char *monetary_cuts;
} kmseg_rfm_options;

KMSEG_API const kmseg_option_table *kmseg_rfm_option_table(void);
KMSEG_API void kmseg_rfm_options_init(kmseg_rfm_options *options);

/** A grid gives every code (recency, frequency and monetary score, "545") the name of a segment. */
typedef struct kmseg_rfm_grid kmseg_rfm_grid;

/**
 * The text of the grid for scores 1 to 5 that is used where no other is given: eleven segments, from
 * Champions to Lost, which is also the example of the format.
 *
 * A line is a name, a colon and codes; a further line of the same name goes on with its codes. A
 * star in a code stands for every score, so that 11* is 111 to 115. Empty lines, and what stands
 * behind a # to the end of its line, are passed over.
 */
KMSEG_API const char *kmseg_rfm_grid_text(void);

/**
 * Reads a grid for scores 1 to bins from text of length bytes.
 *
 * name  of the file, for messages, which name line and column
 *
 * KMSEG_E_FORMAT when a line cannot be read, when a code is there twice, or when one is not there;
 * the message names the codes.
 */
KMSEG_API kmseg_status kmseg_rfm_grid_parse(kmseg_context *ctx, const char *text, size_t length,
                                            const char *name, int32_t bins, kmseg_rfm_grid **out);

/** The same from a file of at most 1 MiB. */
KMSEG_API kmseg_status kmseg_rfm_grid_read(kmseg_context *ctx, const char *path, int32_t bins,
                                           kmseg_rfm_grid **out);

KMSEG_API void kmseg_rfm_grid_free(kmseg_rfm_grid *grid);

/** How one of the three dimensions was scored. */
typedef struct kmseg_rfm_dimension {
    const char *name; /* "recency", "frequency", "monetary" */
    const double
        *edges; /* bins - 1 thresholds, ascending in the value; NULL for "ntile", and for the
                            frequency and monetary of "nested", where each cell has its own */
    int64_t counts[KMSEG_RFM_MOST_BINS]; /* customers of score 1, 2, ... */
    double low[KMSEG_RFM_MOST_BINS]; /* smallest and largest value of a score; NaN: no customer */
    double high[KMSEG_RFM_MOST_BINS];
} kmseg_rfm_dimension;

typedef struct kmseg_rfm {
    size_t struct_size;
    const char *scoring, *monetary_as;
    int32_t bins;
    int64_t n_customers;               /* scored */
    int64_t n_missing;                 /* without recency, frequency or monetary: not scored */
    kmseg_rfm_dimension dimensions[3]; /* recency, frequency, monetary */
    const double
        *nested_frequency; /* "nested": bins x (bins - 1) edges, by recency score; else NULL */
    const double *nested_monetary; /* bins x bins x (bins - 1), by recency and frequency score */
    int32_t n_segments;            /* 0: no grid */
    const kmseg_value_group *segments; /* in the order of the grid, those without a customer too */
    kmseg_value_group all;
    kmseg_sentences conventions, notes;
} kmseg_rfm;

/**
 * Scores customers by recency, frequency and monetary, and names what the three scores say.
 *
 * customers  gets r_score, f_score, m_score (NUMBER), rfm_code (TEXT, "545"), rfm_segment (TEXT,
 *            where there is a grid)
 * columns    NULL for the defaults
 * options    NULL for the defaults
 * grid       for options->bins; NULL: the built-in one where bins is 5, else no segments
 *
 * A score of bins is best; recency is reversed. How values become scores 1 to bins:
 *   edges   the type-7 quantiles (Hyndman and Fan 1996) at 1/bins, 2/bins, ...; the score is 1 + the
 *           number of edges below the value, so that equal values share a score
 *   ntile   customers ranked by value, equal ones by id, and cut into bins of equal size, of which the
 *           first n mod bins, those of the lowest scores, have one more
 *   nested  frequency by edges among the customers of each recency score, monetary by edges among
 *           those of each pair of recency and frequency scores
 *   cuts    thresholds of the user; as edges
 *
 * Cost O(n) expected, O(n log n) for "ntile". KMSEG_E_NOT_FOUND for a column that is not there,
 * KMSEG_E_ARGUMENT for cuts that are not bins - 1 ascending numbers, KMSEG_E_DATA when no customer
 * has all three values.
 */
KMSEG_API kmseg_status kmseg_rfm_new(kmseg_context *ctx, kmseg_table *customers,
                                     const kmseg_value_columns *columns,
                                     const kmseg_rfm_options *options, const kmseg_rfm_grid *grid,
                                     kmseg_rfm **out);

KMSEG_API void kmseg_rfm_free(kmseg_rfm *rfm);

/* Value tiers */

#define KMSEG_MOST_TIERS 20

typedef struct kmseg_tier_options {
    size_t struct_size;
    const char *value;     /* column that customers are ranked by */
    const char *weights;   /* "monetary=0.5,frequency=0.3,recency=-0.2": rank by a score of these
                                columns instead; below 0: low is good. NULL: no score */
    const char *normalise; /* how columns of a score compare: "rank", "minmax" or "zscore" */
    const char *method; /* "abc", "percentile", "thresholds"; "auto": percentile for a score, else
                                thresholds where they are given, else abc */
    const char *shares; /* "abc": cumulative percent of value, ascending: "80,95" */
    const char *percentiles; /* "percentile": ascending: "50,80" */
    const char *thresholds;  /* "thresholds": ascending values: "200,1000" */
    const char *names;  /* of the tiers, best first; NULL: A, B, C, ... for abc, else high, mid, low
                                or tier 1, tier 2, ... */
    const char *column; /* of the result; the others begin with it */
} kmseg_tier_options;

KMSEG_API const kmseg_option_table *kmseg_tier_option_table(void);
KMSEG_API void kmseg_tier_options_init(kmseg_tier_options *options);

/** A column of a composite score, over the customers that have a score. */
typedef struct kmseg_tier_part {
    const char *column;
    double weight; /* as given; their absolute values are used in proportion */
    double mean, deviation, minimum, maximum;
} kmseg_tier_part;

typedef struct kmseg_tier {
    size_t struct_size;
    const char *value;    /* the column, or "score" */
    const char *method;   /* that was used */
    int64_t n_customers;  /* with a value */
    int64_t n_missing;    /* without: no tier */
    double total;         /* of the value */
    int32_t n_tiers;      /* best first */
    const double *limits; /* n_tiers - 1, from the best tier on: shares in percent for abc, else
                               values */
    const kmseg_value_group *tiers;
    const double *value_sums, *value_shares;    /* n_tiers, of the ranked value; shares are NaN for
                                                    a total that is not positive */
    const double *value_lowest, *value_highest; /* n_tiers; NaN: no customer */
    kmseg_value_group all;
    int32_t n_parts; /* 0: no score */
    const kmseg_tier_part *parts;
    kmseg_sentences conventions, notes;
} kmseg_tier;

/**
 * Sorts customers into tiers of value, best first.
 *
 * customers  gets `tier` (TEXT), `tier_rank` (NUMBER, 1 is the highest value; equal values share the
 *            best rank), for abc `tier_share_before` (percent of all value that better customers
 *            have), for a score `tier_score`
 *
 *   abc         customers in descending order of value, equal ones by id: where those before have less
 *               than 80 % of the total a customer is A, less than 95 % B, else C
 *   percentile  type-7 quantiles of the value; a customer above the highest is in the best tier; equal
 *               values share a tier
 *   thresholds  a value that reaches a threshold is above it
 *
 * A score is the mean of normalised columns, weighted by the absolute weights: "rank" is the share of
 * customers that the customer is better than, counting equal ones (itself too) half, times 100; "minmax" 0 for the
 * worst value and 100 for the best; "zscore" standard deviations (with n - 1) from the mean, upwards
 * where the customer is better. A column that is the same for all customers counts 50, 0 and 0.
 *
 * Cost O(n log n). KMSEG_E_DATA when nobody has a value, or for abc when the total is not positive.
 */
KMSEG_API kmseg_status kmseg_tier_new(kmseg_context *ctx, kmseg_table *customers,
                                      const kmseg_value_columns *columns,
                                      const kmseg_tier_options *options, kmseg_tier **out);

KMSEG_API void kmseg_tier_free(kmseg_tier *tier);

/* Lifecycle */

typedef enum kmseg_stage {
    KMSEG_STAGE_POTENTIAL = 0,
    KMSEG_STAGE_NEW,
    KMSEG_STAGE_GROWING,
    KMSEG_STAGE_MATURE,
    KMSEG_STAGE_DECLINING,
    KMSEG_STAGE_LOST,
    KMSEG_N_STAGES
} kmseg_stage;

/** "potential", "new", ...; NULL out of range. */
KMSEG_API const char *kmseg_stage_name(int32_t stage);

typedef struct kmseg_lifecycle_options {
    size_t struct_size;
    int32_t warn;     /* percentile of the days between orders past which a customer declines */
    int32_t lost;     /* ... past which a customer is lost */
    double warn_days; /* in days, instead of the percentile; 0: fitted */
    double lost_days;
    double trend_margin; /* a trend of at most this counts as none */
} kmseg_lifecycle_options;

KMSEG_API const kmseg_option_table *kmseg_lifecycle_option_table(void);
KMSEG_API void kmseg_lifecycle_options_init(kmseg_lifecycle_options *options);

typedef struct kmseg_lifecycle {
    size_t struct_size;
    double warn_days, lost_days;      /* that were used */
    int32_t warn_fitted, lost_fitted; /* 1: from the days between orders */
    int64_t n_gaps;                   /* that they were fitted on; 0: given */
    const char *estimated_from; /* columns that they were estimated from; NULL: they were not */
    int64_t n_customers;
    int64_t n_missing; /* with orders but no recency: no stage */
    kmseg_value_group stages[KMSEG_N_STAGES];
    kmseg_value_group all;
    kmseg_sentences conventions, notes;
} kmseg_lifecycle;

/**
 * Where each customer stands, judged by the data's own rhythm.
 *
 * customers        gets `lifecycle` and `lifecycle_reason` (TEXT)
 * gap_percentiles  KMSEG_N_GAP_PERCENTILES days between orders, P0 to P100, of
 *                  kmseg_features_report; NULL where they are not known: thresholds that options do
 *                  not give are then estimated from gap_mean, from tenure and recency, or from
 *                  gap_median, with order_days or the frequency
 * n_gaps           that they come from
 *
 * In this order:
 *   potential  no order: frequency missing or 0
 *   lost       recency past the lost threshold
 *   declining  recency past the warning threshold; or gaps rising and spend falling: trend_gap above
 *              the margin and trend_spend below minus the margin
 *   new        orders on one day only (order_days, else frequency, is 1)
 *   growing    trend_spend above the margin, and trend_gap not above it
 *   mature     everyone else
 *
 * Where the table has no trend_spend, growing is not told from mature, nor declining by trends; a
 * note says so. KMSEG_E_DATA when thresholds are to be fitted and there are no days between orders,
 * nor columns to estimate them from; KMSEG_E_ARGUMENT when the warning threshold is above the lost one.
 */
KMSEG_API kmseg_status kmseg_lifecycle_new(kmseg_context *ctx, kmseg_table *customers,
                                           const kmseg_value_columns *columns,
                                           const double *gap_percentiles, int64_t n_gaps,
                                           const kmseg_lifecycle_options *options,
                                           kmseg_lifecycle **out);

KMSEG_API void kmseg_lifecycle_free(kmseg_lifecycle *lifecycle);

/** What became of a list of customers. */
typedef struct kmseg_list_report {
    int64_t n_rows;     /* of the list */
    int64_t n_missing;  /* without an id */
    int64_t n_known;    /* distinct ids of the list that the table has */
    int64_t n_added;    /* distinct ids that it has not: rows that were added */
    int64_t n_unlisted; /* rows of the table whose id is not in the list */
} kmseg_list_report;

/**
 * A copy of a customer table with a row for everyone of a list who is not in it: the id, a frequency
 * and monetary of 0 where there are such columns, everything else missing. New rows are behind the
 * others, in ascending order of id. Ids compare as text; numbers as kmseg_csv_write() writes them.
 *
 * list         any table; column names its id column, NULL: found by the usual names, or the only one
 * out_report   NULL: not wanted
 */
KMSEG_API kmseg_status kmseg_customers_add_list(kmseg_context *ctx, const kmseg_table *customers,
                                                const kmseg_value_columns *columns,
                                                const kmseg_table *list, const char *column,
                                                kmseg_table **out, kmseg_list_report *out_report);

KMSEG_END_DECLS

#endif
