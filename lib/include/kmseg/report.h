/* Results as text that people and programs read. */
#ifndef KMSEG_REPORT_H
#define KMSEG_REPORT_H

#include <kmseg/choose.h>
#include <kmseg/explain.h>
#include <kmseg/pipeline.h>

KMSEG_BEGIN_DECLS

typedef struct kmseg_report_options {
    size_t struct_size;
    int32_t width;  /* columns of the terminal; 0: 100 */
    int32_t colour; /* 1: ANSI colours */
    /* Of "html", "markdown" and "document" alone: */
    const char *language; /* a name in the registry "report_languages": "en", "zh" */
    int32_t min_cell; /* counts of fewer customers are hidden, and what is said of fewer; 1: none */
    int32_t drop_ids; /* 1: no customer is named */
} kmseg_report_options;

/** Rows of language and min_cell, which a page has. */
KMSEG_API const kmseg_option_table *kmseg_report_option_table(void);

KMSEG_API void kmseg_report_options_init(kmseg_report_options *options);

/**
 * Renders a result. format is a name in the registry "report_formats": "text", "profile" (a
 * section per segment) or "json"; or a report for people who have no kmseg: "html" (one page that needs
 * nothing else), "markdown", or "document", the same as JSON. out is a UTF-8 string; free it with
 * kmseg_string_free().
 *
 * These reports show whatever the result holds: its stored reports (kmseg_result_add_report()), and
 * classes among its columns; what is not there is said to be missing. Same result and options, same
 * bytes.
 */
KMSEG_API kmseg_status kmseg_report(kmseg_context *ctx, const kmseg_result *result,
                                    const char *format, const kmseg_report_options *options,
                                    char **out);

/**
 * Renders what is in a table, column by column: type, unit, missing values and a summary of the
 * others. format is "text" or "json". Free out with kmseg_string_free(). Cost O(rows columns).
 */
KMSEG_API kmseg_status kmseg_report_table(kmseg_context *ctx, const kmseg_table *table,
                                          const char *format, char **out);

/**
 * Renders the choice of a number of segments. format is "text", "json", or "svg": a drawing of every
 * index over the numbers of segments, for a browser or a document. options NULL: the defaults; they
 * matter to text alone. Free out with kmseg_string_free().
 */
KMSEG_API kmseg_status kmseg_report_choice(kmseg_context *ctx, const kmseg_choice *choice,
                                           const char *format, const kmseg_report_options *options,
                                           char **out);

/**
 * Everything a profile says of segments as a table, one row per number: segment (from 1), name,
 * column, level, measure, value, all (the same of all customers), lift (value / all) and text. Cells
 * that a measure does not have are missing. Free it with kmseg_table_free().
 */
KMSEG_API kmseg_status kmseg_profile_table(kmseg_context *ctx, const kmseg_result *result,
                                           kmseg_table **out);

/** Renders an explanation of a customer of the result; format is "text" or "json". */
KMSEG_API kmseg_status kmseg_report_explanation(kmseg_context *ctx, const kmseg_result *result,
                                                const kmseg_explanation *explanation,
                                                const char *format,
                                                const kmseg_report_options *options, char **out);

/** 1 when "html" has charts: not in a build without node and npm, whose pages have tables alone. */
KMSEG_API int32_t kmseg_report_has_charts(void);

/** Writes text to a file that appears whole or not at all, readable by its owner; "-": standard output. */
KMSEG_API kmseg_status kmseg_text_write(kmseg_context *ctx, const char *text, const char *path);

/** Frees a report; NULL is fine. */
KMSEG_API void kmseg_string_free(char *text);

KMSEG_END_DECLS

#endif
