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
} kmseg_report_options;

KMSEG_API void kmseg_report_options_init(kmseg_report_options *options);

/**
 * Renders a result. format is a name in the registry "report_formats": "text", "profile" (a
 * section per segment) or "json". out is a UTF-8 string; free it with kmseg_string_free().
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

/** Frees a report; NULL is fine. */
KMSEG_API void kmseg_string_free(char *text);

KMSEG_END_DECLS

#endif
