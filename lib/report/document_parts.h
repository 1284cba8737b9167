/* The parts of a report, each in a file of its own, and what they share. */
#ifndef KM_REPORT_DOCUMENT_PARTS_H
#define KM_REPORT_DOCUMENT_PARTS_H

#include "report/document.h"

#include <jansson.h>

/* Parts in the order of the page; a part that has nothing to say adds nothing. */
void km_part_summary(km_document *document);
void km_part_data(km_document *document);
void km_part_choice(km_document *document);
void km_part_map(km_document *document);
void km_part_segments(km_document *document);
void km_part_rfm(km_document *document);
void km_part_tiers(km_document *document);
void km_part_lifecycle(km_document *document);
void km_part_clv(km_document *document);
void km_part_method(km_document *document);
void km_part_limits(km_document *document);

/* ---- words: document_words.c ---- */

/* A word of the document's language without holes. */
static inline const char *km_word_of(const km_document *document, km_word word) {
    return km_words(document->language, word);
}

/* A column as people call it; its own name where nobody knows another. */
const char *km_column_words_of(km_document *document, const char *column);
/* The value column, as people call it; "value" where there is none. */
const char *km_value_words(km_document *document);
/* With a capital, where it begins a line. */
const char *km_capital(km_document *document, const char *text);
/* A value of a column in its unit: "12.3 %", "51 days". with_unit 0: the number alone. */
const char *km_value_text(km_document *document, const kmseg_profile_column *column, double value,
                          int with_unit);
/* 1: a number that people read in percent. */
int km_is_shared(const kmseg_profile_column *column);
/* What sets a segment apart, at most so many: first the columns that were clustered on, by how far its
 * median stands from that of all among all customers, then its traits in others. NULL: nothing. */
km_item *km_trait_list(km_document *document, int32_t segment, int32_t most);
/* 1: a step on the way to a class or a model, which says nothing to people that the class does not. */
int km_is_helper(const kmseg_profile_column *column);
/* Fills names and colours. */
void km_document_names(km_document *document);
/* What a rule says of a leaf of the tree. */
const char *km_rule_words(km_document *document, const kmseg_tree_rule *rule);
/* What might be done with a segment, by value and recency; "" where neither is known. */
const char *km_suggestion(km_document *document, int32_t segment);

/* ---- sentences of other commands: page_sentences.c ---- */

/* A sentence that another command wrote in English, in the document's language; NULL: it is not known. */
const char *km_translate(km_document *document, const char *text);
/* Sentence i in a language, with its holes; NULL behind the last. */
const char *km_page_sentence(int32_t i, km_language language);

/* ---- facts: document_facts.c ---- */

const kmseg_profile_column *km_profile_find(const km_document *document, const char *name);
/* Rows of a segment that have a value. */
int64_t km_present(const km_document *document, const kmseg_profile_column *column,
                   int32_t segment);
/* Share of all rows with at most value, by the histogram: exact at its edges, linear between. */
double km_rank_of(const km_document *document, const kmseg_profile_column *column, double value);
/* 1 where enough customers lie below and above quantile q of a segment to show it. */
int km_quantile_is_shown(const km_document *document, const kmseg_profile_column *column,
                         int32_t segment, int32_t q);
/* A stored report, or NULL; json_decref() it. */
json_t *km_stored(const km_document *document, const char *name);
/* What is said of the orders: the report "features", else "input" where that is of orders. */
json_t *km_stored_orders(const km_document *document);
/* A number of an object, NaN where it is none. */
double km_json_double(const json_t *object, const char *key);
/* The text of an object, "" where it is none; kept. */
const char *km_json_string(km_document *document, const json_t *object, const char *key);
/* Sentences of an array that another command wrote: translated where they are known, else in English. */
void km_stored_sentences(km_document *document, const char *title, const json_t *array);
/* Of the options the segments were made with. */
const char *km_param_text(km_document *document, const char *name);
/* 1 unless ids were left out, here or when the file was made. */
int km_names_customers(km_document *document);
double km_param_number(const km_document *document, const char *name);

#endif
