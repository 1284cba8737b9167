/* A report as blocks: sections, sentences, tables, charts. What is said is decided once; HTML, Markdown
 * and JSON are three ways to write the same blocks. Nothing fails on the way: out of memory is in
 * failed, and then blocks may lack. Texts are borrowed from the arena or live as long as the result. */
#ifndef KM_REPORT_DOCUMENT_H
#define KM_REPORT_DOCUMENT_H

#include "base/text.h"
#include "report/json_writer.h"
#include "report/page_words.h"

#include <kmseg/report.h>

typedef enum km_cell_kind { KM_CELL_TEXT, KM_CELL_NUMBER, KM_CELL_HIDDEN } km_cell_kind;

typedef struct km_cell {
    km_cell_kind kind;
    const char *text; /* as people read it */
    double number;    /* NUMBER: for programs, unrounded */
    int32_t segment;  /* whose colour stands before it; -1: none */
} km_cell;

typedef struct km_row {
    struct km_row *next;
    km_cell *cells;
} km_row;

typedef struct km_document_table {
    const char *caption;
    int32_t n_columns, n_filled; /* cells that the last row has so far */
    const char **heads;
    char *is_number; /* n_columns: set to the right */
    km_row *first, *last;
} km_document_table;

typedef struct km_item {
    struct km_item *next;
    const char *label; /* or NULL */
    const char *text;
} km_item;

/* What a segment is at a glance. */
typedef struct km_card {
    struct km_card *next;
    int32_t segment;
    const char *title;
    km_item *facts, *sentences;
} km_card;

typedef struct km_chart {
    const char *id, *kind; /* kind: a function of that name in the page's script draws it */
    const char *title;
    const char *label; /* what it shows, for those who do not see it */
    const char *data;  /* JSON */
    km_document_table *table;
    int is_long; /* the table is folded away once the chart is there */
} km_chart;

typedef enum km_block_kind {
    KM_BLOCK_SECTION,
    KM_BLOCK_TEXT,
    KM_BLOCK_LIST,
    KM_BLOCK_TABLE,
    KM_BLOCK_CHART,
    KM_BLOCK_CARDS
} km_block_kind;

typedef enum km_style { KM_PLAIN, KM_LEAD, KM_NOTE, KM_SENTENCES, KM_ENGLISH } km_style;

typedef struct km_block {
    struct km_block *next;
    km_block_kind kind;
    km_style style;   /* SENTENCES: what another command said; ENGLISH: in its words */
    int32_t level;    /* SECTION: 2 or 3 */
    int32_t segment;  /* SECTION: whose it is; -1: none */
    const char *id;   /* SECTION */
    const char *text; /* SECTION: its title */
    km_item *items;   /* LIST */
    km_document_table *table;
    km_chart *chart;
    km_card *cards;
} km_block;

typedef struct km_document {
    const kmseg_result *result;
    const kmseg_report_options *options;
    km_language language;
    km_arena arena;
    int failed;
    const char *title;
    km_block *first, *last;
    const char **names;   /* n_segments */
    const char **colours; /* n_segments, "#rrggbb" or "#rgb" */
} km_document;

/* Everything there is to say of a result; free with km_document_free() whatever came of it. */
void km_document_make(km_document *document, const kmseg_result *result,
                      const kmseg_report_options *options, const kmseg_allocator *allocator);
void km_document_free(km_document *document);

/* ---- blocks: document.c ---- */

/* A text of the language with {0}, {1}, ... replaced by the texts that follow, which end with NULL. */
const char *km_said(km_document *document, km_word word, ...) __attribute__((sentinel));
/* Any text that was formatted already, copied. */
const char *km_keep(km_document *document, const km_string *text);
const char *km_print(km_document *document, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void km_section(km_document *document, int32_t level, const char *id, const char *title,
                int32_t segment);
void km_paragraph(km_document *document, km_style style, const char *text);
/* A list to which km_list_item() adds; label may be NULL. */
void km_list(km_document *document, km_style style);
void km_list_item(km_document *document, const char *label, const char *text);

/* A table that is a block of its own, or that of a chart (km_document_chart()). */
km_document_table *km_table_new(km_document *document, const char *caption, int32_t n_columns,
                                const char *const *heads, const char *is_number);
/* The same where heads and is_number are arrays of as many as there are columns. */
#define km_table_of(document, caption, heads, is_number)                                           \
    km_table_new(document, caption,                                                                \
                 (int32_t)(sizeof(heads) / sizeof *(heads)) +                                      \
                     0 * (int32_t)sizeof(                                                          \
                             char[sizeof(heads) / sizeof *(heads) == sizeof(is_number) ? 1 : -1]), \
                 heads, is_number)
void km_document_table_add(km_document *document, km_document_table *table);
void km_table_row(km_document *document, km_document_table *table);
void km_cell_text(km_document *document, km_document_table *table, const char *text);
void km_cell_number(km_document *document, km_document_table *table, double value,
                    const char *text);
void km_cell_segment(km_document *document, km_document_table *table, int32_t segment);
/* How a number is hidden: too few customers made it, or it would give away one that is. */
typedef enum km_hiding { KM_SHOWN = 0, KM_FEW = 1, KM_WITHHELD = 2 } km_hiding;
void km_cell_hidden(km_document *document, km_document_table *table, km_hiding why);

/* data is JSON, freed. The chart's title is the caption of its table, until it gets another. */
void km_document_chart(km_document *document, const char *id, const char *kind, const char *label,
                       km_string *data, km_document_table *table, int is_long);
void km_chart_title(km_document *document, const char *title);

void km_cards(km_document *document);
void km_card_new(km_document *document, int32_t segment, const char *title);
void km_card_fact(km_document *document, const char *label, const char *text);
void km_card_sentence(km_document *document, const char *label, const char *text);

/* ---- numbers as people read them: document_numbers.c ---- */

const char *km_count_text(km_document *document, int64_t n);
const char *km_number_text(km_document *document, double value, int decimals);
const char *km_amount_text(km_document *document,
                           double value); /* three significant digits, about */
const char *km_percent_text(km_document *document, double share);

/* How many customers below which nothing is said; 1: everything is. */
int64_t km_least(const km_document *document);
/* Counts of 1 to km_least() - 1 are few. All add up to a total that is known, so where less than that would
 * follow for one of them, the smallest others are withheld until nothing does. hidden has room for n. */
void km_hide_counts(const km_document *document, const int64_t *counts, int32_t n,
                    km_hiding *hidden);
/* The same of n_rows x n_columns counts, of which every row and every column adds up to a known total. What
 * follows from several rows and columns together is not looked at. */
void km_hide_grid(const km_document *document, const int64_t *counts, int32_t n_rows,
                  int32_t n_columns, km_hiding *hidden);
/* 1 where a segment has enough customers to be described. */
int km_is_shown(const km_document *document, int32_t segment);

/* ---- the ways to write it ---- */

void km_document_html(const km_document *document, km_string *out);
void km_document_markdown(const km_document *document, km_string *out);
void km_document_json(const km_document *document, km_string *out);

#endif
