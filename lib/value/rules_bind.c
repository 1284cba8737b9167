#include "value/rules_bind.h"

#include "base/text.h"
#include "data/dictionary.h"

#include <kmseg/source.h>

#include <math.h>
#include <string.h>

typedef struct binding {
    kmseg_context *ctx;
    const kmseg_rules *rules;
    const km_rule *rule;
    const kmseg_table *table;
    km_arena *scratch;
    km_sentences *notes;
} binding;

/* "rules.txt: line 3, column 9: " before a failure. */
#define FAIL_AT(b, at, status, ...)                                                                \
    km_fail_prefix((b)->ctx, km_fail((b)->ctx, status, __VA_ARGS__), "%s: line %d, column %d",     \
                   (b)->rules->file, (b)->rule->line, at)

static kmseg_status bind_numbers(const binding *b, const km_rule_step *step, km_bound_step *out) {
    double *values = km_arena_array(b->scratch, step->n_literals, sizeof *values);
    if (values == NULL) {
        return km_fail_memory(b->ctx, "rules");
    }
    for (int32_t i = 0; i < step->n_literals; i++) {
        const km_literal *literal = &step->literals[i];
        if (isnan(literal->number)) {
            return FAIL_AT(b, literal->at, KMSEG_E_DATA,
                           "column %s holds numbers; expected a number, found \"%.60s\"",
                           step->column, literal->text);
        }
        values[i] = literal->number;
    }
    out->number_values = values;
    return KMSEG_OK;
}

static kmseg_status bind_times(const binding *b, const km_rule_step *step, km_bound_step *out) {
    int64_t *values = km_arena_array(b->scratch, step->n_literals, sizeof *values);
    if (values == NULL) {
        return km_fail_memory(b->ctx, "rules");
    }
    for (int32_t i = 0; i < step->n_literals; i++) {
        const km_literal *literal = &step->literals[i];
        if (kmseg_time_parse(b->ctx, literal->text, 0, &values[i]) != KMSEG_OK) {
            return FAIL_AT(b, literal->at, KMSEG_E_DATA,
                           "column %s holds times; expected a date such as 2024-12-31, found "
                           "\"%.60s\"",
                           step->column, literal->text);
        }
    }
    out->time_values = values;
    return KMSEG_OK;
}

/* A text that no row has is most often a typing error. */
static void note_unknown(const binding *b, const kmseg_column *column, const char *text) {
    enum { LOOKED_AT = 1000 };
    const char *similar = NULL;
    for (int32_t l = 0; l < column->n_levels && l < LOOKED_AT && similar == NULL; l++) {
        similar = km_similar_name(column->levels[l], text) ? column->levels[l] : NULL;
    }
    km_say(b->notes, "Line %d: no customer has \"%.80s\" in column %.80s%s%.80s%s", b->rule->line,
           text, column->name, similar != NULL ? "; did you mean \"" : "",
           similar != NULL ? similar : "", similar != NULL ? "\"?" : ".");
}

static kmseg_status bind_texts(const binding *b, const km_rule_step *step,
                               const kmseg_column *column, km_bound_step *out) {
    if (step->op != KM_RULE_IN) {
        return FAIL_AT(b, step->op_at, KMSEG_E_DATA,
                       "column %s holds text; expected =, !=, in, not in or is missing",
                       step->column);
    }
    uint8_t *matches = km_arena_array(b->scratch, column->n_levels, sizeof *matches);
    int32_t *level_of = km_arena_array(b->scratch, step->n_literals, sizeof *level_of);
    km_dictionary wanted;
    if (matches == NULL || level_of == NULL ||
        !km_dictionary_init(&wanted, b->scratch, &b->ctx->allocator)) {
        return km_fail_memory(b->ctx, "rules");
    }
    kmseg_status status = KMSEG_OK;
    for (int32_t i = 0; i < step->n_literals && status == KMSEG_OK; i++) {
        const char *text = step->literals[i].text;
        if (km_dictionary_add(&wanted, text, strlen(text)) < 0) {
            status = km_fail_memory(b->ctx, "rules");
        }
    }
    for (int32_t l = 0; l < column->n_levels && status == KMSEG_OK; l++) {
        int32_t code = km_dictionary_find(&wanted, column->levels[l], strlen(column->levels[l]));
        matches[l] = code >= 0;
        if (code >= 0) {
            level_of[code] = 1;
        }
    }
    for (int32_t i = 0; i < wanted.n && status == KMSEG_OK; i++) {
        if (level_of[i] == 0) {
            note_unknown(b, column, wanted.texts[i]);
        }
    }
    km_dictionary_free(&wanted);
    out->matches = matches;
    return status;
}

static kmseg_status bind_step(const binding *b, const km_rule_step *step, km_bound_step *out) {
    *out = (km_bound_step){.op = step->op, .negated = step->negated, .n_values = step->n_literals};
    if (step->column == NULL) {
        return KMSEG_OK;
    }
    int32_t i = kmseg_table_find(b->table, step->column);
    if (i < 0) {
        return km_fail_prefix(b->ctx, km_table_fail_no_column(b->ctx, b->table, step->column),
                              "%s: line %d, column %d", b->rules->file, b->rule->line, step->at);
    }
    const kmseg_column *column = kmseg_table_column(b->table, i);
    out->type = column->type;
    out->numbers = column->numbers;
    out->times = column->times;
    out->codes = column->codes;
    if (step->op == KM_RULE_MISSING) {
        return KMSEG_OK;
    }
    return column->type == KMSEG_COLUMN_NUMBER ? bind_numbers(b, step, out)
           : column->type == KMSEG_COLUMN_TIME ? bind_times(b, step, out)
                                               : bind_texts(b, step, column, out);
}

kmseg_status km_rules_bind(kmseg_context *ctx, const kmseg_rules *rules, const km_rule_set *set,
                           const kmseg_table *table, km_arena *scratch, km_sentences *notes,
                           km_bound_rule *out) {
    for (int32_t r = 0; r < set->n_rules; r++) {
        const km_rule *rule = &set->rules[r];
        const binding b = {ctx, rules, rule, table, scratch, notes};
        km_bound_step *steps = km_arena_array(scratch, rule->n_steps, sizeof *steps);
        if (steps == NULL) {
            return km_fail_memory(ctx, "rules");
        }
        for (int32_t i = 0; i < rule->n_steps; i++) {
            KM_TRY(bind_step(&b, &rule->steps[i], &steps[i]));
        }
        out[r] = (km_bound_rule){rule->n_steps, steps};
    }
    return KMSEG_OK;
}

enum { FALSE, TRUE, UNKNOWN };

static int is_missing(const km_bound_step *step, int64_t row) {
    switch (step->type) {
    case KMSEG_COLUMN_NUMBER: return isnan(step->numbers[row]) != 0;
    case KMSEG_COLUMN_TIME: return step->times[row] == KMSEG_TIME_MISSING;
    case KMSEG_COLUMN_TEXT: break;
    }
    return step->codes[row] < 0;
}

static int is_in(const km_bound_step *step, int64_t row) {
    if (step->type == KMSEG_COLUMN_TEXT) {
        return step->matches[step->codes[row]];
    }
    for (int32_t i = 0; i < step->n_values; i++) {
        if (step->type == KMSEG_COLUMN_NUMBER ? step->numbers[row] == step->number_values[i]
                                              : step->times[row] == step->time_values[i]) {
            return 1;
        }
    }
    return 0;
}

/* -1, 0 or 1: how a row's value compares with the first value. */
static int order_of(const km_bound_step *step, int64_t row) {
    if (step->type == KMSEG_COLUMN_NUMBER) {
        double a = step->numbers[row], b = step->number_values[0];
        return (a > b) - (a < b);
    }
    int64_t a = step->times[row], b = step->time_values[0];
    return (a > b) - (a < b);
}

static int test(const km_bound_step *step, int64_t row) {
    int missing = is_missing(step, row);
    if (step->op == KM_RULE_MISSING) {
        return missing != step->negated;
    }
    if (missing) {
        return UNKNOWN;
    }
    switch (step->op) {
    case KM_RULE_LESS: return order_of(step, row) < 0;
    case KM_RULE_AT_MOST: return order_of(step, row) <= 0;
    case KM_RULE_MORE: return order_of(step, row) > 0;
    case KM_RULE_AT_LEAST: return order_of(step, row) >= 0;
    default: return is_in(step, row) != step->negated;
    }
}

/* Three-valued logic (Kleene): what an unknown could not change is known. */
static int both(int a, int b) {
    return a == FALSE || b == FALSE ? FALSE : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : TRUE;
}

static int either(int a, int b) {
    return a == TRUE || b == TRUE ? TRUE : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : FALSE;
}

/* The parser nests conditions at most KM_RULES_DEPTH deep, each of which has at most an or and an and
 * waiting: the stack is large enough. */
int km_rule_holds(const km_bound_rule *rule, int64_t row) {
    int8_t stack[KM_RULES_STACK];
    int n = 0;
    for (int32_t i = 0; i < rule->n_steps; i++) {
        const km_bound_step *step = &rule->steps[i];
        if (step->op == KM_RULE_NOT && n > 0) {
            stack[n - 1] = (int8_t)(stack[n - 1] == UNKNOWN ? UNKNOWN : !stack[n - 1]);
        } else if (step->op == KM_RULE_AND && n > 1) {
            n--;
            stack[n - 1] = (int8_t)both(stack[n - 1], stack[n]);
        } else if (step->op == KM_RULE_OR && n > 1) {
            n--;
            stack[n - 1] = (int8_t)either(stack[n - 1], stack[n]);
        } else if (step->op < KM_RULE_NOT && n < KM_RULES_STACK) {
            stack[n++] = (int8_t)test(step, row);
        }
    }
    return n == 0 || stack[0] == TRUE; /* the default has no steps */
}
