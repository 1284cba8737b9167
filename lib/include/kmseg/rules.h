/* Classes of a business by ordered rules over columns: needs, interaction level, risk appetite, any
 * other. docs/rules.md has the format with examples. */
#ifndef KMSEG_RULES_H
#define KMSEG_RULES_H

#include <kmseg/value.h>

KMSEG_BEGIN_DECLS

/** One or more classings that were read, not yet tied to a table. */
typedef struct kmseg_rules kmseg_rules;

/**
 * Reads rules from text of length bytes. A line is one of:
 *
 *   [name]               begins a classing; name is the column that it makes
 *   class: condition     the first condition that holds gives a customer its class
 *   default: class       the class of everyone else, the last line of a classing; without it they
 *                        have none
 *   # ...                nothing; also behind any of these
 *
 * A condition compares columns with numbers, texts and dates:
 *   column < 5           also <= > >= = !=; a date is 2024-12-31, in quotes or not
 *   column = 'text'      also != ; a text of letters, digits, _ and - that begins with a letter needs
 *                        no quotes
 *   column in (a, b, 3)  also not in
 *   column is missing    also is not missing
 *   and, or, not, ( )    not binds closest, then and, then or
 * A column whose name is not letters, digits, _ and . is written in backquotes; so may any be.
 *
 * A comparison with a missing value is neither true nor false, and so is what depends on it (as in
 * SQL): a rule fires only when it is true.
 *
 * name  of the file, for messages
 *
 * KMSEG_E_FORMAT names line and column and what was expected there. Text that means harm does no
 * more: its size (1 MiB), rules (10,000), values of a list and depth of parentheses (64) have limits.
 */
KMSEG_API kmseg_status kmseg_rules_parse(kmseg_context *ctx, const char *text, size_t length,
                                         const char *name, kmseg_rules **out);

/** The same from a file. */
KMSEG_API kmseg_status kmseg_rules_read(kmseg_context *ctx, const char *path, kmseg_rules **out);

KMSEG_API void kmseg_rules_free(kmseg_rules *rules);

typedef struct kmseg_rule_count {
    const char *class_name;
    const char *text; /* the condition as written; "" for the default */
    int32_t line;     /* of the file, from 1 */
    int64_t n_fired;  /* customers for whom it was the first that holds */
} kmseg_rule_count;

typedef struct kmseg_classing {
    const char *name;
    int32_t n_classes; /* distinct, in the order of the file */
    const kmseg_value_group *classes;
    int32_t n_rules; /* the default included */
    const kmseg_rule_count *rules;
    int64_t n_unclassed; /* for whom no rule holds, where there is no default */
} kmseg_classing;

typedef struct kmseg_classings {
    size_t struct_size;
    int64_t n_customers;
    int32_t n;
    const kmseg_classing *classings;
    kmseg_value_group all;
    kmseg_sentences conventions, notes;
} kmseg_classings;

/**
 * Classes every row of a table.
 *
 * table    any; each classing adds two TEXT columns, NAME (the class) and NAME_rule (the rule that
 *          fired: "2: recency <= 155", counted within the classing, or "default")
 * columns  for what the classes are worth; NULL for the defaults. Columns that are not there are
 *          passed over
 *
 * KMSEG_E_NOT_FOUND for a column that is not there, KMSEG_E_DATA for a comparison that its type does
 * not have; the message names file, line and column. A text that no row has is a note, with the most
 * similar one. Cost O(rows conditions).
 */
KMSEG_API kmseg_status kmseg_rules_apply(kmseg_context *ctx, const kmseg_rules *rules,
                                         kmseg_table *table, const kmseg_value_columns *columns,
                                         kmseg_classings **out);

KMSEG_API void kmseg_classings_free(kmseg_classings *classings);

KMSEG_END_DECLS

#endif
