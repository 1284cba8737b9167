/* From orders or customers to segments, with all that describes them: what `kmseg run` does before it
 * writes files, and kmseg.Segmenter in Python. */
#ifndef KMSEG_RUN_H
#define KMSEG_RUN_H

#include <kmseg/choose.h>
#include <kmseg/clv.h>
#include <kmseg/customer.h>
#include <kmseg/pipeline.h>
#include <kmseg/report.h>
#include <kmseg/source.h>
#include <kmseg/value.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_run_options {
    size_t struct_size;
    int32_t k_min, k_max;  /* numbers of segments that one is chosen from; equal: none is chosen */
    const char *skip;      /* steps to leave out: "rfm,lifecycle,tier,clv"; NULL: none */
    const char *labels;    /* file for kmseg_plans_read(); NULL: none */
    const char *join;      /* requests for kmseg_joins_add(); NULL: none */
    const char *join_type; /* "left" or "inner" */
    kmseg_features_options features;
    kmseg_csv_options csv;
    kmseg_value_columns columns;
    kmseg_rfm_options rfm;
    kmseg_lifecycle_options lifecycle;
    kmseg_tier_options tier;
    kmseg_clv_options clv;
    kmseg_choose_options choose;
    kmseg_segment_options segment; /* fit.n_clusters is not read */
} kmseg_run_options;

/** Rows of the first fields alone. */
KMSEG_API const kmseg_option_table *kmseg_run_option_table(void);
KMSEG_API void kmseg_run_options_init(kmseg_run_options *options);

/**
 * Sets one option of any step from text, as kmseg_options_set() does; the first of the structs, in the
 * order that `kmseg run --help` has, gives a name that several have its meaning. KMSEG_E_NOT_FOUND: no
 * step has such an option.
 */
KMSEG_API kmseg_status kmseg_run_set(kmseg_context *ctx, kmseg_run_options *options,
                                     const char *name, const char *value);

/** The options that kmseg_run_set() knows, i = 0, 1, ...; NULL behind the last. */
KMSEG_API const kmseg_option *kmseg_run_option(int32_t i);

/** What a step said of itself. */
typedef struct kmseg_run_step {
    const char *name; /* "features", "rfm", ... */
    const char *text;
    double seconds;
    int32_t is_left_out; /* 1: the data cannot give it; text says why */
} kmseg_run_step;

/** Called when a step is done. */
typedef void (*kmseg_run_step_fn)(void *user, const kmseg_run_step *step);

/** Everything that a run makes. Owned; every pointer too. */
typedef struct kmseg_run_result {
    size_t struct_size;
    kmseg_table *customers; /* with every column that steps added, and those that were joined */
    kmseg_result *result;   /* with the reports of the steps */
    kmseg_choice *choice;   /* NULL: k_min was k_max */
    const char *params;     /* JSON for kmseg_table_save(): how the customers came about */
    int32_t is_log;         /* 1: input was an order log */
    int32_t n_steps;
    const kmseg_run_step *steps;
} kmseg_run_result;

/**
 * Does one after the other: customers from orders where input has their columns, else input is a table
 * of customers; RFM, lifecycle, tiers and lifetime value; joins; how many segments; the segments.
 * What the data cannot give is left out, and the step says why.
 *
 * Where no number of segments is clear, the one that the gap statistic favours is taken if each of its
 * segments comes back when customers are drawn anew (mean Jaccard similarity of 0.75) and none is tiny,
 * else the one that has most in its favour, else k_min.
 *
 * input  a file, or what kmseg_source_define() or kmseg_source_define_table() gave a name
 * said   NULL: not wanted
 *
 * Same input, options and seed, same result, whatever the number of threads.
 */
KMSEG_API kmseg_status kmseg_run(kmseg_context *ctx, const char *input,
                                 const kmseg_run_options *options, kmseg_run_step_fn said,
                                 void *user, kmseg_run_result **out);

KMSEG_API void kmseg_run_free(kmseg_run_result *run);

KMSEG_END_DECLS

#endif
