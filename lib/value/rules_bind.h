/* Rules tied to the columns of a table, and what they say of a row. */
#ifndef KM_VALUE_RULES_BIND_H
#define KM_VALUE_RULES_BIND_H

#include "value/rules.h"

/* One step with its column found and its literals in the column's type. */
typedef struct km_bound_step {
    km_rule_op op;
    int negated;
    kmseg_column_type type;
    const double *numbers;
    const int64_t *times;
    const int32_t *codes;
    int32_t n_values;
    const double *number_values; /* NUMBER: what it is compared with */
    const int64_t *time_values;  /* TIME */
    const uint8_t *matches;      /* TEXT: 1 for each level that is in the list */
} km_bound_step;

typedef struct km_bound_rule {
    int32_t n_steps;
    const km_bound_step *steps;
} km_bound_rule;

/* Binds all rules of a set; texts that no row has become notes. KMSEG_E_NOT_FOUND or KMSEG_E_DATA
 * names file, line and column. */
kmseg_status km_rules_bind(kmseg_context *ctx, const kmseg_rules *rules, const km_rule_set *set,
                           const kmseg_table *table, km_arena *scratch, km_sentences *notes,
                           km_bound_rule *out);

/* 1 when the rule is true for a row; not when it is false or unknown. */
int km_rule_holds(const km_bound_rule *rule, int64_t row);

#endif
