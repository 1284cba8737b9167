/* Rules as they were read: each a condition in postfix steps. */
#ifndef KM_VALUE_RULES_H
#define KM_VALUE_RULES_H

#include "value/value.h"

#include <kmseg/rules.h>

enum {
    KM_RULES_MOST = 10000,
    KM_RULES_MOST_LITERALS = 1000, /* of one list */
    KM_RULES_DEPTH = 64,           /* of parentheses and nots */
    KM_RULES_STACK = 4 * KM_RULES_DEPTH
};

typedef enum km_rule_op {
    KM_RULE_LESS,
    KM_RULE_AT_MOST,
    KM_RULE_MORE,
    KM_RULE_AT_LEAST,
    KM_RULE_IN, /* also = with one literal */
    KM_RULE_MISSING,
    KM_RULE_NOT,
    KM_RULE_AND,
    KM_RULE_OR
} km_rule_op;

/* A value as it was written. */
typedef struct km_literal {
    const char *text;
    double number; /* NaN: it is none, or in quotes */
    int32_t at;    /* character of its line, from 1 */
} km_literal;

/* One step: pushes what a column says, or combines what was pushed last. */
typedef struct km_rule_step {
    km_rule_op op;
    int negated;        /* !=, not in, is not missing */
    const char *column; /* up to KM_RULE_MISSING */
    int32_t at;         /* character of the column's name */
    int32_t op_at;      /* of the operator */
    int32_t n_literals;
    const km_literal *literals;
} km_rule_step;

typedef struct km_rule {
    const char *class_name;
    const char *text; /* the condition; "" for the default */
    int32_t line;
    int32_t n_steps; /* 0: the default */
    const km_rule_step *steps;
} km_rule;

typedef struct km_rule_set {
    const char *name;
    int32_t line, n_rules, capacity;
    km_rule *rules;
} km_rule_set;

struct kmseg_rules {
    km_arena arena;
    const char *file; /* for messages */
    int32_t n_sets, capacity, n_rules;
    km_rule_set *sets;
};

#endif
